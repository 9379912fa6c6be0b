#include "models.hpp"

#include <keratin/testing.hpp>

using namespace keratin;
using functional::Tensor;

namespace {

// Every weight another value; variances above 0.
functional::Model filled(const Tensor& x, const Tensor& y) {
  functional::Model model(x, y);
  int k = 0;
  for (const LayerPlan& layer : model.layers())
    for (int p = 0; p < layer.tensors.count(); ++p, ++k)
      for (std::size_t i = 0; i < static_cast<std::size_t>(layer.tensors[p].shape.size()); ++i)
        model.block()[layer.tensors.offset(p) + i] =
            static_cast<float>(testing::filled(i, k)) + (layer.tensors[p].trainable ? 0.f : 1.f);
  return model;
}
template <class... Layers> functional::Model chain(const Shape& shape, const Layers&... layers) {
  const Tensor x = functional::Input(shape);
  Tensor y = x;
  ((y = Layers(layers)(y)), ...);
  return filled(x, y);
}

}  // namespace

functional::Model models::mlp() {
  return chain({12}, Dense<32, ReLU, L1<>, L2<1e-4>>{}, Dropout<0.0>{}, Rescaling<0.5>{},
               Named<"dense", Dense<7, Tanh, NoBias, KernelInitializer<HeNormal>>>{}, Activation<Linear>{},
               Named<"log\"its", Dense<5, Softmax, BiasInitializer<RandomUniform<-0.25, 0.75>>>>{});
}
functional::Model models::lenet() {
  return chain({28, 28, 1}, Conv2D<6, Kernel<5>, Same>{},
               BatchNormalization<Momentum<0.9>, Epsilon<1e-5>, NoScale>{}, Activation<ReLU>{},
               MaxPooling2D<PoolSize<3, 2>, Strides<2>, Same>{},
               Conv2D<8, Kernel<3, 5>, Strides<2, 1>, Groups<2>, ReLU>{}, MaxPooling2D<>{},
               AveragePooling2D<Strides<1>>{}, Flatten{}, Dense<16, Sigmoid>{},
               BatchNormalization<NoCenter, Tanh>{}, Dense<10, Softmax>{});
}
functional::Model models::depthwise() {
  return chain({9, 8, 3}, ZeroPadding2D<1, 2, 0, 3>{}, ZeroPadding2D<1, 2>{}, ZeroPadding2D<>{},
               DepthwiseConv2D<Kernel<3>, DepthMultiplier<2>, Strides<2>, Sigmoid>{},
               DepthwiseConv2D<Kernel<2>, Dilation<2>, Same, NoBias, DepthwiseInitializer<Orthogonal<0.5>>>{},
               Conv2D<6, ReLU>{}, Reshape<-1, 3>{}, LayerNormalization<Epsilon<1e-6>, NoCenter>{},
               GlobalAveragePooling1D{});
}
functional::Model models::recurrent() {
  return chain({7, 3}, LSTM<6, ReturnSequences, NoUnitForgetBias, RecurrentActivation<ReLU>>{},
               GRU<5, ReturnSequences, NoResetAfter, GoBackwards, L2<>,
                   RecurrentRegularizer<OrthogonalRegularizer<>>, BiasRegularizer<L1L2<0.25, 0.5>>>{},
               GRU<4, ReturnSequences, Stateful>{},
               SimpleRNN<3, ReLU, NoBias, RecurrentInitializer<RandomNormal<0.0, 0.1>>>{});
}
functional::Model models::wrapped() {
  return chain({5, 3},
               Bidirectional<LSTM<3, ReturnSequences, Dropout<0.25>, RecurrentDropout<0.5>>,
                             MergeMode<Merging::sum>>{},
               TimeDistributed<Dense<4, ReLU>>{}, Bidirectional<GRU<2, ReturnSequences>>{},
               Bidirectional<SimpleRNN<4, ReturnSequences, ZeroOutputForMask>, MergeMode<Merging::mul>>{},
               Reshape<5, 2, 2, 1>{}, ConvLSTM2D<2, Kernel<2>, Same, ReturnSequences, ReLU>{},
               Reshape<5, 4, 2>{}, ConvLSTM1D<3, Kernel<2>, NoBias, GoBackwards>{},
               TimeDistributed<Dense<2>>{});
}
functional::Model models::causal() {
  return chain({16, 2}, Conv1D<4, Kernel<2>, Causal, Tanh>{}, Conv1D<4, Kernel<2>, Causal, Dilation<2>>{},
               ZeroPadding1D<1, 0>{}, MaxPooling1D<PoolSize<3>, Same>{}, AveragePooling1D<>{},
               GlobalMaxPooling1D{});
}
functional::Model models::residual() {
  const Tensor x = functional::Input({8, 8, 4});
  const Tensor same = Add<>{}(Conv2D<4, Kernel<3>, Same>{}(x), x);
  const Tensor deep = Conv2D<6, Kernel<3>, Same>{}(Conv2D<6, Strides<2>, ReLU>{}(same));
  const Tensor y =
      Named<"sum", Add<ReLU>>{}(Named<"projection", Conv2D<6, Strides<2>, NoBias>>{}(same), deep);
  const Tensor wide = Multiply{}(y, Reshape<1, 1, 6>{}(Dense<6, Sigmoid>{}(GlobalAveragePooling2D{}(y))));
  return filled(x, GlobalMaxPooling2D{}(Add<>{}(wide, wide)));
}
functional::Model models::inception() {
  const Tensor x = functional::Input({6, 6, 3});
  const Tensor b = Conv2D<4, ReLU>{}(x), c = MaxPooling2D<PoolSize<3>, Strides<1>, Same>{}(x);
  const Tensor inner = Concatenate<1>{}(Conv2D<2>{}(b), Conv2D<2, Kernel<3>, Same>{}(b));
  const Tensor all = Named<"mixed", Concatenate<>>{}(Conv2D<2>{}(x), AveragePooling2D<PoolSize<1>>{}(x),
                                                     Conv2D<2, Kernel<7, 1>, Strides<1>>{}(inner), c);
  return filled(x, Dense<3>{}(Flatten{}(all)));
}
functional::Model models::merging() {
  const Tensor x = functional::Input({4, 4});
  const Tensor a = Dense<4>{}(x), b = Dense<4, Tanh>{}(x);
  const Tensor c = Subtract{}(Average{}(a, b), x);
  const Tensor d = Maximum{}(c, Minimum{}(Rescaling<0.5, -1.0>{}(c), Dense<4>{}(c)));
  return filled(x, Dot<1, 2, true>{}(Dense<2>{}(d), Average{}(d)));
}
functional::Model models::embedding() {
  return chain({9}, Embedding<20, 6, EmbeddingsInitializer<Ones>, EmbeddingsRegularizer<L1<0.5>, L2<>>>{},
               Conv1D<5, Kernel<3>, ReLU>{}, GlobalMaxPooling1D{},
               BatchNormalization<GammaInitializer<Zeros>, BetaRegularizer<L1<>>>{},
               Dense<2, BiasRegularizer<L2<>>>{});
}
functional::Model models::normalization() {
  return chain({4, 6}, RMSNormalization<>{}, Dense<6>{}, BatchNormalization<Axis<1>, NoCenter>{},
               LayerNormalization<Axis<-2, -1>>{}, GroupNormalization<3, NoScale, BetaRegularizer<L1<0.5>>>{},
               GroupNormalization<-1>{}, RMSNormalization<Axis<1, 2>, Epsilon<1e-3>>{},
               SpectralNormalization<Dense<32>, PowerIterations<2>>{}, GroupNormalization<>{},
               UnitNormalization<>{}, UnitNormalization<Axis<-2, -1>>{});
}
functional::Model models::regularization() {
  return chain({4, 6}, Dropout<0.25, NoiseShape<0, 1, 0>>{}, SpatialDropout1D<0.5>{}, AlphaDropout<0.25>{},
               AlphaDropout<0.5, NoiseShape<1, 0, 0>>{}, GaussianNoise<0.5>{}, GaussianDropout<0.5>{},
               ActivityRegularization<0.5>{}, ActivityRegularization<0.0, 0.25>{}, Reshape<2, 2, 6>{},
               SpatialDropout2D<0.5>{}, Reshape<2, 2, 3, 2>{}, SpatialDropout3D<0.5>{}, Flatten{},
               Dense<3>{});
}
functional::Model models::convolution() {
  return chain({3, 2, 4, 2}, Conv3D<3, Kernel<2, 1, 2>, ReLU>{},
               Conv3DTranspose<2, Kernel<2>, Strides<1, 2, 1>, OutputPadding<0, 1, 0>>{}, Reshape<3, 5, 8>{},
               Conv2DTranspose<4, Kernel<3>, Strides<2>, Same, Tanh>{},
               SeparableConv2D<5, Kernel<3, 2>, DepthMultiplier<2>, PointwiseInitializer<HeNormal>>{},
               Reshape<-1, 5>{}, DepthwiseConv1D<Kernel<2>, Dilation<2>, Same>{},
               SeparableConv1D<3, Kernel<4>, Strides<3>, NoBias, Sigmoid>{},
               Conv1DTranspose<2, Kernel<2>, Dilation<2>>{});
}
functional::Model models::activation() {
  return chain({4, 3, 5}, ReLULayer<MaxValue<0.5>, Threshold<0.125>>{}, ReLULayer<NegativeSlope<0.1>>{},
               LeakyReLULayer<>{}, LeakyReLULayer<0.1>{}, PReLU<SharedAxes<1, 2>>{}, ELULayer<0.5>{},
               Identity{}, PReLU<AlphaInitializer<RandomUniform<0.0, 0.5>>>{}, Dense<6, GELU>{},
               SoftmaxLayer<1, 3>{}, Activation<SELU>{}, SoftmaxLayer<2>{});
}
functional::Model models::reshaping() {
  const Tensor x = functional::Input({6, 5, 2});
  const Tensor image = UpSampling2D<Size<2, 1>, Bilinear>{}(Cropping2D<1, 0, 2, 0>{}(x));  // (10, 3, 2)
  const Tensor small =
      AdaptiveMaxPooling2D<4, 3>{}(Resizing<8, 6, Bicubic, PadToAspectRatio, FillValue<0.5>>{}(
          CenterCrop<6, 6>{}(Resizing<7, 5, Nearest, CropToAspectRatio>{}(UpSampling2D<>{}(image)))));
  const Tensor even = AdaptiveAveragePooling2D<4>{}(Resizing<5, 5>{}(Cropping2D<1>{}(image)));
  const Tensor volume = ZeroPadding3D<0, 1, 0, 0, 0, 2>{}(Reshape<2, 2, 3, 2>{}(small));
  const Tensor other = UpSampling3D<Size<1, 2, 1>>{}(Reshape<4, 2, 2, 2>{}(even));
  const Tensor pooled =
      MaxPooling3D<PoolSize<2, 1, 2>, Strides<1>>{}(Cropping3D<0, 0, 1>{}(ZeroPadding3D<>{}(volume)));
  const Tensor mean = AveragePooling3D<PoolSize<1, 2, 2>, Same>{}(Cropping3D<1, 1, 0>{}(other));
  const Tensor features = Concatenate<>{}(GlobalMaxPooling3D{}(pooled), GlobalAveragePooling3D{}(mean));
  const Tensor steps =
      Permute<2, 1>{}(Cropping1D<0, 1>{}(UpSampling1D<Size<3>>{}(RepeatVector<4>{}(features))));
  return filled(x, Dense<2>{}(Concatenate<1>{}(AdaptiveMaxPooling1D<3>{}(steps),
                                               AdaptiveAveragePooling1D<2>{}(Cropping1D<>{}(steps)))));
}
functional::Model models::preprocessing() {
  return chain(
      {3, 4}, Normalization<Axis<1>>{}, Normalization<Axis<>, GivenMean<0.5>, GivenVariance<2.0>, Invert>{},
      Discretization<NumBins<5>, Epsilon<0.1>>{}, Hashing<9, MaskValue<0>, HashSalt<3, 4>>{}, Flatten{},
      IntegerLookup<GivenVocabulary<3, 1>, NumOovIndices<2>, MaskToken<0>, OovToken<-2>>{},
      Discretization<BinBoundaries<0.5, 2.0>>{},
      IntegerLookup<MaxTokens<8>, VocabularySize<5>, PadToMaxTokens, TfIdf>{}, CategoryEncoding<6, OneHot>{},
      Flatten{}, Dense<2>{});
}
functional::Model models::einsum_dense() {
  return chain({4, 6}, EinsumDense<"abc,cde->abde", OutputShape<-1, 2, 3>, BiasAxes<"de">, Tanh>{},
               EinsumDense<"abcd,dce->abe", OutputShape<-1, 5>>{},
               EinsumDense<"...x,xy->...y", OutputShape<2>, BiasAxes<"y">>{});
}
functional::Model models::attention() {
  const Tensor x = functional::Input({6, 4});
  const Tensor y = Add<>{}(x, MultiHeadAttention<2, 3, CausalMask, Dropout<0.1>>{}(x));
  const Tensor z =
      MultiHeadAttention<2, 4, ValueDim<5>, OutputShape<3>, SlidingWindow<3>>{}(Dense<4>{}(y), y);
  const Tensor shared = GroupedQueryAttention<2, 4, 2, NoBias>{}(z);
  const Tensor a = Attention<ScaledScores, ConcatScores, CausalMask>{}(Dense<3, Tanh>{}(shared), shared);
  return filled(x, Attention<>{}(AdditiveAttention<NoScaledScores>{}(a)));
}
functional::Model models::masks() {
  return chain({6}, Embedding<9, 4, MaskZero>{}, LSTM<3, ReturnSequences>{}, Masking<-1.0>{},
               MultiHeadAttention<1, 2>{}, Bidirectional<GRU<2>>{}, Dense<2>{});
}
functional::Model models::random_images() {
  return chain({9, 8, 3}, RandomFlip<>{}, RandomFlip<Flip::vertical>{},
               RandomTranslation<0.1, Range{-0.2, 0.0}, FillMode<Fill::constant>, FillValue<0.5>>{},
               RandomRotation<0.1, Nearest>{}, RandomRotation<Range{0.1, 0.2}>{}, RandomZoom<0.2>{},
               RandomZoom<Range{-0.5, 0.0}, FillMode<Fill::wrap>, WidthFactor<0.1>>{},
               RandomShear<0.1, Range{0.0, 0.2}>{}, RandomCrop<6, 5>{}, RandomBrightness<0.1>{},
               RandomContrast<0.25, ValueRange<-1.0, 1.0>>{}, RandomContrast<Fraction{0.1, 0.2}>{},
               RandomErasing<>{}, RandomErasing<Factor<0.5, 0.75>, Scale<0.1>, FillValue<0.0>>{},
               RandomInvert<Factor<0.5>>{}, RandomGrayscale<>{}, RandomGrayscale<0.25>{},
               RandomSaturation<Range{0.25, 0.5}>{}, RandomHue<0.1>{}, Flatten{}, Dense<2>{});
}
