"""The learner's half of grading: run a notebook's cells in this process, write down what its answers did.

Started by `bplib.exercises.grade`, a process for each notebook, as
    python -m bplib.exercises.attempts NOTEBOOK OUT SEED
Each answer handed to a check is tried on inputs drawn from SEED, and what it did is appended to OUT as a line
of JSON. Nothing is judged here: whatever a notebook does to this process, the grader is in another one.
"""

import asyncio
import json
import sys

import numpy as np

from .running import Attempt, Opaque, Trial

FORMULAS = {"Add", "Mul", "Pow", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "Abs", "sign",
            "Max", "Min", "factorial"}  # fmt: skip
CONSTANTS = {"Pi": "pi", "Exp1": "E", "ImaginaryUnit": "I"}


def encode(value):
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


def decode(data):
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


def attempt_to_json(attempt):
    trials = [vars(trial) | {"returned": encode(trial.returned)} for trial in attempt.trials]
    return {"status": attempt.status, "why": attempt.why, "trials": trials}


def attempt_from_json(data):
    trials = [
        Trial(**(trial | {"returned": decode(trial["returned"]), "changed": tuple(trial["changed"])}))
        for trial in data["trials"]
    ]
    return Attempt(str(data["status"]), str(data["why"]), trials)


def cells(path):
    """The sources of a notebook's code cells."""
    with open(path, encoding="utf-8") as file:
        notebook = json.load(file)
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


async def run(path, out, seed):
    """Run the cells as a kernel would, going on after an error; note new answers after each cell."""
    from IPython.core.interactiveshell import InteractiveShell

    from . import exercises

    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.showtraceback = shell.showsyntaxerror = lambda *args, **kwargs: None
    known, noted, errors = exercises(), {}, 0
    with open(out, "a", encoding="utf-8") as record:

        def note(entry):
            record.write(json.dumps(entry) + "\n")
            record.flush()

        for source in cells(path):
            result = await shell.run_cell_async(
                source, store_history=False, transformed_cell=shell.transform_cell(source)
            )
            errors += not result.success
            for exercise in known:
                if exercise.submitted is not None and exercise.submitted is not noted.get(exercise.name):
                    noted[exercise.name] = exercise.submitted
                    attempt = exercise.attempt(exercise.submitted, seed)
                    note({"exercise": exercise.name, "attempt": attempt_to_json(attempt)})
        note({"done": True, "errors": errors})


if __name__ == "__main__":
    # This module is __main__ here: the one that others import is asked to do the work.
    from bplib.exercises import attempts

    asyncio.run(attempts.run(sys.argv[1], sys.argv[2], int(sys.argv[3])))
