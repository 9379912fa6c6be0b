"""Write initializers.txt, what initializers without chance make: KERAS_BACKEND=jax python tests/keras/initializers.py"""

import keras
from keras import initializers

from golden import HERE, write_line

STFT = [
    ("default", (6, 1, 4), {}),
    ("imaginary", (7, 1, 5), {"side": "imag", "window": "hamming", "scaling": "spectrum", "periodic": True}),
    ("plain", (5, 1, 3), {"window": None}),
    ("unscaled", (6, 1, 4), {"window": "blackmanharris", "scaling": None}),
    ("one_step", (1, 1, 3), {"window": "flattop", "periodic": True}),
    *[(window, (8, 1, 2), {"window": window, "scaling": "spectrum"})
      for window in ("boxcar", "blackman", "nuttall", "flattop")],
]


def main():
    with open(HERE / "initializers.txt", "w", encoding="ascii") as file:
        print(f"# keras {keras.__version__}", file=file)
        for name, shape, settings in STFT:
            write_line(file, f"stft/{name}", initializers.STFT(**settings)(shape))


if __name__ == "__main__":
    main()
