#pragma once
// The names of the models whose generated headers are compiled.
#define KERATIN_MODELS(X) \
  X(mlp) \
  X(lenet) \
  X(depthwise) \
  X(recurrent) \
  X(wrapped) \
  X(causal) \
  X(residual) \
  X(inception) \
  X(merging) \
  X(embedding) \
  X(normalization) \
  X(regularization) \
  X(convolution) \
  X(activation) \
  X(reshaping) \
  X(preprocessing) \
  X(attention) \
  X(einsum_dense) \
  X(random_images) \
  X(masks)
