"""Lesson 05, matrix gradients."""

from .task import Fault, draw, function, sizes

# fmt: off


def _batch(rng):
    N, d, k = sizes(rng, 3)
    return draw(rng, N, k), draw(rng, N, d), draw(rng, d, k)


@function(
    inputs=_batch,
    returns=("dX", "dW", "db"),
    hints=(
        "Each gradient has the shape of what it is the gradient of. Write the three shapes down first.",
        "dW is (d, k): which product of X (N, d) and dZ (N, k), one of them transposed, has that shape?",
        "dX = dZ @ W.T and dW = X.T @ dZ. b was added to every row: its gradient is the sum over the rows.",
    ),
    mutants=(
        Fault("W not transposed", "dZ @ W.T", "dZ @ W",
              "Forward, W leads from d inputs to k outputs; back, the error crosses it from k to d: Wᵀ."),
        Fault("dW transposed", "X.T @ dZ", "dZ.T @ X",
              "W is (d, k): row i belongs to input i, column j to output j, so dW = Xᵀ dZ. (In columns, with "
              "z = W a, it is δ aᵀ: the same numbers, transposed.)"),
        Fault("db as a mean", "dZ.sum(axis=0)", "dZ.mean(axis=0)",
              "Only the loss divides by N, and dZ has that 1/N in it: db is the plain sum over rows."),
        Fault("db over the wrong axis", "dZ.sum(axis=0)", "dZ.sum(axis=1)",
              "One bias serves all N rows, so its gradient collects the rows: sum over axis 0. With N = k "
              "the wrong axis fits by luck."),
        Fault("dW divided by N", "X.T @ dZ", "X.T @ dZ / len(X)",
              "A second 1/N: the loss has divided already, and dZ carries it."),
    ),
    after="These three lines are Affine.backward of the package.",
)
def affine_backward(dZ, X, W):
    """Affine layer Z = X W + b, backward: from dZ (N, k), X (N, d) and W (d, k) return dX, dW and db."""
    dX = dZ @ W.T
    dW = X.T @ dZ
    db = dZ.sum(axis=0)
    return dX, dW, db
