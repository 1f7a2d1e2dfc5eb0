"""The four kinds of exercise: a function, a value, a choice, an expression.

Each has its task, `check`, three hints, a solution, and its *mutants*: wrong answers that people really give,
each with the sentence that helps. `check` runs in two halves, so that a teacher's program can run the second
half where no learner's code ever was: `attempt` (the learner's code, written down) and `judge`.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import dataclasses
import decimal
import difflib
import functools
import inspect
import itertools
import math
import re
import secrets
import textwrap
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from ..faults import Fault, replaced
from ..language import joined, said
from . import diagnose, progress_file, running
from .diagnose import CORRECT, NOT_ATTEMPTED, NOT_YET, Result
from .running import BLANK, RAN, REFUSED, Attempt, Trial

Draw: TypeAlias = Callable[..., Sequence]  # of an rng: the arguments of a function, as they are drawn


class Text(str):
    """A text that shows itself without quotation marks."""

    def __repr__(self):
        return said(str(self))


class Exercise:
    """What all kinds share. `name` and `lesson` come from the name and the file it is defined in."""

    name, lesson = "exercise", 0
    solution_text: Any  # a text, or a property that makes one
    latest: Exercise | None = None  # the one that was checked last, of all exercises
    invitation = "Put your answer in place of the `...` and run the cell again."

    def __init__(
        self,
        task: str,
        *,
        hints: Sequence[str],
        mutants: Sequence = (),
        returns: str | tuple[str, ...] = "the answer",
        tolerance: float = 1e-6,
        after: str = "",
    ) -> None:
        if len(hints) != 3 or not all(hints):
            raise ValueError(f"an exercise has three hints, got {len(hints)}")
        self.task, self.hints, self.mutants = inspect.cleandoc(task), tuple(hints), tuple(mutants)
        self.returns, self.tolerance, self.after = returns, tolerance, after
        self.submitted: tuple | None = None
        self.result: Result | None = None
        self._hints_given = 0

    def __repr__(self):
        place = said(f"Lesson {self.lesson}, {self.name}:") if self.lesson else f"{self.name}:"
        return joined(place, said(self.task))

    def check(self, *answer: Any, seed: int | None = None) -> Result:
        """Grade an answer and return the `Result`, which shows itself. Inputs are new at each check."""
        seed = secrets.randbits(32) if seed is None else seed
        self.submitted = answer
        try:
            result = self.judge(self.attempt(answer, seed), seed)
        except BaseException as error:  # answers can be built to break whatever reads them
            result = self.wrong(f"It stops with {type(error).__name__}, and nothing more can be said of it.")
        progress_file.note(self.name, result.status)
        self.result, Exercise.latest = result, self
        return self.offer_to_keep(result)

    def offer_to_keep(self, result: Result) -> Result:
        """The same result; where a piece of the learner's own network is right, with how to keep it."""
        from .keeping import PIECES

        if not result.correct or self.name not in PIECES:
            return result
        how = f"{result.message}\nex.keep() keeps it in mynet.py, for your own network."
        return dataclasses.replace(result, message=how.strip())

    def hint(self, number: int | None = None) -> Text:
        """The next hint, or hint 1, 2 or 3."""
        if number is not None and number not in (1, 2, 3):
            raise ValueError(f"{self.name}: hints are 1, 2 and 3, got {number!r}")
        self._hints_given = number or min(self._hints_given + 1, 3)
        return Text(f"Hint {self._hints_given} of 3: {self.hints[self._hints_given - 1]}")

    def solution(self) -> Text:
        """A solution, as text."""
        return Text(self.solution_text)

    def attempt(self, answer: tuple, seed: int) -> Attempt:
        """An `Attempt` at a value: what was given, or that nothing was."""
        given = answer[0] if len(answer) == 1 else answer
        if isinstance(given, decimal.Decimal):
            given = float(given)
        plain = running.freeze(given)
        parts = given if isinstance(given, (tuple, list)) else [given]
        if running.holds_ellipsis(plain) or all(part is None for part in parts):
            return Attempt(BLANK)
        if callable(given) and not hasattr(given, "free_symbols"):
            return Attempt(REFUSED, "A value is asked for, this is a function: call it, or give its result.")
        return Attempt(RAN, trials=[Trial(plain)])

    def judge(self, attempt: Attempt, seed: int) -> Result:
        """The `Result` of an attempt."""
        if attempt.status == BLANK:
            return Result(self.name, NOT_ATTEMPTED, self.invitation)
        if attempt.status == REFUSED:
            return Result(self.name, NOT_YET, attempt.why)
        return self.judge_value(attempt.trials[0].returned)

    def judge_value(self, given: Any) -> Result:
        """The `Result` of a value that was given; every kind but a function says how."""
        raise NotImplementedError(f"{type(self).__name__} judges no value")

    def right(self) -> Result:
        """The verdict "correct", with what is said afterwards."""
        return Result(self.name, CORRECT, self.after)

    def wrong(self, message: str, slip: str = "") -> Result:
        """The verdict "not yet", with a sentence and the name of the slip if it is known."""
        return Result(self.name, NOT_YET, message, slip)


def function(
    *,
    inputs: Draw | Sequence[Draw],
    returns: str | tuple[str, ...],
    hints: Sequence[str],
    mutants: Sequence[Fault],
    tolerance: float = 1e-6,
    trials: int = 6,
    after: str = "",
) -> Callable[[Callable], Function]:
    """Decorate a reference solution and make it an exercise: its docstring is the task.

    inputs   a function of an rng that draws the arguments as a tuple; or several, which take turns
    returns  the name of what is returned, or a tuple of names
    mutants  `Fault(name, line, spoiled, teaches)`: `line` occurs exactly once in the solution. A tuple of
             lines: the slip can be made in all of these places, or in some. A tuple for `spoiled` alone: the
             ways in which it is made. Each must come back with a value, if a wrong one, on some input
    """

    def make(reference):
        return Function(reference, inputs, trials, returns=returns, hints=hints, mutants=mutants,
                        tolerance=tolerance, after=after)  # fmt: skip

    return make


class Function(Exercise):
    """Write a function; it is called on fresh random inputs and compared with the reference."""

    invitation = "Write the body in place of the `...` and run the cell again."

    def __init__(
        self, reference: Callable, inputs: Draw | Sequence[Draw], trials: int, **settings: Any
    ) -> None:
        super().__init__(reference.__doc__ or "", **settings)
        self.name, self.reference, self.trials = reference.__name__, reference, trials
        self.inputs = inputs if isinstance(inputs, tuple) else (inputs,)

    @functools.cached_property
    def solution_text(self) -> str:
        """The reference as source, without its decorator."""
        source = textwrap.dedent(inspect.getsource(self.reference))
        start = next(n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)).lineno
        return "\n".join(source.splitlines()[start - 1 :]) + "\n"

    @functools.cached_property
    def names(self) -> list[str]:
        """The names of the arguments."""
        return list(inspect.signature(self.reference).parameters)

    def draw(self, seed: int, trial: int) -> dict[str, Any]:
        """The named inputs of one trial; the same seed and trial draw the same ones. Not to be changed."""
        return _drawn(self, seed, trial)

    def attempt(self, answer: tuple, seed: int) -> Attempt:
        f = answer[0] if len(answer) == 1 else None
        if all(a is None or a is ... for a in answer) or (callable(f) and running.is_blank(f)):
            return Attempt(BLANK)
        if not callable(f):
            return Attempt(REFUSED, f"Hand over the function itself, without brackets: check({self.name}).")
        mine = inspect.signature(self.reference)
        try:
            theirs = inspect.signature(f)
        except (ValueError, TypeError):  # built-in functions that do not tell their signature
            theirs = mine
        try:
            theirs.bind(*mine.parameters)
        except TypeError:
            return Attempt(REFUSED, f"It should take {mine}, yours takes {theirs}.")
        trials = []
        for t in range(self.trials):
            inputs = self.draw(seed, t)
            trials.append(running.call(f, list(inputs), list(inputs.values())))
            if trials[-1].endless:  # the next would cost as long again
                break
        return Attempt(RAN, trials=trials)

    def judge(self, attempt: Attempt, seed: int) -> Result:
        return diagnose.judge(self, attempt, seed)

    def run_reference(self, seed: int, trial: int) -> Trial:
        """What the solution does on the inputs of one trial, as a `Trial`."""
        return _ran(self, self.reference, seed, trial)

    def recognise(self, attempt: Attempt, seed: int) -> list[tuple[Fault, str]]:
        """The slips that explain what was done, as pairs (Fault, part), part "" where all of it is explained.

        First a single slip that does the same on every trial, then two together, then one for each part of
        what is returned, as far as known slips explain it.
        """
        for slips in (self.slips, self.double_slips):
            for faults, f in slips:
                if self._does(f, attempt, seed, diagnose.same):
                    return [(fault, "") for fault in faults]
        names = [self.returns] if isinstance(self.returns, str) else self.returns
        found = []
        for name in names:

            def alike(a, b, name=name):
                return diagnose.same_part(a, b, self.returns, name)

            came_back = [t for t, trial in enumerate(attempt.trials) if not trial.crash and not trial.endless]
            right = (alike(attempt.trials[t], self.run_reference(seed, t)) for t in came_back)
            if not all(right):
                faults = next((fs for fs, f in self.slips if self._does(f, attempt, seed, alike)), ())
                found += [(fault, name) for fault in faults]
        return found

    def _does(self, f, attempt, seed, alike):
        """Whether `f` did on every trial what the learner's function did, and came back from one at least."""
        alive = any(not trial.crash and not trial.endless for trial in attempt.trials)
        with np.errstate(all="ignore"):  # ∞ − ∞
            return alive and all(
                alike(trial, _ran(self, f, seed, t)) for t, trial in enumerate(attempt.trials)
            )

    @functools.cached_property
    def slips(self) -> list:
        """Pairs (faults, function) of all slips made alone."""
        return [((m,), self._spoiled(pairs, m.name)) for m in self.mutants for pairs in m.variants()]

    @functools.cached_property
    def double_slips(self) -> list:
        """Pairs (faults, function) of two slips made together, each in any of its places, its first way."""
        ways = ((m, m.variants()[: None if isinstance(m.line, tuple) else 1]) for m in self.mutants)
        single = [(m, pairs) for m, variants in ways for pairs in variants]
        found = []
        for (m, these), (n, those) in itertools.combinations(single, 2):
            with contextlib.suppress(ValueError):  # they spoil the same piece
                if m is not n:
                    found.append(((m, n), self._spoiled(these + those, f"{m.name} + {n.name}")))
        return found

    def mutated(self, mutant: Fault) -> Callable:
        """The reference with a mutant's line (all its lines) spoiled, as a function."""
        return next(f for faults, f in self.slips if faults == (mutant,))

    def _spoiled(self, pairs, name):
        namespace = dict(self.reference.__globals__)
        source = replaced(self.solution_text, pairs, f"fault {name!r}", self.name)
        exec(compile(source, f"<{self.name}: {name}>", "exec"), namespace)
        return namespace[self.reference.__name__]


@functools.lru_cache(maxsize=4096)
def _ran(exercise, function, seed, trial):
    """The `Trial` of a function of ours: it needs no limits, and what it did does not change."""
    inputs = exercise.draw(seed, trial)
    copies = [copy.deepcopy(value) for value in inputs.values()]
    done = Trial()
    try:
        with np.errstate(all="ignore"):
            done.returned = running.freeze(function(*copies))
    except Exception as error:
        done.crash = {"type": type(error).__name__, "message": str(error), "line": "", "number": 0}
    pairs = zip(inputs, inputs.values(), copies, strict=True)
    done.changed = tuple(name for name, old, new in pairs if not running._unchanged(old, new))
    return done


@functools.lru_cache(maxsize=32)
def _drawn(exercise, seed, trial):
    values = exercise.inputs[trial % len(exercise.inputs)](np.random.default_rng([seed, trial]))
    return dict(zip(exercise.names, values, strict=True))


def in_digits(answer: Any) -> str:
    """An answer as one writes it down: floats with up to seven digits, the same with any library."""
    if isinstance(answer, tuple):
        return f"({', '.join(map(in_digits, answer))})"
    return f"{answer:.7g}" if isinstance(answer, float) else str(answer)


class Value(Exercise):
    """Give a number, an array, or several of them. `mutants` are pairs (wrong answer, sentence)."""

    def __init__(
        self, task: str, answer: Any, *, working: str, tolerance: float = 2e-3, **settings: Any
    ) -> None:
        exact = isinstance(answer, (int, str)) or np.asarray(answer).dtype.kind in "biu"
        super().__init__(task, tolerance=1e-9 if exact else tolerance, **settings)
        self.answer, self.solution_text = answer, f"{in_digits(answer)}: {working}"

    def judge_value(self, given: Any) -> Result:
        """A number or several, compared within the tolerance; a listed wrong one gets its own sentence."""
        problem = diagnose.compare(self.returns, self.answer, given, self.tolerance)
        if problem is None:
            return self.right()
        if problem.kind != "values":
            return self.wrong(problem.text)
        given = given.tolist() if isinstance(given, np.ndarray) else given
        for alike in (self._alike, _rounded):  # first what is meant for certain
            if alike is _rounded and isinstance(self.answer, float) and _rounded(given, self.answer):
                return self.wrong(ROUNDED_TOO_FAR)
            for wrong, teaches in self.mutants:
                if _each(alike, given, wrong):
                    return self.wrong(teaches, str(wrong))
        which = "" if isinstance(self.returns, str) else f" {problem.name} is the first that differs."
        minus = _negative(self.answer)
        sign = " The size is right: look at the sign." if _each(self._alike, given, minus) else ""
        return self.wrong(f"That is not it.{which}{sign} ex.{self.name}.hint() helps.")

    def _alike(self, given, wrong):
        """Equal as far as the right answer must be; a number that is not whole is typed with three digits."""
        tolerance = max(self.tolerance, 0.0 if whole(wrong) else TYPED)
        return diagnose.compare("", wrong, given, tolerance) is None


TYPED = 2e-3  # relative: three digits
ROUNDED_TOO_FAR = "Rounded so far, it may be the answer or another number: give three digits."


def whole(number: Any) -> bool:
    """Whether it is one number, and a whole one."""
    return np.ndim(number) == 0 and not isinstance(number, str) and float(number).is_integer()


def roundings(number: float) -> set[float]:
    """What people type for a number that is not whole: it, rounded to two to six digits."""
    decimals = (n - 1 - math.floor(math.log10(abs(number))) for n in range(2, 7))
    return {round(float(number), d) for d in decimals} - {round(float(number))}


def _rounded(given, wrong):
    given = diagnose._as_array(given)
    if whole(wrong) or given is None or given.ndim:
        return diagnose.compare("", wrong, given, 1e-9) is None
    return float(given) in roundings(wrong)


def _each(alike, given, wrong):
    if isinstance(wrong, tuple):
        return all(w is None or _each(alike, g, w) for g, w in zip(given, wrong, strict=True))
    return alike(given, wrong)


def _negative(answer):
    if isinstance(answer, tuple):
        return tuple(map(_negative, answer))
    return answer if isinstance(answer, (str, bool)) else -np.asarray(answer)


def value(
    task: str,
    answer: Any,
    *,
    working: str,
    hints: Sequence[str],
    mutants: Sequence[tuple],
    returns: str | tuple[str, ...] = "the answer",
    tolerance: float = 2e-3,
    after: str = "",
) -> Value:
    """A value exercise: whole numbers exactly, others to `tolerance`, relative. In a tuple of wrong answers,
    None stands for anything."""
    return Value(task, answer, working=working, hints=hints, mutants=mutants, returns=returns,
                 tolerance=tolerance, after=after)  # fmt: skip


class Choice(Exercise):
    """Choose one of several options, by its letter."""

    invitation = (
        "Put the letter of your choice, in quotation marks, in place of the `...` and run the cell again."
    )

    def __init__(
        self, task: str, options: dict[str, str], answer: str, *, wrong: dict[str, str], **settings: Any
    ) -> None:
        if set(wrong) != set(options) - {answer} or answer not in options:
            raise ValueError(f"each option but {answer!r} needs its sentence, got {sorted(wrong)}")
        lines = [f"{letter}) {text}" for letter, text in options.items()]
        super().__init__(
            "\n".join([inspect.cleandoc(task), *lines]), mutants=tuple(wrong.items()), **settings
        )
        self.options, self.answer = options, answer
        self.solution_text = f"{answer!r}: {options[answer]}. {self.after}"

    def letter(self, given: Any) -> str | None:
        """The option that was chosen, or None."""
        found = re.fullmatch(r"\W*(\w)\W*", given) if isinstance(given, str) else None
        return found[1].lower() if found and found[1].lower() in self.options else None

    def which(self, given: Any) -> str:
        """The sentence for an answer that is none of the letters."""
        return f"Choose one of {', '.join(map(repr, self.options))}; yours is {diagnose._kind(given)}."

    def judge_value(self, given: Any) -> Result:
        """A letter, compared with the right one; each wrong one gets its own sentence."""
        letter = self.letter(given)
        if letter is None:
            return self.wrong(self.which(given))
        if letter == self.answer:
            return self.right()
        return self.wrong(dict(self.mutants)[letter], letter)


def choice(
    task: str,
    options: dict[str, str],
    answer: str,
    *,
    wrong: dict[str, str],
    hints: Sequence[str],
    after: str,
) -> Choice:
    """A choice exercise: `options` letter → text, `wrong` letter → sentence for each but the answer."""
    return Choice(task, options, answer, wrong=wrong, hints=hints, after=after)


class Expression(Exercise):
    """Enter a formula as a sympy expression; `bplib.derive.prove` is the grader."""

    def __init__(
        self, task: str, symbols: str, answer: str, *, functions: str, working: str, **settings: Any
    ) -> None:
        super().__init__(task, **settings)
        self.symbols, self.functions, self.answer_text = symbols.split(), functions.split(), answer
        self.solution_text = f"{answer}\n{inspect.cleandoc(working)}"

    @property
    def answer(self) -> Any:
        """The right formula, as sympy has it."""
        return self.formula(self.answer_text)

    def formula(self, text: str) -> Any:
        """A formula of ours, from text."""
        import sympy

        names = {s: sympy.Symbol(s, real=True) for s in self.symbols}
        return sympy.sympify(text, locals=names | {f: sympy.Function(f) for f in self.functions})

    def judge_value(self, given: Any) -> Result:
        """A formula, right if `prove` finds no difference; a listed wrong one gets its own sentence."""
        import sympy

        if isinstance(given, (bool, str)) or not isinstance(given, (int, float, np.ndarray, sympy.Expr)):
            return self.wrong(f"A formula in sympy's symbols is asked for, this is {diagnose._kind(given)}.")
        if isinstance(given, np.ndarray) and given.ndim:
            return self.wrong(
                f"A formula in sympy's symbols is asked for, this is an array of shape {given.shape}."
            )
        given = sympy.sympify(given.item() if isinstance(given, np.ndarray) else given)
        # y_hat and yhat, which sympy prints as ŷ, are the same name.
        ours = {name.replace("_", ""): name for name in self.symbols}
        known = {s: ours.get(s.name.replace("_", ""), s.name) for s in given.free_symbols}
        strange = sorted(set(known.values()) - set(self.symbols))
        if strange:
            near = difflib.get_close_matches(strange[0], self.symbols, 1)
            meant = f" Is {near[0]} meant?" if near else ""
            return self.wrong(
                f"{strange[0]} is no symbol of this task, which has {', '.join(self.symbols)}.{meant}"
            )
        # Symbols are matched by name: the learner may have declared them real, positive, or not at all.
        return self.grade(given.xreplace({s: sympy.Symbol(name, real=True) for s, name in known.items()}))

    def grade(self, given: Any) -> Result:
        """The `Result` of a formula in the symbols of the task."""
        import sympy

        from bplib import derive
        from bplib.derive.assuming import simplest

        unworked = (sympy.Derivative, sympy.Integral)
        if given.has(*unworked) and not self.answer.has(*unworked):
            return self.wrong("A derivative stands in it that is not worked out: enter what it comes to.")
        given, answer = simplest(given), self.answer  # Python has made a float of 1/3
        try:
            derive.prove(given, answer)
        except derive.UndecidedError:
            return self.wrong(
                "Neither proved nor refuted: enter it in a simpler form (no sums, no derivatives)."
            )
        except (derive.ProofError, ValueError, TypeError) as error:
            refuted = error
        else:
            return self.right()
        # Most symbols stand for sizes, spreads or probabilities: differ at positive numbers if you can.
        positive = {s: sympy.Symbol(s.name, positive=True) for s in given.free_symbols | answer.free_symbols}
        try:
            derive.prove(given.xreplace(positive), answer.xreplace(positive))
        except (derive.ProofError, ValueError, TypeError) as error:
            refuted = error if getattr(error, "point", None) else refuted
        yours = self._at_points(given)
        for wrong, teaches in self.mutants:
            if np.allclose(yours, self._at_points(self.formula(wrong)), rtol=1e-9):
                return self.wrong(f"{teaches}\n{_counterexample(refuted)}", wrong)
        with np.errstate(all="ignore"):
            ratios = yours / self._at_points(answer)
        lead = ""
        if np.allclose(ratios, -1, rtol=1e-9):
            lead = "Right but for its sign.\n"
        elif np.allclose(ratios, ratios[0], rtol=1e-9) and abs(ratios[0]) > 1e-9:
            near = Fraction(ratios[0].real).limit_denominator(1000)
            factor = f"{ratios[0].real:.9g}" if abs(near - ratios[0].real) > 1e-9 * abs(near) else near
            lead = f"Right up to a constant factor: yours is {factor} times what it should be.\n"
        return self.wrong(lead + _counterexample(refuted))

    def _at_points(self, formula):
        """The formula's values at a few points, to recognise it by (NaN where it has none).

        At the last two the symbols are below 0, where |x| and x part.
        """
        rng, found = np.random.default_rng(0), []
        for sign in (1, 1, 1, 1, -1, -1):
            point = {symbol: sign * float(rng.uniform(0.1, 0.9)) for symbol in sorted(self.symbols)}
            number = formula.subs({s: point[s.name] for s in formula.free_symbols}).evalf()
            found.append(complex(number) if number.is_number and number.is_finite else complex("nan"))
        return np.array(found)


def _counterexample(error):
    """The point at which the two formulas differ, and both values there."""
    if getattr(error, "derived_value", None) is None:
        return str(error)
    at = ", ".join(f"{symbol} = {value}" for symbol, value in error.point.items())
    for digits in (5, 9, 17):  # as many as it takes to tell them apart
        yours, right = (
            f"{complex(v):.{digits}g}".replace("+0j", "").strip("()")
            for v in (error.derived_value, error.claimed_value)
        )
        if yours != right:
            break
    return f"{f'At {at}: y' if at else 'Y'}ours gives {yours}, it should be {right}."


def expression(
    task: str,
    symbols: str,
    answer: str,
    *,
    working: str,
    hints: Sequence[str],
    mutants: Sequence[tuple[str, str]],
    functions: str = "",
    after: str = "",
) -> Expression:
    """An expression exercise. `symbols` and `functions` are names divided by blanks; `answer` and the wrong
    answers in `mutants`, pairs (wrong, sentence), are formulas as text."""
    return Expression(task, symbols, answer, functions=functions, working=working, hints=hints,
                      mutants=mutants, after=after)  # fmt: skip


def draw(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Random numbers that a learner can follow by hand: ±0.1, ±0.2, …, ±2.0, never 0."""
    return rng.integers(1, 21, shape) / 10 * rng.choice([-1.0, 1.0], shape)


def sizes(rng: np.random.Generator, n: int) -> list[int]:
    """n different sizes from 2 to 6, so that no square matrix hides a slip."""
    return [int(size) for size in rng.permutation(np.arange(2, 7))[:n]]


def square(make: Draw) -> Draw:
    """`make(rng, sizes)` with all sizes alike: there a slip in the shapes shows itself by its values."""

    def drawn(rng):
        size = int(rng.integers(3, 5))
        return make(rng, lambda rng, n: [size] * n)

    return drawn


__all__ = ["Choice", "Exercise", "Expression", "Fault", "Function", "Text", "Value", "choice", "draw",
           "expression", "function", "sizes", "square", "value"]  # fmt: skip
