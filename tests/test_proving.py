"""`prove` keeps what is assumed: any order, exact numbers, counter-examples inside the assumptions, no lost domain."""

from itertools import permutations

import numpy as np
import pytest
import sympy as sp

from bplib import derive
from bplib.derive import proving
from bplib.derive.assuming import exact, fits, simplest
from bplib.derive.points import UNDEFINED, points, refute
from bplib.derive.proving import (
    _cases,
    _kinks,
    _one_root,
    _rational,
    _reduce,
    _same_index,
    _texts,
    _try,
    _without_gaps,
)

x, y, z, w, p, q = sp.symbols("x y z w p q", real=True)
n, m = sp.symbols("n m", integer=True)
a, b = sp.IndexedBase("a"), sp.IndexedBase("b")
i, j, k = sp.symbols("i j k", integer=True, positive=True)


def outcome(derived, claimed, *assuming):
    """What `prove` says; a counter-example must lie inside what is assumed."""
    try:
        return derive.prove(derived, claimed, assuming=assuming).outcome
    except derive.UndecidedError:
        return "undecided"
    except derive.ProofError as error:
        refuted = error
    formulas = [f for f in (derived, claimed, *assuming) if isinstance(f, sp.Basic)]
    symbols = {s for f in formulas for s in f.free_symbols if isinstance(s, sp.Symbol)}
    at = {s: refuted.point[str(s)] for s in symbols if str(s) in refuted.point}
    for condition in assuming:
        if not condition.has(sp.Indexed, sp.core.function.AppliedUndef):
            assert condition.subs(at) == sp.true, (condition, at)
    assert all(fits(value, symbol.assumptions0) for symbol, value in at.items()), at
    assert sp.N(refuted.derived_value - refuted.claimed_value, 400) != 0
    left, right = str(refuted).rpartition(": derived ")[2].split(", claimed ")
    assert left != right, "the sentence shows the same number twice"
    return refuted.outcome


# ---------------------------------------------------------------- the order of assumptions


f, g = sp.Function("f"), sp.Function("g")
C = sp.MatrixSymbol("C", 2, 2)
D = sp.MatrixSymbol("D", 2, 2)
E = sp.MatrixSymbol("E", 2, 2)
M, K, L = sp.MatrixSymbol("M", 2, 4), sp.MatrixSymbol("K", 4, 3), sp.MatrixSymbol("L", 4, 3)

TRUE = {
    "between": (sp.Abs(1 - z), 1 - z, [z > 0, z < 1]),
    "above zero by two": (sp.sign(z), 1, [sp.Ne(z, 0), z >= 0]),
    "sign through an equation": (sp.Abs(z), z, [w > 0, sp.Eq(z, w)]),
    "sign through a chain": (sp.Abs(z), z, [w > 0, sp.Eq(x, w), sp.Eq(z, x)]),
    "chain": (p, 3, [sp.Eq(q, 2), sp.Eq(p, q + 1)]),
    "chain of three": (p, 3, [sp.Eq(q, 2), sp.Eq(p, q + 1), z > 0]),
    "long chain": (p * x, 12, [sp.Eq(q, 2), sp.Eq(p, q + 1), sp.Eq(x, p + 1)]),
    "two names": (y, x, [x > 0, sp.Eq(y, x)]),
    "two names, positive": (sp.Abs(y), x, [x > 0, sp.Eq(y, x)]),
    "turned round": (p, 2, [sp.Eq(2, q), sp.Eq(q, p)]),
    "to be solved": (p * q, q - q**2, [sp.Eq(p + q, 1), q > 0]),
    "positive because of the sum": (sp.Abs(p - 1), 1 - p, [sp.Eq(p + q, 1), q > 0]),
    "far away": (sp.Abs(x), x, [x > 10, x < 20]),
    "far away, one bound": (sp.Abs(x - 10), x - 10, [x > 10, sp.Ne(x, 12)]),
    "closed": (sp.Abs(1 - p) + sp.Abs(p), 1, [p >= 0, p <= 1]),
    "one point": (x**2, 4, [x >= 2, x <= 2]),
    "two pieces": (sp.Abs(x) / x, sp.sign(x), [sp.Ne(x, 0), sp.Ne(x, 1)]),
    "functions": (g(x), sp.cos(x) ** 2, [sp.Eq(g(x), f(x) ** 2), sp.Eq(f(x), sp.cos(x))]),
    "function of a name": (g(y), x**2, [sp.Eq(y, x), sp.Eq(g(x), x**2)]),
    "derivative of a function": (sp.Derivative(f(x), x), 2 * x, [sp.Eq(f(x), y), sp.Eq(y, x**2)]),
    "at a point": (sp.Derivative(x**3, x), 12, [sp.Eq(x, 2), y > 0]),
    "matrices": (C * E, C * C.T, [sp.Eq(D, C.T), sp.Eq(E, D)]),
    "lhs is no name": (sp.Sum(a[j], (j, 1, n)) * x, y, [sp.Eq(sp.Sum(a[j], (j, 1, n)), 1), sp.Eq(y, x)]),
    "indices": (sp.diff(sp.Sum(a[j] * b[j], (j, 1, k)), a[i]), b[i], [i <= k, sp.Ne(x, 0)]),
    "conjunction": (sp.Abs(1 - z), 1 - z, [sp.And(z > 0, z < 1), w > 0]),
    "zero on the left": (sp.Abs(z), z, [sp.Gt(5, z), sp.Lt(0, z)]),
    "nested square root": (sp.sqrt((x - 2) ** 2), 2 - x, [x < 2, y > x]),
}  # fmt: skip

FALSE = {
    "between": (sp.Abs(1 - z), z - 1, [z > 0, z < 1]),
    "above zero": (sp.sign(z), -1, [sp.Ne(z, 0), z >= 0]),
    "chain": (p, 4, [sp.Eq(q, 2), sp.Eq(p, q + 1)]),
    "names": (y, -x, [x > 0, sp.Eq(y, x)]),
    "far": (x, 11, [x > 10, x < 1000]),
    "farther": (x, 5000, [x > 4000, y > x]),
    "in a chain of three": (x + y + z, 0, [x > 100, y > x, z > y]),
    "narrow": (x, sp.Rational(1, 2), [x > sp.Rational(49, 100), x < sp.Rational(51, 100)]),
    "outside": (x**2, x, [sp.Ne(x, 1), x**2 > 2]),
    "sum": (x + y, 1, [x + y < 1, x > 0, y > 0]),
    "on a circle": (x + y, 1, [sp.Eq(x**2 + y**2, 1), x > 0]),
    "whole numbers": (n, 12, [n > 10, n < 14]),
    "sizes": (i, k, [i <= k, k < 4]),
    "entries that sum to one": (a[1], sp.Rational(1, 3), [sp.Eq(sp.Sum(a[j], (j, 1, 3)), 1), x > 0]),
    "entries above zero": (a[1], a[2], [a[1] > 0, a[2] > 0]),
    "solved": (p, q, [sp.Eq(2 * p + q, 1), q > 3]),
    "declared": (x, y, [sp.Eq(x, y**2 - 4), x > 0]),
}


@pytest.mark.parametrize("case", TRUE)
def test_the_order_of_true_assumptions_is_irrelevant(case):
    derived, claimed, conditions = TRUE[case]
    for order in permutations(conditions):
        assert outcome(derived, claimed, *order) == "proved", order


@pytest.mark.parametrize("case", FALSE)
def test_what_is_false_under_the_assumptions_is_refuted_inside_them(case):
    derived, claimed, conditions = FALSE[case]
    for order in permutations(conditions):
        assert outcome(derived, claimed, *order) == "refuted", order


@pytest.mark.parametrize("names", list(permutations("pqx")))
def test_the_spelling_of_names_is_irrelevant(names):
    """Conditions are put in a fixed order, by name: no name may be luckier than another."""
    first, second, third = sp.symbols(names, real=True)
    chain = (sp.Eq(first, 2), sp.Eq(second, first + 1), sp.Eq(third, second * first))
    assert outcome(third, 6, *chain) == "proved"
    assert outcome(sp.Abs(second), second, first > 0, sp.Eq(second, first), third > 0) == "proved"


def test_the_point_names_what_the_equations_say():
    with pytest.raises(derive.ProofError) as failure:
        derive.prove(p + x, 4, assuming=[sp.Eq(q, 2), sp.Eq(p, q + x)])
    point = failure.value.point
    assert point["q"] == 2
    assert point["p"] == 2 + point["x"]


@pytest.mark.parametrize(
    "conditions",
    [
        [x > 1, x < 0],
        [sp.Eq(x, 1), x > 2],
        [sp.Eq(x, 1), sp.Eq(x, 2)],
        [sp.Eq(y, x), x > 0, y < 0],
        [sp.Ne(x, y), sp.Eq(x, y)],
        [sp.Eq(n, p), sp.Eq(p, sp.Rational(1, 2))],
    ],
)
def test_contradictions_are_named(conditions):
    for order in permutations(conditions):
        with pytest.raises(ValueError, match="the assumptions contradict each other: "):
            derive.prove(x, y, assuming=order)


# ---------------------------------------------------------------- what symbols were declared with


@pytest.mark.parametrize(
    ("assumptions", "true", "false"),
    [
        ({"odd": True}, (lambda s: (-1) ** s, -1), (lambda s: s, 3)),
        ({"even": True}, (lambda s: (-1) ** s, 1), (lambda s: s, 2)),
        ({"imaginary": True}, (sp.conjugate, lambda s: -s), (lambda s: s**2, lambda s: sp.Abs(s) ** 2)),
        ({"integer": True}, (lambda s: sp.sin(sp.pi * s), 0), (lambda s: sp.cos(sp.pi * s), 1)),
        ({"prime": True}, (sp.Abs, lambda s: s), (lambda s: s, 2)),
        ({"irrational": True}, (lambda s: s + 0, lambda s: s), (lambda s: s, sp.sqrt(2))),
        ({"real": True, "zero": False}, (lambda s: s / s, 1), (sp.Abs, lambda s: s)),
        ({"nonpositive": True}, (sp.Abs, lambda s: -s), (lambda s: s, -1)),
        ({"odd": True, "negative": True}, (sp.Abs, lambda s: -s), (lambda s: s, -1)),
        ({}, (lambda s: (s + 1) ** 2, lambda s: s**2 + 2 * s + 1), (sp.conjugate, lambda s: s)),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_points_are_of_the_kind_that_was_declared(assumptions, true, false):
    s = sp.Symbol("s", **assumptions)
    sides = [[side(s) if callable(side) else side for side in pair] for pair in (true, false)]
    assert outcome(*sides[0]) == "proved"
    assert outcome(*sides[1]) == "refuted"
    found = list(points(s, s, derive.assuming.Assumed()))
    assert len(found) == 12
    assert all(fits(point[s], s.assumptions0) for _, point in found)


def test_a_replaced_name_keeps_what_it_was_declared_with():
    positive, odd = sp.Symbol("positive", positive=True), sp.Symbol("odd", odd=True)
    assert outcome(sp.Abs(x - 1), x - 1, sp.Eq(positive, x - 1)) == "proved"
    assert outcome(sp.Abs(x - 1), 1 - x, sp.Eq(positive, x - 1)) == "refuted"
    assert outcome((-1) ** n, -1, sp.Eq(n, odd)) == "proved"
    assert outcome(n, 3, sp.Eq(odd, 2 * n + 3)) == "refuted"
    assert outcome((-1) ** n, 1, sp.Eq(m, n / 2)) != "refuted", "m is whole, so n is even"
    assert outcome(n, 2, sp.Eq(m, n / 2)) == "refuted"


# ---------------------------------------------------------------- numbers are exact


@pytest.mark.parametrize(
    ("derived", "claimed"),
    [
        (1.00000001 * x, x),
        (x, 1.00000001 * x),
        (sp.exp(1.00000001 * x), sp.exp(x)),
        (0.333333333333 * x, x / 3),
        (1 / 3 * x, x / 3),
        (x ** (1 / 3), sp.cbrt(x)),
        (0.30000000000000004 * x, 0.3 * x),
        (2.00000002 / x, 2 / x),
        (x + 1e-16, x),
        (x + 1e-300, x),
        (x * (1 + sp.Float("1e-40", 60)), x),
        (sp.Float("0.1", 50) * x, sp.Rational(0.1) * x),
        (sp.Matrix([[1.00000001 * x]]), sp.Matrix([[x]])),
        (3.141592653589793, sp.pi),
        (1.0000000001, 1),
    ],
)
def test_a_float_is_exactly_what_it_says(derived, claimed):
    positive = {x: sp.Symbol("x", positive=True)}
    derived, claimed = (sp.sympify(side).subs(positive) for side in (derived, claimed))
    if isinstance(derived, sp.MatrixBase):
        with pytest.raises(derive.ProofError, match="refuted"):
            derive.prove(derived, claimed)
    else:
        assert outcome(derived, claimed) == "refuted"


def test_decimals_are_what_they_say():
    for derived, claimed in (
        (0.1 * x, x / 10),
        (0.5 * x, x / 2),
        (1e-3, sp.Rational(1, 1000)),
        (2.0 * x, 2 * x),
    ):
        assert outcome(derived, claimed) == "proved"
    assert outcome(sp.Float("0.1", 50) * x, x / 10) == "proved"
    assert outcome(x**0.5, sp.sqrt(x)) == "proved"


def test_floats_in_assumptions_are_exact():
    assert outcome(x, 1, sp.Eq(x, 1.0)) == "proved"
    assert outcome(x + 1e-16, x, sp.Eq(x, 1.0)) == "refuted"
    assert outcome(x, 1, sp.Eq(x, 1.0000000001)) == "refuted"
    assert outcome(3 * x, 1, sp.Eq(x, 0.3333333333333333)) == "refuted"
    assert outcome(sp.Abs(x - sp.Rational(1, 10)), x - sp.Rational(1, 10), x > 0.1) == "proved"


def test_no_two_floats_stand_for_the_same_fraction():
    near = [0.1 + 0.2, 0.3, 1 / 3, 0.3333333333333333, 0.33333333333333337, 1e22, 1e-300, 5e-324]
    read = [exact(sp.Float(value)) for value in near]
    assert all(value.is_Rational for value in read)
    assert [float(value) for value in read] == near
    assert len(set(read)) == len(set(near))


def test_simplest_reads_what_was_meant_and_nothing_else():
    assert simplest(1 / 3 * x) == x / 3
    assert simplest(0.5 * x + 0.3) == x / 2 + sp.Rational(3, 10)
    assert simplest((0.1 + 0.2) * x) == 3 * x / 10
    assert simplest(2.00000002 / x) == 2.00000002 / x
    assert simplest(sp.exp(1.00000001 * x)) == sp.exp(1.00000001 * x)
    assert simplest(0.33333333 * x) == 0.33333333 * x
    assert simplest(sp.Integer(2) * x) == 2 * x


def test_cancellation_is_no_counter_example():
    """At x > 100, cosh² x has 87 digits more than the 1 that is left: what differs there is round-off."""
    for claim in (
        (sp.cosh(x) ** 2 - sp.sinh(x) ** 2, 1, x > 100),
        (sp.cosh(x) ** 2 - sp.sinh(x) ** 2, 1, x > 50),
    ):
        assert outcome(*claim) in ("proved", "undecided")
    assert outcome(sp.cosh(x) ** 2 - sp.sinh(x) ** 2, 2, x > 100) == "refuted"
    tiny = x / 10**18
    assert outcome((sp.exp(tiny) - 1 - tiny) / tiny**2, (sp.exp(tiny) - 1 - tiny) * tiny**-2) == "proved"


# ---------------------------------------------------------------- undefined is not equal


relu = sp.Piecewise((x, x > 0), (0, True))
half = sp.Piecewise((x, x > 0))


@pytest.mark.parametrize(
    ("derived", "claimed", "assuming"),
    [
        (half, x, ()),
        (x, half, ()),
        (half, relu, ()),
        (2 * half + 1, 2 * x + 1, ()),
        (half.diff(x), 1, ()),
        (sp.Piecewise((1, x > 0), (2, x < -1)), 1, (x > -1,)),
        (x / (x + sp.Abs(x)), sp.Rational(1, 2), ()),
        (sp.Piecewise((1, n > 2)), 1, ()),
        (sp.Matrix([half]), sp.Matrix([x]), ()),
    ],
)  # fmt: skip
def test_a_side_without_a_value_is_not_equal(derived, claimed, assuming):
    with pytest.raises(derive.ProofError, match="undefined") as failure:
        derive.prove(derived, claimed, assuming=assuming)
    assert failure.value.outcome == "refuted"
    assert sp.nan in (failure.value.derived_value, failure.value.claimed_value) or sp.zoo in (
        failure.value.derived_value,
        failure.value.claimed_value,
    )


@pytest.mark.parametrize(
    ("derived", "claimed", "assuming"),
    [
        (half, x, (x > 0,)),
        (half, half, ()),
        (sp.Piecewise((x, x > 0), (-x, x <= 0)), sp.Abs(x), (sp.Ne(x, 0),)),
        (sp.Piecewise((x, x >= 0), (-x, x <= 0)), sp.Piecewise((x, x > 0), (-x, True)), ()),
        ((x**2 - 1) / (x - 1), x + 1, ()),
        ((n**2 - 4) / (n - 2), n + 2, ()),
        (sp.Piecewise(((x**2 - 1) / (x - 1), sp.Ne(x, 1))), x + 1, (x > 1,)),
        (1 / x * x, 1, ()),
        (sp.Max(0, x), (x + sp.Abs(x)) / 2, ()),
        (sp.Piecewise((x, x > 0), (-x, True)), sp.Abs(x), ()),
        (sp.Piecewise((0, x < 1), (x - 1, True)), sp.Max(0, x - 1), ()),
    ],
)  # fmt: skip
def test_single_points_and_what_is_assumed_away_do_not_matter(derived, claimed, assuming):
    assert derive.prove(derived, claimed, assuming=assuming)


@pytest.mark.parametrize("value", [sp.nan, sp.zoo, x + sp.nan, sp.Piecewise((x, x > 0), (sp.nan, True))])
def test_no_value_at_all_is_refused(value):
    with pytest.raises(ValueError, match="not a finite formula"):
        derive.prove(value, value)


@pytest.mark.parametrize("value", [sp.Lambda(x, x), sp.Lambda((x, y), x * y), sp.Lambda(x, x + sp.nan)])
def test_a_function_is_no_formula(value):
    with pytest.raises(TypeError, match=r"derived must be a formula, got .*Lambda"):
        derive.prove(value, x)


# ---------------------------------------------------------------- undecided


def test_undecided_says_whether_anything_was_tried():
    nowhere = [sp.Eq(x**2 + x * y + y**2, -1), x > 0]
    with pytest.raises(
        derive.UndecidedError,
        match=r"^undecided: no point could be tried at which both sides have a value "
        "and all that is assumed holds, but sympy",
    ):
        derive.prove(x, y, assuming=nowhere)
    A, B, C = (sp.MatrixSymbol(name, 2, 2) for name in "ABC")
    with pytest.raises(derive.UndecidedError) as failure:
        derive.prove(sp.Trace(A * B * C), sp.Trace(C * A * B), name="cyclic")
    error = failure.value
    assert str(error) == (
        "cyclic: undecided: no point tells the two sides apart, but sympy cannot reduce their difference to 0. "
        f"Left over: {error.residual}. Assumptions (real, positive, a range of the index) may help."
    )
    assert error.residual.has(sp.Trace)
    assert error.outcome == "undecided"


# ---------------------------------------------------------------- what is told


def test_a_proof_shows_both_sides_as_they_were_given():
    proof = derive.prove(x + 0.5, sp.Rational(1, 2) + x, name="half")
    assert repr(proof) == "half: proved: residual 0"
    assert (proof.derived, proof.claimed, proof.residual) == (x + 0.5, x + sp.Rational(1, 2), 0)
    latex = r"$\displaystyle x + 0.5 \;=\; x + \frac{1}{2} \qquad \text{proved: residual 0}$"
    assert proof._repr_latex_() == latex
    assert repr(derive.prove(x, x)) == "proved: residual 0"


@pytest.mark.parametrize(
    ("derived", "claimed"),
    [
        (sp.Matrix([[x, y, z], [1, 2, 3]]), sp.Matrix([[x, y, z], [1, 2, 3]]) * 1.0),
        (M * K, M * K),
        (M.as_explicit() * K.as_explicit(), M * K),
        (M * K, sp.ImmutableMatrix(M.as_explicit() * K.as_explicit())),
        ((M + M) * K - M * K, M * K),
        (M * (K + L) - M * L, M * K),
        (M * K - M * (K + L) + M * L, sp.ZeroMatrix(2, 3)),
    ],
)
def test_matrices_that_are_equal(derived, claimed):
    proof = derive.prove(derived, claimed)
    assert repr(proof) == "proved: residual 0 (2×3)"
    assert proof._repr_latex_().endswith(r"\text{proved: residual 0 (2×3)}$")


def test_sizes_may_be_written_in_two_ways():
    wide, same = sp.MatrixSymbol("V", (k + 1) ** 2, 2), sp.MatrixSymbol("V", k**2 + 2 * k + 1, 2)
    assert derive.prove(wide, same)


@pytest.mark.parametrize(
    ("derived", "claimed", "sentence", "entry"),
    [
        (1, sp.Rational(1, 3), "slip: refuted: derived 1, claimed 0.333333", None),
        (sp.Matrix([[2, 4]]), sp.Matrix([[2, 3]]), r"slip: refuted in entry [0, 1]: derived 4, claimed 3", (0, 1)),
        (i * j, i + j, "slip: refuted at i = 1, j = 2: derived 2, claimed 3", None),
        (i * sp.I, i, "slip: refuted at i = 1: derived 1*I, claimed 1", None),
        (sp.Piecewise((i, i > 9)), i, "slip: refuted at i = 1: derived undefined, claimed 1", None),
    ],
)  # fmt: skip
def test_a_refutation_says_where_and_by_how_much(derived, claimed, sentence, entry):
    with pytest.raises(derive.ProofError) as failure:
        derive.prove(derived, claimed, name="slip")
    error = failure.value
    assert str(error) == sentence
    assert error.entry == entry
    assert error.outcome == "refuted"
    with pytest.raises(derive.ProofError) as nameless:
        derive.prove(derived, claimed)
    assert str(nameless.value) == sentence.removeprefix("slip: ")


def test_the_values_are_those_of_the_sides_at_the_point():
    derived, claimed = sp.exp(x) * y + sp.I * z, x + y**2
    with pytest.raises(derive.ProofError) as failure:
        derive.prove(derived, claimed)
    error = failure.value
    at = {symbol: error.point[str(symbol)] for symbol in (x, y, z)}
    assert abs(error.derived_value - derived.subs(at).evalf(30)) < 1e-20
    assert abs(error.claimed_value - claimed.subs(at)) < 1e-20
    gap = sp.Piecewise((x, x > 5))
    with pytest.raises(derive.ProofError) as failure:
        derive.prove(gap, x, assuming=x < 5)
    assert failure.value.derived_value is sp.nan
    assert failure.value.claimed_value.is_finite


def test_the_point_leaves_out_what_has_no_number():
    with pytest.raises(derive.ProofError) as failure:
        derive.prove(y + q, f(x), assuming=[sp.Eq(y, f(x)), sp.Eq(p, 2 * q)])
    assert set(failure.value.point) == {"x", "p", "q"}
    bare = derive.ProofError("no more")
    assert (str(bare), bare.point, bare.entry) == ("no more", {}, None)
    assert (bare.derived_value, bare.claimed_value) == (None, None)


@pytest.mark.parametrize(
    ("pair", "texts"),
    [
        ((1, 2), ("1", "2")),
        ((10, sp.Rational(1, 3)), ("10", "0.333333")),
        ((sp.Rational(1, 3), sp.Rational(1, 3) + sp.Rational(1, 10**8)), ("0.3333333333", "0.3333333433")),
        ((1, 1 + sp.Rational(1, 10**6)), ("1", "1.000001")),
        ((1, 1 + sp.Rational(1, 10**15)), ("1", "1.000000000000001")),
        ((1, 1 + sp.Rational(1, 10**16)), ("1", "1.0000000000000001")),
        ((sp.sqrt(2), sp.sqrt(2) + sp.Rational(1, 10**25)), tuple(f"1.414213562373095048801688{end}" for end in ("72421", "82421"))),
        ((1, 1 + sp.Rational(1, 10**40)), ("1", "1." + 39 * "0" + "1")),
        ((1, 1 + sp.Rational(1, 10**300)), ("1", "1." + 299 * "0" + "1")),
        ((1, 1), ("1", "1")),
        ((sp.I, 2 + 3 * sp.I), ("1*I", "2 + 3*I")),
        ((-sp.I / 2, sp.Rational(1, 2) - sp.I), ("-0.5*I", "0.5 + -1*I")),
        ((0, sp.nan), ("0", "undefined")),
        ((sp.oo, sp.zoo), ("oo", "undefined")),
        ((-sp.oo, UNDEFINED), ("-oo", "undefined")),
        ((2 * UNDEFINED + 1, 7), ("undefined", "7")),
    ],
)  # fmt: skip
def test_numbers_have_as_many_digits_as_tell_them_apart(pair, texts):
    assert _texts(*map(sp.sympify, pair)) == texts


@pytest.mark.parametrize(
    ("value", "error", "sentence"),
    [
        (x > 0, TypeError, "claimed must be a formula, got the condition x > 0"),
        (True, TypeError, "claimed must be a formula, got the condition True"),
        (sp.true, TypeError, "claimed must be a formula, got the condition True"),
        ("x", TypeError, "claimed must be a sympy formula, a sympy matrix or a number"),
        ([x], TypeError, "claimed must be a sympy formula, a sympy matrix or a number"),
        (None, TypeError, "claimed must be a sympy formula, a sympy matrix or a number"),
        (sp.FiniteSet(x), TypeError, "claimed must be a sympy formula, a sympy matrix or a number"),
        (sp.Lambda(x, 2 * x), TypeError, "claimed must be a formula, got the function Lambda(x, 2*x): write its value, f(x)"),
        (x + sp.nan, ValueError, "claimed is not a finite formula: nan"),
        (sp.Matrix([x, sp.zoo]), ValueError, "claimed is not a finite formula: Matrix([[x], [zoo]])"),
        (sp.Matrix([x, sp.nan]), ValueError, "claimed is not a finite formula: Matrix([[x], [nan]])"),
        (sp.Matrix([[x, y]]), ValueError, "slip: derived is a scalar, claimed is a matrix of shape (1, 2)"),
    ],
)  # fmt: skip
def test_a_side_that_is_no_formula_is_named(value, error, sentence):
    with pytest.raises(error) as failure:
        derive.prove(x, value, name="slip")
    assert str(failure.value) == sentence
    if "must" in sentence or "finite" in sentence:
        with pytest.raises(error) as failure:
            derive.prove(value, x)
        assert str(failure.value) == sentence.replace("claimed", "derived")


def test_shapes_that_differ_are_named():
    sentence = "slip: derived is a matrix of shape (2, 3), claimed is a matrix of shape (3, 2)"
    for claimed in ((M * K).T, sp.ones(3, 2)):
        with pytest.raises(ValueError) as failure:
            derive.prove(M * K, claimed, name="slip")
        assert str(failure.value) == sentence


def test_numbers_of_python_and_numpy_are_formulas():
    assert derive.prove(np.float64(0.5), sp.Rational(1, 2))
    assert derive.prove(np.int64(3), 3)
    assert derive.prove(sp.Symbol("s"), sp.Symbol("s")), "a symbol is a Boolean of sympy too"


# ---------------------------------------------------------------- the order of the work


def test_points_come_before_algebra_and_many_digits_last(monkeypatch):
    """One point, the algebra, the other points, and the same points with more digits."""
    calls, work = [], []

    def refuted(left, right, assumed, some_points, digits, tried):
        some_points = list(some_points)
        calls.append((left, right, assumed, tried))
        work.append((len(some_points), digits))
        return refute(left, right, assumed, some_points, digits, tried)

    def reduced(*arguments):
        work.append("algebra")
        return _reduce(*arguments)

    monkeypatch.setattr(proving, "refute", refuted)
    monkeypatch.setattr(proving, "_reduce", reduced)
    A, B = sp.MatrixSymbol("A", 2, 2), sp.MatrixSymbol("B", 2, 2)
    assert outcome(sp.Trace(A * B * C), sp.Trace(C * A * B)) == "undecided"
    assert work == [(1, 30), "algebra", (11, 30), (12, 350)]
    assert all(part is same for call in calls for part, same in zip(call[2:], calls[0][2:], strict=True))
    assert {call[:2] for call in calls} == {calls[0][:2]}
    assert len(calls[0][3]) == 24
    first = next(points(x, x, derive.assuming.Assumed()))[1][x]
    for derived, claimed, steps in (
        (x, 2 * x, [(1, 30)]),
        (2 * x, x + x, [(1, 30), "algebra"]),
        (x - first, (x - first) ** 3, [(1, 30), "algebra", (11, 30)]),
        (x, x + sp.Rational(1, 10**30), [(1, 30), "algebra", (11, 30), (12, 350)]),
    ):
        work.clear()
        outcome(derived, claimed)
        assert work == steps


# ---------------------------------------------------------------- the ways to zero


def sigmoid(t):
    return 1 / (1 + sp.exp(-t))


on, off = sp.Piecewise((1, x > 0), (0, True)), sp.Piecewise((0, x > 0), (1, True))


@pytest.mark.parametrize(
    ("derived", "claimed", "assuming"),
    [
        (x / (x + 1) + 1 / (x + 1), 1, ()),
        (x / (x**2 - 1) - 1 / (x - 1) + 1 / (x**2 - 1), 0, ()),
        (on * off, 0, ()),
        ((x + on) * (x + off), x**2 + x, ()),
        (sigmoid(x) + sigmoid(-x), 1, ()),
        ((sp.sqrt(x**2 + 1) + x) * (sp.sqrt(x**2 + 1) - x), 1, ()),
        (sp.Abs(x * y), x * y, (x * y > 0,)),
        (sp.Abs(x + y), -x - y, (x + y < 0,)),
        (sp.sign(x + y), 1, (x + y > 0,)),
        (sp.Piecewise((1, x > y), (0, True)), 1, (x > y,)),
        (sp.Piecewise((1, x < y), (0, True)), 1, (x < y,)),
        (sp.Piecewise((1, x >= y), (0, True)), 1, (x >= y,)),
        (sp.Piecewise((1, x <= y), (0, True)), 1, (x <= y,)),
        (sp.Piecewise((1, sp.Ne(x, y)), (0, True)), 1, (sp.Ne(x, y),)),
        (sp.Sum(a[j], (j, 1, n)) * x, x * y, (sp.Eq(sp.Sum(a[j], (j, 1, n)), y * w / w),)),
        (sp.Sum(a[i] * sp.Sum(b[j] * a[i], (j, 1, i)), (i, 1, n)), sp.Sum(a[j] * sp.Sum(b[i] * a[j], (i, 1, j)), (j, 1, n)), ()),
    ],
)  # fmt: skip
def test_the_quick_ways_spare_the_slow_one(derived, claimed, assuming, monkeypatch):
    """`simplify` may take minutes: it is not asked where the ways before it lead to 0."""
    monkeypatch.setattr(sp, "simplify", None)
    assert derive.prove(derived, claimed, assuming=assuming)


@pytest.mark.parametrize(
    ("derived", "claimed", "assuming"),
    [
        (sp.sin(x) ** 2 + sp.cos(x) ** 2, 1, ()),
        (sp.Abs(x * y * (sp.sin(z) ** 2 + sp.cos(z) ** 2)), x * y, (x * y > 0,)),
        (sp.sin(x), (sp.exp(sp.I * x) - sp.exp(-sp.I * x)) / (2 * sp.I), ()),
        (sp.tanh(x), 2 * sigmoid(2 * x) - 1, ()),
        (1 - sp.tanh(x) ** 2, 4 * sigmoid(2 * x) * sigmoid(-2 * x), ()),
        (sp.gamma(p**2 + 2), (p**2 + 1) * sp.gamma(p**2 + 1), ()),
        (sp.log(1 + sp.exp(x)), x + sp.log(1 + sp.exp(-x)), ()),
        (sp.Matrix([sp.tanh(x), x]), sp.Matrix([2 * sigmoid(2 * x) - 1, x]), ()),
    ],
)
def test_the_slow_ways(derived, claimed, assuming):
    assert derive.prove(derived, claimed, assuming=assuming)


@pytest.mark.parametrize("assumptions", [{"real": True}, {}], ids=["real", "complex"])
def test_a_root_is_positive_only_where_its_radicand_is(assumptions):
    """Whatever sign the first point has: √s is imaginary for s < 0."""
    for name in "wpqxy":
        s = sp.Symbol(name, **assumptions)
        assert outcome(sp.Abs(sp.sqrt(s)), sp.sqrt(s)) == "refuted"
        assert outcome(sp.conjugate(sp.sqrt(s)), sp.sqrt(s)) == "refuted"


root = sp.sqrt(x * y + 1)


@pytest.mark.parametrize(
    ("zero", "near"),
    [
        (root**3 - x * y * root - root, root**3 - x * y * root),
        ((root + z) * (root - z) - x * y - 1 + z**2, (root + z) * (root + z) - x * y - 1 + z**2),
        (1 / (root + z) - (root - z) / (1 + x * y - z**2), 1 / (root + z) - (root - z) / (1 + x * y + z**2)),
        (root**5 / 3 - root * (x * y + 1) ** 2 / 3, root**5 / 3 - root * (x * y + 1) ** 2 / 2),
        ((root + 1) ** 3 - root * (x * y + 4) - 3 * x * y - 4, (root + 1) ** 3 - root * (x * y + 4) - 3 * x * y),
        (1 / root - root / (x * y + 1), 1 / root + root / (x * y + 1)),
        (root * x - x * root + (x + y) ** 2 * root - (x**2 + 2 * x * y + y**2) * root, root * x - y),
    ],
)  # fmt: skip
def test_one_root_is_multiplied_out(zero, near):
    assert _one_root(sp.expand(zero, deep=False) + 0) == 0
    assert _one_root(near) is near


@pytest.mark.parametrize(
    "formula",
    [
        x + 1 - x * y,
        sp.sqrt(x) + sp.sqrt(y),
        sp.cbrt(sp.exp(x)) - x,
        sp.cbrt(p**2 + 1) - sp.cbrt(p**2 + 1) ** 2,
        root * sp.sin(x) - x,
        root * x**z,
        root * x ** sp.Rational(1, 3) - 1,
        root + sp.pi * root,
        sp.sqrt(sp.sin(x)) + x,
        sp.Abs(sp.sqrt(w)) - sp.sqrt(w),
    ],
)
def test_what_is_no_polynomial_in_one_root_stays(formula):
    assert _one_root(formula) is formula


@pytest.mark.parametrize(
    ("zero", "near"),
    [
        (sigmoid(x) + sigmoid(-x) - 1, sigmoid(x) - sigmoid(-x) - 1),
        (sigmoid(x).diff(x) - sigmoid(x) * (1 - sigmoid(x)), sigmoid(x).diff(x) - sigmoid(x)),
        (sigmoid(x - y) - 1 + 1 / (1 + sp.exp(x - y)), sigmoid(x - y) - 1 + 1 / (1 + sp.exp(x))),
        (sigmoid(z * (x - y)) + 1 / (1 + sp.exp(z * (x - y))) - 1, sigmoid(z * (x - y)) + 1 / (1 + sp.exp(-z * (x - y))) - 1),
        (sigmoid(z * x - z * y) + sigmoid(z * (y - x)) - 1, sigmoid(z * x - z * y) + sigmoid(z * (y + x)) - 1),
    ],
)  # fmt: skip
def test_sigmoids_are_fractions(zero, near):
    assert _rational(zero) == 0
    assert _rational(near) is near


@pytest.mark.parametrize("formula", [x - x * y, on * sp.exp(x), sp.exp(x) * sp.Sum(a[j], (j, 1, n))])
def test_what_is_no_fraction_of_exponentials_stays(formula):
    assert _rational(formula) is formula


def test_a_sum_keeps_what_is_known_of_its_index():
    inner = sp.Sum(a[i] * b[j], (j, 1, i))
    total = sp.Sum(a[i] * (1 + inner), (i, 1, n))
    assert not total.has(sp.Dummy)
    named = total.replace(lambda e: isinstance(e, sp.Sum), _same_index)
    (outside,), (inside,) = named.variables, next(iter(named.function.atoms(sp.Sum))).variables
    assert outside != inside
    assert outside.assumptions0 == i.assumptions0
    assert named.xreplace({outside: i, inside: j}) == total
    assert len(set(_same_index(sp.Sum(a[i] * b[j], (i, 1, n), (j, 1, m))).variables)) == 2


def test_what_sympy_gives_up_is_left_as_it_is():
    def give_up(formula):
        raise NotImplementedError

    assert _try(give_up, x) is x
    assert _try(sp.sin, x) == sp.sin(x)
    with pytest.raises(KeyboardInterrupt):
        _try(lambda formula: (_ for _ in ()).throw(KeyboardInterrupt), x)


# ---------------------------------------------------------------- case by case


T = sp.Symbol("T", positive=True)


@pytest.mark.parametrize(
    ("relations", "values"),
    [
        ([x > 10], [10 + T]),
        ([x >= 10], [10, 10 + T]),
        ([x < 3], [3 - T]),
        ([x <= -3], [-3, -3 - T]),
        ([x > 2, x < 5], [2 + 3 * T / (1 + T)]),
        ([x >= 2, x < 5], [2, 2 + 3 * T / (1 + T)]),
        ([x >= -2, x <= 5], [-2, 5, -2 + 7 * T / (1 + T)]),
        ([sp.Ne(x, 1)], [1 - T, 1 + T]),
        ([sp.Eq(x**2, 4)], [-2, 2]),
        ([x**2 > 4, sp.Ne(x, 3)], [-2 - T, 2 + T / (1 + T), 3 + T]),
        ([x > 1, y > 7], [1 + T]),
        ([x > 1, x > y], [1 + T]),
        ([x > y], []),
        ([sp.sin(x) > 0, x > 0], []),
        ([], []),
    ],
)
def test_a_region_is_taken_piece_by_piece(relations, values):
    assert _at_pieces(f(x), relations) == {f(value) for value in values}


@pytest.mark.parametrize(
    ("formula", "relations", "values"),
    [
        (sp.Abs(x - 3), [], [3, 3 + T, 3 - T]),
        (sp.Abs(x - 3), [x > 1], [3, 3 + T, 1 + 2 * T / (1 + T)]),
        (sp.Abs(x - 3), [x >= 3], [3, 3 + T]),
        (sp.Abs(x - 3), [x < 3], [3 - T]),
        (sp.Abs(x - 2) + sp.Abs(x + 2), [sp.Eq(x**2, 4)], [2, -2]),
        (sp.Abs(x - 2), [sp.Eq(x**2, 4)], [2, -2]),
        (sp.sign(x + sp.I), [], [x]),
        (sp.Abs(x - sp.sqrt(2) - sp.sqrt(3) + sp.sqrt(5 + 2 * sp.sqrt(6))), [x > 0], []),
    ],
)
def test_pieces_end_at_kinks(formula, relations, values):
    at = _at_pieces(formula * g(x), relations)
    assert at == {(formula * g(x)).subs(x, value) for value in values}


def _at_pieces(formula, relations):
    return {case.xreplace(dict.fromkeys(case.atoms(sp.Dummy), T)) for case in _cases(formula, relations)}


def test_cases_are_of_a_real_symbol():
    s = sp.Symbol("s")
    assert _cases(f(n), [n > 1]) == []
    assert _cases(f(s), [s > 1]) == []
    assert _at_pieces(f(n) * g(x) * f(s), [n > 1, x > 1]) == {f(n) * g(1 + T) * f(s)}
    assert _at_pieces(f(x) * g(y), [y > 1]) == {f(x) * g(1 + T)}
    assert _at_pieces(f(x) * g(y), [y > 1, x > 1]) == {f(1 + T) * g(y)}


@pytest.mark.parametrize(
    ("formula", "kinks"),
    [
        (sp.Abs(2 * x - 3), [sp.Rational(3, 2)]),
        (sp.sign(x + 1) * y, [-1]),
        (sp.Heaviside(5 - x), [5]),
        (sp.Max(x, 1 - x), [sp.Rational(1, 2)]),
        (sp.Min(3 * x, 1), [sp.Rational(1, 3)]),
        (sp.Max(x, 2, 5 - x), [2, 3, sp.Rational(5, 2)]),
        (sp.Piecewise((y, x > 4), (1, 2 > 3 * x), (0, True)), [4, sp.Rational(2, 3)]),
        (sp.Abs(x) + sp.Max(x, 1) + sp.Piecewise((y, x > 2), (0, True)), [0, 1, 2]),
        (sp.Abs(sp.pi - x), [sp.pi]),
        (sp.Abs(x * y) + sp.Abs(y - 1) + sp.Abs(x - y), []),
        (sp.Abs(x**2 - 2) + sp.Abs(sp.exp(x) - 1), []),
        (sp.sin(x), []),
    ],
)
def test_kinks_are_found(formula, kinks):
    assert _kinks(formula, x) == set(kinks)


@pytest.mark.parametrize(
    ("derived", "claimed", "assuming"),
    [
        (sp.Abs(x - 2) + sp.Abs(x + 2), 4, (sp.Eq(x**2, 4),)),
        (sp.Max(x, 3) + sp.Min(x, 3), x + 3, ()),
        (sp.Abs(x - 3) + sp.Abs(x - 1), 2, (x >= 1, x <= 3)),
        (sp.sign(x - 3) * sp.Abs(x - 3), x - 3, ()),
        (sp.Max(0, x) - sp.Max(0, -x), x, ()),
    ],
)
def test_case_by_case(derived, claimed, assuming):
    assert outcome(derived, claimed, *assuming) == "proved"
    assert outcome(derived, claimed + sp.sign(x), *assuming) == "refuted"


# ---------------------------------------------------------------- gaps of a Piecewise


@pytest.mark.parametrize(
    ("given", "closed"),
    [
        (relu, relu),
        (half, sp.Piecewise((x, x > 0), (UNDEFINED, True))),
        (sp.Piecewise((1, x > 0), (2, x < 0), (3, x <= 0)), sp.Piecewise((1, x > 0), (2, x < 0), (3, True))),
        (sp.Piecewise((1, x > 0), (2, x < 0)), sp.Piecewise((1, x > 0), (2, x < 0), (UNDEFINED, True))),
        (sp.Piecewise((1, x > 0), (2, x > -1)), sp.Piecewise((1, x > 0), (2, x > -1), (UNDEFINED, True))),
        (sp.Piecewise((1, x > y), (2, x <= y)), sp.Piecewise((1, x > y), (2, x <= y), (UNDEFINED, True))),
        (sp.sin(half) + relu, sp.sin(sp.Piecewise((x, x > 0), (UNDEFINED, True))) + relu),
        (sp.Matrix([half, x]), sp.Matrix([sp.Piecewise((x, x > 0), (UNDEFINED, True)), x])),
        (x + y, x + y),
    ],
)
def test_gaps_are_closed_by_what_equals_only_itself(given, closed):
    assert _without_gaps(given) == closed


# ---------------------------------------------------------------- claims are held to it


def _claim(*steps, numeric=None, assuming=()):
    build = lambda: derive.Equation.chain(*steps, assuming=assuming)  # noqa: E731
    return derive.Claim("tried", "for this test", 1, build, numeric=numeric)


def test_each_step_is_proved_against_the_one_before():
    """A wrong turn taken back later: both ends agree, the step between does not."""
    honest = _claim((x + x, ""), (2 * x, ""), (2 * x + 0, ""))
    assert honest.prove()
    assert len(honest.steps().steps) == 3
    for steps in (
        ((x + x, ""), (3 * x, ""), (2 * x, "")),
        ((x + x, ""), (x**2 - x * (x - 2) + y, ""), (2 * x, "")),
    ):
        wrong = _claim(*steps)
        assert wrong.prove()
        with pytest.raises(derive.ProofError, match=r"tried, step 1: refuted"):
            wrong.steps()
    with pytest.raises(derive.ProofError, match="tried, step 2: refuted"):
        _claim((x + x, ""), (2 * x, ""), (3 * x, "")).steps()


def test_steps_know_what_is_assumed():
    assert _claim((sp.Abs(x), ""), (x, ""), assuming=(x > 0,)).steps()
    with pytest.raises(derive.ProofError, match="refuted"):
        _claim((sp.Abs(x), ""), (x, "")).steps()


@pytest.mark.parametrize(
    ("formula", "code", "words"),
    [
        ([1.0, np.nan], [1.0, 2.0], "differs from the formula by nan"),
        ([1.0, 2.0], [1.0, np.nan], "differs from the formula by nan"),
        ([np.inf, 2.0], [1.0, 2.0], "differs from the formula by inf"),
        ([1.0, 2.0 + 1e-11], [1.0, 2.0], r"differs from the formula by 5\.0e-12"),
        ([1.0, -2.0], [1.0, 2.0], r"by 2\.0e\+00"),
        ([[1.0, 2.0]], [1.0, 2.0], r"shape \(2,\), the formula \(1, 2\)"),
        ([0.0, 0.0], [0.0, 0.0], "is 0 throughout"),
    ],
)
def test_the_code_is_held_to_the_formula(formula, code, words):
    claim = _claim(
        (x, ""), (x, ""), numeric=lambda equation, rng: [("good", 1.0, 1.0), ("array", formula, code)]
    )
    with pytest.raises(derive.ProofError, match=words):
        claim.compare()


def test_a_comparison_reports_its_worst_array():
    pairs = [("first", 1.0, 1.0), ("second", 1.0, 1.0 + 4e-13), ("third", 1.0, 1.0 - 1e-13)]
    comparison = _claim((x, ""), (x, ""), numeric=lambda equation, rng: pairs).compare()
    assert comparison.worst == pytest.approx(4e-13, rel=1e-2)
    assert comparison.checked == ("first", "second", "third")
    with pytest.raises(derive.ProofError, match="second differs"):
        _claim((x, ""), (x, ""), numeric=lambda equation, rng: pairs).compare(tolerance=3e-13)
