#pragma once
// The kernels of every layer of a graph, for one file of a program whose others are compiled with
// KERATIN_NODES_ELSEWHERE, in a third of the time.
#include <keratin/functional.hpp>

namespace keratin::functional {

#define KERATIN_NODE(SPEC) template class NodeOf<SPEC>;
KERATIN_EACH_LAYER_SPEC(KERATIN_NODE)
#undef KERATIN_NODE

}  // namespace keratin::functional
