"""Execute the notebooks and store their outputs: `make notebooks`, or for some of them

    python tools/notebooks.py 08_xor 10_mnist

A notebook runs in a fresh kernel, in its own folder, offline, and with a progress file of its own. What is
stored is what reads well without a kernel and can be compared by tests: widget views and widget state are
stripped (a reopened notebook would show "model not found" in place of the picture), progress bars keep their
last line, execution counts run 1…n, times and machine details are dropped. A notebook that fails, or writes
to stderr, is left as it was, the cell and the message are shown, and the exit status is 1. A file is written
only when something changed in it.
"""

import argparse
import os
import re
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

sys.path.insert(0, str(Path(__file__).parent))
import hygiene
import run_tests

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
SECONDS_A_CELL = 300
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def final_lines(text):
    """A stream as a terminal shows it in the end: what a carriage return has overwritten is gone."""
    text = re.sub(r"\r+\n", "\n", text).rstrip("\r")
    return re.sub(r"[^\n]*\r", "", text)


def tidy_outputs(outputs):
    """The outputs worth storing: streams joined, no widget views, metadata only where a picture needs it."""
    kept = []
    for output in outputs:
        if output.output_type == "stream":
            if kept and kept[-1].output_type == "stream" and kept[-1].name == output.name:
                kept[-1].text += output.text
            else:
                kept.append(output)
            continue
        if output.output_type in ("display_data", "execute_result"):
            output.data.pop(hygiene.WIDGET_VIEW, None)
            if not output.data:
                continue
            output.metadata = nbformat.from_dict(
                {k: v for k, v in output.metadata.items() if k in output.data}
            )
            output.pop("transient", None)
        kept.append(output)
    for output in kept:
        if output.output_type == "stream":
            output.text = final_lines(output.text)
    return [output for output in kept if output.output_type != "stream" or output.text]


def formulas_on_lines(cell):
    """Let sympy's own results stand on lines of their own, as pages and slides show them."""
    for output in cell.get("outputs", ()):
        if tex := output.get("data", {}).get("text/latex", "").strip():
            output.data["text/latex"] = re.sub(r"^\$\\displaystyle (.+)\$$", r"$$\1$$", tex, flags=re.DOTALL)


def tidy(nb):
    """Reduce an executed notebook, in place, to what is stored; returns it."""
    count = 0
    for cell in nb.cells:
        cell.metadata = nbformat.from_dict(
            {k: v for k, v in cell.metadata.items() if k in ("tags", "jupyter")}
        )
        if cell.cell_type != "code":
            continue
        count += bool(cell.source.strip())
        cell.execution_count = count if cell.source.strip() else None
        cell.outputs = tidy_outputs(cell.outputs)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
    ours = {"bplib": nb.metadata.bplib} if "bplib" in nb.metadata else {}  # the language of a translation
    nb.metadata = nbformat.from_dict(
        ours
        | {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    nb.nbformat, nb.nbformat_minor = 4, 5
    return nb


def serialise(nb):
    """The text of the file, the same on every machine."""
    nbformat.validate(nb)
    return nbformat.writes(nb).rstrip("\n") + "\n"


def _failing_cell(nb):
    for number, cell in enumerate(nb.cells, 1):
        for output in cell.get("outputs", ()):
            if output.output_type == "error" or output.get("name") == "stderr":
                text = output.get("text") or "\n".join(output.get("traceback", ()))
                return f"cell {number}:\n\n{cell.source}\n\n{ANSI.sub('', text)}"
    return ""


def execute(path, seconds=SECONDS_A_CELL):
    """Run one notebook; returns (text to store, "") or ("", what went wrong)."""
    nb = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as scratch:
        # set here rather than in `main`, because each notebook may run in a process of its own
        os.environ |= {
            "BPLIB_OFFLINE": "1",
            "BPLIB_PROGRESS_FILE": str(Path(scratch) / "progress.json"),
            "IPYTHONDIR": str(Path(scratch) / "ipython"),
        }
        client = NotebookClient(
            nb,
            timeout=seconds,
            kernel_name="python3",
            resources={"metadata": {"path": str(path.parent)}},
            store_widget_state=False,
            record_timing=False,
        )
        try:
            client.execute()
        except CellExecutionError:
            return "", _failing_cell(nb)
        except CellTimeoutError as error:
            return "", str(error)
        except DeadKernelError:
            return "", "the kernel died"
    if problem := _failing_cell(nb):
        return "", problem
    return serialise(tidy(nb)), ""


def find(names, folder=FOLDER):
    """The notebooks meant by `names` (a path, 08_xor.ipynb, 08_xor or 08); without names all of them."""
    there = sorted(folder.glob("*.ipynb"))
    if not names:
        return there
    chosen = []
    for name in names:
        stem = Path(name).name.removesuffix(".ipynb")
        hits = [path for path in there if path.stem == stem] or [
            p for p in there if p.stem.startswith(stem + "_")
        ]
        if len(hits) != 1:
            have = ", ".join(path.stem for path in there) or "none"
            raise ValueError(f"{name}: expected the name of a notebook in {folder.name}/, which has: {have}")
        chosen += hits
    return chosen


def main(arguments=None, folder=FOLDER):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], allow_abbrev=False)
    parser.add_argument("names", nargs="*", help="08_xor, or 08; all notebooks when left out")
    parser.add_argument("--jobs", type=int, default=2, help="how many run at a time (default 2)")
    options = parser.parse_args(arguments)
    try:
        paths = find(options.names, folder)
    except ValueError as error:
        sys.exit(str(error))
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(threads, "1")
    failed = []
    with ProcessPoolExecutor(max(1, min(options.jobs, len(paths)))) as pool:
        for path, (text, problem) in zip(paths, pool.map(execute, paths), strict=True):
            if problem:
                failed.append(path.stem)
                print(f"{path.name}: FAILED, left as it was; {problem}", flush=True)
                continue
            changed = text != path.read_text(encoding="utf-8")
            if changed:
                path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{path.name}: {'stored' if changed else 'unchanged'}", flush=True)
            nb = nbformat.reads(text, as_version=4)
            for sentence in hygiene.complaints(nb, len(text.encode())) + hygiene.lesson_complaints(
                nb, lambda link, path=path: (path.parent / link).exists()
            ):
                print(f"    {sentence}", flush=True)
    digits = [path.name for path in paths if run_tests.shows_digits(path)]
    if digits and not run_tests.have_mnist():
        print(
            f"Without MNIST, the bundled digits stand in for it: do not commit {', '.join(digits)} like "
            "this. Name the folder with MNIST's files in BPLIB_DATA_DIR."
        )
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
