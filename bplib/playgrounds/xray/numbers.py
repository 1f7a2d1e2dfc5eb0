"""The numbers behind the X-ray: one example in one small network, and where each number comes from."""

import copy
import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

from ... import checks, derive
from ...gradcheck import numerical_gradient, relative_error
from ...layers import Affine, ReLU, Sigmoid, Tanh
from ...losses import BinaryCrossEntropy, SoftmaxCrossEntropy, SquaredError
from . import paths

ACTIVATIONS = {Sigmoid: "sigmoid", Tanh: "tanh", ReLU: "relu"}
LOSSES = {
    SquaredError: "squared_error",
    BinaryCrossEntropy: "binary_cross_entropy",
    SoftmaxCrossEntropy: "softmax_cross_entropy",
}
LOSS_FORMULAS = {
    "squared_error": r"L = \tfrac{1}{2} \sum_j (a_j - y_j)^2",
    "binary_cross_entropy": r"L = -\sum_j \left[\, y_j \ln a_j + (1 - y_j) \ln (1 - a_j) \,\right]",
    "softmax_cross_entropy": r"L = -\sum_j y_j \ln a_j",
}
MOST_LAYERS, MOST_UNITS = 3, 6
_SUB = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUP = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def shown(number) -> str:
    """Four digits for the eye: 0.5933, −0.003412, 1.2e−5; NaN and ∞ by name."""
    if not np.isfinite(number):
        return "NaN" if np.isnan(number) else "∞" if number > 0 else "−∞"
    if number and not 1e-3 <= abs(number) < 1e5:
        mantissa, exponent = f"{number:.2e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    return f"{number:.4g}".replace("-", "−")


@dataclass(frozen=True)
class Place:
    """A node, a weight, a bias or the loss. Layers count from 0 (the input), units from 0 as arrays do.

    kind: "unit", "w", "b" or "L"; `source` is the unit of the layer before that a weight comes from.
    """

    kind: str
    layer: int = 0
    unit: int = 0
    source: int = 0

    @property
    def name(self) -> str:
        """What `XRay.select` takes: "w1[1,0]" leads from unit 0 of the layer before to unit 1 of layer 1."""
        if self.kind == "L":
            return "L"
        if self.kind == "w":
            return f"w{self.layer}[{self.unit},{self.source}]"
        if self.kind == "b":
            return f"b{self.layer}[{self.unit}]"
        return f"a{self.layer}[{self.unit}]" if self.layer else f"x[{self.unit}]"

    @property
    def symbol(self) -> str:
        """As in the formulas in columns, counting units from 1: w¹₂₁ leads to unit 2 from unit 1."""
        return self.written()

    def written(self, rows=False) -> str:
        """As `symbol`; with `rows` as in Z = X W, where the same weight is w¹₁₂."""
        if self.kind == "L":
            return "L"
        if self.kind == "unit" and not self.layer:
            return "x" + str(self.unit + 1).translate(_SUB)
        units = [str(self.unit + 1), *([str(self.source + 1)] if self.kind == "w" else [])]
        units = "".join(units[::-1] if rows else units)
        letter = "a" if self.kind == "unit" else self.kind
        return letter + str(self.layer).translate(_SUP) + units.translate(_SUB)


@dataclass(frozen=True)
class Fact:
    """One number: its formula, the same with numbers, and what finite differences say (None: not asked).

    `error` is |value − numerical| / max(|value|, |numerical|, 1e-8).
    """

    symbol: str
    latex: str
    numbers: str = ""
    value: float | None = None
    numerical: float | None = None
    note: str = ""

    @property
    def error(self) -> float | None:
        """`relative_error` of the value against finite differences; None where none were taken."""
        return None if self.numerical is None else relative_error([self.value], [self.numerical])


@dataclass(frozen=True)
class Explanation:
    """What stands behind a node or an edge: `facts`, each with formula and numbers; `.text` is all of it."""

    name: str
    title: str
    facts: tuple = field(default=())

    @property
    def summary(self) -> str:
        """The last fact, which is the gradient, in one line."""
        return self.text.splitlines()[-1]

    @property
    def text(self) -> str:
        """The explanation in lines: the title, then each fact with its value and what checks it."""
        lines = [self.title]
        for fact in self.facts:
            line = fact.symbol if fact.value is None else f"{fact.symbol} = {shown(fact.value)}"
            if fact.numerical is not None:
                line += (
                    f", by finite differences {shown(fact.numerical)} (relative difference {fact.error:.0e})"
                )
            lines.append(line + (f": {fact.note}" if fact.note else ""))
        return "\n".join(lines)


class Anatomy:
    """A network as the X-ray sees it: affine layers, each with an activation or none. Refuses all else.

    Layer l (from 1) has `sizes[l]` units and the function `functions[l]`; `pairs[l]` holds the places of the
    affine layer and of its activation in `network.layers`.
    """

    def __init__(self, network):
        self.loss = LOSSES.get(type(network.loss_function))
        if self.loss is None:
            raise TypeError(f"XRay: the loss must be one of {', '.join(LOSSES.values())}, "
                            f"got {network.loss_function!r}")  # fmt: skip
        self.sizes, self.functions, self.pairs = [], [None], [None]
        for i, layer in enumerate(network.layers):
            if type(layer) is Affine:
                if not self.sizes:
                    self.sizes.append(int(layer.n_in))
                self.sizes.append(int(layer.n_out))
                self.functions.append("identity")
                self.pairs.append((i, None))
            elif type(layer) in ACTIVATIONS and len(self.pairs) > 1 and self.pairs[-1][1] is None:
                self.functions[-1] = ACTIVATIONS[type(layer)]
                self.pairs[-1] = (self.pairs[-1][0], i)
            else:
                raise TypeError("XRay: expects affine layers, each followed by a sigmoid, tanh, relu or "
                                f"nothing, got {layer!r} as layer {i} of {network.layers}")  # fmt: skip
        self.depth = len(self.pairs) - 1
        if not 1 <= self.depth <= MOST_LAYERS or max(self.sizes) > MOST_UNITS:
            raise ValueError(f"XRay: at most {MOST_LAYERS} layers of at most {MOST_UNITS} units can be read "
                             f"on a screen, got {self}")  # fmt: skip
        if self.loss != "squared_error":
            if self.functions[-1] != "identity":
                raise ValueError(f"XRay: {self.loss} takes logits and brings its own output function, got "
                                 f"one more {self.functions[-1]} before it")  # fmt: skip
            self.functions[-1] = "sigmoid" if self.loss == "binary_cross_entropy" else "softmax"

    def __str__(self):
        return "-".join(map(str, self.sizes))


class Example:
    """All numbers of one example, by the `forward` and `backward` of the network's own layers.

    X (1, n₀) and Y of one row. Vectors of one sample, lists by layer l = 0 … L: `a[l]` (a[0] is x, a[L] what
    is predicted), `z[l]`, `delta[l]` = ∂L/∂z^l, `dW[l]`, `db[l]` (l from 1; None at 0), `dx`, `y`, `L`. W and
    dW are in columns as in the published formulas: W[l][j, k] leads from unit k to unit j. With `rows` set
    the formulas write the weights as in Z = X W instead; the numbers are the same.
    """

    rows = False

    def __init__(self, network, X, Y):
        self.network, self.X, self.Y = network, X, Y
        self.anatomy = anatomy = Anatomy(network)
        layers, depth = network.layers, anatomy.depth
        self.a, self.z, caches = [X[0]], [None], [None]
        out = X
        for affine, activation in anatomy.pairs[1:]:
            out, before = layers[affine].forward(out)
            self.z.append(out[0])
            after = None
            if activation is not None:
                out, after = layers[activation].forward(out)
            self.a.append(out[0])
            caches.append((before, after))
        self.a[depth] = network.loss_function.predict(out)[0]
        self.L, cache = network.loss_function.forward(out, Y)
        Y = np.asarray(Y)
        self.y = np.eye(anatomy.sizes[-1])[Y[0]] if Y.ndim == 1 else Y[0].astype(float)
        if anatomy.loss == "softmax_cross_entropy" and abs(self.y.sum() - 1) > 1e-9:
            raise ValueError(f"XRay: the row of Y must sum to 1, got {self.y.sum():g}")

        self.delta, self.dW, self.db = ([None] * (depth + 1) for _ in range(3))
        d = network.loss_function.backward(cache)
        for l in range(depth, 0, -1):
            affine, activation = anatomy.pairs[l]
            before, after = caches[l]
            if activation is not None:
                d, _ = layers[activation].backward(d, after)
            self.delta[l] = d[0]
            d, grads = layers[affine].backward(d, before)
            self.dW[l] = grads["W"].T
            self.db[l] = grads.get("b")
        self.dx = d[0]
        params = [None] + [layers[i].params for i, _ in anatomy.pairs[1:]]
        self.W = [None] + [p["W"].T.copy() for p in params[1:]]
        self.b = [None] + [p["b"].copy() if "b" in p else None for p in params[1:]]

    @cached_property
    def values(self):
        """The same as `derive.formula` wants it."""
        return {"a": self.a, "z": self.z, "W": self.W, "b": self.b, "delta": self.delta, "y": self.y}

    def slope(self, l):
        """f′(z^l) of a layer, (n_l,)."""
        activation = self.anatomy.pairs[l][1]
        if activation is None:
            return np.ones_like(self.z[l])
        layer, Z = self.network.layers[activation], self.z[l][None]
        return layer.backward(np.ones_like(Z), layer.forward(Z)[1])[0][0]

    # Finite differences: the referee, who knows nothing of backpropagation.

    def numerical(self, place):
        """∂L/∂(this weight, bias, input or a unit's z) by central differences of the network's loss."""
        if place.kind == "unit":
            at = self.a[0] if place.layer == 0 else self.z[place.layer]

            def moved(number):
                vector = at.copy()
                vector[place.unit] = number[0]
                return self._loss_from(place.layer, vector)

            return float(numerical_gradient(moved, at[[place.unit]])[0])
        twin = copy.deepcopy(self.network)
        params = twin.layers[self.anatomy.pairs[place.layer][0]].params
        array, index = (
            (params["W"], (place.source, place.unit)) if place.kind == "w" else (params["b"], place.unit)
        )

        def changed(number):
            array[index] = number[0]
            return twin.loss(self.X, self.Y)

        return float(numerical_gradient(changed, np.array([array[index]]))[0])

    def _loss_from(self, l, vector):
        """L when the forward pass goes on from these inputs (l = 0) or these z of layer l."""
        out, first = vector[None], 0
        if l:
            first = self.anatomy.pairs[l][0] + 1
        for layer in self.network.layers[first:]:
            out, _ = layer.forward(out)
        return self.network.loss_function.forward(out, self.Y)[0]

    # Where a number comes from

    def formula(self, kind, l, j, k=None):
        """The `derive.Formula` of one number; j and k count from 0."""
        anatomy = self.anatomy
        return derive.formula(
            kind, tuple(anatomy.sizes), layer=l, unit=j + 1, source=None if k is None else k + 1,
            activation="identity" if l == anatomy.depth else anatomy.functions[l],
            output=anatomy.functions[-1], loss=anatomy.loss, bias=self.b[l] is not None, rows=self.rows,
        )  # fmt: skip

    def fact(self, symbol, kind, l, j, k=None, *, value, known, place=None):
        """The Fact of one number; without numbers while it is not `known`."""
        formula = self.formula(kind, l, j, k)
        if not known:
            return Fact(symbol, formula.latex, note="not computed yet")
        right = formula.with_numbers(self.values).removeprefix(formula.left + " = ")
        note = ""
        if place is not None and self._near_kink():
            note = "a ReLU stands within 1e-5 of its kink, where there is no derivative to compare with"
        numerical = None if place is None or note else self.numerical(place)
        return Fact(symbol, formula.latex, right, float(value), numerical, note)

    def _near_kink(self):
        relus = [l for l, f in enumerate(self.anatomy.functions) if f == "relu"]
        return any(np.any(np.abs(self.z[l]) <= 1e-5) for l in relus)

    def explain(self, place, forward, backward, loss_known) -> Explanation:
        """What stands behind `place`, when the forward pass has reached layer `forward` and the backward pass
        layer `backward` (depth + 1: not begun, 0: the inputs too)."""
        l, j, k = place.layer, place.unit, place.source
        where = f"layers[{self.anatomy.pairs[l][0]}].params" if l else ""
        if place.kind == "L":
            facts = (self._loss_fact(loss_known),)
            return Explanation("L", "the loss of this example", facts)
        symbol = place.written(self.rows)
        if place.kind == "w":
            origin = f"input {k + 1}" if l == 1 else f"unit {k + 1} of layer {l - 1}"
            title = f"{symbol} = {shown(self.W[l][j, k])}, from {origin} to unit {j + 1} of layer {l}"
            title += f'; in the code {where}["W"][{k}, {j}]'
            fact = self.fact(f"∂L/∂{symbol}", "dw", l, j, k, value=self.dW[l][j, k], known=backward <= l,
                             place=place)  # fmt: skip
            return Explanation(place.name, title, (fact,))
        if place.kind == "b":
            title = f"{symbol} = {shown(self.b[l][j])}, bias of unit {j + 1} of layer {l}"
            title += f'; in the code {where}["b"][{j}]'
            fact = self.fact(f"∂L/∂{symbol}", "db", l, j, value=self.db[l][j], known=backward <= l,
                             place=place)  # fmt: skip
            return Explanation(place.name, title, (fact,))
        if l == 0:
            return Explanation(place.name, f"input {symbol} = {shown(self.a[0][j])}",
                               (self._input_fact(place, backward == 0),))  # fmt: skip
        units = symbol[1:]
        facts = (
            self.fact(f"z{units}", "z", l, j, value=self.z[l][j], known=forward >= l),
            self.fact(f"a{units}", "a", l, j, value=self.a[l][j], known=forward >= l),
            self.fact(f"δ{units} = ∂L/∂z{units}", "delta", l, j, value=self.delta[l][j],
                      known=backward <= l, place=place),
        )  # fmt: skip
        kind = "output" if l == self.anatomy.depth else "hidden"
        return Explanation(
            place.name, f"unit {j + 1} of layer {l} ({kind}, {self.anatomy.functions[l]})", facts
        )

    def _loss_fact(self, known):
        law = LOSS_FORMULAS[self.anatomy.loss]
        if not known:
            return Fact("L", law, note="not computed yet")
        pairs = [(shown(a), shown(y)) for a, y in zip(self.a[-1], self.y, strict=True)]
        if self.anatomy.loss == "squared_error":
            terms = [rf"({a} - {_bracket(y)})^2" for a, y in pairs]
            numbers = rf"\tfrac{{1}}{{2}} \left[ {' + '.join(terms)} \right]"
        elif self.anatomy.loss == "softmax_cross_entropy":
            numbers = "-(" + " + ".join(rf"{y} \ln {a}" for a, y in pairs if y != "0") + ")"
        else:
            numbers = "-(" + " + ".join(rf"{y} \ln {a} + (1 - {y}) \ln (1 - {a})" for a, y in pairs) + ")"
        return Fact("L", law, f"{_latex(numbers)} = {_latex(shown(self.L))}", self.L)

    def _input_fact(self, place, known):
        k, x = place.unit, place.symbol
        terms = [
            (
                rf"w^{{1}}_{{{f'{k + 1}{j + 1}' if self.rows else f'{j + 1}{k + 1}'}}}",
                rf"\delta^{{1}}_{{{j + 1}}}",
            )
            for j in range(len(self.W[1]))
        ]
        law = rf"\frac{{\partial L}}{{\partial x_{{{k + 1}}}}} = " + " + ".join(
            rf"{w} \cdot {d}" for w, d in terms
        )
        if not known:
            return Fact(f"∂L/∂{x}", law, note="not computed yet")
        numbers = " + ".join(rf"{_bracket(shown(self.W[1][j, k]))} \cdot {_bracket(shown(self.delta[1][j]))}"
                             for j in range(len(terms)))  # fmt: skip
        value = float(self.dx[k])
        numerical = None if self._near_kink() else self.numerical(place)
        return Fact(f"∂L/∂{x}", law, f"{_latex(numbers)} = {_latex(shown(value))}", value, numerical)

    def path_products(self, place):
        """Every path from a weight or unit to the loss: (units, factors, product); the sum is the gradient.

        units: the numbers of the units from `place.layer` on. factors: what is multiplied, a of the source
        (weights only), then f′ and w in turn, last δ of the output.
        """
        if place.kind not in ("w", "b", "unit") or place.layer == 0:
            raise ValueError(f"path_products: expected a weight, a bias or a unit, got {place.name}")
        found, depth = [], self.anatomy.depth
        slopes = [None] + [self.slope(l) for l in range(1, depth + 1)]
        for route in paths.routes(self.anatomy.sizes, place.layer, place.unit):
            factors = [self.a[place.layer - 1][place.source]] if place.kind == "w" else []
            for l, (j, i) in enumerate(pairwise(route), start=place.layer):
                factors += [slopes[l][j], self.W[l + 1][i, j]]
            factors.append(self.delta[depth][route[-1]])
            found.append((route, [float(f) for f in factors], float(np.prod(factors))))
        return found


def _bracket(text):
    return f"({text})" if text.startswith("−") else text


def _latex(text):
    """Numbers as `shown` writes them, for LaTeX."""
    text = re.sub(r"(\d)e(−?\d+)", r"\1 \\cdot 10^{\2}", text)
    return text.replace("−", "-").replace("∞", r"\infty").replace("NaN", r"\text{NaN}")


def one_row(network, X, Y, row):
    """X (N, n₀) and Y cut to row `row`, as arrays of one row each."""
    X = checks.finite("XRay", "X", network.cast(X))
    if X.ndim != 2 or len(X) == 0:
        raise ValueError(
            f"XRay: X must be (N, {network.layers[0].n_in}) with at least one row, got {X.shape}"
        )
    Y = checks.real("XRay", "Y", Y)
    if len(Y) != len(X):
        raise ValueError(f"XRay: {len(X)} rows of X need as many rows of Y, got {len(Y)}")
    return X[row : row + 1], Y[row : row + 1]
