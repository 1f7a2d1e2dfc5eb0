"""Lesson 04, deltas: at the output, one layer back, through a whole network, and what it all costs."""

from itertools import pairwise

import numpy as np

from .kinds import Fault, choice, draw, expression, function, sizes, square, value

# fmt: off

output_delta = expression(
    "One output unit: a = σ(z) and L = ½(a − y)². Give δ = ∂L/∂z in the symbols a and y.",
    "a y", "(a - y)*a*(1 - a)",
    working="δ = ∂L/∂a · σ′(z), with ∂L/∂a = a − y and σ′(z) = a(1 − a).",
    hints=(
        "δ is the derivative by z, not by a: there is one more link in the chain.",
        "∂L/∂a = a − y, the ½ cancels the 2.",
        "Multiply by σ′(z), written with a.",
    ),
    mutants=(
        ("a - y", "That is ∂L/∂a. δ is ∂L/∂z: the slope a(1 − a) is missing. (It cancels for cross-entropy, "
                  "not here.)"),
        ("(y - a)*a*(1 - a)", "The sign: ∂½(a − y)²/∂a is a − y."),
        ("2*(a - y)*a*(1 - a)", "The ½ in front of the square cancels the 2."),
        ("a*(1 - a)", "That is the slope alone; how wrong the answer is, a − y, is the other factor."),
        ("(a - y)*y*(1 - y)", "The slope belongs to a, the unit's output, not to the target."),
    ),
    after="How wrong the answer is, times how steep the unit stands.",
)


def _layer_above(rng, sizes=sizes):
    n, m = sizes(rng, 2)
    return draw(rng, m, n), draw(rng, m), rng.integers(1, 10, n) / 10


@function(
    inputs=(square(_layer_above), _layer_above),
    returns="delta",
    hints=(
        "Unit k reaches the loss through every unit j of the layer above, by the weights w_jk.",
        "Sum over j of w_jk δ_j, for each k: which product of W (m, n) and δ (m,) is that?",
        "(W.T @ delta_above), then element by element times the slope a(1 − a).",
    ),
    mutants=(
        Fault("W for its transpose", "W.T @ delta_above", "W @ delta_above",
              "Forward, z = W a sums over k; back, the sum is over j, the units above: Wᵀ δ. In a square W "
              "the shape cannot tell."),
        Fault("one path only", "W.T @ delta_above", "W[0] * delta_above[0]",
              "That is the path through the first unit above. Every unit above has heard from this one: sum "
              "over all."),
        Fault("slope forgotten", "(W.T @ delta_above) * a * (1 - a)", "W.T @ delta_above",
              "That is ∂L/∂a. δ is ∂L/∂z: times σ′ = a(1 − a)."),
        Fault("slope before the sum", "(W.T @ delta_above) * a * (1 - a)",
              "W.T @ (delta_above * a * (1 - a))",
              "The slope a(1 − a) belongs to this layer's units k. Inside the brackets it meets δ_j, the "
              "units above: first the sum over j, then the slope."),
        Fault("slope of the layer above", "(W.T @ delta_above) * a * (1 - a)",
              ("W.T @ (delta_above * (s := 1 / (1 + np.exp(-W @ a))) * (1 - s))",
               "(W.T @ (delta_above * (s := 1 / (1 + np.exp(-W @ a))) * (1 - s))) * a * (1 - a)"),
              "The slope of the layer above is in delta_above already: it is ∂L/∂z of that layer. What is "
              "missing going down is this layer's own slope, a(1 − a), once."),
        Fault("sigmoid twice", "* a * (1 - a)", "* (s := 1 / (1 + np.exp(-a))) * (1 - s)",
              "a is σ(z) already; you have applied σ a second time. Written from the output, the slope is "
              "a(1 − a)."),
        Fault("a alone for the slope", "* a * (1 - a)", ("* a", "* (1 - a)"),
              "The slope has two factors, a and 1 − a."),
        Fault("no weights", "(W.T @ delta_above) * a * (1 - a)", "delta_above * a * (1 - a)",
              "The δ of the layer above reaches this one through the weights: Wᵀ δ, which has this layer's "
              "size."),
        Fault("delta for the output", "* a * (1 - a)", "* (d := W.T @ delta_above) * (1 - d)",
              "The slope is written with the unit's output a, not with the gradient: a(1 − a)."),
        Fault("slope of tanh", "* a * (1 - a)", "* (1 - a**2)",
              "1 − a² is the slope of tanh. These units are sigmoids: a(1 − a)."),
        Fault("paths added without weights", "W.T @ delta_above", "delta_above.sum()",
              "Each path carries the weight of its edge: w_jk δ_j."),
    ),
    after="The recursion of backpropagation: the sum is the fan-out.",
)
def hidden_delta(W, delta_above, a):
    """One sample, in columns: the layer above has z = W a with W (m, n), and delta_above (m,) is its δ. This
    layer's units are sigmoids with outputs a (n,). Return its δ (n,)."""
    delta = (W.T @ delta_above) * a * (1 - a)
    return delta


paths_and_deltas = value(
    "A network of widths 6-7-5-3. How many paths lead from any of the inputs to any of the outputs, all "
    "together? And how many multiplications by a weight does it take to get the δ of all hidden units from "
    "those of the outputs?",
    (630, 50),
    returns=("paths", "multiplications"),
    working="Paths: 6·7·5·3 = 630. Deltas: 5·3 for the second hidden layer, 7·5 for the first: 15 + 35.",
    hints=(
        "A path chooses one unit in each layer.",
        "A hidden layer's δ needs one multiplication for every weight of the matrix above it.",
        "Two hidden layers, so two matrices: 5 by 3 and 7 by 5. The first matrix, from the inputs, is not "
        "needed.",
    ),
    mutants=(
        ((21, None), "The choices multiply: 6 units, for each of them 7, for each of those 5, and 3."),
        ((35, None), "That is from one input to one output, 7·5. Here the 6 inputs and the 3 outputs are to "
                     "be chosen as well."),
        ((92, None), "That is the number of weights. A path takes one in each matrix, so the numbers "
                     "multiply."),
        ((107, None), "Those are all weights and biases. A path chooses one unit in each layer: 6, for each "
                      "of them 7, and so on."),
        ((None, 92), "That counts the first matrix, 6 by 7, too: inputs need no δ."),
        ((None, 92 - 15), "The outputs' δ are known; the first matrix, from the inputs, is not needed, the "
                          "other two are."),
    ),
    after="δ is where paths meet: each path is not walked on its own.",
)


def _network_221(rng, sizes=sizes):
    d, m, k = sizes(rng, 3)
    sigmoid_range = rng.integers(1, 10, k) / 10
    return draw(rng, d), sigmoid_range, draw(rng, m, d), draw(rng, m), draw(rng, k, m), draw(rng, k)


@function(
    inputs=(_network_221, _network_221, square(_network_221)),
    returns=("dW1", "db1", "dW2", "db2"),
    hints=(
        "Forward: z1, a1, z2, a2. Then δ of the outputs, δ of the hidden units, and all gradients from the "
        "two.",
        "δ2 = (a2 − y) a2(1 − a2), δ1 = (W2ᵀ δ2) a1(1 − a1), element by element.",
        "A weight's gradient is the δ of the unit it leads to, times the output of the unit it comes from: "
        "np.outer(delta, a). A bias has δ itself.",
    ),
    mutants=(
        Fault("stale weights", "W2.T @ delta2",
              tuple(f"(W2 - {eta} * np.outer(delta2, a1)).T @ delta2"
                    for eta in (1, 0.5, 0.1, 0.2, 0.05, 0.01)),
              "W2 has taken its step before δ1 was computed: the hidden units get the δ of a network "
              "that no longer exists. All deltas first, with the old weights; no weight changes here at "
              "all."),
        Fault("dW transposed", ("np.outer(delta1, x)", "np.outer(delta2, a1)"),
              ("np.outer(x, delta1)", "np.outer(a1, delta2)"),
              "A weight matrix is (to, from): row j belongs to unit j. The first factor is δ, the second "
              "what came in."),
        Fault("W2 not transposed", "W2.T @ delta2", "W2 @ delta2",
              "Forward, W2 leads from hidden units to outputs; back, the sum is over the outputs: W2ᵀ δ2."),
        Fault("error turned round", "(a2 - y)", "(y - a2)",
              "The sign: ∂½(a2 − y)²/∂a2 is a2 − y. With y − a2 all gradients point downhill."),
        Fault("second layer first", "return np.outer(delta1, x), delta1, np.outer(delta2, a1), delta2",
              "return np.outer(delta2, a1), delta2, np.outer(delta1, x), delta1",
              "The first layer's gradients come first: dW1, db1, then dW2, db2."),
        Fault("a factor 2", "delta2 = (a2 - y)", "delta2 = 2 * (a2 - y)",
              "The ½ in front of the square cancels the 2."),
        Fault("hidden error without the output slope", "W2.T @ delta2", "W2.T @ (a2 - y)",
              "What goes back through W2 is δ2, the output slope included, not the bare error a2 − y."),
        Fault("slopes of tanh", ("* a2 * (1 - a2)", "* a1 * (1 - a1)"), ("* (1 - a2**2)", "* (1 - a1**2)"),
              "1 − a² is the slope of tanh. These units are sigmoids: a(1 − a)."),
        Fault("hidden slope forgotten", "(W2.T @ delta2) * a1 * (1 - a1)", "W2.T @ delta2",
              "That is ∂L/∂a1; δ1 = ∂L/∂z1 has the hidden units' slope as a factor."),
        Fault("output slope forgotten", "(a2 - y) * a2 * (1 - a2)", "a2 - y",
              "That is ∂L/∂a2, or the δ of cross-entropy. Squared error keeps the slope a2(1 − a2)."),
        Fault("output without its sigmoid", "a2 = 1 / (1 + np.exp(-z2))", "a2 = z2",
              "The outputs are sigmoids too: a2 = σ(z2), and the error is a2 − y."),
        Fault("hidden units for inputs", "np.outer(delta2, a1)", "np.outer(delta2, z1)",
              "W2 multiplies a1, the hidden units' outputs, and not z1."),
        Fault("slope of z", ("* a1 * (1 - a1)", "* a2 * (1 - a2)"), ("* z1 * (1 - z1)", "* z2 * (1 - z2)"),
              "The slope σ′(z) is a(1 − a), written from the output a, not z(1 − z)."),
        Fault("biases left out", ("W1 @ x + b1", "W2 @ a1 + b2"), ("W1 @ x", "W2 @ a1"),
              "The forward pass has lost a bias: z = W a + b in both layers."),
    ),
    after="All deltas first, and only then would a step change any weight.",
)
def backward_by_hand(x, y, W1, b1, W2, b2):
    """One sample, in columns: z1 = W1 x + b1, a1 = σ(z1), z2 = W2 a1 + b2, a2 = σ(z2), L = ½‖a2 − y‖².
    Return the gradients dW1, db1, dW2, db2."""
    z1 = W1 @ x + b1
    a1 = 1 / (1 + np.exp(-z1))
    z2 = W2 @ a1 + b2
    a2 = 1 / (1 + np.exp(-z2))
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = (W2.T @ delta2) * a1 * (1 - a1)
    return np.outer(delta1, x), delta1, np.outer(delta2, a1), delta2


def _outputs_of_layers(rng, sizes=sizes):
    widths = sizes(rng, int(rng.integers(3, 6)))
    W = [draw(rng, n_out, n_in) for n_in, n_out in pairwise(widths)]
    a = [rng.integers(1, 10, n) / 10 for n in widths[1:]]
    return W, a, rng.integers(0, 2, widths[-1]).astype(float)


@function(
    inputs=(_outputs_of_layers, _outputs_of_layers, square(_outputs_of_layers)),
    returns="deltas",
    hints=(
        "Begin at the output: (a − y) times the slope a(1 − a).",
        "Each layer below collects by the transpose of the matrix above it, times its own slope.",
        "for W_l, a_l in zip(reversed(W[1:]), reversed(a[:-1])): delta = (W_l.T @ delta) * a_l * (1 - a_l)",
    ),
    mutants=(
        Fault("W for its transpose", "W_l.T @ delta", "W_l @ delta",
              "δ goes back from the units above: sum over the first index of W, which the transpose does."),
        Fault("slope of the hidden units forgotten", "(W_l.T @ delta) * a_l * (1 - a_l)", "W_l.T @ delta",
              "δ is ∂L/∂z: what comes back to a hidden output is multiplied by the slope a(1 − a)."),
        Fault("slope of the outputs forgotten", "(a[-1] - y) * a[-1] * (1 - a[-1])", "a[-1] - y",
              "L is ½‖a − y‖² of sigmoids, so the output keeps its slope a(1 − a)."),
        Fault("from the end to the start", "found.insert(0, delta)", "found.append(delta)",
              "The list should begin with the first layer: insert each δ in front."),
        Fault("sign", "(a[-1] - y)", "(y - a[-1])",
              "The slope of ½(a − y)² with respect to a is a − y."),
        Fault("first matrix too", "reversed(W[1:])", "reversed(W[:-1])",
              "The matrix that leads out of a layer is the next one in the list. The first one leads "
              "from the "
              "inputs, which have no δ."),
    ),
    after="Three lines of a loop, for a network of any depth.",
)
def all_deltas(W, a, y):
    """One sample, in columns, all units sigmoids, L = ½‖a − y‖² with the last outputs a. The list W holds the
    matrices and the list a the outputs of the layers, first layer first; the input is not in a. Return the
    list of their δ, first layer first."""
    delta = (a[-1] - y) * a[-1] * (1 - a[-1])
    found = [delta]
    for W_l, a_l in zip(reversed(W[1:]), reversed(a[:-1]), strict=True):
        delta = (W_l.T @ delta) * a_l * (1 - a_l)
        found.insert(0, delta)
    return found


slip_in_a_backward = choice(
    """One sample in columns, two layers of sigmoids, L = ½‖a2 − y‖². The gradient of W2 agrees with nudging,
    that of W1 does not. Which line is it?
    (a)  d2 = (a2 - y) * a2 * (1 - a2)
    (b)  dW2 = np.outer(d2, a1)
    (c)  d1 = (W2.T @ d2) * a2 * (1 - a2)
    (d)  dW1 = np.outer(d1, x)""",
    {"a": "line (a)", "b": "line (b)", "c": "line (c)", "d": "line (d)"},
    "c",
    wrong={
        "a": "dW2 is made of d2, and dW2 is right. So d2 is right.",
        "b": "The gradient of W2 agrees with nudging: this line is right.",
        "d": "δ times input, with the unit's δ first: this line is right if d1 is.",
    },
    hints=(
        "What is right already clears some of the lines.",
        "δ of a hidden unit contains the slope of that very unit.",
        "Which layer's outputs stand in the last two factors of line (c)?",
    ),
    after="The slope is that of the hidden units, a1 * (1 - a1). Where both layers have two units, it "
          "even runs.",
)
