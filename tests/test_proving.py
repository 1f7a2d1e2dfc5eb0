"""`prove` keeps what is assumed: any order, exact numbers, counter-examples inside the assumptions, no lost domain."""

from itertools import permutations

import numpy as np
import pytest
import sympy as sp

from bplib import derive
from bplib.derive.assuming import exact, fits, simplest
from bplib.derive.points import points

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
    with pytest.raises(derive.UndecidedError, match="no point could be tried at which"):
        derive.prove(x, y, assuming=nowhere)
    A, B, C = (sp.MatrixSymbol(name, 2, 2) for name in "ABC")
    with pytest.raises(derive.UndecidedError, match="no point tells the two sides apart"):
        derive.prove(sp.Trace(A * B * C), sp.Trace(C * A * B))


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
