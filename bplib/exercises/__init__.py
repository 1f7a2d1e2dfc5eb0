'''Exercises that grade themselves. In a lesson:

    import bplib.exercises as ex

    def affine_backward(dZ, X, W):
        """Return dX, dW, db."""
        ...                                    # your turn

    ex.affine_backward.check(affine_backward)   # ✔ correct / ✘ not yet, and why / ○ not attempted

`ex.affine_backward` shows the task, `.hint()` gives the next of three hints, `.solution()` a solution, and
`ex.progress()` draws what you have solved. Your functions get copies of random inputs, drawn anew at each
check. A loop written in Python that never ends is stopped after a few seconds; one inside NumPy is not: then
restart the kernel (Kernel ▸ Restart).

Adding an exercise
------------------
An exercise of lesson 5 is an object in `bplib/exercises/lesson_05.py`; its name is the name in `ex`. There is
nothing to register. The four kinds, from `bplib.exercises.kinds`:

    from .kinds import Fault, choice, draw, expression, function, sizes, square, value

**A function.** Decorate the reference; its docstring is the task, its source the solution.

    def batch(rng, sizes=sizes):
        N, d, k = sizes(rng, 3)                  # all different: no square matrix hides a slip
        return draw(rng, N, k), draw(rng, N, d), draw(rng, d, k)

    @function(
        inputs=(batch, batch, square(batch)),    # or one such function; several take turns
        returns=("dX", "dW", "db"),              # or one name
        hints=("Each gradient has the shape of what it is the gradient of.",
               "dW is (d, k): which product of X (N, d) and dZ (N, k) has that shape?",
               "dX = dZ @ W.T, dW = X.T @ dZ; b was added to every row, so db sums over the rows."),
        mutants=(                                # name, a line of the solution, the slip, what it teaches
            Fault("missing transpose", "X.T @ dZ", "dZ.T @ X", "Row i of W belongs to input i ..."),
            Fault("mean over rows", "dZ.sum(axis=0)", "dZ.mean(axis=0)", "Only the loss divides by N: ..."),
            Fault("entry by entry", ("dZ @ W.T", "X.T @ dZ"), ("dZ * W.T", "X.T * dZ"), "`*` is not `@` ..."),
        ),
        after="The shipped Affine.backward says the same.",   # shown when correct (may be left out)
    )
    def affine_backward(dZ, X, W):
        """From dZ (N, k), X (N, d) and W (d, k) return dX, dW and db of an affine layer."""
        dX = dZ @ W.T
        dW = X.T @ dZ
        db = dZ.sum(axis=0)
        return dX, dW, db

`draw` gives ±0.1 … ±2.0, never 0; make other inputs where the slip shows only there (|z| ≥ 1000 for a missing
shift). Each `line` occurs exactly once in the solution. A tuple of lines names the places in which the slip
can be made, all of them or some; a tuple for the slip alone, the ways in which it is made. Arguments are
arrays, numbers, tuples, lists or functions. `tolerance=1e-6` (relative to the largest entry) and `trials=6`
may be given.

A slip is recognised by what it does on all inputs, not by its spelling: where it returns, by the values;
where it stops because shapes do not fit, by stopping there too. So every slip must come back on some input, a
`square` one if on no other, and right must stay right and wrong wrong for every draw: no luck, no ties,
nothing near the tolerance. Two slips at once, and one in each part of what is returned, are recognised
without being listed.

**A value**: whole numbers are compared exactly, others to `tolerance` (relative, 2e-3). A listed wrong number
that is not whole is recognised from two digits on, as it is rounded.

    fork_slope = value(
        "df/dx of f = (x + y)(x + z) at (x, y, z) = (1, 4, 2).", 8,
        working="(x + z) + (x + y) = 3 + 5.",
        hints=("x is used twice.", "Each use contributes a slope.", "Add (x + z) and (x + y)."),
        mutants=((5, "That is one of the two ways ..."), (15, "Gradients add where a variable forks, ...")),
    )

Several values: an answer that is a tuple and `returns=("dx", "dy", "dz")`; checked by `check(dx, dy, dz)`.

**A choice**: letter → option, and a sentence for each wrong one.

    tied = choice("Does ...?", {"a": "yes", "b": "no", "c": "..."}, "b",
                  wrong={"a": "...", "c": "..."}, hints=(..., ..., ...), after="Because ...")

**An expression**: the learner enters a sympy formula, `bplib.derive.prove` grades it. Symbols are matched by
their names. Answer and wrong answers are texts.

    error_slope = expression("∂(y − ŷ)²/∂ŷ, with sympy symbols y and y_hat.", "y y_hat", "-2*(y - y_hat)",
                             working="Chain rule: 2(y − ŷ) times the inner derivative, −1.",
                             hints=(..., ..., ...), mutants=(("2*(y - y_hat)", "The inner derivative ..."),))

In the lesson the cell holds a stub and the check as its last line: `def name(...):` with a docstring and
`...`, or `answer = ...` and `ex.name.check(answer)`. `tests/test_exercises.py` finds the new exercise by
itself and tests that the solution passes, the stub is not attempted, and every mutant, zeros and random
answers are refused, each mutant with its own sentence; `tests/test_answers.py` does so on 200 draws, and
holds a table of answers as learners write them: add yours, a few that are right and a few that are wrong.
'''

import functools
import importlib
import pkgutil
import re
from pathlib import Path


@functools.cache
def _modules():
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


@functools.cache
def registry():
    """Name → exercise, of all lessons, in their order."""
    from .kinds import Exercise

    prepared = Path(__file__).with_name("locked.json")
    if prepared.exists():  # the student edition
        from . import locked

        return locked.load(prepared)
    found = {}
    for name in filter(re.compile(r"lesson_\d\d$").match, _modules()):
        module = importlib.import_module(f"{__name__}.{name}")
        for label, thing in vars(module).items():
            if isinstance(thing, Exercise):
                if label in found or label in globals():
                    raise ValueError(f"the name {label} in {name} is taken: give the exercise another one")
                thing.name, thing.lesson = label, int(name[-2:])
                found[label] = thing
    return found


def exercises(lesson=None):
    """All exercises, or those of one lesson, as a list."""
    return [e for e in registry().values() if lesson in (None, e.lesson)]


def progress(lesson=None):
    """Draw what is solved: of `lesson` (by default the one you checked last) and of the course."""
    from . import progress_file

    checked = [e for e in exercises() if e.submitted is not None]
    progress_file.draw(
        exercises(), lesson if lesson is not None else (checked[-1].lesson if checked else None)
    )


def __getattr__(name):
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _modules():
        return importlib.import_module(f"{__name__}.{name}")
    if name in registry():
        return registry()[name]
    import difflib

    near = difflib.get_close_matches(name, registry(), 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    raise AttributeError(f"there is no exercise called {name}.{meant}")


def __dir__():
    return sorted([*registry(), "exercises", "progress", "registry"])
