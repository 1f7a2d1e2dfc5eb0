"""Lesson 12, automatic differentiation: what each operation sends back, broadcasting, and what modes cost."""

import numpy as np

from .kinds import Fault, choice, draw, function, sizes, square, value

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
    "The gradient of one loss with respect to all 52 650 parameters of a 784-64-32-10 network, by forward "
    "mode: how many passes through the network does it take?",
    52650,
    working="Forward mode carries the derivative along one direction; each parameter is a direction.",
    hints=(
        "Forward mode carries one direction t and gives J t.",
        "A direction that moves one parameter gives one entry of the gradient.",
        "One pass for each parameter.",
    ),
    mutants=(
        (1, "That is reverse mode: one pass back gives the gradient with respect to everything."),
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


def _two_arrays(rng, sizes=sizes):
    n, k = sizes(rng, 2)
    A, B = draw(rng, n, k), draw(rng, n, k)
    B[0, 0], A[-1, -1] = A[0, 0] - 0.5, B[-1, -1] - 0.5  # each is the larger one somewhere
    return draw(rng, n, k), A, np.where(A == B, B + 0.1, B)


@function(
    inputs=(_two_arrays, _two_arrays, square(_two_arrays)),
    returns=("dA", "dB"),
    hints=(
        "At each place only one of the two went on to C. Which one does C move with?",
        "A gate for A is open where A > B; the gate for B is open everywhere else.",
        "from_A = A > B; dA = dC * from_A; dB = dC * ~from_A.",
    ),
    mutants=(
        Fault("both let through", "dC * ~from_A", "dC * 1.0",
              "Where A is the larger one, C does not move with B: nothing goes back to B there."),
        Fault("exchanged", "from_A = A > B", "from_A = A < B",
              "The gates are exchanged: the larger one went on, and it gets the gradient."),
        Fault("shared in halves", ("dA = dC * from_A", "dB = dC * ~from_A"), ("dA = dC / 2", "dB = dC / 2"),
              "The larger one alone made C: it gets all of dC, and the other nothing."),
        Fault("gate on the sign", "from_A = A > B", "from_A = A > 0",
              "That is ReLU's gate, which compares with 0. Here A is compared with B."),
        Fault("times the value", "dC * from_A", "dC * from_A * A",
              "The slope of max with respect to the larger one is 1, whatever its value."),
    ),
    after="ReLU is max(Z, 0), and its gate is this one with B = 0.",
)
def maximum_back(dC, A, B):
    """C = np.maximum(A, B), entry by entry, all (n, k), and nowhere equal. From dC return dA and dB."""
    from_A = A > B
    dA = dC * from_A
    dB = dC * ~from_A
    return dA, dB


def _summed_down(rng, sizes=sizes):
    n, k = sizes(rng, 2)
    return draw(rng, k), draw(rng, n, k), 0


def _summed_across(rng, sizes=sizes):
    n, k = sizes(rng, 2)
    return draw(rng, n), draw(rng, n, k), 1


@function(
    inputs=(_summed_down, _summed_across, square(_summed_across)),
    returns="dA",
    hints=(
        "Each entry of A went into one sum, with slope 1. What comes back to it?",
        "It is the gradient of the sum that it went into: dC, copied along the axis that was summed.",
        "np.expand_dims(dC, axis) has that axis again, with length 1; np.broadcast_to copies it.",
    ),
    mutants=(
        Fault("copied along the other axis", "np.expand_dims(dC, axis)", "np.expand_dims(dC, 1 - axis)",
              "The copies run along the axis that was summed, and not along the other one."),
        Fault("divided among them", "np.broadcast_to(column, A.shape)",
              "np.broadcast_to(column, A.shape) / A.shape[axis]",
              "That belongs to a mean. In a sum every entry has slope 1."),
        Fault("always rows", "np.expand_dims(dC, axis)", "dC[None, :]",
              "That is right for axis 0 alone. For axis 1, dC is a column: expand the axis that was summed."),
        Fault("times the value", "np.broadcast_to(column, A.shape)", "np.broadcast_to(column, A.shape) * A",
              "A sum moves by as much as its entry does: the slope is 1, whatever the value of A."),
        Fault("one entry alone", "np.broadcast_to(column, A.shape)",
              "np.where(np.arange(A.shape[axis]).reshape((-1, 1) if axis == 0 else (1, -1)) == 0, "
              "column, 0.0)",
              "Every entry of the axis took part in the sum, not the first one alone."),
    ),
    after="Copy forward, sum back; sum forward, copy back.",
)
def sum_back(dC, A, axis):
    """C = A.sum(axis=axis) with A (n, k) and axis 0 or 1. From dC, which has the
    one axis that is left, return dA as an array of its own."""
    column = np.expand_dims(dC, axis)
    copies = np.broadcast_to(column, A.shape)
    dA = np.array(copies)
    return dA


def _stack_of_matrices(rng, sizes=sizes):
    s, n, d, k = sizes(rng, 4)
    return draw(rng, s, n, k), draw(rng, s, n, d), draw(rng, d, k)


@function(
    inputs=(_stack_of_matrices, _stack_of_matrices, square(_stack_of_matrices)),
    returns=("dA", "dB"),
    hints=(
        "For one matrix of the stack you know both: dC Bᵀ and Aᵀ dC.",
        "B was used for every matrix of the stack: broadcast forward, so its gradients add.",
        "dA = dC @ B.T; each = A.swapaxes(1, 2) @ dC is (s, d, k); dB = each.sum(axis=0).",
    ),
    mutants=(
        Fault("B not transposed", "dC @ B.T", "dC @ B",
              "Back through a matrix the other way round: dC Bᵀ."),
        Fault("mean over the stack", "each.sum(axis=0)", "each.mean(axis=0)",
              "Each matrix of the stack used B, and the contributions add."),
        Fault("first of the stack", "each.sum(axis=0)", "each[0]",
              "Each matrix of the stack used B. Add all of their contributions."),
        Fault("A not transposed", "A.swapaxes(1, 2) @ dC", "A @ dC",
              "For each matrix of the stack it is Aᵀ dC: swap the last two axes of A."),
        Fault("product the other way round", "A.swapaxes(1, 2) @ dC", "dC.swapaxes(1, 2) @ A",
              "That is the transpose of what each matrix contributes: Aᵀ dC."),
        Fault("entry by entry", "dC @ B.T", "dC * B",
              "`*` multiplies entry by entry. A matrix product goes back by a matrix product."),
    ),
    after="unbroadcast would have summed for you: B lacks the axis of the stack.",
)
def stack_back(dC, A, B):
    """C = A @ B for a stack of matrices: A (s, n, d), B (d, k), C (s, n, k). From dC return dA and dB."""
    dA = dC @ B.T
    each = A.swapaxes(1, 2) @ dC
    dB = each.sum(axis=0)
    return dA, dB


def _tape(rng):
    """Seven nodes under arbitrary numbers: a parent may have a larger number than its child.

    The root has a way to one of its parents that is shorter than all others: who is reached first has not
    received everything yet.
    """
    n = 7
    numbers = rng.permutation(n)
    parents, slopes = [[] for _ in range(n)], [[] for _ in range(n)]
    for child in range(2, n):
        for parent in (child - 1, int(rng.integers(0, child) if child < n - 1 else rng.integers(2, n - 3))):
            parents[numbers[child]].append(int(numbers[parent]))
            slopes[numbers[child]].append(float(draw(rng)))
    return parents, slopes, int(numbers[n - 1])


def _deep_tape(rng):
    """A chain that is deeper than Python's stack."""
    n = 3000
    return [[i + 1] if i < n - 1 else [] for i in range(n)], [[1.0]] * (n - 1) + [[]], 0


@function(
    inputs=(_tape, _tape, _deep_tape),
    returns="gradients",
    trials=4,
    hints=(
        "A node may pass its gradient on when all nodes that use it have sent theirs. So first an order: "
        "every node after its parents.",
        "Keep a stack of your own. A node is pushed, then pushed once more under its parents; when it "
        "comes up the second time it goes on the list.",
        "Then from the end of the list: gradients[parent] += slope * gradients[node].",
    ),
    mutants=(
        Fault("overwritten at the fork", "gradients[parent] += slope", "gradients[parent] = slope",
              "A node that is used twice receives two contributions: +=."),
        Fault("in the order of the list", "in reversed(order)", "in order",
              "Parents send there before the nodes that use them, and nothing has arrived yet. Go from the "
              "root on: every node after all those that use it."),
        Fault("sent too early", "order, done, stack = [], set(), [(root, False)]",
              "order, done, stack = [root], {root}, []\n    for node in order:\n        for parent in "
              "parents[node]:\n            if parent not in done:\n                done.add(parent)\n"
              "                order.append(parent)\n    order.reverse()",
              "Who is reached first does not send first: a node may send when all nodes that use it have "
              "sent, or it hands on a part of its gradient."),
        Fault("slopes alone", "slope * gradients[node]", "slope",
              "The chain rule multiplies each slope by what has arrived at the node."),
        Fault("by their numbers", "in reversed(order)", "in range(len(parents))",
              "The numbers of the nodes say nothing about who uses whom. Take the order that you made."),
        Fault("root left at 0", "gradients[root] = 1.0", "gradients[root] = 0.0",
              "The root's gradient with respect to itself is 1, or there is nothing to pass on."),
    ),
    after="No depth is too deep for it: the stack is a list of yours.",
)
def tape_gradients(parents, slopes, root):
    """parents[i] is the list of the parents of node i, slopes[i] that of the
    slopes with respect to them; the numbers of the nodes are in no order, a graph
    may be 3 000 nodes deep. Return a list, one number for each node: the gradient of
    node `root` with respect to it, which is 0 where `root` does not depend on it."""
    order, done, stack = [], set(), [(root, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif node not in done:
            done.add(node)
            stack += [(node, True)] + [(parent, False) for parent in parents[node]]
    gradients = [0.0] * len(parents)
    gradients[root] = 1.0
    for node in reversed(order):
        for parent, slope in zip(parents[node], slopes[node], strict=True):
            gradients[parent] += slope * gradients[node]
    return gradients


slip_on_a_tape = choice(
    """A program trains on the lesson's tape. Its results are right, but every step takes longer than the one
    before, and in the end the memory is full. Which line is it?
    (a)  loss = cross_entropy(tanh(X @ W + b) @ V, labels)
    (b)  backward(loss)
    (c)  W = W - 0.1 * W.gradient             # W is a Tensor, and so is the new W
    (d)  losses.append(float(loss.value))""",
    {"a": "line (a)", "b": "line (b)", "c": "line (c)", "d": "line (d)"},
    "c",
    wrong={
        "a": "This builds the tape of one step: as long as W, b and V are leaves, it is always as long.",
        "b": "This walks the tape once. How long is the tape?",
        "d": "float(…) keeps the number alone, and lets the tape go.",
    },
    hints=(
        "What are the parents of W after the first step?",
        "The new W is the result of an operation of Tensors. What does it remember?",
        "A step is no part of the loss: it must not be written on the tape.",
    ),
    after="W grows a tape of all steps so far. Step on the values, W = Tensor(W.value − 0.1 W.gradient). "
          "That is what no_grad is for in PyTorch.",
)


nudge_at_a_tie = value(
    "f(a, b) = max(a, b) at a = b = 1. One tape gives ∂f/∂a = 1 there, another 0, as its gate is written. "
    "Which number does a central difference give, with any step h?",
    0.5,
    working="(max(1 + h, 1) − max(1 − h, 1))/(2h) = h/(2h) = ½.",
    hints=(
        "Move a alone, up by h and down by h. b stays at 1.",
        "Up: max is 1 + h. Down: max is 1.",
        "(1 + h − 1)/(2h)",
    ),
    mutants=(
        (1, "That is the slope from the right alone. The central difference also goes to the left, where f "
            "is flat."),
        (0, "That is the slope from the left alone. The central difference also goes to the right, where f "
            "rises."),
        (2, "The way from 1 − h to 1 + h is 2h long: divide by it."),
    ),
    after="Neither tape is wrong, and the comparison fails all the same: keep away from ties, as from kinks.",
)
