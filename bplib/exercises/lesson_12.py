"""Lesson 12, automatic differentiation: what each operation sends back, broadcasting, and what modes cost."""

import numpy as np

from .kinds import Fault, choice, draw, function, sizes, value

# fmt: off


def _some_rows(rng):
    N, d = sizes(rng, 2)
    rows = rng.permutation(N + 1)
    rows[:2] = rows[-1]  # one row three times, two never
    return draw(rng, N + 1, d), draw(rng, N + 1, d), rows


def _more_picks_than_rows(rng):
    """C has more rows than A: each gradient has the shape of its own."""
    _, A, rows = _some_rows(rng)
    rows = np.r_[rows, rows[:2]]
    return draw(rng, len(rows), A.shape[1]), A, rows


@function(
    inputs=(_some_rows, _more_picks_than_rows),
    returns="dA",
    hints=(
        "Row i of C is a copy of row rows[i] of A. What does a row of A get that was never picked?",
        "dA starts as zeros in the shape of A; each row of dC goes to the row from which it was picked.",
        "A row that was picked twice collects twice: for row, d in zip(rows, dC): dA[row] += d.",
    ),
    mutants=(
        Fault("overwritten", "np.add.at(dA, rows, dC)", "dA[rows] += dC",
              "A row that was picked three times collects three gradients: they add. Here one of them is "
              "left. (In a loop it is dA[row] += d, not = d. `dA[rows] += dC` reads all rows first and "
              "writes them back afterwards; np.add.at(dA, rows, dC) adds every one.)"),
        Fault("mean of the copies", "np.add.at(dA, rows, dC)",
              "np.add.at(dA, rows, dC / np.bincount(rows, minlength=len(A))[rows][:, None])",
              "Gradients add where a value was used several times: a sum, not a mean."),
        Fault("A left in it", "np.zeros_like(A)", "A.copy()",
              "dA must start from zeros. Yours starts from A, whose values are still in it."),
        Fault("shape of dC", "np.zeros_like(A)", "np.zeros_like(dC)",
              "dA has the shape of A; C can have more rows than A, or fewer."),
        Fault("forward once more", "np.add.at(dA, rows, dC)", "dA = A[rows]",
              "That is C, the forward pass. dC goes back to the rows of A it was picked from."),
        Fault("row of the wrong number", "np.add.at(dA, rows, dC)", "np.add.at(dA, rows, dC[rows])",
              "Row i of dC goes to row rows[i] of dA: i counts the picks, rows[i] is where each came from."),
        Fault("picked again", "np.add.at(dA, rows, dC)", "dA = dC[rows]",
              "That picks rows of dC. Gradients go the other way: row i of dC to row rows[i] of dA."),
        Fault("not sent back", "np.add.at(dA, rows, dC)", "dA = dC.copy()",
              "Row i of C came from row rows[i] of A, and its gradient goes back there."),
    ),
    after="PyTorch's tables of words (Embedding) send their gradients back so.",
)
def pick_back(dC, A, rows):
    """C = A[rows] picks rows of A (N, d) by their numbers, some more than once. From dC = ∂L/∂C return dA."""
    dA = np.zeros_like(A)
    np.add.at(dA, rows, dC)
    return dA


def _row(rng):
    n, k = sizes(rng, 2)
    return draw(rng, n, k), (k,)


def _column(rng):
    n, k = sizes(rng, 2)
    return draw(rng, n, k), (n, 1)


def _same(rng):
    n, k = sizes(rng, 2)
    return draw(rng, n, k), (n, k)


def _stretched_row(rng):
    n, k = sizes(rng, 2)
    return draw(rng, n, k), (1, k)


def _stretched_number(rng):
    return draw(rng, *sizes(rng, 2)), (1, 1)


def _number(rng):
    return draw(rng, *sizes(rng, 2)), ()


# the two halves of the solution, which some slips replace
_MISSING = """while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    """
_STRETCHED = """for axis, n in enumerate(shape):
        if n == 1:
            gradient = gradient.sum(axis=axis, keepdims=True)"""


@function(
    inputs=(_row, _column, _same, _stretched_row, _stretched_number, _number),
    returns="gradient",
    hints=(
        "A value that was copied along an axis was used once for each copy: the gradients of the copies add.",
        "Two kinds of copies: axes that were missing on the left, and axes of length 1 that were stretched.",
        "while gradient.ndim > len(shape): sum over axis 0; then for every axis where shape is 1: sum with "
        "keepdims=True.",
    ),
    mutants=(
        Fault("mean of the copies", ("gradient = gradient.sum(axis=0)", "sum(axis=axis, keepdims=True)"),
              ("gradient = gradient.mean(axis=0)", "mean(axis=axis, keepdims=True)"),
              "Each use contributes its gradient: they add. A mean would divide by the number of copies."),
        Fault("stretched axes kept", "if n == 1:", "if n == -1:",
              "An axis of length 1 that was stretched must be summed too, or the shape is wrong."),
        Fault("axis lost", _STRETCHED,
              (_STRETCHED.replace(", keepdims=True", ""),
               "gradient = gradient.sum(axis=tuple(axis for axis, n in enumerate(shape) if n == 1))"),
              "(n, 1) has two axes, and so have (1, k) and (1, 1): keepdims=True keeps a summed axis with "
              "length 1."),
        Fault("first copy only",
              ("gradient = gradient.sum(axis=0)", "gradient.sum(axis=axis, keepdims=True)"),
              ("gradient = gradient[0]", "np.take(gradient, [0], axis=axis)"),
              "The gradient of one copy is not the gradient of the value: all copies add."),
        Fault("one missing axis only", "while gradient.ndim", "if gradient.ndim",
              "A number, shape (), misses two axes on the left: sum over axis 0 as long as one is missing."),
        Fault("everything summed", "return gradient", "return np.full(shape, gradient.sum())",
              "The copies of one entry add, and no others: sum along the axes that were missing or stretched "
              "alone."),
        Fault("always over the rows", _MISSING + _STRETCHED, "gradient = gradient.sum(axis=0)",
              "Sum over the rows only where they are copies: where the axis was missing, or had length 1."),
        Fault("reshaped", _MISSING + _STRETCHED, "gradient = gradient.reshape(shape)",
              "reshape moves numbers about and adds none up: n·k of them do not fit into fewer places."),
    ),
    after="Broadcasting forward is summing backward; the bias gradient Σₙ dZₙ is this rule.",
)
def unbroadcast(gradient, shape):
    """`gradient` (n, k) belongs to a result of broadcasting a value of `shape`: (k,), (n, 1), (1, k), (1, 1),
    () or (n, k). Return the gradient of that value, in its shape."""
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient


forward_passes = value(
    "The gradient of one loss by all 52 650 parameters of a 784-64-32-10 network, by forward mode: how many "
    "passes through the network does it take?",
    52650,
    working="Forward mode carries the derivative by one direction; each parameter is a direction.",
    hints=(
        "Forward mode carries one direction v and gives J v.",
        "A direction that moves one parameter gives one entry of the gradient.",
        "One pass for each parameter.",
    ),
    mutants=(
        (1, "That is reverse mode: one pass back gives the gradient by everything."),
        (2, "That would be reverse mode: once forward, once back."),
        (105300, "That is central differences, two passes for each. Forward mode needs one, and is exact."),
        (10, "Ten is the number of outputs: that is what reverse mode pays for a whole Jacobian."),
    ),
    after="Reverse mode pays for outputs, forward mode for inputs. A loss has one output.",
)

why_wait = choice(
    "Going backward, a node may send its gradient on only after all nodes that use it were handled. Why?",
    {
        "a": "its value is not known before",
        "b": "its gradient is a sum over its uses, and not yet complete",
        "c": "Python's recursion would be too deep",
        "d": "the nodes that use it would be handled twice",
    },
    "b",
    wrong={
        "a": "All values are known after the forward pass.",
        "c": "A recursive order can be right as well; deep graphs are another problem.",
        "d": "Handling a node twice is what happens to *this* node if it does not wait.",
    },
    hints=(
        "What is the gradient of a value that is used twice?",
        "In (x + y)(x + z), what would x's gradient be after the first of its two uses?",
        "Gradients add where a variable forks; half a sum must not be sent on.",
    ),
    after="That is why the tape is unwound in the reverse of the order in which it was written.",
)
