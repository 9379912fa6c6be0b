"""Write histograms.txt, the histograms that TensorFlow writes: python tests/keras/histograms.py

Needs the packages tensorflow and tensorboard, not Keras. histogram/<case>/values are what tf.summary.histogram is given,
buckets what is then in the file: of each its lower edge, its upper edge and its count.
"""

import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

HERE = Path(__file__).resolve().parent
CASES = {
    "wave": 0.5 * np.sin(0.37 * np.arange(50)),
    "whole_numbers": np.arange(31),  # each on the edge of a bucket
    "outlier": [0.25, -0.125, 1e6, 0.5, -0.125],
    "tiny": [1e-30, -2e-30, 3e-32],
    "alike": [0.75] * 7,
    "one": [-3],
    "none": [],
}


def write_line(file, name, array):
    array = np.ravel(array)
    print(name, array.size, *(f"{v:.9g}" for v in array), file=file)


def main():
    with tempfile.TemporaryDirectory() as folder, open(HERE / "histograms.txt", "w", encoding="ascii") as file:
        print(f"# tensorflow {tf.__version__}", file=file)
        with tf.summary.create_file_writer(folder).as_default():
            for name, values in CASES.items():
                tf.summary.histogram(name, np.float32(values), step=0)
        records = tf.data.TFRecordDataset(str(next(Path(folder).iterdir())))
        for record in records.as_numpy_iterator():
            for value in tf.compat.v1.Event.FromString(record).summary.value:
                write_line(file, f"histogram/{value.tag}/values", np.float32(CASES[value.tag]))
                write_line(file, f"histogram/{value.tag}/buckets", tf.make_ndarray(value.tensor))


if __name__ == "__main__":
    main()
