"""train and fit: what a snapshot says, when a step happens, and every sentence at the door."""

import dataclasses

import numpy as np
import pytest

from bplib import SGD, Adam, Affine, Network, SquaredError, accuracy, fit, mlp, train
from bplib.deeper import Dropout
from bplib.training import DivergenceError, History


def problem(rng, N=10):
    X = rng.normal(size=(N, 3))
    return mlp([3, 4, 2], activation="tanh", rng=rng), X, rng.normal(size=(N, 2))


def start(network, X, Y, rng=None, **changes):
    settings = dict(optimizer=SGD(0.1), batch_size=4, epochs=2, rng=rng, shuffle=rng is not None) | changes
    return train(network, X, Y, **settings)


def test_loss_and_outputs_are_those_before_the_step(rng):
    network, X, Y = problem(rng)
    before, L = network.predict(X[:4]), network.loss(X[:4], Y[:4])
    snapshot = next(start(network, X, Y))
    np.testing.assert_array_equal(snapshot.outputs, before)
    assert snapshot.loss == L
    assert network.loss(X[:4], Y[:4]) < L
    assert (snapshot.step, snapshot.epoch, snapshot.learning_rate) == (1, 1, 0.1)


def test_snapshots_are_frozen(rng):
    snapshot = next(start(*problem(rng)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        snapshot.loss = 0.0


def test_one_step_is_the_optimizers_step(rng):
    network, X, Y = problem(rng)
    by_hand = network.gradients(X[:4], Y[:4])[1]
    expected = {name: p - 0.1 * by_hand[int(name[0])][name[2:]] for name, p in network.named_params()}
    next(start(network, X, Y))
    for name, p in network.named_params():
        np.testing.assert_allclose(p, expected[name], rtol=1e-14)


def test_every_row_once_an_epoch_and_the_last_batch_is_kept(rng):
    """10 rows in batches of 4: 4, 4, 2, in another order each epoch."""
    snapshots = list(start(*problem(rng), rng=rng))
    assert [len(s.rows) for s in snapshots] == [4, 4, 2] * 2
    assert [s.epoch for s in snapshots] == [1, 1, 1, 2, 2, 2]
    assert [s.step for s in snapshots] == list(range(1, 7))
    epochs = [np.concatenate([s.rows for s in snapshots[i : i + 3]]) for i in (0, 3)]
    for rows in epochs:
        assert sorted(rows) == list(range(10))
    assert not np.array_equal(*epochs)
    np.testing.assert_array_equal(
        np.concatenate([s.rows for s in start(*problem(rng), epochs=1)]), np.arange(10)
    )


def test_the_same_seed_gives_the_same_run():
    losses = []
    for _ in range(2):
        rng = np.random.default_rng(3)
        losses.append([s.loss for s in start(*problem(rng), rng=rng)])
    assert losses[0] == losses[1]


def test_data_are_left_alone(rng):
    network, X, Y = problem(rng)
    kept = X.copy(), Y.copy()
    list(start(network, X, Y, rng=rng))
    np.testing.assert_array_equal(X, kept[0])
    np.testing.assert_array_equal(Y, kept[1])


def test_the_learning_rate_may_change_on_the_way(rng):
    network, X, Y = problem(rng)
    optimizer = SGD(0.1)
    seen = []
    for snapshot in train(network, X, Y, optimizer=optimizer, batch_size=5, epochs=2, shuffle=False):
        seen.append(snapshot.learning_rate)
        optimizer.learning_rate = optimizer.learning_rate / 2
    assert seen == [0.1, 0.05, 0.025, 0.0125]


def test_divergence_stops_with_the_step_and_what_to_try(rng):
    network, X, Y = problem(rng)
    with pytest.raises(
        DivergenceError, match=r"at step \d+ \(epoch \d+\) with learning rate 1e\+200.*ten times"
    ):
        list(start(network, X, Y, optimizer=SGD(1e200), epochs=50))


class Rows:
    """The least that X must be, as images are: a shape, a length, and floats by row."""

    def __init__(self, X):
        self.X, self.shape = X, X.shape

    def __len__(self):
        return len(self.X)

    def __getitem__(self, rows):
        return self.X[rows]


def test_rows_drawn_on_demand_train_the_same(rng):
    network, X, Y = problem(np.random.default_rng(1))
    other, _, _ = problem(np.random.default_rng(1))
    losses = [s.loss for s in start(network, X, Y)]
    assert [s.loss for s in start(other, Rows(X), Y)] == losses


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be a whole number of at least 1, got 0"),
        ({"batch_size": 2.5}, TypeError, "batch_size must be a whole number"),
        ({"epochs": 0}, ValueError, "epochs must be a whole number of at least 1, got 0"),
        (
            {"shuffle": True},
            TypeError,
            r"train \(with shuffle=True\): rng must be a NumPy Generator.*got None",
        ),
        ({"optimizer": 0.1}, TypeError, "the optimizer must be an object with step, learning_rate; got 0.1"),
        (
            {"X": np.zeros((0, 3)), "Y": np.zeros((0, 2))},
            ValueError,
            r"X must have at least one row, got \(0, 3\)",
        ),
        ({"X": np.zeros((5, 3))}, ValueError, r"as many rows, got \(5, 3\) and \(10, 2\)"),
        ({"X": np.full((10, 3), np.nan)}, ValueError, "train: X holds NaN or inf"),
        ({"Y": np.full((10, 2), np.inf)}, ValueError, "train: Y holds NaN or inf"),
        ({"Y": np.zeros(10)}, ValueError, r"Y must have the shape of the outputs, \(10, 2\), got \(10,\)"),
        ({"X": np.zeros((10, 4))}, ValueError, r"Affine\(3→4\): X must be \(N, 3\), got \(1, 4\)"),
        ({"X": np.zeros((10, 3), complex)}, TypeError, "X must hold real numbers"),
    ],
)
def test_arguments_are_checked_when_called(changes, kind, sentence, rng):
    """Not at the first `next`, and before anything is trained."""
    network, X, Y = problem(rng)
    data = {"X": X, "Y": Y} | {k: v for k, v in changes.items() if k in "XY"}
    with pytest.raises(kind, match=sentence):
        start(network, data["X"], data["Y"], **{k: v for k, v in changes.items() if k not in "XY"})


def test_labels_are_checked_before_the_first_step(rng):
    network = mlp([3, 2], loss="softmax_cross_entropy", rng=rng)
    with pytest.raises(ValueError, match="labels must be 0 to 1, got 0 to 2"):
        start(network, np.ones((3, 3)), np.array([0, 1, 2]))


def test_fit_returns_its_history_and_shows_a_bar_on_stdout(rng, capsys):
    network, X, _ = problem(rng)
    y = (X[:, 0] > 0).astype(int)
    network = mlp([3, 8, 2], activation="tanh", loss="softmax_cross_entropy", rng=rng)
    history = fit(network, X, y, optimizer=Adam(0.05), batch_size=4, epochs=30, rng=rng, validation=(X, y))
    out, err = capsys.readouterr()
    assert err == ""
    assert "90/90" in out
    assert isinstance(history, History)
    assert len(history.loss) == len(history.learning_rate) == 90
    assert len(history.epoch_loss) == len(history.validation_loss) == len(history.validation_accuracy) == 30
    assert history.epoch_loss[-1] == pytest.approx(np.mean(history.loss[-3:]))
    assert history.validation_loss[-1] == network.loss(X, y) < 0.2
    assert history.validation_accuracy[-1] == accuracy(network, X, y) == 1.0
    assert history.seconds > 0
    assert repr(history).startswith("History(90 steps, 30 epochs, last epoch's loss ")


def test_a_schedule_sets_the_learning_rate_of_each_step(rng):
    network, X, Y = problem(rng)
    history = fit(
        network, X, Y, optimizer=SGD(9.0), batch_size=5, epochs=2, rng=rng, schedule=lambda t: 1 - t
    )
    assert history.learning_rate == [1.0, 0.75, 0.5, 0.25]


def test_fit_names_bad_settings(rng):
    network, X, Y = problem(rng)
    settings = dict(optimizer=SGD(0.1), batch_size=5, epochs=1, rng=rng)
    with pytest.raises(TypeError, match=r"schedule must be a function of the fraction done, got 0\.5"):
        fit(network, X, Y, schedule=0.5, **settings)
    with pytest.raises(ValueError, match=r"validation must be \(X, Y\), got 3 items"):
        fit(network, X, Y, validation=(X, Y, 0.1), **settings)


def test_accuracy(rng):
    network = mlp([2, 2], init="zeros", loss="softmax_cross_entropy")
    network.layers[0].params["W"][:] = np.eye(2)
    X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    assert accuracy(network, X, np.array([0, 1, 1])) == pytest.approx(2 / 3)
    assert accuracy(network, X, np.array([0, 1, 1]), batch_size=2) == pytest.approx(2 / 3)
    binary = mlp([2, 1], init="zeros", loss="binary_cross_entropy")
    binary.layers[0].params["W"][:] = [[1.0], [-1.0]]
    assert accuracy(binary, X, np.array([[1], [0], [0]])) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match=r"one output needs y \(N, 1\), got \(3,\): y\[:, None\]"):
        accuracy(binary, X, np.array([1, 0, 0]))
    with pytest.raises(ValueError, match="X and y must have as many rows, got"):
        accuracy(network, X, np.array([0]))


def test_training_runs_the_layers_in_training_mode(rng):
    """Dropout draws from the rng: the loss differs from that of the same weights in prediction."""
    layers = [Affine(3, 20, rng=rng), Dropout(0.5), Affine(20, 2, rng=rng)]
    network, X, Y = Network(layers, SquaredError()), rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
    L = network.loss(X, Y)
    assert abs(next(start(network, X, Y, rng, batch_size=8)).loss - L) > 1e-3 * L


def test_an_infinite_loss_is_a_divergence(rng):
    network, X, Y = problem(rng)
    for _, p in network.named_params():
        p *= 1e200
    with pytest.raises(DivergenceError, match="the loss became inf at step 1"):
        next(start(network, X, Y))


def test_accuracy_of_several_outputs():
    """A row is right when all its outputs are; exactly ½ is not above ½."""
    undecided = mlp([2, 2], loss="binary_cross_entropy", init="zeros")
    assert accuracy(undecided, np.ones((3, 2)), np.zeros((3, 2))) == 1
    assert accuracy(undecided, np.ones((3, 2)), np.array([[0, 0], [0, 1], [1, 1]])) == 1 / 3
