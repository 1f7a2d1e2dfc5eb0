"""Losses: how wrong the outputs Z (N, k) are, as one number L, and its gradient dZ = ∂L/∂Z.

`contracts.Loss` says what a loss promises. Here stand the formulas; their doors `forward` and `predict` are
inherited, and check. The cross-entropies take logits Z, never probabilities.
"""

import numpy as np

from . import checks
from .contracts import Array, ArrayLike, Cache, Loss
from .layers import sigmoid


def softmax(Z: ArrayLike) -> Array:
    """p_j = eᶻʲ / Σᵢ eᶻⁱ in each row. Subtracting the row's maximum changes nothing but the overflow."""
    Z = checks.floats("softmax", "Z", Z)
    E = np.exp(Z - np.max(Z, axis=-1, keepdims=True))
    return E / np.sum(E, axis=-1, keepdims=True)


class SquaredError(Loss):
    """L = 1/(2N) Σ ‖Ŷ − Y‖² with Ŷ = Z, so dZ = (Ŷ − Y)/N. Y is (N, k)."""

    def value(self, Z: Array, Y: Array) -> tuple[float, Cache]:
        D = Z - Y
        return float(np.vdot(D, D)) / (2 * len(Z)), (Z, D)

    def backward(self, cache: Cache) -> Array:
        _, D = cache
        return D / len(D)

    def prediction(self, Z: Array) -> Array:
        return Z


class BinaryCrossEntropy(Loss):
    """L = −1/N Σ [y log ŷ + (1 − y) log(1 − ŷ)] with ŷ = σ(z), so dZ = (Ŷ − Y)/N: σ′ cancels.

    Y is (N, k), in [0, 1]; L is a sum over the k outputs and a mean over the N rows.
    """

    def targets(self, Y: ArrayLike, Z: Array) -> Array:
        return checks.probabilities(self, Y, Z)

    def value(self, Z: Array, Y: Array) -> tuple[float, Cache]:
        # −log σ(z) = log(1 + e⁻ᶻ) and −log(1 − σ(z)) = log(1 + eᶻ), collected so that nothing overflows.
        losses = np.maximum(Z, 0) - Z * Y + np.log1p(np.exp(-np.abs(Z)))
        return float(np.add.reduce(losses, axis=None)) / len(Z), (sigmoid(Z), Y)

    def backward(self, cache: Cache) -> Array:
        Y_hat, Y = cache
        return (Y_hat - Y) / len(Y)

    def prediction(self, Z: Array) -> Array:
        return sigmoid(Z)


class SoftmaxCrossEntropy(Loss):
    """L = −1/N Σ y_j log p_j with p = softmax(z), so dZ = (p Σy − y)/N, which is (p − y)/N where Σy = 1.

    Y is integer labels (N,) from 0 to k − 1, or rows of weights (N, k), one-hot or not.
    """

    def targets(self, Y: ArrayLike, Z: Array) -> Array:
        return checks.labels_or_weights(self, Y, Z)

    def value(self, Z: Array, Y: Array) -> tuple[float, Cache]:
        S = Z - np.maximum.reduce(Z, axis=1, keepdims=True)
        P = np.exp(S)
        total = np.add.reduce(P, axis=1, keepdims=True)
        P /= total
        # −log p_j = log Σᵢ eˢⁱ − s_j
        losses = np.log(total[:, 0]) - S[np.arange(len(Y)), Y] if Y.ndim == 1 else Y * (np.log(total) - S)
        return float(np.add.reduce(losses, axis=None)) / len(Z), (P, Y)

    def backward(self, cache: Cache) -> Array:
        P, Y = cache
        if Y.ndim == 2:
            return (P * Y.sum(axis=1, keepdims=True) - Y) / len(P)
        dZ = P / len(P)
        dZ[np.arange(len(Y)), Y] -= 1 / len(P)
        return dZ

    def prediction(self, Z: Array) -> Array:
        return softmax(Z)
