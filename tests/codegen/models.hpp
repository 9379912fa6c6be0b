#pragma once
// The models whose generated headers are compiled: a function of models.cpp each.
#include <keratin/functional.hpp>

#include "list.hpp"

namespace models {

#define KERATIN_DECLARE(NAME) keratin::functional::Model NAME();
KERATIN_MODELS(KERATIN_DECLARE)
#undef KERATIN_DECLARE

}  // namespace models
