"""Lesson 08, XOR: what one line can do, which units stay tied, and the training loop itself."""

import numpy as np

from . import input_functions
from .kinds import Fault, choice, draw, function, value

# fmt: off

best_line = value(
    "A single neuron (one straight line) is to solve XOR. Which accuracy is the best it can reach on the "
    "four rows?",
    0.75,
    working="A line can cut off any one corner of the square: three rows right, the fourth wrong. All four "
            "is impossible.",
    hints=(
        "Draw the four corners of the square, two of them filled. Lay a pencil on it.",
        "All four cannot be: b < 0, w₁ + b > 0, w₂ + b > 0, w₁ + w₂ + b < 0 contradict one another.",
        "Cut off one corner.",
    ),
    mutants=(
        (0.5, "Better than that: a line that cuts off the corner (0, 0) has three of four right."),
        (1.0, "Add the two inner inequalities, w₁ + b > 0 and w₂ + b > 0, and the two outer ones, b < 0 and "
              "w₁ + w₂ + b < 0: w₁ + w₂ + 2b would be above and below 0."),
        (0, "Whoever has all four wrong turns the line round and has all four right, and that no line can."),
        (0.25, "Whoever has three of four wrong turns the line round and has three right."),
        (3, "Three rows right: as an accuracy, a share of the four."),
        (75, "Three of four it is. Write it as a share: between 0 and 1, no per cent."),
    ),
    after="With three of four right, a single neuron's loss is above ln 2, the loss of answering ½ to all. A "
          "low loss and many right answers are two things.",
)

tied_units = choice(
    "A 2-2-1 network with tanh hidden units and no hidden bias starts with W1 = [[0.3, −0.3], [0.5, −0.5]] "
    "(columns are units) and W2 = [[0.4], [−0.4]]. Can gradient descent ever make the two hidden units "
    "anything other than mirror images of each other?",
    {
        "a": "yes, the signs differ",
        "b": "no, they stay mirror images for ever",
        "c": "yes, after enough steps round-off parts them",
        "d": "no, tanh units always mirror each other",
    },
    "b",
    wrong={
        "a": "The signs differ, and tanh is odd: tanh(−z) = −tanh(z). Times an outgoing weight of opposite "
             "sign, both units say the same, get mirrored gradients, and stay mirrored.",
        "c": "Mirrored numbers are rounded in a mirrored way: floating point keeps the sign apart, so the "
             "tie is exact.",
        "d": "Only from a mirrored start: once one weight is moved they differ.",
    },
    hints=(
        "Unit 2 sees −z where unit 1 sees z. What does tanh make of that?",
        "a₂ = −a₁, and the outgoing weights have opposite signs too: what does each unit add to the output?",
        "Compare the gradients of the two columns of W1: is one of them minus the other?",
    ),
    after="tanh is odd, so the network computes with one unit, twice.",
)


def _problem(rng, N, batch_size, learning_rate=0.1, epochs=2):
    w, X, Y = draw(rng, 2, 1), draw(rng, N, 2), draw(rng, N, 1)
    return input_functions.gradient, w, X, Y, learning_rate, batch_size, epochs


def _with_a_rest(rng):
    N = int(rng.integers(5, 8))
    return _problem(rng, N, 2 if N % 2 else 4)


def _without_a_rest(rng):
    return _problem(rng, 6, int(rng.integers(2, 4)), learning_rate=0.2, epochs=3)


def _all_in_one_batch(rng):
    return _problem(rng, 4, 5)


@function(
    inputs=(_with_a_rest, _without_a_rest, _all_in_one_batch),
    returns=("w", "losses"),
    hints=(
        "Two loops: over epochs, and inside over batches. A batch is X[start:start + batch_size].",
        "For each batch: ask `gradient(w, batch of X, batch of Y)` for L and g, note L, then step against g.",
        "range(0, len(X), batch_size) also gives the start of the last, smaller batch. w = w - "
        "learning_rate * g makes a new array.",
    ),
    mutants=(
        Fault("uphill", "w - learning_rate * g", "w + learning_rate * g",
              "g points where L grows: step against it."),
        Fault("last batch lost", "range(0, len(X), batch_size)", "range(0, len(X) - batch_size + 1, "
                                                                 "batch_size)",
              "The last, smaller batch of an epoch belongs to it too: its rows would never be learned from."),
        Fault("a batch too many", "range(0, len(X), batch_size)",
              "range(0, (len(X) // batch_size + 1) * batch_size, batch_size)",
              "len(X) // batch_size + 1 is one batch too many where the rows divide evenly: it is empty. "
              "range(0, len(X), batch_size) fits both."),
        Fault("no step in the range", "range(0, len(X), batch_size)", "range(len(X))",
              "range(len(X)) begins a batch at every row, so that they overlap. Go on by batch_size: "
              "range(0, len(X), batch_size)."),
        Fault("loops exchanged",
              "for _ in range(epochs):\n        for start in range(0, len(X), batch_size):",
              "for start in range(0, len(X), batch_size):\n        for _ in range(epochs):",
              "An epoch goes once through all batches: the loop over epochs is the outer one. Yours stays "
              "with a batch for all epochs."),
        Fault("losses begun anew", "losses = []\n    for _ in range(epochs):",
              "for _ in range(epochs):\n        losses = []",
              "The list is begun anew in each epoch, so only the last one's losses are left: make it "
              "before the loops."),
        Fault("w begun anew", "losses = []\n    for _ in range(epochs):",
              "losses, begin = [], w\n    for _ in range(epochs):\n        w = begin",
              "Each epoch begins at the first w again, so that only the last one's steps are left. Go on "
              "from where the epoch before has ended."),
        Fault("slice to batch_size", "slice(start, start + batch_size)", "slice(start, batch_size)",
              "X[start:batch_size] ends at row batch_size, whatever start is: X[start:start + batch_size]."),
        Fault("a row short", "slice(start, start + batch_size)", "slice(start, start + batch_size - 1)",
              "A slice leaves its end out already: X[start:start + batch_size] has batch_size rows."),
        Fault("returned in the other order", "return w, losses", "return losses, w",
              "w comes first, then the losses."),
        Fault("loss after the step", "losses.append(L)", "losses.append(gradient(w, X[rows], Y[rows])[0])",
              "That is the loss after the step. Note the loss that came with the gradient, before it."),
        Fault("the whole set each time", "gradient(w, X[rows], Y[rows])", "gradient(w, X, Y)",
              "Each step asks its own batch, X[rows] and Y[rows], not the whole set."),
        Fault("one loss an epoch", "            losses.append(L)", "        losses.append(L)",
              "Every batch has its loss: note L inside the inner loop, not once an epoch."),
        Fault("one epoch", "for _ in range(epochs)", "for _ in range(1)",
              "That is the first epoch alone. Go through the rows `epochs` times; return after both loops."),
        Fault("divided by the batch again", "w - learning_rate * g",
              tuple(f"w - learning_rate * g / {n}" for n in ("batch_size", "len(X)", "len(X[rows])")),
              "g belongs to the mean loss of the batch already: do not divide it by the batch's size."),
        Fault("changes the caller's w", "w = w - learning_rate * g", "w -= learning_rate * g",
              "`w -=` writes into the array you were given, and the caller's starting point is gone: w = w "
              "- …"),
    ),
    after="That is train() of the package, but for shuffling and checks.",
)
def training_loop(gradient, w, X, Y, learning_rate, batch_size, epochs):
    """Mini-batch gradient descent. gradient(w, X, Y) returns (L, g) for the rows it is given. In each epoch
    go through the rows in order, batch_size at a time (the last batch may be smaller), and step after each.
    Return w, and the list of the losses L of each batch before its step. Leave the caller's w as it is."""
    losses = []
    for _ in range(epochs):
        for start in range(0, len(X), batch_size):
            rows = slice(start, start + batch_size)
            L, g = gradient(w, X[rows], Y[rows])
            w = w - learning_rate * g
            losses.append(L)
    return w, losses


def _log_of_answers(rng):
    """Answers over the epochs: right by luck once, then wrong again, then right to the end."""
    Y = np.array([0.0, 1.0, 1.0, 0.0])
    epochs = int(rng.integers(6, 10))
    answers = rng.integers(1, 10, (epochs, 4)) / 10 + 0.03
    right = np.where(Y > 0.5, 0.8, 0.2)
    answers[0, 0], answers[2:] = 0.9, right + rng.integers(-9, 10, (epochs - 2, 4)) / 100
    answers[1] = right
    answers[3, 1], answers[-2, 2] = 0.3, 0.4
    return answers, Y


def _lost_again(rng):
    """The last epochs are wrong again."""
    answers, Y = _log_of_answers(rng)
    answers[-2:, 1] = 0.3
    return answers, Y


def _never_right(rng):
    answers, Y = _log_of_answers(rng)
    answers[:, 0] = 0.7
    return answers, Y


@function(
    inputs=(_log_of_answers, _lost_again, _never_right),
    returns=("first", "last"),
    hints=(
        "For each epoch: are all four answers on the right side of ½?",
        "Keep the number of the first such epoch, counted from 1, and of the last one.",
        "if np.all((row > 0.5) == (Y > 0.5)): first = first or epoch; last = epoch",
    ),
    mutants=(
        Fault("counted from 0", "enumerate(answers, start=1)", "enumerate(answers)",
              "Epochs are counted from 1, as a log prints them."),
        Fault("some for all", "np.all((row", "np.any((row",
              "Solved means that all four rows are right, not that one of them is."),
        Fault("three of four", "np.all((row > 0.5) == (Y > 0.5))", "np.sum((row > 0.5) == (Y > 0.5)) >= 3",
              "Three of four is what one line can do. Solved means all four."),
        Fault("first epoch overwritten", "first = first or epoch", "first = epoch",
              "The first epoch is overwritten by each later one: keep it once it is found."),
        Fault("stops at the first", "last = epoch", "last = first",
              "The last epoch in which all are right may come much later than the first."),
        Fault("last line of the log", "last = epoch", "last = len(answers)",
              "The log may go on after the network has lost it again: keep the last epoch in which all four "
              "are right."),
        Fault("none is not asked", "return first, last", "return first or 1, last or len(answers)",
              "Where no epoch is solved, both are 0. (np.argmax of nothing but False is 0, as if the first "
              "were.)"),
        Fault("far below a half", "(row > 0.5) == (Y > 0.5)", "(row > 0.75) == (Y > 0.5)",
              "An answer counts as 1 above ½."),
    ),
    after="Right once is not right for good: in a published log look at both.",
)
def solved_epochs(answers, Y):
    """answers (epochs, 4) holds what a network said to the four rows after each
    epoch, Y (4,) what is right. Return the first and the last epoch, counted from
    1, after which all four are on the right side of ½; 0 and 0 where there is none."""
    first = last = 0
    for epoch, row in enumerate(answers, start=1):
        if np.all((row > 0.5) == (Y > 0.5)):
            first = first or epoch
            last = epoch
    return first, last


slip_in_a_training = choice(
    """A 2-4-1 network with tanh units is to learn XOR, from many starts. It never gets more than three
    corners right, though all gradients agree with nudging. Which line is it?
    (a)  X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]); Y = np.array([[0], [1], [1], [0]])
    (b)  W1 = np.repeat(rng.normal(size=(2, 1)), 4, axis=1); W2 = np.full((4, 1), 0.5)
    (c)  b1 = np.zeros(4); b2 = np.zeros(1)
    (d)  hidden = np.tanh(X @ W1 + b1)""",
    {"a": "line (a)", "b": "line (b)", "c": "line (c)", "d": "line (d)"},
    "b",
    wrong={
        "a": "Those are the four rows of XOR, and what is right for them.",
        "c": "Equal biases alone tie nothing: the units still answer differently when their weights do.",
        "d": "The hidden layer, forward: right.",
    },
    hints=(
        "Two units are tied if they are equal coming in and going out.",
        "Which line makes the weights of all four units equal, coming in and going out?",
        "np.repeat makes four columns of one. Draw all four: rng.normal(size=(2, 4)).",
    ),
    after="Four equal columns, biases and outgoing weights are one unit, four times: it draws one line.",
)
