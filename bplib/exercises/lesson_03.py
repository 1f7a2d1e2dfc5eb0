"""Lesson 03, gradient descent: a lost sign, what it does to one step, and how large a step may be."""

import numpy as np

from .kinds import Fault, choice, draw, expression, function, sizes, value

# fmt: off

squared_error_sign = expression(
    "Differentiate (y − ŷ)² with respect to ŷ. Use sympy's symbols y and y_hat; no diff in the result.",
    "y y_hat", "-2*(y - y_hat)",
    working="Outer derivative 2(y − ŷ), inner derivative of y − ŷ with respect to ŷ: −1.",
    hints=(
        "There is a square outside and a difference inside.",
        "The outer derivative is 2(y − ŷ). What is the derivative of y − ŷ with respect to ŷ?",
        "It is −1: ŷ stands behind a minus.",
    ),
    mutants=(
        ("2*(y - y_hat)", "The inner derivative is missing: ŷ stands behind a minus, which gives the factor "
                          "−1. A published post prints it like this, and its rule would climb."),
        ("-(y - y_hat)", "That is the derivative of ½(y − ŷ)²; without the ½ the 2 stays."),
        ("y_hat - y**2", "The square is of the whole bracket."),
        ("-2*y_hat", "y does not vanish: the bracket y − ŷ stays as a factor."),
    ),
    after="Which is 2(ŷ − y), positive when ŷ is too large: going against it makes ŷ smaller.",
)

loss_after_step = value(
    "L = (y − ŷ)² with y = 1, and ŷ itself is what we change: ŷ = 0.2. Take one step of gradient descent "
    "with η = 0.1. What is L after it?",
    0.4096,
    working="∂L/∂ŷ = −2(1 − 0.2) = −1.6, so ŷ becomes 0.2 + 0.16 = 0.36, and L = 0.64² = 0.4096 (0.64 "
            "before).",
    hints=(
        "First the gradient at ŷ = 0.2, then the new ŷ, then L there.",
        "∂L/∂ŷ = −2(y − ŷ) = −1.6. A step is ŷ ← ŷ − η ∂L/∂ŷ.",
        "ŷ becomes 0.2 − 0.1 · (−1.6).",
    ),
    mutants=(
        (0.9216, "The loss has grown from 0.64: with the sign lost, 2(y − ŷ), the step goes the wrong way."),
        (0.64, "That is the loss before the step. (A step with η = 1 ends there too: η is 0.1.)"),
        (0.5184, "You have stepped with half the gradient: the derivative of a square brings a factor 2."),
        (0.7744, "ŷ has gone the wrong way, and by half a step: the square brings a 2, and the step goes "
                 "against the gradient."),
        (0.48, "You have taken η times the size of the gradient, 0.16, off the loss: it is ŷ that takes the "
               "step."),
        (0.8, "That is the loss minus η times the gradient: it is ŷ that takes the step."),
        (0.36, "That is ŷ after the step; the loss is (1 − 0.36)²."),
    ),
    after="It was 0.64. With the sign lost it would be 0.9216.",
)

largest_rate = value(
    "L = 2w². Above which learning rate does gradient descent diverge?",
    0.5,
    working="L = ½cw² with c = 4: w ← (1 − 4η) w, which shrinks while |1 − 4η| < 1, that is while η < 2/4.",
    hints=(
        "Write one step: w ← w − η · ∂L/∂w, with w taken out as a factor.",
        "w ← (1 − 4η) w. For which η does that shrink in absolute value?",
        "|1 − 4η| = 1 has two solutions; one of them is η = 0.",
    ),
    mutants=(
        (0.25, "At 0.25 one step lands exactly in the minimum. Beyond it w changes sign at each step, but "
               "still shrinks, until |1 − 4η| reaches 1."),
        (1, "That is 2/c for c = 2. In ½cw² = 2w² the c is 4: the slope is 4w, not 2w."),
        (2, "η < 2/c: what is c, if ½cw² = 2w²?"),
        (4, "That is the curvature c; the limit is 2/c."),
        (0.125, "Smaller than need be: where does |1 − 4η| reach 1?"),
    ),
    after="η < 2/c, and c is the curvature: the more the valley bends, the smaller the step.",
)

logistic_slope = expression(
    "ŷ = σ(z) and L = −y log ŷ − (1 − y) log(1 − ŷ). Give ∂L/∂z in the symbols y and y_hat.",
    "y y_hat", "y_hat - y",
    working="∂L/∂ŷ = (ŷ − y)/(ŷ(1 − ŷ)), ∂ŷ/∂z = ŷ(1 − ŷ); in the product the slope cancels.",
    hints=(
        "Two steps of the chain rule: ∂L/∂ŷ, then ∂ŷ/∂z.",
        "∂L/∂ŷ = −y/ŷ + (1 − y)/(1 − ŷ). Bring it to one denominator.",
        "∂ŷ/∂z = ŷ(1 − ŷ) is just that denominator.",
    ),
    mutants=(
        ("y - y_hat", "The sign: where ŷ is too large, L must grow with z."),
        ("(y_hat - y)*y_hat*(1 - y_hat)", "That is squared error's gradient. Here the loss brings a "
                                          "denominator ŷ(1 − ŷ), which cancels σ′."),
        ("2*(y_hat - y)*y_hat*(1 - y_hat)", "That is squared error through a sigmoid. Cross-entropy brings a "
                                            "denominator ŷ(1 − ŷ), which cancels σ′."),
        ("y_hat*(1 - y_hat)", "That is ∂ŷ/∂z, the second step. The first, ∂L/∂ŷ, is still to be multiplied."),
        ("(y_hat - y)/(y_hat*(1 - y_hat))", "That is ∂L/∂ŷ. One step is left, from ŷ to z: times ŷ(1 − ŷ)."),
    ),
    after="σ′ cancels: a unit that is wrong and saturated still learns.",
)


def _points(rng, learning_rate=0.1):
    N = int(rng.integers(4, 8))
    w, b = (float(v) for v in draw(rng, 2))
    return w, b, draw(rng, N), draw(rng, N) + 1.0, learning_rate, int(rng.integers(2, 5))


def _points_at_another_rate(rng):
    return _points(rng, 0.2)


@function(
    inputs=(_points, _points_at_another_rate),
    returns=("w", "b"),
    hints=(
        "The error of row n is w x + b − y. Both slopes are made of it.",
        "∂L/∂w is the mean of error times x, ∂L/∂b is the mean of the error.",
        "Compute both slopes before you change w or b; then step against them.",
    ),
    mutants=(
        Fault("uphill", ("w - learning_rate * np.mean(error * X)", "b - learning_rate * np.mean(error)"),
              ("w + learning_rate * np.mean(error * X)", "b + learning_rate * np.mean(error)"),
              "That climbs: a step goes against the slope."),
        Fault("one after the other",
              "w, b = w - learning_rate * np.mean(error * X), b - learning_rate * np.mean(error)",
              "w = w - learning_rate * np.mean(error * X)\n"
              "        b = b - learning_rate * np.mean(w * X + b - y)",
              "b has stepped by the error of the new w. Both slopes belong to the same point: compute them "
              "first, then step."),
        Fault("sums for means", ("np.mean(error * X)", "np.mean(error)"),
              ("np.sum(error * X)", "np.sum(error)"),
              "L is a mean over the N rows, and so are its slopes."),
        Fault("twice the slope", ("np.mean(error * X)", "np.mean(error)"),
              ("2 * np.mean(error * X)", "2 * np.mean(error)"),
              "The ½ in L cancels the 2 of the square: the slope is the error itself."),
        Fault("input forgotten", "np.mean(error * X)", "np.mean(error)",
              "z = w x + b has the slope x with respect to w: multiply the error by X."),
        Fault("one step", "range(steps)", "range(1)",
              "That is one step. Return after the loop."),
    ),
    after="Lesson 08 writes this loop for batches.",
)
def descend(w, b, X, y, learning_rate, steps):
    """One neuron z = w x + b without activation, on rows X (N,) with targets y (N,), and
    L = 1/(2N) Σ (z − y)². Take `steps` steps of gradient descent on all rows and return w and b."""
    for _ in range(steps):
        error = w * X + b - y
        w, b = w - learning_rate * np.mean(error * X), b - learning_rate * np.mean(error)
    return w, b


def _logits(rng):
    N, k = sizes(rng, 2)
    return 3 * draw(rng, N, k), rng.integers(0, 2, (N, k)).astype(float)


def _large_logits(rng):
    """At |z| = 1000 the probability is rounded to 0 or 1, and its log is gone."""
    Z, Y = _logits(rng)
    Z[0, 0], Y[0, 0], Z[-1, -1], Y[-1, -1] = 1000.0, 0.0, -1000.0, 1.0
    return Z, Y


@function(
    inputs=(_logits, _large_logits),
    returns=("L", "dZ"),
    hints=(
        "From ŷ the log is lost where ŷ is rounded to 0 or 1. Take z itself.",
        "−y log σ(z) − (1 − y) log(1 − σ(z)) is max(z, 0) − z y + log(1 + e^(−|z|)), for both signs of z.",
        "Divide the sum over all entries by the rows, len(Z), and dZ = (σ(Z) − Y)/len(Z).",
    ),
    mutants=(
        Fault("from the probability", "np.maximum(Z, 0) - Z * Y + np.log1p(np.exp(-np.abs(Z)))",
              "-Y * np.log(1 / (1 + np.exp(-Z))) - (1 - Y) * np.log(1 - 1 / (1 + np.exp(-Z)))",
              "At |z| = 1000 the probability is rounded to 0 or 1, and its log is −∞; or e^|z| is ∞. Take "
              "max(z, 0) out: then only e^(−|z|) is left."),
        Fault("mean over all entries", "losses.sum() / len(Z)", "losses.mean()",
              "The loss sums over the outputs and takes the mean over the rows: divide by len(Z)."),
        Fault("not divided", ("losses.sum() / len(Z)", "(Y_hat - Y) / len(Z)"), ("losses.sum()", "Y_hat - Y"),
              "Loss and gradient are means over the N rows."),
        Fault("sigmoid's slope kept", "(Y_hat - Y) / len(Z)", "(Y_hat - Y) * Y_hat * (1 - Y_hat) / len(Z)",
              "With this loss the slope of the sigmoid cancels: ∂L/∂z = ŷ − y."),
        Fault("sign", "(Y_hat - Y)", "(Y - Y_hat)",
              "It is ŷ − y: where the answer is too high, a larger z makes the loss larger."),
        Fault("targets exchanged", "- Z * Y", "- Z * (1 - Y)",
              "The linear term is − z y: a row with y = 1 pays nothing for a large z."),
    ),
    after="BinaryCrossEntropy of the package computes the same.",
)
def logistic_loss(Z, Y):
    """Binary cross-entropy from logits Z (N, k) and Y (N, k) of zeros and ones: a sum over the k outputs, a
    mean over the rows. Return L and dZ = ∂L/∂Z (N, k). Some entries of Z are ±1000."""
    losses = np.maximum(Z, 0) - Z * Y + np.log1p(np.exp(-np.abs(Z)))
    Y_hat = 1 / (1 + np.exp(-Z))
    L = losses.sum() / len(Z)
    dZ = (Y_hat - Y) / len(Z)
    return L, dZ


slip_in_a_program = choice(
    """A neuron z = w x + b is to learn y, with L = 1/(2N) Σ (z − y)², and at every learning rate its loss
    grows without end, sooner or later. Which line is it?
    (a)  e = w * X + b - y
    (b)  dw = np.mean(e * X)
    (c)  db = np.mean(e)
    (d)  w, b = w + eta * dw, b - eta * db""",
    {"a": "line (a)", "b": "line (b)", "c": "line (c)", "d": "line (d)"},
    "d",
    wrong={
        "a": "z − y is the slope of ½(z − y)² with respect to z: right.",
        "b": "z has the slope x with respect to w, and the mean over the rows is in L: right.",
        "c": "z has the slope 1 with respect to b: right.",
    },
    hints=(
        "If the slopes are right, a short step along minus the gradient makes L smaller.",
        "Check the two slopes by a nudge in your head: they are right.",
        "Compare the two signs in the last line.",
    ),
    after="w climbs while b descends. At a small rate the loss may even fall for a while, by b alone.",
)
