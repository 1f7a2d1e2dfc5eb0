"""Between learning and NaN: a published two-layer regression (lesson 05), its loss and its open ReLUs.

Brink()                    # the published program, with the learning rate 1e-5
replay(2e-5).losses[-1]    # the same without a picture
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .. import plots
from ..layers import ReLU
from ..live.controls import slider
from ..live.explorer import Explorer
from ..live.figure import LiveFigure
from ..network import mlp
from ..optimizers import SGD

N, D, H, O = 32, 100, 200, 10
STEPS = 200


@dataclass(frozen=True)
class Replay:
    """One run. losses and open_share are those before each step, and of the end: STEPS + 1 numbers.

    losses       Σ (ŷ − y)², as published: no mean, no ½; NaN once it is no number any more
    open_share   which part of the N·H ReLUs has a positive output
    mean_loss    the loss of the constant answer: each output's mean over the N rows
    died         the first step with a loss of NaN or ∞, or None
    """

    losses: np.ndarray
    open_share: np.ndarray
    mean_loss: float

    @property
    def died(self):
        """The first step whose loss is no finite number, counted from 0; None in a run that survived."""
        gone = ~np.isfinite(self.losses)
        return int(np.argmax(gone)) if gone.any() else None


@lru_cache(maxsize=128)
def replay(learning_rate, seed=0):
    """The published program, on the package's own layers: weights N(0, sd 1), biases 0, 200 steps.

    Its loss is a sum, ours divides by 2N: its learning rate is 2N times smaller than that of our SGD.
    """
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(N, D)), rng.normal(size=(N, O))
    network = mlp((D, H, O), activation="relu", init="normal", rng=rng)
    gate = next(i for i, layer in enumerate(network.layers) if isinstance(layer, ReLU))
    optimizer, loss = SGD(2 * N * learning_rate), network.loss_function
    losses, open_share = np.full(STEPS + 1, np.nan), np.full(STEPS + 1, np.nan)
    with np.errstate(all="ignore"):  # running over is what is looked at
        for step in range(STEPS + 1):
            Z, caches = network.forward(X)
            L, cache = loss.value(Z, Y)
            losses[step] = 2 * N * L
            if not np.isfinite(L):
                break
            open_share[step] = np.mean(caches[gate] > 0)
            optimizer.step(network, network.backward(loss.backward(cache), caches, input_gradient=False)[1])
    return Replay(losses, open_share, float(np.sum((Y - Y.mean(axis=0)) ** 2)))


class Brink(Explorer):
    """The published regression's loss and its share of open ReLUs over 200 steps, by learning rate and seed.

    learning_rate   in units of 1e-5, 0.2 … 4
    `.replay` holds the numbers that are drawn.
    """

    alt = (
        "The loss of the published regression over 200 steps, beside the share of its ReLUs that are open; a "
        "dashed line marks the loss of always answering with the mean"
    )

    def __init__(self, learning_rate=1.0, *, seed=0, key=None):
        super().__init__(
            LiveFigure(760, 320),
            learning_rate=slider("η in 1e-5", float(learning_rate), 0.2, 4.0, 0.1),
            seed=slider("seed", seed, 0, 9),
            key=key,
        )

    def build(self, figure):
        left, right = figure.subplots(1, 2)
        left.set(xlim=(-3, STEPS + 3), ylim=(1e-11, 1e13), yscale="log", xlabel="step", title="loss (a sum)")
        right.set(xlim=(-3, STEPS + 3), ylim=(-3, 103), xlabel="step", title="open ReLUs, %")
        self.loss, self.mean, self.share, self.end, self.cross, self.note = self.live.moving(
            *left.plot([], [], ls="-", lw=2, color=plots.VALUE, label="this program"),
            *left.plot([], [], ls="--", lw=1.5, color=plots.GREY, label="always answering the mean"),
            *right.plot([], [], ls="-", lw=2, color=plots.VALUE),
            *left.plot([], [], ls="", marker="o", ms=7, color=plots.VALUE),
            *left.plot([], [], ls="", marker="x", ms=10, mew=3, color=plots.GRADIENT),
            right.text(0.97, 0.93, "", transform=right.transAxes, ha="right", va="top", color=plots.INK),
        )
        left.legend(loc="upper right", fontsize=9)

    def update(self, learning_rate, seed):
        self.replay = run = replay(round(learning_rate * 1e-5, 10), seed)
        steps, alive = np.arange(STEPS + 1), run.died if run.died is not None else STEPS + 1
        self.loss.set_data(steps[:alive], np.minimum(run.losses[:alive], 1e15))
        self.mean.set_data([0, STEPS], [run.mean_loss] * 2)
        self.share.set_data(steps[:alive], 100 * run.open_share[:alive])
        ended = alive > STEPS
        self.end.set_data([STEPS] * ended, [run.losses[-1]] * ended)
        self.cross.set_data([] if ended else [alive], [] if ended else [1e12])
        first, last = 100 * run.open_share[[0, alive - 1]]
        self.note.set_text(f"{first:.0f} % → {last:.2g} %" if ended else f"no number from step {alive} on")
        return self._verdict(learning_rate, run, ended, first, last)

    @staticmethod
    def _verdict(learning_rate, run, ended, first, last):
        said = f"η = {learning_rate:.2g}e-5: L = {run.losses[0]:.3g} → "
        if not ended:
            return said + f"no number from step {run.died} on. Diverged."
        end, mean = run.losses[-1], run.mean_loss
        said += f"{end:.3g} in {STEPS} steps; open ReLUs {first:.0f} % → {last:.2g} %; "
        said += f"the mean gives {mean:.0f}. "
        if end < mean / 100:
            return said + "Learned."
        if end < mean / 2:
            return said + "Better than a constant, for now: look at the ReLUs."
        return said + "About as good as a constant: the hidden layer sleeps."
