#pragma once
// The models whose generated headers are compiled.
#include <keratin/functional.hpp>

namespace models {

mlp(), lenet(), depthwise(), recurrent(), causal(), residual(), inception(), merging(), embedding(),
    normalization(), regularization(), convolution(), activation(), wrapped(), reshaping(), preprocessing(),
    attention(), einsum_dense(), random_images();

}  // namespace models
