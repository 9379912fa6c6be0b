"""Write optimizers.txt, the optimizers that golden.py has not: KERAS_BACKEND=jax python tests/keras/optimizers.py"""

import keras
from keras import optimizers

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


def main():
    golden.OPTIMIZERS = CASES
    with open(HERE / "optimizers.txt", "w", encoding="ascii") as file:
        print(f"# keras {keras.__version__}", file=file)
        for name, array in golden.optimizer_section():
            write_line(file, name, array)


if __name__ == "__main__":
    main()
