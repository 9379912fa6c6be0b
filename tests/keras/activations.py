"""activations.txt: activations far from zero and close to it, and their slopes, in double: for its own sake
Keras's float loses squareplus(-10000) altogether. KERAS_BACKEND=jax python tests/keras/activations.py"""

import jax
import keras
import numpy as np

from families_activation import NAMES
from golden import ACTIVATION_X, HERE, write_line

LARGEST = 3e38  # instead of what is no float

if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    x = np.float64(ACTIVATION_X)
    with open(HERE / "activations.txt", "w", encoding="ascii") as file:
        print(f"# keras {keras.__version__}, jax {jax.__version__}", file=file)
        functions = {name: keras.activations.get(name) for name in NAMES[:-1]}
        functions["gelu_tanh"] = lambda x: keras.activations.gelu(x, approximate=True)
        for name, function in functions.items():
            y, slope = jax.vjp(function, x)
            write_line(file, f"activation/{name}/y", np.minimum(y, LARGEST))
            write_line(file, f"activation/{name}/slope", np.minimum(slope(np.ones_like(x))[0], LARGEST))
