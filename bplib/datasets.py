"""Data to learn from: small sets drawn on the spot, and handwritten digits.

Every function returns a frozen `Dataset`. Rows are examples. Two-class sets have Y of shape (N, 1) with
0.0 and 1.0, as the losses want it; digits have integer labels of shape (N,).

`digits()` needs no network. `mnist()` downloads 11.6 MB once, checks every file against its SHA-256 hash
and keeps it; `handwritten_digits()` gives MNIST where it can be had and the bundled digits elsewhere.

MNIST's images are read from an unpacked copy (55 MB) that is mapped into memory: all kernels of a machine
share it. It is made beside the files, or in the user's cache folder where theirs is closed to writing.

Environment: `BPLIB_DATA_DIR` names the folder of the four MNIST files, gzipped or unpacked (default: the
user's cache folder); `BPLIB_OFFLINE=1` forbids asking the network (empty, 0, false, no and off allow it).
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import shutil
import signal
import stat
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import checks, files

if TYPE_CHECKING:
    import mmap

# SHA-256 and length in bytes of the files as they were first published.
MNIST_FILES = {
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        9912422,
    ),
    "train-labels-idx1-ubyte.gz": ("3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28881),
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        1648877,
    ),
    "t10k-labels-idx1-ubyte.gz": ("f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4542),
}
# The same for the files unpacked, as `train-images-idx3-ubyte` or `train-images.idx3-ubyte`.
MNIST_UNPACKED = {
    "train-images-idx3-ubyte.gz": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        47040016,
    ),
    "train-labels-idx1-ubyte.gz": ("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", 60008),
    "t10k-images-idx3-ubyte.gz": (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        7840016,
    ),
    "t10k-labels-idx1-ubyte.gz": ("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", 10008),
}
# Tried in turn. The site that first published MNIST answers 403 to programs.
MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
DEADLINE = 180.0  # seconds for the whole download: all files, all mirrors
CONNECT_TIMEOUT = 10.0  # seconds to open one connection
READ_TIMEOUT = 15.0  # seconds of silence from one server

IMAGES_MAGIC, LABELS_MAGIC = 2051, 2049
PART = "mnist_part.npz"
SIDE = 28  # pixels, height and width of an image

# Post A's three targets, one a column: y = X w + noise.
TARGET_WEIGHTS = np.array(
    [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.3, 2.3, 4.2, 2.0, 3.3, 2.1], [4.2, 1.9, 2.2, 2.3, 1.2, 0.8]]
).T
TARGET_WEIGHTS.flags.writeable = False


class DatasetUnavailable(OSError):
    """A data set could not be had: the message says why and what you can do, `reason` why, in short."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Images:
    """Images (N, d) kept as uint8 and scaled to float32 in [0, 1] whenever rows are drawn.

    `images[rows]` indexes like a NumPy array and is a new float32 array, pixel · (1/255). The same
    multiplication serves training, prediction and `np.asarray(images)`, so all see the same numbers.
    `images.pixels` is the read-only uint8 array: a quarter of the memory of float32.
    """

    __slots__ = ("pixels",)
    _SCALE = np.float32(1 / 255)
    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, pixels: np.ndarray) -> None:
        if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.ndim != 2:
            got = (
                f"{pixels.dtype} {pixels.shape}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
            )
            raise TypeError(f"Images: pixels must be a uint8 array of shape (N, d), got {got}")
        self.pixels = pixels.view()
        self.pixels.flags.writeable = False

    @property
    def shape(self) -> tuple[int, int]:
        """(N, 784): of the array that indexing gives."""
        return self.pixels.shape

    @property
    def size(self) -> int:
        """How many pixels there are in all images together."""
        return self.pixels.size

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, rows) -> np.ndarray:
        # take + astype + *= is the fastest of nine ways measured: 50 µs for 256 of 60 000 rows.
        if isinstance(rows, np.ndarray) and rows.dtype.kind == "i":
            drawn = self.pixels.take(rows, axis=0)
        else:
            drawn = self.pixels[rows]
        drawn = drawn.astype(np.float32)
        drawn *= self._SCALE
        return drawn

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        if copy is False:
            raise ValueError("Images: scaling makes a new array, so copy=False is impossible")
        return np.asarray(self[:], dtype)

    def __repr__(self) -> str:
        return f"Images({self.shape[0]} × {self.shape[1]} pixels, kept as uint8, drawn as float32 in [0, 1])"


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Training and test part of one data set; arrays are read-only (copy one to change it).

    X_*: (N, d), float64 or `Images`. y_*: (N, 1) floats 0.0/1.0 with two classes, (N,) integer labels or
    (N, n_classes) one-hot rows with more, (N, k) floats for regression, where n_classes is None.
    `note`: one sentence, what this is; for `handwritten_digits` also why.
    """

    name: str
    X_train: np.ndarray | Images
    y_train: np.ndarray
    X_test: np.ndarray | Images
    y_test: np.ndarray
    n_classes: int | None
    note: str

    def __post_init__(self):
        for array in (self.X_train, self.y_train, self.X_test, self.y_test):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False

    def __repr__(self) -> str:
        kind = "regression" if self.n_classes is None else f"{self.n_classes} classes"
        shapes = ", ".join(
            f"{name} {getattr(self, name).shape}" for name in ("X_train", "y_train", "X_test", "y_test")
        )
        return f"Dataset({self.name!r}: {shapes}, {kind})"


# ---- sets drawn on the spot ------------------------------------------------------------------------------


def xor(
    n_train: int = 4, n_test: int = 4, *, noise: float = 0.0, rng: np.random.Generator | None = None
) -> Dataset:
    """The four corners of the unit square; y = 1 where exactly one coordinate is 1.

    By default the table itself: X (4, 2) in the order 00, 01, 10, 11 and y (4, 1), the same in both parts.
    With more rows the corners repeat in turn; `noise` is the standard deviation of a Gaussian added to X
    (needs `rng`). Our own construction, no licence.
    """
    _check_draw("xor", n_train, n_test, noise)
    if noise > 0 or rng is not None:
        checks.generator("xor", rng)

    def draw(n):
        corner = np.arange(n) % 4
        X = np.stack([corner // 2, corner % 2], axis=1).astype(np.float64)
        y = (X[:, :1] != X[:, 1:]).astype(np.float64)
        return (X + rng.normal(0.0, noise, X.shape) if noise > 0 else X), y

    note = "XOR: y is 1 where exactly one of the two inputs is 1."
    (X_train, y_train), (X_test, y_test) = draw(n_train), draw(n_test)
    return Dataset("xor", X_train, y_train, X_test, y_test, 2, note)


def circles(
    n_train: int = 200, n_test: int = 100, *, noise: float = 0.1, rng: np.random.Generator
) -> Dataset:
    """Two rings around the origin: radius 1 (y = 0) and radius 0.5 (y = 1).

    X (N, 2), y (N, 1), classes in turn. `noise`: standard deviation of a Gaussian added to X. Our own
    construction, no licence.
    """

    def draw(y, rng):
        radius = np.where(y == 1, 0.5, 1.0)
        angle = rng.uniform(0, 2 * np.pi, len(y))
        return radius * np.cos(angle), radius * np.sin(angle)

    note = "Circles: y is 1 on the inner ring (radius 0.5), 0 on the outer one (radius 1)."
    return _two_classes("circles", draw, n_train, n_test, noise, rng, note)


def spiral(
    n_train: int = 200, n_test: int = 100, *, noise: float = 0.03, rng: np.random.Generator
) -> Dataset:
    """Two arms that wind one and a half times around the origin, out to radius 1; the second is y = 1.

    X (N, 2), y (N, 1), classes in turn. `noise`: standard deviation of a Gaussian added to X. Our own
    construction, no licence.
    """

    def draw(y, rng):
        # The root spreads the points evenly along the arm, which grows longer as it winds out.
        radius = 0.1 + 0.9 * np.sqrt(rng.uniform(0, 1, len(y)))
        angle = 3 * np.pi * radius + np.pi * y
        return radius * np.cos(angle), radius * np.sin(angle)

    note = "Spiral: two arms around the origin, y tells which arm."
    return _two_classes("spiral", draw, n_train, n_test, noise, rng, note)


def blobs(n_train: int = 200, n_test: int = 100, *, noise: float = 0.4, rng: np.random.Generator) -> Dataset:
    """Two round clouds around (−1, −1) (y = 0) and (1, 1) (y = 1).

    X (N, 2), y (N, 1), classes in turn. `noise`: standard deviation of each cloud. Our own construction,
    no licence.
    """

    def draw(y, rng):
        return 2 * y - 1, 2 * y - 1

    note = "Blobs: two Gaussian clouds around (−1, −1) and (1, 1), y tells which."
    return _two_classes("blobs", draw, n_train, n_test, noise, rng, note)


def linear_targets(
    n_train: int = 8000,
    n_test: int = 2000,
    *,
    targets: Sequence[int] = (0, 1, 2),
    bias: float = 0.0,
    noise: float = 1.0,
    rng: np.random.Generator,
) -> Dataset:
    """Post A's regression: y = X w + bias + noise, with X (N, 6) from N(0, sd 5).

    `targets` selects columns of `TARGET_WEIGHTS` (6, 3), so y is (N, len(targets)); one seed gives the same
    numbers for a target whichever others are selected. `noise`: standard deviation of y's Gaussian.
    The post's unused single-target generator is `linear_targets(targets=(0,), bias=1.0, rng=rng)`.
    Nothing is scaled here. Our own code after the post's description, no licence.
    """
    columns = _check_targets("linear_targets", targets)
    bias = checks.number("linear_targets", "bias", bias, -np.inf)
    X, Y = _linear("linear_targets", n_train, n_test, noise, rng)
    Y = Y[:, columns] + bias
    note = f"Linear targets: {len(columns)} noisy linear function(s) of 6 inputs (regression)."
    return Dataset(
        "linear_targets",
        X[:n_train].copy(),
        Y[:n_train].copy(),
        X[n_train:].copy(),
        Y[n_train:].copy(),
        None,
        note,
    )


def linear_classes(
    n_train: int = 8000,
    n_test: int = 2000,
    *,
    n_classes: int = 4,
    target: int = 0,
    one_hot: bool = False,
    noise: float = 1.0,
    rng: np.random.Generator,
) -> Dataset:
    """Post A's unused classification set: one linear target's range cut into `n_classes` equal bins.

    X (N, 6) as in `linear_targets`; y (N,) integer labels 0 … n_classes − 1, or with `one_hot` (N, n_classes)
    rows of 0.0 and one 1.0 (labels, though the post calls them logits). The range is that of all rows, so
    the outer bins are rare: the classes are *not* balanced, and with many of them an outer one may be empty
    in one part. Our own code after the post's description, no licence.
    """
    n_classes = checks.whole_number("linear_classes", "n_classes", n_classes, 2)
    column = checks.whole_number("linear_classes", "target", target, 0, TARGET_WEIGHTS.shape[1] - 1)
    X, Y = _linear("linear_classes", n_train, n_test, noise, rng)
    value = Y[:, column]
    edges = np.linspace(value.min(), value.max(), n_classes + 1)
    # Only the inner edges are asked: the largest value belongs to the last bin.
    labels = np.searchsorted(edges[1:-1], value, side="right").astype(np.int64)
    y = np.eye(n_classes)[labels] if one_hot else labels
    note = f"Linear classes: the range of one linear target cut into {n_classes} equal bins."
    return Dataset(
        "linear_classes",
        X[:n_train].copy(),
        y[:n_train].copy(),
        X[n_train:].copy(),
        y[n_train:].copy(),
        n_classes,
        note,
    )


def _two_classes(name, draw, n_train, n_test, noise, rng, note) -> Dataset:
    """Both parts of a 2-D set; `draw(y, rng)` gives the two coordinates before the noise."""
    _check_draw(name, n_train, n_test, noise)
    checks.generator(name, rng)

    def part(n):
        # Classes alternate, so that every batch taken in order is balanced too.
        y = (np.arange(n) % 2).astype(np.float64)
        X = np.stack(draw(y, rng), axis=1)
        return X + rng.normal(0.0, noise, X.shape), y[:, None]

    (X_train, y_train), (X_test, y_test) = part(n_train), part(n_test)
    return Dataset(name, X_train, y_train, X_test, y_test, 2, note)


def _linear(name, n_train, n_test, noise, rng) -> tuple[np.ndarray, np.ndarray]:
    """X (N, 6) and all three targets (N, 3), training and test rows together."""
    _check_draw(name, n_train, n_test, noise)
    checks.generator(name, rng)
    X = rng.normal(0.0, 5.0, (n_train + n_test, len(TARGET_WEIGHTS)))
    Y = X @ TARGET_WEIGHTS
    return X, Y + rng.normal(0.0, noise, Y.shape)


def _check_draw(name, n_train, n_test, noise) -> None:
    """Two rows or more in each part, and a standard deviation."""
    checks.whole_number(name, "n_train", n_train, 2)
    checks.whole_number(name, "n_test", n_test, 2)
    checks.number(name, "noise", noise, 0)


def _check_targets(name, targets) -> list[int]:
    columns = list(targets) if isinstance(targets, (list, tuple)) else []
    columns = [checks.whole_number(name, "a target", c, 0, TARGET_WEIGHTS.shape[1] - 1) for c in columns]
    if not columns or len(set(columns)) < len(columns):
        raise ValueError(
            f"{name}: targets must be different numbers among 0, 1, 2, such as (0, 2), got {targets!r}"
        )
    return columns


# ---- handwritten digits ----------------------------------------------------------------------------------


def digits() -> Dataset:
    """The 1 797 digits that come with the course, enlarged to MNIST's size; needs no network.

    X: `Images` (N, 784); y (N,) integer labels. The 8×8 images are enlarged to 20×20 (bilinear, in whole
    numbers, so every machine gets the same pixels) and centred in 28×28, as MNIST's digits are. Every fifth
    image of each class is a test image; the 13 writers appear in both parts.

    Data: Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning
    Repository, CC BY 4.0.
    """
    images, labels = _bundled_digits()
    # Pixel i of 20 looks at (i + 1/2)·8/20 − 1/2 of 8, a multiple of 1/10: weights are tenths.
    weights = np.zeros((20, 8), np.int64)
    for i in range(20):
        tenths = max(4 * i - 3, 0)
        left = tenths // 10
        weights[i, left] = 10 - tenths % 10
        weights[i, min(left + 1, 7)] += tenths % 10
    large = weights @ images @ weights.T  # 0 … 1600, since the originals hold 0 … 16
    squares = np.zeros((len(images), SIDE, SIDE), np.uint8)
    squares[:, 4:24, 4:24] = (255 * large + 800) // 1600
    pixels = squares.reshape(len(squares), SIDE * SIDE)

    is_test = np.zeros(len(labels), bool)
    for label in range(10):
        is_test[np.flatnonzero(labels == label)[4::5]] = True
    y_train, y_test = labels[~is_test], labels[is_test]
    note = (
        f"The bundled 8×8 digits, enlarged to 28×28: {_count(len(y_train))} training and "
        f"{_count(len(y_test))} test images."
    )
    return Dataset("digits", Images(pixels[~is_test]), y_train, Images(pixels[is_test]), y_test, 10, note)


def _bundled_digits() -> tuple[np.ndarray, np.ndarray]:
    """The digits that lie beside this file: images (1797, 8, 8) with values 0 … 16, labels (1797,); int64."""
    with np.load(Path(__file__).with_name("digits.npz")) as file:
        return file["images"].astype(np.int64), file["labels"].astype(np.int64)


def mnist(*, deadline: float = DEADLINE, progress: bool = True) -> Dataset:
    """MNIST: 60 000 training and 10 000 test images of handwritten digits, from the cache or a mirror.

    X: `Images` (N, 784); y (N,) integer labels. Missing files are downloaded (11.6 MB together), checked
    against their SHA-256 and only then moved into the cache. `deadline`: seconds for the whole download, all
    mirrors together. Raises `DatasetUnavailable` with every mirror's fault and what you can do.

    Data: Yann LeCun, Corinna Cortes, Christopher J. C. Burges, CC BY-SA 3.0.
    """
    deadline = checks.number("mnist", "deadline (seconds)", deadline, 0, open_low=True)
    folder = _data_folder()
    contents: dict[str, bytes | mmap.mmap] = {}
    faults = {}
    for name in MNIST_FILES:
        try:
            contents[name] = _mapped(folder, name) or _shared(folder, name, _find(folder, name))
        except ValueError as fault:
            faults[name] = str(fault)
    if faults:
        arrived = _download(folder, faults, deadline, progress)
        contents |= {name: _shared(folder, name, _unpack(data, name)) for name, data in arrived.items()}
    X_train, y_train, X_test, y_test = (
        _parse_idx(contents[name], name, LABELS_MAGIC if "labels" in name else IMAGES_MAGIC)
        for name in MNIST_FILES
    )
    for part, X, y in (("training", X_train, y_train), ("test", X_test, y_test)):
        if len(X) != len(y):
            raise _broken(f"the {part} part has {len(X)} images but {len(y)} labels")
    note = f"MNIST: {_count(len(y_train))} training and {_count(len(y_test))} test images."
    return Dataset("mnist", Images(X_train), y_train, Images(X_test), y_test, 10, note)


def mnist_part(folder: str | os.PathLike = "data") -> Dataset:
    """The first 5 000 training and 1 000 test images of MNIST: what lessons in a browser come with.

    There 12 MB are too much; elsewhere there is no such file, and an OSError says so.
    """
    with np.load(Path(folder) / PART) as file:
        X_train, y_train, X_test, y_test = (file[name] for name in ("X_train", "y_train", "X_test", "y_test"))
    note = f"A part of MNIST: {_count(len(y_train))} training and {_count(len(y_test))} test images."
    y_train, y_test = y_train.astype(np.int64), y_test.astype(np.int64)
    return Dataset("mnist_part", Images(X_train), y_train, Images(X_test), y_test, 10, note)


def write_mnist_part(folder: str | os.PathLike, n_train: int = 5000, n_test: int = 1000) -> None:
    """Write the file that `mnist_part` reads; MNIST must be at hand."""
    data = mnist(progress=False)
    pixels = [X.pixels for X in (data.X_train, data.X_test) if isinstance(X, Images)]
    np.savez_compressed(
        Path(folder) / PART,
        X_train=pixels[0][:n_train],
        y_train=data.y_train[:n_train].astype(np.uint8),
        X_test=pixels[1][:n_test],
        y_test=data.y_test[:n_test].astype(np.uint8),
    )


def handwritten_digits(*, deadline: float = DEADLINE, progress: bool = True) -> Dataset:
    """MNIST where it can be had, else the bundled digits; `note` and one printed line say which and why.

    In a browser it is a part of MNIST. Shapes, licences and `deadline` as in `mnist` and `digits`; all have
    784 pixels and 10 classes.
    """
    if sys.platform == "emscripten":  # it has no sockets
        with contextlib.suppress(OSError):
            data = mnist_part()
            print(data.note)
            return data
    try:
        data = mnist(deadline=deadline, progress=progress)
    except DatasetUnavailable as error:
        data = digits()
        note = f"{data.note[:-1]}, because MNIST is not available: {error.reason}."
        data = Dataset(data.name, data.X_train, data.y_train, data.X_test, data.y_test, data.n_classes, note)
    print(data.note)
    return data


def _count(n: int) -> str:
    return f"{n:,}".replace(",", " ")


def _broken(fault: str) -> DatasetUnavailable:
    return DatasetUnavailable(f"MNIST is not usable: {fault}.", fault)


def _unpack(compressed: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(compressed)
    except (OSError, EOFError, zlib.error) as error:
        raise _broken(f"{name} is not a whole gzip file ({error})") from error


def _parse_idx(data: bytes | mmap.mmap, name: str, magic: int) -> np.ndarray:
    """Pixels (N, 784) uint8 or labels (N,) int64 of an IDX file, every field of the header checked."""
    header = 16 if magic == IMAGES_MAGIC else 8
    if len(data) < header:
        raise _broken(f"{name} ends inside its header, after {len(data)} of {header} bytes")
    found, n, *sides = (int.from_bytes(data[i : i + 4], "big") for i in range(0, header, 4))
    if found != magic:
        raise _broken(f"{name} starts with the magic number {found}, expected {magic}")
    if any(side != SIDE for side in sides):
        raise _broken(f"{name} holds images of {sides[0]}×{sides[1]} pixels, expected {SIDE}×{SIDE}")
    if n == 0:
        raise _broken(f"{name} is empty: its header announces 0 items")
    expected = header + n * (SIDE * SIDE if sides else 1)
    if len(data) != expected:
        raise _broken(
            f"{name} has {len(data)} bytes unpacked, but its header announces {n} items: {expected} bytes"
        )
    values = np.frombuffer(data, np.uint8, offset=header)
    if sides:
        return values.reshape(n, SIDE * SIDE)
    if values.max() > 9:
        raise _broken(f"{name} holds the label {values.max()}, expected 0 … 9")
    return values.astype(np.int64)


# ---- MNIST's download ------------------------------------------------------------------------------------

_ADVICE = (
    "What you can do: check the connection and try again (files that arrived are kept); or fetch the files "
    "with a browser and set BPLIB_DATA_DIR to their folder; or use digits(), which needs no network."
)


class _MirrorFault(Exception):
    """One mirror did not deliver one file; the next may."""


def _data_folder() -> Path:
    if os.environ.get("BPLIB_DATA_DIR"):
        return Path(os.environ["BPLIB_DATA_DIR"]).expanduser()
    return Path(_pooch().os_cache("bplib"))


def _pooch():
    # Loaded only here: everything else in this file must work where pooch or the network do not (Pyodide).
    try:
        import pooch
        import requests  # noqa: F401
    except ImportError as error:
        reason = f"the package {error.name} is missing"
        raise DatasetUnavailable(f"MNIST is not available: {reason}. {_ADVICE}", reason) from error
    return pooch


def _find(folder: Path, name: str) -> bytes:
    """The file's content, unpacked, from `name` or from one that was unpacked by hand.

    ValueError with a few words on `name` when it is missing, unreadable or another.
    """
    try:
        return _unpack(_read_verified(folder / name, *MNIST_FILES[name]), name)
    except ValueError as fault:
        plain = name.removesuffix(".gz")
        said = str(fault)
        for other in (plain, plain.replace("-idx", ".idx")):
            try:
                return _read_verified(folder / other, *MNIST_UNPACKED[name])
            except ValueError as another:
                if str(another) != MISSING:
                    said += f", and {other} {another}"
        raise ValueError(said) from None


MISSING = "is missing"
COPY = ".unpacked"  # ends the name of a copy that was made here, so that nobody's own file is replaced


def _mapped(folder: Path, name: str) -> mmap.mmap | None:
    """The images of an unpacked file as a read-only mapping, once its hash is right; None without one.

    A mapping is in memory once, however many processes read the file. Files are replaced here and never
    written into, so it stays what was hashed.
    """
    sha256, length = MNIST_UNPACKED[name]
    for path in _unpacked(folder, name):
        with contextlib.suppress(OSError, ValueError):
            if path.stat().st_size == length and path.is_file():
                import mmap

                with open(path, "rb") as file:
                    found = mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ)
                if hashlib.sha256(found).hexdigest() == sha256:
                    return found
    return None


def _unpacked(folder: Path, name: str) -> Iterator[Path]:
    """Where the images may be found unpacked: a copy made here, or a file unpacked by hand."""
    if "images" in name:  # labels are small
        plain = name.removesuffix(".gz")
        yield from (folder / (plain + COPY), folder / plain, folder / plain.replace("-idx", ".idx"))
        if os.path.isfile(folder / name):  # which raises nothing, where Path.is_file may
            yield _place(folder) / (plain + COPY)


def _place(folder: Path) -> Path:
    """Where unpacked copies are made: beside the files, else, where that is closed, in the user's cache."""
    with contextlib.suppress(OSError):
        closed = not folder.stat().st_mode & 0o222  # to root too, whom the system would let write
        if closed or not os.access(folder, os.W_OK):
            return Path(_pooch().os_cache("bplib"))
    return folder


def _shared(folder: Path, name: str, data: bytes) -> bytes | mmap.mmap:
    """The images as a mapping of a copy that is made now, or `data` itself where none can be made."""
    if "images" not in name:
        return data
    place = _place(folder)
    with contextlib.suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
        files.write(place / (name.removesuffix(".gz") + COPY), data)
    return _mapped(folder, name) or data  # on Windows perhaps another process's, who holds it open


def _read_verified(path: Path, sha256: str, length: int) -> bytes:
    """The file's bytes; ValueError with a few words when it is missing, unreadable or another."""
    try:
        if stat.S_ISREG(path.stat().st_mode):
            with open(path, "rb") as file:
                data = file.read(length + 1)  # and never all of something endless
        else:  # reading a pipe would wait for ever
            raise ValueError("cannot be read (it is not a regular file)")
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(MISSING) from None
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error
    # What was hashed is what is parsed: another process may replace the file in between.
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError("has a wrong SHA-256 hash")
    return data


def _download(folder: Path, faults: dict[str, str], deadline: float, progress: bool) -> dict[str, bytes]:
    """Fetch the files named in `faults` into `folder`; return their verified bytes.

    A file is downloaded into a folder of its own and put into the cache when its hash is right. No locks:
    when two processes download at once, both write the same bytes, and each rename is whole.
    """
    listed = "; ".join(f"{name} {fault}" for name, fault in faults.items())
    offline = os.environ.get("BPLIB_OFFLINE", "").strip().lower() not in ("", "0", "false", "no", "off")
    if offline or sys.platform == "emscripten":
        why = "BPLIB_OFFLINE forbids asking the network" if offline else "a browser's Python has no network"
        unset = "unset BPLIB_OFFLINE, or set" if offline else "set"
        raise DatasetUnavailable(
            f"MNIST is not available: {why}, and in {folder}: {listed}. What you can do: {unset} "
            "BPLIB_DATA_DIR to a folder that holds the files, or use digits(), which needs no network.",
            f"{why}, and the cache is not complete",
        )
    pooch = _pooch()
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # its thread watches bars that stand still, and a browser has no threads

    for name, fault in faults.items():
        if fault != MISSING:
            print(f"{name} in the cache {fault}: it is downloaded again.")

    until = time.monotonic() + deadline
    mirrors = [mirror.rstrip("/") + "/" for mirror in MNIST_MIRRORS]
    log, contents = pooch.get_logger(), {}
    level = log.level
    log.setLevel("ERROR")  # it would write local paths to stderr, and so into notebooks
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_remains(folder)
        with (
            _sigterm_tidies(),
            tempfile.TemporaryDirectory(
                prefix=".download-", dir=folder, ignore_cleanup_errors=True
            ) as partial,
            tqdm(
                total=sum(MNIST_FILES[name][1] for name in faults),
                desc="MNIST",
                unit="B",
                unit_scale=True,
                file=sys.stdout,
                disable=not progress,
            ) as bar,
        ):
            for name in faults:
                path, mirrors = _fetch(pooch, name, mirrors, partial, until, deadline, bar)
                contents[name] = path.read_bytes()
                place = folder / name
                if place.is_symlink() or not place.is_file():
                    place.unlink(missing_ok=True)  # a link is replaced here, and not what it leads to
                try:
                    files.write(place, contents[name])
                except PermissionError:
                    # Windows: another process has just put it there and holds it open.
                    if place.read_bytes() != contents[name]:
                        raise
    except DatasetUnavailable:
        raise
    except OSError as error:
        fault = error.strerror or str(error)
        raise DatasetUnavailable(
            f"MNIST is not available: {listed}, and the cache folder {folder} cannot be written ({fault}). "
            "What you can do: set BPLIB_DATA_DIR to a folder you may write to or that holds them all, or "
            "use digits(), which needs no network.",
            f"the cache folder is not complete and cannot be written ({fault})",
        ) from error
    finally:
        log.setLevel(level)
    return contents


class _Terminated(BaseException):
    """SIGTERM has come."""


def _raise_terminated(number, frame):
    raise _Terminated


@contextlib.contextmanager
def _sigterm_tidies():
    """SIGTERM ends the process after the unfinished files have gone; only where nobody else handles it."""
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    except _Terminated:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _remove_remains(folder: Path) -> None:
    """What a download left that was killed, or lost its power: older than any deadline in use."""
    for remains in folder.glob(".download-*"):
        with contextlib.suppress(OSError):
            if time.time() - remains.stat().st_mtime > 24 * 3600:
                shutil.rmtree(remains)


def _fetch(pooch, name, mirrors, partial, until, deadline, bar) -> tuple[Path, list[str]]:
    """One file from the first mirror that delivers it; that mirror comes first for the next file."""
    sha256, length = MNIST_FILES[name]
    done, faults = bar.n, {}
    for i, mirror in enumerate(mirrors):
        # A slow mirror may use up its share of what is left, not the next one's.
        now = time.monotonic()
        share = now + (until - now) / (len(mirrors) - i)
        bar.n = done  # what the last mirror sent does not count
        bar.refresh()

        def downloader(url, output_file, _pooch, share=share):
            _stream(url, output_file, length, share, bar)

        source = pooch.create(partial, mirror, registry={name: f"sha256:{sha256}"}, retry_if_failed=0)
        try:
            path = Path(source.fetch(name, downloader=downloader))
        except _MirrorFault as fault:
            faults[mirror] = str(fault)
        except ValueError:  # pooch's word for a wrong hash
            faults[mirror] = "the right length, but a wrong SHA-256 hash"
        else:
            return path, [mirror, *(other for other in mirrors if other != mirror)]
    tried = "".join(f"\n  {mirror}: {fault}" for mirror, fault in faults.items())
    hosts = "; ".join(f"{mirror.split('/')[2]}: {fault}" for mirror, fault in faults.items())
    raise DatasetUnavailable(
        f"MNIST is not available: no mirror delivered {name} "
        f"(deadline for the whole download: {deadline:g} s).{tried}\n{_ADVICE}",
        f"no mirror delivered {name} ({hosts})",
    )


def _stream(url: str, output_file: str, length: int, until: float, bar) -> None:
    """Write `url` to `output_file` before the clock reads `until`, or raise `_MirrorFault`.

    The timeouts of requests bound each wait, never their sum: looking up a name, a handshake or a header may
    trickle for ever. So a thread does the waiting, and nothing else: if it is late, it is left behind (it
    owns no file and does not keep the process alive).
    """
    import queue

    arrived: queue.SimpleQueue[bytes | Exception | None] = queue.SimpleQueue()
    stop = threading.Event()
    threading.Thread(target=_receive, args=(url, arrived, stop), daemon=True).start()
    received, head = 0, b""
    try:
        with open(output_file, "wb") as file:
            while True:
                left = until - time.monotonic()
                if left <= 0:
                    raise _MirrorFault(
                        f"too slow: {_count(received)} of {_count(length)} bytes when its time was up"
                    )
                try:
                    item = arrived.get(timeout=min(left, 0.5))  # short, so that Ctrl-C works on Windows
                except queue.Empty:
                    continue
                if item is None:
                    break
                if isinstance(item, Exception):
                    after = f" after {_count(received)} of {_count(length)} bytes" if received else ""
                    raise _MirrorFault(_cause(item, url) + after) from item
                head = (head + item[:30])[:30]
                if len(head) >= 2 and not head.startswith(b"\x1f\x8b"):
                    shown = head.decode("ascii", "replace")
                    raise _MirrorFault(f"sent something that is not gzip (it starts with {shown!r})")
                received += len(item)
                if received > length:
                    raise _MirrorFault(f"sent more than the {_count(length)} bytes of the file")
                file.write(item)
                bar.update(len(item))
        if received < length:
            raise _MirrorFault(f"sent only {_count(received)} of {_count(length)} bytes")
    finally:
        stop.set()


def _receive(url, arrived, stop) -> None:
    """In the thread: put the body's pieces, then None, or the exception, into the queue `arrived`."""
    import requests

    try:
        # "identity" and decode_content=False: the hash is that of the gzip file, so nobody may unpack it.
        headers = {"Accept-Encoding": "identity"}
        with requests.get(
            url, stream=True, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT), headers=headers
        ) as response:
            response.raise_for_status()
            for piece in response.raw.stream(1 << 14, decode_content=False):
                if stop.is_set():
                    return
                arrived.put(piece)
        arrived.put(None)
    except Exception as error:  # whatever it is, the waiting side must hear of it
        arrived.put(error)


def _cause(error: BaseException, url: str) -> str:
    """A few words for what went wrong: the HTTP status, or the innermost exception; and by which proxy."""
    import requests

    if isinstance(error, requests.TooManyRedirects):
        return f"redirects in a circle ({error})"
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status_code} {response.reason}".rstrip()
    proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
    # The proxy's own name, without the password that may stand before it.
    through = f" (through the proxy {proxy.rpartition('@')[2]})" if proxy else ""
    while inner := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        error = inner
    return f"{type(error).__name__}: {getattr(error, 'strerror', None) or error}{through}"
