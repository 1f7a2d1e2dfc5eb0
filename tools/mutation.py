"""Change the package one operator, number, name or argument at a time: some test of the module must notice.

    python tools/mutation.py                  every module that pyproject.toml names in [tool.mutation]
    python tools/mutation.py layers losses    these modules
    python tools/mutation.py layers --line 42 those mutants of one module that begin on this line

The mutants are those of mutmut's operators, and a condition of an `if` that is always or never met. Each is
written into a copy of the tree, and a fork of this process, which has loaded the heavy libraries once, runs
the module's tests there until one fails. A run that takes ten times as long as the sound one counts as
failed: the test suite has a time limit too.

A mutant that no test can notice, since it does the same, stands in tools/equivalent_mutants.toml with the
reason. A survivor that does not stand there is shown as an entry for it, and makes the exit status 1, as does
an entry that is no survivor (any more).
"""

import argparse
import ast
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

HOME = Path(__file__).resolve().parent.parent
EQUIVALENT = HOME / "tools" / "equivalent_mutants.toml"
NOTICED, SURVIVED, TOO_LONG = "noticed", "SURVIVED", "time limit"
ENVIRONMENT = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "BPLIB_PROGRESS_FILE": "",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


class Mutant(NamedTuple):
    place: str  # the function or class, with dots; "" in the module itself
    line: int
    change: str  # the lines that differ: "before → after"
    code: str  # of the whole module


def mutants_of(source):
    """All mutants of a module's source, each of them once, in the order of their lines."""
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider
    from mutmut.mutation.mutators import mutation_operators

    def always_or_never(node):
        yield from (node.with_changes(test=cst.Name(value)) for value in ("True", "False"))

    operators = [*mutation_operators, (cst.If, always_or_never)]
    wrapper = MetadataWrapper(cst.parse_module(source))
    found, seen = [], {ast.dump(ast.parse(source))}

    class Walk(cst.CSTVisitor):
        METADATA_DEPENDENCIES = (PositionProvider,)
        names = ()

        def on_visit(self, node):
            if isinstance(node, (cst.Annotation, cst.Decorator)) or is_type_alias(node):
                return False  # what is read by type checkers, or at import
            if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
                self.names = (*self.names, node.name.value)
            for kind, operator in operators:
                for changed in operator(node) if isinstance(node, kind) else ():
                    add(node, changed, ".".join(self.names), self.get_metadata(PositionProvider, node, None))
            return True

        def on_leave(self, node):
            if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
                self.names = self.names[:-1]

    def is_type_alias(node):
        named = getattr(node.annotation.annotation, "value", "") if isinstance(node, cst.AnnAssign) else ""
        return named == "TypeAlias"

    def add(node, changed, place, position):
        code = wrapper.module.deep_replace(node, changed).code
        try:
            tree = ast.dump(ast.parse(code))
        except SyntaxError:
            return
        if tree not in seen:
            seen.add(tree)
            line = position.start.line if position else 0
            found.append(Mutant(place, line, changed_lines(source, code), code))

    wrapper.visit(Walk())
    return sorted(found, key=lambda mutant: mutant.line)


def changed_lines(before, after):
    """ "before → after", of the lines between the first and the last that differ."""
    before, after = before.splitlines(), after.splitlines()
    while before and after and before[0] == after[0]:
        before, after = before[1:], after[1:]
    while before and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    return " → ".join(" ".join(" ".join(lines).split()) for lines in (before, after))


def copy_tree(target):
    """What the unit tests need, without compiled files (which would be taken for the mutants')."""
    nothing_compiled = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints")
    for name in ("bplib", "tests", "locale"):
        shutil.copytree(HOME / name, target / name, ignore=nothing_compiled)
    shutil.copy(HOME / "pyproject.toml", target)


class Quickest:
    """A plugin: first the test that failed last, then the quick ones; a drawn example that fails will do."""

    def __init__(self, notes, *, sound):
        self.notes, self.sound = notes, sound
        self.known = {"seconds": {}, "failed": ""}
        if notes.exists() and not sound:
            self.known = json.loads(notes.read_text(encoding="utf-8"))

    def pytest_collection(self):  # after conftest.py, and before the tests take their settings
        from hypothesis import Phase, settings

        settings.register_profile("first", settings(), phases=[Phase.explicit, Phase.generate])
        settings.load_profile("first")

    def pytest_collection_modifyitems(self, items):
        seconds, failed = self.known["seconds"], self.known["failed"]
        items.sort(key=lambda item: (item.nodeid != failed, seconds.get(item.nodeid, 0)))

    def pytest_runtest_logreport(self, report):
        if self.sound:
            seconds = self.known["seconds"]
            seconds[report.nodeid] = seconds.get(report.nodeid, 0) + report.duration
        if report.failed:
            self.known["failed"] = report.nodeid

    def pytest_sessionfinish(self):
        self.notes.write_text(json.dumps(self.known), encoding="utf-8")


def run_tests(tree, tests, limit, *, sound=False):
    """(outcome, seconds) of pytest in a fork of this process, stopped at the first failure.

    A `sound` run leaves compiled files, which spare the next one half of its time, and what each test took.
    """
    begin = time.monotonic()
    child = os.fork()
    if child == 0:
        status = 70
        try:
            os.setsid()
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nowhere, stream)
            os.environ |= ENVIRONMENT
            os.chdir(tree)
            sys.path.insert(0, str(tree))
            sys.dont_write_bytecode = not sound
            import pytest

            # the timeout plugin alone: others take longer to load than the tests to run
            arguments = ["-x", "-q", "-p", "no:cacheprovider", "-p", "pytest_timeout", *tests]
            status = pytest.main(arguments, plugins=[Quickest(tree / "notes.json", sound=sound)])
        finally:
            os._exit(int(status))
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        seconds = time.monotonic() - begin
        if done:
            code = os.waitstatus_to_exitcode(status)
            if code in (4, 5, 70):  # bad arguments, no tests, or what went wrong here
                raise SystemExit(f"pytest ended with status {code}")
            return SURVIVED if code == 0 else NOTICED, seconds
        if seconds > limit:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return TOO_LONG, seconds
        time.sleep(0.01)


def report(module, tests, tree, listed, line):
    """Try all mutants of a module, and print what is not as it should be; return whether all is."""
    path = tree / "bplib" / f"{module}.py"
    source = path.read_text(encoding="utf-8")
    outcome, seconds = run_tests(tree, tests, 600, sound=True)
    for compiled in path.parent.glob(f"__pycache__/{module}.*"):
        compiled.unlink()  # a mutant of the same length and second would be taken for it
    if outcome != SURVIVED:
        raise SystemExit(f"{module}: the tests must be green before anything is changed")
    begin, survivors, unknown = time.monotonic(), set(), 0
    mutants = [mutant for mutant in mutants_of(source) if line in (None, mutant.line)]
    equivalent = 0
    for mutant in mutants:
        path.write_text(mutant.code, encoding="utf-8")
        outcome, _ = run_tests(tree, tests, 10 + 10 * seconds)
        if outcome != SURVIVED:
            continue
        key = (mutant.place, mutant.change)
        survivors.add(key)
        if key in listed:
            equivalent += 1
        else:
            unknown += 1
            place, change = (json.dumps(text, ensure_ascii=False) for text in key)
            print(
                f"[[{module}]]  # survived, line {mutant.line}\nplace = {place}\nchange = {change}",
                flush=True,
            )
    path.write_text(source, encoding="utf-8")
    stale = sorted(listed - survivors) if line is None else []
    for place, change in stale:
        print(f"listed as equivalent, and no survivor: {module}, {place}: {change}", flush=True)
    count, minutes = len(mutants) - equivalent, (time.monotonic() - begin) / 60
    score = 100 * (count - unknown) / max(count, 1)
    print(
        f"{module}: {len(mutants)} mutants, {equivalent} of them equivalent; {count - unknown} of {count}"
        f" noticed ({score:.1f} %), in {minutes:.1f} minutes",
        flush=True,
    )
    return not (unknown or stale)


def main():
    settings = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutation"]
    parser = argparse.ArgumentParser(description="Change the package piece by piece: some test must notice.")
    parser.add_argument("modules", nargs="*", help=f"of {', '.join(settings)} (all)")
    parser.add_argument("--line", type=int, help="only mutants that begin on this line")
    options = parser.parse_args()
    if unknown := set(options.modules) - set(settings):
        parser.error(f"pyproject.toml names no tests for {', '.join(sorted(unknown))}")
    os.environ |= ENVIRONMENT
    for name in ("hypothesis.strategies", "numpy.testing", "pytest"):  # loaded once, for all forks
        importlib.import_module(name)
    listed = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))
    good = True
    with tempfile.TemporaryDirectory(prefix="bplib-mutation-") as scratch:
        copy_tree(Path(scratch))
        for module in options.modules or settings:
            same = {(entry["place"], entry["change"]) for entry in listed.get(module, ())}
            good &= report(module, settings[module], Path(scratch), same, options.line)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
