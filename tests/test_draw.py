"""Draw a digit without a browser: drawings become like the data, and the answers are the network's own."""

import asyncio
import base64
import threading
import types

import numpy as np
import pytest
from PIL import Image

import bplib
from bplib import datasets
from bplib.playgrounds.draw import DrawDigit
from bplib.playgrounds.draw.draw import PAD, as_bundled, as_mnist


@pytest.fixture(scope="module")
def bundled():
    return datasets.digits()


@pytest.fixture(scope="module")
def trained(bundled):
    """A network that knows the bundled digits: 2 s."""
    net = bplib.mlp((784, 24, 10), activation="relu", loss="softmax_cross_entropy", dtype=np.float32,
                    rng=np.random.default_rng(0))  # fmt: skip
    for _ in bplib.train(net, bundled.X_train, bundled.y_train, optimizer=bplib.Adam(0.005), batch_size=32,
                         epochs=8, rng=np.random.default_rng(1)):  # fmt: skip
        pass
    return net


def network(loss="softmax_cross_entropy", n_out=10, **options):
    rng = np.random.default_rng(0)
    return bplib.mlp((784, 5, n_out), activation="tanh", loss=loss, rng=rng, **options)


def stroke(h=150, w=90, top=20, left=200, size=(280, 320)):
    """A crooked 7 as thick as a pen: ink from 0 to 1."""
    ink = np.zeros(size, np.float32)
    ink[top : top + 20, left : left + w] = 1
    for i in range(h):
        at = left + w - 20 - int(i * (w - 20) / h)
        ink[top + i, at : at + 20] = 1
    return ink


def box_of(image):
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


def centre_of_mass(image):
    places = np.arange(28)
    return image.sum(axis=1) @ places / image.sum(), image.sum(axis=0) @ places / image.sum()


# A drawing made like the data


@pytest.mark.parametrize(
    "shape", [{}, {"h": 60, "w": 120}, {"h": 250, "w": 25, "left": 5}, {"h": 12, "w": 21}]
)
def test_as_mnist_scales_the_longer_side_to_20_and_centres_the_mass(shape):
    image = as_mnist(stroke(**shape))
    top, bottom, left, right = box_of(image)
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert max(bottom - top, right - left) == 20
    assert all(abs(place - 14) <= 0.51 for place in centre_of_mass(image))
    assert 0 <= image.min()
    assert 0.6 < image.max() <= 1


def test_as_mnist_keeps_the_proportions():
    top, bottom, left, right = box_of(as_mnist(stroke(h=200, w=100)))
    assert (bottom - top, right - left) == (20, 10)


def test_place_and_size_of_a_drawing_do_not_matter():
    first = as_mnist(stroke(h=100, w=60, top=10, left=10))
    np.testing.assert_array_equal(as_mnist(stroke(h=100, w=60, top=150, left=200)), first)
    big = np.kron(stroke(h=100, w=60), np.ones((2, 2), np.float32))
    assert np.abs(as_mnist(big) - first).max() < 0.2


def test_a_heavy_corner_is_not_cut_off():
    """Where centring the mass would push ink over the edge, it stops at the edge."""
    ink = np.zeros((200, 200), np.float32)
    ink[:, 195:] = 1
    ink[0, :] = 1
    ink[195:, :] = 0.2
    image = as_mnist(ink)
    top, bottom, left, right = box_of(image)
    assert (bottom - top, right - left) == (20, 20)


@pytest.mark.parametrize("like", [as_mnist, as_bundled])
def test_bytes_and_floats_are_the_same_ink(like):
    ink = stroke()
    np.testing.assert_allclose(like((255 * ink).astype(np.uint8)), like(ink), atol=1e-6)
    assert not like(np.zeros((50, 50))).any()
    assert like(np.pad([[1.0]], 20)).max() > 0.5  # a dot


@pytest.mark.parametrize("like", [as_mnist, as_bundled])
@pytest.mark.parametrize(
    ("bad", "error", "words"),
    [
        (np.zeros(784), ValueError, r"must be \(height, width\), got \(784,\)"),
        (np.zeros((0, 5)), ValueError, "height, width"),
        (np.full((5, 5), 2.0), ValueError, "from 0 to 1"),
        (np.full((5, 5), np.nan), ValueError, "from 0 to 1"),
        (np.full((5, 5), -0.5), ValueError, "from 0 to 1"),
        (np.full((5, 5), 1j), TypeError, "real numbers"),
    ],
)
def test_what_is_no_drawing_is_refused(like, bad, error, words):
    with pytest.raises(error, match=words):
        like(bad)


def test_real_mnist_digits_come_back_as_they_were():
    """Enlarged tenfold and moved, nine in ten of MNIST's own digits are found again, nearly pixel by pixel."""
    try:
        X = datasets.mnist(progress=False).X_test[:100]
    except datasets.DatasetUnavailable:
        pytest.skip("MNIST is not on this machine")
    found = 0
    for image in X.reshape(-1, 28, 28):
        large = np.pad(np.kron(image, np.ones((10, 10), np.float32)), ((0, 40), (30, 0)))
        found += np.abs(as_mnist(large) - image).mean() < 0.005
    assert found >= 90


def test_bundled_digits_come_back_much_as_they_were(bundled):
    images = bundled.X_test[:100].reshape(-1, 28, 28)
    errors = [np.abs(as_bundled(np.kron(i, np.ones((10, 10), np.float32))) - i).mean() for i in images]
    assert np.mean(errors) < 0.05


def test_enlarging_is_that_of_the_bundled_digits(bundled):
    """`as_bundled` ends as `datasets.digits` does: 8×8 to 20×20 by the same bilinear weights."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    row = np.flatnonzero(labels == bundled.y_test[0])[4]  # the first test image of its class
    where = np.flatnonzero(bundled.y_test == labels[row])[0]
    eight = np.kron(images[row].reshape(8, 8) / 16, np.ones((4, 4)))
    eight[0, 0] = eight[-1, -1] = 0.2  # so that nothing is cut away
    expected = bundled.X_test[where : where + 1].reshape(28, 28)
    assert np.abs(as_bundled(eight) - expected).max() < 0.1


# The answers


def test_answers_are_the_networks_own(bundled):
    net = network()
    pad = DrawDigit(net, bundled).sample(3)
    row = int(np.flatnonzero(bundled.y_test == 3)[0])
    X = bundled.X_test[row : row + 1]
    np.testing.assert_array_equal(pad.image.reshape(1, -1), X)
    np.testing.assert_array_equal(pad.probabilities, net.predict(X)[0])
    assert pad.prediction == pad.label == net.predict(X)[0].argmax()
    assert pad.loss == net.loss(X, np.array([pad.label]))
    assert f"test image {row}" in pad.status.value


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "binary_cross_entropy", "squared_error"])
def test_gradient_is_that_of_the_loss_by_the_drawing(bundled, loss):
    """∂L/∂X against central differences, at ink, background and all losses, for a chosen digit."""
    net = network(loss)
    pad = DrawDigit(net, bundled).sample(5)
    pad.controls["label"].value = 8
    assert pad.label == 8
    Y = np.array([8]) if loss == "softmax_cross_entropy" else np.eye(10)[[8]]
    X = np.float64(pad.image.reshape(1, -1))
    for pixel in (0, 14 * 28 + 14, 9 * 28 + 12, 20 * 28 + 15):
        step = np.zeros_like(X)
        step[0, pixel] = 1e-5
        slope = (net.loss(X + step, Y) - net.loss(X - step, Y)) / 2e-5
        assert pad.gradient.ravel()[pixel] == pytest.approx(slope, rel=1e-5, abs=1e-9)
    assert np.abs(pad.gradient).max() > 1e-4


def test_a_trained_network_recognises_drawings_of_its_own_digits(trained, bundled):
    pad, right = DrawDigit(trained, bundled), 0
    for row in range(50):
        image = bundled.X_test[row : row + 1].reshape(28, 28)
        ink = np.asarray(Image.fromarray(image).resize((280, 280), Image.Resampling.BICUBIC)).clip(0, 1)
        right += pad.draw(np.roll(ink, 15, axis=1)).prediction == bundled.y_test[row]
    assert right >= 43


def test_ink_where_the_gradient_is_negative_makes_it_surer(trained, bundled):
    """What the note promises: a small stroke along −∂L/∂X lowers L."""
    pad = DrawDigit(trained, bundled).sample(4)
    y = np.array([pad.label])
    helpful, harmful = (np.where(sign * pad.gradient > 0, 0.1, 0.0).astype(np.float32) for sign in (-1, 1))
    assert trained.loss((pad.image + helpful).reshape(1, -1), y) < pad.loss
    assert trained.loss((pad.image + harmful).reshape(1, -1), y) > pad.loss


def test_each_data_set_gets_drawings_like_its_own(bundled):
    ink = stroke()
    np.testing.assert_array_equal(DrawDigit(network(), bundled).draw(ink).image, as_bundled(ink))
    mnist = types.SimpleNamespace(name="mnist", X_test=bundled.X_test, y_test=bundled.y_test)
    np.testing.assert_array_equal(DrawDigit(network(), mnist).draw(ink).image, as_mnist(ink))


def test_refresh_asks_a_network_that_has_learnt(bundled):
    net = network()
    pad = DrawDigit(net, bundled).sample(1)
    before = pad.probabilities
    net.layers[2].params["b"][7] = 5.0
    np.testing.assert_array_equal(pad.probabilities, before)
    pad.refresh()
    assert pad.prediction == 7


# Hands and front end


def test_controls_do_what_the_methods_do(bundled):
    pad = DrawDigit(network(), bundled)
    assert pad.image is pad.prediction is pad.gradient is None
    assert "empty" in pad.status.value
    pad.controls["sample"].value = 6
    first = pad.image
    pad.buttons["Another sample"].click()
    rows = np.flatnonzero(bundled.y_test == 6)
    np.testing.assert_array_equal(pad.image.ravel(), bundled.X_test[rows[1:2]][0])
    pad.sample(6, len(rows))  # round once
    np.testing.assert_array_equal(pad.image, first)
    assert len(pad.pad.seen["gradient"]) == 784
    pad.controls["overlay"].value = False
    assert pad.pad.seen["gradient"] == b""
    pad.buttons["Clear"].click()
    assert pad.image is None
    assert pad.pad.drawing == bytes(PAD * PAD)
    assert pad.pad.bars["best"] == -1


def test_overlay_is_scaled_to_its_largest_pixel_and_keeps_signs(bundled):
    pad = DrawDigit(network(), bundled).sample(2)
    sent = np.frombuffer(pad.pad.seen["gradient"], np.int8).reshape(28, 28)
    assert np.abs(sent).max() == 127
    strong = np.abs(sent) > 2
    assert strong.sum() > 100
    np.testing.assert_array_equal(np.sign(sent[strong]), np.sign(pad.gradient[strong]))


def from_the_browser(pad, ink):
    """The true path of a drawing: bytes in a buffer beside the message, seen as a memoryview."""
    data = (255 * ink).astype(np.uint8).tobytes()
    content = {"data": {"method": "update", "state": {}, "buffer_paths": [["drawing"]]}}
    pad.pad._handle_msg({"content": content, "buffers": [memoryview(data)], "header": {"msg_id": "1"}})


def test_a_drawing_from_the_browser_is_answered(trained, bundled):
    pad = DrawDigit(trained, bundled)
    pad.sample(0)
    ink = stroke(h=100, w=60, left=40, size=(PAD, PAD))
    from_the_browser(pad, ink)
    np.testing.assert_allclose(pad.image, as_bundled(ink), atol=1e-6)
    assert "your drawing" in pad.status.value
    assert pad.controls["sample"].value == -1
    assert pad.pad.bars["best"] == pad.prediction
    from_the_browser(pad, np.zeros((PAD, PAD)))
    assert pad.image is None


def test_a_drawing_on_a_subshells_thread_is_answered_on_the_loop(bundled):
    async def session():
        pad = DrawDigit(network(), bundled)
        seen = []
        pad.pad.observe(lambda _: seen.append(threading.get_ident()), names="bars")
        thread = threading.Thread(
            target=from_the_browser, args=(pad, stroke(h=90, w=50, left=30, size=(PAD, PAD)))
        )
        thread.start()
        while thread.is_alive() or not seen:
            await asyncio.sleep(0.005)
        assert set(seen) == {threading.get_ident()}
        assert pad.prediction is not None
        pad.close()

    asyncio.run(asyncio.wait_for(session(), 10))


def test_a_torn_drawing_is_shown_as_an_error_and_the_next_one_heals_it(bundled):
    pad = DrawDigit(network(), bundled)
    with pytest.raises(ValueError, match="140×140 pixels, got 5 bytes"):
        pad.pad.drawing = b"12345"
    assert isinstance(pad.error, ValueError)
    assert "140" in pad.alarm.value
    pad.sample(1)
    assert pad.error is None


@pytest.mark.parametrize("started", [False, True])
def test_what_a_notebook_stores(bundled, started):
    """A picture either way: an empty pad shows a sample digit where no kernel runs, and stays empty here."""
    pad = DrawDigit(network(), bundled)
    if started:
        pad.sample(7)
    data, metadata = pad._repr_mimebundle_()
    picture = base64.b64decode(data["image/png"])
    assert picture.startswith(b"\x89PNG")
    assert len(picture) <= 60_000
    assert data["text/plain"] == metadata["image/png"]["alt"] == DrawDigit.alt
    assert "application/vnd.jupyter.widget-view+json" in data
    assert (pad.image is None) is not started
    assert (pad.prediction is None) is not started


def test_unfit_networks_data_and_settings_are_refused(bundled):
    with pytest.raises(ValueError, match="10 outputs, one a digit, got 3"):
        DrawDigit(network(n_out=3), bundled)
    with pytest.raises(ValueError, match="784"):
        DrawDigit(bplib.mlp((64, 10), rng=np.random.default_rng(0)), bundled)
    with pytest.raises(ValueError, match="28×28"):
        DrawDigit(network(), datasets.xor())
    with pytest.raises(TypeError, match="Dataset of digits, got int"):
        DrawDigit(network(), 3)
    pad = DrawDigit(network(), bundled)
    for bad in (10, -1, "3", True):
        with pytest.raises((ValueError, TypeError), match="digit must be a whole number from 0 to 9, got"):
            pad.sample(bad)
    with pytest.raises(ValueError, match="which must be"):
        pad.sample(3, -1)
    with pytest.raises(ValueError, match="height, width"):
        pad.draw(np.zeros(5))
    assert pad.error is None


def test_same_key_closes_the_predecessor(bundled):
    first = DrawDigit(network(), bundled, key="pad")
    second = DrawDigit(network(), bundled, key="pad")
    assert first.closed
    assert not second.closed
