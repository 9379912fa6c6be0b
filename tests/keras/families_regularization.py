"""Layers that work in training: KERAS_BACKEND=jax python tests/keras/families_regularization.py"""

import keras
import numpy as np
from keras import layers
from keras.regularizers import L1, L1L2, L2

from families import Case, write_family
from golden import HERE, fill, fill_weights, write_line

# What draws at random is compared in inference, where it does nothing.
write_family("regularization", [
    Case("dropout", (5, 3), layers.Dropout(0.5), training=False),
    Case("dropout_noise_shape", (5, 3), layers.Dropout(0.25, noise_shape=(None, 1, 3)), training=False),
    Case("dropout_of_the_batch", (4, 2), layers.Dropout(0.5, noise_shape=(1, 4, 1)), training=False),
    Case("spatial_dropout1d", (5, 3), layers.SpatialDropout1D(0.5), training=False),
    Case("spatial_dropout2d", (4, 3, 2), layers.SpatialDropout2D(0.25), training=False),
    Case("spatial_dropout3d", (2, 3, 2, 2), layers.SpatialDropout3D(0.5), training=False),
    Case("alpha_dropout", (7,), layers.AlphaDropout(0.1, noise_shape=(None, 1)), training=False),
    Case("gaussian_noise", (7,), layers.GaussianNoise(0.3), training=False),
    Case("gaussian_dropout", (3, 4), layers.GaussianDropout(0.4), training=False),
    Case("activity_regularization", (4, 3), layers.ActivityRegularization(l1=0.3, l2=0.2)),
    Case("activity_regularization_l1", (17,), layers.ActivityRegularization(l1=0.5)),
    Case("activity_regularization_l2", (5, 1), layers.ActivityRegularization(l2=0.25)),
    Case("activity_regularization_none", (3,), layers.ActivityRegularization()),
    Case("activity_dense", (5,), layers.Dense(3, "tanh", activity_regularizer=L1L2(0.1, 0.2))),
    Case("activity_conv2d", (4, 3, 2), layers.Conv2D(17, 2, activation="gelu", activity_regularizer=L2(0.3))),
    Case("activity_lstm", (4, 2), layers.LSTM(3, return_sequences=True, activity_regularizer=L1(0.2))),
    Case("activity_bidirectional", (3, 2), layers.Bidirectional(layers.GRU(2, activity_regularizer=L2(0.2)))),
    Case("activity_einsum_dense", (3, 4), layers.EinsumDense("abc,cd->abd", (None, 5), activation="relu",
                                                             activity_regularizer=L2(0.1))),
    Case("activity_conv_lstm1d", (2, 4, 1), layers.ConvLSTM1D(2, 2, activity_regularizer=L2(0.4))),
    Case("activity_depthwise", (4, 3), layers.DepthwiseConv1D(2, activity_regularizer=L1L2(0.1, 0.2))),
    Case("activity_separable", (3, 3, 2), layers.SeparableConv2D(3, 2, activity_regularizer=L2(0.1))),
    Case("activity_transposed", (3, 2), layers.Conv1DTranspose(2, 3, activity_regularizer=L2(0.1))),
    Case("activity_time_distributed", (3, 2), layers.TimeDistributed(
        layers.Dense(2, activity_regularizer=L2(0.5)))),
    # Nothing is 0, where JAX takes 1 for the slope of |x|.
    Case("activity_regularization_both", (3, 1), layers.ActivityRegularization(l1=0.3, l2=0.2),
         inputs=lambda k, x: x + 0.01, saved=False),
    Case("activity_regularization_steps", (1, 17), layers.ActivityRegularization(l1=0.5),
         inputs=lambda k, x: x + 0.01, saved=False),
])


def trained():
    """Losses of three steps, that of an evaluation and of one batch at a time behind them, and the weights."""
    model = keras.Sequential([
        keras.Input((6,)),
        layers.Dense(4, "tanh", kernel_regularizer=keras.regularizers.L2(0.01)),
        layers.ActivityRegularization(l1=0.1, l2=0.3),
        layers.Dense(2),
    ])
    fill_weights(model)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x, y = fill((5, 6), 0), fill((5, 2), 7)
    losses = [model.train_on_batch(x, y) for _ in range(3)]
    losses += [model.test_on_batch(x, y), model.evaluate(x, y, batch_size=2, verbose=0)]
    yield "trained/activity_regularization/loss", np.array(losses, "float32")
    for k, w in enumerate(model.get_weights()):
        yield f"trained/activity_regularization/w{k}", w


with open(HERE / "layers_regularization.txt", "a", encoding="ascii") as file:
    for name, array in trained():
        write_line(file, name, array)


def penalties():
    """A penalty on each kind of weight that is no kernel: losses of three steps of training, and the weights."""
    name = "penalties"
    x = keras.Input((6,), name=f"{name}.x0")
    made = layers.Embedding(9, 4, embeddings_regularizer=L1L2(0.02, 0.03))(x)
    made = layers.SeparableConv1D(3, 2, activation="tanh", depthwise_regularizer=L2(0.1),
                                  pointwise_regularizer=L1(0.05), bias_regularizer=L2(0.2))(made)
    made = layers.BatchNormalization(gamma_regularizer=L2(0.2), beta_regularizer=L1(0.1))(made)
    made = layers.DepthwiseConv1D(2, depthwise_regularizer=L2(0.1), bias_regularizer=L1(0.02))(made)
    made = layers.LSTM(2, kernel_regularizer=L1(0.01), recurrent_regularizer=L2(0.1),
                       bias_regularizer=L1L2(0.05, 0.04))(made)
    model = keras.Model(x, {f"{name}.y": layers.Dense(2, bias_regularizer=L2(0.3))(made)})
    fill_weights(model)
    model.save(HERE / "files" / "layers_regularization_penalties.keras")
    data = np.float32(np.arange(30).reshape(5, 6) * 7 % 9)
    yield f"layer/{name}/x0", data[:3]
    yield f"layer/{name}/y", np.asarray(model(data[:3])[f"{name}.y"])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    y = {f"{name}.y": fill((5, 2), 7)}
    yield f"trained/{name}/loss", np.array([model.train_on_batch(data, y) for _ in range(3)], "float32")
    for k, w in enumerate(model.weights):
        yield f"trained/{name}/w{k}", np.asarray(w)


with open(HERE / "layers_regularization.txt", "a", encoding="ascii") as file:
    for name, array in penalties():
        write_line(file, name, array)
