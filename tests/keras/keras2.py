"""Write files of Keras 2, for tests/io to read: needs tensorflow-cpu 2.15, the last one with it.

    python tests/keras/keras2.py

A graph of many layers as a whole model and as weights alone, with the inputs and outputs in graph.txt; and a
Sequential after three steps, by each of its two Adams, with what it predicts after three more in <name>.txt.
"""

import os

os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "files", "keras2")


def images(x):
    y = layers.Conv2D(4, (3, 2), padding="same", activation="relu", name="first")(x)
    y = layers.BatchNormalization(momentum=0.9, epsilon=1e-2, scale=False)(y)
    y = layers.LeakyReLU(alpha=0.2)(layers.ZeroPadding2D(((1, 0), (2, 1)))(y))
    y = layers.DepthwiseConv2D(2, depth_multiplier=2, use_bias=False)(y)
    y = layers.SeparableConv2D(3, 2, padding="same")(layers.MaxPooling2D()(y))
    y = layers.LayerNormalization(epsilon=1e-2)(layers.Conv2DTranspose(3, 2, strides=2)(y))
    return layers.Concatenate()([layers.GlobalAveragePooling2D()(y), layers.GlobalMaxPooling2D()(y)])


def sequences(x):
    y = layers.Embedding(9, 5, mask_zero=True)(x)
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(y)
    y, h, c = layers.LSTM(4, return_sequences=True, return_state=True)(y)
    z = layers.GRU(3, return_sequences=True, reset_after=False)(y)
    z = layers.TimeDistributed(layers.Dense(4))(z)
    a = layers.MultiHeadAttention(2, 3)(y, z)
    b = layers.Attention()([y, layers.Conv1D(4, 3, padding="causal")(z)])
    y = layers.LSTM(4)(layers.Add()([a, b]), initial_state=[h, c])
    return layers.Dense(6, "tanh", kernel_regularizer="l2")(y)


def graph():
    x, ids = keras.Input((6, 5, 2), name="image"), keras.Input((7,), name="tokens")
    inner = keras.Sequential([layers.Dense(5, "tanh", input_shape=(6,)), layers.Dense(6)], name="inner")
    late = keras.Sequential([layers.Dense(4), layers.Dense(3)], name="late")
    h = keras.Input((6,))
    outer = keras.Model(h, layers.Multiply()([layers.Dense(6)(h), h]), name="outer")
    a, b = inner(images(x)), inner(sequences(ids))
    y = outer(layers.Subtract()([a, b]))
    return keras.Model([x, ids], [layers.Dense(3, "softmax", name="class")(layers.Dropout(0.25)(y)), late(y), outer(b)])


def fill(model):
    for j, weight in enumerate(model.weights):
        n = int(np.prod(weight.shape))
        values = np.float32(0.5 * np.sin(0.37 * np.arange(n) + j + 1))
        if "variance" in weight.name:
            values = np.abs(values) + np.float32(0.5)
        weight.assign(values.reshape(weight.shape))


def write(name, *arrays):
    with open(os.path.join(FOLDER, name + ".txt"), "w", encoding="ascii") as file:
        for array in arrays:
            print(" ".join(f"{v:.9g}" for v in np.ravel(array)), file=file)


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    model = graph()
    fill(model)
    model.save(os.path.join(FOLDER, "graph.h5"))
    model.save_weights(os.path.join(FOLDER, "graph_weights.h5"))
    x = np.float32(np.sin(0.61 * np.arange(4 * 60))).reshape(4, 6, 5, 2)
    ids = np.float32(np.arange(4 * 7) * 7 % 9).reshape(4, 7)
    write("graph", x, ids, *model.predict([x, ids], verbose=0))
    for name, optimizer in ("adam", keras.optimizers.Adam(0.01)), ("legacy_adam", keras.optimizers.legacy.Adam(0.01)):
        model = keras.Sequential([layers.Dense(5, "relu", input_shape=(6,)), layers.Dense(4, name="mine"),
                                  layers.Softmax()])
        fill(model)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        x = np.float32(np.sin(0.61 * np.arange(24))).reshape(4, 6)
        for step in range(6):
            if step == 3:
                model.save(os.path.join(FOLDER, name + ".h5"))
            model.train_on_batch(x, np.arange(4) % 3)
        write(name, x, model.predict(x, verbose=0))
