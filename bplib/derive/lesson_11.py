"""Lesson 11: mistakes that were printed."""

import sympy as sp

from .registry import Equation, register


@register(
    "(W_before − W_after)/η is the gradient that a step really used",
    lesson=11,
    posts=("C8",),
)
def recovered_gradient():
    w, eta, g = sp.symbols("w eta g", real=True)
    return Equation((w - (w - eta * g)) / eta, g, wrong={"η forgotten": eta * g})


@register(
    "D's one-example backward divides by the K classes, not by N = 1: K times too small",
    lesson=11,
    posts=("D14",),
)
def divided_by_classes():
    p, goal, classes = sp.symbols("p y K", positive=True)
    return Equation((p - goal) / 1 / ((p - goal) / classes), classes, wrong={"no harm": sp.Integer(1)})


@register(
    "log(p + ε) in the loss has gradient −1/(p + ε): at p = ε half of −1/p",
    lesson=11,
    posts=("D24",),
)
def epsilon_in_the_log():
    p, eps = sp.symbols("p epsilon", positive=True)
    ratio = sp.diff(-sp.log(p + eps), p) / sp.diff(-sp.log(p), p)
    return Equation(ratio, p / (p + eps), wrong={"no harm": sp.Integer(1)})


@register(
    "ReLU's output is never negative, so `output >= 0` never closes the gate: dZ = dA",
    lesson=11,
)
def gate_on_the_output():
    u, d = sp.Symbol("u", positive=True), sp.Symbol("d", real=True)
    outputs = [sp.Max(0, u), sp.Max(0, -u)]
    gate = [d if out >= 0 else 0 for out in outputs]
    right = [d if out > 0 else 0 for out in outputs]
    return Equation(sp.Matrix(gate), sp.Matrix([d, d]), wrong={"the right gate": sp.Matrix(right)})
