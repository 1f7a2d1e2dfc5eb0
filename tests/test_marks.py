"""Marks for a platform: whose notebook it is, points, gradebooks, feedback, the picture, and going on after a stop."""

import argparse
import csv
import functools
import html
import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from html.parser import HTMLParser
from pathlib import Path

import pytest
from test_grade import BIAS, IMPORTS, RIGHT, SLIP, notebook

import bplib.exercises as ex
from bplib.exercises.diagnose import CORRECT, NOT_ATTEMPTED, NOT_YET, Result
from bplib.exercises.grading import class_picture, command, feedback, journal, judging, marks
from bplib.exercises.grading.command import Report
from bplib.exercises.grading.roster import Found, Roster, found_in
from bplib.language import said

CANVAS = """Student,ID,SIS Login ID,Section,Lesson 05 (777)
    Points Possible,,,,4
"Berg, Anna",101,anna,A,
"Öz, Bo",102,bo,A,
"Li, Cy",103,cy,A,
"""
FIVE = [e.name for e in ex.exercises(5)]
MOODLE = "First name;Last name;ID number;Email address\nAnna;Berg;101;anna@x.org\nBo;Öz;102;bo@x.org\n"


def roster(tmp_path, text=CANVAS):
    (tmp_path / "roster.csv").write_text(text, encoding="utf-8-sig")
    return Roster.read(tmp_path / "roster.csv")


def report(name, lesson=5, **verdicts):
    """A report of a lesson in which nothing but `verdicts` (exercise → status, or slip) was attempted."""
    results = {}
    for e in ex.exercises(lesson):
        verdict = verdicts.get(e.name, NOT_ATTEMPTED)
        slip = "" if verdict in (CORRECT, NOT_ATTEMPTED, NOT_YET) else verdict
        status = NOT_YET if slip else verdict
        results[e.name] = Result(e.name, status, f"about {e.name}" if status != NOT_ATTEMPTED else "", slip)
    return Report(name, results)


def rows_of(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


# ---------------------------------------------------------------- whose notebook


@pytest.mark.parametrize(
    ("path", "learner", "number"),
    [
        ("anna/05_matrix_gradients.ipynb", "anna", ""),
        ("anna/lesson05/05_matrix_gradients.ipynb", "anna", ""),
        ("05_matrix_gradients/anna/x.ipynb", "anna", ""),
        ("05/anna.ipynb", "anna", ""),
        ("Anna Berg_123_assignsubmission_file/05.ipynb", "Anna Berg", ""),
        ("Anna Berg_123_assignsubmission_file_/05.ipynb", "Anna Berg", ""),
        ("berganna_101_98765_05_matrix_gradients.ipynb", "berganna", "101"),
        ("berganna_LATE_101_98765_05_matrix_gradients-2.ipynb", "berganna", "101"),
        ("anna_05_matrix_gradients.ipynb", "anna", ""),
        ("anna-05.ipynb", "anna", ""),
        ("anna_berg_lesson_05 (2).ipynb", "anna_berg", ""),
        ("05_matrix_gradients_anna.ipynb", "anna", ""),
        ("anna.IPYNB", "anna", ""),
        ("05_matrix_gradients.ipynb", "", ""),
        ("05_matrix_gradients (1).ipynb", "", ""),
        ("05_matrix_gradients-Copy1.ipynb", "", ""),
        ("Untitled3.ipynb", "", ""),
    ],
)
def test_a_path_tells_its_learner(path, learner, number):
    assert found_in(path) == Found(learner, number)


def test_a_pattern_of_ones_own_takes_its_place():
    pattern = re.compile(r"group\d/(?P<learner>[a-z]+)")
    assert found_in("group7/anna/05.ipynb", pattern) == Found("anna")
    assert found_in("anna/05.ipynb", pattern) == Found("")


@pytest.mark.parametrize("called", ["anna", "ANNA", "berganna", "Anna Berg", "Berg, Anna", "101"])
def test_the_roster_knows_a_learner_by_any_column(tmp_path, called):
    learner, why = roster(tmp_path).which(Found(called))
    assert (learner.key, learner.name, why) == ("anna", "Berg, Anna", "")


def test_the_platforms_number_goes_before_the_name(tmp_path):
    assert roster(tmp_path).which(Found("anna", "102"))[0].key == "bo"


def test_moodles_export_is_a_roster(tmp_path):
    found = roster(tmp_path, MOODLE)
    assert [x.key for x in found.learners] == ["101", "102"]
    for called in ("Anna Berg", "anna@x.org", "anna", "101"):
        assert found.which(Found(called))[0].key == "101"


def test_unknown_and_ambiguous_names_are_said(tmp_path):
    found = roster(tmp_path, "learner,name\nanna1,Anna Berg\nanna2,Anna Berg\n")
    assert found.which(Found("Anna Berg")) == (None, "Anna Berg may be anna1 or anna2")
    assert found.which(Found("anna3"))[1].startswith("anna3 is not in the roster; anna")
    assert found.which(Found("zoe")) == (None, "zoe is not in the roster")
    assert found.which(Found("")) == (None, "its name tells no learner")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anna\nbo\n", "begins with the names of its columns.*got 'anna'"),
        ("learner,name\n", "no learner below it"),
        ("learner\nanna\nbo\nanna\n", "anna stands in line 2 and in line 4"),
        ("", "begins with the names"),
    ],
)
def test_a_roster_that_is_none_is_refused(tmp_path, text, expected):
    with pytest.raises(ValueError, match=expected):
        roster(tmp_path, text)


def test_a_roster_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "r.csv").write_bytes("learner\nJürgen\n".encode("latin-1"))
    with pytest.raises(ValueError, match="not UTF-8"):
        Roster.read(tmp_path / "r.csv")


# ---------------------------------------------------------------- points and gradebooks


@pytest.fixture
def group(tmp_path):
    reports = [
        report("anna/05.ipynb", affine_backward=CORRECT, bias_gradient="the wrong axis"),
        report("anna/05 (2).ipynb", affine_backward="dW transposed", square_dW=CORRECT),
        report("bo/05.ipynb", affine_backward="dW transposed + db as a mean", bias_gradient=NOT_YET),
        report("=evil/05.ipynb", affine_backward=CORRECT),
        report("bo/06.ipynb", lesson=6, softmax=CORRECT),
    ]
    return marks.Class(reports, roster(tmp_path))


def test_duplicates_unknown_names_and_missing_notebooks_are_said(group):
    assert group.said == [
        "=evil/05.ipynb: =evil is not in the roster",
        "anna: 2 notebooks of lesson 05 (anna/05.ipynb, anna/05 (2).ipynb); the better answer to each exercise counts",
        "anna: no notebook of lesson 06",
        "cy: no notebook of lesson 05, 06",
    ]


def test_points_are_those_of_the_better_answers(group):
    worth = marks.read_points(None) | {"affine_backward": 2.5}
    header, possible, *learners = marks.points_table(group, worth)
    table = {row[0]: dict(zip(header, row, strict=True)) for row in learners}
    assert dict(zip(header, possible, strict=True))["lesson 05"] == str(len(FIVE) + 1.5)
    assert table["anna"]["affine_backward"] == "2.5"
    assert table["anna"]["square_dW"] == "1"
    assert table["anna"]["bias_gradient"] == "0"
    assert (table["anna"]["lesson 05"], table["anna"]["lesson 06"], table["anna"]["total"]) == (
        "3.5",
        "",
        "3.5",
    )
    assert (table["bo"]["lesson 05"], table["bo"]["lesson 06"]) == ("0", "1")
    assert (table["cy"]["affine_backward"], table["cy"]["total"], table["cy"]["in the roster"]) == (
        "",
        "0",
        "yes",
    )
    assert table["=evil"]["in the roster"] == "no"


def test_canvas_gets_its_own_columns_back(group):
    """As its importer asks: Student, ID, …, Section, then assignments; points possible below; no unknown learner."""
    rows = list(marks.canvas_table(group, marks.read_points(None)))
    assert rows[0] == ["Student", "ID", "SIS Login ID", "Section", "Lesson 05 (777)", "Lesson 06"]
    assert rows[1] == ["    Points Possible", "", "", "", str(len(FIVE)), str(len(ex.exercises(6)))]
    assert rows[2:] == [
        ["Berg, Anna", "101", "anna", "A", "2", ""],
        ["Öz, Bo", "102", "bo", "A", "0", "1"],
        ["Li, Cy", "103", "cy", "A", "", ""],
    ]


def test_moodle_gets_what_identifies_its_users(tmp_path):
    group = marks.Class([report("Anna Berg_7_assignsubmission_file/05.ipynb", affine_backward=CORRECT,
                                bias_gradient="the wrong axis")], roster(tmp_path, MOODLE))  # fmt: skip
    rows = list(marks.moodle_table(group, marks.read_points(None)))
    assert rows[0] == [
        "First name",
        "Last name",
        "ID number",
        "Email address",
        "Lesson 05",
        "Lesson 05 (feedback)",
    ]
    assert rows[1][:5] == ["Anna", "Berg", "101", "anna@x.org", "1"]
    rest = ", ".join(name for name in FIVE if name not in ("affine_backward", "bias_gradient"))
    said = "correct: affine_backward; not yet: bias_gradient (the wrong axis); not attempted: "
    assert rows[1][5] == said + rest
    assert rows[2] == ["Bo", "Öz", "102", "bo@x.org", "", ""]


def test_slips_are_counted_each_and_answered(group):
    rows = {(row[1], row[2]): row[3:] for row in marks.slips_table(group)}
    (transposed,) = (m for m in ex.affine_backward.mutants if m.name == "dW transposed")
    # anna's slip is made good by her other notebook
    assert rows["affine_backward", "dW transposed"] == [1, 3, transposed.teaches]
    assert rows["affine_backward", "db as a mean"][0] == 1
    assert rows["bias_gradient", "(none of the known)"] == [1, 3, ""]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "exercise,points\nnobody,2\n",
            "line 2: expected columns exercise and points, got exercise 'nobody'",
        ),
        ("exercise,points\nsoftmax,two\n", "points of softmax are a number from 0 up, got 'two'"),
        ("exercise,points\nsoftmax,-1\n", "from 0 up"),
        ("exercise,points\nsoftmax,1.e999\n", "from 0 up"),
    ],
)
def test_points_that_are_none_are_refused(tmp_path, text, expected):
    (tmp_path / "points.csv").write_text(text)
    with pytest.raises(ValueError, match=expected):
        marks.read_points(tmp_path / "points.csv")


def test_points_are_read(tmp_path):
    (tmp_path / "points.csv").write_text("exercise,points\nsoftmax,2.5\ncollapse,0\n")
    worth = marks.read_points(tmp_path / "points.csv")
    assert (worth["softmax"], worth["collapse"], worth["fork_slope"]) == (2.5, 0, 1)


def test_without_a_roster_the_names_of_files_are_the_learners():
    group = marks.Class([report("anna/05.ipynb"), report("05_matrix_gradients.ipynb")])
    assert [one.learner.key for one in group.marked] == ["05_matrix_gradients.ipynb", "anna"]
    assert group.said == ["05_matrix_gradients.ipynb: its name tells no learner"]


# ---------------------------------------------------------------- feedback and the picture


class Tags(HTMLParser):
    """The tags of a page in the order in which they open, and that each is closed."""

    def __init__(self, text):
        super().__init__()
        self.seen, self.open = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_page_of_feedback_says_what_helps_and_runs_nothing(group):
    anna = next(one for one in group.marked if one.learner.key == "anna")
    anna.results["collapse"] = Result("collapse", NOT_YET, "<script>alert(1)</script> & so on")
    anna.remarks.append("x.ipynb: <img src=x>")
    page = feedback.page(anna, group.lessons, marks.read_points(None))
    assert {"script", "img"}.isdisjoint(Tags(page).seen)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; so on" in page
    assert f"Lesson 05: 2 of {len(FIVE)} points" in page
    assert "Lesson 06: no notebook" in page
    assert "✘ bias_gradient: not yet (the wrong axis), 0 of 1" in page
    assert "about bias_gradient" in page
    assert not re.search(r"(src|href)=.https?:", page)


def test_each_learner_is_answered_in_the_language_of_their_notebook(tmp_path):
    """One class with a Chinese and an English notebook, by the command; the teacher's tables are English."""
    speak = 'import os\nos.environ["BPLIB_LANGUAGE"] = "zh_CN"'
    for name, cells in (("anna", [IMPORTS]), ("bo", [speak, IMPORTS])):
        notebook(tmp_path / "class" / name / "05.ipynb", *cells, RIGHT, SLIP)
    path = tmp_path / "class" / "bo" / "05.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["metadata"] = {"bplib": {"language": "zh_CN"}}
    path.write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "roster.csv").write_text("username\nanna\nbo\n", encoding="utf-8")
    command_line = [sys.executable, "-m", "bplib.exercises.grade", str(tmp_path / "class"), "--marks"]
    command_line += [str(tmp_path / "marks"), "--roster", str(tmp_path / "roster.csv")]
    bias = ex.registry()["bias_gradient"]
    teaches = next(m.teaches for m in bias.mutants if "axis" in m.name)
    task = bias.task.partition("\n\n")[0]
    for known in ("", "2 of 2 are known"):  # the second time from the journal
        done = subprocess.run(command_line, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert known in done.stderr
        pages = {
            n: (tmp_path / "marks" / "feedback" / f"{n}.html").read_text("utf-8") for n in ("anna", "bo")
        }
        texts = {name: html.unescape(page) for name, page in pages.items()}
        assert '<html lang="en">' in pages["anna"]
        assert '<html lang="zh-CN">' in pages["bo"]
        assert teaches in texts["anna"]
        assert task in texts["anna"]
        for text in (teaches, task):
            assert said(text, "zh_CN") != text
            assert said(text, "zh_CN") in texts["bo"]
            assert text not in texts["bo"]
        rows = {row[0]: row for row in rows_of(tmp_path / "marks" / "moodle.csv")[1:]}
        assert rows["anna"][1] == rows["bo"][1] == "1"
        assert "not attempted: " in rows["anna"][2]
        assert f"{said('not attempted', 'zh_CN')}: " in rows["bo"][2]
        assert teaches in (tmp_path / "marks" / "slips.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    "metadata",
    [{}, [], {"bplib": 1}, {"bplib": {"language": ["zh_CN"]}}, {"bplib": {"language": "../zh_CN"}}],
)
def test_a_notebook_that_names_no_language_of_ours_is_english(metadata):
    assert judging.language_of({"metadata": metadata}) == "en"
    assert judging.language_of([]) == "en"


def test_most_notebooks_decide_the_language_of_a_learner():
    one = marks.Marked(None)
    assert one.language == "en"
    for language, expected in (("zh_CN", "zh_CN"), ("en", "zh_CN"), ("en", "en")):
        one.take(Report("x", language=language))
        assert one.language == expected


def test_files_of_feedback_have_names_of_their_own():
    taken = set()
    names = [feedback.file_name(key, taken) for key in ("a/b", "a_b", "A_B", "..", "con", "é", "x" * 300)]
    assert names[:6] == ["a_b.html", "a_b-2.html", "A_B-3.html", "learner.html", "con_.html", "é.html"]
    assert len(names[6]) < 100


def test_the_picture_is_the_darker_the_more_made_the_slip(group):
    fig = class_picture.draw(group)
    (ax,) = fig.axes
    texts = {t.get_text(): t for t in ax.texts}
    assert "dW transposed  1" in texts
    shade = {round(p.get_x(), 1): p.get_facecolor()[0] for p in ax.patches if p.get_y() == -0.5}
    named = [shade[x] for x in sorted(shade)]
    assert named[3] < named[-1] == 1  # a third made the first slip, none another than the five
    assert class_picture.in_words(group)[0] == "1 of 3 in affine_backward: dW transposed"


def test_the_picture_of_the_whole_course_can_be_drawn():
    lessons = sorted({e.lesson for e in ex.exercises()})
    group = marks.Class([report(f"a/{n:02}.ipynb", lesson=n) for n in lessons])
    fig = class_picture.draw(group)
    assert len(fig.axes[0].get_yticklabels()) == len(ex.exercises())


# ---------------------------------------------------------------- the journal


def heading():
    return {"course": "c", "seconds": 300}


def test_a_journal_goes_on_where_it_was(tmp_path):
    path = tmp_path / "journal.jsonl"
    first = journal.Journal(path, heading(), 7)
    done = report("anna/05.ipynb", affine_backward=CORRECT, bias_gradient="the wrong axis")
    done.remark = "cells with errors: 1"
    first.note("sha", done)
    with open(path, "a") as file:
        file.write('{"notebook": "bo/05.ipynb", "sha')  # torn by an interruption
    again = journal.Journal(path, heading(), 8)
    known = Report("anna/05.ipynb")
    assert again.recall("anna/05.ipynb", "sha", known)
    assert known == done
    assert again.seed == 7
    assert not again.recall("anna/05.ipynb", "another", Report("anna/05.ipynb"))
    assert not again.recall("bo/05.ipynb", "sha", Report("bo/05.ipynb"))
    assert not journal.Journal(path, heading(), 9, fresh=True).known


def test_another_course_begins_a_new_journal(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal.Journal(path, heading(), 7).note("sha", report("anna/05.ipynb"))
    other = journal.Journal(path, heading() | {"course": "d"}, 8)
    assert (other.seed, other.known, other.outdated) == (8, {}, True)


def test_what_a_notebook_writes_into_the_journal_is_undone(tmp_path):
    path = tmp_path / "journal.jsonl"
    book = journal.Journal(path, heading(), 7)
    book.note("sha", report("anna/05.ipynb"))
    assert not book.meddled
    forged = journal.Journal(tmp_path / "other.jsonl", heading(), 7)
    forged.note("sha", report("bo/05.ipynb", affine_backward=CORRECT))
    path.write_text(path.read_text() + (tmp_path / "other.jsonl").read_text().splitlines()[1] + "\n")
    book.note("sha", report("cy/05.ipynb"))
    assert book.meddled
    assert set(journal.Journal(path, heading(), 7).known) == {"anna/05.ipynb", "cy/05.ipynb"}


def test_a_long_message_is_cut(tmp_path):
    book = journal.Journal(tmp_path / "j", heading(), 7)
    long = report("a/05.ipynb")
    long.results["collapse"] = Result("collapse", NOT_YET, "x" * 10**6)
    book.note("sha", long)
    assert (tmp_path / "j").stat().st_size < 10_000


# ---------------------------------------------------------------- the command


def grade(folder, *more):
    return [sys.executable, "-m", "bplib.exercises.grade", str(folder), *map(str, more)]


@pytest.mark.skipif(
    sys.platform == "win32", reason="needs POSIX: there an interruption is sent to a whole console"
)
def test_an_interrupted_command_goes_on_and_writes_all(tmp_path):
    folder, out = tmp_path / "class", tmp_path / "marks"
    slow = "import time\nfor _ in range(600): time.sleep(0.1)"
    notebook(folder / "anna" / "05.ipynb", IMPORTS, RIGHT, SLIP)
    notebook(folder / "bo" / "05.ipynb", IMPORTS, slow)
    roster(tmp_path)
    options = (folder, "--marks", out, "--roster", tmp_path / "roster.csv", "--csv", tmp_path / "all.csv")
    heed = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # ignored below a shell's `&`
    process = subprocess.Popen(
        grade(*options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed
    )
    for line in process.stderr:
        if line.startswith("1 of 2"):
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            break
    try:
        _, complaint = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:  # seen once, beside other work; a teacher presses again, and so do we
        warnings.warn("the first interrupt was not heard", stacklevel=1)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on" in complaint
    assert not (out / "points.csv").exists()
    notebook(folder / "bo" / "05.ipynb", IMPORTS, BIAS)  # what has changed is graded as it is now
    done = subprocess.run(grade(*options), capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert "1 of 2 are known" in done.stderr
    assert "1 of 2: " not in done.stderr
    assert done.stdout.splitlines()[-1] == "cy: no notebook of lesson 05"
    written = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert written == {"points.csv", "canvas.csv", "moodle.csv", "slips.csv", "class.png", "class.svg", "remarks.txt",
                       "journal.jsonl", "feedback/anna.html", "feedback/bo.html", "feedback/cy.html"}  # fmt: skip
    assert rows_of(out / "canvas.csv")[2:] == [
        ["Berg, Anna", "101", "anna", "A", "1"], ["Öz, Bo", "102", "bo", "A", "1"], ["Li, Cy", "103", "cy", "A", ""],
    ]  # fmt: skip
    assert {row[0] for row in rows_of(tmp_path / "all.csv")[1:]} == {"anna/05.ipynb", "bo/05.ipynb"}
    (slip,) = (row for row in rows_of(out / "slips.csv") if row[2] == "the wrong axis")
    assert slip[3:5] == ["1", "2"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--roster", "r.csv"], "need --marks"),
        (["--marks", "m", "--roster", "none.csv"], "roster cannot be read"),
        (["--marks", "m", "--learner", "("], "no regular expression"),
        (["--marks", "m", "--learner", "x"], "needs a group"),
        (["--marks", "m", "--lessons", "99"], "no lesson 99"),
        (["--marks", "m", "--lessons", "five"], "expected numbers of lessons like 4,5, got 'five'"),
        (["--marks", "a.ipynb"], "cannot be written"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path, monkeypatch, capsys, more, expected):
    monkeypatch.chdir(tmp_path)
    Path("a.ipynb").write_text("{}")
    with pytest.raises(SystemExit) as stop:
        command.main([os.curdir, *more])
    assert stop.value.code == 2
    assert expected in capsys.readouterr().err


def test_the_teacher_hears_of_meddling(tmp_path):
    options = argparse.Namespace(
        marks=tmp_path / "m", roster=None, learner=None, points=None, lessons=None, fresh=False
    )
    marking = marks.Marking(options, command.Limits(), command.PACKAGE)
    marking.journal.path.write_text("")
    marking.journal.note("sha", report("anna/05.ipynb"))
    said = marking.finish([report("anna/05.ipynb")])
    assert any("wrote into journal.jsonl" in sentence for sentence in said)
    assert "wrote into journal.jsonl" in (tmp_path / "m" / "remarks.txt").read_text(encoding="utf-8")
