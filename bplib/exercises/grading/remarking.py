"""What grading remarks about a notebook: for teachers, and for learners on their page of feedback."""

from __future__ import annotations

NO_CHECK = "no check is left in it"
NO_LESSON = "no check is left in it, nor what tells its lesson"
UNREADABLE = "not a notebook that can be read: it takes too long, or too much memory"
CHANGED = "it was changed while it was graded, by whom is not known: what was handed in must be graded again"
LOST = "Its cell was stopped, or ended the whole process."
ENDED = "its process ended"


def errors(count: int) -> str:
    """Some cells raised an error."""
    return f"cells with errors: {count}"


def stopped(cell: int) -> str:
    """A cell took too long."""
    return f"code cell {cell} was stopped: it takes too long"


def not_judged(exercise: str) -> str:
    """An answer cannot be looked at within the limits."""
    return f"{exercise}: its answer takes too long, or too much memory, to be judged"


def not_graded(why: str) -> str:
    """The machine failed."""
    return f"could not be graded ({why})"


def in_cell(how: str, cell: int) -> str:
    """How a notebook's process ended, and where."""
    return f"{how} in code cell {cell}"


def after(seconds: float) -> str:
    """A notebook took too long."""
    return f"stopped after {seconds:g} seconds"


def computing(seconds: float) -> str:
    """A cell computed too long."""
    return f"stopped after {seconds:g} seconds of computing"


def too_much(megabytes: int) -> str:
    """A notebook said too much."""
    return f"wrote more than {megabytes} MB of answers"


def memory(gigabytes: float) -> str:
    """A cell held too much."""
    return f"more than {gigabytes:g} GB of memory"


def crashed(how: str) -> str:
    """The process of a notebook died."""
    return f"its process crashed ({how})"
