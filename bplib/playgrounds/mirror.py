"""Mirror units: two hidden units that are minus each other, and how far one must be moved to part them.

MirrorUnits()
MirrorUnits(nudge=0.1, epoch=60)
"""

from functools import lru_cache

import numpy as np

from .. import plots
from ..layers import Affine, Sigmoid, Tanh
from ..live.controls import choice, slider
from ..live.explorer import Explorer
from ..live.figure import LiveFigure, Raster
from ..losses import BinaryCrossEntropy
from ..network import Network
from ..optimizers import SGD
from ..training import train

EPOCHS, EVERY = 600, 5
X = np.array([[1, 1], [0, 1], [1, 0], [0, 0]], float)
Y = np.array([[0], [1], [1], [0]], float)
EXTENT = (-0.5, 1.5, -0.5, 1.5)
ACTIVATIONS = {"tanh": Tanh, "sigmoid": Sigmoid}


def mirrored_start(nudge=0.0, activation="tanh"):
    """The published XOR start times ten, with W1[1, 1] (into hidden unit 1 from input 1) moved by `nudge`."""
    if activation not in ACTIVATIONS:
        raise ValueError(f"mirrored_start: activation must be tanh or sigmoid, got {activation!r}")
    W1 = np.array([[1.0, -1.0], [-1.0, 1.0 + nudge]])
    first, second = Affine.from_arrays(W1, [1.0, -1.0]), Affine.from_arrays([[1.0], [-1.0]], [1.0])
    return Network([first, ACTIVATIONS[activation](), second], BinaryCrossEntropy())


@lru_cache(maxsize=64)
def course(nudge, activation):
    """Loss and parameters at every fifth of 600 epochs of the published run: arrays (121,) and (121, 9)."""
    network = mirrored_start(nudge, activation)
    losses, weights = [network.loss(X, Y)], [_flat(network)]
    for snapshot in train(network, X, Y, optimizer=SGD(0.4), batch_size=1, epochs=EPOCHS, shuffle=False):
        if snapshot.step % (4 * EVERY) == 0:
            losses.append(network.loss(X, Y))
            weights.append(_flat(network))
    return np.array(losses), np.array(weights)


def _flat(network):
    return np.concatenate([p.ravel() for _, p in network.named_params()])


class MirrorUnits(Explorer):
    """Two sliders: how far one weight is moved from its mirror image, and how long the network has trained.

    Left the network's answer over the plane with the line z = 0 of each hidden unit, right the loss. For
    `nudge` = 0 and tanh the two lines are one, for ever.
    """

    alt = (
        "Mirror units: XOR's four points over the network's answer with the lines of the two hidden units, "
        "which coincide until one weight is moved; beside it the loss over the epochs"
    )

    def __init__(self, nudge=0.0, epoch=0, activation="tanh", *, key=None):
        super().__init__(
            LiveFigure(640, 320),
            nudge=slider("Move w1[1][1]", float(nudge), 0.0, 0.2, 0.01),
            epoch=slider("Epoch", epoch, 0, EPOCHS, EVERY),
            activation=choice("Hidden units", list(ACTIVATIONS), activation),
            note="Two hidden units, the second minus the first, on XOR. Move one weight, then the epochs.",
            key=key,
        )

    def build(self, figure):
        plane, curve = figure.subplots(1, 2, width_ratios=(1, 1.05))
        plane.set(xlim=EXTENT[:2], ylim=EXTENT[2:], xlabel="x₁", ylabel="x₂", xticks=(0, 1), yticks=(0, 1))
        plane.set_title("Answer, and the units' lines", loc="left")
        self.plane = plots.grid(EXTENT, 50)
        self.surface = Raster(plane, cmap=plots.TWO_CLASSES, smooth=True)
        self.lines = [
            *plane.plot([], [], color=plots.BLACK, ls="-", lw=4.5, alpha=0.5, label="unit 0"),
            *plane.plot([], [], color=plots.VERMILION, ls="--", lw=1.8, label="unit 1"),
        ]
        style = {"ls": "", "ms": 10, "mec": plots.BLACK, "zorder": 4}
        points = [
            plane.plot(*X[Y[:, 0] == k].T, plots.CLASS_MARKERS[k], color=plots.CLASS_COLORS[k], **style)[0]
            for k in (0, 1)
        ]
        legend = plane.legend(handles=self.lines, loc="upper left", fontsize=8)
        curve.set(xlim=(-10, EPOCHS + 10), ylim=(1e-3, 2), yscale="log", xlabel="epoch", ylabel="loss L")
        curve.set_title("Loss on the four rows", loc="left")
        (self.curve,) = curve.plot([], [], color=plots.TRAINING, ls="-")
        (self.now,) = curve.plot([], [], "o", color=plots.VERMILION, ms=8)
        # The points and the legend stand still, but above a surface that moves.
        self.live.moving(self.surface, *self.lines, *points, legend, self.curve, self.now)

    def update(self, nudge, epoch, activation):
        losses, weights = course(round(nudge, 4), activation)
        at = min(epoch // EVERY, len(losses) - 1)
        network = mirrored_start(0.0, activation)
        w = weights[at]
        W1, b1 = w[:4].reshape(2, 2), w[4:6]
        for (_, p), part in zip(network.named_params(), np.split(w, [4, 6, 8]), strict=True):
            p[...] = part.reshape(p.shape)
        self.surface.set_values(network.predict(self.plane).reshape(50, 50)[::-1])
        for j, line in enumerate(self.lines):
            line.set_data(*_zero_line(W1[:, j], b1[j]))
        self.curve.set_data(EVERY * np.arange(len(losses)), losses)
        self.now.set_data([EVERY * at], [losses[at]])
        right = int(np.sum((network.predict(X) > 0.5) == (Y > 0.5)))
        apart = np.abs(w[[0, 2, 4]] + w[[1, 3, 5]]).max()
        state = "exact mirror images" if apart == 0 else f"no mirror images (they differ by {apart:.2g})"
        return f"epoch {EVERY * at} · loss {losses[at]:.4f} · {right} of 4 right · the units are {state}"


def _zero_line(w, b):
    """Two far points of w·x + b = 0; nothing to draw for w = 0."""
    size = w @ w
    if size < 1e-12:
        return [], []
    foot, along = -b * w / size, np.array([-w[1], w[0]]) / np.sqrt(size)
    ends = np.array([foot - 5 * along, foot + 5 * along])
    return ends[:, 0], ends[:, 1]
