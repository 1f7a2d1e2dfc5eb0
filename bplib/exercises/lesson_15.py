"""Lesson 15, depth: the factor of a layer, a residual block, ways through blocks, what exists unfound."""

from itertools import pairwise

import numpy as np

from .kinds import Fault, choice, draw, function, sizes, square, value

# fmt: off

growth_of_a_layer = value(
    "A deep ReLU network is 50 units wide, and its weights are drawn from N(0, 1). By which factor does the "
    "size (root mean square) of δ change in each layer going back? Take half of the gates as open.",
    5,
    working="Each entry is a sum of 50 terms, which makes its mean square 50 times as large; then half of "
            "the entries are closed, which halves it: 25 times, and the size √25 = 5 times.",
    hints=(
        "The mean square of a sum of n independent terms of mean 0 is n times that of one term.",
        "Half of the gates are closed: what does that do to the mean square?",
        "The mean square grows by 50 · ½ = 25. The size is its root.",
    ),
    mutants=(
        (25, "That is the factor of the mean square. The size is its root."),
        (np.sqrt(49 / 2), "Every one of the 50 units has a weight to it: √(50/2)."),
        (np.sqrt(2 / 50), "That is the standard deviation that would make the factor 1."),
        (0.5, "½ is the share of open gates alone. Each entry is a sum of 50 terms."),
        (np.sqrt(50), "That is without the gates: half of them are closed, which halves the mean square."),
        (50, "Terms of either sign partly cancel: mean squares add, not sizes. And half of the gates close."),
        (1, "That would be He's choice, a standard deviation of √(2/50) = 0.2. Here it is 1."),
    ),
    after="He's standard deviation √(2/n) is one divided by exactly this factor.",
)


def _block(rng, sizes=sizes):
    N, d, k = sizes(rng, 3)
    return draw(rng, N, d), draw(rng, N, d), 0.5 * draw(rng, d, k), draw(rng, k, d)


@function(
    inputs=(_block, _block, square(_block)),
    returns=("dX", "dW1", "dW2"),
    hints=(
        "Y is a sum of two terms, and X is in both: gradients add where a variable forks.",
        "Along F as you know it: dW2 = Aᵀ dY, dA = dY W2ᵀ, dZ = dA ⊙ (1 − A²), dW1 = Xᵀ dZ.",
        "dX = dY + dZ W1ᵀ: the short way, and the way through F.",
    ),
    mutants=(
        Fault("short way forgotten", "dX = dY + dZ @ W1.T", "dX = dZ @ W1.T",
              "That is the gradient of F(X) alone. X also goes straight to Y, so dY itself is added."),
        Fault("way through F forgotten", "dX = dY + dZ @ W1.T", "dX = dY.copy()",
              "That is the short way alone. X also went through F: add dZ W1ᵀ."),
        Fault("W1 for W2", "dA = dY @ W2.T", "dA = dY @ W1",
              "dY W1 fits by its shape, but A met W2 on its way to Y: dA = dY W2ᵀ."),
        Fault("slope forgotten", "dZ = dA * (1 - A**2)", "dZ = dA",
              "On the way back through tanh each entry is multiplied by the slope 1 − A²."),
        Fault("sigmoid's slope", "dZ = dA * (1 - A**2)", "dZ = dA * A * (1 - A)",
              "A(1 − A) is the sigmoid's slope; tanh has 1 − A²."),
        Fault("W not transposed", ("dY @ W2.T", "dZ @ W1.T"), ("dY @ W2", "dZ @ W1"),
              "Back through a matrix the other way round: dA = dY W2ᵀ, and dZ W1ᵀ."),
        Fault("weight gradients transposed", ("A.T @ dY", "X.T @ dZ"), ("dY.T @ A", "dZ.T @ X"),
              "A weight's gradient has the weight's shape, inputs by outputs: what came in, transposed, "
              "times what comes back."),
        Fault("without its tanh", "A = np.tanh(X @ W1)", "A = X @ W1",
              "A is what tanh gives out: A = tanh(X W1), and dW2 = Aᵀ dY and the slope 1 − A² are made of "
              "it."),
        Fault("tanh twice", "1 - A**2", "1 - np.tanh(A) ** 2",
              "A is the tanh already: written from the output, the slope is 1 − A²."),
        Fault("the short way also in dW2", "A.T @ dY", "A.T @ (dY + X)",
              "dW2 = Aᵀ dY: X took the short way, past W2."),
        Fault("divided by N", ("A.T @ dY", "X.T @ dZ"), ("A.T @ dY / len(X)", "X.T @ dZ / len(X)"),
              "Only the loss divides by N, and dY carries it."),
        Fault("X for dY", "dX = dY + dZ @ W1.T", "dX = X + dZ @ W1.T",
              "X went the short way forward; what comes back that way is dY."),
        Fault("dW2 from Y", "dW2 = A.T @ dY", "dW2 = A.T @ (X + A @ W2)",
              "dW2 needs dY, the gradient, not Y, the value."),
    ),
    after="bplib.deep_layers.Residual([Affine, Tanh, Affine]) without biases gives the same.",
)
def residual_backward(dY, X, W1, W2):
    """The block Y = X + tanh(X W1) W2: from dY and X, both (N, d), W1 (d, k) and
    W2 (k, d) return dX, dW1, dW2."""
    A = np.tanh(X @ W1)
    dW2 = A.T @ dY
    dA = dY @ W2.T
    dZ = dA * (1 - A**2)
    dW1 = X.T @ dZ
    dX = dY + dZ @ W1.T
    return dX, dW1, dW2


residual_ways = value(
    "Ten residual blocks in a row. By how many different ways can the gradient come back through them? And "
    "on how many of these ways does it pass through exactly two branches F?",
    (1024, 45),
    returns=("all_ways", "through_two"),
    working="At each block the gradient goes through F or past it: 2¹⁰ = 1024 ways. Two blocks of ten can be "
            "chosen in 10 · 9/2 = 45 ways.",
    hints=(
        "Multiply out (1 + a)(1 + b): how many terms? And (1 + a)(1 + b)(1 + c)?",
        "Each block doubles the number of ways.",
        "Through exactly two: in how many ways can you choose 2 of 10, without order?",
    ),
    mutants=(
        ((20, 45), "Each block multiplies the number of ways by two, it does not add two."),
        ((1024, 90), "Blocks 3 and 7 are the same way as 7 and 3: order does not count."),
        ((1024, 100), "The two branches are different ones, and their order does not count: 10 · 9/2."),
        ((100, 45), "10² counts pairs of blocks. Each block has two ways, and they multiply: 2 · 2 · … · 2."),
        ((1024, 2), "2 is the number of branches on such a way. How many pairs are there among ten blocks?"),
        ((11, 45), "A way can have 0 to 10 branches: 11 kinds of ways, but many of each kind."),
    ),
    after="Most ways go through about half of the branches. One in 1024 goes through all ten, the only way a "
          "plain network has.",
)

deeper_and_worse = choice(
    "On the same rows, a ReLU network of 5 layers ends with training loss 0.05 and one of 20 layers, of the "
    "same width and trained alike, with 0.65. What has happened?",
    {
        "a": "the deeper network overfits",
        "b": "the deeper network cannot represent what the other one can",
        "c": "it could, with fifteen layers that pass on what they get, but the training did not find that",
        "d": "20 layers have so many weights that 0.65 is the lowest loss they can reach",
    },
    "c",
    wrong={
        "a": "A network that overfits has a low training loss and a poor one on new rows. Here the training "
             "loss is the high one.",
        "b": "Fifteen layers with W = I and b = 0 pass on what they get: what 5 layers represent, 20 do too.",
        "d": "More weights never raise the lowest loss that exists: set the added layers to the identity.",
    },
    hints=(
        "Which loss is it, that of training or that of new rows?",
        "Could you write down weights for the 20 layers that give 0.05?",
        "You can: identity layers. So the question is not what exists.",
    ),
    after="Representable is not learnable. Residual blocks pass on what they get from the start.",
)


def _way_back(rng):
    N, *widths = sizes(rng, int(rng.integers(4, 6)))
    weights = [draw(rng, n_in, n_out) for n_in, n_out in pairwise(widths)]
    masks = [rng.integers(0, 2, (N, n)) for n in widths[:-1]]
    for mask in masks:
        mask[0, 0], mask[-1, -1] = 1, 0
    return draw(rng, N, widths[-1]), weights, masks


def _way_back_square(rng):
    n = 3
    weights = [draw(rng, n, n) for _ in range(2)]
    return draw(rng, 4, n), weights, [rng.integers(0, 2, (4, n)) | np.eye(4, n, dtype=int) for _ in range(2)]


@function(
    inputs=(_way_back, _way_back, _way_back_square),
    returns="found",
    hints=(
        "Go back from the last matrix to the first. What does the gradient meet between two matrices?",
        "Back through W: dZ Wᵀ. Back through the ReLU: times its gates.",
        "dZ = (dZ @ W.T) * mask; insert its size, np.sqrt(np.mean(dZ**2)), in front.",
    ),
    mutants=(
        Fault("gates forgotten", "(dZ @ W.T) * mask", "dZ @ W.T",
              "Between the matrices stand ReLUs: a closed one lets nothing back."),
        Fault("over the open ones alone", "np.sqrt(np.mean(dZ**2))",
              "np.sqrt(np.sum(dZ**2) / max(mask.sum(), 1))",
              "The size is the root of the mean over all entries, the closed ones among them."),
        Fault("W not transposed", "dZ @ W.T", "dZ @ W",
              "Back through a matrix the other way round: dZ Wᵀ."),
        Fault("from the end to the start", "found.insert(0, np.sqrt(np.mean(dZ**2)))",
              "found.append(np.sqrt(np.mean(dZ**2)))",
              "The list should begin with the first layer: insert in front."),
        Fault("mean square", "np.sqrt(np.mean(dZ**2))", "np.mean(dZ**2)",
              "That is the mean square. The size is its root."),
        Fault("mean of the sizes", "np.sqrt(np.mean(dZ**2))", "np.mean(np.abs(dZ))",
              "That is the mean of |δ|. The size is the root of the mean square."),
    ),
    after="With N(0, 1) each layer multiplies it by √(n/2), as you computed.",
)
def sizes_going_back(dZ, weights, masks):
    """dZ (N, k) is the gradient at the last layer's sums. Do not multiply it by N here.
    weights is the list of the matrices W (n_in, n_out), the last one of which leads
    to the last layer.
    masks[i] (N, n_in) is 1 where the ReLU in front of weights[i] is open, else 0.
    Return the list of the sizes (root of the mean square) of the gradients at the
    sums in front of these ReLUs, first layer first."""
    found = []
    for W, mask in zip(reversed(weights), reversed(masks), strict=True):
        dZ = (dZ @ W.T) * mask
        found.insert(0, np.sqrt(np.mean(dZ**2)))
    return found


slip_in_a_block = choice(
    """A residual block Y = X + F(X), with a list of layers for F. The loss falls at
    first, and the gradient check refuses it. Which line is it?
    def backward(self, dY, caches):
        dF = dY
        for layer, cache in zip(reversed(self.layers), reversed(caches)):     # (a)
            dF, _ = layer.backward(dF, cache)                                 # (b)
        return dF                                                             # (c)""",
    {"a": "line (a)", "b": "line (b)", "c": "line (c)", "d": "none of them"},
    "c",
    wrong={
        "a": "Back through the layers in reverse order, each with its own cache: right.",
        "b": "What comes back from one layer goes into the one before: right.",
        "d": "X reaches Y by two paths, and one of them is missing.",
    },
    hints=(
        "X reaches Y by two paths. What must come back to X?",
        "One share comes back through F, and one past it. Which of the two does the program return?",
        "The share past F is dY itself.",
    ),
    after="return dY + dF. As it stands, the short way is lost.",
)
