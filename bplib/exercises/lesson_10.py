"""Lesson 10, MNIST: measuring, and two things a network cannot do."""

import functools

import numpy as np

from .kinds import Fault, choice, function, sizes, value

# fmt: off


def _guesses(rng):
    return _of_rows(rng, 7, int(rng.integers(3, 5)))


def _as_many_rows_as_classes(rng):
    """There the best row of each class can be compared with y, and gives another share."""
    while True:
        P, y = _of_rows(rng, 4, 4)
        if np.mean(P.argmax(axis=0) == y) != np.mean(P.argmax(axis=1) == y):
            return P, y


def _of_rows(rng, N, k):
    sure = [0.1, 0.2, 0.7] if k == 3 else [0.05, 0.1, 0.2, 0.65]
    unsure = [0.2, 0.35, 0.45] if k == 3 else [0.1, 0.2, 0.3, 0.4]
    P = np.array([rng.permutation(unsure if row % 2 else sure) for row in range(N)])
    y = rng.integers(0, k, N)
    y[:3] = P[:3].argmax(axis=1)
    y[3] = (P[3].argmax() + 1) % k
    return P, y


@function(
    inputs=(_guesses, _guesses, _as_many_rows_as_classes),
    returns="accuracy",
    hints=(
        "Which class does the network choose for a row of P?",
        "The one with the largest entry of the row: argmax along axis 1.",
        "Compare with y, and take the mean of the Trues.",
    ),
    mutants=(
        Fault("best row of each class", "axis=1", "axis=0",
              "axis=0 goes down a column and finds the best row; the best class of a row is along axis=1."),
        Fault("one best entry of all", "axis=1", "",
              "Without an axis, argmax flattens P and gives one place for the whole array; along axis=1 it "
              "gives one class for each row."),
        Fault("probability for class", "argmax", "max",
              "That is 0, however good the guesses are. Compare each guessed class with y: argmax says "
              "which class it is, max only how probable. And a share is no whole number: divide with /."),
        Fault("counted, not shared", "np.mean(", "np.sum(",
              "That is the number of hits; the accuracy is their share of the N rows."),
        Fault("share of mistakes", "== y", "!= y",
              "That is the share of mistakes."),
        Fault("least probable", "argmax", "argmin",
              "argmin finds the least probable class; the network says the most probable one."),
        Fault("in per cent", "np.mean(P.argmax(axis=1) == y)", "100 * np.mean(P.argmax(axis=1) == y)",
              "That is per cent. A share lies between 0 and 1."),
        Fault("divided by the classes", "np.mean(P.argmax(axis=1) == y)",
              "np.sum(P.argmax(axis=1) == y) / P.shape[1]",
              "The share is of the N rows, not of the k classes: divide by len(y), or take the mean."),
        Fault("mean probability", "P.argmax(axis=1) == y", "P[np.arange(len(y)), y]",
              "That is the mean probability of the right class. Accuracy only asks whether it is the "
              "largest: 0.45 counts as much as 0.99."),
        Fault("above a half", "P.argmax(axis=1) == y", "P[np.arange(len(y)), y] > 0.5",
              "With more than two classes the largest probability may well be below ½: compare the largest "
              "with y."),
    ),
    after="training.accuracy of the package does it batch by batch.",
)
def accuracy(P, y):
    """P (N, k) holds a probability for each class, y (N,) the right classes. Return the share of rows whose
    most probable class is y, 0 to 1."""
    return np.mean(P.argmax(axis=1) == y)


def _labels(rng):
    k = 3
    y_true, y_pred = rng.integers(0, k, 9), rng.integers(0, k, 9)
    y_true[:5], y_pred[:4] = [0, 0, 0, 2, 1], [1, 1, 1, 0]  # every class occurs
    y_pred[5] = y_true[5]
    return y_true, y_pred, k


def _labels_without(absent, rng):
    """Four classes, of which one does not occur: the counts have a row and a column for it all the same."""
    present = [i for i in range(4) if i != absent]
    y_true, y_pred = rng.choice(present, 9), rng.choice(present, 9)
    y_true[:6], y_pred[:6] = np.r_[rng.permutation(present), [y_true[6]] * 3], np.r_[present, [y_pred[6]] * 3]
    return y_true, y_pred, 4


_WITHOUT = tuple(functools.partial(_labels_without, absent) for absent in (3, 0, 1))


@function(
    inputs=(_labels, *_WITHOUT),
    returns="counts",
    hints=(
        "Row: what it is. Column: what the network said. Go through the examples and count.",
        "The same pair occurs several times. `counts[y_true, y_pred] += 1` in one go counts each pair once "
        "only.",
        "A loop, or np.add.at(counts, (y_true, y_pred), 1).",
    ),
    mutants=(
        Fault("repeats lost", "np.add.at(counts, (y_true, y_pred), 1)", "counts[y_true, y_pred] += 1",
              "A pair that occurs three times is counted once. In a loop each adds to what is there: += 1, "
              "not = 1. Without a loop `counts[y_true, y_pred] += 1` reads, adds and writes once for all; "
              "np.add.at counts every one."),
        Fault("bins from the labels", "np.add.at(counts, (y_true, y_pred), 1)",
              "counts = np.histogram2d(y_true, y_pred, bins=k)[0]",
              "np.histogram2d lays its bins from the smallest to the largest label that occurs. Where the "
              "first or the last class is missing they are shifted: give it range=[[0, k], [0, k]], or count "
              "yourself."),
        Fault("k ignored", "np.zeros((k, k), int)",
              ("np.zeros((max(y_true.max(), y_pred.max()) + 1,) * 2, int)",
               "np.zeros((len(np.unique(y_true)),) * 2, int)"),
              "How many classes there are is k, not what happens to occur: a class without examples has "
              "its row and column too."),
        Fault("only classes that occur", "np.add.at(counts, (y_true, y_pred), 1)",
              "i = np.union1d(y_true, y_pred)\n"
              "    counts = np.array([[np.sum((y_true == a) & (y_pred == b)) for b in i] for a in i])",
              "Classes that do not occur are left out, and the others move up: row i must be class i, of k."),
        Fault("transposed", "(y_true, y_pred)", "(y_pred, y_true)",
              "Rows are the true classes, columns the predicted ones: yours is the other way round."),
        Fault("shares", "return counts", "return counts / counts.sum()",
              "Counts are asked for, not shares."),
        Fault("shares of each row", "return counts", "return counts / counts.sum(axis=1, keepdims=True)",
              "Each row is divided by its sum: that gives shares, and counts are asked for."),
        Fault("only the hits", "(y_true, y_pred), 1", "(y_true, y_pred), 1 * (y_true == y_pred)",
              "The mistakes are what a confusion matrix is for: each goes to the column of what was said."),
        Fault("only the mistakes", "(y_true, y_pred), 1", "(y_true, y_pred), 1 * (y_true != y_pred)",
              "The hits count too: they make the diagonal."),
    ),
    after="Off the diagonal you see which digits it takes for which.",
)
def confusion(y_true, y_pred, k):
    """Labels 0 … k − 1. Return counts (k, k): counts[i, j] is how often i was taken for j."""
    counts = np.zeros((k, k), int)
    np.add.at(counts, (y_true, y_pred), 1)
    return counts


double_softmax_floor = value(
    "Ten outputs pass a sigmoid, which keeps them between 0 and 1, and then a cross-entropy that applies "
    "softmax to them. Below which value can the loss never fall?",
    float(-np.log(np.e / (np.e + 9))),
    working="Best: 1 for the right class, 0 for the other nine. p = e¹/(e¹ + 9e⁰) = 0.232, and −log p = "
            "1.461.",
    hints=(
        "Which ten numbers between 0 and 1 give the right class the largest probability?",
        "1 for the right class, 0 for the nine others. Now softmax.",
        "p = e/(e + 9). The loss is −log p.",
    ),
    mutants=(
        (0, "A loss of 0 needs p = 1, but scores between 0 and 1 are too close together for softmax to get "
            "there."),
        (float(np.e / (np.e + 9)), "That is the largest probability; the loss is −log of it."),
        (float(np.log(10)), "ln 10 is guessing. The right class can have e¹ : e⁰ in its favour."),
        (float(-np.log(1 / (1 + np.exp(-1)))), "That is two classes; there are nine others."),
        (float(np.log(1 + 10 / np.e)), "That is ten others; of ten classes, nine are wrong."),
        (float(np.log(np.e + 9)), "log(e + 9) is the log of softmax's denominator; −log p is that minus the "
                                  "right score, 1."),
        (float(np.log10(1 + 9 / np.e)), "That is the logarithm to base 10; the loss takes the natural one."),
        (float(np.log(1 + 9 * np.e)), "That is the worst case: 0 for the right class and 1 for the others."),
    ),
    after="1.461: a loss curve that settles there is the sign of one squashing too many.",
)

silent_pixels = choice(
    "67 pixels are silent: they are 0 in every training image. After training, the first layer's weights "
    "from these pixels are exactly what they were at the start. Why?",
    {
        "a": "the gradient of a weight is δ·a, and a is 0 there",
        "b": "the initial weights of these pixels happen to be the best ones",
        "c": "δ of the hidden units has vanished",
        "d": "the learning rate is too small for them",
    },
    "a",
    wrong={
        "b": "Nothing tells these weights whether they are good: they never make a difference on the "
             "training images.",
        "c": "The same δ reaches the weights of all pixels, and the others do move.",
        "d": "The rate is the same for all weights, and 0 times any rate is 0.",
    },
    hints=(
        "Write down the gradient of one weight of the first layer.",
        "∂L/∂w_jk = δ_j a_k. What is a_k for a silent pixel?",
        "Which factor is exactly 0, for every image?",
    ),
    after="Add 0.01 to every pixel, as one published program does, and they move.",
)


def _idx_file(rng):
    axes = int(rng.integers(2, 4))
    shape = [int(n) for n in sizes(rng, axes)]
    values = rng.integers(0, 256, int(np.prod(shape)))
    lengths = [byte for n in shape for byte in (0, 0, 0, n)]
    return (bytes([0, 0, 8, axes, *lengths, *values.tolist()]),)


def _long_idx_file(rng):
    """More than 255 entries along an axis: there the order of the bytes shows."""
    n = int(rng.integers(257, 300))
    return (bytes([0, 0, 8, 1, 0, 0, 1, n - 256, *rng.integers(0, 256, n).tolist()]),)


@function(
    inputs=(_idx_file, _long_idx_file),
    returns=("shape", "values"),
    hints=(
        "The fourth byte says how many axes there are. What lies between it and the values?",
        "The length of axis i is made of bytes 4 + 4i to 7 + 4i: 16777216, 65536, 256 and 1 times them.",
        "np.frombuffer(file[4 : 4 + 4 * axes], \">u4\") takes four bytes for a number, the most significant "
        "one first; np.frombuffer(the rest, np.uint8) takes one.",
    ),
    mutants=(
        Fault("little end first", '">u4"', '"<u4"',
              "The most significant byte comes first: 0, 0, 1, 2 is 258."),
        Fault("last byte alone", 'np.frombuffer(file[4:start], ">u4")',
              "np.frombuffer(file[7:start:4], np.uint8)",
              "A length above 255 needs its other bytes as well."),
        Fault("axes the other way round", "return shape, values", "return shape[::-1], values",
              "The first length belongs to the first axis."),
        Fault("header among the values", "file[start:]", "file[4:]",
              "The lengths of the axes are still in front: the values begin after four bytes for each axis."),
        Fault("one byte a length", "file[start:]", "file[4 + axes :]",
              "Each length takes four bytes, so the values begin at 4 + 4 axes."),
        Fault("returned in the other order", "return shape, values", "return values, shape",
              "The shape comes first, then the values."),
    ),
    after="datasets.py does so, after it has checked that the file is as long as its header says.",
)
def read_idx(file):
    """`file` holds the bytes of an IDX file, as open(…, "rb").read() gives them: two zeros, the kind of
    numbers (8: bytes), the number of axes, the length of each axis as four bytes with the most significant
    one first, then the values. Return the lengths of the axes, and the values as a flat array."""
    axes = file[3]
    start = 4 + 4 * axes
    shape = np.frombuffer(file[4:start], ">u4")
    values = np.frombuffer(file[start:], np.uint8)
    return shape, values


def _answers_of_ten(rng):
    k, N = 4, 8
    P = np.array([rng.permutation([0.05, 0.1, 0.25, 0.6]) for _ in range(N)])
    y = P.argmax(axis=1)
    wrong = rng.permutation(N)[:5]
    for row, top in zip(np.setdiff1d(np.arange(N), wrong), rng.permutation([0.93, 0.95, 0.97]), strict=True):
        P[row] = np.insert(rng.permutation([0.2, 0.3, 0.5]) * (1 - top), y[row], top)
    for row, top in zip(wrong, rng.permutation([0.55, 0.65, 0.72, 0.8, 0.9]), strict=True):
        said = int(rng.integers(0, k))
        # who says 0.72 has one strong rival, the right class; who says 0.65 has three weak ones
        left = rng.permutation([0.05, 0.05, 0.9] if top == 0.72 else [0.3, 0.33, 0.37]) * (1 - top)
        P[row] = np.insert(left, said, top)
        y[row] = (said + 1 + int(rng.integers(0, k - 1))) % k
        if top == 0.72:
            y[row] = int(np.argsort(P[row])[-2])
    return P, y, int(rng.integers(3, 5))


@function(
    inputs=_answers_of_ten,
    returns="rows",
    hints=(
        "Three steps: what does the network say, where is that wrong, and how sure is it there?",
        "How sure it is of a row is the probability of the class that it says, not of the right one.",
        "wrong[np.argsort(-P[wrong, said[wrong]])][:n]",
    ),
    mutants=(
        Fault("least sure first", "np.argsort(-sure)", "np.argsort(sure)",
              "That begins with the mistakes it was least sure of. The largest probability comes first."),
        Fault("sure of the right class", "P[wrong, said[wrong]]", "-P[wrong, y[wrong]]",
              "That sorts by the probability of the right class. How sure it is of its mistake is the "
              "probability of the class that it says."),
        Fault("by the distance to another", "P[wrong, said[wrong]]",
              ("np.sort(P[wrong], axis=1)[:, -1] - np.sort(P[wrong], axis=1)[:, -2]",
               "P[wrong, said[wrong]] - P[wrong, y[wrong]]"),
              "That sorts by the distance to another class. How sure it is of its mistake is the probability "
              "of the class that it says, and nothing else."),
        Fault("right answers too", "said != y", "said == said",
              "Only mistakes are asked for: rows where what it says is not y."),
        Fault("numbers among the mistakes", "wrong[np.argsort(-sure)][:n]", "np.argsort(-sure)[:n]",
              "argsort counts among the mistakes. `wrong` says which row each of them is."),
        Fault("in the order of the rows", "wrong[np.argsort(-sure)][:n]", "wrong[:n]",
              "Sort the mistakes by how sure the network was, the surest first."),
    ),
    after="plots.worst_mistakes draws these images.",
)
def surest_mistakes(P, y, n):
    """P (N, k) holds a probability for each class, y (N,) the right classes. Return the numbers of the n
    rows that
    are wrong with the largest probability for what is said, the surest first."""
    said = P.argmax(axis=1)
    wrong = np.flatnonzero(said != y)
    sure = P[wrong, said[wrong]]
    return wrong[np.argsort(-sure)][:n]


slip_in_a_report = choice(
    """A program reports 0.98 for 200 digits, and on new ones it reaches 0.95. Which line is it?
    (a)  net = mlp([784, hidden, 10], ...); fit(net, X_train, y_train, ...)      # for 40 values of hidden
    (b)  scores = [accuracy(net, X_test, y_test) for net in nets]
    (c)  best = nets[int(np.argmax(scores))]
    (d)  print("accuracy on unseen digits:", max(scores))
    Lines (a) to (c) run in this order, and line (d) is the claim.""",
    {"a": "line (a): 40 networks are too many", "b": "line (b): the test images must not choose",
     "c": "line (c): argmax takes the wrong one", "d": "line (d): the mean of the scores is the accuracy"},
    "b",
    wrong={
        "a": "One may train as many as one likes. What matters is what they are compared on.",
        "c": "It does take the network with the largest score. Whose score is it?",
        "d": "The mean tells how good 40 networks are. The question is how good the chosen one is.",
    },
    hints=(
        "The test images judge one network, once. What are they used for here?",
        "The largest of 40 scores is partly luck: which images happened to suit?",
        "There should be a third set of images.",
    ),
    after="Choose by validation rows; then the test images judge the chosen network alone.",
)
