"""Marks for a learning platform: `python -m bplib.exercises.grade FOLDER --marks MARKS --roster ROSTER`.

The folder MARKS gets

    points.csv     a row for each learner, a column for each exercise and lesson
    canvas.csv     for Canvas's gradebook (Import), with a roster
    moodle.csv     for Moodle's gradebook (Import ▸ CSV file), with a roster
    slips.csv      how many learners made which slip, with the sentence that answers it
    feedback/      a page for each learner
    class.png, class.svg    exercise × slip, coloured by how many
    remarks.txt    duplicates, unknown names, missing notebooks
    journal.jsonl  what has been graded; the same command goes on from there

An exercise gives its points when it is correct, else none. Of several notebooks of a learner the better
answer to each exercise counts. A lesson without a notebook stays blank in the gradebooks, where the
platform's own rule for missing work applies.
"""

from __future__ import annotations

import argparse
import collections
import csv
import functools
import io
import math
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import files
from ...language import ENGLISH, said
from .. import exercises, registry
from ..diagnose import CORRECT, NOT_ATTEMPTED, NOT_YET, Result
from ..kinds import Exercise, Function
from . import class_picture, feedback, journal
from .roster import Learner, Roster, found_in, in_english

if TYPE_CHECKING:
    from .command import Limits, Report

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account", "Section")
RANK = [NOT_ATTEMPTED, NOT_YET, CORRECT]
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # also in full width


@dataclass
class Marked:
    """What one learner has handed in: the better result of each exercise, the notebooks and their remarks."""

    learner: Learner
    known: bool = True
    results: dict = field(default_factory=dict)
    notebooks: dict = field(default_factory=dict)  # lesson → names of notebooks
    remarks: list = field(default_factory=list)  # pairs: a notebook's name, what there is to remark
    languages: collections.Counter = field(default_factory=collections.Counter)  # of the notebooks

    @property
    def language(self) -> str:
        """The language of most of the notebooks, of the first one where there are as many of another."""
        return self.languages.most_common(1)[0][0] if self.languages else ENGLISH

    def take(self, report: Report) -> None:
        """Count a report in."""
        self.languages[report.language] += 1
        lesson_of = {e.name: e.lesson for e in exercises()}
        for name, result in report.results.items():
            old = self.results.get(name)
            if old is None or RANK.index(result.status) > RANK.index(old.status):
                self.results[name] = result
        for lesson in sorted({lesson_of[name] for name in report.results}):
            self.notebooks.setdefault(lesson, []).append(report.notebook)
        if report.remark:
            self.remarks.append((report.notebook, report.remark))

    def points(self, lesson: int, worth: dict[str, float]) -> float | None:
        """The points of a lesson, None where no notebook of it was handed in."""
        if lesson not in self.notebooks:
            return None
        return sum(worth[e.name] for e in exercises(lesson) if self._solved(e.name))

    def _solved(self, name):
        return name in self.results and self.results[name].status == CORRECT


class Class:
    """All learners of a grading, and what is to be said: a duplicate, an unknown name, a missing notebook."""

    def __init__(
        self,
        reports: Iterable[Report],
        roster: Roster | None = None,
        pattern: re.Pattern | None = None,
        lessons: Iterable[int] | None = None,
    ) -> None:
        self.said, self.roster, marked = [], roster, {}
        if roster:
            marked = {learner.key: Marked(learner) for learner in roster.learners}
        strangers: dict[str, Marked] = {}  # apart: what they are called may be a learner's name in the roster
        guessed = roster or Roster([])
        for report in reports:
            if report.failed:
                self.said.append(f"{report.notebook}: {report.remark}")
            found = found_in(report.notebook, pattern)
            learner, why = guessed.which(found)
            if (roster and learner is None) or not found.learner:
                self.said.append(f"{report.notebook}: {why}")
            if learner is not None:
                one = marked[learner.key]
            else:
                name = found.learner or report.notebook
                one = strangers.setdefault(name, Marked(Learner(name, name), known=not roster))
            one.take(report)
        self.marked = sorted(
            [*marked.values(), *strangers.values()], key=lambda one: one.learner.key.casefold()
        )
        seen = {lesson for one in self.marked for lesson in one.notebooks}
        self.lessons = sorted(seen if lessons is None else lessons)
        handed = {lesson: sum(lesson in one.notebooks for one in self.marked) for lesson in seen}
        for lesson in self.lessons if lessons is None else ():
            if 4 * handed[lesson] < max(handed.values()):  # a single check of another lesson brings it in
                self.said.append(
                    f"lesson {lesson:02}: {handed[lesson]} of {len(self.marked)} handed it in, and it counts "
                    "for everybody; name the lessons that are to count with --lessons"
                )
        for one in self.marked:
            for lesson, names in sorted(one.notebooks.items()):
                if len(names) > 1 and lesson in self.lessons:
                    self.said.append(
                        f"{one.learner.key}: {len(names)} notebooks of lesson {lesson:02} "
                        f"({', '.join(names)}); the better answer to each exercise counts"
                    )
            missing = [f"{lesson:02}" for lesson in self.lessons if lesson not in one.notebooks]
            if missing and one.known:
                self.said.append(f"{one.learner.key}: no notebook of lesson {', '.join(missing)}")

    @property
    def exercises(self) -> list[Exercise]:
        """The exercises of its lessons, in the course's order."""
        return [e for e in exercises() if e.lesson in self.lessons]

    def slips(self) -> dict[str, collections.Counter]:
        """{exercise: Counter of slips}, with "" for a wrong answer that no known slip explains."""
        found: dict[str, collections.Counter] = {e.name: collections.Counter() for e in self.exercises}
        for one in self.marked:
            for name, result in one.results.items():
                if name in found and result.status == NOT_YET:
                    found[name].update(made(registry()[name], result.slip))
        return found

    def count(self, name: str, status: str) -> int:
        """How many learners have that status in an exercise."""
        return sum(name in one.results and one.results[name].status == status for one in self.marked)


def made(exercise: Exercise, slip: str) -> list[str]:
    """The slips that a result names: of a function there may be several, joined by a plus."""
    return slip.split(" + ") if isinstance(exercise, Function) else [slip]


def read_points(path: str | os.PathLike | None) -> dict[str, float]:
    """Exercise → points, from a CSV with the columns exercise and points; 1 where it names nothing."""
    worth: dict[str, float] = dict.fromkeys(registry(), 1)
    if path is None:
        return worth
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: the points cannot be read ({error})") from None
    for number, row in enumerate(rows, 2):
        name, text = (row.get("exercise") or "").strip(), (row.get("points") or "").strip()
        if name not in worth:
            raise ValueError(
                f"{path}, line {number}: expected columns exercise and points, got exercise {name!r}"
            )
        try:
            worth[name] = float(text) if "." in text else int(text)
        except ValueError:
            worth[name] = -1
        if not (worth[name] >= 0 and math.isfinite(worth[name])):
            raise ValueError(f"{path}, line {number}: points of {name} are a number from 0 up, got {text!r}")
    return worth


def number(points: float | None) -> str:
    """Points as text: blank for None, whole numbers without a point."""
    return "" if points is None else f"{points:g}"


def harmless(text: Any) -> str:
    """A cell that no spreadsheet takes for a formula; plain numbers stay."""
    text = str(text)
    number = re.fullmatch(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", text)
    return f"'{text}" if text.startswith(FORMULA) and not number else text


def write_csv(path: str | os.PathLike, rows: Iterable[Sequence]) -> None:
    """Write rows as UTF-8 with its mark; no cell is taken for a formula."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([harmless(cell) for cell in row] for row in rows)
    text = out.getvalue().encode("utf-8", "backslashreplace").decode()  # half a surrogate is no text
    files.write(path, f"\ufeff{text}")


def points_table(group: Class, worth: dict[str, float]) -> Iterator[list[str]]:
    """The rows of points.csv."""
    names = [e.name for e in group.exercises]
    totals = {n: sum(worth[e.name] for e in exercises(n)) for n in group.lessons}
    lessons = [f"lesson {n:02}" for n in group.lessons]
    yield ["learner", "name", *names, *lessons, "total", "feedback", "in the roster"]
    yield ["points possible", "", *(number(worth[name]) for name in names),
           *map(number, totals.values()), number(sum(totals.values())), "", ""]  # fmt: skip
    for one, page in zip(group.marked, feedback.file_names(group), strict=True):
        status = {name: one.results[name].status for name in names if name in one.results}
        cells = [number(worth[n] if status[n] == CORRECT else 0) if n in status else "" for n in names]
        sums = [one.points(n, worth) for n in group.lessons]
        known = "" if group.roster is None else "yes" if one.known else "no"
        yield [
            one.learner.key,
            one.learner.name,
            *cells,
            *map(number, sums),
            number(sum(filter(None, sums))),
            page,
            known,
        ]


def canvas_table(group: Class, worth: dict[str, float]) -> Iterator[list[str]]:
    """The rows of canvas.csv: columns as in Canvas's own export, points possible in the second row."""
    own = [name for name in group.roster.columns if name in CANVAS]  # type: ignore[union-attr]  # see `write`
    exported = {"Student", "ID", "Section"} <= set(own)
    fixed = own if exported else ["Student", "ID", "SIS Login ID", "Section"]
    titles = [_column(group.roster, n) for n in group.lessons]
    yield [*fixed, *titles]
    totals = [number(sum(worth[e.name] for e in exercises(n))) for n in group.lessons]
    yield ["    Points Possible", *[""] * (len(fixed) - 1), *totals]
    for one in group.marked:
        if one.known:
            who = (
                [one.learner.row[name] for name in own]
                if exported
                else [one.learner.name, "", one.learner.key, ""]
            )
            yield [*who, *(number(one.points(n, worth)) for n in group.lessons)]


def _column(roster, lesson):
    """The heading of a lesson's column: the platform's own, where its export has one for it."""
    title = f"Lesson {lesson:02}"
    return next((name for name in roster.columns if re.match(rf"{title}\b", name)), title)


def moodle_table(group: Class, worth: dict[str, float]) -> Iterator[list[str]]:
    """The rows of moodle.csv: what tells learners apart, then points and a sentence for each lesson."""
    own = [name for name in group.roster.columns if in_english(name) in  # type: ignore[union-attr]
           ("username", "id number", "email address", "first name", "last name", "surname")]  # fmt: skip
    fixed = own or ["Username"]
    columns = [
        text for n in group.lessons for text in (_column(group.roster, n), f"Lesson {n:02} (feedback)")
    ]
    yield [*fixed, *columns]
    for one in group.marked:
        if one.known:
            cells = [text for n in group.lessons for text in (number(one.points(n, worth)), in_short(one, n))]
            yield [*([one.learner.row[name] for name in own] or [one.learner.key]), *cells]


def in_short(one: Marked, lesson: int) -> str:
    """A lesson's outcome in a sentence, in the learner's language."""
    say = functools.partial(said, language=one.language)
    if lesson not in one.notebooks:
        return ""
    found: dict[str, list[str]] = {status: [] for status in RANK}
    for e in exercises(lesson):
        result = one.results.get(e.name, Result(e.name, NOT_ATTEMPTED, ""))
        found[result.status].append(f"{e.name} ({say(result.slip)})" if result.slip else e.name)
    rows = ((say(status), ", ".join(found[status])) for status in reversed(RANK) if found[status])
    return "; ".join(f"{status}: {names}" for status, names in rows)


def slips_table(group: Class) -> Iterator[list]:
    """The rows of slips.csv, the most frequent slip of each exercise first."""
    yield ["lesson", "exercise", "slip", "learners", "of", "what answers it"]
    for e in group.exercises:
        handed_in = sum(e.name in one.results for one in group.marked)
        teaches = sentences(e)
        for slip, count in group.slips()[e.name].most_common():
            yield [
                f"{e.lesson:02}",
                e.name,
                slip or "(none of the known)",
                count,
                handed_in,
                teaches.get(slip, ""),
            ]


def sentences(exercise: Exercise) -> dict[str, str]:
    """Slip → the sentence that answers it."""
    return dict((str(m[0]), m[1]) if isinstance(m, tuple) else (m.name, m.teaches) for m in exercise.mutants)


class Marking:
    """What the options of the command ask for beside its table; `ValueError` says what is wrong with them."""

    def __init__(self, options: argparse.Namespace, limits: Limits, package: Path) -> None:
        self.folder, self.pattern, self.lessons = options.marks, None, options.lessons
        self.roster = Roster.read(options.roster) if options.roster else None
        self.worth = read_points(options.points)
        if options.learner:
            try:
                self.pattern = re.compile(options.learner)
            except re.error as error:
                raise ValueError(f"--learner {options.learner!r} is no regular expression: {error}") from None
            if "learner" not in self.pattern.groupindex:
                raise ValueError(f"--learner needs a group (?P<learner>…), got {options.learner!r}")
        unknown = sorted(set(self.lessons or ()) - {e.lesson for e in exercises()})
        if unknown:
            raise ValueError(f"--lessons: there is no lesson {unknown[0]} with exercises")
        self.folder.mkdir(parents=True, exist_ok=True)
        heading = {
            "course": journal.course_digest(package),
            "seconds": limits.seconds,
            "memory": limits.memory,
        }
        self.journal = journal.Journal(
            self.folder / "journal.jsonl", heading, secrets.randbits(32), fresh=options.fresh
        )

    def finish(self, reports: Iterable[Report], passed_over: Sequence[str] = ()) -> list[str]:
        """Write the marks; returns sentences for the teacher, those about what was `passed_over` first."""
        group = Class(reports, self.roster, self.pattern, self.lessons)
        group.said[:0] = passed_over
        if self.journal.meddled:
            group.said.append(
                "something else wrote into journal.jsonl while grading ran: its changes were undone; "
                "look at the notebooks, and grade where they can do no harm"
            )
        return write(self.folder, group, self.worth)


def write(folder: Path, group: Class, worth: dict[str, float]) -> list[str]:
    """Write everything but the journal into the folder; returns the sentences for the teacher."""
    write_csv(folder / "points.csv", points_table(group, worth))
    write_csv(folder / "slips.csv", slips_table(group))
    for name, make in (("canvas.csv", canvas_table), ("moodle.csv", moodle_table)):
        (folder / name).unlink(missing_ok=True)
        if group.roster:
            write_csv(folder / name, make(group, worth))
    feedback.write(folder / "feedback", group, worth)
    remarks = list(group.said)
    if group.exercises:
        class_picture.write(folder, group)
    if not group.roster:
        remarks.append("canvas.csv and moodle.csv are not written: they need --roster")
    files.write(folder / "remarks.txt", "".join(f"{line}\n" for line in remarks))
    return remarks
