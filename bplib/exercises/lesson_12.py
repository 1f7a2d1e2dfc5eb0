"""Lesson 12, automatic differentiation: what each operation sends back, broadcasting, and what modes cost."""

import numpy as np  # noqa: F401  (the mutants use it)

from .task import Fault, choice, draw, function, sizes, value

# fmt: off


def _product(rng):
    n, d, k = sizes(rng, 3)
    return draw(rng, n, k), draw(rng, n, d), draw(rng, d, k)


@function(
    inputs=_product,
    returns=("dA", "dB"),
    hints=(
        "This is lesson 05 with other names: C = A B, and dC is ∂L/∂C.",
        "dA has A's shape (n, d): which product of dC (n, k) and B (d, k) has it?",
        "dA = dC @ B.T and dB = A.T @ dC.",
    ),
    mutants=(
        Fault("operands exchanged", "dC @ B.T, A.T @ dC", "A.T @ dC, dC @ B.T",
              "dA comes first: it has the shape of A, dB that of B."),
        Fault("elementwise transpose lost", "A.T @ dC", "(dC.T @ A).reshape(B.shape)",
              "dCᵀ A is the transpose of what you need; reshape gives it the shape of dB, not its entries."),
        Fault("only one operand", "A.T @ dC", "np.zeros_like(B)",
              "B influences L as much as A does: it gets Aᵀ dC."),
    ),
    after="Every layer's backward in this course is made of such pairs.",
)
def matmul_back(dC, A, B):
    """C = A @ B with A (n, d), B (d, k). From dC = ∂L/∂C (n, k) return dA, dB."""
    return dC @ B.T, A.T @ dC


def _row(rng):
    n, k = sizes(rng, 2)
    return draw(rng, n, k), (k,)


def _column(rng):
    n, k = sizes(rng, 2)
    return draw(rng, n, k), (n, 1)


def _same(rng):
    n, k = sizes(rng, 2)
    return draw(rng, n, k), (n, k)


@function(
    inputs=(_row, _column, _same),
    returns="gradient",
    hints=(
        "A value that was copied along an axis was used once for each copy: the gradients of the copies add.",
        "Two kinds of copies: axes that were missing on the left, and axes of length 1 that were stretched.",
        "while gradient.ndim > len(shape): sum over axis 0; then for every axis where shape is 1: sum with "
        "keepdims=True.",
    ),
    mutants=(
        Fault("mean of the copies", "gradient = gradient.sum(axis=0)", "gradient = gradient.mean(axis=0)",
              "Each use contributes its gradient: they add. A mean would divide by the number of copies."),
        Fault("stretched axes kept", "if n == 1:", "if n == -1:",
              "An axis of length 1 that was stretched must be summed too, or the shape is wrong."),
        Fault("axis lost", "keepdims=True", "keepdims=False",
              "(n, 1) has two axes: keepdims=True keeps the summed one with length 1."),
        Fault("first copy only", "gradient = gradient.sum(axis=0)", "gradient = gradient[0]",
              "The gradient of one copy is not the gradient of the value: all copies add."),
    ),
    after="Broadcasting forward is summing backward; the bias gradient Σₙ dZₙ is this rule.",
)
def unbroadcast(gradient, shape):
    """`gradient` (n, k) belongs to a result of broadcasting a value of `shape`: (k,), (n, 1) or (n, k).
    Return the gradient of that value, in its shape."""
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
