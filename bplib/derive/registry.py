"""Named claims: what a lesson derives, kept where a test proves all of them.

A `Claim` is a formula the course relies on: a statement in plain words, what was derived, what is claimed,
the lesson it belongs to, and the statements of the published posts it covers. `claim("name")` finds one,
`claim("name").prove()` proves it, `steps("name")` prints its derivation with every step proved, and
`claim("name").compare()` holds it against the code in `bplib`.

Statements are counted in each post from its beginning, A1 to E8:
A  “Backpropagation: solving gradient descent in deep networks efficiently”
B  “Backpropagation anyone can follow”
C  “Formulas of a neural network and their Python code”
D  “A feed-forward network in NumPy”
E  “How gradients are computed”
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
import sympy as sp

from ..language import said
from .assuming import Expr, insert
from .proving import Proof, ProofError, prove

CLAIMS: dict[str, Claim] = {}  # in the order of the lessons


@dataclass(frozen=True)
class Equation:
    """Both sides of a claim. `steps` (formula, reason) lead from `derived` to `claimed`, both included;
    `wrong` names deliberate slips: a wrong right-hand side, or a pair (derived, wrong right-hand side)."""

    derived: object
    claimed: object
    assuming: tuple = ()
    steps: tuple = ()
    wrong: dict = field(default_factory=dict)

    @property
    def written_out(self) -> Expr:
        """The claimed side with what `assuming` says of its names (such as σ(z) = …) put in."""
        claimed = self.claimed
        for condition in self.assuming:
            claimed = insert(claimed, condition) if isinstance(condition, sp.Equality) else claimed
        return claimed

    @classmethod
    def chain(
        cls,
        *steps: tuple[Expr, str],
        assuming: tuple = (),
        wrong: dict[str, Expr | tuple] | None = None,
    ) -> Equation:
        """A derivation in steps (formula, reason): the first formula is derived, the last one claimed."""
        return cls(steps[0][0], steps[-1][0], assuming, steps, wrong or {})


@dataclass(frozen=True)
class Spoiled:
    """A claim with one deliberate slip. `prove()` must fail."""

    name: str
    derived: object = field(repr=False)
    claimed: object = field(repr=False)
    assuming: tuple = field(default=(), repr=False)

    def prove(self) -> Proof:
        """Raises `ProofError`, as it should; a slip that is proved all the same is a fault of the claim."""
        return prove(self.derived, self.claimed, assuming=self.assuming, name=self.name)


@dataclass(frozen=True)
class Derivation:
    """Steps that were each proved equal to the one before; prints as text and as aligned LaTeX."""

    name: str
    statement: str
    left: str
    steps: tuple

    def __repr__(self) -> str:
        # A left side with a name of its own ("∂L/∂W") stands for the expression that sympy differentiated.
        shown = self.steps[1:] if self.left and len(self.steps) == 2 else self.steps
        lines = [f"{self.name}: {said(self.statement)}"]
        for number, (formula, reason) in enumerate(shown):
            sign = "=" if number or shown is not self.steps else " "
            lines.append(f"  {sign} {sp.sstr(formula)}" + (f"   ({said(reason)})" if reason else ""))
        count = len(self.steps) - 1
        lines.append(said(f"proved: {count} step{'s' * (count != 1)}, every residual 0"))
        return "\n".join(lines)

    def _repr_latex_(self) -> str:
        left = self.left or sp.latex(self.steps[0][0])
        rows = []
        for formula, reason in self.steps if self.left and len(self.steps) > 2 else self.steps[1:]:
            note = rf" && \text{{{said(reason)}}}" if reason else ""
            rows.append(rf"{left} &= {sp.latex(formula)}{note}")
            left = ""
        return "$$\\begin{aligned}\n" + " \\\\[4pt]\n".join(rows) + "\n\\end{aligned}$$"


@dataclass(frozen=True)
class Comparison:
    """A formula held against `bplib`: every array agreed to `tolerance` (relative, float64)."""

    name: str
    checked: tuple[str, ...]
    tolerance: float
    worst: float

    def __repr__(self) -> str:
        return f"{self.name}: equals {', '.join(self.checked)} to {self.tolerance:.0e}"


@dataclass(frozen=True)
class Claim:
    """A named formula of the course. `build()` makes its `Equation` when it is first asked for."""

    name: str
    statement: str
    lesson: int
    build: Callable[[], Equation] = field(repr=False)
    posts: tuple[str, ...] = ()
    left: str = field(default="", repr=False)
    numeric: Callable | None = field(default=None, repr=False)

    @cached_property
    def equation(self) -> Equation:
        """Both sides with steps and slips; built when it is first asked for."""
        return self.build()

    @property
    def derived(self) -> Expr:
        """The side that was derived."""
        return self.equation.derived

    @property
    def claimed(self) -> Expr:
        """The side that is claimed."""
        return self.equation.claimed

    @property
    def assuming(self) -> tuple:
        """The conditions under which both are equal."""
        return self.equation.assuming

    def prove(self) -> Proof:
        """Prove the claim; the `Proof`, or the `ProofError` of `prove`."""
        return prove(self.derived, self.claimed, assuming=self.assuming, name=self.name)

    def steps(self) -> Derivation:
        """The derivation step by step, each step proved equal to the one before."""
        steps = self.equation.steps or ((self.derived, ""), (self.claimed, ""))
        for number, ((before, _), (after, _)) in enumerate(pairwise(steps), start=1):
            prove(before, after, assuming=self.assuming, name=f"{self.name}, step {number}")
        return Derivation(self.name, self.statement, self.left, tuple(steps))

    def spoiled(self) -> Iterator[Spoiled]:
        """The claim with one slip each: those that people make, then a lost sign, a factor, a lost term."""
        for slip, wrong in self.equation.wrong.items():
            derived, claimed = wrong if isinstance(wrong, tuple) else (self.derived, wrong)
            yield Spoiled(f"{self.name}, {slip}", derived, claimed, self.assuming)
        for slip, claimed in _slips(self.claimed):
            yield Spoiled(f"{self.name}, {slip}", self.derived, claimed, self.assuming)

    def compare(self, rng: np.random.Generator | None = None, *, tolerance: float = 1e-12) -> Comparison:
        """Hold the claimed formula against the code of `bplib` on random float64 numbers.

        The error is ‖formula − code‖∞ / ‖code‖∞ for each array. Raises ProofError where it exceeds
        `tolerance`, ValueError for a claim that describes no layer, loss or optimiser.
        """
        if self.numeric is None:
            raise ValueError(f"{self.name} describes no part of bplib's code: nothing to compare")
        rng = np.random.default_rng(0) if rng is None else rng
        checked, worst = [], 0.0
        for what, formula, code in self.numeric(self.equation, rng):
            formula, code = np.asarray(formula, float), np.asarray(code, float)
            if formula.shape != code.shape:
                raise ProofError(f"{self.name}: {what} has shape {code.shape}, the formula {formula.shape}")
            if not np.any(code):
                raise ProofError(f"{self.name}: {what} is 0 throughout: nothing is compared")
            error = float(np.max(np.abs(formula - code)) / np.max(np.abs(code)))
            if not error <= tolerance:
                raise ProofError(f"{self.name}: {what} differs from the formula by {error:.1e} (relative)")
            checked.append(what)
            worst = max(worst, error)
        return Comparison(self.name, tuple(checked), tolerance, worst)

    def _repr_latex_(self) -> str:
        left = self.left or sp.latex(self.derived)
        return rf"$\displaystyle {left} = {sp.latex(self.claimed)}$"


def _slips(claimed) -> Iterator[tuple[str, object]]:
    matrix = isinstance(claimed, sp.MatrixBase)
    if (matrix and not any(claimed)) or claimed == 0 or isinstance(claimed, sp.ZeroMatrix):
        one = sp.ones(*claimed.shape) if matrix else 1
        yield (
            "not zero",
            sp.OneMatrix(*claimed.shape) if isinstance(claimed, sp.ZeroMatrix) else claimed + one,
        )
        return
    yield "lost sign", -claimed
    yield "factor 2", 2 * claimed
    if matrix and claimed.rows == claimed.cols > 1 and claimed != claimed.T:
        yield "transposed", claimed.T
    if matrix and len(claimed) > 1:
        last = next(i for i in reversed(range(len(claimed))) if claimed[i] != 0)
        one_lost = sp.Matrix(claimed)
        one_lost[last] = 0
        yield "an entry lost", one_lost
    if isinstance(claimed, sp.Add | sp.MatAdd):
        yield "a term lost", claimed.func(*claimed.args[:-1])


def register(
    statement: str, *, lesson: int, posts: Sequence[str] = (), left: str = "", numeric: Callable | None = None
) -> Callable[[Callable[[], Equation]], Callable[[], Equation]]:
    """Decorator: the function below it builds the `Equation` of the claim, which has the function's name."""

    def keep(build):
        name = build.__name__
        if name in CLAIMS:
            raise ValueError(f"two claims are called {name}")
        build.__doc__ = statement
        CLAIMS[name] = Claim(name, statement, lesson, build, tuple(posts), left, numeric)
        return build

    return keep


def claim(name: str) -> Claim:
    """The claim called `name`. Raises ValueError, with the nearest names, where there is none."""
    if name not in CLAIMS:
        near = difflib.get_close_matches(str(name), CLAIMS, n=3, cutoff=0.4)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise ValueError(f"no claim is called {name!r}{hint} (derive.CLAIMS lists all {len(CLAIMS)})")
    return CLAIMS[name]


def steps(name: str) -> Derivation:
    """The derivation of a named claim, step by step, each one proved."""
    return claim(name).steps()


def claims(lesson: int | None = None) -> list[Claim]:
    """All claims, or those of one lesson."""
    return [c for c in CLAIMS.values() if lesson is None or c.lesson == lesson]


def evaluate(expr: Expr, values: dict) -> np.ndarray | float:
    """Numbers for a formula, by lambdify on explicit matrices.

    `values` maps symbols to numbers (or arrays, element by element), matrix symbols and explicit matrices of
    symbols to arrays, indexed names to arrays (counted from 1 in the formula). Symbolic sizes follow from the
    arrays of the matrix symbols.
    """
    sizes: dict = {}
    numbers: dict = {}
    for key, value in values.items():
        if isinstance(key, sp.MatrixSymbol):
            sizes.update(zip(key.shape, np.shape(value), strict=True))
    sizes = {s: n for s, n in sizes.items() if isinstance(s, sp.Symbol)}
    for key, value in values.items():
        if isinstance(key, sp.MatrixSymbol | sp.MatrixBase):
            cells = key.subs(sizes).as_explicit() if isinstance(key, sp.MatrixSymbol) else key
            if cells.shape != np.shape(value):
                raise ValueError(f"{key} needs an array of shape {cells.shape}, got {np.shape(value)}")
            numbers.update(zip(cells, np.ravel(value), strict=True))
        elif isinstance(key, sp.IndexedBase):
            for index, entry in np.ndenumerate(value):
                numbers[key[tuple(i + 1 for i in index)]] = entry
        elif key.is_integer:
            sizes[key] = int(value)
        else:
            numbers[key] = value
    expr = expr.subs(sizes)
    expr = expr.as_explicit() if isinstance(expr, sp.MatrixExpr) else expr
    expr = expr.doit() if expr.has(sp.Sum, sp.Derivative) else expr
    names = {cell: sp.Dummy() for cell in numbers}
    function = sp.lambdify(list(names.values()), expr.xreplace(names), "numpy", cse=True)
    result = function(*(np.asarray(v, dtype=float) for v in numbers.values()))
    return np.asarray(result, dtype=float) if np.ndim(result) else float(result)
