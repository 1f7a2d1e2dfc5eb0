"""The MNIST playground: a network learns handwritten digits while one watches.

digits = bplib.datasets.handwritten_digits()
MNISTPlayground(digits)
MNISTPlayground(digits, MNISTSettings(hidden=32, optimizer="adam", learning_rate=0.001))
"""

import time
from dataclasses import dataclass

import numpy as np

from .. import plots
from ..datasets import Dataset, Images, handwritten_digits
from ..live import experiment
from ..live.controls import choice, slider
from ..live.figure import LiveFigure, Raster, Trace, round_up
from ..live.playground import Playground, Settings
from ..network import mlp
from ..optimizers import SGD, Adam
from ..training import train

ACTIVATIONS = ("relu", "tanh", "sigmoid")
INITS = ("auto", "normal", "xavier", "he", "zeros")
BATCH_SIZES = (16, 32, 64, 128, 256)
MAX_HIDDEN, MAX_LAYERS = 256, 3
OPTIMIZERS = {"SGD": "sgd", "momentum": "momentum", "Adam": "adam"}
USUAL_RATES = {"sgd": 0.1, "momentum": 0.02, "adam": 0.001}
N_VALIDATION = 1000  # training images kept aside, on which the curves and the matrix are measured
N_UNITS = 25  # hidden units whose weights are shown
N_MISTAKES = 8


@dataclass(frozen=True, repr=False)
class MNISTSettings(Settings):
    """A whole experiment; its repr is a line of code that makes the same one again.

    hidden 4 … 256 units in each of 1 … 3 layers; optimizer "sgd", "momentum" (SGD with μ = 0.9) or "adam";
    subset: train on the first so many rows only, or None for all but those kept for validation.
    """

    learning_rate: float = 0.1
    hidden: int = 128
    layers: int = 1
    batch_size: int = 64
    activation: str = "relu"
    optimizer: str = "sgd"
    init: str = "auto"
    subset: int | None = None
    seed: int = 0

    def __post_init__(self):
        self.check("activation", ACTIVATIONS)
        self.check("optimizer", tuple(OPTIMIZERS.values()))
        self.check("init", INITS)
        whole = {
            "hidden": range(4, MAX_HIDDEN + 1),
            "layers": range(1, MAX_LAYERS + 1),
            "batch_size": range(1, 1001),
            "seed": range(1_000_000),
        }
        if self.subset is not None:
            whole["subset"] = range(1, 10_000_000)
        experiment.check_numbers(self, positive=("learning_rate",), whole=whole)


@dataclass(frozen=True)
class Validation:
    """What the network makes of the first rows of the test set, after so many steps."""

    step: int
    accuracy: float
    loss: float
    confusion: np.ndarray  # (10, 10) counts, rows true, columns predicted
    mistakes: list  # (image (28, 28), true, predicted), the surest ones first


@dataclass(frozen=True)
class Observation:
    """What there is to see after a step: curves, first-layer weights W (784, hidden), the last validation."""

    step: int
    epoch: float
    steps: np.ndarray
    losses: np.ndarray
    validation_steps: np.ndarray
    accuracies: np.ndarray
    W: np.ndarray
    validation: Validation


def n_training_rows(dataset):
    """How many images are left to train on when those for validation, a fifth at most, are kept aside."""
    n = len(dataset.y_train)
    return n - min(N_VALIDATION, n // 5)


class MNISTModel:
    """A network in training on a data set of 28 × 28 images; knows nothing of widgets or figures."""

    def __init__(self, dataset, settings, *, build=mlp):
        self.dataset, self.settings = dataset, settings
        self.rng = np.random.default_rng(settings.seed)
        # Who turns knobs by what the test says has trained on it: the last training images are kept aside.
        X, y = dataset.X_train, dataset.y_train
        n = n_training_rows(dataset)
        self.X_val, self.y_val = np.asarray(X[n:]), y[n:]
        rows = min(settings.subset or n, n)
        self.X, self.y = Images(X.pixels[:rows]), y[:rows]
        sizes = [self.X.shape[1], *[settings.hidden] * settings.layers, dataset.n_classes]
        # "normal" has sd 1, with which 784 inputs make z of size 28: small weights are meant here.
        scale = 0.01 if settings.init == "normal" else None
        self.network = build(sizes, activation=settings.activation, loss="softmax_cross_entropy",
                             init=settings.init, scale=scale, dtype=np.float32, rng=self.rng)  # fmt: skip
        rate = settings.learning_rate
        self.optimizer = {
            "sgd": lambda: SGD(rate),
            "momentum": lambda: SGD(rate, momentum=0.9),
            "adam": lambda: Adam(rate),
        }[settings.optimizer]()
        self.step_count = self.seen_rows = 0
        self.trace, self.validations = Trace(1), Trace(1, capacity=500)
        self.validate()
        self._snapshots = self._train()

    def _train(self):
        return train(self.network, self.X, self.y, optimizer=self.optimizer,
                     batch_size=self.settings.batch_size, epochs=10**6, rng=self.rng)  # fmt: skip

    def adopt(self, settings):
        """Go on with another learning rate or batch size."""
        self.optimizer.learning_rate = settings.learning_rate
        renew = settings.batch_size != self.settings.batch_size
        self.settings = settings
        if renew:
            self._snapshots = self._train()

    def step(self):
        """One batch, one update; raises DivergenceError."""
        snapshot = next(self._snapshots)
        self.step_count += 1
        self.seen_rows += len(snapshot.rows)
        self.trace.append(self.step_count, snapshot.loss)
        return snapshot

    def validate(self):
        """Measure the network on the validation rows."""
        with np.errstate(all="ignore"):
            Z, _ = self.network.forward(self.X_val)
            loss, _ = self.network.loss_function.forward(Z, self.y_val)
            P = self.network.loss_function.predict(Z)
        predicted = P.argmax(axis=1)
        confusion = np.bincount(10 * self.y_val + predicted, minlength=100).reshape(10, 10)
        wrong = plots.surest_mistakes(self.y_val, P)
        mistakes = [(self.X_val[i].reshape(28, 28), int(self.y_val[i]), int(predicted[i]))
                    for i in wrong[:N_MISTAKES]]  # fmt: skip
        accuracy = 1 - len(wrong) / len(predicted)
        self.validation = Validation(self.step_count, accuracy, loss, confusion, mistakes)
        if not len(self.validations) or self.validations.steps[-1] < self.step_count:
            self.validations.append(self.step_count, accuracy)
        return self.validation

    def observe(self):
        """An `Observation`."""
        return Observation(
            self.step_count,
            self.seen_rows / len(self.y),
            self.trace.steps,
            self.trace.columns[0],
            self.validations.steps,
            self.validations.columns[0],
            self.network.layers[0].params["W"],
            self.validation,
        )


class MNISTView:
    """Loss, validation accuracy, the weights of hidden units, the confusion matrix and the worst mistakes."""

    def __init__(self):
        live = self.live = LiveFigure(860, 350)
        self.figures = [live]
        self._validation = None
        self._build_curves()
        self._build_weights()
        self._build_confusion()
        self._build_mistakes()

    def _build_curves(self):
        self.losses = self.live.axes(48, 206, 200, 118)
        self.losses.set(yscale="log", ylim=(0.01, 10), xlim=(0, 100), xticklabels=[])
        self.losses.set_title("Loss of the batches", loc="left")
        (self.loss_curve,) = self.losses.plot([], [], color=plots.TRAINING, lw=1.2, ls="-")
        self.accuracies = self.live.axes(48, 44, 200, 118)
        self.accuracies.set(ylim=(0, 1), xlim=(0, 100), xlabel="step", yticks=[0, 0.5, 0.9, 1])
        self.accuracies.grid(axis="y", color=plots.FAINT)
        self.accuracies.set_title("Validation accuracy", loc="left")
        (self.accuracy_curve,) = self.accuracies.plot([], [], color=plots.VALIDATION, lw=1.8, ls="--")
        self.live.moving(self.loss_curve)
        self.live.seldom(self.accuracy_curve)

    def _build_weights(self):
        ax = self.weights_axes = self.live.axes(278, 44, 280, 280)
        ax.set(xticks=[], yticks=[], xlabel="blue: positive, orange: negative")
        ax.spines[:].set_visible(False)
        ax.set_title(f"Weights into {N_UNITS} hidden units", loc="left")
        self.weights = Raster(ax, cmap=plots.SIGNED, low=-1, high=1)
        self.live.moving(self.weights)

    def _build_confusion(self):
        ax = self.live.axes(612, 150, 174, 174)
        ax.set(xlim=(-0.5, 9.5), ylim=(9.5, -0.5), xticks=range(10), yticks=range(10), ylabel="true")
        ax.tick_params(labelsize=8, length=0)
        ax.set_xlabel("predicted", labelpad=1)
        self.confusion = Raster(ax, cmap=plots.AMOUNT)
        self.worst_cell = ax.text(-0.5, -0.8, "", va="bottom", fontsize=11)
        self.live.seldom(self.confusion, self.worst_cell)

    def _build_mistakes(self):
        ax = self.live.axes(584, 18, 268, 76)
        ax.set(xticks=[], yticks=[], xlim=(0, N_MISTAKES // 2), ylim=(2, 0))
        ax.spines[:].set_visible(False)
        ax.set_title("Surest mistakes, true → predicted", loc="left", fontsize=9)
        self.mistakes = Raster(ax, cmap=plots.mpl.colormaps["gray_r"], bad=plots.PAPER)
        self.captions = [
            ax.text(k % 4 + 0.44, k // 4 + 0.46, "", va="center", fontsize=9) for k in range(N_MISTAKES)
        ]
        self.live.seldom(self.mistakes, *self.captions)

    def update(self, seen):
        """Show an `Observation`; returns the text of the status line."""
        losses = np.where(np.isfinite(seen.losses) & (seen.losses > 0), seen.losses, np.nan)
        self.loss_curve.set_data(seen.steps, losses)
        right = max(round_up(seen.step), 100)
        if self.losses.get_xlim()[1] != right:
            self.losses.set_xlim(0, right)
            self.accuracies.set_xlim(0, right)
        if len(losses) and np.nanmin(losses, initial=1.0) < self.losses.get_ylim()[0]:
            self.losses.set_ylim(10.0 ** np.floor(np.log10(np.nanmin(losses))), 10)
        self._show_weights(seen.W)
        if self._validation is not seen.validation:
            self._validation = seen.validation
            self.accuracy_curve.set_data(seen.validation_steps, seen.accuracies)
            self._show_confusion(seen.validation.confusion)
            self._show_mistakes(seen.validation.mistakes)
        loss = f"loss {seen.losses[-1]:.4f} · " if len(losses) else ""
        return (
            f"step {seen.step} · epoch {seen.epoch:.1f} · {loss}"
            f"validation accuracy {seen.validation.accuracy:.1%} of {int(seen.validation.confusion.sum())}"
        )

    def _show_weights(self, W):
        W = W[:, :N_UNITS]
        limit = np.abs(W).max()
        if not np.isfinite(limit):
            return
        side = int(np.ceil(np.sqrt(W.shape[1])))
        rows = -(-W.shape[1] // side)
        cells = np.full((rows, 29, side, 29), np.nan, dtype=np.float32)
        images = (W.T / (limit or 1.0)).reshape(-1, 28, 28)
        for k, image in enumerate(images):
            cells[k // side, :28, k % side, :28] = image
        self.weights.set_values(cells.reshape(rows * 29, side * 29)[:-1, :-1])
        self.live.place(self.weights_axes, 278, 44, 280, 280, aspect=side / rows)

    def _show_confusion(self, counts):
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        self.confusion.set_values(np.sqrt(share))  # the root makes rare mistakes visible
        off = counts - np.diag(np.diag(counts))
        true, predicted = np.unravel_index(off.argmax(), off.shape)
        n = off[true, predicted]
        self.worst_cell.set_text("Confusion" + (f": {true} taken for {predicted}, {n}×" if n else ""))

    def _show_mistakes(self, mistakes):
        cells = np.full((2, 30, N_MISTAKES // 2, 106), np.nan, dtype=np.float32)
        for k, caption in enumerate(self.captions):
            caption.set_text("")
            if k < len(mistakes):
                image, true, predicted = mistakes[k]
                cells[k // 4, 1:29, k % 4, 8:36] = image
                caption.set_text(f"{true} → {predicted}")
        self.mistakes.set_values(cells.reshape(60, -1))


class MNISTPlayground(Playground):
    """The live widget: `MNISTPlayground(dataset=None, settings=MNISTSettings())`.

    dataset: a `datasets.Dataset` of 28 × 28 images in ten classes; without one, `handwritten_digits()`. The
    trained network is `playground.model.network`. `build` makes it, and takes what `mlp` takes.
    """

    alt = (
        "MNIST playground: loss and validation accuracy over the steps, the weights of 25 hidden units as "
        "images, the confusion matrix and the surest mistakes"
    )
    fps = 20
    training_share = 0.68

    def __init__(self, dataset=None, settings=None, *, speed=1_000_000, key=None, build=mlp):
        settings = MNISTSettings() if settings is None else settings
        if not isinstance(settings, MNISTSettings):
            raise TypeError(f"MNISTPlayground: settings must be MNISTSettings(...), got {settings!r}")
        dataset = handwritten_digits() if dataset is None else dataset
        if not isinstance(dataset, Dataset):
            raise TypeError(f"MNISTPlayground: dataset must be a Dataset, got {type(dataset).__name__}")
        if (
            not isinstance(dataset.X_train, Images)
            or dataset.X_train.shape[1] != 784
            or dataset.n_classes != 10
        ):
            raise ValueError(
                f"MNISTPlayground: dataset must hold 28 × 28 images of ten classes, got {dataset!r}"
            )
        self.dataset, self.build = dataset, build
        n = n_training_rows(dataset)
        subset = min(settings.subset or n, n)
        sizes = sorted({k for k in (100, 1000, 10_000, subset, n) if k <= n})
        subsets = [(f"all {k}" if k == n else str(k), k) for k in sizes]
        controls = {
            "learning_rate": slider("Learning rate η", settings.learning_rate, 0.0001, 10, log=True),
            "hidden": slider("Hidden units", settings.hidden, 4, MAX_HIDDEN, 4),
            "layers": slider("Hidden layers", settings.layers, 1, MAX_LAYERS),
            "batch_size": choice(
                "Batch size", sorted({*BATCH_SIZES, settings.batch_size}), settings.batch_size
            ),
            "activation": choice("Activation", ACTIVATIONS, settings.activation),
            "optimizer": choice("Optimiser", list(OPTIMIZERS.items()), settings.optimizer),
            "init": choice("Start", INITS, settings.init),
            "subset": choice("Rows", subsets, subset),
            "seed": slider("Seed", settings.seed, 0, 20),
        }
        super().__init__(settings, controls, speed=speed, key=key)

    def make_model(self, settings):
        return MNISTModel(self.dataset, settings, build=self.build)

    def make_view(self, settings):
        return MNISTView()

    def line_of_code(self):
        # By their module: a lesson's own `digits` or `mnist` must not be overwritten by an import.
        maker = self.dataset.name if self.dataset.name in ("digits", "mnist") else "handwritten_digits"
        also = "from bplib import datasets; "
        own = [] if self.build is mlp else ["build=ex.mine().mlp"]
        also += "import bplib.exercises as ex; " if own else ""
        return experiment.line(self, f"datasets.{maker}()", repr(self.settings), *own, also=also)

    def draw(self, *, sharp=True):
        # Twice a second will do while it plays, but not when a hand waits; what stands still must be true.
        now = time.monotonic()
        if sharp or (now - self._validated >= 0.5 and not self.answering):
            self.model.validate()
            self._validated = now
        super().draw(sharp=sharp)

    _validated = 0.0

    def _run(self, n):
        self.recover()
        for i in range(1, n + 1):
            self._advance()
            if i % max(1, n // 20) == 0:  # so that the accuracy, too, becomes a curve
                self.model.validate()
        self.draw()

    def _turned(self, name):
        if name == "optimizer":  # each has its own usual rate; a hundred times that teaches little
            self.controls["learning_rate"].value = USUAL_RATES[self.controls[name].value]
        super()._turned(name)
