"""Write files of the Keras that runs this, for tests/io to read.

    KERAS_BACKEND=numpy python tests/keras/versions.py

Two models that hold every layer between them, as files/versions/<model>_<version>.keras,
with the version of Keras; and of the newest one <model>.txt with the inputs and outputs,
a whole model in .h5, and its weights alone in both forms.
"""

import os
import sys

import keras
import numpy as np
from keras import layers

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "files", "versions")


def images():
    x = keras.Input((10, 9, 3), name="image")
    y = layers.Rescaling(0.5, 0.25)(x)
    y = layers.ZeroPadding2D(((1, 0), (2, 1)))(y)
    y = layers.Conv2D(6, (3, 2), padding="same", activation="relu", dilation_rate=2,
                      groups=3, name="first")(y)
    y = layers.BatchNormalization(momentum=0.9, epsilon=1e-2, scale=False)(y)
    y = layers.DepthwiseConv2D(3, (2, 2), depth_multiplier=2, use_bias=False)(y)
    y = layers.AveragePooling2D(2, 1, "same")(y)
    y = layers.Activation("tanh")(y)
    y = layers.MaxPooling2D()(y)
    y = layers.LayerNormalization(epsilon=1e-2)(y)
    a, b = layers.GlobalAveragePooling2D()(y), layers.GlobalMaxPooling2D()(y)
    y = layers.Concatenate()([a, b, layers.Flatten()(y)])
    y = layers.Dropout(0.25)(layers.Dense(8, "sigmoid", kernel_regularizer="l2")(y))
    c, d = layers.Dense(4, use_bias=False)(y), layers.Dense(4, kernel_initializer="he_normal")(y)
    y = layers.Add()([layers.Multiply()([c, d]), layers.Average()([c, d]),
                      layers.Subtract()([c, d])])
    y = layers.Add()([layers.Maximum()([y, c]), layers.Minimum()([y, d])])
    return keras.Model(x, layers.Dense(3, "softmax", name="class")(y))


def sequences():
    x = keras.Input((12,), name="tokens")
    y = layers.Embedding(9, 5)(x)
    y = layers.ZeroPadding1D((1, 3))(y)
    y = layers.Conv1D(6, 3, padding="causal", dilation_rate=2, activation="tanh")(y)
    y = layers.AveragePooling1D(2)(layers.MaxPooling1D(2, 1, "same")(y))
    y = layers.SimpleRNN(4, return_sequences=True, activation="relu")(y)
    y = layers.GRU(5, return_sequences=True, go_backwards=True)(y)
    y = layers.GRU(5, return_sequences=True, reset_after=False, use_bias=False)(y)
    y = layers.LSTM(6, return_sequences=True, unit_forget_bias=False)(y)
    a, b = layers.GlobalAveragePooling1D()(y), layers.GlobalMaxPooling1D()(y)
    y = layers.Dot(1)([layers.Reshape((2, 3))(a), layers.Reshape((2, 3))(b)])
    return keras.Model(x, layers.Dense(2)(layers.Flatten()(layers.ReLU()(y))))


def sequential():
    return keras.Sequential([keras.Input((6,)), layers.Dense(5, "relu"), layers.Dense(4, name="mine"),
                             layers.Softmax()])


def fill(model):
    for j, weight in enumerate(model.weights):
        n = int(np.prod(weight.shape))
        values = np.float32(0.5 * np.sin(0.37 * np.arange(n) + j + 1))
        if "variance" in weight.name:
            values = np.abs(values) + np.float32(0.5)
        weight.assign(values.reshape(weight.shape))


def inputs_of(name, shape):
    n = 4 * int(np.prod(shape))
    if name == "sequences":
        return np.float32(np.arange(n) * 7 % 9).reshape(4, *shape)
    return np.float32(np.sin(0.61 * np.arange(n))).reshape(4, *shape)


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    newest = "newest" in sys.argv
    for make in images, sequences, sequential:
        keras.backend.clear_session()
        model = make()
        fill(model)
        name = make.__name__
        model.save(os.path.join(FOLDER, f"{name}_{keras.__version__}.keras"))
        if not newest:
            continue
        model.save(os.path.join(FOLDER, f"{name}.h5"))
        model.save_weights(os.path.join(FOLDER, f"{name}.weights.h5"))
        x = inputs_of(name, model.inputs[0].shape[1:])
        y = model.predict(x, verbose=0)
        with open(os.path.join(FOLDER, f"{name}.txt"), "w", encoding="ascii") as file:
            for array in x, y:
                print(" ".join(f"{v:.9g}" for v in np.ravel(array)), file=file)
