"""From what a learner's function did to a sentence that helps.

The order: crash, endless loop, nothing returned, number of values, type, shape, NaN, changed inputs, values.
What a function does on all inputs, its values and where it stops, is compared with what known slips
(mutants) do, made alone, in several places, or two of them together: how a slip is spelled does not matter.
If none is recognised, a sign, a factor, a transpose or a near miss is looked for. The smallest input on which
they differ is shown, with both values.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..language import joined, said
from .running import BLANK, REFUSED, Attempt, Opaque, Trial, holds_ellipsis

if TYPE_CHECKING:
    from .kinds import Function

CORRECT, NOT_YET, NOT_ATTEMPTED = "correct", "not yet", "not attempted"
_VERDICTS = {CORRECT: "correct.", NOT_YET: "not yet.", NOT_ATTEMPTED: "not attempted yet."}
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
    def correct(self) -> bool:
        """Whether the status is "correct"."""
        return self.status == CORRECT

    def __bool__(self):
        return self.correct

    def __repr__(self):
        status = said(_VERDICTS[self.status])
        head = f"{_SIGNS[self.status]} {self.exercise}: {status}"
        return joined(head, said(self.message))


@dataclass(frozen=True)
class Problem:
    """The first thing wrong: its kind, the sentence, the value's name, and the two values if they differ."""

    kind: str
    text: str
    name: str = ""
    expected: object = None
    received: object = None


def judge(exercise: Function, attempt: Attempt, seed: int) -> Result:
    """The `Result` of an attempt at a function exercise whose inputs were drawn from `seed`."""
    if attempt.status == BLANK or any(_untouched(trial) for trial in attempt.trials):
        return Result(exercise.name, NOT_ATTEMPTED, exercise.invitation)
    if attempt.status == REFUSED:
        return Result(exercise.name, NOT_YET, attempt.why)
    expected = [exercise.run_reference(seed, t) for t in range(len(attempt.trials))]
    problems = all_problems(exercise, attempt, seed)
    if not problems:
        printed = _printed(attempt.trials[0])
        return Result(exercise.name, CORRECT, " ".join(filter(None, [exercise.after, printed])))
    t = first = min(problems)
    if problems[first].expected is not None:
        # Of the trials that go wrong in the same way, the smallest can best be followed by hand.
        same = [t for t, p in problems.items() if p.expected is not None and p.name == problems[first].name]
        t = min(same, key=lambda t: sum(map(_size, exercise.draw(seed, t).values())))
    return _explained(exercise, attempt, expected, seed, t, problems[t])


def all_problems(exercise: Function, attempt: Attempt, seed: int) -> dict[int, Problem]:
    """{trial: its first `Problem`} of the trials in which something is wrong."""
    found: dict[int, Problem] = {}
    for t, trial in enumerate(attempt.trials):
        problem = first_problem(exercise, trial, exercise.run_reference(seed, t), exercise.draw(seed, t))
        found |= {t: problem} if problem else {}
    return found


def _untouched(trial):
    """A `...` of the task came back, or something was computed with it; or NotImplementedError."""
    crash = trial.crash or {"type": "", "message": ""}
    missing = "ellipsis" in crash["message"] or crash["type"] == "NotImplementedError"
    return missing or holds_ellipsis(trial.returned)


def first_problem(exercise: Function, trial: Trial, right: Trial, inputs: dict) -> Problem | None:
    """What is wrong with one trial, or None. `right` is the reference's trial on the same `inputs`."""
    if trial.crash:
        # numbers count from the `def`: a line of a helper above it has none
        place = f"line {trial.crash['number']}" if trial.crash["number"] > 0 else "at"
        line = f"\n  {place}:  {trial.crash['line']}" if trial.crash["line"] else ""
        given = f"\nIt was given {_brief(inputs)}." if inputs else ""
        return Problem("crash", f"It stops with {_stop(trial.crash)}{line}{given}")
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


_MEANT = (
    (r"bitwise_xor|for \^:|for \^=", "`^` is no power in Python, it works on bits. Write `**`."),
    (r"matmul: .*\(size (\d+) is different from (\d+)\)",
     "`@` is the matrix product, and needs as many columns on its left as rows on its right: here {1} meet "
     "{0}. Entry by entry multiplies `*`."),
    (r"not aligned: (\d+) \(dim \d\) != (\d+)",
     "a matrix product needs as many columns on its left as rows on its right: here {0} meet {1}. Entry by "
     "entry multiplies `*`."),
    (r"matmul: .*enough dimensions|for @:|for @=",
     "`@` is the product of matrices and vectors; a number multiplies with `*`."),
    (r"operands could not be broadcast together with shapes (\(.*?\)) (\(.*?\))",
     "entry by entry (`+`, `*`, `==` …) the shapes {0} and {1} do not fit. If a matrix product is meant: "
     "that is `@`."),
)  # fmt: skip


def _stop(crash):
    """The error; where NumPy's own words say little to a beginner, ours."""
    for pattern, meant in _MEANT:
        found = re.search(pattern, crash["message"])
        if found:
            words = [group.replace(",", ", ").replace(", )", ",)") for group in found.groups()]
            return f"{crash['type']}: {meant.format(*words)}"
    return f"{crash['type']}: {crash['message']}" if crash["message"] else f"{crash['type']}."


def compare(
    names: str | tuple[str, ...], expected: Any, received: Any, tolerance: float, inputs: dict | tuple = ()
) -> Problem | None:
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
        if isinstance(received, int):
            return Problem("type", f"{what} is out of all bounds: {_kind(received)}.", name)
        return Problem("type", f"{what} should be {wanted}, yours is {_kind(received)}.", name)
    if wrong.shape != right.shape:
        return Problem("shape", _shape_sentence(name, right, wrong, tolerance, inputs), name)
    if not np.all(np.isfinite(wrong)):
        what = "NaN" if np.any(np.isnan(wrong)) else "infinite"
        places = " in places" if right.ndim else ""
        its = name.removeprefix("the ")
        sentence = f"Your {its} is {what}{places}, finite numbers are expected.{_given(inputs)}"
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


def close(expected: Any, received: Any, tolerance: float) -> bool:
    """Within `tolerance` of the largest expected entry (of 1e-3 where all are 0 but for round-off)."""
    expected, received = np.asarray(expected, float), np.asarray(received, float)
    scale = float(abs(expected).max(initial=0.0))
    scale = scale if scale > 1e-12 else 1e-3
    return bool(abs(received - expected).max(initial=0.0) <= tolerance * scale)


def _is_numbers(value):
    """A flat list of numbers, which an array may answer."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, (int, float)) for v in value)


def _as_array(value):
    if isinstance(value, (list, tuple)):
        value = _plain(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63 and abs(value) < 10**308:
        value = float(value)
    if isinstance(value, (bool, int, float, np.generic, np.ndarray, list, tuple)):
        try:
            array = np.asarray(value)
        except (ValueError, OverflowError):  # rows of different lengths
            return None
        return array if array.dtype.kind in "biuf" else None
    number = _number(value)
    return None if number is value else np.asarray(number)


def _plain(items):
    """A list in which the numbers of sympy are floats."""
    return [_plain(item) if isinstance(item, (list, tuple)) else _number(item) for item in items]


def _number(value):
    """A number of sympy's as a float, anything else as it is."""
    if getattr(value, "is_number", False) is True and getattr(value, "is_real", False):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            return value
    return value


def _kind(value):
    if isinstance(value, Opaque):
        return f"of type {value.type}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else f"the number {value}"
    if isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, int) and abs(value) > 10**300:  # Python itself refuses to print the largest
        return f"a whole number of about {int(value.bit_length() * math.log10(2))} digits"
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]} …"


def _shape_sentence(name, right, wrong, tolerance, inputs):
    twin = name[1:] if name.startswith("d") else ""
    like = inputs.get(twin)
    if not _nested(like) and np.shape(like) == right.shape and right.ndim:
        wanted, rule = f"{twin} is {right.shape}", ": a gradient has the shape of what it is the gradient of"
    else:
        wanted, rule = f"{right.shape} is expected" if right.ndim else "a single number is expected", ""
    if right.ndim == 2 and wrong.shape == right.shape[::-1]:
        rule = ": transpose" if close(right.T, wrong, tolerance) else ": the other way round"
    return f"Your {name.removeprefix('the ')} has shape {wrong.shape}, {wanted}{rule}."


def _explained(exercise, attempt, expected, seed, t, problem):
    slips = exercise.recognise(attempt, seed)
    explained = any(part == "" for _, part in slips)
    if not explained and (order := _other_order(exercise, attempt, expected)):
        return Result(exercise.name, NOT_YET, order)
    here = [slip for slip, part in slips if part in ("", problem.name)]
    lines = [problem.text, *(slip.teaches for slip in here)]
    if problem.kind == "values" and problem.expected is not None:
        if not here:
            pattern = _pattern(exercise, attempt, expected, seed, problem.name)
            lines.append(pattern or f"Your {problem.name} has the right shape, and other values.")
        lines += [_right_ones(exercise, attempt.trials[t], expected[t], problem.name)]
        lines += [_example(exercise.draw(seed, t), problem)]
    elsewhere = {}
    for slip, part in slips:
        if part not in ("", problem.name) and slip not in here:
            elsewhere.setdefault(slip.teaches, []).append(part)
    lines += [f"Your {' and '.join(parts)}: {teaches}" for teaches, parts in elsewhere.items()]
    lines.append(_printed(attempt.trials[t]))
    message = "\n".join(filter(None, lines))
    names = dict.fromkeys(slip.name for slip, _ in slips)
    return Result(exercise.name, NOT_YET, message, " + ".join(names))


# ---------------------------------------------------------------- the same behaviour

_SHAPES = ("ValueError", "IndexError", "TypeError", "AxisError", "LinAlgError")
_NUMBERS = ("ZeroDivisionError", "OverflowError", "FloatingPointError")
_ABOUT_SHAPES = re.compile(
    r"shape|dimension|broadcast|align|\bax[ei]s\b|size|length|operand|elements|scalar|0-d|len\(\)|unpack|"
    r"subscript|out of (bounds|range)|too many indices|conform|sequence|concat|array|iterate|iterable|einsum"
)


def stopped(crash: dict) -> str:
    """What kind of error a crash is: two that do not fit in shape are alike, however they are worded."""
    if crash["type"] in _NUMBERS:
        return "numbers"
    if crash["type"] in _SHAPES and _ABOUT_SHAPES.search(crash["message"]) and "^" not in crash["message"] \
            and "bitwise" not in crash["message"]:  # fmt: skip
        return "shapes"
    return f"{crash['type']}: {crash['message']}"


def same(a: Trial, b: Trial) -> bool:
    """Whether two trials did the same: stopped with the same kind of error, or gave the same values."""
    if not a.crash and not b.crash and set(a.changed) != set(b.changed):
        return False
    return same_part(a, b)


def same_part(a: Trial, b: Trial, names: str | tuple[str, ...] = (), name: str | None = None) -> bool:
    """As `same`, but looks at the part `name` of what was returned alone (all of it by default)."""
    if a.endless or b.endless:
        return a.endless and b.endless
    if a.crash or b.crash:
        return a.crash is not None and b.crash is not None and stopped(a.crash) == stopped(b.crash)
    if name is None:
        return _same_value(a.returned, b.returned)
    x, y = part_of(names, a.returned, name), part_of(names, b.returned, name)
    return x is not None and y is not None and _same_value(x, y)


def _same_value(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return set(a) == set(b) and all(_same_value(a[key], b[key]) for key in a)
    x, y = _as_array(a), _as_array(b)
    none = x is None or y is None  # text, or rows of different lengths
    lists = isinstance(a, (list, tuple)) and isinstance(b, (list, tuple))
    if lists and (none or not (_is_numbers(a) or _is_numbers(b))):
        return len(a) == len(b) and all(map(_same_value, a, b))
    if x is None or y is None:
        return type(a) is type(b) and bool(a == b)
    if x.shape != y.shape:
        return False
    x, y = np.asarray(x, float), np.asarray(y, float)
    if math.isfinite(abs(x - y).max(initial=0.0)):
        return close(y, x, 1e-7)
    good = np.isfinite(x)
    return np.array_equal(good, np.isfinite(y)) and close(y[good], x[good], 1e-7)


def part_of(names: str | tuple[str, ...], returned: Any, name: str) -> Any:
    """The value called `name` among what was returned, or None."""
    if isinstance(names, str):
        return returned
    if isinstance(returned, np.ndarray) and returned.ndim == 1:
        returned = returned.tolist()
    if not isinstance(returned, (list, tuple)) or len(returned) != len(names):
        return None
    return returned[names.index(name)]


def _pattern(exercise, attempt, expected, seed, name):
    """A sign, a factor or a transpose that explains all trials; "" if none does."""
    pairs = []
    for trial, right in zip(attempt.trials, expected, strict=True):
        try:
            e, r = (np.asarray(part_of(exercise.returns, t.returned, name), float) for t in (right, trial))
        except (ValueError, TypeError):
            return ""
        if e.shape != r.shape or not np.all(np.isfinite(r)):
            return ""
        pairs.append((e, r))
    if not any(np.any(e) for e, _ in pairs):
        return ""
    if all(e.ndim == 2 and e.shape == r.T.shape and close(e.T, r, exercise.tolerance) for e, r in pairs):
        return f"Your {name} is the transpose of the right one: with square matrices the shape cannot tell."
    off = max(np.max(np.abs(r - e)) for e, r in pairs)
    if off < 5e-3 * max(np.max(np.abs(e)) for e, _ in pairs):
        return (
            f"Your {name} is nearly right: it is off by about {off:.1g}, which is more than round-off. So "
            "close comes what was taken at a slightly different place (after a small step in place of before "
            "it, or by a finite difference), a rounded number, or a small number that was added where none "
            "belongs."
        )
    squares = [float(np.sum(e * e)) for e, _ in pairs]
    if min(squares) < 1e-20:  # 0 tells no factor
        return ""
    factors = [float(np.sum(e * r)) / square for (e, r), square in zip(pairs, squares, strict=True)]
    if not all(close(c * e, r, exercise.tolerance) and c for c, (e, r) in zip(factors, pairs, strict=True)):
        return ""
    if np.allclose(factors, -1):
        return f"Your {name} has the right size and the wrong sign."
    drawn = [exercise.draw(seed, t) for t in range(len(pairs))]
    arrays = {n: v for n, v in drawn[0].items() if not _nested(v)}
    for array, axis in [(n, a) for n, v in arrays.items() for a in range(np.ndim(v))]:
        if any(np.ndim(inputs[array]) <= axis for inputs in drawn):
            continue
        sizes = np.array([np.shape(inputs[array])[axis] for inputs in drawn], float)
        for what, wanted in (("too large", sizes), ("too small", 1 / sizes)):
            if np.ptp(sizes) and np.allclose(np.abs(factors), wanted):
                where, who = ("columns", ".") if axis else ("rows", ": who divides by N here?")
                if np.ndim(arrays[array]) == 1:
                    where, who = "entries", ": is a sum asked for here, or a mean?"
                return f"Your {name} is right up to a factor: {what} by the number of {where} of {array}{who}"
    if np.ptp(factors) < 1e-6 * abs(factors[0]) and abs(abs(factors[0]) - 1) > 1e-3:
        return (
            f"Your {name} is right up to a constant factor: it is {factors[0]:.4g} times what it should be."
        )
    return ""


def _other_order(exercise, attempt, expected):
    """What to say where everything that is returned is right, and stands in another order."""
    names = exercise.returns
    if isinstance(names, str):
        return ""
    came_back = [trial.returned for trial in attempt.trials]
    if not all(isinstance(values, (tuple, list)) and len(values) == len(names) for values in came_back):
        return ""
    for places in list(itertools.permutations(range(len(names))))[1:]:  # the first is as it stands
        pairs = zip(expected, came_back, strict=True)
        if all(compare(names, right.returned, [values[i] for i in places], exercise.tolerance) is None
               for right, values in pairs):  # fmt: skip
            return f"What it returns is right, but in another order: {', '.join(names)} is asked for."
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
    right, wrong = problem.expected, problem.received
    # as many digits as it takes to see the difference
    enough = (d for d in (4, 5, 6, 8, 10, 12, 15, 17) if show(right, 0, d) != show(wrong, 0, d))
    digits = next(enough, 17)
    lines = [
        f"{label} {problem.name}:".rjust(18) + " " + show(value, 19, digits)
        for label, value in (("Expected", right), ("yours", wrong))
    ]
    if right.size > 60:  # the entry in question may be among those left out
        at = np.unravel_index(np.argmax(np.abs(np.asarray(wrong, float) - right)), right.shape)
        values = f"{right[at]:.{digits}g}, yours {wrong[at]:.{digits}g}"
        lines.append(f"They differ most at {tuple(map(int, at))}: {values}.")
    return "\n".join([*filter(None, [_given(inputs).strip()]), *lines])


def _brief(inputs):
    """The inputs by their shapes; numbers and tuples as they are."""

    def one(name, value):
        if _nested(value):
            few = len(value) <= 8
            return (
                f"{name} [{', '.join(str(np.shape(v)) for v in value)}]" if few else f"{name} {_kind(value)}"
            )
        if isinstance(value, (np.ndarray, list)) and np.ndim(value):
            return f"{name} {np.shape(value)}"
        return f"a function {name}" if callable(value) else f"{name} = {_inline(value)}"

    return ", ".join(one(name, value) for name, value in inputs.items())


def _nested(value):
    """Whether it is a list of arrays or lists, which may have different shapes."""
    return isinstance(value, list) and any(isinstance(item, np.ndarray | list) for item in value)


def _size(value):
    return sum(map(_size, value)) if _nested(value) else np.size(value)


def _in_numbers(value, indent):
    if _nested(value):
        between = ",\n" + " " * (indent + 1)
        return f"[{between.join(show(item, indent + 1) for item in value)}]"
    return repr(value) if isinstance(value, (tuple, str, bool)) else show(value, indent)


def _inline(value):
    return show(value) if isinstance(value, (float, np.ndarray, np.floating)) else repr(value)


def _given(inputs):
    """The inputs in numbers, or their shapes where there are too many numbers."""
    simple = {n: v for n, v in inputs.items() if not callable(v)}
    if not simple:
        return ""
    if sum(_size(v) for v in simple.values()) > 60:
        return f" Given {_brief(simple)}."
    return "\nGiven\n" + "\n".join(f"{n} = ".rjust(19) + _in_numbers(v, 19) for n, v in simple.items())


def show(value: Any, indent: int = 0, digits: int = 4) -> str:
    """A number or an array at four decimals (more where its largest entry is small), rows aligned."""
    value = np.asarray(value)
    how: dict[str, Any] = {}
    if value.dtype.kind == "f":
        size = np.abs(np.where(np.isfinite(value), value, 0.0))
        largest = float(np.max(size, initial=0.0))
        if 0 < largest < 0.1:
            digits = min(digits - 1 - math.floor(math.log10(largest)), 20)
        if np.any((size > 1e-12 * largest) & (size <= 0.5 * 10.0**-digits)):  # small, and not 0
            how = {"formatter": {"float_kind": lambda number: f"{number + 0.0:.{digits}g}"}}
            value = np.where(size > 1e-12 * largest, value, 0.0)
        else:
            value = np.round(value, digits) + 0.0  # −0. is 0.
    text = np.array2string(value, precision=digits, suppress_small=True, separator=", ", threshold=60, **how)
    return text.replace("\n", "\n" + " " * indent)


def _printed(trial):
    if not trial.printed.strip():
        return ""
    lines = trial.printed.strip().splitlines()
    more = f"\n  … {len(lines)} lines in all" if len(lines) > 5 else ""
    return "It printed:\n" + "\n".join(f"  {line[:100]}" for line in lines[:5]) + more
