#include <keratin/functional/tensor.hpp>

namespace keratin::functional {

#define KERATIN_NODE(SPEC) template class NodeOf<SPEC>;
KERATIN_THIRD_LAYER_SPECS(KERATIN_NODE)

}  // namespace keratin::functional
