"""How long the lessons take, by a stated rule: `python tools/lesson_minutes.py`; `--write`: into the table.

Nobody was timed. Reading goes at 200 words a minute. A code cell takes 15 seconds to be run and looked at,
and 5 seconds for each of its lines; each "Predict" half a minute. An exercise takes what ITS_KIND says. The
first cell, which installs the course, is not counted.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).parent))
import hygiene
from bplib import exercises, lessons

HOME = Path(__file__).resolve().parent.parent
TABLE = HOME / "bplib" / "lessons.py"
WORDS_A_MINUTE = 200
A_CELL, A_LINE, A_PREDICTION = 1 / 4, 1 / 12, 1 / 2  # minutes
ITS_KIND = {"Function": 5, "Value": 3, "Expression": 3, "Choice": 2}  # minutes


def measure(lesson):
    """The `Minutes` of a lesson, from its notebook and its exercises."""
    nb = nbformat.read(HOME / "notebooks" / lesson.file, as_version=4)
    code = [cell.source for cell in nb.cells if cell.cell_type == "code"][1:]
    lines = sum(bool(line.strip()) for source in code for line in source.splitlines())
    predictions = sum(
        len(re.findall(r"\*\*Predict", cell.source)) for cell in nb.cells if cell.cell_type == "markdown"
    )
    reading = hygiene.count_words(nb) / WORDS_A_MINUTE
    cells = len(code) * A_CELL + lines * A_LINE + predictions * A_PREDICTION
    tasks = sum(ITS_KIND[type(e).__name__] for e in exercises.exercises(lesson.number))
    return lessons.Minutes(round(reading), round(cells), tasks)


def written(text, minutes):
    """The source of bplib/lessons.py with these `Minutes` in it, one for each lesson in their order."""
    new = iter(minutes)
    found = re.sub(r"(?<=minutes=)Minutes\(.*?\)", lambda _: repr_of(next(new)), text)
    if next(new, None) is not None:
        raise ValueError(
            f"{TABLE.name}: expected {len(minutes)} lines `minutes=Minutes(…)`, one for each lesson"
        )
    return found


def repr_of(minutes):
    """Its three numbers as they stand in the table."""
    return f"Minutes({minutes.reading}, {minutes.cells}, {minutes.exercises})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0], allow_abbrev=False)
    parser.add_argument("--write", action="store_true", help="put the numbers into bplib/lessons.py")
    write = parser.parse_args().write
    measured = [measure(lesson) for lesson in lessons.LESSONS]
    print("lesson  reading  cells  exercises  together")
    for lesson, m in zip(lessons.LESSONS, measured, strict=True):
        print(f"{lesson.number:02}      {m.reading:7}  {m.cells:5}  {m.exercises:9}  {m.together:8}")
    print(f"{sum(m.together for m in measured) / 60:.1f} hours")
    if write:
        TABLE.write_text(written(TABLE.read_text(encoding="utf-8"), measured), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
