"""Draw the figures of the course as SVG files: `python figures/make_figures.py [folder]`.

Each function below is one figure: its name is the file's, the first line of its docstring the picture's
title, the rest its description for those who cannot see it. Every number in a picture is computed here, by
sympy or by bplib. With one version of matplotlib the files are the same to the byte, so a test can say
whether they are up to date: letters are stored as outlines, ids are salted, no date is written."""

import io
import math
import os
import re
import sys
from itertools import pairwise, product
from pathlib import Path
from xml.sax.saxutils import escape

import matplotlib as mpl
import numpy as np
import sympy as sp
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle

from bplib.language import ENGLISH, languages, said, said_in_picture
from bplib.layers import ReLU, Sigmoid, Tanh
from bplib.plots import BLUE, FAINT, GRADIENT, GREEN, GREY, INK, ORANGE, PAPER, PURPLE, VALUE

PLUM = "#8f3f6c"  # Okabe and Ito's purple, dark enough for letters
SOFT = {
    BLUE: "#dcebf5",
    GRADIENT: "#fbe6d8",
    GREEN: "#d9f0e8",
    ORANGE: "#fcefd0",
    PLUM: "#f7e6ef",
    GREY: "#f0f0f0",
}
STYLE = {
    "svg.fonttype": "path",
    "svg.hashsalt": "backpropagation",
    "font.family": ["DejaVu Sans"],
    "mathtext.fontset": "stix",
    "path.simplify": False,
    "axes.formatter.use_mathtext": False,
}
FIGURES = []


def figure(draw):
    """Register `draw` as a figure of the course."""
    FIGURES.append(draw)
    return draw


class Sheet:
    """A light sheet of width × height inches, readable on dark pages too; coordinates in inches."""

    def __init__(self, width, height):
        self.fig = Figure(figsize=(width, height))
        self.ax = self.fig.add_axes((0, 0, 1, 1))
        self.ax.set(xlim=(0, width), ylim=(0, height))
        self.ax.set_axis_off()
        self.fig.patch.set_visible(False)
        self.box(0.02, 0.02, width - 0.04, height - 0.04, fill=PAPER, edge=FAINT, radius=0.1)

    def text(self, x, y, words, *, size=10, color=INK, ha="center", va="center", **style):
        return self.ax.text(x, y, words, fontsize=size, color=color, ha=ha, va=va, **style)

    def box(self, x, y, width, height, *, fill=PAPER, edge=INK, radius=0.06, lw=1.0, zorder=0):
        shape = f"round,pad=0,rounding_size={radius}"
        self.ax.add_patch(
            FancyBboxPatch((x, y), width, height, boxstyle=shape, fc=fill, ec=edge, lw=lw, zorder=zorder)
        )

    def node(self, x, y, words="", *, radius=0.25, fill=PAPER, edge=INK, size=12, lw=1.4):
        self.ax.add_patch(Circle((x, y), radius, fc=fill, ec=edge, lw=lw, zorder=3))
        self.text(x, y, words, size=size, zorder=4)

    def arrow(self, start, end, *, color=GREY, lw=1.3, gap=0.27, ls="-", head=True, zorder=2):
        """From start to end, leaving `gap` inches free at both ends (or a gap for each)."""
        length, gaps = math.dist(start, end), gap if isinstance(gap, tuple) else (gap, gap)
        a = [s + gaps[0] / length * (e - s) for s, e in zip(start, end, strict=True)]
        b = [e - gaps[1] / length * (e - s) for s, e in zip(start, end, strict=True)]
        style = {"arrowstyle": "-|>" if head else "-", "mutation_scale": 10, "shrinkA": 0, "shrinkB": 0}
        self.ax.add_patch(FancyArrowPatch(a, b, color=color, lw=lw, ls=ls, zorder=zorder, **style))

    def on_edge(self, start, end, words, *, at=0.5, color=INK, size=11):
        x, y = (s + at * (e - s) for s, e in zip(start, end, strict=True))
        patch = {"boxstyle": "round,pad=0.12", "fc": PAPER, "ec": "none"}
        self.text(x, y, words, size=size, color=color, bbox=patch, zorder=3)

    def cells(self, x, y, rows, columns, *, unit=0.17, fill=SOFT[BLUE], edge=BLUE, numbers=None, size=9):
        """A matrix as rows × columns cells centred at (x, y); returns its (left, right, bottom, top)."""
        left, bottom = x - columns * unit / 2, y - rows * unit / 2
        for i, j in product(range(rows), range(columns)):
            place = left + j * unit, bottom + (rows - 1 - i) * unit
            self.ax.add_patch(Rectangle(place, unit, unit, fc=fill, ec=edge, lw=0.9, zorder=2))
            if numbers is not None:
                self.text(
                    place[0] + unit / 2, place[1] + unit / 2, number(numbers[i][j]), size=size, zorder=3
                )
        return left, left + columns * unit, bottom, bottom + rows * unit


def number(value, digits=3):
    """At most `digits` digits after the point, a true minus sign, no trailing zeros."""
    text = f"{float(value):.{digits}f}".rstrip("0").rstrip(".")
    return ("0" if text in ("-0", "") else text).replace("-", "−")


def backprop(inputs, steps):
    """Values and gradients of a computational graph: `inputs` {name: value}, `steps` {name: formula}.

    Forward each formula once; backward, the gradient of a node is the sum over the nodes that use it of their
    gradient times the local slope. Returns two dicts by name; the gradient is that of the last step.
    """
    symbols = {name: sp.Symbol(name) for name in [*inputs, *steps]}
    formulas = {name: sp.sympify(text, locals=symbols) for name, text in steps.items()}
    values = {symbols[name]: sp.sympify(value) for name, value in inputs.items()}
    for name, formula in formulas.items():
        values[symbols[name]] = formula.subs(values)
    gradients = {list(symbols)[-1]: sp.Integer(1)}
    for name in reversed(list(symbols)[:-1]):
        users = [n for n, formula in formulas.items() if symbols[name] in formula.free_symbols]
        slopes = [formulas[n].diff(symbols[name]).subs(values) for n in users]
        gradients[name] = sp.simplify(sum(gradients[n] * s for n, s in zip(users, slopes, strict=True)))
    return {name: values[symbol] for name, symbol in symbols.items()}, gradients


def draw_graph(sheet, places, edges, values, gradients, *, radius=0.25, labels=None):
    """A computational graph: each value in blue above its node, each gradient in vermilion below."""
    for a, b in edges:
        sheet.arrow(places[a], places[b], gap=radius + 0.03)
    for name, (x, y) in places.items():
        leaf = all(b != name for _, b in edges)
        sheet.node(
            x, y, (labels or {}).get(name, f"${name}$"), radius=radius, fill=SOFT[GREY] if leaf else PAPER
        )
        look = {"size": 10.5, "weight": "bold", "zorder": 5, "bbox": {"pad": 0.6, "fc": PAPER, "ec": "none"}}
        sheet.text(x, y + radius + 0.14, number(values[name]), color=VALUE, **look)
        sheet.text(x, y - radius - 0.15, number(gradients[name]), color=GRADIENT, **look)


def key(sheet, x, y):
    """What blue above and vermilion below mean."""
    sheet.text(x, y, "above: value, forward →", color=VALUE, size=9, ha="left")
    sheet.text(x, y - 0.2, r"below: gradient, backward ←", color=GRADIENT, size=9, ha="left")


# ---------------------------------------------------------------- networks


@figure
def network_221():
    """The 2-2-1 network, every weight named

    Two inputs x1 and x2, two hidden neurons, one output. Each arrow carries its weight: superscript the
    layer it leads into, first index the neuron it leads to, second index the neuron it comes from. Each
    neuron has a bias b, a sum z and an activation a; the output's activation is the prediction y hat."""
    s = Sheet(7.2, 3.6)
    x, h = ({k: (column, 3.9 - 1.3 * k) for k in (1, 2)} for column in (0.9, 3.6))
    o = (6.2, (h[1][1] + h[2][1]) / 2)
    for k, place in x.items():
        s.node(*place, f"$x_{k}$", radius=0.3, fill=SOFT[GREY], size=14)
    for (j, hidden), (k, place) in product(h.items(), x.items()):
        s.arrow(place, hidden, gap=(0.34, 0.44))
        s.on_edge(place, hidden, f"$w^1_{{{j}{k}}}$", at=0.5 if j == k else 0.27, size=13)
    for j, place in h.items():
        s.node(*place, f"$z^1_{j}\\,|\\,a^1_{j}$", radius=0.4, fill=SOFT[BLUE], edge=BLUE, size=13)
        s.arrow(place, o, gap=0.44)
        s.on_edge(place, o, f"$w^2_{{1{j}}}$", size=13)
        s.text(place[0], place[1] + 0.57, f"$b^1_{j}$", size=13, color=GREEN)
    s.node(*o, r"$z^2_1\,|\,\hat y$", radius=0.4, fill=SOFT[ORANGE], edge=ORANGE, size=13)
    s.text(o[0], o[1] + 0.57, "$b^2_1$", size=13, color=GREEN)
    s.text(5.2, 3.25, r"$w^l_{jk}$: into layer $l$, to $j$, from $k$", size=10.5, color=GREY)
    for place, words in ((0.9, "layer 0\ninputs"), (3.6, "layer 1\nhidden"), (6.2, "layer 2\noutput")):
        s.text(place, 0.4, words, size=9, color=GREY)
    return s.fig


@figure
def network_vw():
    """The network with weights v and w, and the sum over the outputs

    Inputs x_i, hidden neurons h_j, outputs o_k. Weight v_ij leads from input i to hidden neuron j, w_jk
    from hidden neuron j to output k. One hidden neuron is lifted out: it touches every output, so its error
    is the sum over k of the output errors times w_jk, not the error of one output."""
    s = Sheet(7.6, 4.1)
    columns = (0.9, 3.0, 5.1)
    rows = {1: 3.3, 2: 2.3, 3: 1.3}
    x, h, o = ({i: (column, y) for i, y in rows.items()} for column in columns)
    for a, b in [*product(x.values(), h.values()), *product(h.values(), o.values())]:
        s.arrow(a, b, color=FAINT, gap=0.3, lw=1.1)
    for i in x:
        s.arrow(x[i], h[2], color=BLUE, gap=0.3, lw=1.8)
        s.on_edge(x[i], h[2], f"$v_{{{i}2}}$", at=0.42, color=BLUE, size=12)
    for k in o:
        s.arrow(h[2], o[k], color=GRADIENT, gap=0.3, lw=1.8, zorder=3)
        s.on_edge(h[2], o[k], f"$w_{{2{k}}}$", at=0.58, color=GRADIENT, size=12)
        s.text(o[k][0] + 0.98, o[k][1], rf"$E_{k} = \frac{{1}}{{2}}(o_{k} - t_{k})^2$", size=12)
    for letter, layer, color in (("x", x, GREY), ("h", h, BLUE), ("o", o, ORANGE)):
        for i, place in layer.items():
            lifted = letter == "h" and i == 2
            fill = BLUE if lifted else SOFT[color]
            s.node(*place, "", radius=0.27, fill=fill, edge=INK)
            s.text(*place, f"${letter}_{i}$", size=14, color=PAPER if lifted else INK, zorder=5)
    formula = r"$\dfrac{\partial E}{\partial h_j} = \sum_k\; (o_k - t_k)\, f^{\,\prime}(z_k)\; w_{jk}$"
    s.text(2.55, 0.36, formula, size=12)
    s.text(5.9, 0.36, "the error of one $E_k$ is not enough", size=10, color=GREY)
    s.text(1.95, 3.82, r"$v_{ij}$: from $i$ to $j$", size=10.5, color=BLUE)
    s.text(4.05, 3.82, r"$w_{jk}$: from $j$ to $k$", size=10.5, color=GRADIENT)
    return s.fig


@figure
def network_layers():
    """A network of n layers, and where the index l points

    Layer 0 holds the inputs, layer n the outputs. Between layer l minus 1 and layer l stand the weights of
    layer l: w_jk leads from neuron k to neuron j. Forward, activations a run to the right; backward, the
    errors delta run to the left, and delta_j of layer l gathers the deltas of every neuron of layer l plus
    1 that neuron j feeds."""
    s = Sheet(8.2, 4.2)
    columns = {"0": 0.8, "l-1": 2.7, "l": 4.4, "l+1": 6.1, "n": 7.5}
    rows = (3.3, 2.4, 1.5)
    for a, b in (("l-1", "l"), ("l", "l+1")):
        for y0, y1 in product(rows, rows):
            s.arrow((columns[a], y0), (columns[b], y1), color=FAINT, gap=0.27, head=False)
    for a, b in (("0", "l-1"), ("l+1", "n")):
        for y in rows:
            middle = (columns[a] + columns[b]) / 2
            s.text(middle, y, r"$\cdots$", size=16, color=GREY)
    k, j = (columns["l-1"], rows[2]), (columns["l"], rows[1])
    s.arrow(k, j, color=BLUE, gap=0.28, lw=2.2, zorder=3)
    s.on_edge(k, j, "$w^l_{jk}$", color=BLUE, size=13)
    for y in rows:
        s.arrow((columns["l+1"], y), j, color=GRADIENT, gap=0.28, lw=1.6, ls="--", zorder=3)
    s.on_edge((columns["l+1"], rows[0]), j, "$w^{l+1}_{ij}$", color=GRADIENT, at=0.45, size=12)
    names = {"0": "x", "l-1": "k", "l": "j", "l+1": "i", "n": r"\hat y"}
    for name, x in columns.items():
        color = {"0": GREY, "n": ORANGE}.get(name, BLUE)
        for r, y in enumerate(rows):
            label = {("l-1", 2): "$k$", ("l", 1): "$j$"}.get((name, r), "")
            if name == "l+1":
                label = "$i$"
            if name in "0n":
                label = f"${names[name]}_{r + 1}$"
            s.node(x, y, label, radius=0.24, fill=SOFT[color], edge=INK, size=12)
        s.text(x, 3.85, f"layer ${name}$", size=10)
    forward = r"$z^l_j = \sum_k\; w^l_{jk}\, a^{l-1}_k + b^l_j\qquad a^l_j = f(z^l_j)$"
    backward = r"$\delta^l_j = f^{\,\prime}(z^l_j)\,\sum_i\; w^{l+1}_{ij}\,\delta^{l+1}_i\qquad"
    backward += r"\partial L/\partial w^l_{jk} = \delta^l_j\, a^{l-1}_k$"
    for y, name, formula, color in (
        (0.78, "forward", forward, VALUE),
        (0.34, "backward", backward, GRADIENT),
    ):
        s.text(1.6, y, name, size=10.5, color=color, ha="left")
        s.text(2.7, y, formula, size=12.5, color=color, ha="left")
    return s.fig


def count_paths(sizes):
    """Paths from an input to an output, and multiplications that give every delta, by layers' sizes."""
    return math.prod(sizes), sum(a * b for a, b in pairwise(sizes[1:]))


@figure
def paths():
    """Delta is where paths meet

    Twice the same network. Left, every path from one weight to the outputs is drawn for itself: following
    each path from each input multiplies all the layers' sizes. Right, each neuron keeps one number, its
    delta, so that each edge is used once: the work adds up instead of multiplying. Below stand both counts,
    also for 784-64-32-10."""
    sizes = (3, 3, 3, 2)
    s = Sheet(8.2, 4.0)
    colors = (BLUE, GRADIENT, GREEN, PURPLE, ORANGE, INK)
    styles = ("-", "--", "-.", ":", (0, (8, 2)), (0, (1, 1)))
    for left, collapsed in ((0.55, False), (4.65, True)):
        places = {
            (l, i): (left + l * 1.0, 2.35 + ((n - 1) / 2 - i) * 0.85)
            for l, n in enumerate(sizes)
            for i in range(n)
        }
        for l, n in enumerate(sizes[:-1]):
            for i, j in product(range(n), range(sizes[l + 1])):
                s.arrow(places[l, i], places[l + 1, j], color=FAINT, gap=0.2, head=False, lw=1.0)
        start, unit = places[0, 0], places[1, 0]
        s.arrow(start, unit, color=ORANGE, lw=3.2, gap=0.2)
        s.on_edge(start, unit, "$w$", size=12)
        if collapsed:
            for (l, n), source in product(((1, 1), (2, sizes[2])), range(3)):
                for j in range(sizes[l + 1]):
                    if source < n:
                        s.arrow(places[l + 1, j], places[l, source], color=GRADIENT, gap=0.21, lw=1.5)
        else:
            for number_, (j, k) in enumerate(product(range(sizes[2]), range(sizes[3]))):
                shift = (number_ - 2.5) * 0.035
                route = [unit, places[2, j], places[3, k]]
                for a, b in pairwise(route):
                    a, b = (a[0], a[1] + shift), (b[0], b[1] + shift)
                    s.arrow(a, b, color=colors[number_], ls=styles[number_], gap=0.18, lw=1.3, head=False)
        for (l, i), place in places.items():
            label = (rf"$\delta^{l}_{i + 1}$" if collapsed else "") if l else f"$x_{i + 1}$"
            lifted = collapsed and l and (l > 1 or i == 0)
            s.node(*place, label, radius=0.2, fill=SOFT[GRADIENT] if lifted else SOFT[GREY], size=11, lw=1.1)
        alone = f"{math.prod(sizes[2:])} paths lead on from $w$, one by one"
        title = "each edge once, a δ at each neuron" if collapsed else alone
        s.text(left + 1.5, 3.72, title, size=11)
    for y, layers in ((0.72, sizes), (0.34, (784, 64, 32, 10))):
        n_paths, n_products = count_paths(layers)
        name = "-".join(map(str, layers))
        s.text(0.4, y, f"{name}", size=10.5, ha="left", weight="bold")
        s.text(2.1, y, f"{n_paths:,} paths".replace(",", "\u202f"), size=10.5, ha="left")
        s.text(
            4.65, y, f"{n_products:,} multiplications for all δ".replace(",", "\u202f"), size=10.5, ha="left"
        )
    return s.fig


# ---------------------------------------------------------------- computational graphs


def xyz_graph():
    """f = (x + y)(x + z) at (−3, 2, 5): values and gradients by node."""
    return backprop({"x": -3, "y": 2, "z": 5}, {"p": "x + y", "q": "x + z", "f": "p * q"})


@figure
def graph_xyz():
    """The computational graph of f = (x + y)(x + z) at x = −3, y = 2, z = 5

    x and y feed the sum p, x and z feed the sum q, p and q are multiplied to f. Above each node stands its
    value, below it the gradient of f. x is used twice, so its gradient is the sum of what comes back from p
    and from q."""
    values, gradients = xyz_graph()
    s = Sheet(7.2, 3.6)
    places = {
        "x": (1.0, 1.8),
        "y": (1.0, 2.95),
        "z": (1.0, 0.65),
        "p": (3.4, 2.45),
        "q": (3.4, 1.15),
        "f": (5.8, 1.8),
    }
    edges = [("y", "p"), ("x", "p"), ("x", "q"), ("z", "q"), ("p", "f"), ("q", "f")]
    draw_graph(s, places, edges, values, gradients, labels={"p": "+", "q": "+", "f": "×"})
    s.text(3.4, 2.95 + 0.08, "$p = x + y$", size=11, color=GREY)
    s.text(3.4, 0.58, "$q = x + z$", size=11, color=GREY)
    s.text(6.25, 1.8, "$f = p\\,q$", size=11, color=GREY, ha="left")
    # What each of the two paths brings back to x: the gradient of the sum above it times its slope 1.
    s.on_edge(places["x"], places["p"], f"← {number(gradients['p'])}", color=GRADIENT, at=0.5, size=9.5)
    s.on_edge(places["x"], places["q"], f"← {number(gradients['q'])}", color=GRADIENT, at=0.5, size=9.5)
    key(s, 4.9, 3.3)
    return s.fig


def sigmoid_graph():
    """y = 1/(1 + e^(−x)) at x = ln 4, where every step is a short decimal."""
    return backprop({"x": sp.log(4)}, {"n": "-x", "u": "exp(n)", "s": "1 + u", "y": "1 / s"})


@figure
def graph_sigmoid():
    """The computational graph of the sigmoid

    Four steps in a row: times minus one, exponential, plus one, reciprocal. Above each node stands its
    value for x = ln 4, below it the gradient of y, and under the arrows the local slopes that are
    multiplied on the way back. Their product is y (1 − y)."""
    values, gradients = sigmoid_graph()
    s = Sheet(8.2, 2.6)
    names = ["x", "n", "u", "s", "y"]
    places = {name: (0.8 + 1.62 * i, 1.55) for i, name in enumerate(names)}
    labels = {"x": "$x$", "n": r"$\times(-1)$", "u": "exp", "s": "+1", "y": "$1/s$"}
    draw_graph(s, places, list(pairwise(names)), values, gradients, radius=0.3, labels=labels)
    slopes = {"n": "-1", "u": "u", "s": "1", "y": "-y^2"}
    symbols = {"n": "n=-x", "u": "u=e^{n}", "s": "s=1+u", "y": "y=1/s"}
    for before, after in pairwise(names):
        middle = (places[before][0] + places[after][0]) / 2
        s.text(middle, 1.35, rf"← $\times\,({slopes[after]})$", size=10.5, color=GRADIENT)
    for name, formula in symbols.items():
        s.text(places[name][0], 2.3, f"${formula}$", size=11, color=GREY)
    y = values["y"]
    s.text(
        4.1,
        0.45,
        r"$\dfrac{\partial y}{\partial x} = (-y^2)\cdot 1\cdot u\cdot(-1) = y^2 e^{-x} = y\,(1-y)$"
        f"   =  {number(y)} · {number(1 - y)}  =  {number(gradients['x'])}",
        size=12.5,
    )
    return s.fig


def relu_example():
    """X, A, dA and dX of bplib's ReLU on a small batch."""
    X = np.array([[1.5, -0.5], [-2.0, 3.0], [0.5, -1.0]])
    dA = np.array([[0.1, 0.2], [0.3, -0.4], [-0.5, 0.6]])
    relu = ReLU()
    A, cache = relu.forward(X)
    return X, A, dA, relu.backward(dA, cache)[0]


@figure
def graph_relu():
    """ReLU, forward and backward on a batch of three

    Forward, each negative number becomes 0, the others pass. Backward, the same gates decide: where the
    input was negative the gradient is 0, elsewhere it passes unchanged. Closed gates are drawn grey and
    crossed."""
    X, A, dA, dX = relu_example()
    s = Sheet(7.2, 3.6)
    for y, left, right, names, color, words in (
        (2.5, X, A, ("X", "A"), VALUE, "forward: keep what is above 0"),
        (0.85, dX, dA, ("dX", "dA"), GRADIENT, "backward: through the same open gates"),
    ):
        box = s.cells(1.35, y, 3, 2, unit=0.4, fill=SOFT[color], edge=color, numbers=left, size=10)
        s.cells(5.85, y, 3, 2, unit=0.4, fill=SOFT[color], edge=color, numbers=right, size=10)
        s.text(box[0] - 0.3, y, f"${names[0]}$", size=14, color=color)
        s.text(6.6, y, f"${names[1]}$", size=14, color=color)
        ends = ((1.75, y), (3.0, y), (4.2, y), (5.45, y))
        ends = ends if color == VALUE else ends[::-1]
        s.arrow(ends[0], ends[1], color=color, gap=0.1, lw=1.8)
        s.arrow(ends[2], ends[3], color=color, gap=0.1, lw=1.8)
        gates = s.cells(3.6, y, 3, 2, unit=0.4, fill=PAPER, edge=INK)
        for i, j in product(range(3), range(2)):
            x0, y0 = gates[0] + 0.4 * (j + 0.5), gates[3] - 0.4 * (i + 0.5)
            if X[i, j] > 0:
                s.text(x0, y0, "1", size=10, color=GREEN, zorder=3, weight="bold")
            else:
                s.ax.add_patch(Rectangle((x0 - 0.2, y0 - 0.2), 0.4, 0.4, fc=FAINT, ec=INK, lw=0.9, zorder=2))
                s.text(x0, y0, "×", size=12, color=GREY, zorder=3)
        s.text(3.6, y + 0.75, words, size=9.5, color=color)
    return s.fig


@figure
def graph_affine():
    """The computational graph of the affine layer, with every shape

    X (N, d) and W (d, k) meet in a matrix product, b (k,) is added to each row, the result is Z (N, k).
    Backward, dZ gives dX = dZ W transposed, dW = X transposed dZ, and db as the sum of dZ over the rows.
    Each gradient has the shape of what it belongs to."""
    s = Sheet(7.8, 3.8)
    x, w, b, dot, plus, z = (1.5, 2.85), (1.5, 1.55), (4.3, 0.65), (3.1, 2.2), (5.0, 2.2), (6.9, 2.2)
    for a, c in ((x, dot), (w, dot), (dot, plus), (b, plus), (plus, z)):
        s.arrow(a, c, gap=0.34, lw=1.5)
    s.node(*dot, "@", radius=0.3)
    s.node(*plus, "+", radius=0.3, size=15)
    for place, name, shape in ((x, "X", "(N, d)"), (w, "W", "(d, k)"), (b, "b", "(k,)"), (z, "Z", "(N, k)")):
        s.box(place[0] - 0.3, place[1] - 0.22, 0.6, 0.44, fill=SOFT[BLUE], edge=BLUE, zorder=3)
        s.text(*place, f"${name}$", size=14, zorder=4)
        above = (place[0], place[1] + 0.36) if name != "b" else (place[0] - 0.6, place[1])
        s.text(*above, shape, size=9.5, color=VALUE)
    for place, words, ha in (
        ((x[0], x[1] - 0.4), r"$dX = dZ\,W^{\mathsf{T}}$", "center"),
        ((w[0], w[1] - 0.4), r"$dW = X^{\mathsf{T}} dZ$", "center"),
        ((b[0] + 0.42, b[1]), r"$db = \sum_n\; dZ_n$", "left"),
        ((z[0], z[1] - 0.4), r"$dZ$", "center"),
        ((4.05, 2.0), r"$dZ$", "center"),
    ):
        s.text(*place, words, size=13, color=GRADIENT, ha=ha)
    s.text(4.05, 2.38, r"$XW$", size=12, color=VALUE)
    s.text(1.5, 0.75, "(N, k)(k, d)  =  (N, d)", size=9, color=GREY)
    s.text(1.5, 0.53, "(d, N)(N, k)  =  (d, k)", size=9, color=GREY)
    s.text(0.45, 0.75, "$dX$:", size=10, color=GREY)
    s.text(0.45, 0.53, "$dW$:", size=10, color=GREY)
    s.text(5.9, 3.3, "$Z = XW + b$", size=15)
    return s.fig


def softmax_graph():
    """L = −Σ y_c log p_c for logits ln 2, ln 5, ln 3 and the label "class 2"."""
    y = (0, 1, 0)
    steps = {f"e{c}": f"exp(z{c})" for c in (1, 2, 3)} | {"S": "e1 + e2 + e3"}
    steps |= {f"p{c}": f"e{c} / S" for c in (1, 2, 3)}
    steps |= {f"l{c}": f"log(p{c})" for c in (1, 2, 3)}
    steps["L"] = "-(" + " + ".join(f"{y[c - 1]} * l{c}" for c in (1, 2, 3)) + ")"
    return backprop({"z1": sp.log(2), "z2": sp.log(5), "z3": sp.log(3)}, steps)


@figure
def graph_softmax_loss():
    """The computational graph of softmax with cross-entropy

    Three logits are exponentiated, divided by their sum to probabilities, the logarithms are taken and the
    one of the true class, class 2, is the loss with its sign turned. Above each node stands its value,
    below it the gradient of the loss. What arrives at the logits is p minus y."""
    values, gradients = softmax_graph()
    s = Sheet(8.6, 5.1)
    columns = {"z": 0.8, "e": 2.15, "p": 5.15, "l": 6.5}
    places = {f"{v}{c}": (x, 5.0 - 1.15 * c) for v, x in columns.items() for c in (1, 2, 3)}
    places |= {"S": (3.65, 0.75), "L": (7.85, places["l2"][1])}
    edges = [(f"{a}{c}", f"{b}{c}") for a, b in ("ze", "ep", "pl") for c in (1, 2, 3)]
    edges += [(f"e{c}", "S") for c in (1, 2, 3)] + [("S", f"p{c}") for c in (1, 2, 3)]
    edges += [(f"l{c}", "L") for c in (1, 2, 3)]
    words = {"z": "$z_{}$", "e": "exp", "p": "÷", "l": "log"}
    labels = {f"{v}{c}": text.format(c) for v, text in words.items() for c in (1, 2, 3)} | {
        "S": "Σ",
        "L": "$L$",
    }
    draw_graph(s, places, edges, values, gradients, labels=labels, radius=0.23)
    for v, text in (("z", "logits $z$"), ("e", "$e^{z}$"), ("p", "$p = e^{z}/\\Sigma$"), ("l", "$\\log p$")):
        s.text(columns[v], 4.7, text, size=11, color=GREY)
    s.text(7.85, 4.7, r"$L = -\log p_2$", size=11, color=GREY)
    p = ", ".join(number(values[f"p{c}"]) for c in (1, 2, 3))
    g = ", ".join(number(gradients[f"z{c}"]) for c in (1, 2, 3))
    s.text(
        6.4,
        0.66,
        f"$\\partial L/\\partial z = p - y$ = ({p}) − (0, 1, 0)",
        size=10.5,
        color=GRADIENT,
        ha="center",
    )
    s.text(6.4, 0.4, f"= ({g})", size=10.5, color=GRADIENT)
    key(s, 0.35, 0.62)
    return s.fig


# ---------------------------------------------------------------- curves


@figure
def activations():
    """Sigmoid, tanh and ReLU with their derivatives

    Three panels over z from −5 to 5. Sigmoid rises from 0 to 1, its dashed derivative is a low bump around
    0. Tanh rises from −1 to 1, its derivative is a higher bump. ReLU is 0 up to 0, then z; its derivative
    jumps from 0 to 1. Where the curves of sigmoid and tanh are flat, the derivative is almost 0: the unit
    is saturated."""
    s = Sheet(8.2, 3.1)
    z = np.linspace(-5, 5, 401)[:, None]
    panels = ((Sigmoid(), "sigmoid", "σ"), (Tanh(), "tanh", "tanh"), (ReLU(), "ReLU", "ReLU"))
    for i, (layer, title, symbol) in enumerate(panels):
        a, cache = layer.forward(z)
        slope = np.round(
            layer.backward(np.ones_like(z), cache)[0][:, 0], 6
        )  # the last digits differ by processor
        a = np.round(a[:, 0], 6)
        ax = s.fig.add_axes((0.07 + 0.32 * i, 0.2, 0.255, 0.64))
        ax.axhline(0, color=FAINT, lw=1, zorder=0)
        ax.axvline(0, color=FAINT, lw=1, zorder=0)
        ax.plot(z[:, 0], a, color=VALUE, lw=2, label=f"{symbol}(z)")
        breaks = np.flatnonzero(np.abs(np.diff(slope)) > 0.5) + 1  # a jump is not a slope: leave a gap
        ax.plot(
            np.insert(z[:, 0], breaks, np.nan),
            np.insert(slope, breaks, np.nan),
            "--",
            color=GRADIENT,
            lw=1.8,
            label=f"{symbol}′(z)",
        )
        low, high = min(a.min(), 0), min(a.max(), 2.5)
        ax.set_xlim(-5, 5)
        ax.set_ylim(low - 0.12 * (high - low), high + 0.3 * (high - low))
        ax.set_title(title, fontsize=11, color=INK)
        ax.set_xlabel("$z$", fontsize=11, labelpad=0)
        ax.tick_params(labelsize=8, colors=INK)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(fontsize=9, frameon=False, loc="upper left", handlelength=2.2, borderaxespad=0.1)
    return s.fig


# ---------------------------------------------------------------- conventions and the map


@figure
def conventions():
    """Two conventions side by side: rows X W + b, columns W a + b

    Matrices as rectangles of cells for N = 4 examples, d = 3 inputs and k = 2 outputs. Left, examples are
    rows: X is 4 by 3, W 3 by 2, Z 4 by 2. Right, one example is a column: W is 2 by 3, a 3 by 1, z 2 by 1.
    Below stand the gradients in both: dW = X transposed dZ against delta times a transposed; dX = dZ W
    transposed against W transposed delta; db the sum of dZ's rows against delta."""
    N, d, k = 4, 3, 2
    s = Sheet(8.4, 5.6)
    shapes_rows = {"X": (N, d), "W": (d, k), "Z": (N, k), "b": (1, k), "1": (1, N)}
    column = {"a": (d, 1), "W": (k, d), "z": (k, 1), "b": (k, 1)}
    rows_side = (
        (("Z", "Z"), "=", ("X", "X"), ("W", "W"), "+", ("b", "b")),
        (("dW", "W"), "=", (r"X^{\mathsf{T}}", "X.T"), ("dZ", "Z")),
        (("dX", "X"), "=", ("dZ", "Z"), (r"W^{\mathsf{T}}", "W.T")),
        (("db", "b"), "=", (r"\mathbf{1}^{\mathsf{T}}", "1"), ("dZ", "Z")),
    )
    columns_side = (
        (("z", "z"), "=", ("W", "W"), ("a", "a"), "+", ("b", "b")),
        ((r"\partial L/\partial W", "W"), "=", (r"\delta", "z"), (r"a^{\mathsf{T}}", "a.T")),
        ((r"\partial L/\partial a", "a"), "=", (r"W^{\mathsf{T}}", "W.T"), (r"\delta", "z")),
        ((r"\partial L/\partial b", "b"), "=", (r"\delta", "z")),
    )
    unit = 0.165
    for left, side, table, title, under in (
        (
            0.15,
            rows_side,
            shapes_rows,
            "rows are examples",
            f"code of bplib: N = {N}, d = {d}, k = {k}",
        ),
        (4.3, columns_side, column, "one example is a column", f"many textbooks and posts: d = {d}, k = {k}"),
    ):
        s.text(left + 1.9, 5.3, title, size=12, weight="bold")
        s.text(left + 1.9, 5.06, under, size=9, color=GREY)
        for row, terms in enumerate(side):
            y = (4.36, 3.28, 2.2, 1.15)[row]
            x = left + 0.35
            for term in terms:
                if isinstance(term, str):
                    s.text(x + 0.02, y, term, size=14)
                    x += 0.2
                    continue
                name, what = term
                rows, cols = table[what.removesuffix(".T")]
                rows, cols = (cols, rows) if what.endswith(".T") else (rows, cols)
                backward = "d" in name[0] or "partial" in name or "delta" in name
                color = (
                    GRADIENT if backward else GREEN if what.startswith("W") else GREY if what == "1" else BLUE
                )
                width = max(cols * unit, 0.42 if "partial" not in name else 0.62)
                x += width / 2
                box = s.cells(x, y, rows, cols, unit=unit, fill=SOFT[color], edge=color)
                s.text(x, box[3] + 0.13, f"${name}$", size=11.5, color=INK)
                s.text(
                    x,
                    box[2] - 0.11,
                    f"({cols},)" if table is shapes_rows and what == "b" else f"{rows}×{cols}",
                    size=7.5,
                    color=GREY,
                )
                x += width / 2 + 0.16
    s.ax.plot([4.2, 4.2], [0.75, 5.4], color=FAINT, lw=1)
    words = (
        r"$W$ on the left is $W^{\mathsf{T}}$ on the right; row $n$ of $dZ$ is $\delta^{(n)}/N$, lying down"
    )
    s.text(4.2, 0.35, words, size=10.5)
    return s.fig


LESSONS = (
    ("Slopes", ("start here", "chain rule", "activations", "gradient descent")),
    ("Backpropagation", ("deltas", "matrix gradients", "softmax and layers", "gradient check")),
    ("At work", ("XOR", "regression", "MNIST", "broken in print")),
    ("Further", ("autodiff", "normalise, regularise", "optimisers", "depth")),
)


@figure
def course_map():
    """Map of the course: lessons 00 to 15 in four parts

    Four rows of four lessons, to be read from left to right and from top to bottom. Slopes: start here,
    chain rule, activations, gradient descent. Backpropagation: deltas, matrix gradients, softmax and
    layers, gradient check. At work: XOR, regression, MNIST, broken in print. Further: autodiff, normalise
    and regularise, optimisers, depth."""
    s = Sheet(8.2, 4.3)
    colors = (BLUE, GRADIENT, GREEN, PLUM)
    for part, ((name, lessons), color) in enumerate(zip(LESSONS, colors, strict=True)):
        y = 3.3 - 0.97 * part
        s.text(0.2, y + 0.64, name, size=10, color=color, ha="left", weight="bold")
        for i, lesson in enumerate(lessons):
            x = 0.2 + 2.0 * i
            s.box(x, y, 1.76, 0.5, fill=SOFT[color], edge=color, lw=1.2)
            s.text(x + 0.1, y + 0.25, f"{4 * part + i:02d}", size=12, color=color, ha="left", weight="bold")
            s.text(x + 0.46, y + 0.25, lesson, size=8.2, ha="left")
            if i < 3:
                s.arrow((x + 1.76, y + 0.25), (x + 2.0, y + 0.25), gap=0.02, color=GREY)
        if part < 3:
            down = y - 0.24
            s.ax.plot([7.08, 7.08, 1.7], [y, down, down], color=GREY, lw=1.0, ls=":", zorder=1)
            s.arrow((1.7, down), (1.7, y - 0.47), gap=0.0, color=GREY)
    return s.fig


# ---------------------------------------------------------------- files


def svg(draw) -> str:
    """The figure of `draw` as SVG text, with title and description inside."""
    title, *rest = draw.__doc__.strip().split("\n")
    description = " ".join(" ".join(rest).split())
    title, description = said(title), said(description)
    with mpl.rc_context(STYLE):
        fig = draw()
        said_in_picture(fig)
        FigureCanvasSVG(fig)
        raw = io.StringIO()
        fig.savefig(raw, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    name = draw.__name__
    head = f'role="img" aria-labelledby="{name}-title {name}-desc"'
    inside = f'<title id="{name}-title">{escape(title)}</title>\n'
    inside += f' <desc id="{name}-desc">{escape(description)}</desc>'
    text = re.sub(r"<svg ([^>]*)>", rf"<svg {head} \1>\n {inside}", raw.getvalue(), count=1)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def make(folder) -> list[Path]:
    """Write every figure into `folder`, in the language in use; the paths written."""
    Path(folder).mkdir(exist_ok=True)
    paths_written = []
    for draw in FIGURES:
        path = Path(folder) / f"{draw.__name__}.svg"
        path.write_text(svg(draw), encoding="utf-8", newline="\n")
        paths_written.append(path)
    return paths_written


if __name__ == "__main__":
    here = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    for language in (ENGLISH, *languages()):
        os.environ["BPLIB_LANGUAGE"] = language
        for written in make(here if language == ENGLISH else here / language):
            print(f"{written.relative_to(here)}: {written.stat().st_size / 1000:.0f} kB")
