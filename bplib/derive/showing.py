"""What a lesson shows of claims: each one's sentence, its equation, and that it was proved just now.

In a lesson:

    derive.show("softmax_shift", "softmax_of_two")
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from ..language import said
from .registry import Claim, claim

LONGEST = 330  # characters of LaTeX: a longer equation does not fit the width of a lesson


def equation(of: Claim) -> str:
    """The LaTeX of a claim's equation, or "" where it is too long, or says only that something is itself."""
    left, right = of.left or sp.latex(of.derived), sp.latex(of.claimed)
    return "" if left == right or len(left + right) > LONGEST else f"{left} = {right}"


class Shown:
    """Claims with their proofs; shows itself as a list in Markdown, elsewhere as text."""

    def __init__(self, names: Sequence[str]) -> None:
        self.claims = [claim(name) for name in names]
        self.proofs = [of.prove() for of in self.claims]

    def __repr__(self):
        pairs = zip(self.claims, self.proofs, strict=True)
        return "\n".join(f"{said(of.statement)}\n    {proof}" for of, proof in pairs)

    def _repr_markdown_(self):
        lines = []
        for of, proof in zip(self.claims, self.proofs, strict=True):
            statement = said(of.statement).replace("*", r"\*").replace("_", r"\_")
            formula = equation(of)
            formula = f"\n\n  $\\displaystyle {formula}$" if formula else ""
            lines.append(f"- {statement}{formula}\n\n  ✓ `{proof}`")
        return "\n".join(lines)


def show(*names: str) -> Shown:
    """Prove the claims called `names` and show what each one says, with its equation where that is short.

    Raises ValueError where there is no such claim, ProofError where one does not hold.
    """
    if not names:
        raise ValueError("show: the names of one or more claims are expected, got none")
    return Shown(names)
