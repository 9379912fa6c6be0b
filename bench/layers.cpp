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
  benchmark_layer<MaxPooling1D<>, Input<128, 32>>("MaxPooling1D/2");
  benchmark_layer<MaxPooling2D<>, Input<28, 28, 16>>("MaxPooling2D/2");
  benchmark_layer<MaxPooling2D<>, Input<24, 24, 6>>("MaxPooling2D/2, narrow");
  benchmark_layer<MaxPooling2D<PoolSize<3>, Strides<2>, Same>, Input<28, 28, 16>>("MaxPooling2D/3 by 2");
  benchmark_layer<AveragePooling1D<>, Input<128, 32>>("AveragePooling1D/2");
  benchmark_layer<AveragePooling2D<>, Input<28, 28, 16>>("AveragePooling2D/2");
  benchmark_layer<AveragePooling2D<PoolSize<3>, Strides<2>, Same>, Input<28, 28, 16>>(
      "AveragePooling2D/3 by 2");
  benchmark_layer<GlobalMaxPooling1D, Input<128, 16>>("GlobalMaxPooling1D");
  benchmark_layer<GlobalMaxPooling2D, Input<7, 7, 64>>("GlobalMaxPooling2D");
  benchmark_layer<GlobalAveragePooling1D, Input<128, 16>>("GlobalAveragePooling1D");
  benchmark_layer<GlobalAveragePooling2D, Input<7, 7, 64>>("GlobalAveragePooling2D");
  benchmark_layer<ZeroPadding1D<1>, Input<128, 32>>("ZeroPadding1D");
  benchmark_layer<ZeroPadding2D<1>, Input<28, 28, 1>>("ZeroPadding2D/28-28-1");
  benchmark_layer<ZeroPadding2D<1>, Input<28, 28, 16>>("ZeroPadding2D/28-28-16");
  benchmark_layer<LayerNormalization<>, Input<16, 64>>("LayerNormalization/64");
  benchmark_layer<LayerNormalization<>, Input<4, 768>>("LayerNormalization/768");
  benchmark_layer<LayerNormalization<>, Input<16, 17>>("LayerNormalization/17");
  benchmark_layer<Embedding<1000, 64>, Input<32>>("Embedding/1000-64");
  benchmark_layer<RandomFlip<Flip::horizontal>, Input<32, 32, 3>>("RandomFlip/32-32-3");
  benchmark_layer<RandomTranslation<0.1, 0.1>, Input<32, 32, 3>>("RandomTranslation/32-32-3");
  benchmark_layer<RandomRotation<0.1>, Input<28, 28, 1>>("RandomRotation/28-28-1");
  benchmark_layer<RandomRotation<0.1>, Input<32, 32, 3>>("RandomRotation/32-32-3");
  benchmark_layer<RandomRotation<0.1>, Input<32, 32, 16>>("RandomRotation/32-32-16");
  benchmark_layer<RandomZoom<0.2, Interpolation<Sampling::nearest>>, Input<32, 32, 3>>(
      "RandomZoom/32-32-3, nearest");
  benchmark_layer<RandomShear<0.1, 0.1>, Input<32, 32, 3>>("RandomShear/32-32-3");
  benchmark_layer<RandomCrop<28, 28>, Input<32, 32, 3>>("RandomCrop/32-32-3");
  benchmark_layer<RandomBrightness<0.2>, Input<32, 32, 3>>("RandomBrightness/32-32-3");
  benchmark_layer<RandomContrast<0.2>, Input<32, 32, 3>>("RandomContrast/32-32-3");
  benchmark_layer<RandomErasing<>, Input<32, 32, 3>>("RandomErasing/32-32-3");
  benchmark_layer<RandomInvert<>, Input<32, 32, 3>>("RandomInvert/32-32-3");
  benchmark_layer<RandomGrayscale<>, Input<32, 32, 3>>("RandomGrayscale/32-32-3");
  benchmark_layer<RandomSaturation<0.2>, Input<32, 32, 3>>("RandomSaturation/32-32-3");
  benchmark_layer<RandomHue<0.2>, Input<32, 32, 3>>("RandomHue/32-32-3");
  return true;
}();

}  // namespace

BENCHMARK_MAIN();
