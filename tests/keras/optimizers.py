"""Write optimizers.txt, the optimizers that golden.py has not: KERAS_BACKEND=jax python tests/keras/optimizers.py"""

import keras
import numpy as np
from keras import optimizers
from keras.optimizers import schedules

import golden
from golden import HERE, write_line

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


def main():
    golden.OPTIMIZERS = CASES
    with open(HERE / "optimizers.txt", "w", encoding="ascii") as file:
        print(f"# keras {keras.__version__}", file=file)
        for name, array in golden.optimizer_section():
            write_line(file, name, array)
        for case, schedule in SCHEDULES:  # steps 0 to 29
            write_line(file, f"schedule/{case}", [np.float32(schedule(step)) for step in range(30)])


if __name__ == "__main__":
    main()
