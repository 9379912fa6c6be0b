"""Write losses.txt, the losses that golden.py has not: KERAS_BACKEND=jax python tests/keras/losses.py"""

import jax
import keras
import numpy as np
from keras import losses
from keras.activations import linear, sigmoid, softmax

from golden import (BITS, CLASSES, HERE, LOGITS, OUTPUTS, SOFT, TARGETS,
                    fill, loss_arrays, one_hot, write_line)

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
# One number for all rows.
WHOLE = [
    ("dice", losses.Dice(), BITS, P),
    ("tversky", losses.Tversky(), BITS, P),
    ("tversky_unequal", losses.Tversky(0.3, 0.8), BITS, P),
]


def main():
    jax.config.update("jax_default_matmul_precision", "highest")
    with open(HERE / "losses.txt", "w", encoding="ascii") as file:
        print(f"# keras {keras.__version__}, jax {jax.__version__}", file=file)
        for name, array in loss_arrays("loss", [(*case, linear) for case in CASES + WHOLE], "z"):
            write_line(file, name, array)


if __name__ == "__main__":
    main()
