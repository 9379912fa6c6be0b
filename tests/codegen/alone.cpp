// Compiled without exceptions and RTTI, as a program of the generated headers alone.
#include "generated_networks.hpp"

bool self_tests_pass() {
  using namespace networks;
  return mlp::self_test() && lenet::self_test() && depthwise::self_test() && recurrent::self_test() &&
         wrapped::self_test() && causal::self_test() && residual::self_test() && inception::self_test() &&
         merging::self_test() && embedding::self_test() && lenet_float16::self_test() &&
         lenet_bfloat16::self_test();
}
