#include "nodes.hpp"

namespace keratin::functional {

#define KERATIN_NODE(...) template class NodeOf<__VA_ARGS__>;
KERATIN_NODES_2(KERATIN_NODE)

}  // namespace keratin::functional
