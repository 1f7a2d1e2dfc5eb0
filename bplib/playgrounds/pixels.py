"""Silent pixels: which of the first layer's weights training has moved, pixel by pixel.

SilentPixels(bplib.datasets.handwritten_digits())
"""

from functools import lru_cache

import numpy as np

from .. import plots
from ..datasets import Dataset
from ..live.controls import slider, toggle
from ..live.explorer import Explorer
from ..live.figure import LiveFigure, Raster
from ..network import mlp
from ..optimizers import SGD
from ..training import train

STEPS, EVERY, BATCH_SIZE, HIDDEN = 400, 10, 64, 32
LOW, HIGH = -6.0, 0.0  # powers of ten that the colours span


class SilentPixels(Explorer):
    """A slider for the training step, a toggle that lifts every pixel from 0 … 1 to 0.01 … 1.

    data: a data set of 28 × 28 images. Left: for each pixel the mean of |W − W₀| over the weights that leave
    it, on a logarithmic scale; grey with a dot where not one of them has moved. Right: the mean image.
    `.moved(step, lifted)` gives the numbers (784,), `.black` the pixels that are 0 in every training image.
    """

    alt = (
        "Silent pixels: for each of 28 × 28 pixels how far training has moved its weights, grey where not at "
        "all, beside the mean image of the training set"
    )

    def __init__(self, data, step=STEPS, lifted=False, *, key=None):
        if not isinstance(data, Dataset) or data.X_train.shape[1] != 784:
            raise TypeError(f"SilentPixels: data must be a data set of 28 × 28 images, got {data!r}")
        pixels = data.X_train.pixels
        self.black = np.flatnonzero(pixels.max(axis=0) == 0)
        self._mean = pixels.mean(axis=0).reshape(28, 28) / 255
        self._course = lru_cache(maxsize=2)(lambda lifted: _train(data, lifted))
        super().__init__(
            LiveFigure(640, 300),
            step=slider("Step", step, 0, STEPS, EVERY),
            lifted=toggle("Inputs from 0.01 to 1 instead of 0 to 1", lifted),
            note="A small network (784-32-10) learns digits. Which weights of its first layer have moved?",
            key=key,
        )

    def moved(self, step, lifted=False):
        """Mean |W − W₀| of each pixel after so many steps, (784,)."""
        return self._course(bool(lifted))[step // EVERY]

    def build(self, figure):
        changed, mean = figure.subplots(1, 2)
        for ax in (changed, mean):
            ax.set(xticks=[], yticks=[], xlim=(0, 28), ylim=(28, 0), aspect="equal")
        changed.set_title("Mean |W − W₀| of each pixel", loc="left")
        mean.set_title("Mean of the training images", loc="left")
        self.image = Raster(changed, cmap=plots.AMOUNT, low=LOW, high=HIGH, bad=plots.FAINT)
        (self.dots,) = changed.plot([], [], ".", color=plots.GREY, ms=3)
        Raster(mean, cmap=plots.AMOUNT).set_values(self._mean)
        scale = figure.colorbar(_scale(), ax=changed, fraction=0.046, ticks=[-6, -4, -2, 0])
        scale.set_ticklabels(["10⁻⁶", "10⁻⁴", "10⁻²", "1"])
        self.live.moving(self.image, self.dots)

    def update(self, step, lifted):
        moved = self.moved(step, lifted)
        with np.errstate(divide="ignore"):
            powers = np.where(moved > 0, np.log10(moved), np.nan)
        self.image.set_values(powers.reshape(28, 28))
        rows, columns = np.nonzero(moved.reshape(28, 28) == 0)
        self.dots.set_data(columns + 0.5, rows + 0.5)
        still, black = len(rows), len(self.black)
        silent = np.count_nonzero(moved[self.black] == 0)
        return (
            f"step {step} · weights of {784 - still} pixels have moved, of {still} not at all · "
            f"always black: {black} pixels, {silent} of them unmoved"
        )


def _scale():
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    return ScalarMappable(Normalize(LOW, HIGH), plots.AMOUNT)


def _train(data, lifted):
    """Mean |W − W₀| of each pixel at every tenth step, (41, 784)."""
    rng = np.random.default_rng(0)
    network = mlp(
        [784, HIDDEN, 10], activation="relu", loss="softmax_cross_entropy", dtype=np.float32, rng=rng
    )
    W = network.layers[0].params["W"]
    start, course = W.copy(), [np.zeros(784)]
    rows = rng.permutation(len(data.y_train))[: STEPS * BATCH_SIZE]
    X, y = data.X_train[rows], data.y_train[rows]
    if lifted:
        X = np.float32(0.99) * X + np.float32(0.01)
    epochs = -(-STEPS * BATCH_SIZE // len(y))
    for snapshot in train(network, X, y, optimizer=SGD(0.1), batch_size=BATCH_SIZE, epochs=epochs, rng=rng):
        if snapshot.step % EVERY == 0:
            course.append(np.abs(W - start).mean(axis=1))
        if snapshot.step == STEPS:
            break
    return np.array(course)
