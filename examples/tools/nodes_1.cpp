#include "nodes.hpp"

namespace keratin::functional {

#define KERATIN_NODE(...) template class NodeOf<__VA_ARGS__>;
KERATIN_NODES_1(KERATIN_NODE)

}  // namespace keratin::functional
