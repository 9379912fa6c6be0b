#pragma once
// What Keras's files need of every layer, for one file of a program whose others are compiled with
// KERATIN_NODES_ELSEWHERE; it includes functional/instantiate.hpp too, or is compiled so itself where another
// does.
#define KERATIN_RECORDS_HERE
#include <keratin/io/records.hpp>
