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
  benchmark_layer<Conv2DTranspose<32, Kernel<3>, Strides<2>, Same, ReLU>, Input<14, 14, 64>>(
      "Conv2DTranspose/3 by 2");
  benchmark_layer<Conv2DTranspose<64, Kernel<4>, Strides<2>, Same>, Input<8, 8, 128>>(
      "Conv2DTranspose/4 by 2");
  benchmark_layer<Conv1DTranspose<32, Kernel<5>, Strides<2>, Same>, Input<64, 32>>("Conv1DTranspose/5 by 2");
  benchmark_layer<Conv3DTranspose<16, Kernel<3>, Strides<2>, Same>, Input<4, 4, 4, 32>>(
      "Conv3DTranspose/3 by 2");
  benchmark_layer<Conv3D<16, Kernel<3>, Same>, Input<8, 8, 8, 16>>("Conv3D/3");
  benchmark_layer<SeparableConv2D<64, Kernel<3>, Same>, Input<14, 14, 64>>("SeparableConv2D/3");
  benchmark_layer<SeparableConv2D<128, Kernel<3>, Same, ReLU>, Input<28, 28, 32>>("SeparableConv2D/3, large");
  benchmark_layer<SeparableConv1D<64, Kernel<5>, Same>, Input<128, 64>>("SeparableConv1D/5");
  benchmark_layer<DepthwiseConv1D<Kernel<5>, Same>, Input<128, 64>>("DepthwiseConv1D/5");
  benchmark_layer<DepthwiseConv2D<Kernel<3>, Same>, Input<14, 14, 64>>("DepthwiseConv2D/3");
  benchmark_layer<ReLULayer<MaxValue<6.0>, NegativeSlope<0.1>>, Input<256>>("ReLULayer");
  benchmark_layer<LeakyReLULayer<>, Input<256>>("LeakyReLULayer");
  benchmark_layer<ELULayer<>, Input<256>>("ELULayer");
  benchmark_layer<PReLU<SharedAxes<1, 2>>, Input<28, 28, 16>>("PReLU/28-28-16, of channels");
  benchmark_layer<PReLU<>, Input<256>>("PReLU/256");
  benchmark_layer<SoftmaxLayer<1>, Input<16, 64>>("SoftmaxLayer/16-64, axis 1");
  benchmark_layer<Dense<128, GELU>, Input<256>>("Dense/256-128, GELU");
  benchmark_layer<Dropout<0.5>, Input<256>>("Dropout");
  benchmark_layer<SpatialDropout1D<0.5>, Input<32, 64>>("SpatialDropout1D");
  benchmark_layer<SpatialDropout2D<0.5>, Input<14, 14, 16>>("SpatialDropout2D");
  benchmark_layer<SpatialDropout3D<0.5>, Input<4, 8, 8, 16>>("SpatialDropout3D");
  benchmark_layer<AlphaDropout<0.5>, Input<256>>("AlphaDropout");
  benchmark_layer<GaussianNoise<0.5>, Input<256>>("GaussianNoise");
  benchmark_layer<GaussianDropout<0.5>, Input<256>>("GaussianDropout");
  benchmark_layer<ActivityRegularization<1e-3, 1e-3>, Input<256>>("ActivityRegularization");
  benchmark_layer<MaxPooling1D<>, Input<128, 32>>("MaxPooling1D/2");
  benchmark_layer<MaxPooling2D<>, Input<28, 28, 16>>("MaxPooling2D/2");
  benchmark_layer<MaxPooling2D<>, Input<24, 24, 6>>("MaxPooling2D/2, narrow");
  benchmark_layer<MaxPooling2D<PoolSize<3>, Strides<2>, Same>, Input<28, 28, 16>>("MaxPooling2D/3 by 2");
  benchmark_layer<AveragePooling1D<>, Input<128, 32>>("AveragePooling1D/2");
  benchmark_layer<AveragePooling2D<>, Input<28, 28, 16>>("AveragePooling2D/2");
  benchmark_layer<AveragePooling2D<PoolSize<3>, Strides<2>, Same>, Input<28, 28, 16>>(
      "AveragePooling2D/3 by 2");
  benchmark_layer<MaxPooling3D<>, Input<8, 14, 14, 16>>("MaxPooling3D/2");
  benchmark_layer<AveragePooling3D<>, Input<8, 14, 14, 16>>("AveragePooling3D/2");
  benchmark_layer<AdaptiveMaxPooling1D<16>, Input<100, 32>>("AdaptiveMaxPooling1D");
  benchmark_layer<AdaptiveMaxPooling2D<7>, Input<24, 24, 16>>("AdaptiveMaxPooling2D");
  benchmark_layer<AdaptiveAveragePooling1D<16>, Input<100, 32>>("AdaptiveAveragePooling1D");
  benchmark_layer<AdaptiveAveragePooling2D<7>, Input<24, 24, 16>>("AdaptiveAveragePooling2D");
  benchmark_layer<GlobalMaxPooling3D, Input<4, 7, 7, 64>>("GlobalMaxPooling3D");
  benchmark_layer<GlobalAveragePooling3D, Input<4, 7, 7, 64>>("GlobalAveragePooling3D");
  benchmark_layer<GlobalMaxPooling1D, Input<128, 16>>("GlobalMaxPooling1D");
  benchmark_layer<GlobalMaxPooling2D, Input<7, 7, 64>>("GlobalMaxPooling2D");
  benchmark_layer<GlobalAveragePooling1D, Input<128, 16>>("GlobalAveragePooling1D");
  benchmark_layer<GlobalAveragePooling2D, Input<7, 7, 64>>("GlobalAveragePooling2D");
  benchmark_layer<ZeroPadding1D<1>, Input<128, 32>>("ZeroPadding1D");
  benchmark_layer<ZeroPadding2D<1>, Input<28, 28, 1>>("ZeroPadding2D/28-28-1");
  benchmark_layer<ZeroPadding2D<1>, Input<28, 28, 16>>("ZeroPadding2D/28-28-16");
  benchmark_layer<ZeroPadding3D<1>, Input<8, 14, 14, 16>>("ZeroPadding3D");
  benchmark_layer<Cropping1D<1>, Input<128, 32>>("Cropping1D");
  benchmark_layer<Cropping2D<1>, Input<28, 28, 16>>("Cropping2D");
  benchmark_layer<Cropping3D<1>, Input<8, 14, 14, 16>>("Cropping3D");
  benchmark_layer<Permute<2, 1>, Input<128, 64>>("Permute/matrix");
  benchmark_layer<Permute<3, 1, 2>, Input<28, 28, 3>>("Permute/channels first");
  benchmark_layer<Permute<2, 1, 3>, Input<28, 28, 16>>("Permute/rows");
  benchmark_layer<RepeatVector<16>, Input<256>>("RepeatVector");
  benchmark_layer<UpSampling1D<>, Input<128, 32>>("UpSampling1D");
  benchmark_layer<UpSampling2D<>, Input<14, 14, 16>>("UpSampling2D");
  benchmark_layer<UpSampling2D<>, Input<28, 28, 3>>("UpSampling2D, narrow");
  benchmark_layer<UpSampling2D<Bilinear>, Input<14, 14, 16>>("UpSampling2D, bilinear");
  benchmark_layer<UpSampling2D<Bicubic>, Input<14, 14, 16>>("UpSampling2D, bicubic");
  benchmark_layer<UpSampling3D<>, Input<4, 7, 7, 16>>("UpSampling3D");
  benchmark_layer<Resizing<24, 24>, Input<36, 32, 3>>("Resizing");
  benchmark_layer<Resizing<24, 24, Nearest>, Input<36, 32, 3>>("Resizing, nearest");
  benchmark_layer<CenterCrop<24, 24>, Input<36, 32, 3>>("CenterCrop");
  benchmark_layer<LayerNormalization<>, Input<16, 64>>("LayerNormalization/64");
  benchmark_layer<LayerNormalization<>, Input<4, 768>>("LayerNormalization/768");
  benchmark_layer<LayerNormalization<>, Input<16, 17>>("LayerNormalization/17");
  benchmark_layer<RMSNormalization<>, Input<4, 768>>("RMSNormalization/768");
  benchmark_layer<UnitNormalization<>, Input<4, 768>>("UnitNormalization/768");
  benchmark_layer<GroupNormalization<8>, Input<14, 14, 64>>("GroupNormalization/8");
  benchmark_layer<BatchNormalization<>, Input<14, 14, 64>>("BatchNormalization");
  benchmark_layer<BatchNormalization<Axis<1>>, Input<16, 64>>("BatchNormalization, axis 1");
  benchmark_layer<Bidirectional<LSTM<64, ReturnSequences>>, Input<32, 32>>("Bidirectional/LSTM/32-64");
  benchmark_layer<TimeDistributed<Dense<64, ReLU>>, Input<16, 32>>("TimeDistributed/Dense/32-64");
  benchmark_layer<ConvLSTM1D<8, Kernel<3>, Same>, Input<8, 32, 4>>("ConvLSTM1D/3");
  benchmark_layer<ConvLSTM2D<8, Kernel<3>, Same>, Input<8, 16, 16, 1>>("ConvLSTM2D/3");
  benchmark_layer<LSTM<64, Dropout<0.2>, RecurrentDropout<0.2>>, Input<32, 32>>("LSTM/32-64, dropout");
  benchmark_layer<Embedding<1000, 64>, Input<32>>("Embedding/1000-64");
  benchmark_layer<Normalization<>, Input<13>>("Normalization/13");
  benchmark_layer<Normalization<>, Input<28, 28, 3>>("Normalization/28-28-3");
  benchmark_layer<Discretization<NumBins<10>>, Input<256>>("Discretization/10");
  benchmark_layer<CategoryEncoding<32>, Input<8>>("CategoryEncoding/32");
  benchmark_layer<IntegerLookup<MaxTokens<1000>>, Input<32>>("IntegerLookup/1000");
  benchmark_layer<Hashing<100>, Input<32>>("Hashing/100");
  benchmark_layer<MultiHeadAttention<4, 16>, Input<64, 64>>("MultiHeadAttention/64 4-16");
  benchmark_layer<GroupedQueryAttention<16, 4, 2>, Input<64, 64>>("GroupedQueryAttention/64 4-2");
  benchmark_layer<Attention<>, Input<64, 64>>("Attention/64-64");
  benchmark_layer<AdditiveAttention<>, Input<32, 32>>("AdditiveAttention/32-32");
  benchmark_layer<RandomFlip<Flip::horizontal>, Input<32, 32, 3>>("RandomFlip/32-32-3");
  benchmark_layer<RandomTranslation<0.1, 0.1>, Input<32, 32, 3>>("RandomTranslation/32-32-3");
  benchmark_layer<RandomRotation<0.1>, Input<28, 28, 1>>("RandomRotation/28-28-1");
  benchmark_layer<RandomRotation<0.1>, Input<32, 32, 3>>("RandomRotation/32-32-3");
  benchmark_layer<RandomRotation<0.1>, Input<32, 32, 16>>("RandomRotation/32-32-16");
  benchmark_layer<RandomZoom<0.2, Nearest>, Input<32, 32, 3>>("RandomZoom/32-32-3, nearest");
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
