"""An attempt at an exercise as JSON can hold it, and read from there: what travels between processes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .running import Attempt, Opaque, Trial

FORMULAS = {"Add", "Mul", "Pow", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "Abs", "sign",
            "Max", "Min", "factorial"}  # fmt: skip
CONSTANTS = {"Pi": "pi", "Exp1": "E", "ImaginaryUnit": "I"}


def encode(value: object) -> Any:
    """A frozen value (see `running.freeze`) as JSON can hold it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if value is ...:
        return {"ellipsis": True}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": str(value.dtype), "shape": list(value.shape)}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [encode(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[key, encode(item)] for key, item in value.items()]}
    if isinstance(value, Opaque):
        return {"opaque": value.type}
    try:
        return {"formula": _tree(value)}
    except (RecursionError, ValueError):  # too deep, or a number of too many digits
        return {"opaque": f"{type(value).__name__}, too large to be looked at"}


def _tree(formula):
    if getattr(formula, "is_Symbol", False):
        return ["Symbol", formula.name]
    if getattr(formula, "is_Rational", False) or getattr(formula, "is_Float", False):
        return ["Number", str(formula)]
    return [type(formula).__name__, *(_tree(part) for part in getattr(formula, "args", ()))]


def decode(data: Any) -> Any:
    """The frozen value again. Builds numbers, texts and known formulas only; anything else is `Opaque`."""
    if not isinstance(data, dict):
        return data
    ((kind, inner),) = ((k, v) for k, v in data.items() if k not in ("dtype", "shape"))
    if kind == "ellipsis":
        return ...
    if kind == "array":
        return np.array(inner, dtype=data["dtype"]).reshape(data["shape"])
    if kind == "dict":
        return {str(key): decode(item) for key, item in inner}
    if kind in ("list", "tuple"):
        items = [decode(item) for item in inner]
        return items if kind == "list" else tuple(items)
    if kind == "formula":
        try:
            return _formula(inner)
        except (LookupError, TypeError, ValueError):
            return Opaque("a formula of its own kind")
    return Opaque(str(inner))


def _formula(tree):
    import sympy

    name, *parts = tree
    if name == "Symbol":
        return sympy.Symbol(parts[0], real=True)
    if name == "Number":
        return sympy.Float(parts[0]) if "." in parts[0] else sympy.Rational(parts[0])
    if name in CONSTANTS:
        return getattr(sympy, CONSTANTS[name])
    if name not in FORMULAS:
        raise LookupError(name)
    return getattr(sympy, name)(*map(_formula, parts))


def attempt_to_json(attempt: Attempt) -> dict:
    """An `Attempt` as JSON can hold it."""
    trials = [vars(trial) | {"returned": encode(trial.returned)} for trial in attempt.trials]
    return {"status": attempt.status, "why": attempt.why, "trials": trials}


def attempt_from_json(data: dict) -> Attempt:
    """The `Attempt` again."""
    trials = [
        Trial(**(trial | {"returned": decode(trial["returned"]), "changed": tuple(trial["changed"])}))
        for trial in data["trials"]
    ]
    return Attempt(str(data["status"]), str(data["why"]), trials)
