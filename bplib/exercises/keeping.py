"""The learner's own network: functions that passed their check, kept in `mynet.py` beside the lessons.

    ex.keep()             # the exercise that was checked last, if it is correct
    mine = ex.mine()      # what is kept; shows which pieces are the learner's, and where bplib's stand in
    network = mine.mlp([2, 4, 1], activation="tanh", loss="binary_cross_entropy", rng=rng)
    mine.fit(network, X, Y, learning_rate=0.5, batch_size=4, epochs=200, rng=rng)

`mynet.py` is the learner's file. A function goes into it as it was typed, after it has passed its check once
more from the text that will stand there; the file is replaced whole, and what else it holds stays.
"""

import ast
import builtins
import dis
import importlib
import inspect
import secrets
import textwrap
import types
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import files, layers, losses, network
from ..language import said
from . import kinds
from .diagnose import CORRECT
from .kinds import Text

if TYPE_CHECKING:
    from ..datasets import Dataset

FILE = "mynet.py"
HEADER = '"""My own network: what I kept with ex.keep(), as I typed it."""\n'
# What a kept function takes the place of.
PIECES = {
    "tanh_backward": "the way back through tanh",
    "relu_backward": "the way back through ReLU",
    "logistic_loss": "the binary cross-entropy and its gradient",
    "affine_backward": "the way back through an affine layer",
    "softmax": "the softmax",
    "cross_entropy_loss": "the cross-entropy of labels",
    "cross_entropy_gradient": "the gradient of the cross-entropy",
    "training_loop": "the training loop",
}


def path() -> Path:
    """Where the kept functions lie: beside the lesson that is open."""
    return Path.cwd() / FILE


# ---------------------------------------------------------------- keeping


class CannotKeep(ValueError):
    """Why a function is not kept."""


def keep(name: str | None = None, replace: bool = False) -> Text:
    """Write the function that was checked last (or that of the exercise `name`) into mynet.py, and say so."""
    from . import registry

    if name is not None and name not in registry():
        raise ValueError(f"keep: expected the name of an exercise, got {name!r}")
    exercise = kinds.Exercise.latest if name is None else registry()[name]
    if exercise is None or exercise.submitted is None:
        return Text("○ There is nothing to keep yet: check a function first.")
    try:
        return Text(_keep(exercise, replace))
    except CannotKeep as reason:
        return Text(f"✘ {exercise.name} is not kept: {reason}")
    except OSError as error:
        return Text(f"✘ {exercise.name} is not kept: {path()} cannot be written ({error.strerror}).")


def _keep(exercise, replace):
    if not isinstance(exercise, kinds.Function):
        raise CannotKeep("functions are kept, and its answer is none.")
    if exercise.result.status != CORRECT:
        raise CannotKeep("it has not passed its check yet.")
    function = exercise.submitted[0]
    source = _source(function)
    try:
        before = _file() if path().exists() else HEADER
    except UnicodeDecodeError:
        raise CannotKeep(f"{FILE} cannot be read: it is no text in UTF-8. Mend it first.") from None
    body = _block(exercise, function, source)
    there = _pieces_of(before, {exercise.name, function.__name__})
    lines = before.splitlines()
    if there:
        old = "\n".join(line for first, last in there for line in lines[first:last])
        if old.strip() == body.strip():
            return f"✔ {FILE} holds this {exercise.name} already."
        if not replace:
            raise CannotKeep(f"{FILE} holds another one. ex.keep(replace=True) puts this one in its place.")
        for first, last in reversed(there):
            del lines[first:last]
    names = _names_in(lines)
    text = _with_imports("\n".join(lines).rstrip(), _imports(function, names)) + "\n\n\n" + body
    _check_again(exercise, text)
    files.write(path(), text)
    said = "takes the place of the one before" if there else "is kept"
    return f"✔ {exercise.name} {said} in {FILE}. ex.mine() shows your network."


def _file():
    """What stands in the file, without the mark that some editors put first."""
    return path().read_text(encoding="utf-8-sig")


def _source(function):
    """The function as it was typed."""
    if not isinstance(function, types.FunctionType) or function.__name__ == "<lambda>":
        raise CannotKeep("write it with `def`, then check it again.")
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        raise CannotKeep("its source cannot be found: run its cell again.") from None
    if function.__code__.co_freevars:
        raise CannotKeep(
            f"it uses {', '.join(function.__code__.co_freevars)} of the function it was made in: write it "
            "at the left margin of a cell."
        )
    return source.rstrip() + "\n"


def _block(exercise, function, source):
    """What goes into the file: the source, and the exercise's name for it where the learner's is another."""
    if function.__name__ != exercise.name:
        source += f"\n\n{exercise.name} = {function.__name__}\n"
    return source


def _tree(text):
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise CannotKeep(f"line {error.lineno} of {FILE} cannot be read. Mend it first.") from None


def _pieces_of(text, names):
    """The ranges of lines in which these names are defined, from 0, as (first, after the last)."""
    found = []
    for node in _tree(text).body:
        defined = {node.name} if isinstance(node, ast.FunctionDef) else set()
        if isinstance(node, ast.Assign):
            defined = {target.id for target in node.targets if isinstance(target, ast.Name)}
        if defined & names:
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            found.append((first - 1, node.end_lineno))
    if len(found) == 2 and found[1][0] - found[0][1] == 2:  # with its second name, as _block writes them
        return [(found[0][0], found[1][1])]
    return found


def _names_in(lines):
    """What the file defines at its top level."""
    try:
        return set(_run("\n".join(lines)))
    except Exception as error:
        raise CannotKeep(f"{FILE} cannot be run ({type(error).__name__}: {error}). Mend it first.") from None


def _used(code):
    """The global names that a piece of code reads."""
    names = {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return names.union(*(_used(c) for c in code.co_consts if isinstance(c, types.CodeType)))


def _imports(function, there):
    """The import lines that the function needs and the file has not yet."""
    lines = []
    for name in sorted(_used(function.__code__)):
        if name in there or name == function.__name__ or hasattr(builtins, name):
            continue
        if name not in function.__globals__:
            raise CannotKeep(f"it uses {name}, which is defined nowhere.")
        lines.append(_import_line(name, function.__globals__[name]))
    return lines


def _home(thing):
    """The name of a module, or of the one in which something was defined (None of a number)."""
    if isinstance(thing, np.ufunc):  # which said so itself only from NumPy 2.2 on
        return getattr(thing, "__module__", "numpy")
    return thing.__name__ if isinstance(thing, types.ModuleType) else getattr(thing, "__module__", None)


def _import_line(name, thing):
    home = _home(thing)
    if str(home).split(".")[0] == "bplib":
        raise CannotKeep(f"it uses {name} of bplib. Your own network does without: write that part yourself.")
    if isinstance(thing, types.ModuleType):
        return f"import {home}" if home == name else f"import {home} as {name}"
    if home in (None, "__main__", "builtins"):
        raise CannotKeep(
            f"it uses {name}, which stands elsewhere in the lesson. Write it into the function, or keep it "
            "first."
        )
    if getattr(importlib.import_module(home), getattr(thing, "__name__", name), None) is not thing:
        raise CannotKeep(f"it uses {name}, and where that comes from cannot be told.")
    return f"from {home} import {thing.__name__}" + ("" if thing.__name__ == name else f" as {name}")


def _with_imports(text, imports):
    """The text with these lines after its last import, or after its docstring."""
    if not imports:
        return text
    ends = [
        node.end_lineno
        for position, node in enumerate(_tree(text).body)
        if isinstance(node, ast.Import | ast.ImportFrom)
        or (position == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    lines, after = text.splitlines(), max(ends, default=0)
    first = "import" in lines[after - 1] if after else False
    return "\n".join([*lines[:after], *([] if first or not after else [""]), *imports, *lines[after:]])


def _check_again(exercise, text):
    """The function must pass from the text alone, as it will stand in the file."""
    namespace = _run(text)
    seed = secrets.randbits(32)
    result = exercise.judge(exercise.attempt((namespace[exercise.name],), seed), seed)
    if result.status != CORRECT:
        raise CannotKeep(f"from {FILE} alone it does not pass any more: {result.message}")


def _run(text):
    """What a program defines."""
    namespace = {"__name__": "mynet"}
    exec(compile(text, FILE, "exec"), namespace)
    return namespace


# ---------------------------------------------------------------- the network made of them


class Mine:
    """The pieces of mynet.py at work in bplib's network; where one is missing, bplib's stands in."""

    def __init__(self, own: dict[str, Callable]) -> None:
        self.own = own

    def __repr__(self):
        yours = [f"{name} ({PIECES[name]})" for name in PIECES if name in self.own]
        others = [f"{name} ({PIECES[name]})" for name in PIECES if name not in self.own]
        lines = ["Yours: " + (", ".join(yours) or "nothing yet") + "."]
        if others:
            lines.append(f"bplib stands in for: {', '.join(others)}.")
        return said("\n".join(lines))

    def mlp(self, *arguments: Any, **settings: Any) -> network.Network:
        """As bplib's `mlp`, on the learner's layers and loss."""
        given = network.mlp(*arguments, **settings)
        return network.Network([self._layer(l) for l in given.layers], self._loss(given.loss_function))

    def fit(
        self,
        net: network.Network,
        X: np.ndarray,
        Y: np.ndarray,
        *,
        learning_rate: float,
        batch_size: int,
        epochs: int,
        rng: np.random.Generator | None = None,
    ) -> list[float]:
        """Train by the learner's loop, all weights in one long array; return the loss of each batch.

        With an `rng` each epoch takes the rows in a new order.
        """
        loop = self.own.get("training_loop", _loop)
        params = [p for _, p in net.named_params()]
        found = []

        def gradient(w, X, Y):
            _spread(w, params)
            L, grads = net.gradients(X, Y)
            parts = [g[name] for layer, g in zip(net.layers, grads, strict=True) for name in layer.params]
            return L, np.concatenate([part.ravel() for part in parts])

        for _ in range(epochs):
            order = np.arange(len(Y)) if rng is None else rng.permutation(len(Y))
            start = np.concatenate([p.ravel() for p in params])
            w, L = loop(gradient, start, np.asarray(X[order]), Y[order], learning_rate, batch_size, 1)
            _spread(w, params)
            found += list(L)
        return found

    def _layer(self, layer):
        kind = {layers.Affine: MyAffine, layers.Tanh: MyTanh, layers.ReLU: MyReLU}.get(type(layer))
        if kind is None or kind.piece not in self.own:
            return layer
        new = kind.from_arrays(layer.params["W"], layer.params.get("b")) if kind is MyAffine else kind()
        new.own = self.own
        return new

    def _loss(self, loss):
        kinds_of_loss = {losses.SoftmaxCrossEntropy: MySoftmaxCrossEntropy,
                         losses.BinaryCrossEntropy: MyBinaryCrossEntropy}  # fmt: skip
        kind = kinds_of_loss.get(type(loss))
        if kind is None or not kind.pieces & set(self.own):
            return loss
        new = kind()
        new.own = self.own
        return new


class MyAffine(layers.Affine):
    """An affine layer with the learner's way back."""

    own: dict[str, Callable]
    piece = "affine_backward"

    def backward(
        self, dY: np.ndarray, cache: Any, *, input_gradient: bool = True
    ) -> tuple[np.ndarray | None, dict[str, np.ndarray]]:
        """As `Affine.backward`, by the learner's function."""
        dX, dW, db = self.own[self.piece](dY, cache, self.params["W"])
        grads = {"W": np.asarray(dW), "b": np.asarray(db)}
        return dX if input_gradient else None, {name: grads[name] for name in self.params}


class _MyActivation:
    own: dict[str, Callable]
    piece: str

    def backward(
        self, dY: np.ndarray, cache: Any, *, input_gradient: bool = True
    ) -> tuple[np.ndarray | None, dict[str, np.ndarray]]:
        """The learner's function of what comes back and of the output."""
        return np.asarray(self.own[self.piece](dY, cache)) if input_gradient else None, {}


class MyTanh(_MyActivation, layers.Tanh):
    """tanh with the learner's way back."""

    piece = "tanh_backward"


class MyReLU(_MyActivation, layers.ReLU):
    """ReLU with the learner's way back."""

    piece = "relu_backward"


class MySoftmaxCrossEntropy(losses.SoftmaxCrossEntropy):
    """The cross-entropy with the learner's softmax, loss and gradient."""

    own: dict[str, Callable]
    pieces = frozenset({"softmax", "cross_entropy_loss", "cross_entropy_gradient"})

    def value(self, Z: np.ndarray, Y: np.ndarray) -> tuple[float, Any]:
        """As `SoftmaxCrossEntropy.value`; what is kept is the learner's."""
        L, (P, Y) = super().value(Z, Y)
        if "cross_entropy_loss" in self.own and Y.ndim == 1:
            L = float(self.own["cross_entropy_loss"](Z, Y))
        return L, (self._softmax(Z, P), Y)

    def backward(self, cache: Any) -> np.ndarray:
        """As `SoftmaxCrossEntropy.backward`, by the learner's function."""
        P, Y = cache
        if "cross_entropy_gradient" not in self.own:
            return super().backward(cache)
        rows = np.eye(P.shape[1], dtype=P.dtype)[Y] if Y.ndim == 1 else Y
        return np.asarray(self.own["cross_entropy_gradient"](P, rows))

    def prediction(self, Z: np.ndarray) -> np.ndarray:
        """The learner's softmax."""
        return self._softmax(Z, None) if "softmax" in self.own else super().prediction(Z)

    def _softmax(self, Z, P):
        return np.asarray(self.own["softmax"](Z)) if "softmax" in self.own else P


class MyBinaryCrossEntropy(losses.BinaryCrossEntropy):
    """The binary cross-entropy with the learner's loss and gradient."""

    own: dict[str, Callable]
    pieces = frozenset({"logistic_loss"})

    def value(self, Z: np.ndarray, Y: np.ndarray) -> tuple[float, Any]:
        """The learner's function gives both; the gradient waits in the cache."""
        L, dZ = self.own["logistic_loss"](Z, Y)
        return float(L), (self.prediction(Z), Y, np.asarray(dZ))

    def backward(self, cache: Any) -> np.ndarray:
        """The gradient that came with the loss."""
        return cache[2]


def _loop(gradient, w, X, Y, learning_rate, batch_size, epochs):
    """What stands in for a training loop that is not kept yet."""
    found = []
    for _ in range(epochs):
        for start in range(0, len(X), batch_size):
            L, g = gradient(w, X[start : start + batch_size], Y[start : start + batch_size])
            w = w - g * learning_rate
            found.append(L)
    return w, found


def _spread(w, params):
    """Write one long array into the parameters."""
    at = 0
    for p in params:
        p[...] = w[at : at + p.size].reshape(p.shape)
        at += p.size


def mine() -> Mine:
    """The pieces that mynet.py holds, as a `Mine`."""
    if not path().exists():
        return Mine({})
    try:
        found = _run(_file())
    except Exception as error:
        raise ValueError(f"{FILE} cannot be run: {type(error).__name__}: {error}") from None
    return Mine({name: found[name] for name in PIECES if callable(found.get(name))})


# ---------------------------------------------------------------- nothing of bplib but data and pictures

WANTED = {"mnist": 0.95}  # the share of test images, by data set
WANTED_ELSEWHERE = 0.93


def own_digits(train: Callable, data: "Dataset") -> Text:
    """Measure a learner's whole program on the test images of `data`; it may use nothing of bplib.

    train(X, y) gets images (N, 784) from 0 to 1 with their labels, and returns a function from images
    (M, 784) to labels (M,).
    """
    if kinds.running.is_blank(train):
        return Text("○ own_digits: not attempted yet. Write the body in place of the `...`.")
    used = sorted(_bplibs(train))
    if used:
        return Text(f"✘ own_digits: it uses {', '.join(used)} of bplib. Write that part yourself.")
    X, X_test = (np.asarray(part[:]) for part in (data.X_train, data.X_test))
    answer = train(X.copy(), data.y_train.copy())
    if not callable(answer):
        return Text(f"✘ own_digits: it should return a function from images to digits, got {answer!r:.100}")
    said = np.asarray(answer(X_test.copy()))
    if said.shape != data.y_test.shape:
        wanted = data.y_test.shape
        return Text(f"✘ own_digits: for {wanted[0]} images {wanted} labels are expected, got {said.shape}.")
    share, least = float(np.mean(said == data.y_test)), WANTED.get(data.name, WANTED_ELSEWHERE)
    mark = "✔" if share >= least else "✘"
    return Text(
        f"{mark} own_digits: {share:.4f} of the test images are right; at least {least} is asked for."
    )


def _bplibs(function, seen=None):
    """Names of bplib that a function uses, itself or through other functions of the lesson."""
    seen = set() if seen is None else seen
    found = set()
    for name in _used(function.__code__) - seen:
        seen.add(name)
        thing = function.__globals__.get(name)
        home = _home(thing)
        if str(home).split(".")[0] == "bplib":
            found.add(name)
        elif isinstance(thing, types.FunctionType) and home == function.__module__:
            found |= _bplibs(thing, seen)
    imported = {i.argval for i in dis.get_instructions(function.__code__) if i.opname == "IMPORT_NAME"}
    return found | {name for name in imported if name.split(".")[0] == "bplib"}
