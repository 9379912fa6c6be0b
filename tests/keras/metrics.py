"""Write metrics.txt, the metrics that golden.py has not: KERAS_BACKEND=jax python tests/keras/metrics.py"""

import keras
import numpy as np
from keras import metrics
from keras.activations import sigmoid

from golden import BITS7, CLASSES7, HERE, SOFTMAX7, fill, one_hot, write_line

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
    ("f1_macro", metrics.F1Score("macro"), HOT7, SOFTMAX7),
    ("f1_micro", metrics.F1Score("micro"), HOT7, SOFTMAX7),
    ("f1_weighted", metrics.F1Score("weighted"), HOT7, SOFTMAX7),
    ("fbeta", metrics.FBetaScore("macro", 2.0, 0.4), BITS7, P7),
    ("root_mean_squared_error", metrics.RootMeanSquaredError(), Y7, Q7),
    ("r2", metrics.R2Score(), Y7, Q7),
    ("r2_adjusted", metrics.R2Score(num_regressors=2), Y7[:, :1], Q7[:, :1]),
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


def main():
    with open(HERE / "metrics.txt", "w", encoding="ascii") as file:
        print(f"# keras {keras.__version__}", file=file)
        for case, metric, y, p in METRICS:
            metric.update_state(y[:4], p[:4])
            metric.update_state(y[4:], p[4:])
            write_line(file, f"metric/{case}/y", y)
            write_line(file, f"metric/{case}/p", p)
            write_line(file, f"metric/{case}/value", np.float32(metric.result()))


if __name__ == "__main__":
    main()
