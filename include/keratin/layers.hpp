#pragma once
// Every layer, a file a family, and the list of their specs: what run-time code goes through to find a layer.
#include <keratin/layers/activation.hpp>
#include <keratin/layers/activation_layers.hpp>
#include <keratin/layers/attention.hpp>
#include <keratin/layers/batch_normalization.hpp>
#include <keratin/layers/bidirectional.hpp>
#include <keratin/layers/borders.hpp>
#include <keratin/layers/conv_lstm.hpp>
#include <keratin/layers/convolution.hpp>
#include <keratin/layers/dense.hpp>
#include <keratin/layers/depthwise.hpp>
#include <keratin/layers/dot.hpp>
#include <keratin/layers/einsum_dense.hpp>
#include <keratin/layers/elementwise_merging.hpp>
#include <keratin/layers/embedding.hpp>
#include <keratin/layers/lambda.hpp>
#include <keratin/layers/lookup.hpp>
#include <keratin/layers/masking.hpp>
#include <keratin/layers/merging.hpp>
#include <keratin/layers/normalization.hpp>
#include <keratin/layers/operators.hpp>
#include <keratin/layers/permute.hpp>
#include <keratin/layers/pooling.hpp>
#include <keratin/layers/preprocessing.hpp>
#include <keratin/layers/random_colors.hpp>
#include <keratin/layers/random_images.hpp>
#include <keratin/layers/recurrent.hpp>
#include <keratin/layers/regularization.hpp>
#include <keratin/layers/reshaping.hpp>
#include <keratin/layers/resizing.hpp>
#include <keratin/layers/separable_convolution.hpp>
#include <keratin/layers/spectral_normalization.hpp>
#include <keratin/layers/time_distributed.hpp>
#include <keratin/layers/transposed_convolution.hpp>
#include <keratin/layers/up_sampling.hpp>

namespace keratin {

namespace hana = boost::hana;

// clang-format off
/// Every spec, a line a family, in four parts that a program may compile apart.
#define KERATIN_FIRST_LAYER_SPECS(X)                                                        \
  X(DenseSpec)                                                                              \
  X(ConvSpec<1>) X(ConvSpec<2>) X(ConvSpec<3>)                                              \
  X(ConvTransposeSpec<1>) X(ConvTransposeSpec<2>) X(ConvTransposeSpec<3>)                   \
  X(DepthwiseConv1DSpec) X(DepthwiseConv2DSpec)                                             \
  X(SeparableConv1DSpec) X(SeparableConv2DSpec)                                             \
  X(EmbeddingSpec)                                                                          \
  X(MaxPooling1DSpec) X(MaxPooling2DSpec) X(MaxPooling3DSpec)                               \
  X(AveragePooling1DSpec) X(AveragePooling2DSpec) X(AveragePooling3DSpec)                   \
  X(GlobalMaxPooling1DSpec) X(GlobalMaxPooling2DSpec) X(GlobalMaxPooling3DSpec)             \
  X(GlobalAveragePooling1DSpec) X(GlobalAveragePooling2DSpec) X(GlobalAveragePooling3DSpec) \
  X(AdaptiveMaxPooling1DSpec) X(AdaptiveMaxPooling2DSpec)                                   \
  X(AdaptiveAveragePooling1DSpec) X(AdaptiveAveragePooling2DSpec)
#define KERATIN_SECOND_LAYER_SPECS(X)                                                              \
  X(SimpleRNNSpec) X(LSTMSpec) X(GRUSpec)                                                          \
  X(BidirectionalSpec<SimpleRNNSpec>) X(BidirectionalSpec<LSTMSpec>) X(BidirectionalSpec<GRUSpec>) \
  X(ConvLSTMSpec<1>) X(ConvLSTMSpec<2>)                                                            \
  X(MultiHeadAttentionSpec) X(GroupedQueryAttentionSpec) X(AttentionSpec) X(AdditiveAttentionSpec) \
  X(PieceSpec) X(EinsumDenseSpec)
#define KERATIN_THIRD_LAYER_SPECS(X)                                                                       \
  X(ActivationSpec) X(ReLUSpec) X(LeakyReLUSpec) X(ELUSpec) X(PReLUSpec) X(SoftmaxSpec) X(IdentitySpec)    \
  X(BatchNormalizationSpec) X(LayerNormalizationSpec) X(GroupNormalizationSpec)                            \
  X(RMSNormalizationSpec) X(UnitNormalizationSpec)                                                         \
  X(DropoutSpec) X(AlphaDropoutSpec) X(GaussianNoiseSpec) X(GaussianDropoutSpec)                           \
  X(SpatialDropoutSpec<1>) X(SpatialDropoutSpec<2>) X(SpatialDropoutSpec<3>) X(ActivityRegularizationSpec) \
  X(FlattenSpec) X(ReshapeSpec) X(PermuteSpec) X(RepeatVectorSpec)                                         \
  X(ZeroPadding1DSpec) X(ZeroPadding2DSpec) X(ZeroPadding3DSpec)                                           \
  X(Cropping1DSpec) X(Cropping2DSpec) X(Cropping3DSpec)                                                    \
  X(UpSampling1DSpec) X(UpSampling2DSpec) X(UpSampling3DSpec)                                              \
  X(AddSpec) X(ConcatenateSpec) X(DotSpec) X(SubtractSpec) X(MultiplySpec) X(DivideSpec)                   \
  X(AverageSpec) X(MaximumSpec) X(MinimumSpec)                                                             \
  X(RescalingSpec) X(PowerSpec) X(ThresholdSpec) X(SliceSpec)                                              \
  X(ReduceSpec<Reduction::sum>) X(ReduceSpec<Reduction::mean>) X(ReduceSpec<Reduction::max>)               \
  X(ReduceSpec<Reduction::min>) X(ReduceSpec<Reduction::any>)                                              \
  X(MaskingSpec) X(NotEqualSpec) X(LogicalOrSpec) X(StopGradientSpec)
#define KERATIN_FOURTH_LAYER_SPECS(X)                                                    \
  X(NormalizationSpec) X(DiscretizationSpec) X(CategoryEncodingSpec)                     \
  X(IntegerLookupSpec) X(HashingSpec)                                                    \
  X(ResizingSpec) X(CenterCropSpec)                                                      \
  X(RandomFlipSpec) X(RandomTranslationSpec) X(RandomRotationSpec) X(RandomZoomSpec)     \
  X(RandomShearSpec) X(RandomCropSpec) X(RandomErasingSpec)                              \
  X(RandomBrightnessSpec) X(RandomContrastSpec) X(RandomSaturationSpec) X(RandomHueSpec) \
  X(RandomInvertSpec) X(RandomGrayscaleSpec)
#define KERATIN_EACH_LAYER_SPEC(X) \
  KERATIN_FIRST_LAYER_SPECS(X) KERATIN_SECOND_LAYER_SPECS(X) KERATIN_THIRD_LAYER_SPECS(X) KERATIN_FOURTH_LAYER_SPECS(X)
// clang-format on

}  // namespace keratin
