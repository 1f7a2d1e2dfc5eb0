"""Predictions: asked before a run, kept in the progress file, and set beside the result afterwards.

    ex.predict("xor_one_unit")         # a small widget; or, in plain Python, ex.predict("xor_one_unit", 3)
    ex.outcome("xor_one_unit", right)  # in the cell that finds out: one line, or nothing without a prediction
    ex.predictions(8)                  # at the end of lesson 8: what was predicted, and what came out

Nothing is locked and nothing is marked. Who predicts nothing sees nothing of it, and Run All runs.
"""

from __future__ import annotations

import difflib
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..language import said
from . import progress_file
from .kinds import Text
from .questions import ALL, BY_NAME, SIGNS, Question

if TYPE_CHECKING:
    from ipywidgets import Widget

_session: dict[str, dict] = {}  # as in the progress file; what is read where none is kept


def question(name: str) -> Question:
    """The question of this name; an unknown one is told, with the nearest that there is."""
    if name not in BY_NAME:
        near = difflib.get_close_matches(str(name), BY_NAME, 1)
        raise ValueError(
            f"predict: expected the name of a prediction, got {name!r}."
            + (f" Did you mean {near[0]!r}?" if near else "")
        )
    return BY_NAME[name]


def read(asked: Question, given: Any) -> float | str:
    """What was given, as the question is answered: a float, or the letter of an option."""
    if asked.options is None:
        return number(asked, given)
    if asked.options is SIGNS and not isinstance(given, str):
        given = number(asked, given)
        return "-" if given < 0 else "+" if given > 0 else "0"
    plain = str(given).strip().lower().rstrip(".)").replace("−", "-")
    for letter, text in asked.options.items():
        if plain in (letter, text.lower()):
            return letter
    choices = ", ".join(f"{letter} ({text})" for letter, text in asked.options.items())
    raise ValueError(f"{asked.name}: expected one of {choices}, got {given!r}")


def number(asked: Question, given: Any) -> float:
    """A finite float from a number, or from a text such as 0.25, 1/4, 3e6 or −1."""
    try:
        if isinstance(given, str):
            text = given.strip().replace("−", "-").replace(" ", "").replace(",", ".")
            found = float(Fraction(text) if "/" in text else text)
        else:
            found = float(given)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise ValueError(f"{asked.name}: expected a number, such as 0.25, 1/4 or 3e6, got {given!r}")
    return found


def keep(asked: Question, given: Any) -> float | str:
    """Note a prediction and return it as it is kept."""
    predicted = read(asked, given)
    _note(asked.name, predicted=predicted)
    return predicted


def _note(name, **parts):
    _session.setdefault(name, {}).update(parts)
    progress_file.note_prediction(name, **parts)


def kept(asked: Question, part: str = "predicted") -> float | str | None:
    """What was predicted (or the "result"), in this session or an earlier one, or None."""
    record = _session if progress_file.path() is None else progress_file.predictions()
    value = record.get(asked.name, {}).get(part)
    try:
        return None if value is None else read(asked, value)
    except ValueError:  # kept by another edition, in which the question had other options
        return None


def say(asked: Question, value: Any) -> str:
    """An answer in words."""
    if asked.options is None:
        return f"{value:.4g}".replace("-", "−")
    return asked.options[value] if asked.options is SIGNS else f"{value}) {asked.options[value]}"


def distance(asked: Question, predicted: float, result: float) -> str:
    """How far a number is off, in words."""
    if predicted == result or (result and abs(predicted / result - 1) < 0.005):
        return "exactly, or as good as"
    side = "high" if predicted > result else "low"
    if asked.by == "factor" and predicted > 0 and result > 0:
        return f"too {side} by a factor of {_two_digits(max(predicted / result, result / predicted))}"
    return f"{_two_digits(abs(predicted - result))} too {side}"


def _two_digits(number):
    return f"{float(f'{number:.2g}'):g}".replace("-", "−")  # 180, and not 1.8e+02


def compare(asked: Question, predicted: Any, result: Any) -> str:
    """The one line that sets a prediction beside its result."""
    before, after = say(asked, predicted), say(asked, result)
    if asked.options is not None:
        return f"You predicted {before}; it is {after}."
    return f"You predicted {before}; it is {after}: {distance(asked, predicted, result)}."


def outcome(name: str, result: Any) -> None:
    """Say what was predicted and how far off it was; without a prediction, say and keep nothing."""
    asked = question(name)
    result = read(asked, result)
    predicted = kept(asked)
    if predicted is not None:
        _note(name, result=result)
        print(said(compare(asked, predicted, result)))


def predict(name: str, *answer: Any) -> Text | Widget:
    """The widget that asks; with an answer, keep it and say so."""
    asked = question(name)
    if len(answer) > 1:
        raise ValueError(f"{name}: expected one answer, got {len(answer)}")
    if answer:
        return Text(f"You predict {say(asked, keep(asked, answer[0]))}. {asked.text}")
    return widget(asked)


def widget(asked: Question) -> Widget:
    """Radio buttons or a field for a number, labelled by the question, with the answer kept so far."""
    import ipywidgets

    class Prediction(ipywidgets.VBox):
        def __repr__(self):  # what is stored of it, and compared: the same whatever was answered
            options = [f"{letter}) {said(text)}" for letter, text in (asked.options or {}).items()]
            question = f"{said('Predict:')} {said(asked.text)}"
            return "\n".join([question, *([] if asked.options is SIGNS else options)])

        def _repr_mimebundle_(self, **keywords):  # ipywidgets would cut the text short
            return super()._repr_mimebundle_(**keywords) | {"text/plain": repr(self)}

    before = kept(asked)
    wide, style = {"width": "auto", "max_width": "100%"}, {"description_width": "initial"}
    if asked.options is None:
        # The question stands above the field: as a label beside it, a long one would leave no room.
        control = ipywidgets.Text(
            value="" if before is None else f"{before:g}",
            description=said("Your prediction"),
            tooltip=said(asked.text),
            placeholder=said("a number"),
            continuous_update=False,
            layout={"width": "260px", "max_width": "100%"},
            style=style,
        )
    else:
        control = ipywidgets.RadioButtons(
            options=[(said(say(asked, letter)), letter) for letter in asked.options],
            value=before,
            description=said("Your prediction"),
            tooltip=said(asked.text),
            layout=wide,
            style=style,
        )
    note = ipywidgets.HTML("" if before is None else _noted(asked, before))

    def changed(change):
        if change["new"] in (None, ""):
            return
        try:
            note.value = _noted(asked, keep(asked, change["new"]))
        except ValueError:
            note.value = _status("A number is expected, such as 0.25, 1/4 or 3e6.")

    control.observe(changed, names="value")
    box = Prediction([ipywidgets.HTML(said(asked.text)), control, note], layout=wide)
    box.control, box.said = control, note
    return box


def _noted(asked, predicted):
    return _status(f"Kept: {say(asked, predicted)}. Now run the next cells.")


def _status(text):
    return f"<span role='status'>{said(text)}</span>"


def predictions(lesson: int) -> None:
    """Draw what was predicted in a lesson beside what came out; nothing where nothing was predicted."""
    asked = [q for q in ALL if q.lesson == lesson]
    if not asked:
        lessons = sorted({q.lesson for q in ALL})
        raise ValueError(f"predictions: expected a lesson from {lessons[0]} to {lessons[-1]}, got {lesson!r}")
    rows = [(q, kept(q), kept(q, "result")) for q in asked]
    rows = [row for row in rows if None not in row]
    if rows:
        _draw(rows)


def _draw(rows):
    """A track for each question: an open ring where the prediction lies, a filled diamond at the result."""
    import textwrap

    from bplib import plots

    fig, ax = plots.figure(7.2, 0.7 + 0.75 * len(rows))
    for y, (q, predicted, result) in enumerate(rows):
        ax.plot([0, 1], [y, y], "-", color=plots.GREY, lw=1)
        p, r = _places(q, predicted, result)
        first = y == 0
        ax.plot(
            p, y, "o", mfc="none", mec=plots.VERMILION, ms=13, mew=2, label="predicted" if first else None
        )
        ax.plot(r, y, "D", color=plots.BLUE, ms=6, label="came out" if first else None)
        ax.text(-0.04, y, textwrap.fill(said(q.text), 46), ha="right", va="center", fontsize=8)
        for x, value in {p: predicted, r: result}.items():
            ax.text(x, y + 0.2, textwrap.fill(said(say(q, value)), 24), ha="center", va="top", fontsize=7.5)
    ax.set(xlim=(-1.5, 1.15), ylim=(len(rows) - 0.3, -0.9))
    ax.legend(loc="upper right", ncols=2, frameon=False, fontsize=8)
    ax.set_axis_off()
    lines = [f"{q.text} {compare(q, p, r)}" for q, p, r in rows]
    plots.show(fig, alt="Predictions and results. " + " ".join(lines))


def _places(q, predicted, result):
    """Where prediction and result lie on a track from 0 to 1."""
    if q.options is not None:
        letters = list(q.options)
        return tuple(0.1 + 0.8 * letters.index(v) / max(len(letters) - 1, 1) for v in (predicted, result))
    if predicted == result:
        return 0.5, 0.5
    if q.by == "factor" and min(predicted, result) > 0:
        off, full = math.log10(predicted / result), 3.0  # a thousandfold fills half of the track
    else:
        off, full = predicted - result, max(abs(predicted), abs(result))
    return 0.5 + 0.4 * max(-1.0, min(1.0, off / full)), 0.5
