"""A small network in symbols, layer by layer, with its δ.

Columns, as published: z = W a + b with W (n_out, n_in); w_jk leads from unit k to unit j.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import sympy as sp

from .assuming import Expr, insert
from .gradients import gradient, slope

f = sp.Function("f")


class SymbolicNetwork:
    """A small network written out for one sample: z^l = W^l a^{l−1} + b^l and a^l = f(z^l), in symbols.

    `SymbolicNetwork((2, 3, 2), f)` has lists indexed by layer: `W[1]`, `b[1]`, and the expressions `z[1]`,
    `a[1]`, with `a[0] = x`. Formulas read more easily in names: `Z[l]` and `A[l]` are symbols for the entries
    of z^l and a^l, `dA[l]` stands for f′(z^l), and `names` are the equations that say so:
    `prove(net.gradient(net.W[1]), net.delta(1) * net.x.T, assuming=net.names)`.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Callable = f,
        *,
        output: Callable | None = None,
        bias: bool = True,
        loss: Callable | None = None,
    ) -> None:
        self.sizes, self.depth = tuple(sizes), len(sizes) - 1
        self.functions = [None] + [activation] * (self.depth - 1) + [output or activation]
        self.loss_function = loss or _half_squares
        self.x = sp.ImmutableMatrix(sp.symbols(f"x1:{sizes[0] + 1}", real=True))
        self.y = sp.ImmutableMatrix(sp.symbols(f"y1:{sizes[-1] + 1}", real=True))
        self.W: list = [None]
        self.b: list = [None]
        self.Z: list = [None]
        self.dA: list = [None]
        self.z: list = [None]
        self.a, self.A = [self.x], [self.x]
        # equations, in the order in which they are to be put in
        slopes: list = []
        activations: list = []
        sums: list = []
        for layer, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
            function = self.functions[layer]
            self.W.append(_entries(f"w^{layer}", n_out, n_in))
            self.b.append(_entries(f"b^{layer}", n_out))
            self.Z.append(_entries(f"z^{layer}", n_out))
            self.A.append(_entries(f"a^{layer}", n_out))
            self.dA.append(self.Z[layer].applyfunc(sp.Function("f'")))
            self.z.append(self.W[layer] * self.a[-1] + (self.b[layer] if bias else sp.zeros(n_out, 1)))
            self.a.append(self.z[layer].applyfunc(function))
            slopes += map(sp.Eq, self.dA[layer], self.z[layer].applyfunc(lambda e, g=function: slope(g, e)))
            activations += map(sp.Eq, self.A[layer], self.a[layer])
            sums += map(sp.Eq, self.Z[layer], self.z[layer])
        self.names = (*slopes, *activations, *sums)
        self.loss = self.loss_function(self.a[-1], self.y)

    def gradient(self, by: Expr) -> Expr:
        """∂L/∂by straight from the whole expression: no δ, no recursion."""
        return gradient(self.loss, by)

    def written_out(self, formula: Expr) -> Expr:
        """A formula in the names `A`, `Z`, `dA` in terms of inputs, weights and biases alone."""
        for equation in self.names:
            formula = insert(formula, equation)
        return formula

    def output_delta(self) -> sp.MatrixBase:
        """δ^L = ∂L/∂a ⊙ f′(z^L)."""
        return gradient(self.loss_function(self.A[-1], self.y), self.A[-1]).multiply_elementwise(self.dA[-1])

    def delta(self, layer: int) -> sp.MatrixBase:
        """δ^l by A's recursion, in names: δ^l = (W^{l+1})ᵀ δ^{l+1} ⊙ f′(z^l)."""
        if layer == self.depth:
            return self.output_delta()
        return (self.W[layer + 1].T * self.delta(layer + 1)).multiply_elementwise(self.dA[layer])


def _half_squares(outputs, goals):
    return sum((out - goal) ** 2 for out, goal in zip(outputs, goals, strict=True)) / 2


def _entries(letter, rows, cols=None):
    return sp.ImmutableMatrix(
        rows,
        cols or 1,
        lambda r, c: sp.Symbol(f"{letter}_{r + 1}{c + 1 if cols else ''}", real=True),
    )
