#pragma once
// The run-time front end: keratin::functional.
#include <keratin/functional/model.hpp>
