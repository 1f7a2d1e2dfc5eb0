"""Another language says the same as the English course, and whatever is not translated is said in English."""

import ast
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from fontTools import ttLib
from matplotlib.figure import Figure
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import bplib.exercises as ex
import translations
from address import speaking
from bplib import language, lessons
from bplib.language import said
from bplib.live.controls import choice, push_button, slider

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = language.languages()
HAN = re.compile(r"[\u3400-\u9fff]")


class Entry:
    def __init__(self, english, other, values=False, fuzzy=False):
        self.msgid, self.msgstr, self.obsolete = english, other, False
        self.flags = [language.VALUES] * values + ["fuzzy"] * fuzzy


@pytest.fixture
def catalogue(monkeypatch):
    """A small catalogue of an invented language, which is spoken."""
    made = language.Catalogue(
        [
            Entry("Play", "Spiel"),
            Entry("A sum.", "Eine Summe."),
            Entry("A sum. And a mean.", "Summe und Mittel."),
            Entry("step {n} of {many}", "{many} Schritte, davon {n}", values=True),
            Entry(
                "{name} has shape {shape}, {{x}} is right.",
                "Form {shape} hat {name}, {{x}} stimmt.",
                values=True,
            ),
            Entry("Old.", "Alt.", fuzzy=True),
            Entry("choose", "wähle"),
        ]
    )
    monkeypatch.setattr(language, "languages", lambda: ("xx",))
    monkeypatch.setattr(language, "_catalogue", lambda _: made)
    monkeypatch.setenv("BPLIB_LANGUAGE", "xx")
    language._translated.cache_clear()
    yield made
    language._translated.cache_clear()


@pytest.mark.parametrize(
    ("english", "other"),
    [
        ("Play", "Spiel"),
        (" Play\n", " Spiel\n"),
        ("step 3 of 10", "10 Schritte, davon 3"),
        ("step Play of 10", "10 Schritte, davon Spiel"),
        ("dW has shape (2, 3), {x} is right.", "Form (2, 3) hat dW, {x} stimmt."),
        ("A sum. Nobody knows this. A sum.", "Eine Summe. Nobody knows this. Eine Summe."),
        ("A sum. And a mean. Play", "Summe und Mittel. Spiel"),
        ("A sum.\n\na) Play\nb) choose", "Eine Summe.\n\na) Spiel\nb) wähle"),
        ("step 1 of 2 · Play", "2 Schritte, davon 1 · Spiel"),
        ("<p><b>Play</b> or not</p>", "<p><b>Spiel</b> or not</p>"),
        ("Old.", "Old."),
        ("3.14", "3.14"),
        ("", ""),
    ],
)
def test_said(catalogue, english, other):
    assert said(english) == other


def test_controls_and_pictures_speak_and_values_stay(catalogue):
    assert push_button("Play").description == "Spiel"
    assert slider("step 1 of 2", 1, 0, 3).description == "2 Schritte, davon 1"
    control = choice("Play", ["choose", "other"], "choose")
    assert control.value == "choose"
    assert control.options == (("wähle", "choose"), ("other", "other"))
    figure = Figure()
    title = figure.subplots().set_title("Play")
    language.said_in_picture(figure)
    assert title.get_text() == "Spiel"


def test_an_unknown_language_is_english(monkeypatch):
    monkeypatch.setenv("BPLIB_LANGUAGE", "tlh")
    assert language.current() == "en"
    assert said("Play") == "Play"


@pytest.mark.parametrize("name", ["zh_CN", "zh-CN", "zh_CN.UTF-8"])
def test_names_of_a_language(monkeypatch, name):
    monkeypatch.setenv("BPLIB_LANGUAGE", name)
    assert language.current() == "zh_CN"


def test_what_is_printed_and_what_fails_speak_in_every_cell():
    """In a kernel, where each cell has a `write` of its own."""
    cells = [
        f"{speaking('zh_CN')}import bplib",
        'print("not yet.")',
        'print("not yet.", 0.25)',
        'raise ValueError("not yet.")',
    ]
    nb = new_notebook(cells=[new_code_cell(source) for source in cells])
    NotebookClient(nb, kernel_name="python3", allow_errors=True, timeout=120).execute()
    assert [cell.outputs[0].get("text") for cell in nb.cells[1:3]] == ["还不对。\n", "还不对。 0.25\n"]
    failed = nb.cells[3].outputs[0]
    assert (failed.ename, failed.evalue) == ("ValueError", "not yet.")
    assert failed.traceback[-1] == "还不对。"


# ---------------------------------------------------------------- the catalogues


@pytest.mark.parametrize("name", translations.domains())
@pytest.mark.parametrize("spoken", LANGUAGES)
def test_catalogue(spoken, name):
    """Nothing missing or fuzzy; formulas, code, links, numbers, values, emphasis and terms as in English."""
    assert translations.problems(spoken, [name]) == []


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_readme(spoken):
    path = ROOT / f"README.{spoken.replace('_', '-')}.md"
    assert path.read_text(encoding="utf-8") == translations.readme(spoken)


@pytest.mark.parametrize(
    ("english", "other", "what"),
    [
        ("the loss $L$ falls", "损失 $M$ 下降", "formulas"),
        ("call `fit`", "调用 fit", "code"),
        ("see [this](a.md)", "参见[这里](b.md)", "links"),
        ("12 of 40 rows", "40 行中的 21 行", "numbers"),
        ("**Predict** it", "预测它", "emphasis"),
        ("a sentence of words", "一个句子, 由词组成。", "half-width"),
        ("a sentence of words", "a sentence of words", "English"),
        ("the learning rate falls", "速率下降", "term"),
    ],
)
def test_what_is_noticed(english, other, what):
    found = translations.differences(english, other, translations.terms("zh_CN"))
    assert any(what in sentence for sentence in found), found


def test_values_and_strings_of_code_are_noticed():
    assert translations.differences("step {n}", "第 {m} 步", values=True)
    assert translations.differences('f"step {n:.2f}"', 'f"第 {n:.3f} 步"', code=True)
    assert translations.differences('f"step {n}"', "第 {n} 步", code=True)
    assert translations.differences('f"step {n}"', 'f"第 {n} 步"', code=True) == []


def test_a_changed_sentence_is_fuzzy_and_named(tmp_path, monkeypatch):
    """The translation of a sentence that was changed in English is not used, and the check says which."""
    monkeypatch.setattr(translations, "LOCALE", tmp_path)
    monkeypatch.setattr(translations, "domains", lambda: ["pages"])
    monkeypatch.setattr(translations, "terms", lambda _: translations.Glossary())
    now = ["The loss falls in each of the forty steps."]
    monkeypatch.setattr(translations, "page_messages", lambda: [(text, "x.md") for text in now])
    translations.update("zh_CN")
    made = translations.read("zh_CN", "pages")
    made.get(now[0]).string = "损失在四十步中步步下降。"
    translations.write("zh_CN", "pages", made)
    assert translations.problems("zh_CN") == []
    now[0] = "The loss falls in each of the fifty steps."
    assert ["no translation" in line for line in translations.problems("zh_CN")] == [True]
    translations.update("zh_CN")
    [line] = translations.problems("zh_CN")
    assert "the English sentence has changed" in line
    assert "fifty" in line
    assert translations.speaker("zh_CN", "pages")(now[0]) == now[0]


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_the_font_has_every_character_of_the_pictures(spoken):
    font = ttLib.TTFont(translations.LOCALE / spoken / "font.otf")
    lacking = {
        c for c in translations.characters(spoken) if ord(c) > 0x2E7F and ord(c) not in font.getBestCmap()
    }
    assert lacking == set(), f"renew it: python tools/translations.py font {spoken} FILE"


# ---------------------------------------------------------------- lessons


def test_a_lesson_is_translated_piece_by_piece(tmp_path):
    nb = new_notebook(cells=[
        new_markdown_cell("# Title\n\nA paragraph with $x$.\n\n- one point\n- another point\n\n$$x = 1$$"),
        new_code_cell('x = 1  # a comment\nprint("the value", x, f"and {x:.2f} again")\ny = {"the value": 2}'),
    ])  # fmt: skip
    path = tmp_path / "x.ipynb"
    nbformat.write(nb, path)
    messages = [text for text, _ in translations.lesson_messages(path)]
    assert messages == ["Title", "A paragraph with $x$.", "one point", "another point", "a comment", '"the value"',
                        'f"and {x:.2f} again"']  # fmt: skip
    said = {"Title": "题", "one point": "一点", "a comment": "注", '"the value"': '"值"'}
    made = translations.translated_lesson(path, lambda text: said.get(text, text), "zh_CN")
    assert made.cells[0].source.startswith("# 题\n\nA paragraph with $x$.\n\n- 一点\n- another point")
    assert made.cells[1].source.startswith('x = 1  # 注\nprint("值", x, f"and {x:.2f} again")')
    assert made.cells[1].source.endswith('{"the value": 2}')  # a key is no text
    assert made.metadata.bplib.language == "zh_CN"


def _ran(text):
    return new_notebook(cells=[new_code_cell("x", outputs=[new_output("stream", name="stdout", text=text)])])


def test_outputs_that_differ_in_more_than_words_are_noticed():
    same = translations.output_differences
    assert same(_ran("the loss is 0.25 after 3 steps"), _ran("3 步之后损失是 0.25")) == []
    assert same(_ran("the loss is 0.25"), _ran("损失是 0.26"))
    assert same(_ran("0.25"), new_notebook(cells=[new_code_cell("x")]))


@pytest.mark.thorough
@pytest.mark.parametrize("spoken", LANGUAGES)
def test_executed_lessons_have_the_same_outputs(spoken):
    """Every lesson runs in that language, and its numbers, formulas and arrays are the English ones."""
    folder = translations.executed_lessons(spoken)
    for lesson in lessons.LESSONS:
        pair = (nbformat.read(path / lesson.file, as_version=4) for path in (ROOT / "notebooks", folder))
        assert translations.output_differences(*pair) == [], lesson.file


# ---------------------------------------------------------------- what is said


def english_in(text):
    """Runs of three or more English words outside code, formulas, quotations, and what Python itself says."""
    code = r"`[^`]*`|\([a-d]\)  .*|\n +.*|\bif .+: .*|\([\w, ]+\)"
    text = re.sub(rf"{code}|\$[^$]*\$|“[^”]*”|'[^']*'|\w+Error: .*", " ", text)
    return re.findall(r"(?:[A-Za-z][a-z]+[ ,]+){2,}[A-Za-z][a-z]+", text)


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_slips_are_named_in_the_language(spoken, monkeypatch):
    monkeypatch.setenv("BPLIB_LANGUAGE", spoken)
    checked = 0
    for exercise in (e for e in ex.exercises() if isinstance(e, ex.kinds.Function)):
        for fault in exercise.mutants[:1]:
            spoiled = exercise.solution_text
            for line, way in fault.variants()[0]:
                spoiled = spoiled.replace(line, way)
            space = dict(vars(__import__(exercise.reference.__module__, fromlist=["x"])))
            exec(spoiled, space)
            result = exercise.check(space[exercise.reference.__name__], seed=1)
            assert not result.correct, exercise.name
            assert HAN.search(repr(result)), repr(result)
            assert english_in(repr(result)) == [], repr(result)
            checked += 1
    assert checked >= 30


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_tasks_and_hints_are_in_the_language(spoken, monkeypatch):
    monkeypatch.setenv("BPLIB_LANGUAGE", spoken)
    for exercise in ex.exercises():
        for text in (repr(exercise), *(repr(exercise.hint(n)) for n in (1, 2, 3))):
            assert english_in(text) == [], f"{exercise.name}: {text}"


def test_the_core_has_no_marks_of_translation():
    core = "layers losses network optimizers training gradcheck storage checks deep_layers schedules".split()
    paths = [ROOT / "bplib" / f"{name}.py" for name in core]
    paths += sorted((ROOT / "bplib" / "playgrounds").glob("*.py"))
    for path in paths:
        names = {alias.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)
                 for alias in node.names}  # fmt: skip
        assert not names & {"said", "language"}, path


def test_a_number_of_another_kind_is_left_alone():
    assert said(str(np.float64(0.25))) == "0.25"
