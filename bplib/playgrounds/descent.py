"""Gradient descent of one neuron (lesson 03): its loss surface, the path over it, the loss step by step."""

from itertools import islice

import numpy as np

from .. import checks, plots
from ..layers import Affine, sigmoid
from ..live.controls import choice, slider
from ..live.explorer import Explorer
from ..live.figure import LiveFigure
from ..losses import BinaryCrossEntropy, SquaredError
from ..network import Network
from ..optimizers import SGD
from ..training import DivergenceError, train

LOSSES = {"squared_error": SquaredError, "binary_cross_entropy": BinaryCrossEntropy}


def losses_at(points, X, Y, loss):
    """L at many (w, b): points (M, 2) → (M,), for X and Y (N, 1)."""
    Z = points[:, :1] * X.T + points[:, 1:]
    if loss == "squared_error":
        with np.errstate(over="ignore"):  # a diverging path ends in ∞
            return ((Z - Y.T) ** 2).mean(axis=1) / 2
    return (np.maximum(Z, 0) - Z * Y.T + np.log1p(np.exp(-np.abs(Z)))).mean(axis=1)


def steepest_curvature(X, Y, w, b, loss):
    """The largest eigenvalue of the second derivatives of L by (w, b): the c of η < 2/c."""
    x, a = X[:, 0], sigmoid(X[:, 0] * w + b)
    weights = np.ones(len(x)) if loss == "squared_error" else a * (1 - a)
    mixed = np.mean(weights * x)
    second = np.array([[np.mean(weights * x**2), mixed], [mixed, np.mean(weights)]])
    return float(np.linalg.eigvalsh(second)[-1])


class DescentExplorer(Explorer):
    """The loss of a neuron z = w x + b over (w, b), and the path of gradient descent for a learning rate.

    X, Y    (N, 1) both
    loss    "squared_error", or "binary_cross_entropy" of ŷ = σ(z)
    start   (w, b) of the first step; extent (w₀, w₁, b₀, b₁) is what the picture shows
    """

    alt = (
        "Contours of one neuron's loss over w and b with the path of descent; beside them the loss over steps"
    )
    max_steps = 60

    def __init__(self, X, Y, *, loss="squared_error", learning_rate=0.05, start=(-1.0, 2.5),
                 extent=(-1.6, 3.0, -3.0, 3.2)):  # fmt: skip
        self.loss = checks.choice("DescentExplorer", "loss", loss, {name: name for name in LOSSES})
        self.X, self.Y = (np.asarray(A, dtype=float) for A in (X, Y))
        if self.X.ndim != 2 or self.X.shape[1] != 1 or self.X.shape != self.Y.shape:
            raise ValueError(
                f"DescentExplorer: X and Y must both be (N, 1), got {self.X.shape} and {self.Y.shape}"
            )
        self.start, self.extent = np.array(start, dtype=float), extent
        batches = {n: f"{n} row{'s' * (n > 1)} a step" for n in (2, 1) if n < len(self.X)}
        options = [(f"all {len(self.X)} rows a step", len(self.X)), *((v, n) for n, v in batches.items())]
        super().__init__(
            LiveFigure(760, 340),
            learning_rate=slider("learning rate η", learning_rate, 0.001, 20.0, log=True),
            steps=slider("steps", 30, 1, self.max_steps),
            batch_size=choice("Batch", options),
        )

    def build(self, figure):
        surface, right = figure.subplots(1, 2, width_ratios=(1, 1.05))
        plots.loss_surface(surface, lambda points: losses_at(points, self.X, self.Y, self.loss), self.extent,
                           log=True, levels=16, resolution=45, xlabel="w", ylabel="b",
                           title="the loss over w and b")  # fmt: skip
        height = float(losses_at(self.start[None], self.X, self.Y, self.loss)[0])
        floor, self.ceiling = height * np.array((1e-3, 1e6) if self.loss == "squared_error" else (0.1, 100))
        right.set(xlim=(-1, self.max_steps + 1), ylim=(floor, self.ceiling), yscale="log")
        right.set(xlabel="step", title="the loss of all rows")
        right.axhline(height, color=plots.GREY, ls=":", lw=1.2)
        right.text(1, 0.98, "······ the loss before the first step", transform=right.transAxes, ha="right",
                   va="top", color=plots.GREY)  # fmt: skip
        red = {"color": plots.GRADIENT}
        self.path, _, self.end, self.curve = self.live.moving(
            *surface.plot([], [], ls="-", lw=1.3, marker=".", ms=5, **red),
            *surface.plot(*self.start, ls="", marker="o", ms=9, mec=plots.BLACK, **red),
            *surface.plot([], [], ls="", marker="*", ms=14, mec=plots.BLACK, color=plots.YELLOW),
            *right.plot([], [], ls="-", lw=1.5, marker=".", ms=5, **red),
        )

    def descend(self, learning_rate, steps, batch_size):
        """The path (T, 2) of (w, b), start included, by the shipped `train`; cut short where L overflows."""
        network = Network([Affine.from_arrays(self.start[:1, None], self.start[1:])], LOSSES[self.loss]())
        path = [self.start]
        training = train(network, self.X, self.Y, optimizer=SGD(learning_rate), batch_size=batch_size,
                         epochs=steps, rng=np.random.default_rng(1))  # fmt: skip
        try:
            for _ in islice(training, steps):
                path.append(np.concatenate([p.ravel() for _, p in network.named_params()]))
        except DivergenceError:
            pass  # the curve has left the picture long before
        return np.array(path)

    def update(self, learning_rate, steps, batch_size):
        path = self.descend(learning_rate, steps, batch_size)
        losses = losses_at(path, self.X, self.Y, self.loss)
        x0, x1, y0, y1 = self.extent
        far = np.any(np.abs(path - [(x0 + x1) / 2, (y0 + y1) / 2]) > 20 * max(x1 - x0, y1 - y0), axis=1)
        shown = path[: np.argmax(far) + 1 if far.any() else None]  # numbers beyond that no canvas can draw
        self.path.set_data(*shown.T)
        self.end.set_data(*path[-1:].T if not far.any() else ([], []))
        self.curve.set_data(np.arange(len(losses)), np.minimum(losses, 1e3 * self.ceiling))
        return self.judge(losses, path[-1], learning_rate, batch_size)

    def judge(self, losses, end, learning_rate, batch_size):
        """The status line: where the loss stands, and how η compares with the limit 2/c."""
        said = f"η = {learning_rate:.3g}: L = {losses[0]:.3g} → {losses[-1]:.3g} in {len(losses) - 1} steps. "
        if self.loss != "squared_error" or batch_size < len(self.X):
            return said + ("Larger than at the start." if losses[-1] > losses[0] else "")
        limit = 2 / steepest_curvature(self.X, self.Y, *end, self.loss)
        said += f"The limit 2/c is {limit:.3f}. "
        if learning_rate < limit:
            return said
        growth = (2 * learning_rate / limit - 1) ** 2  # of the loss, in the steepest direction
        overflow = (
            (np.log(np.finfo(float).max) - np.log(losses[0])) / np.log(growth) if growth > 1 else np.inf
        )
        return (
            said
            + f"Above it: ×{growth:.3g} a step, no number can hold the loss after about {overflow:.0f} steps."
        )
