"""Lesson 06, softmax and layers: the shift, a gradient, a Jacobian, and losses known in advance."""

import numpy as np

from .kinds import Fault, choice, draw, expression, function, sizes, square, value

# fmt: off


def _small_scores(rng, sizes=sizes):
    return (draw(rng, *sizes(rng, 2)),)


def _large_scores(rng):
    """Rows around +2000, −1500 and 0, as they come out of an untrained network on raw pixels."""
    N, k = sizes(rng, 2)
    Z = draw(rng, N, k) + rng.choice([-1500.0, 0.0], (N, 1))
    Z[0] += 3500 - 1000 * (Z[0].mean() > -1000)
    return (Z,)


def _distant_scores(rng):
    """One row with scores from −2000 to +2000: to take out its mean or its smallest score is not enough."""
    N, k = sizes(rng, 2)
    Z = draw(rng, N, max(k, 3))
    Z[0, 0] += 2000
    Z[0, 1] -= 2000
    return (Z,)


@function(
    inputs=(_small_scores, _large_scores, _distant_scores, square(_small_scores)),
    returns="P",
    hints=(
        "e to the power of 2000 is too large for a float. Adding the same number to a whole row of Z changes "
        "nothing: why?",
        "Subtract the row's own maximum first: then the largest power is e⁰ = 1, and nothing overflows.",
        "E = np.exp(Z - Z.max(axis=1, keepdims=True)), divided by its sum over each row (axis=1, "
        "keepdims=True).",
    ),
    mutants=(
        Fault("no shift", "Z - Z.max(axis=1, keepdims=True)", "Z",
              "The formula is right and overflows: e²⁰⁰⁰ is ∞, and ∞/∞ is NaN. Subtract each row's maximum "
              "first; it cancels in the quotient."),
        Fault("one shift for all rows", "Z.max(axis=1, keepdims=True)", "Z.max()",
              "With one maximum for all rows, a row far below it becomes 0/0: take each row's own."),
        Fault("smallest taken out", "Z.max(axis=1, keepdims=True)", "Z.min(axis=1, keepdims=True)",
              "With the smallest score taken out, the others become positive, and a distant one overflows "
              "again. Take out the largest: then no power exceeds e⁰ = 1."),
        Fault("mean taken out", "Z.max(axis=1, keepdims=True)", "Z.mean(axis=1, keepdims=True)",
              "With the mean taken out, a score far above it still overflows. Take out the largest: then no "
              "power exceeds e⁰ = 1."),
        Fault("keepdims forgotten", ("Z.max(axis=1, keepdims=True)", "E.sum(axis=1, keepdims=True)"),
              ("Z.max(axis=1)", "E.sum(axis=1)"),
              "One number for each row has shape (N,), and NumPy lays it along the columns. keepdims=True "
              "leaves it a column, (N, 1): for the maximum and for the sum."),
        Fault("down the columns", ("Z.max(axis=1, keepdims=True)", "E.sum(axis=1, keepdims=True)"),
              ("Z.max(axis=0, keepdims=True)", "E.sum(axis=0, keepdims=True)"),
              "Each row is one example and must sum to 1: maximum and sum along axis=1. axis=0 goes down the "
              "columns."),
        Fault("clipped for shifted", "Z - Z.max(axis=1, keepdims=True)",
              tuple(f"np.clip(Z, -{limit}, {limit})" for limit in (500, 709, 20, 10)),
              "Clipping makes all scores beyond the limit alike, whatever their differences. Subtract each "
              "row's maximum: that changes no probability."),
        Fault("softmax twice", "E / E.sum(axis=1, keepdims=True)",
              "np.exp(P := E / E.sum(axis=1, keepdims=True)) / np.exp(P).sum(axis=1, keepdims=True)",
              "softmax has been applied to probabilities: once, to the scores, is enough."),
        Fault("its logarithm", "return E / E.sum(axis=1, keepdims=True)",
              "return np.log(E / E.sum(axis=1, keepdims=True))",
              "That is the logarithm of the probabilities. The probabilities themselves are asked for."),
        Fault("not normalised", "E / E.sum(axis=1, keepdims=True)", "E",
              "Those are the powers; divided by their sum over the row they become probabilities."),
        Fault("sigmoid", "E / E.sum(axis=1, keepdims=True)", "1 / (1 + np.exp(-Z))",
              "A sigmoid looks at each score alone. Softmax lets the classes of a row share 1 among them."),
        Fault("over the whole batch", "E.sum(axis=1, keepdims=True)", "E.sum()",
              "Each row is an example of its own and must sum to 1, not the batch as a whole."),
        Fault("a vector's softmax", "Z - Z.max(axis=1, keepdims=True))\n    return E / E.sum(axis=1, "
              "keepdims=True)", "Z - Z.max())\n    return E / E.sum()",
              "That is the softmax of one long row: here maximum and sum belong to each row, with axis=1 and "
              "keepdims=True."),
    ),
    after="losses.softmax of the package does the same.",
)
def softmax(Z):
    """Scores Z (N, k), some of them around ±2000. Return P (N, k): softmax of each row, without overflow."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def _weights_of_any_sum(rng, sizes=sizes):
    N, k = sizes(rng, 2)
    P = rng.integers(1, 10, (N, k)) / 10
    Y = rng.integers(0, 4, (N, k)) / 2.0
    Y[0, 0] += 2.0
    return P / P.sum(axis=1, keepdims=True), Y


@function(
    inputs=(_weights_of_any_sum, _weights_of_any_sum, square(_weights_of_any_sum)),
    returns="dZ",
    hints=(
        "L of one row is −Σ_j y_j log p_j. What is ∂(−log p_j)/∂z_i?",
        "It is p_i − [i = j]. Multiply by y_j and sum over j: what becomes of Σ_j y_j p_i?",
        "(P * Y.sum(axis=1, keepdims=True) - Y) / len(P).",
    ),
    mutants=(
        Fault("sum of y taken for 1", "P * Y.sum(axis=1, keepdims=True) - Y", "P - Y",
              "p − y holds where each row of Y sums to 1. Here it does not: p Σy − y."),
        Fault("p − y alone", "(P * Y.sum(axis=1, keepdims=True) - Y) / len(P)", "P - Y",
              "p − y holds where a row of Y sums to 1, and the mean over N rows brings in 1/N. Both are "
              "missing."),
        Fault("sum over all rows", "Y.sum(axis=1, keepdims=True)", "Y.sum()",
              "Σy is a sum over the classes of one row, so each row has its own: axis=1."),
        Fault("sum down the columns", "Y.sum(axis=1, keepdims=True)", "Y.sum(axis=0)",
              "axis=0 sums over the examples. Σy runs over the classes of one row: axis=1."),
        Fault("keepdims forgotten", "Y.sum(axis=1, keepdims=True)", "Y.sum(axis=1)",
              "The sums of the rows have shape (N,), and NumPy lays them along the columns. keepdims=True "
              "leaves them a column, (N, 1)."),
        Fault("softmax twice", "(P * Y.sum(axis=1, keepdims=True) - Y) / len(P)",
              ("(np.exp(P) / np.exp(P).sum(axis=1, keepdims=True) * Y.sum(axis=1, keepdims=True) - Y) "
               "/ len(P)",
               "(np.exp(P) / np.exp(P).sum(axis=1, keepdims=True) - Y) / len(P)",
               "np.exp(P) / np.exp(P).sum(axis=1, keepdims=True) - Y"),
              "P is softmax(Z) already; you have applied softmax a second time."),
        Fault("brackets", "(P * Y.sum(axis=1, keepdims=True) - Y) / len(P)",
              "P * Y.sum(axis=1, keepdims=True) - Y / len(P)",
              "Division comes before minus: put the difference in brackets, then divide by N."),
        Fault("mean over all entries", "/ len(P)", "/ P.size",
              "L is the mean over the N rows, a sum over the k classes: divide by N, not by N·k."),
        Fault("sum of p", "Y.sum(axis=1, keepdims=True)", "(P * Y).sum(axis=1, keepdims=True)",
              "Σ_j y_j p_i has p_i in every term: it is p_i Σy, not p_i Σ y_j p_j."),
        Fault("weights made to sum to 1", "P * Y.sum(axis=1, keepdims=True) - Y",
              "P - Y / Y.sum(axis=1, keepdims=True)",
              "Dividing a row of Y by its sum changes the loss: a row of twice the class weights counts "
              "twice. Multiply P by the sum instead."),
        Fault("loss by p", "(P * Y.sum(axis=1, keepdims=True) - Y) / len(P)",
              ("-Y / P / len(P)", "-Y / P"),
              "That is ∂L/∂P. Go on through the softmax, with vᵀJ, to the scores."),
        Fault("not divided by N", "/ len(P)", "/ 1",
              "The loss is the mean over the N rows: its gradient has 1/N."),
        Fault("divided by the classes", "/ len(P)", "/ P.shape[1]",
              "The mean is over the rows, N = len(P), not over the k classes. One published program does "
              "this to a single example, and its gradient comes out k times too small."),
        Fault("sign", "P * Y.sum(axis=1, keepdims=True) - Y", "Y - P * Y.sum(axis=1, keepdims=True)",
              "The sign: where p_i is too large, the loss grows with z_i."),
    ),
    after="With rows that sum to 1 it becomes (P − Y)/N.",
)
def cross_entropy_gradient(P, Y):
    """P (N, k) = softmax(Z), and L = −1/N Σ y_j log p_j over all rows, where the rows of Y need not sum to 1.
    Return dZ = ∂L/∂Z (N, k)."""
    return (P * Y.sum(axis=1, keepdims=True) - Y) / len(P)


jacobian_entry = expression(
    "p = softmax(z). Give ∂p₁/∂z₂, an entry beside the diagonal, in the symbols p_1 and p_2.",
    "p_1 p_2", "-p_1*p_2",
    working="p₁ = e^z₁/S with S = Σ e^z. z₂ is in S alone: ∂p₁/∂z₂ = −e^z₁ e^z₂/S² = −p₁ p₂.",
    hints=(
        "p₁ = e^z₁/S, and S is the sum of all e^z. Where does z₂ occur?",
        "Only in S. The derivative of 1/S with respect to z₂ is −e^z₂/S².",
        "Put it together: −(e^z₁/S)(e^z₂/S).",
    ),
    mutants=(
        ("p_1*(1 - p_1)", "That is the entry on the diagonal, ∂p₁/∂z₁."),
        ("p_1*p_2", "The sign: probability that goes to class 2 is missing from class 1."),
        ("p_1*(1 - p_2)", "z₂ does not occur in the numerator e^z₁, so no term without p₂ comes from it."),
        ("0", "p₁ holds z₂ too, in the denominator: the classes share one sum."),
    ),
    after="Raising one score takes from all the others.",
)

loss_at_start = value(
    "Losses at step 0, when the network knows nothing. (1) One sigmoid output at 0.5, binary cross-entropy. "
    "(2) Softmax over 10 classes, all equal, cross-entropy. (3) Squared error as a plain sum (no mean, no "
    "½): N = 32 examples, d = 100 inputs, m = 200 hidden ReLUs, k = 10 outputs, all inputs and weights N(0, "
    "1), no bias. Only to two digits.",
    (float(np.log(2)), float(np.log(10)), 3.2e6),
    returns=("binary", "ten_classes", "squared_error"),
    tolerance=0.02,
    working="−log ½ = ln 2 = 0.693; −log 1/10 = ln 10 = 2.303; each output is a sum of m products, a ReLU's "
            "mean square is d/2, so N·k·m·d/2 = 3.2e6 (the targets' own squares hardly count).",
    hints=(
        "(1) and (2): the loss is −log of the probability given to the right class.",
        "(3): the loss is N·k times the mean square of one output, and an output is a sum of m terms w·a.",
        "A hidden z has variance d; a ReLU keeps half of the mean square: d/2. An output: m · d/2.",
    ),
    mutants=(
        ((0.5, None, None), "0.5 is the probability; the loss is −log 0.5."),
        ((None, 0.1, None), "0.1 is the probability; the loss is −log 0.1."),
        ((1.0, None, None), "−log₂ ½ is 1, but log is the natural logarithm here: ln 2."),
        ((None, 1.0, None), "−log₁₀ 0.1 is 1, but log is the natural logarithm here: ln 10."),
        ((None, None, 6.4e6), "ReLU closes half of the hidden units: only half of the mean square is left."),
        ((None, None, 3.2), "3.2 million, written out: 3.2e6."),
        ((None, None, 1e4), "That is the mean square of one output. The sum runs over N·k = 320 of them."),
        ((None, None, 1e5), "That is one example's worth. The loss as published is a sum over all 32."),
    ),
    after="“2.30 is guessing” is worth knowing by heart.",
)


def _scores_and_labels(rng):
    N, k = sizes(rng, 2)
    return 2 * draw(rng, N, k), rng.integers(0, k, N)


def _large_scores_and_labels(rng):
    Z, y = _scores_and_labels(rng)
    Z[0] += 1500.0
    Z[-1] -= 1500.0
    Z[1, (y[1] + 1) % Z.shape[1]] = 900.0  # the right class is so far below that its p is rounded to 0
    return Z, y


@function(
    inputs=(_scores_and_labels, _large_scores_and_labels),
    returns="L",
    hints=(
        "Never build p: −log p of the right class is the log of the sum minus the right score.",
        "Take out the row's largest score first. Then no power overflows.",
        "S = Z − its row's maximum; log of the row sums of e^S, minus S at the label; the mean of that.",
    ),
    mutants=(
        Fault("no shift", "Z - Z.max(axis=1, keepdims=True)", "Z",
              "e^1500 is larger than any float, and a probability may be rounded to 0, where its log is "
              "−∞: take "
              "the row's maximum from every score first, and keep log Σ eˢ − s as it is."),
        Fault("sum for mean", "losses.mean()", "losses.sum()",
              "The loss of a batch is the mean over its rows."),
        Fault("mean over the classes", "losses.mean()", "losses.sum() / Z.shape[1]",
              "The mean is over the N rows, not over the k classes."),
        Fault("probability of the right class", "np.log(total) - right", "np.exp(right) / total",
              "That is p of the right class. The loss is −log p."),
        Fault("sign", "np.log(total) - right", "right - np.log(total)",
              "log p is negative: the loss is minus log p."),
        Fault("logarithm to base 2", "np.log(total)", "np.log2(total)",
              "The natural logarithm is meant, or the gradient is no longer p − y."),
    ),
    after="`SoftmaxCrossEntropy.value` of the package does the same.",
)
def cross_entropy_loss(Z, y):
    """Scores Z (N, k), some of them around ±1500, and labels y (N,) from 0 to k − 1. Return the mean over the
    rows of −log p, with p the softmax of the row at its label."""
    S = Z - Z.max(axis=1, keepdims=True)
    total = np.exp(S).sum(axis=1)
    right = S[np.arange(len(y)), y]
    losses = np.log(total) - right
    return losses.mean()


def _network_and_batch(rng):
    N, d, m, k = sizes(rng, 4)
    return (draw(rng, N, d), rng.integers(0, k, N), 0.5 * draw(rng, d, m), draw(rng, m),
            0.5 * draw(rng, m, k), draw(rng, k))


@function(
    inputs=_network_and_batch,
    returns=("dW1", "db1", "dW2", "db2"),
    hints=(
        "Forward: Z1, A = max(Z1, 0), Z2 = A W2 + b2. Then the gradient with respect to Z2, and back "
        "through both layers.",
        "The gradient with respect to the scores is softmax minus one-hot, divided by N.",
        "dZ1 = (dZ2 @ W2.T) * (A > 0); each W gets what came in, transposed, times its dZ.",
    ),
    mutants=(
        Fault("label not subtracted", "P[np.arange(len(y)), y] -= 1", "P[np.arange(len(y)), y] -= 0",
              "The gradient with respect to the scores is p − y: subtract 1 at the label."),
        Fault("not divided by N", "dZ2 = P / len(X)", "dZ2 = P",
              "The loss is a mean over the rows: its gradient is divided by N."),
        Fault("divided by the classes", "dZ2 = P / len(X)", "dZ2 = P / P.shape[1]",
              "The mean is over the N rows, not over the classes: a published program has this slip."),
        Fault("gate forgotten", "(dZ2 @ W2.T) * (A > 0)", "dZ2 @ W2.T",
              "A closed ReLU lets nothing back: times (A > 0). (A >= 0 is always true, as A is never "
              "negative.)"),
        Fault("softmax down the columns", "P /= P.sum(axis=1, keepdims=True)",
              "P /= P.sum(axis=0, keepdims=True)",
              "The classes of one example are a row: sum along axis 1."),
        Fault("means for sums", ("dZ1.sum(axis=0)", "dZ2.sum(axis=0)"),
              ("dZ1.mean(axis=0)", "dZ2.mean(axis=0)"),
              "b was added to every row, so its gradient is the column sum."),
    ),
    after="A whole network in seven lines. Network.gradients does the same, layer by layer.",
)
def network_gradients(X, y, W1, b1, W2, b2):
    """Scores max(X W1 + b1, 0) W2 + b2, softmax, and the mean cross-entropy with labels y (N,).
    From X (N, d), y, W1 (d, m), b1 (m,), W2 (m, k) and b2 (k,) return dW1, db1, dW2 and db2."""
    A = np.maximum(X @ W1 + b1, 0)
    P = np.exp(A @ W2 + b2)
    P /= P.sum(axis=1, keepdims=True)
    P[np.arange(len(y)), y] -= 1
    dZ2 = P / len(X)
    dZ1 = (dZ2 @ W2.T) * (A > 0)
    return X.T @ dZ1, dZ1.sum(axis=0), A.T @ dZ2, dZ2.sum(axis=0)


slip_in_a_softmax = choice(
    """Scores Z (N, k), labels y (N,). The loss is right while all scores are small. In a batch that has a row
    of scores near 0, it is NaN as soon as the scores of another row are all below −800. Which line is it?
    (a)  E = np.exp(Z - Z.max())
    (b)  P = E / E.sum(axis=1, keepdims=True)
    (c)  L = -np.log(P[np.arange(len(y)), y]).mean()
    (d)  dZ = (P - np.eye(Z.shape[1])[y]) / len(Z)""",
    {"a": "line (a)", "b": "line (b)", "c": "line (c)", "d": "line (d)"},
    "a",
    wrong={
        "b": "The sum of a row, kept as a column: right. But what if all of the row's E are 0?",
        "c": "−log p of the right class, mean over the rows. It is the p that is NaN already.",
        "d": "p − y over N: right, as long as P is.",
    },
    hints=(
        "Take two rows, (0, 1) and (−900, −899), and go through the lines.",
        "The largest score of the whole table is 1. What is e^(−900 − 1)?",
        "Softmax is computed row by row. So is the shift.",
    ),
    after="One maximum for the whole table leaves a low row with 0/0. It needs max(axis=1, keepdims=True).",
)
