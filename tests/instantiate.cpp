#include <keratin/functional/instantiate.hpp>
