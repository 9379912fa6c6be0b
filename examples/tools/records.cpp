#include <keratin/io/instantiate.hpp>
