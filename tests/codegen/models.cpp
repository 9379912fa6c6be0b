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
  ((y = layers(y)), ...);
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
               GRU<5, ReturnSequences, NoResetAfter, GoBackwards, L2<>>{},
               GRU<4, ReturnSequences, Stateful>{},
               SimpleRNN<3, ReLU, NoBias, RecurrentInitializer<RandomNormal<0.0, 0.1>>>{});
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
  return chain({9}, Embedding<20, 6, EmbeddingsInitializer<Ones>>{}, Conv1D<5, Kernel<3>, ReLU>{},
               GlobalMaxPooling1D{}, Dense<2>{});
}
functional::Model models::random_images() {
  return chain({9, 8, 3}, RandomFlip<>{}, RandomFlip<Flip::vertical>{},
               RandomTranslation<0.1, Range{-0.2, 0.0}, FillMode<Fill::constant>, FillValue<0.5>>{},
               RandomRotation<0.1, Interpolation<Sampling::nearest>>{}, RandomRotation<Range{0.1, 0.2}>{},
               RandomZoom<0.2>{}, RandomZoom<Range{-0.5, 0.0}, FillMode<Fill::wrap>, WidthFactor<0.1>>{},
               RandomShear<0.1, Range{0.0, 0.2}>{}, RandomCrop<6, 5>{}, RandomBrightness<0.1>{},
               RandomContrast<0.25, ValueRange<-1.0, 1.0>>{}, RandomContrast<Fraction{0.1, 0.2}>{},
               RandomErasing<>{}, RandomErasing<Factor<0.5, 0.75>, Scale<0.1>, FillValue<0.0>>{},
               RandomInvert<Factor<0.5>>{}, RandomGrayscale<>{}, RandomGrayscale<0.25>{},
               RandomSaturation<Range{0.25, 0.5}>{}, RandomHue<0.1>{}, Flatten{}, Dense<2>{});
}
