"""Network: layers one after another, then a loss. Forward from left to right, backward from right to left."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from . import checks, layers, losses, storage
from .contracts import Array, ArrayLike, Cache, DTypeLike, Grads, Layer, Loss, Rng, behind


def forward_pass(forwards: Sequence, X: Array, *, training: bool, rng: Rng) -> tuple[Array, list[Cache]]:
    """Return (Y, caches): X through the `forwards` of one layer after another."""
    Y, caches = X, []
    for forward in forwards:
        Y, cache = forward(Y, training=training, rng=rng)
        caches.append(cache)
    return Y, caches


def backward_pass(backwards: Sequence, dY: Array, caches: list[Cache], *,
                  input_gradient: bool) -> tuple[Array | None, list[Grads]]:  # fmt: skip
    """Return (dX, grads) from ∂L/∂Y: the chain rule, from the last layer to the first."""
    grads: list[Grads] = [{}] * len(backwards)
    for i in reversed(range(len(backwards))):
        needed = input_gradient or i > 0
        dY, grads[i] = backwards[i](dY, caches[i], input_gradient=needed)
    return dY, grads


class Network:
    """Z = f_m(… f₂(f₁(X))), L = loss(Z, Y), for `layers` f₁ … f_m and a `loss_function`.

    X is cast once, to the dtype of the parameters. Gradients come as a list of dicts: `grads[i][name]` is
    ∂L/∂p for p = `layers[i].params[name]`.
    """

    def __init__(self, layers: Sequence[Layer], loss_function: Loss) -> None:
        self.layers, self.loss_function = list(layers), loss_function
        checks.layers("Network", self.layers)
        checks.interface("Network", "loss", loss_function, "forward", "backward", "predict")
        self.dtype = checks.one_dtype("Network", self.layers)

    def __repr__(self):
        return f"Network({self.layers}, {self.loss_function})"

    def cast(self, X: ArrayLike) -> Array:
        """X as an array of the network's dtype; no copy where it is one already."""
        return checks.real("Network", "X", X).astype(self.dtype, copy=False)

    def forward(self, X: ArrayLike, *, training: bool = False, rng: Rng = None) -> tuple[Array, list[Cache]]:
        """Return (Z, caches): the outputs (N, k), and what each layer must remember for backward."""
        forwards = behind(self.layers, Layer, "forward", enter=0)
        with np.errstate(over="ignore"):  # as at the door of a layer
            return forward_pass(forwards, self.cast(X), training=training, rng=rng)

    def backward(self, dZ: Array, caches: list[Cache], *,
                 input_gradient: bool = True) -> tuple[Array | None, list[Grads]]:  # fmt: skip
        """Return (dX, grads) from dZ = ∂L/∂Z."""
        backwards = behind(self.layers, Layer, "backward", enter=-1)
        return backward_pass(backwards, dZ, caches, input_gradient=input_gradient)

    def gradients(self, X: ArrayLike, Y: ArrayLike, *,
                  training: bool = False, rng: Rng = None) -> tuple[float, list[Grads]]:  # fmt: skip
        """Return (L, grads); the gradient with respect to X, which no step needs, is not computed."""
        Z, caches = self.forward(X, training=training, rng=rng)
        L, cache = self.loss_function.forward(Z, Y)
        return L, self.backward(self.loss_function.backward(cache), caches, input_gradient=False)[1]

    def predict(self, X: ArrayLike) -> Array:
        """The loss's `predict` of the outputs: probabilities for a cross-entropy, Z for squared error."""
        return self.loss_function.predict(self.forward(checks.finite("Network", "X", self.cast(X)))[0])

    def loss(self, X: ArrayLike, Y: ArrayLike) -> float:
        """L over all rows of X, as a float."""
        X, Y = checks.finite("Network", "X", self.cast(X)), checks.finite("Network", "Y", Y)
        return self.loss_function.forward(self.forward(X)[0], Y)[0]

    def named_params(self) -> Iterator[tuple[str, Array]]:
        """Yield ("0.W", array), ("0.b", array), … in order: the arrays themselves, not copies."""
        for i, layer in enumerate(self.layers):
            for name, p in layer.params.items():
                yield f"{i}.{name}", p

    save = storage.save
    load = classmethod(storage.load)


ACTIVATIONS = {"sigmoid": layers.Sigmoid, "tanh": layers.Tanh, "relu": layers.ReLU}
LOSSES = {"squared_error": losses.SquaredError, "binary_cross_entropy": losses.BinaryCrossEntropy,
          "softmax_cross_entropy": losses.SoftmaxCrossEntropy}  # fmt: skip


def mlp(sizes: Sequence[int], *, activation: str = "sigmoid", output: str = "identity",
        loss: str = "squared_error", bias: bool = True, init: str = "auto", scale: float | None = None,
        dtype: DTypeLike = np.float64, rng: Rng = None) -> Network:  # fmt: skip
    """A multilayer perceptron of widths `sizes`: Affine layers, and an activation after each but the last.

    init="auto" is He before ReLU and Xavier otherwise; see `Affine` for the others. output="sigmoid" ends in
    one more sigmoid, for squared error only: the cross-entropies take logits and bring their own.
    """
    checks.sizes("mlp", sizes, output, loss)
    hidden = checks.choice("mlp", "activation", activation, ACTIVATIONS)
    final = checks.choice("mlp", "output", output, {"identity": [], "sigmoid": [layers.Sigmoid()]})
    loss_function = checks.choice("mlp", "loss", loss, LOSSES)()
    he = init == "auto" and activation == "relu"
    chain = []
    for i, (n_in, n_out) in enumerate(pairwise(sizes), start=2):
        layer_init = "he" if he and i < len(sizes) else init
        affine = layers.Affine(n_in, n_out, bias=bias, init=layer_init, scale=scale, dtype=dtype, rng=rng)
        chain += [affine, hidden()]
    return Network(chain[:-1] + final, loss_function)
