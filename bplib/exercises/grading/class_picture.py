"""The class in one picture: for each exercise how many are right, and which slips were made how often."""

from __future__ import annotations

import io
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bplib import files, plots

from ..diagnose import CORRECT, NOT_ATTEMPTED
from ..kinds import Exercise, Function

if TYPE_CHECKING:
    from .marks import Class

SLIPS = 5  # columns, the most frequent first; the rest is counted together
ROW = 0.34  # inches
WIDEST = 25  # characters of a slip's name in its cell


def label(exercise: Exercise, slip: str) -> str:
    """A slip's name for its cell: a wrong number or letter is what was answered."""
    text = slip if isinstance(exercise, Function) else f"“{slip}”".replace("None", "·")
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def in_words(group: Class) -> list[str]:
    """The most frequent slips as sentences, for who cannot see the picture."""
    slips = group.slips()
    found = [(n, e, slip) for e in group.exercises for slip, n in slips[e.name].items() if slip]
    found.sort(key=lambda x: (-x[0], x[1].lesson, x[1].name))
    handed_in = {e.name: sum(e.name in one.results for one in group.marked) for e in group.exercises}
    return [f"{n} of {handed_in[e.name]} in {e.name}: {label(e, slip)}" for n, e, slip in found[:10]]


def draw(group: Class) -> Figure:
    """The figure: a row for each exercise; correct, not attempted, then the slips."""
    tasks, slips = group.exercises, group.slips()
    fig, ax = plots.figure(13, min(20, 1.2 + ROW * len(tasks)))
    with plots.style():
        titles = [
            "correct",
            "open",
            "no known slip",
            *(f"slip {n}" for n in range(1, SLIPS + 1)),
            "other slips",
        ]
        widths = [0.6, 0.6, 0.9, *[1.9] * SLIPS, 0.8]
        edges = [sum(widths[:n]) for n in range(len(widths) + 1)]
        small = min(8.0, 11 * fig.get_figheight() / (1.2 + ROW * len(tasks)))
        for row, e in enumerate(tasks):
            handed_in = max(1, sum(e.name in one.results for one in group.marked))
            named = [(slip, n) for slip, n in slips[e.name].most_common() if slip]
            counts = [group.count(e.name, CORRECT), group.count(e.name, NOT_ATTEMPTED), slips[e.name][""]]
            cells = [(str(n), n if column == 2 else 0) for column, n in enumerate(counts)]
            cells += [(f"{label(e, slip)}  {n}", n) for slip, n in named[:SLIPS]]
            cells += [("", 0)] * (3 + SLIPS - len(cells))
            rest = sum(n for _, n in named[SLIPS:])
            cells.append((str(rest) if rest else "", rest))
            for column, (text, n) in enumerate(cells):
                share = n / handed_in
                ax.add_patch(
                    Rectangle(
                        (edges[column], row - 0.5), widths[column], 1, fc=plots.AMOUNT(share), ec=plots.FAINT
                    )
                )
                color = plots.PAPER if share > 0.45 else plots.INK
                ax.text(
                    (edges[column] + edges[column + 1]) / 2, row, text, ha="center", va="center",
                    fontsize=small, color=color,
                )  # fmt: skip
        ax.set(xlim=(0, edges[-1]), ylim=(len(tasks) - 0.5, -0.5))
        ax.set_xticks([(a + b) / 2 for a, b in itertools.pairwise(edges)], titles)
        ax.xaxis.tick_top()
        ax.set_yticks(range(len(tasks)), [f"{e.lesson:02}  {e.name}" for e in tasks])
        ax.tick_params(length=0, labelsize=8)
        for spine in ax.spines.values():
            spine.set_visible(False)
        ax.set_title(
            f"{sum(bool(one.notebooks) for one in group.marked)} learners handed in. "
            "The darker a cell, the more of them made that slip; a wrong answer stands in quotation marks.",
            loc="left",
        )
    return fig


def write(folder: Path, group: Class) -> None:
    """class.png and class.svg."""
    fig = draw(group)
    files.write(folder / "class.png", plots.png(fig, 144))
    out = io.StringIO()
    fig.savefig(out, format="svg", metadata={"Title": "; ".join(in_words(group)) or "no slips", "Date": None})
    files.write(folder / "class.svg", out.getvalue())
