"""Layers: each maps X to Y going forward, and ∂L/∂Y to ∂L/∂X coming back; `contracts.Layer` says how.

Here stand the formulas, `value` and `gradient`. Their doors, `forward` and `backward`, are inherited.
"""

import numpy as np

from . import checks
from .contracts import Array, ArrayLike, Cache, DTypeLike, Grads, Layer, Rng


class Affine(Layer):
    """Z = X W + b for X (N, n_in), W (n_in, n_out), b (n_out,). Back: dX = dZ Wᵀ, dW = Xᵀ dZ, db = Σₙ dZₙ.

    W is drawn from N(0, sd) with sd √(2/(n_in + n_out)) for init="xavier" or "auto" (Glorot & Bengio 2010),
    √(2/n_in) for "he" (He et al. 2015), 1 for "normal", 0 for "zeros"; times `scale`. b starts at 0.
    """

    def __init__(self, n_in: int, n_out: int, *, bias: bool = True, init: str = "auto",
            scale: float | None = None, dtype: DTypeLike = np.float64, rng: Rng = None) -> None:  # fmt: skip
        super().__init__()
        self.n_in, self.n_out = (checks.whole_number("Affine", "a width", n) for n in (n_in, n_out))
        xavier, he = np.sqrt(2 / (n_in + n_out)), np.sqrt(2 / n_in)
        sds = {"auto": xavier, "xavier": xavier, "he": he, "normal": 1.0, "zeros": 0.0}
        sd = checks.choice(self, "init", init, sds)
        sd *= 1.0 if scale is None else checks.number(self, "scale", scale, 0, open_low=True)
        W = sd * checks.generator(self, rng).normal(size=(n_in, n_out)) if sd else np.zeros((n_in, n_out))
        self.params["W"] = W.astype(checks.floating(self, dtype))
        if bias:
            self.params["b"] = np.zeros(n_out, dtype)
        self.config = {"n_in": self.n_in, "n_out": self.n_out, "bias": bool(bias), "init": "zeros"}

    @classmethod
    def from_arrays(cls, W: ArrayLike, b: ArrayLike | None = None) -> "Affine":
        """The layer with copies of these W (n_in, n_out) and b (n_out,); without a bias for b=None."""
        arrays = checks.weights("Affine.from_arrays", W, b)
        layer = cls(*arrays["W"].shape, bias="b" in arrays, init="zeros", dtype=arrays["W"].dtype)
        layer.params = arrays
        return layer

    def __repr__(self):
        return f"Affine({self.n_in}→{self.n_out})"

    def value(self, X: Array, *, training: bool, rng: Rng) -> tuple[Array, Cache]:
        Z = np.dot(X, self.params["W"])  # `dot` is @ here, and on small arrays takes less time
        if "b" in self.params:
            Z += self.params["b"]
        return Z, X

    def gradient(self, dY: Array, cache: Cache, *, input_gradient: bool) -> tuple[Array | None, Grads]:
        X, W = cache, self.params["W"]
        grads = {"W": np.dot(X.T, dY)}
        if "b" in self.params:
            grads["b"] = np.add.reduce(dY, axis=0)
        return dY @ W.T if input_gradient else None, grads

    def output_shape(self, cache: Cache) -> tuple[int, ...] | None:
        return len(cache), self.params["W"].shape[1]


@np.errstate(over="ignore")
def sigmoid(Z: ArrayLike) -> Array:
    """σ(z) = 1/(1 + e⁻ᶻ). Where e⁻ᶻ overflows to ∞, 1/∞ is the right answer, 0."""
    return 1 / (1 + np.exp(-checks.floats("sigmoid", "Z", Z)))


class Activation(Layer):
    """A = f(Z), element by element, and dZ = dA ⊙ f′(Z) with the slope f′ written from A alone."""

    def value(self, X: Array, *, training: bool, rng: Rng) -> tuple[Array, Cache]:
        A = self.f(X)
        return A, A

    def gradient(self, dY: Array, cache: Cache, *, input_gradient: bool) -> tuple[Array | None, Grads]:
        return dY * self.slope(cache) if input_gradient else None, {}

    def output_shape(self, cache: Cache) -> tuple[int, ...] | None:
        return cache.shape

    def f(self, Z: Array) -> Array:
        """A, from Z."""
        raise NotImplementedError(f"{self}: an activation must define f")

    def slope(self, A: Array) -> Array:
        """f′(Z), from A."""
        raise NotImplementedError(f"{self}: an activation must define slope")


class Sigmoid(Activation):
    """A = σ(Z), with σ′(z) = a(1 − a)."""

    f = staticmethod(sigmoid.__wrapped__)  # type: ignore[attr-defined]  # doors ignore the overflow for all

    def slope(self, A: Array) -> Array:
        return A * (1 - A)


class Tanh(Activation):
    """A = tanh Z, with tanh′(z) = 1 − a²."""

    f = staticmethod(np.tanh)  # type: ignore[assignment]

    def slope(self, A: Array) -> Array:
        return 1 - A * A


class ReLU(Activation):
    """A = max(Z, 0), with slope 1 where a > 0 and 0 elsewhere (at the kink z = 0 we choose 0)."""

    def f(self, Z: Array) -> Array:
        return np.maximum(Z, 0)

    def slope(self, A: Array) -> Array:
        return A > 0

    pieces = slope  # type: ignore[assignment]  # open or closed
