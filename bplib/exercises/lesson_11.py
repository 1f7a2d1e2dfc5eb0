"""Lesson 11, broken in print: a factor, a gradient recovered from a step, and an update made too early."""

import numpy as np

from .kinds import Fault, choice, draw, function, sizes, square

# fmt: off

factor_ten = choice(
    "A published softmax-with-loss checks perfectly on batches. For a single example, kept 1-D, all its "
    "gradients come out exactly ten times too small. There are ten classes. Which line is it?",
    {
        "a": "y = softmax(x)                                   # each row sums to 1",
        "b": "loss = -np.sum(t * np.log(y + 1e-7)) / batch_size",
        "c": "batch_size = self.t.shape[0]; dx = (self.y - self.t) / batch_size",
        "d": "W -= learning_rate * dW",
    },
    "c",
    wrong={
        "a": "Each row is divided by its own sum, one row or many: no factor of ten comes from here.",
        "b": "1e-7 inside the log changes the loss only where y is near 0: no constant factor, and the "
             "gradient does not use this line.",
        "d": "The rate would show in the step, not in the gradient; and batches would suffer too.",
    },
    hints=(
        "What is ten here, and of what is it the length?",
        "For a batch, t is (N, 10). What is t.shape for one 1-D example?",
        "(10,): its first length is the number of classes.",
    ),
    after="t.shape[0] is N for a batch and 10 for one example: rows are examples, so keep X[None, :], a "
          "batch of one.",
)


def _before_and_after(rng):
    d, k = sizes(rng, 2)
    W = draw(rng, d, k)
    eta = float(rng.choice([0.1, 0.05, 0.2]))
    return W, W - eta * draw(rng, d, k), eta


@function(
    inputs=_before_and_after,
    returns="gradient",
    hints=(
        "A program may have no gradient to look at, but it has a step: W before and W after.",
        "W_after = W_before − η · gradient. Solve for the gradient.",
        "(W_before - W_after) / learning_rate.",
    ),
    mutants=(
        Fault("sign", "W_before - W_after", "W_after - W_before",
              "The step goes against the gradient, W_after = W_before − η g: before minus after."),
        Fault("rate forgotten", "(W_before - W_after) / learning_rate", "W_before - W_after",
              "That is the step; the gradient is the step divided by η."),
        Fault("change as it is", "(W_before - W_after) / learning_rate", "W_after - W_before",
              "That is the change of W. It goes against the gradient and is η times as long: undo both."),
        Fault("brackets", "(W_before - W_after) / learning_rate", "W_before - W_after / learning_rate",
              "Division comes before minus: put the difference in brackets."),
        Fault("rate multiplied", "/ learning_rate", "* learning_rate",
              "The step is η times the gradient, so divide by η."),
        Fault("plus for minus", "W_before - W_after", "W_before + W_after",
              "A step is a difference, before minus after."),
        Fault("relative change", "/ learning_rate", "/ learning_rate / W_before",
              "The gradient is the plain change over η, not the change relative to W."),
    ),
    after="Now any program that takes a plain gradient step can be checked.",
)
def recovered_gradient(W_before, W_after, learning_rate):
    """A program took one step of plain gradient descent, from W_before to W_after, both (d, k). Return the
    gradient it must have used."""
    return (W_before - W_after) / learning_rate


def _network_in_columns(rng, sizes=sizes, learning_rate=0.4):  # 0.5 would hide a factor of 2
    d, m, k = sizes(rng, 3)
    target = rng.integers(1, 10, k) / 10
    return draw(rng, d), target, draw(rng, m, d), draw(rng, k, m), learning_rate


def _network_at_another_rate(rng):
    return _network_in_columns(rng, learning_rate=0.7)


@function(
    inputs=(_network_in_columns, _network_at_another_rate, square(_network_in_columns)),
    returns=("V", "W"),
    hints=(
        "The gradients of V and W are those of one network, the one that made this forward pass.",
        "Compute both deltas before either matrix changes: the hidden one needs the old W.",
        "delta2 = (a2 - t) * a2 * (1 - a2); delta1 = (W.T @ delta2) * a1 * (1 - a1); only then the two "
        "updates.",
    ),
    mutants=(
        Fault("stale weights", "(W.T @ delta2)", "((W - learning_rate * np.outer(delta2, a1)).T @ delta2)",
              "W has changed before the hidden error was sent back through it: the hidden layer gets the "
              "gradient of a network that no longer exists. All deltas first, then all updates."),
        Fault("output slope forgotten", "(a2 - t) * a2 * (1 - a2)", "a2 - t",
              "Squared error on a sigmoid keeps the slope: δ₂ = (a₂ − t) a₂(1 − a₂)."),
        Fault("hidden slope forgotten", "(W.T @ delta2) * a1 * (1 - a1)", "W.T @ delta2",
              "The hidden units have a slope too: times a₁(1 − a₁)."),
        Fault("stale V", "dV, dW = np.outer(delta1, x), np.outer(delta2, a1)",
              ("dV = np.outer(delta1, x)\n"
               "    dW = np.outer(delta2, 1 / (1 + np.exp(-((V - learning_rate * dV) @ x))))",
               "dV = np.outer(delta1, x)\n"
               "    a1 = 1 / (1 + np.exp(-((V - learning_rate * dV) @ x)))\n"
               "    a2 = 1 / (1 + np.exp(-(W @ a1)))\n"
               "    dW = np.outer((a2 - t) * a2 * (1 - a2), a1)"),
              "V has changed before W's gradient was taken: that one needs a₁ and a₂ of the forward pass "
              "with the old V."),
        Fault("hidden error without the output slope", "W.T @ delta2", "W.T @ (a2 - t)",
              "What goes back through W is δ₂, slope included, not the bare error a₂ − t."),
        Fault("uphill", "(a2 - t) * a2", "(t - a2) * a2",
              "Both matrices go uphill: with δ₂ = (a₂ − t) … the step is minus; with t − a₂ it would be "
              "plus."),
        Fault("twice the gradient", "(a2 - t) * a2", "2 * (a2 - t) * a2",
              "The ½ of L takes away the 2 of the square: no factor remains."),
        Fault("rate forgotten", "return V - learning_rate * dV, W - learning_rate * dW",
              "return V - dV, W - dW",
              "The step is η times the gradient: learning_rate is missing."),
        Fault("gradients returned", "return V - learning_rate * dV, W - learning_rate * dW", "return dV, dW",
              "Those are the gradients. The new matrices are asked for: old minus η times gradient."),
        Fault("returned in the other order", "return V - learning_rate * dV, W - learning_rate * dW",
              "return W - learning_rate * dW, V - learning_rate * dV",
              "V comes first, then W."),
        Fault("W not transposed", "W.T @ delta2", "W @ delta2",
              "Forward, W leads from hidden units to outputs; back, the sum is over the outputs: Wᵀ δ₂."),
        Fault("slopes of tanh", ("* a2 * (1 - a2)", "* a1 * (1 - a1)"), ("* (1 - a2**2)", "* (1 - a1**2)"),
              "1 − a² is the slope of tanh. These units are sigmoids: a(1 − a)."),
        Fault("outer turned round", ("np.outer(delta1, x)", "np.outer(delta2, a1)"),
              ("np.outer(x, delta1)", "np.outer(a1, delta2)"),
              "V has one row per hidden unit and one column per input, W alike: np.outer(δ, what came in)."),
    ),
    after="At the published rate, 0.001, accuracy does not show this slip: a gradient check does.",
)
def simultaneous_step(x, t, V, W, learning_rate):
    """One sample, in columns, no bias: a1 = σ(V x), a2 = σ(W a1), L = ½‖a2 − t‖². Take one step of gradient
    descent and return the new V and W; the old arrays stay as they are."""
    a1 = 1 / (1 + np.exp(-(V @ x)))
    a2 = 1 / (1 + np.exp(-(W @ a1)))
    delta2 = (a2 - t) * a2 * (1 - a2)
    delta1 = (W.T @ delta2) * a1 * (1 - a1)
    dV, dW = np.outer(delta1, x), np.outer(delta2, a1)
    return V - learning_rate * dV, W - learning_rate * dW


unseen_by_the_check = choice(
    "Four programs are checked against central differences, on fresh random inputs. Which mistake passes?",
    {
        "a": "ReLU's gate is `output >= 0`",
        "b": "the outputs pass a sigmoid, and then softmax with cross-entropy",
        "c": "W takes its step before the hidden error crosses it",
        "d": "the hidden layer's dropout doubles forward, and not backward",
    },
    "b",
    wrong={
        "a": "The gate stands open where the forward pass is shut: units with z < 0 get a gradient that the "
             "differences do not see.",
        "c": "The hidden gradient is that of another network, with an error proportional to η: the check "
             "refuses it.",
        "d": "Going back, half of the hidden gradient is missing: an error of one half.",
    },
    hints=(
        "The check compares a program's backward pass with its own forward pass.",
        "In which program do the two belong together?",
        "It is the loss that is wrong there, not the slope of it.",
    ),
    after="A gradient check cannot know which loss you wanted. A floor of 1.461 under the loss can tell.",
)


def _lost_sign(rng):
    n = draw(rng, *sizes(rng, 2))
    return float(rng.choice([-0.5, -2.0])) * n, n  # −1 is its own reciprocal


def _off_by_a_factor(rng):
    n = draw(rng, *sizes(rng, 2))
    return float(rng.choice([0.1, 0.5, 2.0, 7.0])) * n, n


def _off_in_other_ways(rng):
    a, n = _off_by_a_factor(rng)
    a[0, 0] += 1.0
    return a, n


def _off_by_a_third(rng):
    """A factor that is no round number, to within round-off."""
    n = draw(rng, *sizes(rng, 2))
    return n / 3 + 1e-9 * draw(rng, *n.shape), n


def _nearly_a_factor(rng):
    a, n = _off_by_a_factor(rng)
    a[0, 0] += 1e-3 * np.abs(n).max()
    return a, n


def _all_zero(rng):
    n = draw(rng, *sizes(rng, 2))
    return 0.0 * n, n


@function(
    inputs=(_off_by_a_factor, _off_in_other_ways, _lost_sign, _all_zero, _nearly_a_factor, _off_by_a_third),
    returns="factor",
    hints=(
        "Which c makes c n come nearest to a, in the sense of least squares?",
        "c = Σ a n / Σ n². Then look at the largest entry of |a − c n|.",
        "If that is above 1e-6 of the largest |n|, return 0.0, else c.",
    ),
    mutants=(
        Fault("other way round", "np.sum(a * n) / np.sum(n * n)", "np.sum(n * n) / np.sum(a * n + 1e-300)",
              "That is n over a. The factor says what to multiply the true gradient by to get yours."),
        Fault("never refused", "return 0.0", "return c",
              "Where no factor explains the difference, the answer is 0: the fault is of another kind."),
        Fault("far from the factor", "1e-6 *", ("0.2 *", "0.1 *", "1e-2 *"),
              "Within 1e-6 of the largest |n|: what is off by more is explained by no factor."),
        Fault("to the last digit", "rest > 1e-6 * np.abs(n).max()", "rest > 0",
              "Two ways to compute one number differ in the last digits. Within 1e-6 of the largest |n| is "
              "near enough."),
        Fault("lost sign", "return c\n", "return abs(c)\n",
              "A factor of −1 is a lost sign, and the most useful thing to be told."),
        Fault("ratio of sizes", "np.sum(a * n) / np.sum(n * n)", "np.sqrt(np.sum(a * a) / np.sum(n * n))",
              "The ratio of the lengths never is negative, and does not ask whether the directions agree."),
    ),
    after="0.1 with ten classes, 1/7 with seven rows, ½ for a ½ forgotten in the loss, 2 for one forgotten "
          "on the way back: factors tell who divided.",
)
def factor_between(a, n):
    """a is the gradient by somebody's backward, n by nudging, of one shape. If a = c n to within 1e-6 of
    the largest |n|, c is the answer. If no factor explains the difference, 0.0 is."""
    c = np.sum(a * n) / np.sum(n * n)
    rest = np.abs(a - c * n).max()
    if rest > 1e-6 * np.abs(n).max():
        return 0.0
    return c
