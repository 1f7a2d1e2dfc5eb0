"""The explorer of lesson 03 descends as the formulas of the lesson say."""

import numpy as np
import pytest

from bplib.playgrounds.descent import DescentExplorer, losses_at, steepest_curvature

X = np.array([[0.5], [1.0], [1.5], [2.0], [2.5], [3.0]])
Y = np.array([[1.1], [1.4], [2.4], [2.3], [3.2], [3.3]])
PASSED = np.array([[0.0], [0.0], [1.0], [0.0], [1.0], [1.0]])


def test_the_path_is_that_of_plain_gradient_descent():
    explorer = DescentExplorer(X, Y, learning_rate=0.1)
    w, b = explorer.start
    for _ in range(explorer.controls["steps"].value):
        error = w * X + b - Y
        w, b = w - 0.1 * (error * X).mean(), b - 0.1 * error.mean()
    np.testing.assert_allclose([explorer.path.get_xdata()[-1], explorer.path.get_ydata()[-1]], [w, b])
    assert explorer.curve.get_ydata()[-1] == pytest.approx(((w * X + b - Y) ** 2).mean() / 2)


@pytest.mark.parametrize(("share", "grows"), [(0.98, False), (1.02, True)])
def test_the_loss_falls_below_the_limit_and_grows_above_it(share, grows):
    limit = 2 / steepest_curvature(X, Y, 0.0, 0.0, "squared_error")
    explorer = DescentExplorer(X, Y)
    explorer.controls["steps"].value = 60
    explorer.controls["learning_rate"].value = share * limit
    losses = explorer.curve.get_ydata()
    assert (losses[-1] > losses[0]) == grows
    assert ("no number" in explorer.status.value) == grows


@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy"])
def test_the_curvature_is_that_of_the_loss(loss):
    def second(i, j, h=1e-3):
        e = h * np.eye(2)
        at = np.array([0.4, -0.3])
        points = np.array([at + s * e[i] + t * e[j] for s in (1, -1) for t in (1, -1)])
        return losses_at(points, X, PASSED, loss) @ [1, -1, -1, 1] / (4 * h * h)

    hessian = np.array([[second(i, j) for j in range(2)] for i in range(2)])
    found = steepest_curvature(X, PASSED, 0.4, -0.3, loss)
    assert found == pytest.approx(np.linalg.eigvalsh(hessian)[-1], rel=1e-5)


def test_a_run_that_overflows_is_shown_and_is_no_error():
    explorer = DescentExplorer(100 * X, Y)
    explorer.controls["learning_rate"].value = 20.0
    explorer.controls["steps"].value = 60
    assert explorer.error is None
    assert np.isfinite(explorer.curve.get_ydata()).all()
    assert "no number" in explorer.status.value


def test_cross_entropy_stays_a_number_at_any_rate():
    explorer = DescentExplorer(X, PASSED, loss="binary_cross_entropy", learning_rate=20.0)
    assert len(explorer.curve.get_xdata()) == 31
    assert explorer.curve.get_ydata().max() < 100


def test_single_rows_take_another_path():
    explorer = DescentExplorer(X, PASSED, loss="binary_cross_entropy", learning_rate=0.5)
    whole = explorer.path.get_xdata().copy()
    explorer.controls["batch_size"].value = 1
    assert np.abs(explorer.path.get_xdata() - whole).max() > 0.05


def test_rows_that_are_no_columns_are_refused():
    with pytest.raises(ValueError, match=r"\(N, 1\)"):
        DescentExplorer(X[:, 0], Y[:, 0])
    with pytest.raises(ValueError, match="squared_error"):
        DescentExplorer(X, Y, loss="hinge")
