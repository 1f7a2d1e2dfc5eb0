"""Draw a digit: a trained network says what it takes your drawing for, and where more ink would matter.

    DrawDigit(network, dataset)      # the last line of a cell
    pad = DrawDigit(network, dataset)
    pad.sample(3); pad.prediction, pad.probabilities, pad.gradient

A network knows only what it was trained on. So a drawing is first made like its digits (`as_mnist`,
`as_bundled`): cut out, scaled, centred.
"""

from pathlib import Path

import numpy as np
import traitlets
from PIL import Image

from ... import checks, plots
from ...language import said
from ...live.controls import choice, push_button, toggle
from ...live.page import Speaking
from ...live.panel import Panel
from ...live.stored_picture import Still
from ...losses import SoftmaxCrossEntropy

_HERE = Path(__file__).parent
SIDE, BOX, CENTRE = 28, 20, 14  # pixels; MNIST's centre of mass is pixel 14, measured to within ½
PAD = 140  # the drawing comes as PAD × PAD pixels


def as_mnist(pixels) -> np.ndarray:
    """A drawing as MNIST's digits are: its longer side 20 pixels, centre of mass in the middle of 28×28.

    pixels (h, w): ink, uint8 from 0 to 255 or floats from 0 to 1. Returns float32 (28, 28) in [0, 1]; zeros
    if there is no ink. Grey levels come from scaling down, as they did for MNIST.
    """
    ink = _cut_out("as_mnist", pixels)
    image = np.zeros((SIDE, SIDE), np.float32)
    if ink is None:
        return image
    scale = BOX / max(ink.shape)
    h, w = (max(1, round(n * scale)) for n in ink.shape)
    small = _resized(ink, h, w)
    top, left = (
        int(np.clip(round(CENTRE - np.arange(n) @ small.sum(axis=1 - axis) / small.sum()), 0, SIDE - n))
        for axis, n in enumerate((h, w))
    )
    image[top : top + h, left : left + w] = small
    return image


def as_bundled(pixels) -> np.ndarray:
    """A drawing as `datasets.digits` are: ink counted on 8×8, in the middle of a square, enlarged to 20×20.

    Arguments and result as for `as_mnist`.
    """
    ink = _cut_out("as_bundled", pixels)
    image = np.zeros((SIDE, SIDE), np.float32)
    if ink is None:
        return image
    h, w = ink.shape
    side = max(h, w)
    square = np.zeros((side, side), np.float32)
    top, left = (side - h) // 2, (side - w) // 2
    square[top : top + h, left : left + w] = ink
    counted = np.round(16 * _resized(square, 8, 8)) / 16
    start = (SIDE - BOX) // 2
    image[start : start + BOX, start : start + BOX] = _resized(counted, BOX, BOX)
    return image


def _cut_out(who, pixels):
    """The part that holds ink, float32 in [0, 1]; None if there is none."""
    pixels = checks.real(who, "pixels", pixels)
    if pixels.ndim != 2 or 0 in pixels.shape:
        raise ValueError(f"{who}: pixels must be (height, width), got {pixels.shape}")
    ink = pixels.astype(np.float32) / (255 if pixels.dtype == np.uint8 else 1)
    if not (np.isfinite(ink).all() and 0 <= ink.min() <= ink.max() <= 1):
        raise ValueError(f"{who}: pixels must be uint8, or numbers from 0 to 1, got "
                         f"{pixels.dtype} from {pixels.min()} to {pixels.max()}")  # fmt: skip
    rows, columns = (np.flatnonzero((ink > 0.1).any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return None
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _resized(ink, h, w):
    """Scaled to (h, w): down by averaging, which is counting ink, up bilinearly."""
    down = h <= ink.shape[0] and w <= ink.shape[1]
    how = Image.Resampling.BOX if down else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(ink.astype(np.float32)).resize((w, h), how))


class Pad(Speaking):
    """The drawing area, what the network sees, and the bars, in the browser.

    drawing: PAD × PAD bytes of ink, from either side. seen: {"image", "gradient": 784 bytes, or empty} and
    bars: {"values", "texts", "best", "title"} are for the browser to show.
    """

    _esm = _HERE / "draw.js"
    _css = _HERE / "draw.css"
    says = (
        "your drawing",
        "what the network gets, with ∂L/∂X",
        "Drawing area for mouse, pen or finger; without one, choose a sample digit above",
        "blue: more ink raises L",
        "orange: lowers it",
        "The drawing, cut out, scaled and centred",
        "Nothing yet",
        "each pixel coloured by the gradient of the loss",
    )
    # The browser's bytes arrive as a memoryview, which Bytes refuses.
    drawing = traitlets.Bytes(bytes(PAD * PAD)).tag(sync=True, from_json=lambda value, _: bytes(value))
    seen = traitlets.Dict({"image": b"", "gradient": b""}).tag(sync=True)
    bars = traitlets.Dict().tag(sync=True)


class DrawDigit(Panel):
    """A pad to draw on; beside it the picture the network gets, ∂L/∂X on it, and its answer for each digit.

    network: 784 inputs, 10 outputs, trained on `dataset` (MNIST or the bundled digits, whose test images are
    the samples). The network is read, never changed; when it has learnt more, `refresh()` asks it again.

    `.image` (28, 28) is what it gets, None for an empty pad; `.probabilities` (10,) its answers (outputs, if
    it was trained on squared error), `.prediction` the digit it says, `.label` the digit that L is asked
    for, `.loss` that L, `.gradient` (28, 28) = ∂L/∂X.
    """

    alt = (
        "A handwritten digit, the network's answer for each of the ten digits as bars, and the gradient of "
        "the loss by every pixel of the drawing"
    )

    def __init__(self, network, dataset, *, note=None, key=None):
        self._network, self._dataset = network, dataset
        self._check()
        self._like = as_bundled if dataset.name == "digits" else as_mnist
        self._labels = np.asarray(dataset.y_test)
        self._digit, self._which, self._source, self._putting = None, 0, "", False
        self.image = None
        self._ask()
        super().__init__(key=key)
        self.figures = (Still((700, 270), self._paint),)
        self.pad = Pad(layout={"max_width": "100%"})
        self.pad.observe(lambda _: self.post(self._received), names="drawing")
        self.controls = {
            "sample": choice("Sample digit", [("choose", -1), *((str(d), d) for d in range(10))], -1),
            "label": choice("L and ∂L/∂X for", [("what it says", -1), *((str(d), d) for d in range(10))], -1),
            "overlay": toggle("Show ∂L/∂X", True, help="Colour every pixel by the gradient of the loss"),
        }
        self.buttons = {
            "Clear": self.connect(push_button("Clear", help="An empty pad"), self._clear),
            "Another sample": self.connect(push_button("Another sample"), self._another),
        }
        self.controls["sample"].observe(lambda _: self.post(self._chosen), names="value")
        for name in ("label", "overlay"):
            self.controls[name].observe(lambda _: self.post(self._show), names="value")
        if note is None:
            note = (
                "Draw with mouse, pen or finger, or choose a sample digit. Then add a stroke where ∂L/∂X "
                "says − and the network grows surer; where it says +, it starts to doubt."
            )
        self.assemble(
            [self.buttons["Clear"], self.controls["sample"], self.buttons["Another sample"]],
            [self.controls["label"], self.controls["overlay"]],
            self.pad,
            note=note,
        )
        self._show()

    # What a cell calls

    def draw(self, pixels):
        """Put a drawing on the pad: ink (h, w), uint8 from 0 to 255 or floats from 0 to 1."""
        image = self._like(pixels)  # checks them
        ink = np.asarray(pixels, np.float32) / (255 if np.asarray(pixels).dtype == np.uint8 else 1)
        self.post(self._put, image if image.any() else None, ink, "your drawing")
        return self

    def sample(self, digit, which=0):
        """Put the test image number `which` of this digit on the pad."""
        digit = checks.whole_number("DrawDigit", "digit", digit, 0, 9)
        which = checks.whole_number("DrawDigit", "which", which, 0)
        self.post(self._sample, digit, which)
        return self

    def clear(self):
        """An empty pad."""
        self.post(self._clear)
        return self

    def refresh(self):
        """Ask the network again, which has perhaps learnt since."""
        self.post(self._show)
        return self

    # On the panel's own thread

    def _received(self):
        """A drawing came from the browser, or from `_put`."""
        if self._putting:
            return
        ink = np.frombuffer(self.pad.drawing, np.uint8)
        if ink.size != PAD * PAD:
            raise ValueError(f"DrawDigit: a drawing has {PAD}×{PAD} pixels, got {ink.size} bytes")
        image = self._like(ink.reshape(PAD, PAD))
        self.image, self._source = (image, "your drawing") if image.any() else (None, "")
        self.controls["sample"].value = -1  # so that the same sample can be chosen again
        self._show()

    def _put(self, image, ink, source):
        self.image, self._source = image, source
        self._putting = True
        try:
            self.pad.drawing = (255 * _resized(ink, PAD, PAD).clip(0, 1)).astype(np.uint8).tobytes()
        finally:
            self._putting = False
        self._show()

    def _sample(self, digit, which):
        rows = np.flatnonzero(self._labels == digit)
        if len(rows) == 0:
            raise ValueError(f"DrawDigit: {self._dataset.name} has no {digit} among its test images")
        self._digit, self._which = digit, which % len(rows)
        row = int(rows[self._which])
        image = np.asarray(self._dataset.X_test[row : row + 1], np.float32).reshape(SIDE, SIDE)
        self._put(image, image, f"a {digit}, test image {row}")

    def _chosen(self):
        if self.controls["sample"].value >= 0:
            self._sample(self.controls["sample"].value, 0)

    def _another(self):
        if self._digit is None:
            self.controls["sample"].value = 0
        else:
            self._sample(self._digit, self._which + 1)

    def _clear(self):
        self.controls["sample"].value = -1
        self._put(None, np.zeros((PAD, PAD), np.float32), "")

    def _show(self):
        self.recover()
        self._ask()
        if self.image is None:
            self.pad.seen = {"image": b"", "gradient": b""}
            self.pad.bars = {"values": [0] * 10, "texts": [""] * 10, "best": -1, "title": said(self._title())}
            self.say("The pad is empty: draw a digit, or choose a sample")
            return
        gradient = b""
        if self.controls["overlay"].value:
            gradient = np.round(127 * self._scaled_gradient()).astype(np.int8).tobytes()
        self.pad.seen = {"image": np.round(255 * self.image).astype(np.uint8).tobytes(), "gradient": gradient}
        self.pad.bars = {
            "values": [float(v) for v in np.nan_to_num(self.probabilities).clip(0, 1)],
            "texts": [f"{v:.3f}".replace("-", "−") for v in self.probabilities],
            "best": self.prediction,
            "title": said(self._title()),
        }
        self.say(self._sentence())

    def _ask(self):
        self.probabilities = self.prediction = self.label = self.loss = self.gradient = None
        if self.image is None:
            return
        network, function = self._network, self._network.loss_function
        X = self.image.reshape(1, SIDE * SIDE)
        Z, caches = network.forward(X)
        self.probabilities = np.asarray(function.predict(Z))[0]
        self.prediction = int(np.argmax(self.probabilities))
        chosen = self.controls["label"].value
        self.label = self.prediction if chosen < 0 else chosen
        softmax = isinstance(function, SoftmaxCrossEntropy)
        Y = np.array([self.label]) if softmax else np.eye(10)[[self.label]]
        self.loss, cache = function.forward(Z, Y)
        dX, _ = network.backward(function.backward(cache), caches)
        self.gradient = dX.reshape(SIDE, SIDE)

    def _scaled_gradient(self):
        """∂L/∂X divided by its largest size: −1 … 1, zeros where it vanishes."""
        top = np.max(np.abs(self.gradient))
        return self.gradient / top if 0 < top < np.inf else np.zeros_like(self.gradient)

    def _title(self):
        return "outputs" if type(self._network.loss_function).__name__ == "SquaredError" else "probabilities"

    def _sentence(self):
        second = int(np.argsort(self.probabilities)[-2])
        told = f"It says {self.prediction} ({self.probabilities[self.prediction]:.3f})"
        told += f", then {second} ({self.probabilities[second]:.3f}); {self._source}. "
        return (
            told
            + f"L for {self.label} is {self.loss:.4g}, the largest |∂L/∂x| {np.abs(self.gradient).max():.2g}"
        )

    def _check(self):
        dataset = self._dataset
        for name in ("name", "X_test", "y_test"):
            if not hasattr(dataset, name):
                raise TypeError(
                    f"DrawDigit: dataset must be a Dataset of digits, got {type(dataset).__name__}"
                )
        if dataset.X_test.shape[1:] != (SIDE * SIDE,) or np.ndim(dataset.y_test) != 1:
            raise ValueError(
                f"DrawDigit: dataset must hold 28×28 digits with integer labels, got {dataset!r}"
            )
        outputs = self._network.predict(np.zeros((1, SIDE * SIDE), np.float32))
        if outputs.shape != (1, 10):
            raise ValueError(
                f"DrawDigit: the network must have 10 outputs, one a digit, got {outputs.shape[1]}"
            )

    # The still picture

    def _paint(self, ax):
        # An empty pad tells nothing where no kernel runs: there, a sample stands on it.
        if self.image is not None:
            return self._paint_state(ax)
        row = int(np.flatnonzero(self._labels == self._labels[0])[0])
        self.image = np.asarray(self._dataset.X_test[row : row + 1], np.float32).reshape(SIDE, SIDE)
        try:
            self._ask()
            self._paint_state(ax)
        finally:
            self.image = None
            self._ask()

    def _paint_state(self, ax):
        figure = ax.figure
        left, middle = figure.add_axes((0.02, 0.06, 0.29, 0.8)), figure.add_axes((0.34, 0.06, 0.29, 0.8))
        plots.image_grid(left, self.image[None])
        left.set_title("what the network gets", fontsize=10)
        plots.image_grid(middle, self._scaled_gradient()[None], signed=True, limit=1.0)
        middle.contour(self.image, [0.4], colors=plots.BLACK, linewidths=1)
        middle.set_title(f"∂L/∂X for {self.label}: + blue, − orange", fontsize=10)
        for y, x in np.argwhere(np.abs(self._scaled_gradient()) > 0.45):
            sign = "+" if self.gradient[y, x] > 0 else "−"
            middle.text(x, y, sign, ha="center", va="center", fontsize=6, color=plots.PAPER)
        bars = figure.add_axes((0.7, 0.06, 0.2, 0.8))
        colors = [plots.BLUE if d == self.prediction else plots.SKY for d in range(10)]
        bars.barh(range(10), self.probabilities.clip(0, 1), color=colors)
        for d, p in enumerate(self.probabilities):
            bars.text(max(min(p, 1), 0) + 0.03, d, f"{p:.3f}", va="center", fontsize=8)
        bars.set(xlim=(0, 1), ylim=(9.6, -0.6), yticks=range(10), xticks=[], title=self._title())
        bars.title.set_fontsize(10)
        bars.spines[["top", "right", "bottom"]].set_visible(False)
