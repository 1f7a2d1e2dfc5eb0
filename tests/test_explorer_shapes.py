"""The shape puzzle: what it says fits, fits; what it says is the gradient, is what the layer computes."""

import numpy as np
import pytest

from bplib import derive
from bplib.layers import Affine
from bplib.playgrounds import shapes


@pytest.fixture
def puzzle():
    made = shapes.ShapePuzzle()
    yield made
    made.close()


@pytest.mark.parametrize("sizes", [(4, 3, 2), (3, 3, 3), (2, 2, 5), (5, 2, 2)])
@pytest.mark.parametrize("target", ["dW", "dX"])
def test_what_fits_and_what_is_right(puzzle, sizes, target):
    for name, value in zip(("N", "d", "k"), sizes, strict=True):
        puzzle.controls[name].value = value
    puzzle.controls["target"].value = target
    puzzle.refresh()
    matrices = shapes.arrays(*sizes)
    chosen = {name: matrices[name] for name in shapes.INGREDIENTS[target]}
    assert sorted(puzzle.fitting) == sorted(derive.fitting_products(matrices[target[1]].shape, **chosen))
    assert puzzle.right == [{"dW": "Xᵀ dZ", "dX": "dZ Wᵀ"}[target]]


def test_the_referee_agrees_with_the_layer():
    matrices = shapes.arrays(4, 3, 2)
    layer = Affine.from_arrays(matrices["W"])
    dX, grads = layer.backward(matrices["dZ"], layer.forward(matrices["X"])[1])
    np.testing.assert_allclose(shapes.slope(matrices, "dW"), grads["W"], rtol=1e-7)
    np.testing.assert_allclose(shapes.slope(matrices, "dX"), dX, rtol=1e-7)


def test_says_what_the_chosen_product_does(puzzle):
    def said(**values):
        for name, value in values.items():
            puzzle.controls[name].value = value
        puzzle.refresh()
        return puzzle.status.value

    assert "cannot be multiplied" in said()
    assert "1 of the eight products fits dW" in said()
    assert "is 2 × 3: not the shape of dW" in said(left="dZᵀ", right="X")
    assert "Is it the gradient?" in said(left="Xᵀ", right="dZ")
    assert "finite differences say it is dW" in said(referee=True)
    assert "it is not dW: relative error" in said(N=3, d=3, k=3, right="dZᵀ")
    assert "8 of the eight products fit dW" in puzzle.status.value


def test_every_control_changes_the_picture(puzzle):
    pictures = [puzzle.png()]
    for control, value in (("left", "Xᵀ"), ("right", "dZᵀ"), ("referee", True), ("N", 5), ("d", 2), ("k", 3),
                           ("target", "dX")):  # fmt: skip
        puzzle.controls[control].value = value
        puzzle.refresh()
        pictures.append(puzzle.png())
    assert len(set(pictures)) == len(pictures)


def test_refuses_what_it_cannot_draw():
    with pytest.raises(ValueError, match="from 1 to 5, got 6"):
        shapes.ShapePuzzle(6)
    with pytest.raises(ValueError, match="target must be one of dW, dX"):
        shapes.ShapePuzzle(target="db")
