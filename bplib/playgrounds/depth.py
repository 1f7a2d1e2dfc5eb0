"""Depth (lesson 15): how large signal and gradient are in each of 2 … 20 layers, before any training."""

import numpy as np

from .. import datasets, plots
from ..contracts import Layer, Loss
from ..deep_layers import BatchNorm, Residual
from ..layers import Affine, ReLU, Sigmoid, Tanh
from ..live.controls import choice, slider, toggle
from ..live.explorer import Explorer
from ..live.figure import LiveFigure
from ..losses import BinaryCrossEntropy
from ..network import Network

ACTIVATIONS = {"sigmoid": Sigmoid, "tanh": Tanh, "ReLU": ReLU}
INITS = {  # what is shown → what Affine takes
    "N(0, 1)": {"init": "normal"},
    "N(0, 0.01)": {"init": "normal", "scale": 0.01},
    "Xavier": {"init": "xavier"},
    "He": {"init": "he"},
}
WIDTH = 16


def deep_network(depth, *, activation="ReLU", init="He", normalise=False, residual=False, width=WIDTH, rng):
    """2 inputs, `depth` affine layers, one output: Affine, then blocks of [BatchNorm,] activation, Affine.

    residual: each block that keeps the width is added to what it got.
    """
    f, weights = ACTIVATIONS[activation], INITS[init]
    layers = [Affine(2, width, rng=rng, **weights)]
    for l in range(2, depth + 1):
        n_out = width if l < depth else 1
        block = [BatchNorm(width)] * normalise + [f(), Affine(width, n_out, rng=rng, **weights)]
        layers += [Residual(block)] if residual and l < depth else block
    return Network(layers, BinaryCrossEntropy())


class _Blocks(Layer):
    """Affine layers of one shape side by side: each has its part of the columns; W is (k, n_in, n_out)."""

    def __init__(self, same):
        super().__init__()
        self.params = {"W": np.stack([f.params["W"] for f in same])}
        self.params["b"] = np.hstack([f.params["b"] for f in same])
        self.n_in, self.n_out = (len(same) * n for n in self.params["W"].shape[1:])

    def _parts(self, A):
        """The view (k, N, n) of A (N, k·n)."""
        return A.reshape(len(A), len(self.params["W"]), -1).swapaxes(0, 1)

    def value(self, X, *, training, rng):
        Z = np.empty((len(X), self.n_out), X.dtype)
        np.matmul(self._parts(X), self.params["W"], out=self._parts(Z))
        Z += self.params["b"]
        return Z, X

    def gradient(self, dY, cache, *, input_gradient):
        dZ = self._parts(dY)
        grads = {"W": self._parts(cache).swapaxes(1, 2) @ dZ, "b": dY.sum(axis=0)}
        if not input_gradient:
            return None, grads
        dX = np.empty_like(cache)
        np.matmul(dZ, self.params["W"].swapaxes(1, 2), out=self._parts(dX))
        return dX, grads

    def output_shape(self, cache):
        return len(cache), self.n_out


class _EachItsOwn(Loss):
    """A loss that is a sum over the outputs, taken over those networks that have not diverged."""

    def __init__(self, loss):
        self.loss = loss
        self.targets, self.backward, self.prediction = loss.targets, loss.backward, loss.prediction

    def value(self, Z, Y):
        L, cache = self.loss.value(Z, Y)
        if not np.isfinite(L) and np.any(going := np.isfinite(Z).all(axis=0)):
            return self.loss.value(np.where(going, Z, 0), Y)  # whatever a lost network is sent stays in it
        return L, cache


def side_by_side(networks):
    """One network of several that are built alike: they share its input and do not touch each other.

    Its outputs are those of the first, the second, …; a loss that is a sum over the outputs trains each as it
    would be trained alone, in a fraction of the time. One that diverges answers NaN, and the others go on.
    """
    chains = zip(*(network.layers for network in networks), strict=True)
    layers = [_beside(same, shared=i == 0) for i, same in enumerate(chains)]
    return Network(layers, _EachItsOwn(networks[0].loss_function))


def _beside(same, shared=False):
    """One layer of the layers `same`; `shared` where all of them get the same input."""
    if isinstance(same[0], Residual):
        return Residual([_beside(inner) for inner in zip(*(layer.layers for layer in same), strict=True)])
    if isinstance(same[0], Affine):
        W, b = ([layer.params[name] for layer in same] for name in "Wb")
        return Affine.from_arrays(np.hstack(W), np.hstack(b)) if shared else _Blocks(same)
    if isinstance(same[0], BatchNorm):
        layer = BatchNorm(sum(f.n_in for f in same), eps=same[0].eps, momentum=same[0].momentum)
        for name in ("params", "state"):
            for key, array in getattr(layer, name).items():
                array[:] = np.hstack([getattr(f, name)[key] for f in same])
        return layer
    return same[0]  # an activation


def layer_sizes(network, X, Y):
    """Root mean squares layer by layer: what leaves the layer, δ there, its ∂L/∂W. Returns (3, depth)."""
    Z, caches, outputs = X, [], []
    for layer in network.layers:
        Z, cache = layer.forward(Z, training=True)
        caches.append(cache)
        outputs.append(Z)
    dZ = network.loss_function.backward(network.loss_function.forward(Z, Y)[1])
    sizes = []
    for layer, cache, output in zip(network.layers[::-1], caches[::-1], outputs[::-1], strict=True):
        delta = len(X) * dZ  # row n of dZ is δ⁽ⁿ⁾/N
        dZ, grads = layer.backward(dZ, cache)
        sizes += [[size(output), size(delta), size(g)] for name, g in grads.items() if name.endswith("W")]
    return np.array(sizes[::-1]).T


def size(A):
    """The root mean square of all entries."""
    return np.sqrt(np.mean(A**2))


class DepthExplorer(Explorer):
    """2 … 20 layers before training: the size of the signal going forward, of δ and of ∂L/∂W going back."""

    alt = "Sizes in each layer of a deep network: of the signal going forward, of δ and ∂L/∂W going back"
    limits = 1e-16, 1e16

    def __init__(
        self, activation="sigmoid", init="Xavier", depth=10, normalise=False, residual=False, seed=0
    ):
        data = datasets.spiral(200, 200, rng=np.random.default_rng(15))
        self.X, self.Y = data.X_train / data.X_train.std(axis=0), data.y_train
        self.seed = seed
        super().__init__(
            LiveFigure(720, 320),
            activation=choice("Activation", list(ACTIVATIONS), activation),
            init=choice("Weights", list(INITS), init),
            depth=slider("layers", depth, 2, 20),
            normalise=toggle("Normalise", normalise),
            residual=toggle("Residual", residual),
            buttons={"Draw new weights": self.draw_new_weights},
        )

    def draw_new_weights(self):
        """The next seed; the button refreshes the picture after it."""
        self.seed += 1

    def build(self, figure):
        axes = figure.subplots(1, 2, sharey=True)
        low, high = self.limits
        for ax, title in zip(axes, ("forward: the signal", "backward: the gradient"), strict=True):
            ax.set(xlim=(0.4, 20.6), ylim=(low, high), yscale="log", xlabel="layer", title=title)
            ax.set(xticks=(1, 5, 10, 15, 20))
            ax.axhline(1, color=plots.GREY, ls=":", lw=1.2)
            ax.text(20.4, high / 5, "explodes", ha="right", va="top", color=plots.GREY)
            ax.text(20.4, low * 5, "vanishes", ha="right", va="bottom", color=plots.GREY)
        left, right = axes
        left.set_ylabel("root mean square")
        mark = {"mec": plots.BLACK, "ms": 6, "lw": 1.5}
        self.signal, self.delta, self.dW = self.live.moving(
            *left.plot([], [], color=plots.VALUE, ls="-", marker="o", **mark),
            *right.plot([], [], color=plots.GRADIENT, ls="-", marker="o", label="δ", **mark),
            *right.plot([], [], color=plots.GREEN, ls="--", marker="s", label="∂L/∂W", **mark),
        )
        right.legend(loc="upper left")

    def update(self, activation, init, depth, normalise, residual):
        network = deep_network(
            depth,
            activation=activation,
            init=init,
            normalise=normalise,
            residual=residual,
            rng=np.random.default_rng(self.seed),
        )
        sizes = layer_sizes(network, self.X, self.Y)
        for line, values in zip((self.signal, self.delta, self.dW), sizes, strict=True):
            line.set_data(np.arange(1, depth + 1), np.clip(values, *self.limits))
        end, first, last = sizes[0, -1], sizes[1, 0], sizes[1, -1]
        said = f"{depth} layers: the signal ends at size {end:.2g}. δ is {last:.2g} in the last layer"
        return f"{said} and {first:.2g} in the first; ∂L/∂W is {sizes[2, 0]:.2g} in the first."
