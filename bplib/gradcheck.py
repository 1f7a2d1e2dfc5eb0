"""Numerical gradients, compared honestly: a check that proves nothing raises instead of passing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from . import checks
from .network import Network
from .storage import astype


class VacuousCheckError(ValueError):
    """The comparison could not have failed, or was made where there is no derivative."""


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradients` found. True as a condition when every error is within the tolerance.

    ok         every error ≤ tolerance
    worst      the largest error
    errors     name of the array ("0.W", …, "X") → error
    vanishing  arrays whose gradient is zero both ways: nothing was compared there
    floor      gradients below it are judged against it: smaller differences drown in round-off (for an array
               that was moved by less than eps it is higher, by as much)
    """

    ok: bool
    worst: float
    errors: dict
    vanishing: tuple = ()
    floor: float = 0.0
    tolerance: float = field(default=1e-6, repr=False)

    def __bool__(self):
        return self.ok

    def __str__(self):
        rows = [
            f"{'ok ' if e <= self.tolerance else 'BAD'}  {name:8} {e:.1e}" for name, e in self.errors.items()
        ]
        rows += [
            f"     {name}: gradient zero both ways within round-off, nothing compared"
            for name in self.vanishing
        ]
        return "\n".join(rows)


def relative_error(a: np.ndarray, n: np.ndarray, floor: float = 1e-8) -> float:
    """‖a − n‖∞ / max(‖a‖∞, ‖n‖∞, floor) of two gradients of one shape; ∞ where they hold NaN."""
    a, n = np.asarray(a, float), np.asarray(n, float)
    checks.shape("relative_error", "a", a, n.shape, "n")
    difference, scale = _norm(a - n), max(_norm(a), _norm(n), floor)
    return float(difference / scale) if np.isfinite(difference) else float("inf")


def _norm(Q):
    return float(np.max(np.abs(Q), initial=0.0))


def numerical_gradient(f: Callable[[np.ndarray], float], X: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    """∂f/∂X by central differences, (f(X + h) − f(X − h))/(2h) with h = `eps` for each entry of X in turn.

    f takes an array like X and returns a number: 2 · X.size calls, each with a copy of its own, so that f may
    change it. X itself is not changed. The error falls as h² (truncation) and rises as 1/h (round-off).
    """
    X = np.array(checks.real("numerical_gradient", "X", X), dtype=np.float64)
    eps = checks.number("numerical_gradient", "eps", eps, 0, open_low=True)
    return _central_differences(X, eps, lambda h, far: (float(f(X.copy())), 0.0))[0]


def _central_differences(array, eps, f):
    """(above − below)/(2h) for each entry of `array` in turn, moved in place, and the smallest h.

    f(h, far) gives the value with an entry moved by h, and how far that moved anything; beyond `far` no value
    is needed: there eps was too long a step, and h is chosen so that the farthest moves by eps.
    """
    gradient, smallest = np.empty_like(array), eps
    for index in np.ndindex(array.shape):
        kept, h = array[index], eps
        if abs(kept) > 1e3:  # so large a number moves by other than eps: doubles there are far apart
            h = max(kept + h - kept, np.spacing(abs(kept)))
        array[index] = kept + h
        above, moved = f(h, FAR * eps)
        if moved > FAR * eps:
            h = max(kept + h * eps / moved - kept, np.spacing(abs(kept)))  # as the entry will really move
            array[index] = kept + h
            above, _ = f(h, np.inf)
        array[index] = kept - h
        below, _ = f(h, np.inf)
        array[index] = kept
        gradient[index] = (above - below) / (2 * h)
        smallest = min(h, smallest)
    return gradient, smallest


def _along(array, eps, f, directions, rng):
    """(above − below)/(2h) along random directions, all of `array` moved at once; and the smallest h.

    With them come the directions as they were gone: h v is rounded where it is added to large numbers. f and
    h are those of `_central_differences`.
    """
    kept, quotients, gone, smallest = array.copy(), [], [], eps
    for v in rng.normal(size=(directions, *array.shape)):
        h = eps
        array[...] = kept + h * v
        above, moved = f(h, eps)
        if moved > eps:  # many entries together move a unit far, and there may be a kink
            h *= eps / moved
            array[...] = kept + h * v
            above, _ = f(h, np.inf)
        beyond = array.copy()
        array[...] = kept - h * v
        below, _ = f(h, np.inf)
        gone.append((beyond - array) / (2 * h))
        array[...] = kept
        quotients.append((above - below) / (2 * h))
        smallest = min(h, smallest)
    return np.array(quotients), gone, smallest


FAR = 10  # a step that moves a unit ten times as far leaves an error of (10 eps)², below any tolerance


def check_gradients(
    network: Network,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    eps: float = 1e-5,
    tolerance: float = 1e-6,
    training: bool = False,
    directions: int | None = None,
    rng: np.random.Generator | None = None,
) -> GradientReport:
    """Compare every parameter's gradient, and X's, with central differences; return a `GradientReport`.

    Works on a float64 copy and leaves the network alone. Costs two or three forward passes for each number
    compared, so it is meant for small networks; for large ones there are `directions`. Backward runs with and
    without the gradient by X, as training does; the worse counts. An array's error is ‖a − n‖∞ / max(‖a‖∞,
    ‖n‖∞, floor), where floor is the round-off of the quotient, 100 ε max(|L|, 1)/eps, over the tolerance. A
    number that moves a unit more than ten times as far as itself (inputs or weights in the hundreds) is moved
    by less than `eps`, so that the unit moves by `eps`. With `training` the layers run in training mode, each
    time with a copy of the same `rng`, so that dropout draws the same mask.

    With `directions` = k each array moves as a whole, along k directions V drawn from `rng`, and the k
    numbers ⟨∂L/∂W, V⟩ are compared in place of the entries: two or three passes for each, however many
    entries there are. The numbers in V are normal, so the error of a gradient is hardly ever at right angles
    to V; but one wrong entry is judged beside all the others.

    Raises VacuousCheckError when the check proves nothing: every gradient zero, an output that does not
    depend on X, a loss so large that its round-off hides the gradients, or a unit within `eps` of a kink.
    """
    eps = checks.number("check_gradients", "eps", eps, 0, open_low=True)
    tolerance = checks.number("check_gradients", "tolerance", tolerance, 0, open_low=True)
    if directions is not None:
        checks.whole_number("check_gradients", "directions", directions)
        draw = checks.generator("check_gradients (with directions)", rng).spawn(1)[0]  # `rng` is as it was
    network = astype(network, np.float64)
    X, Y = checks.data("check_gradients", X, Y)
    X = np.array(network.cast(X))

    def outputs():
        """Of every layer, the last one's being Z; and the caches."""
        Q, found, caches = X, [], []
        generator = copy.deepcopy(rng)
        for layer in network.layers:
            Q, cache = layer.forward(Q, training=training, rng=generator)
            found.append(Q)
            caches.append(cache)
        return found, caches

    before, caches = outputs()
    L, cache = network.loss_function.forward(before[-1], Y)
    dZ = network.loss_function.backward(cache)
    pieces = [_pieces(layer, c) for layer, c in zip(network.layers, caches, strict=True)]
    arrays = dict(network.named_params()) | {"X": X}
    dX, grads = network.backward(dZ, caches)
    ways = [_by_name(grads) | {"X": dX}, _by_name(network.backward(dZ, caches, input_gradient=False)[1])]
    for way, names in zip(ways, (set(arrays), set(arrays) - {"X"}), strict=True):
        if set(way) != names:
            raise ValueError(f"check_gradients: backward must give {', '.join(arrays)}, not {', '.join(way)}")

    def loss(name, h, far):
        after, caches = outputs()
        moved = max(_norm(a - b) for a, b in zip(after, before, strict=True))
        if moved > far:
            return None, moved
        for layer, c, piece in zip(network.layers, caches, pieces, strict=True):
            if not np.array_equal(_pieces(layer, c), piece):
                raise VacuousCheckError(
                    f"check_gradients: moving {name} by {h:g} takes a unit of {layer} across its kink,"
                    " where there is no derivative: draw other inputs or weights, or make eps smaller"
                )
        return network.loss_function.forward(after[-1], Y)[0], moved

    quiet = 100 * float(np.finfo(float).eps) / eps  # the round-off of a loss of 1
    loud = quiet * max(abs(L), 1.0)
    errors, vanishing, hidden = {}, [], []
    for name, array in arrays.items():
        found = [way[name] for way in ways if name in way]
        for a in found:
            checks.shape("check_gradients", f"the gradient of {name}", a, array.shape, name)
        if directions is None:
            n, h = _central_differences(array, eps, partial(loss, name))
        else:
            n, gone, h = _along(array, eps, partial(loss, name), directions, draw)
            found = [np.array([np.vdot(v, a) for v in gone]) for a in found]
        noise = loud * eps / h
        errors[name] = max(relative_error(a, n, noise / tolerance) for a in found)
        largest = max(_norm(q) for q in (n, *found))
        if largest <= noise:
            vanishing.append(name)
        if _norm(n) <= noise:
            hidden.append(noise > quiet and largest > quiet)
    nothing = len(vanishing) == len(arrays)
    constant = name == "X" and _norm(n) <= noise  # X came last
    if (nothing and any(hidden)) or (constant and hidden[-1]):
        raise VacuousCheckError(
            f"check_gradients: the loss is {L:.2g}, and its round-off hides the gradients, so the check "
            "proves nothing: scale inputs and targets to about 1"
        )
    if nothing:
        raise VacuousCheckError("check_gradients: every gradient is zero, so the check proves nothing: draw "
                                "other weights (non-zero biases, no dead units)")  # fmt: skip
    if constant:
        raise VacuousCheckError("check_gradients: constant output, whatever X is: the check proves next to "
                                "nothing: draw other weights, or smaller inputs")  # fmt: skip
    worst = max(errors.values())
    return GradientReport(worst <= tolerance, worst, errors, tuple(vanishing), loud / tolerance, tolerance)


def _pieces(layer, cache):
    find = getattr(layer, "pieces", None)
    found = find(cache) if find else None
    return np.zeros(0) if found is None else found


def _by_name(grads):
    return {f"{i}.{name}": g for i, layer in enumerate(grads) for name, g in layer.items()}
