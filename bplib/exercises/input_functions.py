"""Functions that exercises hand to the learner's, each by a name that a sheet (`locked.py`) can hold."""

import numpy as np


def curved(A: np.ndarray, B: np.ndarray, X: np.ndarray) -> float:
    """Σ (A X³ + B X) and a product of two entries: a function of X whose differences are never exact."""
    return float(np.sum(A * X**3 + B * X) + X.flat[0] * X.flat[-1])


def gradient(w: np.ndarray, X: np.ndarray, Y: np.ndarray) -> tuple[float, np.ndarray]:
    """L and ∂L/∂w of a linear neuron."""
    D = X @ w - Y
    return float(np.sum(D**2)) / (2 * len(X)), X.T @ D / len(X)
