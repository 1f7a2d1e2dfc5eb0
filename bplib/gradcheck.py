"""Numerical gradients, compared honestly: a check that proves nothing raises instead of passing."""

import copy
from dataclasses import dataclass, field

import numpy as np

from . import checks
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
    floor      gradients below it are judged against it: smaller differences drown in round-off
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
        rows += [f"     {name}: gradient zero both ways, nothing compared" for name in self.vanishing]
        return "\n".join(rows)


def relative_error(a, n, floor=1e-8):
    """‖a − n‖∞ / max(‖a‖∞, ‖n‖∞, floor) of two gradients of one shape; ∞ where they hold NaN."""
    a, n = np.asarray(a, float), np.asarray(n, float)
    checks.shape("relative_error", "a", a, n.shape, "n")
    difference, scale = _norm(a - n), max(_norm(a), _norm(n), floor)
    return float(difference / scale) if np.isfinite(difference) else float("inf")


def _norm(Q):
    return float(np.max(np.abs(Q), initial=0.0))


def numerical_gradient(f, X, eps=1e-5):
    """∂f/∂X by central differences, (f(X + h) − f(X − h))/(2h) with h = `eps` for each entry of X in turn.

    f takes an array like X and returns a number: 2 · X.size calls. X itself is not changed. The error falls
    as h² (truncation) and rises as 1/h (round-off).
    """
    X = np.array(X, dtype=np.float64)
    checks.number("numerical_gradient", "eps", eps, 0, open_low=True)
    gradient = np.empty_like(X)
    for index in np.ndindex(X.shape):
        kept, values = X[index], []
        for x in (kept + eps, kept - eps):
            X[index] = x
            values.append(float(f(X)))
        X[index] = kept
        gradient[index] = (values[0] - values[1]) / (2 * eps)
    return gradient


def check_gradients(network, X, Y, *, eps=1e-5, tolerance=1e-6, training=False, rng=None):
    """Compare every parameter's gradient, and X's, with central differences; return a `GradientReport`.

    Works on a float64 copy and leaves the network alone. Costs two forward passes for each number compared,
    so it is meant for small networks. An array's error is ‖a − n‖∞ / max(‖a‖∞, ‖n‖∞, floor), where floor is
    the round-off of the quotient, 100 ε max(|L|, 1)/eps, over the tolerance. With `training` the layers run
    in training mode, each time with a copy of the same `rng`, so that dropout draws the same mask.

    Raises VacuousCheckError when the check proves nothing: every gradient zero, an output that does not
    depend on X, or a unit within `eps` of a kink.
    """
    checks.number("check_gradients", "eps", eps, 0, open_low=True)
    checks.number("check_gradients", "tolerance", tolerance, 0, open_low=True)
    network = astype(network, np.float64)
    X = checks.finite("check_gradients", "X", np.array(network.cast(X)))

    def forward():
        return network.forward(X, training=training, rng=copy.deepcopy(rng))

    Z, caches = forward()
    L, cache = network.loss_function.forward(Z, Y)
    dX, grads = network.backward(network.loss_function.backward(cache), caches)
    analytic = {f"{i}.{name}": g for i, layer in enumerate(grads) for name, g in layer.items()} | {"X": dX}
    arrays = dict(network.named_params()) | {"X": X}
    if set(analytic) != set(arrays):
        raise ValueError(
            f"check_gradients: backward must give {', '.join(arrays)}, not {', '.join(analytic)}"
        )
    pieces = [_pieces(layer, c) for layer, c in zip(network.layers, caches, strict=True)]

    def loss(name):
        Z, caches = forward()
        for layer, c, before in zip(network.layers, caches, pieces, strict=True):
            if not np.array_equal(_pieces(layer, c), before):
                raise VacuousCheckError(
                    f"check_gradients: moving {name} by {eps:g} takes a unit of {layer} across its kink,"
                    " where there is no derivative: draw other inputs or weights, or make eps smaller"
                )
        return network.loss_function.forward(Z, Y)[0]

    noise = 100 * float(np.finfo(float).eps) * max(abs(L), 1.0) / eps
    floor = noise / tolerance
    errors, vanishing, numeric = {}, [], {}
    for name, array in arrays.items():
        checks.shape("check_gradients", f"the gradient of {name}", analytic[name], array.shape, name)
        numeric[name] = _central_differences(array, eps, lambda name=name: loss(name))
        errors[name] = relative_error(analytic[name], numeric[name], floor)
        if max(_norm(analytic[name]), _norm(numeric[name])) <= noise:
            vanishing.append(name)
    if len(vanishing) == len(arrays):
        raise VacuousCheckError("check_gradients: every gradient is zero, so the check proves nothing: draw "
                                "other weights (non-zero biases, no dead units)")  # fmt: skip
    if _norm(numeric["X"]) <= noise:
        raise VacuousCheckError("check_gradients: constant output, whatever X is: the check proves next to "
                                "nothing: draw other weights")  # fmt: skip
    worst = max(errors.values())
    return GradientReport(worst <= tolerance, worst, errors, tuple(vanishing), floor, tolerance)


def _pieces(layer, cache):
    find = getattr(layer, "pieces", None)
    found = find(cache) if find else None
    return np.zeros(0) if found is None else found


def _central_differences(array, eps, loss):
    """As `numerical_gradient`, for an array that lives inside the network and is moved in place."""
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + eps
        above = loss()
        array[index] = kept - eps
        gradient[index] = (above - loss()) / (2 * eps)
        array[index] = kept
    return gradient
