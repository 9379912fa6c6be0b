// Networks as a user would write them: KERATIN_BENCHMARK on each.
#include <keratin/benchmark.hpp>

using namespace keratin;

using SmallClassifier = Sequential<Input<784>, Dense<32, ReLU>, Dense<10, Softmax>>;
using LargeClassifier = Sequential<Input<784>, Dense<256, ReLU>, Dense<128, ReLU>, Dense<10, Softmax>>;
using Controller = Sequential<Input<16>, Dense<64, Tanh>, Dense<64, Tanh>, Dense<4>>;

KERATIN_BENCHMARK(SmallClassifier);
KERATIN_BENCHMARK(LargeClassifier);
KERATIN_BENCHMARK(Controller);

BENCHMARK_MAIN();
