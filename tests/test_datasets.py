"""The data sets: what the generators promise, the view on uint8 images, and every way a download can fail."""

import dataclasses
import errno
import gzip
import hashlib
import json
import mmap
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bplib import datasets
from bplib.datasets import DatasetUnavailable, Images

NAMES = list(datasets.MNIST_FILES)
TWO_CLASSES = [datasets.circles, datasets.spiral, datasets.blobs]


def rng(seed=0):
    return np.random.default_rng(seed)


# ---- sets drawn on the spot ------------------------------------------------------------------------------


def test_xor_is_the_table():
    data = datasets.xor()
    assert data.X_train.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert data.y_train.tolist() == [[0], [1], [1], [0]]
    np.testing.assert_array_equal(data.X_test, data.X_train)
    np.testing.assert_array_equal(data.y_test, data.y_train)
    assert data.n_classes == 2


def test_noisy_xor_scatters_around_the_corners():
    data = datasets.xor(4000, 400, noise=0.1, rng=rng())
    offset = data.X_train - np.round(data.X_train)
    assert 0.095 < offset.std() < 0.105
    corner = np.tile([[0, 0], [0, 1], [1, 0], [1, 1]], (1000, 1))
    np.testing.assert_array_equal(np.round(data.X_train), corner)
    np.testing.assert_array_equal(data.y_train[:, 0], corner[:, 0] ^ corner[:, 1])


@pytest.mark.parametrize("generator", [*TWO_CLASSES, datasets.xor])
@given(n_train=st.integers(2, 60), n_test=st.integers(2, 60))
@settings(max_examples=20, deadline=None)
def test_two_class_sets_have_their_shapes_and_are_balanced(generator, n_train, n_test):
    data = generator(n_train, n_test, noise=0.05, rng=rng(n_train))
    for X, y, n in ((data.X_train, data.y_train, n_train), (data.X_test, data.y_test, n_test)):
        assert X.shape == (n, 2)
        assert y.shape == (n, 1)
        assert X.dtype == y.dtype == np.float64
        assert set(np.unique(y)) == {0.0, 1.0}
        ones = np.cumsum(y)  # in every run of rows from the start, since the classes come in turn
        assert abs(2 * ones - np.arange(1, n + 1)).max() <= 1
    assert data.n_classes == 2


def nearest_neighbour_accuracy(data):
    distance = ((data.X_test[:, None] - data.X_train[None]) ** 2).sum(axis=2)
    return (data.y_train[distance.argmin(axis=1)] == data.y_test).mean()


def linear_accuracy(data):
    ones = np.ones((len(data.X_train), 1))
    w = np.linalg.lstsq(np.hstack([data.X_train, ones]), data.y_train, rcond=None)[0]
    test = np.hstack([data.X_test, np.ones((len(data.X_test), 1))])
    return ((test @ w > 0.5) == data.y_test).mean()


@pytest.mark.parametrize("generator", TWO_CLASSES)
def test_two_class_sets_can_be_told_apart(generator):
    assert nearest_neighbour_accuracy(generator(rng=rng())) >= 0.95


def test_a_line_separates_the_blobs_and_nothing_else():
    assert linear_accuracy(datasets.blobs(rng=rng())) >= 0.95
    assert linear_accuracy(datasets.circles(rng=rng())) <= 0.7
    assert linear_accuracy(datasets.spiral(rng=rng())) <= 0.75


def test_the_geometry_without_noise():
    data = datasets.circles(noise=0, rng=rng())
    radius = np.hypot(*data.X_train.T)
    np.testing.assert_allclose(radius, np.where(data.y_train[:, 0] == 1, 0.5, 1.0))

    data = datasets.spiral(noise=0, rng=rng())
    radius, angle = np.hypot(*data.X_train.T), np.arctan2(*data.X_train.T[::-1])
    expected = 3 * np.pi * radius + np.pi * data.y_train[:, 0]
    np.testing.assert_allclose(np.exp(1j * angle), np.exp(1j * expected), atol=1e-9)
    assert 0.1 <= radius.min()
    assert radius.max() <= 1

    data = datasets.blobs(noise=0, rng=rng())
    np.testing.assert_array_equal(data.X_train, np.repeat(2 * data.y_train - 1, 2, axis=1))


@pytest.mark.parametrize("generator", [*TWO_CLASSES, datasets.linear_targets, datasets.linear_classes])
def test_a_seed_fixes_the_set_and_another_changes_it(generator):
    one, same, other = (generator(20, 10, rng=rng(seed)) for seed in (1, 1, 2))
    for field in ("X_train", "y_train", "X_test", "y_test"):
        np.testing.assert_array_equal(getattr(one, field), getattr(same, field))
    assert not np.array_equal(one.X_train, other.X_train)
    assert not np.array_equal(one.X_train[:10], one.X_test)


def test_linear_targets_follow_the_published_weights():
    data = datasets.linear_targets(rng=rng())
    assert data.X_train.shape == (8000, 6)
    assert data.y_train.shape == (8000, 3)
    assert data.X_test.shape == (2000, 6)
    assert data.y_test.shape == (2000, 3)
    assert data.n_classes is None
    assert 4.9 < data.X_train.std() < 5.1
    W = np.linalg.lstsq(data.X_train, data.y_train, rcond=None)[0]
    np.testing.assert_allclose(W, datasets.TARGET_WEIGHTS, atol=0.02)
    np.testing.assert_array_equal(datasets.TARGET_WEIGHTS[:, 0], [1, 2, 3, 4, 5, 6])
    with pytest.raises(ValueError, match="read-only"):
        datasets.TARGET_WEIGHTS[0] = 5
    residual = data.y_test - data.X_test @ datasets.TARGET_WEIGHTS
    assert 0.95 < residual.std() < 1.05
    assert abs(residual.mean()) < 0.05


def test_a_selected_target_is_the_same_as_among_all():
    everything = datasets.linear_targets(50, 20, rng=rng())
    some = datasets.linear_targets(50, 20, targets=(2, 0), rng=rng())
    np.testing.assert_array_equal(some.y_train, everything.y_train[:, [2, 0]])
    np.testing.assert_array_equal(some.X_test, everything.X_test)


def test_one_target_with_bias():
    plain = datasets.linear_targets(50, 20, targets=(0,), rng=rng())
    biased = datasets.linear_targets(50, 20, targets=(0,), bias=1.0, rng=rng())
    assert biased.y_train.shape == (50, 1)
    np.testing.assert_allclose(biased.y_train - plain.y_train, 1.0)
    np.testing.assert_allclose(biased.y_test - plain.y_test, 1.0)


@pytest.mark.parametrize("n_classes", [2, 4, 7])
def test_linear_classes_are_equal_bins_of_the_range(n_classes):
    target = datasets.linear_targets(800, 200, targets=(1,), rng=rng())
    value = np.concatenate([target.y_train, target.y_test])[:, 0]
    width = (value.max() - value.min()) / n_classes
    expected = np.minimum((value - value.min()) // width, n_classes - 1)
    data = datasets.linear_classes(800, 200, n_classes=n_classes, target=1, rng=rng())
    labels = np.concatenate([data.y_train, data.y_test])
    np.testing.assert_array_equal(labels, expected)
    assert labels.dtype == np.int64
    assert set(labels) == set(range(n_classes))
    assert data.n_classes == n_classes

    one_hot = datasets.linear_classes(800, 200, n_classes=n_classes, target=1, one_hot=True, rng=rng())
    assert one_hot.y_train.shape == (800, n_classes)
    np.testing.assert_array_equal(one_hot.y_test, np.eye(n_classes)[data.y_test])


def test_a_value_between_two_bins_belongs_to_the_upper_one(monkeypatch):
    values = np.array([[0.0], [1], [2], [3], [4]])
    monkeypatch.setattr(datasets, "_linear", lambda *_: (np.zeros((5, 6)), values))
    data = datasets.linear_classes(3, 2, rng=rng())
    assert [*data.y_train, *data.y_test] == [0, 1, 2, 3, 3]


def test_a_dataset_cannot_be_changed():
    data = datasets.circles(rng=rng())
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.name = "other"
    for array in (data.X_train, data.y_train, data.X_test, data.y_test):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5
    assert repr(data) == (
        "Dataset('circles': X_train (200, 2), y_train (200, 1), X_test (100, 2), y_test (100, 1), 2 classes)"
    )
    assert "regression" in repr(datasets.linear_targets(5, 5, rng=rng()))


@pytest.mark.parametrize(
    ("generator", "options", "train", "test"),
    [
        (datasets.xor, {"noise": 0.1}, [0.064, 1.0105, 1], [0.9296, -0.1265, 1]),
        (datasets.circles, {}, [-0.1156, 0.5323, 1], [-0.9845, -0.3953, 0]),
        (datasets.spiral, {}, [-0.3531, 0.4674, 1], [0.46, 0.567, 0]),
        (datasets.blobs, {}, [1.2562, 1.042, 1], [-1.2815, -1.5062, 0]),
        (
            datasets.linear_targets,
            {},
            [6.52, 4.7354, -3.5187, -6.3271, -3.1164, 0.2066, -33.6749, -17.7007, 10.8689],
            [4.5174, 0.4701, -3.7175, -4.6086, -2.2886, 1.101, -27.6209, -22.3362, -0.5135],
        ),
        (
            datasets.linear_classes,
            {"one_hot": True},
            [6.52, 4.7354, -3.5187, -6.3271, -3.1164, 0.2066, 0, 1, 0, 0],
            [4.5174, 0.4701, -3.7175, -4.6086, -2.2886, 1.101, 0, 1, 0, 0],
        ),
    ],
)
def test_a_seed_gives_the_numbers_that_lessons_show(generator, options, train, test):
    data = generator(2, 3, rng=rng(), **options)
    assert np.hstack([data.X_train, data.y_train])[1] == pytest.approx(train, abs=6e-5)
    assert np.hstack([data.X_test, data.y_test])[2] == pytest.approx(test, abs=6e-5)


@pytest.mark.parametrize(
    ("make", "shown", "note"),
    [
        (
            datasets.xor,
            "'xor': X_train (4, 2), y_train (4, 1), X_test (4, 2), y_test (4, 1), 2 classes",
            "XOR: y is 1 where exactly one of the two inputs is 1.",
        ),
        (
            lambda: datasets.circles(rng=rng()),
            "'circles': X_train (200, 2), y_train (200, 1), X_test (100, 2), y_test (100, 1), 2 classes",
            "Circles: y is 1 on the inner ring (radius 0.5), 0 on the outer one (radius 1).",
        ),
        (
            lambda: datasets.spiral(rng=rng()),
            "'spiral': X_train (200, 2), y_train (200, 1), X_test (100, 2), y_test (100, 1), 2 classes",
            "Spiral: two arms around the origin, y tells which arm.",
        ),
        (
            lambda: datasets.blobs(rng=rng()),
            "'blobs': X_train (200, 2), y_train (200, 1), X_test (100, 2), y_test (100, 1), 2 classes",
            "Blobs: two Gaussian clouds around (−1, −1) and (1, 1), y tells which.",
        ),
        (
            lambda: datasets.linear_targets(targets=(0, 2), rng=rng()),
            "'linear_targets': X_train (8000, 6), y_train (8000, 2), X_test (2000, 6), y_test (2000, 2), regression",
            "Linear targets: 2 noisy linear function(s) of 6 inputs (regression).",
        ),
        (
            lambda: datasets.linear_classes(rng=rng()),
            "'linear_classes': X_train (8000, 6), y_train (8000,), X_test (2000, 6), y_test (2000,), 4 classes",
            "Linear classes: the range of one linear target cut into 4 equal bins.",
        ),
        (
            datasets.digits,
            "'digits': X_train (1442, 784), y_train (1442,), X_test (355, 784), y_test (355,), 10 classes",
            "The bundled 8×8 digits, enlarged to 28×28: 1 442 training and 355 test images.",
        ),
    ],
    ids=["xor", "circles", "spiral", "blobs", "linear_targets", "linear_classes", "digits"],
)
def test_a_set_says_what_it_is(make, shown, note):
    data = make()
    assert repr(data) == f"Dataset({shown})"
    assert data.note == note


COUNT = "must be a whole number of at least 2, got"
NOISE = "noise must be"


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: datasets.circles(1, rng=rng()), ValueError, f"circles: n_train {COUNT} 1"),
        (lambda: datasets.circles(10, 2.0, rng=rng()), TypeError, f"circles: n_test {COUNT} 2.0"),
        (lambda: datasets.spiral(True, rng=rng()), TypeError, f"spiral: n_train {COUNT} True"),
        (lambda: datasets.xor("4"), TypeError, f"xor: n_train {COUNT} '4'"),
        (lambda: datasets.blobs(noise=-1, rng=rng()), ValueError, f"blobs: {NOISE} at least 0, got -1"),
        (
            lambda: datasets.blobs(noise=np.nan, rng=rng()),
            ValueError,
            f"blobs: {NOISE} at least 0 and finite, got nan",
        ),
        (lambda: datasets.blobs(noise="big", rng=rng()), TypeError, f"blobs: {NOISE} a number, got 'big'"),
        (lambda: datasets.xor(noise=0.1), TypeError, "xor: rng must be a NumPy Generator, .*got None"),
        (lambda: datasets.xor(rng=3), TypeError, "xor: rng must be a NumPy Generator, .*got 3"),
        (lambda: datasets.circles(rng=0), TypeError, "circles: rng must be a NumPy Generator, .*got 0"),
        (lambda: datasets.linear_targets(rng=None), TypeError, "linear_targets: rng must be a NumPy Gen"),
        (lambda: datasets.linear_targets(1, rng=rng()), ValueError, f"linear_targets: n_train {COUNT} 1"),
        (
            lambda: datasets.linear_targets(noise=-1, rng=rng()),
            ValueError,
            f"linear_targets: {NOISE} at least 0",
        ),
        (
            lambda: datasets.linear_targets(bias=np.inf, rng=rng()),
            ValueError,
            "linear_targets: bias must be finite, got inf",
        ),
        (
            lambda: datasets.linear_targets(targets=3, rng=rng()),
            ValueError,
            r"linear_targets: targets must be different numbers among 0, 1, 2, such as \(0, 2\), got 3$",
        ),
        (
            lambda: datasets.linear_targets(targets=(3,), rng=rng()),
            ValueError,
            "linear_targets: a target must be a whole number from 0 to 2, got 3",
        ),
        (
            lambda: datasets.linear_targets(targets=(), rng=rng()),
            ValueError,
            r"linear_targets: targets .* among 0, 1, 2.*got \(\)",
        ),
        (
            lambda: datasets.linear_targets(targets=(1, 1), rng=rng()),
            ValueError,
            "linear_targets: targets must be different numbers",
        ),
        (
            lambda: datasets.linear_classes(n_classes=1, rng=rng()),
            ValueError,
            "linear_classes: n_classes must be a whole number of at least 2, got 1",
        ),
        (
            lambda: datasets.linear_classes(n_classes=2.5, rng=rng()),
            TypeError,
            "linear_classes: n_classes .* at least 2, got 2.5",
        ),
        (
            lambda: datasets.linear_classes(target=3, rng=rng()),
            ValueError,
            "linear_classes: target must be a whole number from 0 to 2, got 3",
        ),
        (
            lambda: datasets.linear_classes(target=(0,), rng=rng()),
            TypeError,
            r"linear_classes: target .* from 0 to 2, got \(0,\)",
        ),
        (
            lambda: datasets.mnist(deadline=0),
            ValueError,
            r"mnist: deadline \(seconds\) must be above 0, got 0",
        ),
        (
            lambda: datasets.handwritten_digits(deadline=-1),
            ValueError,
            r"mnist: deadline \(seconds\) must be above 0, got -1",
        ),
        (
            lambda: datasets.mnist(deadline=np.inf),
            ValueError,
            r"mnist: deadline \(seconds\) must be above 0 and finite, got inf",
        ),
        (
            lambda: datasets.mnist(deadline=None),
            TypeError,
            r"mnist: deadline \(seconds\) must be a number, got None",
        ),
        (
            lambda: Images(np.zeros((2, 4))),
            TypeError,
            r"Images: pixels must be a uint8 array of shape \(N, d\), got float64 \(2, 4\)",
        ),
        (
            lambda: Images(np.zeros((2, 2, 2), np.uint8)),
            TypeError,
            r"Images: .*\(N, d\), got uint8 \(2, 2, 2\)",
        ),
        (lambda: Images([[1, 2]]), TypeError, "Images: .* got list"),
    ],
)
def test_every_bad_argument_has_its_sentence(call, error, sentence):
    with pytest.raises(error, match=f"^{sentence}"):
        call()


# ---- Images ----------------------------------------------------------------------------------------------

PIXELS = rng(7).integers(0, 256, (13, 6)).astype(np.uint8)


def test_images_look_like_a_float32_matrix():
    images = Images(PIXELS)
    assert (images.shape, images.ndim, images.size, len(images)) == ((13, 6), 2, 78, 13)
    assert images.dtype == images[:2].dtype == np.asarray(images).dtype == np.float32
    assert repr(images) == "Images(13 × 6 pixels, kept as uint8, drawn as float32 in [0, 1])"
    assert len(list(images)) == 13
    np.testing.assert_allclose(images @ np.ones(6), PIXELS.sum(axis=1) / 255, rtol=1e-6)


def test_every_pixel_value_is_scaled_to_the_unit_interval():
    values = Images(np.arange(256, dtype=np.uint8)[None])[0]
    np.testing.assert_allclose(values, np.arange(256) / 255, rtol=1.2e-7)
    assert values[0] == 0
    assert values[255] == 1
    assert (np.diff(values) > 0).all()


def test_images_become_arrays_as_numpy_asks():
    images = Images(PIXELS)
    double = np.asarray(images, dtype=np.float64)
    assert double.dtype == np.float64
    np.testing.assert_array_equal(double, images[:].astype(np.float64))
    np.testing.assert_array_equal(images.__array__(np.float32, copy=True), images[:])
    with pytest.raises(ValueError, match=r"^Images: scaling makes a new array, so copy=False is impossible$"):
        images.__array__(copy=False)


def test_pixels_are_read_only_and_rows_are_fresh():
    pixels = PIXELS.copy()
    images = Images(pixels)
    with pytest.raises(ValueError, match="read-only"):
        images.pixels[0, 0] = 1
    drawn = images[:]
    drawn[:] = 9
    np.testing.assert_array_equal(images.pixels, PIXELS)
    pixels[0, 0] = 0  # the caller's own array stays writeable


ROWS = st.one_of(
    st.integers(-13, 12),
    st.builds(slice, *[st.none() | st.integers(-20, 20)] * 2, st.sampled_from([None, 1, 2, 5, -1, -3])),
    st.lists(st.integers(-13, 12), min_size=1, max_size=20),
    st.builds(
        lambda rows, kind: np.array(rows, dtype=kind),
        st.lists(st.integers(-13, 12), max_size=20),
        st.sampled_from([np.int8, np.int32, np.int64]),
    ),
    st.builds(
        lambda rows, kind: np.array(rows, dtype=kind),
        st.lists(st.integers(0, 12), max_size=20),
        st.sampled_from([np.uint8, np.uint64]),
    ),
    st.lists(st.booleans(), min_size=13, max_size=13).map(np.array),
    st.tuples(st.lists(st.integers(0, 12), min_size=1, max_size=5), st.integers(-6, 5)),
    st.just(Ellipsis),
)


@given(rows=ROWS)
@settings(max_examples=300, deadline=None)
def test_images_index_as_numpy_does(rows):
    """Drawing rows gives exactly the rows of the whole scaled array, so training and prediction agree."""
    images = Images(PIXELS)
    drawn, expected = images[rows], np.asarray(images)[rows]
    np.testing.assert_array_equal(drawn, expected, strict=True)
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(drawn, PIXELS[rows] / 255, rtol=1.2e-7)


@pytest.mark.parametrize("rows", [13, -14, np.array([0, 13]), np.array([-14]), [99], np.ones(12, bool)])
def test_rows_that_do_not_exist_raise(rows):
    with pytest.raises(IndexError):
        Images(PIXELS)[rows]


# ---- the bundled digits ----------------------------------------------------------------------------------


def test_digits_have_mnists_shape():
    data = datasets.digits()
    assert data.X_train.shape == (1442, 784)
    assert data.X_test.shape == (355, 784)
    assert data.n_classes == 10
    for X, y in ((data.X_train, data.y_train), (data.X_test, data.y_test)):
        assert isinstance(X, Images)
        assert y.shape == (len(X),)
        assert y.dtype == np.int64
        assert set(y) == set(range(10))
        frame = X.pixels.reshape(-1, 28, 28).copy()
        frame[:, 4:24, 4:24] = 0
        assert not frame.any()
    assert data.X_train.pixels.max() == 255
    assert data.X_train.pixels.sum(dtype=int) == 44880440
    counts = np.bincount(data.y_test)
    assert counts.max() - counts.min() <= 2
    assert "1 442 training and 355 test images" in data.note


def test_digits_are_all_of_scikit_learns_each_once_and_enlarged_as_documented():
    """Held against load_digits and a bilinear enlargement written another way."""
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    source = sklearn_datasets.load_digits()
    place = np.clip((np.arange(20) + 0.5) * 8 / 20 - 0.5, 0, 7)
    expected = np.empty((len(source.images), 20, 20))
    for image, large in zip(source.images, expected, strict=True):
        across = np.stack([np.interp(place, np.arange(8), row) for row in image])
        large[:] = np.stack([np.interp(place, np.arange(8), column) for column in across.T]).T
    data = datasets.digits()
    is_test, seen = np.zeros(1797, bool), np.zeros(10, int)
    for i, label in enumerate(source.target):
        seen[label] += 1
        is_test[i] = seen[label] % 5 == 0
    for X, y, rows in ((data.X_train, data.y_train, ~is_test), (data.X_test, data.y_test, is_test)):
        np.testing.assert_array_equal(y, source.target[rows])
        centre = X.pixels.reshape(-1, 28, 28)[:, 4:24, 4:24]
        assert abs(centre - expected[rows] * 255 / 16).max() <= 0.5 + 1e-9


def test_a_part_of_mnist_is_its_beginning_and_says_so(cache, tmp_path, monkeypatch, capsys):
    """What lessons in a browser get; elsewhere there is no such file."""
    fill(cache)
    monkeypatch.setenv("BPLIB_OFFLINE", "1")
    whole = datasets.mnist()
    (tmp_path / "data").mkdir()
    datasets.write_mnist_part(tmp_path / "data", n_train=5, n_test=3)
    with np.load(tmp_path / "data" / datasets.PART) as file:
        assert {file[name].dtype for name in file} == {np.dtype(np.uint8)}, "it is sent to browsers"
    monkeypatch.chdir(tmp_path)
    part = datasets.mnist_part()
    assert (part.name, part.n_classes) == ("mnist_part", 10)
    np.testing.assert_array_equal(part.X_train.pixels, whole.X_train.pixels[:5])
    np.testing.assert_array_equal(part.X_test.pixels, whole.X_test.pixels[:3])
    np.testing.assert_array_equal(part.y_train, whole.y_train[:5], strict=True)
    np.testing.assert_array_equal(part.y_test, whole.y_test[:3], strict=True)
    assert part.note == "A part of MNIST: 5 training and 3 test images."
    assert datasets.write_mnist_part.__defaults__ == (5000, 1000)
    assert datasets.handwritten_digits().name == "mnist"
    assert capsys.readouterr().out == whole.note + "\n"
    monkeypatch.setattr(datasets.sys, "platform", "emscripten")
    assert datasets.handwritten_digits().name == "mnist_part"
    assert capsys.readouterr().out == part.note + "\n"
    (tmp_path / "data" / datasets.PART).unlink()
    assert datasets.handwritten_digits().name == "mnist"


def test_importing_and_digits_need_neither_network_nor_heavy_packages():
    """In a browser's Python there are no sockets; digits() must work there, and start at once everywhere.

    Where there is no mmap either, nothing asks for it.
    """
    program = (
        "import sys; sys.modules['mmap'] = None\n"
        "import bplib.datasets as d; d.digits()\n"
        "heavy = ('pooch', 'requests', 'sklearn', 'tqdm', 'socket', 'ssl', 'fcntl')\n"
        "print([module for module in heavy if module in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- MNIST: a small stand-in, served by a local server that misbehaves on demand --------------------------


def idx_images(n, *, magic=2051, count=None, side=28, cut=None, seed=0):
    header = b"".join(v.to_bytes(4, "big") for v in (magic, n if count is None else count, side, side))
    data = header + rng(seed).integers(0, 256, n * side * side).astype(np.uint8).tobytes()
    return gzip.compress(data[:cut], mtime=0)


def idx_labels(n, *, magic=2049, count=None, labels=None, cut=None):
    header = b"".join(v.to_bytes(4, "big") for v in (magic, n if count is None else count))
    labels = np.arange(n) % 10 if labels is None else np.array(labels)
    return gzip.compress((header + labels.astype(np.uint8).tobytes())[:cut], mtime=0)


# The first file is the largest, as in MNIST: several pieces on the way.
FILES = dict(
    zip(NAMES, (idx_images(200), idx_labels(200), idx_images(30, seed=1), idx_labels(30)), strict=True)
)

UNPACKED = {name: gzip.decompress(data) for name, data in FILES.items()}
COPIES = {name.removesuffix(".gz") + ".unpacked": UNPACKED[name] for name in (NAMES[0], NAMES[2])}


def registry(files):
    return {name: (hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items()}


class Server(ThreadingHTTPServer):
    """Two mirrors, /a/ and /b/; `faults[mirror, name]` or `faults[mirror]` says how one misbehaves."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 32

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults, self.asked, self.over = {}, [], threading.Event()
        self.barrier = None

    def handle_error(self, request, client_address):
        """Clients that hang up are what these tests are about."""

    def url(self, mirror):
        return f"http://127.0.0.1:{self.server_port}/{mirror}/"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        server = self.server
        mirror, name = self.path.strip("/").split("/")
        server.asked.append((mirror, name))
        if server.barrier and name == NAMES[0]:
            server.barrier.wait(30)
        body = FILES[name]
        fault = server.faults.get((mirror, name), server.faults.get(mirror, "none"))
        getattr(self, "fault_" + fault)(body)

    def begin(self, length=None, **headers):
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()

    def fault_none(self, body):
        self.begin(len(body))
        self.wfile.write(body)

    def fault_status_403(self, body):
        self.send_error(403)

    def fault_status_404(self, body):
        self.send_error(404)

    def fault_status_500(self, body):
        self.send_error(500)

    def fault_truncated(self, body):
        self.begin(len(body))
        self.wfile.write(body[: len(body) // 2])

    def fault_truncated_without_length(self, body):
        self.begin()
        self.wfile.write(body[: len(body) // 2])

    def fault_empty(self, body):
        self.begin(0)

    def fault_html(self, body):
        page = b"<!DOCTYPE html><html><body>Please log in to the hotel's network</body></html>"
        self.begin(len(page), Content_Type="text/html")
        self.wfile.write(page)

    def fault_wrong_hash(self, body):
        self.begin(len(body))
        self.wfile.write(body[:-9] + bytes([body[-9] ^ 1]) + body[-8:])

    def fault_endless(self, body):
        self.begin()
        while not self.server.over.is_set():
            self.wfile.write(body)

    def fault_trickle(self, body):
        self.begin(len(body))
        for i in range(len(body)):
            self.wfile.write(body[i : i + 1])
            if self.server.over.wait(0.02):
                return

    def fault_trickle_header(self, body):
        self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        while not self.server.over.wait(0.02):
            self.wfile.write(b"a")

    def fault_silent(self, body):
        self.server.over.wait(60)

    def fault_silent_midway(self, body):
        self.begin(len(body))
        self.wfile.write(body[: len(body) // 2])
        self.server.over.wait(60)

    def fault_reset(self, body):
        self.connection.shutdown(socket.SHUT_RDWR)

    def fault_circle(self, body):
        self.send_response(302)
        self.send_header("Location", self.path)
        self.end_headers()

    def fault_nonsense(self, body):
        self.wfile.write(b"220 this is a mail server\r\n")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The small stand-in for MNIST with its own hashes, and an empty cache folder."""
    import pooch

    monkeypatch.setattr(datasets, "MNIST_FILES", registry(FILES))
    monkeypatch.setattr(datasets, "MNIST_UNPACKED", registry(UNPACKED))
    monkeypatch.setenv("BPLIB_DATA_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "home" / project)
    monkeypatch.delenv("BPLIB_OFFLINE", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache"


@pytest.fixture
def server(cache, monkeypatch):
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        monkeypatch.setattr(datasets, "MNIST_MIRRORS", (server.url("a"), server.url("b")))
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


def fill(cache, files=FILES):
    cache.mkdir(exist_ok=True)
    for name, data in files.items():
        (cache / name).write_bytes(data)


def assert_is_the_small_set(data):
    assert data.X_train.shape == (200, 784)
    assert data.X_test.shape == (30, 784)
    np.testing.assert_array_equal(data.X_train.pixels, rng(0).integers(0, 256, (200, 784)))
    np.testing.assert_array_equal(data.X_test.pixels, rng(1).integers(0, 256, (30, 784)))
    np.testing.assert_array_equal(data.y_train, np.arange(200) % 10)
    np.testing.assert_array_equal(data.y_test, np.arange(30) % 10)
    assert data.y_train.dtype == data.y_test.dtype == np.int64
    assert data.n_classes == 10


def assert_complete(cache):
    """Exactly the four files, whole, the copies that are mapped, and nothing temporary."""
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == FILES | COPIES


FAULTS = {
    "status_403": "HTTP 403 Forbidden",
    "status_404": "HTTP 404 Not Found",
    "status_500": "HTTP 500 Internal Server Error",
    "truncated": r"IncompleteRead.* after \d|sent only \d",
    "truncated_without_length": r"sent only [\d ]+ of [\d ]+ bytes",
    "empty": "sent only 0 of",
    "html": r"not gzip \(it starts with '<!DOCTYPE html>",
    "wrong_hash": "the right length, but a wrong SHA-256 hash",
    "endless": r"sent more than the [\d ]+ bytes",
    "trickle": r"too slow: [\d ]+ of [\d ]+ bytes when its time was up",
    "trickle_header": r"too slow: 0 of [\d ]+ bytes",
    "silent": "TimeoutError|timed out",
    "silent_midway": "TimeoutError|timed out",
    "reset": "RemoteDisconnected|ConnectionResetError|ConnectionAbortedError",
    "nonsense": "BadStatusLine",
    "circle": r"redirects in a circle \(Exceeded 30 redirects",
}


@pytest.fixture
def hasty(monkeypatch):
    import requests  # noqa: F401 - not while the clock runs

    monkeypatch.setattr(datasets, "READ_TIMEOUT", 0.7)


def test_download_fills_the_cache_and_the_next_call_asks_nobody(server, cache, capfd):
    assert_is_the_small_set(datasets.mnist())
    assert_complete(cache)
    assert server.asked == [("a", name) for name in NAMES]
    assert_is_the_small_set(datasets.mnist())
    assert len(server.asked) == 4
    printed = capfd.readouterr()
    size = rf"{sum(map(len, FILES.values())) / 1000:.0f}k"
    assert re.search(rf"MNIST: 100%\|[^|]*\| {size}/{size} \[.* ?[\d.?]+[kMG]?B/s\] *\n$", printed.out)
    assert printed.err == ""
    if os.name == "posix":
        assert {path.stat().st_mode & 0o777 for path in cache.iterdir()} == {0o644}


def test_the_progress_bar_can_be_silenced(server, capfd):
    datasets.mnist(progress=False)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("fault", ["truncated", "wrong_hash"])
def test_the_progress_bar_forgets_what_did_not_count(server, capfd, fault):
    server.faults["a"] = fault
    datasets.mnist()
    size = f"{sum(map(len, FILES.values())) / 1000:.0f}k"
    assert f"MNIST: 100%|██████████| {size}/{size} [" in capfd.readouterr().out


def test_the_progress_bar_starts_no_thread(server, monkeypatch):
    """A browser has none."""
    from tqdm import tqdm

    monkeypatch.setattr(tqdm, "monitor", None)
    monkeypatch.setattr(tqdm, "monitor_interval", 10)
    datasets.mnist()
    assert tqdm.monitor is None


def test_what_a_lesson_comes_with_is_downloaded_in_silence(server, tmp_path, capfd):
    datasets.write_mnist_part(tmp_path)
    assert capfd.readouterr() == ("", "")


def test_a_download_on_another_thread(server):
    """Only the main thread may ask for signals."""
    found = []
    thread = threading.Thread(target=lambda: found.append(datasets.mnist(progress=False)), daemon=True)
    thread.start()
    thread.join(30)
    assert found, "the download went on for half a minute, or failed"
    assert_is_the_small_set(*found)


@pytest.mark.parametrize("slash", ["", "/", "//"])
def test_mirrors_may_end_with_a_slash_or_without(server, monkeypatch, slash):
    monkeypatch.setattr(datasets, "MNIST_MIRRORS", (server.url("MNIX").rstrip("/") + slash,))
    assert_is_the_small_set(datasets.mnist(progress=False))


def test_a_mirror_that_failed_once_is_asked_again_when_the_other_fails(server, cache):
    server.faults |= {("a", NAMES[0]): "status_404", ("b", NAMES[1]): "status_404"}
    assert_is_the_small_set(datasets.mnist(progress=False))
    order = [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("a", 3)]
    assert server.asked == [(mirror, NAMES[i]) for mirror, i in order]


def test_each_mirror_gets_its_share_of_the_time_that_is_left(server, monkeypatch):
    """The first of two one half; what it leaves is the second's."""
    ends = []

    def stream(url, output_file, length, until, bar):
        ends.append(until - time.monotonic())
        raise datasets._MirrorFault("no")

    monkeypatch.setattr(datasets, "_stream", stream)
    with pytest.raises(DatasetUnavailable):
        datasets.mnist(deadline=1000, progress=False)
    assert ends == pytest.approx([500, 1000], abs=20)


def test_waits_and_pieces_are_short_and_the_thread_ends_with_the_download(server, cache, monkeypatch):
    """So that Ctrl-C works on Windows, the bar moves on a slow line, and nothing is left in the background."""
    import queue

    waits, pieces, threads = [], [], []

    class Watched:
        def __init__(self):
            self.queue = real()

        def get(self, timeout):
            waits.append(timeout)
            return self.queue.get(timeout=timeout)

        def put(self, item):
            threads.append(threading.current_thread())
            pieces.append(len(item or b"") if not isinstance(item, Exception) else 0)
            self.queue.put(item)

    real = queue.SimpleQueue
    monkeypatch.setattr(queue, "SimpleQueue", Watched)
    server.faults["a"] = "endless"
    assert_is_the_small_set(datasets.mnist(progress=False))
    assert max(waits) <= 0.5
    assert 10_000 < max(pieces) < 20_000
    for thread in threads:
        assert thread.daemon, "it would keep the process alive"
        thread.join(5)
        assert not thread.is_alive()


def test_how_long_a_mirror_may_be_silent(cache, monkeypatch):
    """What users wait where nobody answers: 10 s to connect, 15 s for the next piece, 3 minutes in all."""
    import requests

    asked = []

    def get(url, *, timeout, **options):
        asked.append(timeout)
        raise requests.ConnectionError("nobody there")

    monkeypatch.setattr(requests, "get", get)
    with pytest.raises(DatasetUnavailable, match="deadline for the whole download: 180 s"):
        datasets.mnist(progress=False)
    assert asked == [(10, 15)] * 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"no", "sent something that is not gzip (it starts with 'no')"),
        (b"\x1f", "sent only 1 of {length} bytes"),
        (b"\xff\xfe" + b"<" * 60, f"sent something that is not gzip (it starts with '\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}{'<' * 28}')"),
        (None, "HTTP 503"),
    ],
)  # fmt: skip
def test_the_message_word_by_word(server, monkeypatch, body, said):
    def answer(self, _):
        if body is None:  # a status without words
            self.send_response_only(503, "")
            self.end_headers()
        else:
            self.begin(len(body))
            self.wfile.write(body)

    monkeypatch.setattr(Handler, "fault_none", answer)
    server.faults["b"] = "wrong_hash"
    with pytest.raises(DatasetUnavailable) as caught:
        datasets.mnist(progress=False)
    said = said.replace("{length}", f"{len(FILES[NAMES[0]]):,}".replace(",", " "))
    wrong = "the right length, but a wrong SHA-256 hash"
    host = f"127.0.0.1:{server.server_port}"
    assert caught.value.reason == f"no mirror delivered {NAMES[0]} ({host}: {said}; {host}: {wrong})"
    assert str(caught.value) == (
        f"MNIST is not available: no mirror delivered {NAMES[0]} (deadline for the whole download: 180 s)."
        f"\n  {server.url('a')}: {said}\n  {server.url('b')}: {wrong}\n"
        "What you can do: check the connection and try again (files that arrived are kept); or fetch the "
        "files with a browser and set BPLIB_DATA_DIR to their folder; or use digits(), which needs no network."
    )


def failing(inner, outer, how):
    """An error that another one led to: told (`from`), not told, or hidden (`from None`)."""
    try:
        try:
            raise inner
        except Exception as error:
            if how == "told":
                raise outer from error
            if how == "hidden":
                raise outer from None
            raise outer  # noqa: B904 - as code does that tells nothing
    except Exception as error:
        return error


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("told", "OSError: No route to host"),
        ("not told", "OSError: No route to host"),
        ("hidden", "ConnectionError: outer"),
    ],
)
def test_the_innermost_cause_is_told_unless_it_is_hidden(cache, monkeypatch, how, said):
    import requests

    def get(*args, **options):
        raise failing(OSError(errno.EHOSTUNREACH, "No route to host"), requests.ConnectionError("outer"), how)

    monkeypatch.setattr(requests, "get", get)
    monkeypatch.setattr(datasets, "MNIST_MIRRORS", ("https://127.0.0.1/mnist/",))
    with pytest.raises(DatasetUnavailable) as caught:
        datasets.mnist(progress=False)
    assert caught.value.reason == f"no mirror delivered {NAMES[0]} (127.0.0.1: {said})"


def test_only_missing_files_are_downloaded(server, cache):
    fill(cache, {name: FILES[name] for name in NAMES[:3]})
    assert_is_the_small_set(datasets.mnist(progress=False))
    assert server.asked == [("a", NAMES[3])]
    assert_complete(cache)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_second_mirror_serves_when_the_first_does_not(server, cache, hasty, fault):
    server.faults["a"] = fault
    assert_is_the_small_set(datasets.mnist(deadline=4, progress=False))
    assert_complete(cache)
    # The mirror that worked is asked first from then on (and one that redirects, as often as it says so).
    asked = [*dict.fromkeys(server.asked)]
    assert asked == [("a", NAMES[0]), ("b", NAMES[0]), *(("b", name) for name in NAMES[1:])]
    assert len(server.asked) == len(asked) + (30 if fault == "circle" else 0)


@pytest.mark.parametrize("fault", FAULTS)
def test_with_both_mirrors_down_the_message_names_each_and_its_cause(server, cache, hasty, fault):
    server.faults |= {"a": fault, "b": fault}
    started = time.monotonic()
    deadline = 1 if "trickle" in fault else 3  # which is all waited for
    with pytest.raises(DatasetUnavailable, match="What you can do") as caught:
        datasets.mnist(deadline=deadline, progress=False)
    assert time.monotonic() - started < 10
    assert str(caught.value).startswith(
        f"MNIST is not available: no mirror delivered {NAMES[0]} "
        f"(deadline for the whole download: {deadline} s).\n  {server.url('a')}: "
    )
    assert str(caught.value).endswith("\n" + datasets._ADVICE)
    host = f"127.0.0.1:{server.server_port}: "
    assert caught.value.reason.startswith(f"no mirror delivered {NAMES[0]} ({host}")
    assert caught.value.reason.count(host) == 2
    for mirror in "ab":
        assert caught.match(f"{server.url(mirror)}: .*({FAULTS[fault]})")
    assert "0x" not in str(caught.value)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("fault", ["status_404", "truncated", "html", "wrong_hash"])
def test_files_that_arrived_before_a_fault_are_kept(server, cache, fault):
    server.faults |= {("a", NAMES[2]): fault, ("b", NAMES[2]): fault}
    with pytest.raises(DatasetUnavailable, match=NAMES[2]):
        datasets.mnist(progress=False)
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == {n: FILES[n] for n in NAMES[:2]}
    server.faults.clear()
    assert_is_the_small_set(datasets.mnist(progress=False))
    assert_complete(cache)


def test_a_content_encoding_header_does_not_unpack_the_file(server, cache, monkeypatch):
    """Some servers label .gz files so; a client that unpacks them would see a wrong hash."""
    wanted = []

    def labelled(self, body):
        wanted.append(self.headers["Accept-Encoding"])
        self.begin(len(body), Content_Encoding="gzip")
        self.wfile.write(body)

    monkeypatch.setattr(Handler, "fault_none", labelled)
    assert_is_the_small_set(datasets.mnist(progress=False))
    assert wanted == ["identity"] * 4


def refused_mirrors():
    """Two addresses at which nobody listens: what a machine without network looks like."""
    ports = []
    for _ in range(2):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            ports.append(closed.getsockname()[1])
    return tuple(f"http://127.0.0.1:{port}/mnist/" for port in ports)


def test_no_network(cache, monkeypatch):
    mirrors = refused_mirrors()
    monkeypatch.setattr(datasets, "MNIST_MIRRORS", mirrors)
    with pytest.raises(DatasetUnavailable, match="check the connection") as caught:
        datasets.mnist(progress=False)
    for mirror in mirrors:
        assert caught.match(f"{mirror}: ConnectionRefusedError")
    assert "ConnectionRefusedError" in caught.value.reason
    assert list(cache.iterdir()) == []


def test_one_mirror_refuses_the_connection(server, cache, monkeypatch):
    monkeypatch.setattr(datasets, "MNIST_MIRRORS", (refused_mirrors()[0], server.url("b")))
    assert_is_the_small_set(datasets.mnist(progress=False))
    assert_complete(cache)


def test_a_connection_that_never_opens_meets_the_deadline(cache, monkeypatch):
    """Looking up a host's name knows no timeout: requests.get may block as long as it likes."""
    import requests

    over = threading.Event()
    monkeypatch.setattr(requests, "get", lambda *args, **kwargs: over.wait(60))
    started = time.monotonic()
    with pytest.raises(DatasetUnavailable, match="too slow: 0 of") as caught:
        datasets.mnist(deadline=0.6, progress=False)
    assert 0.5 < time.monotonic() - started < 10
    assert str(caught.value).count("too slow") == 2
    over.set()
    assert list(cache.iterdir()) == []


def test_the_deadline_is_for_all_files_together(server, cache, monkeypatch):
    """Each file alone would be in time; the four together are not."""

    def slow(self, body):
        self.server.over.wait(0.5)
        self.begin(len(body))
        self.wfile.write(body)

    monkeypatch.setattr(Handler, "fault_none", slow)
    started = time.monotonic()
    with pytest.raises(DatasetUnavailable, match=r"deadline for the whole download: 1\.3 s"):
        datasets.mnist(deadline=1.3, progress=False)
    assert time.monotonic() - started < 10
    for path in cache.iterdir():
        assert path.read_bytes() == FILES[path.name]


def test_an_interrupted_download_leaves_nothing_behind(server, cache, monkeypatch):
    def interrupted(url, output_file, *rest):
        assert cache in Path(output_file).parents  # on one disk, or moving it into the cache is not atomic
        Path(output_file).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets, "_stream", interrupted)
    with pytest.raises(KeyboardInterrupt):
        datasets.mnist(progress=False)
    assert list(cache.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX: Windows has no SIGTERM")
def test_a_terminated_download_leaves_nothing_behind_and_ends(server, cache):
    server.faults |= {"a": "silent_midway", "b": "silent_midway"}
    program = (
        "import json, sys, bplib.datasets as d\n"
        "d.MNIST_FILES, d.MNIST_UNPACKED, d.MNIST_MIRRORS = json.loads(sys.argv[1])\n"
        "d.mnist(progress=False)"
    )
    argument = json.dumps([registry(FILES), registry(UNPACKED), [server.url("a")]])
    process = subprocess.Popen([sys.executable, "-c", program, argument])
    try:
        until = time.monotonic() + 60
        while (
            not any(path.stat().st_size for path in cache.glob(".download-*/*")) and time.monotonic() < until
        ):
            time.sleep(0.05)
        assert list(cache.glob(".download-*/*"))
        process.terminate()
        assert process.wait(30) == -signal.SIGTERM
    finally:
        process.kill()
    assert list(cache.iterdir()) == []


def test_somebody_elses_handler_of_sigterm_stays(server):
    mine = lambda number, frame: None  # noqa: E731
    before = signal.signal(signal.SIGTERM, mine)
    try:
        datasets.mnist(progress=False)
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_a_killed_download_left_goes_with_the_next_one_but_not_a_live_one(server, cache):
    old, live = cache / ".download-old", cache / ".download-live"
    for folder in (old, live):
        folder.mkdir(parents=True)
        (folder / "tmp").write_bytes(b"half")
    day = 24 * 3600
    os.utime(old, (time.time() - day - 5,) * 2)
    os.utime(live, (time.time() - day + 60,) * 2)
    assert_is_the_small_set(datasets.mnist(progress=False))
    assert {path.name for path in cache.iterdir()} == {*NAMES, *COPIES, ".download-live"}


def test_remains_that_cannot_be_removed_do_no_harm(server, cache, monkeypatch):
    """Neither somebody's old file of that name, nor a folder of this download that is held open (Windows)."""

    def busy(*args, **kwargs):
        raise OSError(errno.EBUSY, "Device or resource busy")

    fill(cache, {".download-file": b"no folder"})
    os.utime(cache / ".download-file", (0, 0))
    monkeypatch.setattr(os, "rmdir", busy)
    assert_is_the_small_set(datasets.mnist(progress=False))
    left = {path.name for path in cache.glob(".download-*")}
    assert ".download-file" in left
    assert len(left) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX: Windows has no FIFO")
@pytest.mark.parametrize("kind", ["fifo", "zero"])
def test_what_is_no_file_is_refused_and_never_read(server, cache, monkeypatch, kind):
    """A pipe would wait for a writer for ever, and /dev/zero never ends."""
    fill(cache)
    (cache / NAMES[0]).unlink()
    if kind == "fifo":
        os.mkfifo(cache / NAMES[0])
    else:
        (cache / NAMES[0]).symlink_to("/dev/zero")
    monkeypatch.setenv("BPLIB_OFFLINE", "1")
    with pytest.raises(DatasetUnavailable, match=f"{NAMES[0]} cannot be read .it is not a regular file"):
        datasets.mnist()
    monkeypatch.delenv("BPLIB_OFFLINE")
    assert_is_the_small_set(datasets.mnist(progress=False))
    assert_complete(cache)


def test_no_more_of_a_file_is_read_than_it_should_hold(tmp_path):
    """A file of a terabyte with a hole in it takes no room on the disk, and all of the memory."""
    with open(tmp_path / "big", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ValueError, match="wrong SHA-256"):
        datasets._read_verified(tmp_path / "big", "0" * 64, 1000)


@pytest.mark.parametrize("spelling", [lambda name: name, lambda name: name.replace("-idx", ".idx")])
def test_files_unpacked_by_hand_are_found(server, cache, monkeypatch, spelling):
    fill(cache, {spelling(name.removesuffix(".gz")): data for name, data in UNPACKED.items()})
    assert_is_the_small_set(datasets.mnist(progress=False))
    assert server.asked == []


def test_a_damaged_unpacked_file_is_named(server, cache, monkeypatch):
    fill(cache, {name.removesuffix(".gz"): data for name, data in UNPACKED.items()})
    plain = NAMES[0].removesuffix(".gz")
    (cache / plain).write_bytes(UNPACKED[NAMES[0]][:-1])
    monkeypatch.setenv("BPLIB_OFFLINE", "1")
    with pytest.raises(
        DatasetUnavailable, match=f"{NAMES[0]} is missing, and {plain} has a wrong SHA-256 hash. W"
    ):
        datasets.mnist()


def mapping_of(X):
    """The mapping that holds these images, or None."""
    base = X.pixels
    while isinstance(base, np.ndarray):
        base = base.base
    base = getattr(base, "obj", base)  # of a memoryview
    return base if isinstance(base, mmap.mmap) else None


def test_images_are_mapped_from_a_copy_that_is_made_once(server, cache):
    inodes = []
    for _ in range(2):
        data = datasets.mnist(progress=False)
        assert_is_the_small_set(data)
        assert [mapping_of(X)[:] for X in (data.X_train, data.X_test)] == list(COPIES.values())
        inodes.append([(cache / name).stat().st_ino for name in COPIES])
    assert inodes[0] == inodes[1]
    assert_complete(cache)


def test_a_mapping_cannot_be_written_to(server, cache):
    pixels = datasets.mnist(progress=False).X_train.pixels
    with pytest.raises(ValueError, match="read-only"):
        pixels[0, 0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        pixels.flags.writeable = True


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-1], lambda data: data + b"\0", lambda data: data[:-1] + bytes([data[-1] ^ 1])],
)
def test_a_damaged_copy_is_made_again(server, cache, damage):
    fill(cache, FILES | {name: damage(data) for name, data in COPIES.items()})
    data = datasets.mnist()
    assert_is_the_small_set(data)
    assert mapping_of(data.X_train)
    assert_complete(cache)
    assert server.asked == []


@pytest.mark.parametrize("spelling", [lambda name: name, lambda name: name.replace("-idx", ".idx")])
def test_files_unpacked_by_hand_are_mapped_and_others_of_their_name_stay(server, cache, spelling):
    """Another data set has files of the same names."""
    theirs = {spelling(name.removesuffix(".gz")): data for name, data in UNPACKED.items()}
    fill(cache, theirs)
    assert mapping_of(datasets.mnist().X_train)
    assert {path.name for path in cache.iterdir()} == set(theirs)
    others = dict.fromkeys(theirs, b"another set")
    fill(cache, FILES | others)
    data = datasets.mnist()
    assert_is_the_small_set(data)
    assert mapping_of(data.X_train)
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == FILES | others | COPIES


def test_beside_a_folder_that_is_closed_the_copy_is_the_users(server, cache, tmp_path):
    fill(cache)
    cache.chmod(0o555)
    try:
        for _ in range(2):
            data = datasets.mnist()
            assert_is_the_small_set(data)
            assert mapping_of(data.X_train)
    finally:
        cache.chmod(0o755)
    assert {path.name for path in cache.iterdir()} == set(FILES)
    home = tmp_path / "home" / "bplib"
    assert {path.name: path.read_bytes() for path in home.iterdir()} == COPIES


def test_an_open_folder_gets_its_copy_though_the_user_has_one(server, cache, tmp_path):
    """Who prepares a folder for a class has used the course before."""
    fill(cache)
    home = tmp_path / "home" / "bplib"
    home.mkdir(parents=True)
    for name, content in COPIES.items():
        (home / name).write_bytes(content)
    assert mapping_of(datasets.mnist().X_train)
    assert_complete(cache)


def test_where_no_copy_can_be_made_the_images_are_in_memory(server, cache, monkeypatch):
    fill(cache)
    monkeypatch.setattr(os, "replace", read_only)
    data = datasets.mnist()
    assert_is_the_small_set(data)
    assert mapping_of(data.X_train) is None
    assert {path.name for path in cache.iterdir()} == set(FILES)


def test_a_copy_that_cannot_be_mapped_is_read(server, cache, monkeypatch):
    """Another process may have put a shorter file there since its size was asked."""

    def shrunk(*args, **kwargs):
        raise ValueError("mmap length is greater than file size")

    fill(cache)
    monkeypatch.setattr(mmap, "mmap", shrunk)
    assert_is_the_small_set(datasets.mnist())
    assert server.asked == []


def test_beside_a_folder_of_somebody_else_the_copy_is_the_users(cache, tmp_path, monkeypatch):
    fill(cache)
    monkeypatch.setattr(os, "access", lambda path, mode: path != cache or mode != os.W_OK)
    assert mapping_of(datasets.mnist().X_train)
    assert {path.name for path in cache.iterdir()} == set(FILES)
    assert {path.name for path in (tmp_path / "home" / "bplib").iterdir()} == set(COPIES)


def test_an_empty_closed_folder_is_not_completed_by_the_users_copies(cache, tmp_path, monkeypatch):
    """Who names a folder wants its files, and hears which of them are missing."""
    home = tmp_path / "home" / "bplib"
    home.mkdir(parents=True)
    for name, content in COPIES.items():
        (home / name).write_bytes(content)
    cache.mkdir()
    cache.chmod(0o555)
    monkeypatch.setenv("BPLIB_OFFLINE", "1")
    try:
        with pytest.raises(DatasetUnavailable, match=f"{NAMES[0]} is missing.*{NAMES[2]} is missing"):
            datasets.mnist()
    finally:
        cache.chmod(0o755)


def test_a_closed_folder_needs_no_pooch(cache, monkeypatch):
    """It knows where the user's cache is; without it there may be no copy."""
    fill(cache)
    cache.chmod(0o555)
    monkeypatch.setitem(sys.modules, "pooch", None)
    try:
        assert_is_the_small_set(datasets.mnist())
    finally:
        cache.chmod(0o755)


PUBLISHED = datasets.MNIST_FILES, datasets.MNIST_UNPACKED


def test_published_hashes_and_lengths_are_possible():
    """Each hash as hexdigest writes it; unpacked, a header and the bytes of all items."""
    for files in PUBLISHED:
        assert list(files) == NAMES
        assert all(len(sha) == 64 and set(sha) <= set("0123456789abcdef") for sha, _ in files.values())
    assert sum(length for _, length in PUBLISHED[0].values()) == 11594722
    unpacked = [length for _, length in PUBLISHED[1].values()]
    assert unpacked == [16 + 60000 * 784, 8 + 60000, 16 + 10000 * 784, 8 + 10000]


def test_mirrors_are_folders_of_known_hosts_and_asked_by_https():
    pattern = r"https://[a-z0-9.-]+\.(amazonaws|googleapis)\.com/([a-z-]+/)+"
    assert len(datasets.MNIST_MIRRORS) == 2
    assert all(re.fullmatch(pattern, mirror) for mirror in datasets.MNIST_MIRRORS)


def test_the_published_files_unpacked_have_these_hashes():
    folder = Path(os.environ.get("BPLIB_DATA_DIR", ""))
    if not os.environ.get("BPLIB_DATA_DIR") or not all((folder / name).is_file() for name in NAMES):
        pytest.skip("BPLIB_DATA_DIR names no folder with the four MNIST files")
    plain = {name: gzip.decompress((folder / name).read_bytes()) for name in NAMES}
    assert registry(plain) == datasets.MNIST_UNPACKED


@pytest.mark.parametrize("user", ["", "somebody:secret@", "somebody:se@cret@"])
def test_a_dead_proxy_is_named_without_its_password(cache, monkeypatch, user):
    port = refused_mirrors()[0].split(":")[2].split("/")[0]
    monkeypatch.setenv("http_proxy", f"http://{user}127.0.0.1:{port}")
    for name in ("NO_PROXY", "all_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(datasets, "MNIST_MIRRORS", ("http://mirror.invalid/mnist/",))
    with pytest.raises(
        DatasetUnavailable, match=rf"Refused.*through the proxy (http://)?127\.0\.0\.1:{port}\)"
    ) as caught:
        datasets.mnist(progress=False)
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("value", ["0", "false", "No", " off ", ""])
def test_ways_to_say_that_the_network_may_be_asked(server, monkeypatch, value):
    monkeypatch.setenv("BPLIB_OFFLINE", value)
    assert_is_the_small_set(datasets.mnist(progress=False))


def test_a_damaged_cached_file_is_named_and_downloaded_again(server, cache, capsys):
    fill(cache)
    (cache / NAMES[0]).write_bytes(FILES[NAMES[0]][:-20])
    assert_is_the_small_set(datasets.mnist(progress=False))
    assert_complete(cache)
    assert server.asked == [("a", NAMES[0])]
    said = f"{NAMES[0]} in the cache has a wrong SHA-256 hash: it is downloaded again.\n"
    assert capsys.readouterr().out == said


def test_a_damaged_cached_file_offline_is_a_clear_error(server, cache, monkeypatch):
    fill(cache, FILES | {NAMES[1]: idx_labels(9)})
    monkeypatch.setenv("BPLIB_OFFLINE", "1")
    with pytest.raises(DatasetUnavailable, match=f"{NAMES[1]} has a wrong SHA-256 hash. What"):
        datasets.mnist()
    assert server.asked == []


def test_offline_asks_nobody(server, cache, monkeypatch):
    monkeypatch.setenv("BPLIB_OFFLINE", "1")
    with pytest.raises(DatasetUnavailable) as caught:
        datasets.mnist()
    missing = "; ".join(f"{name} is missing" for name in NAMES)
    assert str(caught.value) == (
        f"MNIST is not available: BPLIB_OFFLINE forbids asking the network, and in {cache}: {missing}. "
        "What you can do: unset BPLIB_OFFLINE, or set BPLIB_DATA_DIR to a folder that holds the files, "
        "or use digits(), which needs no network."
    )
    assert caught.value.reason == "BPLIB_OFFLINE forbids asking the network, and the cache is not complete"
    assert server.asked == []
    assert not cache.exists()
    fill(cache)
    assert_is_the_small_set(datasets.mnist())
    monkeypatch.setenv("BPLIB_OFFLINE", "0")
    (cache / NAMES[3]).unlink()
    assert_is_the_small_set(datasets.mnist(progress=False))
    assert server.asked == [("a", NAMES[3])]


def test_a_browsers_python_is_told_so(cache, monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    with pytest.raises(
        DatasetUnavailable, match=r"a browser's Python has no network, and in .*: set BPLIB"
    ) as caught:
        datasets.mnist()
    assert caught.value.reason == "a browser's Python has no network, and the cache is not complete"


# Permissions do not stop root, under which CI often runs. So writing is made impossible in ways that root
# cannot overcome either: a folder below a regular file, or the system call itself answering EROFS.


def read_only(*args, **kwargs):
    raise OSError(errno.EROFS, "Read-only file system")


def test_a_cache_that_cannot_be_made_is_a_clear_error(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("BPLIB_DATA_DIR", str(tmp_path / "file" / "cache"))
    with pytest.raises(DatasetUnavailable, match=r"cannot be written .*set BPLIB_DATA_DIR to a folder"):
        datasets.mnist(progress=False)
    assert server.asked == []


def test_an_incomplete_read_only_cache_is_a_clear_error(server, cache, monkeypatch):
    fill(cache, {NAMES[0]: FILES[NAMES[0]]})
    monkeypatch.setattr(datasets.tempfile, "mkdtemp", read_only)
    with pytest.raises(DatasetUnavailable) as caught:
        datasets.mnist(progress=False)
    missing = "; ".join(f"{name} is missing" for name in NAMES[1:])
    assert str(caught.value) == (
        f"MNIST is not available: {missing}, and the cache folder {cache} cannot be written "
        "(Read-only file system). What you can do: set BPLIB_DATA_DIR to a folder you may write to or that "
        "holds them all, or use digits(), which needs no network."
    )
    assert (
        caught.value.reason
        == "the cache folder is not complete and cannot be written (Read-only file system)"
    )
    assert server.asked == []


def test_a_complete_read_only_cache_is_enough(server, cache, monkeypatch):
    fill(cache)
    for module, function in ((datasets.tempfile, "mkdtemp"), (os, "replace"), (os, "mkdir")):
        monkeypatch.setattr(module, function, read_only)
    assert_is_the_small_set(datasets.mnist())
    assert server.asked == []


def test_a_file_that_cannot_be_moved_into_the_cache_is_a_clear_error(server, cache, monkeypatch):
    monkeypatch.setattr(os, "replace", read_only)
    with pytest.raises(DatasetUnavailable, match=r"cannot be written .Read-only file system"):
        datasets.mnist(progress=False)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("words", [(errno.ENOSPC, "No space left on device"), ("over quota",)])
def test_a_full_disk_is_not_blamed_on_the_mirror(server, cache, monkeypatch, words):
    def full(*args):
        raise OSError(*words)

    monkeypatch.setattr(datasets, "_stream", full)
    with pytest.raises(DatasetUnavailable, match=rf"cannot be written \({words[-1]}\)"):
        datasets.mnist(progress=False)
    assert list(cache.iterdir()) == []


def test_a_damaged_file_stays_until_there_is_a_better_one(server, cache, monkeypatch):
    fill(cache, FILES | {NAMES[0]: b"damaged"})
    monkeypatch.setattr(os, "replace", read_only)
    with pytest.raises(DatasetUnavailable, match="cannot be written"):
        datasets.mnist(progress=False)
    assert (cache / NAMES[0]).read_bytes() == b"damaged"


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX: links need rights on Windows")
def test_a_link_to_a_damaged_file_is_replaced_and_not_what_it_leads_to(server, cache, tmp_path):
    (tmp_path / "theirs").write_bytes(b"another set")
    fill(cache)
    (cache / NAMES[0]).unlink()
    (cache / NAMES[0]).symlink_to(tmp_path / "theirs")
    assert_is_the_small_set(datasets.mnist(progress=False))
    assert_complete(cache)
    assert not (cache / NAMES[0]).is_symlink()
    assert (tmp_path / "theirs").read_bytes() == b"another set"


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX: Windows says that such a folder is missing")
def test_a_folder_that_cannot_be_looked_into_is_a_clear_error(cache, tmp_path, monkeypatch):
    """Another error than that nothing is there: a name of 300 letters, as root may look everywhere."""
    monkeypatch.setenv("BPLIB_DATA_DIR", str(tmp_path / ("a" * 300)))
    with pytest.raises(DatasetUnavailable, match=r"cannot be written \(") as caught:
        datasets.mnist(progress=False)
    assert f"{NAMES[0]} cannot be read ({os.strerror(errno.ENAMETOOLONG)})" in str(caught.value)
    assert datasets.handwritten_digits(progress=False).name == "digits"


def test_folders_above_the_cache_are_made(server, cache, monkeypatch):
    monkeypatch.setenv("BPLIB_DATA_DIR", str(cache / "deep" / "down"))
    assert_is_the_small_set(datasets.mnist(progress=False))
    assert_complete(cache / "deep" / "down")


@pytest.mark.parametrize("theirs", ["whole", "broken"])
def test_windows_refuses_to_replace_a_file_another_process_holds_open(server, cache, monkeypatch, theirs):
    """Then their file serves when it holds the same bytes, and only then."""

    def replace(source, target):
        Path(target).write_bytes((FILES | COPIES)[Path(target).name] if theirs == "whole" else b"other")
        raise PermissionError(errno.EACCES, "The process cannot access the file")

    monkeypatch.setattr(os, "replace", replace)
    if theirs == "whole":
        assert_is_the_small_set(datasets.mnist(progress=False))
        assert_complete(cache)
    else:
        with pytest.raises(DatasetUnavailable, match="The process cannot access the file"):
            datasets.mnist(progress=False)


def test_a_folder_in_place_of_a_file_is_a_clear_error(server, cache):
    (cache / NAMES[0]).mkdir(parents=True)
    with pytest.raises(DatasetUnavailable, match=f"{NAMES[0]} cannot be read"):
        datasets.mnist(progress=False)


def test_two_processes_at_once(server, cache):
    """Both are held until both have asked for the first file, so that they do download at the same time."""
    server.barrier = threading.Barrier(2)
    program = (
        "import json, sys, numpy as np, bplib.datasets as d\n"
        "d.MNIST_FILES, d.MNIST_UNPACKED, d.MNIST_MIRRORS = json.loads(sys.argv[1])\n"
        "data = d.mnist(progress=False)\n"
        "print(data.X_train.pixels.sum(), data.X_test.pixels.sum(), data.y_train.sum())"
    )
    argument = json.dumps([registry(FILES), registry(UNPACKED), [server.url("a")]])
    command = [sys.executable, "-c", program, argument]
    pair = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    try:
        results = [process.communicate(timeout=60) for process in pair]
    finally:
        for process in pair:
            process.kill()
    expected = [rng(seed).integers(0, 256, (n, 784)).sum() for seed, n in ((0, 200), (1, 30))]
    assert results == [(f"{expected[0]} {expected[1]} 900\n", "")] * 2
    assert server.asked.count(("a", NAMES[0])) == 2
    assert_complete(cache)


# ---- IDX files with the right hash and the wrong content -------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (NAMES[0], idx_images(3, magic=2049), "starts with the magic number 2049, expected 2051"),
        (NAMES[1], idx_labels(3, magic=2051), "starts with the magic number 2051, expected 2049"),
        (NAMES[0], idx_images(3, side=20), "holds images of 20×20 pixels, expected 28×28"),
        (NAMES[0], idx_images(3, cut=11), "ends inside its header, after 11 of 16 bytes"),
        (NAMES[1], idx_labels(3, cut=0), "ends inside its header, after 0 of 8 bytes"),
        (NAMES[0], idx_images(3, cut=-1), "has 2367 bytes unpacked, but its header announces 3 items: 2368"),
        (NAMES[2], idx_images(3, count=2), "has 2368 bytes unpacked, but its header announces 2 items: 1584"),
        (NAMES[3], idx_labels(3, count=2**31), "announces 2147483648 items"),
        (NAMES[0], idx_images(0), "is empty: its header announces 0 items"),
        (NAMES[1], idx_labels(3, labels=[1, 10, 2]), "holds the label 10, expected 0 … 9"),
        (NAMES[0], idx_images(3), "the training part has 3 images but 200 labels"),
        (NAMES[3], idx_labels(29), "the test part has 30 images but 29 labels"),
        (NAMES[1], b"no gzip", "is not a whole gzip file"),
        (NAMES[1], FILES[NAMES[1]][:-12], "is not a whole gzip file"),
        (NAMES[1], FILES[NAMES[1]][:12] + b"\xff" * 40, "is not a whole gzip file"),
    ],
)
def test_every_field_of_the_format_is_checked(cache, monkeypatch, name, content, sentence):
    files = FILES | {name: content}
    monkeypatch.setattr(datasets, "MNIST_FILES", registry(files))
    monkeypatch.setenv("BPLIB_OFFLINE", "1")
    fill(cache, files)
    with pytest.raises(DatasetUnavailable, match=sentence) as caught:
        datasets.mnist()
    assert str(caught.value) == f"MNIST is not usable: {caught.value.reason}."
    assert caught.value.reason.startswith(
        ("the training part", "the test part") if "part has" in sentence else name
    )


# ---- which digits --------------------------------------------------------------------------------------


def test_handwritten_digits_are_mnist_where_it_can_be_had(server, capsys):
    data = datasets.handwritten_digits(progress=False)
    assert_is_the_small_set(data)
    assert data.name == "mnist"
    assert data.note == "MNIST: 200 training and 30 test images."
    assert capsys.readouterr().out == data.note + "\n"


def test_handwritten_digits_show_what_is_downloaded(server, capsys):
    data = datasets.handwritten_digits()
    assert re.search(r"MNIST: 100%.*\nMNIST: 200 training", capsys.readouterr().out)
    assert data.name == "mnist"


def test_handwritten_digits_fall_back_and_say_why(server, cache, monkeypatch, capsys):
    server.faults |= {"a": "status_403", "b": "html"}
    data = datasets.handwritten_digits(progress=False)
    expected = datasets.digits()
    assert (data.name, data.n_classes) == ("digits", 10)
    for part in ("train", "test"):
        pixels = [getattr(one, f"X_{part}").pixels for one in (data, expected)]
        np.testing.assert_array_equal(*pixels)
        np.testing.assert_array_equal(getattr(data, f"y_{part}"), getattr(expected, f"y_{part}"))
    assert data.note.startswith(
        "The bundled 8×8 digits, enlarged to 28×28: 1 442 training and 355 test images,"
    )
    assert "because MNIST is not available" in data.note
    assert f"(127.0.0.1:{server.server_port}: HTTP 403" in data.note
    assert "not gzip" in data.note
    assert capsys.readouterr().out == data.note + "\n"


def test_the_fallback_offline_names_no_folder(cache, monkeypatch, capsys):
    """The line is stored in notebooks, and must not carry somebody's paths."""
    monkeypatch.setenv("BPLIB_OFFLINE", "1")
    data = datasets.handwritten_digits()
    assert data.note.endswith("BPLIB_OFFLINE forbids asking the network, and the cache is not complete.")
    assert str(cache) not in capsys.readouterr().out


def test_without_pooch_the_bundled_digits_remain(cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert "the package pooch is missing" in datasets.handwritten_digits().note
    monkeypatch.delenv("BPLIB_DATA_DIR")
    with pytest.raises(DatasetUnavailable) as caught:
        datasets.mnist()
    assert caught.value.reason == "the package pooch is missing"
    assert str(caught.value) == f"MNIST is not available: the package pooch is missing. {datasets._ADVICE}"


def test_the_users_cache_folder_is_the_default(cache, monkeypatch):
    import pooch

    fill(cache)
    monkeypatch.delenv("BPLIB_DATA_DIR")
    monkeypatch.setenv("BPLIB_OFFLINE", "1")
    monkeypatch.setattr(pooch, "os_cache", lambda project: cache if project == "bplib" else None)
    assert_is_the_small_set(datasets.mnist())


def test_real_mnist(monkeypatch):
    """The published files: counts, first labels and mean pixel as known."""
    folder = os.environ.get("BPLIB_DATA_DIR", "")
    if not folder or not all((Path(folder) / name).is_file() for name in NAMES):
        if folder and os.environ.get("CI"):
            pytest.fail(f"CI sets BPLIB_DATA_DIR={folder}, but it does not hold the four MNIST files")
        pytest.skip("BPLIB_DATA_DIR names no folder with the four MNIST files")
    monkeypatch.setenv("BPLIB_OFFLINE", "1")
    data = datasets.mnist()
    assert data.X_train.shape == (60000, 784)
    assert data.X_test.shape == (10000, 784)
    assert data.y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert data.y_test[:5].tolist() == [7, 2, 1, 0, 4]
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(data.y_train).tolist() == counts
    assert round(data.X_train.pixels.mean() / 255, 4) == 0.1307
    assert data.note == "MNIST: 60 000 training and 10 000 test images."
