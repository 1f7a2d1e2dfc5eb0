"""Running a learner's function: on copies of the inputs, with a time limit, and writing down what happened.

What comes out is plain data (an `Attempt` of `Trial`s). It can be judged here, or sent to another process.
"""

from __future__ import annotations

import contextlib
import copy
import dis
import io
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

SECONDS = 5.0  # of computing, for one call of the learner's function
PATIENCE = 12  # times as long on the clock: on a busy machine, or for a function that waits
LARGEST = 100_000  # entries of what a function returns
LONGEST = 10_000  # characters of what it returns, prints or says
DEEPEST = 50  # lists in lists
# What is no answer but the learner's wish to stop; where nobody sits at the keyboard it is none either.
PASSED_ON: tuple[type[BaseException], ...] = (KeyboardInterrupt,)

BLANK, REFUSED, RAN = "blank", "refused", "ran"


@dataclass
class Opaque:
    """Something that is no number, array, text or formula: only the name of its type is kept."""

    type: str


@dataclass
class Trial:
    """One call: what it returned, or how it stopped; what it printed; which inputs it changed."""

    returned: object = None
    crash: dict | None = None  # type, message, line, number
    endless: bool = False
    printed: str = ""
    changed: tuple = ()


@dataclass
class Attempt:
    """status "blank" (nothing written yet), "refused" (`why`), or "ran" (`trials`)."""

    status: str
    why: str = ""
    trials: list = field(default_factory=list)


class TimeUp(BaseException):
    """Ends what takes too long. No Exception, so that the learner's `except Exception` lets it through."""


class _TooLarge(Exception):
    """More than is looked at."""


def limited(
    function: Callable, arguments: Sequence, seconds: float, patience: float = PATIENCE
) -> tuple[Any, bool]:
    """Return (result, False), or (None, True) when the call was stopped.

    It is stopped when it has computed for `seconds`, or when `patience` times as long has passed on the
    clock: a machine that is busy with other work slows an answer down and makes it no endless loop. Stops
    loops written in Python, on the main thread; a loop inside NumPy runs on until it comes back. Elsewhere
    the call is made without a limit. Signal handlers and timers are left as they were found.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*arguments), False
    by = _limited_by_signal if hasattr(signal, "setitimer") else _limited_by_interrupt
    if sys.platform == "emscripten":  # in a browser there are neither timers nor threads
        by = _limited_by_monitoring
    return by(function, arguments, seconds, patience)


def _limited_by_signal(function, arguments, seconds, patience=PATIENCE):
    computed, clock = time.thread_time() + seconds, time.monotonic() + patience * seconds

    def ring(number, frame):
        # In these two frames the call has come back already: raising there would lose its result, or leave
        # the timer to the shell.
        inside = frame.f_code not in (_limited_by_signal.__code__, ring.__code__)
        if inside and (time.thread_time() >= computed or time.monotonic() >= clock):
            raise TimeUp

    start, often = (
        time.monotonic(),
        min(seconds, 0.2),
    )  # it goes on ringing: a bare `except:` may swallow some
    try:
        before = signal.signal(signal.SIGALRM, ring)
        remaining, interval = signal.setitimer(signal.ITIMER_REAL, often, often)
    except (ValueError, OSError, AttributeError):  # a system that knows timers by name only
        return function(*arguments), False
    try:
        return function(*arguments), False
    except TimeUp:
        return None, True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if before is None else before)
        if remaining:  # somebody else's timer
            signal.setitimer(signal.ITIMER_REAL, max(remaining - time.monotonic() + start, 1e-3), interval)


def _limited_by_interrupt(function, arguments, seconds, patience=PATIENCE):
    """For Windows: a thread watches, and interrupts the main one."""
    import _thread

    computed, clock = time.process_time() + seconds, time.monotonic() + patience * seconds
    rang, done, finished = threading.Event(), threading.Event(), []

    def watch():
        while not done.wait(min(seconds, 0.2)):
            if time.process_time() >= computed or time.monotonic() >= clock:
                rang.set()
                _thread.interrupt_main()

    def ring(number, frame):
        if not rang.is_set():  # the learner's own
            if before is not signal.SIG_IGN:
                (before if callable(before) else signal.default_int_handler)(number, frame)
        elif not finished and frame.f_code not in (_limited_by_interrupt.__code__, ring.__code__):
            raise TimeUp

    watcher, before = threading.Thread(target=watch, daemon=True), signal.getsignal(signal.SIGINT)
    try:
        watcher.start()
    except RuntimeError:  # no threads here (Pyodide)
        return function(*arguments), False
    signal.signal(signal.SIGINT, ring)
    try:
        return function(*arguments), False
    except TimeUp:
        return None, True
    finally:
        finished.append(True)  # from here on the interrupts of the watcher find nothing to stop
        done.set()
        watcher.join()
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)


def _limited_by_monitoring(function, arguments, seconds, patience=PATIENCE):
    """For a browser: every turn of a loop and every call looks at the clock, and goes on doing so."""
    monitoring, tool = sys.monitoring, 4  # one of the numbers that nobody has a claim to
    if monitoring.get_tool(tool) is not None:  # a limit within a limit: the outer one holds
        return function(*arguments), False
    end = time.monotonic() + seconds

    def look(*_):
        if time.monotonic() >= end:
            raise TimeUp

    events = [monitoring.events.JUMP, monitoring.events.PY_START, monitoring.events.PY_RESUME]
    monitoring.use_tool_id(tool, "bplib")
    try:
        for event in events:
            monitoring.register_callback(tool, event, look)
        monitoring.set_events(tool, sum(events))
        return function(*arguments), False
    except TimeUp:
        return None, True
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)


def is_blank(function: Callable) -> bool:
    """Whether a function's body is only a docstring, `...`, `pass` or `return ...`: still a stub."""
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    silent = ("RESUME", "NOP", "RETURN_VALUE")
    rest = [i for i in dis.get_instructions(code) if i.opname not in silent]
    if any(i.opname not in ("LOAD_CONST", "RETURN_CONST") for i in rest):
        return False
    return all(i.argval is None or i.argval is ... for i in rest)


def freeze(value: object) -> Any:
    """A plain copy of what a learner gave: numbers, text, arrays, lists, dicts, formulas; else `Opaque`.

    Never raises. More than LARGEST entries are not copied, nor lists that hold themselves, nor numbers that
    no float holds.
    """
    try:
        return _freeze(value, [LARGEST], 0)
    except (_TooLarge, OverflowError):
        shape = f" of shape {value.shape}" if isinstance(value, np.ndarray) else ""
        return Opaque(f"{type(value).__name__}{shape}, too large to be looked at")
    except Exception:  # a learner's own class may do anything when it is looked at
        return Opaque(type(value).__name__)


def _freeze(value, left, depth):
    left[0] -= value.size if isinstance(value, np.ndarray) else 1
    if left[0] < 0 or depth > DEEPEST:
        raise _TooLarge
    if value is None or value is ... or isinstance(value, (bool, float, Opaque)):
        return value
    if isinstance(value, int):
        return int(value) if value.bit_length() < 64 else float(value)
    if isinstance(value, str):
        return value[:LONGEST]
    if isinstance(value, (np.ndarray, np.generic)):
        return np.array(value) if value.dtype.kind in "biuf" else Opaque(f"array of {value.dtype}")
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, (list, tuple)):
        items = [_freeze(item, left, depth + 1) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {str(key): _freeze(item, left, depth + 1) for key, item in value.items()}
    if type(value).__module__.split(".")[0] == "sympy":
        waiting = [value]
        while waiting:
            left[0] -= 20
            if left[0] < 0:
                raise _TooLarge
            waiting += getattr(waiting.pop(), "args", ())
        return value
    return Opaque(type(value).__name__)


class _Printed(io.StringIO):
    """Keeps the beginning of what is printed: a loop that prints for ever fills no memory."""

    def write(self, text):
        super().write(text[: max(LONGEST - self.tell(), 0)])
        return len(text)


def call(function: Callable, names: Sequence[str], arguments: Sequence) -> Trial:
    """Call on copies of `arguments` (called `names`) and return the `Trial`."""
    copies = [copy.deepcopy(argument) for argument in arguments]
    printed, trial = _Printed(), Trial()
    try:
        # Warnings about overflow would hide the sentence that explains it.
        with contextlib.redirect_stdout(printed), np.errstate(all="ignore"):
            result, trial.endless = limited(function, copies, SECONDS)
        trial.returned = freeze(result)
    except BaseException as error:  # SystemExit and the learner's own BaseExceptions end nothing but the call
        if isinstance(error, PASSED_ON):
            raise
        trial.crash = _crash(error, function)
    trial.printed = printed.getvalue()
    trial.changed = tuple(
        name for name, old, new in zip(names, arguments, copies, strict=True) if not _unchanged(old, new)
    )
    return trial


def _unchanged(old, new):
    if isinstance(old, (list, tuple, dict, np.ndarray)) and type(old) is not type(new):
        return False
    if isinstance(old, (list, tuple)):
        return len(old) == len(new) and all(map(_unchanged, old, new))
    if isinstance(old, dict):
        return old.keys() == new.keys() and all(_unchanged(old[key], new[key]) for key in old)
    if isinstance(old, np.ndarray):
        return old.shape == new.shape and bool(np.all((old == new) | ((old != old) & (new != new))))
    if isinstance(old, (int, float, str)):
        return isinstance(new, (int, float, str, np.generic)) and bool(
            old == new or (old != old and new != new)
        )
    return True


def _crash(error, function):
    """The error, and the last line of the learner's own that led to it."""
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == own]
    try:
        message = str(error)[:LONGEST]
    except BaseException:
        message = "(an error whose own text cannot be shown)"
    crash = {"type": type(error).__name__, "message": message, "line": "", "number": 0}
    if frames:
        last = frames[-1]
        crash["line"] = last.line or ""
        crash["number"] = last.lineno - function.__code__.co_firstlineno + 1
    return crash


def holds_ellipsis(value: object) -> bool:
    """Whether a `...` of the task is still somewhere in the answer."""
    if isinstance(value, (list, tuple)):
        return any(map(holds_ellipsis, value))
    if isinstance(value, dict):
        return any(map(holds_ellipsis, value.values()))
    return value is ...
