"""Lesson 03, gradient descent: a lost sign, what it does to one step, and how large a step may be."""

from .kinds import expression, value

# fmt: off

squared_error_sign = expression(
    "Differentiate (y − ŷ)² by ŷ. Use sympy's symbols y and y_hat; no diff in the result.",
    "y y_hat", "-2*(y - y_hat)",
    working="Outer derivative 2(y − ŷ), inner derivative of y − ŷ by ŷ: −1.",
    hints=(
        "There is a square outside and a difference inside.",
        "The outer derivative is 2(y − ŷ). What is the derivative of y − ŷ by ŷ?",
        "It is −1: ŷ stands behind a minus.",
    ),
    mutants=(
        ("2*(y - y_hat)", "The inner derivative is missing: ŷ stands behind a minus, which gives the factor "
                          "−1. A published post prints it like this, and its rule would climb."),
        ("-(y - y_hat)", "That is the derivative of ½(y − ŷ)²; without the ½ the 2 stays."),
        ("y_hat - y**2", "The square is of the whole bracket."),
        ("-2*y_hat", "y does not vanish: the bracket y − ŷ stays as a factor."),
    ),
    after="Which is 2(ŷ − y), positive when ŷ is too large: going against it makes ŷ smaller.",
)

loss_after_step = value(
    "L = (y − ŷ)² with y = 1, and ŷ itself is what we change: ŷ = 0.2. Take one step of gradient descent "
    "with η = 0.1. What is L after it?",
    0.4096,
    working="∂L/∂ŷ = −2(1 − 0.2) = −1.6, so ŷ becomes 0.2 + 0.16 = 0.36, and L = 0.64² = 0.4096 (0.64 "
            "before).",
    hints=(
        "First the gradient at ŷ = 0.2, then the new ŷ, then L there.",
        "∂L/∂ŷ = −2(y − ŷ) = −1.6. A step is ŷ ← ŷ − η ∂L/∂ŷ.",
        "ŷ becomes 0.2 − 0.1 · (−1.6).",
    ),
    mutants=(
        (0.9216, "The loss has grown from 0.64: with the sign lost, 2(y − ŷ), the step goes the wrong way."),
        (0.64, "That is the loss before the step. (A step with η = 1 ends there too: η is 0.1.)"),
        (0.5184, "You have stepped with half the gradient: the derivative of a square brings a factor 2."),
        (0.7744, "ŷ has gone the wrong way, and by half a step: the square brings a 2, and the step goes "
                 "against the gradient."),
        (0.48, "That is the loss minus η times the gradient: it is ŷ that takes the step."),
        (0.36, "That is ŷ after the step; the loss is (1 − 0.36)²."),
    ),
    after="It was 0.64. With the sign lost it would be 0.9216.",
)

largest_rate = value(
    "L = 2w². Above which learning rate does gradient descent diverge?",
    0.5,
    working="L = ½cw² with c = 4: w ← (1 − 4η) w, which shrinks while |1 − 4η| < 1, that is while η < 2/4.",
    hints=(
        "Write one step: w ← w − η · ∂L/∂w, with w taken out as a factor.",
        "w ← (1 − 4η) w. For which η does that shrink in absolute value?",
        "|1 − 4η| = 1 has two solutions; one of them is η = 0.",
    ),
    mutants=(
        (0.25, "At 0.25 one step lands exactly in the minimum. Beyond it w changes sign at each step, but "
               "still shrinks, until |1 − 4η| reaches 1."),
        (1, "That is 2/c for c = 2. In ½cw² = 2w² the c is 4: the slope is 4w, not 2w."),
        (2, "η < 2/c: what is c, if ½cw² = 2w²?"),
        (4, "That is the curvature c; the limit is 2/c."),
        (0.125, "Smaller than need be: where does |1 − 4η| reach 1?"),
    ),
    after="η < 2/c, and c is the curvature: the steeper the valley, the smaller the step.",
)

logistic_slope = expression(
    "ŷ = σ(z) and L = −y log ŷ − (1 − y) log(1 − ŷ). Give ∂L/∂z in the symbols y and y_hat.",
    "y y_hat", "y_hat - y",
    working="∂L/∂ŷ = (ŷ − y)/(ŷ(1 − ŷ)), ∂ŷ/∂z = ŷ(1 − ŷ); in the product the slope cancels.",
    hints=(
        "Two steps of the chain rule: ∂L/∂ŷ, then ∂ŷ/∂z.",
        "∂L/∂ŷ = −y/ŷ + (1 − y)/(1 − ŷ). Bring it to one denominator.",
        "∂ŷ/∂z = ŷ(1 − ŷ) is just that denominator.",
    ),
    mutants=(
        ("y - y_hat", "The sign: where ŷ is too large, L must grow with z."),
        ("(y_hat - y)*y_hat*(1 - y_hat)", "That is squared error's gradient. Here the loss brings a "
                                          "denominator ŷ(1 − ŷ), which cancels σ′."),
        ("2*(y_hat - y)*y_hat*(1 - y_hat)", "That is squared error through a sigmoid. Cross-entropy brings a "
                                            "denominator ŷ(1 − ŷ), which cancels σ′."),
        ("y_hat*(1 - y_hat)", "That is ∂ŷ/∂z, the second step. The first, ∂L/∂ŷ, is still to be multiplied."),
        ("(y_hat - y)/(y_hat*(1 - y_hat))", "That is ∂L/∂ŷ. One step is left, from ŷ to z: times ŷ(1 − ŷ)."),
    ),
    after="σ′ cancels: a unit that is wrong and saturated still learns.",
)
