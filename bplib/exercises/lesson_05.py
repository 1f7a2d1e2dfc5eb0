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
        Fault("db kept as a row", "dZ.sum(axis=0)", "dZ.sum(axis=0, keepdims=True)",
              "b is (k,), a flat array, so its gradient is too: without keepdims."),
        Fault("everything summed", "dZ.sum(axis=0)", "dZ.sum()",
              "Each of the k biases has its own gradient: sum over the rows only."),
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


def _three_by_three(rng):
    return draw(rng, 3, 3), draw(rng, 3, 3)


@function(
    inputs=_three_by_three,
    returns="dW",
    hints=(
        "All eight products of dD and X, each plain or transposed, are 3×3: shapes leave the choice open.",
        "Take one entry: d_ij = Σ_k w_ik x_kj. Which entries of D does w_ik touch, and with which factor?",
        "dw_ik = Σ_j dd_ij x_kj: the sum runs over the second index of both, so the second factor is "
        "transposed.",
    ),
    mutants=(
        Fault("transposed product", "dD @ X.T", "X @ dD.T",
              "X dDᵀ is the transpose of the right one: (dD Xᵀ)ᵀ. Row i of dW belongs to row i of D."),
        Fault("the rows' formula", "dD @ X.T", "X.T @ dD",
              "Xᵀ dD is for Z = X W, with examples in rows. Here W stands on the left: D = W X."),
        Fault("entry by entry", "dD @ X.T", "dD * X",
              "* multiplies entry by entry. w_ik serves all columns j, and gradients add: a product with @."),
        Fault("not transposed", "dD @ X.T", "dD @ X",
              "dw_ik = Σ_j dd_ij x_kj: j is the second index of X as well, so X must be transposed."),
        Fault("wrong one transposed", "dD @ X.T", "dD.T @ X",
              "The transpose is on X: dw_ik = Σ_j dd_ij x_kj, with dD as it is."),
    ),
    after="Shapes suggest, the trace proves: for square matrices they leave eight choices.",
)
def square_dW(dD, X):
    """In columns: D = W X, all of them 3×3. From dD = ∂L/∂D and X return dW = ∂L/∂W."""
    dW = dD @ X.T
    return dW


def _square_gradient(rng):
    n = int(rng.integers(3, 6))
    return (draw(rng, n, n),)


@function(
    inputs=_square_gradient,
    returns="db",
    hints=(
        "The same b is added to every row of X W. It reaches the loss by as many ways as there are rows.",
        "Where a variable forks, gradients add: over the rows.",
        "dZ.sum(axis=0) sums over rows and leaves one number for each column.",
    ),
    mutants=(
        Fault("the wrong axis", "axis=0", "axis=1",
              "axis=1 sums over the outputs of each example. It fits here because N = k, by luck; b is "
              "shared by the examples: axis=0."),
        Fault("a second 1/N", "dZ.sum(axis=0)", "dZ.mean(axis=0)",
              "The loss has divided by N already, and dZ carries it: a mean would divide twice."),
        Fault("kept as a row", "dZ.sum(axis=0)", "dZ.sum(axis=0, keepdims=True)",
              "b is (k,), a flat array, so its gradient is too: without keepdims."),
        Fault("everything summed", "dZ.sum(axis=0)", "dZ.sum()",
              "Each of the k biases has its own gradient: sum over the rows only."),
    ),
    after="A bias forks to all rows, so its gradients add.",
)
def bias_gradient(dZ):
    """Z = X W + b with as many rows as outputs, N = k. From dZ (N, k) return db (k,)."""
    db = dZ.sum(axis=0)
    return db


def _two_affine(rng):
    d, m, k = sizes(rng, 3)
    return draw(rng, d, m), draw(rng, m), draw(rng, m, k), draw(rng, k)


@function(
    inputs=_two_affine,
    returns=("W", "b"),
    hints=(
        "Write (X W1 + b1) W2 + b2 and multiply out.",
        "X W1 W2 + b1 W2 + b2. What stands beside X, and what does not depend on X?",
        "W = W1 W2 and b = b1 W2 + b2.",
    ),
    mutants=(
        Fault("b1 not carried on", "b1 @ W2 + b2", "b2",
              "b1 goes through the second layer too: it arrives as b1 W2."),
        Fault("b1 from the wrong side", "b1 @ W2 + b2", "W2 @ b1 + b2",
              "b1 is a row like the rows of X, so it stands on the left too: b1 W2."),
        Fault("biases added", "b1 @ W2 + b2", "b1 + b2",
              "b1 goes through the second layer before b2 is added: it arrives as b1 W2."),
        Fault("order", "W1 @ W2", "W2 @ W1",
              "Rows go through W1 first, so W1 stands nearer to X: X W1 W2."),
        Fault("b2 forgotten", "b1 @ W2 + b2", "b1 @ W2",
              "b2 is added at the end, and does not depend on X: it belongs to b."),
        Fault("transposed", "W = W1 @ W2", "W = (W1 @ W2).T",
              "W must be (d, k), so that X W gives (N, k)."),
    ),
    after="Two affine layers are one: without a non-linearity between them depth buys nothing.",
)
def collapse(W1, b1, W2, b2):
    """(X W1 + b1) W2 + b2 is one affine layer X W + b, for every X. Return its W (d, k) and b (k,)."""
    W = W1 @ W2
    b = b1 @ W2 + b2
    return W, b
