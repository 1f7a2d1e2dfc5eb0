"""`prove(derived, claimed)`: is the difference of two formulas exactly zero?

Three outcomes, and only the first one returns:

* **proved**: sympy reduces the residual `derived - claimed` to 0 exactly. Numbers never prove anything.
* **refuted**: at some point the two sides differ; `ProofError` carries the point and both values.
* **undecided**: no point separates them, yet the residual does not reduce to 0: `UndecidedError`, no pass.

The sides may be scalars, explicit matrices, matrix expressions with symbolic shapes, sums over an index, or
formulas in an abstract function f. To refute, symbolic sizes become small integers, matrix symbols random
matrices of fractions, and abstract functions concrete ones. The points are the same on every run.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

ATTEMPTS = 12  # sample points tried before a refutation is given up
DIGITS = 30  # decimal digits of every evaluation at a point
TOLERANCE = sp.Float("1e-15")  # relative; far above 10^-DIGITS, far below any real slip


class ProofError(Exception):
    """The claim was not proved. `outcome` is "refuted" or "undecided".

    When refuted: `point` (dict of names and numbers), `derived_value`, `claimed_value` and `entry`
    (row, column; None for scalars) say where and by how much the sides differ.
    """

    outcome = "refuted"

    def __init__(self, message, *, point=None, derived_value=None, claimed_value=None, entry=None):
        super().__init__(message)
        self.point = point or {}
        self.derived_value = derived_value
        self.claimed_value = claimed_value
        self.entry = entry


class UndecidedError(ProofError):
    """Neither proved nor refuted: `residual` is what sympy could not reduce to 0."""

    outcome = "undecided"

    def __init__(self, message, *, residual=None):
        super().__init__(message)
        self.residual = residual


@dataclass(frozen=True)
class Proof:
    """What `prove` returns: both sides, and a residual that is exactly zero."""

    derived: object = field(repr=False)
    claimed: object = field(repr=False)
    residual: object = field(repr=False)
    name: str | None = None
    outcome: str = field(default="proved", repr=False)

    def __repr__(self) -> str:
        label = f"{self.name}: " if self.name else ""
        return f"{label}proved: residual {_describe_zero(self.residual)}"

    def _repr_latex_(self) -> str:
        body = sp.latex(self.derived) + r" \;=\; " + sp.latex(self.claimed)
        return rf"$\displaystyle {body} \qquad \text{{proved: residual {_describe_zero(self.residual)}}}$"


def prove(derived, claimed, *, assuming=(), name=None) -> Proof:
    """Prove that two formulas are the same: the residual `derived - claimed` must reduce to exactly 0.

    derived, claimed: sympy expressions (or exact Python numbers), explicit matrices or matrix expressions
        of the same shape. Unevaluated derivatives, sums and limits are worked out.
    assuming: one condition or several, such as `z > 0`, `sp.Ne(z, 0)`, `j <= n`, `sp.Eq(q, 1 - p)`.
    name: shown in the proof and in the errors.

    Returns a `Proof`. Raises `ProofError` (refuted), `UndecidedError` (undecided), TypeError where a side is
    no formula, ValueError where the shapes differ.
    """
    label = f"{name}: " if name else ""
    left, right = _formula(derived, "derived"), _formula(claimed, "claimed")
    conditions = _conditions(assuming)
    left, right = _same_kind(left, right, label)
    left, right, conditions = _substitute(left, right, conditions)

    points = _points(left, right, conditions)
    residual = None
    # One point first: a wrong claim is refuted before any long algebra. Then the algebra, then more points.
    refutation = _refute(left, right, conditions, islice(points, 1))
    if not refutation:
        residual = _reduce(left, right, conditions)
        if not _is_zero(residual):
            refutation = _refute(left, right, conditions, points)
    if refutation:
        where, entry, left_value, right_value = refutation
        at = ", ".join(f"{symbol} = {value}" for symbol, value in where.items())
        spot = f" in entry {list(entry)}" if entry else ""
        raise ProofError(
            f"{label}refuted{spot}{' at ' + at if at else ''}: "
            f"derived {_digits(left_value)}, claimed {_digits(right_value)}",
            point=where,
            derived_value=left_value,
            claimed_value=right_value,
            entry=entry,
        )
    if not _is_zero(residual):
        raise UndecidedError(
            f"{label}undecided: no point tells the two sides apart, but sympy cannot reduce their difference "
            f"to 0. Left over: {residual}. Assumptions (real, positive, a range of the index) may help.",
            residual=residual,
        )
    return Proof(derived, claimed, residual, name)


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
    if value.has(sp.nan, sp.zoo):
        raise ValueError(f"{side} is not a finite formula: {value}")
    # 0.1 is meant as one tenth: only exact numbers can leave a residual of exactly 0.
    return sp.nsimplify(value, rational=True) if value.has(sp.Float) else value


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


def _conditions(assuming) -> tuple:
    items = assuming if isinstance(assuming, Iterable) else (assuming,)
    items = tuple(item for item in items if item not in (True, sp.true))
    for item in items:
        if item in (False, sp.false):
            raise ValueError("assuming holds a condition that is never true")
        if not isinstance(item, Relational):
            raise TypeError(f"assuming takes conditions such as z > 0 or sp.Ne(z, 0), got {item!r}")
    return items


_SIGNS = {
    sp.StrictGreaterThan: "positive",
    sp.StrictLessThan: "negative",
    sp.GreaterThan: "nonnegative",
    sp.LessThan: "nonpositive",
    sp.Unequality: "nonzero",
}


def insert(expr, equation: sp.Equality):
    """`expr` with the left side of the equation replaced by its right side."""
    if isinstance(equation.lhs, sp.Symbol | AppliedUndef):
        return expr.xreplace({equation.lhs: equation.rhs})
    return expr.subs(equation.lhs, equation.rhs)


def _substitute(left, right, conditions):
    """Use what the conditions say: equations are inserted, a sign becomes an assumption of its symbol."""
    remaining = []
    for condition in conditions:
        if isinstance(condition, sp.Equality):
            left, right = insert(left, condition), insert(right, condition)
            if not isinstance(condition.lhs, sp.Symbol | AppliedUndef):
                remaining.append(condition)
        elif condition.lhs.is_Symbol and condition.rhs == 0:
            symbol = condition.lhs
            known = {k: v for k, v in symbol.assumptions0.items() if v is not None}
            try:
                strict = sp.Symbol(symbol.name, **{**known, "real": True, _SIGNS[type(condition)]: True})
            except sp.core.facts.InconsistentAssumptions:
                raise ValueError(f"{condition} contradicts what is known about {symbol}") from None
            left, right = left.subs(symbol, strict), right.subs(symbol, strict)
            remaining = [other.subs(symbol, strict) for other in remaining]
        else:
            remaining.append(condition)
    return left, right, tuple(remaining)


# ---------------------------------------------------------------- refuting: numbers at a point


def _draw(attempt: int, name: str, *, positive=None, negative=None) -> sp.Rational:
    """A small fraction that depends on nothing but the attempt and the name."""
    dice = random.Random(f"{attempt}:{name}")
    value = sp.Rational(dice.randint(1, 11), dice.choice((3, 4, 5, 7)))
    if negative or (not positive and dice.random() < 0.5):
        value = -value
    return value


def _integer(attempt: int, symbol, order: int, size: bool) -> sp.Integer:
    """Sizes and indices: all different at first (square shapes hide slips), then all equal, then any.

    Sizes are 3 … 6, indices 1 … 3 at first, later beyond. N is the largest size: with fewer rows than columns
    XᵀX has no inverse.
    """
    if attempt == 0:
        return sp.Integer((6 if symbol.name == "N" else 3 + order % 3) if size else 1 + order % 3)
    if attempt == 1:
        return sp.Integer(3 if size else 2)
    dice = random.Random(f"{attempt}:{symbol}")
    return sp.Integer(dice.randint(3, 5) if size else dice.randint(1, 6))


def _sizes(left, right) -> set:
    """Symbols that are a size: of a matrix, or the last value of an index."""
    matrices = left.atoms(sp.MatrixSymbol) | right.atoms(sp.MatrixSymbol)
    sums = left.atoms(sp.Sum, sp.Product) | right.atoms(sp.Sum, sp.Product)
    sizes = [size for m in matrices for size in m.shape] + [limit[2] for s in sums for limit in s.limits]
    return {s for size in sizes for s in size.free_symbols if s.is_integer}


def _points(left, right, conditions) -> Iterator[tuple[int, dict]]:
    symbols = set().union(left.free_symbols, right.free_symbols, *(c.free_symbols for c in conditions))
    symbols = {s for s in symbols if isinstance(s, sp.Symbol | sp.Idx)}
    symbols -= {b.label for e in (left, right) for b in e.atoms(sp.IndexedBase)}
    sizes = _sizes(left, right)
    symbols = sorted(symbols | sizes, key=str)
    groups = [
        sorted((s for s in symbols if s.is_integer and (s in sizes) == of_size), key=str)
        for of_size in (True, False)
    ]
    usable = 0
    for attempt in range(20 * ATTEMPTS):
        point = {s: _integer(attempt, s, order, g is groups[0]) for g in groups for order, s in enumerate(g)}
        for s in symbols:
            if s not in point:
                point[s] = _draw(attempt, str(s), positive=s.is_nonnegative, negative=s.is_nonpositive)
        plain = [c for c in conditions if not c.has(sp.Indexed, sp.MatrixSymbol)]
        if all(c.subs(point) == sp.true for c in plain):
            yield attempt, point
            usable += 1
        if usable == ATTEMPTS:
            return


def _concrete(call: AppliedUndef, attempt: int):
    """A smooth stand-in without symmetry for an abstract function, another one for every name."""
    c = [abs(_draw(attempt, f"{call.func}{i}")) / 4 for i in range(len(call.args) + 1)]
    inner = sum((a * t for a, t in zip(c[1:], call.args, strict=True)), sp.Integer(0))
    return sp.sin(inner + c[0]) + c[0] * sum(t**2 for t in call.args) + sp.Mul(*call.args) / 3


def _by_name(derivative: sp.Derivative):
    """∂f(u(x))/∂u(x) as a derivative by a plain name, put back after: u(x) is about to become numbers."""
    names = {v: sp.Dummy() for v in derivative.variables if isinstance(v, AppliedUndef)}
    if not names:
        return derivative
    return sp.Subs(derivative.xreplace(names), tuple(names.values()), tuple(names))


def _at(expr, attempt: int, point: dict):
    """Numbers for everything: abstract functions, then sizes and indices, then matrices, then the rest."""
    if isinstance(expr, sp.MatrixBase):
        return expr.applyfunc(lambda entry: _at(entry, attempt, point))
    integers = {s: v for s, v in point.items() if s.is_integer}
    expr = expr.subs(integers, simultaneous=True) if integers else expr
    # Whatever nothing is differentiated by becomes a number at once: formulas in f stay small.
    by = {v for e in expr.atoms(sp.Derivative, sp.Subs) for v in e.variables}
    real = {s: sp.Float(v, DIGITS) for s, v in point.items() if not (s.is_integer or s in by)}
    expr = expr.xreplace(real)
    expr = expr.replace(lambda e: isinstance(e, sp.Derivative), _by_name)
    expr = expr.replace(lambda e: isinstance(e, AppliedUndef), lambda e: _concrete(e, attempt))
    expr = expr.replace(lambda e: isinstance(e, sp.Derivative | sp.Subs), lambda e: e.doit())
    matrices = {
        m: sp.ImmutableMatrix(*m.shape, lambda i, j, m=m: _draw(attempt, f"{m.name}{i},{j}"))
        for m in expr.atoms(sp.MatrixSymbol)
    }
    constant = expr.atoms(sp.OneMatrix, sp.ZeroMatrix, sp.Identity)
    expr = expr.xreplace({**matrices, **{m: sp.ImmutableMatrix(m.as_explicit()) for m in constant}}).doit()
    if _is_matrix(expr):
        return sp.ImmutableMatrix(expr.as_explicit()).subs(point).evalf(DIGITS)
    indexed = {e: _draw(attempt, str(e), positive=e.is_nonnegative) for e in expr.atoms(sp.Indexed)}
    return expr.xreplace(indexed).subs(point).doit().evalf(DIGITS)


def _refute(left, right, conditions, points):
    """The first of these points where the sides differ: (point, entry, derived, claimed), or None."""
    for attempt, point in points:
        try:
            held = [c for c in conditions if c.has(sp.Indexed, sp.MatrixSymbol)]
            if any(_differ(_at(c.lhs, attempt, point), _at(c.rhs, attempt, point)) for c in held):
                continue
            values = [_at(side, attempt, point) for side in (left, right)]
        except (ValueError, TypeError, NotImplementedError, ZeroDivisionError, AttributeError, IndexError):
            continue  # a point that sympy cannot evaluate says nothing either way
        matrix = isinstance(values[0], sp.MatrixBase)
        cells = [(i, j) for i in range(values[0].rows) for j in range(values[0].cols)] if matrix else [None]
        for cell in cells:
            a, b = (v[cell] if matrix else v for v in values)
            if _differ(a, b):
                return {str(s): v for s, v in point.items()}, cell, a, b
    return None


def _differ(a, b) -> bool:
    """Two finite numbers that are not the same one; False where either is no number."""
    if not (a.is_number and b.is_number and a.is_finite and b.is_finite):
        return False
    gap, size = abs(sp.N(a - b, DIGITS)), max(abs(sp.N(a)), abs(sp.N(b)))
    return bool(gap > TOLERANCE * max(size, sp.Float("1e-6")))


def _digits(value) -> str:
    value = sp.nsimplify(value) if value.is_Integer else value
    return str(sp.N(value, 6)).rstrip("0").rstrip(".") if "." in str(sp.N(value, 6)) else str(value)


# ---------------------------------------------------------------- proving: a residual of exactly zero


def _is_zero(residual) -> bool:
    if isinstance(residual, sp.MatrixBase):
        return all(entry == 0 for entry in residual)
    return residual == 0 or isinstance(residual, sp.ZeroMatrix)


def _describe_zero(residual) -> str:
    if isinstance(residual, sp.MatrixBase | sp.MatrixExpr):
        return f"0 ({residual.shape[0]}×{residual.shape[1]})"
    return "0"


def _reduce(left, right, conditions):
    """`left - right`, made as small as sympy can; what it returns is 0 or could not be shown to be."""
    if isinstance(left, sp.MatrixBase):
        return (left - right).applyfunc(lambda entry: _reduce_scalar(entry, conditions))
    residual = left - right
    if _is_matrix(residual):
        for step in (lambda e: e.doit(), lambda e: e.doit().expand().doit(), sp.simplify):
            residual = step(residual)
            if _is_zero(residual):
                break
        return residual
    return _reduce_scalar(residual, conditions)


def _same_index(total):
    """The index of a sum has no meaning outside it: give all of them one name for each level of nesting."""
    depth = 1 + total.function.count(sp.Sum)
    names = {v: sp.Symbol(f"_{depth}{i}", **v.assumptions0) for i, v in enumerate(total.variables)}
    return total.xreplace(names)


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
    (base,), r = bases, sp.Dummy(positive=True)
    named = expr.replace(lambda e: e.is_Pow and e.base == base, lambda e: r ** (2 * e.exp))
    numerator, _ = sp.fraction(sp.together(named))
    names = [r, *sorted(numerator.free_symbols | base.free_symbols - {r}, key=str)]
    names = list(dict.fromkeys(names))
    try:
        ring = sp.polys.rings.PolyRing(names, sp.QQ, sp.polys.orderings.lex)
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


def _reduce_scalar(residual, conditions):
    facts = sp.And(*(_PREDICATES[type(c)](c.lhs, c.rhs) for c in conditions if type(c) in _PREDICATES))
    ways = (
        lambda e: sp.refine(e.doit(), facts) if conditions or e.has(sp.Piecewise) else e.doit(),
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
        residual = way(residual).replace(lambda e: isinstance(e, sp.Sum), _same_index)
    return residual


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
