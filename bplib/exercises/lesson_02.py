"""Lesson 02, activations: slopes written from the output, the kink, and how slopes multiply."""

import numpy as np

from .kinds import Fault, choice, draw, expression, function, sizes, square, value

# fmt: off

sigmoid_slope = expression(
    "a = σ(z). Write σ′(z) with the symbol a alone.",
    "a", "a*(1 - a)",
    working="σ′ = e⁻ᶻ/(1 + e⁻ᶻ)². One factor 1/(1 + e⁻ᶻ) is a, the other, e⁻ᶻ/(1 + e⁻ᶻ), is 1 − a.",
    hints=(
        "Start from σ = (1 + e⁻ᶻ)⁻¹ and differentiate with the chain rule.",
        "You get e⁻ᶻ/(1 + e⁻ᶻ)². Split it into two fractions; one of them is a.",
        "The other is e⁻ᶻ/(1 + e⁻ᶻ) = 1 − 1/(1 + e⁻ᶻ).",
    ),
    mutants=(
        ("1 - a**2", "That is the slope of tanh. σ has a(1 − a)."),
        ("a*(1 + a)", "A sign: e⁻ᶻ/(1 + e⁻ᶻ) is 1 − a."),
        ("1 - a", "That is one of two factors; the other is a itself."),
        ("exp(-a)/(1 + exp(-a))**2", "a is σ(z) already; you have applied σ a second time."),
        ("a", "A function that is its own derivative would be eᶻ; σ has one more factor."),
    ),
    after="It is at most 1/4, at a = 1/2, and it needs no z: the forward pass has left all that is needed.",
)


def _after_tanh(rng, sizes=sizes):
    N, k = sizes(rng, 2)
    return draw(rng, N, k), np.tanh(draw(rng, N, k))


@function(
    inputs=(_after_tanh, _after_tanh, square(_after_tanh)),
    returns="dZ",
    hints=(
        "tanh′(z) = 1 − tanh²(z). You are given A: is the tanh in it already?",
        "A = tanh Z, so tanh²(z) is A squared, element by element.",
        "dZ = dA times the slope, element by element: dA * (1 - A**2).",
    ),
    mutants=(
        Fault("tanh twice", "1 - A**2", "1 - np.tanh(A) ** 2",
              "A is tanh Z already; you have applied tanh a second time. Written from the output, the slope "
              "is 1 − A²."),
        Fault("square of the bracket", "1 - A**2", "(1 - A) ** 2",
              "1 − A² and (1 − A)² differ: at A = −0.5 they are 0.75 and 2.25."),
        Fault("the sigmoid's slope", "1 - A**2", "A * (1 - A)",
              "A(1 − A) is the sigmoid's slope, which is negative for a negative A; tanh has 1 − A²."),
        Fault("incoming gradient forgotten", "dA * (1 - A**2)", "1 - A**2",
              "That is the slope alone. The chain rule multiplies it by the gradient that comes in, dA."),
        Fault("a matrix product", "dA * (1 - A**2)", "dA @ (1 - A**2)",
              "tanh works entry by entry, so its slope multiplies entry by entry: `*`. `@` is the matrix "
              "product."),
        Fault("slope from the gradient", "1 - A**2", "1 - dA**2",
              "The slope is tanh's, written with its output A; dA is what comes back."),
        Fault("brackets", "dA * (1 - A**2)", "1 - A**2 * dA",
              "dA multiplies the whole slope: put 1 − A² in brackets."),
        Fault("divided by the slope", "dA * (1 - A**2)", "dA / (1 - A**2)",
              "∂L/∂Z = ∂L/∂A · ∂A/∂Z: going back you multiply by the slope."),
        Fault("twice for squared", "1 - A**2", "1 - A * 2",
              "A * 2 is twice A; the square is A**2."),
        Fault("plus for minus", "1 - A**2", "1 + A**2",
              "The slope of tanh is largest, 1, at z = 0, and falls to 0 on both sides: 1 − A²."),
    ),
    after="The forward pass need not keep Z.",
)
def tanh_backward(dA, A):
    """A = tanh Z, entry by entry. From dA = ∂L/∂A and A alone, two tables of the same shape, return
    dZ = ∂L/∂Z."""
    return dA * (1 - A**2)


def _after_relu(rng, sizes=sizes):
    N, k = sizes(rng, 2)
    A = np.maximum(draw(rng, N, k), 0)
    A[0, 0], A[-1, -1] = 0.0, 0.7  # a closed and an open unit in every example
    dA = draw(rng, N, k)
    dA[-1, -1] = -abs(dA[-1, -1])  # a negative gradient passes the open one
    return dA, A


@function(
    inputs=(_after_relu, _after_relu, square(_after_relu)),
    returns="dZ",
    hints=(
        "The slope of ReLU is 1 where the unit is open and 0 where it is closed. How do you see that in A?",
        "An open unit has A > 0. At the kink we choose 0.",
        "dA * (A > 0): True counts as 1, False as 0. It is a new array, so dA stays as it is.",
    ),
    mutants=(
        Fault("gate that never closes", "A > 0", "A >= 0",
              "The gate never closes: all of dA passes. A is ReLU's output, never negative, so A >= 0 is "
              "always true; a closed unit has A = 0. A widely read tutorial has this slip."),
        Fault("written into the input", "return dA * (A > 0)", "dA[A <= 0] = 0\n    return dA",
              "A published ReLU does this: its values are right, and a gradient others hold is spoiled."),
        Fault("ReLU of the gradient", "dA * (A > 0)", "np.maximum(dA, 0)",
              "The gate belongs to A, not to the gradient: a negative gradient passes through an open unit "
              "unchanged."),
        Fault("incoming gradient forgotten", "return dA * (A > 0)", "return 1.0 * (A > 0)",
              "That is the slope alone. The chain rule multiplies it by the gradient that comes in, dA."),
        Fault("a matrix product", "dA * (A > 0)", "dA @ (A > 0)",
              "ReLU works entry by entry, so its gate multiplies entry by entry: `*`. `@` is the matrix "
              "product."),
        Fault("half at the kink", "(A > 0)", "np.heaviside(A, 0.5)",
              "Every closed unit has A = 0, so this lets half of the gradient through all of them. Closed is "
              "0."),
        Fault("a leak", "dA * (A > 0)", ("dA * np.where(A > 0, 1, 0.01)", "dA * np.where(A > 0, 1, 0.1)"),
              "That is a leaky ReLU. Here a closed unit lets nothing through."),
        Fault("closed for open", "A > 0", "A <= 0",
              "The gate is the wrong way round: open units, A > 0, let the gradient through."),
        Fault("output for slope", "dA * (A > 0)", "dA * A",
              "A is what the unit passes on; its slope is 1 wherever it is open, whatever A is."),
    ),
    after="ReLU.backward of the package does the same.",
)
def relu_backward(dA, A):
    """A = max(Z, 0), entry by entry. From dA = ∂L/∂A and A, two tables of the same shape, return dZ = ∂L/∂Z.
    At the kink the slope is 0."""
    return dA * (A > 0)


ten_sigmoids = value(
    "A gradient goes back through ten sigmoid layers of one unit each, all weights 1. Which factor is left "
    "of it at best, that is with every unit where its slope is largest?",
    0.25**10,
    working="σ′ is at most 1/4, at z = 0. Ten layers multiply: (1/4)¹⁰ = 9.5e-7.",
    hints=(
        "Each layer multiplies the gradient by w · σ′(z), and here w = 1.",
        "Where is σ′ = a(1 − a) largest, and what is it there?",
        "a = 1/2 gives 1/4. Slopes along one way are multiplied, ten times.",
    ),
    mutants=(
        (0.5**10, "½ is the value of σ at 0. Backwards the slope counts, and that is ¼."),
        (2.5, "Along one way slopes are multiplied, not added: ¼ to the power of ten."),
        (0.25, "That is one layer; each of the ten multiplies by ¼."),
        (1.0, "Slope 1 at best would be tanh at 0; the sigmoid's slope is nowhere above ¼."),
        (4**10, "By this it is divided: each layer multiplies by ¼, not by 4."),
    ),
    tolerance=1e-2,  # 9.5e-7, rounded to two digits, is right
    after="Less than a millionth, at best: gradients vanish.",
)


def _chain_of_units(rng):
    n = int(rng.integers(3, 6))
    return float(draw(rng)), draw(rng, n), draw(rng, n)


@function(
    inputs=_chain_of_units,
    returns="slope",
    hints=(
        "Go forward through the units, and keep a product of slopes as you go.",
        "One unit has the slope w · σ′(z), and σ′ is a(1 − a) with the unit's own output a.",
        "a = σ(w_l a + b_l), then slope *= w_l * a * (1 - a).",
    ),
    mutants=(
        Fault("weights forgotten", "slope *= w_l * a * (1 - a)", "slope *= a * (1 - a)",
              "The weight is missing: z = w a + b has the slope w with respect to a."),
        Fault("slopes added", "slope *= w_l", "slope += w_l",
              "These units lie on one path, so their slopes are multiplied."),
        Fault("always the first input", "np.exp(-(w_l * a + b_l))", "np.exp(-(w_l * x + b_l))",
              "Each unit gets the output of the one before it, and only the first one gets x."),
        Fault("slope of tanh", "w_l * a * (1 - a)", "w_l * (1 - a**2)",
              "1 − a² belongs to tanh. These units are sigmoids: a(1 − a)."),
        Fault("slopes of the sigmoid alone, squared", "w_l * a * (1 - a)", "w_l * (a * (1 - a)) ** 2",
              "Each unit's slope comes once into the product."),
        Fault("bias forgotten", "w_l * a + b_l", "w_l * a",
              "z = w a + b: the bias moves the place where the slope is taken."),
    ),
    after="With every |w| below 4 each factor is below 1, and the product shrinks.",
)
def chain_slope(x, w, b):
    """Sigmoid units in a row: a₀ = x, then a_l = σ(w_l a_(l−1) + b_l), with w (n,) and b (n,), one
    entry for each unit. Return the slope of the last output with respect to x."""
    a, slope = x, 1.0
    for w_l, b_l in zip(w, b, strict=True):
        a = 1 / (1 + np.exp(-(w_l * a + b_l)))
        slope *= w_l * a * (1 - a)
    return slope


def _before_swish(rng, sizes=sizes):
    N, k = sizes(rng, 2)
    return draw(rng, N, k), draw(rng, N, k)


@function(
    inputs=(_before_swish, _before_swish, square(_before_swish)),
    returns=("A", "dZ"),
    hints=(
        "z · σ(z) is a product: z reaches the result through both factors.",
        "Its slope is σ(z) + z σ′(z), and σ′ = σ(1 − σ).",
        "s = σ(Z); A = Z s; the slope is s + A (1 − s); dZ = dA times the slope.",
    ),
    mutants=(
        Fault("one factor held", "s + A * (1 - s)", "s",
              "That is the slope with σ(z) held still. z also moves σ(z): add z σ′(z)."),
        Fault("the other factor held", "s + A * (1 - s)", "A * (1 - s)",
              "That is the slope with the factor z held still. Add σ(z), the slope of z times the other "
              "factor."),
        Fault("product of slopes", "s + A * (1 - s)", "s * (1 - s)",
              "The slope of a product is not the product of the slopes: σ + z σ′."),
        Fault("slope of the sigmoid from A", "s + A * (1 - s)", "s + A * (1 - A)",
              "σ′ is σ(1 − σ), with σ(z) itself. A is z σ(z)."),
        Fault("incoming gradient forgotten", "dZ = dA * slope", "dZ = slope",
              "That is the slope alone. The chain rule multiplies it by dA, what comes back."),
        Fault("a matrix product", "dA * slope", "dA @ slope",
              "The function works entry by entry, so its slope multiplies entry by entry: `*`."),
        Fault("returned in the other order", "return A, dZ", "return dZ, A",
              "A comes first, then dZ."),
    ),
    after="It is called swish or SiLU. Lesson 12 lets the program find this slope.",
)
def swish(Z, dA):
    """The activation A = Z σ(Z), entry by entry. From Z and dA = ∂L/∂A, two tables of the same
    shape, return A and dZ = ∂L/∂Z."""
    s = 1 / (1 + np.exp(-Z))
    A = Z * s
    slope = s + A * (1 - s)
    dZ = dA * slope
    return A, dZ


slip_in_a_slope = choice(
    """a = tanh z = s/c, with s = sinh z and c = cosh z; s′ = c, c′ = s, and c² − s² = 1. Which is the first
    line that is wrong?
    (a)  a′ = (s′c − s c′)/c²
    (b)     = (c² − s²)/c²
    (c)     = 1 − a²
    (d)     = 1/c, since c² − s² = 1""",
    {"a": "line (a)", "b": "line (b)", "c": "line (c)", "d": "line (d)"},
    "d",
    wrong={
        "a": "That is the rule for a quotient: the slope of the top times the bottom, minus the reverse.",
        "b": "s′ = c and c′ = s have been put in: right.",
        "c": "Dividing both terms by c² leaves 1 − (s/c)², and s/c is a: right.",
    },
    hints=(
        "Put a number in: z = 1 has s = 1.175, c = 1.543, a = 0.762.",
        "1 − a² is 0.420 there. Which of the other lines gives something else?",
        "(c² − s²)/c² is 1/c². What does the last line say?",
    ),
    after="It is 1/c², 0.420 at z = 1, and not 1/c, 0.648.",
)
