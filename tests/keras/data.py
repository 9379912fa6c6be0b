"""Write what Keras's data utilities make, for tests/data to compare with.

    pip install keras jax grain pillow
    KERAS_BACKEND=jax python tests/keras/data.py

data.txt, as golden.txt: one array per line, ``name count v0 v1 ...``.  The
images and sounds of files/data are written by data_files.py.
"""

from pathlib import Path

import numpy as np
from keras import utils

HERE = Path(__file__).resolve().parent
lines = ["# written by data.py"]


def put(name, values):
    values = np.asarray(values).reshape(-1)
    lines.append(" ".join([f"data/{name}", str(values.size), *(f"{v:.9g}" for v in values)]))


def fill(shape, k, amplitude=0.5):
    i = np.arange(np.prod(shape, dtype=int))
    return (amplitude * np.sin(0.37 * i + k)).reshape(shape).astype(np.float32)


SEQUENCES = [[1, 2, 3], [], [4], [5, 6, 7, 8, 9], [10, 11]]
for name, options in {
    "default": {},
    "maxlen": {"maxlen": 3},
    "long": {"maxlen": 7, "value": -1},
    "post": {"padding": "post"},
    "post_pre": {"maxlen": 2, "padding": "post"},
    "pre_post": {"maxlen": 2, "truncating": "post"},
    "post_post": {"maxlen": 4, "padding": "post", "truncating": "post", "value": 3},
    "fraction": {"maxlen": 3, "value": -2.7},
    "float": {"maxlen": 3, "value": 0.25, "dtype": "float32"},
}.items():
    put(f"pad/{name}", utils.pad_sequences(SEQUENCES, **options))
put("pad/vectors", utils.pad_sequences(
    [[[1, 2], [3, 4]], [[5, 6]], [[7, 8], [9, 10], [11, 12]]], maxlen=2, padding="post"))

put("categorical/default", utils.to_categorical([0, 2, 1, 3, 0]))
put("categorical/six", utils.to_categorical([[0], [2], [1]], 6))

X = fill((2, 3, 4), 1)
X[1, 2] = 0
for order in (1, 2, 3, 0.5, np.inf, -np.inf, 0):
    put(f"normalize/order_{order}".replace("-", "minus_"), utils.normalize(X, order=order))
put("normalize/axis_1", utils.normalize(X, axis=1))

STEPS = np.arange(40, dtype="float32").reshape(20, 2)
TARGETS = np.arange(100, 120, dtype="int32")
for name, targets, length, options in [
    ("plain", None, 5, {}),
    ("targets", TARGETS, 4, {"batch_size": 3}),
    ("few_targets", TARGETS[:7], 4, {}),
    ("rate", TARGETS, 3, {"sampling_rate": 4, "batch_size": 5}),
    ("stride", TARGETS, 6, {"sequence_stride": 3, "sampling_rate": 2}),
    ("part", TARGETS, 3, {"start_index": 4, "end_index": 12}),
    ("all", None, 20, {}),
]:
    batches = list(utils.timeseries_dataset_from_array(STEPS, targets, length, format="grain", **options))
    put(f"windows/{name}/x", np.concatenate([np.asarray(b if targets is None else b[0]).reshape(-1) for b in batches]))
    put(f"windows/{name}/batches", [len(b if targets is None else b[0]) for b in batches])
    if targets is not None:
        put(f"windows/{name}/y", np.concatenate([np.asarray(b[1]) for b in batches]))

for n in (1, 2, 7, 100):
    order = list(range(n))
    np.random.RandomState(1234).shuffle(order)
    put(f"shuffle/{n}", order)

(HERE / "data.txt").write_text("\n".join(lines) + "\n")
