// What every case includes, compiled once.
#include <keratin/keratin.hpp>
