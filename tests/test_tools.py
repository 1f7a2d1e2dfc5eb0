"""The tools of the house: executing notebooks, the learners' folder, the one command that runs every test."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import conftest
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from packaging.specifiers import SpecifierSet

import address
import hygiene
import lab
import notebooks
import run_tests

HOME = Path(__file__).resolve().parent.parent


def write(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebooks.serialise(new_notebook(cells=list(cells))), encoding="utf-8")
    return path


def run_notebooks(*arguments, folder):
    """tools/notebooks.py in a process of its own, on another folder."""
    code = f"import notebooks, pathlib; notebooks.main({list(arguments)!r}, pathlib.Path({str(folder)!r}))"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=HOME / "tools", timeout=120
    )


# ---- tools/notebooks.py


def test_execution_stores_what_reads_without_a_kernel(tmp_path):
    """Outputs and counts are stored, widget views are not, and a second run finds nothing to write."""
    show = "import ipywidgets\nipywidgets.IntSlider(description='η')"
    bar = "print('1 %', end='\\r'); print('100 %')"
    where = "import os\nprint(os.environ['BPLIB_OFFLINE'], os.path.exists('01_a.ipynb'))"
    path = write(tmp_path / "01_a.ipynb", new_markdown_cell("# A"), *map(new_code_cell, (show, bar, where)))
    done = run_notebooks("01", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "01_a.ipynb: stored" in done.stdout
    nb = nbformat.read(path, as_version=4)
    assert hygiene.complaints(nb) == []
    assert [cell.get("execution_count") for cell in nb.cells] == [None, 1, 2, 3]
    assert nb.cells[1].outputs[0].data == {"text/plain": "IntSlider(value=0, description='η')"}
    assert nb.cells[2].outputs[0].text == "100 %\n"
    assert nb.cells[3].outputs[0].text == "1 True\n"
    again = run_notebooks(folder=tmp_path)
    assert "01_a.ipynb: unchanged" in again.stdout


def test_a_failing_notebook_is_left_as_it_was(tmp_path):
    """The cell and the message are shown, the others are stored, and the exit status says so."""
    bad = write(tmp_path / "01_bad.ipynb", new_code_cell("1 + 1"), new_code_cell("y = 1\ny / 0"))
    noisy = write(tmp_path / "02_noisy.ipynb", new_code_cell("import sys\nprint('careful', file=sys.stderr)"))
    good = write(tmp_path / "03_good.ipynb", new_code_cell("1 + 1"))
    before = bad.read_text(encoding="utf-8"), noisy.read_text(encoding="utf-8")
    done = run_notebooks(folder=tmp_path)
    assert done.returncode == 1
    assert "failed: 01_bad, 02_noisy" in done.stderr
    assert "cell 2" in done.stdout
    assert "ZeroDivisionError" in done.stdout
    assert "careful" in done.stdout
    assert (bad.read_text(encoding="utf-8"), noisy.read_text(encoding="utf-8")) == before
    assert '"2"' in good.read_text(encoding="utf-8")


def test_tidying_keeps_identity_tags_and_alternative_text():
    cell = new_code_cell(
        "1", metadata={"tags": ["a"], "scrolled": True, "execution": {"iopub.status.busy": "t"}}
    )
    data = {"image/png": "eA==", "text/plain": "A falling curve"}
    metadata = {"image/png": {"alt": "A falling curve"}, "needs_background": "light"}
    widget = new_output("display_data", data={hygiene.WIDGET_VIEW: {}})
    parts = [new_output("stream", name="stdout", text=text) for text in ("a", "b\n")]
    cell.outputs = [new_output("display_data", data=data, metadata=metadata), widget, *parts]
    nb = new_notebook(
        cells=[cell], metadata={"widgets": {}, "language_info": {"name": "python", "version": "3.11.7"}}
    )
    name = cell.id
    (stored,) = notebooks.tidy(nb).cells
    assert (stored.id, stored.metadata) == (name, {"tags": ["a"]})
    assert [output.output_type for output in stored.outputs] == ["display_data", "stream"]
    assert stored.outputs[0].metadata == {"image/png": {"alt": "A falling curve"}}
    assert stored.outputs[1].text == "ab\n"
    assert nb.metadata.language_info == {"name": "python"}
    assert "widgets" not in nb.metadata


@pytest.mark.parametrize(
    ("stream", "shown"),
    [
        ("a\rb\n", "b\n"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("x\n1\r2\r3", "x\n3"),
        ("end\r", "end"),
        ("plain\n", "plain\n"),
    ],
)
def test_carriage_returns_overwrite(stream, shown):
    assert notebooks.final_lines(stream) == shown


def test_names_of_notebooks(tmp_path):
    paths = [write(tmp_path / f"{name}.ipynb") for name in ("01_a", "10_b")]
    assert notebooks.find([], tmp_path) == paths
    for name in ("10", "10_b", "10_b.ipynb", "notebooks/10_b.ipynb"):
        assert notebooks.find([name], tmp_path) == paths[1:]
    with pytest.raises(ValueError, match=r"1: expected the name of a notebook .* 01_a, 10_b"):
        notebooks.find(["1"], tmp_path)


# ---- tools/lab.py


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A course of two lessons and a data file, as first copied; signatures stay out of the user's home."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    source = tmp_path / "notebooks"
    write(source / "00_start.ipynb", new_markdown_cell("# Start"), new_code_cell("1"))
    write(source / "01_next.ipynb", new_code_cell("2"))
    (source / "data").mkdir()
    (source / "data" / "log.json").write_text("[1]", encoding="utf-8")
    (source / ".ipynb_checkpoints").mkdir()
    (source / ".ipynb_checkpoints" / "x.ipynb").write_text("{}", encoding="utf-8")
    assert lab.update(source, tmp_path / "lessons") == [
        "The lessons are in lessons/: work there, they are your copies."
    ]
    return source, tmp_path / "lessons"


def files(folder):
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if not name.startswith(".course"))


def source_of(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def test_the_folder_is_a_copy_and_stays_quiet(house):
    source, lessons = house
    assert files(lessons) == ["00_start.ipynb", "01_next.ipynb", "data/log.json"]
    assert lab.update(source, lessons) == []


def test_an_unchanged_lesson_follows_the_update(house):
    """Running a lesson stores outputs in it; that is not a change of the learner's that could be lost."""
    source, lessons = house
    nb = nbformat.read(lessons / "01_next.ipynb", as_version=4)
    nb.cells[0].update(execution_count=5, outputs=[new_output("stream", text="2")])
    nbformat.write(nb, lessons / "01_next.ipynb")
    write(source / "01_next.ipynb", new_code_cell("3"))
    write(source / "02_more.ipynb", new_code_cell("4"))
    assert lab.update(source, lessons) == ["01_next.ipynb: updated", "02_more.ipynb: new"]
    assert source_of(lessons / "01_next.ipynb") == ["3"]
    assert lab.update(source, lessons) == []


def test_what_the_learner_changed_is_never_overwritten(house):
    source, lessons = house
    write(lessons / "01_next.ipynb", new_code_cell("2 + 2  # mine"))
    (lessons / "notes.txt").write_text("mine", encoding="utf-8")
    assert lab.update(source, lessons) == []
    write(source / "01_next.ipynb", new_code_cell("3"))
    (told,) = lab.update(source, lessons)
    assert told.endswith("you changed it, so it stays; the new version is beside it, 01_next.new.ipynb")
    assert source_of(lessons / "01_next.ipynb") == ["2 + 2  # mine"]
    assert source_of(lessons / "01_next.new.ipynb") == ["3"]
    assert lab.update(source, lessons) == []
    # the learner works in the new version too, and another update comes
    write(lessons / "01_next.new.ipynb", new_code_cell("3 + 3  # mine"))
    write(source / "01_next.ipynb", new_code_cell("4"))
    assert lab.update(source, lessons)[0].endswith("01_next.new-2.ipynb")
    assert source_of(lessons / "01_next.new.ipynb") == ["3 + 3  # mine"]
    assert (lessons / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_new_version_put_away_does_not_come_back(house):
    source, lessons = house
    write(lessons / "01_next.ipynb", new_code_cell("mine"))
    write(source / "01_next.ipynb", new_code_cell("3"))
    lab.update(source, lessons)
    (lessons / "01_next.new.ipynb").unlink()
    assert lab.update(source, lessons) == []
    assert files(lessons) == ["00_start.ipynb", "01_next.ipynb", "data/log.json"]


def test_a_deleted_lesson_comes_back_fresh(house):
    source, lessons = house
    (lessons / "00_start.ipynb").unlink()
    assert lab.update(source, lessons) == ["00_start.ipynb: a fresh copy"]


def test_a_broken_copy_counts_as_changed(house):
    source, lessons = house
    (lessons / "01_next.ipynb").write_text("{ not json", encoding="utf-8")
    write(source / "01_next.ipynb", new_code_cell("3"))
    lab.update(source, lessons)
    assert (lessons / "01_next.ipynb").read_text(encoding="utf-8") == "{ not json"


def test_copies_are_trusted(house):
    from nbformat.sign import NotebookNotary

    _, lessons = house
    assert NotebookNotary().check_signature(nbformat.read(lessons / "01_next.ipynb", as_version=4))


def test_lab_serves_the_figures_and_opens_the_first_lesson(house):
    """../figures/x.svg of a lesson must be inside what the server serves."""
    _, lessons = house
    line = lab.command(lessons.parent, lessons, ["--no-browser"])
    assert f"--ServerApp.root_dir={lessons.parent}" in line
    assert "--LabApp.default_url=/lab/tree/lessons/00_start.ipynb" in line
    assert line[-1] == "--no-browser"
    overrides = json.loads((lessons / ".course" / "lab" / "overrides.json").read_text(encoding="utf-8"))
    assert overrides["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


# ---- tools/environment.sh


def environment(folder, *python):
    return subprocess.run(
        ["sh", HOME / "tools" / "environment.sh", *python], capture_output=True, text=True, cwd=folder
    )


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX: on Windows there is no make")
def test_a_python_that_is_too_old_is_refused_with_a_sentence(tmp_path):
    done = environment(tmp_path, "false")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert "make PYTHON=" in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX: on Windows there is no make")
def test_an_environment_of_an_old_python_is_not_removed(tmp_path):
    """It may be somebody's own: the sentence says what to do."""
    fake = tmp_path / ".venv" / "bin" / "python"
    fake.parent.mkdir(parents=True)
    fake.write_text('#!/bin/sh\ncase "$*" in *version_info*) exit 1;; -V) echo Python 3.9.2;; esac\n')
    fake.chmod(0o755)
    done = environment(tmp_path)
    assert done.returncode == 1
    assert ".venv was made with Python 3.9.2" in done.stderr
    assert fake.exists()


# ---- tools/run_tests.py and tests/conftest.py


def test_the_closing_line_adds_up(tmp_path):
    report = tmp_path / "r.xml"
    report.write_text(
        '<testsuites><testsuite tests="9" failures="1" errors="2" skipped="3"/></testsuites>',
        encoding="utf-8",
    )
    found = run_tests.counts(report)
    assert found == {"failed": 1, "passed": 3, "skipped": 3, "error": 2}
    assert "1 failed, 3 passed, 3 skipped, 2 errors in 75.00s (1:15 min)" in run_tests.closing_line(found, 75)
    assert run_tests.counts(tmp_path / "none.xml")["error"] == 1


def test_every_notebook_is_run_and_digits_twice(tmp_path, monkeypatch):
    write(tmp_path / "notebooks" / "01_a.ipynb", new_markdown_cell("On MNIST later."), new_code_cell("1"))
    write(tmp_path / "notebooks" / "10_b.ipynb", new_code_cell("data = datasets.handwritten_digits()"))
    monkeypatch.setattr(run_tests, "HOME", tmp_path)
    monkeypatch.setattr(run_tests, "have_mnist", lambda: True)
    options = type("Options", (), {"lax": False, "no_browser": False})
    first, mnist, bundled, site, browser = run_tests.phases(options, tmp_path)
    a, b = (str(Path("notebooks") / name) for name in ("01_a.ipynb", "10_b.ipynb"))
    assert a in first[1]
    assert b not in first[1]
    assert b in mnist[1]
    assert mnist[2] == {}
    assert b in bundled[1]
    assert os.listdir(bundled[2]["BPLIB_DATA_DIR"]) == []
    assert "--ignore=tests/web" in first[1]
    assert site[1][0] == str(Path("tests") / "web")
    assert "-m" not in site[1]
    assert browser[1][0] == str(Path("tests") / "browser")
    assert a not in browser[1]
    assert browser[1][browser[1].index("-m") + 1] == "browser"


def lone_house(tmp_path, *, name="digits", note="The bundled digits, because MNIST is not available: mnist"):
    """A folder that passes for the course: one test, one notebook with digits, a data set called `name`."""
    write(tmp_path / "notebooks" / "10_b.ipynb", new_code_cell("data = datasets.handwritten_digits()"))
    (tmp_path / "bplib").mkdir()
    (tmp_path / "bplib" / "__init__.py").touch()
    (tmp_path / "bplib" / "datasets.py").write_text(
        "import types\n"
        "def handwritten_digits():\n"
        f"    print({note!r}, end='')\n"
        f"    return types.SimpleNamespace(name={name!r}, note={note!r})\n"
    )
    (tmp_path / "tests" / "browser").mkdir(parents=True)
    return tmp_path


def test_mnist_is_recognised_by_the_name_of_the_data_set(tmp_path, monkeypatch):
    """The text beside the bundled digits says MNIST too: "… because MNIST is not available"."""
    monkeypatch.setattr(run_tests, "HOME", lone_house(tmp_path / "without"))
    assert run_tests.have_mnist() is False
    monkeypatch.setattr(run_tests, "HOME", lone_house(tmp_path / "with", name="mnist", note="60 000 images"))
    assert run_tests.have_mnist() is True


def test_mnist_is_not_found_in_an_empty_folder(tmp_path, monkeypatch):
    """The real data sets, offline: what the part "notebooks with MNIST" is decided by."""
    monkeypatch.setenv("BPLIB_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BPLIB_OFFLINE", "1")
    assert run_tests.have_mnist() is False


def test_digits_that_cannot_be_loaded_are_no_missing_mnist(tmp_path, monkeypatch):
    house = lone_house(tmp_path)
    (house / "bplib" / "datasets.py").write_text("raise ValueError('spoiled')")
    monkeypatch.setattr(run_tests, "HOME", house)
    with pytest.raises(SystemExit, match="spoiled"):
        run_tests.have_mnist()


JUNIT = """<testsuites><testsuite tests="4" failures="0" errors="0" skipped="2">
<testcase name="a"/><testcase name="b"/>
<testcase name="c"><skipped type="pytest.skip" message="needs torch: pip install torch">x</skipped></testcase>
<testcase name="d"><skipped type="pytest.xfail" message="known">x</skipped></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def a_run(tmp_path, monkeypatch, capsys):
    """`make test` on a small house without running pytest: what it runs, its status and its summary."""

    def run(*arguments, name="digits", **environment):
        house = lone_house(tmp_path / "house", name=name)
        monkeypatch.setattr(run_tests, "HOME", house)
        for key in ("CI", "BPLIB_DATA_DIR", "BPLIB_PROGRESS_FILE", "IPYTHONDIR", "BPLIB_OFFLINE"):
            monkeypatch.setenv(key, environment.get(key, ""))
        ran = []

        def call(command, *, cwd, env):
            ran.append(command)
            report = next(part for part in command if part.startswith("--junitxml="))
            Path(report.removeprefix("--junitxml=")).write_text(JUNIT, encoding="utf-8")
            return 0

        monkeypatch.setattr(run_tests.subprocess, "call", call)
        status = run_tests.main(list(arguments))
        return ran, status, capsys.readouterr().out

    return run


def test_without_mnist_its_part_is_neither_run_nor_counted(a_run):
    ran, status, out = a_run()
    assert status == 0
    assert len(ran) == 4
    summary = out.rpartition("== browser ==")[2]
    assert re.search(r"^notebooks with MNIST +not run: MNIST is not here$", summary, re.MULTILINE)
    assert "8 passed" in summary


def test_with_mnist_both_parts_are_run(a_run):
    ran, status, out = a_run(name="mnist")
    assert (len(ran), status) == (5, 0)
    assert "not run" not in out
    assert "10 passed" in out


def test_what_was_left_out_is_named(a_run):
    ran, status, out = a_run("--no-browser", name="mnist")
    assert (len(ran), status) == (4, 0)
    assert ran[-1][-2:] == ["-m", "not browser"]  # what is to be seen of the site without one
    assert re.search(r"^browser +not run: --no-browser was asked for$", out, re.MULTILINE)
    assert "skipped: needs torch: pip install torch (4)" in out
    assert "known" not in out


def test_in_ci_promised_mnist_must_be_there(a_run):
    assert a_run(CI="true")[1] == 0


def test_in_ci_promised_mnist_that_is_missing_fails(a_run, tmp_path):
    _, status, out = a_run(CI="true", BPLIB_DATA_DIR=str(tmp_path))
    assert status == 1
    assert f"not run: MNIST is not here, though BPLIB_DATA_DIR is {tmp_path}" in out
    assert "1 error" in out


SKIPPING = """
import pytest

@pytest.mark.skip(reason="needs torch: pip install torch")
def test_marked(): pass

def test_called():
    pytest.skip("MNIST is not here")

@pytest.mark.xfail
def test_expected(): assert False
"""


def skip_in(tmp_path, **environment):
    """Run the skipping tests above under this conftest; returns pytest's closing line."""
    (tmp_path / "conftest.py").write_text(
        Path(conftest.__file__).read_text(encoding="utf-8"), encoding="utf-8"
    )
    (tmp_path / "test_skipping.py").write_text(SKIPPING, encoding="utf-8")
    clean = {k: v for k, v in os.environ.items() if k not in ("CI", "BPLIB_MAY_SKIP", "BPLIB_DATA_DIR")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=.", "-c", os.devnull],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean | environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    return re.sub(r" in [\d.]+s.*", "", done.stdout.strip().splitlines()[-1])


def test_skips_are_fine_at_home(tmp_path):
    assert skip_in(tmp_path) == "2 skipped, 1 xfailed"


def test_skips_are_failures_in_ci(tmp_path):
    """All but MNIST where no place for it was given, and what BPLIB_MAY_SKIP allows."""
    assert skip_in(tmp_path, CI="true") == "1 skipped, 1 xfailed, 1 error"
    assert skip_in(tmp_path, CI="true", BPLIB_DATA_DIR="x") == "1 failed, 1 xfailed, 1 error"
    assert skip_in(tmp_path, CI="true", BPLIB_MAY_SKIP="torch") == "2 skipped, 1 xfailed"


def test_a_skipped_module_is_an_error_in_ci(tmp_path):
    (tmp_path / "test_module.py").write_text("import pytest\npytest.importorskip('no_such_thing')\n")
    assert skip_in(tmp_path, CI="true") == "1 error"


# ---- tools/address.py

LESSONS = sorted((HOME / "notebooks").glob("*.ipynb"))


def first_code(path):
    return next(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_lesson_begins_with_the_cell_that_installs_the_course_where_it_is_missing(path):
    assert address.is_first_cell(first_code(path))


def run_first_cell(folder, monkeypatch, cell=address.CELL):
    """Run the cell where `folder` is current and bplib missing; returns what pip was to install, None for nothing."""
    from IPython.core.inputtransformer2 import TransformerManager

    asked, shell = [], SimpleNamespace(run_line_magic=lambda *words: asked.append(words))
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setitem(sys.modules, "bplib", None)  # makes `import bplib` fail
    names = {"get_ipython": lambda: shell}
    exec(TransformerManager().transform_cell(cell), names)
    assert asked == [("pip", "install --quiet {source}")]
    return names["source"]


def test_the_first_cell_is_silent_where_the_course_is_installed(capsys):
    from IPython.core.inputtransformer2 import TransformerManager

    exec(TransformerManager().transform_cell(address.CELL), {})  # without a shell: pip is not asked
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("place", [".", "notebooks", "lessons", "lessons/mine/deep"])
def test_the_first_cell_finds_the_clone_around_it(place, tmp_path, monkeypatch, capsys):
    course = tmp_path / "the course"
    (course / "bplib" / "derive").mkdir(parents=True)
    (course / place).mkdir(parents=True, exist_ok=True)
    source = run_first_cell(course / place, monkeypatch, address.first_cell("https://github.com/a/b"))
    assert source == f'--editable "{course.resolve()}"'
    assert str(course.resolve()) in sys.path  # an editable package is seen by the next kernel only
    assert "Installing --editable" in capsys.readouterr().out


def test_a_notebook_alone_is_installed_from_the_address_or_says_what_to_do(tmp_path, monkeypatch):
    cell = address.first_cell("https://github.com/a/b")
    assert run_first_cell(tmp_path, monkeypatch, cell) == "git+https://github.com/a/b"
    with pytest.raises(AssertionError, match="get the whole course"):
        run_first_cell(tmp_path, monkeypatch)


@pytest.fixture
def copy(tmp_path):
    """README, citation and two lessons, to write in."""
    (tmp_path / "notebooks").mkdir()
    for file in (HOME / "README.md", HOME / "CITATION.cff", LESSONS[0], LESSONS[-1]):
        shutil.copy(file, tmp_path / file.relative_to(HOME))
    return tmp_path


def test_the_address_goes_into_first_cells_badges_and_citation_and_can_be_changed(copy):
    address.write("https://github.com/someone/old/", root=copy)
    written = address.write("https://github.com/someone/course.git", root=copy)
    assert {path.name for path in written} == {LESSONS[0].name, LESSONS[-1].name, "README.md", "CITATION.cff"}
    for path in (copy / "notebooks").glob("*.ipynb"):
        assert first_code(path) == address.first_cell("https://github.com/someone/course")
        assert not hygiene.complaints(nbformat.read(path, as_version=4))
    readme = (copy / "README.md").read_text(encoding="utf-8")
    assert "mybinder.org/v2/gh/someone/course/HEAD" in readme
    assert "colab.research.google.com/github/someone/course/blob/" in readme
    assert "/old" not in readme + (copy / "CITATION.cff").read_text(encoding="utf-8")
    assert (copy / "CITATION.cff").read_text(encoding="utf-8").count("repository-code:") == 1


def test_elsewhere_than_on_github_there_is_an_address_and_no_badge(copy):
    address.write("https://git.example/someone/course", root=copy)
    readme = (copy / "README.md").read_text(encoding="utf-8")
    assert "<https://git.example/someone/course>" in readme
    assert "mybinder" not in readme


@pytest.mark.parametrize(
    "bad", ["", "github.com/a/b", "http://github.com/a/b", "https://github.com/a", "https://x/a b/c"]
)
def test_no_address_is_refused_and_nothing_is_written(copy, bad):
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match="expected https://host/owner/name, got"):
        address.write(bad, root=copy)
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before


def test_a_lesson_that_begins_otherwise_is_named_and_nothing_is_written(copy):
    write(copy / "notebooks" / "16_other.ipynb", new_markdown_cell("# Other"), new_code_cell("1 + 1"))
    before = (copy / "README.md").read_bytes()
    with pytest.raises(ValueError, match=r"16_other\.ipynb: its first code cell"):
        address.write("https://github.com/a/b", root=copy)
    assert (copy / "README.md").read_bytes() == before


# ---- .binder: what repo2docker reads, for Binder and for the image of a class


def test_the_image_is_made_from_the_tested_list():
    """With .binder/ there, repo2docker reads nothing else; a list of its own would drift from the tested one."""
    folder = HOME / ".binder"
    assert sorted(path.name for path in folder.iterdir()) == ["postBuild", "requirements.txt", "runtime.txt"]
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert lines[1:] == ["-r ../requirements.txt", "nbgitpuller>=1.2"]
    version = re.fullmatch(r"python-(3\.\d+)\n", (folder / "runtime.txt").read_text(encoding="utf-8"))[1]
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert version in SpecifierSet(project["requires-python"])


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX: it is run in a Linux image")
def test_what_runs_in_the_image_runs(tmp_path):
    from nbformat.sign import NotebookNotary

    (tmp_path / "notebooks").mkdir()
    nb = new_notebook(cells=[new_code_cell("1")])
    nbformat.write(nb, tmp_path / "notebooks" / "01_a.ipynb")
    places = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "BPLIB_OFFLINE": "1",
              "JUPYTER_DATA_DIR": str(tmp_path / "data")}  # fmt: skip
    done = subprocess.run(
        [HOME / ".binder" / "postBuild"],
        cwd=tmp_path,
        env=os.environ | places,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert NotebookNotary(data_dir=str(tmp_path / "data")).check_signature(nb)
