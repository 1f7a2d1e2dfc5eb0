"""Hand our marks to nbgrader: points into its gradebook, pages of feedback to where it releases them from.

    python tools/nbgrader_marks.py MARKS ASSIGNMENT      in nbgrader's course folder, with nbgrader's Python

MARKS is the folder that `python -m bplib.exercises.grade submitted --marks MARKS` has written. Each exercise
becomes a graded cell of the assignment in gradebook.db, where `nbgrader export` finds it; `nbgrader
release_feedback ASSIGNMENT` then gives everybody their page. guide/nbgrader.md has the whole round.
"""

import argparse
import csv
import shutil
import sys
from pathlib import Path


def read(path):
    """(exercise → points possible, learner → exercise → points, learner → name of their page)."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            header, possible, *rows = csv.reader(file)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: expected points.csv as --marks writes it ({error})") from None
    last = next((n for n, name in enumerate(header) if name.startswith("lesson ")), None)
    if last is None or "feedback" not in header or possible[:1] != ["points possible"]:
        raise ValueError(
            f"{path}: expected points.csv as --marks writes it, got the columns {', '.join(header)}"
        )
    names = header[2:last]
    worth = dict(zip(names, map(float, possible[2:last]), strict=True))
    rows.reverse()  # of two rows of one name the first counts, which is the roster's
    points = {
        row[0]: {n: float(cell) for n, cell in zip(names, row[2:last], strict=True) if cell} for row in rows
    }
    return worth, points, {row[0]: row[header.index("feedback")] for row in rows}


def notebook_of(folder):
    """The name of the one notebook that a folder of an assignment holds."""
    found = sorted(path.stem for path in folder.glob("*.ipynb"))
    if len(found) != 1:
        raise ValueError(f"{folder}: expected one notebook, got {', '.join(found) or 'none'}")
    return found[0]


def store(gradebook, assignment, notebook, worth, points):
    """Write the points of the learners who handed in into an open `nbgrader.api.Gradebook`."""
    gradebook.update_or_create_assignment(assignment)
    gradebook.update_or_create_notebook(notebook, assignment)
    for name, most in worth.items():
        gradebook.update_or_create_grade_cell(name, notebook, assignment, max_score=most, cell_type="code")
    for learner, scores in points.items():
        if not scores:
            continue
        gradebook.update_or_create_student(learner)
        gradebook.update_or_create_submission(assignment, learner)
        for name, score in scores.items():
            grade = gradebook.find_grade(name, notebook, assignment, learner)
            grade.auto_score, grade.needs_manual_grade = score, False
    gradebook.db.commit()


def place_feedback(marks, assignment, notebook, pages, home=Path()):
    """Copy the `pages` (learner → name) to feedback/LEARNER/ASSIGNMENT/NOTEBOOK.html; returns how many."""
    count = 0
    for learner, name in pages.items():
        page = marks / "feedback" / name
        if page.exists():
            target = home / "feedback" / learner / assignment / f"{notebook}.html"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(page, target)
            # by these nbgrader knows to which submission the feedback belongs
            for stamp in ("timestamp.txt", "submission_secret.txt"):
                if (home / "submitted" / learner / assignment / stamp).exists():
                    shutil.copy(home / "submitted" / learner / assignment / stamp, target.parent)
            count += 1
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], allow_abbrev=False)
    parser.add_argument("marks", type=Path, help="the folder that --marks has written")
    parser.add_argument("assignment", help="its name in nbgrader")
    options = parser.parse_args()
    try:
        from nbgrader.api import Gradebook
    except ModuleNotFoundError:
        parser.error("nbgrader is not installed for this Python: run it with nbgrader's own")
    try:
        worth, points, pages = read(options.marks / "points.csv")
        notebook = notebook_of(Path("source", options.assignment))
    except ValueError as error:
        parser.error(str(error))
    with Gradebook("sqlite:///gradebook.db") as gradebook:
        store(gradebook, options.assignment, notebook, worth, points)
    handed_in = [learner for learner, scores in points.items() if scores]
    pages = {learner: pages[learner] for learner in handed_in}
    count = place_feedback(options.marks, options.assignment, notebook, pages)
    print(f"{len(handed_in)} learners in gradebook.db, {count} pages in feedback/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
