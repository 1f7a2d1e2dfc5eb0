"""The loss at step 0: say what it will be, press Reveal, then make the starting weights larger or smaller.

StepZero()                       # post D's network for ten digits
StepZero("E: regression, a sum of squares", factor=2.0)
losses_at_start("B: XOR, one yes or no", 1.0)     # the numbers without a picture
"""

from functools import lru_cache

import numpy as np

from .. import plots
from ..live.controls import choice, slider
from ..live.explorer import Explorer
from ..live.figure import LiveFigure
from ..losses import BinaryCrossEntropy, SoftmaxCrossEntropy
from ..network import mlp

STARTS = 12
XOR, DIGITS, REGRESSION = (
    "B: XOR, one yes or no",
    "D: ten digits, softmax",
    "E: regression, a sum of squares",
)
# by hand: the loss at the published weights, and how one gets it
BY_HAND = {
    XOR: (float(np.log(2)), "−ln ½ = ln 2 = 0.693"),
    DIGITS: (float(np.log(10)), "−ln 1/10 = ln 10 = 2.303"),
    REGRESSION: (32 * 10 * 200 * 100 / 2, "N·k·m·d/2 = 32·10·200·100/2 = 3.2e6"),
}
FACTORS = 10 ** np.linspace(-1, 2, 16)
LIMITS = {XOR: (0.1, 100), DIGITS: (0.1, 1e4), REGRESSION: (10, 1e15)}


@lru_cache(maxsize=4)
def _starts(program):
    """STARTS networks with published weights, and rows for them: pairs (network, X, Y)."""
    made = []
    for seed in range(STARTS):
        rng = np.random.default_rng(seed)
        if program == XOR:  # the post's weights are all ±0.1
            net = mlp((2, 2, 1), loss="binary_cross_entropy", init="normal", scale=0.1, rng=rng)
            X, Y = np.array([[1.0, 1], [0, 1], [1, 0], [0, 0]]), np.array([[0.0], [1], [1], [0]])
        elif program == DIGITS:  # any pixels do: at the start the loss does not look at them
            net = mlp((784, 64, 32, 10), activation="relu", loss="softmax_cross_entropy",
                      init="normal", scale=0.01, rng=rng)  # fmt: skip
            X, Y = rng.uniform(size=(100, 784)), rng.integers(0, 10, 100)
        else:
            net = mlp((100, 200, 10), activation="relu", init="normal", rng=rng)
            X, Y = rng.normal(size=(32, 100)), rng.normal(size=(32, 10))
        made.append((net, X, Y))
    return made


@lru_cache(maxsize=256)
def losses_at_start(program, factor):
    """The loss before any training of STARTS random starts, all weights times `factor`: array (STARTS,).

    Biases are 0. E's loss is a sum over everything, as published; the others are means over the rows.
    """
    if program not in BY_HAND:
        raise ValueError(f"losses_at_start: program must be one of {', '.join(BY_HAND)}, got {program!r}")
    found = []
    for net, X, Y in _starts(program):
        A = X
        for layer in net.layers:
            A = layer.forward(A)[0] * (factor if layer.params else 1.0)
        if program == REGRESSION:
            found.append(np.sum((A - Y) ** 2))
        else:
            loss = BinaryCrossEntropy() if program == XOR else SoftmaxCrossEntropy()
            found.append(loss.value(A, Y)[0])
    return np.array(found)


class StepZero(Explorer):
    """Choose a program, put your prediction on the slider, press Reveal; then change the size of the weights.

    `.revealed` says whether the losses are on show; choosing another program hides them.
    """

    alt = (
        "The loss before any training over the size of the starting weights, on logarithmic axes: your "
        "prediction as a dashed line, the size of the weights as a dotted one; and once it is revealed, "
        "twelve random starts and the value found by hand"
    )

    def __init__(self, program=DIGITS, prediction=1.0, factor=1.0, *, revealed=False, key=None):
        if program not in BY_HAND:
            raise ValueError(f"StepZero: program must be one of {', '.join(BY_HAND)}, got {program!r}")
        self.revealed, self._shown = revealed, program
        super().__init__(
            LiveFigure(700, 330),
            program=choice("program", list(BY_HAND), program),
            prediction=slider("your L", float(prediction), 0.1, 1e8, 0.02, log=True),
            factor=slider("weights ×", float(factor), 0.1, 100.0, 0.2, log=True),
            buttons={"Reveal": self._reveal},
            key=key,
        )

    def _reveal(self):
        self.revealed = True

    def build(self, figure):
        self.ax = self.live.axes(84, 48, 600, 264)  # room for the longest label of the axis
        self.ax.set(xscale="log", yscale="log", xlim=(0.08, 125), ylim=(0.05, 2e8))
        self.ax.set(xlabel="all starting weights, times …", ylabel="L before step 1")
        self.curve, self.hand, self.said, self.dots, self.now, self.note = self.live.moving(
            *self.ax.plot([], [], "-", lw=1.5, color=plots.GREY),
            *self.ax.plot([], [], "s", ms=11, mfc="none", mew=2, color=plots.TARGET),
            *self.ax.plot([], [], "--", lw=2, color=plots.GRADIENT),
            *self.ax.plot([], [], "o", ms=5, alpha=0.6, color=plots.VALUE),
            *self.ax.plot([], [], ":", lw=1.2, color=plots.INK),
            self.ax.text(0.02, 0.95, "", transform=self.ax.transAxes, va="top", color=plots.INK),
        )

    def update(self, program, prediction, factor):
        if program != self._shown:
            self._shown, self.revealed = program, False
            self.controls["factor"].value = factor = 1.0  # its weights as they were published
        low, high = LIMITS[program] if self.revealed else (0.05, 2e8)
        if self.ax.get_ylim() != (low, high):
            self.ax.set_ylim(low, high)
        self.said.set_data([0.08, 125], [prediction] * 2)
        self.now.set_data([factor] * 2, [low, high])
        value, how = BY_HAND[program]
        if not self.revealed:
            for artist in (self.curve, self.hand, self.dots):
                artist.set_data([], [])
            self.note.set_text("dashed: what you say\ndotted: size of the weights")
            return f"{program}: what is L before the first step? Move “your L”, then press Reveal."
        self.curve.set_data(FACTORS, [np.median(losses_at_start(program, f)) for f in FACTORS])
        self.hand.set_data([1.0], [value])
        losses = losses_at_start(program, float(factor))
        self.dots.set_data(np.full(STARTS, factor), losses)
        self.note.set_text(f"square: by hand, {how}")
        said = f"By hand: {how}. "
        if abs(np.log10(factor)) < 1e-6:
            miss = max(prediction / value, value / prediction)
            said += "You are right. " if miss < 1.1 else f"You said {prediction:.3g}. "
        return said + (
            f"{STARTS} starts, weights × {factor:.3g}: {losses.min():.4g} … {losses.max():.4g}"
            f" (middle {np.median(losses):.4g})."
        )
