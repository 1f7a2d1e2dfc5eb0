"""Pictures: functions that draw into a given Axes and return what they drew.

Nothing here knows pyplot, so a picture leaves no state behind: `fig, ax = plots.figure()`, draw, then
`plots.show(fig, alt="...")`. Colours are those of Okabe and Ito, which colour-blind readers can tell apart,
and no meaning is carried by colour alone: series differ in line style and marker, classes in marker,
negative weights are dashed. Returned artists may be moved (`set_data`), as the playgrounds do.
The last keywords of each function, `**words`, go to `Axes.set`: title=, xlabel=, ylabel=, xlim=, …
"""

import io
import math
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, LogNorm, to_rgb
from matplotlib.figure import Figure
from PIL import Image

from . import checks
from .language import said, said_in_picture

BLACK, GREY, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000 #6b6b6b #e69f00 #56b4e9 #009e73 #f0e442 #0072b2 #d55e00 #cc79a7".split()
)
INK, PAPER, FAINT = "#222222", "#ffffff", "#d9d9d9"
VALUE, GRADIENT = BLUE, VERMILION  # forward in blue, backward in vermilion, in every picture of the course
TRAINING, VALIDATION, TARGET = BLUE, VERMILION, GREY
POSITIVE, NEGATIVE = BLUE, VERMILION  # weights: solid and dashed
CLASS_COLORS = (BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY, YELLOW, BLACK)
CLASS_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
SERIES_COLORS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
SERIES_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1)))
SERIES_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
TWO_CLASSES = LinearSegmentedColormap.from_list("two_classes", ["#7cc0e8", PAPER, "#f2c35b"])  # 0 … 0.5 … 1
SIGNED = LinearSegmentedColormap.from_list("signed", [VERMILION, PAPER, BLUE])  # − … 0 … +
AMOUNT = LinearSegmentedColormap.from_list("amount", [PAPER, SKY, BLUE, "#00324f"])  # 0 … much

MAX_BYTES = 60_000  # a stored picture; design of the notebooks
_SCREEN_DPI, _SHARP_DPI = 96, 144
_STYLE = {
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "axes.labelsize": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=SERIES_COLORS) + cycler(linestyle=SERIES_LINES),
}


class Surface(NamedTuple):
    """Artists of a picture over the plane: image or filled contours, the line on top, the points or path."""

    image: object
    boundary: object
    points: list


class Tiles(NamedTuple):
    """One image made of many tiles; `rows` says which row of the input each tile shows."""

    image: object
    titles: list
    rows: np.ndarray


class Graph(NamedTuple):
    """Artists of a graph: dicts of node circles, edge lines and their texts, and the nodes' positions."""

    nodes: dict
    edges: dict
    node_texts: dict
    edge_texts: dict
    positions: dict


class Tangent(NamedTuple):
    """The curve, its tangent and the point where they touch: three Line2D."""

    curve: object
    tangent: object
    point: object


# ---------------------------------------------------------------- figure and show


def figure(width=6.4, height=3.2, nrows=1, ncols=1, **options):
    """A figure of width × height inches, unknown to pyplot: (fig, ax), or (fig, array of Axes) for several.

    `options` go to `Figure.subplots` (sharey=True, width_ratios=[2, 1], …). Global settings stay untouched.
    """
    for name, size in (("width", width), ("height", height)):
        if not 0.5 <= size <= 20:
            raise ValueError(f"figure: {name} is in inches, between 0.5 and 20, got {size!r}")
    with mpl.rc_context(_STYLE):
        fig = Figure(figsize=(width, height), dpi=_SCREEN_DPI, layout="constrained")
        FigureCanvasAgg(fig)
        return fig, fig.subplots(nrows, ncols, **options)


def style():
    """A `with` block in which Axes and texts are made in the course's style; nothing outside changes."""
    return mpl.rc_context(_STYLE)


def packed(picture: Image.Image) -> bytes:
    """An RGB picture as PNG with a palette of 256 colours: a third of the size, and it looks the same.

    Pillow's default, median cut, may take one of the course's colours for another. The last level of
    compression would save one byte in a hundred, and take three times as long.
    """
    file = io.BytesIO()
    small = picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(file, "PNG", compress_level=8)
    return file.getvalue()


def png(fig, dpi=_SCREEN_DPI) -> bytes:
    """The figure as PNG, `packed`."""
    before = fig.dpi
    with mpl.rc_context(_STYLE):
        fig.set_dpi(dpi)
        try:
            fig.canvas.draw()  # once: savefig lays out in a drawing of its own
            pixels = np.asarray(fig.canvas.buffer_rgba())[:, :, :3]
            return packed(Image.fromarray(pixels))
        finally:
            fig.set_dpi(before)


def show(fig, alt: str) -> None:
    """Display the figure as PNG (at most 60 kB) with `alt` as its alternative text and its text/plain.

    `alt` says what there is to see, in a sentence. Where no notebook is running, `alt` is printed.
    """
    if not isinstance(alt, str):
        raise TypeError(f"show: alt must be a sentence (str), got {type(alt).__name__}")
    alt = " ".join(alt.split())
    if len(alt) < 20:
        raise ValueError(f"show: alt must say what there is to see, in 20 characters or more, got {alt!r}")
    alt = said(alt)
    said_in_picture(fig)
    sharp = png(fig, _SHARP_DPI)
    data = sharp if len(sharp) <= MAX_BYTES else png(fig)
    if len(data) > MAX_BYTES:
        raise ValueError(
            f"show: the picture has {len(data)} bytes, at most {MAX_BYTES} are stored: "
            "make the figure smaller, or draw fewer images or points"
        )
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        print(alt)
        return
    from IPython.display import display

    width, height = (round(inches * _SCREEN_DPI) for inches in fig.get_size_inches())
    display(
        {"image/png": data, "text/plain": alt},
        metadata={"image/png": {"alt": alt, "width": width, "height": height}},
        raw=True,
    )


# ---------------------------------------------------------------- checks shared by all


def _array(name, values, *ndims):
    """`values` as a float array with one of `ndims` dimensions, not empty."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be numbers, got {type(values).__name__}") from error
    if array.ndim not in ndims:
        wanted = " or ".join(f"{n}-D" for n in ndims)
        raise ValueError(f"{name} must be {wanted}, got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} is empty, shape {array.shape}: there is nothing to draw")
    return array


def _labels(name, values, n):
    """`values` as integer labels (n,)."""
    array = np.asarray(values)
    if array.shape == (n, 1):
        array = array[:, 0]
    if array.shape != (n,):
        raise ValueError(f"{name} must have one label a row, shape ({n},), got {array.shape}")
    whole = np.rint(array.astype(float)).astype(int)
    if np.any(whole != array) or np.any(whole < 0):
        raise ValueError(
            f"{name} must be whole numbers from 0, got {array[(whole != array) | (whole < 0)][0]}"
        )
    return whole


def _callable(name, f):
    if not callable(f):
        raise TypeError(f"{name} must be a function, got {type(f).__name__}")


def _matching(name, names, n, what):
    if names is not None and len(names) != n:
        raise ValueError(f"{name} must name {n} {what}, got {len(names)}")


def _dress(ax, words, **usual):
    """Set title=, xlabel=, ylabel= and whatever else `Axes.set` knows; what the caller gave comes first."""
    ax.set(**(usual | words))


def _series(k):
    """Colour, line style and marker of series k."""
    return {"color": SERIES_COLORS[k % 7], "ls": SERIES_LINES[k % 7], "marker": SERIES_MARKERS[k % 7]}


def _mapping(name, values):
    if not isinstance(values, Mapping) or not values:
        raise TypeError(f"{name} must be a dict {{label: numbers}} with at least one entry")


def _legend(ax):
    if ax.get_legend_handles_labels()[0]:
        ax.legend(fontsize=9, labelcolor=INK, framealpha=0.85, edgecolor="none")


def _bare(ax):
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


# ---------------------------------------------------------------- functions over the plane


def grid(extent, resolution=60) -> np.ndarray:
    """The points (resolution², 2) of a grid over extent = (x0, x1, y0, y1), row by row from below."""
    x0, x1, y0, y1 = extent if len(extent) == 4 else (0, 0, 0, 0)
    if not (x0 < x1 and y0 < y1):
        raise ValueError(f"extent is (x0, x1, y0, y1) with x0 < x1 and y0 < y1, got {tuple(extent)}")
    x, y = np.meshgrid(np.linspace(x0, x1, resolution), np.linspace(y0, y1, resolution))
    return np.column_stack([x.ravel(), y.ravel()])


def _around(X):
    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.15 * np.where(high > low, high - low, 1.0)
    return low[0] - margin[0], high[0] + margin[0], low[1] - margin[1], high[1] + margin[1]


def points(ax, X, y=None, *, labels=None) -> list:
    """Points X (N, 2), each class of y (N,) with its own colour and marker; one PathCollection a class."""
    X = _array("X", X, 2)
    if X.shape[1] != 2:
        raise ValueError(f"X must be (N, 2) to be drawn in a plane, got {X.shape}")
    y = np.zeros(len(X), dtype=int) if y is None else _labels("y", y, len(X))
    if labels is not None and len(labels) <= y.max():
        raise ValueError(f"labels must name classes 0 … {y.max()}, got {len(labels)} names")
    drawn = []
    for k in np.unique(y):
        style = {"c": CLASS_COLORS[k % 8], "marker": CLASS_MARKERS[k % 8], "edgecolors": BLACK}
        name = labels[k] if labels is not None else None
        drawn.append(ax.scatter(*X[y == k].T, s=30 if len(X) > 20 else 70, zorder=3, label=name, **style))
    return drawn


def surface_colors(values, shape=None) -> np.ndarray:
    """What `decision_surface` paints: (M,) or (M, 1) stays (M,); probabilities (M, k) become RGB (M, 3)."""
    values = _array("the predictions", values, 1, 2)
    if values.ndim == 2 and values.shape[1] > 1:
        pale = 0.35 + 0.65 * np.array([to_rgb(CLASS_COLORS[k % 8]) for k in range(values.shape[1])])
        values = np.clip(values @ pale, 0, 1)
    else:
        values = values.reshape(len(values))
    return values if shape is None else values.reshape(*shape, *values.shape[1:])


def decision_surface(
    ax, predict, X=None, y=None, *, extent=None, resolution=60, labels=None, **words
) -> Surface:
    """Colour the plane by predict: (M, 2) → probability (M,) or (M, 1), or probabilities of k classes (M, k).

    Points X (N, 2) with labels y (N,) go on top. Without `extent` (x0, x1, y0, y1) it fits the points. The
    black line is where a probability crosses 0.5, or where the most probable class changes.
    """
    _callable("predict", predict)
    if X is None and extent is None:
        raise ValueError("decision_surface: give the points X or an extent (x0, x1, y0, y1), got neither")
    extent = _around(_array("X", X, 2)) if extent is None else tuple(extent)
    plane, square = grid(extent, resolution), (resolution, resolution)
    raw = _array("predict's result", predict(plane), 1, 2)
    if len(raw) != len(plane):
        raise ValueError(f"predict must return a row for each of {len(plane)} points, got {raw.shape}")
    look = {"cmap": TWO_CLASSES, "vmin": 0, "vmax": 1, "interpolation": "bilinear"}
    colors = surface_colors(raw, square)
    image = ax.imshow(colors, extent=extent, origin="lower", aspect="auto", **look)
    raw = raw.reshape(len(raw), -1)
    heights = [raw[:, 0] - 0.5]
    if raw.shape[1] > 1:  # where class k overtakes the best of the others
        heights = [raw[:, k] - np.delete(raw, k, axis=1).max(axis=1) for k in range(raw.shape[1])]
    axes = np.linspace(*extent[:2], resolution), np.linspace(*extent[2:], resolution)
    boundary = [
        ax.contour(*axes, height.reshape(square), [0], colors=BLACK, linewidths=1.2)
        for height in heights
        if height.min() < 0 < height.max()
    ]
    drawn = [] if X is None else points(ax, X, y, labels=labels)
    _dress(ax, words, xlim=extent[:2], ylim=extent[2:], xlabel="x₁", ylabel="x₂")
    if labels is not None:
        _legend(ax)
    return Surface(image, boundary, drawn)


def neuron_lines(ax, W, b) -> list:
    """The line x W[:, j] + b[j] = 0 of each unit j, W (2, k) and b (k,), in the Axes' present limits."""
    W, b = _array("W", W, 2), _array("b", b, 1)
    if W.shape != (2, len(b)):
        raise ValueError(f"neuron_lines: W must be (2, k) and b (k,), got {W.shape} and {b.shape}")
    limits, lines = np.array([ax.get_xlim(), ax.get_ylim()]), []
    for j, (w, bias) in enumerate(zip(W.T, b, strict=True)):
        if not w.any():
            continue  # such a unit ignores its input: there is no line
        foot, along = -bias * w / (w @ w), np.array([-w[1], w[0]]) / math.hypot(*w)
        reach = 2 * (np.abs(foot).sum() + np.abs(limits).sum())
        ends = np.array([foot - reach * along, foot + reach * along])
        lines += ax.plot(*ends.T, **(_series(j) | {"marker": ""}), lw=1.8, label=f"unit {j + 1}")
    ax.set(xlim=limits[0], ylim=limits[1])
    return lines


def loss_surface(ax, loss, extent, *, path=None, resolution=61, levels=24, log=False, **words) -> Surface:
    """Contours of loss: (M, 2) → (M,) over extent (x0, x1, y0, y1), with the path (T, 2) of a descent.

    The path starts at the circle and ends at the star. log=True spaces the contours evenly in log L (L > 0).
    """
    _callable("loss", loss)
    heights = _array("the losses", loss(grid(extent, resolution)), 1).reshape(resolution, resolution)
    if log and heights.min() <= 0:
        raise ValueError(f"loss_surface: log=True needs losses above 0, the smallest is {heights.min():.3g}")
    if not np.isfinite(heights).all() or heights.min() == heights.max():
        raise ValueError("loss_surface: the loss is the same everywhere or not finite, there are no contours")
    edges = (np.geomspace if log else np.linspace)(heights.min(), heights.max(), levels)
    x, y = np.linspace(*extent[:2], resolution), np.linspace(*extent[2:], resolution)
    norm = LogNorm(edges[0], edges[-1]) if log else None
    filled = ax.contourf(x, y, heights, edges, cmap=AMOUNT, norm=norm)
    lines = ax.contour(x, y, heights, edges[::2], colors=GREY, linewidths=0.4)
    drawn = []
    if path is not None:
        path = _array("path", path, 2)
        if path.shape[1] != 2:
            raise ValueError(f"path must be (T, 2), got {path.shape}")
        drawn += ax.plot(*path.T, color=VERMILION, ls="-", marker=".", ms=4, lw=1.2)
        drawn += ax.plot(*path[:1].T, color=VERMILION, ls="", marker="o", ms=9, mec=BLACK, label="start")
        drawn += ax.plot(*path[-1:].T, color=YELLOW, ls="", marker="*", ms=13, mec=BLACK, label="end")
        _legend(ax)
    _dress(ax, words, xlim=extent[:2], ylim=extent[2:], xlabel="w₁", ylabel="w₂")
    return Surface(filled, lines, drawn)


# ---------------------------------------------------------------- curves


def loss_curve(ax, losses, *, steps=None, label=None, log=False, series=0, marker="", **words):
    """A curve of losses (T,) over steps (1 … T without `steps`); `series` picks colour and line style.

    log=True draws a logarithmic axis and needs losses above 0; NaN leaves a gap.
    """
    losses = _array("losses", losses, 1)
    steps = np.arange(1, len(losses) + 1) if steps is None else _array("steps", steps, 1)
    if len(steps) != len(losses):
        raise ValueError(f"loss_curve: {len(losses)} losses need as many steps, got {len(steps)}")
    if log and np.any(losses <= 0):
        low = np.nanmin(losses)
        raise ValueError(f"loss_curve: log=True needs losses above 0, the smallest is {low:.3g}")
    style = _series(series) | {"marker": "o" if len(losses) == 1 else marker}
    (line,) = ax.plot(steps, losses, **style, ms=4, lw=1.6, label=label)
    _dress(ax, words, xlabel="step", ylabel="loss L", yscale="log" if log else "linear")
    if label is not None:
        _legend(ax)
    return line


def loss_curves(ax, curves: Mapping, *, log=False, **words) -> list:
    """Several curves {label: losses (T,)} in one Axes, with a legend; a list of Line2D."""
    _mapping("curves", curves)
    named = enumerate(curves.items())
    return [loss_curve(ax, losses, label=label, log=log, series=k, **words) for k, (label, losses) in named]


def history(ax, record, *, accuracy_ax=None, log=False, **words) -> dict:
    """What `fit` returned: loss of each step (thin), of each epoch, and validation; accuracy apart.

    Returns those lines there are: "loss", "epoch_loss", "validation_loss", "validation_accuracy".
    """
    per_step, epochs = _array("history.loss", record.loss, 1), len(record.epoch_loss)
    x = np.arange(1, len(per_step) + 1) * epochs / len(per_step)
    lines = {}
    (lines["loss"],) = ax.plot(x, per_step, color=SKY, lw=0.7, ls="-", label="training, each step", zorder=1)

    def curve(axes, name, label, series):
        values = getattr(record, name, None)
        if values is not None and len(values):
            (lines[name],) = axes.plot(range(1, epochs + 1), values, **_series(series), ms=4, label=label)

    curve(ax, "epoch_loss", "training, epoch", 0)
    curve(ax, "validation_loss", "validation", 1)
    _dress(ax, words, xlabel="epoch", ylabel="loss L", yscale="log" if log else "linear")
    _legend(ax)
    if accuracy_ax is not None:
        curve(accuracy_ax, "validation_accuracy", "validation", 1)
        if "validation_accuracy" not in lines:
            raise ValueError("history: there is no validation accuracy: call fit(…, validation=(X, y))")
        _dress(accuracy_ax, {}, xlabel="epoch", ylabel="accuracy")
        _legend(accuracy_ax)
    return lines


def function_with_tangent(ax, f, df, at, *, interval=(-5, 5), name="f", **words) -> Tangent:
    """f over the interval, and its tangent of slope df(at) at the point (at, f(at)); f and df take arrays."""
    _callable("f", f)
    _callable("df", df)
    if not interval[0] <= at <= interval[1]:
        raise ValueError(f"function_with_tangent: at must lie in the interval {tuple(interval)}, got {at}")
    z = np.linspace(*interval, 201)
    (curve,) = ax.plot(z, f(z), color=VALUE, ls="-", lw=2, label=name)
    ends = tangent_ends(f, df, at, interval)
    (tangent,) = ax.plot(*ends, color=GRADIENT, ls="--", lw=1.6, label=f"tangent, slope {name}′")
    (point,) = ax.plot([at], [float(f(np.float64(at)))], color=GRADIENT, ls="", marker="o", ms=8, mec=BLACK)
    low, high = np.min(f(z)), np.max(f(z))
    margin = 0.15 * (high - low or 1)
    _dress(ax, words, xlim=interval, ylim=(low - margin, high + margin), xlabel="z")
    _legend(ax)
    return Tangent(curve, tangent, point)


def tangent_ends(f, df, at, interval):
    """The two ends (x0, x1), (y0, y1) of the tangent at `at`, a quarter of the interval to each side."""
    half = (interval[1] - interval[0]) / 4
    value, slope = float(f(np.float64(at))), float(df(np.float64(at)))
    return (at - half, at + half), (value - slope * half, value + slope * half)


def predicted_against_true(ax, y_true, y_pred, *, label=None, series=0, **words):
    """Predictions (N,) or (N, 1) over true values, with the dashed line on which they would be equal."""
    y_true, y_pred = (_array(n, v, 1, 2) for n, v in (("y_true", y_true), ("y_pred", y_pred)))
    if y_true.shape != y_pred.shape or y_true.size != len(y_true):
        raise ValueError(
            f"y_true and y_pred must both be (N,) or (N, 1), got {y_true.shape} and {y_pred.shape}"
        )
    style = _series(series) | {"ls": "", "ms": 3.5, "alpha": 0.6}
    (drawn,) = ax.plot(y_true.ravel(), y_pred.ravel(), **style, label=label)
    low, high = min(y_true.min(), y_pred.min()), max(y_true.max(), y_pred.max())
    ax.plot([low, high], [low, high], color=INK, ls="--", lw=1)
    _dress(ax, words, xlabel="true value", ylabel="predicted value")
    if label is not None:
        _legend(ax)
    return drawn


def gradient_sizes(ax, series: Mapping, *, log=True, **words) -> list:
    """Sizes {label: (n_layers,)} of the gradient in layers 1 … n; a Line2D each. 0 is written "0"."""
    _mapping("series", series)
    lines = []
    for k, (label, sizes) in enumerate(series.items()):
        sizes = _array(f"the sizes of {label!r}", sizes, 1)
        if np.any(sizes < 0):
            raise ValueError(f"gradient_sizes: a size cannot be below 0, {label!r} has {sizes.min():.3g}")
        layers = np.arange(1, len(sizes) + 1)
        shown = np.where(sizes > 0, sizes, np.nan) if log else sizes
        lines += ax.plot(layers, shown, **_series(k), lw=1.6, ms=5, label=label)
        for layer in layers[sizes == 0] if log else ():
            place = {"xycoords": ("data", "axes fraction"), "ha": "center", "va": "bottom"}
            ax.annotate("0", (layer, 0.01 + 0.07 * k), color=SERIES_COLORS[k % 7], **place)
    scale = "log" if log else "linear"
    _dress(ax, words, xlabel="layer", ylabel="size of the gradient", yscale=scale)
    ax.xaxis.get_major_locator().set_params(integer=True)
    _legend(ax)
    return lines


def layer_histograms(axes, values: Mapping, *, bins=40, limits=None, **words) -> list:
    """A histogram in each of `axes` for each entry {label: array of any shape}, on one scale (StepPatch)."""
    axes = np.atleast_1d(axes).ravel()
    if not isinstance(values, Mapping) or len(values) != len(axes):
        raise ValueError(
            f"layer_histograms: {len(axes)} Axes need a dict of as many arrays, got {len(values)}"
        )
    arrays = {label: _array(repr(label), np.ravel(a), 1) for label, a in values.items()}
    if limits is None:
        limits = min(a.min() for a in arrays.values()), max(a.max() for a in arrays.values())
    limits = limits if limits[0] < limits[1] else (limits[0] - 0.5, limits[0] + 0.5)
    drawn = []
    for k, (ax, (label, array)) in enumerate(zip(axes, arrays.items(), strict=True)):
        counts, edges = np.histogram(array, bins=bins, range=limits)
        drawn.append(ax.stairs(counts / array.size, edges, fill=True, color=SERIES_COLORS[k % 7], alpha=0.8))
        _dress(ax, words, title=label, ylabel="share" if k == 0 else "")
    return drawn


# ---------------------------------------------------------------- matrices and images


def _write_cells(ax, texts, dark):
    size = 9 if max(texts.shape) <= 10 else 7
    return [
        ax.text(
            j, i, texts[i, j], ha="center", va="center", fontsize=size, color=PAPER if dark[i, j] else INK
        )
        for i, j in product(*map(range, texts.shape))
    ]


def confusion_counts(y_true, y_pred, n_classes) -> np.ndarray:
    """Counts (n_classes, n_classes): entry [i, j] says how often true class i was predicted as j."""
    n = len(np.asarray(y_true))
    y_true, y_pred = _labels("y_true", y_true, n), _labels("y_pred", y_pred, n)
    if n and max(y_true.max(), y_pred.max()) >= n_classes:
        raise ValueError(f"labels must lie in 0 … {n_classes - 1}, got {max(y_true.max(), y_pred.max())}")
    counts = np.zeros((n_classes, n_classes), dtype=int)
    np.add.at(counts, (y_true, y_pred), 1)
    return counts


def confusion_matrix(ax, counts, *, labels=None, **words) -> Tiles:
    """Counts (k, k), rows true, columns predicted; darker is a larger share of its row."""
    counts = _array("counts", counts, 2)
    k = len(counts)
    if counts.shape != (k, k) or np.any(counts < 0):
        raise ValueError(f"counts must be a square matrix of numbers from 0, got shape {counts.shape}")
    _matching("labels", labels, k, "classes")
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = ax.imshow(np.sqrt(share), cmap=AMOUNT, vmin=0, vmax=1)  # the root makes rare mistakes visible
    texts = np.array([[f"{n:.0f}" if n else "·" for n in row] for row in counts])
    drawn = _write_cells(ax, texts, np.sqrt(share) > 0.6)
    names = range(k) if labels is None else labels
    ax.set_xticks(range(k), names)
    ax.set_yticks(range(k), names)
    _dress(ax, words, xlabel="predicted", ylabel="true")
    return Tiles(image, drawn, np.arange(k))


def heat_map(ax, values, *, rows, columns, value_label="", fmt=".2f", best=None, **words) -> Tiles:
    """A sweep: values (n, m) as a table of colours and numbers; a cell that diverged (NaN, inf) shows ✕.

    `rows` and `columns` hold the settings; best="max" or "min" frames the best cell.
    """
    values = _array("values", values, 2)
    _matching("rows", rows, values.shape[0], "rows")
    _matching("columns", columns, values.shape[1], "columns")
    if best not in (None, "max", "min"):
        raise ValueError(f'best must be "max", "min" or None, got {best!r}')
    finite = np.where(np.isfinite(values), values, np.nan)
    if np.all(np.isnan(finite)):
        raise ValueError("heat_map: no value is finite, there is nothing to compare")
    image = ax.imshow(np.ma.masked_invalid(finite), cmap=AMOUNT.with_extremes(bad=FAINT), aspect="auto")
    texts = np.array([["✕" if np.isnan(v) else format(v, fmt) for v in row] for row in finite])
    drawn = _write_cells(ax, texts, np.nan_to_num(image.norm(finite).filled(0)) > 0.5)
    if best:
        i, j = np.unravel_index((np.nanargmax if best == "max" else np.nanargmin)(finite), finite.shape)
        ax.add_patch(mpl.patches.Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, ec=VERMILION, lw=3))
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    _dress(ax, words)
    if value_label:
        ax.figure.colorbar(image, ax=ax, label=value_label)
    return Tiles(image, drawn, np.arange(len(values)))


def mosaic(images, ncols=None, gap=1) -> np.ndarray:
    """Images (n, h, w) side by side in one array, with NaN between them and in the empty places."""
    images = _array("images", images, 3)
    n, h, w = images.shape
    ncols = ncols or math.ceil(math.sqrt(n))
    nrows = math.ceil(n / ncols)
    out = np.full((nrows * (h + gap) - gap, ncols * (w + gap) - gap), np.nan)
    for k, image in enumerate(images):
        top, left = k // ncols * (h + gap), k % ncols * (w + gap)
        out[top : top + h, left : left + w] = image
    return out


def image_grid(ax, images, *, titles=None, ncols=None, signed=False, limit=None, **words) -> Tiles:
    """Images (n, h, w) as one mosaic. Grey on white from 0 to `limit`; signed=True: blue +, red −."""
    images = _array("images", images, 3)
    n, h, w = images.shape
    titles = titles if titles is None else list(titles)
    _matching("titles", titles, n, "images")
    ncols, gap = ncols or math.ceil(math.sqrt(n)), 1 if titles is None else max(2, round(0.3 * h))
    limit = limit or float(np.max(np.abs(images))) or 1.0
    cmap = SIGNED if signed else mpl.colormaps["gray_r"]
    cells = mosaic(images, ncols, gap)
    image = ax.imshow(
        cells, cmap=cmap.with_extremes(bad=PAPER if titles else FAINT), vmin=-limit * signed, vmax=limit
    )
    drawn = []
    for k, text in enumerate(titles or ()):
        place = (k % ncols) * (w + gap) + (w - 1) / 2, k // ncols * (h + gap) - 0.8
        drawn.append(ax.text(*place, text, ha="center", va="bottom", fontsize=8, color=INK))
    _bare(ax)
    if titles:
        ax.set_ylim(cells.shape[0] - 0.5, -0.5 - gap)
    _dress(ax, words)
    return Tiles(image, drawn, np.arange(n))


def weight_mosaic(ax, W, *, shape=None, ncols=None, limit=None, signed=True, **words) -> Tiles:
    """Each column of W (d, k) as an image of `shape` (h, w), h·w = d; square without `shape`."""
    W = _array("W", W, 2)
    side = math.isqrt(len(W))
    shape = shape or (side, side)
    if shape[0] * shape[1] != len(W):
        raise ValueError(f"weight_mosaic: W has {len(W)} rows, which do not fill images of shape {shape}")
    return image_grid(ax, W.T.reshape(-1, *shape), ncols=ncols, limit=limit, signed=signed, **words)


def surest_mistakes(y_true, P):
    """The rows of P (N, k) that say another class than y_true (N,), the surest of what they say first."""
    said = P.argmax(axis=1)
    wrong = np.flatnonzero(said != y_true)
    return wrong[np.argsort(-P[wrong, said[wrong]], kind="stable")]


def worst_mistakes(ax, images, y_true, P, *, n=12, ncols=6, **words) -> Tiles:
    """The n wrong predictions with the largest probability for what is said, captioned "true → predicted".

    images (N, h, w), y_true (N,), probabilities P (N, k). `rows` of the result are their rows, surest first.
    """
    P = _array("P", P, 2)
    y_true = _labels("y_true", y_true, len(P))
    if np.shape(images)[0] != len(P) or np.ndim(images) != 3:
        raise ValueError(f"images must be ({len(P)}, h, w) like P's rows, got {np.shape(images)}")
    if y_true.max() >= P.shape[1]:
        raise ValueError(f"labels must lie in 0 … {P.shape[1] - 1}, got {y_true.max()}")
    rows = surest_mistakes(y_true, P)
    if not rows.size:
        raise ValueError("worst_mistakes: every prediction is right, there is no mistake to show")
    rows = rows[:n]
    titles = [f"{y_true[i]} → {P[i].argmax()}" for i in rows]
    tiles = image_grid(ax, np.asarray(images)[rows], titles=titles, ncols=ncols, **words)
    return tiles._replace(rows=rows)


# ---------------------------------------------------------------- graphs


def network_graph(
    ax,
    sizes: Sequence,
    *,
    weights=None,
    node_labels: Mapping | None = None,
    edge_labels: Mapping | None = None,
    highlight=(),
    layer_titles=None,
    **words,
) -> Graph:
    """A fully connected network of the given sizes, inputs at the left.

    Node (l, i) is unit i of layer l, edge (l, i, j) goes from it to unit j of layer l + 1, counted from 0.
    `weights` is a list of W (n_in, n_out): wider is larger, dashed is negative. `highlight` holds nodes and
    edges to lift.
    """
    sizes = checks.widths("network_graph", sizes)
    shapes = list(pairwise(sizes))
    if weights is not None and [np.shape(W) for W in weights] != shapes:
        raise ValueError(
            f"network_graph: weights must have shapes {shapes}, got {[np.shape(W) for W in weights]}"
        )
    _matching("layer_titles", layer_titles, len(sizes), "layers")
    positions = {(l, i): (l, (n - 1) / 2 - i) for l, n in enumerate(sizes) for i in range(n)}
    keys = [(l, i, j) for l, (n, m) in enumerate(shapes) for i in range(n) for j in range(m)]
    lifted, known = set(highlight), set(positions) | set(keys)
    unknown = (lifted | set(node_labels or ()) | set(edge_labels or ())) - known
    if unknown:
        raise ValueError(f"network_graph: there is no node or edge {min(unknown)} in {sizes}")
    top = max((float(np.max(np.abs(W))) for W in weights), default=1.0) if weights is not None else 1.0
    edges, edge_texts, nodes, node_texts = {}, {}, {}, {}
    for l, i, j in keys:
        (x0, y0), (x1, y1) = positions[l, i], positions[l + 1, j]
        w = float(weights[l][i][j]) if weights is not None else 0.0
        style = {"color": GREY, "lw": 1.2, "ls": "-"}
        if weights is not None:
            style = {"color": POSITIVE if w >= 0 else NEGATIVE, "ls": "-" if w >= 0 else "--"}
            style["lw"] = 0.5 + 3.5 * abs(w) / (top or 1.0)
        if (l, i, j) in lifted:
            style |= {"color": ORANGE, "lw": max(style["lw"], 3.5)}
        (edges[l, i, j],) = ax.plot([x0, x1], [y0, y1], zorder=1, **style)
        if edge_labels and (l, i, j) in edge_labels:
            near = (
                0.28 if j % 2 == i % 2 else 0.34
            )  # beside the start, so that crossing edges keep their labels
            where = x0 + near * (x1 - x0), y0 + near * (y1 - y0)
            edge_texts[l, i, j] = ax.text(
                *where, edge_labels[l, i, j], ha="center", va="center", fontsize=8.5
            )
            edge_texts[l, i, j].set(color=INK, bbox={"fc": PAPER, "ec": "none", "pad": 0.8, "alpha": 0.9})
    for key, (x, y) in positions.items():
        fill = ORANGE if key in lifted else PAPER
        nodes[key] = ax.scatter([x], [y], s=620, c=fill, edgecolors=INK, linewidths=1.4, zorder=2)
        if node_labels and key in node_labels:
            node_texts[key] = ax.text(x, y, node_labels[key], ha="center", va="center", fontsize=9, zorder=3)
            node_texts[key].set_color(INK)
    height = (max(sizes) - 1) / 2
    for l, text in enumerate(layer_titles or ()):
        ax.text(l, height + 0.55, text, ha="center", va="bottom", fontsize=9, color=INK)
    ax.set_xlim(-0.35, len(sizes) - 0.65)
    ax.set_ylim(-height - 0.5, height + (0.95 if layer_titles else 0.5))
    _bare(ax)
    _dress(ax, words)
    return Graph(nodes, edges, node_texts, edge_texts, positions)


def computational_graph(
    ax,
    nodes: Mapping,
    edges: Sequence,
    *,
    values: Mapping | None = None,
    gradients: Mapping | None = None,
    highlight=(),
    fmt: str = ".4g",
    **words,
) -> Graph:
    """A computational graph: nodes {name: (x, y, text)}, edges [(from, to), …], drawn as arrows.

    `values` {name: number or str} stand above their node in blue, `gradients` below in vermilion after ∂:
    forward above, backward below.
    """
    names = set(nodes)
    unknown = (
        {n for edge in edges for n in edge} | set(values or ()) | set(gradients or ()) | set(highlight)
    ) - names
    if not names or unknown:
        raise ValueError(f"computational_graph: nodes are {sorted(names)}, unknown: {sorted(unknown)}")
    drawn, arrows, texts, notes = {}, {}, {}, {}
    radius = 15
    for a, b in edges:
        style = {"arrowstyle": "-|>", "color": GREY, "lw": 1.4, "shrinkA": radius, "shrinkB": radius}
        arrows[a, b] = ax.annotate("", nodes[b][:2], nodes[a][:2], arrowprops=style, zorder=1)
    for name, (x, y, text) in nodes.items():
        fill = ORANGE if name in highlight else PAPER
        drawn[name] = ax.scatter(
            [x], [y], s=(1.9 * radius) ** 2, c=fill, edgecolors=INK, linewidths=1.4, zorder=2
        )
        texts[name] = ax.text(x, y, text, ha="center", va="center", fontsize=10, color=INK, zorder=3)
        for table, sign, color, mark in ((values, 1, VALUE, ""), (gradients, -1, GRADIENT, "∂ ")):
            if table is not None and name in table:
                content = (
                    table[name]
                    if isinstance(table[name], str)
                    else mark + format(table[name], fmt).replace("-", "−")
                )
                place = {"xytext": (0, sign * (radius + 3)), "textcoords": "offset points", "ha": "center"}
                va = "bottom" if sign > 0 else "top"
                notes[name, mark.strip()] = ax.annotate(
                    content, (x, y), va=va, color=color, fontsize=9.5, fontweight="bold", zorder=3, **place
                )
    xs, ys = zip(*((x, y) for x, y, _ in nodes.values()), strict=True)
    ax.set_xlim(min(xs) - 0.5, max(xs) + 0.5)
    ax.set_ylim(min(ys) - 0.6, max(ys) + 0.6)
    _bare(ax)
    _dress(ax, words)
    return Graph(drawn, arrows, texts, notes, {name: node[:2] for name, node in nodes.items()})
