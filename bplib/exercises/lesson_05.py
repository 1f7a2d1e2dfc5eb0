"""Lesson 05, matrix gradients."""

import numpy as np

from .kinds import Fault, choice, draw, function, sizes, square

# fmt: off


def _batch(rng, sizes=sizes):
    N, d, k = sizes(rng, 3)
    return draw(rng, N, k), draw(rng, N, d), draw(rng, d, k)


@function(
    inputs=(_batch, _batch, square(_batch)),
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
        Fault("divided by N again", ("X.T @ dZ", "dZ @ W.T"), ("X.T @ dZ / len(X)", "dZ @ W.T / len(X)"),
              "A second 1/N: the loss has divided already, and dZ carries it."),
        Fault("returned in the other order", "return dX, dW, db", "return dW, dX, db",
              "dX comes first, then dW, then db."),
        Fault("factors of dX exchanged", "dZ @ W.T", ("W @ dZ", "W.T @ dZ"),
              "Rows are examples: dZ (N, k) stands on the left, as X does forward, and dX = dZ Wᵀ is (N, "
              "d)."),
        Fault("dX transposed", "dZ @ W.T", "W @ dZ.T",
              "W dZᵀ is the transpose of dX: examples are rows, so dX = dZ Wᵀ."),
        Fault("X not transposed", "X.T @ dZ", ("X @ dZ", "dZ @ X"),
              "dW = Xᵀ dZ: the sum runs over the N rows, the first index of both, so X is transposed."),
        Fault("entry by entry", ("dZ @ W.T", "X.T @ dZ"), ("dZ * W", "X * dZ"),
              "`*` multiplies entry by entry. A weight serves all rows and an input all outputs, and "
              "gradients add: products with `@`."),
        Fault("entry by entry, transposed", ("dZ @ W.T", "X.T @ dZ"), ("dZ * W.T", "X.T * dZ"),
              "The right factors, multiplied entry by entry: `@` is the matrix product, `*` is not."),
    ),
    after="These three lines are what Affine.gradient of the package computes.",
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
        "All eight products of dZ and X, each plain or transposed, are 3×3: shapes leave the choice open.",
        "Take one entry: z_ij = Σ_k w_ik x_kj. Which entries of Z does w_ik touch, and with which factor?",
        "dw_ik = Σ_j dz_ij x_kj: the sum runs over the second index of both, so the second factor is "
        "transposed.",
    ),
    mutants=(
        Fault("factors exchanged", "dZ @ X.T", "X @ dZ",
              "Row i of dW belongs to row i of Z, so dZ stands on the left; and the sum is over the "
              "columns j, so X is transposed: dZ Xᵀ."),
        Fault("both transposed", "dZ @ X.T", "dZ.T @ X.T",
              "One transpose too many: dw_ik = Σ_j dz_ij x_kj has dZ as it is."),
        Fault("transposed of the plain product", "dZ @ X.T", "X.T @ dZ.T",
              "Xᵀ dZᵀ is (dZ X)ᵀ. dw_ik = Σ_j dz_ij x_kj: dZ on the left as it is, X transposed."),
        Fault("divided by the columns", "dZ @ X.T", "dZ @ X.T / 3",
              "Only the loss divides by the number of examples, and dZ carries that."),
        Fault("transposed product", "dZ @ X.T", "X @ dZ.T",
              "X dZᵀ is the transpose of the right one: (dZ Xᵀ)ᵀ. Row i of dW belongs to row i of Z."),
        Fault("the rows' formula", "dZ @ X.T", "X.T @ dZ",
              "Xᵀ dZ is for Z = X W, with examples in rows. Here W stands on the left: Z = W X."),
        Fault("entry by entry", "dZ @ X.T", "dZ * X",
              "* multiplies entry by entry. w_ik serves all columns j, and gradients add: a product with @."),
        Fault("not transposed", "dZ @ X.T", "dZ @ X",
              "dw_ik = Σ_j dz_ij x_kj: j is the second index of X as well, so X must be transposed."),
        Fault("wrong one transposed", "dZ @ X.T", "dZ.T @ X",
              "The transpose is on X: dw_ik = Σ_j dz_ij x_kj, with dZ as it is."),
    ),
    after="Shapes suggest, the trace proves: for square matrices they leave eight choices.",
)
def square_dW(dZ, X):
    """In columns: Z = W X, all of them 3×3. From dZ = ∂L/∂Z and X return dW = ∂L/∂W."""
    dW = dZ @ X.T
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
        Fault("one row only", "dZ.sum(axis=0)", ("dZ[0]", "dZ[-1]"),
              "That is one example's share. The same b is added to every row: their gradients add."),
        Fault("largest", "dZ.sum(axis=0)", "dZ.max(axis=0)",
              "All rows have a share in b's gradient, not only the one with the largest entry: they add."),
        Fault("not summed", "db = dZ.sum(axis=0)", "db = dZ.copy()",
              "b is (k,) and serves every row: its gradient is the sum over the rows, axis 0."),
    ),
    after="A bias forks to all rows, so its gradients add.",
)
def bias_gradient(dZ):
    """Z = X W + b with as many rows as outputs, N = k. From dZ (N, k) return db (k,)."""
    db = dZ.sum(axis=0)
    return db


def _two_affine(rng, sizes=sizes):
    d, m, k = sizes(rng, 3)
    return draw(rng, d, m), draw(rng, m), draw(rng, m, k), draw(rng, k)


@function(
    inputs=(_two_affine, _two_affine, square(_two_affine)),
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
        Fault("entry by entry", ("W1 @ W2", "b1 @ W2 + b2"), ("W1 * W2", "b1 * W2 + b2"),
              "`*` multiplies entry by entry. One layer after the other is a matrix product: `@`."),
        Fault("weights added", "W1 @ W2", "W1 + W2",
              "One layer after the other multiplies: (X W1) W2 = X (W1 W2)."),
        Fault("b2 sent through W2 too", "b1 @ W2 + b2", "(b1 + b2) @ W2",
              "b2 is added after the second layer, so it meets no W2: b1 W2 + b2."),
        Fault("b1 through W1", "b1 @ W2 + b2", "b1 @ W1 + b2",
              "b1 is added after W1 and goes through what follows, W2."),
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


def _two_layers_of_relu(rng, sizes=sizes):
    N, d, m, k = sizes(rng, 4)
    return draw(rng, N, k), draw(rng, N, d), draw(rng, d, m), draw(rng, m), draw(rng, m, k)


@function(
    inputs=(_two_layers_of_relu, _two_layers_of_relu, square(_two_layers_of_relu)),
    returns=("dX", "dW1", "db1", "dW2", "db2"),
    hints=(
        "Go forward once more to Z and A. Then the last layer's three gradients, the gate, the first layer's "
        "three.",
        "dW2 is made of what came into the second layer, A. The gate lets pass where Z > 0.",
        "dZ = (dY @ W2.T) * (Z > 0); then X.T @ dZ, dZ.sum(axis=0) and dZ @ W1.T.",
    ),
    mutants=(
        Fault("gate forgotten", "(dY @ W2.T) * (Z > 0)", "dY @ W2.T",
              "ReLU stands between the layers: nothing comes back through a unit with Z ≤ 0."),
        Fault("gate on the gradient", "* (Z > 0)", "* (dY @ W2.T > 0)",
              "The gate looks at Z, not at what comes back: a negative gradient passes an open unit."),
        Fault("ReLU for its slope", "* (Z > 0)", "* A",
              "The slope of an open unit is 1, whatever it passes on."),
        Fault("what came into the first layer", "A.T @ dY", "Z.T @ dY",
              "The second layer received A, after the ReLU."),
        Fault("bias of the first layer forgotten", "Z = X @ W1 + b1", "Z = X @ W1",
              "The bias moves Z, and with it which units are open."),
        Fault("means for sums", ("dY.sum(axis=0)", "dZ.sum(axis=0)"), ("dY.mean(axis=0)", "dZ.mean(axis=0)"),
              "b was added to every row, so its gradient is a sum. Only the loss divides by N."),
        Fault("W2 not transposed", "dY @ W2.T", "dY @ W2",
              "Back through a matrix the other way round: dY W2ᵀ."),
    ),
    after="affine_backward twice, with a gate between: so every network goes back.",
)
def two_layers_backward(dY, X, W1, b1, W2):
    """Y = max(X W1 + b1, 0) W2 + b2. From dY (N, k), X (N, d), W1 (d, m), b1 (m,) and W2 (m, k) return dX,
    dW1,
    db1, dW2 and db2."""
    Z = X @ W1 + b1
    A = np.maximum(Z, 0)
    dW2, db2 = A.T @ dY, dY.sum(axis=0)
    dZ = (dY @ W2.T) * (Z > 0)
    return dZ @ W1.T, X.T @ dZ, dZ.sum(axis=0), dW2, db2


slip_in_the_shapes = choice(
    """Rows are examples: X (32, 10), Z = X W + b with W (10, 5), and targets Y of shape (32, 5).
    Everything runs, and the network learns nothing but the mean. Which line is it?
    (a)  Z = X @ W + b
    (b)  error = Z[:, None, :] - Y[None, :, :]
    (c)  gradient_W = X.T @ dZ
    (d)  gradient_b = dZ.sum(axis=0)""",
    {"a": "line (a)", "b": "line (b)", "c": "line (c)", "d": "line (d)"},
    "b",
    wrong={
        "a": "(32, 10) times (10, 5) is (32, 5), and b is added to every row: right.",
        "c": "(10, 32) times (32, 5) is (10, 5), the shape of W: right.",
        "d": "b has 5 numbers, one for each column of dZ: right.",
    },
    hints=(
        "Write the shape of every result beside its line.",
        "An error has the shape of the outputs, (32, 5).",
        "What shape has (32, 1, 5) − (1, 32, 5)?",
    ),
    after="It pairs every row with every target, (32, 32, 5), as in the first accident of the lesson.",
)
