"""Renew the generated parts of the teacher's guide: `make guide`.

    python tools/guide.py [--check]      --check writes nothing and says which pages are out of date

The pages in guide/ are written by hand, except what stands between two comments, `<!-- NAME: written by make
guide -->` and `<!-- end of NAME -->`: facts of a lesson and tables come from bplib/lessons.py, slips from the
catalogue of the graders. The guide names wrong and right answers; the edition for a class does not hold it.
"""

import argparse
import functools
import re
import sys
from pathlib import Path

import nbformat

from bplib import exercises, lessons
from bplib.exercises.kinds import Choice, Function, in_digits

GUIDE = Path(__file__).resolve().parent.parent / "guide"
KINDS = {"Function": "a function", "Value": "a number", "Choice": "a choice", "Expression": "a formula"}
FIRST_DAY = [(0, ""), (1, ""), (2, ""), (3, ""), (4, ""), (5, "")]
SECOND_DAY = [
    (6, ""),
    (7, ""),
    (8, ""),
    (10, ""),
    (11, "its cases *A gate that never closes*, *One row, or many*"),
]
PLANS = {  # name → days or weeks, each a list of (lesson, note), or of (lesson, the part shown, minutes)
    "one-day": [[*FIRST_DAY, (7, "*Break a line*, shown", 10)]],
    "two-days": [FIRST_DAY, SECOND_DAY],
    "six-weeks": [
        [(0, ""), (1, ""), (2, "")],
        [(3, ""), (4, "")],
        [(5, ""), (6, "")],
        [(7, ""), (8, "")],
        [(9, ""), (10, "")],
        [(11, ""), (13, "or 12, 14, 15")],
    ],
}
BEGIN, NOON, TALK, BREAK, LUNCH = 8 * 60 + 30, 12 * 60, 10, 10, 60  # minutes; talk after each lesson of a day


def escaped(text):
    """Text for Markdown, in a table too: signs that would format it are escaped, but in `code`."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    parts[::2] = (re.sub(r"([\\*_<>\[\]#$])", r"\\\1", part) for part in parts[::2])
    return "".join(parts).replace("|", r"\|")


def code(text):
    """A piece of code for Markdown, in a table too."""
    return f"`{' '.join(str(text).split())}`".replace("|", r"\|")


def facts(lesson):
    """What a page begins with: title, minutes, needs, objectives."""
    m = lesson.minutes
    needs = ", ".join(f"[{n:02}](lesson_{n:02}.md)" for n in lesson.needs) or "none"
    lines = [
        f"# Lesson {lesson.number:02}: {lesson.title}",
        "",
        f"The puzzle: {escaped(lesson.puzzle)}".rstrip("?") + ("?" if lesson.puzzle.endswith("?") else "."),
        "",
        f"About {m.together} minutes alone: {m.reading} for the text, {m.cells} for the cells, "
        f"{m.exercises} for the exercises (a rule, see [schedules](schedules.md)).",
        f"Lessons it uses: {needs}.",
        "",
        "Afterwards learners can:",
        "",
        *(f"- {objective}" for objective in lesson.objectives),
    ]
    return "\n".join(lines)


def slips(lesson):
    """Each exercise with its right answer and the slips to expect, each with the sentence that answers it."""
    lines = [
        "## Slips to expect",
        "",
        "Of each exercise the right answer, what the graders recognise, and what they answer.",
        "",
    ]
    for e in exercises.exercises(lesson.number):
        lines += [f"### `{e.name}`, {KINDS[type(e).__name__]}", "", escaped(e.task.partition("\n\n")[0]), ""]
        lines += [*right(e), ""]
        lines += ["| what comes | what answers it |", "| --- | --- |"]
        lines += [f"| {what} | {escaped(sentence)} |" for what, sentence in (row(e, m) for m in e.mutants)]
        lines.append("")
    return "\n".join(lines).rstrip()


def right(exercise):
    """The right answer, as lines of Markdown."""
    if isinstance(exercise, Function):
        return ["Right:", "", "```python", *str(exercise.solution()).strip().splitlines(), "```"]
    answer, _, working = str(exercise.solution()).partition("\n")
    if not working:
        return [f"Right: {escaped(answer)}"]
    return [f"Right: {code(answer)}. {escaped(working)}"]


def row(exercise, mutant):
    """(what a slip looks like, its sentence)."""
    if not isinstance(exercise, Function):
        wrong = in_digits(mutant[0]).replace("None", "…")
        option = f" {escaped(exercise.options[mutant[0]])}" if isinstance(exercise, Choice) else ""
        return code(wrong) + option, mutant[1]
    line, spoiled = mutant.variants()[0][0]
    return f"{escaped(mutant.name)}: {code(spoiled)} for {code(line)}", mutant.teaches


def clock(minutes):
    """Minutes since midnight as 09:05."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def schedule(plan, what):
    """A table for each day (with the clock) or week."""
    tables = []
    for number, lessons_there in enumerate(plan, 1):
        head = [
            "| from | to |" if what == "Day" else "|",
            " lesson | text and cells | exercises | together |",
        ]
        rule = "| --- " * (6 if what == "Day" else 4) + "|"
        rows, now, total, eaten = ["".join(head), rule], BEGIN, 0, False
        for lesson_number, note, *minutes in lessons_there:
            x = lessons.lesson(lesson_number)
            if what == "Day" and now >= NOON and not eaten:
                rows.append(f"| {clock(now - BREAK)} | {clock(now - BREAK + LUNCH)} | lunch | | | |")
                now, eaten = now - BREAK + LUNCH, True
            if minutes:
                if what != "Day" or lesson_number != lessons_there[-1][0]:
                    raise ValueError(f"{note}: a part that is shown ends a day")
                name, end = (
                    f"{note}, of [{x.number:02} {x.title}](lesson_{x.number:02}.md)",
                    now - BREAK + minutes[0],
                )
                rows.append(
                    f"| {clock(now - BREAK)} | {clock(end)} | {name} | {minutes[0]} | | {minutes[0]} |"
                )
                total += minutes[0]
                continue
            name = f"[{x.number:02} {x.title}](lesson_{x.number:02}.md)" + (f", {note}" if note else "")
            m, end = x.minutes, now + x.minutes.together + TALK
            times = f"| {clock(now)} | {clock(end)} " if what == "Day" else ""
            rows.append(f"{times}| {name} | {m.reading + m.cells} | {m.exercises} | {m.together} |")
            now, total = end + BREAK, total + m.together
        blank = "| | " if what == "Day" else ""
        rows.append(f"{blank}| together | | | {total // 60} h {total % 60:02} min |")
        title = f"**{what} {number}**\n\n" if len(plan) > 1 else ""
        tables.append(title + "\n".join(rows))
    return "\n\n".join(tables)


def contents():
    """The lessons as a list of links."""
    rows = ["| lesson | minutes | the puzzle |", "| --- | --- | --- |"]
    for x in lessons.LESSONS:
        link = f"[{x.number:02} {x.title}](lesson_{x.number:02}.md)"
        rows.append(f"| {link} | {x.minutes.together} | {escaped(x.puzzle)} |")
    total = sum(x.minutes.together for x in lessons.LESSONS)
    return "\n".join([*rows, f"| together | {total // 60} h {total % 60:02} min | |"])


def posts():
    """The table of the posts, as lesson 00 has it."""
    nb = nbformat.read(GUIDE.parent / "notebooks" / lessons.lesson(0).file, as_version=4)
    text = next(
        cell.source for cell in nb.cells if cell.cell_type == "markdown" and "\n| A | “" in cell.source
    )
    return "\n".join(line for line in text.splitlines() if line.startswith("|"))


def parts(path):
    """Name → text of the generated parts of a page."""
    found = {"contents": contents, "posts": posts}
    for name, plan in PLANS.items():
        found[name] = functools.partial(schedule, plan, "Week" if "weeks" in name else "Day")
    number = re.fullmatch(r"lesson_(\d\d)\.md", path.name)
    if number:
        lesson = lessons.lesson(int(number[1]))
        found |= {"facts": lambda: facts(lesson), "slips": lambda: slips(lesson)}
    return found


def renewed(path):
    """The text of a page with its generated parts as they should be."""
    known = parts(path)

    def part(match):
        if match[1] not in known:
            raise ValueError(
                f"{path.name}: expected one of {', '.join(known)} between comments, got {match[1]}"
            )
        return f"<!-- {match[1]}: written by make guide -->\n{known[match[1]]()}\n<!-- end of {match[1]} -->"

    text = path.read_text(encoding="utf-8")
    pattern = r"<!-- ([\w-]+): written by make guide -->\n.*?<!-- end of \1 -->"
    return re.sub(pattern, part, text, flags=re.DOTALL)


README = GUIDE.parent / "README.md"
OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./|benchmarks/|paper/|\.github/)[^)]*\)")


def in_class():
    """README's section for teachers, as a page of its own."""
    text = README.read_text(encoding="utf-8")
    found = re.search(r"^## In class\n(.*?)(?=^## )", text, re.DOTALL | re.MULTILINE)
    if not found:
        raise ValueError("README.md: expected a section In class")
    body = found[1].replace("](guide/README.md)", "](index.md)").replace("](guide/", "](")
    return f"# In class\n{body.rstrip()}\n"


def lay_out(folder, *, slides=False):
    """Write the guide into a folder of sources from which the site's pages are made.

    Links to what is in the repository alone become plain text; each lesson's page leads to the lesson, and
    to its slides where these are beside the pages.
    """
    folder.mkdir()
    pages = {path.name: path.read_text(encoding="utf-8") for path in GUIDE.glob("*.md")}
    pages["index.md"] = pages.pop("README.md")
    pages["in_class.md"] = in_class()
    for name, text in pages.items():
        if not slides:
            text = re.sub(r"\[([^\]]+)\]\(slides\.md\)", r"\1", text)
        text = text.replace("](../README.md#in-class)", "](in_class.md)")
        text = re.sub(r"<!-- .*? -->\n?", "", text)
        text = OUTSIDE.sub(r"\1", text.replace("](README.md)", "](index.md)"))
        if number := re.fullmatch(r"lesson_(\d\d)\.md", name):
            stem = lessons.lesson(int(number[1])).stem
            links = f"[The lesson](../{stem}.ipynb)"
            if slides:
                links += f' · <a href="../../slides/{stem}.html">Its slides</a>'
            text = re.sub(r"^(# .+\n)", rf"\1\n{links}\n", text, count=1, flags=re.MULTILINE)
        (folder / name).write_text(text, encoding="utf-8")
    listed = [
        "schedules",
        "in_class",
        "marking",
        "nbgrader",
        *(f"lesson_{x.number:02}" for x in lessons.LESSONS),
    ]
    if slides:
        listed.insert(1, "slides")
        rows = "\n".join(
            f'<li><a href="../../slides/{x.stem}.html">{x.number:02} · {x.title}</a></li>'
            for x in lessons.LESSONS
        )
        with open(folder / "slides.md", "a", encoding="utf-8") as file:
            file.write(f"\n## The decks\n\n```{{raw}} html\n<ul>\n{rows}\n</ul>\n```\n")
    else:
        (folder / "slides.md").unlink()
    with open(folder / "index.md", "a", encoding="utf-8") as file:
        file.write("\n```{toctree}\n:hidden:\n\n" + "\n".join(listed) + "\n```\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0], allow_abbrev=False)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit status 1 if a page is out of date"
    )
    check = parser.parse_args().check
    old = [path for path in sorted(GUIDE.glob("*.md")) if renewed(path) != path.read_text(encoding="utf-8")]
    for path in old:
        if not check:
            path.write_text(renewed(path), encoding="utf-8", newline="\n")
        print(
            f"{path.relative_to(GUIDE.parent)}: {'out of date, make guide renews it' if check else 'renewed'}"
        )
    return 1 if check and old else 0


if __name__ == "__main__":
    sys.exit(main())
