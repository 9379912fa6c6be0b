// Compiled without exceptions and RTTI, as a program of the generated headers alone.
#include "generated_networks.hpp"
#include "list.hpp"

bool self_tests_pass() {
  using namespace networks;
#define KERATIN_AND_TEST(NAME) &&NAME::self_test()
  return lenet_float16::self_test() && lenet_bfloat16::self_test() KERATIN_MODELS(KERATIN_AND_TEST);
#undef KERATIN_AND_TEST
}
