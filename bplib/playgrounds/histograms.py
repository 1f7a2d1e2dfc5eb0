"""Activations' histograms layer by layer (lesson 13): the size of the weights, normalisation, dropout, modes.

HistogramExplorer()                            # tanh, Xavier's weights times 0.25
HistogramExplorer(activation="ReLU", scale=4.0, normalise=True)
activations("tanh", 0.25, True, 0.0, "training")     # the numbers without a picture: (8, 200, 50)
"""

from functools import lru_cache

import numpy as np

from .. import checks, plots
from ..deep_layers import BatchNorm, Dropout
from ..layers import Affine, ReLU, Sigmoid, Tanh
from ..live.controls import choice, slider, toggle
from ..live.explorer import Explorer
from ..live.figure import LiveFigure

LAYERS = {"tanh": Tanh(), "sigmoid": Sigmoid(), "ReLU": ReLU()}
LIMITS = {"tanh": (-2.1, 2.1), "sigmoid": (-0.1, 2.1), "ReLU": (-0.2, 6.0)}
MODES = ("training", "predicting after 100 batches", "predicting before any")
DEPTH, WIDTH, ROWS, BATCHES = 8, 50, 200, 100
TOP = 0.5  # a bar that is higher is cut off, below the number


@lru_cache(maxsize=64)
def activations(activation, scale, normalise, p, mode):
    """What leaves each of 8 layers of 50 units for 200 rows, nothing learnt yet: (8, 200, 50).

    A layer is affine, then (with `normalise`) BatchNorm, activation and Dropout(p). The weights are Xavier's,
    before ReLU He's, times `scale`. Modes: "training" draws masks and takes the batch's statistics; the
    others use the running statistics, after 100 batches of training mode or as they are at first.
    """
    rng = np.random.default_rng(13)
    init = "he" if activation == "ReLU" else "xavier"
    layers = []
    for _ in range(DEPTH):
        affine = Affine(WIDTH, WIDTH, init=init, rng=rng)
        affine.params["W"] *= scale
        layers.append([affine, *([BatchNorm(WIDTH)] if normalise else []), LAYERS[activation], Dropout(p)])
    X = rng.normal(size=(ROWS, WIDTH))

    def run(A, training):
        outputs = []
        for block in layers:
            for layer in block:
                A, cache = layer.forward(A, training=training, rng=rng)
                if layer.state and training:
                    layer.update_state(cache)
            outputs.append(A)
        return np.stack(outputs)

    if mode == MODES[1] and normalise:
        for _ in range(BATCHES):
            run(rng.normal(size=(ROWS // 2, WIDTH)), True)
    return run(X, mode == MODES[0])


class HistogramExplorer(Explorer):
    """Eight layers that have learnt nothing yet: how spread out are their outputs, and who keeps them so?"""

    alt = "Histograms of the outputs of eight layers, side by side, with their standard deviations"
    bins = 30

    def __init__(self, activation="tanh", scale=0.25, normalise=False, p=0.0):
        checks.choice("HistogramExplorer", "activation", activation, {name: name for name in LAYERS})
        super().__init__(
            LiveFigure(840, 270),
            activation=choice("Activation", list(LAYERS), activation),
            scale=slider("weights ×", float(scale), 0.1, 10.0, log=True),
            normalise=toggle("batch normalisation", normalise),
            p=slider("dropout p", float(p), 0.0, 0.5, 0.1),
            mode=choice("Mode", list(MODES)),
        )

    def build(self, figure):
        self.axes = figure.subplots(1, DEPTH, sharey=True)
        self.bars, self.texts = [], []
        for number, ax in enumerate(self.axes, 1):
            ax.set(title=f"layer {number}", ylim=(0, 1.18 * TOP), yticks=[0, 0.25, TOP])
            (bars,) = self.live.moving(
                ax.stairs(np.zeros(self.bins), np.arange(self.bins + 1.0), fill=True, color=plots.VALUE)
            )
            (text,) = self.live.moving(ax.text(0.96, 0.97, "", transform=ax.transAxes, ha="right", va="top"))
            self.bars.append(bars)
            self.texts.append(text)
        self.axes[0].set_ylabel("share of the values")
        figure.supxlabel("output of the layer", fontsize=10)
        self.shown = None

    def update(self, activation, scale, normalise, p, mode):
        low, high = LIMITS[activation]
        if activation != self.shown:
            for ax in self.axes:
                ax.set(
                    xlim=(low, high),
                    xticks=[0, 1, 2] if activation == "sigmoid" else [int(low), 0, int(high)],
                )
            self.shown = activation
        with np.errstate(over="ignore"):
            A = activations(activation, float(scale), normalise, round(float(p), 2), mode)
        spread = A.std(axis=(1, 2))
        for values, sd, bars, text in zip(A, spread, self.bars, self.texts, strict=True):
            # What lies beyond the picture is counted in its last bar.
            counts, edges = np.histogram(np.clip(values, low, high), bins=self.bins, range=(low, high))
            bars.set_data(np.minimum(counts / values.size, TOP), edges)
            text.set_text(f"sd {sd:.1g}" if sd < 0.01 else f"sd {sd:.2g}")
        return (
            f"Standard deviation: {spread[0]:.2g} after layer 1, {spread[-1]:.2g} after layer {DEPTH}. "
            + (self.judge(activation, A, p if mode == MODES[0] else 0.0))
        )

    @staticmethod
    def judge(activation, A, p):
        """How much of the last layer is shut or saturated, among the values that dropout has kept."""
        last = A[-1] * (1 - p)
        flat = {
            "ReLU": ("of its units are closed for every row", np.mean((last == 0).all(axis=0))),
            "tanh": ("of its values are beyond ±0.99, where the slope is flat", np.mean(np.abs(last) > 0.99)),
            "sigmoid": (
                "of its values are in the outer hundredths, where the slope is flat",
                np.mean(((last < 0.01) & (last != 0)) | (last > 0.99)),
            ),
        }
        words, share = flat[activation]
        if p:
            return f"In layer {DEPTH}, before dropout, {share:.0%} {words}."
        return f"In layer {DEPTH}, {share:.0%} {words}."
