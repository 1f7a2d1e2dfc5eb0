"""Pictures: what is drawn is what was given, wrong input is named, and nothing is left behind."""

import io
import subprocess
import sys
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.testing.globalipapp import start_ipython
from IPython.utils.capture import capture_output
from PIL import Image

from bplib import plots

ALT = "A decision surface: the corner of class 1 is orange."


@pytest.fixture
def ax():
    return plots.figure()[1]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def shell():
    start_ipython()
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def texts(ax):
    return [text.get_text() for text in ax.texts]


# ---------------------------------------------------------------- figure, png, show


def test_pictures_leave_no_pyplot_and_no_settings_behind():
    """In a fresh process: drawing and showing imports no pyplot, changes no setting, prints the alt text."""
    code = f"""
import sys, matplotlib as mpl
before = dict(dict.items(mpl.rcParams))  # asking rcParams itself for its backend imports pyplot
from bplib import plots
fig, ax = plots.figure(ncols=2)
plots.loss_curves(ax[0], {{"a": [3, 2, 1]}}, log=True)
plots.show(fig, alt={ALT!r})
assert "matplotlib.pyplot" not in sys.modules and "IPython" not in sys.modules
assert dict(dict.items(mpl.rcParams)) == before
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ALT), done.stderr


def test_figure_keeps_its_style_under_a_dark_theme():
    with mpl.rc_context({"figure.facecolor": "black", "axes.facecolor": "black", "text.color": "white"}):
        fig, ax = plots.figure(3, 2)
        plots.loss_curve(ax, [2, 1], label="loss", title="A title")
        pixels = np.asarray(Image.open(io.BytesIO(plots.png(fig))).convert("L"))
    assert pixels.shape == (192, 288)
    assert pixels[0, 0] == 255
    assert np.median(pixels) == 255


def test_png_is_the_same_each_time_and_close_to_the_unreduced_picture(rng):
    fig, ax = plots.figure()
    plots.decision_surface(ax, lambda P: 1 / (1 + np.exp(-P[:, :1])), rng.normal(size=(50, 2)))
    first, again = plots.png(fig), plots.png(fig)
    assert first == again
    raw = io.BytesIO()
    fig.savefig(raw, format="png", dpi=96)
    a, b = (np.asarray(Image.open(f).convert("RGB"), dtype=float) for f in (io.BytesIO(first), raw))
    assert np.abs(a - b).mean() < 3
    assert np.abs(a - b).max() < 16, "no colour may stand for another"


def test_show_gives_png_alt_and_text(shell):
    fig, ax = plots.figure(5, 2.5)
    plots.loss_curve(ax, np.exp(-np.arange(100) / 20))
    with capture_output() as first:
        plots.show(fig, alt=ALT)
    with capture_output() as second:
        plots.show(fig, alt=f"  {ALT}\n ")
    (output,), (same,) = first.outputs, second.outputs
    assert output.data["text/plain"] == same.data["text/plain"] == ALT
    assert output.data["image/png"] == same.data["image/png"]
    assert output.metadata["image/png"] == {"alt": ALT, "width": 480, "height": 240}
    assert first.stdout == first.stderr == ""


@pytest.mark.parametrize("alt", ["", "   ", "a plot", "\n" * 40])
def test_show_refuses_an_alt_that_says_nothing(alt):
    with pytest.raises(ValueError, match="what there is to see"):
        plots.show(plots.figure()[0], alt=alt)


def test_show_refuses_an_alt_that_is_no_text():
    with pytest.raises(TypeError, match="got NoneType"):
        plots.show(plots.figure()[0], alt=None)


def test_show_refuses_a_picture_too_big_to_store(monkeypatch, rng):
    fig, ax = plots.figure(2, 2)
    plots.image_grid(ax, rng.random((4, 20, 20)))
    monkeypatch.setattr(plots, "MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="at most 1000 are stored"):
        plots.show(fig, alt=ALT)


def test_figure_refuses_pixels_for_inches():
    with pytest.raises(ValueError, match="width is in inches"):
        plots.figure(640, 320)


# ---------------------------------------------------------------- the plane


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_decision_surface_paints_the_prediction_where_it_belongs(ax, shape):
    """x₁ is horizontal, x₂ vertical, from below: the picture of p = x₁/4 + x₂/2 read back at known points."""
    surface = plots.decision_surface(
        ax, lambda P: (P @ [0.25, 0.5]).reshape(shape), extent=(0, 1, 0, 1), resolution=5
    )
    painted = np.asarray(surface.image.get_array())
    np.testing.assert_allclose(painted[0], [0, 0.0625, 0.125, 0.1875, 0.25])
    np.testing.assert_allclose(painted[:, 0], [0, 0.125, 0.25, 0.375, 0.5])
    assert surface.image.origin == "lower"
    (line,) = surface.boundary
    np.testing.assert_allclose(line.get_paths()[0].vertices @ [0.25, 0.5], 0.5)


def test_decision_surface_of_three_classes_has_three_borders(ax, rng):
    X = rng.normal(size=(60, 2))
    corners = np.array([[1.0, 0.0], [-0.5, 0.9], [-0.5, -0.9]])

    def softmax(P):
        E = np.exp(3 * P @ corners.T)
        return E / E.sum(axis=1, keepdims=True)

    surface = plots.decision_surface(ax, softmax, X, softmax(X).argmax(axis=1), labels=["a", "b", "c"])
    assert np.asarray(surface.image.get_array()).shape == (60, 60, 3)
    assert len(surface.boundary) == len(surface.points) == 3
    markers = {tuple(map(tuple, p.get_paths()[0].vertices)) for p in surface.points}
    assert len(markers) == 3, "classes must differ in marker, not in colour alone"
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b", "c"]


def test_decision_surface_can_be_moved_as_the_playgrounds_do(ax):
    surface = plots.decision_surface(ax, lambda P: P[:, 0], extent=(0, 1, 0, 1), resolution=4)
    plane = plots.grid((0, 1, 0, 1), 4)
    surface.image.set_data(plots.surface_colors(plane[:, 1:], (4, 4)))
    np.testing.assert_allclose(np.asarray(surface.image.get_array())[:, 2], np.linspace(0, 1, 4))


def test_neuron_lines_satisfy_their_equation(ax):
    W, b = np.array([[1.0, 0.0, 2.0], [1.0, 0.0, -1.0]]), np.array([-0.5, 1.0, 0.25])
    ax.set(xlim=(-1, 2), ylim=(-3, 1))
    lines = plots.neuron_lines(ax, W, b)
    assert len(lines) == 2, "the unit with W = 0 has no line"
    for line, j in zip(lines, (0, 2), strict=True):
        np.testing.assert_allclose(line.get_xydata() @ W[:, j] + b[j], 0, atol=1e-12)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 2), (-3, 1))
    assert lines[0].get_linestyle() != lines[1].get_linestyle()


def test_loss_surface_draws_the_whole_path(ax):
    path = [[1.5, 1], [0.5, -0.5], [0.1, 0.2]]
    surface = plots.loss_surface(ax, lambda P: (P**2).sum(axis=1) + 0.1, (-2, 2, -1, 1), path=path, log=True)
    walked, start, end = surface.points
    np.testing.assert_array_equal(walked.get_xydata(), path)
    np.testing.assert_array_equal(start.get_xydata(), path[:1])
    np.testing.assert_array_equal(end.get_xydata(), path[-1:])


# ---------------------------------------------------------------- curves


def test_loss_curves_differ_in_line_style_and_carry_their_names(ax):
    lines = plots.loss_curves(ax, {"slow": [3, 2, 1], "fast": [3, 1]}, log=True, title="Two rates")
    np.testing.assert_array_equal(lines[1].get_xydata(), [[1, 3], [2, 1]])
    assert lines[0].get_linestyle() != lines[1].get_linestyle()
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["slow", "fast"]
    assert (ax.get_yscale(), ax.get_title(), ax.get_xlabel()) == ("log", "Two rates", "step")


def test_history_puts_steps_and_epochs_on_one_axis():
    _, (left, right) = plots.figure(ncols=2)
    record = SimpleNamespace(
        loss=np.arange(8, 0, -1.0),
        epoch_loss=[6.5, 2.5],
        validation_loss=[5.0, 3.0],
        validation_accuracy=[0.5, 0.75],
    )
    lines = plots.history(left, record, accuracy_ax=right)
    assert lines["loss"].get_xdata()[-1] == lines["epoch_loss"].get_xdata()[-1] == 2
    np.testing.assert_array_equal(lines["validation_accuracy"].get_xydata(), [[1, 0.5], [2, 0.75]])
    assert lines["validation_accuracy"].axes is right


def test_history_without_validation():
    _, (left, right) = plots.figure(ncols=2)
    record = SimpleNamespace(
        loss=[2.0, 1.0], epoch_loss=[1.5], validation_loss=None, validation_accuracy=None
    )
    assert set(plots.history(left, record)) == {"loss", "epoch_loss"}
    with pytest.raises(ValueError, match="no validation accuracy"):
        plots.history(left, record, accuracy_ax=right)


@pytest.mark.parametrize("at", [-3, 0, 1.5])
def test_tangent_has_the_slope_and_touches_the_curve(ax, at):
    drawn = plots.function_with_tangent(ax, np.tanh, lambda z: 1 - np.tanh(z) ** 2, at, name="tanh")
    (x0, y0), (x1, y1) = drawn.tangent.get_xydata()
    assert (y1 - y0) / (x1 - x0) == pytest.approx(1 - np.tanh(at) ** 2)
    np.testing.assert_allclose(drawn.point.get_xydata(), [[at, np.tanh(at)]])
    assert np.interp(at, [x0, x1], [y0, y1]) == pytest.approx(np.tanh(at), abs=1e-12)


def test_predictions_stand_over_true_values(ax):
    drawn = plots.predicted_against_true(ax, [[1], [2], [3]], [[1.5], [2], [2]])
    np.testing.assert_array_equal(drawn.get_xydata(), [[1, 1.5], [2, 2], [3, 2]])
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), [[1, 1], [3, 3]])


def test_gradient_sizes_write_an_exact_zero(ax):
    lines = plots.gradient_sizes(ax, {"sigmoid": [1e-9, 1e-3], "relu": [0, 1]})
    np.testing.assert_array_equal(lines[0].get_ydata(), [1e-9, 1e-3])
    assert np.isnan(lines[1].get_ydata()[0])
    assert texts(ax) == ["0"]
    assert lines[0].get_marker() != lines[1].get_marker()


def test_histograms_share_their_scale_and_add_up_to_one(rng):
    _, axes = plots.figure(ncols=2)
    drawn = plots.layer_histograms(
        axes, {"layer 1": rng.normal(size=(50, 3)), "layer 2": np.zeros(4)}, bins=10
    )
    edges = [patch.get_data().edges for patch in drawn]
    np.testing.assert_array_equal(*edges)
    assert [patch.get_data().values.sum() for patch in drawn] == pytest.approx([1, 1])
    assert [ax.get_title() for ax in axes] == ["layer 1", "layer 2"]


# ---------------------------------------------------------------- matrices and images


def test_confusion_counts_rows_are_true():
    counts = plots.confusion_counts([0, 0, 1, 2, 2], [0, 1, 1, 0, 0], 3)
    np.testing.assert_array_equal(counts, [[1, 1, 0], [0, 1, 0], [2, 0, 0]])


def test_confusion_matrix_writes_every_count_readably(ax):
    drawn = plots.confusion_matrix(ax, [[90, 10], [0, 100]], labels=["cat", "dog"])
    assert [t.get_text() for t in drawn.titles] == ["90", "10", "·", "100"]
    assert [t.get_color() for t in drawn.titles] == [plots.PAPER, plots.INK, plots.INK, plots.PAPER]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["cat", "dog"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted", "true")


def test_heat_map_marks_divergence_and_the_best(ax):
    values = [[0.1, 0.9], [np.nan, np.inf]]
    drawn = plots.heat_map(ax, values, rows=[1, 2], columns=["a", "b"], best="max", value_label="accuracy")
    assert [t.get_text() for t in drawn.titles] == ["0.10", "0.90", "✕", "✕"]
    assert ax.patches[0].get_xy() == (0.5, -0.5)


def test_mosaic_keeps_every_image(rng):
    images = rng.random((5, 2, 3))
    cells = plots.mosaic(images, ncols=3)
    assert cells.shape == (5, 11)
    np.testing.assert_array_equal(cells[:2, :3], images[0])
    np.testing.assert_array_equal(cells[3:, 4:7], images[4])
    assert np.isnan(cells[2]).all()
    assert np.isnan(cells[3:, 8:]).all()


def test_weight_mosaic_shows_columns_of_W_on_a_scale_centred_at_zero(ax, rng):
    W = rng.normal(size=(6, 4))
    drawn = plots.weight_mosaic(ax, W, shape=(2, 3), ncols=2)
    np.testing.assert_array_equal(np.asarray(drawn.image.get_array())[:2, 4:7], W[:, 1].reshape(2, 3))
    assert drawn.image.norm.vmin == -drawn.image.norm.vmax == -np.abs(W).max()


def test_worst_mistakes_come_surest_first(ax, rng):
    """The last row hardly considers what is right, and yet is the least sure of what it says."""
    P = np.array([[0.9, 0.1, 0], [0.8, 0.2, 0], [0.4, 0.6, 0], [0.95, 0.05, 0], [0.5, 0.49, 0.01]])
    drawn = plots.worst_mistakes(ax, rng.random((5, 3, 3)), [0, 1, 0, 1, 2], P, n=3)
    np.testing.assert_array_equal(drawn.rows, [3, 1, 2])
    assert texts(ax) == ["1 → 0", "1 → 0", "0 → 1"]


# ---------------------------------------------------------------- graphs


def test_network_graph_shows_size_and_sign_without_colour(ax):
    graph = plots.network_graph(
        ax,
        [2, 2, 1],
        weights=[[[1, -2], [0.5, 0]], [[1], [-1]]],
        node_labels={(0, 0): "x₁"},
        edge_labels={(1, 1, 0): "w"},
        highlight=[(0, 0, 1), (2, 0)],
    )
    assert set(graph.edges) == {(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (1, 0, 0), (1, 1, 0)}
    assert graph.edges[1, 1, 0].get_linestyle() == "--"
    assert graph.edges[1, 0, 0].get_linestyle() == "-"
    assert graph.edges[0, 0, 0].get_linewidth() > graph.edges[0, 1, 0].get_linewidth()
    assert graph.edges[0, 0, 1].get_color() == plots.ORANGE
    start, end = graph.edges[0, 1, 0].get_xydata()
    assert (tuple(start), tuple(end)) == (graph.positions[0, 1], graph.positions[1, 0])
    assert sorted(texts(ax)) == ["w", "x₁"]


def test_computational_graph_writes_values_above_and_gradients_below(ax):
    graph = plots.computational_graph(
        ax,
        {"x": (0, 0, "x"), "p": (1, 0, "+")},
        [("x", "p")],
        values={"x": -3, "p": "p = −1"},
        gradients={"x": 0.123456},
    )
    above, below = graph.edge_texts["x", ""], graph.edge_texts["x", "∂"]
    assert (above.get_text(), below.get_text()) == ("−3", "∂ 0.1235")
    assert above.xyann[1] > 0 > below.xyann[1]
    assert graph.edge_texts["p", ""].get_text() == "p = −1"


# ---------------------------------------------------------------- everything draws, everything refuses

two = [[0.0, 1.0], [1.0, 0.0]]
BAD = {
    "predict is no function": (
        TypeError,
        "must be a function",
        lambda ax: plots.decision_surface(ax, 3, two),
    ),
    "neither points nor extent": (ValueError, "got neither", lambda ax: plots.decision_surface(ax, np.sum)),
    "one value for all points": (
        ValueError,
        "a row for each of 3600",
        lambda ax: plots.decision_surface(ax, lambda P: [0.5], two),
    ),
    "extent upside down": (ValueError, "x0 < x1", lambda ax: plots.grid((1, 0, 0, 1))),
    "extent of two": (ValueError, "x0 < x1", lambda ax: plots.grid((0, 1))),
    "name missing": (
        ValueError,
        "classes 0 … 1, got 1 names",
        lambda ax: plots.points(ax, two, [0, 1], labels=["no"]),
    ),
    "loss overflows": (
        ValueError,
        "not finite",
        lambda ax: plots.loss_surface(ax, lambda P: np.full(len(P), np.inf), (0, 1, 0, 1)),
    ),
    "points in space": (ValueError, r"must be \(N, 2\)", lambda ax: plots.points(ax, np.ones((2, 3)))),
    "too few labels": (ValueError, r"shape \(2,\), got \(3,\)", lambda ax: plots.points(ax, two, [0, 1, 1])),
    "half a label": (ValueError, "whole numbers from 0, got 0.5", lambda ax: plots.points(ax, two, [0, 0.5])),
    "W in columns": (
        ValueError,
        r"W must be \(2, k\)",
        lambda ax: plots.neuron_lines(ax, np.ones((3, 2)), [1, 2, 3]),
    ),
    "flat loss": (
        ValueError,
        "same everywhere",
        lambda ax: plots.loss_surface(ax, lambda P: np.ones(len(P)), (0, 1, 0, 1), log=True),
    ),
    "log of a negative loss": (
        ValueError,
        "the smallest is -1",
        lambda ax: plots.loss_surface(ax, lambda P: P[:, 0], (-1, 1, 0, 1), log=True),
    ),
    "log of zero": (ValueError, "losses above 0", lambda ax: plots.loss_curve(ax, [1, 0], log=True)),
    "no losses": (ValueError, "nothing to draw", lambda ax: plots.loss_curve(ax, [])),
    "words as losses": (TypeError, "must be numbers", lambda ax: plots.loss_curve(ax, ["low", "high"])),
    "steps missing": (ValueError, "need as many steps", lambda ax: plots.loss_curve(ax, [2, 1], steps=[1])),
    "curves in a list": (TypeError, "must be a dict", lambda ax: plots.loss_curves(ax, [[1, 2]])),
    "tangent outside": (
        ValueError,
        "must lie in the interval",
        lambda ax: plots.function_with_tangent(ax, np.sin, np.cos, 9),
    ),
    "row against column": (
        ValueError,
        r"both be \(N,\) or \(N, 1\)",
        lambda ax: plots.predicted_against_true(ax, [1, 2], [[1], [2]]),
    ),
    "negative size": (ValueError, "cannot be below 0", lambda ax: plots.gradient_sizes(ax, {"a": [-1]})),
    "Axes missing": (
        ValueError,
        "as many arrays",
        lambda ax: plots.layer_histograms(ax, {"a": [1], "b": [2]}),
    ),
    "oblong confusion": (ValueError, "square matrix", lambda ax: plots.confusion_matrix(ax, [[1, 2]])),
    "class unknown": (ValueError, "0 … 1, got 2", lambda ax: plots.confusion_counts([0, 2], [0, 1], 2)),
    "labels missing": (
        ValueError,
        "2 classes, got 1",
        lambda ax: plots.confusion_matrix(ax, two, labels=["a"]),
    ),
    "rows missing": (
        ValueError,
        "2 rows, got 1",
        lambda ax: plots.heat_map(ax, two, rows=[1], columns=[1, 2]),
    ),
    "best of what": (
        ValueError,
        'must be "max", "min"',
        lambda ax: plots.heat_map(ax, two, rows=[1, 2], columns=[1, 2], best="most"),
    ),
    "all diverged": (
        ValueError,
        "no value is finite",
        lambda ax: plots.heat_map(ax, [[np.nan]], rows=[1], columns=[1]),
    ),
    "flat images": (ValueError, "must be 3-D", lambda ax: plots.image_grid(ax, np.ones((3, 784)))),
    "titles missing": (
        ValueError,
        "3 images, got 1",
        lambda ax: plots.image_grid(ax, np.ones((3, 2, 2)), titles=["a"]),
    ),
    "no square": (ValueError, "do not fill", lambda ax: plots.weight_mosaic(ax, np.ones((10, 2)))),
    "all right": (
        ValueError,
        "every prediction is right",
        lambda ax: plots.worst_mistakes(ax, np.ones((2, 3, 3)), [0, 1], np.eye(2)),
    ),
    "weights transposed": (
        ValueError,
        r"must have shapes \[\(2, 3\)\], got \[\(3, 2\)\]",
        lambda ax: plots.network_graph(ax, [2, 3], weights=[np.ones((3, 2))]),
    ),
    "no such edge": (
        ValueError,
        r"no node or edge \(1, 0, 0\)",
        lambda ax: plots.network_graph(ax, [2, 2], highlight=[(1, 0, 0)]),
    ),
    "no such node": (
        ValueError,
        r"unknown: \['q'\]",
        lambda ax: plots.computational_graph(ax, {"x": (0, 0, "x")}, [("x", "q")]),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(ax, name):
    error, message, call = BAD[name]
    with pytest.raises(error, match=message):
        call(ax)


@pytest.mark.parametrize(("at", "interval"), [(0.0, (-4, 4)), (1.0, (-4, 4)), (2.0, (0, 12))])
def test_a_tangent_reaches_a_quarter_of_the_interval_to_each_side(at, interval):
    (x0, x1), (y0, y1) = plots.tangent_ends(np.square, lambda z: 2 * z, at, interval)
    quarter = (interval[1] - interval[0]) / 4
    assert (x0, x1) == (at - quarter, at + quarter)
    assert (y0, y1) == (at**2 - 2 * at * quarter, at**2 + 2 * at * quarter)
