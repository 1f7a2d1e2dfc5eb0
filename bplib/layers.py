"""Layers: each maps X to Y going forward, and ∂L/∂Y to ∂L/∂X coming back.

Rows are examples: X is (N, d), and dQ always means ∂L/∂Q, with the shape of Q. A layer is pure: `forward`
returns what `backward` will need as a *cache* and remembers nothing itself. So what backpropagation has to
remember is in plain sight, and a prediction made between forward and backward does no harm.
"""

import numpy as np

from . import checks


class Layer:
    """What layers share: `params` (trained), `state` (running statistics), `config` (its settings, for files)."""

    registry = {}  # class name → class, for files

    def __init_subclass__(cls):
        Layer.registry[cls.__name__] = cls

    def __init__(self):
        self.params, self.state, self.config = {}, {}, {}

    def __repr__(self):
        return f"{type(self).__name__}()"

    def update_state(self, cache):
        """Take the batch's statistics from its cache into `state`; training alone calls this."""

    def pieces(self, cache):
        """Which linear piece each unit is on, for layers with a kink; None for smooth ones."""


class Affine(Layer):
    """Z = X W + b, with X (N, n_in), W (n_in, n_out), b (n_out,). Back: dX = dZ Wᵀ, dW = Xᵀ dZ, db = Σₙ dZₙ.

    W is drawn from a normal distribution of standard deviation √(2/(n_in + n_out)) for init="xavier" or "auto"
    (Glorot & Bengio 2010), √(2/n_in) for "he" (He et al. 2015), 1 for "normal", 0 for "zeros"; times `scale`.
    """

    def __init__(self, n_in, n_out, *, bias=True, init="auto", scale=None, dtype=np.float64, rng=None):
        n_in, n_out = (checks.whole_number("Affine", "a width", n) for n in (n_in, n_out))
        who, xavier = f"Affine({n_in}→{n_out})", np.sqrt(2 / (n_in + n_out))
        sds = {"auto": xavier, "xavier": xavier, "he": np.sqrt(2 / n_in), "normal": 1.0, "zeros": 0.0}
        sd = checks.choice(who, "init", init, sds)
        sd *= 1.0 if scale is None else checks.number(who, "scale", scale, 0, open_low=True)
        W = sd * checks.generator(who, rng).normal(size=(n_in, n_out)) if sd else np.zeros((n_in, n_out))
        self._set(W.astype(checks.floating(who, dtype)), np.zeros(n_out, dtype) if bias else None)

    @classmethod
    def from_arrays(cls, W, b=None):
        """The layer with copies of these W (n_in, n_out) and b (n_out,); without a bias for b=None."""
        layer = cls.__new__(cls)
        layer._set(*checks.weights("Affine.from_arrays", W, b))
        return layer

    def _set(self, W, b):
        self.n_in, self.n_out = W.shape
        self.params, self.state = {"W": W} if b is None else {"W": W, "b": b}, {}
        self.config = {"n_in": self.n_in, "n_out": self.n_out, "bias": b is not None, "init": "zeros"}

    def __repr__(self):
        return f"Affine({self.n_in}→{self.n_out})"

    def forward(self, X, *, training=False, rng=None):
        X = checks.real(self, "X", X)
        checks.rows(self, X, self.n_in)
        Z = X @ self.params["W"]
        if "b" in self.params:
            Z += self.params["b"]
        return Z, X

    def backward(self, dY, cache, *, input_gradient=True):
        X, W = cache, self.params["W"]
        checks.shape(self, "dY", dY, (len(X), self.n_out), "the output")
        # One row makes Xᵀ dZ an outer product, which broadcasting does several times faster than BLAS.
        grads = {"W": X.T @ dY if len(X) > 1 else X.T * dY}
        if "b" in self.params:
            grads["b"] = np.add.reduce(dY, axis=0)
        return dY @ W.T if input_gradient else None, grads


class Activation(Layer):
    """A = f(Z), element by element; backward is dZ = dA ⊙ f′(Z), with f′ written from A alone."""

    def forward(self, X, *, training=False, rng=None):
        A = self.f(checks.real(self, "X", X))
        return A, A

    def backward(self, dY, cache, *, input_gradient=True):
        checks.shape(self, "dY", dY, cache.shape, "the output")
        return dY * self.slope(cache) if input_gradient else None, {}


def sigmoid(Z):
    """σ(z) = 1/(1 + e⁻ᶻ). Where e⁻ᶻ overflows to ∞, 1/∞ is the right answer, 0."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-Z))


class Sigmoid(Activation):
    """A = σ(Z) = 1/(1 + e⁻ᶻ), with σ′(z) = a(1 − a)."""

    f = staticmethod(sigmoid)

    def slope(self, A):
        return A * (1 - A)


class Tanh(Activation):
    """A = tanh Z, with tanh′(z) = 1 − a²."""

    f = staticmethod(np.tanh)

    def slope(self, A):
        return 1 - A * A


class ReLU(Activation):
    """A = max(Z, 0), with slope 1 where a > 0 and 0 elsewhere (at the kink z = 0 we choose 0)."""

    def f(self, Z):
        return np.maximum(Z, 0)

    def slope(self, A):
        return A > 0

    def pieces(self, cache):
        return cache > 0
