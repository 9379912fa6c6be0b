#pragma once
// Every layer, a file a family.
#include <keratin/layers/activation.hpp>
#include <keratin/layers/dense.hpp>
#include <keratin/layers/regularization.hpp>
#include <keratin/layers/reshaping.hpp>
