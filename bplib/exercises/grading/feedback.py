"""Feedback as one page a learner: what was right, what was not yet, and the sentence that helps.

A page speaks the language of the learner's notebooks. The pages ask no network for anything and run nothing;
whatever a notebook has said stands in them as text.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ... import files
from ...language import said
from .. import exercises
from ..diagnose import _SIGNS, NOT_ATTEMPTED, Result
from ..kinds import Function

if TYPE_CHECKING:
    from .marks import Class, Marked

PAGE = """<!doctype html>
<html lang="{code}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff; }}
h1 {{ font-size: 1.5rem; }}
h2 {{ font-size: 1.2rem; margin-top: 2rem; }}
section {{ border-left: .3rem solid #6b6b6b; padding: .1rem 0 .1rem 1rem; margin: 1rem 0; }}
section.correct {{ border-color: #009e73; }}
section.not-yet {{ border-color: #d55e00; }}
h3 {{ font-size: 1rem; margin: .3rem 0; }}
p {{ margin: .3rem 0; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .3rem 0; }}
.task {{ color: #555; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{summary}</p>
{body}
</body>
</html>
"""


def page(one: Marked, lessons: Sequence[int], worth: dict[str, float]) -> str:
    """The page of one learner (a `Marked`), as HTML."""
    say = functools.partial(said, language=one.language)
    parts: list[str] = []
    got: float = 0
    possible: float = 0
    for lesson in lessons:
        points, total = one.points(lesson, worth), sum(worth[e.name] for e in exercises(lesson))
        possible += total
        if points is None:
            parts.append(f"<h2>{say(f'Lesson {lesson:02}: no notebook')}</h2>")
            continue
        got += points
        parts.append(f"<h2>{say(f'Lesson {lesson:02}: {points:g} of {total:g} points')}</h2>")
        for e in exercises(lesson):
            result = one.results.get(e.name, Result(e.name, NOT_ATTEMPTED, ""))
            parts.append(_exercise(e, result, worth[e.name], say))
    if one.remarks:
        parts.append(f"<h2>{say('About the notebooks')}</h2>")
        parts += [f"<pre>{html.escape(f'{name}: {say(remark)}')}</pre>" for name, remark in one.remarks]
    return PAGE.format(
        code=one.language.replace("_", "-"),
        title=f"{say('Feedback')}: {html.escape(one.learner.name)}",
        summary=say(f"{got:g} of {possible:g} points."),
        body="\n".join(parts),
    )


def _exercise(e, result, worth, say):
    status, points = result.status, worth if result.correct else 0
    message = "" if status == NOT_ATTEMPTED else say(result.message)
    slip = f" ({say(result.slip)})" if result.slip and isinstance(e, Function) else ""
    task = say(e.task.partition("\n\n")[0])
    reached = say(f"{points:g} of {worth:g}")
    return "\n".join([
        f'<section class="{status.replace(" ", "-")}">',
        f"<h3>{_SIGNS[status]} {html.escape(e.name)}: {html.escape(say(status) + slip)}, {reached}</h3>",
        f'<pre class="task">{html.escape(task)}</pre>',
        f"<pre>{html.escape(message)}</pre>" if message else "",
        "</section>",
    ])  # fmt: skip


def file_name(key: str, taken: set[str]) -> str:
    """A file's name that any system takes, made of a learner's key and not among those taken."""
    stem = re.sub(r"[^\w.@ -]+", "_", key).strip(" .")
    stem = stem.encode()[:200].decode(errors="ignore").strip(" .") or "learner"
    # Windows has devices of these names, whatever follows a point
    stem = re.sub(r"^(con|prn|aux|nul|com\d|lpt\d) *(?=\.|$)", r"\1_", stem, flags=re.IGNORECASE)
    name, n = stem, 2
    while name.casefold() in taken:
        name, n = f"{stem}-{n}", n + 1
    taken.add(name.casefold())
    return f"{name}.html"


def file_names(group: Class) -> list[str]:
    """The names of the pages of a `Class`, in the order of its learners."""
    taken: set[str] = set()
    return [file_name(one.learner.key, taken) for one in group.marked]


def write(folder: Path, group: Class, worth: dict[str, float]) -> None:
    """A page for each learner of the `Class`; pages of an earlier grading go."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.html"):
        old.unlink()
    for one, name in zip(group.marked, file_names(group), strict=True):
        text = page(one, group.lessons, worth)
        text = text.encode("utf-8", "backslashreplace").decode()  # half a surrogate is no text
        files.write(folder / name, text)
