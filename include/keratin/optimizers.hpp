#pragma once
#include <keratin/optimizers/adam.hpp>
#include <keratin/optimizers/sgd.hpp>
