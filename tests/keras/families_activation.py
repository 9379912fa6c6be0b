"""Activations and the layers of activations: KERAS_BACKEND=jax python tests/keras/families_activation.py"""

from keras import layers

from families import Case, write_family

NAMES = ["relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "hard_silu", "mish", "softplus",
         "log_sigmoid", "squareplus", "sparse_plus", "hard_sigmoid", "hard_tanh", "sparse_sigmoid",
         "softsign", "hard_shrink", "soft_shrink", "tanh_shrink", "exponential", "log_softmax"]  # not sparsemax: Keras's is wrong


if __name__ == "__main__":
    write_family("activation", [
        *[Case(f"activation_{name}", (2, 7), layers.Activation(name)) for name in NAMES],
        Case("dense_gelu", (5,), layers.Dense(7, "gelu")),
        Case("conv_silu", (5, 4, 2), layers.Conv2D(3, 3, activation="silu")),
        Case("relu_layer", (3, 7), layers.ReLU()),
        Case("relu_max", (3, 7), layers.ReLU(max_value=0.25)),
        Case("relu_slope", (17,), layers.ReLU(negative_slope=0.1)),
        Case("relu_all", (3, 7), layers.ReLU(0.375, 0.25, 0.125)),
        Case("leaky_relu_layer", (3, 7), layers.LeakyReLU()),
        Case("leaky_relu_slope", (1,), layers.LeakyReLU(0.01)),
        Case("elu_layer", (3, 7), layers.ELU()),
        Case("elu_alpha", (17,), layers.ELU(0.5)),
        Case("prelu", (17,), layers.PReLU()),
        Case("prelu_shared", (3, 4, 5), layers.PReLU(shared_axes=[1, 2])),
        Case("prelu_last", (4, 3, 2), layers.PReLU(shared_axes=[2, 3])),
        Case("prelu_middle", (3, 2, 3), layers.PReLU(shared_axes=[2])),
        Case("prelu_one", (3, 4), layers.PReLU(shared_axes=[1, 2])),
        Case("softmax_layer", (3, 7), layers.Softmax()),
        Case("softmax_first", (5, 3), layers.Softmax(1)),
        Case("softmax_middle", (2, 5, 3), layers.Softmax(-2)),
        Case("softmax_two", (3, 4, 2), layers.Softmax([1, 3])),
        Case("softmax_all", (4, 3), layers.Softmax([1, 2])),
        Case("identity", (2, 3), layers.Identity()),
        Case("leaky_relu_image", (2, 3, 17), layers.LeakyReLU(), saved=False),
        Case("leaky_relu_steps", (4, 3), layers.LeakyReLU(0.5), saved=False),
        Case("elu_one", (1,), layers.ELU(2.0), saved=False),
        Case("elu_steps", (4, 3), layers.ELU(0.25), saved=False),
        Case("identity_one", (1,), layers.Identity(), saved=False),
        Case("identity_vector", (17,), layers.Identity(), saved=False),
        Case("identity_image", (2, 3, 5), layers.Identity(), saved=False),
    ])
