"""The language in which the course speaks: English, or a catalogue of `locale/`.

The code says everything in English. Where something is shown (a label, a task, a verdict, a status line),
`said` finds what it is in the catalogue: a sentence as it stands, or one with values in it, which is
recognised by what stands around them. A sentence that the catalogue does not have is shown in English.

The language is what BPLIB_LANGUAGE names ("zh_CN"); an unknown one is English.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ENGLISH = "en"
VALUES = "values"  # the flag of messages with values in them


def current() -> str:
    """The language in use; "en" where the one that is wanted has no catalogue."""
    wanted = os.environ.get("BPLIB_LANGUAGE", ENGLISH)
    wanted = wanted.partition(".")[0].replace("-", "_")
    return wanted if wanted in languages() else ENGLISH


@functools.cache
def folder() -> Path:
    """Where the catalogues are: in the package, or beside it in a clone."""
    here = Path(__file__).resolve().parent
    return next((p for p in (here / "locale", here.parent / "locale") if p.is_dir()), here / "locale")


@functools.cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue, without English."""
    return tuple(sorted(path.parent.name for path in folder().glob("*/bplib.po")))


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak that language for a while."""
    before = os.environ.get("BPLIB_LANGUAGE")
    os.environ["BPLIB_LANGUAGE"] = language
    try:
        yield
    finally:
        os.environ.pop("BPLIB_LANGUAGE")
        if before is not None:
            os.environ["BPLIB_LANGUAGE"] = before


def joined(*sentences: str) -> str:
    """Sentences one after the other: with a blank between, but for those that end in a full-width sign."""
    text = ""
    for sentence in filter(None, sentences):
        text += sentence if not text or text[-1] in "。！？：；，" else f" {sentence}"
    return text


def begin(shell: Any) -> None:
    """Let a notebook's own doors speak the language too: what is printed, and below an error its sentence.

    shell: the running IPython shell, or None. Nothing is changed where English is spoken.
    """
    if shell is None or current() == ENGLISH or getattr(shell, "says", None):
        return
    shell.says = True

    def listen(*_: Any) -> None:
        write = sys.stdout.write
        if not hasattr(write, "says"):

            def said_and_written(text: str) -> int:
                return write(said(text))

            said_and_written.says = True  # type: ignore[attr-defined]
            sys.stdout.write = said_and_written  # type: ignore[method-assign]

    def show(shell: Any, kind: type, error: Exception, traceback: Any, tb_offset: int | None = None) -> list:
        lines = shell.InteractiveTB.structured_traceback(kind, error, traceback, tb_offset=tb_offset)
        text = str(error)
        lines += [said(text)] if said(text) != text else []
        shell._showtraceback(kind, error, lines)
        return lines

    listen()
    shell.events.register("pre_run_cell", listen)  # IPython gives each cell a `write` of its own
    shell.set_custom_exc((Exception,), show)


def said_in_picture(artist: Any) -> None:
    """Say the texts of a matplotlib artist, or of a figure, in the language in use, in fonts that have it."""
    if current() == ENGLISH:
        return
    from matplotlib.text import Text

    for text in artist.findobj(Text):
        english = text.get_text()
        other = said(english)
        if other != english:
            text.set_text(other)
        if any(character > "\u2e7f" for character in other):
            families = text.get_fontfamily()
            # in a text with formulas matplotlib takes one font for all that is none
            wanted = [*([] if "$" in other else [f for f in families if f not in fonts()]), *fonts()]
            if wanted != families:
                text.set_fontfamily(wanted)


FONT = "bplib Han"  # Noto Sans CJK SC (SIL Open Font License), as many characters as the pictures need
_OTHERS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC",
           "Hiragino Sans GB", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei", "Heiti SC")  # fmt: skip


@functools.cache
def fonts() -> list[str]:
    """Font families for the language in use: the one in its folder, then those of this machine."""
    from matplotlib import font_manager

    # it comes in one weight: bold letters are taken from it as they are, and nobody need be warned
    log = logging.getLogger("matplotlib.font_manager")
    log.addFilter(lambda record: f"weight bold for {FONT}" not in record.getMessage())
    for path in sorted(folder().glob("*/font.otf")):
        font_manager.fontManager.addfont(path)
    there = {entry.name for entry in font_manager.fontManager.ttflist}
    return [name for name in (FONT, *_OTHERS) if name in there]


def said(text: str, language: str | None = None) -> str:
    """`text` in the language: whole, or piece by piece (paragraphs, options, lines, sentences).

    language: the one in use when left out; one without a catalogue is English.
    """
    if language is None:
        language = current()
    if language not in languages() or not isinstance(text, str) or not _WORD.search(text):
        return text
    return _translated(language, text)


_WORD = re.compile(r"[A-Za-z]{2}")
# where a text may be cut: between paragraphs and before list items and options; then lines; then sentences
_PARTS = re.compile(r"(\n\s*\n|\n(?=[a-z]\) |- |\* )|(?<=\n)[a-z]\) |\A[a-z]\) |(?<=\n)- |\A- )")
_NAMES = r"[\w′\[\].]+(?:(?:, | and | or )[\w′\[\].]+)+"  # dW, db and dX
_SENTENCES = re.compile(r"(?<=[.!?:;…])(\s+)")
_TAGS = re.compile(r"(</?[a-z][^<>]*>)")  # in what is shown as HTML
_PLACEHOLDER = re.compile(r"\{([^{}]*(?:\}\{[^{}]*)*)\}")  # what stands side by side is one value
_FILLED = re.compile(r"(\{\{|\}\}|\{[^{}]*(?:\}\{[^{}]*)*\})")


def parts(text: str) -> list[str]:
    """The messages of a text and what stands between them, in turns, beginning with a message."""
    return _PARTS.split(text)


@functools.lru_cache(maxsize=4096)
def _translated(language, text):
    catalogue = _catalogue(language)
    if (found := catalogue.find(text)) is not None:
        return found
    pieces = parts(text)
    return "".join(piece if i % 2 else catalogue.say(piece) for i, piece in enumerate(pieces))


class _Template(NamedTuple):
    """A message with values in it: how it is recognised, and how it is said."""

    literal: str  # the longest piece between two values, which is looked for first
    pattern: re.Pattern
    names: tuple
    said: str


class Catalogue:
    """Messages by their English text; those with values in them by what is around these."""

    def __init__(self, entries: Iterable[Any]) -> None:
        self.exact: dict[str, str] = {}
        self.templates: list[_Template] = []
        for entry in entries:
            if not entry.msgstr or "fuzzy" in entry.flags or entry.obsolete:
                continue
            if VALUES in entry.flags:
                self.templates.append(_template(entry.msgid, entry.msgstr))
            else:
                self.exact[entry.msgid] = entry.msgstr
        self.templates.sort(key=lambda template: -len(template.pattern.pattern))

    def say(self, text: str, cuts: tuple[str, ...] = ("\n", " · ", "; ")) -> str:
        """A part as a whole, else between tags, else line by line, else sentence by sentence."""
        found = self.find(text)
        if found is not None:
            return found
        if len(pieces := _TAGS.split(text)) > 1:
            return "".join(piece if i % 2 else self.say(piece, cuts) for i, piece in enumerate(pieces))
        for n, cut in enumerate(cuts):
            if cut in text:
                return cut.join(self.say(piece, cuts[n:]) for piece in text.split(cut))
        pieces, done, at = _SENTENCES.split(text), "", 0
        while at < len(pieces):  # the longest run of sentences that the catalogue has, and on from there
            for end in range(len(pieces), at, -1):
                if (end - at) % 2 and (found := self.find("".join(pieces[at:end]))) is not None:
                    between = pieces[end] if end < len(pieces) else ""
                    done += found + ("" if found.endswith(("。", "！", "？", "：", "；")) else between)
                    at = end + 1
                    break
            else:
                done += "".join(pieces[at : at + 2])
                at += 2
        return done

    def find(self, text: str) -> str | None:
        """What a whole message is in this language, or None; blanks around it stay."""
        core = text.strip()
        if not core or not _WORD.search(core):
            return text
        found = self.exact.get(core) or self._filled(core)
        if found is None:
            return None
        before = text[: len(text) - len(text.lstrip())]
        return before + found + text[len(text.rstrip()) :]

    def _filled(self, text):
        for literal, pattern, names, how in self.templates:
            if literal in text and (match := pattern.fullmatch(text)):
                pairs = zip(names, match.groups(), strict=True)
                values = {f"{{{name}}}": self._value(value) for name, value in pairs}
                values |= {"{{": "{", "}}": "}"}
                return "".join(values.get(piece, piece) for piece in _FILLED.split(how))
        return None

    def _value(self, text):
        """A value that was put into a sentence: messages, or one after a beginning of its own, or a list."""
        if (found := self.find(text)) is not None:
            return found
        for cut in re.finditer(r"[:,;] | at | \(", text):
            if (found := self.find(text[cut.start() :])) is not None:
                return text[: cut.start()] + found
        if re.fullmatch(_NAMES, text):
            for word in ("and", "or"):
                text = text.replace(f" {word} ", f" {self.exact.get(word, word)} ")
            return text
        return self.say(text)


def _template(english, how):
    """The `Template` of a message. A value holds no end of a sentence, but for what stands in brackets, or
    after a colon at the end of the message."""
    pieces = _PLACEHOLDER.split(english.replace("{{", "\0").replace("}}", "\1"))
    literals = [piece.replace("\0", "{").replace("\1", "}") for piece in pieces[::2]]
    words = len(re.findall(r"[A-Za-z]{3,}", " ".join(literals)))
    # with hardly a word of its own it would recognise too much: its values are single words then
    value = rf"{_NAMES}|\([^()]*\)|\S*?"
    if words > 1:
        value = r"(?:\([^()]*\)|\[[^\[\]]*\]|[.:;?!](?! )|[^.:;?!])*?"
    groups, names = [], []
    for name in pieces[1::2]:
        either = re.fullmatch(r"'([^']*)' if .+ else '([^']*)'", name)
        plural = re.fullmatch(r"'(\w*)' \* \(.+\)", name)
        if either:
            groups.append(f"({'|'.join(map(re.escape, either.groups()))})")
        else:
            groups.append(f"({plural[1]}|)" if plural else f"({value})")
        names.append(name)
    if groups and not literals[-1] and literals[-2].endswith(": "):
        groups[-1] = "(.*)"
    pattern = "".join(
        re.escape(literal) + group for literal, group in zip(literals, [*groups, ""], strict=True)
    )
    return _Template(max(literals, key=len), re.compile(pattern, re.DOTALL), tuple(names), how)


@functools.cache
def _catalogue(language):
    import polib  # only where another language than English is spoken

    return Catalogue(polib.pofile(str(folder() / language / "bplib.po"), encoding="utf-8"))
