// The generated network as a WebAssembly module of three functions. Nothing is imported.
#include "fashion.hpp"

namespace {
alignas(keratin::alignment) std::array<float, fashion::Net::input_size> pixels;  // rows of 28, from 0 to 1
alignas(keratin::alignment) std::array<float, fashion::Net::output_size> probabilities;
alignas(keratin::alignment) std::array<float, keratin::plan<fashion::Net>().workspace> workspace;
}  // namespace

extern "C" {
float* input() { return pixels.data(); }
float* output() { return probabilities.data(); }
void predict() { fashion::model().predict(pixels, probabilities, workspace); }
}
