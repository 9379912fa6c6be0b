// Layers by themselves, in Lanes, as a table: percent of the machine's peak, or of the bandwidth of what they
// read and write. Every kind of layer that moves values is here once; bench/layers.cpp has all of them.
#include "../table.hpp"

using namespace keratin;

namespace {

constexpr Mode training{.training = true, .input_gradient = true};

// Percent of what a loop reaches that reads and writes as much.
void against_bandwidth(const char* title, int samples, const detail::Work& work, auto pass) {
  const std::size_t n = static_cast<std::size_t>(samples);
  detail::Movement move(n * work.read, n * work.written, work.in_place);
  const int rounds = 1 + static_cast<int>(1e8 / move.bytes());
  const auto times = [=](auto& f) {
    return [rounds, &f] {
      for (int i = 0; i < rounds; ++i) f();
    };
  };
  print(title, 100 / compare(11, times(pass), times(move)).ratio);
}

// Forward, in inference if the layer does something there, and backward, 128 samples.
template <class Layer, class In> void moves(const char* what) {
  using Net = Sequential<In, Layer>;
  using detail::Work;
  constexpr int samples = 128;
  constexpr Mode forward = plan<Net>().steps.size() > 0 ? Mode{} : training;
  detail::Passes<Net, forward, Lanes> there(samples);
  against_bandwidth(what, samples, Work::of<Net, forward>(true, false),
                    [&] { there.forward(there.count()); });
  detail::Passes<Net, training, Lanes> back(samples);
  back.forward(back.count());
  against_bandwidth("  gradients", samples, Work::of<Net, training>(false, true), [&] { back.backward(); });
}

}  // namespace

int main() {
  both_passes<Conv2DTranspose<32, Kernel<3>, Strides<2>, Same, ReLU>, Input<14, 14, 64>>(
      "Conv2DTranspose, 3x3 by 2: % of peak");
  both_passes<Conv2DTranspose<64, Kernel<4>, Strides<2>, Same>, Input<8, 8, 128>>(
      "Conv2DTranspose, 4x4 by 2: % of peak");
  both_passes<SeparableConv2D<64, Kernel<3>, Same>, Input<14, 14, 64>>(
      "SeparableConv2D, 64 to 64: % of peak");
  both_passes<SeparableConv2D<128, Kernel<3>, Same, ReLU>, Input<28, 28, 32>>(
      "SeparableConv2D, 32 to 128: % of peak");
  both_passes<MultiHeadAttention<4, 16>, Input<64, 64>>("MultiHeadAttention, 64 of 4 x 16: % of peak");

  moves<Activation<ReLU>, Input<256>>("relu: % of bandwidth");
  moves<Activation<LeakyReLU>, Input<256>>("leaky_relu: % of bandwidth");
  moves<Activation<HardSigmoid>, Input<256>>("hard_sigmoid: % of bandwidth");
  moves<Activation<Softsign>, Input<256>>("softsign: % of bandwidth");
  moves<Activation<Sigmoid>, Input<256>>("sigmoid: % of bandwidth");
  moves<Activation<Tanh>, Input<256>>("tanh: % of bandwidth");
  moves<Activation<Exponential>, Input<256>>("exponential: % of bandwidth");
  moves<Activation<GELU>, Input<256>>("gelu: % of bandwidth");
  moves<PReLU<>, Input<256>>("PReLU: % of bandwidth");
  moves<Normalization<>, Input<28, 28, 3>>("Normalization: % of bandwidth");
  moves<Dropout<0.5>, Input<256>>("Dropout: % of bandwidth");
  moves<SpatialDropout2D<0.5>, Input<14, 14, 16>>("SpatialDropout2D: % of bandwidth");
  moves<MaxPooling1D<>, Input<128, 32>>("MaxPooling1D: % of bandwidth");
  moves<MaxPooling2D<>, Input<28, 28, 16>>("MaxPooling2D: % of bandwidth");
  moves<MaxPooling3D<>, Input<8, 14, 14, 16>>("MaxPooling3D: % of bandwidth");
  moves<MaxPooling2D<PoolSize<3>, Strides<2>, Same>, Input<28, 28, 16>>(
      "MaxPooling2D, 3x3 by 2: % of bandwidth");
  moves<AveragePooling2D<>, Input<28, 28, 16>>("AveragePooling2D: % of bandwidth");
  moves<AveragePooling2D<PoolSize<3>, Strides<2>, Same>, Input<28, 28, 16>>(
      "AveragePooling2D, 3x3 by 2: % of bandwidth");
  moves<AdaptiveMaxPooling2D<7>, Input<24, 24, 16>>("AdaptiveMaxPooling2D, 24 to 7: % of bandwidth");
  moves<AdaptiveAveragePooling2D<7>, Input<24, 24, 16>>("AdaptiveAveragePooling2D, 24 to 7: % of bandwidth");
  moves<GlobalMaxPooling2D, Input<7, 7, 64>>("GlobalMaxPooling2D: % of bandwidth");
  moves<GlobalAveragePooling2D, Input<7, 7, 64>>("GlobalAveragePooling2D: % of bandwidth");
  moves<ZeroPadding2D<1>, Input<28, 28, 16>>("ZeroPadding2D: % of bandwidth");
  moves<Cropping2D<1>, Input<28, 28, 16>>("Cropping2D: % of bandwidth");
  moves<Permute<2, 1>, Input<128, 64>>("Permute, a matrix: % of bandwidth");
  moves<Permute<2, 1, 3>, Input<28, 28, 16>>("Permute, rows: % of bandwidth");
  moves<RepeatVector<16>, Input<256>>("RepeatVector: % of bandwidth");
  moves<UpSampling2D<>, Input<14, 14, 16>>("UpSampling2D: % of bandwidth");
  moves<UpSampling3D<>, Input<4, 7, 7, 16>>("UpSampling3D: % of bandwidth");
}
