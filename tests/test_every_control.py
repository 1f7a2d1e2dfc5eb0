"""Every live widget at every setting of its controls: no exception, no warning; and experiments that travel."""

import dataclasses
import importlib
import inspect
import pkgutil
import random
import re
from pathlib import Path

import ipywidgets
import nbformat
import numpy as np
import pytest

import bplib.playgrounds
from bplib import datasets, mlp
from bplib.live import Explorer, Playground, Settings
from bplib.playgrounds import (
    break_a_line,
    depth,
    descent,
    divergence,
    graph,
    guess,
    histograms,
    live_fit,
    mirror,
    mnist,
    pixels,
    race,
    scores,
    shapes,
    slopes,
    step_zero,
    tape,
    xor,
)
from bplib.playgrounds.draw import draw
from bplib.playgrounds.xray import xray

for module in pkgutil.iter_modules(bplib.playgrounds.__path__):
    importlib.import_module(f"bplib.playgrounds.{module.name}")


def small_digits(n=300):
    data = datasets.digits()
    keep = slice(0, n)
    parts = data.X_train.pixels[keep], data.y_train[keep], data.X_test.pixels[:100], data.y_test[:100]
    return datasets.Dataset(
        "digits", datasets.Images(parts[0]), parts[1], datasets.Images(parts[2]), parts[3], 10, "Few digits."
    )


def descents():
    X, Y = np.array([[-1.0], [0.0], [1.0], [2.0]]), np.array([[-1.0], [0.5], [1.0], [3.0]])
    return descent.DescentExplorer(X, Y)


def passing():
    X, Y = np.array([[-1.0], [0.0], [1.0], [2.0]]), np.array([[0.0], [0.0], [1.0], [1.0]])
    return descent.DescentExplorer(X, Y, loss="binary_cross_entropy")


def xrayed():
    rng = np.random.default_rng(0)
    network = mlp((2, 3, 2), activation="relu", loss="softmax_cross_entropy", rng=rng)
    return xray.XRay(network, rng.normal(size=(3, 2)), np.array([0, 1, 1]))


def drawn():
    network = mlp((784, 8, 10), activation="relu", loss="softmax_cross_entropy", rng=np.random.default_rng(0))
    return draw.DrawDigit(network, small_digits())


# how each is made, and how many random combinations of its controls are tried
MAKERS = {
    "Brink": (divergence.Brink, 6),
    "BreakALine": (break_a_line.BreakALine, 2),
    "DepthExplorer": (depth.DepthExplorer, 8),
    "DescentExplorer": (descents, 8),
    "DescentExplorer, cross-entropy": (passing, 8),
    "DrawDigit": (drawn, 6),
    "GraphExplorer": (graph.GraphExplorer, 8),
    "GuessTheBug": (guess.GuessTheBug, 5),
    "HistogramExplorer": (histograms.HistogramExplorer, 5),
    "MirrorUnits": (mirror.MirrorUnits, 2),
    "SilentPixels": (lambda: pixels.SilentPixels(small_digits()), 2),
    "ScoreExplorer": (scores.ScoreExplorer, 8),
    "ShapePuzzle": (shapes.ShapePuzzle, 8),
    "SlopeExplorer": (slopes.SlopeExplorer, 8),
    "ChainExplorer": (slopes.ChainExplorer, 12),
    "StepZero": (step_zero.StepZero, 6),
    "TapeExplorer": (tape.TapeExplorer, 6),
    "XRay": (xrayed, 12),
    "XORPlayground": (xor.XORPlayground, 5),
    "XORPlayground, simple": (lambda: xor.XORPlayground(panels="simple"), 2),
    "MNISTPlayground": (lambda: mnist.MNISTPlayground(small_digits()), 3),
    "LiveFit": (live_fit.LiveFit, 3),
    "OptimizerRace": (race.OptimizerRace, 3),
}


def test_no_widget_of_the_course_is_left_out():
    families = (Explorer, Playground)
    made = {
        cls.__name__ for family in families for cls in family.__subclasses__() if "bplib." in cls.__module__
    }
    assert made - {"Playground", "Explorer"} <= {name.partition(",")[0] for name in MAKERS}


HOOKS = ("build", "update")  # a subclass names its figures and controls as it likes


@pytest.mark.parametrize("name", MAKERS)
def test_no_widget_shadows_the_machinery_it_stands_on(name):
    """A method of a panel's own that has by accident the name of one of `Panel`'s takes other arguments."""
    panel = MAKERS[name][0]()
    made = type(panel)
    for base in made.__mro__[1:]:
        for key, theirs in vars(base).items() if base.__module__.startswith("bplib.") else ():
            if key != "__init__" and inspect.isfunction(theirs) and key in vars(made) and key not in HOOKS:
                own = inspect.signature(vars(made)[key])
                assert own == inspect.signature(theirs), f"{made.__name__}.{key} hides {base.__name__}.{key}"
    panel.close()


def settings_of(control):
    """Both ends and steps between, or every option."""
    if isinstance(control, ipywidgets.Dropdown):
        return [option[1] if isinstance(option, tuple) else option for option in control.options]
    if isinstance(control, ipywidgets.Checkbox):
        return [True, False]
    if isinstance(control, ipywidgets.FloatLogSlider):
        exponents = np.linspace(control.min, control.max, 5)
        return [
            float(np.clip(control.base**e, control.base**control.min, control.base**control.max))
            for e in exponents
        ]
    values = np.linspace(control.min, control.max, 5)
    return (
        sorted({round(v) for v in values}) if isinstance(control, ipywidgets.IntSlider) else values.tolist()
    )


LESSONS = sorted((Path(__file__).parents[1] / "notebooks").glob("[0-9][0-9]_*.ipynb"))
WITH_A_RATE = r"(?:BreakALine|DescentExplorer|XRay|XORSettings|LiveFitSettings|MNISTSettings|RaceSettings)"


def rates_of_lessons():
    """(lesson, rate) of every number that a lesson gives a slider over powers of ten."""
    for path in LESSONS:
        for cell in nbformat.read(path, as_version=4).cells:
            for given in re.findall(rf"{WITH_A_RATE}\(([^()]*)", cell.source):
                for rate in re.findall(r"\b(?:learning_rate|eta_\w+)=([\d.]+)", given):
                    yield path.stem, float(rate)


def notch(value, step):
    """The notch to which the page moves a slider with this value, as it shows it."""
    return float(f"{10 ** (round(np.log10(value) / step) * step):.2g}")


def test_a_rate_that_a_lesson_gives_its_slider_is_shown_as_given():
    """Beside the words "0.3" the page would show the notch at 0.32."""
    rates = list(rates_of_lessons())
    assert {"00_start_here", "03_gradient_descent", "14_optimisers"} <= {lesson for lesson, _ in rates}
    assert [(lesson, rate) for lesson, rate in rates if notch(rate, 0.1) != rate] == []


@pytest.mark.parametrize("name", MAKERS)
def test_a_control_shows_what_it_begins_with(name):
    panel = MAKERS[name][0]()
    for control in [*vars(panel).values(), *getattr(panel, "controls", {}).values()]:
        if isinstance(control, ipywidgets.FloatLogSlider):
            assert notch(control.value, control.step) == control.value, control.description
        if isinstance(control, ipywidgets.Dropdown):
            assert control.index is not None, f"{control.description}: blank"
    panel.close()


def is_fine(panel):
    return panel.error is None or panel.is_result(panel.error)


def drive(panel, n):
    """Each control over its range, both ends of each pair, and n random combinations, with every button."""
    dice = random.Random(0)

    def put(**values):
        for name, value in values.items():
            control = panel.controls[name]
            if isinstance(control, ipywidgets.Dropdown) and value not in settings_of(control):
                continue  # options that another control or button has changed
            control.value = value
            assert is_fine(panel), (values, panel.error)
        if isinstance(panel, Playground):
            panel.run(10)
            assert is_fine(panel), (values, panel.error)

    first = {name: control.value for name, control in panel.controls.items()}
    for name, control in panel.controls.items():
        for value in settings_of(control):
            put(**{name: value})
        put(**{name: first[name]})
    for _ in range(n):
        ends = {name: dice.choice(settings_of(control)[:: max(1, len(settings_of(control)) - 1)])
                for name, control in panel.controls.items()}  # fmt: skip
        put(**ends)
        put(**{name: dice.choice(settings_of(control)) for name, control in panel.controls.items()})
        for button in getattr(panel, "buttons", {}).values():
            if dice.random() < 0.5:
                button.click()
                assert is_fine(panel), (button.description, panel.error)


@pytest.mark.thorough
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("name", MAKERS)
def test_no_setting_of_the_controls_is_an_error(name):
    make, n = MAKERS[name]
    panel = make()
    try:
        drive(panel, n)
        assert panel.png()
    finally:
        panel.close()


@pytest.mark.thorough
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(
    "fault", [break_a_line.NOTHING, *(fault.name for fault in break_a_line.lab_faults())]
)
def test_the_lab_shows_every_fault_at_every_rate(fault):
    """A loss that has run over is drawn as a divergence; the picture is that of these settings."""
    panel = break_a_line.BreakALine(fault)
    control = panel.controls["learning_rate"]
    try:
        for rate in (0.5, control.base**control.max):  # up to 1.06
            control.value = rate
            assert panel.error is None
            for line, losses in zip((panel.sound, panel.broken), panel.trial.losses, strict=True):
                drawn, losses = line.get_ydata(), np.array(losses)
                assert len(drawn) == len(losses)
                assert not np.isinf(drawn).any()
                inside = (losses > 1e-4) & (losses < 1e6)
                assert np.array_equal(drawn[inside], losses[inside])
            assert np.isfinite(panel.left.get_ylim()).all()
    finally:
        panel.close()


# ---------------------------------------------------------------- experiments travel


def digits():
    return datasets.digits()


EXPERIMENTS = {
    "XOR": lambda: xor.XORPlayground(),
    "XOR, spiral": lambda: xor.XORPlayground(
        xor.XORSettings(data="spiral", layers=2, learning_rate=np.float64(0.25), hidden=np.int64(3)),
        panels="simple",
    ),
    "MNIST": lambda: mnist.MNISTPlayground(digits()),
    "MNIST, Adam": lambda: mnist.MNISTPlayground(
        digits(), mnist.MNISTSettings(optimizer="adam", learning_rate=0.001, subset=500, hidden=8)
    ),
    "fit": lambda: live_fit.LiveFit(),
    "fit, bias": lambda: live_fit.LiveFit(live_fit.LiveFitSettings(bias=True, input_scale=0.2, hidden=3)),
    "race": lambda: race.OptimizerRace(),
    "race, turned": lambda: race.OptimizerRace(race.RaceSettings(turned=True, eta_adam=0.3, condition=30)),
}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_line_of_an_experiment_runs_in_an_empty_cell(name):
    """As it stands, and it makes the same experiment: settings, data and all numbers after some steps."""
    panel = EXPERIMENTS[name]()
    control = next(
        c for c in panel.controls.values() if isinstance(c, ipywidgets.IntSlider | ipywidgets.FloatLogSlider)
    )
    for turned in (False, True):
        if turned:
            control.value = settings_of(control)[2]
        assert panel.code.value == panel.line_of_code()
        assert "\n" not in panel.code.value
        *imports, call = panel.code.value.split("; ")
        namespace = {}
        exec("; ".join(imports), namespace)
        again = eval(call, namespace)
        assert type(again) is type(panel)
        assert again.settings == panel.settings
        assert "np." not in repr(panel.settings)
        panel.reset()
        for a, b in zip(networks(panel.run(5)), networks(again.run(5)), strict=True):
            assert all(
                np.array_equal(p, q)
                for (_, p), (_, q) in zip(a.named_params(), b.named_params(), strict=True)
            )
        again.close()
    panel.close()


def networks(panel):
    model = panel.model
    return [runner.network for runner in model.runners] if hasattr(model, "runners") else [model.network]


def test_the_line_does_not_overwrite_what_a_lesson_calls_digits():
    panel = mnist.MNISTPlayground(digits())
    namespace = {"digits": "the lesson's own", "data": 1}
    exec(panel.code.value, namespace)
    assert namespace["digits"] == "the lesson's own"
    panel.close()


# ---------------------------------------------------------------- settings are checked at the door


def fields():
    for made in Settings.__subclasses__():
        if made.__module__.startswith("bplib."):
            for field in dataclasses.fields(made):
                yield pytest.param(made, field, id=f"{made.__name__}.{field.name}")


BAD = {
    float: ("a", None, float("nan"), float("inf"), -1.0, [1.0], True, 1j),
    int: ("a", None, 2.5, -1, True, [1], 10**9),
}


@pytest.mark.parametrize(("made", "field"), list(fields()))
def test_a_setting_that_cannot_be_is_refused_by_name(made, field):
    usual = field.default
    kind = (
        bool if isinstance(usual, bool) else int if isinstance(usual, int) or usual is None else type(usual)
    )
    bad = BAD.get(kind, ("no such thing", 3.5, None, ["xor"]))
    for value in bad:
        if usual is None and value is None:
            continue
        with pytest.raises(
            (ValueError, TypeError), match=rf"^{made.__name__}: {field.name} must be .*, got "
        ):
            made(**{field.name: value})
    if kind is float and field.name not in ("momentum", "condition", "noise"):
        with pytest.raises(ValueError, match=f"{field.name} must be above 0, got 0"):
            made(**{field.name: 0.0})
