"""Write metrics.txt, the metrics that golden.py has not: KERAS_BACKEND=jax python tests/keras/metrics.py"""

import keras
import numpy as np
from keras import metrics
from keras.activations import sigmoid

from golden import BITS7, CLASSES7, HERE, SOFTMAX7, METRICS as FIRST, fill, fill_weights, one_hot, write_line

HOT7 = one_hot(CLASSES7, 5)
P7 = np.float32(sigmoid(4 * fill((7, 3), 3)))
Y7, Q7 = fill((7, 3), 6), fill((7, 3), 3)

METRICS = [
    ("binary_accuracy_of_three", metrics.BinaryAccuracy(threshold=0.6), BITS7, P7),
    ("top_k", metrics.TopKCategoricalAccuracy(2), HOT7, SOFTMAX7),
    ("sparse_top_k", metrics.SparseTopKCategoricalAccuracy(3), CLASSES7, SOFTMAX7),
    ("precision", metrics.Precision(), BITS7, P7),
    ("precision_high", metrics.Precision(0.7), BITS7, P7),
    ("recall", metrics.Recall(), BITS7, P7),
    ("recall_of_classes", metrics.Recall(0.2), HOT7, SOFTMAX7),
    ("precision_of_top", metrics.Precision(top_k=2), HOT7, SOFTMAX7),
    ("recall_of_top", metrics.Recall(0.2, top_k=3), HOT7, SOFTMAX7),
    ("precision_of_class", metrics.Precision(0.2, class_id=3), HOT7, SOFTMAX7),
    ("recall_of_top_of_class", metrics.Recall(top_k=2, class_id=1), HOT7, SOFTMAX7),
    ("true_positives", metrics.TruePositives(), BITS7, P7),
    ("false_positives", metrics.FalsePositives(), BITS7, P7),
    ("true_negatives", metrics.TrueNegatives(0.3), BITS7, P7),
    ("false_negatives", metrics.FalseNegatives(), BITS7, P7),
    ("auc", metrics.AUC(), BITS7, P7),
    ("auc_few", metrics.AUC(7), BITS7, P7),
    ("auc_pr", metrics.AUC(curve="PR"), BITS7, P7),
    ("auc_pr_few", metrics.AUC(5, curve="PR"), BITS7, P7),
    ("auc_minoring", metrics.AUC(7, summation_method="minoring"), BITS7, P7),
    ("auc_majoring", metrics.AUC(7, curve="PR", summation_method="majoring"), BITS7, P7),
    ("auc_of_labels", metrics.AUC(20, multi_label=True), BITS7, P7),
    ("auc_of_weighed_labels", metrics.AUC(20, curve="PR", multi_label=True, label_weights=[1.0, 0.5, 3.0]), BITS7, P7),
    ("auc_of_two_labels", metrics.AUC(9, multi_label=True, num_labels=2), BITS7[:, :2], P7[:, :2]),
    ("auc_weighed", metrics.AUC(label_weights=[1.0, 0.5, 3.0]), BITS7, P7),
    ("auc_at", metrics.AUC(thresholds=[0.2, 0.45, 0.5]), BITS7, P7),
    ("auc_at_of_labels", metrics.AUC(curve="PR", summation_method="minoring", thresholds=[0.3, 0.8], multi_label=True),
     BITS7, P7),
    ("auc_logits", metrics.AUC(from_logits=True), BITS7, Q7),
    ("exact_accuracy", metrics.Accuracy(), np.float32(BITS7), np.round(P7)),
    ("f1_macro", metrics.F1Score("macro"), HOT7, SOFTMAX7),
    ("f1_micro", metrics.F1Score("micro"), HOT7, SOFTMAX7),
    ("f1_weighted", metrics.F1Score("weighted"), HOT7, SOFTMAX7),
    ("fbeta", metrics.FBetaScore("macro", 2.0, 0.4), BITS7, P7),
    ("root_mean_squared_error", metrics.RootMeanSquaredError(), Y7, Q7),
    ("r2", metrics.R2Score(), Y7, Q7),
    ("r2_adjusted", metrics.R2Score(num_regressors=2), Y7[:, :1], Q7[:, :1]),
    ("r2_adjusted_three", metrics.R2Score(num_regressors=2), Y7, Q7),
    ("cosine_similarity", metrics.CosineSimilarity(), Y7, Q7),
    ("mean_iou", metrics.OneHotMeanIoU(5), HOT7, SOFTMAX7),
    ("iou", metrics.OneHotIoU(5, [0, 3]), HOT7, SOFTMAX7),
    ("iou_of_numbers", metrics.MeanIoU(5), np.float32(CLASSES7[:, None]),
     np.float32([[2], [0], [1], [1], [4], [0], [0]])),
    ("binary_iou", metrics.BinaryIoU(threshold=0.6), BITS7, P7),
    ("mean_absolute_percentage_error", metrics.MeanAbsolutePercentageError(), Y7, Q7),
    ("mean_squared_logarithmic_error", metrics.MeanSquaredLogarithmicError(), np.abs(Y7), np.abs(Q7)),
    ("logcosh", metrics.LogCoshError(), Y7, 5 * Q7),
    ("poisson", metrics.Poisson(), np.abs(Y7), P7),
    ("kl_divergence", metrics.KLDivergence(), SOFTMAX7[::-1], SOFTMAX7),
    ("hinge", metrics.Hinge(), BITS7, Q7),
    ("squared_hinge", metrics.SquaredHinge(), 2 * BITS7 - 1, Q7),
    ("categorical_hinge", metrics.CategoricalHinge(), HOT7, SOFTMAX7),
]

WEIGHTS7 = np.float32([1, 0.9, 2.7, 0, 0.25, 3, 1.5])


def weights_for(metric, p):
    """Of each row, in the shape that the metric takes."""
    if isinstance(metric, metrics.BinaryIoU):
        return np.repeat(WEIGHTS7[:, None], p.shape[-1], 1)
    confusion = isinstance(metric, (metrics.Precision, metrics.Recall, metrics.AUC, metrics.TruePositives,
                                    metrics.FalsePositives, metrics.TrueNegatives, metrics.FalseNegatives))
    return WEIGHTS7[:, None] if confusion and p.ndim > 1 else WEIGHTS7


def weighted():
    """The metrics of METRICS and of golden.py, with weights."""
    for case, metric, y, p in [*METRICS, *((m.name, m, y, p) for m, y, p in FIRST)]:
        metric.reset_state()
        w = weights_for(metric, p)
        metric.update_state(y[:4], p[:4], w[:4])
        metric.update_state(y[4:], p[4:], w[4:])
        yield f"metric/{case}/weighted", np.float32(metric.result())


def logs(name, result):
    """Keras's names become a part of the array's."""
    for key, value in result.items():
        yield f"weighted/{name}/{key}", value


def compiled():
    """evaluate() with weights of steps and a mask, and of classes, on 6 samples in batches of 4."""
    x, classes = fill((6, 4, 2), 1, 2), np.int32(np.arange(24) % 3).reshape(6, 4)
    x[0, 3] = x[2, 2:] = x[5, 1:] = 0
    model = keras.Sequential([keras.Input((4, 2)), keras.layers.Masking(), keras.layers.Dense(3, "softmax")])
    fill_weights(model)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"],
                  weighted_metrics=["accuracy", keras.metrics.SparseCategoricalCrossentropy()])
    yield from logs("steps", model.evaluate(x, classes, 4, 0, np.abs(fill((6, 4), 9)), return_dict=True))

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, "softmax")])
    fill_weights(model)
    model.compile(keras.optimizers.SGD(0.0), keras.losses.CategoricalCrossentropy(), metrics=["mean_squared_error"],
                  weighted_metrics=["mean_squared_error", "accuracy", keras.metrics.F1Score("macro")])
    history = model.fit(fill((6, 8), 1, 2), one_hot(np.arange(6) % 3, 3), 4, verbose=0, shuffle=False,
                        class_weight={0: 0.5, 1: 2.0, 2: 1.25})
    yield from logs("classes", {key: values[0] for key, values in history.history.items()})


def main():
    with open(HERE / "metrics.txt", "w", encoding="ascii") as file:
        print(f"# keras {keras.__version__}", file=file)
        for case, metric, y, p in METRICS:
            metric.update_state(y[:4], p[:4])
            metric.update_state(y[4:], p[4:])
            write_line(file, f"metric/{case}/y", y)
            write_line(file, f"metric/{case}/p", p)
            write_line(file, f"metric/{case}/value", np.float32(metric.result()))
        for name, value in [*weighted(), *compiled()]:
            write_line(file, name, value)


if __name__ == "__main__":
    main()
