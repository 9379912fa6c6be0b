"""Write compiled models of the Keras that runs this, for tests/tools to evaluate and to train on.

    KERAS_BACKEND=jax python tests/keras/compiled.py [MODEL...]

Without models all of them. files/compiled/<model>.keras, its data <model>.npz, and logs.txt: a line for each model with
what evaluate() gives, sorted by name, and again after two more epochs of one batch.
"""

import os
import sys

import keras
import numpy as np
from keras import layers, losses, optimizers

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files", "compiled")


def network(*outputs):
    x = keras.Input((6,), name="measured")
    h = layers.Dense(5, "tanh")(x)
    return keras.Model(x, [layers.Dense(units, activation, name=name)(h) for name, units, activation in outputs])


def by_name():
    model = network(("price", 1, None), ("sold", 1, "sigmoid"))
    model.compile(optimizers.Adam(0.01), loss={"price": "mse", "sold": losses.BinaryCrossentropy()},
                  loss_weights={"price": 0.3, "sold": 2.0},
                  metrics={"price": ["mae"], "sold": ["accuracy"]})
    return model


def by_lists():
    model = network(("price", 1, None), ("sold", 1, "sigmoid"))
    model.compile(optimizers.Adam(0.01, epsilon=1e-5), loss=["mean_squared_error", "binary_crossentropy"],
                  metrics=[["mean_absolute_error"], []])
    return model


def logits():
    model = network(("kind", 4, None))
    model.compile(optimizers.SGD(0.05, momentum=0.9, nesterov=True),
                  losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def plain():
    model = network(("kind", 4, "softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def smoothed():
    model = network(("sold", 1, "sigmoid"))
    model.compile("rmsprop", losses.BinaryCrossentropy(label_smoothing=0.1))
    return model


def rmsprop():
    model = network(("price", 1, None))
    rate = optimizers.schedules.CosineDecay(0.05, 20)
    model.compile(optimizers.RMSprop(rate, momentum=0.5, centered=True), losses.Huber(),
                  metrics=["mean_absolute_error", "root_mean_squared_error"])
    return model


def amsgrad():
    model = network(("share", 3, "softmax"))
    model.compile(optimizers.Adam(0.05, amsgrad=True), losses.CategoricalCrossentropy(label_smoothing=0.2),
                  metrics=["accuracy"])
    return model


def nadam():
    model = network(("price", 1, None), ("sold", 1, "sigmoid"))
    model.compile(optimizers.Nadam(0.05, clipnorm=0.5), [losses.LogCosh(reduction="sum"), "binary_focal_crossentropy"])
    return model


def adamw():
    model = network(("share", 3, "softmax"))
    model.compile(optimizers.AdamW(0.05, weight_decay=0.1, clipvalue=0.02), losses.KLDivergence())
    return model


def adafactor():
    model = network(("price", 1, None))
    model.compile(optimizers.Adafactor(0.5), "mean_absolute_error")
    return model


def counted():
    model = network(("sold", 1, "sigmoid"))
    model.compile("adam", "binary_crossentropy",
                  metrics=[keras.metrics.Precision(0.4, name="sure"), keras.metrics.AUC(name="area")])
    return model


def top():
    model = network(("share", 3, "softmax"))
    model.compile("adam", "categorical_crossentropy",
                  metrics=[keras.metrics.TopKCategoricalAccuracy(2), keras.metrics.Recall(top_k=2, class_id=1)])
    return model


def measured():
    model = network(("share", 3, "softmax"), ("sold", 1, "sigmoid"))
    metrics = keras.metrics
    model.compile("sgd", ["categorical_crossentropy", "mse"], metrics=[
        [metrics.Precision(0.7, class_id=1, name="sure"), metrics.TopKCategoricalAccuracy(3),
         metrics.AUC(100, curve="PR"), metrics.FBetaScore("weighted", 2.0), metrics.OneHotIoU(3, [0, 2]),
         metrics.MeanMetricWrapper(losses.huber, "huber", delta=1.0)],
        [metrics.BinaryAccuracy(threshold=0.4), metrics.BinaryIoU(threshold=0.6), metrics.TruePositives([0.3]),
         metrics.BinaryCrossentropy("bits", from_logits=True)]],
        weighted_metrics=[[metrics.Recall(top_k=2, name="of_top")], []])
    return model


def refused():
    model = network(("kind", 4, "softmax"))
    model.compile(optimizers.Muon(), losses.SparseCategoricalCrossentropy(ignore_class=1))
    return model


MODELS = [by_name, by_lists, logits, plain, smoothed, rmsprop, amsgrad, nadam, adamw, adafactor, counted, top, measured, refused]

if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    rng = np.random.default_rng(0)
    data = {"measured": np.float32(rng.normal(size=(50, 6))), "price": np.float32(rng.normal(size=(50, 1))),
            "sold": np.float32(rng.integers(0, 2, (50, 1))), "kind": np.int32(rng.integers(0, 4, (50, 1)))}
    data["share"] = np.eye(3, dtype="float32")[rng.integers(0, 3, 50)]
    path, chosen = os.path.join(FOLDER, "logs.txt"), sys.argv[1:] or [make.__name__ for make in MODELS]
    with open(path, encoding="ascii") as file:
        kept = [line for line in file if line.split()[0] not in chosen]
    with open(path, "w", encoding="ascii") as file:
        file.writelines(kept)
        for make in MODELS:
            if make.__name__ not in chosen:
                continue
            keras.backend.clear_session()
            keras.utils.set_random_seed(1)
            model, name = make(), make.__name__
            y = {output: data[output] for output in model.output_names}
            if len(y) == 1:
                y, = y.values()
            elif name in ("by_lists", "nadam", "measured"):
                y = list(y.values())
            fit = {"epochs": 2, "batch_size": 50, "verbose": 0}
            model.fit(data["measured"], y, **fit)
            model.save(os.path.join(FOLDER, name + ".keras"))
            np.savez(os.path.join(FOLDER, name + ".npz"),
                     **{key: data[key] for key in ["measured", *model.output_names]})
            logs = model.evaluate(data["measured"], y, return_dict=True, verbose=0)
            model.fit(data["measured"], y, **fit)
            later = model.evaluate(data["measured"], y, return_dict=True, verbose=0)
            print(name, *(f"{log[key]:.9g}" for log in (logs, later) for key in sorted(log)), file=file)
