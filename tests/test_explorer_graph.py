"""The graph explorer: its numbers are the derivatives, and what it shows follows sliders and buttons."""

import itertools

import numpy as np
import pytest

from bplib.gradcheck import numerical_gradient
from bplib.playgrounds import graph


@pytest.mark.parametrize("point", [(-3.0, 2.0, 5.0), (1.0, 4.0, 2.0), (0.5, -0.25, 3.0)])
def test_gradients_are_those_of_f(point):
    gradients, _ = graph.backward(graph.forward(*point), graph.STEPS)
    expected = numerical_gradient(lambda v: (v[0] + v[1]) * (v[0] + v[2]), np.array(point))
    np.testing.assert_allclose([gradients[v] for v in "xyz"], expected, rtol=1e-8)


def test_a_node_passes_on_only_after_all_that_it_receives():
    """Whatever an edge has brought back was computed from the gradient that its upper node ends with."""
    values = graph.forward(-3.0, 2.0, 5.0)
    final, _ = graph.backward(values, graph.STEPS)
    for steps in range(graph.STEPS + 1):
        gradients, sent = graph.backward(values, steps)
        for _, upper in sent:
            assert gradients[upper] == final[upper]


def test_overwriting_loses_a_share():
    gradients, _ = graph.backward(graph.forward(-3.0, 2.0, 5.0), graph.STEPS, overwrite=True)
    assert gradients == {"f": 1.0, "p": 2.0, "q": -1.0, "y": 2.0, "x": -1.0, "z": -1.0}


@pytest.fixture
def explorer():
    made = graph.GraphExplorer()
    yield made
    made.close()


def shown(explorer, name):
    return explorer.notes[name, ""].get_text(), explorer.notes[name, "∂"].get_text()


def test_starts_with_the_published_numbers(explorer):
    assert [shown(explorer, name) for name in "xyzpqf"] == [
        ("−3", "∂ 1"), ("2", "∂ 2"), ("5", "∂ −1"), ("−1", "∂ 2"), ("2", "∂ −1"), ("−2", "∂ 1"),
    ]  # fmt: skip
    assert "2 and −1 give 1. Nudging x by 0.0001 finds 1." in explorer.status.value


def test_steps_backward_one_at_a_time(explorer):
    explorer.buttons["Forward only"].click()
    seen = [(explorer.gradients, explorer.status.value)]
    for _ in range(5):
        explorer.buttons["Back one step"].click()
        seen.append((explorer.gradients, explorer.status.value))
    assert [sorted(gradients) for gradients, _ in seen] == [
        [], ["f"], ["f", "p", "q"], ["f", "p", "q", "x", "y"], *[["f", "p", "q", "x", "y", "z"]] * 2,
    ]  # fmt: skip
    assert seen[3][0]["x"] == 2.0  # the first share; the second comes with the next step
    assert seen[4] == seen[5]
    assert all(before[1] != after[1] for before, after in itertools.pairwise(seen[:5]))


def test_sliders_and_box_change_the_picture(explorer):
    pictures = [explorer.png()]
    for control, value in (("x", 1.0), ("y", 4.0), ("z", 2.5), ("overwrite", True)):
        explorer.controls[control].value = value
        explorer.refresh()
        pictures.append(explorer.png())
    assert len(set(pictures)) == len(pictures)
    assert "overwrite each other" in explorer.status.value
    assert shown(explorer, "x") == ("1", "∂ 5")
