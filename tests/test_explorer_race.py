"""The race of lesson 14: the course is the ravine it says, the runners are the formulas, each on its own."""

import numpy as np
import pytest

from bplib import datasets
from bplib.playgrounds import race
from bplib.playgrounds.race import NOISE, ROWS, RUNNERS, WALL, OptimizerRace, RaceModel, RaceSettings, ravine


@pytest.fixture
def small_digits(monkeypatch):
    """The bundled digits, few of them."""
    data = datasets.digits()
    X = np.asarray(data.X_train[:700])
    parts = X[:500], data.y_train[:500], X[500:], data.y_train[500:700]
    monkeypatch.setattr(race, "_digits", lambda: parts)


@pytest.mark.parametrize("turned", [False, True])
def test_the_ravine_has_the_curvatures_it_names_and_its_lowest_point_at_zero(turned):
    X, Y, start = ravine(50.0, turned)
    np.testing.assert_allclose(np.linalg.eigvalsh(X.T @ X / len(X)), [WALL / 50, WALL])
    np.testing.assert_allclose(X.T @ Y, 0, atol=1e-12)
    assert np.mean(Y**2) == pytest.approx(NOISE**2)
    assert (np.abs(start) > 0.1).all()
    flat, _, at = ravine(50.0)
    np.testing.assert_allclose(X @ start, flat @ at)  # the same place in the same ravine


def test_the_runners_are_the_formulas():
    """Twenty full-batch steps, written out, from the settings' rates."""
    model = RaceModel(RaceSettings(turned=True))
    sgd, heavy, adam = (model.start.copy() for _ in range(3))
    velocity, m, v = np.zeros(2), np.zeros(2), np.zeros(2)
    for t in range(1, 21):
        model.step()
        sgd = sgd - 0.4 * model.second @ sgd
        velocity = 0.9 * velocity + model.second @ heavy
        heavy = heavy - 0.1 * velocity
        g = model.second @ adam
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        adam = adam - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    for runner, w in zip(model.runners, (sgd, heavy, adam), strict=True):
        np.testing.assert_allclose(runner.path[-1], w, rtol=1e-9)
        losses = runner.trace.columns[0]
        assert len(losses) == len(runner.path) == 21
        assert losses[-1] == pytest.approx(0.5 * w @ model.second @ w)
        X, Y, _ = ravine(100.0, turned=True)
        assert losses[-1] == pytest.approx(runner.network.loss(X, Y) - NOISE**2 / 2)


def test_turning_the_ravine_changes_adam_alone():
    straight, turned = (OptimizerRace(RaceSettings(turned=t)).run(150).model for t in (False, True))
    for k, same in enumerate((True, True, False)):
        one, other = (model.runners[k].trace.columns[0][-1] for model in (straight, turned))
        assert (abs(one - other) < 1e-9) == same
    assert straight.runners[2].arrived is not None
    assert turned.runners[2].arrived is None


def test_momentum_arrives_before_sgd_and_arriving_means_staying():
    runners = OptimizerRace().run(400).model.runners
    assert runners[1].arrived < runners[0].arrived / 2
    for runner in runners:
        losses = runner.trace.columns[0]
        line = race.FINISH * losses[0]
        assert (losses[runner.arrived :] < line).all()
        assert losses[runner.arrived - 1] >= line


def test_one_runner_may_diverge_and_the_others_go_on():
    panel = OptimizerRace(RaceSettings(eta_sgd=0.6)).run(100)
    assert panel.error is None
    assert [runner.out is None for runner in panel.model.runners] == [False, True, True]
    assert f"SGD diverged at step {panel.model.runners[0].out}" in panel.status.value
    assert len(panel.model.runners[0].path) == panel.model.runners[0].out + 1
    assert len(panel.model.runners[2].path) == 101


def test_all_runners_see_the_same_single_rows():
    """With momentum 0 and the same rate, momentum is SGD: step by step, whatever rows are drawn."""
    settings = RaceSettings(one_row=True, eta_sgd=0.1, momentum=0.0)
    first, second, _ = OptimizerRace(settings).run(3 * ROWS).model.runners
    np.testing.assert_array_equal(first.path, second.path)
    smooth = OptimizerRace(RaceSettings(eta_sgd=0.1)).run(3 * ROWS).model.runners[0]
    assert np.abs(np.array(first.path) - smooth.path).max() > 0.1


def test_rates_act_at_once_and_the_course_starts_anew():
    panel = OptimizerRace().run(30)
    pictures = [panel.png()]
    for name, k in (("eta_sgd", 0), ("eta_momentum", 1), ("eta_adam", 2)):
        panel.controls[name].value = 0.02
        assert panel.model.runners[k].optimizer.learning_rate == pytest.approx(0.02)
    panel.controls["momentum"].value = 0.5
    assert panel.model.runners[1].optimizer.momentum == 0.5
    assert panel.model.step_count == 30
    panel.run(10)
    pictures.append(panel.png())
    levels = [line.get_xydata().copy() for line in panel.view.levels]
    panel.controls["turned"].value = True
    assert panel.model.step_count == 0
    assert not np.allclose(levels[0], panel.view.levels[0].get_xydata())
    pictures.append(panel.png())
    panel.controls["condition"].value = 10.0
    np.testing.assert_allclose(np.linalg.eigvalsh(panel.model.second), [WALL / 10, WALL])
    panel.reset_button.click()
    panel.step_button.click()
    assert panel.model.step_count == 1
    pictures.append(panel.png())
    assert len(set(pictures)) == len(pictures)
    imports, call = panel.line_of_code().split("; ")
    exec(imports, names := {})
    again = eval(call, names)
    assert again.settings == panel.settings


def test_levels_are_levels():
    panel = OptimizerRace(RaceSettings(turned=True))
    for line in panel.view.levels:
        w = line.get_xydata()
        heights = 0.5 * np.sum(w @ panel.model.second * w, axis=1)
        np.testing.assert_allclose(heights, heights[0])


def test_digits_are_raced_from_one_start_and_learnt(small_digits):
    settings = RaceSettings("digits", eta_sgd=0.3, eta_momentum=0.03, eta_adam=0.003)
    panel = OptimizerRace(settings).run(100)
    assert not panel.view.plane.get_visible()
    for k, runner in enumerate(panel.model.runners):
        steps, (losses, shares) = runner.trace.steps, runner.trace.columns
        np.testing.assert_array_equal(steps, np.arange(0, 101, 10))
        assert losses[0] == panel.model.runners[0].trace.columns[0][0]
        assert losses[-1] < 0.5 * losses[0]
        assert shares[-1] > 0.7
        assert RUNNERS[k] in panel.status.value
        np.testing.assert_array_equal(panel.view.marks[k].get_ydata(), shares)
    panel.controls["problem"].value = "ravine"
    assert panel.view.plane.get_visible()
    assert not len(panel.view.marks[0].get_ydata())


def test_the_stored_picture_has_words():
    panel = OptimizerRace().preview(80)
    data, metadata = panel._repr_mimebundle_()
    assert data["text/plain"] == metadata["image/png"]["alt"] == panel.alt
    assert panel.model.step_count == 0
    assert len(data["image/png"]) * 3 / 4 < 60_000


@pytest.mark.parametrize(
    "bad",
    [{"problem": "hill"}, {"condition": 0.5}, {"turned": 1.5}, {"momentum": 1.0}, {"one_row": None}],
)
def test_settings_that_make_no_sense(bad):
    with pytest.raises(ValueError, match="must be"):
        RaceSettings(**bad)


def test_what_is_no_settings_is_refused():
    with pytest.raises(TypeError, match="RaceSettings"):
        OptimizerRace({"problem": "digits"})
