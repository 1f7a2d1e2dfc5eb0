"""Every formula of the course, derived with sympy and proved.

What a lesson asks for:

    derive.prove(sp.diff(s, z), s * (1 - s))  # a proof, or a ProofError with the numbers that refute it
    derive.steps("sigmoid_derivative")        # a named derivation, each step proved
    derive.claim("affine_dW").prove()         # a named claim
    derive.show("affine_dW", "affine_dX")     # some claims: what each says, its equation, its proof
    derive.claim("affine_dW").compare()       # the same formula held against the code of `bplib`
    derive.claims(lesson=5)                   # the claims of one lesson; derive.CLAIMS holds all
    derive.SymbolicNetwork((2, 3, 2))         # a small network in symbols, layer by layer, with its δ
    derive.trace_gradient(D, X * W, W)        # a matrix gradient for symbolic sizes
    derive.fitting_products((3, 2), X=(5, 3), dZ=(5, 2))                   # what the shapes alone would allow
    derive.evaluate(s, {z: 0.5})                                           # numbers for a formula
    derive.formula("a", (2, 2, 1), layer=1, unit=2, activation="tanh")     # of one number, for the X-ray
"""

# ruff: noqa: F401, I001  (the modules with claims are imported in the order of the lessons)
from .formulas import Formula, formula
from .proving import Proof, ProofError, UndecidedError, prove
from .registry import CLAIMS, Claim, Derivation, Equation, claim, claims, evaluate, register, steps
from .showing import show
from .gradients import gradient, trace_gradient
from .symbolic_network import SymbolicNetwork
from . import lesson_01
from .lesson_02 import sigma
from . import lesson_03, lesson_04
from .lesson_05 import fitting_products
from .lesson_06 import softmax_of
from . import lesson_07, lesson_08, lesson_09, lesson_10, lesson_11
from . import lesson_12, lesson_13, lesson_14, lesson_15

__all__ = [
    "CLAIMS",
    "Claim",
    "Derivation",
    "Equation",
    "Formula",
    "Proof",
    "ProofError",
    "SymbolicNetwork",
    "UndecidedError",
    "claim",
    "claims",
    "evaluate",
    "fitting_products",
    "formula",
    "gradient",
    "prove",
    "register",
    "show",
    "sigma",
    "softmax_of",
    "steps",
    "trace_gradient",
]
