"""Live fit: the published regression of lesson 09 in training, what it predicts against what is true.

LiveFit()                                                     # as published
LiveFit(LiveFitSettings(learning_rate=0.1, input_scale=0.2))  # what holds it back, changed
"""

from dataclasses import dataclass

import numpy as np

from .. import plots
from ..datasets import linear_targets
from ..live import experiment
from ..live.controls import slider, toggle
from ..live.figure import LiveFigure, Trace, round_up
from ..live.playground import Playground, Settings
from ..network import mlp
from ..optimizers import SGD
from ..training import train

SHOWN = 300  # test rows that are drawn and measured
EVERY = 250  # steps from one R² to the next


@dataclass(frozen=True, repr=False)
class LiveFitSettings(Settings):
    """6-hidden-5-3 with sigmoids everywhere, weights N(0, sd 1), one row a step in fixed order.

    hidden 1 … 40 units in the first hidden layer; bias: whether the layers have one; input_scale: what the
    inputs, N(0, sd 5), are multiplied by. The defaults are the published program.
    """

    learning_rate: float = 0.01
    hidden: int = 7
    bias: bool = False
    input_scale: float = 1.0
    seed: int = 0

    def __post_init__(self):
        self.check("bias", (True, False))
        whole = {"hidden": range(1, 41), "seed": range(1_000_000)}
        experiment.check_numbers(self, positive=("learning_rate", "input_scale"), whole=whole)


@dataclass(frozen=True)
class Observation:
    """What there is to see: R² over the steps (mean of three targets), predictions (SHOWN, 3), sd of z."""

    step: int
    epoch: float
    steps: np.ndarray
    r_squared: np.ndarray
    y_hat: np.ndarray
    sd_of_z: float


class LiveFitModel:
    """The network in training; `least_squares` is the R² of the exact straight line on the same rows."""

    def __init__(self, settings):
        data = linear_targets(rng=np.random.default_rng(settings.seed))
        low, high = data.y_train.min(axis=0), data.y_train.max(axis=0)  # training rows alone
        self.X, self.Y = data.X_train * settings.input_scale, (data.y_train - low) / (high - low)
        self.X_test = data.X_test[:SHOWN] * settings.input_scale
        self.y_test = (data.y_test[:SHOWN] - low) / (high - low)
        line = np.linalg.lstsq(_with_ones(self.X), self.Y, rcond=None)[0]
        self.least_squares = _r_squared(self.y_test, _with_ones(self.X_test) @ line)
        rng = np.random.default_rng(1000 + settings.seed)
        self.network = mlp((6, settings.hidden, 5, 3), output="sigmoid", init="normal",
                           bias=settings.bias, rng=rng)  # fmt: skip
        self.optimizer = SGD(settings.learning_rate)
        self._snapshots = train(self.network, self.X, self.Y, optimizer=self.optimizer, batch_size=1,
                                epochs=10**6, shuffle=False)  # fmt: skip
        self.step_count, self.trace = 0, Trace(1)
        self._measure()

    def adopt(self, settings):
        """Go on with another learning rate."""
        self.optimizer.learning_rate = settings.learning_rate

    def step(self):
        """One row, one update; raises DivergenceError."""
        next(self._snapshots)
        self.step_count += 1
        if self.step_count % EVERY == 0:
            self._measure()

    def _measure(self):
        self.y_hat = self.network.predict(self.X_test)
        self.trace.append(self.step_count, _r_squared(self.y_test, self.y_hat))

    def observe(self):
        """An `Observation`."""
        self.y_hat = self.network.predict(self.X_test)
        return Observation(
            self.step_count,
            self.step_count / len(self.Y),
            np.append(self.trace.steps, self.step_count),
            np.append(self.trace.columns[0], _r_squared(self.y_test, self.y_hat)),
            self.y_hat,
            float(self.network.layers[0].forward(self.X_test)[0].std()),
        )


def _with_ones(X):
    return np.column_stack([X, np.ones(len(X))])


def _r_squared(y, y_hat):
    """R², mean over the columns."""
    return float(np.mean(1 - np.mean((y - y_hat) ** 2, axis=0) / np.var(y, axis=0)))


class LiveFitView:
    """Left what is predicted over what is true, right R² over the steps."""

    def __init__(self, model):
        live = self.live = LiveFigure(820, 340)
        self.figures, self.y_test = [live], model.y_test
        fit, course = live.figure.subplots(1, 2, width_ratios=[1, 1.4])
        fit.set(xlim=(0, 1), ylim=(0, 1), xlabel="true (scaled)", ylabel="predicted", title="test rows")
        fit.plot([0, 1], [0, 1], "--", lw=1, color=plots.INK)
        self.points = [
            fit.plot([], [], plots.SERIES_MARKERS[k], ms=3.5, alpha=0.55, color=plots.SERIES_COLORS[k],
                     label=f"target {k + 1}")[0]
            for k in range(3)
        ]  # fmt: skip
        fit.legend(loc="upper left", fontsize=8.5, markerscale=1.6, handletextpad=0.1)
        self.course = course
        course.set(xlim=(0, 1000), ylim=(-0.1, 1.03), xlabel="step", title="R² of the test rows")
        course.axhline(0, ls=":", lw=1, color=plots.GREY)
        course.text(0.98, 0.015, "the mean", ha="right", color=plots.INK, fontsize=9,
                    transform=course.get_yaxis_transform())  # fmt: skip
        self.exact, self.curve = live.moving(
            *course.plot([], [], "--", lw=1.5, color=plots.TARGET, label="exact least squares"),
            *course.plot([], [], "-", lw=2, color=plots.VALUE, label="this network"),
        )
        course.legend(loc="center right", bbox_to_anchor=(1, 0.7), fontsize=9)
        live.moving(*self.points)

    def show_exact(self, r_squared):
        """Put the line of exact least squares there."""
        self.exact.set_data([0, 1e9], [r_squared] * 2)

    def update(self, seen):
        """Show an `Observation`; returns the text of the status line."""
        for k, points in enumerate(self.points):
            points.set_data(self.y_test[:, k], seen.y_hat[:, k])
        self.curve.set_data(seen.steps, np.maximum(seen.r_squared, -1.0))
        right = max(round_up(seen.step), 1000)
        if self.course.get_xlim()[1] != right:
            self.course.set_xlim(0, right)
        return (
            f"step {seen.step} · epoch {seen.epoch:.1f} · R² {seen.r_squared[-1]:.3f} · "
            f"sd of z in the first layer {seen.sd_of_z:.1f}"
        )


class LiveFit(Playground):
    """The live widget: `LiveFit(settings=LiveFitSettings())`. The network is `.model.network`."""

    alt = (
        "The published regression in training: predicted over true values of 300 test rows, and R² over the "
        "steps under the dashed line of exact least squares"
    )
    fps = 20
    training_share = 0.7
    speeds = (("1 step a frame", 1), ("50 steps", 50), ("as fast as it can", 1_000_000))

    def __init__(self, settings=None, *, speed=1_000_000, key=None):
        settings = LiveFitSettings() if settings is None else settings
        if not isinstance(settings, LiveFitSettings):
            raise TypeError(f"LiveFit: settings must be LiveFitSettings(...), got {settings!r}")
        controls = {
            "learning_rate": slider("Learning rate η", settings.learning_rate, 0.001, 10.0, 0.1, log=True),
            "hidden": slider("Hidden units", settings.hidden, 1, 40),
            "input_scale": slider("Inputs ×", settings.input_scale, 0.05, 5.0, 0.1, log=True),
            "bias": toggle("bias", settings.bias),
            "seed": slider("Seed", settings.seed, 0, 9),
        }
        super().__init__(settings, controls, speed=speed, key=key)

    def make_model(self, settings):
        model = LiveFitModel(settings)
        view = getattr(self, "view", None)
        if view is not None:
            view.y_test = model.y_test
            view.show_exact(model.least_squares)
        return model

    def line_of_code(self):
        return experiment.line(self, repr(self.settings))

    def make_view(self, settings):
        view = LiveFitView(self.model)
        view.show_exact(self.model.least_squares)
        return view
