"""Write losses.txt, the losses that golden.py has not: KERAS_BACKEND=jax python tests/keras/losses.py"""

import jax
import keras
import numpy as np
from keras import losses
from keras.activations import linear, sigmoid, softmax

from golden import (BITS, CLASSES, HERE, LOGITS, OUTPUTS, SOFT, TARGETS,
                    fill, fill_weights, loss_arrays, one_hot, write_line)

POSITIVE = np.abs(OUTPUTS) + np.float32(0.1)
P = np.float32(sigmoid(OUTPUTS))
Q = np.float32(softmax(LOGITS)) * np.float32([[1], [0.9], [1.1], [1]])
SIGNS = 2 * BITS - 1

CASES = [
    ("mean_absolute_percentage_error", losses.MeanAbsolutePercentageError(), TARGETS, OUTPUTS),
    ("mean_squared_logarithmic_error", losses.MeanSquaredLogarithmicError(), np.abs(TARGETS), OUTPUTS),
    ("huber", losses.Huber(), TARGETS, OUTPUTS),
    ("huber_half", losses.Huber(0.5), TARGETS, OUTPUTS),
    ("log_cosh", losses.LogCosh(), TARGETS, 5 * OUTPUTS),
    ("poisson", losses.Poisson(), np.abs(TARGETS), POSITIVE),
    ("hinge", losses.Hinge(), SIGNS, OUTPUTS),
    ("hinge_bits", losses.Hinge(), BITS, OUTPUTS),
    ("squared_hinge", losses.SquaredHinge(), SIGNS, OUTPUTS),
    ("categorical_hinge", losses.CategoricalHinge(), one_hot(CLASSES, 5), LOGITS),
    ("kl_divergence", losses.KLDivergence(), np.float32(SOFT), Q),
    ("cosine_similarity", losses.CosineSimilarity(), TARGETS, OUTPUTS),
    ("binary_focal_crossentropy", losses.BinaryFocalCrossentropy(), BITS, P),
    ("binary_focal_crossentropy_balanced",
     losses.BinaryFocalCrossentropy(True, alpha=0.3, gamma=1.5), BITS, P),
    ("categorical_focal_crossentropy", losses.CategoricalFocalCrossentropy(), one_hot(CLASSES, 5), Q),
    ("categorical_focal_crossentropy_soft",
     losses.CategoricalFocalCrossentropy(0.5, 3.0), np.float32(SOFT), Q),
    ("categorical_generalized_cross_entropy",
     losses.CategoricalGeneralizedCrossEntropy(), CLASSES, Q),
    ("categorical_generalized_cross_entropy_q",
     losses.CategoricalGeneralizedCrossEntropy(0.8), CLASSES, Q),
    ("binary_crossentropy_smooth", losses.BinaryCrossentropy(True, label_smoothing=0.2), BITS, OUTPUTS),
    ("categorical_crossentropy_smooth",
     losses.CategoricalCrossentropy(True, label_smoothing=0.1), one_hot(CLASSES, 5), LOGITS),
    ("categorical_crossentropy_soft_smooth",
     losses.CategoricalCrossentropy(True, label_smoothing=0.1), np.float32(SOFT), LOGITS),
]
FOCAL = [
    ("binary_focal_crossentropy_logits", losses.BinaryFocalCrossentropy(from_logits=True), BITS, OUTPUTS),
    ("binary_focal_crossentropy_smooth",
     losses.BinaryFocalCrossentropy(True, alpha=0.3, gamma=1.5, label_smoothing=0.2), BITS, P),
    ("categorical_focal_crossentropy_logits",
     losses.CategoricalFocalCrossentropy(from_logits=True, label_smoothing=0.1), one_hot(CLASSES, 5), LOGITS),
    ("categorical_focal_crossentropy_smooth",
     losses.CategoricalFocalCrossentropy(0.5, 3.0, label_smoothing=0.1), one_hot(CLASSES, 5), Q),
]
# One number for all rows.
WHOLE = [
    ("dice", losses.Dice(), BITS, P),
    ("tversky", losses.Tversky(), BITS, P),
    ("tversky_unequal", losses.Tversky(0.3, 0.8), BITS, P),
]

# Label sequences, for logits of each step.
SEQUENCES = [
    ("ctc", [[1, 2, 3, 0], [2, 2, 0, 0], [0, 0, 0, 0], [3, 1, 3, 1]], 7, 4),
    ("ctc_few_steps", [[1, 1, 1, 0, 0, 0], [1, 2, 1, 2, 2, 1], [2, 2, 2, 2, 0, 0], [1, 2, 0, 0, 0, 0]], 3, 3),
    ("ctc_one_step", [[1, 0], [0, 0], [2, 1], [1, 1]], 1, 3),
    ("ctc_blank_between", [[1, 0, 2], [0, 1, 1], [2, 0, 2], [0, 0, 1]], 5, 3),
]


def sequence_losses():
    loss = losses.CTC(reduction="none")
    for name, labels, steps, classes in SEQUENCES:
        y, z = np.int32(labels), fill((4, steps, classes), 7, 2)
        dz = jax.grad(lambda z: loss(y, z).mean())(z)
        for what, array in ("y", y), ("z", z), ("per_sample", loss(y, z)), ("dz", dz):
            yield f"loss/{name}/{what}", array


def sequence_training():
    """A layer on 3 sequences of 6 steps: the gradient of the loss, and the losses of three steps of SGD."""
    model = keras.Sequential([keras.Input((6, 3)), keras.layers.Dense(4)])
    model.compile(keras.optimizers.SGD(0.5), losses.CTC())
    fill_weights(model)
    x, y = fill((3, 6, 3), 0, 2), np.int32([[1, 2, 3], [2, 2, 0], [3, 0, 0]])
    weights = [w.value for w in model.trainable_variables]
    gradient = jax.grad(lambda w: model.loss(y, model.stateless_call(w, [], x)[0]))(weights)
    yield "fit_ctc/gradient", np.concatenate([np.ravel(g) for g in gradient])
    yield "fit_ctc/losses", [model.train_on_batch(x, y) for _ in range(3)]
    weighed = model.test_on_batch(x, y, sample_weight=np.float32([0.5, 2, 0]))
    yield "fit_ctc/weighed", weighed


def reductions():
    """A layer on 3 sequences of 4 steps: the loss, and how far SGD of rate 1 takes the weights."""
    x, y = fill((3, 4, 2), 1, 2), fill((3, 4, 3), 5)
    masked = x.copy()
    masked[0, 3] = masked[2, 2:] = 0
    weights = np.abs(fill((3, 4), 9))
    for masking in False, True:
        for weighed in False, True:
            for reduction in "sum", "mean", "mean_with_sample_weight":
                model = keras.Sequential([keras.Input((4, 2)), *[keras.layers.Masking()] * masking,
                                          keras.layers.Dense(3)])
                model.compile(keras.optimizers.SGD(1.0), losses.MeanSquaredError(reduction))
                fill_weights(model)
                before = [w.numpy() for w in model.trainable_variables]
                loss = model.train_on_batch(masked, y, sample_weight=weights if weighed else None)
                moved = [np.ravel(w - v.numpy()) for w, v in zip(before, model.trainable_variables)]
                name = f"reduction/{reduction}" + "_masked" * masking + "_weighed" * weighed
                yield name, np.concatenate([[loss], *moved])


def ignoring():
    """A class that does not count, one of the classes or none, on 3 sequences of 4 steps: the loss, how far SGD of
    rate 1 takes the weights, and what accuracy and the loss as a metric make of it."""
    x, classes, weights = fill((3, 4, 2), 1, 2), np.int32(np.arange(12) % 3).reshape(3, 4), np.abs(fill((3, 4), 9))
    for ignored in 1, 255:
        y = np.where(classes == 1, ignored, classes)
        for weighed in False, True:
            model = keras.Sequential([keras.Input((4, 2)), keras.layers.Dense(3, "softmax")])
            model.compile(keras.optimizers.SGD(1.0), losses.SparseCategoricalCrossentropy(ignore_class=ignored))
            fill_weights(model)
            before = [w.numpy() for w in model.trainable_variables]
            p = model(x)
            loss = model.train_on_batch(x, y, sample_weight=weights if weighed else None)
            moved = [np.ravel(w - v.numpy()) for w, v in zip(before, model.trainable_variables)]
            name = f"ignoring/{ignored}" + "_weighed" * weighed
            yield name, np.concatenate([[loss], *moved])
        measured = [keras.metrics.SparseCategoricalAccuracy(), keras.metrics.SparseTopKCategoricalAccuracy(2)]
        for metric in measured:
            metric.update_state(y, p)
        yield f"ignoring/{ignored}/metrics", [metric.result() for metric in measured]


def circles():
    """Vectors that are compared, two of them alone in their class: alone, with weights, and three steps of SGD."""
    y, weights = np.int32([300, 300, -1, -1, 2, 7]), np.float32([1, 2, 0.5, 1, 3, 1])
    z = fill((6, 4), 3)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    for name, settings in ("circle", {}), ("circle_soft", {"gamma": 4.0, "margin": 0.25, "remove_diagonal": False}):
        loss = losses.Circle(**settings)
        yield from loss_arrays("loss", [(name, loss, y, z, linear)], "z")
        yield f"loss/{name}/weighed", [losses.Circle(**settings, reduction=reduction)(y, z, weights) for reduction in
                                       ("sum_over_batch_size", "sum", "mean_with_sample_weight")]
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.UnitNormalization()])
    model.compile(keras.optimizers.SGD(0.01), losses.Circle(gamma=8.0))
    fill_weights(model)
    steps = [model.train_on_batch(z, y, weights) for _ in range(3)]
    yield "fit_circle", [*steps, model.evaluate(z, y, 3, verbose=0)]


def main():
    jax.config.update("jax_default_matmul_precision", "highest")
    with open(HERE / "losses.txt", "w", encoding="ascii") as file:
        print(f"# keras {keras.__version__}, jax {jax.__version__}", file=file)
        for name, array in loss_arrays("loss", [(*case, linear) for case in CASES + FOCAL + WHOLE], "z"):
            write_line(file, name, array)
        for name, array in [*sequence_losses(), *sequence_training(), *reductions(), *ignoring(), *circles()]:
            write_line(file, name, array)


if __name__ == "__main__":
    main()
