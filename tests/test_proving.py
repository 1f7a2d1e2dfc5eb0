"""`prove` keeps what is assumed: any order, exact numbers, counter-examples inside the assumptions, no lost domain."""

from itertools import islice, permutations

import numpy as np
import pytest
import sympy as sp

from bplib import derive
from bplib.derive import proving
from bplib.derive.assuming import (
    Assumed,
    _between,
    _definition,
    assume,
    exact,
    fits,
    insert,
    read_conditions,
    region,
    simplest,
)
from bplib.derive.points import (
    UNDEFINED,
    _at,
    _by_name,
    _concrete,
    _differ,
    _draw,
    _holds_for_entries,
    _integer,
    _is_undefined,
    _others,
    _pinned,
    _sizes,
    _within,
    holds,
    points,
    refute,
)
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
    found = list(points(s, s, Assumed()))
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
    assert simplest(sp.Float(0.0)) is sp.S.Zero
    assert simplest(sp.Float(1 / 10000)) == sp.Rational(1, 10000)
    assert simplest(sp.Float(1 / 10001)) == sp.Float(1 / 10001), "so large a denominator nobody meant"


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
    first = next(points(x, x, Assumed()))[1][x]
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
    monkeypatch.setattr(sp, "simplify", lambda *_: pytest.fail("simplify was asked"))
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
        ((root + 1) ** 3 - root * (x * y + 4) - 3 * x * y - 4, (root + 1) ** 3 - root * (x * y + 4) - 3 * x * y),
        (root * x - x * root + (x + y) ** 2 * root - (x**2 + 2 * x * y + y**2) * root, root * x - y),
    ],
)  # fmt: skip
def test_one_root_is_multiplied_out(zero, near):
    assert zero != 0, "sympy has not found it by itself"
    assert _one_root(zero) == 0
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
        (sp.Piecewise((1, x > 0), (2, x < 1)), sp.Piecewise((1, x > 0), (2, True))),
        (
            sp.Piecewise((1, x > 1), (2, x**2 < 4), (3, x < -1)),
            sp.Piecewise((1, x > 1), (2, x**2 < 4), (3, True)),
        ),
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
    assert str(UNDEFINED) == "_undefined", "what is left over may show it"


# ---------------------------------------------------------------- the points themselves


def fractions(values):
    return [sp.sympify(value) for value in values.split()]


def test_what_is_drawn_is_the_same_on_every_run():
    """Stored outputs show the points."""
    assert [_draw(t, "x") for t in range(8)] == fractions("-3/4 1/3 5/7 2/5 5/7 11/3 -11/3 -11/3")
    assert [_draw(t, "x", positive=True) for t in range(4)] == fractions("3/4 1/3 5/7 2/5")
    assert [_draw(t, "x", negative=True) for t in range(4)] == fractions("-3/4 -1/3 -5/7 -2/5")
    assert list(islice(_others(0, x), 7)) == fractions("1 7/4 7*I/4 7/4-3*I/7 7*sqrt(2)/4 7*pi/4 10")
    assert len(list(_others(0, x))) == 145
    assert {abs(root.as_coeff_Mul()[1]) for root in list(_others(0, x))[4:-1:6]} == {
        sp.sqrt(2),
        sp.sqrt(3),
        sp.sqrt(5),
    }
    assert list(_others(0, x))[-2:] == [6 * sp.pi / 7, 0]
    whole = {number for attempt in range(40) for number in islice(_others(attempt, x), 0, None, 6)}
    assert whole == set(range(-12, 13))


def test_sizes_differ_at_first_then_agree():
    """N is the largest; square shapes hide slips, and unequal ones hide others."""
    N = sp.Symbol("N", integer=True)
    orders = range(4)
    assert [_integer(0, n, order, True) for order in orders] == [3, 4, 5, 3]
    assert [_integer(0, n, order, False) for order in orders] == [1, 2, 3, 1]
    assert (_integer(0, N, 1, True), _integer(0, N, 1, False)) == (6, 2)
    assert [_integer(1, N, order, True) for order in orders] == [3] * 4
    assert [_integer(1, N, order, False) for order in orders] == [2] * 4
    assert [_integer(t, n, 0, True) for t in (2, 3)] == [4, 4]
    assert [_integer(t, n, 0, False) for t in (2, 3)] == [4, 3]
    many = range(2, 200)
    assert {_integer(t, n, 0, True) for t in many} == {3, 4, 5}
    assert {_integer(t, n, 0, False) for t in many} == set(range(1, 7))


def test_sizes_are_those_of_matrices_and_the_ends_of_sums():
    V = sp.MatrixSymbol("V", n, m)
    for sides in ((V, sp.Sum(x, (i, 1, k))), (sp.Product(x, (i, 1, k)), V.T)):
        assert _sizes(*sides) == _sizes(*reversed(sides)) == {n, m, k}
    assert _sizes(x, sp.Sum(x, (i, j, 2 * n + m))) == {n, m}
    assert _sizes(x + n, i) == set()
    assert _sizes(sp.Sum(x, (i, 1, sp.Symbol("s"))), x) == set()


def test_points_give_every_symbol_a_number():
    s, N = sp.Symbol("c"), sp.Symbol("N", integer=True)
    V = sp.MatrixSymbol("V", N, m)
    found = list(points(x + s + i, sp.Trace(V.T * V) + sp.Sum(j, (j, 1, n)), Assumed()))
    first = {N: 6, m: 4, n: 5, i: 1, s: 2, x: sp.Rational(-3, 4)}
    second = {N: 3, m: 3, n: 3, i: 2, s: -sp.Rational(8, 5) - 2 * sp.I, x: sp.Rational(1, 3)}
    assert found[:2] == [(0, first), (1, second)]
    assert [attempt for attempt, _ in found] == list(range(12))
    assert [point[s].is_real for _, point in found] == [True, False] * 6
    assert list(points(x, sp.Integer(0), Assumed(relations=(x > 3, y < x), mentioned={z})))[:2] == [
        (0, {x: sp.Rational(19, 4), y: -sp.Rational(6, 5), z: -sp.Rational(5, 7)}),
        (1, {x: 6, y: sp.Rational(5, 2), z: -2}),
    ]
    for sign in ("positive", "negative"):
        one = sp.Symbol("x", **{sign: True})
        found = [(t, point[one]) for t, point in points(one, sp.Integer(0), Assumed())]
        assert found == [(t, _draw(t, "x", **{sign: True})) for t in range(12)], "the first draw will do"
    assert set(next(points(a[i] + UNDEFINED, x, Assumed()))[1]) == {i, x}
    assert set(next(points(x, x, Assumed(facts=[(2 * y, {"real": True})])))[1]) == {x, y}


odd, imaginary = sp.Symbol("o", odd=True), sp.Symbol("v", imaginary=True)


@pytest.mark.parametrize(
    ("formula", "assumed", "count", "found"),
    [
        (odd, Assumed(), 12, [{odd: 1}, {odd: -11}, {odd: -7}]),
        (imaginary, Assumed(), 12, [{imaginary: value * sp.I} for value in fractions("1/5 8/3 9/7")]),
        (odd, Assumed(relations=(odd > 4,)), 12, [{odd: 5}]),
        (
            x,
            Assumed(relations=(sp.sin(x) > sp.Rational(9, 10),)),  # sympy knows no region
            12,
            [{x: value} for value in fractions("7/4 3*sqrt(5)/5 -7*pi/5 7/4 10/7")],
        ),
        (
            a[1],
            Assumed(relations=(sp.Eq(sp.Sum(a[j], (j, 1, 3)), 1),)),
            12,
            [{a[3]: value} for value in fractions("73/12 13/35 5/3")],
        ),
        (
            x + y,
            Assumed(relations=(x > y, y > z, z > 3)),
            7,
            [dict(zip((x, y, z), fractions("547/105 80/21 11/3"), strict=True))],
        ),
        (
            x,
            Assumed(facts=[(x - 2, {"positive": True})]),
            6,
            [{x: value} for value in fractions("11/3 11/5 5/2")],
        ),
    ],
)
def test_points_lie_inside_what_is_assumed(formula, assumed, count, found):
    points_found = [point for _, point in points(formula, sp.Integer(0), assumed)]
    assert len(points_found) == count
    assert points_found[: len(found)] == found


@pytest.mark.parametrize(("entry", "name"), [(a[1], "a[1]"), (C[0, 0], "C0,0")])
def test_points_are_those_where_an_entry_has_the_sign_that_is_assumed(entry, name):
    found = [attempt for attempt, _ in points(entry, sp.Integer(0), Assumed(relations=(entry > 0,)))]
    assert found == [attempt for attempt in range(48) if _draw(attempt, name) > 0][:12]


def test_entries_meet_an_equation_up_to_round_off():
    equation, near = sp.Eq(a[1], 1), sp.Rational(5, 10**16)
    assert _holds_for_entries(equation, 0, {a[1]: 1 + near})
    assert not _holds_for_entries(equation, 0, {a[1]: 1 + 10 * near})
    assert not _holds_for_entries(sp.Eq(C * D, D * C), 0, {})
    assert _holds_for_entries(sp.Ne(C * D, D * C), 0, {})


def test_the_search_for_points_ends(monkeypatch):
    tried = []

    def inside(attempt, drawn, assumed):
        tried.append(attempt)
        return drawn if attempt in usable else None

    monkeypatch.setattr(derive.points, "_inside", inside)
    for usable, last in (((), 12), (range(48), 11), (range(0, 48, 6), 47), (range(12, 48), 23), ((12,), 47)):
        tried.clear()
        assert [attempt for attempt, _ in points(x, x, Assumed())] == [t for t in usable if t <= last]
        assert tried == list(range(last + 1))


@pytest.mark.parametrize(
    ("relations", "values"),
    [
        ([x > 10], "47/4 11 40/3 35/3 35/3 61/5"),
        ([x < -3], "-19/4 -4 -19/3 -14/3 -14/3 -26/5"),
        ([x > 1, x < 2], "7/6 5/4 4/3 13/12 23/12 5/3"),
        ([sp.Ne(x, 1)], "-3/4 2 -7/3 8/3 -2/3 16/5"),
        ([sp.Eq(x**2, 4)], "-2 -2 -2 -2 2 2"),
        ([x**2 < 2], "-544/577 -408/577 -272/577 -713/605 713/605 272/577"),
        ([x**2 > 2], "-2794/883 2378/985 -3385/713 419/136 -419/136 712/197"),
        ([sp.Eq(x**2, 2)], "-sqrt(2) -sqrt(2) -sqrt(2) -sqrt(2) sqrt(2) sqrt(2)"),
        ([], ""),
        ([x > 1, x < 0], ""),
        ([sp.sin(x) > 0, x > 0], ""),
    ],
)
def test_values_are_drawn_within_the_region(relations, values):
    assert list(islice(_within(relations, {}, x, 0), 6)) == fractions(values)


def test_values_within_follow_the_other_symbols_and_are_whole_where_they_must():
    whole = list(_within([n > 10], {}, n, 1))
    assert whole[:8] == fractions("11 12 10 13 9 23/2 10 11")
    assert len(whole) == 12 * 6
    assert list(islice(_within([x > y], {y: 7}, x, 1), 3)) == fractions("10 44/5 26/3")
    assert len(list(_within([x > y], {y: 7}, x, 1))) == 12
    pieces = _within([sp.Ne(x, 1), sp.Ne(x, 2)], {}, x, 1)
    assert list(islice(pieces, 6)) == fractions("5/3 19/5 -2/3 19/12 18/5 1/5"), "each in its turn"
    inside = {value for attempt in range(30) for value in _within([x > 0, x < 12], {}, x, attempt)}
    assert inside == set(range(1, 12)), "not at the ends"
    millionth = sp.Rational(1, 10**6)
    assert all(millionth < v < 2 * millionth for v in _within([x > millionth, x < 2 * millionth], {}, x, 0))


@pytest.mark.parametrize(
    ("relation", "point", "true"),
    [
        (x > 1, {x: 2}, True),
        (x > 1, {x: 1}, False),
        (sp.Eq(x, y), {x: 2, y: 2}, True),
        (sp.Eq(x, y), {x: 2, y: 3}, False),
        (sp.Ne(x, y), {x: 2, y: 3}, True),
        (sp.Ne(x, y), {x: 2, y: 2}, False),
        (x > y, {x: 2}, False),
        (sp.Eq(x, f(y)), {x: 2}, False),
        (sp.Ne(x, f(y)), {x: 2}, False),
        (sp.Eq(sp.sin(x) ** 2 + sp.cos(x) ** 2, y), {x: sp.sqrt(2), y: 1}, True),
        (sp.Eq(x, y), {x: sp.sqrt(2), y: sp.Rational(1414213562, 10**9)}, False),
        (sp.Ne(sp.sin(x) ** 2 + sp.cos(x) ** 2, y), {x: sp.sqrt(2), y: 2}, True),
        (sp.Ne(sp.sin(x) ** 2 + sp.cos(x) ** 2, y), {x: sp.sqrt(2), y: 1}, False),
        (sp.Ne(sp.exp(x), y), {x: 1, y: sp.Rational(271828, 10**5)}, True),
        (sp.exp(x) > y, {x: 1, y: sp.Rational(27182, 10**4)}, True),
        (x > 1, {x: sp.I}, False),
        (sp.Eq(1 / x, y), {x: 0, y: 1}, False),
    ],
)
def test_a_relation_holds_only_where_that_can_be_told(relation, point, true):
    assert holds(relation, point) is true


def test_an_entry_makes_up_for_the_others():
    """Σ a = 1 is met by the last entry that has no number yet."""
    total = sp.Eq(sp.Sum(a[j], (j, 1, n)), 1)
    assert _pinned(total, 0, {n: 3}) == {a[3]: 1 + sp.Rational(10, 3) + sp.Rational(7, 4)}
    assert _pinned(total, 0, {n: 3, a[3]: sp.Integer(5)}) == {a[2]: 1 + sp.Rational(10, 3) - 5}
    assert _pinned(sp.Eq(2 * a[1], x), 0, {x: sp.Integer(3)}) == {a[1]: sp.Rational(3, 2)}
    assert _pinned(sp.Eq(a[1] ** 2, 1), 0, {}) == {}
    assert _pinned(sp.Eq(x, 1), 0, {x: sp.Integer(3)}) == {}


def test_abstract_functions_become_concrete_ones_without_symmetry():
    assert _concrete(f(x, y), 0) == x**2 / 2 + x * y / 3 + y**2 / 2 + sp.sin(
        3 * x / 8 + y / 7 + sp.Rational(1, 2)
    )
    assert _concrete(g(x), 0) == 7 * x**2 / 12 + x / 3 + sp.sin(x / 6 + sp.Rational(7, 12))
    assert _concrete(f(x, y), 1).coeff(x**2) == sp.Rational(1, 14)
    slope = sp.Derivative(g(f(x)), f(x))
    assert _by_name(slope) != slope
    assert _by_name(sp.Derivative(f(x), x)) == sp.Derivative(f(x), x)
    inner = _concrete(f(sp.Integer(2)), 0)
    t = sp.Symbol("t")
    expected = _concrete(g(t), 0).diff(t).subs(t, inner)
    assert abs(_at(slope, 0, {x: sp.Integer(2)}, 30) - expected.evalf(30)) < 1e-25


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        (x * y, 6),
        (sp.Sum(j * x, (j, 1, n)), 20),
        (sp.Derivative(x**3 * y, x), 36),
        (sp.Derivative(y**2, y).subs(y, x), 4),
        (sp.Matrix([[x, y + 1]]), sp.Matrix([[2, 4]])),
        (x * sp.OneMatrix(1, 2), sp.Matrix([[2, 2]])),
        (sp.Identity(2) * y, sp.Matrix([[3, 0], [0, 3]])),
        (sp.ZeroMatrix(n, 1), sp.zeros(4, 1)),
        (sp.Trace(sp.Identity(n)), 4),
    ],
)
def test_sides_have_their_values_at_a_point(formula, value):
    point = {x: sp.Integer(2), y: sp.Integer(3), n: sp.Integer(4)}
    for digits in (15, 30):
        at = _at(formula, 0, point, digits)
        assert (
            (at - value).is_zero_matrix if isinstance(value, sp.MatrixBase) else at == sp.Float(value, digits)
        )
    assert _at(sp.sqrt(x), 0, point, 40) == sp.sqrt(2).evalf(40)
    assert _at(sp.sqrt(x), 0, point, 40, exact=True) == sp.sqrt(2).evalf(40)
    assert _at((n - 4) / (m - 4), 0, {n: sp.Integer(4), m: sp.Integer(4)}, 15) is sp.nan


def test_exact_values_lose_no_digits_or_are_none():
    """What cancels to nothing is found out, in a matrix too; else it is something like 1e-16."""
    zero = sp.sin(x) ** 2 + sp.cos(x) ** 2 - 1
    for formula in (zero, sp.Matrix([[zero]]), zero * sp.OneMatrix(1, 1)):
        value = _at(formula, 0, {x: sp.Integer(2)}, 15)
        assert abs(value if formula is zero else value[0]) < 1e-14
        with pytest.raises(ArithmeticError):
            _at(formula, 0, {x: sp.Integer(2)}, 15, exact=True)
    tiny = sp.exp(x) * (1 - sp.exp(sp.Rational(1, 10**40)))
    for digits in (15, 100):
        value = _at(sp.expand(tiny), 0, {x: sp.Rational(1, 3)}, digits, exact=True)
        assert str(value).startswith("-1.3956124"), value


def test_entries_of_a_positive_array_are_positive():
    c = sp.IndexedBase("c", positive=True)
    assert all(_at(c[1], attempt, {}, 15) > 0 for attempt in range(8))


def test_matrices_get_their_entries_by_name():
    V = sp.MatrixSymbol("V", n, 2)
    at = _at(V, 3, {n: sp.Integer(2)}, 15)
    assert at == sp.ImmutableMatrix(2, 2, lambda row, column: _draw(3, f"V{row},{column}").evalf(15))
    assert _at(a[2] + b[1], 3, {b[1]: sp.Integer(5)}, 15) == (_draw(3, "a[2]") + 5).evalf(15)


@pytest.mark.parametrize(
    ("one", "other", "digits", "differ"),
    [
        (1, 2, 30, True),
        (1, 1, 30, False),
        (1, 1 + sp.Rational(2, 10**15), 30, True),
        (1, 1 + sp.Rational(1, 2 * 10**15), 30, False),
        (1000, 1000 + sp.Rational(2, 10**12), 30, True),
        (1000, 1000 + sp.Rational(1, 2 * 10**12), 30, False),
        (0, sp.Rational(2, 10**21), 30, True),
        (0, sp.Rational(1, 2 * 10**21), 30, False),
        (1, 1 + sp.Rational(1, 10**300), 350, True),
        (sp.pi, sp.Rational(sp.pi.evalf(200)), 350, True),
        (sp.I, -sp.I, 30, True),
        (sp.nan, 1, 30, False),
        (1, sp.oo, 30, False),
        (x, 1, 30, False),
    ],
)
def test_numbers_differ_by_more_than_their_last_digits(one, other, digits, differ):
    for pair in ((one, other), (other, one)):
        assert _differ(*map(sp.sympify, pair), digits) is differ


def test_the_first_point_that_tells_the_sides_apart():
    three = [(t, {x: sp.Integer(value)}) for t, value in enumerate((0, 1, 2))]
    tried = []
    found = refute(x**2, x, Assumed(), three, 30, tried)
    assert (found[0], found[1], int(found[2]), int(found[3])) == ({x: 2}, None, 4, 2)
    assert tried == [{x: 0}, {x: 1}, {x: 2}]
    assert refute(x**2, x, Assumed(), three[:2], 30, []) is None
    row, other = sp.ImmutableMatrix([[x, x]]), sp.ImmutableMatrix([[x, 1]])
    assert refute(row, other, Assumed(), three, 30, [])[:2] == ({x: 0}, (0, 1))
    hidden = sp.sin(x) ** 2 + sp.cos(x) ** 2 - 1  # beside a zero that sympy does not see
    found = refute(
        sp.ImmutableMatrix([[hidden, x]]), sp.ImmutableMatrix([[0, 1]]), Assumed(), three[2:], 30, []
    )
    assert found[:2] == ({x: 2}, (0, 1))
    V = sp.MatrixSymbol("V", n, n)  # -1 rows are none: such a point says nothing
    two = [(t, {n: sp.Integer(value)}) for t, value in enumerate((-1, 2))]
    assert refute(sp.Trace(V), sp.Trace(V) + 1, Assumed(), two, 30, [])[0] == {n: 2}
    column = sp.ImmutableMatrix([x, 2])
    assert refute(column, sp.ImmutableMatrix([x, x]), Assumed(), three, 30, [])[:2] == ({x: 0}, (1, 0))


def test_what_counts_as_undefined():
    for value in (sp.nan, sp.zoo, sp.oo, -sp.oo, UNDEFINED, UNDEFINED + 1):
        assert _is_undefined(value)
    for value in (sp.Integer(1), sp.I, sp.pi, x):
        assert not _is_undefined(value)


@pytest.mark.parametrize(("width", "counts"), [(10**-4, True), (10**-6, False), (10**-8, False)])
def test_a_gap_that_is_too_narrow_is_a_point(width, counts):
    gap = _without_gaps(sp.Piecewise((x, sp.Abs(x) > sp.Rational(str(width)))))
    found = refute(gap, x, Assumed(), [(0, {x: sp.Integer(0)})], 30, [])
    assert (found is not None) is counts


@pytest.mark.parametrize(
    ("derived", "claimed", "at", "refuted"),
    [
        (half, x, -1, True),
        (x, half, -1, True),
        (half, half, -1, False),
        ((x**2 - 1) / (x - 1), x + 1, 1, False),
        (sp.Piecewise((x, x >= 0)), x, 0, False),
        (sp.Piecewise((n, n > 5)), n, 3, True),
        ((n**2 - 9) / (n - 3), n + 3, 3, False),
        (x / (x + sp.Abs(x)), sp.Rational(1, 2), -3, True),
    ],
)
def test_a_gap_counts_where_it_has_a_width(derived, claimed, at, refuted):
    tried = []
    (symbol,) = derived.free_symbols | claimed.free_symbols
    sides = [_without_gaps(side) for side in map(sp.sympify, (derived, claimed))]
    found = refute(*sides, Assumed(), [(0, {symbol: sp.Integer(at)})], 30, tried)
    assert (found is not None) is refuted
    if refuted:
        assert found[0] == {symbol: at}
    assert len(tried) == (derived != claimed)


def test_a_gap_is_asked_about_inside_what_is_assumed():
    """Around x = 0 there is no other point at which x is 0."""
    closed = _without_gaps(half)
    nowhere = [(0, {x: sp.Integer(0)})]
    assert refute(closed, x, Assumed(relations=(x >= 0,)), nowhere, 30, []) is None
    assert refute(closed, x, Assumed(relations=(x <= 0,)), nowhere, 30, []) is not None
    assert refute(closed, x, Assumed(relations=(sp.Eq(x, 0),)), nowhere, 30, []) is None
    other = _without_gaps(sp.Piecewise((x, x < 0)))
    assert refute(other, x, Assumed(relations=(x >= 0,)), nowhere, 30, []) is not None
    assert refute(other, x, Assumed(relations=(x <= 0,)), nowhere, 30, []) is None
    below = [(0, {x: sp.Integer(-1)})]
    for entry in (a[1], C[0, 0]):  # they have nothing to do with it
        assert refute(closed, x, Assumed(relations=(entry > 0,)), below, 30, []) is not None
    one = sp.Symbol("x", positive=True)  # where sin x < 0 it has a value, but not where x is a positive one
    beside = _without_gaps(sp.Piecewise((one, sp.sin(one) < 0)))
    assert refute(beside, one, Assumed(), [(0, {one: sp.Rational(1, 10**8)})], 30, []) is not None


# ---------------------------------------------------------------- what conditions say


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ((), ()),
        (x > 0, (x > 0,)),
        ([x > 0, y < 0.5], (x > 0, y < sp.Rational(1, 2))),
        (sp.And(x > 0, x < 1), (x > 0, x < 1)),
        ([True, sp.true, sp.Ne(x, 1)], (sp.Ne(x, 1),)),
        ((sp.Eq(x, y),), (sp.Eq(x, y),)),
    ],
)
def test_conditions_are_read_one_by_one(given, read):
    assert set(read_conditions(given)) == set(read)
    assert len(read_conditions(given)) == len(read)


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        (False, ValueError, "assuming holds a condition that is never true"),
        ([x > 0, sp.false], ValueError, "assuming holds a condition that is never true"),
        ([x > 0, x + 1], TypeError, "assuming takes conditions such as z > 0 or sp.Ne(z, 0), got x + 1"),
        ("x > 0", TypeError, "assuming takes conditions such as z > 0 or sp.Ne(z, 0), got 'x'"),
        (sp.Or(x > 0, y > 0), TypeError, f"assuming takes conditions such as z > 0 or sp.Ne(z, 0), got {(x > 0) | (y > 0)}"),
    ],
)  # fmt: skip
def test_what_is_no_condition_is_named(given, error, sentence):
    with pytest.raises(error) as failure:
        derive.prove(x, x, assuming=given)
    assert str(failure.value) == sentence


def test_a_contradiction_names_all_conditions():
    with pytest.raises(ValueError) as failure:
        derive.prove(x, y, assuming=[x > 1, x < 0, z > 0])
    assert sorted(str(failure.value).removeprefix("the assumptions contradict each other: ").split(", ")) == [
        "x < 0",
        "x > 1",
        "z > 0",
    ]


@pytest.mark.parametrize(
    ("equation", "found"),
    [
        (sp.Eq(y, x**2), (y, x**2)),
        (sp.Eq(x**2, y), (y, x**2)),
        (sp.Eq(f(x), y + 1), (f(x), y + 1)),
        (sp.Eq(C * D, E), (E, C * D)),
        (sp.Eq(2 * x + y, 1), (y, 1 - 2 * x)),
        (sp.Eq(p + q, 1), (p, 1 - q)),
        (sp.Eq(q - p, 1), (p, q - 1)),
        (sp.Eq(x / 2 + y, 1), (y, 1 - x / 2)),
        (sp.Eq(2 * x, 3 * y), (x, 3 * y / 2)),
        (sp.Eq(x + 1, sp.sin(y)), (x, sp.sin(y) - 1)),
        (sp.Eq(x + x * y, y**2 + 3 * z), (z, x / 3 + x * y / 3 - y**2 / 3)),
        (sp.Eq(x, x**2), None),
        (sp.Eq(x * y, 1), None),
        (sp.Eq(sp.pi * x + 1, y * x), None),
        (sp.Eq(C * D, D * E), None),
        (sp.Eq(sp.Sum(a[j], (j, 1, n)), 2 * x), None),
        (sp.Eq(a[1] + x, 2 * x + 1), None),
        (sp.Eq(sp.Derivative(f(x), x), 2 * x), None),
        (sp.Eq(sp.Derivative(f(x), x), 2 * y), None),
        (sp.Eq(sp.Subs(f(x), x, z), 2 * y), None),
        (sp.Eq(sp.Trace(C) + x, 2 * x + 1), None),
        (sp.Eq(sp.Piecewise((1, x > 0), (0, True)) + y, 2 * y + 1), None),
    ],
)
def test_an_equation_gives_a_name_its_value(equation, found):
    assert _definition(equation) == found


positive, free = sp.Symbol("r", positive=True), sp.Symbol("s")


@pytest.mark.parametrize(
    ("relations", "symbol", "where"),
    [
        ([], x, sp.S.Reals),
        ([x > 1], x, sp.Interval.open(1, sp.oo)),
        ([x >= 1], x, sp.Interval(1, sp.oo)),
        ([x < 1], x, sp.Interval.open(-sp.oo, 1)),
        ([x <= 1, x > -2], x, sp.Interval.Lopen(-2, 1)),
        ([2 * x > 3], x, sp.Interval.open(sp.Rational(3, 2), sp.oo)),
        ([sp.Ne(x, 1)], x, sp.Union(sp.Interval.open(-sp.oo, 1), sp.Interval.open(1, sp.oo))),
        ([sp.Eq(x**2, 2)], x, sp.FiniteSet(-sp.sqrt(2), sp.sqrt(2))),
        ([x**2 < 4], x, sp.Interval.open(-2, 2)),
        ([x**2 >= 4, x > 0], x, sp.Interval(2, sp.oo)),
        ([(x - 1) * (x - 2) * (x - 3) > 0], x, sp.Union(sp.Interval.open(1, 2), sp.Interval.open(3, sp.oo))),
        ([(x - 1) ** 2 <= 0], x, sp.FiniteSet(1)),
        ([x**3 - x >= 1], x, sp.Interval(sp.CRootOf(x**3 - x - 1, 0), sp.oo)),
        ([x**3 - x < 1], x, sp.Interval.open(-sp.oo, sp.CRootOf(x**3 - x - 1, 0))),
        ([sp.Eq(x**3 - x, 1)], x, sp.FiniteSet(sp.CRootOf(x**3 - x - 1, 0))),
        ([x**2 + 1 > 0], x, sp.S.Reals),
        ([x**2 + 1 < 0], x, sp.S.EmptySet),
        ([x > 1, x < 0], x, sp.S.EmptySet),
        ([sp.exp(x) > 1], x, sp.Interval.open(0, sp.oo)),
        ([x > sp.pi], x, sp.Interval.open(sp.pi, sp.oo)),
        ([1 / x > 1], x, sp.Interval.open(0, 1)),
        ([positive < 2], positive, sp.Interval.open(0, 2)),
        ([sp.Or(x > 1, x < 0)], x, sp.Union(sp.Interval.open(1, sp.oo), sp.Interval.open(-sp.oo, 0))),
        ([sp.sin(x) > 0, x > 0], x, None),
        ([sp.cos(x) > x], x, None),
    ],
)
def test_the_region_of_a_symbol(relations, symbol, where):
    assert region(relations, symbol) == where


@pytest.mark.parametrize(
    ("piece", "inside"),
    [((-sp.oo, sp.oo), 0), ((-sp.oo, 3), 2), ((3, sp.oo), 4), ((1, 4), sp.Rational(5, 2)), ((-5, -1), -3)],
)
def test_a_number_inside_a_piece(piece, inside):
    assert _between(sp.Interval.open(*piece)) == inside


def test_what_assumptions_leave():
    left, right, known = assume(sp.Abs(y), x, read_conditions([x > 0, sp.Eq(y, x), z > x]))
    (symbol,) = right.free_symbols
    assert (left, symbol.is_positive, symbol.name) == (symbol, True, "x")
    assert known.values == {y: symbol}
    assert known.mentioned == {symbol, z}
    assert known.relations == (z > symbol,)
    assert known.facts == []
    left, right, known = assume(x, y, read_conditions([sp.Eq(n, x + y)]))
    assert (left, right, known.values, known.relations) == (x, y, {n: x + y}, ())
    assert [(formula, kind["integer"]) for formula, kind in known.facts] == [(x + y, True)]
    assert known.mentioned == set()
    left, right, known = assume(x, y, read_conditions([sp.Eq(positive, x - 1)]))
    assert left.is_positive, "it is more than 1"
    assert known.relations == (left - 1 > 0,)
    assert [(formula, kind["positive"]) for formula, kind in known.facts] == [(left - 1, True)]


@pytest.mark.parametrize(
    ("kind", "relation"),
    [("positive", sp.Gt), ("negative", sp.Lt), ("nonnegative", sp.Ge), ("nonpositive", sp.Le), ("nonzero", sp.Ne)],
)  # fmt: skip
def test_the_sign_of_a_name_is_that_of_its_value(kind, relation):
    name = sp.Symbol("t", **{kind: True})
    _, _, known = assume(x, y, read_conditions([sp.Eq(name, x * y)]))
    assert known.relations == (relation(x * y, 0),)


def test_what_is_real_stays_so_in_its_value():
    s, t = sp.symbols("s t")
    _, _, known = assume(s, y, read_conditions([sp.Eq(x, s * t)]))
    assert [(formula, kind["real"]) for formula, kind in known.facts] == [(s * t, True)]
    _, _, known = assume(s, y, read_conditions([sp.Eq(x, f(y))]))
    assert known.facts == [], "what stands in for f is real anyway"


def test_facts_speak_of_what_is_known():
    left, _, known = assume(x, y, read_conditions([sp.Eq(n, x + y), x > 0]))
    assert left.is_positive
    assert [formula for formula, _ in known.facts] == [left + y]


@pytest.mark.parametrize(
    ("conditions", "value", "relations"),
    [
        ([sp.Eq(x**2, 4)], "x", ["Eq(x**2, 4)"]),
        ([sp.Eq(x**2, 4), x > 0], "2", []),
        ([x >= 2, x <= 2, z > x], "2", ["z > 2"]),
    ],
)
def test_a_symbol_with_one_possible_value_has_it(conditions, value, relations):
    left, _, known = assume(x, y, read_conditions(conditions))
    assert str(left) == value
    assert [str(relation) for relation in known.relations] == relations


@pytest.mark.parametrize("first", [sp.Ne(sp.Symbol("c"), 0), sp.Symbol("c") > -1, x > 0, sp.Eq(x**2, x)])
def test_what_is_learnt_first_is_not_all(first):
    last = sp.Symbol("z")
    left, _, _ = assume(last, y, read_conditions([first, last > 0]))
    assert left.is_positive


@pytest.mark.parametrize(
    "first",
    [
        sp.Eq(x * y, 1),  # gives no name a value
        sp.sin(x) > 0,  # whose region sympy does not know
        sp.Ne(sp.Symbol("c"), 1),  # says nothing of the sign
        sp.Idx("c") >= 1,  # an index is declared as it is
    ],
)
def test_what_says_nothing_hides_nothing_behind_it(first):
    last = sp.Symbol("z")
    left, _, known = assume(last, y, read_conditions([first, last > 0]))
    assert left.is_positive
    assert [str(relation) for relation in known.relations] == [str(first)]


@pytest.mark.parametrize(
    ("conditions", "properties"),
    [
        ([free > 0], {"is_positive": True}),
        ([free < 0], {"is_negative": True}),
        ([free >= 0], {"is_nonnegative": True, "is_positive": None}),
        ([free <= 0], {"is_nonpositive": True, "is_negative": None}),
        ([sp.Ne(free, 0)], {"is_zero": False, "is_real": None}),
        ([free > -3], {"is_real": True, "is_positive": None, "is_zero": None}),
        ([free < sp.Rational(1, 2)], {"is_real": True, "is_negative": None, "is_nonpositive": None}),
        ([free <= sp.Rational(1, 2)], {"is_real": True, "is_negative": None, "is_nonpositive": None}),
        ([free > sp.Rational(-1, 2)], {"is_real": True, "is_positive": None, "is_nonnegative": None}),
        ([free**2 > sp.Rational(1, 4)], {"is_real": True, "is_zero": False}),
        ([sp.re(free) > 1], {"is_real": None}),
        ([sp.im(free) > 1], {"is_real": None}),
        ([sp.arg(free) > 1], {"is_real": None}),
        ([free > 3], {"is_positive": True}),
        ([free**2 > 1], {"is_real": True, "is_zero": False}),
        ([sp.Abs(free) > 1], {"is_real": None}),
        ([sp.Ne(free, 1)], {"is_real": None, "is_zero": None}),
        ([free >= 0, sp.Ne(free, 0)], {"is_positive": True}),
    ],
)
def test_inequalities_become_knowledge_of_their_symbol(conditions, properties):
    left, _, _ = assume(free, sp.Integer(1), read_conditions(conditions))
    assert {name: getattr(left, name) for name in properties} == properties


@pytest.mark.parametrize(
    ("value", "assumptions", "true"),
    [
        (3, {"odd": True}, True),
        (4, {"odd": True}, False),
        (4, {"odd": False, "integer": True}, True),
        (sp.sqrt(2), {"rational": False, "positive": True}, True),
        (sp.I, {"real": False}, True),
        (sp.I, {"real": True}, False),
        (3, {}, True),
        (3, {"even": True, "integer": True}, False),
        (3, {"purple": True}, False),
    ],
)
def test_a_number_fits_what_a_symbol_was_declared_with(value, assumptions, true):
    assert fits(sp.sympify(value), assumptions) is true


def test_a_value_is_put_in_where_a_name_is_free():
    assert insert(x**2 + f(x), sp.Eq(x, y)) == y**2 + f(y)
    assert insert(sp.Sum(a[j] * x, (j, 1, n)), sp.Eq(x, 2)) == sp.Sum(2 * a[j], (j, 1, n))
    assert insert(sp.Sum(a[j], (j, 1, n)), sp.Eq(j, 2)) == sp.Sum(a[j], (j, 1, n))
    assert insert(sp.Derivative(f(x), x), sp.Eq(f(x), x**2)).doit() == 2 * x
    assert insert(sp.Matrix([x, y]), sp.Eq(x, 3)) == sp.Matrix([3, y])
    assert insert(x**2 + 1, sp.Eq(x**2, y)) == y + 1
    assert insert(C * D, sp.Eq(D, E)) == C * E
    assert insert(sp.Subs(f(x) + 2, x, y), sp.Eq(x, 2)).doit() == f(y) + 2
    assert insert(sp.Subs(f(x), x, y), sp.Eq(y, 2)) == sp.Subs(f(x), x, 2)


def test_numbers_without_a_value_stay():
    for value in (sp.Float("inf"), sp.Float("-inf"), sp.Float("nan"), x):
        assert exact(value) is value
        assert simplest(value) is value
    huge = sp.Float(1e300) * sp.Float(1e300)
    assert exact(huge) == sp.Rational(huge), "larger than any float64"


def test_what_is_simple_enough_may_be_said():
    assert simplest(0.123 * x, denominator=100) == 0.123 * x
    assert simplest(0.123 * x, denominator=1000) == 123 * x / 1000
    assert simplest(0.3333 * x, tolerance=1e-3) == 3333 * x / 10000
    assert simplest(0.3333 * x, tolerance=1e-3, denominator=10) == x / 3
    assert simplest(x / 10**4 * 1.0) == x / 10**4
    assert simplest(-0.25 + x) == x - sp.Rational(1, 4)


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


def test_a_claim_is_what_its_equation_says():
    equation = derive.Equation.chain((x + x, ""), (2 * x, "added"), assuming=(x > 0,))
    claim = derive.Claim("twice", "for this test", 3, lambda: equation)
    assert claim.equation is equation
    assert (claim.derived, claim.claimed, claim.assuming) == (x + x, 2 * x, (x > 0,))
    assert (equation.steps, equation.wrong) == (((x + x, ""), (2 * x, "added")), {})
    assert claim._repr_latex_() == r"$\displaystyle 2 x = 2 x$"
    assert (
        derive.Claim("twice", "", 3, lambda: equation, left=r"2 \cdot x")._repr_latex_()
        == r"$\displaystyle 2 \cdot x = 2 x$"
    )
    assert repr(claim.prove()) == "twice: proved: residual 0"
    assert repr(derive.claim("affine_dW")).startswith("Claim(name='affine_dW', statement='")
    assert "left" not in repr(claim)
    assert "build" not in repr(claim)


def test_the_claimed_side_is_written_out_with_what_is_assumed():
    equation = derive.Equation(x, f(y) * x + z, (sp.Eq(f(y), y**2), x > 0, sp.Eq(z, 3)))
    assert equation.written_out == y**2 * x + 3
    assert derive.Equation(x, x + y).written_out == x + y


def test_a_claim_without_steps_has_one():
    equation = derive.Equation(sp.Abs(x), x, (x > 0,))
    derivation = derive.Claim("positive", "for this test", 1, lambda: equation, left="l").steps()
    assert derivation.left == "l"
    assert derivation.steps == ((sp.Abs(x), ""), (x, ""))
    assert repr(derivation) == "positive: for this test\n  = x\nproved: 1 step, every residual 0"


@pytest.mark.parametrize(
    ("left", "count", "text", "latex"),
    [
        ("", 2, "    x\n  = y   (why)\nproved: 1 step", ["x &= y && \\text{why}"]),
        ("l", 2, "  = y   (why)\nproved: 1 step", ["l &= y && \\text{why}"]),
        ("", 3, "    x\n  = y   (why)\n  = z\nproved: 2 steps", ["x &= y && \\text{why}", " &= z"]),
        ("l", 3, "    x\n  = y   (why)\n  = z\nproved: 2 steps", ["l &= x", " &= y && \\text{why}", " &= z"]),
    ],
)
def test_a_derivation_prints_its_steps(left, count, text, latex):
    steps = ((x, ""), (y, "why"), (z, ""))[:count]
    derivation = derive.Derivation("named", "what it says", left, steps)
    assert repr(derivation) == f"named: what it says\n{text}, every residual 0"
    rows = " \\\\[4pt]\n".join(latex)
    assert derivation._repr_latex_() == f"$$\\begin{{aligned}}\n{rows}\n\\end{{aligned}}$$"


@pytest.mark.parametrize(
    ("claimed", "slips"),
    [
        (0, {"not zero": 1}),
        (sp.Integer(0), {"not zero": 1}),
        (sp.zeros(2, 1), {"not zero": sp.ones(2, 1)}),
        (sp.ZeroMatrix(2, k), {"not zero": sp.OneMatrix(2, k)}),
        (x, {"lost sign": -x, "factor 2": 2 * x}),
        (x + y, {"lost sign": -x - y, "factor 2": 2 * x + 2 * y, "a term lost": (x + y).args[0]}),
        (M * K, {"lost sign": -M * K, "factor 2": 2 * M * K}),
        (K + L, {"lost sign": -(K + L), "factor 2": 2 * (K + L), "a term lost": sp.MatAdd(K)}),
        (sp.Matrix([[x]]), {"lost sign": sp.Matrix([[-x]]), "factor 2": sp.Matrix([[2 * x]])}),
        (
            sp.Matrix([[x, y], [z, 0]]),
            {
                "lost sign": sp.Matrix([[-x, -y], [-z, 0]]),
                "factor 2": sp.Matrix([[2 * x, 2 * y], [2 * z, 0]]),
                "transposed": sp.Matrix([[x, z], [y, 0]]),
                "an entry lost": sp.Matrix([[x, y], [0, 0]]),
            },
        ),
        (
            sp.Matrix([[x, y], [y, x]]),
            {
                "lost sign": sp.Matrix([[-x, -y], [-y, -x]]),
                "factor 2": sp.Matrix([[2 * x, 2 * y], [2 * y, 2 * x]]),
                "an entry lost": sp.Matrix([[x, y], [y, 0]]),
            },
        ),
        (
            sp.Matrix([[x, y]]),
            {
                "lost sign": sp.Matrix([[-x, -y]]),
                "factor 2": sp.Matrix([[2 * x, 2 * y]]),
                "an entry lost": sp.Matrix([[x, 0]]),
            },
        ),
    ],
)
def test_a_claim_is_spoiled_in_every_way_that_fits(claimed, slips):
    claim = derive.Claim("tried", "", 1, lambda: derive.Equation(x, claimed, (x > 0,)))
    spoiled = list(claim.spoiled())
    assert {one.name: one.claimed for one in spoiled} == {
        f"tried, {slip}": side for slip, side in slips.items()
    }
    assert all(one.derived is x and one.assuming == (x > 0,) for one in spoiled)


def test_slips_that_people_make_come_first():
    wrong = {"squared": x**2, "other side": (y, x)}
    claim = derive.Claim("tried", "", 1, lambda: derive.Equation.chain((x, ""), (x, ""), wrong=wrong))
    spoiled = list(claim.spoiled())
    assert [one.name for one in spoiled] == [
        f"tried, {slip}" for slip in ("squared", "other side", "lost sign", "factor 2")
    ]
    assert [(one.derived, one.claimed) for one in spoiled[:2]] == [(x, x**2), (y, x)]
    assert repr(spoiled[0]) == "Spoiled(name='tried, squared')"
    with pytest.raises(derive.ProofError, match=r"^tried, squared: refuted"):
        spoiled[0].prove()
    lucky = derive.Claim("tried", "", 1, lambda: derive.Equation(x, x, (x > 0,), wrong={"none": sp.Abs(x)}))
    assert next(lucky.spoiled()).prove()


def test_a_comparison_tells_what_it_compared():
    drawn = []

    def numeric(equation, rng):
        drawn.append(rng.normal())
        return [("a", drawn[-1], drawn[-1]), ("b", [2.0, 4.0], [2.0, 4.0 + 4e-14])]

    claim = _claim((x, ""), (x, ""), numeric=numeric)
    comparison = claim.compare()
    assert repr(comparison) == "tried: equals a, b to 1e-12"
    assert comparison.tolerance == 1e-12
    assert comparison.worst == pytest.approx(1e-14, rel=0.05)
    claim.compare(np.random.default_rng(7))
    assert drawn == [np.random.default_rng(0).normal(), np.random.default_rng(7).normal()]
    with pytest.raises(derive.ProofError) as failure:
        _claim((x, ""), (x, ""), numeric=lambda equation, rng: [("b", [1.0], [0.5])]).compare()
    assert str(failure.value) == "tried: b differs from the formula by 1.0e+00 (relative)"
    assert _claim((x, ""), (x, ""), numeric=lambda equation, rng: [("b", 1.0, 2.0)]).compare(tolerance=0.5)
    with pytest.raises(ValueError) as none:
        _claim((x, ""), (x, "")).compare()
    assert str(none.value) == "tried describes no part of bplib's code: nothing to compare"


def test_claims_are_registered_under_the_name_of_their_function(monkeypatch):
    monkeypatch.setattr(derive.registry, "CLAIMS", {})

    @derive.register("twice", lesson=4, posts=["A1"], left="l", numeric=print)
    def doubled():
        return derive.Equation(x + x, 2 * x)

    @derive.register("thrice", lesson=5)
    def tripled():
        return derive.Equation(x + x + x, 3 * x)

    assert doubled.__doc__ == "twice"
    claim = derive.claim("doubled")
    assert (claim.name, claim.statement, claim.lesson) == ("doubled", "twice", 4)
    assert (claim.posts, claim.left, claim.numeric) == (("A1",), "l", print)
    assert (derive.claim("tripled").posts, derive.claim("tripled").left) == ((), "")
    assert claim.claimed == 2 * x
    assert [c.name for c in derive.claims()] == ["doubled", "tripled"]
    assert [c.name for c in derive.claims(5)] == ["tripled"]
    assert repr(derive.steps("doubled")).endswith("proved: 1 step, every residual 0")
    for name, sentence in (
        ("dubled", "no claim is called 'dubled'; did you mean doubled, tripled? (derive.CLAIMS lists all 2)"),
        (7, "no claim is called 7 (derive.CLAIMS lists all 2)"),
    ):
        with pytest.raises(ValueError) as failure:
            derive.claim(name)
        assert str(failure.value) == sentence
    with pytest.raises(ValueError, match=r"^two claims are called doubled$"):
        derive.register("again", lesson=5)(doubled)


def test_a_formula_has_its_numbers():
    rng = np.random.default_rng(2)
    rows, columns = sp.symbols("rows columns", integer=True, positive=True)
    G, H = sp.MatrixSymbol("G", rows, columns), sp.MatrixSymbol("H", columns, 2)
    arrays = {G: rng.normal(size=(4, 3)), H: rng.normal(size=(3, 2))}
    np.testing.assert_allclose(derive.evaluate(G * H, arrays), arrays[G] @ arrays[H], rtol=1e-14)
    np.testing.assert_allclose(
        derive.evaluate(G * H / rows + columns * G * H, arrays), 3.25 * arrays[G] @ arrays[H], rtol=1e-14
    )
    assert derive.evaluate(x**2 + n, {x: 3, n: 2}) == 11
    assert type(derive.evaluate(x, {x: 3})) is float
    np.testing.assert_array_equal(derive.evaluate(x * y, {x: [1, 2], y: np.array([3, 4])}), [3, 8])
    cells = sp.ImmutableMatrix([[x, y], [z, w]])
    assert derive.evaluate(x + 10 * y + 100 * z + 1000 * w, {cells: [[1, 2], [3, 4]]}) == 4321
    grid = np.arange(6.0).reshape(2, 3)
    assert (
        derive.evaluate(sp.Sum(a[i, j] * b[j], (i, 1, 2), (j, 1, n)), {a: grid, b: [1, 10, 100], n: 3}) == 753
    )
    assert derive.evaluate(sp.Derivative(x**3, x), {x: 2}) == 12
    assert derive.evaluate(sp.Sum(j, (j, 1, n)), {n: 4}) == 10
    result = derive.evaluate(sp.Matrix([[x, 1]]), {x: 2})
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, [[2, 1]])
    with pytest.raises(ValueError) as failure:
        derive.evaluate(x, {cells: np.zeros((2, 3))})
    assert str(failure.value) == f"{cells} needs an array of shape (2, 2), got (2, 3)"
    with pytest.raises(ValueError, match=r"shorter|longer"):
        derive.evaluate(sp.Trace(G * G.T), {G: np.zeros(3)})
