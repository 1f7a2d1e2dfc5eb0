"""What a learner's function may do to the machine that calls it, and the record that two lessons write."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

import bplib.exercises as ex
from bplib.exercises import progress_file, running
from bplib.exercises.attempt import attempt_from_json, attempt_to_json, decode, encode
from bplib.exercises.running import Attempt, Opaque, Trial, call, freeze


@pytest.fixture(autouse=True)
def no_record(monkeypatch):
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", "")


def trial(function, *arguments):
    return call(function, [f"a{n}" for n in range(len(arguments))], list(arguments))


def travelled(value):
    return decode(json.loads(json.dumps(encode(freeze(value)))))


# ---------------------------------------------------------------- what comes back


class Fails(Exception):
    def __str__(self):
        raise self


class Strange:
    """Everything that can be asked of it fails."""

    def __getattribute__(self, name):
        raise SystemError(name)


def ring():
    a = [1]
    a.append(a)
    return a


def doubled(times):
    a = [1.0]
    for _ in range(times):
        a = [a, a]
    return a


@pytest.mark.parametrize(
    "make",
    [lambda: 10**5000, lambda: -(10**400), ring, lambda: {"a": ring()}, lambda: doubled(40),
     lambda: np.zeros((1000, 1000)), lambda: [0.0] * 200_000, Strange, lambda: {(): Strange()}, lambda: Strange,
     lambda: "x" * 10**6],
    ids=["digits", "beyond floats", "itself", "itself in a dict", "doubled", "array", "list", "strange",
         "strange inside", "class", "text"],
)  # fmt: skip
def test_anything_can_be_returned(make):
    """It is taken as far as it can be looked at, and what stands for it is small."""
    result = trial(make)
    assert result.crash is None
    assert isinstance(result.returned, (Opaque, str))
    assert len(json.dumps(encode(result.returned))) < 20_000
    assert type(travelled(make())) is type(result.returned)


def test_what_is_too_large_says_so():
    assert freeze(np.zeros((1000, 1000))).type == "ndarray of shape (1000, 1000), too large to be looked at"
    assert freeze(10**5000).type == "int, too large to be looked at"
    assert np.shape(freeze(np.zeros((100, 1000)))) == (100, 1000)


def test_what_a_trial_and_an_attempt_hold_at_first():
    assert vars(running.Trial()) == {
        "returned": None,
        "crash": None,
        "endless": False,
        "printed": "",
        "changed": (),
    }
    assert vars(running.Attempt("ran")) == {"status": "ran", "why": "", "trials": []}


def test_whole_numbers_stay_numbers():
    assert freeze(2**62) == 2**62
    assert freeze(10**200) == 1e200
    assert type(travelled(2**62)) is int


def deep(times):
    a = 1.0
    for _ in range(times):
        a = [a]
    return a


@pytest.mark.parametrize("fits", [
    lambda more: [0.0] * (running.LARGEST - 1 + more),
    lambda more: dict.fromkeys(range(running.LARGEST - 1 + more), 0),
    lambda more: np.zeros(running.LARGEST + more), lambda more: [np.zeros(running.LARGEST - 1 + more)],
    lambda more: deep(running.DEEPEST + more), lambda more: [{0: (deep(running.DEEPEST - 3 + more),)}],
])  # fmt: skip
def test_as_much_as_is_looked_at_and_no_more(fits):
    assert not isinstance(freeze(fits(0)), Opaque)
    assert freeze(fits(1)).type.endswith(", too large to be looked at")


@pytest.mark.parametrize(("given", "frozen"), [
    (None, None), (True, True), (2.5, 2.5), (2**63 - 1, 2**63 - 1), (-(2**63) + 1, -(2**63) + 1),
    (2**63, 2.0**63),
    (-(2**63), -(2.0**63)), ("x" * 10_001, "x" * 10_000), (Fraction(1, 4), 0.25), ((1, [2]), (1, [2])),
    ({1: (2,)}, {"1": (2,)}), (1j, Opaque("complex")), (np.complex128(1), Opaque("array of complex128")),
    (np.array(["a"]), Opaque("array of <U1")), ([{1}], [Opaque("set")]), (Opaque("set"), Opaque("set")),
    (..., ...),
])  # fmt: skip
def test_what_is_kept_of_an_answer(given, frozen):
    kept = freeze(given)
    assert (kept, type(kept)) == (frozen, type(frozen))
    again = travelled(given)
    assert (again, type(again)) == (frozen, type(frozen))


@pytest.mark.parametrize(("value", "data"), [
    (..., {"ellipsis": True}), ((1, "a"), {"tuple": [1, "a"]}), ([None], {"list": [None]}),
    ({"a": (1.5,)}, {"dict": [["a", {"tuple": [1.5]}]]}), (Opaque("set"), {"opaque": "set"}),
    (np.ones((2, 1), np.float32), {"array": [[1.0], [1.0]], "dtype": "float32", "shape": [2, 1]}),
    (np.zeros((0, 2)), {"array": [], "dtype": "float64", "shape": [0, 2]}),
])  # fmt: skip
def test_how_an_answer_is_written_down(value, data):
    assert encode(value) == data
    np.testing.assert_equal(decode(json.loads(json.dumps(data))), value)


FORMULAS = {
    "x": ["Symbol", "x"],
    "x + y*2.5": ["Add", ["Symbol", "x"], ["Mul", ["Number", "2.50000000000000"], ["Symbol", "y"]]],
    "x**(2/3)": ["Pow", ["Symbol", "x"], ["Number", "2/3"]],
    "pi*E*I": ["Mul", ["Exp1"], ["ImaginaryUnit"], ["Pi"]],
    **{f"{name}(x)": [name, ["Symbol", "x"]]
       for name in "exp log sin cos tan sinh cosh tanh Abs sign factorial".split()},
    "Max(x, y)": ["Max", ["Symbol", "x"], ["Symbol", "y"]],
    "Min(1, y)": ["Min", ["Number", "1"], ["Symbol", "y"]],
}  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_how_a_formula_is_written_down(text):
    sympy = pytest.importorskip("sympy")
    formula = sympy.sympify(text, locals={name: sympy.Symbol(name, real=True) for name in "xy"})
    name, *parts = encode(formula)["formula"]
    wanted, *others = FORMULAS[text]
    assert name == wanted
    assert sorted(map(repr, parts)) == sorted(map(repr, others))
    assert decode({"formula": FORMULAS[text]}) == formula


@pytest.mark.parametrize(
    "tree", [["exec", ["Symbol", "x"]], ["Symbol"], ["Number", "x"], ["Pow", ["Number", "1"]], []]
)
def test_a_formula_of_no_known_kind_is_not_built(tree):
    pytest.importorskip("sympy")
    assert decode({"formula": tree}) == Opaque("a formula of its own kind")


def test_an_attempt_travels_whole():
    def answer(a):
        print("a")
        a[0] = 2
        return (a, ...)

    attempt = running.Attempt(
        "ran", "why", [trial(answer, [1.0]), trial(len, 3), running.Trial(endless=True)]
    )
    assert attempt_from_json(json.loads(json.dumps(attempt_to_json(attempt)))) == attempt


@pytest.mark.parametrize("kind", [bool, np.int32, np.uint8, np.float32])
def test_arrays_are_copied_and_keep_their_type(kind):
    given = np.ones((2, 1), kind)
    for kept in (freeze(given), travelled(given)):
        assert (kept.shape, kept.dtype) == (given.shape, given.dtype)
        assert not np.shares_memory(kept, given)
    assert freeze(given[0, 0]).shape == ()


@pytest.mark.parametrize(("value", "held"), [
    (..., True), ([1, ...], True), ((1, [...]), True), ({"a": {"b": ...}}, True), ({...: 1}, False),
    ([1, "..."], False),
    (None, False),
])  # fmt: skip
def test_whether_a_gap_of_the_task_is_left(value, held):
    assert running.holds_ellipsis(value) == held


def test_huge_formulas_are_not_carried():
    sympy = pytest.importorskip("sympy")
    x = sympy.Symbol("x")
    assert freeze(x + 1) == x + 1
    assert isinstance(freeze(sympy.Add(*[x**n for n in range(3000)], evaluate=False)), Opaque)
    deep = x
    for _ in range(1500):
        deep = sympy.sin(deep, evaluate=False)
    assert isinstance(travelled(deep), Opaque)
    assert isinstance(travelled(sympy.Integer(10**5000)), Opaque)


def test_attempts_that_another_program_wrote_down_are_judged():
    assert ex.fork_slope.judge(Attempt("blank"), 0).status == "not attempted"
    refused = ex.fork_slope.judge(Attempt("refused", "No."), 0)
    assert (refused.status, refused.message) == ("not yet", "No.")
    assert ex.fork_slope.judge(Attempt("ran", trials=[Trial(8.0)]), 0).correct
    assert [ex.fork_slope.attempt((given,), 0).status for given in (..., len, 8)] == [
        "blank",
        "refused",
        "ran",
    ]


# ---------------------------------------------------------------- how it stops


@pytest.mark.parametrize(
    "error", [Fails, SystemExit, GeneratorExit, BaseException, MemoryError, RecursionError]
)
def test_any_exception_is_the_calls_alone(error):
    def answer():
        raise error

    assert trial(answer).crash["type"] == error.__name__


def test_an_error_without_a_text_is_told():
    def answer():
        raise Fails

    assert trial(answer).crash["message"] == "(an error whose own text cannot be shown)"


def test_the_learners_wish_to_stop_is_passed_on_and_only_where_somebody_sits(monkeypatch):
    def answer():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trial(answer)
    monkeypatch.setattr(running, "PASSED_ON", ())
    assert trial(answer).crash["type"] == "KeyboardInterrupt"


def test_the_line_is_the_last_one_of_the_learners_own():
    def answer(numbers):
        numbers = list(numbers)
        return sorted(numbers, key=lambda n: json.loads("{" * n))

    crash = trial(answer, [1, 2]).crash
    assert (crash["number"], crash["line"]) == (
        3,
        'return sorted(numbers, key=lambda n: json.loads("{" * n))',
    )
    crash = trial(len, 3).crash
    assert (crash["type"], crash["line"], crash["number"]) == ("TypeError", "", 0)

    def long_story():
        raise ValueError("x" * 20_000)

    assert trial(long_story).crash["message"] == "x" * running.LONGEST


@pytest.mark.parametrize(("source", "blank"), [
    ("lambda: ...", True), ("lambda: None", True), ("lambda: 0", False), ("lambda a=1: a", False),
    ("print", False),
    ("lambda: print()", False), ("lambda: ''", False), ("lambda: [...]", False),
])  # fmt: skip
def test_a_stub_is_told_from_an_answer(source, blank):
    assert running.is_blank(eval(source)) == blank


@pytest.mark.parametrize(("body", "blank"), [
    ("...", True), ("pass", True), ("return", True), ("return ...", True), ("'What to do.'\n    ...", True),
    ("'What to do.'\n    return 0", False), ("x", False), ("return x", False), ("...\n    return 1", False),
])  # fmt: skip
def test_a_body_with_nothing_in_it_is_a_stub(body, blank):
    namespace = {}
    exec(f"def answer(x):\n    {body}\n", namespace)
    assert running.is_blank(namespace["answer"]) == blank


def test_a_line_that_is_nowhere_to_be_read_is_left_out():
    namespace = {}
    exec("def answer():\n    return 1 / 0\n", namespace)
    crash = trial(namespace["answer"]).crash
    assert (crash["type"], crash["line"], crash["number"]) == ("ZeroDivisionError", "", 2)


def test_no_warning_hides_the_sentence_that_explains():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert trial(lambda x: np.log(x), np.zeros(2)).returned.tolist() == [-np.inf, -np.inf]


def test_printing_for_ever_fills_no_memory():
    def answer():
        for _ in range(1000):
            print("x" * 100_000)
        print("the end")
        return 1

    result = trial(answer)
    assert result.returned == 1
    assert result.printed == "x" * running.LONGEST


# ---------------------------------------------------------------- what it changes


@pytest.mark.parametrize(
    ("given", "change"),
    [
        (np.zeros(3), lambda a: a.__setitem__(0, 1)),
        ([np.zeros(3), 1], lambda a: a[0].__setitem__(0, 1)),
        ([np.zeros(3), 1], lambda a: a.__setitem__(0, 1)),
        ({"W": np.zeros(3)}, lambda a: a["W"].__setitem__(0, 1)),
        ({"W": {"b": [1]}}, lambda a: a["W"]["b"].append(2)),
        ({"W": np.zeros(3)}, lambda a: a.__setitem__("W", a)),
        ([[1]], lambda a: a[0].__setitem__(0, "text")),
        ([[1]], lambda a: a.__setitem__(0, (1,))),
        ([1, 2], lambda a: a.pop()),
        (["text"], lambda a: a.__setitem__(0, "word")),
        ([1.5], lambda a: a.__setitem__(0, None)),
        ([1.5], lambda a: a.__setitem__(0, float("nan"))),
        ({"a": 1}, lambda a: a.update(b=2)),
        (np.zeros(4), lambda a: setattr(a, "shape", (2, 2))),
        (np.array([1.0, np.nan]), lambda a: a.__setitem__(0, np.nan)),
    ],
)
def test_changed_inputs_are_seen_however_deep_and_the_graders_own_stay(given, change):
    before = repr(given)
    result = trial(lambda untouched, a: change(a), np.ones(2), given)
    assert result.changed == ("a1",)
    assert repr(given) == before


def test_what_is_equal_is_not_called_changed():
    result = trial(lambda *a: 1, np.array([1.0, np.nan]), [float("nan"), "text"], {"a": np.eye(2)}, len)
    assert result.changed == ()
    result = trial(lambda a, b: a.__setitem__(0, np.float64(1.5)), [1.5], 2)
    assert result.changed == ()


# ---------------------------------------------------------------- the time limit


class Clock:
    """Stands in for `time` in `running`: computing goes on at a pace of its own."""

    def __init__(self, share):
        self.share, self.monotonic = share, time.monotonic

    def thread_time(self):
        return time.monotonic() * self.share

    process_time = thread_time


LIMITED = [running._limited_by_interrupt]
LIMITED += [running._limited_by_signal] if hasattr(signal, "setitimer") else []
limits = pytest.mark.parametrize("limited", LIMITED, ids=lambda f: f.__name__)


def until(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return "right"


def endless():
    while True:
        pass


if hasattr(sys, "monitoring"):  # Python 3.12; the one in a browser has it, and tests/web looks there too

    def test_a_loop_is_stopped_where_there_are_neither_timers_nor_threads(monkeypatch):
        def stubborn():
            try:
                endless()
            except BaseException:
                endless()

        monkeypatch.setattr(sys, "platform", "emscripten")
        assert running.limited(until, (0.01,), 5) == ("right", False)
        assert running.limited(endless, (), 0.1) == (None, True)
        assert running.limited(stubborn, (), 0.1) == (None, True)
        assert running.limited(lambda: [0 for _ in iter(int, 1)], (), 0.1) == (None, True)
        assert running.limited(lambda: running.limited(endless, (), 60), (), 0.1) == (None, True)
        assert sys.monitoring.get_tool(4) is None
        assert running.limited(lambda: sys.monitoring.get_tool(4), (), 5) == ("bplib", False)


class Monitoring:
    """Stands in for `sys.monitoring`, which Python 3.11 has not: `happens` plays an event of the function."""

    events = SimpleNamespace(JUMP=1, PY_START=2, PY_RESUME=4, LINE=8)

    def __init__(self):
        self.tools, self.callbacks, self.wanted = {}, {}, {}

    def get_tool(self, tool):
        return self.tools.get(tool)

    def use_tool_id(self, tool, name):
        assert tool not in self.tools
        self.tools[tool] = name

    def free_tool_id(self, tool):
        del self.tools[tool]

    def register_callback(self, tool, event, callback):
        self.callbacks[tool, event] = callback

    def set_events(self, tool, events):
        self.wanted[tool] = events

    def happens(self, event):
        for tool, name in self.tools.items():
            assert name == "bplib"
            if self.wanted[tool] & event:
                self.callbacks[tool, event]("code", 0, 0)


@pytest.fixture
def monitoring(monkeypatch):
    played = Monitoring()
    monkeypatch.setattr(sys, "monitoring", played, raising=False)
    monkeypatch.setattr(sys, "platform", "emscripten")
    return played


@pytest.mark.parametrize("event", ["JUMP", "PY_START", "PY_RESUME"])
def test_in_a_browser_each_turn_of_a_loop_and_each_call_looks_at_the_clock(monitoring, event):
    turns = []

    def stubborn():
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                monitoring.happens(getattr(Monitoring.events, event))
            except running.TimeUp:
                turns.append(1)
                if len(turns) == 3:
                    raise

    assert running.limited(stubborn, (), 0.01) == (None, True)
    assert len(turns) == 3, "it goes on looking where something swallows it"
    assert (monitoring.tools, monitoring.wanted) == ({}, {4: 0}), "nothing of it is left"


def test_in_a_browser_an_answer_in_time_counts_and_of_two_limits_the_outer_holds(monitoring):
    def turning():
        until(0.01)
        monitoring.happens(Monitoring.events.JUMP)
        return "right"

    assert running.limited(turning, (), 5) == ("right", False)
    assert running.limited(running.limited, (turning, (), 0.001), 5) == (("right", False), False)
    assert running.limited(turning, (), 0.001) == (None, True)
    with pytest.raises(ZeroDivisionError):
        running.limited(lambda: 1 / 0, (), 5)
    assert monitoring.tools == {}


@limits
def test_a_busy_machine_makes_no_endless_loop(limited, monkeypatch):
    """Longer than the limit on the clock, and hardly any computing: the answer counts."""
    monkeypatch.setattr(running, "time", Clock(share=0.1))
    assert limited(until, (0.5,), 0.1) == ("right", False)
    monkeypatch.setattr(running, "time", Clock(share=1.0))
    assert limited(until, (60,), 0.1) == (None, True)


@limits
def test_who_waits_for_ever_is_stopped_by_the_clock(limited, monkeypatch):
    monkeypatch.setattr(running, "time", Clock(share=0.0))
    assert limited(endless, (), 0.1, patience=3) == (None, True)


@limits
def test_nothing_rings_after_the_call(limited):
    """Whether it came back or was stopped: handlers are the old ones, no timer runs, and no alarm is late."""
    rung = []
    number = signal.SIGINT if limited is running._limited_by_interrupt else signal.SIGALRM
    before = signal.signal(number, lambda *_: rung.append(1))
    try:
        for _ in range(30):
            assert limited(endless, (), 0.01) == (None, True)
            assert limited(until, (0.005,), 5) == ("right", False)
            until(0.012)
        assert rung == []
        signal.raise_signal(number)
        assert rung == [1]
        if hasattr(signal, "getitimer"):
            assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    finally:
        signal.signal(number, before)


@limits
def test_an_answer_that_comes_with_the_alarm_is_kept_or_stopped_and_nothing_else(limited):
    for n in range(40):
        assert limited(until, (0.009 + n / 20_000,), 0.01) in (("right", False), (None, True))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX: no timers on this system")
def test_the_timer_of_others_goes_on():
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(time.monotonic()))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        assert running.limited(until, (0.1,), 5) == ("right", False)
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 0.3
        assert running.limited(until, (0.5,), 5) == ("right", False)
        until(0.1)
        assert len(rung) == 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX: no timers on this system")
def test_a_timer_that_repeats_goes_on_repeating():
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        signal.setitimer(signal.ITIMER_REAL, 30, 7)
        assert running.limited(lambda: "right", (), 5) == ("right", False)
        left, interval = signal.getitimer(signal.ITIMER_REAL)
        assert 25 < left <= 30
        assert interval == 7
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_where_nothing_can_watch_there_is_no_limit(monkeypatch):
    def refuse(*_):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as context:
        context.setattr(running.threading.Thread, "start", refuse)
        assert running._limited_by_interrupt(lambda a: a, (7,), 0.01) == (7, False)
    if hasattr(signal, "setitimer"):

        def no_timers(*_):
            raise OSError

        with monkeypatch.context() as context:
            context.setattr(running.signal, "signal", no_timers)
            assert running._limited_by_signal(lambda a: a, (7,), 0.01) == (7, False)


def test_the_system_decides_how_time_is_watched(monkeypatch):
    if hasattr(signal, "setitimer"):
        assert running.limited(lambda: signal.getitimer(signal.ITIMER_REAL)[0] > 0, (), 5) == (True, False)
        monkeypatch.delattr(signal, "setitimer")
    assert running.limited(lambda: signal.getsignal(signal.SIGINT) is signal.default_int_handler, (), 5) == (
        False,
        False,
    )
    assert running.limited(until, (60,), 0.1) == (None, True)
    found = []
    thread = threading.Thread(target=lambda: found.append(running.limited(until, (0.05,), 0.01)))
    thread.start()
    thread.join(60)
    assert found == [("right", False)], "without a limit"


@pytest.mark.parametrize("before", [None, signal.SIG_IGN])
def test_an_interrupt_of_the_learners_own_goes_where_it_would(before):
    """Where the interrupt is also what ends a call that takes too long."""
    rung, there = [], signal.getsignal(signal.SIGINT)

    def interrupted():
        signal.raise_signal(signal.SIGINT)
        return "went on"

    try:
        signal.signal(signal.SIGINT, before or (lambda number, frame: rung.append(number)))
        handler = signal.getsignal(signal.SIGINT)
        assert running._limited_by_interrupt(interrupted, (), 5) == ("went on", False)
        assert signal.getsignal(signal.SIGINT) is handler
        assert rung == ([] if before else [signal.SIGINT])
    finally:
        signal.signal(signal.SIGINT, there)


@limits
def test_one_limit_inside_another(limited):
    def outer():
        assert limited(endless, (), 0.05) == (None, True)
        return until(0.1)

    assert limited(outer, (), 30) == ("right", False)

    def endless_outer():
        limited(endless, (), 0.05)
        endless()

    assert limited(endless_outer, (), 0.2) == (None, True)


# ---------------------------------------------------------------- the record

WRITER = """
import sys
from bplib.exercises import progress_file
for n in range(30):
    progress_file.note(f"{sys.argv[1]}_{n}", "not yet")
    progress_file.note("both", "not yet")
"""


@pytest.fixture
def kept(tmp_path, monkeypatch):
    file = tmp_path / "progress.json"
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", str(file))
    return file


def test_two_lessons_at_once_lose_nothing(kept):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, name]) for name in "ab"]
    assert [w.wait(60) for w in writers] == [0, 0]
    found = progress_file.load()
    assert found.pop("both") == {"solved": None, "tries": 60}
    assert set(found) == {f"{name}_{n}" for name in "ab" for n in range(30)}
    assert [p.name for p in kept.parent.iterdir()] == ["progress.json"]


def test_a_lock_that_nobody_holds_is_removed(kept, monkeypatch):
    monkeypatch.setattr(progress_file, "PATIENCE", 0.05)
    kept.with_name(".progress.json.lock").touch()
    progress_file.note("first", "correct")
    assert progress_file.load()["first"]["tries"] == 1
    assert [p.name for p in kept.parent.iterdir()] == ["progress.json"]


class Lock:
    """Stands in for `time` in `progress_file`: a second passes by waiting, and the lock is made anew at times."""

    def __init__(self, lock, made_at=(), gone_at=None):
        self.lock, self.made_at, self.gone_at, self.now = lock, list(made_at), gone_at, 1000.0
        lock.touch()

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        assert self.now < 1100, "it waits for ever"
        if self.made_at and self.now - 1000 > self.made_at[0]:
            os.utime(self.lock, (self.made_at[0], self.made_at.pop(0)))
        if self.gone_at and self.now - 1000 > self.gone_at:
            self.lock.unlink()


@pytest.mark.parametrize(("made_at", "gone_at", "waited"), [
    ((), None, progress_file.PATIENCE), ((), 2.0, 2.0), ((3, 6), 9.0, 9.0), ((3, 6), None, 6 + progress_file.PATIENCE),
])  # fmt: skip
def test_who_comes_second_waits_for_a_lock_that_is_in_use(kept, monkeypatch, made_at, gone_at, waited):
    """It is removed only where it stayed the same for as long as PATIENCE says."""
    clock = Lock(kept.with_name(".progress.json.lock"), made_at, gone_at)
    monkeypatch.setattr(progress_file, "time", clock)
    progress_file.note("first", "correct")
    assert waited <= clock.now - 1000 < waited + 0.1, "it looks often"
    assert [p.name for p in kept.parent.iterdir()] == ["progress.json"]


def test_a_lock_that_goes_while_it_is_looked_at_is_taken(kept, monkeypatch):
    there = [True]
    make = os.open

    def made_by_another_first(file, *flags, **others):
        if str(file).endswith(".lock") and there:
            there.clear()  # and it is gone again
            raise FileExistsError
        return make(file, *flags, **others)

    monkeypatch.setattr(progress_file.os, "open", made_by_another_first)
    progress_file.note("first", "correct")
    assert set(progress_file.load()) == {"first"}


def test_a_lock_that_another_took_for_left_stops_nothing(kept, monkeypatch, capsys):
    write = progress_file.files.write
    progress_file._said.clear()

    def write_slowly(file, text):
        write(file, text)
        kept.with_name(".progress.json.lock").unlink()

    monkeypatch.setattr(progress_file.files, "write", write_slowly)
    progress_file.note("first", "correct")
    assert set(progress_file.load()) == {"first"}
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("damage", ["[" * 200_000, '{"exercises": {"a": {"solved": null, "tries": 1e999}}}'])
def test_damage_of_any_kind_is_set_aside(kept, damage):
    kept.write_text(damage)
    progress_file._said.clear()
    progress_file.note("first", "correct")
    assert set(progress_file.load()) == {"first"}
    assert kept.with_name("progress.json.damaged-1").read_text() == damage


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX: no pipes with names on this system")
def test_what_is_no_file_is_left_alone(kept, capsys):
    os.mkfifo(kept)
    progress_file._said.clear()
    progress_file.note("first", "correct")
    assert progress_file.load() == {}
    assert kept.is_fifo()
    assert "it is no file" in capsys.readouterr().out


def test_a_record_that_cannot_be_read_is_not_overwritten(kept, monkeypatch, capsys):
    progress_file.note("first", "correct")
    before = kept.read_text()

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as context:
        context.setattr(progress_file.Path, "read_bytes", refuse)
        progress_file._said.clear()
        progress_file.note("second", "correct")
    assert kept.read_text() == before
    assert "Permission denied" in capsys.readouterr().out
