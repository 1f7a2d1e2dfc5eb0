"""Every exercise and its grader: the solution passes; the stub, the mutants, zeros and noise do not."""

import inspect

import numpy as np
import pytest

import bplib.exercises as ex
from bplib.exercises import diagnose, record, task
from bplib.exercises.task import Fault

SEEDS = range(20)
ALL = ex.exercises()
FUNCTIONS = [e for e in ALL if isinstance(e, task.Function)]
NUMBERS = [e for e in ALL if isinstance(e, task.Value)]
CHOICES = [e for e in ALL if isinstance(e, task.Choice)]
FORMULAS = [e for e in ALL if isinstance(e, task.Expression)]


@pytest.fixture(autouse=True)
def progress_file(tmp_path, monkeypatch):
    """No test touches the learner's file, and most keep no record at all."""
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", "")
    record._said.clear()
    return tmp_path / "progress.json"


def each(exercises):
    return pytest.mark.parametrize("exercise", exercises, ids=lambda e: e.name)


def zeros_like(value):
    if isinstance(value, (tuple, list)):
        return type(value)(zeros_like(item) for item in value)
    if isinstance(value, dict):
        return {key: zeros_like(item) for key, item in value.items()}
    return np.zeros_like(value) if isinstance(value, np.ndarray) else 0.0


def noise_like(value, rng):
    if isinstance(value, (tuple, list)):
        return type(value)(noise_like(item, rng) for item in value)
    if isinstance(value, dict):
        return {key: noise_like(item, rng) for key, item in value.items()}
    return rng.normal(size=value.shape) if isinstance(value, np.ndarray) else float(rng.normal())


# ---------------------------------------------------------------- every exercise


def test_there_are_enough():
    """At least 24 over lessons 01–11, two to four a lesson."""
    by_lesson = {lesson: len(ex.exercises(lesson)) for lesson in range(1, 12)}
    assert sum(by_lesson.values()) >= 24
    assert all(2 <= n <= 4 for n in by_lesson.values()), by_lesson


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
    for mutant in exercise.mutants:
        for seed in SEEDS:
            result = exercise.check(exercise.mutated(mutant), seed=seed)
            assert result.status == diagnose.NOT_YET
            assert mutant.teaches in result.message, (mutant.name, seed, result)
            assert result.slip == mutant.name


@each(FUNCTIONS)
def test_zeros_and_noise_are_refused(exercise):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        for like in (zeros_like, lambda value, rng=rng: noise_like(value, rng)):

            def answer(*arguments, like=like):
                return like(exercise.reference(*arguments))

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
        if isinstance(wrong, tuple):
            wrong = tuple(a if w is None else w for w, a in zip(wrong, answer, strict=True))
        result = exercise.check(wrong)
        assert result.status == diagnose.NOT_YET
        assert result.message == teaches
    rng = np.random.default_rng(0)
    for wrong in [zeros_like(answer), *(noise_like(answer, rng) for _ in SEEDS)]:
        assert exercise.check(*wrong).status == diagnose.NOT_YET


@each(CHOICES)
def test_choice_exercise(exercise):
    assert exercise.check(exercise.answer)
    assert exercise.check(f" {exercise.answer.upper()}) ")
    assert exercise.check(...).status == diagnose.NOT_ATTEMPTED
    assert {letter for letter, _ in exercise.mutants} == set(exercise.options) - {exercise.answer}
    for letter, teaches in exercise.mutants:
        result = exercise.check(letter)
        assert (result.status, result.message) == (diagnose.NOT_YET, teaches)
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
        assert "it should be" in result.message, "a counter-example"
    for wrong in (0, 1.5, exercise.answer + 1, sympy.Rational(3, 7) * exercise.answer):
        assert exercise.check(wrong).status == diagnose.NOT_YET
