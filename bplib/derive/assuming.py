"""What a proof assumes: equations are put in, inequalities become knowledge about their symbols.

The order of the conditions means nothing. What replaces a name replaces it in the sides and in every other
condition, and what was known of the name (positive, an integer, …) stays a condition on what stands for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.facts import InconsistentAssumptions
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.polys.polyerrors import BasePolynomialError

# An expression, one of matrices of symbolic size, or an explicit matrix; and one condition or several.
Expr: TypeAlias = sp.Basic | sp.MatrixBase
Conditions: TypeAlias = Relational | Iterable[Relational]

# What sympy raises where it cannot go on: the formula is as true or as false as before.
GIVES_UP = (
    ValueError,
    TypeError,
    NotImplementedError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    BasePolynomialError,
)
NAMES = (sp.Symbol, AppliedUndef, sp.MatrixSymbol)  # what an equation may give a value to
_SIGNS = {"positive": sp.Gt, "negative": sp.Lt, "nonnegative": sp.Ge, "nonpositive": sp.Le, "nonzero": sp.Ne}


@dataclass
class Assumed:
    """What is left of the conditions once the equations are put in.

    relations: inequalities, and equations that give no name a value.
    facts: (formula, assumptions) of names that were replaced: the formula must be an integer, positive, …
    values: what the equations say of each symbol, to be told with a counter-example.
    mentioned: symbols that the inequalities speak of, whether or not these were used up.
    """

    relations: tuple = ()
    facts: list = field(default_factory=list)
    values: dict = field(default_factory=dict)
    mentioned: set = field(default_factory=set)


def read_conditions(assuming: Conditions) -> tuple:
    """One condition or several as a tuple of relations; TypeError for what is none, ValueError for False."""
    items = assuming if isinstance(assuming, Iterable) else (assuming,)
    items = [part for item in items for part in (item.args if isinstance(item, sp.And) else (item,))]
    items = [item for item in items if item not in (True, sp.true)]
    for item in items:
        if item in (False, sp.false):
            raise ValueError("assuming holds a condition that is never true")
        if not isinstance(item, Relational):
            raise TypeError(f"assuming takes conditions such as z > 0 or sp.Ne(z, 0), got {item!r}")
    return tuple(exact(item) for item in items)


def exact(expr: Expr) -> Expr:
    """`expr` with each float as the decimal that Python prints for it: 0.1 is 1/10, 0.3333333333 is not ⅓.

    No two floats stand for the same fraction. Where no decimal of a float's own length gives it back, it is
    the binary fraction that it is.
    """

    def fraction(number):
        # sympy prints 15 digits of a float64, which two neighbours may share; Python's repr tells all apart.
        short = repr(float(number)) if number._prec == 53 and math.isfinite(float(number)) else str(number)
        decimal = sp.Rational(short)
        return decimal if sp.Float(decimal, precision=number._prec) == number else sp.Rational(number)

    floats = expr.atoms(sp.Float)
    return expr.xreplace({number: fraction(number) for number in floats}) if floats else expr


def simplest(expr: Expr, *, tolerance: float = 1e-14, denominator: int = 10_000) -> Expr:
    """`expr` with each float as the fraction that was probably meant: 0.3333333333333333 is read as ⅓.

    For formulas that somebody typed or that Python computed on the way, `1/3 * x`. A float becomes the
    nearest fraction of at most this denominator if that is nearer than `tolerance` (relative); other floats
    stay, and `prove` takes them as they are: 2.00000002 is not 2.
    """
    meant = {}
    for number in expr.atoms(sp.Float):
        near = sp.Rational(sp.Rational(number).limit_denominator(denominator))
        if abs(near - sp.Rational(number)) <= abs(sp.Rational(number)) * sp.Rational(tolerance):
            meant[number] = near
    return expr.xreplace(meant)


def insert(expr: Expr, equation: sp.Equality) -> Expr:
    """`expr` with the left side of the equation replaced by its right side."""
    return _put(expr, equation.lhs, equation.rhs)


def _put(expr, old, new):
    if not isinstance(old, NAMES):
        return expr.subs(old, new)
    # `subs` knows that a name is not free where something is differentiated or summed by it.
    hashable = sp.ImmutableMatrix(expr) if isinstance(expr, sp.MatrixBase) else expr
    return expr.subs(old, new) if old in _bound(hashable) else expr.xreplace({old: new})


@lru_cache(maxsize=4096)
def _names(relation) -> set:
    return relation.atoms(*NAMES)


@lru_cache(maxsize=4096)
def _bound(expr) -> set:
    return {name for e in expr.atoms(sp.Derivative, sp.Subs, ExprWithLimits) for name in e.variables}


def assume(left: Expr, right: Expr, conditions: Sequence) -> tuple[Expr, Expr, Assumed]:
    """(left, right, `Assumed`): the sides with all that the conditions say of their names."""
    state = _State(left, right, sorted(conditions, key=sp.default_sort_key))
    while state.use_an_equation() or state.use_a_sign():
        pass
    return (
        state.left,
        state.right,
        Assumed(tuple(state.relations), state.facts, state.values, state.mentioned),
    )


class _State:
    def __init__(self, left, right, relations):
        self.left, self.right, self.relations = left, right, relations
        self.facts, self.values = [], {}
        self.told = ", ".join(map(str, relations))
        self.mentioned = {
            s for r in relations if not isinstance(r, sp.Equality) for s in r.free_symbols if s.is_Symbol
        } - {array.label for r in relations for array in r.atoms(sp.IndexedBase)}

    def contradiction(self):
        return ValueError(f"the assumptions contradict each other: {self.told}")

    def replace(self, old, new):
        self.left, self.right = _put(self.left, old, new), _put(self.right, old, new)
        self.relations = [_put(r, old, new) if old in _names(r) else r for r in self.relations]
        self.relations = [relation for relation in self.relations if relation != sp.true]
        if sp.false in self.relations:
            raise self.contradiction()
        self.facts = [(_put(formula, old, new), known) for formula, known in self.facts]
        self.values = {name: _put(value, old, new) for name, value in self.values.items()}
        if old in self.mentioned:
            self.mentioned = self.mentioned - {old} | {s for s in new.free_symbols if s.is_Symbol}

    def know(self, symbol, **more):
        """A symbol with more assumptions in place of one with fewer."""
        known = {k: v for k, v in symbol.assumptions0.items() if v is not None}
        try:
            if any(known.get(k, v) is not v for k, v in more.items()):
                raise InconsistentAssumptions
            stricter = symbol.func(symbol.name, **{**known, **more})
        except InconsistentAssumptions:
            raise self.contradiction() from None
        self.replace(symbol, stricter)

    # -------------------------------------------------------- equations

    def use_an_equation(self) -> bool:
        for equation in self.relations:
            if isinstance(equation, sp.Equality) and (found := _definition(equation)):
                self.relations.remove(equation)
                self.give(*found)
                return True
        return False

    def give(self, name, value):
        self.replace(name, value)
        if not isinstance(name, sp.Symbol):
            return
        self.values[name] = value
        known = {k: v for k, v in name.assumptions0.items() if v is not None and k != "commutative"}
        if not known:
            return
        if value.is_Symbol:
            self.know(value, **known)
            return
        if value.is_number and not fits(value, known):
            raise self.contradiction()
        if value.has(AppliedUndef):  # never declared real, but what stands in for it is
            known = {k: v for k, v in known.items() if k not in sp.Dummy(real=True).assumptions0}
        if not fits(value, known):
            self.facts.append((value, known))
        sign = next((relation for key, relation in _SIGNS.items() if known.get(key)), None)
        if sign and value.is_extended_real is not False and (relation := sign(value, 0)) != sp.true:
            self.relations.append(relation)

    # -------------------------------------------------------- inequalities

    def use_a_sign(self) -> bool:
        """What the inequalities say of one symbol, as assumptions of that symbol."""
        for relation in self.relations:
            if isinstance(relation, sp.Equality | sp.Unequality):
                continue
            plain = relation.replace(
                lambda e: isinstance(e, sp.Abs | sp.re | sp.im | sp.arg), lambda _: sp.S.One
            )
            for symbol in sorted(plain.free_symbols, key=str):
                if type(symbol) in (sp.Symbol, sp.Dummy) and symbol.is_extended_real is None:
                    self.know(symbol, real=True)  # only real numbers are larger or smaller than others
                    return True
        for symbol in sorted({s for r in self.relations for s in r.free_symbols}, key=str):
            if type(symbol) not in (sp.Symbol, sp.Dummy):
                continue
            if symbol.is_extended_real is None:
                if sp.Ne(symbol, 0) in self.relations and symbol.is_zero is None:
                    self.know(symbol, zero=False)
                    return True
                continue
            mine = [relation for relation in self.relations if relation.free_symbols == {symbol}]
            where = region(mine, symbol)
            if where is None:
                continue
            if where is sp.S.EmptySet:
                raise self.contradiction()
            if isinstance(where, sp.FiniteSet) and len(where) == 1:
                self.relations = [relation for relation in self.relations if relation not in mine]
                self.give(symbol, *where)
                return True
            sign = next((sign for sign, part in _PARTS.items() if where.is_subset(part)), None)
            if sign and getattr(symbol, f"is_{sign}") is None:
                self.know(symbol, **{sign: True})
                return True
        return False


_PARTS = {
    "positive": sp.Interval.open(0, sp.oo),
    "negative": sp.Interval.open(-sp.oo, 0),
    "nonnegative": sp.Interval(0, sp.oo),
    "nonpositive": sp.Interval(-sp.oo, 0),
    "nonzero": sp.Union(sp.Interval.open(-sp.oo, 0), sp.Interval.open(0, sp.oo)),
}


def _definition(equation):
    """(name, value) if the equation gives a name its value, or can be solved for one; else None."""
    for name, value in ((equation.lhs, equation.rhs), (equation.rhs, equation.lhs)):
        if isinstance(name, NAMES) and not value.has(name):
            return name, value
    if any(isinstance(side, sp.MatrixBase | sp.MatrixExpr) for side in equation.args):
        return None
    gap = equation.lhs - equation.rhs
    if gap.has(ExprWithLimits, sp.Indexed, sp.Derivative, sp.Subs, sp.MatrixSymbol, sp.Piecewise):
        return None
    slopes = {s: sp.expand(gap.diff(s)) for s in sorted(gap.free_symbols, key=str)}
    solvable = [s for s, slope in slopes.items() if slope.is_Rational and slope]
    if not solvable:
        return None
    name = min(solvable, key=lambda s: (abs(abs(slopes[s]) - 1), str(s)))
    return name, sp.expand(name - gap / slopes[name])


def region(relations: Sequence, symbol: sp.Symbol) -> sp.Set | None:
    """The real numbers at which all relations in this one symbol hold; None where sympy cannot say."""
    return _region(tuple(relations), symbol)


@lru_cache(maxsize=4096)
def _region(relations, symbol):
    real = sp.Dummy(real=True)
    where = next((part for sign, part in _PARTS.items() if getattr(symbol, f"is_{sign}")), sp.S.Reals)
    try:
        for relation in relations:
            relation = relation.xreplace({symbol: real})
            where = where.intersect(_solved(relation, real))
    except GIVES_UP:
        return None
    pieces = where.args if isinstance(where, sp.Union) else (where,)
    known = all(isinstance(p, sp.Interval | sp.FiniteSet) or p is sp.S.EmptySet for p in pieces)
    return where if known else None


def _solved(relation, symbol):
    where = _by_roots(relation, symbol)
    return relation.as_set() if where is None else where


def _by_roots(relation, symbol):
    """The set of a relation between polynomials in the symbol, quicker than by `as_set`; else None."""
    if not isinstance(relation, Relational):
        return None
    gap = (relation.lhs - relation.rhs).as_poly(symbol)
    if gap is None or gap.degree() < 1 or not all(c.is_Rational for c in gap.all_coeffs()):
        return None
    roots = sorted(set(gap.real_roots()))
    if isinstance(relation, sp.Equality):
        return sp.FiniteSet(*roots)
    ends = [-sp.oo, *roots, sp.oo]
    pieces = [sp.Interval.open(low, high) for low, high in pairwise(ends)]
    inside = [*roots, *(_between(piece) for piece in pieces)]
    signs = zip([*map(sp.FiniteSet, roots), *pieces], inside, strict=True)
    return sp.Union(*(part for part, at in signs if relation.func(0 if at in roots else gap.eval(at), 0)))


def _between(piece):
    if piece.start.is_infinite or piece.end.is_infinite:
        return (
            (piece.end - 1 if piece.start.is_infinite else piece.start + 1)
            if piece != sp.S.Reals
            else sp.S.Zero
        )
    return (piece.start + piece.end) / 2


def fits(value: Expr, assumptions: dict) -> bool:
    """Does a number have the properties (integer, odd, positive, …) that a symbol was declared with?"""
    return all(getattr(value, f"is_{key}", None) is wanted for key, wanted in assumptions.items())
