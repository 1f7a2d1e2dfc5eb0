"""The door of the core: every check that turns bad input into a sentence, so that the core reads as formulas.

Each function takes who is asking (`Affine(784→128)`, `SGD`), and raises ValueError or TypeError saying what
was expected and what came.
"""

from __future__ import annotations

import functools
import inspect
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike


class Setting:
    """A number of an object that is checked whenever it is set, as `number` checks it."""

    def __init__(self, low: float, high: float = np.inf, *, open_low: bool = False) -> None:
        self.limits, self.open_low = (low, high), open_low

    def __set_name__(self, owner, name):
        self.name = name

    if TYPE_CHECKING:

        def __get__(self, thing: object, owner: type) -> float:
            """The number, which lies in the object itself."""

    def __set__(self, thing, value):  # without a __get__, reading finds the value in the object itself
        value = number(type(thing).__name__, self.name, value, *self.limits, open_low=self.open_low)
        vars(thing)[self.name] = value


class Owned:
    """An optimizer with a memory, which makes sense for one network alone."""

    memory: dict[tuple[int, str], list[np.ndarray]]
    _owner: weakref.ref | None = None  # a weak reference: an optimizer keeps no network alive

    def __getstate__(self):  # a copy, or a pickle, belongs to the next network it meets
        return {name: value for name, value in vars(self).items() if name != "_owner"}

    def belong_to(self, network: Any) -> None:
        """Belong to this network from now on; ValueError where it has the memory of another."""
        if self._owner is not None and self._owner() is network:
            return
        params = {
            (i, name): p.shape for i, layer in enumerate(network.layers) for name, p in layer.params.items()
        }
        kept = {key: arrays[0].shape for key, arrays in self.memory.items()}
        if self._owner is not None or (kept and kept != params):
            raise ValueError(
                f"{type(self).__name__}: it remembers the steps of another network: one optimizer serves one "
                "network, make a new one"
            )
        self._owner = weakref.ref(network)


def whole_number(who: object, name: str, n: Any, least: float = 1, most: float = np.inf) -> int:
    """n as an int, from `least` to `most`."""
    whole = isinstance(n, (int, np.integer)) and not isinstance(n, bool)
    if not whole or not least <= n <= most:
        limits = f"of at least {least}" if most == np.inf else f"from {least} to {most}"
        kind = ValueError if whole else TypeError
        raise kind(f"{who}: {name} must be a whole number {limits}, got {n!r}")
    return int(n)


def widths(who: object, sizes: Any) -> tuple[int, ...]:
    """The sizes of a network's layers, inputs first, as a tuple of two or more ints."""
    sizes = tuple(sizes)
    if len(sizes) < 2:
        raise ValueError(f"{who}: sizes must be two or more whole numbers, inputs first, got {sizes}")
    return tuple(whole_number(who, "a size", n) for n in sizes)


def number(
    who: object, name: str, x: Any, low: float, high: float = np.inf, *, open_low: bool = False
) -> float:
    """x as a float, finite: in [low, high), or in (low, high) with `open_low`; low = −∞ is no bound."""
    if isinstance(x, bool) or not isinstance(x, (int, float, np.integer, np.floating)):
        raise TypeError(f"{who}: {name} must be a number, got {x!r}")
    if not (low < x or (x == low and not open_low)) or not x < high or x == -np.inf:
        limits = [] if low == -np.inf else [f"above {low}" if open_low else f"at least {low}"]
        limits += [] if high == np.inf else [f"below {high}"]
        limits += ["finite"] if abs(x) == np.inf or x != x else []
        raise ValueError(f"{who}: {name} must be {' and '.join(limits)}, got {x!r}")
    return float(x)


def choice(who: object, name: str, value: Any, choices: dict[str, Any]) -> Any:
    """The one of `choices`, a dict, that is called `value`."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{who}: {name} must be one of {', '.join(choices)}, got {value!r}")
    return choices[value]


def generator(who: object, rng: Any) -> np.random.Generator:
    """rng, a NumPy Generator."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"{who}: rng must be a NumPy Generator, such as np.random.default_rng(0), got {rng!r}"
        )
    return rng


def floating(who: object, dtype: DTypeLike) -> np.dtype:
    """float32 or float64, as a dtype."""
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise TypeError(f"{who}: dtype must be float32 or float64, got {np.dtype(dtype)}")
    return np.dtype(dtype)


def real(who: object, name: str, Q: Any) -> np.ndarray:
    """Q as an array of real numbers: the one door for arrays, lists, data frames and their columns."""
    if type(Q) is not np.ndarray:
        Q = _array(who, name, Q)
    if Q.dtype.kind not in "fiub":
        hint = ": text, dates, or numbers and gaps mixed" if Q.dtype.kind == "O" else ""
        raise TypeError(f"{who}: {name} must hold real numbers, got dtype {Q.dtype}{hint}")
    return Q


def _array(who, name, Q):
    if isinstance(Q, np.ma.MaskedArray):
        raise TypeError(
            f"{who}: {name} must be a plain array, got a masked one, whose masked places would count as "
            "numbers: leave those rows out, or fill them in, Q.filled(0.0)"
        )
    if hasattr(Q, "toarray"):  # of SciPy: np.asarray would make one object of it
        raise TypeError(f"{who}: {name} must be a dense array, got {type(Q).__name__}: Q.toarray()")
    try:
        return np.asarray(Q)
    except Exception as error:  # rows of different lengths, or what another library objects to
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(f"{who}: {name} must be an array of numbers, got {type(Q).__name__} ({error})") from None


def floats(who: object, name: str, Q: Any) -> np.ndarray:
    """Q as an array of floating point (the minus of an unsigned integer would wrap)."""
    if type(Q) is np.ndarray and Q.dtype.kind == "f":
        return Q
    Q = real(who, name, Q)
    return Q if Q.dtype.kind == "f" else Q.astype(np.float64)


def rows_of(who: object, name: str, X: Any) -> Any:
    """X as rows are drawn from it: itself where X[rows] gives an array (images), else an array.

    A data frame answers X[rows] with columns: it becomes an array once, in the order of its columns.
    """
    if hasattr(X, "shape") and not isinstance(X, np.ndarray) and len(X.shape) > 1:
        try:
            drawn = X[np.array([len(X) - 1, 0])]
        except Exception:  # each kind of container has its own
            drawn = None
        if type(drawn) is np.ndarray and drawn.shape == (2, *X.shape[1:]):
            return X
    X = real(who, name, X)
    if X.ndim < 1 or len(X) == 0:
        raise ValueError(f"{who}: {name} must have at least one row, got {X.shape}")
    return X


def data(who: object, X: Any, Y: Any, names: tuple[str, str] = ("X", "Y")) -> tuple[Any, np.ndarray]:
    """X and Y with as many rows, finite everywhere: (X as `rows_of` gives it, Y as an array)."""
    X, Y = rows_of(who, names[0], X), finite(who, names[1], Y)
    if Y.ndim < 1 or len(Y) != len(X):
        raise ValueError(
            f"{who}: {' and '.join(names)} must have as many rows, got {tuple(X.shape)} and {Y.shape}"
        )
    for start in range(0, len(X), 4096):  # in parts, so that images need not all be floats at once
        finite(who, names[0], X[start : start + 4096])
    return X, Y


def finite(who: object, name: str, Q: Any) -> np.ndarray:
    """Q as an array of real numbers, after one pass over all of it, for the places where data comes in."""
    Q = real(who, name, Q)
    if Q.dtype.kind == "f" and not np.isfinite(Q).all():
        n = Q.size - np.count_nonzero(np.isfinite(Q))
        raise ValueError(f"{who}: {name} holds NaN or inf in {n} of {Q.size} places")
    return Q


def weights(who: object, W: Any, b: Any) -> dict[str, np.ndarray]:
    """Copies of W (n_in, n_out) and b (n_out,), unless None, of one floating-point type, by name."""
    W = real(who, "W", W)
    if W.ndim != 2 or 0 in W.shape:
        raise ValueError(f"{who}: W must be (n_in, n_out), got {W.shape}")
    if b is not None:
        shape(who, "b", real(who, "b", b), W.shape[1:], "a row of W")
    dtype = np.float32 if W.dtype == np.float32 else np.float64
    # Row by row, as gradients come: a step with W in one order and ∂L/∂W in the other takes twice as long.
    return {"W": np.array(W, dtype, order="C")} | ({} if b is None else {"b": np.array(b, dtype)})


def rows(who: object, X: Any, width: int) -> None:
    """X (N, width)."""
    if X.ndim != 2 or X.shape[1] != width:
        hint = ""
        if X.ndim > 2 and np.prod(X.shape[1:]) == width:
            hint = ": flatten the images first"
        elif X.shape == (width,):
            hint = ": one example is a batch of one, X[None, :]"
        raise ValueError(f"{who}: X must be (N, {width}), got {X.shape}{hint}")


def shape(who: object, name: str, Q: Any, expected: tuple[int, ...], meaning: str) -> None:
    """Q of exactly this shape; `meaning` says whose shape it is."""
    if np.shape(Q) != expected:
        raise ValueError(f"{who}: {name} must have the shape of {meaning}, {expected}, got {np.shape(Q)}")


def outputs(who: object, Z: np.ndarray) -> np.ndarray:
    """Z (N, k) with at least one row, as floating point."""
    Z = floats(who, "Z", Z)
    if Z.ndim != 2 or 0 in Z.shape:
        raise ValueError(f"{who}: Z must be (N, k) with at least one row, got {Z.shape}")
    return Z


def targets(who: object, Y: Any, Z: np.ndarray, hint: str = "") -> np.ndarray:
    """Y with the shape of Z, in Z's dtype. (N,) against (N, 1) would broadcast to N×N, so it raises."""
    Y = real(who, "Y", Y)
    if Y.shape != Z.shape:
        column = Y.shape == Z.shape[:1] and Z.shape[1] == 1
        hint = ": a column is meant, Y[:, None] (broadcasting would make an N×N loss)" if column else hint
        raise ValueError(f"{who}: Y must have the shape of the outputs, {Z.shape}, got {Y.shape}{hint}")
    return Y if Y.dtype == Z.dtype else Y.astype(Z.dtype)


def probabilities(who: object, Y: Any, Z: np.ndarray) -> np.ndarray:
    """Targets (N, k) in [0, 1]."""
    Y = targets(who, Y, Z)
    low, high = np.minimum.reduce(Y, axis=None), np.maximum.reduce(Y, axis=None)
    if not 0 <= low <= high <= 1:
        raise ValueError(f"{who}: Y must lie in [0, 1], got {low:g} to {high:g}")
    return Y


def labels_or_weights(who: object, Y: Any, Z: np.ndarray) -> np.ndarray:
    """Integer labels (N,) from 0 to k − 1, or rows of weights (N, k), none negative."""
    Y = real(who, "Y", Y)
    if Y.ndim == 1:
        return labels(who, "Y", Y, len(Z), Z.shape[1])
    column = Y.ndim == 2 and Y.shape[1] == 1 < Z.shape[1]
    Y = targets(who, Y, Z, ": labels are one number a row, Y[:, 0], as integers" if column else "")
    if not np.minimum.reduce(Y, axis=None) >= 0:
        raise ValueError(f"{who}: rows of weights must not be negative, got {Y.min():g}")
    return Y


def labels(who: object, name: str, Y: Any, N: int, k: int) -> np.ndarray:
    """N integers from 0 to k − 1."""
    if Y.dtype.kind not in "iu":
        raise TypeError(
            f"{who}: labels must be integers, got {Y.dtype}: {name}.astype(int), if that is meant"
        )
    if len(Y) != N:
        raise ValueError(f"{who}: {N} rows need {N} labels, got {len(Y)}")
    low, high = np.minimum.reduce(Y), np.maximum.reduce(Y)
    if not 0 <= low <= high < k:
        hint = f": they seem to count from 1, {name} - 1" if low >= 1 and high == k else ""
        raise ValueError(f"{who}: labels must be 0 to {k - 1}, got {low} to {high}{hint}")
    return Y


def gradients(who: object, network: Any, grads: Any) -> None:
    """A gradient for every parameter, of its shape."""
    if len(grads) != len(network.layers):
        raise ValueError(f"{who}: {len(network.layers)} layers need as many gradients, got {len(grads)}")
    for i, layer in enumerate(network.layers):
        for name, p in layer.params.items():
            g = grads[i].get(name)
            if g is None or g.shape != p.shape:
                came = "none" if g is None else g.shape
                raise ValueError(f"{who}: the gradient of {i}.{name} must be {p.shape}, got {came}")


def sizes(who: object, sizes: Any, output: str, loss: str) -> None:
    """At least inputs and outputs, and no sigmoid before a loss that takes logits."""
    if not hasattr(sizes, "__len__") or len(sizes) < 2:
        raise ValueError(f"{who}: sizes must name at least the inputs and the outputs, got {sizes!r}")
    if output == "sigmoid" and str(loss).endswith("cross_entropy"):
        raise ValueError(
            f"{who}: {loss} takes logits, so output must be 'identity', got 'sigmoid', which would act twice"
        )


def layers(who: object, layers: Any) -> None:
    """At least one layer, each with the interface of a layer, of widths that fit."""
    if not layers:
        raise ValueError(f"{who}: at least one layer is needed, got none")
    width = None
    for layer in layers:
        interface(who, "layer", layer, "forward", "backward", "params")
        keywords(who, layer, "forward", "training", "rng")
        keywords(who, layer, "backward", "input_gradient")
        for name, p in layer.params.items():
            if not isinstance(p, np.ndarray):
                raise TypeError(f"{who}: {name} of {layer!r} must be an array, got {type(p).__name__}")
        n_in, n_out = getattr(layer, "n_in", None), getattr(layer, "n_out", None)
        if None not in (width, n_in) and n_in != width:
            raise ValueError(f"{who}: {layer} expects {n_in} inputs, the layers before it give {width}")
        width = n_out or width


def interface(who: object, kind: str, part: Any, *names: str) -> None:
    """An object, not a class, that has all these names."""
    if isinstance(part, type) or not all(hasattr(part, name) for name in names):
        raise TypeError(f"{who}: the {kind} must be an object with {', '.join(names)}; got {part!r}")


@functools.lru_cache  # reading a signature takes longer than most layers do, and a class has many objects
def _takes(function, names):
    try:
        inspect.signature(function).bind_partial(**dict.fromkeys(names))
    except TypeError:
        return False
    return True


def keywords(who: object, part: Any, method: str, *names: str) -> None:
    """The method takes these names as keywords."""
    bound = getattr(part, method)
    shared = getattr(bound, "__func__", None)  # of the class; what is the object's own may have no hash
    if not (_takes(shared, names) if shared else _takes.__wrapped__(bound, names)):
        raise TypeError(
            f"{who}: {method} of {part!r} must take {' and '.join(names)} as keywords, got "
            f"{method}{inspect.signature(bound)}"
        )


def one_dtype(who: object, layers: Any) -> np.dtype:
    """The floating-point type that all parameters share."""
    dtypes = sorted({str(p.dtype) for layer in layers for p in layer.params.values()})
    if len(dtypes) > 1:
        raise TypeError(f"{who}: all parameters must have one dtype, got {' and '.join(dtypes)}")
    return floating(who, dtypes[0] if dtypes else np.float64)
