"""Predictions: asked, kept, set beside the result; and nothing of them where nothing was predicted."""

import json
import re
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest
from IPython.core.inputtransformer2 import TransformerManager

import bplib.exercises as ex
from bplib import language
from bplib.exercises import predicting, progress_file
from bplib.exercises.questions import ALL, BY_NAME, SIGNS

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
LESSONS = sorted({q.lesson for q in ALL})


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    """A progress file of the test's own, and a session in which nothing was predicted yet."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", str(path))
    predicting._session.clear()
    progress_file._said.clear()
    yield path
    predicting._session.clear()


def code_cells(lesson):
    (path,) = FOLDER.glob(f"{lesson:02d}_*.ipynb")
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


# ---------------------------------------------------------------- the lessons


def test_three_to_six_a_lesson():
    assert list(range(1, 16)) == LESSONS
    counts = {lesson: sum(q.lesson == lesson for q in ALL) for lesson in LESSONS}
    assert all(3 <= n <= 6 for n in counts.values()), counts
    assert len(BY_NAME) == len(ALL), "a name is used twice"


def test_options_go_by_letters_or_signs_and_numbers_by_difference_or_factor():
    assert {q.by for q in ALL} == {"difference", "factor"}
    assert {q.by for q in ALL if q.options} == {"difference"}
    for q in ALL:
        letters = "".join(q.options or {})
        assert letters in ("", "-0+", "abcdefgh"[: len(letters)]), q.name
    assert list(SIGNS.values()) == ["negative", "zero", "positive"]


@pytest.mark.parametrize("spoken", language.languages())
def test_each_question_is_asked_in_the_language(spoken):
    """Text and options, as far as they are words: nothing of the English is left."""
    for q in ALL:
        for text in (q.text, *(q.options or {}).values()):
            shown = language.said(text, spoken)
            assert re.findall(r"(?:[A-Za-z]{2,}[ ,]+){2,}[A-Za-z]{2,}", shown) == [], text
            assert shown != text or not re.search("[A-Za-z]{3}", text), text


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_is_asked_before_it_is_answered(lesson):
    """A cell that asks, later one that answers, in the order of the table, and the picture at the end."""
    cells = code_cells(lesson)
    names = {q.name for q in ALL if q.lesson == lesson}
    asked = {m[1]: n for n, cell in enumerate(cells) if (m := re.fullmatch(r'ex\.predict\("(\w+)"\)', cell))}
    answered = {name: n for n, cell in enumerate(cells) for name in re.findall(r'ex\.outcome\("(\w+)"', cell)}
    assert set(asked) == names
    assert set(answered) == names
    assert all(asked[name] < answered[name] for name in names)
    assert cells[-1].startswith(f"ex.predictions({lesson})")


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_stored_lesson_shows_each_question_as_it_is_asked(lesson):
    (path,) = FOLDER.glob(f"{lesson:02d}_*.ipynb")
    shown = 0
    for cell in nbformat.read(path, as_version=4).cells:
        if asked := re.fullmatch(r'ex\.predict\("(\w+)"\)', cell.source):
            assert cell.outputs[0].data["text/plain"] == repr(ex.predict(asked[1]))
            shown += 1
    assert shown == sum(q.lesson == lesson for q in ALL)


def test_a_lesson_answers_each_prediction_by_a_line(capsys):
    """Lesson 01 as it stands, with every question answered beforehand."""
    answers = {"wrong_slope": "b", "log_square_slope": "2/3", "steepest_direction": 50,
               "loss_after_long_step": 8, "error_over_h": "it falls all the way"}  # fmt: skip
    for name, answer in answers.items():
        ex.predict(name, answer)
    namespace = {"get_ipython": lambda: None, "display": lambda *_: None}
    for cell in code_cells(1)[1:]:
        exec(TransformerManager().transform_cell(cell), namespace)
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("You predicted")]
    assert said == [
        "You predicted b) dy; it is a) dx.",
        "You predicted 0.6667; it is −0.6667: 1.3 too high.",
        "You predicted 50; it is −130: 180 too high.",
        "You predicted 8; it is 74: too low by a factor of 9.2.",
        "You predicted a) it falls all the way; it is b) it falls, and then it rises.",
    ]


# ---------------------------------------------------------------- nothing without a prediction


def test_without_a_prediction_nothing_is_said_or_kept(file, capsys):
    assert repr(ex.predict("xor_one_unit")) == "Predict: How many of the four rows does one neuron get right?"
    ex.outcome("xor_one_unit", 0)
    ex.predictions(8)
    assert capsys.readouterr().out == ""
    assert not file.exists()


def test_what_is_stored_of_the_widget_does_not_depend_on_the_answer():
    before = repr(ex.predict("wrong_slope"))
    ex.predict("wrong_slope", "b")
    assert repr(ex.predict("wrong_slope")) == before
    assert before.splitlines()[1:] == ["a) dx", "b) dy", "c) dz"]


def test_a_result_of_the_wrong_kind_is_refused_even_where_nothing_was_predicted():
    with pytest.raises(ValueError, match=r"wrong_slope: expected one of a \(dx\).*got 'd'"):
        ex.outcome("wrong_slope", "d")
    with pytest.raises(ValueError, match=r"xor_one_unit: expected a number.*got nan"):
        ex.outcome("xor_one_unit", np.nan)


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("given", "kept"),
    [(3, 3), ("0.25", 0.25), ("1/4", 0.25), (" 3e6 ", 3e6), ("−2", -2), ("0,5", 0.5), (np.float32(2), 2)],
)
def test_numbers(given, kept):
    assert predicting.read(BY_NAME["xor_one_unit"], given) == kept


@pytest.mark.parametrize("given", ["three", "", "1/0", None, "inf", float("nan"), [1, 2], 10**400])
def test_what_is_no_number_is_refused(given):
    with pytest.raises(ValueError, match=r"xor_one_unit: expected a number, such as 0.25, 1/4 or 3e6, got"):
        ex.predict("xor_one_unit", given)


@pytest.mark.parametrize(("given", "kept"), [("A", "a"), ("b)", "b"), ("dz", "c"), (" DX ", "a")])
def test_letters(given, kept):
    assert predicting.read(BY_NAME["wrong_slope"], given) == kept


@pytest.mark.parametrize(
    ("given", "kept"), [(-0.3, "-"), (0, "0"), (7, "+"), ("−", "-"), ("positive", "+"), ("zero", "0")]
)
def test_signs(given, kept):
    assert BY_NAME["sign_of_output_bias"].options is SIGNS
    assert predicting.read(BY_NAME["sign_of_output_bias"], given) == kept


def test_a_misspelt_name_is_told():
    with pytest.raises(ValueError, match=r"got 'xor_one_unti'. Did you mean 'xor_one_unit'"):
        ex.predict("xor_one_unti")
    with pytest.raises(ValueError, match=r"^predict: expected the name of a prediction, got 7\.$"):
        ex.predict(7)
    with pytest.raises(ValueError, match=r"^predictions: expected a lesson from 1 to 15, got 99$"):
        ex.predictions(99)
    with pytest.raises(ValueError, match=r"^xor_one_unit: expected one answer, got 2$"):
        ex.predict("xor_one_unit", 1, 2)


def test_an_answer_in_plain_python_is_kept_and_said():
    asked = "How many of the four rows does one neuron get right?"
    assert repr(ex.predict("xor_one_unit", "3")) == f"You predict 3. {asked}"
    assert repr(ex.predict("wrong_slope", "DZ")).startswith("You predict c) dz. Which of the program's")
    assert repr(ex.predict("sign_of_output_bias", -1)).startswith("You predict negative. ")
    assert progress_file.predictions()["sign_of_output_bias"] == {"predicted": "-", "result": None}
    said = r"^wrong_slope: expected one of a \(dx\), b \(dy\), c \(dz\), got 'd'$"
    with pytest.raises(ValueError, match=said):
        ex.predict("wrong_slope", "d")


@pytest.mark.parametrize(
    ("name", "predicted", "result", "line"),
    [
        ("xor_one_unit", 3, 0, "You predicted 3; it is 0: 3 too high."),
        ("xor_one_unit", 0, 0, "You predicted 0; it is 0: exactly, or as good as."),
        ("loss_untrained", 2.3, 2.395, "You predicted 2.3; it is 2.395: 0.095 too low."),
        ("epochs_until_solved", 69, 690, "You predicted 69; it is 690: too low by a factor of 10."),
        ("through_twenty_sigmoids", 0, 1e-13, "You predicted 0; it is 1e−13: 1e−13 too low."),
        ("xor_one_unit", 1.004, 1, "You predicted 1.004; it is 1: exactly, or as good as."),
        ("xor_one_unit", 1.006, 1, "You predicted 1.006; it is 1: 0.006 too high."),
        ("xor_one_unit", -3, 4, "You predicted −3; it is 4: 7 too low."),
        ("xor_one_unit", 0, 1234.5, "You predicted 0; it is 1234: 1200 too low."),
        ("epochs_until_solved", 6900, 690, "You predicted 6900; it is 690: too high by a factor of 10."),
        ("epochs_until_solved", -1, 690, "You predicted −1; it is 690: 690 too low."),
        ("through_twenty_sigmoids", 1, 0, "You predicted 1; it is 0: 1 too high."),
        ("wrong_slope", "a", "a", "You predicted a) dx; it is a) dx."),
        ("sign_of_output_bias", "+", 0.5, "You predicted positive; it is positive."),
    ],
)
def test_the_line(name, predicted, result, line, capsys):
    ex.predict(name, predicted)
    ex.outcome(name, result)
    assert capsys.readouterr().out == line + "\n"


# ---------------------------------------------------------------- the record


def test_predictions_and_exercises_share_a_file(file):
    ex.predict("xor_one_unit", 3)
    ex.bias_gradient.check(lambda dZ: dZ.sum(axis=0))
    ex.outcome("xor_one_unit", 0)
    record = json.loads(file.read_text())
    assert record["predictions"] == {"xor_one_unit": {"predicted": 3.0, "result": 0.0}}
    assert record["exercises"]["bias_gradient"]["solved"]


def test_a_file_without_predictions_is_read(file):
    """As earlier editions wrote it."""
    file.write_text('{"version": 1, "exercises": {"bias_gradient": {"solved": null, "tries": 2}}}')
    assert progress_file.predictions() == {}
    ex.predict("xor_one_unit", 1)
    assert progress_file.load() == {"bias_gradient": {"solved": None, "tries": 2}}


@pytest.mark.parametrize(
    "damage", ['{"xor_one_unit": 3}', "7", '{"xor_one_unit": {"predicted": [], "result": 1}}']
)
def test_a_damaged_record_is_set_aside(file, damage, capsys):
    file.write_text('{"exercises": {}, "predictions": ' + damage + "}")
    ex.outcome("xor_one_unit", 0)
    assert "was damaged: it is kept as" in capsys.readouterr().out
    assert not file.exists()


def test_an_answer_that_is_no_option_any_more_counts_as_none(file, capsys):
    file.write_text('{"exercises": {}, "predictions": {"wrong_slope": {"predicted": "z", "result": "a"}}}')
    ex.outcome("wrong_slope", "a")
    ex.predictions(1)
    assert capsys.readouterr().out == ""


def test_without_a_file_the_session_remembers(monkeypatch, capsys):
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", "")
    ex.predict("xor_one_unit", 3)
    ex.outcome("xor_one_unit", 0)
    ex.predictions(8)
    assert capsys.readouterr().out.count("You predicted 3; it is 0") == 2


# ---------------------------------------------------------------- widget and picture


def test_the_widget_keeps_what_is_chosen(capsys):
    widget = ex.predict("wrong_slope")
    assert widget.control.description == "Your prediction"
    assert [label for label, _ in widget.control.options] == ["a) dx", "b) dy", "c) dz"]
    assert widget.control.value is None
    widget.control.value = "c"
    kept = "<span role='status'>Kept: c) dz. Now run the next cells.</span>"
    assert widget.said.value == kept
    again = ex.predict("wrong_slope")
    assert (again.control.value, again.said.value) == ("c", kept), "a lesson opened again shows the answer"
    again.control.value = None
    assert progress_file.predictions()["wrong_slope"]["predicted"] == "c"
    assert again.said.value == kept


@pytest.mark.parametrize("name", ["wrong_slope", "xor_one_unit"])
def test_the_widget_shows_the_question_whole_and_to_screen_readers_too(name):
    widget, asked = ex.predict(name), BY_NAME[name].text
    assert [child.value for child in (widget.children[0], widget.children[2])] == [asked, ""]
    assert widget.children[1] is widget.control
    assert (widget.control.tooltip, widget.control.description) == (asked, "Your prediction")
    assert widget.control.style.description_width == "initial", "the label is not cut off"
    for part in (widget, widget.control):
        assert part.layout.max_width == "100%", "nor is the rest on a narrow screen"
    assert widget._repr_mimebundle_()["text/plain"] == repr(widget)
    assert repr(widget).startswith(f"Predict: {asked}")
    assert repr(ex.predict("sign_of_output_bias")).count("\n") == 0


def test_the_widget_says_what_it_cannot_read(file):
    widget = ex.predict("xor_one_unit")
    widget.control.value = "all"
    said = "<span role='status'>{}</span>"
    assert widget.said.value == said.format("A number is expected, such as 0.25, 1/4 or 3e6.")
    assert not file.exists()
    widget.control.value = "1/4"
    assert widget.said.value == said.format("Kept: 0.25. Now run the next cells.")
    assert not widget.control.continuous_update, "what is half typed is no answer"
    assert widget.control.placeholder == "a number"
    widget.control.value = ""
    assert ex.predict("xor_one_unit").control.value == "0.25", "what was kept stays, emptied or not"


def test_the_picture_in_words(capsys):
    ex.predict("xor_one_unit", 3)
    ex.predict("tables_of_one_unit", 15)
    ex.outcome("xor_one_unit", 0)
    ex.predictions(8)
    said = capsys.readouterr().out
    assert (
        "How many of the four rows does one neuron get right? You predicted 3; it is 0: 3 too high." in said
    )
    assert "truth tables" not in said, "what has no result yet is left out"


@pytest.mark.parametrize("name", [q.name for q in ALL])
def test_every_question_has_a_place_in_the_picture(name):
    q = BY_NAME[name]
    for predicted, result in (
        [(*list(q.options)[:1], list(q.options)[-1])] if q.options else [(0, 5), (1e-9, 7), (2, 2)]
    ):
        assert all(0 <= place <= 1 for place in predicting._places(q, predicted, result))


@pytest.mark.parametrize(
    ("name", "result", "further_and_further"),
    [
        ("xor_one_unit", 10, [10, 11, 13, 20, 100]),
        ("xor_one_unit", 10, [10, 9, 7, 2, 0.5]),
        ("epochs_until_solved", 690, [690, 700, 6900, 69_000, 600_000]),
        ("epochs_until_solved", 690, [690, 600, 69, 6.9, 0.8]),
    ],
)
def test_the_further_off_the_further_from_the_middle(name, result, further_and_further):
    places = [predicting._places(BY_NAME[name], predicted, result) for predicted in further_and_further]
    assert {at for _, at in places} == {0.5}, "the result"
    side = 1 if further_and_further[-1] > result else -1
    off = [side * (at - 0.5) for at, _ in places]
    assert off[0] == 0
    assert all(a < b for a, b in pairwise(off))
    assert 0.35 < off[-1] <= 0.4


@pytest.mark.parametrize(
    ("name", "result", "predicted", "place"),
    [
        ("xor_one_unit", 10, -1, 0.1),
        ("xor_one_unit", 10, -1e9, 0.1),
        ("xor_one_unit", 0, 3, 0.9),
        ("epochs_until_solved", 690, 690e3, 0.9),
        ("epochs_until_solved", 690, 690e9, 0.9),
        ("epochs_until_solved", 690, 690e-9, 0.1),
        ("epochs_until_solved", 690, -690, 0.1),
    ],
)
def test_what_is_far_off_stays_at_the_end_of_the_track(name, result, predicted, place):
    assert predicting._places(BY_NAME[name], predicted, result) == (pytest.approx(place), 0.5)


def test_options_lie_in_their_order_from_end_to_end():
    asked = BY_NAME["wrong_slope"]
    places = [predicting._places(asked, letter, letter) for letter in asked.options]
    assert places == [pytest.approx((at, at)) for at in (0.1, 0.5, 0.9)]


def test_the_picture_shows_predictions_and_results(monkeypatch):
    from bplib import plots

    answers = {"xor_one_unit": (3, 0), "tables_of_one_unit": (14, 14)}
    for name, (predicted, result) in answers.items():
        ex.predict(name, predicted)
        ex.outcome(name, result)
    shown = []
    monkeypatch.setattr(plots, "show", lambda fig, alt: shown.append((fig, alt)))
    ex.predictions(8)
    ((fig, alt),) = shown
    questions = [q for q in ALL if q.name in answers]
    lines = [f"{q.text} {predicting.compare(q, *map(float, answers[q.name]))}" for q in questions]
    assert alt == f"Predictions and results. {' '.join(lines)}"
    (ax,) = fig.axes
    fig.canvas.draw()
    tracks = [line.get_xydata().tolist() for line in ax.lines if line.get_marker() == "None"]
    assert tracks == [[[0, y], [1, y]] for y in range(len(questions))]
    rings, diamonds = ([line for line in ax.lines if line.get_marker() == mark] for mark in "oD")
    for y, q in enumerate(questions):
        at = predicting._places(q, *answers[q.name])
        for x, (mark,) in zip(at, ([r for r in marks if r.get_ydata()[0] == y] for marks in (rings, diamonds)),
                              strict=True):  # fmt: skip
            assert mark.get_xdata()[0] == x
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["predicted", "came out"]
    assert rings[0].get_markerfacecolor() == "none", "an open ring: the diamond shows inside it"
    assert rings[0].get_markersize() > diamonds[0].get_markersize()
    assert not ax.axison
    texts = [text.get_text().replace("\n", " ") for text in ax.texts]
    assert sorted(texts) == sorted([*(q.text for q in questions), "3", "0", "14"])
    assert not ax.get_legend().get_frame_on(), "a frame would look like a track"
    renderer = fig.canvas.get_renderer()
    width, height = fig.canvas.get_width_height()
    left, low, right, high = np.array([text.get_window_extent(renderer).extents for text in ax.texts]).T
    assert min(*left, *low) >= 0
    (start, _), (end, _) = ax.transData.transform([(0, 0), (1, 0)])
    questions_end = max(edge for edge, text in zip(right, ax.texts, strict=True) if text.get_ha() == "right")
    assert start - 0.05 * width < questions_end < start, "beside the track"
    assert 0.34 * width < end - start < 0.5 * width, "as much room as the questions"
    assert max(right) <= width
    assert max(high) <= height
    beside = (left[:, None] >= right) | (low[:, None] >= high)
    assert (beside | beside.T | np.eye(len(left), dtype=bool)).all(), "no text lies on another"


def test_long_options_lie_beside_each_other_in_the_picture(monkeypatch):
    from bplib import plots

    shown = []
    monkeypatch.setattr(plots, "show", lambda fig, alt: shown.append(fig))
    for first, second in ("ab", "bc", "cb"):
        ex.predict("error_over_h", first)
        ex.outcome("error_over_h", second)
        ex.predictions(1)
        fig = shown.pop()
        fig.canvas.draw()
        _, one, other = (text.get_window_extent(fig.canvas.get_renderer()) for text in fig.axes[0].texts)
        # older versions of matplotlib reckon a text one or two pixels wider
        assert not one.padded(-2).overlaps(other)
