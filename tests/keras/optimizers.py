"""Write optimizers.txt, the optimizers that golden.py has not: KERAS_BACKEND=jax python tests/keras/optimizers.py"""

import jax
import keras
import numpy as np
from keras import constraints, layers, losses, optimizers, regularizers
from keras.optimizers import schedules

import golden
from golden import HERE, fill, fill_weights, write_line

CASES = [
    ("amsgrad", optimizers.Adam(0.01, amsgrad=True)),
    ("adamw", optimizers.AdamW()),
    ("adamw_custom", optimizers.AdamW(0.02, weight_decay=0.1)),
    ("adamax", optimizers.Adamax(0.02)),
    ("nadam", optimizers.Nadam()),
    ("nadam_custom", optimizers.Nadam(0.02, beta_1=0.8)),
    ("rmsprop", optimizers.RMSprop()),
    ("rmsprop_momentum", optimizers.RMSprop(0.01, rho=0.8, momentum=0.5)),
    ("rmsprop_centered", optimizers.RMSprop(centered=True)),
    ("rmsprop_both", optimizers.RMSprop(momentum=0.5, centered=True)),
    ("adagrad", optimizers.Adagrad(0.1)),
    ("adadelta", optimizers.Adadelta(1.0)),
    ("lion", optimizers.Lion(0.01)),
    ("ftrl", optimizers.Ftrl(0.1)),
    ("ftrl_custom", optimizers.Ftrl(0.1, -0.3, l1_regularization_strength=0.05,
                                    l2_regularization_strength=0.1,
                                    l2_shrinkage_regularization_strength=0.02, beta=0.1)),
]

SCHEDULES = [
    ("exponential", schedules.ExponentialDecay(0.1, 10, 0.5)),
    ("exponential_staircase", schedules.ExponentialDecay(0.1, 4, 0.5, staircase=True)),
    ("inverse_time", schedules.InverseTimeDecay(0.1, 5, 0.5)),
    ("inverse_time_staircase", schedules.InverseTimeDecay(0.1, 5, 0.5, staircase=True)),
    ("polynomial", schedules.PolynomialDecay(0.1, 20, 0.01, 2.0)),
    ("polynomial_cycle", schedules.PolynomialDecay(0.1, 7, 0.01, 0.5, cycle=True)),
    ("cosine", schedules.CosineDecay(0.1, 20)),
    ("cosine_alpha", schedules.CosineDecay(0.1, 25, alpha=0.1)),
    ("cosine_warmup", schedules.CosineDecay(0.01, 20, 0.2, warmup_target=0.1, warmup_steps=5)),
    ("cosine_restarts", schedules.CosineDecayRestarts(0.1, 4)),
    ("cosine_restarts_alike", schedules.CosineDecayRestarts(0.1, 7, 1.0, 0.5, 0.1)),
    ("cosine_restarts_lower", schedules.CosineDecayRestarts(0.1, 3, 1.5, 0.8, 0.05)),
    ("piecewise", schedules.PiecewiseConstantDecay([3, 10, 17], [1.0, 0.5, 0.1, 0.02])),
]

DECAYS = {"weight_decay": 0.2}
EMA = {"use_ema": True, "ema_momentum": 0.8}


def excluding(optimizer, *names):
    optimizer.exclude_from_weight_decay(var_names=list(names))
    return optimizer


# The settings of every optimizer: case, optimizer of some of them.
SETTINGS = [(f"{name}_{case}", lambda make=make, settings=settings: make(**settings))
            for name, make in [
                ("sgd", lambda **kw: optimizers.SGD(0.05, momentum=0.9, **kw)),
                ("adam", lambda **kw: optimizers.Adam(0.02, **kw))]
            for case, settings in [
                ("decay", DECAYS),
                ("clipnorm", {"clipnorm": 0.3}),
                ("global_clipnorm", {"global_clipnorm": 0.4}),
                ("clipvalue", {"clipvalue": 0.1}),
                ("ema", EMA),
                ("ema_overwrites", EMA | {"ema_overwrite_frequency": 3}),
                ("accumulates", {"gradient_accumulation_steps": 2}),
                ("all", DECAYS | EMA | {"global_clipnorm": 0.4, "gradient_accumulation_steps": 3,
                                        "ema_overwrite_frequency": 2})]] + [
    ("sgd_excludes", lambda: excluding(optimizers.SGD(0.05, **DECAYS), "bias", "gamma", "beta")),
    ("adamw_excludes", lambda: excluding(optimizers.AdamW(0.02, weight_decay=0.3), "kernel")),
    ("nadam_accumulates", lambda: optimizers.Nadam(
        schedules.ExponentialDecay(0.05, 2, 0.5), gradient_accumulation_steps=2, **DECAYS)),
    ("lamb", lambda: optimizers.Lamb(0.05)),
    ("lamb_decay", lambda: optimizers.Lamb(0.05, clipnorm=0.3, **DECAYS)),
    ("adafactor", lambda: optimizers.Adafactor(0.1)),
    ("adafactor_custom", lambda: optimizers.Adafactor(
        0.7, beta_2_decay=-0.6, epsilon_1=1e-6, epsilon_2=0.3, clip_threshold=0.5, relative_step=False)),
    ("adafactor_ema", lambda: optimizers.Adafactor(0.1, **DECAYS, **EMA)),
]


def settings_section():
    """The weights after seven steps on batches of eight, and their averages where there are some."""
    x, y = 2 * fill((40, 3, 2), 0), fill((40, 2), 5)
    for case, make in SETTINGS:
        model = keras.Sequential([keras.Input((3, 2)), layers.Conv1D(3, 2, activation="tanh"),
                                  layers.BatchNormalization(), layers.Flatten(), layers.Dense(2)])
        fill_weights(model)
        optimizer = make()
        model.compile(optimizer, losses.MeanSquaredError())
        for step in range(7):
            rows = slice(8 * (step % 5), 8 * (step % 5) + 8)
            model.train_on_batch(x[rows], y[rows])
        yield f"settings/{case}", np.concatenate([np.ravel(w) for w in model.get_weights()])
        if optimizer.use_ema:
            optimizer.finalize_variable_values(model.trainable_variables)
            yield f"settings/{case}/averages", np.concatenate([np.ravel(w) for w in model.get_weights()])

CONSTRAINTS = [
    ("max_norm", (3, 4), constraints.MaxNorm(0.6)),
    ("max_norm_rows", (3, 4), constraints.MaxNorm(0.6, axis=1)),
    ("max_norm_filters", (2, 2, 3, 5), constraints.MaxNorm(0.9, axis=[0, 1, 2])),
    ("max_norm_middle", (2, 3, 4), constraints.MaxNorm(0.5, axis=[1])),
    ("max_norm_ends", (2, 3, 4), constraints.MaxNorm(0.8, axis=[0, -1])),
    ("max_norm_all", (2, 3), constraints.MaxNorm(0.4, axis=None)),
    ("non_neg", (3, 4), constraints.NonNeg()),
    ("unit_norm", (3, 4), constraints.UnitNorm()),
    ("unit_norm_last", (3, 9), constraints.UnitNorm(-1)),
    ("min_max_norm", (3, 4), constraints.MinMaxNorm(0.5, 0.7, 0.8)),
    ("min_max_norm_bias", (11,), constraints.MinMaxNorm(0.5, 0.7)),
]
ORTHOGONAL = [
    ("rows", (3, 5), regularizers.OrthogonalRegularizer(0.3)),
    ("columns", (3, 5), regularizers.OrthogonalRegularizer(0.3, mode="columns")),
]


def constrained_run():
    """The weights after seven steps of a network with constraints and penalties of both kinds."""
    model = keras.Sequential([
        keras.Input((3, 2)),
        layers.Conv1D(3, 2, activation="tanh", kernel_constraint=constraints.MaxNorm(0.5, axis=[0, 1]),
                      bias_constraint="non_neg"),
        layers.BatchNormalization(gamma_constraint=constraints.MinMaxNorm(0.3, 0.5, 0.5)),
        layers.Flatten(),
        layers.Dense(2, kernel_constraint=constraints.UnitNorm(),
                     kernel_regularizer=regularizers.OrthogonalRegularizer(0.5, mode="columns"))])
    fill_weights(model)
    model.compile(optimizers.Adam(0.02), losses.MeanSquaredError())
    x, y = 2 * fill((40, 3, 2), 0), fill((40, 2), 5)
    logs = []
    for step in range(7):
        rows = slice(8 * (step % 5), 8 * (step % 5) + 8)
        logs.append(model.train_on_batch(x[rows], y[rows]))
    return logs, np.concatenate([np.ravel(w) for w in model.get_weights()])


def regularized_models():
    """Penalties on every weight that Keras has one for."""
    l1, l2 = regularizers.L1, regularizers.L2
    sequences = keras.Sequential([
        keras.Input((4,)), layers.Embedding(6, 3, embeddings_regularizer=l2(0.02)),
        layers.LSTM(4, return_sequences=True, recurrent_regularizer=l1(0.01), bias_regularizer=l2(0.03)),
        layers.LayerNormalization(gamma_regularizer=l2(0.1), beta_regularizer=l1(0.05)), layers.Flatten(),
        layers.Dense(2, kernel_regularizer=regularizers.L1L2(0.01, 0.02), bias_regularizer=l1(0.1))])
    images = keras.Sequential([
        keras.Input((6, 4)),
        layers.SeparableConv1D(5, 2, depthwise_regularizer=l2(0.05), pointwise_regularizer=l1(0.02),
                               bias_regularizer=l2(0.1)),
        layers.DepthwiseConv1D(2, activation="tanh", depthwise_regularizer=l1(0.03), bias_regularizer=l2(0.2)),
        layers.BatchNormalization(gamma_regularizer=l1(0.1), beta_regularizer=l2(0.2)),
        layers.Conv1DTranspose(3, 2, bias_regularizer=l1(0.05)),
        layers.EinsumDense("abc,cd->abd", (5, 4), bias_axes="d", bias_regularizer=l2(0.3)),
        layers.PReLU(shared_axes=[1], alpha_regularizer=l2(0.05)), layers.Flatten(), layers.Dense(2)])
    return [("sequences", sequences, np.float32(np.arange(40 * 4) * 7 % 6).reshape(40, 4)),
            ("images", images, 2 * fill((40, 6, 4), 0))]


def regularized_runs():
    """The losses of seven steps, and the weights after them."""
    for name, model, x in regularized_models():
        fill_weights(model)
        model.compile(optimizers.SGD(0.05, momentum=0.9), losses.MeanSquaredError())
        y = fill((40, 2), 5)
        batches = [slice(8 * (step % 5), 8 * (step % 5) + 8) for step in range(7)]
        yield f"regularized/{name}/loss", [model.train_on_batch(x[rows], y[rows]) for rows in batches]
        yield f"regularized/{name}/weights", np.concatenate([np.ravel(w) for w in model.get_weights()])


def weights_section():
    for case, shape, constraint in CONSTRAINTS:
        yield f"constraint/{case}", constraint(fill(shape, 1))
    for case, shape, regularizer in ORTHOGONAL:
        w = jax.numpy.array(fill(shape, 1))
        yield f"orthogonal/{case}", [regularizer(w)]
        yield f"orthogonal/{case}/gradient", jax.grad(regularizer)(w)
    logs, weights = constrained_run()
    yield "constrained/loss", logs
    yield "constrained/weights", weights
    yield from regularized_runs()


def main():
    golden.OPTIMIZERS = CASES
    with open(HERE / "optimizers.txt", "w", encoding="ascii") as file:
        print(f"# keras {keras.__version__}", file=file)
        for name, array in golden.optimizer_section():
            write_line(file, name, array)
        for section in settings_section(), weights_section():
            for name, array in section:
                write_line(file, name, array)
        for case, schedule in SCHEDULES:  # steps 0 to 29
            write_line(file, f"schedule/{case}", [np.float32(schedule(step)) for step in range(30)])


if __name__ == "__main__":
    main()
