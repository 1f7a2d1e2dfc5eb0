"""Training: batches, steps, and what can be seen on the way."""

import math
import time
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from . import checks


class DivergenceError(ArithmeticError):
    """The loss became NaN or infinite; says at which step, at which learning rate, and what to try."""


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
    """What `fit` saw: lists by step (`loss`, `learning_rate`) and by epoch (the others)."""

    loss: list = field(default_factory=list)
    learning_rate: list = field(default_factory=list)
    epoch_loss: list = field(default_factory=list)
    validation_loss: list = field(default_factory=list)
    validation_accuracy: list = field(default_factory=list)
    seconds: float = 0.0

    def __repr__(self):
        last = f", last epoch's loss {self.epoch_loss[-1]:.4g}" if self.epoch_loss else ""
        return f"History({len(self.loss)} steps, {len(self.epoch_loss)} epochs{last})"


def train(network, X, Y, *, optimizer, batch_size, epochs, rng=None, shuffle=True):
    """Check everything now, and return an iterator that takes one step at a time and yields a `Snapshot`.

    X (N, d) is an array, or anything whose X[rows] is one (`datasets.Images`); Y is what the loss expects.
    Each epoch passes over all rows once, in an order drawn from `rng` unless shuffle=False, `batch_size` rows
    a step; the last batch of an epoch may be smaller. Stop when you like: the network is trained as far as
    you have iterated. Raises DivergenceError when the loss is no longer a number.
    """
    X, Y = _checked(network, X, Y, optimizer, batch_size, epochs, rng, shuffle)
    return _steps(network, X, Y, optimizer, batch_size, epochs, rng, shuffle)


def _checked(network, X, Y, optimizer, batch_size, epochs, rng, shuffle):
    checks.interface("train", "optimizer", optimizer, "step", "learning_rate")
    checks.whole_number("train", "batch_size", batch_size)
    checks.whole_number("train", "epochs", epochs)
    if shuffle:
        checks.generator("train (with shuffle=True)", rng)
    if not hasattr(X, "shape") or not hasattr(X, "__getitem__"):
        X = checks.real("train", "X", X)
    Y = checks.real("train", "Y", Y)
    if len(X.shape) < 1 or X.shape[0] == 0:
        raise ValueError(f"train: X must have at least one row, got {X.shape}")
    if Y.ndim < 1 or len(Y) != X.shape[0]:
        raise ValueError(f"train: X and Y must have as many rows, got {X.shape} and {Y.shape}")
    if isinstance(X, np.ndarray):
        X = network.cast(X)
    for start in range(0, len(X), 4096):  # in parts, so that images need not all be floats at once
        checks.finite("train", "X", checks.real("train", "X", X[start : start + 4096]))
    checks.finite("train", "Y", Y)
    # One row through the network and all of Y through the loss's door: wrong widths and labels show now.
    Z, _ = network.forward(X[:1])
    network.loss_function.forward(np.broadcast_to(Z, (len(Y), Z.shape[1])), Y)
    if Y.ndim == 2:
        Y = Y.astype(network.dtype, copy=False)
    return X, Y


def _steps(network, X, Y, optimizer, batch_size, epochs, rng, shuffle):
    loss_function = network.loss_function
    # The door was passed once for all of Y; `evaluate` is `forward` behind it.
    evaluate = getattr(loss_function, "evaluate", loss_function.forward)
    draw = partial(X.take, axis=0) if isinstance(X, np.ndarray) else X.__getitem__
    stateful = [(i, layer) for i, layer in enumerate(network.layers) if layer.state]
    step, order = 0, np.arange(len(Y))
    for epoch in range(1, epochs + 1):
        if shuffle:
            order = rng.permutation(len(Y))
        for start in range(0, len(Y), batch_size):
            rows = order[start : start + batch_size]
            step += 1
            eta = optimizer.learning_rate
            with np.errstate(over="ignore", invalid="ignore"):  # divergence has its own error, below
                Z, caches = network.forward(draw(rows), training=True, rng=rng)
                L, cache = evaluate(Z, Y.take(rows, axis=0))
                if not math.isfinite(L):
                    raise DivergenceError(
                        f"the loss became {L} at step {step} (epoch {epoch}) with learning rate {eta:g}: the "
                        "parameters have diverged. Build the network anew and try a learning rate ten times "
                        "smaller, inputs scaled to about 1, or another initialisation"
                    )
                dZ = loss_function.backward(cache)
                _, grads = network.backward(dZ, caches, input_gradient=False)
                optimizer.step(network, grads)
            for i, layer in stateful:
                layer.update_state(caches[i])
            yield Snapshot(step, epoch, rows, L, cache[0], eta)


def fit(
    network, X, Y, *, optimizer, batch_size, epochs, rng=None, shuffle=True, validation=None, schedule=None
):
    """Train to the end behind a progress bar (tqdm, on stdout) and return a `History`.

    validation  (X, Y): loss, and accuracy for integer labels, are measured on it after each epoch
    schedule    a function from the fraction of training done, 0 ≤ t < 1, to the learning rate
    """
    import sys

    from tqdm import tqdm  # not tqdm.auto: its widget ignores `file` and stores nothing in a notebook

    if schedule is not None and not callable(schedule):
        raise TypeError(f"fit: schedule must be a function of the fraction done, got {schedule!r}")
    if validation is not None and len(validation) != 2:
        raise ValueError(f"fit: validation must be (X, Y), got {len(validation)} items")
    snapshots = train(network, X, Y, optimizer=optimizer, batch_size=batch_size, epochs=epochs, rng=rng,
                      shuffle=shuffle)  # fmt: skip
    history, begin = History(), time.perf_counter()
    per_epoch = -(-len(Y) // batch_size)
    with tqdm(total=epochs * per_epoch, unit="step", file=sys.stdout, leave=True) as bar:
        while bar.n < bar.total:
            if schedule is not None:
                optimizer.learning_rate = schedule(bar.n / bar.total)
            snapshot = next(snapshots)
            history.loss.append(snapshot.loss)
            history.learning_rate.append(snapshot.learning_rate)
            bar.update()
            if bar.n % per_epoch == 0:
                history.epoch_loss.append(float(np.mean(history.loss[-per_epoch:])))
                shown = {"loss": f"{history.epoch_loss[-1]:.4f}"}
                if validation is not None:
                    shown |= _validate(network, *validation, history)
                bar.set_postfix(shown)
    history.seconds = time.perf_counter() - begin
    return history


def _validate(network, X, Y, history):
    history.validation_loss.append(network.loss(X, Y))
    shown = {"validation loss": f"{history.validation_loss[-1]:.4f}"}
    if np.ndim(Y) == 1:
        history.validation_accuracy.append(accuracy(network, X, Y))
        shown["accuracy"] = f"{history.validation_accuracy[-1]:.4f}"
    return shown


def accuracy(network, X, y, batch_size=1000):
    """The share of rows whose prediction is right, 0 to 1.

    For integer labels y (N,): the most probable class equals y. For y (N, k) of zeros and ones: each
    prediction of the row is above ½ where y is 1, and not where it is 0.
    """
    y = checks.real("accuracy", "y", y)
    if len(y) == 0 or len(y) != X.shape[0]:
        raise ValueError(
            f"accuracy: X and y must have as many rows, and at least one; got {X.shape} and {y.shape}"
        )
    right = 0
    for start in range(0, len(y), batch_size):
        P, part = network.predict(X[start : start + batch_size]), y[start : start + batch_size]
        if part.ndim == 1 and P.shape[1] == 1:
            raise ValueError(f"accuracy: one output needs y (N, 1), got {y.shape}: y[:, None]")
        right += (
            np.sum(P.argmax(axis=1) == part) if part.ndim == 1 else np.sum(np.all((P > 0.5) == part, axis=1))
        )
    return float(right / len(y))
