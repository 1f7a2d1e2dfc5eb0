"""The cards for Anki: what is on them, without the library that packs them."""

import re
import sys

import pytest

import bplib.exercises as ex
import cards
from bplib import derive
from bplib.exercises import kinds

ALL = cards.cards()


def test_each_card_has_a_key_of_its_own_and_two_sides():
    assert len({card.key for card in ALL}) == len(ALL)
    for card in ALL:
        assert 0 <= card.lesson <= 15
        assert len(card.front) > 12, card
        assert len(card.back) > 20, card


def test_every_slip_and_every_choice_is_on_a_card():
    slips = [e for e in ex.exercises() if not isinstance(e, kinds.Choice)]
    wanted = sum(len(e.mutants) for e in slips) + len(ex.exercises()) - len(slips)
    assert sum(not card.key.startswith("claim ") for card in ALL) == wanted


def test_most_claims_are_on_a_card():
    """Those with a long formula are not, nor those whose two sides sympy writes alike."""
    found = sum(card.key.startswith("claim ") for card in ALL)
    assert 0.6 * len(derive.claims()) < found <= len(derive.claims())


def test_formulas_and_code_are_escaped():
    tanh = next(card for card in ALL if card.key == "claim tanh_derivative")
    assert re.search(r"\\\[.*= \\;\?\\\]", tanh.front)
    assert "tanh" in tanh.back
    gate = next(card for card in ALL if card.key == "slip relu_backward gate that never closes")
    assert "return dA * (A &gt;= 0)" in gate.front
    assert "def relu_backward(dA, A):" in gate.front
    assert "A &gt; 0" in gate.back
    for card in ALL:
        inside = re.sub(r"</?(p|pre|br)>", "", card.front + card.back)
        assert "<" not in inside, card.key


def test_without_the_library_a_sentence_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "genanki", None)
    with pytest.raises(SystemExit, match=r"genanki is missing.*pip install --editable '\.\[cards\]'"):
        cards.main([str(tmp_path / "deck.apkg")])
    assert not list(tmp_path.iterdir())
