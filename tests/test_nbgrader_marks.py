"""Our marks in nbgrader's gradebook and its feedback, with a gradebook that notes what it is told."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_marks import FIVE, report

import nbgrader_marks
from bplib.exercises.diagnose import CORRECT
from bplib.exercises.grading import marks

TOOL = Path(nbgrader_marks.__file__)


class Gradebook:
    """As far as the tool uses nbgrader's."""

    def __init__(self):
        self.cells, self.students, self.grades = {}, [], {}
        self.db = SimpleNamespace(commit=lambda: None)

    def update_or_create_assignment(self, name):
        self.assignment = name

    def update_or_create_notebook(self, name, assignment):
        self.notebook = name

    def update_or_create_grade_cell(self, name, notebook, assignment, max_score, cell_type):
        self.cells[name] = max_score

    def update_or_create_student(self, name):
        self.students.append(name)

    def update_or_create_submission(self, assignment, student):
        for cell in self.cells:
            self.grades[student, cell] = SimpleNamespace(auto_score=None, needs_manual_grade=True)

    def find_grade(self, cell, notebook, assignment, student):
        return self.grades[student, cell]


@pytest.fixture
def home(tmp_path):
    reports = [
        report("Anna/lesson05/05.ipynb"),
        report("anna/lesson05/05.ipynb", affine_backward=CORRECT),
        report("bo/lesson06/06.ipynb", lesson=6),
    ]
    folder = tmp_path / "marks"
    folder.mkdir()
    marks.write(folder, marks.Class(reports, lessons=[5]), marks.read_points(None))
    for name in ("timestamp.txt", "submission_secret.txt"):
        (tmp_path / "submitted" / "anna" / "lesson05").mkdir(parents=True, exist_ok=True)
        (tmp_path / "submitted" / "anna" / "lesson05" / name).write_text(name)
    return tmp_path


def test_points_become_graded_cells(home):
    worth, points, _ = nbgrader_marks.read(home / "marks" / "points.csv")
    assert list(worth) == FIVE
    book = Gradebook()
    nbgrader_marks.store(book, "lesson05", "05", worth, points)
    assert sorted(book.students) == ["Anna", "anna"]  # bo has handed in nothing of this lesson
    assert book.cells["affine_backward"] == 1
    scores = {cell: grade.auto_score for (who, cell), grade in book.grades.items() if who == "anna"}
    assert scores == dict.fromkeys(FIVE, 0) | {"affine_backward": 1}
    assert not any(grade.needs_manual_grade for grade in book.grades.values())


def test_feedback_lies_where_nbgrader_releases_it_from(home):
    """Each gets their own page, also where names of files do not tell Anna from anna."""
    pages = nbgrader_marks.read(home / "marks" / "points.csv")[2]
    pages = {"anna": pages["anna"], "nobody": "nobody.html"}
    assert nbgrader_marks.place_feedback(home / "marks", "lesson05", "05", pages, home) == 1
    there = home / "feedback" / "anna" / "lesson05"
    assert {path.name for path in there.iterdir()} == {"05.html", "timestamp.txt", "submission_secret.txt"}
    assert f"1 of {len(FIVE)} points" in (there / "05.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "learner,name\n", "a,b,c\n1,2,3\n"])
def test_another_table_is_refused(tmp_path, text):
    (tmp_path / "points.csv").write_text(text)
    with pytest.raises(ValueError, match=r"points\.csv as --marks writes it"):
        nbgrader_marks.read(tmp_path / "points.csv")


def test_an_assignment_has_one_notebook(tmp_path):
    with pytest.raises(ValueError, match="expected one notebook, got none"):
        nbgrader_marks.notebook_of(tmp_path)


def test_without_nbgrader_it_says_what_to_do(home):
    command = [sys.executable, "-c", f"import sys; sys.modules['nbgrader'] = None; sys.argv[0] = {str(TOOL)!r}; "
               f"import runpy; runpy.run_path({str(TOOL)!r}, run_name='__main__')", "marks", "lesson05"]  # fmt: skip
    done = subprocess.run(command, cwd=home, capture_output=True, text=True)
    assert done.returncode == 2
    assert "nbgrader is not installed for this Python" in done.stderr
