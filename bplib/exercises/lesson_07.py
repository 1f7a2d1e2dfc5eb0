"""Lesson 07, the gradient check: numerical gradients, a fair error, vacuous checks, and the cost."""

import functools

import numpy as np

from . import input_functions
from .kinds import Fault, choice, draw, function, sizes, value

# fmt: off


def _curved(rng, *shape):
    f = functools.partial(input_functions.curved, draw(rng, *shape), draw(rng, *shape))
    return f, draw(rng, *shape), 0.1


def _of_a_matrix(rng):
    return _curved(rng, *sizes(rng, 2))


def _of_a_vector(rng):
    f, X, _ = _curved(rng, *sizes(rng, 1))
    return f, X, 0.2


_SUMS = """gradient = np.empty_like(X)
    for index in np.ndindex(X.shape):
        X[index] += h
        above = f(X)
        X[index] -= 2 * h
        gradient[index] = (above - f(X)) / (2 * h)
        X[index] += h
    return gradient"""


@function(
    inputs=(_of_a_matrix, _of_a_vector),
    returns="gradient",
    hints=(
        "Every entry of X is moved alone: a little up, a little down, and f is asked both times.",
        "Work on a copy of X. `for index in np.ndindex(X.shape)` visits every entry; put it back afterwards.",
        "gradient[index] = (f of X with h added there − f of X with h subtracted there) / (2 * h).",
    ),
    mutants=(
        Fault("one-sided", "X[index] = kept - h\n        gradient[index] = (above - f(X)) / (2 * h)",
              "X[index] = kept\n        gradient[index] = (above - f(X)) / h",
              "(f(x + h) − f(x))/h is off by about h/2 times the second derivative; the difference about the "
              "middle, (f(x + h) − f(x − h))/(2h), only by h²/6 times the third."),
        Fault("middle for below", "X[index] = kept - h", "X[index] = kept",
              "(f(x + h) − f(x))/(2h) is half a slope: the second value belongs to x − h, h below where X "
              "stood before."),
        Fault("all entries at once", "return gradient", "return (f(X + h) - f(X - h)) / (2 * h)",
              "X + h moves every entry at once, and f gives one number. Move one entry and leave the others "
              "where they are; then the next."),
        Fault("whole rows", "for index in np.ndindex(X.shape):\n        kept = X[index]",
              "for index in range(len(X)):\n        kept = X[index].copy()",
              "X[0] is a whole row: moved together, its entries give the sum of their slopes. np.ndindex("
              "X.shape) visits the entries one by one."),
        Fault("two axes only", "for index in np.ndindex(X.shape):",
              "for index in [(i, j) for i in range(X.shape[0]) for j in range(X.shape[1])]:",
              "Two loops fit a matrix only. X can have one axis, or three: np.ndindex(X.shape) visits every "
              "entry of any array."),
        Fault("below for above", "X[index] = kept + h\n        above = f(X)\n        X[index] = kept - "
              "h\n        gradient[index] = (above - f(X)) / (2 * h)",
              "above = f(X)\n        X[index] = kept - h\n        gradient[index] = (above - f(X)) / h",
              "(f(x) − f(x − h))/h is one-sided: off by about h/2 times the second derivative. Ask on both "
              "sides of x, and divide by 2h."),
        Fault("half a step", "X[index] = kept + h\n        above = f(X)\n        X[index] = kept - "
              "h\n        gradient[index] = (above - f(X)) / (2 * h)",
              "X[index] = kept + h / 2\n        above = f(X)\n        X[index] = kept - h / 2\n        "
              "gradient[index] = (above - f(X)) / h",
              "Central, with a step of h/2. Here the step is h to each side, and 2h below."),
        Fault("sign", "(above - f(X))", "(f(X) - above)",
              "f at x + h comes first: above minus below."),
        Fault("own step", "kept = X[index]",
              tuple(f"kept, h = X[index], {h}" for h in (1e-5, 1e-3, 1e-7, 1e-2, 0.1)),
              "The step is given: use h, at x + h and x − h alone. Yours comes nearer to ∂f/∂X than that, or "
              "has a step of its own."),
        Fault("divided by h", "/ (2 * h)", "/ h",
              "From x − h to x + h it is 2h: divide by that."),
        Fault("brackets", "/ (2 * h)", "/ 2 * h",
              "`a / 2 * h` is (a/2)·h: Python goes from left to right. Write a / (2 * h)."),
        Fault("not put back", "X[index] = kept\n", "pass\n",
              "Each entry must be put back before the next is moved: you measure the later ones somewhere "
              "else."),
        Fault("put back by sums", "X = X.copy()", _SUMS,
              "X + h − 2h + h is rounded each time, and does not quite come back to X. Keep the entry before "
              "you move it, and put back what you kept."),
    ),
    after="gradcheck.numerical_gradient does the same, with h = 1e-5.",
)
def numerical_gradient(f, X, h):
    """f takes an array like X and returns a number. Return ∂f/∂X by central differences with step h, as an
    array like X; X itself stays as it was. (Tried with h = 0.1 and 0.2, which makes differences visible.)"""
    X = X.copy()
    gradient = np.empty_like(X)
    for index in np.ndindex(X.shape):
        kept = X[index]
        X[index] = kept + h
        above = f(X)
        X[index] = kept - h
        gradient[index] = (above - f(X)) / (2 * h)
        X[index] = kept
    return gradient


def _numerical(rng, first):
    """A gradient whose first entry is ±3, the largest by its size; the last is smaller, and positive."""
    n = draw(rng, *sizes(rng, 2))
    n[0, 0], n[-1, -1] = first, abs(n[-1, -1])
    return n


def _off_by(factor, n):
    """`factor` times n, with the sign of the last entry wrong: not all entries err by the same share."""
    a = np.round(factor * n, 2)
    a[-1, -1] = -n[-1, -1]
    return a, n


def _smaller_gradient(rng):
    return _off_by(0.7, _numerical(rng, 3.0))


def _larger_gradient(rng):
    return _off_by(1.4, _numerical(rng, 3.0))


def _smaller_below_zero(rng):
    return _off_by(0.7, _numerical(rng, -3.0))


def _larger_below_zero(rng):
    return _off_by(1.4, _numerical(rng, -3.0))


def _tiny(rng):
    """Gradients of the size that deep layers have."""
    a, n = _off_by(0.7, _numerical(rng, 3.0))
    return 1e-6 * a, 1e-6 * n


def _two_zeros(rng):
    shape = sizes(rng, 2)
    return np.zeros(shape), np.zeros(shape)


@function(
    inputs=(_smaller_gradient, _larger_gradient, _two_zeros, _smaller_below_zero, _larger_below_zero,
            _tiny),
    returns="error",
    hints=(
        "How large is the largest difference, compared with the largest gradient?",
        "np.max(np.abs(a - n)) above; below, the larger of the two gradients' own largest entries.",
        "Both may be 0: never divide by less than the floor, 1e-8.",
    ),
    mutants=(
        Fault("absolute", "difference / scale", "difference",
              "An absolute error says nothing without the size of the gradient: 1e-6 is tiny beside 1, and "
              "everything beside 1e-6. Divide."),
        Fault("entry by entry", "difference / scale",
              tuple(f"np.max(np.abs(a - n) / {scale})" for scale in (
                  "np.maximum(np.maximum(np.abs(a), np.abs(n)), 1e-8)", "np.maximum(np.abs(a), np.abs(n))",
                  "np.abs(n)", "np.maximum(np.abs(n), 1e-8)", "(np.abs(n) + 1e-8)", "np.abs(a)",
                  "np.maximum(np.abs(a), 1e-8)", "(np.abs(a) + np.abs(n))",
                  "np.maximum(np.abs(a) + np.abs(n), 1e-8)", "(np.abs(a) + np.abs(n) + 1e-8)")),
              "Divided entry by entry, the rounding of a tiny entry looks like a fault. Take the maxima "
              "first, over the whole array, and divide once."),
        Fault("lengths added", "difference / scale",
              ("np.linalg.norm(a - n) / (np.linalg.norm(a) + np.linalg.norm(n))",
               "np.linalg.norm(a - n) / (np.linalg.norm(a) + np.linalg.norm(n) + 1e-8)",
               "np.linalg.norm(a - n) / max(np.linalg.norm(a) + np.linalg.norm(n), 1e-8)"),
              "‖a − n‖/(‖a‖ + ‖n‖) is a relative error too, and another one: here largest entries are "
              "compared, and below stands the larger of two, not a sum."),
        Fault("norms of a matrix", "difference / scale",
              tuple(f"np.linalg.norm(a - n, {p}) / max(np.linalg.norm(a, {p}), np.linalg.norm(n, {p}), 1e-8)"
                    for p in ("np.inf", "1", "2")),
              "Of a matrix, np.linalg.norm with an order (1, 2 or np.inf) is not the largest entry. With "
              "np.inf, for instance, it is the largest sum of the sizes in a row. Write np.max(np.abs(·))."),
        Fault("lengths", "difference / scale",
              ("np.linalg.norm(a - n) / max(np.linalg.norm(a), np.linalg.norm(n), 1e-8)",
               "np.linalg.norm(a - n) / max(np.linalg.norm(a), np.linalg.norm(n))"),
              "np.linalg.norm is the length, the root of the sum of squares. The formula takes the largest "
              "entry."),
        Fault("sum of both", "max(np.max(np.abs(a)), np.max(np.abs(n)), 1e-8)",
              ("np.max(np.abs(a)) + np.max(np.abs(n)) + 1e-8", "np.max(np.abs(a)) + np.max(np.abs(n))",
               "max(np.max(np.abs(a)) + np.max(np.abs(n)), 1e-8)"),
              "Divide by the larger of the two. Their sum is about twice that, and halves the error."),
        Fault("scale without abs", ("max(np.max(np.abs(a))", "np.max(np.abs(n))"),
              ("max(np.max(a)", "np.max(n)"),
              "The largest entry of a gradient can be a negative one: take np.abs before the maximum, "
              "below the fraction too."),
        Fault("the smaller of the two", "max(np.max(np.abs(a)), np.max(np.abs(n)), 1e-8)",
              ("max(min(np.max(np.abs(a)), np.max(np.abs(n))), 1e-8)",
               "min(np.max(np.abs(a)), np.max(np.abs(n)))"),
              "Divided by the smaller of the two the error blows up where one of them is nearly 0: take the "
              "larger."),
        Fault("no floor", "max(np.max(np.abs(a)), np.max(np.abs(n)), 1e-8)",
              ("max(np.max(np.abs(a)), np.max(np.abs(n)))",
               "max(np.max(np.abs(a)), np.max(np.abs(n))).item()\n    difference = difference.item()"),
              "When both gradients are 0 this is 0/0. A floor, 1e-8, below the fraction keeps it a number."),
        Fault("floor added", "max(np.max(np.abs(a)), np.max(np.abs(n)), 1e-8)",
              "max(np.max(np.abs(a)), np.max(np.abs(n))) + 1e-8",
              "The floor is not added: it stands in where both gradients are smaller, max(…, …, 1e-8)."),
        Fault("floor too high", "max(np.max(np.abs(a)), np.max(np.abs(n)), 1e-8)",
              tuple(f"max(np.max(np.abs(a)), np.max(np.abs(n)), {floor})"
                    for floor in ("1", "0.1", "1e-2", "1e-3", "1e-4", "1e-5")),
              "Gradients can be as small as that, and such a floor hides their errors. It is there for 0/0 "
              "alone: 1e-8."),
        Fault("sign of the difference", "np.max(np.abs(a - n))", "np.max(a - n)",
              "Differences below zero count as well: take np.abs before the maximum."),
        Fault("mean hides one", "np.max(np.abs(a - n))", "np.mean(np.abs(a - n))",
              "A mean lets one wrong entry drown among many right ones: take the largest difference."),
        Fault("measured against one", "max(np.max(np.abs(a)), np.max(np.abs(n)), 1e-8)",
              "max(np.max(np.abs(a)), 1e-8)",
              "If a is all zeros by mistake and n is not, a scale from a alone blows up: take the larger of "
              "the two."),
        Fault("measured against n", "max(np.max(np.abs(a)), np.max(np.abs(n)), 1e-8)",
              "max(np.max(np.abs(n)), 1e-8)",
              "A fault can make a far larger than n as well: the scale is the larger of the two."),
    ),
    after="gradcheck.relative_error of the package.",
)
def relative_error(a, n):
    """Compare an analytic gradient a with a numerical one n, of one shape: return
    max|a − n| / max(max|a|, max|n|, 1e-8)."""
    difference = np.max(np.abs(a - n))
    scale = max(np.max(np.abs(a)), np.max(np.abs(n)), 1e-8)
    return difference / scale


vacuous_check = choice(
    "Somebody's backward pass reshapes W where it should transpose it. Below are four ways to check a 4-3-2 "
    "network with it. Which of them passes the check that you wrote in this lesson, whatever numbers are "
    "drawn, and so proves nothing?",
    {
        "a": "random weights, tanh units, five random examples",
        "b": "all weights and biases 0, tanh units, five random examples",
        "c": "random weights, ReLU units, one random example",
        "d": "random weights, sigmoid units, inputs ten times smaller",
    },
    "b",
    wrong={
        "a": "That is a meaningful check: all gradients are non-zero, and shapes and values differ.",
        "c": "One example is few, and could find all three units shut. But as a rule one is open, and what "
             "comes back through it can differ.",
        "d": "Smaller inputs make the first layer's dW smaller, and the error is relative: it is still "
             "seen.",
    },
    hints=(
        "A check can only fail where two numbers can differ.",
        "In which of the four are all gradients of the matrices zero?",
        "With all weights and biases 0 every hidden unit gives 0, and nothing comes back through W₂ = 0.",
    ),
    after="0 equals 0 for both matrices, whatever factor is wrong. A textbook's own test of a "
          "backpropagation exercise passes like this with every blank left empty.",
)

passes_for_a_check = value(
    "A network 784-64-32-10 with biases is checked by central differences, every parameter. How many "
    "forward passes does that take?",
    105300,
    working="784·64 + 64 + 64·32 + 32 + 32·10 + 10 = 52 650 parameters, two passes each.",
    hints=(
        "How many parameters are there, biases included?",
        "784·64 + 64 for the first layer; the same way for the other two.",
        "Each parameter is moved up and down: two passes.",
    ),
    mutants=(
        (52650, "That is the number of parameters. Central differences ask twice for each, above and below."),
        (52651, "That would be one-sided differences, with one common f(x). Central ones ask twice for "
                "each."),
        (105088, "The biases are missing: 64 + 32 + 10 of them."),
        (52544, "Those are the weights, each counted once. Add the biases, and ask twice for each."),
        (1780, "Those are the units, twice. It is the weights and biases that are moved."),
        (106868, "The 784 inputs are counted too; the question is about parameters alone."),
        (2, "Two passes for each parameter."),
    ),
    after="Backpropagation does it with one pass forward and one back. That is why it is the check, not the "
          "method.",
)


def _along_a_direction(rng):
    A, B, X, V = (draw(rng, 3, 2) for _ in range(4))
    G = 3 * A * X**2 + B
    G.flat[0] += X.flat[-1]
    G.flat[-1] += X.flat[0]
    return functools.partial(input_functions.curved, A, B), G, X, V, 0.1


def _with_a_wrong_gradient(rng):
    f, G, X, V, h = _along_a_direction(rng)
    return f, G + 0.5, X, V, h


@function(
    inputs=(_along_a_direction, _with_a_wrong_gradient),
    returns=("analytic", "numeric"),
    hints=(
        "Give the direction the length 1 first: divide V by the root of the sum of its squares.",
        "A gradient G says that a step along D changes f at the rate Σ G D.",
        "D = V/‖V‖; (f(X + hD) − f(X − hD))/(2h) beside Σ G D.",
    ),
    mutants=(
        Fault("direction as it came", "V / np.sqrt(np.sum(V * V))", "V",
              "The direction does not have length 1: then the number depends on the length of V."),
        Fault("divided by the square of the length", "np.sqrt(np.sum(V * V))", "np.sum(V * V)",
              "The length is the root of the sum of squares."),
        Fault("one-sided", "(f(X + h * D) - f(X - h * D)) / (2 * h)", "(f(X + h * D) - f(X)) / h",
              "That is one-sided, with an error of order h. Go h up and h down."),
        Fault("divided by h", "/ (2 * h)", "/ h",
              "From X − hD to X + hD the way is 2h long."),
        Fault("matrix product", "np.sum(G * D)", "np.sum(G.T @ D)",
              "The rate along D is the sum over the products entry by entry."),
        Fault("length of the gradient", "np.sum(G * D)", "np.sqrt(np.sum(G * G))",
              "That is the steepest slope there is. Along D it is Σ G D."),
        Fault("returned in the other order", "return analytic, numeric", "return numeric, analytic",
              "The analytic slope comes first."),
    ),
    after="Two forward passes for a whole network. It misses what is wrong across D: take several "
          "directions.",
)
def slope_along(f, G, X, V, h):
    """f takes an array like X and returns a number; G is somebody's ∂f/∂X, right or wrong. Compare them along
    one direction, V/‖V‖, which has the length 1: ‖V‖ is the root of the sum of V's squares. Return two
    numbers: the slope of f along this direction by G, then the central difference of f with step h."""
    D = V / np.sqrt(np.sum(V * V))
    numeric = (f(X + h * D) - f(X - h * D)) / (2 * h)
    analytic = np.sum(G * D)
    return analytic, numeric


slip_in_a_referee = choice(
    """A numerical gradient of f at the array X. The first entry is right, all others are a little off.
    Which line is it?
    (a)  kept = X.flat[i]
    (b)  X.flat[i] = kept + h; up = f(X)
    (c)  X.flat[i] = kept - h; down = f(X)
    (d)  G.flat[i] = (up - down) / (2 * h)        # end of the loop over i""",
    {"a": "line (a)", "b": "line (b)", "c": "line (c)",
     "d": "after line (d) something is missing"},
    "d",
    wrong={
        "a": "The entry must be remembered before it moves: right.",
        "b": "One entry up by h: right.",
        "c": "The same entry down by h, measured from what it was: right.",
    },
    hints=(
        "What does X look like when the loop comes to its second round?",
        "Nothing puts the first entry back.",
        "kept is remembered in line (a). Where is it used for that?",
    ),
    after="X.flat[i] = kept is missing: every later entry is measured at a point that has moved.",
)
