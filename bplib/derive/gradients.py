"""Differentiating: by an explicit matrix, by a matrix of symbolic size, and an abstract f at a place."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from .assuming import Expr

t = sp.Symbol("t", real=True)


def gradient(loss: Expr, by: Expr) -> Expr:
    """∂loss/∂by, entry by entry, in the shape of the explicit matrix `by`."""
    return by.applyfunc(lambda entry: sp.diff(loss, entry))


def slope(function: Callable, at: Expr) -> Expr:
    """function′(at), with the slope taken before `at` is put in."""
    return sp.Subs(sp.Derivative(function(t), t), t, at).doit()


def trace_gradient(upstream: Expr, value: Expr, by: sp.MatrixSymbol) -> Expr:
    """∂L/∂by for any sizes, where ∂L/∂value = upstream: dL = tr(upstreamᵀ d value)."""
    return sp.Trace(upstream.T * value).diff(by)
