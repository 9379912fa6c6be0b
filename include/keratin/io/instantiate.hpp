#pragma once
// What Keras's files need of every layer, for one file of a program whose others are compiled with
// KERATIN_NODES_ELSEWHERE; that file includes functional/instantiate.hpp, too.
#define KERATIN_RECORDS
#include <keratin/io/records.hpp>
