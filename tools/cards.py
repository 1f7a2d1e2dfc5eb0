"""Make a deck of cards for Anki: `make cards`, the claims and the slips of the course, with formulas.

    python tools/cards.py [FILE]       FILE is build/backpropagation.apkg when left out

Anki shows a card again when it is about to be forgotten. A card asks for the other side of a claim that the
course proves, or for what is wrong with an answer that people really give. Import a newer deck over an older
one: cards keep their identity, and so what you have learned of them.
"""

import argparse
import ast
import html
import sys
from dataclasses import dataclass
from pathlib import Path

import sympy as sp

import bplib.exercises as ex
from bplib import derive
from bplib.exercises import kinds
from bplib.faults import replaced

HOME = Path(__file__).resolve().parent.parent
LONGEST = 500  # characters of LaTeX: what is longer is read in the lesson, not on a card
DECK, MODEL = 1_607_392_319, 1_091_735_104  # numbers of ours, by which Anki knows deck and cards again
STYLE = ".card { font-family: sans-serif; max-width: 40em; margin: auto } pre { text-align: left }"


@dataclass(frozen=True)
class Card:
    """Front and back as HTML; `key` stays the same when the text is mended."""

    key: str
    lesson: int
    front: str
    back: str


def text(words):
    """Plain words as HTML; indented lines are code."""
    code = any(line.startswith("    ") for line in words.splitlines())
    shown = html.escape(words)
    return f"<pre>{shown}</pre>" if code else "<p>" + shown.replace("\n", "<br>") + "</p>"


def formula(tex):
    """LaTeX as Anki's MathJax takes it."""
    return rf"<p>\[{html.escape(tex)}\]</p>"


def of_claims():
    """A card for each claim that fits on one: one side is asked for."""
    for claim in derive.claims():
        left, right = claim.left or sp.latex(claim.derived), sp.latex(claim.claimed)
        if len(left) + len(right) > LONGEST or left == right:  # sympy has made both sides alike already
            continue
        back = formula(f"{left} = {right}") + text(claim.statement)
        yield Card(f"claim {claim.name}", claim.lesson, formula(f"{left} = \\;?"), back)


def of_slips():
    """A card for each slip of an exercise: what is wrong with it? And one for each question with options."""
    for e in ex.exercises():
        if isinstance(e, kinds.Choice):
            back = text(f"{e.answer}) {e.options[e.answer]}") + text(e.after)
            yield Card(f"choice {e.name}", e.lesson, text(e.task), back)
            continue
        for slip in e.mutants:
            if isinstance(e, kinds.Function):
                pairs = slip.variants()[0]
                spoiled = replaced(e.solution_text, pairs, slip.name, e.name)
                right = "\n".join(f"    {line}" for line, _ in pairs)
                back = text(slip.teaches) + text(f"In place of it:\n{right}")
                front = text(e.task) + _code(spoiled) + text("What is wrong?")
                yield Card(f"slip {e.name} {slip.name}", e.lesson, front, back)
            else:
                wrong, teaches = slip
                front = text(e.task) + text(f"Somebody answers {wrong}. What is wrong?")
                yield Card(f"slip {e.name} {wrong}", e.lesson, front, text(teaches) + text(e.solution_text))


def _code(source):
    """A function without its docstring, which is the task."""
    docstring = ast.parse(source).body[0].body[0]
    lines = source.splitlines()
    kept = lines[: docstring.lineno - 1] + lines[docstring.end_lineno :]
    return f"<pre>{html.escape(chr(10).join(kept))}</pre>"


def cards():
    """All cards, in the order of the lessons."""
    return sorted([*of_claims(), *of_slips()], key=lambda card: card.lesson)


def write(file, chosen):
    """Write the deck; needs genanki."""
    import genanki

    model = genanki.Model(
        MODEL,
        "Backpropagation",
        fields=[{"name": "Front"}, {"name": "Back"}, {"name": "Lesson"}],
        templates=[
            {
                "name": "Card",
                "qfmt": "{{Front}}<p><small>{{Lesson}}</small></p>",
                "afmt": '{{FrontSide}}<hr id="answer">{{Back}}',
            }
        ],
        css=STYLE,
    )
    deck = genanki.Deck(DECK, "Backpropagation")
    for card in chosen:
        deck.add_note(
            genanki.Note(
                model=model,
                fields=[card.front, card.back, f"lesson {card.lesson:02d}"],
                guid=genanki.guid_for("backpropagation", card.key),
                tags=[f"lesson_{card.lesson:02d}"],
            )
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    genanki.Package(deck).write_to_file(file)


def main(arguments=None):
    """What `make cards` calls."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], allow_abbrev=False)
    parser.add_argument("file", nargs="?", type=Path, default=HOME / "build" / "backpropagation.apkg")
    file = parser.parse_args(arguments).file
    chosen = cards()
    try:
        write(file, chosen)
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is missing, which writes decks for Anki: pip install --editable '.[cards]'")
    print(f"{len(chosen)} cards are in {file}: import it in Anki (File, Import).")


if __name__ == "__main__":
    main()
