"""The tape: values forward, gradients backward, each step once, in the right order."""

import numpy as np
import pytest

from bplib.gradcheck import numerical_gradient
from bplib.playgrounds.tape import NAMES, TAPE, TapeExplorer, play_backward, play_forward


def loss(leaves):
    w, x, b, y = leaves
    return (np.tanh(w * x + b) - y) ** 2


def test_gradients_agree_with_central_differences():
    leaves = np.array([0.7, -1.2, -0.25, 1.0])
    values = play_forward(dict(zip("wxby", leaves, strict=True)), len(TAPE))
    gradients = play_backward(values, len(TAPE))
    assert values["L"] == pytest.approx(loss(leaves))
    assert [gradients[name] for name in "wxby"] == pytest.approx(
        list(numerical_gradient(loss, leaves)), rel=1e-6
    )


def test_the_tape_grows_and_unwinds_a_click_at_a_time():
    explorer = TapeExplorer()
    shown = lambda key: [name for name in NAMES if explorer.texts[name][key].get_text()]  # noqa: E731
    assert shown("value") == ["w", "x", "b", "y"]
    for n in range(len(TAPE)):
        explorer.buttons["Next"].click()
        assert len(shown("value")) == 5 + n
    assert shown("gradient") == ["L"]
    explorer.buttons["Next"].click()
    assert explorer.texts["e"]["gradient"].get_text() == f"{2 * explorer.values_now['e']:.4f}", (
        "the fork adds"
    )
    explorer.buttons["To the end"].click()
    assert shown("gradient") == list(NAMES)
    assert "all from one way back" in explorer.status.value
    explorer.buttons["Start again"].click()
    assert shown("gradient") == []


def test_a_slider_changes_the_numbers():
    explorer = TapeExplorer()
    explorer.buttons["To the end"].click()
    before = explorer.texts["w"]["gradient"].get_text()
    explorer.controls["w"].value = 1.0
    assert explorer.error is None
    assert explorer.texts["w"]["gradient"].get_text() != before
