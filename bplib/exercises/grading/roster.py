"""Whose notebook is it? From the names of files, and from a roster: any CSV that a platform exports.

The learner of a notebook is found in its path below the graded folder, by the first of these that fits:

    LEARNER/…/any.ipynb                          a folder for each learner (nbgrader's submitted/ too)
    NAME_123_assignsubmission_file/any.ipynb     Moodle's "download all submissions"
    NAME[_LATE]_123_456_any.ipynb                Canvas's "download submissions"; 123 is Canvas's ID
    LEARNER_05_matrix_gradients.ipynb            or LEARNER-05…, LEARNER_lesson05…
    05_matrix_gradients_LEARNER.ipynb
    LEARNER.ipynb

Folders named like a lesson (05, lesson05, 05_matrix_gradients), and `submissions`, into which some programs
unpack Canvas's ZIP, are passed over; Moodle's folder may lie in another. A regular expression with a group
`learner` takes the place of all this. What is found is looked for in every column of the roster that can tell
learners apart; capitals, blanks and punctuation do not count.
"""

from __future__ import annotations

import csv
import difflib
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ...lessons import LESSONS

STEMS = "|".join(x.stem for x in LESSONS)
LESSON = rf"(?:{STEMS}|lesson[ _-]?\d\d?|\d\d)"
COPY = r"(?:[ _-]*\(\d+\)|-\d+|-Copy\d*)?"  # what browsers and Jupyter append
PASSED_OVER = re.compile(rf"{LESSON}|submissions{COPY}", re.IGNORECASE)
MOODLE = re.compile(r"(?P<learner>.+?)_(?P<number>\d+)_assignsubmission_\w+$")
CANVAS = re.compile(r"(?P<learner>[^_]+)(?:_LATE)?_(?P<number>\d+)_\d+_.+")
BEFORE = re.compile(rf"(?P<learner>.+?)[ _-]+{LESSON}(?![0-9a-z]).*", re.IGNORECASE)
AFTER = re.compile(rf"{LESSON}[ _-]+(?P<learner>.+)", re.IGNORECASE)
NOBODY = re.compile(rf"(?:Copy of )?(?:{LESSON}|untitled\d*){COPY}", re.IGNORECASE)

# Columns that tell learners apart, the best name for outputs first; in lower case.
KEYS = ["learner", "username", "sis login id", "login id", "login", "id number", "student number",
        "sis user id", "id", "email address", "email", "name", "full name", "student"]  # fmt: skip
NAMES = ["name", "full name", "student", "display name"]
# What platforms call them that speak the language of the course's readers: Moodle in Chinese and German.
ELSEWHERE = {
    "用户名": "username", "登录名": "login", "学号": "id number", "邮箱": "email", "电子邮件": "email",
    "电子邮件地址": "email address", "姓名": "name", "全名": "full name", "学生": "student",
    "名": "first name", "名字": "first name", "姓": "last name", "姓氏": "last name",
    "anmeldename": "username", "benutzername": "username", "matrikelnummer": "student number",
    "id-nummer": "id number", "e-mail-adresse": "email address", "e-mail": "email", "vorname": "first name",
    "nachname": "last name", "vollständiger name": "full name",
}  # fmt: skip
FIRST, LAST = ["first name", "firstname", "given name"], ["last name", "lastname", "surname", "family name"]


@dataclass(frozen=True)
class Found:
    """What a path says of its learner: a name ("" where it says none), and the platform's number, if any."""

    learner: str
    number: str = ""


@dataclass(frozen=True)
class Learner:
    """One learner: the name used in files and tables, the name for people, and the roster's row."""

    key: str
    name: str
    row: dict = field(default_factory=dict, compare=False, hash=False)


def found_in(path: str, pattern: re.Pattern | None = None) -> Found:
    """What the path of a notebook, below the graded folder and with "/", says of its learner."""
    path = _composed(path)
    if pattern is not None:
        match = pattern.search(path)
        return Found(match["learner"] or "" if match else "")
    *folders, file = PurePosixPath(path).parts
    folders = [name for name in folders if not PASSED_OVER.fullmatch(name)]
    moodle = next(filter(None, map(MOODLE.fullmatch, folders[:2])), None)
    if folders:
        return Found(moodle["learner"] if moodle else folders[0])
    stem = re.sub(r"\.ipynb$", "", file, flags=re.IGNORECASE)
    if NOBODY.fullmatch(stem):
        return Found("")
    canvas = CANVAS.fullmatch(stem)
    if canvas:
        return Found(canvas["learner"], canvas["number"])
    match = AFTER.fullmatch(stem) or BEFORE.fullmatch(stem)
    return Found(match["learner"] if match else stem)


def plain(text: str) -> str:
    """Letters and digits alone, in lower case: how names are compared."""
    return "".join(c for c in _composed(text).casefold() if c.isalnum())


def _composed(text):
    """The text with ü as one character: some systems write names of files with u and the dots apart."""
    return unicodedata.normalize("NFC", text)


class Roster:
    """The learners of a class, from a CSV with a heading; asked which of them a `Found` is."""

    def __init__(self, learners: Sequence[Learner], columns: Iterable[str] = ()) -> None:
        self.learners, self.columns = learners, list(columns)
        self._known: dict[str, list[Learner]] = {}
        self._numbers: dict[str, Learner] = {}
        for learner in learners:
            for alias in _aliases(learner):
                self._known.setdefault(plain(alias), []).append(learner)
        numbers = [_cell(learner.row, ["id"]) for learner in learners]
        for number, learner in zip(numbers, learners, strict=True):
            if number and numbers.count(number) == 1:  # else it tells nobody apart
                self._numbers[number] = learner

    @classmethod
    def read(cls, path: str | os.PathLike) -> Roster:
        """The roster in a file; a ValueError says what is wrong with it."""
        try:
            with open(path, "rb") as file:
                text = _decoded(file.read())
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8: save it as “CSV UTF-8”"
            raise ValueError(f"{path}: the roster cannot be read ({why})") from None
        first = text.partition("\n")[0]
        table = csv.DictReader(text.splitlines(), delimiter=max(",;\t", key=first.count), strict=True)
        try:
            columns = [name or "" for name in table.fieldnames or []]
            rows = [(table.line_num, row) for row in table]
        except csv.Error as error:
            line = table.reader.line_num
            raise ValueError(
                f"{path}, line {line}: expected a row of a CSV, in which every quotation mark "
                f"that opens a cell is closed; it cannot be read ({error})"
            ) from None
        if not {in_english(name) for name in columns} & {*KEYS, *LAST}:
            raise ValueError(
                f"{path}: a roster begins with the names of its columns, one of them name or "
                f"{', '.join(KEYS[:7])}, …; got {first[:80]!r}"
            )
        learners: list[Learner] = []
        lines: dict[str, int] = {}
        for line, row in rows:
            row = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
            learner = _learner(row)
            if learner is None:
                continue
            if learner.key in lines:
                raise ValueError(
                    f"{path}: {learner.key} stands in line {lines[learner.key]} and in line {line}"
                )
            lines[learner.key] = line
            learners.append(learner)
        if not learners:
            raise ValueError(f"{path}: the roster has a heading and no learner below it")
        return cls(learners, columns)

    def which(self, found: Found) -> tuple[Learner | None, str]:
        """(the `Learner`, "") or (None, why not)."""
        if found.number in self._numbers:
            return self._numbers[found.number], ""
        if not found.learner:
            return None, "its name tells no learner"
        known = self._known.get(plain(found.learner), [])
        if len(set(known)) == 1:
            return known[0], ""
        if known:
            return None, f"{found.learner} may be {' or '.join(sorted(x.key for x in set(known)))}"
        near = difflib.get_close_matches(plain(found.learner), self._known, 1, 0.8)
        meant = f"; {self._known[near[0]][0].key} is near it" if near else ""
        return None, f"{found.learner} is not in the roster{meant}"


def _decoded(content):
    """The text of a CSV: UTF-8, or GB18030, as spreadsheets in Chinese save it, if the heading is Chinese."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        heading = content.partition(b"\n")[0].decode("gb18030", "replace")
        if not any(name in heading for name in ELSEWHERE if not name.isascii() and name > "\u4e00"):
            raise
        return content.decode("gb18030")


def in_english(name: str) -> str:
    """A column's name in English and lower case, as it stands in KEYS and the lists beside it."""
    name = name.strip().lower()
    return ELSEWHERE.get(name, name)


def _cell(row, names):
    """The first cell that is not empty, of the columns with these names."""
    # the first column with something in it: several may mean the same
    cells = {in_english(name): value for name, value in reversed(row.items()) if value}
    return next((cells[name] for name in names if cells.get(name)), "")


def _learner(row):
    """The learner of a row, or None where the row is no learner's (Canvas has points below the heading)."""
    if "points possible" in _cell(row, ["student"]).lower():
        return None
    name = _cell(row, NAMES) or " ".join(filter(None, [_cell(row, FIRST), _cell(row, LAST)]))
    key = _cell(row, KEYS) or name
    return Learner(key, name or key, row) if key else None


def _aliases(learner):
    """Everything by which a file may call a learner; comparing forgets blanks and commas."""
    row = learner.row
    first, last = _cell(row, FIRST), _cell(row, LAST)
    aliases = {learner.key, learner.name, *(value for name, value in row.items() if in_english(name) in KEYS)}
    if first and last:
        aliases |= {f"{first} {last}", f"{last} {first}"}
    for name in list(aliases):
        if "," in name:  # Canvas: Last, First
            last, _, first = name.partition(",")
            aliases.add(f"{first} {last}")
    email = _cell(row, ["email address", "email"])
    aliases.add(email.partition("@")[0])
    return {alias for alias in aliases if plain(alias)}
