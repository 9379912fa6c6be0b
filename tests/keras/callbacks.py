"""Write callbacks.txt, what Keras's callbacks decide on scripted logs: KERAS_BACKEND=jax python tests/keras/callbacks.py

A script's values are multiples of 1/8, so that there are ties. NONE stands for None and NAN for NaN, of which the
file knows nothing; texts are lists of their bytes.
"""

import contextlib
import io
import os
import tempfile
import types
import warnings

import keras
import numpy as np
from keras import callbacks
from keras.src.callbacks.callback_list import CallbackList
from keras.src.trainers.epoch_iterator import EpochIterator
from keras.src.utils import progbar

from golden import HERE, fill, fill_weights, write_line

NONE, NAN = 8e9, 9e9
MONITORS = ["val_loss", "val_accuracy", "loss"]
MODES = ["auto", "min", "max"]
HOOKS = ["on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", "on_train_batch_begin",
         "on_train_batch_end", "on_test_begin", "on_test_end", "on_test_batch_begin", "on_test_batch_end"]


def number(value):
    return NONE if value is None else NAN if np.isnan(value) else float(value)


def option(value):
    """As float32, which is what the file holds."""
    return None if value is None else float(np.float32(value))


def compiled(rate=0.1):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), "mse", metrics=["accuracy"])
    model.fit(np.zeros((1, 1)), np.zeros((1, 1)), verbose=0)
    return model


def script(random, n):
    values = random.integers(0, 12, n) / 8 + np.linspace(0.5, 0, n).round(3)
    values = np.round(values * 8) / 8
    values[random.random(n) < 0.08] = np.nan
    return [float(v) for v in values]


def drive(callback, model, monitor, values, seen):
    """Call what fit would, with these values; seen(epoch) after each epoch."""
    callback.set_model(model)
    model.stop_training = False
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        model.set_weights([np.full((1, 1), epoch + 1.0), np.zeros(1)])
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {monitor: value})
        seen(epoch)
        if model.stop_training:
            break
    callback.on_train_end()


def early_stopping(file, model):
    random = np.random.default_rng(1)
    for case in range(20):
        monitor, mode = case % 3, 0 if case < 6 else int(random.integers(0, 3))
        options = {"min_delta": option(random.choice([0, 0, 0.125, 0.25, -0.125])),
                   "patience": int(random.integers(0, 4)),
                   "baseline": option(random.choice([None, None, 0.75, 1.0])),
                   "restore_best_weights": bool(case % 2),
                   "start_from_epoch": int(random.choice([0, 0, 2]))}
        values, found = script(random, 12), []
        callback = callbacks.EarlyStopping(MONITORS[monitor], mode=MODES[mode], **options)
        drive(callback, model, MONITORS[monitor], values,
              lambda epoch: found.extend([callback.wait, number(callback.best), callback.best_epoch]))
        name = f"callbacks/early_stopping/{case}/"
        write_line(file, name + "options", [monitor, mode, *map(number, options.values())])
        write_line(file, name + "script", list(map(number, values)))
        write_line(file, name + "found", [*found, callback.stopped_epoch, model.get_weights()[0][0, 0]])


def plateau(file, model):
    random = np.random.default_rng(2)
    for case in range(16):
        monitor, mode = case % 3, 0 if case < 6 else int(random.integers(0, 3))
        options = {"factor": option(random.choice([0.1, 0.5])), "patience": int(random.integers(0, 4)),
                   "min_delta": option(random.choice([1e-4, 0.125])), "cooldown": int(random.integers(0, 3)),
                   "min_lr": option(random.choice([0, 0.001, 0.025]))}
        values, found = script(random, 14), []
        callback = callbacks.ReduceLROnPlateau(MONITORS[monitor], mode=MODES[mode], **options)
        model.optimizer.learning_rate = 0.1
        drive(callback, model, MONITORS[monitor], values, lambda epoch: found.extend(
            [callback.wait, callback.cooldown_counter, number(callback.best), float(model.optimizer.learning_rate)]))
        name = f"callbacks/plateau/{case}/"
        write_line(file, name + "options", [monitor, mode, *map(number, options.values())])
        write_line(file, name + "script", list(map(number, values)))
        write_line(file, name + "found", found)


def checkpoint(file, model):
    """Which files are saved, by epochs of three batches; "!" stands for an epoch, "+" for weights only."""
    random = np.random.default_rng(3)
    saved = []
    model.save = lambda path, overwrite: saved.append(path)
    model.save_weights = lambda path, overwrite: saved.append("+" + path)
    for case in range(12):
        monitor, mode = case % 3, 0 if case < 6 else int(random.integers(0, 3))
        weights, best = case % 4 == 3, case % 5 != 4
        freq = 0 if best else int(random.integers(1, 5))
        threshold = option(random.choice([None, 0.75]))
        end = ".weights.h5" if weights else ".keras"
        path = "m_{batch:02d}_{epoch}_{loss:.2f}" if freq else "m_{epoch:02d}-{" + MONITORS[monitor] + ":.3f}"
        values = script(random, 8)
        callback = callbacks.ModelCheckpoint(path + end, MONITORS[monitor], save_best_only=best, mode=MODES[mode],
                                             save_weights_only=weights, save_freq=freq or "epoch",
                                             initial_value_threshold=threshold)
        callback.set_model(model)
        saved.clear()
        for epoch, value in enumerate(values):
            callback.on_epoch_begin(epoch)
            for batch in range(3):
                callback.on_train_batch_end(batch, {"loss": epoch + batch / 8})
            callback.on_epoch_end(epoch, {MONITORS[monitor]: value})
            saved.append("!")
        name = f"callbacks/checkpoint/{case}/"
        write_line(file, name + "options", [monitor, mode, best, weights, freq, number(threshold)])
        write_line(file, name + "script", list(map(number, values)))
        write_line(file, name + "saved", list("\n".join(saved).encode()))
    del model.save, model.save_weights


def csv_logger(file, model):
    full = {"accuracy": 0.5, "loss": 1e-9, "val_accuracy": 100.0, "val_loss": float("nan")}
    rate = {"loss": 0.1, "learning_rate": float(np.float32(0.001))}
    runs = {"validation": [(",", False, [full, {"loss": -2e16, "accuracy": 0.1 + 0.2}])],
            "bare": [(";", False, [rate, {"loss": float("inf")}])],
            "appended": [(",", False, [full]), (",", True, [full, full])],
            "fresh": [("\t", True, [rate])]}
    for name, parts in runs.items():
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log.csv")
            for separator, append, logs in parts:
                callback = callbacks.CSVLogger(path, separator, append)
                callback.set_model(model)
                callback.on_train_begin()
                for epoch, values in enumerate(logs):
                    callback.on_epoch_end(epoch, dict(values))
                callback.on_train_end()
            with open(path, "rb") as log:
                write_line(file, f"callbacks/csv/{name}", list(log.read()))


def texts(file):
    numbers = [0.0, -0.0, 1.0, 100.0, 0.1, 1 / 3, 1e-4, 9.99e-5, 1e-5, 1.5e-9, 123456789.0, 1e15, 1e16, 1.5e16,
               5e-324, 1.7976931348623157e308, -2.5, float("nan"), float("inf"), -float("inf"), 0.001000000047497451]
    write_line(file, "callbacks/repr", list("\n".join(map(repr, numbers)).encode()))
    fields = {"epoch": 7, "batch": 12, "val_loss": 0.0123456, "loss": 1234.5, "nan": float("nan")}
    names = ["plain.keras", "{epoch}", "{epoch:02d}-{val_loss:.2f}", "{epoch:5d}|{batch:04d}", "{{x}}{epoch:d}",
             "{loss}", "{loss:.3e}", "{loss:g}", "{loss:10.1f}|{loss:010.1f}", "{val_loss:.4f}{val_loss:E}",
             "{nan:.2f}{nan}{nan:06.1f}", "{epoch:.1f}", "{loss:.0f}", "{val_loss:+.2f}", "{loss:G}"]
    write_line(file, "callbacks/names", list("\n".join(name.format(**fields) for name in names).encode()))


def messages(file, model):
    """What the callbacks say with verbose=1."""
    said = {}

    def says(name, callback, values, rate=0.1):
        model.optimizer.learning_rate = rate
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            drive(callback, model, "val_loss", values, lambda epoch: None)
        said[name] = out.getvalue()

    says("early_stopping", callbacks.EarlyStopping(patience=1, verbose=1, restore_best_weights=True), [1.0, 0.5, 0.75])
    says("plateau", callbacks.ReduceLROnPlateau(patience=1, verbose=1, min_lr=option(0.004)), [1.0, 1.0, 1.0, 1.0], 0.1)
    says("scheduler", callbacks.LearningRateScheduler(lambda epoch, rate: 1e-5 * 10.0**epoch, verbose=1), [1.0, 1.0])
    model.save = lambda path, overwrite: None
    says("checkpoint", callbacks.ModelCheckpoint("m_{epoch}.keras", save_best_only=True, verbose=1),
         [1.0, float("nan"), 0.125])
    says("checkpoints", callbacks.ModelCheckpoint("m.keras", verbose=1), [1.0])
    del model.save
    for name, text in said.items():
        write_line(file, f"callbacks/says/{name}", list(text.encode()))


def bars(file):
    """A bar's bytes: the times between its calls, steps and the text, for each verbosity."""
    logs = [{"accuracy": 0.5, "loss": 1.25}, {"accuracy": 0.25, "loss": 9.9e-4}, {"accuracy": 0.125, "loss": -0.5},
            {"accuracy": float("nan"), "loss": -1e-5}]
    runs = {"short": (3, [0.0, 0.01, 0.06, 0.02, 0.3]), "one": (1, [0.0, 1.5, 0.25]),
            "long": (200, [0.0, 2.0] + [0.03125] * 9 + [1.0]), "hours": (12000, [0.0, 0.5, 0.75, 0.5, 3600.0]),
            "minutes": (150, [0.0, 0.25, 0.5, 0.40625, 60.0]), "eta": (121, [0.0, 0.5, 0.5, 60.5]),
            "unknown": (0, [0.0, 0.5, 0.5, 0.5])}
    for name, (steps, times) in runs.items():
        for verbose in (1, 2):
            clock = iter(1000 + np.cumsum(times))
            out = io.StringIO()
            original = progbar.time.time
            progbar.time.time = lambda: float(next(clock))
            try:
                with contextlib.redirect_stdout(out):
                    bar = progbar.Progbar(steps or None, verbose=verbose, stateless_metrics=set())
                    updates = len(times) - 2
                    if verbose == 1:
                        for step in range(updates):
                            bar.update(step + 1, list(logs[step % 4].items()), finalize=False)
                    else:
                        for _ in range(updates):
                            next(clock)
                    bar.target = bar.target or updates
                    bar.update(bar.target, list(logs[0].items()), finalize=True)
            finally:
                progbar.time.time = original
            write_line(file, f"callbacks/bar/{name}/{verbose}", list(out.getvalue().encode()))
        write_line(file, f"callbacks/bar/{name}/times", [steps, *times])


def batches(file):
    """The batches of each epoch, after each a -1."""
    for batches_of_pass, steps in [(5, 3), (5, 5), (3, 7), (4, 2), (5, 4), (2, 1)]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            iterator = EpochIterator(np.arange(2 * batches_of_pass), batch_size=2, steps_per_epoch=steps, shuffle=False)
            iterator.reset()
            seen = []
            for _ in range(5):
                with iterator.catch_stop_iteration():
                    for _, _, data in iterator.enumerate_epoch():
                        seen.append(int(np.ravel(data[0][0])[0]) // 2)
                seen.append(-1)
        write_line(file, f"callbacks/batches/{batches_of_pass}_{steps}", seen)


class Record(callbacks.Callback):
    """The number of each hook, with the epoch or the batch; stops at one."""

    def __init__(self, stop):
        super().__init__()
        self.calls, self.stop = [], stop

    def note(self, hook, at):
        self.calls += [HOOKS.index(hook), at]
        if (HOOKS.index(hook), at) == self.stop:
            self.model.stop_training = True


for hook in HOOKS:
    if "epoch" in hook or "batch" in hook:
        setattr(Record, hook, lambda self, at, logs=None, hook=hook: self.note(hook, at))
    else:
        setattr(Record, hook, lambda self, logs=None, hook=hook: self.note(hook, -1))


def order(file):
    runs = {"all": (None, 3), "listed": (None, [1, 4, 2, 9]), "stopped_in_batch": ((5, 1), 1),
            "stopped_in_epoch": ((3, 1), 2)}
    for name, (stop, freq) in runs.items():
        model, record = compiled(), Record(stop)
        x = np.zeros((9, 1))
        model.fit(x, x, batch_size=2, epochs=4, initial_epoch=1, validation_data=(x[:5], x[:5]), validation_steps=2,
                  validation_freq=freq, callbacks=[record], verbose=0)
        write_line(file, f"callbacks/order/{name}", record.calls)


class Weights(callbacks.Callback):
    """The number of each hook at which it looks, with the kernel; may stop at an epoch's end."""

    def __init__(self, stop=None):
        super().__init__()
        self.seen, self.stop = [], stop

    def note(self, hook):
        self.seen += [HOOKS.index(hook), self.model.get_weights()[0][0, 0]]

    def on_epoch_end(self, epoch, logs=None):
        self.note("on_epoch_end")
        if epoch == self.stop:
            self.model.stop_training = True


for hook in "on_epoch_begin", "on_test_begin", "on_test_end":
    setattr(Weights, hook, lambda self, *_, hook=hook, **__: self.note(hook))


def averages(file):
    """What is in the model when, behind a SwapEMAWeights; the losses, and the kernel at the end."""
    x = np.arange(8, dtype=np.float32)[:, None] / 8
    for name, swap, freq, stop in [("tests", False, 1, None), ("epochs", True, 2, None), ("stopped", True, 1, 1)]:
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.set_weights([np.full((1, 1), 0.5), np.zeros(1)])
        model.compile(keras.optimizers.SGD(0.25, use_ema=True, ema_momentum=0.75), "mse")
        weights = Weights(stop)
        history = model.fit(x, 1 - x, batch_size=4, epochs=3, validation_data=(x, 1 - x), validation_freq=freq,
                            shuffle=False, callbacks=[callbacks.SwapEMAWeights(swap), weights], verbose=0).history
        write_line(file, f"callbacks/averages/{name}/seen", weights.seen)
        write_line(file, f"callbacks/averages/{name}/val_loss", history["val_loss"])
        write_line(file, f"callbacks/averages/{name}/kernel", model.get_weights()[0])


def shown(file):
    """The bytes of evaluate and predict on 5 samples in batches of 2, for each verbosity: a clock of their own."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mean_absolute_error"])
    fill_weights(model)

    class InTurn(callbacks.Callback):
        """One that looks at batches: Keras then calls the bar's in their order, and not in threads."""
        def on_test_batch_end(self, batch, logs=None):
            pass

        def on_predict_batch_end(self, batch, logs=None):
            pass

    x, y, times = fill((5, 3), 1, 2), fill((5, 1), 5), [0.0, 0.25, 0.125, 0.03125, 0.5]
    for verbose in (1, 2):
        for name, work in ("evaluate", lambda: model.evaluate(x, y, 2, verbose, callbacks=[InTurn()])), \
                ("predict", lambda: model.predict(x, 2, verbose, callbacks=[InTurn()])):
            clock = iter(1000 + np.cumsum(times))
            out = io.StringIO()
            original = progbar.time
            progbar.time = types.SimpleNamespace(time=lambda: float(next(clock)))
            try:
                with contextlib.redirect_stdout(out):
                    work()
            finally:
                progbar.time = original
            write_line(file, f"callbacks/shown/{name}/{verbose}", list(out.getvalue().encode()))
    write_line(file, "callbacks/shown/times", times)


def main():
    warnings.simplefilter("ignore")
    model = compiled()
    with open(HERE / "callbacks.txt", "w", encoding="ascii") as file:
        print(f"# keras {keras.__version__}", file=file)
        early_stopping(file, model)
        plateau(file, model)
        checkpoint(file, model)
        csv_logger(file, model)
        texts(file)
        messages(file, model)
        bars(file)
        batches(file)
        order(file)
        averages(file)
        shown(file)


if __name__ == "__main__":
    main()
