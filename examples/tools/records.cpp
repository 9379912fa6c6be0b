#define KERATIN_NODES_ELSEWHERE  // in nodes_1.cpp to nodes_4.cpp
#include <keratin/io/instantiate.hpp>
