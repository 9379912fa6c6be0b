#include <keratin/functional/instantiate.hpp>
#if __has_include(<nlohmann/json.hpp>) && __has_include(<zip.h>)
#include <keratin/io/instantiate.hpp>
#endif
