"""The contracts of layers and losses: what each part promises, and what one of your own has to write.

Rows are examples: X is (N, d); dQ is always ∂L/∂Q, with the shape of Q. Every part has *doors*, the methods
that everybody calls, which check what comes in, and behind them *formulas*, which check nothing: `forward` of
a layer is the door of its `value`, `backward` of its `gradient`, `forward` of a loss of its `value`, and
`step` of an optimizer of its `move`. A network checks where data enters it, and between its layers calls
formulas; `train` checks all rows and targets when it is called, goes by the doors where a batch has another
shape than the one before, and else calls formulas alone. Nobody goes around a door of one's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from . import checks

__all__ = [
    "Array", "ArrayLike", "Cache", "DTypeLike", "Grads", "Layer", "Loss", "Part", "Rng", "Trained", "behind",
    "has_own",
]  # fmt: skip

Array: TypeAlias = np.ndarray  # shapes stand in the sentences
Cache: TypeAlias = Any  # what a part remembers from forward for backward: each has its own
Grads: TypeAlias = dict[str, np.ndarray]  # name → ∂L/∂p, with the keys and shapes of `params`
Rng: TypeAlias = np.random.Generator | None


class Part:
    """What layers and losses share: `config`, the arguments that make it again from a file, and a name."""

    classes: ClassVar[
        dict[str, type]
    ] = {}  # name → the class of that name that was defined last, for `Network.load`

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        Part.classes[cls.__name__] = cls

    def __repr__(self):
        return f"{type(self).__name__}()"


class Layer(Part):
    """A map from X (N, n_in) to Y (N, n_out), with the way back from ∂L/∂Y to ∂L/∂X.

    params  name → array, what is trained; optimizers change these arrays in place
    state   name → array, running statistics, kept in files like `params` ({} for most layers)
    config  name → argument of the constructor, numbers, texts and lists, for `Network.save`
    n_in, n_out   widths where the layer fixes them, else None

    A layer is pure: `forward` leaves it and X as they were, and returns what `backward` will need, as a
    *cache*; `backward` changes neither dY nor the cache. So a prediction between the two does no harm.

    A layer of your own writes `value` and `gradient`, and gets the doors from here; or it writes `forward`
    and `backward` themselves, and checks what it likes. An object with `forward`, `backward` and `params`
    that does not inherit from here will do too. `update_state` and `pieces` are for those that need them.
    """

    n_in: int | None = None
    n_out: int | None = None
    params: dict[str, Array]
    state: dict[str, Array]
    config: dict[str, Any]

    def __init__(self) -> None:
        self.params, self.state, self.config = {}, {}, {}

    def forward(self, X: Array, *, training: bool = False, rng: Rng = None) -> tuple[Array, Cache]:
        """Return (Y, cache). `training` says whether dropout drops; what is random is drawn from `rng`."""
        X = checks.floats(self, "X", X)
        if self.n_in:
            checks.rows(self, X, self.n_in)
        with np.errstate(over="ignore"):  # e⁻ᶻ of a sigmoid may become ∞: 1/∞ = 0 is right
            return self.value(X, training=training, rng=rng)

    def backward(self, dY: Array, cache: Cache, *, input_gradient: bool = True) -> tuple[Array | None, Grads]:
        """Return (dX, grads), with the keys and shapes of `params`; dX is None without `input_gradient`."""
        expected = self.output_shape(cache)
        if expected is not None and getattr(dY, "shape", None) != expected:
            checks.shape(self, "dY", dY, expected, "the output")
        return self.gradient(dY, cache, input_gradient=input_gradient)

    def value(self, X: Array, *, training: bool, rng: Rng) -> tuple[Array, Cache]:
        """The formula of `forward`: X is floating point, and (N, n_in) where n_in is given."""
        raise NotImplementedError(f"{self}: a layer must define value or forward")

    def gradient(self, dY: Array, cache: Cache, *, input_gradient: bool) -> tuple[Array | None, Grads]:
        """The formula of `backward`: dY has the shape of the output."""
        raise NotImplementedError(f"{self}: a layer must define gradient or backward")

    def output_shape(self, cache: Cache) -> tuple[int, ...] | None:
        """The shape of the Y of this cache, which the door of `backward` asks of dY; None if any will do."""
        return None

    def update_state(self, cache: Cache) -> None:
        """Move `state` towards the statistics of a training batch, which `forward` has put into its cache."""

    def pieces(self, cache: Cache) -> Array | None:
        """Which linear piece each unit is on, an array, or None: a gradient check must not cross a kink."""
        return None


class Loss(Part):
    """How wrong the outputs Z (N, k) are, as one number L; it alone divides by the number of rows N.

    A loss of your own writes `value`, `backward` and `prediction`, and `targets` where Y must be other than
    numbers in the shape of Z; or `forward`, `backward` and `predict` themselves. It is pure, as layers are.
    """

    def forward(self, Z: Array, Y: ArrayLike) -> tuple[float, Cache]:
        """Return (L, cache); the cache begins with `predict(Z)`."""
        Z = checks.outputs(self, Z)
        return self.value(Z, self.targets(Y, Z))

    def backward(self, cache: Cache) -> Array:
        """Return dZ = ∂L/∂Z, in the shape of Z. It has no door: the cache is the loss's own."""
        raise NotImplementedError(f"{self}: a loss must define backward")

    def predict(self, Z: Array) -> Array:
        """What the outputs say, (N, k): probabilities for the cross-entropies, which take logits Z."""
        return self.prediction(checks.outputs(self, Z))

    def targets(self, Y: ArrayLike, Z: Array) -> Array:
        """Y as `value` takes it, in Z's dtype; here of the shape of Z. Raises ValueError or TypeError."""
        return checks.targets(self, Y, Z)

    def value(self, Z: Array, Y: Array) -> tuple[float, Cache]:
        """The formula of `forward`: Z (N, k) is floating point, N ≥ 1, and Y has been through `targets`."""
        raise NotImplementedError(f"{self}: a loss must define value or forward")

    def prediction(self, Z: Array) -> Array:
        """The formula of `predict`."""
        raise NotImplementedError(f"{self}: a loss must define prediction or predict")


# (base, door) → the door as it was written, and the formula behind it; `training` adds the optimizers'
DOORS: dict[tuple[type, str], tuple[Callable, str]] = {
    (Layer, "forward"): (Layer.forward, "value"),
    (Layer, "backward"): (Layer.backward, "gradient"),
    (Loss, "forward"): (Loss.forward, "value"),
}


class Trained(Protocol):
    """What optimizers ask of a network: its layers, whose `params` they change."""

    layers: list[Layer]


def has_own(part: Any, door: str, original: Callable) -> bool:
    """Whether a part has a door other than the `original`, by its class or on the object itself."""
    return getattr(type(part), door, None) is not original or door in vars(part)


def behind(parts: Sequence, base: type, door: str, *, enter: int | None = None) -> list[Callable]:
    """The formula behind `door` of each part, or `door` itself of all, where one is not that of `base`.

    A class or an object with a door of its own means it, and nobody goes around it; and since it may hand on
    anything, the parts beside it check what they get. Data from outside comes in at the door of part `enter`.
    """
    original, formula = DOORS[base, door]
    if any(has_own(part, door, original) for part in parts):
        return [getattr(part, door) for part in parts]
    formulas = [getattr(part, formula) for part in parts]
    if enter is not None:
        formulas[enter] = getattr(parts[enter], door)
    return formulas
