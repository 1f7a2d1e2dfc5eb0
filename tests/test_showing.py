"""What a lesson shows of a claim: the sentence, the equation where it says something, the proof."""

import pytest

from bplib import derive
from bplib.derive import registry, showing


def test_sentence_equation_and_proof_are_shown():
    shown = derive.show("softmax_of_two", "affine_dW")
    assert shown._repr_markdown_().splitlines() == [
        "- a softmax over z and 0 is the sigmoid",
        "",
        r"  $\displaystyle \frac{e^{z}}{e^{z} + 1} = \frac{1}{1 + e^{- z}}$",
        "",
        "  ✓ `softmax_of_two: proved: residual 0`",
        "- rows, Z = XW: ∂L/∂W = Xᵀ ∂L/∂Z, for any sizes",
        "",
        r"  $\displaystyle \frac{\partial L}{\partial W} = X^{T} D$",
        "",
        "  ✓ `affine_dW: proved: residual 0 (d×k)`",
    ]
    assert repr(shown).splitlines()[1] == "    softmax_of_two: proved: residual 0"


def test_an_equation_that_says_nothing_or_too_much_is_left_out():
    assert showing.equation(derive.claim("he")) == ""  # 2/n = 2/n
    assert showing.equation(derive.claim("batch_norm_scale")) == ""
    assert all(len(showing.equation(c)) < showing.LONGEST + 5 for c in derive.claims(lesson=6))


def test_a_claim_that_does_not_hold_is_not_shown(monkeypatch):
    name, spoiled = "two_is_three", derive.Equation(derive.claim("he").derived * 0 + 2, 3)
    monkeypatch.setitem(registry.CLAIMS, name, registry.Claim(name, "2 is 3", 6, lambda: spoiled))
    with pytest.raises(derive.ProofError):
        derive.show("he", name)


@pytest.mark.parametrize("names", [(), ("no_such_claim",)])
def test_bad_names(names):
    with pytest.raises(ValueError, match="claim"):
        derive.show(*names)
