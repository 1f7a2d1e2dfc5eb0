"""The XOR playground: a small network learns to separate two classes in the plane while one watches.

XORPlayground()                                             # with all its panels
XORPlayground(panels="simple")                              # decision surface and loss
XORPlayground(XORSettings(data="spiral", layers=2))         # an experiment, as it can be copied from below
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from contourpy import contour_generator
from matplotlib.collections import LineCollection

from .. import datasets, plots
from ..live import experiment
from ..live.controls import choice, offered, slider
from ..live.figure import LiveFigure, Raster, Trace, round_up
from ..live.playground import Playground, Settings
from ..network import mlp
from ..optimizers import SGD
from ..training import DivergenceError, accuracy, train

DATA = {"XOR": "xor", "circles": "circles", "spiral": "spiral", "two blobs": "blobs"}
ACTIVATIONS = ("sigmoid", "tanh", "relu")
LOSSES = {"cross-entropy": "binary_cross_entropy", "squared error": "squared_error"}
INITS = ("auto", "normal", "xavier", "he", "zeros")
BATCH_SIZES = (1, 4, 16, 64, 200)
MAX_HIDDEN, MAX_LAYERS, MAX_ADDED = 8, 4, 100
NOTHING, TAKE_AWAY = "nothing", "away"
NO_UNIT = ()  # shown large, in place of a unit; with None the menu would be blank
CLICKS = {"does nothing": NOTHING, "adds a point of class 0": 0, "adds a point of class 1": 1,
          "takes the nearest added point away": TAKE_AWAY}  # fmt: skip
ANSWER = "What the network answers"
WIDE, HIGH, EDGE = 200, 290, 18  # pixels of the drawn network, and for the names of inputs and output


@dataclass(frozen=True, repr=False)
class XORSettings(Settings):
    """A whole experiment; its repr is a line of code that makes the same one again.

    data "xor" (the four corners), "circles", "spiral", "blobs" (200 points each); noise: standard deviation
    of a Gaussian added to the points, which makes 200 of the four corners; hidden 1 … 8 units in each of 1 …
    4 layers; loss "binary_cross_entropy" or "squared_error" (of a sigmoid output, as in older books); added:
    points of one's own to train on, each (x₁, x₂, class).
    """

    data: str = "xor"
    learning_rate: float = 0.5
    hidden: int = 4
    layers: int = 1
    activation: str = "tanh"
    loss: str = "binary_cross_entropy"
    init: str = "auto"
    batch_size: int = 4
    seed: int = 0
    noise: float = 0.0
    added: tuple = ()

    def __post_init__(self):
        self.check("data", tuple(DATA.values()))
        self.check("activation", ACTIVATIONS)
        self.check("loss", tuple(LOSSES.values()))
        self.check("init", INITS)
        experiment.check_numbers(
            self,
            positive=("learning_rate",),
            at_least={"noise": 0},
            whole={
                "hidden": range(1, MAX_HIDDEN + 1),
                "layers": range(1, MAX_LAYERS + 1),
                "batch_size": range(1, 201),
                "seed": range(1_000_000),
            },
        )
        object.__setattr__(self, "added", _points(self.added))


@dataclass(frozen=True)
class Observation:
    """What there is to see after a step.

    surface (R, R)      probabilities of class 1 over the plane, row 0 below; None where they are no numbers
    hidden              for each hidden layer its activations (r, r, k), scaled to 0 … 1
    weights             W of each affine layer, (n_in, n_out)
    gradients           ‖∂L/∂W‖ (the largest entry) for each affine layer, on the whole training set
    steps, losses       the loss on training (row 0) and test set (row 1) over the steps
    large               the hidden unit that is shown large, (layer, unit), both from 1, with its activations
                        (R, R) scaled to 0 … 1 and its sums z (R, R); None for the network's answer
    """

    step: int
    epoch: int
    dataset: datasets.Dataset
    extent: tuple
    surface: np.ndarray | None
    hidden: list
    weights: list
    gradients: list
    steps: np.ndarray
    losses: np.ndarray
    test_accuracy: float
    large: tuple | None = None


class XORModel:
    """A network in training on a data set of the plane; knows nothing of widgets or figures."""

    def __init__(self, settings, *, resolution=60, maps=True, build=mlp):
        self.settings, self.maps = settings, maps
        self.rng = np.random.default_rng(settings.seed)
        self.large = None  # (layer, unit) of the hidden unit to be shown large
        self.dataset = load(settings.data, settings.noise, settings.added)
        sizes = [2, *[settings.hidden] * settings.layers, 1]
        squared = settings.loss == "squared_error"
        self.network = build(sizes, activation=settings.activation, loss=settings.loss, init=settings.init,
                             output="sigmoid" if squared else "identity", rng=self.rng)  # fmt: skip
        self.optimizer = SGD(settings.learning_rate)
        self.step_count = self.epoch = 0
        self._passes = 0.0
        given = self.dataset.X_train[: len(self.dataset.X_train) - len(settings.added)]
        margin = 0.15 * np.ptp(given, axis=0)  # an added point within it moves nothing
        low = np.minimum(given.min(axis=0) - margin, self.dataset.X_train.min(axis=0))
        high = np.maximum(given.max(axis=0) + margin, self.dataset.X_train.max(axis=0))
        self.extent = (low[0], high[0], low[1], high[1])
        self.resolution = resolution
        self.plane = plots.grid(self.extent, resolution)
        self.trace = Trace(2)
        self._record()
        self.too_high = 1000 * max(self.trace.columns[0, 0], 1.0)
        self._snapshots = self._train()

    def _train(self):
        return train(self.network, self.dataset.X_train, self.dataset.y_train, optimizer=self.optimizer,
                     batch_size=self.settings.batch_size, epochs=10**9, rng=self.rng)  # fmt: skip

    def adopt(self, settings):
        """Go on with another learning rate or batch size, or with other points added."""
        before, self.settings = self.settings, settings
        self.optimizer.learning_rate = settings.learning_rate
        if settings.added != before.added:
            self.dataset = load(settings.data, settings.noise, settings.added)
        if (settings.batch_size, settings.added) != (before.batch_size, before.added):
            self._snapshots = self._train()

    def step(self):
        """One batch, one update; raises DivergenceError."""
        snapshot = next(self._snapshots)
        self.step_count += 1
        if snapshot.loss > self.too_high:  # long before NaN, the units die of it
            raise DivergenceError(
                f"the loss rose from {self.trace.columns[0, 0]:.2g} to {snapshot.loss:.2g} by step "
                f"{self.step_count} with learning rate {snapshot.learning_rate:g}: each step overshoots more "
                "than the one before. Try a rate ten times smaller, a larger batch, or another start"
            )
        self._passes += len(snapshot.rows) / len(self.dataset.y_train)  # of as many points as there are now
        self.epoch = int(self._passes + 1e-6)
        # 500 points of the curve for the first 500 steps, and as many for each doubling from there on: two
        # steps in a row at a time, as every second step alone would show one side of a swing to and fro.
        every = 1 << max(0, (self.step_count // 500).bit_length() - 1)
        if self.step_count % (2 * every) < 2:
            self._record()
        return snapshot

    def _record(self):
        with np.errstate(all="ignore"):
            self.trace.append(self.step_count, *self._losses())

    def _losses(self):
        data = self.dataset
        return self.network.loss(data.X_train, data.y_train), self.network.loss(data.X_test, data.y_test)

    def observe(self):
        """An `Observation`."""
        data, network, R = self.dataset, self.network, self.resolution
        with np.errstate(all="ignore"):
            A, hidden, large = self.plane, [], None
            for i, layer in enumerate(network.layers):
                Z, (A, _) = A, layer.forward(A)
                if self.maps and i % 2 == 1 and i < len(network.layers) - 1:
                    hidden.append(self._maps(A.reshape(R, R, -1)[::2, ::2]))
                    if self.large and self.large[0] == len(hidden):
                        j = self.large[1] - 1
                        large = (*self.large, self._maps(A)[:, j].reshape(R, R), Z[:, j].reshape(R, R))
            surface = network.loss_function.predict(A).reshape(R, R)
            gradients, weights = [], []
            if self.maps:
                weights = [layer.params["W"].copy() for layer in network.layers if "W" in layer.params]
                _, grads = network.gradients(data.X_train, data.y_train)
                gradients = [float(np.abs(g["W"]).max()) for g in grads if g]
            steps = np.append(self.trace.steps, self.step_count)
            losses = np.column_stack([self.trace.columns, self._losses()])
            right = accuracy(network, data.X_test, data.y_test)
        surface = surface if np.isfinite(surface).all() else None
        return Observation(self.step_count, self.epoch, data, self.extent, surface, hidden, weights,
                           gradients, steps, losses, right, large)  # fmt: skip

    def _maps(self, A):
        if self.settings.activation == "tanh":
            return (A + 1) / 2
        return A if self.settings.activation == "sigmoid" else A / max(A.max(), 1e-12)


class XORView:
    """Decision surface and loss, and with panels="all" gradients and hidden units too."""

    def __init__(self, panels="all"):
        self.all = panels == "all"
        live = LiveFigure(860, 370) if self.all else LiveFigure(640, 330)
        self.figures = [live]
        self.live = live
        self._shown, self._title, self._tiles = None, ANSWER, {}
        if self.all:
            self.plane, self.curves = live.axes(62, 44, 290, 290), live.axes(412, 206, 210, 128)
            self._build_gradients(live.axes(412, 44, 210, 96))
            self._build_wiring(live.axes(650 + EDGE, 44, WIDE - 2 * EDGE, HIGH))
        else:
            self.plane, self.curves = live.axes(62, 44, 250, 250), live.axes(380, 44, 236, 250)
        self._build_plane()
        self._build_curves()

    def _build_plane(self):
        self.plane.set_xlabel("x₁")
        self.plane.set_ylabel("x₂", labelpad=0)
        self.title = self.plane.set_title(ANSWER, loc="left")
        self.surface = Raster(self.plane, cmap=plots.TWO_CLASSES, smooth=True)
        (self.boundary,) = self.plane.plot([], [], color=plots.BLACK, lw=1.4, ls="-", zorder=2)
        self.points, self.tested = [], []
        for k in (0, 1):
            style = {"marker": plots.CLASS_MARKERS[k], "color": plots.CLASS_COLORS[k], "mec": plots.BLACK}
            self.points += self.plane.plot([], [], ls="", zorder=3, label=f"class {k}", **style)
            # hollow: what the network is tested on
            style |= {"mfc": "none", "mec": plots.CLASS_COLORS[k], "ms": 3, "mew": 0.7}
            self.tested += self.plane.plot([], [], ls="", zorder=2.5, **style)
        self.live.moving(self.surface, self.boundary, *self.tested, *self.points)

    def _build_curves(self):
        ax = self.curves
        ax.set(yscale="log", ylim=(1e-2, 1), xlim=(0, 100), xlabel="" if self.all else "step")
        ax.set_title("Loss", loc="left")
        (self.train_curve,) = ax.plot([], [], color=plots.TRAINING, ls="-", lw=1.8, label="training")
        (self.test_curve,) = ax.plot([], [], color=plots.VALIDATION, ls="--", lw=1.4, label="test")
        ax.legend(loc="lower left", fontsize=8, framealpha=0.6, edgecolor="none", ncols=2)
        self.live.moving(self.train_curve, self.test_curve)

    def _build_wiring(self, ax):
        """The network as it is drawn in books, each hidden unit with what it answers over the plane.

        The data coordinates of ax are pixels.
        """
        ax.set(xticks=[], yticks=[], xlim=(EDGE, WIDE - EDGE), ylim=(0, HIGH))
        ax.set_title("The hidden units", loc="left")
        ax.set_xlabel("weights: blue +, red dashes −\nunits: blue low, orange high", fontsize=8)
        ax.spines[:].set_visible(False)
        self.wiring = ax
        for y, text in ((HIGH * 3 / 4, "x₁"), (HIGH / 4, "x₂")):
            ax.text(EDGE - 3, y, text, ha="right", va="center")
        ax.text(WIDE - EDGE + 3, HIGH / 2, "ŷ", ha="left", va="center")
        self.maps = Raster(ax, cmap=plots.TWO_CLASSES, bad=plots.PAPER)
        self.wires = [
            LineCollection([], colors=color, linestyles=line, zorder=1, capstyle="butt")
            for color, line in ((plots.BLUE, "-"), (plots.VERMILION, (0, (3, 1.5))))
        ]
        self.frames = LineCollection([], colors=plots.GREY, linewidths=0.6, zorder=2)
        for lines in (*self.wires, self.frames):
            ax.add_collection(lines, autolim=False)
        self.live.moving(self.maps, *self.wires, self.frames)

    def _build_gradients(self, ax):
        ax.set(yscale="log", ylim=(1e-5, 2), xlabel="layer")
        ax.set_title("Largest ∂L/∂W in each layer", loc="left")
        self.gradients = ax
        (self.sizes,) = ax.plot([], [], color=plots.GRADIENT, marker="o", ls="--", lw=1)
        (self.zeros,) = ax.plot([], [], color=plots.GRADIENT, marker="$0$", ls="", ms=7)
        self.live.moving(self.sizes, self.zeros)

    def update(self, seen):
        """Show an `Observation`; returns the text of the status line."""
        if self._shown is not seen.dataset:
            self._shown = seen.dataset
            self._show_points(seen)
        self._show_plane(seen)
        self._show_curves(seen)
        if self.all:
            self._show_gradients(seen.gradients)
            if all(np.isfinite(Q).all() for Q in (*seen.hidden, *seen.weights)):
                self._show_wiring(seen.hidden, seen.weights, seen.large)
        return (
            f"step {seen.step} · epoch {seen.epoch} · training loss {seen.losses[0, -1]:.4f} · "
            f"test loss {seen.losses[1, -1]:.4f} · test accuracy {seen.test_accuracy:.0%}"
        )

    def _show_plane(self, seen):
        values, sums, level, title = seen.surface, seen.surface, 0.5, ANSWER
        if seen.large is not None:
            layer, unit, values, sums = seen.large
            level, title = 0.0, f"Hidden layer {layer}, unit {unit}; line: z = 0"
        if title != self._title:
            self._title = title
            self.title.set_text(title)
        if values is not None and np.isfinite(values).all():
            self.surface.set_values(values[::-1])
            self.boundary.set_data(_level_lines(sums, seen.extent, level))

    def _show_points(self, seen):
        x0, x1, y0, y1 = seen.extent
        self.plane.set(xlim=(x0, x1), ylim=(y0, y1))
        X, y = seen.dataset.X_train, seen.dataset.y_train[:, 0]
        for k, points in enumerate(self.points):
            points.set_data(*X[y == k].T)
            points.set_markersize(10 if len(X) <= 8 else 5)
        X, y = seen.dataset.X_test, seen.dataset.y_test[:, 0]
        for k, points in enumerate(self.tested):
            points.set_data(*X[y == k].T if len(X) > 8 else ([], []))

    def _show_curves(self, seen):
        losses = np.where(np.isfinite(seen.losses), seen.losses, np.nan)
        self.train_curve.set_data(seen.steps, losses[0])
        self.test_curve.set_data(seen.steps, losses[1])
        positive = losses[losses > 0]
        if positive.size:
            low, high = 10.0 ** np.floor(np.log10([max(positive.min(), 1e-12), positive.max()]))
            limits = (min(low, 0.01), max(10 * high, 1))
            if self.curves.get_ylim() != limits:
                self.curves.set_ylim(limits)
        right = max(round_up(seen.step), 100)
        if self.curves.get_xlim()[1] != right:
            self.curves.set_xlim(0, right)

    def _show_gradients(self, sizes):
        n, sizes = len(sizes), np.nan_to_num(sizes)
        layers = np.arange(1, n + 1)
        self.sizes.set_data(layers, np.where(sizes > 0, np.clip(sizes, 1e-5, 2), np.nan))
        self.zeros.set_data(layers[sizes == 0], np.full(np.sum(sizes == 0), 3e-5))
        if self.gradients.get_xlim() != (0.5, n + 0.5):
            self.gradients.set(xlim=(0.5, n + 0.5), xticks=range(1, n + 1))

    def unit_at(self, x, y):
        """(layer, unit) of the hidden unit drawn at this place of the wiring, or None."""
        inside = (unit for unit, (x0, y0, x1, y1) in self._tiles.items() if x0 <= x <= x1 and y0 <= y <= y1)
        return next(inside, None)

    def _show_wiring(self, hidden, weights, large):
        n, k = len(hidden), hidden[0].shape[2]
        side = int(min(HIGH / k - 3, (WIDE - 2 * EDGE - 14 * (n + 1)) / n, 60))
        gap = (WIDE - 2 * EDGE - n * side) / (n + 1)
        middles = HIGH * (np.arange(k)[::-1] + 0.5) / k  # unit 1 above
        picture = np.full((HIGH, WIDE - 2 * EDGE), np.nan, dtype=np.float32)
        pixels = np.arange(side) * hidden[0].shape[0] // side
        square = np.ix_(pixels, pixels)
        ends = [(EDGE, EDGE, HIGH * np.array([0.75, 0.25]))]  # left, right, middles of a column
        self._tiles = {}
        for l, maps in enumerate(hidden):
            left = round(EDGE + gap + l * (side + gap))
            for j, middle in enumerate(middles):
                top = round(HIGH - middle - side / 2)
                # the picture begins at EDGE, where the axes do
                picture[top : top + side, left - EDGE : left - EDGE + side] = maps[::-1, :, j][square]
                self._tiles[l + 1, j + 1] = left, HIGH - top - side, left + side, HIGH - top
            ends.append((left, left + side, middles))
        ends.append((WIDE - EDGE, WIDE - EDGE, np.array([HIGH / 2])))
        self.maps.set_values(picture)
        self.frames.set_segments(
            [[(a, b), (c, b), (c, d), (a, d), (a, b)] for a, b, c, d in self._tiles.values()]
        )
        chosen = [large is not None and unit == large[:2] for unit in self._tiles]
        self.frames.set_linewidths(np.where(chosen, 2.5, 0.6))
        lines = np.concatenate([_wires(*pair) for pair in pairwise(ends)])
        w = np.concatenate([W.ravel() for W in weights])
        for wires, chosen in zip(self.wires, (w > 0, w < 0), strict=True):
            wires.set_segments(lines[chosen])
            wires.set_linewidth(np.minimum(0.2 + 0.6 * np.abs(w[chosen]), 4.0))


def _wires(left, right):
    """The lines from each unit of a column to each of the next, (n_in · n_out, 2, 2), by W's rows."""
    (_, x0, y0), (x1, _, y1) = left, right
    lines = np.empty((len(y0), len(y1), 2, 2))
    lines[:, :, 0, 0], lines[:, :, 1, 0] = x0, x1
    lines[:, :, 0, 1], lines[:, :, 1, 1] = y0[:, None], y1
    return lines.reshape(-1, 2, 2)


class XORPlayground(Playground):
    """The live widget: `XORPlayground(settings=XORSettings(), panels="all")`, or panels="simple".

    `build` makes the network, and takes what `mlp` takes. With all panels a hidden unit can be shown large,
    and a click in the plane can add a point.
    """

    def __init__(self, settings=None, *, panels="all", speed=5, key=None, build=mlp):
        settings = XORSettings() if settings is None else settings
        if not isinstance(settings, XORSettings):
            raise TypeError(f"XORPlayground: settings must be XORSettings(...), got {settings!r}")
        if panels not in ("all", "simple"):
            raise ValueError(f'XORPlayground: panels must be "all" or "simple", got {panels!r}')
        self.panels, self.build, self._renewing = panels, build, False
        self.alt = (
            "XOR playground: the plane coloured by the network's answer with the training points on it, and "
            "the loss over the steps"
            + ("; gradients and hidden units beside them" if panels == "all" else "")
        )
        self.fps = 40 if panels == "all" else 60
        controls = {
            "learning_rate": slider("Learning rate η", settings.learning_rate, 0.001, 10, log=True),
            "hidden": slider("Hidden units", settings.hidden, 1, MAX_HIDDEN),
        }
        if panels == "all":
            controls |= {
                "layers": slider("Hidden layers", settings.layers, 1, MAX_LAYERS),
                "data": choice("Data", list(DATA.items()), settings.data),
                "noise": slider("Noise", settings.noise, 0.0, 0.5, 0.05),
                "activation": choice("Activation", ACTIVATIONS, settings.activation),
                "loss": choice("Loss", list(LOSSES.items()), settings.loss),
                "init": choice("Start", INITS, settings.init),
                "batch_size": choice(
                    "Batch size", sorted({*BATCH_SIZES, settings.batch_size}), settings.batch_size
                ),
                "seed": slider("Seed", settings.seed, 0, 20),
            }
            self.large = choice("Shown large", _units(settings), help="The same by a click on a hidden unit")
            self.click = choice("A click in the plane", list(CLICKS.items()), NOTHING)
        super().__init__(settings, controls, speed=speed, key=key)
        if panels == "all":
            self.large.observe(lambda _: self.post(self._enlarge), names="value")
            self.view.live.image.on_click = lambda x, y: self.post(self._clicked, x, y)

    def make_model(self, settings):
        model = XORModel(settings, maps=self.panels == "all", build=self.build)
        if self.panels == "all":
            model.large = self.large.value or None
        return model

    def rows(self):
        rows = super().rows()
        return rows if self.panels == "simple" else [*rows[:2], [self.large, self.click], *rows[2:]]

    def make_view(self, settings):
        return XORView(self.panels)

    def _enlarge(self):
        if self._renewing:  # a new model is on its way, with a frame of its own
            return
        self.model.large = self.large.value or None
        self.draw(sharp=not self.playing)

    def _clicked(self, x, y):
        ax, *place = self.view.live.place_of(x, y) or (None,)
        if ax is self.view.plane:
            self._change_points(*place)
        elif ax is self.view.wiring and (unit := self.view.unit_at(*place)):
            self.large.value = NO_UNIT if unit == self.large.value else unit

    def _change_points(self, x1, x2):
        added = [*self.settings.added]
        if self.click.value in (0, 1):
            if len(added) == MAX_ADDED:
                self.say(f"No more than {MAX_ADDED} points can be added: take one away.")
                return
            added.append((round(x1, 3), round(x2, 3), self.click.value))
        elif self.click.value == TAKE_AWAY and added:
            added.remove(min(added, key=lambda point: np.hypot(point[0] - x1, point[1] - x2)))
        if (added := tuple(added)) != self.settings.added:
            self.recover()
            self._go_on_with(replace(self.settings, added=added))
            if not self.playing:
                self.draw()

    def _turned(self, name):
        if name == "data" and self.settings.added:  # they belong to the points that were on show
            self.settings = replace(self.settings, added=())
        if self.panels == "all" and name in ("hidden", "layers"):
            shown = self.large.value
            settings = replace(self.settings, **{name: self.controls[name].value})
            self._renewing = True
            try:
                self.large.options = offered(_units(settings))
                if shown in dict(_units(settings)).values():
                    self.large.value = shown
            finally:
                self._renewing = False
        super()._turned(name)

    def line_of_code(self):
        simple = ['panels="simple"'] if self.panels == "simple" else []
        if self.build is mlp:
            return experiment.line(self, repr(self.settings), *simple)
        also = "import bplib.exercises as ex; "
        return experiment.line(self, repr(self.settings), *simple, "build=ex.mine().mlp", also=also)


def load(name, noise=0.0, added=()):
    """The data set of that name: XOR is the table itself, the others 200 training and 100 test points.

    noise: standard deviation of a Gaussian added to all points; with it XOR has as many as the others. added:
    more points to train on, (x₁, x₂, class).
    """
    rng = np.random.default_rng(1)
    if name == "xor":
        data = datasets.xor(200, 100, noise=noise, rng=rng) if noise else datasets.xor()
    else:
        clean = getattr(datasets, name)(rng=rng)
        X_train, X_test = (X + noise * rng.normal(size=X.shape) for X in (clean.X_train, clean.X_test))
        data = replace(clean, X_train=X_train, X_test=X_test)
    if not added:
        return data
    rows = np.array(added, dtype=float)
    return replace(data, X_train=np.vstack([data.X_train, rows[:, :2]]),
                   y_train=np.vstack([data.y_train, rows[:, 2:]]))  # fmt: skip


def _points(added):
    """Points that were added, as a tuple of (float, float, 0 or 1); raises ValueError."""
    try:
        points = [(float(x1), float(x2), {0: 0, 1: 1}[k]) for x1, x2, k in added]
        right = len(points) <= MAX_ADDED and bool(np.isfinite(points).all())
    except (TypeError, ValueError, KeyError, OverflowError):
        right = False
    if not right:
        raise ValueError(
            f"XORSettings: added must be at most {MAX_ADDED} points (x₁, x₂, class 0 or 1), got {added!r}"
        )
    return tuple(points)


def _units(settings):
    """What can be shown large: pairs (what is shown, what it means)."""
    layers, units = range(1, settings.layers + 1), range(1, settings.hidden + 1)
    return [("the answer", NO_UNIT), *((f"layer {l}, unit {j}", (l, j)) for l in layers for j in units)]


def _level_lines(surface, extent, level):
    """Where the surface crosses the level, as x and y of one line with NaN between its parts."""
    x, y = np.linspace(*extent[:2], surface.shape[1]), np.linspace(*extent[2:], surface.shape[0])
    parts = contour_generator(x, y, surface).lines(level)
    if not parts:
        return [], []
    line = np.concatenate([np.vstack([part, [[np.nan, np.nan]]]) for part in parts])
    return line[:, 0], line[:, 1]
