"""Exercises without their solutions: what the student edition (`make student`) has in place of lesson_NN.py.

    locked.write(path)    the exercises of this edition as a sheet, a JSON file
    locked.load(path)     name → exercise, from a sheet

A sheet holds tasks, two hints of three, and what a check needs. For a function: some inputs drawn once, and
the outputs that are right for them; the teacher's command draws new ones, so these numbers are no answer. For
the rest, and for the sentences about slips: texts locked by the answer that brings them up, so that nothing
can be read from the sheet that a check would not say. Nothing is secret that trying finds out: a choice among
four letters takes four tries, here as anywhere.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import inspect
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from ..language import said
from . import diagnose, exercises, input_functions, kinds, running
from .attempt import decode, encode
from .kinds import Choice, Exercise, Expression, Fault, Function, Text, Value
from .running import RAN, Attempt, Trial

TEACHER = "This is the edition for a class: the third hint and the solutions are with your teacher."
FACTORS = {-1: "Right but for its sign.", 2: "Half of what it should be.", 0.5: "Twice what it should be."}


# ---------------------------------------------------------------- locked texts


def _lock(name, answer, text):
    """Id and locked text: the key is the answer itself."""
    digest = hashlib.sha256(f"{name}\n{answer}".encode()).digest()
    data = json.dumps(text, ensure_ascii=False).encode()
    stream = hashlib.shake_256(digest).digest(len(data))
    return digest.hex()[:20], base64.b64encode(bytes(map(int.__xor__, data, stream))).decode()


def _unlock(name, answer, locked):
    """What was locked by this answer, or None."""
    digest = hashlib.sha256(f"{name}\n{answer}".encode()).digest()
    if digest.hex()[:20] not in locked:
        return None
    data = base64.b64decode(locked[digest.hex()[:20]])
    return json.loads(bytes(map(int.__xor__, data, hashlib.shake_256(digest).digest(len(data)))))


def _lock_all(name, entries):
    """{id: locked text} of pairs (answer, text); of equal answers the first counts."""
    return dict(reversed([_lock(name, answer, text) for answer, text in entries]))


def _fingerprint(value):
    """A text that is the same for values that agree to about five digits."""
    array = diagnose._as_array(value)
    if array is None:
        if isinstance(value, (list, tuple)):
            return f"[{', '.join(map(_fingerprint, value))}]"
        if isinstance(value, dict):
            return f"{{{', '.join(f'{k}: {_fingerprint(value[k])}' for k in sorted(value))}}}"
        return repr(value)
    array = np.asarray(array, float)
    good = np.isfinite(array)
    scale = float(np.max(np.abs(array[good]), initial=0.0))
    scale = scale if scale > 1e-12 else 1.0
    # 0.31: round numbers lie in the middle of a step, where round-off does not move them into the next
    steps = np.floor(np.where(good, array, 0) / scale * 1e5 + 0.31).astype(int)
    shown = [str(s) if g else "?" for s, g in zip(steps.flat, good.flat, strict=True)]
    return f"{array.shape} {math.floor(math.log(scale) * 1e5 + 0.31)} {' '.join(shown)}"


def _deeds(attempt):
    """What a function did in all trials, as a text: equal where `diagnose.same` holds."""
    return "\n".join(
        diagnose.stopped(t.crash) if t.crash else f"{sorted(t.changed)} {_fingerprint(t.returned)}"
        for t in attempt.trials
    )


def _deeds_in(attempt, returns, name):
    """As `_deeds`, of the part `name` of what was returned alone."""
    return f"{name}\n" + "\n".join(
        diagnose.stopped(t.crash) if t.crash else _fingerprint(diagnose.part_of(returns, t.returned, name))
        for t in attempt.trials
    )


def _steps(number, tolerance, around=(0,)):
    """The number as a step of a scale that grows by `tolerance` a step, and the steps around it."""
    if tolerance < 1e-6 or abs(number) < 1e-12:
        return [f"{float(number):.9g}"]
    step = math.floor(math.log(abs(number)) / math.log1p(tolerance))
    return [f"{math.copysign(1, number)} {step + a}" for a in around]


# ---------------------------------------------------------------- writing


def _encode(value):
    """An input as JSON can hold it; of a function its name in `input_functions`, and what it is given."""
    if callable(value):
        function, parts = (value.func, value.args) if isinstance(value, functools.partial) else (value, ())
        if getattr(input_functions, function.__name__, None) is not function:
            raise ValueError(
                f"{function.__qualname__}: a function among the inputs must be one of input_functions.py"
            )
        return {"given": function.__name__, "parts": [encode(running.freeze(p)) for p in parts]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    return encode(running.freeze(value))


def _decode(data):
    if isinstance(data, dict) and "given" in data:
        function, parts = (
            getattr(input_functions, data["given"]),
            [decode(part) for part in data["parts"]],
        )
        return functools.partial(function, *parts) if parts else function
    if isinstance(data, dict) and "bytes" in data:
        return bytes.fromhex(data["bytes"])
    value = decode(data)
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _function(e):
    """Inputs of the first seed that tells all slips apart, and what is right for them."""

    def tried(slips):
        runs = ((faults, [kinds._ran(e, f, seed, t) for t in range(e.trials)]) for faults, f in slips)
        return [(faults, Attempt(RAN, trials=r)) for faults, r in runs if not all(t.crash for t in r)]

    for seed in range(100):
        slips = tried(e.slips)
        if all([fault.name for fault, _ in e.recognise(a, seed)] == [m.name] for (m,), a in slips):
            break
    else:
        raise ValueError(f"{e.name}: no inputs were found that tell all slips apart")
    right = [e.run_reference(seed, t) for t in range(e.trials)]
    parts = [] if isinstance(e.returns, str) else e.returns
    # Deeds unlock the keys of what they show, a key unlocks the sentence of one slip.
    entries = [(_key(m), [m.name, said(m.teaches)]) for m in e.mutants]
    entries += [(_deeds(a), [_key(m) for m in faults]) for faults, a in slips + tried(e.double_slips)]
    entries += [(_deeds_in(a, e.returns, name), [_key(m)]) for (m,), a in slips for name in parts]
    return {
        "names": list(inspect.signature(e.reference).parameters),
        "after": said(e.after),
        "inputs": [[_encode(v) for v in e.draw(seed, t).values()] for t in range(e.trials)],
        "right": [encode(t.returned) for t in right],
        "changed": [t.changed for t in right],
        "locked": _lock_all(e.name, entries),
    }


def _key(fault):
    """What unlocks a slip's sentence: it cannot be guessed without it."""
    return hashlib.sha256(fault.teaches.encode()).hexdigest()[:24]


def _typed(number, tolerance, around=(0,)):
    """The keys of a wrong answer: as near as the right one must be, three digits where it is not whole."""
    if kinds.whole(number):
        return _steps(number, tolerance, around)
    return [f"about {step}" for step in _steps(number, max(tolerance, kinds.TYPED), around)]


def _value(e):
    parts = [e.answer] if isinstance(e.returns, str) else list(e.answer)
    if not all(isinstance(p, (int, float)) for p in parts):
        raise ValueError(f"{e.name}: a sheet can hold numbers as answers, this one is {e.answer!r}")

    right = [_steps(p, e.tolerance)[0] for p in parts]
    entries = [(right, ["correct", said(e.after)])]
    if isinstance(e.returns, str):
        far = ["not yet", said(kinds.ROUNDED_TOO_FAR), "", len(e.mutants)]  # after what is meant for certain
        entries += [([key], far) for key in _rounded_keys(e.answer)]
    for n, (wrong, teaches) in enumerate(e.mutants):
        keys = [
            [None] if p is None else _typed(p, e.tolerance) + _rounded_keys(p)
            for p in ([wrong] if isinstance(e.returns, str) else wrong)
        ]
        entries += [(list(k), ["not yet", said(teaches), str(wrong), n]) for k in itertools.product(*keys)]
    entries += [([n, k], ["part"]) for n, k in enumerate(right)]
    return {"locked": _lock_all(e.name, entries)}


def _rounded_keys(number):
    return [] if kinds.whole(number) else [f"as typed {r:.9g}" for r in sorted(kinds.roundings(number))]


def _choice(e):
    right = [(e.answer, ["correct", said(e.after)])]
    return {
        "options": list(e.options),
        "locked": _lock_all(e.name, right + [(a, ["not yet", said(teaches), a]) for a, teaches in e.mutants]),
    }


def _expression(e):
    right = [(_fingerprint_of(e, e.answer), ["correct", said(e.after)])]
    wrong = [(_fingerprint_of(e, e.formula(w)), ["not yet", said(teaches), w]) for w, teaches in e.mutants]
    return {"symbols": e.symbols, "functions": e.functions, "locked": _lock_all(e.name, right + wrong)}


def _fingerprint_of(e, formula, factor=1):
    values = e._at_points(formula) * factor
    return _fingerprint(np.stack([values.real, values.imag]))


_WRITERS = {Function: ("function", _function), Value: ("value", _value), Choice: ("choice", _choice),
            Expression: ("expression", _expression)}  # fmt: skip


def write(path: Path, chosen: list[Exercise] | None = None) -> None:
    """Write `chosen` exercises, by default all of this edition, to a sheet."""
    sheet = {}
    for e in chosen or exercises():
        kind, details = _WRITERS[type(e)]
        sheet[e.name] = {
            "kind": kind, "lesson": e.lesson,
            "task": said(e.task), "hints": [said(hint) for hint in e.hints[:2]],
            "returns": e.returns, "tolerance": e.tolerance, **details(e),
        }  # fmt: skip
    path.write_text(json.dumps(sheet, ensure_ascii=False), encoding="utf-8", newline="\n")


# ---------------------------------------------------------------- reading


class _Sheet:
    """What exercises from a sheet share: two hints, and no solution."""

    solution_text = TEACHER

    def hint(self, number=None):
        shown = super().hint(number)
        return Text(TEACHER) if self._hints_given == 3 else shown

    def unlock(self, answer):
        return _unlock(self.name, answer, self.locked)

    def tell(self, found):
        """The `Result` that an unlocked text stands for."""
        return self.right(found[1]) if found[0] == "correct" else self.wrong(*found[1:3])

    def right(self, after=""):
        return diagnose.Result(self.name, diagnose.CORRECT, after)


class SheetFunction(_Sheet, Function):
    """Compared with the outputs on the sheet, on the inputs of the sheet."""

    def __init__(self, entry: dict, **common: Any) -> None:
        def reference(*_):
            raise NotImplementedError(TEACHER)

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        signature = inspect.Signature([inspect.Parameter(n, kind) for n in entry["names"]])
        vars(reference)["__signature__"] = signature
        reference.__doc__ = common.pop("task")
        drawn = tuple(lambda rng, row=row: [_decode(item) for item in row] for row in entry["inputs"])
        super().__init__(reference, drawn, len(drawn), after=entry["after"], **common)
        self.results = [
            Trial(decode(value), changed=tuple(changed))
            for value, changed in zip(entry["right"], entry["changed"], strict=True)
        ]

    def run_reference(self, seed: int, trial: int) -> Trial:
        """What the solution did on the inputs of the sheet."""
        return self.results[trial]

    def recognise(self, attempt: Attempt, seed: int) -> list:
        if any(trial.endless for trial in attempt.trials):
            return []
        found = [(key, "") for key in self.unlock(_deeds(attempt)) or ()]
        if not found and not isinstance(self.returns, str):
            for name in self.returns:
                pairs = [(a, b) for a, b in zip(attempt.trials, self.results, strict=True) if not a.crash]
                if not all(diagnose.same_part(a, b, self.returns, name) for a, b in pairs):
                    found += [
                        (key, name) for key in self.unlock(_deeds_in(attempt, self.returns, name)) or ()
                    ]
        texts = [(self.unlock(key), part) for key, part in found]
        return [(Fault(text[0], "", "", text[1]), part) for text, part in texts]


class SheetValue(_Sheet, Exercise):
    """Numbers that unlock what there is to say; `tolerance` is met within a factor of two."""

    def judge_value(self, received: Any) -> diagnose.Result:
        """As `Value.judge_value`; the numbers unlock the verdict."""
        several = not isinstance(self.returns, str)
        blank = (1.0,) * len(self.returns) if several else 1.0
        problem = diagnose.compare(self.returns, blank, received, math.inf)
        if problem is not None:
            return self.wrong(problem.text)
        numbers = [float(diagnose._as_array(part)) for part in (received if several else [received])]
        found = self._look_up(numbers)
        if found:
            return self.tell(found)
        opposite = self._look_up([-n for n in numbers])
        sign = " The size is right: look at the sign." if opposite and opposite[0] == "correct" else ""
        which = ""
        if several:
            wrong = [n for n, k in enumerate(self._keys(numbers)) if not any(self.unlock([n, s]) for s in k)]
            which = f" {self.returns[wrong[0]]} is the first that differs."
        return self.wrong(f"That is not it.{which}{sign} ex.{self.name}.hint() helps.")

    def _keys(self, numbers):
        return [_steps(number, self.tolerance, (0, -1, 1)) for number in numbers]

    def _look_up(self, numbers):
        """The right answer's text, else that of the first wrong answer alike; None stands for any number."""
        around = (0, -1, 1)
        typed = [
            [f"about {s}" for s in _steps(n, max(self.tolerance, kinds.TYPED), around)]
            + [f"as typed {n:.9g}"]
            for n in numbers
        ]
        near = self._keys(numbers)
        keys = itertools.product(*([*k, *t, None] for k, t in zip(near, typed, strict=True)))
        found = [text for text in (self.unlock(list(key)) for key in keys) if text]
        return min(found, key=lambda text: -1 if text[0] == "correct" else text[3], default=None)


class SheetChoice(_Sheet, Exercise):
    """A letter that unlocks its sentence."""

    invitation = Choice.invitation

    def judge_value(self, received: Any) -> diagnose.Result:
        """As `Choice.judge_value`; the letter unlocks the verdict."""
        # a sheet has options too, and they are all that these two look at
        letter = Choice.letter(self, received)  # type: ignore[arg-type]  # see above
        if not letter:
            return self.wrong(Choice.which(self, received))  # type: ignore[arg-type]  # see above
        return self.tell(self.unlock(letter))


class SheetExpression(_Sheet, Expression):
    """A formula whose values at some points unlock its sentence; there is none here to prove it equal to."""

    def __init__(self, entry: dict, task: str, **common: Any) -> None:
        symbols, functions = " ".join(entry["symbols"]), " ".join(entry["functions"])
        super().__init__(task, symbols, "", functions=functions, working="", **common)
        self.solution_text = TEACHER

    def grade(self, formula: Any) -> diagnose.Result:
        for factor in (1, *FACTORS):
            found = self.unlock(_fingerprint_of(self, formula, factor))
            if found and factor == 1:
                return self.tell(found)
            if found and found[0] == "correct":
                return self.wrong(FACTORS[factor])
        return self.wrong(f"That is not it. ex.{self.name}.hint() helps.")


def load(path: Path) -> dict[str, Exercise]:
    """Name → exercise, from a sheet."""
    classes = {"function": SheetFunction, "expression": SheetExpression}
    found = {}
    for name, entry in json.loads(path.read_text(encoding="utf-8")).items():
        returns = entry["returns"] if isinstance(entry["returns"], str) else tuple(entry["returns"])
        common = {"task": entry["task"], "hints": [*entry["hints"], TEACHER], "returns": returns,
                  "tolerance": entry["tolerance"]}  # fmt: skip
        if entry["kind"] in classes:
            exercise = classes[entry["kind"]](entry, mutants=(), **common)
        else:
            exercise = (SheetValue if entry["kind"] == "value" else SheetChoice)(**common)
        exercise.options = entry.get("options", ())
        exercise.name, exercise.lesson, exercise.locked = name, entry["lesson"], entry["locked"]
        found[name] = exercise
    return found
