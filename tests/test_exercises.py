"""Every exercise and its grader: the solution passes; the stub, the mutants, zeros and noise do not."""

import ast
import decimal
import inspect
import json
import os
import re
import subprocess
import sys
import textwrap
import threading
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from IPython.core.inputtransformer2 import TransformerManager

import bplib.exercises as ex
from bplib import derive
from bplib.exercises import diagnose, keeping, kinds, progress_file, running
from bplib.exercises.kinds import Fault, choice, expression, function, value

SEEDS = range(20)
ALL = ex.exercises()
FUNCTIONS = [e for e in ALL if isinstance(e, kinds.Function)]
NUMBERS = [e for e in ALL if isinstance(e, kinds.Value)]
CHOICES = [e for e in ALL if isinstance(e, kinds.Choice)]
FORMULAS = [e for e in ALL if isinstance(e, kinds.Expression)]


@pytest.fixture(autouse=True)
def own_file(tmp_path, monkeypatch):
    """No test touches the learner's file, and most keep no record at all."""
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", "")
    progress_file._said.clear()
    return tmp_path / "progress.json"


def each(exercises):
    return pytest.mark.parametrize("exercise", exercises, ids=lambda e: e.name)


def filled_with(make, given):
    """`given` with every number and array replaced by `make(shape)`."""
    if isinstance(given, (tuple, list)):
        return type(given)(filled_with(make, item) for item in given)
    if isinstance(given, dict):
        return {key: filled_with(make, item) for key, item in given.items()}
    return make(np.shape(given))


# ---------------------------------------------------------------- every exercise


def lines_of_code(exercise):
    """The lines of a solution, without blank ones and without the docstring."""
    docstring = ast.parse(exercise.solution_text).body[0].body[0]
    lines = sum(bool(line.strip()) for line in exercise.solution_text.splitlines())
    return lines - (docstring.end_lineno - docstring.lineno + 1)


def test_an_answer_is_shown_in_digits_that_are_the_same_everywhere():
    assert ex.kinds.in_digits(1.4611501717344748) == ex.kinds.in_digits(1.4611501717344746) == "1.46115"
    assert ex.kinds.in_digits((2 / 3, 7, -1e-7, "a", (1.0,))) == "(0.6666667, 7, -1e-07, a, (1))"


@pytest.mark.parametrize("lesson", range(1, 16))
def test_there_is_enough_to_practise(lesson):
    """Five or more a lesson, ten in 12; two or more of them code of five lines; one asks to find a fault."""
    here = ex.exercises(lesson)
    assert len(here) >= (10 if lesson == 12 else 5)
    assert sum(lines_of_code(e) >= 5 for e in here if isinstance(e, kinds.Function)) >= 2
    assert any(re.search(r"which line|first\s+line that is wrong", e.task, re.IGNORECASE) for e in here)


@each(ALL)
def test_parts(exercise):
    assert len(exercise.hints) == 3
    assert len(exercise.mutants) >= 3
    assert len(exercise.task) > 20
    sentences = [m.teaches if isinstance(m, Fault) else m[1] for m in exercise.mutants]
    assert len(set(sentences)) == len(sentences)
    assert all(len(s) > 20 for s in sentences)


@each(FUNCTIONS)
def test_reference_passes(exercise):
    for seed in SEEDS:
        result = exercise.check(exercise.reference, seed=seed)
        assert result.correct, result


@each(FUNCTIONS)
def test_solution_text_is_a_solution(exercise):
    """What a learner copies out of `.solution()` passes, with NumPy alone."""
    namespace = {"np": np}
    exec(str(exercise.solution()), namespace)
    assert exercise.check(namespace[exercise.name], seed=0)


@each(FUNCTIONS)
def test_untouched_stub(exercise):
    arguments = ", ".join(inspect.signature(exercise.reference).parameters)
    for body in ('"""Your turn."""', "...", "pass", '"""Your turn."""\n    ...', "return ...", "return None"):
        namespace = {}
        exec(f"def stub({arguments}):\n    {body}", namespace)
        for seed in SEEDS:
            result = exercise.check(namespace["stub"], seed=seed)
            assert repr(result).startswith(f"○ {exercise.name}: not attempted yet. ")


@each(FUNCTIONS)
def test_mutants_are_refused_each_with_its_sentence(exercise):
    """The whole check, on a few draws; tests/test_answers.py holds the verdicts against 200."""
    for mutant in exercise.mutants:
        for seed in SEEDS[:3]:
            result = exercise.check(exercise.mutated(mutant), seed=seed)
            assert result.status == diagnose.NOT_YET
            assert mutant.teaches in result.message, (mutant.name, seed, result)
            assert result.slip == mutant.name


@each(FUNCTIONS)
def test_zeros_and_noise_are_refused(exercise):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        for make in (np.zeros, rng.standard_normal):

            def answer(*arguments, make=make):
                return filled_with(make, exercise.reference(*arguments))

            assert exercise.check(answer, seed=seed).status == diagnose.NOT_YET


@each(FUNCTIONS)
def test_learners_objects_are_left_alone(exercise):
    """The grader calls with copies: what one call does to its arguments, the next does not see."""

    def vandal(*arguments):
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                argument.fill(7)
        return 0

    exercise.check(vandal, seed=3)
    assert exercise.check(exercise.reference, seed=3)


@each(NUMBERS)
def test_value_exercise(exercise):
    answer = exercise.answer if isinstance(exercise.answer, tuple) else (exercise.answer,)
    assert exercise.check(*answer)
    assert exercise.check(answer if len(answer) > 1 else answer[0])
    for blank in (None, ...):
        assert exercise.check(*[blank] * len(answer)).status == diagnose.NOT_ATTEMPTED
    for wrong, teaches in exercise.mutants:
        slip = str(wrong)
        if isinstance(wrong, tuple):
            wrong = tuple(a if w is None else w for w, a in zip(wrong, answer, strict=True))
        result = exercise.check(wrong)
        assert result.status == diagnose.NOT_YET
        assert (result.message, result.slip) == (teaches, slip)
    rng = np.random.default_rng(0)
    for wrong in [filled_with(np.zeros, answer), *(filled_with(rng.standard_normal, answer) for _ in SEEDS)]:
        assert exercise.check(*wrong).status == diagnose.NOT_YET


@each(CHOICES)
def test_choice_exercise(exercise):
    assert exercise.check(exercise.answer)
    assert exercise.check(f" {exercise.answer.upper()}) ")
    assert exercise.check(...).status == diagnose.NOT_ATTEMPTED
    assert {letter for letter, _ in exercise.mutants} == set(exercise.options) - {exercise.answer}
    for letter, teaches in exercise.mutants:
        result = exercise.check(letter)
        assert (result.status, result.message, result.slip) == (diagnose.NOT_YET, teaches, letter)
    for nonsense in ("z", 3, "", 0.0):
        assert "Choose one of" in exercise.check(nonsense).message


@each(FORMULAS)
def test_expression_exercise(exercise):
    sympy = pytest.importorskip("sympy")
    assert exercise.check(exercise.answer)
    plain = exercise.answer.xreplace({s: sympy.Symbol(s.name) for s in exercise.answer.free_symbols})
    assert exercise.check(sympy.expand(plain)), "symbols are matched by name, forms by proof"
    for blank in (None, ...):
        assert exercise.check(blank).status == diagnose.NOT_ATTEMPTED
    for wrong, teaches in exercise.mutants:
        result = exercise.check(exercise.formula(wrong))
        assert result.status == diagnose.NOT_YET
        assert teaches in result.message
        assert result.slip == wrong
        assert "it should be" in result.message, "a counter-example"
    for wrong in (0, 1.5, exercise.answer + 1, sympy.Rational(3, 7) * exercise.answer):
        assert exercise.check(wrong).status == diagnose.NOT_YET


# ---------------------------------------------------------------- the machinery, on an exercise of our own


def two_arrays(rng, sizes=kinds.sizes):
    N, d, k = sizes(rng, 3)
    return kinds.draw(rng, N, k), kinds.draw(rng, N, d)


@function(
    inputs=two_arrays,
    returns=("dW", "total"),
    hints=("one", "two", "three"),
    mutants=(
        Fault("transposed", "X.T @ dZ", "dZ.T @ X", "This is the transpose's own sentence."),
        Fault("mean", "dZ.sum()", "dZ.mean()", "This is the mean's own sentence."),
        Fault(
            "in place",
            "return X.T",
            "dZ *= 1.5\n    dZ /= 1.5\n    dZ[0, 0] += 1\n    return X.T",
            "In place.",
        ),
    ),
)
def small_task(dZ, X):
    """Return Xᵀ dZ and the sum of dZ."""
    return X.T @ dZ, dZ.sum()


def message(answer, seed=1):
    result = small_task.check(answer, seed=seed)
    assert result.status == diagnose.NOT_YET
    return result.message


def test_a_crash_shows_the_learners_own_line():
    def answer(dZ, X):
        product = X @ dZ
        return product, 0

    text = message(answer)
    assert "It stops with ValueError: `@` is the matrix product" in text
    assert "as many columns on its left as rows on its right" in text
    assert "line 2:  product = X @ dZ" in text
    assert re.search(r"It was given dZ \(\d, \d\), X \(\d, \d\)", text)


def test_an_error_inside_a_library_shows_the_learners_line():
    def answer(dZ, X):
        return np.linalg.inv(dZ), 0

    assert "line 2:  return np.linalg.inv(dZ), 0" in message(answer)


def test_sys_exit_is_a_crash_and_ends_nothing():
    def answer(dZ, X):
        raise SystemExit(3)

    assert "It stops with SystemExit: 3" in message(answer)


def test_an_endless_loop_is_stopped(monkeypatch):
    monkeypatch.setattr(running, "SECONDS", 0.1)

    def answer(dZ, X):
        while True:
            pass

    assert "It did not come back and was stopped" in message(answer)
    assert len(small_task.attempt((answer,), 1).trials) == 1, "the learner waits once, not six times"


def test_an_endless_loop_that_catches_everything_is_stopped(monkeypatch):
    monkeypatch.setattr(running, "SECONDS", 0.1)
    rounds = []

    def answer(dZ, X):
        while len(rounds) < 2:  # a bare except swallows the first two alarms
            try:
                while True:
                    pass
            except:  # noqa: E722
                rounds.append(1)
        while True:
            pass

    assert "It did not come back and was stopped" in message(answer)


def test_the_alarm_of_others_is_given_back(monkeypatch):
    import signal

    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    try:
        assert small_task.check(small_task.reference)
        signal.raise_signal(signal.SIGALRM)
        assert rung == [1]
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_interrupt_stops_a_loop_where_there_is_no_alarm():
    """What Windows uses: a timer thread interrupts the main thread."""
    import signal

    def endless():
        while True:
            pass

    # a shell that starts a job in the background has interrupts ignored
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert running._limited_by_interrupt(endless, (), 0.1) == (None, True)
        assert running._limited_by_interrupt(lambda: 7, (), 5) == (7, False)
    finally:
        signal.signal(signal.SIGINT, before)


def test_works_on_another_thread():
    """There the limit cannot be kept, and nothing breaks."""
    results = []
    thread = threading.Thread(target=lambda: results.append(small_task.check(small_task.reference)))
    thread.start()
    thread.join()
    assert results[0].correct


def test_printing_is_not_returning():
    def answer(dZ, X):
        print(X.T @ dZ)

    text = message(answer)
    assert "It prints its result and returns None." in text
    assert "It printed:" in text


def test_printing_besides_is_shown_and_harmless(capsys):
    def answer(dZ, X):
        print("looking at", dZ.shape)
        return small_task.reference(dZ, X)

    result = small_task.check(answer, seed=0)
    assert result.correct
    assert "It printed:\n  looking at" in result.message
    assert capsys.readouterr().out == ""


def test_none():
    def answer(dZ, X):
        result = X.T @ dZ  # noqa: F841

    assert "It returns None: is there a `return`" in message(answer)


def test_wrong_number_of_values():
    assert "2 values are to be returned, dW, total; it returns 3." in message(lambda dZ, X: (1, 2, 3))
    assert re.search(r"returns one thing, an array of shape \(\d, \d\)", message(lambda dZ, X: X.T @ dZ))


def test_types():
    assert "dW should be an array of numbers, yours is 'text'" in message(lambda dZ, X: ("text", 1))
    assert "yours is of type set" in message(lambda dZ, X: ({1}, 1))
    assert "total should be a number, yours is None" in message(lambda dZ, X: (X.T @ dZ, None))
    ragged = message(lambda dZ, X: ([[1, 2], [3]], 1))
    assert "dW should be an array of numbers, yours is a list of 2" in ragged
    assert "array of complex128" in message(lambda dZ, X: (1j * (X.T @ dZ), 1))


def test_shape_names_the_transpose():
    @function(inputs=two_matrices, returns="dW", hints="abc", mutants=())
    def of_w(W, scale):
        """Return a gradient of W."""
        return 2 * W * scale

    text = of_w.check(lambda W, scale: (2 * W * scale).T, seed=0).message
    found = re.fullmatch(r"Your dW has shape \((\d), (\d)\), W is \((\d), (\d)\): transpose\.", text)
    assert found
    assert found.group(1, 2) == found.group(4, 3)
    text = of_w.check(lambda W, scale: (2 * W * scale).sum(axis=0), seed=0).message
    assert text.endswith(": a gradient has the shape of what it is the gradient of.")


def two_matrices(rng):
    return kinds.draw(rng, *kinds.sizes(rng, 2)), 1.5


def test_nan_and_infinity():
    assert "Your dW is NaN in places" in message(lambda dZ, X: (X.T @ dZ * np.nan, 1))
    assert "Your total is infinite" in message(lambda dZ, X: (X.T @ dZ, np.inf))


def test_changed_inputs():
    def answer(dZ, X):
        X /= 2
        return 2 * X.T @ dZ, dZ.sum()

    assert "It changes its input X, which the caller still needs" in message(answer)


def test_order_shape_before_values():
    assert "shape" in message(lambda dZ, X: ((X.T @ dZ)[:1], 0))


def test_a_mutant_gets_its_sentence_and_a_name():
    result = small_task.check(lambda dZ, X: (X.T @ dZ, np.average(dZ)), seed=0)
    assert result.slip == "mean"
    assert result.message.startswith("This is the mean's own sentence.\ndW is right.\nGiven\n")


def test_factor_n_is_recognised():
    text = message(lambda dZ, X: (X.T @ dZ / len(X), dZ.sum()))
    assert "right up to a factor: too small by the number of rows of dZ: who divides by N here?" in text
    text = message(lambda dZ, X: (X.T @ dZ * X.shape[1], dZ.sum()))
    assert "right up to a factor: too large by the number of columns of X." in text
    text = message(lambda dZ, X: (1e-4 * len(X) * X.T @ dZ, dZ.sum()))
    assert text.startswith("Your dW has the right shape, and other values.")


@pytest.mark.parametrize(("factor", "said"), [
    ("len(X)", "right up to a factor: too large by the number of rows of dZ: who divides by N here?"),
    ("-1 / len(X)", "right up to a factor: too small by the number of rows of dZ: who divides by N here?"),
    ("dZ.shape[1]", "right up to a factor: too large by the number of columns of dZ."),
    ("1 / X.shape[1]", "right up to a factor: too small by the number of columns of X."),
    ("-1 / 3", "right up to a constant factor: it is -0.3333 times what it should be."),
    ("X.size", "the right shape, and other values."), ("0", "the right shape, and other values."),
    ("1.02", "right up to a constant factor: it is 1.02 times what it should be."),
])  # fmt: skip
def test_factors_are_recognised(factor, said):
    answer = eval(f"lambda dZ, X: (X.T @ dZ * ({factor}), dZ.sum())")
    first = message(answer).splitlines()[0]
    assert first.partition(" is " if "right up" in said else " has ")[2] == said


def test_sign_constant_factor_and_square_transpose():
    assert "the wrong sign" in message(lambda dZ, X: (-X.T @ dZ, dZ.sum()))
    assert "2.5 times what it should be" in message(lambda dZ, X: (2.5 * X.T @ dZ, dZ.sum()))

    @function(inputs=square_matrix, returns="dA", hints="abc", mutants=())
    def square(A):
        """Return 2 A."""
        return 2 * A

    assert "the transpose of the right one" in square.check(lambda A: 2 * A.T).message


def square_matrix(rng):
    return (kinds.draw(rng, 3, 3),)


def test_a_slip_is_told_by_what_it_does():
    """However it is spelled, and whatever NumPy says where it does not fit; another error is no slip."""
    for product in (lambda dZ, X: np.dot(dZ.T, X), lambda dZ, X: np.einsum("nk,nd->kd", dZ, X)):
        result = small_task.check(lambda dZ, X, product=product: (product(dZ, X), dZ.sum()), seed=0)
        assert result.slip == "transposed"

    @function(inputs=(two_arrays, kinds.square(two_arrays)), returns="W", hints="abc",
              mutants=(Fault("plain", "dZ.T @ X", "dZ @ X", "Transposed!"),))  # fmt: skip
    def transposed_product(dZ, X):
        """Return dZᵀ X."""
        return dZ.T @ X

    for spelled in (lambda dZ, X: np.dot(dZ, X), lambda dZ, X: np.einsum("ij,jk->ik", dZ, X),
                    lambda dZ, X: [[sum(row[j] * X[j, k] for j in range(len(row))) for k in range(X.shape[1])]
                                   for row in dZ]):  # fmt: skip
        attempt = transposed_product.attempt((spelled,), 0)
        same = all(
            map(diagnose.same, attempt.trials, transposed_product.attempt((lambda dZ, X: dZ @ X,), 0).trials)
        )
        assert ("Transposed!" in diagnose.judge(transposed_product, attempt, 0).message) == same
    assert transposed_product.check(lambda dZ, X: np.dot(dZ, X), seed=0).slip == "plain"

    def unrelated(dZ, X):
        if dZ.shape[1] != len(X):
            return missing @ X  # noqa: F821
        return dZ @ X

    result = transposed_product.check(unrelated, seed=0)
    assert "NameError" in result.message
    assert result.slip == ""
    assert transposed_product.check(lambda dZ, X: missing, seed=0).slip == ""  # noqa: F821


def test_errors_of_one_kind_are_alike():
    def stopped(error):
        return diagnose.stopped({"type": type(error).__name__, "message": str(error)})

    shapes = []
    for wrong in (lambda: np.ones((2, 3)) @ np.ones((2, 3)), lambda: np.ones((2, 3)) + np.ones((3, 2)),
                  lambda: np.dot(np.ones((2, 3)), np.ones((2, 3))), lambda: np.ones(3)[5], lambda: np.ones(3)[1, 1],
                  lambda: np.ones(3).sum(axis=1), lambda: len(3.0), lambda: [1][2], lambda: float(np.ones(2)),
                  lambda: np.ones(6).reshape(4, 2), lambda: float(3)[0]):  # fmt: skip
        with pytest.raises(Exception) as caught:
            wrong()
        shapes.append(stopped(caught.value))
    assert set(shapes) == {"shapes"}
    zeros = ZeroDivisionError("division by zero"), ZeroDivisionError("float division by zero")
    assert len(set(map(stopped, zeros))) == 1
    others = [NameError("name 'W' is not defined"), ZeroDivisionError("division by zero"), KeyError("W"),
              AttributeError("no attribute 'T'"), TypeError("ufunc 'bitwise_xor' not supported for the input types, "
              "and the inputs could not be safely coerced: array"), ValueError("no")]  # fmt: skip
    assert len({stopped(error) for error in others}) == len(others)
    assert "shapes" not in map(stopped, others)


def test_two_slips_at_once_and_slips_in_some_of_their_places():
    def both(dZ, X):
        return dZ.T @ X, dZ.mean()

    result = small_task.check(both, seed=0)
    assert result.slip == "transposed + mean"
    assert "This is the transpose's own sentence." in result.message
    assert "This is the mean's own sentence." in result.message

    def one_known_one_not(dZ, X):
        return X.T @ dZ + 1, dZ.mean()

    result = small_task.check(one_known_one_not, seed=0)
    assert result.slip == "mean"
    assert result.message.startswith("Your dW has the right shape, and other values.")
    assert "Your total: This is the mean's own sentence." in result.message
    both_places = Fault("halved", ("X.T @ dZ", "dZ.sum()"), ("X.T @ dZ / 2", "dZ.sum() / 2"), "-")
    assert [len(pairs) for pairs in both_places.variants()] == [2, 1, 1]
    with pytest.raises(ValueError, match="overlaps"):
        Fault("twice", ("dZ.sum()", "sum()"), ("1", "2"), "-").apply("dZ.sum()")


def test_a_slip_in_one_part_is_told_where_the_part_is():
    """Behind the sentence of its shape, its type or its NaN, too; and of each part that it explains."""

    @function(inputs=two_arrays, returns=("dW", "total", "mean"), hints="abc",
              mutants=(Fault("turned", "X.T @ dZ", "dZ.T @ X", "Turned!"),
                       Fault("nan", "dZ.sum()", "np.nan", "NaN!"),
                       Fault("text", "dZ.mean()", "'mean'", "A text!"),
                       Fault("half", "return", "dZ = dZ / 2\n    return", "Half!")))  # fmt: skip
    def three_parts(dZ, X):
        """Return three things."""
        return X.T @ dZ, dZ.sum(), dZ.mean()

    for answer, first, told, slip in (
        (lambda dZ, X: (dZ.T @ X, 1, 2), "Your dW has shape", "Turned!", "turned"),
        (lambda dZ, X: (X.T @ dZ + 1, np.nan, 2), "Your total is NaN", "NaN!", "nan"),
        (lambda dZ, X: (X.T @ dZ + 1, 1, "mean"), "mean should be a number", "A text!", "text"),
        (
            lambda dZ, X: (X.T @ dZ + 1, dZ.sum() / 2, dZ.mean() / 2),
            "Your dW has",
            "Your total and mean: Half!",
            "half",
        ),
        (
            lambda dZ, X: (dZ.T @ X, np.nan, 2),
            "Your dW has shape",
            "Turned!\nYour total: NaN!",
            "turned + nan",
        ),
    ):
        result = three_parts.check(answer, seed=0)
        assert result.message.startswith(first)
        assert result.message.endswith(f"\n{told}")
        assert result.message.count("Your dW: ") == 0
        assert result.slip == slip


def test_a_slip_is_told_beside_an_input_that_was_changed():
    @function(
        inputs=two_arrays,
        returns="dW",
        hints="abc",
        mutants=(Fault("transposed", "X.T @ dZ", "dZ.T @ X", "Its own sentence."),),
    )
    def product(dZ, X):
        """Return Xᵀ dZ."""
        return X.T @ dZ

    def answer(dZ, X):
        found = dZ.T @ X
        X[:] = 0
        return found

    result = product.check(answer, seed=1)
    assert result.slip == "transposed"
    assert "Your dW has shape" in result.message
    assert "Its own sentence." in result.message
    assert "Your d " not in result.message


def test_a_stop_alone_names_no_slip():
    """A part is wrong only where the function came back, and one that never did is not known at all."""

    @function(inputs=(two_arrays, kinds.square(two_arrays)), returns=("dW", "total"), hints="abc",
              mutants=(Fault("plain", "dZ.T @ X", "dZ @ X", "Transposed!"),))  # fmt: skip
    def two_parts(dZ, X):
        """Return dZᵀ X and a sum."""
        return dZ.T @ X, dZ.sum()

    def stops_where_the_slip_does(dZ, X):
        return dZ @ X * 0, dZ.sum()

    assert two_parts.check(stops_where_the_slip_does, seed=0).slip == ""
    assert two_parts.check(lambda dZ, X: (dZ @ X, 1), seed=0).slip == "plain"

    @function(inputs=two_arrays, returns="W", hints="abc",
              mutants=(Fault("plain", "dZ.T @ X", "dZ @ X", "Transposed!"),))  # fmt: skip
    def never_square(dZ, X):
        """Return dZᵀ X."""
        return dZ.T @ X

    assert never_square.check(lambda dZ, X: np.ones(2) + np.ones(3), seed=0).slip == ""


def test_operators_that_are_taken_for_others():
    assert "Write `**`" in message(lambda dZ, X: (X.T @ dZ ^ 2, 0))
    assert "a number multiplies with `*`" in message(lambda dZ, X: (2.0 @ X, 0))
    fits_not = message(lambda dZ, X: (X * dZ[:, :1] * np.ones((7, 9)), 0))
    assert re.search(r"entry by entry .* the shapes \(\d, \d\) and \(7, 9\) do not fit", fits_not)


def test_as_many_digits_as_show_the_difference():
    @function(inputs=lambda rng: (0.8,), returns="a", hints="abc", mutants=(), tolerance=1e-9)
    def same_number(a):
        """Return a."""
        return a

    text = same_number.check(lambda a: a + 1e-7).message
    assert "Expected a: 0.8\n" in text
    assert "yours a: 0.8000001" in text
    assert "nearly right" in text
    assert "1 times" not in text
    assert "Expected a: 0.8\n" in same_number.check(lambda a: -a).message

    @function(inputs=square_matrix, returns="A", hints="abc", mutants=(), tolerance=1e-9)
    def same_matrix(A):
        """Return A."""
        return A

    shown = re.findall(r"[-.\d]+", same_matrix.check(lambda A: A + 1e-7).message.partition("Expected")[2])
    numbers = [float(number) for number in shown if number.strip("-.")]
    np.testing.assert_allclose(np.subtract(numbers[9:], numbers[:9]), 1e-7, rtol=1e-5)
    assert diagnose.show(-1e-9) == "-0.000000001"
    assert diagnose.show(np.array([-1e-17, 1.0])) == "[0., 1.]"
    assert "e-06" in diagnose.show(np.array([1e-6, 1.5])), "what is not 0 is not shown as 0"


def test_arguments_are_shown_as_they_are():
    def four(rng):
        return kinds.draw(rng, 2, 4), (4,), 0.25, np.sum

    @function(inputs=four, returns="g", hints="abc", mutants=())
    def shaped(gradient, shape, rate, f):
        """Return a sum."""
        return gradient.sum(axis=0)

    text = shaped.check(lambda gradient, shape, rate, f: gradient @ gradient).message
    assert "It was given gradient (2, 4), shape = (4,), rate = 0.25, a function f." in text
    text = shaped.check(lambda gradient, shape, rate, f: gradient.sum(axis=0) + 1).message
    assert "shape = (4,)\n" in text
    assert "rate = 0.25\n" in text


@function(inputs=lambda rng: (np.array([[1.0, 2.0], [3.0, -4.0], [0.5, 6.0]]),
                              np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0], [0.0, 1.0, 1.0]])),
          returns=("dX", "total"), hints="abc", mutants=(), after="Well.")  # fmt: skip
def same_inputs(dZ, X):
    """Return Xᵀ dZ and the sum of dZ."""
    return X.T @ dZ, dZ.sum()


PRODUCT = "as many columns on its left as rows on its right: here 2 meet 3. Entry by entry multiplies `*`."
SENTENCES = [
    ("1 / 0 * X", "It stops with ZeroDivisionError: division by zero"),
    ("dZ @ X", f"It stops with ValueError: `@` is the matrix product, and needs {PRODUCT}"),
    ("np.dot(dZ, X)", f"It stops with ValueError: a matrix product needs {PRODUCT}"),
    ("2.0 @ X", "It stops with ValueError: `@` is the product of matrices and vectors; a number multiplies "
     "with `*`."),
    ("X ^ 2", "It stops with TypeError: `^` is no power in Python, it works on bits. Write `**`."),
    ("dZ + np.ones(3)", "It stops with ValueError: entry by entry (`+`, `*`, `==` …) the shapes (3, 2) and "
     "(3,) do not fit. If a matrix product is meant: that is `@`."),
    ("exec('raise KeyError')", "It stops with KeyError."),
    ("print('a')", "It prints its result and returns None. `print` shows a value to you; `return` hands it "
     "to whoever called.\nIt printed:\n  a"),
    ("print(' ')", "It returns None: is there a `return` at the end?"),
    ("X.T @ dZ", "2 values are to be returned, dX, total; it returns one thing, an array of shape (3, 2)."),
    ("[1, 2, 3]", "2 values are to be returned, dX, total; it returns 3."),
    ("('text', 1)", "dX should be an array of numbers, yours is 'text'."),
    ("(X.T @ dZ, {})", "total should be a number, yours is a dict of 0."),
    ("(X.T @ dZ + 1, 't')", "total should be a number, yours is 't'."),
    ("((X.T @ dZ).T, 1)", "Your dX has shape (2, 3), (3, 2) is expected: transpose."),
    ("(np.ones((2, 3)), 1)", "Your dX has shape (2, 3), (3, 2) is expected: the other way round."),
    ("(X, 1)", "Your dX has shape (3, 3), (3, 2) is expected."),
    ("(X.T @ dZ * np.nan, [1])", "Your total has shape (1,), a single number is expected."),
    ("(X.T @ dZ * np.nan, 1)", "Your dX is NaN in places, finite numbers are expected."),
    ("(X.T @ dZ + 1, -np.inf)", "Your total is infinite, finite numbers are expected."),
    ("(X.T @ dZ, dZ.sum(), X.fill(0))[:2]", "It changes its input X, which the caller still needs: make a "
     "new array instead of writing into the old one."),
    ("(X.T @ dZ + 2, 1)", "Your dX has the right shape, and other values."),
    ("(X.T @ dZ * 1.001, 8.5)", "Your dX is nearly right: it is off by about 0.007, which is more than "
     "round-off. So close comes what was taken at a slightly different place (after a small step in place of "
     "before it, or by a finite difference), a rounded number, or a small number that was added where none "
     "belongs.\ntotal is right."),
    ("(X.T @ dZ, -8.5)", "Your total has the right size and the wrong sign.\ndX is right."),
    ("(X.T @ dZ, 17)", "Your total is right up to a constant factor: it is 2 times what it should be.\ndX "
     "is right."),
    ("(X.T @ dZ, 0)", "Your total has the right shape, and other values.\ndX is right."),
    ("(X.T @ dZ, dZ.sum(), print('ab\\n' * 7))[:2]", "Well. It printed:\n  ab\n  ab\n  ab\n  ab\n  ab\n  … "
     "7 lines in all"),
    ("(X.T @ dZ, dZ.sum(), print('a' * 200))[:2]", f"Well. It printed:\n  {'a' * 100}"),
    ("(X.T @ dZ, dZ.sum())", "Well."),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "said"), SENTENCES, ids=[answer for answer, _ in SENTENCES])
def test_the_whole_of_what_is_said(answer, said):
    result = same_inputs.check(eval(f"lambda dZ, X: {answer}", {"np": np}))
    crash = said.startswith("It stops")
    assert result.message.split("\nGiven")[0] == said + "\nIt was given dZ (3, 2), X (3, 3)." * crash
    assert result.status == ("correct" if said.startswith("Well.") else "not yet")


def test_what_was_given_and_what_came_back_is_shown_in_columns():
    shown = same_inputs.check(lambda dZ, X: (X.T @ dZ + 1, 8.5)).message
    assert shown.partition("Given\n")[2] == textwrap.dedent("""\
        |             dZ = [[ 1. ,  2. ],
        |                   [ 3. , -4. ],
        |                   [ 0.5,  6. ]]
        |              X = [[ 1.,  0., -1.],
        |                   [ 2.,  1.,  0.],
        |                   [ 0.,  1.,  1.]]
        |     Expected dX: [[ 7. , -6. ],
        |                   [ 3.5,  2. ],
        |                   [-0.5,  4. ]]
        |        yours dX: [[ 8. , -5. ],
        |                   [ 4.5,  3. ],
        |                   [ 0.5,  5. ]]""").replace("|", " ")


def test_of_many_numbers_the_entry_that_differs_most_is_told():
    @function(inputs=lambda rng: (np.arange(63.0).reshape(9, 7), 2), returns="A", hints="abc", mutants=())
    def many(X, n):
        """Return n X."""
        return n * X

    def answer(X, n):
        out = n * X
        out[8, 5] += 30
        out[2, 1] -= 40
        return out

    lines = many.check(answer).message.splitlines()
    assert lines[:2] == ["Your A has the right shape, and other values.", "Given X (9, 7), n = 2."]
    assert lines[-1] == "They differ most at (2, 1): 30, yours -10."


@pytest.mark.parametrize(("inputs", "brief", "given"), [
    ({"A": np.ones((2, 3)), "r": 0.5, "n": 3, "on": True, "f": max},
     "A (2, 3), r = 0.5, n = 3, on = True, a function f",
     "\nGiven\n               A = [[1., 1., 1.],\n                    [1., 1., 1.]]\n"
     "               r = 0.5\n               n = 3\n              on = True"),
    ({"As": [np.ones(2), np.eye(2)]}, "As [(2,), (2, 2)]",
     "\nGiven\n              As = [[1., 1.],\n                    [[1., 0.],\n                     "
     "[0., 1.]]]"),
    ({"As": [np.ones(2)] * 8}, f"As [{', '.join(['(2,)'] * 8)}]", None),
    ({"As": [np.ones(2)] * 9}, "As a list of 9", None),
    ({"A": np.ones(60), "x": 1}, "A (60,), x = 1", " Given A (60,), x = 1."),
    ({"As": [np.ones(31)] * 2}, "As [(31,), (31,)]", " Given As [(31,), (31,)]."),
    ({"x": [1.0, 2.0], "t": (1, 2), "s": "up"}, "x (2,), t = (1, 2), s = 'up'",
     "\nGiven\n               x = [1., 2.]\n               t = (1, 2)\n               s = 'up'"),
    ({"f": max}, "a function f", ""),
])  # fmt: skip
def test_how_inputs_are_shown(inputs, brief, given):
    assert diagnose._brief(inputs) == brief
    assert given is None or diagnose._given(inputs) == given


@pytest.mark.parametrize(("number", "shown"), [
    (0.0, "0."), (1.23456, "1.2346"), (0.099999, "0.1"), (0.0123456, "0.01235"), (3, "3"), (True, "True"),
    (np.nan, "nan"), (0.1, "0.1"), ([1e-5, 1.0], "[1e-05, 1]"), ([5e-5, 1.0], "[5e-05, 1]"),
    ([1e-13, 1.0], "[0., 1.]"), ([np.inf, 0.012345678], "[    inf, 0.01235]"),
    (list(range(61)), "[ 0,  1,  2, ..., 58, 59, 60]"),
])  # fmt: skip
def test_how_numbers_are_shown(number, shown):
    assert diagnose.show(number) == shown


@pytest.mark.parametrize(("answer", "kind"), [
    (np.ones((2, 1)), "an array of shape (2, 1)"), (np.array(2.5), "the number 2.5"),
    ((1, 2), "a tuple of 2"), ({1: 2}, "a dict of 1"),
    (running.Opaque("set"), "of type set"), (10**500, "a whole number of about 500 digits"),
    (10**300, str(10**300)[:200] + " …"), ("a" * 198, repr("a" * 198)), ("a" * 199, "'" + "a" * 199 + " …"),
])  # fmt: skip
def test_what_kind_of_thing_it_is(answer, kind):
    assert diagnose._kind(answer) == kind


PAIR = ("a", "b")


@pytest.mark.parametrize(("names", "expected", "received", "kind", "name"), [
    ("a", 1.0, "t", "type", "a"), ("a", 1.0, 10**400, "type", "a"), ("a", 1.0, [1.0], "shape", "a"),
    ("a", 1.0, np.nan, "nan", "a"), ("a", 1.0, 2.0, "values", "a"), ("a", "t", "u", "values", "a"),
    ("a", [np.ones(2)], [np.zeros(2)], "values", "a[0]"), ("a", {"k": 1}, {"k": 2}, "values", "a['k']"),
    (PAIR, (1, 2), 1, "count", ""), (PAIR, (1, 2), (1,), "count", ""), (PAIR, (1, 2), (1, 3), "values", "b"),
    (PAIR, ([np.ones(2), 1], 2), ([1], 2), "type", ""), (PAIR, (1, {"k": 1}), (1, {}), "type", ""),
    (PAIR, ({"k": 1}, {"k": 1}), (2, {"k": 1}), "type", ""),
])  # fmt: skip
def test_the_kind_of_a_problem(names, expected, received, kind, name):
    problem = diagnose.compare(names, expected, received, 1e-6)
    assert (problem.kind, problem.name) == (kind, name)


@pytest.mark.parametrize("returned", [(1.0, 2.0), [1.0, 2.0], np.array([1.0, 2.0])])
def test_the_parts_of_what_is_returned(returned):
    assert [diagnose.part_of(PAIR, returned, name) for name in PAIR] == [1.0, 2.0]
    assert diagnose.part_of("all", returned, "all") is returned
    assert diagnose.part_of(("a", "b", "c"), returned, "a") is None
    assert [diagnose.part_of(PAIR, other, "a") for other in (1.0, "ab", np.ones((2, 2)))] == [None] * 3


def test_what_may_answer_a_list():
    for expected, received, right in (
        ([1.0, 2.0], np.array([1.0, 2.0]), True),
        ([1.0, 2.0], (1, 2), True),
        ([1, np.float64(2)], np.array([1.0, 2.0]), True),
        ((1.0, 2.0), [1.0, 2.0], True),
        ((1.0, 2.0), np.array([1.0, 2.0]), False),
        ([np.ones(2)], np.ones((1, 2)), False),
        ([], [], True),
        ([], np.zeros(0), False),
    ):
        assert (diagnose.compare("a", expected, received, 1e-6) is None) == right, (expected, received)


@pytest.mark.parametrize(("answer", "kind"), [
    ("dZ @ X", "crash"), ("print('a')", "printing"), ("print()", "none"), ("(X, dZ.fill(0))", "type"),
    ("(X.T @ dZ, dZ.sum(), X.fill(0))[:2]", "changed"), ("(X.T @ dZ + 1, X.fill(0), 8.5)[::2]", "changed"),
    ("(X.T @ dZ, 8)", "values"),
])  # fmt: skip
def test_the_first_problem_of_a_trial(answer, kind):
    attempt = same_inputs.attempt((eval(f"lambda dZ, X: {answer}", {"np": np}),), 0)
    problems = diagnose.all_problems(same_inputs, attempt, 0)
    assert {t: problem.kind for t, problem in problems.items()} == dict.fromkeys(range(6), kind)
    endless = diagnose.first_problem(same_inputs, running.Trial(endless=True), running.Trial(), {})
    assert endless == diagnose.Problem(
        "endless", "It did not come back and was stopped: is there a loop that never ends?"
    )


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63) - 1, -(2**64), 10**307, -(10**307)])
def test_whole_numbers_beyond_those_of_numpy(number):
    assert diagnose.compare("n", float(number), number, 1e-9) is None
    assert diagnose.compare("n", 1.0, number * 10**300, 1e-9).text.startswith("n is out of all bounds: ")


def test_lines_are_counted_from_the_def_or_not_at_all():
    def helper(X):
        return X @ X @ X

    def answer(dZ, X):
        return helper(np.ones((2, 3))), 0

    text = message(answer)
    assert "  at:  return X @ X @ X" in text
    assert "line -" not in text


def test_changes_that_the_solution_makes_too_are_no_fault():
    @function(inputs=two_arrays, returns="X", hints="abc", mutants=())
    def shift(dZ, X):
        """Add 1 to X, in place."""
        X += 1
        return X.copy()

    def in_place(dZ, X):
        X += 1
        return X.copy()

    assert shift.check(in_place)
    assert shift.check(lambda dZ, X: X + 1)

    def more(dZ, X):
        dZ[:] = 0
        return X + 1

    assert "It changes its input dZ" in shift.check(more).message


def test_nested_values_are_compared_to_the_bottom():
    right = {"a": [np.ones(2), (1.0, {"b": 2.0})]}
    assert diagnose._same_value(right, {"a": [np.ones(2), (1.0, {"b": 2.0})]})
    for wrong in ({"a": [np.ones(2), (1.0, {"b": 2.1})]}, {"a": [np.ones(2), (1.1, {"b": 2.0})]},
                  {"a": [np.zeros(2), (1.0, {"b": 2.0})]}, {"a": [np.ones(2), (1.0, {"c": 2.0})]},
                  {"a": [np.ones(2)]}, {"a": [np.ones(3), (1.0, {"b": 2.0})]}, {}):  # fmt: skip
        assert not diagnose._same_value(right, wrong)
        assert diagnose.compare("x", right, wrong, 1e-6) is not None
    assert not diagnose._same_value(np.array([1.0, np.nan]), np.array([np.nan, 1.0]))
    assert diagnose._same_value(np.array([1.0, np.nan]), np.array([1.0, np.inf])), "both have no number there"


def test_a_wrong_value_is_shown_with_its_input():
    text = message(lambda dZ, X: (X.T @ dZ + 0.25, dZ.sum()))
    assert re.search(r"Given\n +dZ = \[\[", text)
    assert re.search(r"Expected dW: \[\[.*", text)
    assert "yours dW:" in text
    assert text.startswith("Your dW has the right shape, and other values.")


def test_the_smallest_example_is_shown():
    def answer(dZ, X):
        return X.T @ dZ + 1, dZ.sum()

    for seed in SEEDS:
        shown = small_task.check(answer, seed=seed).message
        sizes = [sum(v.size for v in small_task.draw(seed, t).values()) for t in range(small_task.trials)]
        smallest = small_task.draw(seed, int(np.argmin(sizes)))
        assert diagnose.show(smallest["X"], 19) in shown


def test_signature():
    assert message(lambda dZ: 1) == "It should take (dZ, X), yours takes (dZ)."
    assert small_task.check(lambda gradient, examples: small_task.reference(gradient, examples)), "own names"


def test_the_function_not_its_result():
    assert "without brackets: check(small_task)" in message(np.zeros(3))


def test_a_stub_that_was_half_filled_is_not_attempted():
    def half(dZ, X):
        dW = X.T @ dZ
        total = ...
        return dW, total

    def computed(dZ, X):
        dW = ...
        return 2 * dW, 0

    def raising(dZ, X):
        raise NotImplementedError

    def emptied(dZ, X):
        """Return Xᵀ dZ and the sum of dZ."""

    for stub in (half, computed, raising, emptied):
        assert small_task.check(stub).status == diagnose.NOT_ATTEMPTED


def test_inputs_are_fresh():
    seen = []

    def answer(dZ, X):
        seen.append(dZ.tobytes())
        return small_task.reference(dZ, X)

    small_task.check(answer)
    small_task.check(answer)
    assert len(set(seen)) == len(seen)


def test_hints_come_one_by_one_and_stay_at_the_third():
    small_task._hints_given = 0
    shown = [repr(small_task.hint()) for _ in range(4)]
    assert shown == ["Hint 1 of 3: one", "Hint 2 of 3: two", "Hint 3 of 3: three", "Hint 3 of 3: three"]
    assert [repr(small_task.hint(n)) for n in (1, 2)] == ["Hint 1 of 3: one", "Hint 2 of 3: two"]
    assert repr(small_task.hint()) == "Hint 3 of 3: three", "the next after the one that was asked for"
    with pytest.raises(ValueError, match="hints are 1, 2 and 3, got 7"):
        small_task.hint(7)


def test_result_is_shown_once(capsys):
    """check prints nothing: the message is the result's repr, which the notebook shows."""
    result = small_task.check(small_task.reference)
    assert capsys.readouterr().out == ""
    assert repr(result) == "✔ small_task: correct."
    assert result


def test_lists_and_dicts():
    @function(inputs=two_arrays, returns="grads", hints="abc", mutants=())
    def layered(dZ, X):
        """Return a list of dicts."""
        return [{"W": X.T @ dZ, "b": dZ.sum(axis=0)}, {}]

    assert layered.check(lambda dZ, X: [{"W": X.T @ dZ, "b": np.add.reduce(dZ)}, {}])
    wrong = layered.check(lambda dZ, X: [{"W": X.T @ dZ, "b": 0 * dZ.sum(axis=0)}, {}])
    assert "Expected grads[0]['b']:" in wrong.message
    assert "a list of 2" in layered.check(lambda dZ, X: []).message
    assert "keys 'W', 'b'" in layered.check(lambda dZ, X: [{"W": 1}, {}]).message


def test_expression_diagnosis():
    sympy = pytest.importorskip("sympy")
    slope = expression("d(x²y)/dx", "x y", "2*x*y", working="-", hints="abc", mutants=())
    x, y, t = sympy.symbols("x y t")
    assert slope.check(sympy.diff(x**2 * y, x))
    assert slope.check((x + y) ** 2 - x**2 - y**2)
    assert "t is no symbol of this task, which has x, y." in slope.check(x * t).message
    assert "Right but for its sign.\nAt x = " in slope.check(-2 * x * y).message
    assert "yours is 1/2 times what it should be" in slope.check(x * y).message
    assert re.search(r"At x = .*, y = .*: yours gives .*, it should be ", slope.check(x + y).message)
    near = slope.check((2 + sympy.Float("1e-7")) * x * y).message
    assert "Right up to a constant factor: yours is 1.00000005 times" in near
    near_its_negative = slope.check(-(2 + sympy.Float("1e-6")) * x * y).message
    assert near_its_negative.startswith("Right up to a constant factor: yours is -1.0000005 times")
    yours, right = re.search(r"yours gives (\S+), it should be (\S+)\.", near).groups()
    assert yours != right, "as many digits as it takes to tell them apart"
    for nonsense in ("2*x*y", np.zeros(3), True, [x]):
        assert "A formula in sympy's symbols is asked for" in slope.check(nonsense).message
    assert "A value is asked for, this is a function" in slope.check(lambda: x).message
    for other, kind in (("2*x*y", "'2*x*y'"), ([x], "a list of 1"), (np.zeros(3), "an array of shape (3,)")):
        assert slope.check(other).message == f"A formula in sympy's symbols is asked for, this is {kind}."
    assert "yours gives 3, it should be" in slope.check(np.array(3)).message
    assert "is not a finite formula" in slope.check(sympy.zoo).message
    at = re.search(r"At x = (\S+), y = (\S+): ", slope.check(x - y).message)
    assert min(map(Fraction, at.groups())) > 0


def test_a_formula_without_symbols_and_a_symbol_that_is_nearly_one(monkeypatch):
    sympy = pytest.importorskip("sympy")
    half = expression("½", "", "1/2", working="-", hints="abc", mutants=(("1/4", "Squared."),))
    assert half.check(0.5)
    assert half.check(0.2).message.endswith("times what it should be.\nYours gives 0.2, it should be 0.5.")
    assert half.check(0.25).message.startswith("Squared.\nYours")
    assert half.check(0.25 + 1e-6).slip == ""
    assert half.functions == []
    speed = expression("v", "speed time", "speed*time", working="they\n    meet", hints="abc", mutants=())
    meant = "sped is no symbol of this task, which has speed, time. Is speed meant?"
    assert speed.check(sympy.Symbol("sped")).message == meant
    assert speed.check(sympy.Symbol("q")).message == "q is no symbol of this task, which has speed, time."
    assert speed.solution() == "speed*time\nthey\nmeet"

    def undecided(*_):
        raise derive.UndecidedError("?")

    monkeypatch.setattr(derive, "prove", undecided)
    assert half.check(0.5).message.startswith("Neither proved nor refuted: enter it in a simpler form")


def test_value_diagnosis():
    three = value(
        "a", (1.0, -2.0), working="-", hints="abc", mutants=(((None, 2.0), "Minus!"),), returns=("u", "v")
    )
    assert three.check(1.0, -2.001)
    assert three.check([1, -2])
    assert three.check(Fraction(1), Fraction(-4, 2))
    assert three.check(1, 2).message == "Minus!"
    assert "v is the first that differs" in three.check(1, 7).message
    assert "2 values are to be returned, u, v" in three.check(1).message
    assert "the sign" in three.check(-1, 2.5).message or "u is the first" in three.check(-1, 2.5).message
    whole = value("a", 105300, working="-", hints="abc", mutants=())
    assert whole.check(105300.0)
    assert not whole.check(105301)
    off = "That is not it.{} ex.exercise.hint() helps."
    assert whole.check(-105300).message == off.format(" The size is right: look at the sign.")
    assert whole.check(105301).message == off.format("")
    assert whole.check("many").message == "The answer should be a number, yours is 'many'."
    assert whole.check([105300]).message == "Your answer has shape (1,), a single number is expected."


def test_an_answer_that_cannot_be_read_is_told_by_its_type():
    endless = []
    endless.append(endless)
    task = kinds.Value("a", 1, working="-", hints="abc")
    said = "The answer should be a number, yours is of type list, too large to be looked at."
    assert task.check(endless).message == said


def test_a_symbol_alone_is_a_formula_though_sympy_can_call_it():
    sympy = pytest.importorskip("sympy")
    same = expression("x again", "x", "x", working="-", hints="abc", mutants=(), after="As it was.")
    assert same.check(sympy.Symbol("x")).message == "As it was."


def test_texts_and_truths_are_compared_as_they_are():
    mixed = value(
        "a", ("up", True, 2.0), working="-", hints="abc", mutants=(), returns=("way", "open", "size")
    )
    assert mixed.check("up", True, 2.0)
    for answer, first in ((("down", True, 2.0), "way"), (("up", False, 2.0), "open"),
                          (("up", 1, 2.0), "open"), (("up", True, 3), "size")):  # fmt: skip
        assert mixed.check(*answer).message == (
            f"That is not it. {first} is the first that differs. ex.exercise.hint() helps."
        )
    assert "look at the sign" in mixed.check("up", True, -2.0).message


def test_how_near_is_right():
    for answer, near, off in ((2.5, 2.504, 2.506), (np.array([1.0, 2.5]), [1.004, 2.5], [1.006, 2.5]),
                              (1000, 1000 + 1e-7, 1000 + 1e-5), ((1000, 3), (1000, 3.0), (1000.5, 3)),
                              (np.array([1000, 3]), [1000.0, 3], [1000.5, 3])):  # fmt: skip
        names = ("u", "v") if isinstance(answer, tuple) else "the answer"
        task = value("a", answer, working="-", hints="abc", mutants=(), returns=names, after="Yes.")
        assert task.check(near).message == "Yes."
        assert not task.check(off)
    typed = value("a", 5, working="so", hints="abc", mutants=((7.0710678, "Typed."), (3, "Three.")))
    assert kinds.roundings(7.0710678) == {7.1, 7.07, 7.071, 7.0711, 7.07107}
    assert kinds.roundings(-0.0998) == {-0.1, -0.0998}
    assert kinds.roundings(1.004) == {1.004}
    for answer in (7.1, 7.07, 7.06, 7.08, 7.071, -7.1, 7, 3, 3.001):
        said = "Typed." if answer in (7.1, 7.07, 7.08, 7.06, 7.071) else "Three." if answer == 3 else "That"
        assert typed.check(answer).message.startswith(said), answer
    assert typed.solution() == "5: so"
    assert [kinds.whole(number) for number in (2, 2.0, 2.5, "2", [2])] == [True, True, False, False, False]


def test_what_is_drawn(rng):
    numbers = kinds.draw(rng, 40, 50)
    assert numbers.shape == (40, 50)
    assert set(numbers.ravel()) == {sign * n / 10 for n in range(1, 21) for sign in (1, -1)}
    drawn = [kinds.sizes(rng, 3) for _ in range(100)]
    assert {size for three in drawn for size in three} == set(range(2, 7))
    assert {len(set(three)) for three in drawn} == {3}
    alike = [{array.shape for array in kinds.square(two_arrays)(rng)} for _ in range(50)]
    assert {shape for shapes in alike for shape in shapes} == {(3, 3), (4, 4)}
    assert max(map(len, alike)) == 1


def test_the_latest_check_is_remembered(monkeypatch):
    before = kinds.Exercise.latest
    try:
        result = small_task.check(small_task.reference, seed=3)
        assert (small_task.result, kinds.Exercise.latest) == (result, small_task)
        assert small_task.submitted == (small_task.reference,)
    finally:
        kinds.Exercise.latest = before
    assert repr(small_task) == "small_task: Return Xᵀ dZ and the sum of dZ."
    assert (small_task.trials, small_task.tolerance) == (6, 1e-6)
    with pytest.raises(NotImplementedError, match="Exercise judges no value"):
        kinds.Exercise("a", hints="abc").judge_value(1)

    def break_it(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(small_task, "judge", break_it)
    assert message(...) == "It stops with KeyboardInterrupt, and nothing more can be said of it."


def test_a_piece_of_the_learners_network_can_be_kept():
    kept = "ex.keep() keeps it in mynet.py, for your own network."
    assert ex.affine_backward.check(ex.affine_backward.reference).message.splitlines()[-1] == kept
    for name in keeping.PIECES:
        piece = getattr(ex, name)
        said = piece.check(piece.reference).message
        assert said == (f"{piece.after}\n{kept}" if piece.after else kept)
    assert "mynet" not in ex.affine_backward.check(lambda dZ, X, W: (dZ, X, W)).message
    assert "mynet" not in ex.square_dW.check(ex.square_dW.reference).message


def test_a_function_that_hides_its_signature():
    @function(inputs=lambda rng: (kinds.draw(rng, 4).tolist(),), returns="top", hints="abc", mutants=())
    def largest(numbers):
        """Return the largest."""
        return max(numbers)

    assert largest.check(max)
    assert not largest.check(min)
    assert largest.check(None, ...).status == diagnose.NOT_ATTEMPTED
    assert "without brackets" in largest.check(max, max).message


def test_lists_that_are_changed():
    @function(inputs=lambda rng: (kinds.draw(rng, 3).tolist(), 3.0), returns="total", hints="abc",
              mutants=(Fault("in place", "return ", "numbers[0] += 1\n    return 1 + ", "No!"),))  # fmt: skip
    def total(numbers, more):
        """Sum them."""
        return sum(numbers) + more

    def appended(numbers, more):
        numbers.append(more)
        return sum(numbers)

    def forgotten(numbers, more):
        return sum(numbers) - numbers.pop() + more

    assert "It changes its input numbers" in total.check(appended).message
    assert "No!" not in total.check(forgotten).message
    assert total.check(total.mutated(total.mutants[0])).slip == "in place"


def test_several_numbers_may_come_in_one_array():
    assert ex.paths_and_deltas.check(np.array([630, 50]))
    assert ex.fork_backward.check(lambda x, y, z: np.array([2 * x + y + z, x + z, x + y]))
    lost_share = ex.fork_backward.check(lambda x, y, z: np.array([x + y, x + z, x + y]))
    assert "x is used twice" in lost_share.message


def test_no_negative_zero_is_shown():
    assert diagnose.show(np.array([-0.0, 1.5])) == "[0. , 1.5]"


def test_an_exercise_is_refused_without_its_parts():
    with pytest.raises(ValueError, match="three hints, got 2"):
        value("a", 1, working="-", hints=("x", "y"), mutants=())
    with pytest.raises(ValueError, match="each option but 'a' needs its sentence"):
        choice("a", {"a": "x", "b": "y"}, "a", wrong={}, hints="abc", after="-")


def test_two_slips_in_one_value_are_both_told():
    @function(inputs=lambda rng: (kinds.draw(rng, 3), float(kinds.draw(rng))), returns="y", hints="abc",
              mutants=(Fault("no factor", "3 * x", "x", "Three times!"), Fault("minus", "+ b", "- b", "Plus!"),
                       Fault("swapped", "3 * x + b", "3 * b + x", "Swapped!")))  # fmt: skip
    def line(x, b):
        """Return three times x, and b more."""
        return 3 * x + b

    result = line.check(lambda x, b: x - b)
    assert result.slip == "no factor + minus"
    assert "Three times!\nPlus!" in result.message
    assert line.check(lambda x, b: 3 * b + x).slip == "swapped"
    assert line.check(lambda x, b: 7 * x).slip == ""


def test_a_fault_of_a_line_that_is_not_there_is_noticed():
    @function(
        inputs=lambda rng: (1.0,), returns="y", hints="abc", mutants=(Fault("gone", "+ b", "- b", "-"),)
    )
    def alone(x):
        """Return x."""
        return x

    with pytest.raises(ValueError, match=r"fault 'gone': '\+ b' must occur once in alone, it occurs 0 times"):
        _ = alone.slips


def test_what_an_exercise_is_told_of_itself_holds():
    """Its tolerance, the number of trials, inputs that take turns, and the sentence after a right answer."""
    fixed = (lambda rng: (1.0,), lambda rng: (-2.0,))

    @function(
        inputs=fixed, returns="y", hints="abc", mutants=(), tolerance=0.1, trials=3, after="Half of it."
    )
    def half(x):
        """Return half of x."""
        return x / 2

    @function(inputs=fixed[0], returns="y", hints="abc", mutants=())
    def same(x):
        """Return x."""
        return x

    assert [half.draw(1, t) for t in range(3)] == [{"x": 1.0}, {"x": -2.0}, {"x": 1.0}]
    seen = []
    result = half.check(lambda x: seen.append(x) or 0.52 * x)
    assert (result.correct, result.message, len(seen)) == (True, "Half of it.", 3)
    assert not half.check(lambda x: 0.6 * x)
    assert same.check(lambda x: x * (1 + 1e-7)).message == ""
    assert not same.check(lambda x: x * (1 + 1e-5))


def test_a_spoiled_solution_that_stops_is_judged_as_a_learners():
    def stops(dZ, X):
        raise ValueError("no")

    trial = kinds._ran(small_task, stops, 1, 0)
    problem = diagnose.first_problem(small_task, trial, small_task.run_reference(1, 0), {})
    assert (problem.kind, problem.text) == ("crash", "It stops with ValueError: no")


def test_the_grader_warns_of_nothing_that_the_solution_does():
    @function(inputs=lambda rng: (np.zeros(3),), returns="y", hints="abc", mutants=())
    def safe(x):
        """Return log x, and 0 where there is none."""
        return np.where(x > 0, np.log(x), 0.0)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert safe.check(lambda x: np.zeros(3))


def test_a_new_exercise_knows_of_no_answer_and_begins_with_its_first_hint():
    task = value(
        "\n    How many?\n    And why?\n    ", 3, working="-", hints=("one", "two", "three"), mutants=()
    )
    assert (task.submitted, task.result) == (None, None)
    assert repr(task) == "exercise: How many?\nAnd why?"
    assert repr(task.hint()) == "Hint 1 of 3: one"
    for untouched in ((), (...,), (None,), (None, None), ([None, ...],), ([1, [...]],)):
        result = task.check(*untouched)
        assert (result.status, result.message) == (
            diagnose.NOT_ATTEMPTED,
            "Put your answer in place of the `...` and run the cell again.",
        )
        assert repr(result) == f"○ exercise: not attempted yet. {result.message}"
    assert small_task.check(...).message == "Write the body in place of the `...` and run the cell again."
    assert task.check(decimal.Decimal(3)).correct
    said = "A value is asked for, this is a function: call it, or give its result."
    assert task.check(lambda: 3).message == said
    assert task.check(None, 3).status == diagnose.NOT_YET
    with pytest.raises(ValueError, match="three hints"):
        value("a", 1, working="-", hints=("x", "", "z"), mutants=())


@pytest.mark.parametrize("seed", [0, 7])
def test_a_seed_draws_the_same_inputs_again(seed):
    seen = [], []
    for drawn in seen:
        kinds._drawn.cache_clear()  # another process has none
        small_task.check(lambda dZ, X, drawn=drawn: drawn.append(dZ.tolist()), seed=seed)
    assert seen[0] == seen[1]
    kinds._drawn.cache_clear()
    assert seen[0] == [small_task.draw(seed, t)["dZ"].tolist() for t in range(small_task.trials)]
    assert seen[0] != [small_task.draw(seed + 1, t)["dZ"].tolist() for t in range(small_task.trials)]


def test_what_a_choice_says():
    task = choice("Which?", {"a": "One", "b": "Two"}, "a", wrong={"b": "No."}, hints="abc", after="Since.")
    assert repr(task) == "exercise: Which?\na) One\nb) Two"
    assert task.solution() == "'a': One. Since."
    assert task.check("A").message == "Since."
    assert (task.check("b").message, task.check("b").slip) == ("No.", "b")
    assert task.check("c").message == "Choose one of 'a', 'b'; yours is 'c'."
    assert task.check(...).message.startswith("Put the letter of your choice, in quotation marks, in place")
    for wrong in ({}, {"a": "No.", "b": "No."}):
        with pytest.raises(ValueError, match=re.escape(f"but 'a' needs its sentence, got {sorted(wrong)}")):
            choice("Which?", {"a": "One", "b": "Two"}, "a", wrong=wrong, hints="abc", after="-")
    with pytest.raises(ValueError, match="'c' needs"):
        choice("Which?", {"a": "One"}, "c", wrong={"a": "No."}, hints="abc", after="-")


def test_inputs_that_are_not_those_of_the_solution_are_noticed():
    @function(inputs=lambda rng: (1.0, 2.0, 3.0), returns="sum", hints="abc", mutants=())
    def added(x, y):
        """Return x + y."""
        return x + y

    with pytest.raises(ValueError, match="longer"):
        added.draw(1, 0)


def test_package():
    assert all(hasattr(kinds, name) for name in kinds.__all__)
    assert ex.affine_backward.lesson == 5
    assert "affine_backward" in dir(ex)
    assert repr(ex.best_h).startswith("Lesson 1, best_h: ")
    assert "\nc) 1e-5" in repr(ex.best_h)
    with pytest.raises(
        AttributeError, match=r"no exercise called afine_backward. Did you mean affine_backward"
    ):
        _ = ex.afine_backward


def test_import_is_light():
    code = (
        "import sys, bplib.exercises as ex; ex.affine_backward; "
        "print([m for m in ('sympy', 'matplotlib', 'ipywidgets') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


# ---------------------------------------------------------------- the lessons' cells


def exercise_cells():
    """(notebook, source) of every code cell of the lessons that checks an exercise."""
    for path in sorted(Path(__file__).parents[1].joinpath("notebooks").glob("[0-9][0-9]_*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and ".check(" in source and "ex." in source:
                yield path.stem, source


CELLS = list(exercise_cells())
CHECK = re.compile(r"\bex\.(\w+)\.check\((.*)\)")


def run_cell(source, namespace):
    """Run a cell and return what it shows: the values of its last expressions that are checks."""
    tree = ast.parse(source)
    results = []
    for statement in tree.body:
        if isinstance(statement, ast.Expr) and ".check(" in ast.unparse(statement):
            results.append(eval(compile(ast.Expression(statement.value), "<cell>", "eval"), namespace))
        else:
            exec(compile(ast.Module([statement], []), "<cell>", "exec"), namespace)
    return results


def namespace_for(notebook):
    """What the cells of a lesson find: its imports and symbols."""
    path = Path(__file__).parents[1] / "notebooks" / f"{notebook}.ipynb"
    namespace = {"np": np, "ex": ex}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        for statement in ast.parse(TransformerManager().transform_cell("".join(cell["source"]))).body:
            symbols = isinstance(statement, ast.Assign) and "symbols(" in ast.unparse(statement)
            if isinstance(statement, (ast.Import, ast.ImportFrom)) or symbols:
                exec(compile(ast.Module([statement], []), "<imports>", "exec"), namespace)
    return namespace


@pytest.mark.parametrize(("notebook", "source"), CELLS, ids=[f"{n}-{CHECK.search(s)[1]}" for n, s in CELLS])
def test_exercise_cells_of_the_lessons(notebook, source):
    """Untouched, every check says "not attempted yet"; with the solution filled in, "correct"."""
    for result in run_cell(source, namespace_for(notebook)):
        assert result.status == diagnose.NOT_ATTEMPTED, result
    for name, arguments in CHECK.findall(source):
        exercise, names = getattr(ex, name), [a.strip() for a in arguments.split(",")]
        namespace = namespace_for(notebook)
        if isinstance(exercise, kinds.Function):
            answers = [exercise.reference]
        else:
            answers = exercise.answer if len(names) > 1 else [exercise.answer]
        namespace |= dict(zip(names, answers, strict=True))
        (check,) = run_cell(f"ex.{name}.check({arguments})", namespace)
        assert check.correct, check


def test_every_exercise_of_a_finished_lesson_is_in_its_notebook():
    checked = {(notebook[:2], name) for notebook, source in CELLS for name, _ in CHECK.findall(source)}
    finished = {number for number, _ in checked}
    missing = [
        e.name for e in ALL if f"{e.lesson:02d}" in finished and (f"{e.lesson:02d}", e.name) not in checked
    ]
    assert not missing


# ---------------------------------------------------------------- progress


@pytest.fixture
def kept(own_file, monkeypatch):
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", str(own_file))
    return own_file


def test_progress_remembers_what_is_solved(kept):
    ex.bias_gradient.check(lambda dZ: ...)
    assert not kept.exists(), "an untouched stub leaves no trace"
    ex.bias_gradient.check(lambda dZ: dZ.sum(axis=1))
    assert progress_file.load()["bias_gradient"] == {"solved": None, "tries": 1}
    ex.bias_gradient.check(ex.bias_gradient.reference)
    solved = progress_file.load()["bias_gradient"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", solved["solved"])
    ex.bias_gradient.check(lambda dZ: dZ.sum(axis=1))
    assert progress_file.load()["bias_gradient"] == solved, "what is solved stays solved"
    assert [p.name for p in kept.parent.iterdir()] == ["progress.json"], "no temporary files are left"


@pytest.mark.parametrize(
    "damage", ["", "{", "[1, 2]", '{"exercises": 3}', '{"exercises": {"a": 1}}', '{"exercises": {"a": {}}}']
)
def test_damaged_progress_is_kept_aside(kept, damage, capsys):
    for n in (1, 2):
        kept.write_text(damage)
        progress_file._said.clear()
        ex.bias_gradient.check(ex.bias_gradient.reference)
        copy = kept.with_name(f"progress.json.damaged-{n}")
        assert copy.read_text() == damage
        assert f"it is kept as {copy}" in capsys.readouterr().out
        assert progress_file.load()["bias_gradient"]["solved"]


def test_a_file_that_cannot_be_written_stops_nothing(kept, capsys, monkeypatch):
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", str(kept / "below" / "a" / "file.json"))
    kept.write_text("in the way")
    assert ex.bias_gradient.check(ex.bias_gradient.reference)
    assert ex.bias_gradient.check(ex.bias_gradient.reference)
    said = capsys.readouterr().out
    assert "the exercises work without it" in said
    assert kept.read_text() == "in the way"


def test_interrupted_writing_leaves_the_old_record(kept, monkeypatch):
    ex.bias_gradient.check(ex.bias_gradient.reference)
    before = kept.read_text()

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(progress_file.os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        ex.square_dW.check(ex.square_dW.reference)
    assert kept.read_text() == before
    assert [p.name for p in kept.parent.iterdir()] == ["progress.json"]


def test_where_the_record_lies(monkeypatch):
    monkeypatch.delenv("BPLIB_PROGRESS_FILE")
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    monkeypatch.setenv("APPDATA", "C:/somewhere")
    monkeypatch.setattr(progress_file.Path, "home", lambda: Path("/home/me"))
    for platform, folder in (("linux", "/somewhere"), ("win32", "C:/somewhere"),
                             ("darwin", "/home/me/Library/Application Support"),
                             ("emscripten", "/home/me")):  # fmt: skip
        monkeypatch.setattr(progress_file.sys, "platform", platform)
        assert progress_file.path() == Path(folder, "bplib", "progress.json")
    monkeypatch.setenv("XDG_DATA_HOME", "")
    monkeypatch.delenv("APPDATA")
    for platform, folder in (("linux", ".local/share"), ("win32", "AppData/Roaming")):
        monkeypatch.setattr(progress_file.sys, "platform", platform)
        assert progress_file.path() == Path("/home/me", folder, "bplib", "progress.json")
    monkeypatch.setattr(progress_file.sys, "platform", "emscripten")
    monkeypatch.setattr(progress_file.os.path, "isdir", lambda folder: folder == "/drive")
    assert progress_file.path() == Path("/drive/bplib/progress.json")  # what outlives a page in a browser
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("USERPROFILE", "/home/me")
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", "~/mine.json")
    assert progress_file.path() == Path("/home/me/mine.json")
    for nothing in ("", os.devnull):
        monkeypatch.setenv("BPLIB_PROGRESS_FILE", nothing)
        assert progress_file.path() is None


RECORD = """\
{
 "exercises": {
  "a": {
   "solved": null,
   "tries": 2
  }
 },
 "predictions": {
  "p": {
   "predicted": 1.5,
   "result": "b"
  }
 },
 "reviews": {
  "q": {
   "due": "2026-03-05",
   "step": 2
  }
 },
 "version": 1
}
"""


def test_what_the_record_holds(kept):
    assert (progress_file.load(), progress_file.predictions(), progress_file.reviews()) == ({}, {}, {})
    for _ in range(2):
        progress_file.note("a", "not yet")
    progress_file.note_prediction("p", predicted=1.5)
    assert progress_file.predictions() == {"p": {"predicted": 1.5, "result": None}}
    progress_file.note_prediction("p", result="b")
    progress_file.note_review("q", 2, "2026-03-05")
    assert kept.read_text() == RECORD
    assert progress_file.load() == {"a": {"solved": None, "tries": 2}}
    assert progress_file.predictions() == {"p": {"predicted": 1.5, "result": "b"}}
    assert progress_file.reviews() == {"q": {"step": 2, "due": "2026-03-05"}}
    kept.write_text('{"exercises": {"a": {"solved": null, "tries": 2}}}')
    assert progress_file.load() == {"a": {"solved": None, "tries": 2}}, "as older files have it"
    assert (progress_file.predictions(), progress_file.reviews()) == ({}, {})


@pytest.mark.parametrize(("good", "bad"), [
    ("1.5", "[1.5]"), ('"b"', "{}"), ('"2026-03-05"', '"soon"'), ('"2026-03-05"', "5"),
    ('"step": 2', '"step": "x"'), ('"tries": 2', '"try": 2'),
])  # fmt: skip
def test_a_part_that_is_damaged_is_noticed(kept, good, bad, capsys):
    kept.write_text(RECORD.replace(good, bad))
    assert progress_file.load() == {}
    aside = kept.with_name("progress.json.damaged-1")
    said = f"Your progress file was damaged: it is kept as {aside}, and a new one is begun.\n"
    assert capsys.readouterr().out == said


def test_trouble_with_the_record_is_said_once(kept, capsys, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "no entry")

    without = "(no entry); the exercises work without it.\n"
    monkeypatch.setattr(progress_file.files, "write", refuse)
    progress_file.note("a", "not yet")
    progress_file.note("a", "not yet")
    assert capsys.readouterr().out == f"Your progress could not be written to {kept} {without}"
    kept.write_text("{")
    monkeypatch.setattr(progress_file.os, "replace", refuse)
    assert progress_file.load() == {}
    assert (
        capsys.readouterr().out
        == f"Your progress file {kept} is damaged and cannot be set aside (no entry).\n"
    )
    monkeypatch.setattr(progress_file.Path, "read_bytes", refuse)
    assert progress_file.load() == {}
    assert capsys.readouterr().out == f"Your progress file {kept} cannot be read {without}"


def test_what_is_solved_is_not_written_again(kept, monkeypatch):
    progress_file.note("a", "correct")
    monkeypatch.setattr(progress_file.files, "write", None)  # would stop with a TypeError
    progress_file.note("a", "not yet")
    progress_file.note("a", "correct")
    assert progress_file.load()["a"]["tries"] == 1


def test_the_folder_of_the_record_is_made(kept, monkeypatch):
    below = kept.parent / "not" / "yet" / "there.json"
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", str(below))
    progress_file.note("a", "not yet")
    assert [p.name for p in below.parent.iterdir()] == ["there.json"]


def test_of_a_thousand_that_were_damaged_none_is_overwritten(kept, capsys):
    for n in range(1, 1000):
        kept.with_name(f"progress.json.damaged-{n}").touch()
    kept.write_text("{")
    assert progress_file.load() == {}
    assert kept.with_name("progress.json.damaged").read_text() == "{"
    assert not any(kept.with_name(f"progress.json.damaged-{n}").stat().st_size for n in range(1, 1000))


def boxes_of(fig, artists):
    renderer = fig.canvas.get_renderer()
    return [artist.get_window_extent(renderer) for artist in artists]


def test_progress_picture_has_a_square_for_each_exercise(kept, monkeypatch):
    """Green and ticked where it is solved, with a point where it was tried; this lesson's by name, too."""
    from matplotlib.colors import to_hex

    from bplib import plots

    tried, solved, *_ = here = [e.name for e in ex.exercises(5)]
    progress_file.note(tried, "not yet")
    progress_file.note(solved, "correct")
    shown = []
    monkeypatch.setattr(plots, "show", lambda fig, alt: shown.append((fig, alt)))
    progress_file.draw(ALL, 5)
    ((fig, alt),) = shown
    assert alt == progress_file.summary(ALL, {solved}, 5)
    (ax,) = fig.axes
    fig.canvas.draw()
    squares = [line for line in ax.lines if line.get_marker() == "s"]
    texts = {text.get_text(): text for text in ax.texts}
    lessons = sorted({e.lesson for e in ALL})
    assert len(squares) == len(ALL) + len(here)
    rows = [[s for s in squares[: len(ALL)] if s.get_ydata()[0] == row] for row in range(len(lessons))]
    assert [len(row) for row in rows] == [len(ex.exercises(lesson)) for lesson in lessons]
    assert {to_hex(s.get_markerfacecolor()) for s in squares} == {plots.GREEN, "#ffffff"}
    marked = {(*s.get_xdata(), *s.get_ydata()): s for s in ax.lines if s not in squares}
    named = dict(zip(here, squares[len(ALL):], strict=True))  # fmt: skip
    for name, square in [*named.items(), *zip(here, rows[lessons.index(5)], strict=True)]:
        mark = marked.pop((*square.get_xdata(), *square.get_ydata()), None)
        assert (to_hex(square.get_markerfacecolor()) == plots.GREEN) == (name == solved)
        assert (mark and mark.get_marker()) == {solved: r"$\checkmark$", tried: "."}.get(name)
    assert marked == {}
    bold = [text for text in texts if texts[text].get_fontweight() == "bold"]
    assert bold == ["lesson 05", f"1 of {len(here)}"]
    assert {"lesson 01", f"0 of {len(ex.exercises(1))}", *here} < set(texts)
    title = f"1 of {len(ALL)} exercises solved   (✓ solved, · tried)"
    assert ax.get_title(loc="left") == title
    assert not ax.axison
    # nothing lies outside of the picture, nothing on something else, and a name stands beside its square
    boxes = boxes_of(fig, [*squares, *ax.texts])
    width, height = fig.canvas.get_width_height()
    left, low, right, high = np.array([box.extents for box in boxes]).T
    assert min(*left, *low) >= 0
    assert (right <= width).all()
    assert (high <= height).all()
    beside = (left[:, None] >= right) | (low[:, None] >= high)
    assert (beside | beside.T | np.eye(len(boxes), dtype=bool)).all()
    one, right, below = boxes_of(fig, [rows[0][0], rows[0][1], rows[1][0]])
    assert 1.2 * one.width < right.x0 - one.x0 < 2.6 * one.width, "squares beside each other, apart"
    assert 1.2 * one.width < one.y0 - below.y0 < 2.6 * one.width
    for name, square in named.items():
        before, after = boxes_of(fig, [square, texts[name]])
        assert 0 < after.x0 - before.x1 < before.width
        assert before.y0 < (after.y0 + after.y1) / 2 < before.y1
    label, first, count = boxes_of(fig, [texts["lesson 05"], rows[lessons.index(5)][0], texts[bold[1]]])
    assert label.x1 < first.x0 < label.x1 + 2 * first.width
    assert first.y0 < (label.y0 + label.y1) / 2 < first.y1
    assert first.y0 < (count.y0 + count.y1) / 2 < first.y1


def test_progress_in_words():
    here = [e.name for e in ex.exercises(5)]
    open_all = f"Still open: {', '.join(here)}."
    course = f"Course: {{}} of {len(ALL)} exercises solved."
    lesson = f"Lesson 5: {{}} of {len(here)} exercises solved."
    for solved, number, words in (
        ((), None, course.format(0)),
        (here, None, course.format(len(here))),
        ((), 5, f"{lesson.format(0)} {open_all} {course.format(0)}"),
        (here, 5, f"{lesson.format(len(here))} Solved: {', '.join(here)}. {course.format(len(here))}"),
        (
            here[:1],
            5,
            f"{lesson.format(1)} Solved: {here[0]}. Still open: {', '.join(here[1:])}. {course.format(1)}",
        ),
    ):
        assert progress_file.summary(ALL, solved, number) == words


def test_progress_picture(kept, capsys):
    ex.bias_gradient.check(ex.bias_gradient.reference)
    ex.square_dW.check(lambda dZ, X: dZ @ X)
    ex.progress(5)
    said = capsys.readouterr().out
    here = len(ex.exercises(5))
    assert f"Lesson 5: 1 of {here} exercises solved. Solved: bias_gradient. Still open: " in said
    assert f"Course: 1 of {len(ALL)} exercises solved." in said


def test_y_hat_may_be_called_as_sympy_prints_it():
    """sp.Symbol("yhat") prints as ŷ, sp.Symbol("y_hat") is what one types: both are right."""
    import sympy

    for name in ("yhat", "y_hat"):
        y, y_hat = sympy.symbols(f"y {name}", real=True)
        assert ex.squared_error_sign.check(-2 * (y - y_hat)).correct
        assert not ex.squared_error_sign.check(2 * (y - y_hat)).correct
