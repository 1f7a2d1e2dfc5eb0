"""Lesson 01, the chain rule: forks, an inner derivative, and how far a finite difference can be trusted."""

from .kinds import Fault, choice, draw, expression, function, value

# fmt: off

fork_slope = value(
    "f = (x + y)(x + z). What is ∂f/∂x at x = 1, y = 4, z = 2?",
    8,
    working="p = x + y = 5 and q = x + z = 3. x reaches f through p (slope q = 3) and through q (slope p = "
            "5): 3 + 5.",
    hints=(
        "Name the two brackets p and q. What is f in terms of p and q?",
        "x goes into p and into q: there are two ways from x to f.",
        "One way has the slope q, the other the slope p; gradients add where a variable forks.",
    ),
    mutants=(
        (5, "That is the way through q alone. The second result has overwritten the first: where a variable "
            "forks, its gradients add (`+=`, not `=`)."),
        (3, "That is the way through p alone. x also goes into q: where a variable forks, its gradients "
            "add."),
        (15, "Slopes are multiplied along one way and added over several ways. These are two ways: add 3 "
             "and 5."),
    ),
    after="Gradients add where a variable is used twice.",
)


def _three_numbers(rng):
    return tuple(float(v) for v in draw(rng, 3))


def _slopes_that_nearly_cancel(rng):
    """p = 3 and q = −2.99, so that dx = 0.01: what a finite difference makes of it is not close enough."""
    x = float(draw(rng))
    return x, 3 - x, -2.99 - x


@function(
    inputs=(_three_numbers, _three_numbers, _slopes_that_nearly_cancel),
    returns=("dx", "dy", "dz"),
    hints=(
        "Forward first: p = x + y, q = x + z, f = p q. Then go back, from f to p and q, from those to x, y, "
        "z.",
        "dp = ∂f/∂p is the other factor. The slope of a sum with respect to each term is 1.",
        "dp = q, dq = p; dy = dp, dz = dq, and x gets a share from both: dx = dp + dq.",
    ),
    mutants=(
        Fault("overwritten at the fork", "dx = dp + dq", "dx = dq",
              "x is used twice, and your dx has kept one share only: gradients add where a variable forks."),
        Fault("kept from the first use", "dx = dp + dq", "dx = dp",
              "Your dx holds what came through p alone. x goes into q as well, and the shares of a fork add: "
              "dx = dp + dq."),
        Fault("a product taken for a sum", "dp, dq = q, p", "dp, dq = 1.0, 1.0",
              "1 is the slope of a sum with respect to a term. f is a product, p q: its slope with respect "
              "to p is q."),
        Fault("mean of the shares", "dx = dp + dq", "dx = (dp + dq) / 2",
              "The shares of a fork add: their mean is half of it."),
        Fault("own factor", "dp, dq = q, p", "dp, dq = p, q",
              "f = p q changes with p at the rate q, and with q at the rate p: each slope is the other "
              "factor."),
        Fault("multiplied over ways", "dx = dp + dq", "dx = dp * dq",
              "Multiply along one way, add over the ways: x has two of them."),
    ),
    after="Four lines, and you have written a backward pass.",
)
def fork_backward(x, y, z):
    """f = (x + y)(x + z): return its derivatives dx, dy, dz, going back through p = x + y and q = x + z."""
    p, q = x + y, x + z
    dp, dq = q, p
    dx = dp + dq
    return dx, dp, dq


log_square = expression(
    "Differentiate log(x²) with respect to x, with sympy's symbol x. Write the result without diff.",
    "x", "2/x",
    working="Outer derivative 1/x², inner derivative 2x: 2x/x² = 2/x.",
    hints=(
        "Put u = x². What is d log(u)/du, and what is du/dx?",
        "The chain rule multiplies the two: 1/u times 2x.",
        "Put u = x² back in and cancel one x.",
    ),
    mutants=(
        ("1/x**2", "The outer derivative is there; the inner one, 2x, is missing as a factor."),
        ("2*x", "That is the inner derivative alone. It multiplies the outer one, 1/x²."),
        ("1/x", "The inner derivative is 2x, and not x: 1/x² times 2x is 2/x."),
        ("2/Abs(x)", "The size is right, and for x < 0 the sign is not: log(x²) falls there. 2x/x² is 2/x."),
        ("2*log(x)/x", "That is the derivative of (log x)². Here the square is inside the logarithm."),
    ),
    after="Also: for x > 0, log(x²) = 2 log x, whose derivative is 2/x; for x < 0 it is 2 log(−x), with the "
          "same derivative.",
)

best_h = choice(
    "σ′(1) is estimated by (σ(1 + h) − σ(1 − h))/(2h) in float64. Which h comes closest?",
    {"a": "1e-1", "b": "1e-3", "c": "1e-5", "d": "1e-8", "e": "1e-11"},
    "c",
    wrong={
        "a": "Too coarse: the curve bends within ±0.1, and the error of the formula falls as h².",
        "b": "Close, but the formula's own error, about h²/6 times the third derivative, still dominates: "
             "go on.",
        "d": "Too small: σ(1 + h) − σ(1 − h) has lost eight of its sixteen digits, and dividing by 2h shows "
             "it.",
        "e": "Far too small: two nearly equal numbers are subtracted, their 1e-16 of round-off is divided by "
             "2e-11, and the estimate errs by 1e-6 or more.",
    },
    hints=(
        "Two errors pull in opposite directions: the formula's own, and the computer's round-off.",
        "The first falls as h². The second is about 1e-16 divided by h.",
        "h² and 1e-16/h are equal near h = 1e-5. Try all five, and print the errors.",
    ),
    after="Truncation falls as h², round-off grows as 1/h: they meet near 1e-5, with an error below "
          "1e-10.",
)


def _graph(rng):
    """A few nodes; every node but the first two is made of two earlier ones, the same one twice now and
    then."""
    n, edges = int(rng.integers(5, 8)), []
    for child in range(2, n):
        first, second = int(rng.integers(0, child)), child - 1
        edges += [(child, first, float(draw(rng))), (child, second, float(draw(rng)))]
    return n, edges


@function(
    inputs=_graph,
    returns="gradients",
    hints=(
        "The gradient of the last node with respect to itself is 1. Which edges lead into it?",
        "Go through the edges from the last to the first: then everything that a node receives has arrived "
        "before it passes anything on.",
        "For each edge: gradients[parent] += slope * gradients[child].",
    ),
    mutants=(
        Fault("overwritten at the fork", "gradients[parent] += slope", "gradients[parent] = slope",
              "A parent that is used twice receives two contributions, and the second has overwritten the "
              "first: +=."),
        Fault("from the first to the last", "reversed(edges)", "edges",
              "In this order a node passes its gradient on before it has received it: go from the last edge "
              "to the first."),
        Fault("slopes alone", "slope * gradients[child]", "slope",
              "That adds up the slopes next to each node. The chain rule multiplies each by the gradient of "
              "the node that it leads to."),
        Fault("added along the path", "slope * gradients[child]", "slope + gradients[child]",
              "Along a path slopes are multiplied; contributions of different paths are added."),
        Fault("divided by the slope", "slope * gradients[child]", "gradients[child] / slope",
              "Going back over an edge the gradient is multiplied by its slope."),
        Fault("without the start", "gradients[-1] = 1.0", "gradients[-1] = 0.0",
              "Everything is 0, since nothing was there to pass on: the last node's gradient with "
              "respect to itself is 1."),
    ),
    after="That is `backward` of the lesson, for any graph.",
)
def graph_gradients(n, edges):
    """A graph of n nodes, 0 … n − 1. Each edge is (child, parent, slope): `slope` is that of the child with
    respect to the parent. The edges are sorted by child, and a parent has a smaller number than its child.
    Return the list of the gradients of the last node with respect to every node."""
    gradients = [0.0] * n
    gradients[-1] = 1.0
    for child, parent, slope in reversed(edges):
        gradients[parent] += slope * gradients[child]
    return gradients


slip_in_a_product = choice(
    """Somebody derives the slope of f(x) = x² sin(3x). Which is the first line that is wrong?
    f  = u v  with  u = x²  and  v = sin(3x)
    (a)  u′ = 2x
    (b)  v′ = cos(3x)
    (c)  f′ = u′ v + u v′
    (d)  f′ = 2x sin(3x) + x² cos(3x)""",
    {"a": "line (a)", "b": "line (b)", "c": "line (c)", "d": "line (d)"},
    "b",
    wrong={
        "a": "The slope of x² is 2x: this line is right.",
        "c": "This is the product rule as it should be. Gradients add, since x reaches f through u and v.",
        "d": "It follows from the lines before it. So the slip was made earlier.",
    },
    hints=(
        "Nudge x by a small number in each line, and compare.",
        "One of the two factors has an inner function. Is the slope of that inner function there?",
        "sin(3x) is sin(t) with t = 3x. What is the slope of t?",
    ),
    after="The inner slope, 3, is missing: v′ = 3 cos(3x). A nudge would have told.",
)
