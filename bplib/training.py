"""Training: batches, steps, and what can be seen on the way."""

from __future__ import annotations

import copy
import math
import operator
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from . import checks, losses
from .contracts import DOORS, Layer, Loss, behind, has_own
from .network import Network, backward_pass, forward_pass
from .optimizers import Optimizer
from .storage import state_of

Rows: TypeAlias = Any  # an array, a list, a data frame, images: whatever `checks.rows_of` takes


class DivergenceError(ArithmeticError):
    """The loss became NaN or infinite; says at which step, at which learning rate, and what to try.

    `history` is the `History` up to there where `fit` was training, else None.
    """

    history: History | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One step. Loss and outputs are those of its batch *before* the step.

    step, epoch     counted from 1
    rows            indices of the batch's rows
    loss            L of the batch
    outputs         the loss's `predict` for the batch: probabilities, or Z for squared error
    learning_rate   η of this step
    """

    step: int
    epoch: int
    rows: np.ndarray
    loss: float
    outputs: np.ndarray
    learning_rate: float


@dataclass
class History:
    """What `fit` saw: lists by step (`loss`, `learning_rate`) and by epoch (the others).

    `interrupted` is True where Ctrl-C (the square button of a notebook) ended the training early.
    """

    loss: list = field(default_factory=list)
    learning_rate: list = field(default_factory=list)
    epoch_loss: list = field(default_factory=list)
    validation_loss: list = field(default_factory=list)
    validation_accuracy: list = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False

    def __repr__(self):
        last = f", last epoch's loss {self.epoch_loss[-1]:.4g}" if self.epoch_loss else ""
        end = ", interrupted" if self.interrupted else ""
        return f"History({len(self.loss)} steps, {len(self.epoch_loss)} epochs{last}{end})"


def train(
    network: Network,
    X: Rows,
    Y: Rows,
    *,
    optimizer: Optimizer,
    batch_size: int,
    epochs: int,
    rng: np.random.Generator | None = None,
    shuffle: bool = True,
) -> Iterator[Snapshot]:
    """Check everything now, and return an iterator that takes one step at a time and yields a `Snapshot`.

    X (N, d) is an array, a list, a data frame, or anything whose X[rows] is an array (`datasets.Images`);
    Y is what the loss expects. Each epoch passes over all rows once, in an order drawn from `rng` unless
    shuffle=False, `batch_size` rows a step; the last batch of an epoch may be smaller. Stop when you like:
    the network is trained as far as you have iterated. Raises DivergenceError when the loss is no longer a
    number.
    """
    X, Y = _checked(network, X, Y, optimizer, batch_size, epochs, rng, shuffle)
    return _steps(network, X, Y, optimizer, batch_size, epochs, rng, shuffle)


def _checked(network, X, Y, optimizer, batch_size, epochs, rng, shuffle):
    checks.interface("train", "optimizer", optimizer, "step", "learning_rate")
    checks.whole_number("train", "batch_size", batch_size)
    checks.whole_number("train", "epochs", epochs)
    if shuffle or rng is not None:
        checks.generator(f"train (with shuffle={shuffle})", rng)
    if getattr(optimizer, "memory", None):
        optimizer.belong_to(network)
    X, Y = _data("train", network, X, Y)
    _rehearse(network, X, batch_size, rng)
    return X, Y.astype(network.dtype, copy=False) if Y.ndim == 2 else Y


def _data(who, network, X, Y, names=("X", "Y")):
    """X and Y past the door: one row through the network, and all of Y through the loss's own checks."""
    X, Y = checks.data(who, X, Y, names)
    if isinstance(X, np.ndarray):
        X = network.cast(X)
    with np.errstate(all="ignore"):  # a network about to diverge is not what is asked here
        Z = checks.outputs(who, network.forward(X[:1])[0])
        network.loss_function.forward(np.broadcast_to(Z, (len(Y), Z.shape[1])), Y)
    return X, Y


def _rehearse(network, X, batch_size, rng):
    """The two sizes of batches through the layers in training mode: what they object to shows now."""
    whole = min(batch_size, len(X))
    last = len(X) % whole or whole
    for n in sorted({whole, last}, reverse=True):
        try:
            with np.errstate(all="ignore"):
                network.forward(X[:n], training=True, rng=copy.deepcopy(rng))
        except ValueError as error:
            if n == whole:
                raise
            raise ValueError(
                f"train: of {len(X)} rows in batches of {batch_size} the last batch has {n}, and {error}: "
                "choose another batch_size, or leave those rows out"
            ) from error


DOORS[Optimizer, "step"] = Optimizer.step, "move"
FORWARD, BACKWARD = Network.forward, Network.backward  # as they were written


def _bound_step(network, optimizer, rng, is_cast):
    """The step of a network as it is now: a function (X, Y) → (L, outputs) that looked for formulas once.

    A batch of another shape than the one before, and so the first, goes by the doors: what does not fit is
    named there, ∂L/∂Z of a loss and the gradients of a layer too. So does every X that is not cast already.
    """
    doors = network.forward, network.backward, optimizer.step
    forward, backward, _ = doors
    if is_cast and not has_own(network, "forward", FORWARD):
        forward = partial(forward_pass, behind(network.layers, Layer, "forward"))
    if not has_own(network, "backward", BACKWARD):
        backward = partial(backward_pass, behind(network.layers, Layer, "backward"))
    formulas = forward, backward, *behind([optimizer], Optimizer, "step")
    (loss,), loss_backward = behind([network.loss_function], Loss, "forward"), network.loss_function.backward
    stateful = [(i, layer) for i, layer in enumerate(network.layers) if state_of(layer)]
    shape = None

    @np.errstate(over="ignore", invalid="ignore")  # divergence has its own error
    def step(X, Y):
        nonlocal shape
        forward, backward, move = formulas if X.shape == shape else doors
        Z, caches = forward(X, training=True, rng=rng)
        L, cache = loss(Z, Y)
        if math.isfinite(L):
            _, grads = backward(loss_backward(cache), caches, input_gradient=False)
            move(network, grads)
            shape = X.shape
            for i, layer in stateful:
                layer.update_state(caches[i])
        return L, cache[0]

    return step


def _same(layers, others):
    """Whether these are the same objects: equal ones will not do."""
    return len(layers) == len(others) and all(map(operator.is_, layers, others))


def _steps(network, X, Y, optimizer, batch_size, epochs, rng, shuffle):
    is_array = isinstance(X, np.ndarray)
    draw = partial(X.take, axis=0) if is_array else X.__getitem__
    step, order, layers = 0, np.arange(len(Y)), []
    for epoch in range(1, epochs + 1):
        if shuffle:
            order = rng.permutation(len(Y))
        for start in range(0, len(Y), batch_size):
            rows = order[start : start + batch_size]
            step += 1
            if not _same(layers, network.layers):  # at first, and when whoever iterates has put in others
                layers, take_step = list(network.layers), _bound_step(network, optimizer, rng, is_array)
            eta = optimizer.learning_rate
            L, outputs = take_step(draw(rows), Y.take(rows, axis=0))
            if not math.isfinite(L):
                raise DivergenceError(
                    f"the loss became {L} at step {step} (epoch {epoch}) with learning rate {eta:g}: the "
                    "parameters have diverged. Build the network anew and try a learning rate ten times "
                    "smaller, inputs scaled to about 1, or another initialisation"
                )
            yield Snapshot(step, epoch, rows, L, outputs, eta)


def fit(
    network: Network,
    X: Rows,
    Y: Rows,
    *,
    optimizer: Optimizer,
    batch_size: int,
    epochs: int,
    rng: np.random.Generator | None = None,
    shuffle: bool = True,
    validation: tuple[Rows, Rows] | None = None,
    schedule: Callable[[float], float] | None = None,
) -> History:
    """Train to the end behind a progress bar (tqdm, on stdout) and return a `History`.

    validation  (X, Y): loss, and accuracy for integer labels, are measured on it after each epoch
    schedule    a function from the fraction of training done, 0 ≤ t < 1, to the learning rate

    Arguments are checked as by `train`. Ctrl-C ends the training and not the program: the history so far is
    returned, its `interrupted` is True, and the network keeps what it has learned.
    """
    import sys

    from tqdm import tqdm  # not tqdm.auto: its widget ignores `file` and stores nothing in a notebook

    tqdm.monitor_interval = 0  # its thread watches bars that stand still, and a browser has no threads

    if schedule is not None and not callable(schedule):
        raise TypeError(f"fit: schedule must be a function of the fraction done, got {schedule!r}")
    validation = _validation(network, validation)
    snapshots = train(network, X, Y, optimizer=optimizer, batch_size=batch_size, epochs=epochs, rng=rng,
                      shuffle=shuffle)  # fmt: skip
    history, begin = History(), time.perf_counter()
    per_epoch = -(-len(Y) // batch_size)
    total = epochs * per_epoch
    with tqdm(total=total, unit="step", file=sys.stdout) as bar:
        try:
            for step in range(total):
                if schedule is not None:
                    optimizer.learning_rate = schedule(step / total)
                snapshot = next(snapshots)
                history.loss.append(snapshot.loss)
                history.learning_rate.append(snapshot.learning_rate)
                bar.update()
                if (step + 1) % per_epoch == 0:
                    bar.set_postfix(_end_of_epoch(network, history, per_epoch, validation))
        except KeyboardInterrupt:
            history.interrupted = True
        except DivergenceError as error:
            error.history = history
            raise
    if history.interrupted:
        print(
            f"Interrupted after {len(history.loss)} of {total} steps: the network keeps what it has learned."
        )
    history.seconds = time.perf_counter() - begin
    return history


def _validation(network, validation):
    """The pair as arrays, or None."""
    if validation is None:
        return None
    if not isinstance(validation, (tuple, list)):
        raise TypeError(
            f"fit: validation must be (X, Y), rows kept aside from training, got {type(validation).__name__}"
        )
    if len(validation) != 2:
        raise ValueError(f"fit: validation must be (X, Y), got {len(validation)} items")
    return _data("fit", network, *validation, ("X of validation", "Y of validation"))


def _end_of_epoch(network, history, per_epoch, validation):
    """Append what belongs to the epoch, all of it or nothing; return what the bar shows."""
    found = {"epoch_loss": float(np.mean(history.loss[-per_epoch:]))}
    shown = {"loss": f"{found['epoch_loss']:.4f}"}
    if validation is not None:
        X, Y = validation
        found["validation_loss"] = network.loss(X, Y)
        shown["validation loss"] = f"{found['validation_loss']:.4f}"
        if Y.ndim == 1 and Y.dtype.kind in "iu":
            found["validation_accuracy"] = accuracy(network, X, Y)
            shown["accuracy"] = f"{found['validation_accuracy']:.4f}"
    for name, value in found.items():
        getattr(history, name).append(value)
    return shown


def accuracy(network: Network, X: Rows, y: Rows, batch_size: int = 1000) -> float:
    """The share of rows whose prediction is right, 0 to 1.

    For integer labels y (N,), or the same as one-hot rows (N, k): the largest output is that of the label.
    For one output, and for the k yes-or-no outputs of a `BinaryCrossEntropy`, y is (N, k) of zeros and ones:
    each prediction of the row is above ½ where y is 1, and not where it is 0.
    """
    batch_size = checks.whole_number("accuracy", "batch_size", batch_size)
    X, y = checks.data("accuracy", X, y, ("X", "y"))
    k = network.predict(X[:1]).shape[1]
    several = k > 1 and not isinstance(network.loss_function, losses.BinaryCrossEntropy)
    y = _classes(y, k, several)
    right = 0
    for start in range(0, len(y), batch_size):
        P, part = network.predict(X[start : start + batch_size]), y[start : start + batch_size]
        hits = P.argmax(axis=1) == part if part.ndim == 1 else np.all((P > 0.5) == part, axis=1)
        right += int(np.count_nonzero(hits))
    return float(right / len(y))


def _classes(y, k, several):
    """Labels (N,), or zeros and ones (N, k) where each output answers for itself."""
    if y.ndim == 1:
        if k == 1:
            raise ValueError(f"accuracy: one output needs y (N, 1), got {y.shape}: y[:, None]")
        return checks.labels("accuracy", "y", y, len(y), k)
    if y.shape != (len(y), k):
        column = y.shape[1:] == (1,)
        hint = ": labels are one number a row, y[:, 0], as integers" if column else ""
        raise ValueError(
            f"accuracy: y must be labels (N,) or have the shape of the outputs, {(len(y), k)}, got "
            f"{y.shape}{hint}"
        )
    if not np.all((y == 0) | (y == 1)):
        raise ValueError(
            "accuracy: y must hold zeros and ones, or be integer labels (N,): a share of right answers needs "
            "classes, for other numbers ask network.loss"
        )
    if not several:
        return y
    if np.any(y.sum(axis=1) != 1):
        raise ValueError(
            f"accuracy: each row of y must hold a single one, since the largest of {k} outputs is the answer "
            "(several yes-or-no outputs at once are for BinaryCrossEntropy)"
        )
    return y.argmax(axis=1)
