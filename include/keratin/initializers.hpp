#pragma once
#include <keratin/initializers/constant.hpp>
#include <keratin/initializers/orthogonal.hpp>
#include <keratin/initializers/random.hpp>
#include <keratin/initializers/variance_scaling.hpp>
