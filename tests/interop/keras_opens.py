"""Open in Keras what was saved here, and leave something that is to be read here.

    python keras_opens.py PROGRAM

PROGRAM is interop, of write.cpp. Exits with 0 if all agrees, with 77 (skipped) if
there is no Keras.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
try:
    import jax
    import keras
    import numpy as np
    from keras import layers
except ImportError as error:
    print(f"Keras with JAX is not here: {error}")
    sys.exit(77)

failures = 0


def check(holds, text):
    global failures
    failures += not holds
    print(text if holds else f"FAILED {text}")


def read(folder, name, shape=(-1,)):
    return np.fromfile(folder / f"{name}.f32", "<f4").reshape(shape)


def inputs_of(folder, name, model):
    # An axis that is open has the length of Keras's own file.
    return [read(folder, f"{name}.x{k}", (-1, *t.shape[1:]))
            for k, t in enumerate(model.inputs)]


def opens(folder, path):
    keras.backend.clear_session()  # names of masks would clash with those in the file
    name = path.name.split(".")[0]
    model = keras.models.load_model(path)
    x = inputs_of(folder, name, model)
    y = model.predict(x if len(x) > 1 else x[0], verbose=0)
    if isinstance(y, dict):  # which Keras has sorted
        with zipfile.ZipFile(folder / f"{name}.keras") as archive:
            config = json.loads(archive.read("config.json"))["config"]
        y = [y[key] for key in config["output_layers"]]
    y = y if isinstance(y, list) else [y]
    worst = max(np.max(np.abs(v - read(folder, f"{name}.y{k}", v.shape)))
                for k, v in enumerate(y))
    check(worst < 1e-5, f"{path.name}: outputs within {worst:.1e}")
    if path.suffix == ".keras":
        weights = model.get_weights()
        model.set_weights([0 * w for w in weights])
        model.load_weights(folder / f"{name}.weights.h5")
        check(all(map(np.array_equal, weights, model.get_weights())),
              f"{name}.weights.h5: the same weights")


def trains_on(folder, name):
    model = keras.models.load_model(folder / f"{name}.keras")
    x = inputs_of(folder, name, model)[0]
    targets = read(folder, f"{name}.targets")
    targets = np.int32(targets) if model.output_shape[-1] > 1 else targets.reshape(-1, 1)
    check(int(model.optimizer.variables[0]) == 3, f"{name}: three steps done")
    for _ in range(10):
        model.train_on_batch(x, targets)
    y = model.predict(x, verbose=0)
    worst = np.max(np.abs(y - read(folder, f"{name}.after", y.shape)))
    check(worst < 1e-4, f"{name}: within {worst:.1e} after ten more steps")


def trains_outputs_on(folder):
    model = keras.models.load_model(folder / "outputs.keras")
    x = read(folder, "outputs.x0", (12, 5))
    targets = {"kind": np.arange(12, dtype="int32") % 3,
               "amount": read(folder, "sequences.targets", (12, 1))}
    check(not model.get_layer("kept").trainable and model.get_layer("first").trainable,
          "outputs: one layer is not trained")
    for _ in range(10):
        model.train_on_batch(x, targets)
    y = model.predict(x, verbose=0)
    worst = max(np.max(np.abs(y[k] - read(folder, f"outputs.{k}", y[k].shape)))
                for k in targets)
    check(worst < 1e-4, f"outputs: within {worst:.1e} after ten more steps")


def measures_the_same(folder):
    model = keras.models.load_model(folder / "losses.keras")
    targets = {name: read(folder, f"losses.{name}", (12, -1)) for name in ("amounts", "bits", "one_hot")}
    of = 4 * ["amounts"] + 5 * ["bits"] + 3 * ["one_hot"]
    logs = model.evaluate(read(folder, "losses.x0", (12, 5)),
                          {f"y{k}": targets[name] for k, name in enumerate(of)}, verbose=0, return_dict=True)
    ours = dict(line.split() for line in (folder / "losses.txt").read_text().splitlines())
    for name, value in ours.items():
        off = abs(logs[name] - float(value)) / max(1, abs(float(value)))
        check(off < 1e-5, f"losses: {name} within {off:.1e}")
    check(len(logs) == len(ours), f"losses: {len(logs)} numbers")


def leave(folder, name, model, optimizer, loss, shape, targets):
    """A model after three steps, and its predictions after ten more."""
    n = 12 * int(np.prod(shape))
    # testing::filled(i, 1)
    x = read(folder, "mlp.x0" if name.startswith("keras_mlp") else "sequences.x0", (12, *shape))
    assert x.size == n
    model.compile(optimizer, loss)
    for _ in range(3):
        model.train_on_batch(x, targets)
    model.save(folder / f"{name}.keras")
    if not isinstance(optimizer, keras.optimizers.Adafactor):  # whose variables have one name there
        model.save(folder / f"{name}.h5")
    for _ in range(10):
        model.train_on_batch(x, targets)
    np.float32(model.predict(x, verbose=0)).tofile(folder / f"{name}.after.f32")


def main(program):
    jax.config.update("jax_default_matmul_precision", "highest")
    print(f"Keras {keras.__version__}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([program, "write", name], check=True)
        trained = ["mlp", "images", "sequences", *sorted(p.stem for p in folder.glob("by_*.keras"))]
        trains_outputs_on(folder)
        measures_the_same(folder)
        for path in sorted(folder.glob("*.keras")) + sorted(folder.glob("*.h5")):
            if path.stem not in [*trained, "outputs", "losses"] and not path.name.endswith(".weights.h5"):
                try:
                    opens(folder, path)
                except Exception as error:  # the others are still looked at
                    check(False, f"{path.name}: {error}")
        for network in trained:
            trains_on(folder, network)
        keras.utils.set_random_seed(1)
        for name_of, optimizer in [
                ("keras_mlp", keras.optimizers.Adam(0.02, beta_1=0.8)),
                ("keras_mlp_settings", keras.optimizers.Nadam(
                    0.02, weight_decay=0.1, global_clipnorm=0.4, use_ema=True, ema_momentum=0.8,
                    ema_overwrite_frequency=3, gradient_accumulation_steps=2)),
                ("keras_mlp_adafactor", keras.optimizers.Adafactor(0.1))]:
            leave(folder, name_of, keras.Sequential(
                [keras.Input((5,)), layers.Dense(7, "tanh", kernel_regularizer=keras.regularizers.L2(0.01)),
                 layers.Dense(6, "relu"), layers.Dense(3, "softmax")]),
                optimizer, "sparse_categorical_crossentropy", (5,), np.arange(12, dtype="int32") % 3)
        leave(folder, "keras_sequences", keras.Sequential(
            [keras.Input((6, 3)), layers.GRU(4, return_sequences=True), layers.LSTM(5), layers.Dense(1)]),
            keras.optimizers.SGD(0.05, momentum=0.5, nesterov=True), "mean_squared_error", (6, 3),
            read(folder, "sequences.targets", (12, 1)))
        check(subprocess.run([program, "read", name]).returncode == 0, "what Keras left is read")
    print(f"{failures} failed")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
