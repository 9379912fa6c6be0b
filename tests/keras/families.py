"""What the scripts families_*.py share: layers as Keras computes them, and as it saves them.

A script lists its layers and calls write_family(). layers_<family>.txt, laid out as golden.txt, gets the
arrays layer/<case>/..., and files/layers_<family>_<k>.keras the layers themselves, up to eight side by side
in one model. Run a script with the JAX back end.
"""

from dataclasses import dataclass, field

import jax
import keras
import numpy as np

from golden import HERE, fill, fill_weights, values, write_line


@dataclass
class Case:
    name: str
    shapes: object  # of one sample: (6, 3), or [(6, 3), (4, 3)] for a layer of several inputs
    layer: object
    call: dict = field(default_factory=dict)  # further arguments of the call
    training: bool = True  # the gradients are those of a training pass; False for one that draws at random
    inputs: object = None  # k, array F((3, *shape), k) -> what the layer is given instead
    saved: bool = True  # in files/
    apart: bool = False  # several inputs are arguments, not a list

    def inputs_of_it(self):
        shapes = self.shapes if isinstance(self.shapes, list) else [self.shapes]
        x = [fill((3, *shape), k) for k, shape in enumerate(shapes)]
        return [self.inputs(k, v) for k, v in enumerate(x)] if self.inputs else x

    def called(self, tensors):
        return self.layer(*(tensors if self.apart or len(tensors) == 1 else [tensors]), **self.call)


class Called:
    """A layer that is called as f(layer, *tensors) says."""

    def __init__(self, layer, f):
        self.layer, self.f = layer, f

    def __call__(self, *tensors):
        return self.f(self.layer, *tensors)

    @property
    def weights(self):
        return self.layer.weights


def listed(made):
    return list(made) if isinstance(made, (list, tuple)) else [made]


def arrays(case):
    """x0, x1, ...; outputs y (y1, ... of several) in inference; the gradients dx (dx1, ...) and dw0, ... of
    sum(fill(y.shape, 9) * y) over all outputs and the layer's losses; and the weights that are not trained
    after the pass."""
    x = case.inputs_of_it()
    tensors = [keras.Input(v.shape[1:]) for v in x]
    model = keras.Model(tensors, case.called(tensors))
    fill_weights(case.layer)
    trainable, state = values(model.trainable_variables), values(model.non_trainable_variables)

    def forward(x, trainable):
        made, after, losses = model.stateless_call(trainable, state, x, training=case.training,
                                                   return_losses=True)
        return (listed(made), losses), after

    y = listed(model.stateless_call(trainable, state, x, training=False)[0])
    (_, losses), gradient, after = jax.vjp(forward, x, trainable, has_aux=True)
    dx, dw = gradient(([fill(v.shape, 9) for v in y], [np.ones_like(v) for v in losses]))

    def name(what, k):
        return f"layer/{case.name}/{what}{k or ''}"

    for k, v in enumerate(x):
        yield f"layer/{case.name}/x{k}", v
    for k, v in enumerate(y):
        yield name("y", k), v
    for k, v in enumerate(dx):
        yield name("dx", k), v
    for k, v in enumerate(dw):
        yield f"layer/{case.name}/dw{k}", v
    for k, v in enumerate(v for v in after if v.dtype == np.float32):  # no seeds
        yield f"layer/{case.name}/state{k}", v


def write_family(family, cases, together=8):
    """Keras's numbers and files, each of so many cases; an input of a file is called <case>.x0
    and an output <case>.y."""
    if keras.backend.backend() != "jax":
        raise SystemExit("set KERAS_BACKEND=jax")
    jax.config.update("jax_default_matmul_precision", "highest")
    with open(HERE / f"layers_{family}.txt", "w", encoding="ascii") as file:
        print(f"# keras {keras.__version__}, jax {jax.__version__}", file=file)
        for case in cases:
            for name, array in arrays(case):
                write_line(file, name, array)
    saved = [case for case in cases if case.saved]
    for k in range(0, len(saved), together):
        tensors, made = [], {}
        for case in saved[k:k + together]:
            own = [keras.Input(v.shape[1:], name=f"{case.name}.x{i}")
                   for i, v in enumerate(case.inputs_of_it())]
            for i, y in enumerate(listed(case.called(own))):
                made[f"{case.name}.y{i or ''}"] = y
            tensors += own
            fill_weights(case.layer)
        keras.Model(tensors, made).save(HERE / "files" / f"layers_{family}_{k // together}.keras")
