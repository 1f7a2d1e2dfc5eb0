"""Guess the bug: every round can be solved from its evidence, and is the same for the same seed."""

import html
from itertools import combinations

import numpy as np
import pytest

from bplib.gradcheck import relative_error
from bplib.playgrounds.break_a_line import ARRAYS, lab_faults
from bplib.playgrounds.guess import CHOOSE, KINDS, Case, GuessTheBug, candidates, gradients, wrong_arrays


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(part.__name__ for part in kind))
def test_no_two_faults_on_offer_look_alike(kind):
    """Otherwise the learner could be told "no" for an answer that is as good."""
    case = next(c for c in (Case("dW transposed", s) for s in range(200)) if (c.activation, c.loss) == kind)
    seen = {}
    for fault in candidates(*kind):
        broken = case.broken(fault.name)
        backward, numerical = gradients(broken, case.X[case.rows], case.Y[case.rows])
        assert any(relative_error(backward[a], numerical[a]) > 1e-4 for a in ARRAYS), fault.name
        seen[fault.name] = (backward, numerical)
    for one, other in combinations(seen, 2):
        apart = max(
            relative_error(p[a], q[a]) for p, q in zip(seen[one], seen[other], strict=True) for a in ARRAYS
        )
        assert apart > 1e-4, f"{one} and {other} cannot be told apart"


def test_evidence_agrees_with_check_gradients():
    case = Case("stale weights", 3)
    for name in ARRAYS:
        error = relative_error(case.backward[name], case.numerical[name])
        assert error == pytest.approx(case.report.errors[name], rel=1e-3, abs=1e-6)
    assert "d4.W" not in wrong_arrays(case.report)


def test_an_unknown_fault_is_refused():
    with pytest.raises(ValueError, match="not among the faults"):
        Case("gremlins")


def test_the_same_seed_gives_the_same_rounds_and_each_fault_once():
    def rounds(seed, n):
        game, found = GuessTheBug(seed), []
        for _ in range(n):
            found.append((game.case.fault.name, game.broken_run))
            game.buttons["Next round"].click()
        return found

    assert rounds(1, 3) == rounds(1, 3)
    deck = GuessTheBug(1).deck
    assert deck != GuessTheBug(2).deck
    assert sorted(deck) == sorted(fault.name for fault in lab_faults())


def test_a_game_wrong_right_next_score():
    game = GuessTheBug(0)
    check, guess = game.buttons["Check my guess"], game.controls["guess"]
    check.click()
    assert "First choose a fault" in game.status.value
    answer = game.case.fault.name
    wrong = next(fault for fault in game.case.choices if fault.name != answer)
    guess.value = wrong.name
    assert html.escape(wrong.spoiled) in game.status.value, "a name is shown with its line"
    check.click()
    assert "No. “" in game.status.value
    assert not len(game.sound.get_xdata())
    guess.value = answer
    check.click()
    check.click()  # a second press must not count
    assert "Right: " in game.status.value
    assert "Test accuracy" in game.status.value
    assert len(game.sound.get_xdata()) == 41
    assert game.score == (0, 1), "right, but not at the first try"
    before = game.live.pixels()
    game.buttons["Next round"].click()
    assert guess.value == CHOOSE
    assert guess.options[1:] == tuple(fault.name for fault in game.case.choices)
    assert np.any(game.live.pixels() != before)
    guess.value = game.case.fault.name
    check.click()
    assert game.score == (1, 2)
    assert game.error is None


def test_comparing_another_array_moves_the_points():
    game = GuessTheBug(0)
    before = game.pairs.get_xydata().copy()
    game.controls["array"].value = "d2.b"
    np.testing.assert_array_equal(game.pairs.get_xdata(), game.case.numerical["2.b"])
    assert game.pairs.get_xydata().shape != before.shape
