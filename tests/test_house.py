"""The house of the package: what may import what, what `import bplib` brings along, how long the core is."""

import ast
import importlib
import inspect
import os
import subprocess
import sys
import types
from functools import cached_property
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "bplib"

# A module imports only what stands in an earlier row; the files of one folder may import each other.
FLOORS = [
    {"checks", "files", "lessons", "language"},
    {"contracts", "notation"},
    {"layers", "optimizers"},
    {"losses"},
    {"storage"},
    {"network"},
    {"gradcheck", "training", "datasets", "deep_layers", "schedules", "sweep"},
    {"derive", "plots", "faults"},
    {"live"},
    {"exercises", "playgrounds"},
]
CORE = ("layers", "losses", "network", "optimizers")
HEAVY = (
    "sympy",
    "matplotlib",
    "ipywidgets",
    "anywidget",
    "sklearn",
    "scipy",
    "IPython",
    "torch",
    "pooch",
    "tqdm",
)


def floor_of(name):
    return next((number for number, names in enumerate(FLOORS) if name in names), None)


def modules(package=PACKAGE):
    """Every file of the package except its __init__, with the name of the room (file or folder) it is in."""
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if parts != ("__init__",):
            yield path, parts[0]


def imported_rooms(path, package=PACKAGE):
    """The modules and folders of bplib that a file imports, wherever in the file it does."""
    folder = path.relative_to(package).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ["bplib", *folder][: len(folder) + 2 - node.level] if node.level else []
            base += node.module.split(".") if node.module else []
            targets = [base] if len(base) > 1 else [[*base, alias.name] for alias in node.names]
        else:
            continue
        for target in targets:
            if target[0] == "bplib":
                yield target[1] if len(target) > 1 else ""


def wrong_imports(package=PACKAGE):
    for path, room in modules(package):
        name = path.relative_to(package).as_posix()
        if floor_of(room) is None:
            yield f"{name}: {room} has no floor; give it one in FLOORS"
            continue
        for other in imported_rooms(path, package):
            if other == room:
                continue
            # the names that `import bplib` gives are those of the core and floor 1
            there = floor_of("training") if other == "" else floor_of(other)
            if there is None or there >= floor_of(room):
                yield f"{name} imports {other or 'bplib'}, which is not below it"


def test_nothing_imports_upward_or_sideways():
    assert list(wrong_imports()) == []


@pytest.mark.parametrize(
    "line",
    [
        "from . import plots",
        "from .network import mlp",
        "import bplib.training",
        "from bplib import derive",
        "def f():\n    from .layers import Affine",
        "import bplib",
    ],
)
def test_an_import_upward_or_sideways_is_noticed(tmp_path, line):
    (tmp_path / "optimizers.py").write_text(line, encoding="utf-8")
    assert len(list(wrong_imports(tmp_path))) == 1


def test_an_import_out_of_a_folder_is_noticed(tmp_path):
    (tmp_path / "derive").mkdir()
    source = "from ..plots import a\nfrom .. import playgrounds\nfrom ..layers import b\nfrom . import c\n"
    (tmp_path / "derive" / "claims.py").write_text(source, encoding="utf-8")
    assert [sentence.split()[2] for sentence in wrong_imports(tmp_path)] == ["plots,", "playgrounds,"]


def test_a_module_without_a_floor_is_noticed(tmp_path):
    (tmp_path / "helpers.py").write_text("", encoding="utf-8")
    assert "has no floor" in next(wrong_imports(tmp_path))


def loaded_by(statement):
    """The heavy libraries in memory after `statement` in a fresh interpreter."""
    code = f"{statement}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COV_", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=PACKAGE.parent,
    )
    return done.stdout.split()


def test_import_bplib_loads_numpy_alone():
    assert loaded_by("import bplib") == []


def test_the_digits_load_without_heavier_libraries():
    """scikit-learn's file of digits is read without importing scikit-learn, which takes a second."""
    assert "matplotlib" not in loaded_by("import bplib.datasets")


def test_what_is_loaded_is_noticed():
    assert loaded_by("import matplotlib") == ["matplotlib"]


def test_the_core_is_read_in_one_sitting():
    lines = {name: len((PACKAGE / f"{name}.py").read_text(encoding="utf-8").splitlines()) for name in CORE}
    assert sum(lines.values()) <= 400, lines
    assert max(lines.values()) <= 125, lines


def test_the_core_imports_numpy_and_the_standard_library_only():
    for name in (*CORE, "checks", "contracts", "files", "storage"):
        tree = ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))
        found = {
            alias.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names
        }
        found |= {
            n.module.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and not n.level
        }
        assert found <= sys.stdlib_module_names | {"numpy"}, name


MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
)


def undocumented(module):
    """Public functions, classes, methods and properties without a docstring of their own or inherited."""
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(thing) and not thing.__doc__:
            yield name
        if inspect.isclass(thing):
            if not thing.__doc__:
                yield name
            for key, member in vars(thing).items():
                written = inspect.isroutine(member) or isinstance(member, property | cached_property)
                if written and not key.startswith("_") and not inspect.getdoc(getattr(thing, key)):
                    yield f"{name}.{key}"


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_has_a_docstring(name):
    assert not list(undocumented(importlib.import_module(name)))


UNTYPED = ("faults", "live", "notation", "playgrounds", "plots")  # rooms, the instances of what is typed
TYPED = [
    name for name in MODULES if not name.removeprefix("bplib.").startswith(UNTYPED) and "lesson_" not in name
]


def untyped(module):
    """Public functions and methods of which some argument, or what they return, has no type."""
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        members = {name: thing}
        if inspect.isclass(thing):
            own = {k: v for k, v in vars(thing).items() if not k.startswith("_") or k == "__init__"}
            members = {f"{name}.{key}": member for key, member in own.items()}
        for label, member in members.items():
            member = getattr(member, "__func__", getattr(member, "fget", getattr(member, "func", member)))
            if not inspect.isfunction(member) or "<lambda>" in member.__qualname__:
                continue
            if not Path(member.__code__.co_filename).is_relative_to(PACKAGE):
                continue  # what a dataclass makes of its fields, which have types
            signature = inspect.signature(member)
            kinds = [p.annotation for p in signature.parameters.values() if p.name not in ("self", "cls")]
            if inspect.Signature.empty in [*kinds, signature.return_annotation]:
                yield label


@pytest.mark.parametrize("name", TYPED)
def test_every_public_function_says_its_types(name):
    assert not list(untyped(importlib.import_module(name)))


def test_a_function_without_types_is_noticed():
    source = (
        "def f(x: int): ...\ndef g(x) -> int: ...\ndef h(x: int) -> int: ...\nclass C:\n  def m(self): ..."
    )
    module = types.ModuleType("made_up")
    exec(compile(source, str(PACKAGE / "made_up.py"), "exec"), vars(module))
    assert list(untyped(module)) == ["f", "g", "C.m"]
