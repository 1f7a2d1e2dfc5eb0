"""The one notation table of the course: symbols, rows against columns, and who counts layers how.

notation.symbols(until=6)    the symbols of lessons 0 … 6, with their shapes and names in code
notation.dictionary()        the same formulas with examples as rows and with one example as a column
notation.counting((2, 2, 1)) how many layers that network has, by each way of counting

`SYMBOLS`, `DICTIONARY` and `COUNTING` hold the entries; a `Table` shows itself as text and as Markdown.
"""

from collections.abc import Callable
from dataclasses import dataclass

from . import checks
from .language import said


@dataclass(frozen=True)
class Symbol:
    """One symbol: its LaTeX, its name in code ("" where it has none), shape, meaning and its lesson."""

    tex: str
    code: str
    shape: str
    meaning: str
    lesson: int


@dataclass(frozen=True)
class Pair:
    """One thing in both conventions, each as a formula in LaTeX and as the right-hand side in Python.

    rows: names X, W, b, dZ. columns: names a, W, b, delta (a column each, W transposed).
    """

    what: str
    rows_tex: str
    rows_code: str
    columns_tex: str
    columns_code: str


@dataclass(frozen=True)
class Count:
    """A way of counting layers: what is counted, who does it, and the number for a network of these sizes."""

    what: str
    who: str
    rule: Callable


# fmt: off
SYMBOLS = (
    Symbol(r"\partial f/\partial x", "", "a number", "the slope of f when x alone moves", 1),
    Symbol(r"\epsilon", "", "a number", "the relative error of rounding, about 10⁻¹⁶", 1),
    Symbol(r"h", "eps", "a number", "the small nudge of a finite difference", 1),
    Symbol(r"w", "w", "a vector", "weights: the numbers that training changes", 1),
    Symbol(r"L", "L", "a number", "the loss: how wrong the answers are", 1),
    Symbol(r"g = \nabla L", "g", "a vector", "the gradient: all slopes of L, in the shape of w", 1),
    Symbol(r"\Delta", "", "a vector", "a small change of w", 1),
    Symbol(r"\eta", "learning_rate", "a number", "the learning rate: a step goes along −ηg", 1),
    Symbol(r"z", "z", "a number", "what a unit adds up: weights times inputs, plus bias", 2),
    Symbol(r"b", "b", "a number", "the bias: what a unit adds to its weighted inputs", 2),
    Symbol(r"f,\ f'", "", "a function", "an activation function and its slope", 2),
    Symbol(r"a = f(z)", "a", "a number", "the activation: what a unit passes on", 2),
    Symbol(r"Z,\ A = f(Z)", "Z, A", "arrays", "z and a of many units or examples at once", 2),
    Symbol(r"\sigma(z)", "sigmoid", "a number", "the sigmoid function 1/(1 + exp(−z))", 2),
    Symbol(r"y", "y", "a number", "the right answer (the target)", 3),
    Symbol(r"\hat y", "y_hat", "a number", "the network's answer", 3),
    Symbol(r"Y,\ \hat Y", "Y, Y_hat", "(N, k)", "right answers and the network's, one example a row", 3),
    Symbol(r"N", "N", "a number", "how many examples there are", 3),
    Symbol(r"n", "", "a number", "the number of an example, written below: x_n; elsewhere a count", 3),
    Symbol(r"p", "p", "a number", "a probability", 3),
    Symbol(r"c", "", "a number", "a curvature: L = ½cw² has the slope cw", 3),
    Symbol(r"\lambda", "weight_decay", "a number", "how strongly weights are pulled towards 0", 3),
    Symbol(r"l", "l", "a number", "the number of a layer, written as a superscript; the input is layer 0", 4),
    Symbol(r"\delta", "delta", "(k, 1)", "∂L/∂z of one example", 4),
    Symbol(r"W^l", "W", "(k, d)", "weights into layer l where an example is a column", 4),
    Symbol(r"Q^\top", "Q.T", "", "the transpose: rows become columns", 4),
    Symbol(r"\odot", "*", "", "product entry by entry", 4),
    Symbol(r"d,\ k", "d, k", "numbers", "the number of inputs and of outputs of a layer", 5),
    Symbol(r"X", "X", "(N, d)", "inputs, one example a row", 5),
    Symbol(r"W", "W", "(d, k)", "weights of a layer", 5),
    Symbol(r"b", "b", "(k,)", "biases of a layer", 5),
    Symbol(r"Z = XW + b", "Z", "(N, k)", "what the units add up; A = f(Z) has its shape", 5),
    Symbol(r"dQ = \partial L/\partial Q", "dQ", "that of Q", "the gradient of L by Q: dW, db, dX, dZ", 5),
    Symbol(r"\operatorname{tr}", "np.trace", "a number", "the trace: the sum along the diagonal", 5),
    Symbol(r"\mathbf{1}", "np.ones", "a column", "ones: a product with it sums", 5),
    Symbol(r"P", "softmax(Z)", "(N, k)", "probabilities of the classes, a row p for each example", 6),
    Symbol(r"J", "J", "(k, d)", "the Jacobian: slopes of each output by each input", 6),
    Symbol(r"E,\ \operatorname{Var}", "np.mean, np.var", "a number", "mean and variance of a random one", 9),
    Symbol(r"s", "np.std", "a number", "the spread (standard deviation)", 9),
    Symbol(r"R^2", "", "a number", "the share of the targets' variance that is explained", 9),
    Symbol(r"\varepsilon", "eps", "a number", "small: it keeps a quotient or a logarithm finite", 11),
    Symbol(r"M", "mask", "(N, k)", "dropout's mask of zeros and ones", 13),
    Symbol(r"\mu", "mean", "(k,)", "mean over the batch", 13),
    Symbol(r"\hat x,\ \hat X", "X_hat", "(N, k)", "inputs normalised to mean 0 and variance 1", 13),
    Symbol(r"\gamma,\ \beta", "gamma, beta", "(k,)", "scale and shift after normalising", 13),
    Symbol(r"s^2", "var", "(k,)", "variance over the batch", 13),
    Symbol(r"r", "inverse_sd", "(k,)", "1/√(s² + ε): what normalising multiplies by", 13),
    Symbol(r"I", "np.eye", "", "the identity: ones on the diagonal", 13),
    Symbol(r"\mu", "momentum", "a number", "momentum: how much of the last step is kept", 14),
    Symbol(r"\kappa", "", "a number", "the condition number: largest curvature over smallest", 14),
    Symbol(r"m,\ v", "m, v", "that of w", "running means of g and of g²; v is also momentum's memory", 14),
    Symbol(r"\hat m,\ \hat v", "", "that of w", "the same, corrected for their start at 0", 14),
    Symbol(r"\beta_1,\ \beta_2", "beta1, beta2", "numbers", "how slowly these means follow", 14),
    Symbol(r"t", "steps", "a number", "the number of the step, from 1", 14),
    Symbol(r"X + F(X)", "Residual", "(N, k)", "a residual block: layers F beside an open path", 15),
)

DICTIONARY = (
    Pair("forward", r"Z = XW + b", "X @ W + b", r"z = Wa + b", "W @ a + b"),
    Pair("gradient of W", r"dW = X^\top dZ", "X.T @ dZ", r"\delta a^\top", "delta @ a.T"),
    Pair("gradient of b", r"db = \text{column sums of } dZ", "dZ.sum(axis=0)", r"\delta", "delta"),
    Pair("gradient of the input", r"dX = dZ\,W^\top", "dZ @ W.T", r"W^\top\delta", "W.T @ delta"),
)

COUNTING = (
    Count("layers of weights", "this course, most posts that it reads, Bishop", lambda sizes: len(sizes) - 1),
    Count("columns of units, inputs included", "Nielsen, most drawings", len),
    Count("hidden layers", "“one hidden layer”: never misunderstood", lambda sizes: len(sizes) - 2),
    Count("objects in `network.layers`", "bplib, PyTorch's Sequential: a hidden activation is a layer",
          lambda sizes: 2 * len(sizes) - 3),
)
# fmt: on


class Table:
    """Headings and rows of text; a notebook shows it as a Markdown table, elsewhere it is plain text.

    `rows` is what Markdown shows, `plain` the same without LaTeX (None: as it stands).
    """

    def __init__(self, headings, rows, plain=None):
        self.headings, self.rows = tuple(map(said, headings)), [tuple(map(said, row)) for row in rows]
        self.plain = self.rows if plain is None else [tuple(map(said, row)) for row in plain]

    def __repr__(self):
        lines = [self.headings, *self.plain]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip().replace("`", " ") for line in lines)

    def _repr_markdown_(self):
        lines = [self.headings, ["---"] * len(self.headings), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def symbols(until=15):
    """The symbols that lessons 0 … `until` introduce, as a `Table`."""
    until = checks.whole_number("symbols", "until, a lesson,", until, 0, 15)
    chosen = [s for s in SYMBOLS if s.lesson <= until]
    headings = ("symbol", "in code", "shape", "meaning", "lesson")
    rest = [(f"`{s.code}`" if s.code else "", s.shape, s.meaning, f"{s.lesson:02d}") for s in chosen]
    rows = [(f"${s.tex}$", *row) for s, row in zip(chosen, rest, strict=True)]
    return Table(headings, rows, [(s.tex, *row) for s, row in zip(chosen, rest, strict=True)])


def dictionary():
    """Both conventions side by side, as a `Table`: batches as rows, one example as a column."""
    headings = ("", "rows are examples", "in code", "one example is a column", "in code")
    shapes = ("shapes", "X (N, d), W (d, k), b (k,)", "", "a (d, 1), W (k, d), b (k, 1)", "")
    delta = ("δ", "row n of dZ is δ of example n, divided by N", "", "δ = ∂L/∂z of one example", "")
    entries = [
        (p.what, p.rows_tex, f"`{p.rows_code}`", p.columns_tex, f"`{p.columns_code}`") for p in DICTIONARY
    ]
    rows = [(what, f"${left}$", code, f"${right}$", other) for what, left, code, right, other in entries]
    return Table(headings, [shapes, delta, *rows], [shapes, delta, *entries])


def counting(sizes):
    """How many layers a network of these sizes (inputs first) has, by each way of counting, as a `Table`."""
    sizes = checks.widths("counting", sizes)
    name = "-".join(map(str, sizes))
    rows = [(c.what, str(c.rule(sizes)), c.who) for c in COUNTING]
    return Table(("what is counted", f"layers of {name}", "who counts so"), rows)
