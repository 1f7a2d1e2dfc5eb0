"""`prove(derived, claimed)`: is the difference of two formulas exactly zero?

Three outcomes, and only the first one returns:

* **proved**: sympy reduces the residual `derived - claimed` to 0 exactly. Numbers never prove anything.
* **refuted**: at some point the two sides differ; `ProofError` carries the point and both values.
* **undecided**: no point separates them, yet the residual does not reduce to 0: `UndecidedError`, no pass.

The sides may be scalars, explicit matrices, matrix expressions with symbolic shapes, sums over an index, or
formulas in an abstract function f.

Floats are compared exactly, each as the decimal that Python prints for it: 0.1 x is x/10, 1.00000001 x is
not x. Undefined is not equal: a side without a value where the other has one (a Piecewise that lost a branch)
refutes. Only where that happens at single points of a real variable, as at x = 1 in
(x² − 1)/(x − 1) = x + 1, is the usual convention followed: formulas are equal that agree wherever both have a
value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice, tee

import mpmath
import sympy as sp
from sympy.core.relational import Relational

from ..language import said
from .assuming import GIVES_UP, Assumed, Conditions, Expr, assume, exact, read_conditions, region
from .points import DIGITS, FINE, UNDEFINED, points, refute


class ProofError(Exception):
    """The claim was not proved. `outcome` is "refuted" or "undecided".

    When refuted: `point` (dict of names and numbers), `derived_value`, `claimed_value` and `entry`
    (row, column; None for scalars) say where and by how much the sides differ.
    """

    outcome = "refuted"

    def __init__(
        self,
        message: str,
        *,
        point: dict | None = None,
        derived_value: Expr | None = None,
        claimed_value: Expr | None = None,
        entry: tuple | None = None,
    ) -> None:
        super().__init__(message)
        self.point = point or {}
        self.derived_value = derived_value
        self.claimed_value = claimed_value
        self.entry = entry


class UndecidedError(ProofError):
    """Neither proved nor refuted: `residual` is what sympy could not reduce to 0."""

    outcome = "undecided"

    def __init__(self, message: str, *, residual: Expr | None = None) -> None:
        super().__init__(message)
        self.residual = residual


@dataclass(frozen=True)
class Proof:
    """What `prove` returns: both sides, and a residual that is exactly zero."""

    derived: object
    claimed: object
    residual: object
    name: str | None
    outcome: str = "proved"

    def __repr__(self) -> str:
        label = f"{self.name}: " if self.name else ""
        return label + said(f"proved: residual {_describe_zero(self.residual)}")

    def _repr_latex_(self) -> str:
        proved = f"proved: residual {_describe_zero(self.residual)}"
        body = sp.latex(self.derived) + r" \;=\; " + sp.latex(self.claimed)
        return rf"$\displaystyle {body} \qquad \text{{{said(proved)}}}$"


def prove(derived: Expr, claimed: Expr, *, assuming: Conditions = (), name: str | None = None) -> Proof:
    """Prove that two formulas are the same: the residual `derived - claimed` must reduce to exactly 0.

    derived, claimed: sympy expressions (or Python numbers), explicit matrices or matrix expressions of the
        same shape. Unevaluated derivatives, sums and limits are worked out. Floats count exactly.
    assuming: one condition or several, in any order, such as `z > 0`, `sp.Ne(z, 0)`, `j <= n`,
        `sp.Eq(q, 1 - p)`. What symbols were declared with (positive, odd, …) is assumed too.
    name: shown in the proof and in the errors.

    Returns a `Proof`. Raises `ProofError` (refuted, at a point where all that is assumed holds),
    `UndecidedError` (undecided), TypeError where a side is no formula or a condition is none, ValueError
    where the shapes differ or the conditions contradict each other.
    """
    label = f"{name}: " if name else ""
    left, right = _formula(derived, "derived"), _formula(claimed, "claimed")
    conditions = read_conditions(assuming)
    left, right = _same_kind(left, right, label)
    left, right, assumed = assume(left, right, conditions)

    tried: list = []
    (found, again), residual = tee(points(left, right, assumed)), None
    # One point first: a wrong claim is refuted before any long algebra. Then the algebra, then more points,
    # and last, for differences in the twentieth digit, the same points again with many more digits.
    refutation = refute(left, right, assumed, islice(found, 1), DIGITS, tried)
    if not refutation:
        residual = _reduce(left, right, assumed)
        if not _is_zero(residual):
            refutation = refute(left, right, assumed, found, DIGITS, tried)
            refutation = refutation or refute(left, right, assumed, again, FINE, tried)
    if refutation:
        where, entry, left_value, right_value = refutation
        at = ", ".join(f"{symbol} = {value}" for symbol, value in where.items())
        spot = f" in entry {list(entry)}" if entry else ""
        left_text, right_text = _texts(left_value, right_value)
        raise ProofError(
            f"{label}refuted{spot}{' at ' + at if at else ''}: derived {left_text}, claimed {right_text}",
            point=_named(where, assumed),
            derived_value=_value(left_value),
            claimed_value=_value(right_value),
            entry=entry,
        )
    if not _is_zero(residual):
        why = (
            "no point tells the two sides apart"
            if tried
            else "no point could be tried at which both sides have a value and all that is assumed holds"
        )
        raise UndecidedError(
            f"{label}undecided: {why}, but sympy cannot reduce their difference "
            f"to 0. Left over: {residual}. Assumptions (real, positive, a range of the index) may help.",
            residual=residual,
        )
    return Proof(derived, claimed, residual, name)


def _named(where, assumed: Assumed) -> dict:
    """The point, with their values for the symbols that an equation replaced."""
    point = {str(symbol): value for symbol, value in where.items()}
    for symbol, formula in assumed.values.items():
        value = formula.subs(where)
        if value.is_number:
            point.setdefault(str(symbol), value)
    return point


def _value(number):
    return sp.nan if number.has(UNDEFINED) else number


def _texts(a, b) -> tuple[str, str]:
    """Both numbers with so many digits that one sees them differ."""
    for digits in (6, 10, 17, DIGITS, FINE):
        texts = _text(a, digits), _text(b, digits)
        if texts[0] != texts[1]:
            break
    return texts


def _text(number, digits) -> str:
    if not number.is_finite:
        return "undefined" if number.has(sp.nan, sp.zoo, UNDEFINED) else str(number)
    real, imaginary = (mpmath.nstr(part, digits).removesuffix(".0") for part in _parts(number, digits))
    if imaginary == "0":
        return real
    return f"{real} + {imaginary}*I" if real != "0" else f"{imaginary}*I"


def _parts(number, digits):
    with mpmath.workdps(digits + 10):
        return [
            mpmath.mpf(sp.N(part, digits + 10)._to_mpmath(mpmath.mp.prec)) for part in number.as_real_imag()
        ]


# ---------------------------------------------------------------- what comes in


def _formula(value, side):
    if isinstance(value, bool | sp.logic.boolalg.Boolean) and not isinstance(value, sp.Symbol):
        raise TypeError(f"{side} must be a formula, got the condition {value}")
    if isinstance(value, sp.MatrixBase):
        value = sp.ImmutableMatrix(value)
    elif not isinstance(value, sp.MatrixExpr):
        try:
            value = sp.sympify(value, strict=True)
        except (sp.SympifyError, TypeError, ValueError):
            value = None
        if not isinstance(value, sp.Expr):
            raise TypeError(f"{side} must be a sympy formula, a sympy matrix or a number")
    if value.has(sp.Lambda):
        raise TypeError(f"{side} must be a formula, got the function {value}: write its value, f(x)")
    if value.has(sp.nan, sp.zoo):
        raise ValueError(f"{side} is not a finite formula: {value}")
    return _without_gaps(exact(value))


def _without_gaps(value):
    """Each Piecewise with a value where none of its conditions holds: `UNDEFINED`, which equals only itself.

    sympy's own rules drop the domain: with them Piecewise((x, x > 0)) − x would be 0.
    """

    def closed(piecewise):
        if piecewise.args[-1].cond == sp.true:
            return piecewise
        anywhere = sp.Or(*(cond for _, cond in piecewise.args))
        free = anywhere.free_symbols
        if len(free) == 1 and region([anywhere], *free) == sp.S.Reals:
            return sp.Piecewise(*piecewise.args[:-1], (piecewise.args[-1].expr, True))
        return sp.Piecewise(*piecewise.args, (UNDEFINED, True))

    return value.replace(lambda e: isinstance(e, sp.Piecewise), closed) if value.has(sp.Piecewise) else value


def _is_matrix(value) -> bool:
    return isinstance(value, sp.MatrixBase | sp.MatrixExpr)


def _shape(value) -> str:
    return f"a matrix of shape {value.shape}" if _is_matrix(value) else "a scalar"


def _same_kind(left, right, label):
    if _is_matrix(left) != _is_matrix(right):
        raise ValueError(f"{label}derived is {_shape(left)}, claimed is {_shape(right)}")
    if not _is_matrix(left):
        return left, right
    if any(sp.simplify(a - b) != 0 for a, b in zip(left.shape, right.shape, strict=True)):
        raise ValueError(f"{label}derived is {_shape(left)}, claimed is {_shape(right)}")
    if isinstance(left, sp.MatrixBase) != isinstance(right, sp.MatrixBase):
        left, right = (sp.ImmutableMatrix(side.as_explicit()) for side in (left, right))
    return left, right


# ---------------------------------------------------------------- proving: a residual of exactly zero


def _is_zero(residual) -> bool:
    if isinstance(residual, sp.MatrixBase):
        return all(entry == 0 for entry in residual)
    return residual == 0 or isinstance(residual, sp.ZeroMatrix)


def _describe_zero(residual) -> str:
    if isinstance(residual, sp.MatrixBase | sp.MatrixExpr):
        return f"0 ({residual.shape[0]}×{residual.shape[1]})"
    return "0"


def _reduce(left, right, assumed: Assumed):
    """`left - right`, made as small as sympy can; what it returns is 0 or could not be shown to be."""
    if isinstance(left, sp.MatrixBase):
        return (left - right).applyfunc(lambda entry: _reduce_scalar(entry, assumed))
    residual = left - right
    if _is_matrix(residual):
        for step in (lambda e: e.doit(), lambda e: e.doit().expand().doit(), sp.simplify):
            residual = _try(step, residual)
            if _is_zero(residual):
                break
        return residual
    return _reduce_scalar(residual, assumed)


def _try(step, residual):
    try:
        return step(residual)
    except GIVES_UP:
        return residual


def _same_index(total):
    """The index of a sum has no meaning outside it: give all of them one name for each level of nesting."""
    depth = 1 + total.function.count(sp.Sum)
    names = {v: sp.Symbol(f"_{depth}{i}", **v.assumptions0) for i, v in enumerate(total.variables)}
    return total.xreplace(names)


def _one_root(expr):
    """With a name r for the one square root √B and r² = B the formula is a polynomial: multiply it out."""
    bases = {p.base for p in expr.atoms(sp.Pow) if p.exp.is_Rational and p.exp.q == 2}
    if len(bases) != 1:
        return expr
    (base,), r = bases, sp.Dummy()  # not positive: √B is so only where B is
    named = expr.replace(lambda e: e.is_Pow and e.base == base, lambda e: r ** (2 * e.exp))
    numerator, _ = sp.fraction(sp.together(named))
    names = [r, *sorted((numerator.free_symbols | base.free_symbols) - {r}, key=str)]
    try:
        ring = sp.polys.rings.PolyRing(names, sp.QQ)
        values = dict(zip(names, ring.gens, strict=True))
        square, polynomial = _multiplied_out(base, ring, values), _multiplied_out(numerator, ring, values)
    except TypeError:
        return expr
    total = ring(0)
    for (power, *others), coefficient in polynomial.terms():
        total += ring({(power % 2, *others): coefficient}) * square ** (power // 2)
    return expr if total else sp.Integer(0)


def _multiplied_out(e, ring, values):
    """A polynomial as an element of sympy's ring, where products are much faster than with `expand`."""
    if e.is_Symbol:
        return values[e]
    if e.is_Rational:
        return ring(sp.QQ(e.p, e.q))
    if e.is_Pow and e.exp.is_Integer and e.exp > 0:
        return _multiplied_out(e.base, ring, values) ** int(e.exp)
    parts = [_multiplied_out(part, ring, values) for part in e.args] if e.is_Add or e.is_Mul else None
    if parts is None:
        raise TypeError(f"{e} is no polynomial")
    return sum(parts, ring(0)) if e.is_Add else math.prod(parts, start=ring(1))


def _reduce_scalar(residual, assumed: Assumed):
    smaller = _by_algebra(residual, assumed.relations)
    if smaller == 0:
        return smaller
    cases = _cases(smaller, assumed.relations)
    if cases and all(_by_algebra(case, ()) == 0 for case in cases):
        return sp.Integer(0)
    return smaller


def _by_algebra(residual, relations):
    facts = sp.And(*(_PREDICATES[type(c)](c.lhs, c.rhs) for c in relations if type(c) in _PREDICATES))
    ways = (
        lambda e: _with_equations(e, relations),
        lambda e: sp.refine(e.doit(), facts) if relations or e.has(sp.Piecewise) else e.doit(),
        _one_root,
        _rational,
        sp.expand,
        lambda e: sp.cancel(sp.together(e)) if not e.has(sp.Piecewise, sp.Sum) else sp.piecewise_fold(e),
        lambda e: sp.refine(sp.simplify(e), facts),
        lambda e: sp.simplify(sp.expand(e.rewrite(sp.exp))),
        lambda e: sp.simplify(sp.expand_log(e)),
    )
    for way in ways:
        if residual == 0:
            break
        residual = _try(lambda e, way=way: _without_gaps(way(e)), residual)
        residual = residual.replace(lambda e: isinstance(e, sp.Sum), _same_index)
    return residual


def _with_equations(expr, relations):
    for relation in relations:
        if isinstance(relation, sp.Equality):
            expr = expr.subs(relation.lhs, relation.rhs)
    return expr


def _cases(residual, relations) -> list:
    """The residual on each piece of the region of one symbol, written in t > 0 alone: x > 10 is x = 10 + t.

    What sympy knows of signs then does the rest. Pieces end where a Piecewise or an |x| has its kink.
    """
    for symbol in sorted(residual.free_symbols, key=str):
        if symbol.is_integer or not symbol.is_extended_real:
            continue
        where = region([r for r in relations if r.free_symbols == {symbol}], symbol)
        kinks = sp.FiniteSet(*_kinks(residual, symbol))
        if where is None or (where == sp.S.Reals and not kinks):
            continue
        pieces = _pieces(where - kinks)
        if not all(isinstance(piece, sp.Interval | sp.FiniteSet | type(sp.S.EmptySet)) for piece in pieces):
            continue  # sympy cannot tell where a kink lies
        values = list(where & kinks)
        for piece in pieces:
            if not isinstance(piece, sp.Interval):
                values += list(piece)
                continue
            t, low, high = sp.Dummy("t", positive=True), piece.start, piece.end
            values += [end for end in (low, high) if end.is_finite and end in piece]
            if low.is_finite and high.is_finite:
                values.append(low + (high - low) * t / (1 + t))
            elif low.is_finite or high.is_finite:
                values.append(low + t if low.is_finite else high - t)
            else:
                values.append(symbol)
        return [residual.subs(symbol, value) for value in values]
    return []


def _pieces(where):
    return where.args if isinstance(where, sp.Union) else (where,)


def _kinks(residual, symbol) -> set:
    """Where the residual may have a kink or a step, as far as that is a number."""
    zeros = [e.args[0] for e in residual.atoms(sp.Abs, sp.sign, sp.Heaviside)]
    zeros += [a - b for e in residual.atoms(sp.Max, sp.Min) for a in e.args for b in e.args if a != b]
    zeros += [r.lhs - r.rhs for e in residual.atoms(sp.Piecewise) for r in e.atoms(Relational)]
    slopes = [(zero, zero.diff(symbol)) for zero in zeros if zero.free_symbols == {symbol}]
    return {sp.expand(symbol - zero / slope) for zero, slope in slopes if slope.is_Rational and slope}


def _rational(expr):
    """With a name for every exponential, a formula in sigmoids is a fraction of polynomials: cancel it."""
    if expr.has(sp.Piecewise, sp.Sum, sp.Integral) or not expr.has(sp.exp):
        return expr
    named, names = expr, {}
    for power in sorted(expr.atoms(sp.exp), key=lambda e: (-e.count_ops(), str(e))):
        exponent = power.args[0]
        inverse = names.get(-exponent) or names.get((-exponent).expand())
        name = 1 / inverse if inverse else names.setdefault(exponent, sp.Dummy())
        named = named.xreplace({power: name})
    numerator, _ = sp.fraction(sp.together(named))
    return sp.Integer(0) if sp.expand(numerator) == 0 else expr


_PREDICATES = {
    sp.StrictGreaterThan: sp.Q.gt,
    sp.StrictLessThan: sp.Q.lt,
    sp.GreaterThan: sp.Q.ge,
    sp.LessThan: sp.Q.le,
    sp.Unequality: sp.Q.ne,
}
