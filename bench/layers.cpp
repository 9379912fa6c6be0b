// Each layer by itself. Flatten and Reshape are not here: they do nothing.
#include <keratin/benchmark.hpp>

using namespace keratin;

namespace {

template <int In, int Units> void dense() {
  benchmark_layer<Dense<Units>, Input<In>>("Dense/" + std::to_string(In) + "-" + std::to_string(Units));
}

template <class... A> void activations(ActivationList<A...>) {
  (benchmark_layer<Activation<A>, Input<256>>(std::string("Activation/") + A::name), ...);
}

[[maybe_unused]] const bool registered = [] {
  dense<784, 32>(), dense<784, 256>(), dense<256, 128>(), dense<64, 64>(), dense<16, 64>();
  dense<127, 33>(), dense<61, 97>(), dense<3, 17>();  // no multiples of a vector
  dense<64, 1>(), dense<64, 2>(), dense<64, 4>(), dense<64, 8>(), dense<128, 10>();  // narrower than a vector
  activations(Activations{});
  benchmark_layer<Dropout<0.5>, Input<256>>("Dropout");
  return true;
}();

}  // namespace

BENCHMARK_MAIN();
