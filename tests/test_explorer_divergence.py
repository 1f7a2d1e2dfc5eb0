"""Between learning and NaN: the published figures, and a picture that follows the learning rate."""

import numpy as np
import pytest

from bplib.playgrounds.divergence import STEPS, Brink, replay


def published(learning_rate, seed):
    """The published program, mended, written out with its sum of squares; the losses before each step."""
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(32, 100)), rng.normal(size=(32, 10))
    W1, W2, b1, b2 = rng.normal(size=(100, 200)), rng.normal(size=(200, 10)), np.zeros(200), np.zeros(10)
    losses = []
    for _ in range(STEPS):
        Z = X @ W1 + b1
        H = np.maximum(Z, 0)
        losses.append(np.sum((H @ W2 + b2 - Y) ** 2))
        dY = 2 * (H @ W2 + b2 - Y)
        dZ = (dY @ W2.T) * (Z > 0)
        W1, b1 = W1 - learning_rate * X.T @ dZ, b1 - learning_rate * dZ.sum(axis=0)
        W2, b2 = W2 - learning_rate * H.T @ dY, b2 - learning_rate * dY.sum(axis=0)
    return losses


@pytest.mark.parametrize("learning_rate", [1e-5, 2e-5])
def test_it_is_the_published_program(learning_rate):
    """The sum over everything and our 1/(2N) differ by 2N in the learning rate and in nothing else."""
    expected = published(learning_rate, 1)
    np.testing.assert_allclose(replay(learning_rate, 1).losses[:100], expected[:100], rtol=1e-6)


def test_published_figures():
    for seed in range(5):
        learned, asleep, gone = (replay(rate, seed) for rate in (1e-5, 2e-5, 3e-5))
        assert learned.losses[-1] < 1e-9
        assert learned.open_share[-1] > 0.42
        assert 0.8 < asleep.losses[-1] / asleep.mean_loss < 1.01
        assert asleep.open_share[-1] < 0.02
        assert gone.died < 12
        assert asleep.died is None
    first = replay(2e-5)
    assert round(first.losses[-1]) == 299
    assert round(first.mean_loss) == 312
    assert first.open_share[-1] == pytest.approx(0.0056, abs=1e-4)
    assert np.mean([replay(1e-5, s).losses[0] for s in range(20)]) == pytest.approx(3.2e6, rel=0.1)


def test_picture_and_status_follow_the_sliders():
    brink = Brink()
    pictures, said = [brink.png()], [brink.status.value]
    for control, value in (
        ("learning_rate", 2.0),
        ("learning_rate", 3.0),
        ("learning_rate", 1.5),
        ("seed", 1),
    ):
        brink.controls[control].value = value
        brink.refresh()
        pictures.append(brink.png())
        said.append(brink.status.value)
    brink.close()
    assert len(set(pictures)) == len(pictures)
    assert "Learned." in said[0]
    assert "sleeps" in said[1]
    assert "Diverged" in said[2]
    assert "look at the ReLUs" in said[3]
