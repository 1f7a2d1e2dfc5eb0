"""Running a learner's function: on copies of the inputs, with a time limit, and writing down what happened.

What comes out is plain data (an `Attempt` of `Trial`s). It can be judged here, or sent to another process.
"""

import contextlib
import copy
import dis
import io
import linecache
import signal
import threading
import traceback
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

SECONDS = 5.0  # for one call of the learner's function

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


class _TimeUp(BaseException):
    """Not an Exception, so that the learner's `except Exception` lets it through."""


def limited(function, arguments, seconds):
    """Return (result, False), or (None, True) when the call took longer than `seconds`.

    Stops loops written in Python, on the main thread, where the system has timers; a loop inside NumPy runs
    on until it comes back. Elsewhere the call is made without a limit.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*arguments), False
    if hasattr(signal, "setitimer"):
        return _limited_by_signal(function, arguments, seconds)
    return _limited_by_interrupt(function, arguments, seconds)


def _limited_by_signal(function, arguments, seconds):
    def ring(number, frame):
        raise _TimeUp

    done = []
    try:
        before = signal.signal(signal.SIGALRM, ring)
        # It rings again, in case a bare `except:` swallows the first.
        remaining, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)
    except (ValueError, OSError, AttributeError):  # a system that knows timers by name only
        return function(*arguments), False
    try:
        try:
            done.append(function(*arguments))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _TimeUp:
        signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, before)
        if remaining:  # somebody else's timer
            signal.setitimer(signal.ITIMER_REAL, remaining, interval)
    return (done[0], False) if done else (None, True)


def _limited_by_interrupt(function, arguments, seconds):
    """For Windows: a timer thread interrupts the main one."""
    import _thread

    rang, done = threading.Event(), []

    def ring():
        rang.set()
        _thread.interrupt_main()

    try:
        timer = threading.Timer(seconds, ring)
        timer.daemon = True
        timer.start()
    except RuntimeError:  # no threads here (Pyodide)
        return function(*arguments), False
    try:
        try:
            done.append(function(*arguments))
        finally:
            timer.cancel()
    except KeyboardInterrupt:
        if not rang.is_set():  # the learner's own
            raise
    return (done[0], False) if done else (None, True)


def is_blank(function):
    """Whether a function's body is only a docstring, `...`, `pass` or `return ...`: still a stub."""
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    silent = ("RESUME", "NOP", "CACHE", "RETURN_VALUE")
    rest = [i for i in dis.get_instructions(code) if i.opname not in silent]
    if any(i.opname not in ("LOAD_CONST", "RETURN_CONST") for i in rest):
        return False
    return all(i.argval is None or i.argval is ... for i in rest)


def freeze(value):
    """A plain copy of what a learner gave: numbers, text, arrays, lists, dicts, formulas; else `Opaque`."""
    if value is None or value is ... or isinstance(value, (bool, int, float, str, Opaque)):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return np.array(value) if value.dtype.kind in "biuf" else Opaque(f"array of {value.dtype}")
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, (list, tuple)):
        items = [freeze(item) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {str(key): freeze(item) for key, item in value.items()}
    if type(value).__module__.split(".")[0] == "sympy":
        return value
    return Opaque(type(value).__name__)


def call(function, names, arguments):
    """Call on copies of `arguments` (called `names`) and return the `Trial`."""
    copies = [copy.deepcopy(argument) for argument in arguments]
    printed, trial = io.StringIO(), Trial()
    try:
        # Warnings about overflow would hide the sentence that explains it.
        with contextlib.redirect_stdout(printed), np.errstate(all="ignore"):
            result, trial.endless = limited(function, copies, SECONDS)
        trial.returned = freeze(result)
    except (Exception, SystemExit) as error:
        trial.crash = _crash(error, function)
    trial.printed = printed.getvalue()
    trial.changed = tuple(
        name for name, old, new in zip(names, arguments, copies, strict=True) if not _unchanged(old, new)
    )
    return trial


def _unchanged(old, new):
    if isinstance(old, (list, tuple)):
        return len(old) == len(new) and all(map(_unchanged, old, new))
    if isinstance(old, dict):
        return old.keys() == new.keys() and all(_unchanged(old[key], new[key]) for key in old)
    if isinstance(old, (np.ndarray, int, float, str)):
        return np.shape(old) == np.shape(new) and bool(np.all(np.equal(old, new)))
    return True


def _crash(error, function):
    """The error, and the last line of the learner's own that led to it."""
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == own]
    crash = {"type": type(error).__name__, "message": str(error), "line": "", "number": 0}
    if frames:
        last = frames[-1]
        crash["line"] = (last.line or linecache.getline(last.filename, last.lineno)).strip()
        crash["number"] = last.lineno - function.__code__.co_firstlineno + 1
    return crash


def holds_ellipsis(value):
    """Whether a `...` of the task is still somewhere in the answer."""
    if isinstance(value, (list, tuple)):
        return any(map(holds_ellipsis, value))
    if isinstance(value, dict):
        return any(map(holds_ellipsis, value.values()))
    return value is ...
