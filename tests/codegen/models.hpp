#pragma once
// The models whose generated headers are compiled.
#include <keratin/functional.hpp>

namespace models {

keratin::functional::Model mlp(), lenet(), depthwise(), recurrent(), causal(), residual(), inception(),
    merging(), embedding(), random_images();

}  // namespace models
