#pragma once
// Every layer, a file a family, and the list of their specs: what run-time code goes through to find a layer.
#include <keratin/layers/activation.hpp>
#include <keratin/layers/batch_normalization.hpp>
#include <keratin/layers/convolution.hpp>
#include <keratin/layers/dense.hpp>
#include <keratin/layers/depthwise.hpp>
#include <keratin/layers/dot.hpp>
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

inline constexpr auto layer_specs = hana::tuple_t<                                   // a line a family
    DenseSpec,                                                                       //
    ConvSpec<1>, ConvSpec<2>, DepthwiseConv2DSpec,                                   //
    MaxPooling1DSpec, MaxPooling2DSpec, AveragePooling1DSpec, AveragePooling2DSpec,  //
    GlobalMaxPooling1DSpec, GlobalMaxPooling2DSpec, GlobalAveragePooling1DSpec,
    GlobalAveragePooling2DSpec,                                                                    //
    BatchNormalizationSpec,                                                                        //
    ZeroPadding1DSpec, ZeroPadding2DSpec,                                                          //
    LayerNormalizationSpec,                                                                        //
    EmbeddingSpec,                                                                                 //
    SimpleRNNSpec, LSTMSpec, GRUSpec,                                                              //
    AddSpec, ConcatenateSpec, DotSpec,                                                             //
    SubtractSpec, MultiplySpec, DivideSpec, AverageSpec, MaximumSpec, MinimumSpec,                 //
    RescalingSpec, PowerSpec, SliceSpec, ReduceSpec<Reduction::sum>, ReduceSpec<Reduction::mean>,  //
    ReduceSpec<Reduction::max>, ReduceSpec<Reduction::min>, ReduceSpec<Reduction::any>,            //
    MaskingSpec, NotEqualSpec, LogicalOrSpec, StopGradientSpec,                                    //
    ActivationSpec, DropoutSpec, FlattenSpec, ReshapeSpec>;

}  // namespace keratin
