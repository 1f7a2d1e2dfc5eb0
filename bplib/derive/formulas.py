"""Formulas of one unit or one weight, with the indices of a given network and, on demand, with its numbers.

The X-ray shows, beside every number of a small network, the formula it came from:

    f = derive.formula("delta", (2, 2, 1), layer=1, unit=2, activation="tanh")
    f.latex                  # LaTeX of δ^1_2 = (1 − (a^1_2)²) · w^2_12 · δ^2_1
    f.with_numbers(values)   # the same with numbers in place of the symbols, and the result
    f.value(values)          # the result alone (float)

kind      left side          right side
"z"       z^l_j              Σ_k w^l_jk a^{l-1}_k + b^l_j
"a"       a^l_j              f(z^l_j)
"delta"   δ^l_j = ∂L/∂z^l_j  at the output: a − y (cross-entropies), (a − y) f′(z) (squared error);
                             hidden: f′(z^l_j) Σ_i w^{l+1}_ij δ^{l+1}_i
"dw"      ∂L/∂w^l_jk         δ^l_j a^{l-1}_k
"db"      ∂L/∂b^l_j          δ^l_j

Layers count from 0 (the input), units from 1. w^l_jk leads from unit k of layer l−1 to unit j of layer l, so
the matrix W^l of these values has shape (n_l, n_{l-1}) and is the transpose of `Affine`'s W. δ is one
sample's. a^0 prints as x.
f′ is written from a: σ′ = a(1 − a), tanh′ = 1 − a², ReLU′ = [z > 0].

`values` is a dict of lists indexed by layer, whose entry 0 is None where layer 0 has no such thing:
{"a": [x, a1, a2], "z": [None, z1, z2], "W": [None, W1, W2], "b": [None, b1, b2], "delta": [None, d1, d2],
"y": y}; only what the formula uses must be there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import sympy as sp

from .assuming import Expr

ACTIVATIONS = ("sigmoid", "tanh", "relu", "identity")
LOSSES = ("squared_error", "binary_cross_entropy", "softmax_cross_entropy")
KINDS = ("z", "a", "delta", "dw", "db")


@dataclass(frozen=True)
class Formula:
    """`left` (LaTeX) = `expr` (sympy); `sources` says which value each symbol of `expr` stands for."""

    kind: str
    left: str
    expr: sp.Expr = field(repr=False)
    sources: dict = field(repr=False)

    @property
    def latex(self) -> str:
        """LaTeX without dollar signs."""
        return f"{self.left} = {_latex(self.expr)}"

    def value(self, values: dict) -> float:
        """The result for these values."""
        return float(self.expr.doit().subs(self._numbers(values)))

    def with_numbers(self, values: dict, *, digits: int = 4) -> str:
        """LaTeX with the numbers in place of the symbols, then the result: `left = numbers = result`."""
        names = {s: _shown(v, digits) for s, v in self._numbers(values).items()}
        middle = _latex(self.expr, names)
        result = _shown(self.value(values), digits).strip("()")
        return " = ".join([self.left, *([] if self.expr.is_Symbol else [middle]), result])

    def _numbers(self, values: dict) -> dict:
        numbers = {}
        for symbol, (name, layer, *indices) in self.sources.items():
            if name not in values:
                raise ValueError(f"{self.left} needs values[{name!r}], got {', '.join(sorted(values))}")
            number = values[name] if layer is None else values[name][layer]
            for index in indices:
                number = number[index - 1]
            numbers[symbol] = float(number)
        return numbers

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex}$"


def formula(
    kind: str,
    sizes: tuple[int, ...],
    *,
    layer: int,
    unit: int,
    source: int | None = None,
    activation: str = "sigmoid",
    output: str = "sigmoid",
    loss: str = "binary_cross_entropy",
    bias: bool = True,
    rows: bool = False,
) -> Formula:
    """The formula of one number in a network of these `sizes` (inputs first): see the top of this module.

    kind: "z", "a", "delta", "dw" or "db". layer: 1 … len(sizes) − 1. unit: j, from 1. source: k of the layer
    before, for "dw" alone. activation: of the hidden layers; output: of the last. loss: "squared_error" is
    ½(a − y)² for one sample. The cross-entropies take the output their name says ("sigmoid", "softmax").
    rows: weights are written as in Z = X W, from unit k to unit j: w^l_kj. Raises ValueError for anything
    else.
    """
    _check(kind, sizes, layer, unit, source, activation, output, loss)
    last = layer == len(sizes) - 1
    f = output if last else activation
    sources: dict = {}

    def symbol(name, shown, at, *indices):
        comma = "," if any(i > 9 for i in indices) else ""
        written = indices[::-1] if rows else indices
        latex = shown + (f"^{{{at}}}" if at else "") + f"_{{{comma.join(map(str, written))}}}"
        made = sp.Symbol(latex, real=True)
        sources[made] = (name, at, *indices)
        return made

    def z(l, j):
        return symbol("z", "z", l, j)

    def a(l, j):
        return symbol("a", "a", l, j) if l else symbol("a", "x", 0, j)

    def w(l, j, k):
        return symbol("W", "w", l, j, k)

    def delta(l, j):
        return symbol("delta", r"\delta", l, j)

    def slope():
        if f == "sigmoid":
            out = a(layer, unit)
            return [out, _add(sp.Integer(1), -out)]
        if f == "tanh":
            return [_add(sp.Integer(1), -(a(layer, unit) ** 2))]
        return [Gate(z(layer, unit))] if f == "relu" else []

    at = f"^{{{layer}}}_{{{unit}}}"
    if kind == "z":
        terms = [_mul(w(layer, unit, k), a(layer - 1, k)) for k in range(1, sizes[layer - 1] + 1)]
        return Formula(
            kind, f"z{at}", _add(*terms, *([symbol("b", "b", layer, unit)] if bias else [])), sources
        )
    if kind == "a":
        if f == "softmax":
            top, *rest = [sp.exp(z(layer, j)) for j in [unit, *range(1, sizes[layer] + 1)]]
            return Formula(kind, f"a{at}", _mul(top, sp.Pow(_add(*rest), -1, evaluate=False)), sources)
        return Formula(kind, f"a{at}", _activation(f, z(layer, unit)), sources)
    if kind == "delta" and last:
        error = _add(a(layer, unit), -symbol("y", "y", None, unit))
        factors = [error] if loss != "squared_error" else [error, *slope()]
        return Formula(kind, rf"\delta{at}", _mul(*factors), sources)
    if kind == "delta":
        down = [_mul(w(layer + 1, i, unit), delta(layer + 1, i)) for i in range(1, sizes[layer + 1] + 1)]
        return Formula(kind, rf"\delta{at}", _mul(*slope(), _add(*down)), sources)
    if kind == "dw":
        weight = sp.latex(w(layer, unit, source))
        sources.clear()
        product = _mul(delta(layer, unit), a(layer - 1, source))
        return Formula(kind, rf"\frac{{\partial L}}{{\partial {weight}}}", product, sources)
    return Formula(kind, rf"\frac{{\partial L}}{{\partial b{at}}}", delta(layer, unit), sources)


class Gate(sp.Function):
    """[z > 0]: 1 where z is positive, else 0. The slope we choose for ReLU."""

    @classmethod
    def eval(cls, z: Expr) -> sp.Basic | None:
        return sp.Integer(int(bool(z > 0))) if z.is_number else None

    def _latex(self, printer, exp=None):
        return rf"\left[{printer._print(self.args[0])} > 0\right]"


def _activation(name, z):
    match name:
        case "sigmoid":
            return sp.Pow(_add(sp.Integer(1), sp.exp(-z)), -1, evaluate=False)
        case "tanh":
            return sp.tanh(z)
        case "relu":
            return sp.Max(0, z)
        case _:
            return z


# Unevaluated, so that the terms print in the order in which a person computes them.
def _add(*terms):
    return terms[0] if len(terms) == 1 else sp.Add(*terms, evaluate=False)


def _mul(*factors):
    return factors[0] if len(factors) == 1 else sp.Mul(*factors, evaluate=False)


def _latex(expr, names=None) -> str:
    return sp.latex(expr, order="none", mul_symbol="dot", symbol_names=names or {})


def _shown(number: float, digits: int) -> str:
    # Significant digits, not decimals: 0.00006 must not become 0.0001.
    text = f"{number:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return f"({text})" if text.startswith("-") or " " in text else text


def _check(kind, sizes, layer, unit, source, activation, output, loss):
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    if len(sizes) < 2 or any(n < 1 for n in sizes):
        raise ValueError(f"sizes must hold at least two positive widths, inputs first, got {sizes}")
    if not 1 <= layer < len(sizes):
        raise ValueError(f"layer must be 1 … {len(sizes) - 1} (layer 0 is the input), got {layer}")
    if not 1 <= unit <= sizes[layer]:
        raise ValueError(f"unit must be 1 … {sizes[layer]} in layer {layer}, got {unit}")
    if kind == "dw" and (source is None or not 1 <= source <= sizes[layer - 1]):
        raise ValueError(f"source must be 1 … {sizes[layer - 1]}, a unit of layer {layer - 1}, got {source}")
    if kind != "dw" and source is not None:
        raise ValueError(f"source belongs to kind 'dw' alone, got {source} for {kind!r}")
    if activation not in ACTIVATIONS or output not in (*ACTIVATIONS, "softmax"):
        raise ValueError(
            f"activation must be one of {', '.join(ACTIVATIONS)}, got {activation!r}, {output!r}"
        )
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {', '.join(LOSSES)}, got {loss!r}")
    wanted = {"binary_cross_entropy": "sigmoid", "softmax_cross_entropy": "softmax"}.get(loss, output)
    if output != wanted or (loss == "squared_error" and output == "softmax"):
        raise ValueError(f"loss {loss!r} does not go with output {output!r}")
