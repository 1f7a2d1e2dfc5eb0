"""Every formula of the course: proved, held against the code, and refuted once it is spoiled."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import sympy as sp

from bplib import (
    Affine,
    BinaryCrossEntropy,
    Network,
    ReLU,
    Sigmoid,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
    derive,
)
from bplib.losses import softmax

x, y, z = sp.symbols("x y z", real=True)
N, d, k = sp.symbols("N d k", integer=True, positive=True)
i, j, n = sp.symbols("i j n", integer=True, positive=True)
X, W, D = sp.MatrixSymbol("X", N, d), sp.MatrixSymbol("W", d, k), sp.MatrixSymbol("D", N, k)

NAMES = list(derive.CLAIMS)
NUMERIC = [name for name, claim in derive.CLAIMS.items() if claim.numeric]
POSTS = {"A": 11, "B": 13, "C": 16, "D": 24, "E": 8}


# ---------------------------------------------------------------- the claims


@pytest.mark.parametrize("name", NAMES)
def test_claim_is_proved(name):
    proof = derive.claim(name).prove()
    assert proof.outcome == "proved"
    assert derive.proving._is_zero(proof.residual)


@pytest.mark.parametrize("name", NAMES)
def test_spoiled_claim_is_refuted(name):
    """A lost sign, a factor, a transpose, a lost term: each is refuted with numbers, never merely undecided."""
    slips = list(derive.claim(name).spoiled())
    assert slips
    for spoiled in slips:
        with pytest.raises(derive.ProofError) as failure:
            spoiled.prove()
        assert failure.value.outcome == "refuted", spoiled.name
        assert failure.value.derived_value != failure.value.claimed_value


@pytest.mark.parametrize("name", [name for name in NAMES if derive.claim(name).equation.steps])
def test_every_step_is_proved(name):
    derivation = derive.steps(name)
    assert sp.sstr(derivation.steps[-1][0]) in repr(derivation)
    assert derivation._repr_latex_().count("&=") >= len(derivation.steps) - 1


@pytest.mark.parametrize("name", NUMERIC)
@pytest.mark.parametrize("seed", [1, 2])
def test_formula_equals_the_code(name, seed):
    comparison = derive.claim(name).compare(np.random.default_rng(seed))
    assert comparison.worst <= 1e-12
    assert comparison.checked


def test_comparison_sees_a_spoiled_formula():
    """The comparison with the code is not blind either: half the bias gradient is caught."""
    honest = derive.claim("affine_db")
    spoiled = derive.Claim(
        "spoiled", "", 5, lambda: derive.Equation(honest.derived, honest.claimed / 2), numeric=honest.numeric
    )
    with pytest.raises(derive.ProofError, match=r"differs from the formula by 5\.0e-01"):
        spoiled.compare()


def test_lessons_and_posts_are_covered():
    lessons = [claim.lesson for claim in derive.CLAIMS.values()]
    assert lessons == sorted(lessons)
    assert set(lessons) == set(range(1, 16))
    assert len(NAMES) >= 75
    for claim in derive.CLAIMS.values():
        assert all(int(post[1:]) <= POSTS[post[0]] for post in claim.posts), claim.name


def test_texts_are_the_same_in_every_process():
    """Stored outputs are compared: no address, no order of a set may get into them."""
    program = (
        "from bplib import derive\n"
        "for name in ('sigmoid_derivative', 'bce_by_logit', 'c_hidden_gradient', 'affine_dW'):\n"
        "    c = derive.claim(name)\n"
        "    print(c.steps(), c.steps()._repr_latex_(), c, c.prove(), c._repr_latex_())\n"
        "    for s in c.spoiled():\n"
        "        try:\n            s.prove()\n"
        "        except derive.ProofError as error:\n            print(error)\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert "0x" not in outputs.pop()


# ---------------------------------------------------------------- prove


def test_proved_says_so():
    s = derive.sigma(z)
    proof = derive.prove(sp.diff(s, z), s * (1 - s), name="slope")
    assert repr(proof) == "slope: proved: residual 0"
    assert r"\text{proved: residual 0}" in proof._repr_latex_()


def test_refuted_carries_the_point():
    with pytest.raises(derive.ProofError, match=r"refuted at x = .*: derived .*, claimed ") as failure:
        derive.prove(sp.diff(x**2, x), x)
    error = failure.value
    at = error.point["x"]
    assert error.outcome == "refuted"
    assert error.derived_value == pytest.approx(float(2 * at))
    assert error.claimed_value == pytest.approx(float(at))


def test_numbers_alone_never_prove():
    """Both sides agree at every point, but sympy cannot see it: undecided, and so not a pass."""
    with pytest.raises(derive.UndecidedError, match="undecided") as failure:
        derive.prove(sp.Trace(X * W * D.T), sp.Trace(D.T * X * W))
    assert failure.value.outcome == "undecided"
    assert failure.value.residual != 0


def test_a_difference_of_one_millionth_is_refuted():
    with pytest.raises(derive.ProofError, match="refuted"):
        derive.prove(sp.exp(x), sp.exp(x) * (1 + sp.Rational(1, 10**6)))


def test_conditions_matter():
    relu = sp.Max(0, z)
    assert derive.prove(sp.diff(relu, z), 1, assuming=z > 0)
    with pytest.raises(derive.ProofError, match="refuted"):
        derive.prove(sp.diff(relu, z), 1, assuming=z < 0)
    with pytest.raises(derive.ProofError, match="refuted"):
        derive.prove(sp.sqrt(z**2), z)
    assert derive.prove(sp.sqrt(z**2), z, assuming=z >= 0)
    assert derive.prove(x * y, x - x**2, assuming=sp.Eq(y, 1 - x))


def test_index_out_of_range_is_refuted():
    """∂/∂a_i of a sum to n is a_i's term for i ≤ n, and nothing beyond."""
    a = sp.IndexedBase("a")
    total = sp.Sum(a[j] ** 2, (j, 1, n))
    assert derive.prove(sp.diff(total, a[i]), 2 * a[i], assuming=i <= n)
    with pytest.raises(derive.ProofError, match="refuted"):
        derive.prove(sp.diff(total, a[i]), 2 * a[i])


def test_the_name_of_a_summation_index_does_not_matter():
    a = sp.IndexedBase("a")
    assert derive.prove(sp.Sum(a[i], (i, 1, n)), sp.Sum(a[j], (j, 1, n)))


def test_abstract_functions():
    f = sp.Function("f")
    assert derive.prove(sp.Derivative(f(x) ** 2, x), 2 * f(x) * f(x).diff(x))
    with pytest.raises(derive.ProofError, match="refuted"):
        derive.prove(sp.Derivative(f(x) ** 2, x), 2 * f(x))


def test_matrices_with_symbolic_sizes():
    gradient = derive.trace_gradient(D, X * W, W)
    assert repr(derive.prove(gradient, X.T * D)) == "proved: residual 0 (d×k)"
    with pytest.raises(derive.ProofError, match=r"refuted in entry \[0, 0\] at N = 6, d = 4, k = 5"):
        derive.prove(gradient, 2 * X.T * D)
    with pytest.raises(ValueError, match=r"derived is a matrix of shape \(d, k\), claimed .* \(k, d\)"):
        derive.prove(gradient, D.T * X)


def test_refuted_entry_of_an_explicit_matrix():
    with pytest.raises(derive.ProofError) as failure:
        derive.prove(sp.Matrix([[x, y]]), sp.Matrix([[x, -y]]))
    assert failure.value.entry == (0, 1)


@pytest.mark.parametrize(
    ("derived", "claimed", "error", "words"),
    [
        (x, sp.Matrix([x]), ValueError, "derived is a scalar, claimed is a matrix"),
        (sp.Matrix([x, y]), sp.Matrix([[x, y]]), ValueError, r"shape \(2, 1\)"),
        ("x", x, TypeError, "derived must be a sympy formula"),
        (x, None, TypeError, "claimed must be a sympy formula"),
        (x > 0, x, TypeError, "condition"),
        (True, x, TypeError, "condition"),
        (x, sp.nan, ValueError, "not a finite formula"),
    ],
)
def test_bad_sides(derived, claimed, error, words):
    with pytest.raises(error, match=words):
        derive.prove(derived, claimed)


def test_bad_conditions():
    with pytest.raises(TypeError, match="assuming takes conditions"):
        derive.prove(x, x, assuming=(x,))
    with pytest.raises(ValueError, match="never true"):
        derive.prove(x, x, assuming=sp.Integer(1) > 2)
    positive = sp.Symbol("p", positive=True)
    with pytest.raises(ValueError, match=r"contradicts|never true"):
        derive.prove(positive, positive, assuming=positive < 0)


def test_decimals_are_read_exactly():
    assert derive.prove(0.1 * x, x / 10)


def test_unknown_claim_names_its_neighbours():
    with pytest.raises(ValueError, match=r"did you mean .*sigmoid_derivative"):
        derive.claim("sigmoid_derivativ")
    with pytest.raises(ValueError, match="describes no part of bplib's code"):
        derive.claim("fork_df_dx").compare()


def test_two_claims_may_not_share_a_name():
    def affine_dW():
        """Never built."""

    with pytest.raises(ValueError, match="two claims are called affine_dW"):
        derive.register("again", lesson=5)(affine_dW)


# ---------------------------------------------------------------- networks, products, numbers


def test_delta_of_the_symbolic_network_is_the_derivative():
    net = derive.SymbolicNetwork((2, 3, 2))
    assert derive.prove(net.gradient(net.b[1]), net.delta(1), assuming=net.names)
    with pytest.raises(derive.ProofError, match="refuted"):
        derive.prove(net.gradient(net.b[1]), net.W[2].T * net.delta(2), assuming=net.names)


def test_fitting_products():
    assert derive.fitting_products((3, 2), X=(5, 3), dZ=(5, 2)) == ["Xᵀ dZ"]
    assert derive.fitting_products((5, 3), dZ=np.zeros((5, 2)), W=np.zeros((3, 2))) == ["dZ Wᵀ"]
    assert len(derive.fitting_products((3, 3), X=(3, 3), dZ=(3, 3))) == 8
    assert derive.fitting_products((4, 4), X=(5, 3), dZ=(5, 2)) == []
    with pytest.raises(ValueError, match="two matrices"):
        derive.fitting_products((3, 2), X=(5, 3))
    with pytest.raises(ValueError, match="X must have a shape of two sizes"):
        derive.fitting_products((3, 2), X=(5,), dZ=(5, 2))


def test_evaluate_takes_sizes_from_the_arrays():
    rng = np.random.default_rng(0)
    arrays = {X: rng.normal(size=(5, 3)), D: rng.normal(size=(5, 2))}
    assert np.allclose(derive.evaluate(X.T * D, arrays), arrays[X].T @ arrays[D], rtol=1e-14)
    a = sp.IndexedBase("a")
    assert derive.evaluate(sp.Sum(a[j], (j, 1, n)), {a: np.array([1.0, 2.0, 4.0]), n: 3}) == 7
    with pytest.raises(ValueError, match=r"needs an array of shape \(2, 1\)"):
        derive.evaluate(sp.Matrix([x, y]), {sp.ImmutableMatrix([x, y]): np.zeros((1, 2))})


# ---------------------------------------------------------------- the formula of one number


ACTIVATION = {"sigmoid": Sigmoid, "tanh": Tanh, "relu": ReLU}
LOSS = {
    "squared_error": SquaredError,
    "binary_cross_entropy": BinaryCrossEntropy,
    "softmax_cross_entropy": SoftmaxCrossEntropy,
}


def _values(sizes, activation, output, loss):
    """A random network of `bplib` and all its numbers for one sample, in columns, from its own backward pass."""
    rng = np.random.default_rng(3)
    affine = [Affine.from_arrays(rng.normal(size=(p, q)), rng.normal(size=q)) for p, q in pairwise(sizes)]
    layers = []
    for layer in affine:
        layers += [layer, ACTIVATION[activation]()]
    layers.pop()
    if loss == "squared_error" and output != "identity":
        layers.append(ACTIVATION[output]())
    network = Network(layers, LOSS[loss]())
    X_number = rng.normal(size=(1, sizes[0]))
    Y_number = np.eye(sizes[-1])[[0]]
    _, grads = network.gradients(X_number, Y_number)
    a, z_values, A = [X_number[0]], [None], X_number
    for at, layer in enumerate(network.layers):
        A, _ = layer.forward(A)
        if isinstance(layer, Affine):
            z_values.append(A[0])
            last = at == len(network.layers) - 1
            if last:
                a.append(network.loss_function.predict(A)[0])
        else:
            a.append(A[0])
    weights = [None, *(layer.params["W"].T for layer in affine)]
    biases = [None, *(layer.params["b"] for layer in affine)]
    affine_grads = [g for g in grads if g]
    delta = [None, *(g["b"] for g in affine_grads)]
    values = {"a": a, "z": z_values, "W": weights, "b": biases, "delta": delta, "y": Y_number[0]}
    return values, affine_grads


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize(
    ("output", "loss"),
    [
        ("sigmoid", "binary_cross_entropy"),
        ("softmax", "softmax_cross_entropy"),
        ("identity", "squared_error"),
        ("tanh", "squared_error"),
    ],
)
def test_formula_gives_the_network_s_own_numbers(activation, output, loss):
    sizes = (2, 3, 2)
    values, grads = _values(sizes, activation, output, loss)
    settings = {"activation": activation, "output": output, "loss": loss}
    for layer in (1, 2):
        for unit in range(1, sizes[layer] + 1):
            at = {"layer": layer, "unit": unit, **settings}
            for kind, wanted in (("z", values["z"]), ("a", values["a"]), ("delta", values["delta"])):
                got = derive.formula(kind, sizes, **at).value(values)
                assert got == pytest.approx(wanted[layer][unit - 1], rel=1e-12), (kind, at)
            assert derive.formula("db", sizes, **at).value(values) == pytest.approx(
                grads[layer - 1]["b"][unit - 1]
            )
            for source in range(1, sizes[layer - 1] + 1):
                got = derive.formula("dw", sizes, source=source, **at).value(values)
                assert got == pytest.approx(grads[layer - 1]["W"][source - 1, unit - 1], rel=1e-12)


def test_formula_prints_with_numbers():
    formula = derive.formula("delta", (2, 2, 1), layer=1, unit=2, activation="tanh")
    assert formula.latex == (
        r"\delta^{1}_{2} = \left(1 - \left(a^{1}_{2}\right)^{2}\right) \cdot w^{2}_{12} \cdot \delta^{2}_{1}"
    )
    values = {"a": [[1, 0], [0.5, 0.6]], "W": [None, None, [[0.1, -0.1]]], "delta": [None, None, [-3]]}
    assert formula.with_numbers(values).endswith(r"\left(1 - 0.6^{2}\right) \cdot (-0.1) \cdot (-3) = 0.192")
    tiny = derive.formula("db", (2, 2, 1), layer=1, unit=1)
    assert tiny.with_numbers({"delta": [None, [3e-7, 0]]}).endswith(r"= 3 \cdot 10^{-7}")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "w"}, "kind must be one of"),
        ({"layer": 0}, "layer must be 1 … 2"),
        ({"unit": 3}, "unit must be 1 … 2 in layer 1"),
        ({"kind": "dw"}, "source must be 1 … 2"),
        ({"source": 1}, "source belongs to kind 'dw' alone"),
        ({"activation": "softmax"}, "activation must be one of"),
        ({"loss": "hinge"}, "loss must be one of"),
        ({"output": "tanh"}, "does not go with output"),
        ({"sizes": (2,)}, "at least two"),
    ],
)
def test_formula_refuses(change, words):
    settings = {"kind": "z", "sizes": (2, 2, 1), "layer": 1, "unit": 1, **change}
    with pytest.raises(ValueError, match=words):
        derive.formula(**settings)


def test_formula_names_the_missing_values():
    with pytest.raises(ValueError, match=r"needs values\['W'\]|needs values\['a'\]"):
        derive.formula("z", (2, 2, 1), layer=1, unit=1).value({"y": [1]})


def test_log_probabilities_of_the_symbolic_softmax():
    column = derive.softmax_of(sp.Matrix([1, 2, 3]))
    assert np.allclose(np.array(column, float).ravel(), softmax(np.array([1.0, 2.0, 3.0])), rtol=1e-14)
