#pragma once
// The layers' code is compiled in nodes_1.cpp and nodes_2.cpp alone, and not once more in every file that
// reads a model. A layer that is missing here is compiled where it is used.
#include <keratin/functional/node.hpp>
#include <keratin/functional/tensor.hpp>

#define KERATIN_NODES_1(node)                                                                          \
  node(DenseSpec) node(ConvSpec<1>) node(ConvSpec<2>) node(DepthwiseConv2DSpec) node(MaxPooling1DSpec) \
      node(MaxPooling2DSpec) node(AveragePooling1DSpec) node(AveragePooling2DSpec)                     \
          node(GlobalMaxPooling1DSpec) node(GlobalMaxPooling2DSpec) node(GlobalAveragePooling1DSpec)   \
              node(GlobalAveragePooling2DSpec) node(ZeroPadding1DSpec) node(ZeroPadding2DSpec)         \
                  node(EmbeddingSpec) node(FlattenSpec) node(ReshapeSpec) node(DropoutSpec)
#define KERATIN_NODES_2(node)                                                                                \
  node(SimpleRNNSpec) node(LSTMSpec) node(GRUSpec) node(BatchNormalizationSpec) node(LayerNormalizationSpec) \
      node(ActivationSpec) node(AddSpec) node(ConcatenateSpec) node(DotSpec) node(SubtractSpec)              \
          node(MultiplySpec) node(DivideSpec) node(AverageSpec) node(MaximumSpec) node(MinimumSpec)          \
              node(RescalingSpec) node(PowerSpec) node(SliceSpec) node(ReduceSpec<Reduction::sum>)           \
                  node(ReduceSpec<Reduction::mean>) node(ReduceSpec<Reduction::max>)                         \
                      node(ReduceSpec<Reduction::min>) node(ReduceSpec<Reduction::any>) node(MaskingSpec)    \
                          node(NotEqualSpec) node(LogicalOrSpec) node(StopGradientSpec)

namespace keratin::functional {

#define KERATIN_NODE(...) extern template class NodeOf<__VA_ARGS__>;
KERATIN_NODES_1(KERATIN_NODE)
KERATIN_NODES_2(KERATIN_NODE)
#undef KERATIN_NODE

}  // namespace keratin::functional
