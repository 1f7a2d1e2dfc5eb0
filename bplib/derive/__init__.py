"""Every formula of the course, derived with sympy and proved.

derive.prove(sp.diff(s, z), s * (1 - s))      a proof, or a ProofError with the numbers that refute it
derive.steps("sigmoid_derivative")            a named derivation, each step proved
derive.claim("affine_dW").prove()             a named claim
derive.claim("affine_dW").compare()           the same formula held against the code of `bplib`
derive.claims(lesson=5)                       the claims of one lesson; derive.CLAIMS holds all
derive.formula("delta", (2, 2, 1), ...)       the formula of one number in a small network
"""

from .formulas import Formula, formula
from .proving import Proof, ProofError, UndecidedError, prove
from .registry import CLAIMS, Claim, Derivation, Equation, claim, claims, evaluate, register, steps

__all__ = [
    "CLAIMS",
    "Claim",
    "Derivation",
    "Equation",
    "Formula",
    "Proof",
    "ProofError",
    "UndecidedError",
    "claim",
    "claims",
    "evaluate",
    "formula",
    "prove",
    "register",
    "steps",
]
