#pragma once
// Every layer, a file a family, and the list of their specs: what run-time code goes through to find a layer.
#include <keratin/layers/activation.hpp>
#include <keratin/layers/attention.hpp>
#include <keratin/layers/batch_normalization.hpp>
#include <keratin/layers/convolution.hpp>
#include <keratin/layers/dense.hpp>
#include <keratin/layers/depthwise.hpp>
#include <keratin/layers/dot.hpp>
#include <keratin/layers/einsum_dense.hpp>
#include <keratin/layers/elementwise_merging.hpp>
#include <keratin/layers/embedding.hpp>
#include <keratin/layers/masking.hpp>
#include <keratin/layers/merging.hpp>
#include <keratin/layers/normalization.hpp>
#include <keratin/layers/operators.hpp>
#include <keratin/layers/pooling.hpp>
#include <keratin/layers/recurrent.hpp>
#include <keratin/layers/regularization.hpp>
#include <keratin/layers/reshaping.hpp>

#include <boost/hana/for_each.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>

namespace keratin {

namespace hana = boost::hana;

// clang-format off
/// Every spec, a line a family, in two halves that take about as long to compile.
#define KERATIN_FIRST_LAYER_SPECS(X)                                                      \
  X(DenseSpec)                                                                            \
  X(ConvSpec<1>) X(ConvSpec<2>) X(DepthwiseConv2DSpec)                                    \
  X(MaxPooling1DSpec) X(MaxPooling2DSpec) X(AveragePooling1DSpec) X(AveragePooling2DSpec) \
  X(GlobalMaxPooling1DSpec) X(GlobalMaxPooling2DSpec)                                     \
  X(GlobalAveragePooling1DSpec) X(GlobalAveragePooling2DSpec)                             \
  X(ZeroPadding1DSpec) X(ZeroPadding2DSpec)                                               \
  X(EmbeddingSpec)                                                                        \
  X(DropoutSpec) X(FlattenSpec) X(ReshapeSpec)
#define KERATIN_OTHER_LAYER_SPECS(X)                                                         \
  X(SimpleRNNSpec) X(LSTMSpec) X(GRUSpec)                                                    \
  X(BatchNormalizationSpec) X(LayerNormalizationSpec)                                        \
  X(AddSpec) X(ConcatenateSpec) X(DotSpec)                                                   \
  X(SubtractSpec) X(MultiplySpec) X(DivideSpec) X(AverageSpec) X(MaximumSpec) X(MinimumSpec) \
  X(RescalingSpec) X(PowerSpec) X(SliceSpec)                                                 \
  X(ReduceSpec<Reduction::sum>) X(ReduceSpec<Reduction::mean>) X(ReduceSpec<Reduction::max>) \
  X(ReduceSpec<Reduction::min>) X(ReduceSpec<Reduction::any>)                                \
  X(MaskingSpec) X(NotEqualSpec) X(LogicalOrSpec) X(StopGradientSpec)                        \
  X(ActivationSpec)                                                                          \
  X(MultiHeadAttentionSpec) X(GroupedQueryAttentionSpec)                                     \
  X(AttentionSpec) X(AdditiveAttentionSpec) X(PieceSpec) X(EinsumDenseSpec)
#define KERATIN_EACH_LAYER_SPEC(X) KERATIN_FIRST_LAYER_SPECS(X) KERATIN_OTHER_LAYER_SPECS(X)
// clang-format on

namespace detail {
template <class, class... Specs> inline constexpr auto list_of = hana::tuple_t<Specs...>;
}
#define KERATIN_NEXT(SPEC) , SPEC
inline constexpr auto layer_specs = detail::list_of<void KERATIN_EACH_LAYER_SPEC(KERATIN_NEXT)>;
#undef KERATIN_NEXT

}  // namespace keratin
