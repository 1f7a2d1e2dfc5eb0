"""Lesson 02, activations: slopes written from the output, the kink, and how slopes multiply."""

import numpy as np

from .kinds import Fault, draw, expression, function, sizes, square, value

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
    """A = tanh Z. From dA = ∂L/∂A and A alone, both (N, k), return dZ = ∂L/∂Z."""
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
    """A = max(Z, 0). From dA = ∂L/∂A and A, both (N, k), return dZ = ∂L/∂Z. At the kink the slope is 0."""
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
