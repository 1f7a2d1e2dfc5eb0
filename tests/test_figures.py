"""The SVG files are what `make figures` would write, say what they show, and show computed numbers."""

import importlib.util
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import sympy as sp
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from PIL import Image

from bplib.layers import Affine, Sigmoid
from bplib.losses import SoftmaxCrossEntropy
from bplib.plots import CLASS_COLORS

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("make_figures", ROOT / "figures" / "make_figures.py")
mf = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mf)
NAMES = [draw.__name__ for draw in mf.FIGURES]
PINNED = re.search(r"^matplotlib==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)[1]
SVG = "{http://www.w3.org/2000/svg}"


def texts(draw):
    """All words written into a figure."""
    with matplotlib.rc_context(mf.STYLE):
        return [text.get_text() for text in draw().findobj(Text) if text.get_text()]


@pytest.mark.skipif(
    matplotlib.__version__ != PINNED and not os.environ.get("CI"),
    reason=f"matplotlib {matplotlib.__version__} draws other bytes than {PINNED} of requirements.txt",
)
def test_files_are_up_to_date(tmp_path):
    made = mf.make(tmp_path)
    stored = {path.name for path in (ROOT / "figures").glob("*.svg")}
    assert {path.name for path in made} == stored
    stale = [path.name for path in made if path.read_bytes() != (ROOT / "figures" / path.name).read_bytes()]
    assert stale == [], "run `make figures`"


def test_drawing_twice_gives_the_same_bytes():
    assert mf.svg(mf.paths) == mf.svg(mf.paths)


@pytest.mark.parametrize("name", NAMES)
def test_stored_file_describes_itself(name):
    path = ROOT / "figures" / f"{name}.svg"
    assert path.stat().st_size <= 150_000
    root = ET.parse(path).getroot()
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == [title.get("id"), desc.get("id")]
    assert len(title.text) >= 15
    assert len(desc.text) >= 100
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"<dc:date>|/home/|/work/|href=\"http", source)


def test_xyz_graph_agrees_with_sympy():
    x, y, z = sp.symbols("x y z")
    at = {x: -3, y: 2, z: 5}
    f = (x + y) * (x + z)
    values, gradients = mf.xyz_graph()
    assert values["f"] == f.subs(at)
    assert [gradients[n] for n in "xyz"] == [f.diff(v).subs(at) for v in (x, y, z)]
    written = texts(mf.graph_xyz)
    for expected in [*values.values(), *gradients.values()]:
        assert mf.number(expected) in written


def test_sigmoid_graph_agrees_with_the_layer():
    values, gradients = mf.sigmoid_graph()
    layer = Sigmoid()
    y, cache = layer.forward(np.array([[float(values["x"])]]))
    dx, _ = layer.backward(np.ones_like(y), cache)
    assert float(values["y"]) == pytest.approx(y[0, 0], rel=1e-12)
    assert float(gradients["x"]) == pytest.approx(dx[0, 0], rel=1e-12)
    assert mf.number(dx[0, 0]) in texts(mf.graph_sigmoid)


def test_softmax_graph_agrees_with_the_loss():
    values, gradients = mf.softmax_graph()
    loss = SoftmaxCrossEntropy()
    Z = np.array([[float(values[f"z{c}"]) for c in (1, 2, 3)]])
    L, cache = loss.forward(Z, np.array([1]))
    dZ = loss.backward(cache)[0]
    assert float(values["L"]) == pytest.approx(float(L), rel=1e-12)
    assert [float(gradients[f"z{c}"]) for c in (1, 2, 3)] == pytest.approx(dZ, rel=1e-12)
    written = texts(mf.graph_softmax_loss)
    assert f"= ({', '.join(map(mf.number, dZ))})" in written
    assert mf.number(L) in written


def test_relu_picture_shows_open_and_closed_gates_of_both_signs():
    X, A, dA, dX = mf.relu_example()
    np.testing.assert_array_equal(A, np.maximum(X, 0))
    np.testing.assert_array_equal(dX, np.where(X > 0, dA, 0))
    closed = X < 0
    assert closed.any()
    assert np.all(dA[closed] != 0), "a closed gate that receives 0 shows nothing"
    written = texts(mf.graph_relu)
    assert written.count("×") == 2 * closed.sum()


def test_conventions_picture_shows_shapes_that_the_layer_has():
    """N = 4, d = 3, k = 2: each shape that stands under a rectangle on the rows' side is the layer's."""
    layer = Affine(3, 2, rng=np.random.default_rng(0))
    X = np.ones((4, 3))
    Z, cache = layer.forward(X)
    dX, grads = layer.backward(np.ones_like(Z), cache)
    written = texts(mf.conventions)
    for array in (X, Z, dX, grads["W"]):
        assert "×".join(map(str, array.shape)) in written
    assert str(grads["b"].shape) in written


@pytest.mark.parametrize("sizes", [(3, 3, 3, 2), (2, 4, 3), (2, 3, 2, 2)])
def test_counts_of_paths_against_walking_them(sizes):
    def walk(layer):
        return 1 if layer == len(sizes) else sum(walk(layer + 1) for _ in range(sizes[layer]))

    products = sum(sizes[l] * sizes[l + 1] for l in range(1, len(sizes) - 1))
    assert mf.count_paths(sizes) == (walk(0), products)


def test_paths_picture_prints_the_counts_of_the_course():
    written = [text.replace("\u202f", "") for text in texts(mf.paths)]
    assert "16056320 paths" in written
    assert "2368 multiplications for all δ" in written


@pytest.mark.parametrize("bad", ["y", "x * x"])
def test_backprop_adds_over_the_uses_of_a_variable(bad):
    """The helper behind the numbers: g(x) = u·x with u = y or x² has the slope that sympy finds."""
    _, gradients = mf.backprop({"x": 3, "y": 4}, {"u": bad, "g": "u * x"})
    x, y = sp.symbols("x y")
    expected = (sp.sympify(bad, locals={"x": x, "y": y}) * x).diff(x).subs({x: 3, y: 4})
    assert gradients["x"] == expected


@pytest.mark.parametrize(
    ("value", "text"), [(-0.0001, "0"), (-2, "−2"), (0.25, "0.25"), (10, "10"), (1.3862, "1.386")]
)
def test_number_is_short_and_has_a_true_minus(value, text):
    assert mf.number(value) == text


def test_the_picture_of_the_playgrounds_keeps_the_colours_of_the_classes():
    pixels = np.asarray(Image.open(ROOT / "figures" / "playgrounds.png").convert("RGB")).astype(int)
    for color in CLASS_COLORS[:2]:
        here = np.abs(pixels - 255 * np.array(to_rgb(color))).max(axis=2) <= 16
        assert here.sum() > 200, color
