"""Counter-examples: points at which everything assumed holds, and the values of both sides there.

Symbolic sizes become small integers, matrix symbols random matrices of fractions, abstract functions concrete
ones. The points are the same on every run.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import chain, islice

import sympy as sp
from sympy.core.function import AppliedUndef

from .assuming import GIVES_UP, Assumed, Expr, fits, region

ATTEMPTS = 12  # usable points tried before a refutation is given up
DIGITS = 30  # decimal digits of an evaluation; whatever differs by less is looked at with FINE digits
FINE = 350  # enough for the smallest relative difference that two floats can have
UNDEFINED = sp.Dummy("undefined")  # stands for the value of a Piecewise where none of its conditions holds


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


def _others(attempt: int, symbol) -> Iterator:
    """Numbers of every kind, for symbols that are odd, imaginary, irrational and so on."""
    for k in range(24):
        dice = random.Random(f"{attempt}:{symbol}:{k}")
        fraction = _draw(attempt, f"{symbol}:{k}")
        yield from (
            sp.Integer(dice.randint(-12, 12)),
            fraction,
            sp.I * fraction,
            fraction + sp.I * _draw(attempt, f"{symbol}:i{k}"),
            sp.sqrt(dice.choice((2, 3, 5))) * fraction,
            sp.pi * fraction,
        )
    yield sp.Integer(0)


def _sizes(left, right) -> set:
    """Symbols that are a size: of a matrix, or the last value of an index."""
    matrices = left.atoms(sp.MatrixSymbol) | right.atoms(sp.MatrixSymbol)
    sums = left.atoms(sp.Sum, sp.Product) | right.atoms(sp.Sum, sp.Product)
    sizes = [size for m in matrices for size in m.shape] + [limit[2] for s in sums for limit in s.limits]
    return {s for size in sizes for s in size.free_symbols if s.is_integer}


def points(left: Expr, right: Expr, assumed: Assumed) -> Iterator[tuple[int, dict]]:
    """(number of the attempt, symbol → value), each of them inside what is assumed."""
    formulas = (left, right, *assumed.relations, *(formula for formula, _ in assumed.facts))
    symbols = {s for f in formulas for s in f.free_symbols if isinstance(s, sp.Symbol | sp.Idx)}
    symbols = (symbols | assumed.mentioned) - {UNDEFINED}
    symbols -= {b.label for f in formulas for b in f.atoms(sp.IndexedBase)}
    sizes = _sizes(left, right)
    in_order = sorted(symbols | sizes, key=str)
    groups = [
        sorted((s for s in in_order if s.is_integer and (s in sizes) == of_size), key=str)
        for of_size in (True, False)
    ]
    usable = 0
    for attempt in range(4 * ATTEMPTS):
        drawn = {s: _integer(attempt, s, order, g is groups[0]) for g in groups for order, s in enumerate(g)}
        for s in in_order:
            if s not in drawn:
                drawn[s] = _draw(attempt, str(s), positive=s.is_nonnegative, negative=s.is_nonpositive)
                if attempt % 2 and s.is_extended_real is None:
                    drawn[s] += sp.I * _draw(attempt, f"{s}:imaginary")
        point = _inside(attempt, drawn, assumed)
        if point is not None:
            yield attempt, point
            usable += 1
        if usable == ATTEMPTS or (attempt == ATTEMPTS and not usable):
            return


def _inside(attempt, drawn, assumed):
    """The drawn point if it meets what is assumed; else one that does, or None. Symbols in any order."""
    plain = [r for r in assumed.relations if not r.has(sp.Indexed, sp.MatrixSymbol)]
    entries = [r for r in assumed.relations if r not in plain]
    point, symbols = {}, sorted(drawn, key=str)
    random.Random(attempt).shuffle(symbols)
    for s in symbols:
        due = [r for r in plain if s in r.free_symbols and r.free_symbols <= {*point, s}]
        others = _others(attempt, s) if not due else islice(_others(attempt, s), 12)
        for value in chain([drawn[s]], _within(due, point, s, attempt), others):
            if fits(value, s.assumptions0) and all(holds(r, {**point, s: value}) for r in due):
                point[s] = value
                break
        else:
            return None
    if not all(fits(formula.subs(point), known) for formula, known in assumed.facts):
        return None
    try:
        for relation in entries:
            if isinstance(relation, sp.Equality):
                point |= _pinned(relation, attempt, point)
        if all(_holds_for_entries(relation, attempt, point) for relation in entries):
            return {s: point[s] for s in (*drawn, *(s for s in point if s not in drawn))}
    except GIVES_UP:
        pass
    return None


def _within(relations, point, symbol, attempt) -> Iterator:
    """Values of one symbol inside the region that the relations leave to it, the others being given."""
    where = region([r.subs(point) for r in relations], symbol) if relations else None
    if where is None or where is sp.S.EmptySet:
        return
    pieces = where.args if isinstance(where, sp.Union) else (where,)
    for k in range(12):
        dice = random.Random(f"{attempt}:{symbol}:within{k}")
        piece = pieces[(attempt + k) % len(pieces)]
        if isinstance(piece, sp.FiniteSet):
            yield dice.choice(sorted(piece, key=sp.default_sort_key))
            continue
        step, low, high = _draw(attempt, f"{symbol}:{k}", positive=True), piece.start, piece.end
        if low.is_finite and high.is_finite:
            value = low + (high - low) * sp.Rational(dice.randint(1, 11), 12)
        else:
            value = low + step if low.is_finite else high - step if high.is_finite else step
        if symbol.is_integer:
            whole = sp.floor(value)
            yield from (whole + shift for shift in (0, 1, -1, 2, -2))
        elif not value.is_Rational and value.is_extended_real:
            value = sp.Rational(sp.Rational(sp.N(value, DIGITS)).limit_denominator(1000))
        yield value


def holds(relation: sp.Basic, point: dict) -> bool:
    """Is the relation true at the point? What cannot be told counts as no."""
    try:
        relation = relation.subs(point)
        if relation in (sp.true, sp.false):
            return bool(relation)
        return _compare(relation, *(sp.N(side, DIGITS) for side in relation.args))
    except GIVES_UP:
        return False


def _holds_for_entries(relation, attempt, point) -> bool:
    """As `holds`, for a relation in entries of arrays, which get their numbers from the attempt."""
    sides = [_at(side, attempt, point, DIGITS) for side in relation.args]
    cells = (zip(*sides, strict=True)) if isinstance(sides[0], sp.MatrixBase) else [sides]
    return all(_compare(relation, *cell) for cell in cells)


def _compare(relation, a, b) -> bool:
    if isinstance(relation, sp.Equality):
        return bool(a.is_number and b.is_number) and not _differ(a, b, DIGITS)
    if isinstance(relation, sp.Unequality):
        return _differ(a, b, DIGITS)
    return relation.func(a, b) == sp.true


def _pinned(equation, attempt, point) -> dict:
    """{entry: value}: an entry of an array, chosen such that the equation holds (Σ y_i = 1)."""
    gap = (equation.lhs - equation.rhs).subs({s: v for s, v in point.items() if s.is_integer}).doit()
    entries = sorted(gap.atoms(sp.Indexed), key=str)
    for entry in reversed([e for e in entries if e not in point]):
        numbers = {e: _entry(e, attempt, point) for e in entries if e != entry}
        rest = sp.expand(gap.xreplace(numbers).subs(point))
        slope = rest.diff(entry)
        if slope.is_number and slope != 0:
            return {entry: sp.expand(entry - rest / slope)}
    return {}


def _entry(entry, attempt, point):
    return point.get(entry, _draw(attempt, str(entry), positive=entry.is_nonnegative))


# ---------------------------------------------------------------- values at a point


def _concrete(call: AppliedUndef, attempt: int):
    """A smooth stand-in without symmetry for an abstract function, another one for every name."""
    c = [abs(_draw(attempt, f"{call.func}{i}")) / 4 for i in range(len(call.args) + 1)]
    inner = sum(a * t for a, t in zip(c[1:], call.args, strict=True))
    return sp.sin(inner + c[0]) + c[0] * sum(t**2 for t in call.args) + sp.Mul(*call.args) / 3


def _by_name(derivative: sp.Derivative):
    """∂f(u(x))/∂u(x) as a derivative by a plain name, put back after: u(x) is about to become numbers."""
    names = {v: sp.Dummy() for v in derivative.variables if isinstance(v, AppliedUndef)}
    if not names:
        return derivative
    return sp.Subs(derivative.xreplace(names), tuple(names.values()), tuple(names))


def _at(expr, attempt: int, point: dict, digits: int, exact=False):
    """Numbers for everything: abstract functions, then sizes and indices, then matrices, then the rest."""
    if isinstance(expr, sp.MatrixBase):
        return expr.applyfunc(lambda entry: _at(entry, attempt, point, digits, exact))
    integers = {s: v for s, v in point.items() if s.is_integer}
    expr = expr.subs(integers, simultaneous=True) if integers else expr
    # Whatever nothing is differentiated by becomes a number at once: formulas in f stay small.
    by = {v for e in expr.atoms(sp.Derivative, sp.Subs) for v in e.variables}
    real = {s: v if exact else sp.N(v, digits) for s, v in point.items() if not (s.is_integer or s in by)}
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
    if isinstance(expr, sp.MatrixBase | sp.MatrixExpr):
        return sp.ImmutableMatrix(expr.as_explicit()).subs(point).evalf(digits, strict=exact)
    indexed = {e: _entry(e, attempt, point) for e in expr.atoms(sp.Indexed)}
    return expr.xreplace(indexed).subs(point).doit().evalf(digits, maxn=8 * digits, strict=exact)


def _cells(value) -> dict:
    """Entry (row, column) → number; a scalar is the entry None."""
    if not isinstance(value, sp.MatrixBase):
        return {None: value}
    return {(i, j): value[i, j] for i in range(value.rows) for j in range(value.cols)}


def refute(
    left: Expr, right: Expr, assumed: Assumed, some_points: Iterable, digits: int, tried: list
) -> tuple | None:
    """The first of these points where the sides differ: (point, entry, derived, claimed), or None.

    A side that is undefined there differs from one that has a value, if that is so all around the point:
    single points, as x = 1 in (x² − 1)/(x − 1), are left out. `tried` collects the points that could be
    evaluated.
    """
    for attempt, point in some_points:
        try:
            values = [_cells(_at(side, attempt, point, digits)) for side in (left, right)]
            for cell, a in values[0].items():
                b = values[1][cell]
                if _is_number(a) and _is_number(b):
                    tried.append(point)
                    if _differ(a, b, digits) and _settled(left, right, attempt, point, digits, cell, (a, b)):
                        return point, cell, a, b
                elif _is_undefined(a) != _is_undefined(b) and (_is_number(a) or _is_number(b)):
                    tried.append(point)
                    if _undefined_around(left, right, assumed, attempt, point, cell, (a, b)):
                        return point, cell, a, b
        except GIVES_UP:
            continue  # a point that sympy cannot evaluate says nothing either way
    return None


def _is_number(a) -> bool:
    return bool(a.is_number and a.is_finite)


def _is_undefined(a) -> bool:
    return a.has(sp.nan, sp.zoo, sp.oo, -sp.oo, UNDEFINED)


def _differ(a, b, digits) -> bool:
    """Two numbers that are not the same one, by more than their last 15 digits can be wrong."""
    if not (_is_number(a) and _is_number(b)):
        return False
    gap, size = abs(sp.N(a - b, digits)), max(abs(sp.N(a)), abs(sp.N(b)))
    return bool(gap > sp.Float(f"1e-{digits - 15}", digits) * max(size, sp.Float("1e-6")))


def _settled(left, right, attempt, point, digits, cell, values) -> bool:
    """The same values by another way: what differs must be no cancellation within a side.

    At fractions sympy's `evalf` keeps account of every digit that it loses, and raises where too many are
    lost. Formulas in an abstract function would grow too long for that: there twice the digits must agree.
    """
    for side, value in zip((left, right), values, strict=True):
        side = side[cell] if isinstance(side, sp.MatrixBase) else side
        exact = not side.has(AppliedUndef)
        cells = _cells(_at(side, attempt, point, digits if exact else 2 * digits, exact=exact))
        again = cells.get(cell, cells.get(None))
        if not _is_number(again) or _differ(again, value, digits):
            return False
    return True


def _undefined_around(left, right, assumed, attempt, point, cell, values) -> bool:
    moving = [s for s in point if s in left.free_symbols | right.free_symbols and not s.is_integer]
    if not moving:  # whole numbers have no surroundings: a gap counts, 0/0 does not
        return any(value.has(UNDEFINED) for value in values)
    seen = 0
    for k in range(1, 13):
        near = {**point, **{s: point[s] + _draw(k, f"near {s}") / 10**6 for s in moving}}
        if not all(fits(near[s], s.assumptions0) for s in moving):
            continue
        if not all(holds(r, near) for r in assumed.relations if not r.has(sp.Indexed, sp.MatrixSymbol)):
            continue
        a, b = (_cells(_at(side, attempt, near, DIGITS))[cell] for side in (left, right))
        if (_is_undefined(a), _is_undefined(b)) != tuple(map(_is_undefined, values)):
            return False
        seen += 1
    return seen > 0
