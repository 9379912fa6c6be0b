"""Write what Keras itself computes, for the C++ tests to compare with.

Run it with the JAX back end; the output is written beside this file:

    pip install keras jax
    KERAS_BACKEND=jax python tests/keras/golden.py

golden.txt holds one array per line, ``name count v0 v1 ...``, and
fashion_mnist_100_steps.f32 the weights after a longer training run.
README.md lists the arrays.  Fashion-MNIST is read from the folder of the
Debian package dataset-fashion-mnist, or from the one given by
--fashion-mnist.
"""

import argparse
import gzip
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras import layers, losses, metrics, optimizers, regularizers
from keras.activations import linear, relu, sigmoid, softmax, tanh

HERE = Path(__file__).resolve().parent


def fill(shape, k, amplitude=0.5):
    """The filling rule: a sine wave over the flat index, k its phase."""
    i = np.arange(np.prod(shape, dtype=int))
    wave = amplitude * np.sin(0.37 * i + k)
    return wave.reshape(shape).astype(np.float32)


def fill_weights(owner):
    """Weight j becomes fill(shape, j + 1), plus 1 if it is not trained."""
    for j, w in enumerate(owner.weights):
        w.assign(fill(w.shape, j + 1) + np.float32(not w.trainable))
    if hasattr(owner, "finalize_state"):
        owner.finalize_state()  # Normalization goes by constants that it makes of its weights


def one_hot(classes, count):
    return np.eye(count, dtype=np.float32)[classes]


def values(variables):
    return [v.value for v in variables]


# (1) Layers: case, shape of one sample, layer.

LAYERS = [
    ("dense_linear", (4,), layers.Dense(3)),
    ("dense_relu", (5,), layers.Dense(7, "relu")),
    ("dense_sigmoid", (4,), layers.Dense(6, "sigmoid")),
    ("dense_tanh", (16,), layers.Dense(9, "tanh")),
    ("dense_softmax", (6,), layers.Dense(5, "softmax")),
    ("dense_no_bias", (4,), layers.Dense(3, "relu", use_bias=False)),
    ("dense_rank2", (3, 4), layers.Dense(5, "tanh")),
    ("dense_rank3", (2, 3, 4), layers.Dense(5, "relu")),
    ("dense_softmax_rank2", (3, 4), layers.Dense(5, "softmax")),
    ("dense_wide", (33,), layers.Dense(17, "relu")),
    ("dense_one", (1,), layers.Dense(1)),
    ("dense_big", (40,), layers.Dense(70, "tanh")),
    ("conv2d", (6, 7, 2), layers.Conv2D(3, 3)),
    ("conv2d_relu", (9, 9, 1), layers.Conv2D(6, 5, activation="relu")),
    ("conv2d_same_strides", (7, 5, 3),
     layers.Conv2D(17, (3, 2), 2, "same", activation="tanh")),
    ("conv2d_dilation_groups", (6, 5, 6),
     layers.Conv2D(4, 3, padding="same", dilation_rate=2, groups=2,
                   use_bias=False)),
    ("conv2d_softmax", (5, 8, 3),
     layers.Conv2D(33, (1, 4), (1, 3), activation="softmax")),
    ("conv2d_one", (1, 1, 1), layers.Conv2D(1, 1)),
    ("conv2d_wide", (4, 6, 16), layers.Conv2D(32, 3, padding="same")),
    ("conv1d_causal", (9, 3),
     layers.Conv1D(5, 3, padding="causal", dilation_rate=2,
                   activation="tanh")),
    ("conv1d_causal_strides", (8, 3),
     layers.Conv1D(4, 2, 2, padding="causal")),
    ("conv1d_softmax", (3, 1), layers.Conv1D(1, 2, activation="softmax")),
    ("conv1d_same_strides", (11, 4),
     layers.Conv1D(17, 4, 3, "same", activation="relu")),
    ("conv1d_groups", (8, 6), layers.Conv1D(9, 3, groups=3)),
    ("conv1d_causal_one", (1, 2), layers.Conv1D(3, 5, padding="causal")),
    ("depthwise_conv2d", (6, 7, 3), layers.DepthwiseConv2D(3)),
    ("depthwise_conv2d_same", (7, 5, 17),
     layers.DepthwiseConv2D((3, 2), 2, "same", activation="relu")),
    ("depthwise_conv2d_multiplier", (5, 6, 2),
     layers.DepthwiseConv2D(3, padding="same", depth_multiplier=3,
                            dilation_rate=2, activation="tanh",
                            use_bias=False)),
    ("depthwise_conv2d_one", (1, 1, 1), layers.DepthwiseConv2D(1)),
    ("batch_normalization", (4, 3), layers.BatchNormalization()),
    ("batch_normalization_17", (17,), layers.BatchNormalization()),
    ("batch_normalization_one", (5, 3, 1),
     layers.BatchNormalization(momentum=0.5)),
    ("batch_normalization_plain", (2, 2, 20),
     layers.BatchNormalization(scale=False, center=False)),
    ("activation_linear", (3, 7), layers.Activation("linear")),
    ("activation_relu", (3, 7), layers.Activation("relu")),
    ("activation_sigmoid", (3, 7), layers.Activation("sigmoid")),
    ("activation_tanh", (3, 7), layers.Activation("tanh")),
    ("activation_softmax", (3, 7), layers.Activation("softmax")),
    ("flatten", (2, 3, 4), layers.Flatten()),
    ("reshape_minus_one", (2, 3, 4), layers.Reshape((-1, 6))),
    ("reshape_rank3", (12,), layers.Reshape((3, 2, 2))),
    ("max_pooling1d", (8, 17), layers.MaxPooling1D()),
    ("max_pooling1d_overlap", (7, 3), layers.MaxPooling1D(3, 1)),
    ("max_pooling1d_same", (8, 1), layers.MaxPooling1D(3, 2, "same")),
    ("max_pooling1d_short", (1, 5), layers.MaxPooling1D(2, padding="same")),
    ("max_pooling2d", (6, 4, 16), layers.MaxPooling2D()),
    ("max_pooling2d_rest", (7, 5, 3), layers.MaxPooling2D((3, 2))),
    ("max_pooling2d_same", (5, 6, 17),
     layers.MaxPooling2D(3, 2, padding="same")),
    ("max_pooling2d_gaps", (7, 8, 1), layers.MaxPooling2D((2, 1), 3)),
    ("average_pooling1d", (8, 17), layers.AveragePooling1D(2)),
    ("average_pooling1d_overlap", (7, 3), layers.AveragePooling1D(3, 1)),
    ("average_pooling1d_same", (8, 1),
     layers.AveragePooling1D(5, 3, padding="same")),
    ("average_pooling1d_short", (1, 5),
     layers.AveragePooling1D(4, 1, padding="same")),
    ("average_pooling2d", (6, 4, 16), layers.AveragePooling2D(2)),
    ("average_pooling2d_rest", (7, 5, 3), layers.AveragePooling2D((3, 2))),
    ("average_pooling2d_same", (5, 6, 17),
     layers.AveragePooling2D(3, 2, padding="same")),
    ("average_pooling2d_gaps", (7, 8, 1),
     layers.AveragePooling2D((2, 1), 3)),
    ("global_max_pooling1d", (7, 17), layers.GlobalMaxPooling1D()),
    ("global_max_pooling1d_one", (1, 1), layers.GlobalMaxPooling1D()),
    ("global_max_pooling1d_narrow", (5, 3), layers.GlobalMaxPooling1D()),
    ("global_max_pooling1d_wide", (2, 70), layers.GlobalMaxPooling1D()),
    ("global_max_pooling2d", (3, 5, 3), layers.GlobalMaxPooling2D()),
    ("global_max_pooling2d_one", (1, 1, 1), layers.GlobalMaxPooling2D()),
    ("global_max_pooling2d_narrow", (4, 1, 17), layers.GlobalMaxPooling2D()),
    ("global_max_pooling2d_wide", (1, 2, 70), layers.GlobalMaxPooling2D()),
    ("global_average_pooling1d", (7, 17), layers.GlobalAveragePooling1D()),
    ("global_average_pooling1d_one", (1, 1), layers.GlobalAveragePooling1D()),
    ("global_average_pooling1d_narrow", (5, 3),
     layers.GlobalAveragePooling1D()),
    ("global_average_pooling1d_wide", (2, 70),
     layers.GlobalAveragePooling1D()),
    ("global_average_pooling2d", (3, 5, 3), layers.GlobalAveragePooling2D()),
    ("global_average_pooling2d_one", (1, 1, 1),
     layers.GlobalAveragePooling2D()),
    ("global_average_pooling2d_narrow", (4, 1, 17),
     layers.GlobalAveragePooling2D()),
    ("global_average_pooling2d_wide", (1, 2, 70),
     layers.GlobalAveragePooling2D()),
    ("zero_padding1d", (5, 3), layers.ZeroPadding1D((1, 2))),
    ("zero_padding1d_one", (1, 17), layers.ZeroPadding1D()),
    ("zero_padding1d_behind", (3, 1), layers.ZeroPadding1D((0, 3))),
    ("zero_padding1d_none", (4, 2), layers.ZeroPadding1D(0)),
    ("zero_padding2d", (3, 4, 3), layers.ZeroPadding2D(((1, 2), (3, 0)))),
    ("zero_padding2d_axes", (3, 2, 17), layers.ZeroPadding2D((1, 2))),
    ("zero_padding2d_before", (1, 2, 1),
     layers.ZeroPadding2D(((2, 0), (1, 0)))),
    ("zero_padding2d_none", (1, 2, 1), layers.ZeroPadding2D(0)),
    ("layer_normalization", (3, 17), layers.LayerNormalization()),
    ("layer_normalization_wide", (70,), layers.LayerNormalization()),
    ("layer_normalization_one", (2, 3, 1), layers.LayerNormalization()),
    ("layer_normalization_no_center", (16,),
     layers.LayerNormalization(epsilon=1e-6, center=False)),
    ("layer_normalization_no_scale", (5, 7),
     layers.LayerNormalization(scale=False)),
    ("layer_normalization_plain", (33,),
     layers.LayerNormalization(center=False, scale=False)),
    ("embedding", (5,), layers.Embedding(7, 17)),
    ("embedding_one", (1,), layers.Embedding(1, 1)),
    ("embedding_rank2", (4, 3), layers.Embedding(50, 3)),
    ("embedding_wide", (2,), layers.Embedding(3, 32)),
    ("dropout_inference", (7,), layers.Dropout(0.5)),
    ("simple_rnn", (5, 3), layers.SimpleRNN(4)),
    ("simple_rnn_sequences", (4, 1), layers.SimpleRNN(
        17, "relu", use_bias=False, return_sequences=True)),
    ("simple_rnn_backwards", (3, 17), layers.SimpleRNN(
        1, return_sequences=True, go_backwards=True)),
    ("simple_rnn_one_step", (1, 2), layers.SimpleRNN(3, go_backwards=True)),
    ("lstm", (5, 3), layers.LSTM(4)),
    ("lstm_sequences", (4, 1), layers.LSTM(17, return_sequences=True)),
    ("lstm_backwards", (3, 17), layers.LSTM(
        1, return_sequences=True, go_backwards=True, use_bias=False)),
    ("lstm_activations", (1, 2), layers.LSTM(
        5, "relu", "tanh", unit_forget_bias=False)),
    ("gru", (5, 3), layers.GRU(4)),
    ("gru_sequences", (4, 1), layers.GRU(17, return_sequences=True)),
    ("gru_backwards", (3, 17), layers.GRU(
        1, return_sequences=True, go_backwards=True, use_bias=False)),
    ("gru_one_step", (1, 2), layers.GRU(3, go_backwards=True)),
    ("gru_before", (5, 3), layers.GRU(4, reset_after=False)),
    ("gru_before_sequences", (4, 1), layers.GRU(
        17, return_sequences=True, reset_after=False)),
    ("gru_before_backwards", (3, 17), layers.GRU(
        1, return_sequences=True, go_backwards=True, use_bias=False,
        reset_after=False)),
    ("gru_before_one_step", (1, 2), layers.GRU(
        3, "relu", "tanh", go_backwards=True, reset_after=False)),
]


def layer_section():
    """Output in inference; gradients of sum(fill(y.shape, 9) * y), and the
    weights that are not trained, after a training pass (of Dropout, which
    draws at random, in inference)."""
    for case, sample_shape, layer in LAYERS:
        x = fill((3, *sample_shape), 0)
        if isinstance(layer, layers.Embedding):  # class numbers
            x = (x + np.float32(0.5)) * np.float32(layer.input_dim)
        layer.build(x.shape)
        fill_weights(layer)
        state = values(layer.non_trainable_variables)

        training = {} if not state or isinstance(layer, layers.Dropout) \
            else {"training": True}

        def forward(x, weights):
            return layer.stateless_call(weights, state, x,
                                        **training)

        weights = values(layer.trainable_variables)
        _, gradient, updated = jax.vjp(forward, x, weights, has_aux=True)
        y = layer.stateless_call(weights, state, x)[0]
        dx, dweights = gradient(fill(y.shape, 9))
        yield f"layer/{case}/y_shape", y.shape
        yield f"layer/{case}/y", y
        yield f"layer/{case}/dx", dx
        for j, dw in enumerate(dweights):
            yield f"layer/{case}/dw{j}", dw
        floats = [w for w in updated if w.dtype == np.float32]  # no seeds
        for j, weight in enumerate(floats):
            yield f"layer/{case}/state{j}", weight


ACTIVATION_X = [-1e4, -100, -88, -30, -10, -3, -1, -0.5, -1e-3, -1e-8, 0,
                1e-8, 1e-3, 0.5, 1, 3, 10, 30, 88, 100, 1e4]
SOFTMAX_X = [[1000, 0, -1000, 1, 2], [-1e4] * 5, [88, 88, 88, 88, 89],
             [-0.5, 0.25, 1, -2, 0]]


def activation_section():
    """Activations far away from zero and close to it."""
    x = np.float32(ACTIVATION_X)
    yield "activation/x", x
    for function in (relu, sigmoid, tanh):
        yield f"activation/{function.__name__}/y", function(x)
    x = np.float32(SOFTMAX_X)
    yield "softmax_extreme/x", x
    yield "softmax_extreme/y", softmax(x)


# (2) Losses: case, loss, labels, z, the activation that takes z to y_pred.
# The crossentropies apply theirs themselves, by way of from_logits.

LOGITS = 3 * fill((4, 5), 3)
OUTPUTS = 4 * fill((4, 3), 3)
CLASSES = np.int32([0, 3, 4, 1])
SOFT = softmax(2 * fill((4, 5), 5))
BITS = np.float32([[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 1, 0]])
TARGETS = fill((4, 3), 6)

LOSSES = [
    ("categorical_crossentropy", losses.CategoricalCrossentropy(True),
     one_hot(CLASSES, 5), LOGITS, linear),
    ("sparse_categorical_crossentropy",
     losses.SparseCategoricalCrossentropy(True), CLASSES, LOGITS, linear),
    ("categorical_crossentropy_soft", losses.CategoricalCrossentropy(True),
     SOFT, LOGITS, linear),
    ("binary_crossentropy", losses.BinaryCrossentropy(True),
     BITS, OUTPUTS, linear),
    ("mean_squared_error", losses.MeanSquaredError(),
     TARGETS, OUTPUTS, linear),
    ("mean_absolute_error", losses.MeanAbsoluteError(),
     TARGETS, OUTPUTS, linear),
    ("mean_squared_error_tanh", losses.MeanSquaredError(),
     TARGETS, OUTPUTS, tanh),
]

# Losses from awkward probabilities: rows whose sum is not 1, and p = 1.

ROWS = np.float32([[0.05, 0.9, 0.1], [0.1, 0.8, 0.1]])
PROBABILITY_LOSSES = [
    ("categorical_crossentropy", losses.CategoricalCrossentropy(),
     one_hot([1, 2], 3), ROWS, linear),
    ("sparse_categorical_crossentropy",
     losses.SparseCategoricalCrossentropy(), np.int32([1, 2]), ROWS, linear),
    ("binary_crossentropy", losses.BinaryCrossentropy(),
     np.float32([[0], [1], [1], [0]]),
     np.float32([[0.1], [0.8], [0.3], [1]]), linear),
]


def loss_arrays(group, cases, variable):
    """Mean loss, loss of each sample, gradient of the mean."""
    for case, loss, y, z, activation in cases:
        value, dz = jax.value_and_grad(
            lambda z: loss(y, activation(z)))(jnp.array(z))
        yield f"{group}/{case}/y", y
        yield f"{group}/{case}/{variable}", z
        yield f"{group}/{case}/value", value
        yield f"{group}/{case}/per_sample", loss.call(y, activation(z))
        yield f"{group}/{case}/d{variable}", dz


def loss_section():
    yield from loss_arrays("loss", LOSSES, "z")
    yield from loss_arrays("loss_probabilities", PROBABILITY_LOSSES, "p")


# (3) Metrics: metric, labels, predictions, seven rows each.

CLASSES7 = np.int32([2, 0, 1, 3, 4, 1, 0])
SOFTMAX7 = softmax(4 * fill((7, 5), 3))
BITS7 = np.float32(fill((7, 3), 2) > 0)

METRICS = [
    (metrics.BinaryAccuracy(), BITS7[:, :1], sigmoid(4 * fill((7, 1), 3))),
    (metrics.CategoricalAccuracy(), one_hot(CLASSES7, 5), SOFTMAX7),
    (metrics.SparseCategoricalAccuracy(), CLASSES7, SOFTMAX7),
    (metrics.MeanSquaredError(), fill((7, 3), 6), fill((7, 3), 3)),
    (metrics.MeanAbsoluteError(), fill((7, 3), 6), fill((7, 3), 3)),
    (metrics.CategoricalCrossentropy(), one_hot(CLASSES7, 5), SOFTMAX7),
    (metrics.SparseCategoricalCrossentropy(), CLASSES7, SOFTMAX7),
    (metrics.BinaryCrossentropy(), BITS7, sigmoid(4 * fill((7, 3), 3))),
]


def metric_section():
    """Result after an update with four rows and one with three."""
    for metric, y, p in METRICS:
        metric.update_state(y[:4], p[:4])
        metric.update_state(y[4:], p[4:])
        yield f"metric/{metric.name}/y", y
        yield f"metric/{metric.name}/p", p
        yield f"metric/{metric.name}/value", metric.result()


# (4) Optimisers.

OPTIMIZERS = [
    ("sgd", optimizers.SGD()),
    ("sgd_momentum", optimizers.SGD(momentum=0.9)),
    ("sgd_nesterov", optimizers.SGD(momentum=0.9, nesterov=True)),
    ("sgd_lr", optimizers.SGD(learning_rate=0.1)),
    ("adam", optimizers.Adam()),
    ("adam_custom", optimizers.Adam(learning_rate=0.01, beta_1=0.8,
                                    beta_2=0.95, epsilon=1e-5)),
]


def optimizer_section():
    """Ten ones after each of five steps, as in Keras's own tests."""
    gradients = [np.full(10, 0.01)] + 4 * [np.arange(1, 11) / 10]
    for case, optimizer in OPTIMIZERS:
        x = keras.Variable(np.ones(10))
        rows = []
        for gradient in gradients:
            optimizer.apply([jnp.array(gradient, "float32")], [x])
            rows.append(keras.ops.convert_to_numpy(x))
        yield f"optimizer/{case}/x", np.stack(rows)


# (5) Training: case, labels, a function that makes the compiled model.

TRAINING_X = 2 * fill((40, 6), 0)
ROW = np.arange(40)


def compiled(*stack, **settings):
    model = keras.Sequential([keras.Input((6,)), *stack])
    fill_weights(model)
    model.compile(**settings)
    return model


TRAINING = [
    ("fit_softmax", one_hot(ROW % 3, 3), lambda: compiled(
        layers.Dense(8, "tanh", kernel_regularizer=regularizers.L2(0.01)),
        layers.Dense(3, "softmax"),
        optimizer=optimizers.Adam(),
        loss=losses.CategoricalCrossentropy(), metrics=["accuracy"])),
    ("fit_sparse", ROW % 3, lambda: compiled(
        layers.Dense(8, "tanh", kernel_regularizer=regularizers.L1(0.005)),
        layers.Dense(3, "softmax", kernel_regularizer=regularizers.L2(0.01)),
        optimizer=optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        loss=losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])),
    ("fit_binary", np.float32(ROW % 2)[:, None], lambda: compiled(
        layers.Dense(5, "relu", use_bias=False), layers.Dense(1, "sigmoid"),
        optimizer=optimizers.Adam(0.01),
        loss=losses.BinaryCrossentropy(), metrics=["accuracy"])),
    ("fit_regression", fill((40, 2), 5), lambda: compiled(
        layers.Dense(4, "sigmoid"), layers.Dense(2),
        optimizer=optimizers.SGD(0.1), loss=losses.MeanSquaredError(),
        metrics=[metrics.MeanAbsoluteError()])),
    ("fit_mae", fill((40, 2), 5), lambda: compiled(
        layers.Dense(4, "sigmoid"), layers.Dense(2),
        optimizer=optimizers.Adam(), loss=losses.MeanAbsoluteError())),
]


def loss_gradient(model, x, y):
    """Gradient of loss and penalties, all weights in one flat array."""
    def total(weights):
        y_pred, _, penalties = model.stateless_call(
            weights, [], x, return_losses=True)
        return model.loss(y, y_pred) + sum(penalties)

    gradients = jax.grad(total)(values(model.trainable_variables))
    return np.concatenate([np.ravel(g) for g in gradients])


def training_section():
    """One gradient, three steps on one batch, and a fit from scratch."""
    for case, y, make in TRAINING:
        yield f"{case}/gradient", loss_gradient(make(), TRAINING_X[:7], y[:7])

        model = make()
        yield f"{case}/train_on_batch", [
            model.train_on_batch(TRAINING_X[:7], y[:7]) for _ in range(3)]

        model = make()
        history = model.fit(TRAINING_X, y, batch_size=7, epochs=3, verbose=0,
                            validation_split=0.25, shuffle=False).history
        for key in sorted(history):
            yield f"{case}/history/{key}", history[key]
        for j, weight in enumerate(model.get_weights()):
            yield f"{case}/w{j}", weight
        yield f"{case}/evaluate", model.evaluate(TRAINING_X, y, verbose=0)
        yield f"{case}/predict", model.predict(TRAINING_X[:5], verbose=0)


# (6) Models with branches: case, shape of one sample, a function of the input
# and of `call`, which calls a layer and remembers it.

def branches_dense(x, call):
    x = call(layers.Dense(8, "tanh"), x)
    f = call(layers.Dense(8), call(layers.Dense(8, "relu"), x))
    x = call(layers.Add(), [x, f])
    x = call(layers.Concatenate(), [x, call(layers.Dense(5, "sigmoid"), x),
                                    call(layers.Dense(3), x)])
    return call(layers.Dense(4, "softmax"), x)


def branches_images(x, call):
    def conv(filters, size, x, **options):
        return call(layers.Conv2D(filters, size, padding="same", **options), x)

    def normalized(x):
        return call(layers.BatchNormalization(), x)

    x = relu(normalized(conv(4, 3, x, use_bias=False)))
    f = relu(normalized(conv(4, 3, x, use_bias=False)))
    f = normalized(conv(4, 3, f))
    x = relu(call(layers.Add(), [x, f]))
    x = call(layers.Concatenate(), [
        conv(3, 1, x), conv(5, 3, conv(2, 1, x, activation="relu"),
                            activation="tanh"),
        call(layers.AveragePooling2D(3, 1, "same"), x)])
    return call(layers.Dense(2), call(layers.GlobalAveragePooling2D(), x))


def branches_nested(x, call):
    def residual(f, x):
        return call(layers.Add(), [x, f(x)])

    def dense(activation=None):
        return lambda x: call(layers.Dense(4, activation), x)

    def inner(x):
        x = residual(dense("tanh"), x)
        return call(layers.Add(), [x, dense()(x), residual(dense("relu"), x)])

    x = residual(inner, x)
    x = call(layers.Concatenate(1), [x, call(layers.Conv1D(4, 3), x)])
    return call(layers.Dense(3, "tanh"), call(layers.Flatten(), x))


BRANCHES = [((6,), branches_dense), ((6, 6, 3), branches_images),
            ((5, 4), branches_nested)]


def branches_section():
    """As of layers, with all gradients and all state in one flat array."""
    for sample_shape, make in BRANCHES:
        called = []

        def call(layer, x):
            y = layer(x)  # builds it
            called.append(layer)
            return y

        inputs = keras.Input(sample_shape)
        model = keras.Model(inputs, make(inputs, call))
        weights = [w for layer in called for w in layer.weights]
        for j, w in enumerate(weights):
            w.assign(fill(w.shape, j + 1) + np.float32(not w.trainable))
        x = fill((3, *sample_shape), 0)
        state = values(model.non_trainable_variables)

        def forward(x, trainable):
            return model.stateless_call(trainable, state, x, training=True)

        trainable = values(model.trainable_variables)
        y, gradient, updated = jax.vjp(forward, x, trainable, has_aux=True)
        dx, dweights = gradient(fill(y.shape, 9))
        after = {id(w): v for owned, new in (
            (model.trainable_variables, dweights),
            (model.non_trainable_variables, updated)) for w, v in
            zip(owned, new)}
        yield f"{make.__name__}/y", model.predict(x, verbose=0)
        yield f"{make.__name__}/dx", dx
        for name, wanted in ("gradient", True), ("state", False):
            yield f"{make.__name__}/{name}", np.concatenate(
                [np.zeros(0)] + [np.ravel(after[id(w)]) for w in weights
                                 if w.trainable == wanted])


# (7) Recurrent layers that go on where the batch before ended.

STATEFUL = [("simple_rnn", layers.SimpleRNN), ("lstm", layers.LSTM),
            ("gru", layers.GRU)]


def stateful_section():
    """Outputs of two batches, and the gradients of the second's MSE."""
    first, second = fill((3, 5, 3), 0), fill((3, 5, 3), 2)
    wanted = fill((3, 5, 4), 6)
    for case, kind in STATEFUL:
        layer = kind(4, return_sequences=True, stateful=True)
        layer.build(first.shape)
        fill_weights(layer)
        layer(first)
        state = [s.value for s in layer.states]
        plain = kind(4, return_sequences=True)
        plain.build(first.shape)
        fixed = values(plain.non_trainable_variables)  # the seed

        def loss(weights):
            y, _ = plain.stateless_call(
                weights, fixed, second, initial_state=state)
            return jnp.mean((y - wanted) ** 2)

        gradients = jax.grad(loss)(values(layer.trainable_variables))
        yield f"stateful/{case}/y", layer(second)
        yield f"stateful/{case}/gradient", np.concatenate(
            [np.ravel(g) for g in gradients])


# (8) A hundred steps on Fashion-MNIST.

def read_idx(path, header_size):
    content = gzip.decompress(path.read_bytes())
    return np.frombuffer(content, np.uint8, offset=header_size)


def fashion_mnist_run(folder):
    """Losses of the steps and the final weights."""
    images = read_idx(folder / "train-images-idx3-ubyte.gz", 16)
    images = np.float32(images.reshape(-1, 784)[:3200]) / np.float32(255)
    labels = read_idx(folder / "train-labels-idx1-ubyte.gz", 8)
    labels = one_hot(labels[:3200], 10)
    model = keras.Sequential([
        keras.Input((784,)),
        layers.Dense(32, "relu"), layers.Dense(10, "softmax")])
    model.set_weights([fill((784, 32), 1, 0.08), np.zeros(32),
                       fill((32, 10), 3, 0.3), np.zeros(10)])
    model.compile(optimizers.Adam(), losses.CategoricalCrossentropy())
    steps = [model.train_on_batch(images[i:i + 32], labels[i:i + 32])
             for i in range(0, 3200, 32)]
    return steps, model.get_weights()


def write_line(file, name, array):
    array = np.ravel(array)
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} is not finite")
    print(name, array.size, *(f"{v:.9g}" for v in array), file=file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fashion-mnist", type=Path, metavar="FOLDER",
                        default="/usr/share/datasets/fashion-mnist")
    folder = parser.parse_args().fashion_mnist
    if keras.backend.backend() != "jax":
        parser.error("set KERAS_BACKEND=jax")
    jax.config.update("jax_default_matmul_precision", "highest")

    with open(HERE / "golden.txt", "w", encoding="ascii") as file:
        print(f"# keras {keras.__version__}, jax {jax.__version__}; filling "
              "rule F(shape, k)[i] = float32(0.5 * sin(0.37 * i + k)), "
              "i the flat row-major index", file=file)
        for section in (layer_section, activation_section, loss_section,
                        metric_section, optimizer_section, training_section,
                        branches_section, stateful_section):
            for name, array in section():
                write_line(file, name, array)
        steps, weights = fashion_mnist_run(folder)
        write_line(file, "fashion_mnist_100_steps/loss", steps)
    raw = np.concatenate([np.ravel(w) for w in weights]).astype("<f4")
    raw.tofile(HERE / "fashion_mnist_100_steps.f32")


if __name__ == "__main__":
    main()
