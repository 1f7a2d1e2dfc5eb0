"""Layers that deep networks need beyond the core, derived in lessons 13 and 15.

The layers keep the contract of `layers`: rows are examples, forward returns (Y, cache) and remembers nothing,
backward returns (dX, grads). Training and prediction differ here, so `training` matters.
"""

from collections.abc import Sequence

import numpy as np

from . import checks
from .contracts import Array, Cache, DTypeLike, Grads, Layer, Rng, behind
from .network import backward_pass, forward_pass
from .storage import describe, state_of


class Dropout(Layer):
    """In training Y = X ⊙ M/(1 − p), where each entry of M is 0 with probability p and 1 otherwise.

    Dividing by 1 − p keeps the expectation of Y at X, so prediction needs no factor: there Y = X. Backward
    sends dY through the same mask and the same factor: dX = dY ⊙ M/(1 − p). Srivastava et al. 2014.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = checks.number("Dropout", "p", p, 0, 1)
        self.config = {"p": self.p}

    def __repr__(self):
        return f"Dropout({self.p:g})"

    def value(self, X: Array, *, training: bool, rng: Rng) -> tuple[Array, Cache]:
        if not training or self.p == 0:
            return X, np.ones((), X.dtype)
        mask = checks.generator(f"{self} in training", rng).random(X.shape, dtype=np.float32) >= self.p
        scale = mask.astype(X.dtype) / X.dtype.type(1 - self.p)
        return X * scale, scale

    def gradient(self, dY: Array, cache: Cache, *, input_gradient: bool) -> tuple[Array | None, Grads]:
        return dY * cache if input_gradient else None, {}

    def output_shape(self, cache: Cache) -> tuple[int, ...] | None:
        return cache.shape or None  # in prediction the cache is the number 1


class BatchNorm(Layer):
    """Y = γ ⊙ X̂ + β with X̂ = (X − μ)/√(s² + ε): each of the n columns with mean 0 and variance 1.

    In training μ and s² are the mean and the variance (over N, not N − 1) of the batch, so every row's output
    depends on every row:
        dX = γ/√(s² + ε) ⊙ (dY − dβ/N − X̂ ⊙ dγ/N),    dγ = Σₙ dY ⊙ X̂,    dβ = Σₙ dY.
    In prediction they are running statistics, kept in `state` and moved by `momentum` at each training step
    towards the batch's mean and unbiased variance; there dX = γ/√(s² + ε) ⊙ dY. Ioffe & Szegedy 2015.
    """

    def __init__(
        self, n: int, *, eps: float = 1e-5, momentum: float = 0.1, dtype: DTypeLike = np.float64
    ) -> None:
        super().__init__()
        self.n_in = self.n_out = checks.whole_number("BatchNorm", "n", n)
        self.eps = checks.number(self, "eps", eps, 0, open_low=True)
        self.momentum = checks.number(self, "momentum", momentum, 0, 1, open_low=True)
        dtype = checks.floating(self, dtype)
        self.params = {"gamma": np.ones(n, dtype), "beta": np.zeros(n, dtype)}
        self.state = {"mean": np.zeros(n, dtype), "var": np.ones(n, dtype)}
        self.config = {"n": self.n_in, "eps": self.eps, "momentum": self.momentum}

    def __repr__(self):
        return f"BatchNorm({self.n_in})"

    def value(self, X: Array, *, training: bool, rng: Rng) -> tuple[Array, Cache]:
        N = len(X)
        if training and N < 2:
            raise ValueError(f"{self}: a batch of {N} has no variance: training needs at least 2 rows")
        mean = np.add.reduce(X, axis=0) / N if training else self.state["mean"]
        X_hat = X - mean  # in its place until it is scaled: an array less, on large batches a pass less
        var = np.add.reduce(np.square(X_hat), axis=0) / N if training else self.state["var"]
        inverse_sd = 1 / np.sqrt(var + self.eps)
        X_hat *= inverse_sd
        return self.params["gamma"] * X_hat + self.params["beta"], (X_hat, inverse_sd, mean, var, training)

    def gradient(self, dY: Array, cache: Cache, *, input_gradient: bool) -> tuple[Array | None, Grads]:
        X_hat, inverse_sd, _, _, training = cache
        grads = {"gamma": (dY * X_hat).sum(axis=0), "beta": dY.sum(axis=0)}
        if not input_gradient:
            return None, grads
        if training:  # μ and s² were made of X too, so two more paths lead back to it
            N = len(dY)
            dY = dY - grads["beta"] / N - X_hat * (grads["gamma"] / N)
        return dY * (self.params["gamma"] * inverse_sd), grads

    def output_shape(self, cache: Cache) -> tuple[int, ...] | None:
        return cache[0].shape

    def update_state(self, cache: Cache) -> None:
        X_hat, _, mean, var, _ = cache
        unbiased = var * (len(X_hat) / (len(X_hat) - 1))
        for name, batch in (("mean", mean), ("var", unbiased)):
            self.state[name] += self.momentum * (batch - self.state[name])


class Residual(Layer):
    """Y = X + F(X), where F is a chain of `layers` that keeps the width: dX = dY + ∂F/∂Xᵀ dY.

    The gradient has a way back that no layer can shrink. `params` and `state` are those of the inner layers,
    named "0.W", "0.b", "2.W", …: the same arrays. He et al. 2016.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = list(layers)
        checks.layers("Residual", self.layers)
        widths = [w for f in self.layers for w in (getattr(f, "n_in", None), getattr(f, "n_out", None)) if w]
        if widths and widths[0] != widths[-1]:
            raise ValueError(f"Residual: F must keep the width, got {widths[0]} in and {widths[-1]} out")
        if widths:
            self.n_in = self.n_out = widths[0]
        self.config = {"layers": [describe(layer) for layer in self.layers]}

    def __repr__(self):
        return f"Residual({self.layers})"

    @property
    def params(self) -> dict[str, Array]:  # type: ignore[override]  # they are not its own to be replaced
        """The arrays of the inner layers, by their numbers and names."""
        return self._inner(lambda layer: layer.params)

    @property
    def state(self) -> dict[str, Array]:  # type: ignore[override]
        """The running statistics of the inner layers."""
        return self._inner(state_of)

    def _inner(self, arrays):
        return {f"{i}.{name}": a for i, layer in enumerate(self.layers) for name, a in arrays(layer).items()}

    def value(self, X: Array, *, training: bool, rng: Rng) -> tuple[Array, Cache]:
        Y, caches = forward_pass(behind(self.layers, Layer, "forward"), X, training=training, rng=rng)
        return X + Y, caches

    def gradient(self, dY: Array, cache: Cache, *, input_gradient: bool) -> tuple[Array | None, Grads]:
        backwards = behind(self.layers, Layer, "backward")
        dF, inner = backward_pass(backwards, dY, cache, input_gradient=input_gradient)
        grads = {f"{i}.{name}": g for i, own in enumerate(inner) for name, g in own.items()}
        return dY + dF if input_gradient else None, {name: grads[name] for name in self.params}

    def output_shape(self, cache: Cache) -> tuple[int, ...] | None:
        last = self.layers[-1]
        return last.output_shape(cache[-1]) if isinstance(last, Layer) else None

    def update_state(self, cache: Cache) -> None:
        for layer, inner in zip(self.layers, cache, strict=True):
            if state_of(layer):
                layer.update_state(inner)

    def pieces(self, cache: Cache) -> Array:
        found = [f.pieces(c) for f, c in zip(self.layers, cache, strict=True) if hasattr(f, "pieces")]
        return np.concatenate([np.zeros(0), *(piece.ravel() for piece in found if piece is not None)])
