"""Layers that other files hold in models only: KERAS_BACKEND=jax python tests/keras/families_core.py"""

from keras import activations, layers

from families import Called, Case, write_family

write_family("core", [
    Case("core_dense", (3, 4), layers.Dense(5, "tanh")),
    Case("core_embedding", (6,), layers.Embedding(9, 4),
         inputs=lambda k, x: abs((x * 18).astype("int32")).astype("float32")),
    Case("core_depthwise", (6, 5, 3), layers.DepthwiseConv2D(3, depth_multiplier=2)),
    Case("core_layer_normalization", (4, 6), layers.LayerNormalization()),
    Case("core_average_pooling", (7, 3), layers.AveragePooling1D(3, 2, "same")),
    Case("core_zero_padding", (3, 4, 2), layers.ZeroPadding2D(((1, 2), (0, 3)))),
    Case("core_global_max", (5, 4, 3), layers.GlobalMaxPooling2D()),
    Case("core_rescaling", (4, 3), layers.Rescaling(2.0, -0.5)),
    Case("core_encoding_weights", [(8,), (8,)],
         Called(layers.CategoryEncoding(3, "count"), lambda layer, x, w: layer(x, count_weights=w)),
         inputs=lambda k, x: abs((x * 8).astype("int32")).astype("float32") if k == 0 else x, apart=True),
    Case("core_glu", (3, 4), Called(layers.Dense(6), lambda layer, x: activations.glu(layer(x)))),
    Case("core_threshold", (5,), Called(layers.Dense(7), lambda layer, x: activations.threshold(layer(x), 0.1, -2.0))),
    Case("core_average_keepdims", (4, 3, 2), layers.GlobalAveragePooling2D(keepdims=True)),
    Case("core_max_keepdims", (5, 3), layers.GlobalMaxPooling1D(keepdims=True)),
    Case("core_rescaling_one", (1,), layers.Rescaling(-3.0), saved=False),
    Case("core_rescaling_steps", (1, 17), layers.Rescaling(1 / 127.5, -1.0), saved=False),
    Case("core_rescaling_image", (3, 2, 3), layers.Rescaling(0.0, 4.0), saved=False),
])
