"""From what a learner's function did to a sentence that helps.

The order: crash, endless loop, nothing returned, number of values, type, shape, NaN, changed inputs, values.
Values that equal a known wrong answer (a mutant) get its sentence; then a constant factor, a sign or a
transpose is looked for. The smallest input on which they differ is shown, with both values.
"""

from dataclasses import dataclass

import numpy as np

from .running import BLANK, REFUSED, Opaque, holds_ellipsis

CORRECT, NOT_YET, NOT_ATTEMPTED = "correct", "not yet", "not attempted"
_SIGNS = {CORRECT: "✔", NOT_YET: "✘", NOT_ATTEMPTED: "○"}


@dataclass(frozen=True)
class Result:
    """The outcome of a check. Shown, it is the message; as a condition, it is True when correct.

    status "correct", "not yet" or "not attempted"; `slip` is the name of the fault recognised, if any.
    """

    exercise: str
    status: str
    message: str
    slip: str = ""

    @property
    def correct(self):
        return self.status == CORRECT

    def __bool__(self):
        return self.correct

    def __repr__(self):
        yet = " yet" if self.status == NOT_ATTEMPTED else ""
        head = f"{_SIGNS[self.status]} {self.exercise}: {self.status}{yet}."
        return head if not self.message else f"{head} {self.message}"


@dataclass(frozen=True)
class Problem:
    """The first thing wrong: its kind, the sentence, the value's name, and the two values if they differ."""

    kind: str
    text: str
    name: str = ""
    expected: object = None
    received: object = None


def judge(exercise, attempt, seed):
    """The `Result` of an attempt at a function exercise whose inputs were drawn from `seed`."""
    if attempt.status == BLANK or any(_untouched(trial) for trial in attempt.trials):
        return Result(exercise.name, NOT_ATTEMPTED, exercise.invitation)
    if attempt.status == REFUSED:
        return Result(exercise.name, NOT_YET, attempt.why)
    expected = [exercise.run_reference(seed, t) for t in range(len(attempt.trials))]
    problems = {}
    for t, (trial, right) in enumerate(zip(attempt.trials, expected, strict=True)):
        problem = first_problem(exercise, trial, right, exercise.draw(seed, t))
        if problem is not None:
            problems[t] = problem
    if not problems:
        printed = _printed(attempt.trials[0])
        return Result(exercise.name, CORRECT, " ".join(filter(None, [exercise.after, printed])))
    t = first = min(problems)
    if problems[first].expected is not None:
        # Of the trials that go wrong in the same way, the smallest can best be followed by hand.
        same = [t for t, p in problems.items() if p.expected is not None and p.name == problems[first].name]
        t = min(same, key=lambda t: sum(np.size(v) for v in exercise.draw(seed, t).values()))
    return _explained(exercise, attempt, expected, seed, t, problems[t])


def _untouched(trial):
    """A `...` of the task came back, or something was computed with it; or NotImplementedError."""
    crash = trial.crash or {"type": "", "message": ""}
    missing = "ellipsis" in crash["message"] or crash["type"] == "NotImplementedError"
    return missing or holds_ellipsis(trial.returned)


def first_problem(exercise, trial, right, inputs):
    """What is wrong with one trial, or None. `right` is the reference's trial on the same `inputs`."""
    shapes = ", ".join(f"{n} {np.shape(v)}" for n, v in inputs.items() if np.ndim(v))
    if trial.crash:
        line = f"\n  line {trial.crash['number']}:  {trial.crash['line']}" if trial.crash["line"] else ""
        given = f"\nIt was given {shapes}." if shapes else ""
        return Problem("crash", f"It stops with {trial.crash['type']}: {trial.crash['message']}{line}{given}")
    if trial.endless:
        return Problem("endless", "It did not come back and was stopped: is there a loop that never ends?")
    if trial.returned is None:
        if trial.printed.strip():
            return Problem("printing", "It prints its result and returns None. `print` shows a value to you; "
                           "`return` hands it to whoever called.")  # fmt: skip
        return Problem("none", "It returns None: is there a `return` at the end?")
    problem = compare(exercise.returns, right.returned, trial.returned, exercise.tolerance, inputs)
    if problem and problem.kind != "values":
        return problem
    changed = [name for name in trial.changed if name not in right.changed]
    if changed:
        return Problem("changed", f"It changes its input {changed[0]}, which the caller still needs: make a "
                       "new array instead of writing into the old one.")  # fmt: skip
    return problem


def compare(names, expected, received, tolerance, inputs=()):
    """The first `Problem` in `received`, whose parts are called `names` (a text, or a tuple of texts)."""
    if isinstance(names, str):
        return _leaf(names, expected, received, tolerance, dict(inputs))
    wanted = f"{len(names)} values are to be returned, {', '.join(names)}"
    if isinstance(received, np.ndarray) and received.ndim == 1 and not any(map(np.ndim, expected)):
        received = received.tolist()  # several numbers, put into one array
    if not isinstance(received, (tuple, list)):
        return Problem("count", f"{wanted}; it returns one thing, {_kind(received)}.")
    if len(received) != len(names):
        return Problem("count", f"{wanted}; it returns {len(received)}.")
    problems = [_leaf(*part, tolerance, dict(inputs)) for part in zip(names, expected, received, strict=True)]
    for kind in ("type", "shape", "nan", "values"):
        for problem in filter(None, problems):
            if problem.kind == kind:
                return problem
    return None


def _leaf(name, expected, received, tolerance, inputs):
    if isinstance(expected, (dict, list, tuple)) and not _is_numbers(expected):
        return _structure(name, expected, received, tolerance, inputs)
    if isinstance(expected, (str, bool)):
        same = type(received) is type(expected) and received == expected
        if isinstance(expected, bool):
            same = (
                isinstance(received, (bool, np.ndarray)) and np.ndim(received) == 0 and received == expected
            )
        if same:
            return None
        return Problem("values", f"{name} should be {expected!r}, yours is {received!r}.", name)
    wrong, right = _as_array(received), np.asarray(expected)
    if wrong is None:
        wanted = "an array of numbers" if right.ndim else "a number"
        what = name.replace("the answer", "The answer")
        return Problem("type", f"{what} should be {wanted}, yours is {_kind(received)}.", name)
    if wrong.shape != right.shape:
        return Problem("shape", _shape_sentence(name, right, wrong, tolerance, inputs), name)
    if not np.all(np.isfinite(wrong)):
        what = "NaN" if np.any(np.isnan(wrong)) else "infinite"
        places = " in places" if right.ndim else ""
        sentence = f"Your {name} is {what}{places}, finite numbers are expected.{_given(inputs)}"
        return Problem("nan", sentence, name)
    if not close(right, wrong, tolerance):
        return Problem("values", "", name, right, wrong)
    return None


def _structure(name, expected, received, tolerance, inputs):
    """Lists and dicts, part by part."""
    if isinstance(expected, dict):
        if not isinstance(received, dict) or set(received) != set(expected):
            keys = ", ".join(map(repr, expected))
            return Problem(
                "type", f"{name} should be a dict with the keys {keys}, yours is {_kind(received)}."
            )
        parts = [(f"{name}[{key!r}]", expected[key], received[key]) for key in expected]
    else:
        if not isinstance(received, (list, tuple)) or len(received) != len(expected):
            return Problem("type", f"{name} should be a list of {len(expected)}, yours is {_kind(received)}.")
        parts = [(f"{name}[{i}]", e, r) for i, (e, r) in enumerate(zip(expected, received, strict=True))]
    return next(filter(None, (_leaf(*part, tolerance, inputs) for part in parts)), None)


def close(expected, received, tolerance):
    """Within `tolerance` of the largest expected entry (of 1e-3 where all are 0 but for round-off)."""
    scale = float(np.max(np.abs(expected), initial=0.0))
    scale = scale if scale > 1e-12 else 1e-3
    return bool(np.max(np.abs(np.asarray(received, float) - expected), initial=0.0) <= tolerance * scale)


def _is_numbers(value):
    """A flat list of numbers, which an array may answer."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, (int, float)) for v in value)


def _as_array(value):
    if isinstance(value, (bool, int, float, np.generic, np.ndarray, list, tuple)):
        try:
            array = np.asarray(value)
        except ValueError:  # rows of different lengths
            return None
        return array if array.dtype.kind in "biuf" else None
    if getattr(value, "is_number", False) and getattr(value, "is_real", False):  # a number of sympy's
        return np.asarray(float(value))
    return None


def _kind(value):
    if isinstance(value, Opaque):
        return f"of type {value.type}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else f"the number {value}"
    if isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{value!r}"


def _shape_sentence(name, right, wrong, tolerance, inputs):
    twin = name[1:] if name.startswith("d") else ""
    if np.shape(inputs.get(twin)) == right.shape and right.ndim:
        wanted, rule = f"{twin} is {right.shape}", ": a gradient has the shape of what it is the gradient of"
    else:
        wanted, rule = f"{right.shape} is expected" if right.ndim else "a single number is expected", ""
    if right.ndim == 2 and wrong.shape == right.shape[::-1]:
        rule = ": transpose" if close(right.T, wrong, tolerance) else ": the other way round"
    return f"Your {name.removeprefix('the ')} has shape {wrong.shape}, {wanted}{rule}."


def _explained(exercise, attempt, expected, seed, t, problem):
    mutant = exercise.recognise(attempt, seed)
    lines = [problem.text]
    if mutant is not None:
        lines.append(mutant.teaches)
    elif problem.kind == "values" and problem.expected is not None:
        pattern = _pattern(exercise, attempt, expected, seed, problem.name)
        lines.append(pattern or f"Your {problem.name} has the right shape, and other values.")
    if problem.kind == "values" and problem.expected is not None:
        lines += [_right_ones(exercise, attempt.trials[t], expected[t], problem.name)]
        lines += [_example(exercise.draw(seed, t), problem)]
    lines.append(_printed(attempt.trials[t]))
    message = "\n".join(filter(None, lines))
    return Result(exercise.name, NOT_YET, message, mutant.name if mutant else "")


def same(a, b):
    """Whether two trials did the same."""
    if a.endless or b.endless:
        return a.endless and b.endless
    if a.crash or b.crash:
        return bool(a.crash and b.crash) and all(a.crash[k] == b.crash[k] for k in ("type", "message"))
    return set(a.changed) == set(b.changed) and _same_value(a.returned, b.returned)


def _same_value(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return set(a) == set(b) and all(_same_value(a[key], b[key]) for key in a)
    if (
        isinstance(a, (list, tuple))
        and isinstance(b, (list, tuple))
        and not (_is_numbers(a) or _is_numbers(b))
    ):
        return len(a) == len(b) and all(map(_same_value, a, b))
    x, y = _as_array(a), _as_array(b)
    if x is None or y is None:
        return type(a) is type(b) and bool(a == b)
    if x.shape != y.shape:
        return False
    x, y = np.asarray(x, float), np.asarray(y, float)
    odd = ~(np.isfinite(x) & np.isfinite(y))
    return np.array_equal(x[odd], y[odd], equal_nan=True) and close(y[~odd], x[~odd], 1e-7)


def _part(exercise, returned, name):
    """The value called `name` among what was returned, or None."""
    if isinstance(exercise.returns, str):
        return returned if exercise.returns == name else None
    return dict(zip(exercise.returns, returned, strict=True)).get(name)


def _pattern(exercise, attempt, expected, seed, name):
    """A sign, a factor or a transpose that explains all trials; "" if none does."""
    pairs = []
    for trial, right in zip(attempt.trials, expected, strict=True):
        try:
            e, r = _part(exercise, right.returned, name), _part(exercise, trial.returned, name)
            e, r = np.asarray(e, float), np.asarray(r, float)
        except (ValueError, TypeError):
            return ""
        if e.shape != r.shape or not np.any(e) or not np.all(np.isfinite(r)):
            return ""
        pairs.append((e, r))
    if all(e.ndim == 2 and close(e.T, r, exercise.tolerance) for e, r in pairs if e.shape == r.T.shape):
        if all(e.shape == r.T.shape for e, r in pairs):
            return (
                f"Your {name} is the transpose of the right one: with square matrices the shape cannot tell."
            )
    factors = [float(np.sum(e * r) / np.sum(e * e)) for e, r in pairs]
    if not all(close(c * e, r, exercise.tolerance) and c for c, (e, r) in zip(factors, pairs, strict=True)):
        return ""
    if np.allclose(factors, -1):
        return f"Your {name} has the right size and the wrong sign."
    drawn = [exercise.draw(seed, t) for t in range(len(pairs))]
    for array, axis in [(n, a) for n, v in drawn[0].items() for a in range(np.ndim(v))]:
        sizes = np.array([np.shape(inputs[array])[axis] for inputs in drawn], float)
        for what, wanted in (("too large", sizes), ("too small", 1 / sizes)):
            if np.ptp(sizes) and np.allclose(np.abs(factors), wanted):
                where, who = ("columns", ".") if axis else ("rows", ": who divides by N here?")
                return f"Your {name} is right up to a factor: {what} by the number of {where} of {array}{who}"
    if np.ptp(factors) < 1e-6 * abs(factors[0]):
        return (
            f"Your {name} is right up to a constant factor: it is {factors[0]:.4g} times what it should be."
        )
    return ""


def _right_ones(exercise, trial, right, wrong_name):
    """Which of several returned values are right already."""
    if isinstance(exercise.returns, str):
        return ""
    good = [
        name
        for name, e, r in zip(exercise.returns, right.returned, trial.returned, strict=True)
        if name != wrong_name and _leaf(name, e, r, exercise.tolerance, {}) is None
    ]
    return f"{' and '.join(good)} {'is' if len(good) == 1 else 'are'} right." if good else ""


def _example(inputs, problem):
    """An input on which they differ, if it is small enough to follow; expected and received."""
    shown = [("Expected", problem.expected), ("yours", problem.received)]
    lines = [f"{label} {problem.name}:".rjust(18) + " " + show(value, 19) for label, value in shown]
    return "\n".join([*filter(None, [_given(inputs).strip()]), *lines])


def _given(inputs):
    """The inputs in numbers, or their shapes where there are too many numbers."""
    simple = {n: v for n, v in inputs.items() if isinstance(v, (int, float, np.ndarray, list))}
    if not simple:
        return ""
    if sum(np.size(v) for v in simple.values()) > 60:
        brief = (f"{n} {np.shape(v)}" if np.ndim(v) else f"{n} = {show(v)}" for n, v in simple.items())
        return f" Given {', '.join(brief)}."
    return "\nGiven\n" + "\n".join(f"{n} = ".rjust(19) + show(v, 19) for n, v in simple.items())


def show(value, indent=0):
    """A number or an array at four digits, further rows aligned under the first."""
    value = np.asarray(value)
    value = value + 0.0 if value.dtype.kind == "f" else value  # −0. is 0.
    text = np.array2string(value, precision=4, suppress_small=True, separator=", ", threshold=60)
    return text.replace("\n", "\n" + " " * indent)


def _printed(trial):
    if not trial.printed.strip():
        return ""
    lines = trial.printed.strip().splitlines()
    more = f"\n  … {len(lines) - 5} more lines" if len(lines) > 5 else ""
    return "It printed:\n" + "\n".join(f"  {line[:100]}" for line in lines[:5]) + more
