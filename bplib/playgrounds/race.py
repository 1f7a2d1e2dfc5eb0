"""Optimisers race (lesson 14): SGD, momentum and Adam from one start, over a ravine or on handwritten digits.

OptimizerRace()
OptimizerRace(RaceSettings(turned=True, eta_adam=0.32))
OptimizerRace(RaceSettings(problem="digits", eta_sgd=0.32, eta_momentum=0.032, eta_adam=0.0032))
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from .. import datasets, plots
from ..layers import Affine
from ..live import experiment
from ..live.controls import choice, slider, toggle
from ..live.figure import LiveFigure, Trace, round_up
from ..live.playground import Playground, Settings
from ..losses import SquaredError
from ..network import Network, mlp
from ..optimizers import SGD, Adam
from ..training import DivergenceError, accuracy, train

RUNNERS = ("SGD", "momentum", "Adam")
RATES = ("eta_sgd", "eta_momentum", "eta_adam")
PROBLEMS = {"a ravine": "ravine", "handwritten digits": "digits"}
WALL = 4.0  # curvature of the ravine's walls: plain descent is stable below η = 2/4
ROWS, NOISE = 16, 0.3
FINISH = 1e-4  # of the loss at the start
SHOWN = 2000  # steps of a path that are drawn
EVERY = 10  # steps from one look at the digits to the next


@dataclass(frozen=True, repr=False)
class RaceSettings(Settings):
    """A learning rate for each runner, and the course they run.

    condition   κ of the ravine: how many times the walls bend as fast as the floor
    turned      whether the ravine lies across the axes, at 45°
    one_row     a step sees one row; otherwise all 16 rows of the ravine, or 32 images
    """

    problem: str = "ravine"
    eta_sgd: float = 0.4
    eta_momentum: float = 0.1
    eta_adam: float = 0.1
    momentum: float = 0.9
    condition: float = 100.0
    turned: bool = False
    one_row: bool = False

    def __post_init__(self):
        self.check("problem", tuple(PROBLEMS.values()))
        self.check("turned", (True, False))
        self.check("one_row", (True, False))
        experiment.check_numbers(self, positive=RATES, at_least={"condition": 1}, below={"momentum": 1})


def ravine(condition, turned=False):
    """X (16, 2), Y (16, 1) and a start (2,), such that the loss of z = Xw is a ravine with its lowest point
    at w = 0: L(w) = L(0) + ½ wᵀMw, where M has the curvatures 4 (walls, along w₁ unless turned) and
    4/condition (floor)."""
    angle = 2 * np.pi * (np.arange(ROWS) + 0.5) / ROWS
    X = np.sqrt(2) * np.column_stack([np.sin(angle), np.cos(angle)])  # XᵀX/16 is the identity
    X *= np.sqrt([WALL, WALL / condition])
    Y = NOISE * np.sqrt(2) * np.cos(3 * angle)[:, None]  # orthogonal to both columns: no w explains it
    turn = np.array([[1, -1], [1, 1]]) / np.sqrt(2) if turned else np.eye(2)
    return X @ turn, Y, np.array([-0.8, -2.0]) @ turn


@lru_cache(maxsize=1)
def _digits():
    data = datasets.handwritten_digits()
    rows = [np.asarray(images[:n]) for images, n in ((data.X_train, 5000), (data.X_test, 1000))]
    return rows[0], data.y_train[:5000], rows[1], data.y_test[:1000]


class Runner:
    """One network, one optimiser, and what has become of them: `out` is the step at which it diverged,
    `arrived` the step since when its loss has been below a ten-thousandth of the first (on the ravine)."""

    def __init__(self, network, optimizer, X, Y, batch_size):
        self.network, self.optimizer = network, optimizer
        self.trace, self.path = Trace(2), []
        self.out = self.arrived = None
        self._snapshots = train(network, X, Y, optimizer=optimizer, batch_size=batch_size, epochs=10**7,
                                rng=np.random.default_rng(1))  # fmt: skip

    def step(self):
        """One batch, one update; raises DivergenceError."""
        next(self._snapshots)


class RaceModel:
    """Three runners with the same weights to start from and the same rows at each step."""

    def __init__(self, settings):
        self.settings, self.step_count = settings, 0
        on_ravine = settings.problem == "ravine"
        if on_ravine:
            X, Y, self.start = ravine(settings.condition, settings.turned)
            self.second = X.T @ X / len(X)
        else:
            X, Y, *self.unseen = _digits()
            self.looked = X[:500], Y[:500]
        batch = 1 if settings.one_row else ROWS if on_ravine else 32
        # `adopt` sets the rates and the momentum; one above 0 here, so that a velocity is kept.
        optimizers = (SGD(0.1), SGD(0.1, momentum=0.5), Adam(0.1))
        self.runners = [Runner(self._network(), optimizer, X, Y, batch) for optimizer in optimizers]
        self.adopt(settings)
        for runner in self.runners:
            self._look(runner)

    def _network(self):
        if self.settings.problem == "ravine":
            return Network([Affine.from_arrays(self.start[:, None].copy())], SquaredError())
        return mlp((784, 32, 10), activation="relu", loss="softmax_cross_entropy", dtype=np.float32,
                   rng=np.random.default_rng(0))  # fmt: skip

    def adopt(self, settings):
        """Go on with other learning rates, or another momentum."""
        for runner, name in zip(self.runners, RATES, strict=True):
            runner.optimizer.learning_rate = getattr(settings, name)
        self.runners[1].optimizer.momentum = settings.momentum
        self.settings = settings

    def step(self):
        """One step of everyone who has not diverged."""
        self.step_count += 1
        for runner in self.runners:
            if runner.out is None:
                try:
                    runner.step()
                    self._look(runner)
                except DivergenceError:
                    runner.out = self.step_count

    def _look(self, runner):
        """Note where a runner stands: on the ravine its loss above the lowest and its path."""
        if self.settings.problem == "digits":
            if self.step_count % EVERY == 0:
                loss = runner.network.loss(*self.looked)
                runner.trace.append(self.step_count, loss, accuracy(runner.network, *self.unseen))
            return
        w = runner.network.layers[0].params["W"][:, 0]
        loss, first = (0.5 * v @ self.second @ v for v in (w, self.start))
        runner.trace.append(self.step_count, loss, np.nan)
        if len(runner.path) < SHOWN:
            runner.path.append(w.copy())
        if loss > 1e6 * first:
            runner.out = self.step_count
        if loss >= FINISH * first:
            runner.arrived = None
        elif runner.arrived is None:
            runner.arrived = self.step_count

    def observe(self):
        """The model itself: the view reads it and changes nothing."""
        return self


class RaceView:
    """Left the ravine with the three paths (or the digits' test accuracy), right the three losses."""

    reach = 2.6  # the picture goes from −2.6 to 2.6

    def __init__(self):
        live = self.live = LiveFigure(860, 370)
        self.figures = [live]
        places = live.figure.add_gridspec(1, 2, width_ratios=(1, 1.25))
        self.plane, self.shares, self.losses = (live.figure.add_subplot(places[k]) for k in (0, 0, 1))
        self.plane.set(xlim=(-self.reach, self.reach), ylim=(-self.reach, self.reach), aspect="equal")
        self.plane.set(xlabel="w₁", ylabel="w₂", title="the ravine, from above")
        level = {"ls": "-", "lw": 0.8, "color": plots.GREY, "alpha": 0.7}
        self.levels = [self.plane.plot([], [], **level)[0] for _ in range(12)]
        self.plane.plot(0, 0, "*", ms=13, color=plots.YELLOW, mec=plots.BLACK)
        self.shares.set(ylim=(0, 1.02), xlabel="step", title="test accuracy")
        self.losses.set(yscale="log", xlabel="step")
        self.finish = self.losses.axhline(1, ls=":", lw=1.2, color=plots.GREY)
        self.curves, self.paths, self.heads, self.tips = [], [], [], []
        for k in range(len(RUNNERS)):
            style = {"color": plots.SERIES_COLORS[k], "ls": plots.SERIES_LINES[k]}
            mark = {"marker": plots.SERIES_MARKERS[k], "mec": plots.BLACK}
            self.curves += self.losses.plot([], [], lw=1.8, **style)
            self.paths += self.plane.plot([], [], lw=1.4, **style)
            for ax, points in ((self.plane, self.heads), (self.losses, self.tips)):
                points += ax.plot([], [], ms=9, zorder=5, **style | {"ls": ""}, **mark)
        self.marks = [self.shares.plot([], [], color=line.get_color(), ls=line.get_linestyle(), lw=1.8)[0]
                      for line in self.curves]  # fmt: skip
        live.moving(*self.curves, *self.paths, *self.heads, *self.tips, *self.marks)
        handles = list(zip(self.curves, self.tips, strict=True))
        self.losses.legend(handles, RUNNERS, loc="upper right", fontsize=9, handlelength=3.5)
        self.course = None

    def update(self, model):
        """Show the runners of a `RaceModel`; returns the text of the status line."""
        course = replace(model.settings, **dict.fromkeys((*RATES, "momentum"), 0.5))
        if course != self.course:
            self._lay(model)
            self.course = course
        right = max(round_up(model.step_count), 100)
        for ax in (self.losses, self.shares):
            if ax.get_xlim()[1] != right:
                ax.set_xlim(0, right)
        low, high = self.losses.get_ylim()
        said = [f"step {model.step_count}"]
        for k, runner in enumerate(model.runners):
            losses, shares = runner.trace.columns
            steps, losses = runner.trace.steps, np.clip(losses, low / 10, 10 * high)  # out of the picture
            self.curves[k].set_data(steps, losses)
            self.tips[k].set_data(steps[-1:], losses[-1:])
            path = np.array(runner.path).reshape(-1, 2)
            far = np.any(np.abs(path) > 20 * self.reach, axis=1)  # beyond that no canvas can draw
            self.paths[k].set_data(*path[: np.argmax(far) + 1 if far.any() else None].T)
            on_ravine = model.settings.problem == "ravine"
            here = runner.network.layers[0].params["W"][:, :1] if on_ravine and runner.out is None else []
            self.heads[k].set_data(*(here if len(here) else ([], [])))
            self.marks[k].set_data(*([[], []] if on_ravine else [steps, shares]))
            said.append(f"{RUNNERS[k]} {self._verdict(runner)}")
        return " · ".join(said)

    @staticmethod
    def _verdict(runner):
        losses, shares = runner.trace.columns
        if runner.out is not None:
            return f"diverged at step {runner.out}"
        said = f"{losses[-1]:.2g}"
        if not np.isnan(shares[-1]):
            said += f", test {shares[-1]:.0%}"
        return said if runner.arrived is None else f"{said}, arrived at step {runner.arrived}"

    def _lay(self, model):
        """Another course: level lines, titles and limits."""
        on_ravine = model.settings.problem == "ravine"
        self.plane.set_visible(on_ravine)
        self.shares.set_visible(not on_ravine)
        self.finish.set_visible(on_ravine)
        if not on_ravine:
            self.losses.set(ylim=(0.01, 10), title="loss on 500 training images")
            return
        first = 0.5 * model.start @ model.second @ model.start
        self.losses.set(ylim=(1e-6 * first, 10 * first), title="loss above the lowest (dotted: the finish)")
        self.finish.set_ydata([FINISH * first] * 2)
        curvatures, axes = np.linalg.eigh(model.second)
        around = np.linspace(0, 2 * np.pi, 200)
        circle = np.stack([np.cos(around), np.sin(around)])
        for k, line in enumerate(self.levels):
            height = first * 2.0 ** (3 - k)
            line.set_data(*(axes @ (np.sqrt(2 * height / curvatures)[:, None] * circle)))


class OptimizerRace(Playground):
    """The live widget: `OptimizerRace(settings=RaceSettings())`. `.model.runners` are the three networks."""

    alt = (
        "SGD, momentum and Adam from the same start: their paths over a ravine (or their test accuracy on "
        "digits), and their losses over the steps"
    )
    fps = 20
    acts_at_once = frozenset({*RATES, "momentum"})
    speeds = (("1 step a frame", 1), ("10 steps", 10), ("as fast as it can", 1_000_000))

    def __init__(self, settings=None, *, speed=1, key=None):
        settings = RaceSettings() if settings is None else settings
        if not isinstance(settings, RaceSettings):
            raise TypeError(f"OptimizerRace: settings must be RaceSettings(...), got {settings!r}")
        controls = {
            name: slider(f"η of {runner}", getattr(settings, name), 0.0005, 5.0, log=True)
            for name, runner in zip(RATES, RUNNERS, strict=True)
        }
        controls |= {
            "momentum": slider("momentum μ", settings.momentum, 0.0, 0.99, 0.01),
            "problem": choice("Problem", list(PROBLEMS.items()), settings.problem),
            "condition": slider("condition κ", settings.condition, 1.0, 1000.0, log=True),
            "turned": toggle("ravine turned by 45°", settings.turned),
            "one_row": toggle("one row a step", settings.one_row),
        }
        super().__init__(settings, controls, speed=speed, key=key)

    def make_model(self, settings):
        return RaceModel(settings)

    def line_of_code(self):
        return experiment.line(self, repr(self.settings))

    def make_view(self, settings):
        return RaceView()
