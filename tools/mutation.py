"""Change the package one operator, number, name or argument at a time: some test of the module must notice.

    python tools/mutation.py                  every module that pyproject.toml names in [tool.mutation.*]: all
                                              mutants of the core, and of the machinery a sample of forty each
    python tools/mutation.py --whole          all mutants of the machinery too: a night
    python tools/mutation.py layers losses    all mutants of these modules
    python tools/mutation.py layers --line 42 those mutants of one module that begin on this line
    python tools/mutation.py datasets --part 2/5
                                              every fifth mutant, from the second on: a sample, or a share of
                                              the work for one of five processes

The mutants are those of mutmut's operators, and a condition of an `if` that is always or never met. Each is
written into a copy of the tree, and a fork of this process, which has loaded the heavy libraries once, runs
the module's tests there until one fails: first those that came by the mutant's lines when the code was sound,
then all. A run that takes ten times as long as the sound one counts as failed: the test suite has a time
limit too.

A mutant that no test can notice, since it does the same, stands in tools/equivalent_mutants.toml with the
reason. A survivor that does not stand there is shown as an entry for it. The exit status is 1 where the core
has one, where fewer than 85 of 100 mutants of a module of the machinery are noticed, and where an entry is no
survivor (any more), which is asked only where all mutants of a module are tried.
"""

import argparse
import ast
import importlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

HOME = Path(__file__).resolve().parent.parent
EQUIVALENT = HOME / "tools" / "equivalent_mutants.toml"
NOTICED, SURVIVED, TOO_LONG = "noticed", "SURVIVED", "time limit"
AT_LEAST = {"core": 100, "machinery": 85}  # of a hundred mutants that are not equivalent
SAMPLE = 40  # mutants of a module of the machinery, where nobody asks for more
ENVIRONMENT = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "BPLIB_PROGRESS_FILE": "",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


class Mutant(NamedTuple):
    place: str  # the function or class, with dots; "" in the module itself
    line: int
    last: int  # line of the piece that is changed
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
    module = wrapper.module
    # what differs is written and read alone: with the whole module around it, that takes minutes
    pieces = [module.code_for_node(statement) for statement in module.body]
    begins = [*itertools.accumulate(map(len, pieces), initial=source.index("".join(pieces)))]
    found, seen = [], {(i, ast.dump(ast.parse(piece))) for i, piece in enumerate(pieces)}

    class Walk(cst.CSTVisitor):
        METADATA_DEPENDENCIES = (PositionProvider,)
        names, number = (), -1  # of the statement

        def on_visit(self, node):
            if self.number + 1 < len(module.body) and node is module.body[self.number + 1]:
                self.number += 1
            if isinstance(node, (cst.Annotation, cst.Decorator)) or is_for_types(node):
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

    def is_for_types(node):
        if isinstance(node, cst.If):
            return getattr(node.test, "value", "") == "TYPE_CHECKING"
        named = getattr(node.annotation.annotation, "value", "") if isinstance(node, cst.AnnAssign) else ""
        return named == "TypeAlias"

    def add(node, changed, place, position):
        number = walk.number
        piece = module.code_for_node(module.body[number].deep_replace(node, changed))
        try:
            tree = number, ast.dump(ast.parse(piece))
        except SyntaxError:
            return
        if tree not in seen:
            seen.add(tree)
            code = source[: begins[number]] + piece + source[begins[number + 1] :]
            line, last = (position.start.line, position.end.line) if position else (0, 0)
            found.append(Mutant(place, line, last, changed_lines(source, code), code))

    walk = Walk()
    wrapper.visit(walk)
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
    # the last four for the edition without solutions, with what lies beside them
    for name in ("bplib", "tests", "locale", "notebooks", "tools", "figures", "bplib_server", ".binder"):
        shutil.copytree(HOME / name, target / name, ignore=nothing_compiled)
    for path in HOME.iterdir():
        if path.is_file():
            shutil.copy(path, target)


class Quickest:
    """A plugin: first the test that failed last, then the quick ones; a drawn example that fails will do."""

    def __init__(self, notes, only=()):
        self.notes, self.only = notes, only
        self.known = json.loads(notes.read_text(encoding="utf-8")) if notes.exists() else {}

    def pytest_collection(self):  # after conftest.py, and before the tests take their settings
        from hypothesis import Phase, settings

        settings.register_profile("first", settings(), phases=[Phase.explicit, Phase.generate])
        settings.load_profile("first")

    def pytest_collection_modifyitems(self, items):
        if self.only:
            # a mutant may give parametrised tests other names
            items[:] = [item for item in items if item.nodeid in self.only] or items
        seconds, failed = self.known.get("seconds", {}), self.known.get("failed", "")
        items.sort(key=lambda item: (item.nodeid != failed, seconds.get(item.nodeid, 0)))

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.notes.write_text(json.dumps(self.known | {"failed": report.nodeid}), encoding="utf-8")


class Noting(Quickest):
    """The same for sound code: it notes what each test took, and by which lines of the module it came."""

    def __init__(self, notes, module):
        super().__init__(notes)
        import coverage

        self.module = str(module)
        self.coverage = coverage.Coverage(data_file=None, include=[self.module], config_file=False)
        self.coverage.start()
        self.known, self.fixtures = {"seconds": {}, "lines": {}}, {}

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        begin = time.monotonic()
        value = yield
        self.fixtures[fixturedef.argname] = time.monotonic() - begin
        return value

    def pytest_runtest_logstart(self, nodeid):
        self.coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report):
        if report.when == "call":
            self.known["seconds"][report.nodeid] = report.duration

    def pytest_sessionfinish(self, session):
        for item in session.items:  # whichever comes first sets up what several share
            fixtures = sum(self.fixtures.get(name, 0) for name in item.fixturenames)
            self.known["seconds"][item.nodeid] = self.known["seconds"].get(item.nodeid, 0) + fixtures
        self.coverage.stop()
        lines = self.coverage.get_data().contexts_by_lineno(self.module)
        self.known["lines"] = {line: [test for test in tests if test] for line, tests in lines.items()}
        self.notes.write_text(json.dumps(self.known), encoding="utf-8")


def run_tests(tree, tests, limit, plugin, *, sound=False):
    """(outcome, seconds) of pytest in a fork of this process, stopped at the first failure.

    A `sound` run leaves compiled files, which spare the next one half of its time.
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
            # PYTHONPATH: a Python that tests start may not look into its folder
            os.environ |= ENVIRONMENT | {"PYTHONPATH": str(tree)}
            os.chdir(tree)
            sys.path.insert(0, str(tree))
            sys.dont_write_bytecode = not sound
            if not sound:  # for the Pythons that tests start
                os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
            # the timeout plugin alone: others take longer to load than the tests to run
            arguments = ["-x", "-q", "-p", "no:cacheprovider", "-p", "pytest_timeout", *tests]
            status = pytest.main(arguments, plugins=[plugin()])
        finally:
            os._exit(int(status))
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        seconds = time.monotonic() - begin
        if done:
            code = os.waitstatus_to_exitcode(status)
            # 5: no tests; 70: an error of this tool; 4: bad arguments. Of a mutant, 4 means that it cannot be
            # imported, so that a named test is not found.
            if code in (5, 70) or (sound and code == 4):
                raise SystemExit(f"pytest ended with status {code}")
            return SURVIVED if code == 0 else NOTICED, seconds
        if seconds > limit:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return TOO_LONG, seconds
        time.sleep(0.01)


def outcome_of(mutant, tree, tests, known, limit):
    """SURVIVED, if first the tests that came by the mutant's lines and then all others notice nothing."""
    notes = tree / "notes.json"
    lines = map(str, range(mutant.line, mutant.last + 1))
    near = {test for line in lines for test in known["lines"].get(line, ())}
    if near:
        # all arguments that name one of these files, with or without "::test", and the options
        files = {test.partition("::")[0] for test in near}
        there = [test for test in tests if test.startswith("-") or test.partition("::")[0] in files]
        outcome, _ = run_tests(tree, there, limit, lambda: Quickest(notes, near))
        if outcome != SURVIVED or len(near) == len(known["seconds"]):
            return outcome
    return run_tests(tree, tests, limit, lambda: Quickest(notes))[0]


def chosen(mutants, options):
    """Those that are asked for: a part, a sample that is spread over the module, or those of a line."""
    first, stride = options.part
    if options.sample:
        stride = max(1, -(-len(mutants) // options.sample))
    return [mutant for mutant in mutants[first - 1 :: stride] if options.line in (None, mutant.line)]


def report(module, tests, tree, listed, options, at_least):
    """Try the mutants of a module, and print what is not as it should be; return whether all is."""
    path = tree / "bplib" / f"{module}.py"
    source = path.read_text(encoding="utf-8")
    notes = tree / "notes.json"
    notes.unlink(missing_ok=True)
    outcome, seconds = run_tests(tree, tests, 600, lambda: Noting(notes, path), sound=True)
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()  # a mutant of the same length and second would be taken for it
    if outcome != SURVIVED:
        raise SystemExit(f"{module}: the tests must be green before anything is changed")
    known = json.loads(notes.read_text(encoding="utf-8"))
    begin, survivors, unknown = time.monotonic(), set(), 0
    every = mutants_of(source)
    mutants = chosen(every, options)
    equivalent = 0
    for mutant in mutants:
        path.write_text(mutant.code, encoding="utf-8")
        if outcome_of(mutant, tree, tests, known, 10 + 10 * seconds) != SURVIVED:
            continue
        key = (mutant.place, mutant.change)
        survivors.add(key)
        if key in listed:
            equivalent += 1
        else:
            unknown += 1
            name, place, change = (json.dumps(text, ensure_ascii=False) for text in (module, *key))
            print(
                f"[[{name}]]  # survived, line {mutant.line}\nplace = {place}\nchange = {change}",
                flush=True,
            )
    path.write_text(source, encoding="utf-8")
    stale = sorted(listed - survivors) if len(mutants) == len(every) else []
    for place, change in stale:
        print(f"listed as equivalent, and no survivor: {module}, {place}: {change}", flush=True)
    count, minutes = len(mutants) - equivalent, (time.monotonic() - begin) / 60
    score = 100 * (count - unknown) / max(count, 1)
    print(
        f"{module}: {len(mutants)} of {len(every)} mutants, {equivalent} of them equivalent;"
        f" {count - unknown} of {count} noticed ({score:.1f} %), in {minutes:.1f} minutes",
        flush=True,
    )
    return score >= at_least and not stale


def share(text):
    """ "2/5" as (2, 5)."""
    k, n = (int(number) for number in text.split("/"))
    if not 1 <= k <= n:
        raise ValueError(text)
    return k, n


def in_processes(modules, sampled, jobs):
    """Each module in a process of its own; print what they say, and return whether all is as it should be."""

    def run(module):
        sample = ["--sample", str(SAMPLE)] if module in sampled else []
        command = [sys.executable, __file__, module, *sample]
        return subprocess.run(command, capture_output=True, text=True, cwd=HOME, check=False)

    good = True
    with ThreadPoolExecutor(jobs) as pool:
        for done in pool.map(run, modules):
            print(done.stdout + done.stderr, end="", flush=True)
            good &= done.returncode == 0
    return good


def main():
    groups = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutation"]
    settings = groups["core"] | groups["machinery"]
    parser = argparse.ArgumentParser(description="Change the package piece by piece: some test must notice.")
    parser.add_argument("modules", nargs="*", help=f"of {', '.join(settings)} (all)")
    parser.add_argument("--line", type=int, help="only mutants that begin on this line")
    parser.add_argument("--part", type=share, default=(1, 1), metavar="K/N", help="every N-th mutant from K")
    parser.add_argument("--sample", type=int, metavar="N", help="at most N mutants, spread over the module")
    parser.add_argument("--whole", action="store_true", help="no samples of the machinery")
    parser.add_argument("--jobs", type=int, default=2, help="how many modules at a time, without names (2)")
    options = parser.parse_args()
    if unknown := set(options.modules) - set(settings):
        parser.error(f"pyproject.toml names no tests for {', '.join(sorted(unknown))}")
    if not options.modules:
        return 0 if in_processes(settings, () if options.whole else groups["machinery"], options.jobs) else 1
    os.environ |= ENVIRONMENT
    # loaded once, for all forks
    for name in ("coverage", "hypothesis.strategies", "numpy.testing", "pytest"):
        importlib.import_module(name)
    listed = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))
    good = True
    with tempfile.TemporaryDirectory(prefix="bplib-mutation-") as scratch:
        copy_tree(Path(scratch))
        for module in options.modules:
            tests = settings[module]
            tests = settings[tests] if isinstance(tests, str) else tests  # those of another module
            same = {(entry["place"], entry["change"]) for entry in listed.get(module, ())}
            at_least = AT_LEAST["core" if module in groups["core"] else "machinery"]
            good &= report(module, tests, Path(scratch), same, options, at_least)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
