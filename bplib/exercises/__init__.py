'''Exercises that grade themselves.

In a lesson:

    import bplib.exercises as ex

    def affine_backward(dZ, X, W):
        """Return dX, dW, db."""
        ...                                    # your turn

    ex.affine_backward.check(affine_backward)   # ✔ correct / ✘ not yet, and why / ○ not attempted

`ex.predict("xor_one_unit")` asks before a run what it will show; see `predicting`. `ex.keep()` keeps a
function that passed, and `ex.mine()` makes a network of what is kept; see `keeping`.

`ex.affine_backward` shows the task, `.hint()` gives the next of three hints, `.solution()` a solution, and
`ex.progress()` draws what you have solved. Your functions get copies of random inputs, drawn anew at each
check. A loop written in Python that never ends is stopped after a few seconds; one inside NumPy is not: then
restart the kernel (Kernel ▸ Restart).
'''

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipywidgets import Widget

    from ..datasets import Dataset
    from .diagnose import Result
    from .keeping import Mine
    from .kinds import Exercise, Text


@functools.cache
def _modules():
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


@functools.cache
def registry() -> dict[str, Exercise]:
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


def exercises(lesson: int | None = None) -> list[Exercise]:
    """All exercises, or those of one lesson, as a list."""
    return [e for e in registry().values() if lesson in (None, e.lesson)]


def progress(lesson: int | None = None) -> None:
    """Draw what is solved: of `lesson` (by default the one you checked last) and of the course."""
    from . import progress_file

    checked = [e for e in exercises() if e.submitted is not None]
    progress_file.draw(
        exercises(), lesson if lesson is not None else (checked[-1].lesson if checked else None)
    )


def predict(name: str, *answer: Any) -> Text | Widget:
    """Ask for a prediction by a small widget, or keep the one that is given."""
    from . import predicting

    return predicting.predict(name, *answer)


def outcome(name: str, result: Any) -> None:
    """Say how far the prediction was off, if there is one."""
    from . import predicting

    predicting.outcome(name, result)


def predictions(lesson: int) -> None:
    """Draw the predictions of a lesson beside what came out, if there are any."""
    from . import predicting

    predicting.predictions(lesson)


def keep(name: str | None = None, *, replace: bool = False) -> Text:
    """Keep the function checked last (or that of the exercise `name`) in mynet.py, if it is correct."""
    from . import keeping

    return keeping.keep(name, replace)


def mine() -> Mine:
    """The network made of what is kept in mynet.py; it shows which pieces are whose."""
    from . import keeping

    return keeping.mine()


def recall(lesson: int, *answer: Any) -> Result:
    """The question that a lesson opens with, from two lessons before; with an answer, its verdict."""
    from . import recalling

    return recalling.recall(lesson, *answer)


def review(name: str | None = None, *answer: Any) -> Text | Result:
    """Short questions from earlier lessons that are due today; with a name and an answer, its verdict."""
    from . import recalling

    return recalling.review(name, *answer)


def own_digits(train: Callable, data: Dataset) -> Text:
    """Measure a whole program of the learner's own on the test images of `data`."""
    from . import keeping

    return keeping.own_digits(train, data)


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
    return sorted([*registry(), "exercises", "keep", "mine", "outcome", "own_digits", "predict",
                   "predictions", "progress", "recall", "registry", "review"])  # fmt: skip
