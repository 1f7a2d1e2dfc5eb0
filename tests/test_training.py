"""train and fit: what a snapshot says, when a step happens, and every sentence at the door."""

import dataclasses
import time

import numpy as np
import pytest
from tqdm import tqdm

from bplib import SGD, Adam, Affine, Network, SquaredError, accuracy, check_gradients, fit, mlp, train
from bplib.contracts import Layer
from bplib.datasets import Images
from bplib.deep_layers import BatchNorm, Dropout, Residual
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
    shuffled = train(*problem(rng), optimizer=SGD(0.1), batch_size=10, epochs=1, rng=rng)
    assert not np.array_equal(next(shuffled).rows, np.arange(10))


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
    sentence = (
        r"^the loss became (inf|nan) at step \d+ \(epoch \d+\) with learning rate 1e\+200: the parameters have "
        r"diverged\. Build the network anew and try a learning rate ten times smaller, inputs scaled to about 1, "
        "or another initialisation$"
    )
    with pytest.raises(DivergenceError, match=sentence):
        list(start(network, X, Y, optimizer=SGD(1e200), epochs=50))


def test_what_fit_saw_before_a_divergence_comes_with_the_error(rng, capsys):
    network, X, Y = problem(rng)
    with pytest.raises(DivergenceError) as caught:
        fit(network, X, Y, optimizer=SGD(1e200), batch_size=5, epochs=50, rng=rng)
    history = caught.value.history
    assert f"at step {len(history.loss) + 1} " in str(caught.value)
    assert np.isfinite(history.loss).all()


def test_a_network_about_to_diverge_gets_past_the_door_without_a_warning(rng):
    """Whether NumPy's warnings are errors, or not."""
    network = mlp([3, 4, 4, 2], activation="relu", loss="softmax_cross_entropy", rng=rng)
    for _, p in network.named_params():
        p *= 1e200
    with np.errstate(over="raise", invalid="raise"):
        steps = start(network, rng.normal(size=(10, 3)), np.arange(10) % 2)
        with pytest.raises(DivergenceError, match="the loss became nan at step 1"):
            next(steps)


class Sparse:
    """What SciPy's matrices look like from outside."""

    shape = (10, 3)

    def toarray(self):
        return np.zeros(self.shape)


class Frame:
    """What a data frame looks like from outside: [ ] chooses columns, by their names."""

    def __init__(self, values, columns):
        self.values, self.columns, self.shape = values, list(columns), values.shape

    def __len__(self):
        return len(self.values)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype)

    def __getitem__(self, names):
        if isinstance(names, slice):
            return Frame(self.values[names], self.columns)
        return Frame(self.values[:, [self.columns.index(name) for name in names]], names)


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
        ({"batch_size": 0}, ValueError, "^train: batch_size must be a whole number of at least 1, got 0"),
        ({"batch_size": 2.5}, TypeError, "batch_size must be a whole number"),
        ({"epochs": 0}, ValueError, "^train: epochs must be a whole number of at least 1, got 0"),
        (
            {"shuffle": True},
            TypeError,
            r"train \(with shuffle=True\): rng must be a NumPy Generator.*got None",
        ),
        (
            {"optimizer": 0.1},
            TypeError,
            "^train: the optimizer must be an object with step, learning_rate; got 0.1",
        ),
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
        (
            {"X": np.ma.masked_less(np.ones((10, 3)), 0)},
            TypeError,
            "train: X must be a plain array, got a masked one",
        ),
        (
            {"Y": np.ma.masked_less(np.ones((10, 2)), 0)},
            TypeError,
            "train: Y must be a plain array, got a masked one",
        ),
        ({"X": np.full((10, 3), "a")}, TypeError, "train: X must hold real numbers, got dtype <U1"),
        (
            {"X": [["a", 1.0, None]] * 10},
            TypeError,
            "train: X must hold real numbers, got dtype object: text, dates",
        ),
        ({"X": Sparse()}, TypeError, r"train: X must be a dense array, got Sparse: Q\.toarray\(\)"),
        ({"X": 3.0}, ValueError, r"train: X must have at least one row, got \(\)"),
        ({"Y": 3.0}, ValueError, r"as many rows, got \(10, 3\) and \(\)"),
        ({"rng": 3}, TypeError, "rng must be a NumPy Generator"),
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
    begin = time.perf_counter()
    history = fit(network, X, y, optimizer=Adam(0.05), batch_size=4, epochs=30, rng=rng, validation=(X, y))
    assert 0 < history.seconds <= time.perf_counter() - begin
    out, err = capsys.readouterr()
    assert err == ""
    assert "0/90 [00:00<?, ?step/s]" in out
    last = out.rstrip().splitlines()[-1]  # so no word of an interruption
    assert "100%" in last
    assert "90/90" in last
    found = [
        values[-1] for values in (history.epoch_loss, history.validation_loss, history.validation_accuracy)
    ]
    assert ", loss={:.4f}, validation loss={:.4f}, accuracy={:.4f}]".format(*found) in last
    assert isinstance(history, History)
    assert len(history.loss) == len(history.learning_rate) == 90
    assert len(history.epoch_loss) == len(history.validation_loss) == len(history.validation_accuracy) == 30
    assert history.epoch_loss[-1] == pytest.approx(np.mean(history.loss[-3:]))
    assert history.validation_loss[-1] == network.loss(X, y) < 0.2
    assert history.validation_accuracy[-1] == accuracy(network, X, y) == 1.0


@pytest.mark.parametrize("order", [{}, {"shuffle": True}, {"shuffle": False}])
def test_fit_takes_the_steps_that_train_takes(order):
    losses = []
    for run in (train, fit):
        rng = np.random.default_rng(5)
        network, X, Y = problem(rng)
        seen = run(network, X, Y, optimizer=SGD(0.1), batch_size=4, epochs=2, rng=rng, **order)
        losses.append(seen.loss if run is fit else [snapshot.loss for snapshot in seen])
    assert losses[0] == losses[1]


def test_fit_starts_no_thread(rng, monkeypatch):
    """tqdm would, to watch its bars, and a browser has none."""
    monkeypatch.setattr(tqdm, "monitor", None)
    monkeypatch.setattr(tqdm, "monitor_interval", 10)
    fit(*problem(rng), optimizer=SGD(0.1), batch_size=5, epochs=1, rng=rng)
    assert tqdm.monitor is None


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
    for loss in ("squared_error", "binary_cross_entropy"):
        binary = mlp([2, 1], init="zeros", loss=loss)
        binary.layers[0].params["W"][:] = [[1.0], [-1.0]]
        assert accuracy(binary, X, np.ones((3, 1))) == pytest.approx(2 / 3)
    with pytest.raises(
        ValueError, match=r"^accuracy: one output needs y \(N, 1\), got \(3,\): y\[:, None\]$"
    ):
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
    before = [p.copy() for _, p in network.named_params()]
    with pytest.raises(DivergenceError, match="the loss became inf at step 1") as caught:
        next(start(network, X, Y))
    assert caught.value.history is None
    for kept, (_, p) in zip(before, network.named_params(), strict=True):  # no step with such a gradient
        np.testing.assert_array_equal(kept, p)


def test_accuracy_of_several_outputs():
    """A row is right when all its outputs are; exactly ½ is not above ½."""
    undecided = mlp([2, 2], loss="binary_cross_entropy", init="zeros")
    assert accuracy(undecided, np.ones((3, 2)), np.zeros((3, 2))) == 1
    assert accuracy(undecided, np.ones((3, 2)), np.array([[0, 0], [0, 1], [1, 1]])) == 1 / 3


@pytest.mark.parametrize("columns", ["abc", (2, 0, 1), range(3)])
def test_a_data_frame_is_its_array_everywhere(columns, rng):
    """Integer names are the trap: frame[rows] would take columns, and train on them without a word."""
    X = rng.normal(size=(10, 3))
    y = (X[:, 0] > 0).astype(int)
    losses = []
    for data in (X, Frame(X, columns), X.tolist()):
        rng = np.random.default_rng(0)
        network = mlp([3, 4, 2], loss="softmax_cross_entropy", rng=rng)
        settings = dict(optimizer=SGD(0.1), batch_size=4, epochs=2, rng=rng)
        history = fit(network, data, y, validation=(data, y), **settings)
        snapshots = list(train(network, data, y, **settings))
        losses.append(
            [history.loss, history.validation_loss, history.validation_accuracy, snapshots[-1].loss]
        )
        np.testing.assert_array_equal(network.predict(data), network.predict(X))
        assert network.loss(data, y.tolist()) == network.loss(X, y)
        assert accuracy(network, data, y.tolist()) == accuracy(network, X, y)
        assert check_gradients(network, data, y.tolist())
    assert losses[0] == losses[1] == losses[2]


@pytest.mark.parametrize(
    ("y", "kind", "sentence"),
    [
        (np.array([0.0, 1.0, 2.0]), TypeError, "labels must be integers, got float64"),
        (np.array([False, True, True]), TypeError, "labels must be integers, got bool"),
        (np.array([1, 2, 3]), ValueError, "labels must be 0 to 2, got 1 to 3: they seem to count from 1"),
        (np.array([[0], [1], [2]]), ValueError, r"labels are one number a row, Y\[:, 0\]"),
    ],
)
def test_labels_of_another_kind_are_named_before_the_first_step(y, kind, sentence, rng):
    network = mlp([3, 3], loss="softmax_cross_entropy", rng=rng)
    with pytest.raises(kind, match=sentence):
        start(network, np.ones((3, 3)), y)
    with pytest.raises(kind, match=sentence):
        network.loss(np.ones((3, 3)), y)
    with pytest.raises(kind, match=sentence):
        fit(network, np.ones((3, 3)), [0, 1, 2], optimizer=SGD(0.1), batch_size=3, epochs=1, rng=rng,
            validation=(np.ones((3, 3)), y))  # fmt: skip


def test_one_hot_rows_train_as_labels_do(rng):
    X, y = rng.normal(size=(9, 3)), np.arange(9) % 2
    runs = []
    for Y in (y, np.eye(2)[y], np.eye(2)[y].tolist(), np.eye(2, dtype=bool)[y]):
        network = mlp([3, 2], loss="softmax_cross_entropy", rng=np.random.default_rng(0))
        runs.append([s.loss for s in start(network, X, Y, np.random.default_rng(1))])
    for run in runs[1:]:
        np.testing.assert_allclose(run, runs[0], rtol=1e-13)


class Objects(Layer):
    def forward(self, X, *, training=False, rng=None):
        if training:
            raise ValueError("never in training")
        return X, None


class Flat(Layer):
    def forward(self, X, *, training=False, rng=None):
        return X[:, 0], None

    def backward(self, dY, cache, *, input_gradient=True):
        raise AssertionError


def test_outputs_of_another_shape_are_named_before_the_first_step(rng):
    network, X, Y = problem(rng)
    network.layers.append(Flat())
    with pytest.raises(ValueError, match=r"^train: Z must be \(N, k\) with at least one row, got \(1,\)$"):
        start(network, X, Y)


def batch_normalised(rng):
    return Network([Affine(3, 4, rng=rng), BatchNorm(4), Affine(4, 2, rng=rng)], SquaredError())


def test_a_last_batch_that_a_layer_cannot_take_is_named_before_the_first_step(rng):
    network, (_, X, Y) = batch_normalised(rng), problem(rng)
    sentence = (
        r"^train: of 10 rows in batches of 3 the last batch has 1, and BatchNorm\(4\): a batch of 1 .* at least 2 "
        "rows: choose another batch_size, or leave those rows out$"
    )
    with pytest.raises(ValueError, match=sentence):
        start(network, X, Y, batch_size=3)
    with pytest.raises(ValueError, match=r"^BatchNorm\(4\): a batch of 1 has no variance"):
        start(network, X, Y, batch_size=1)
    network.layers.append(Objects())
    with pytest.raises(ValueError, match=r"^never in training$"):  # no fault of the last batch
        start(network, X, Y, batch_size=4)
    network.layers.pop()
    for batch_size, steps in ((4, 3), (5, 2), (10, 1), (99, 1)):
        assert len(list(start(network, X, Y, batch_size=batch_size, epochs=1))) == steps


def test_dropout_without_a_generator_is_named_before_the_first_step(rng):
    network = Network(
        [Affine(3, 4, rng=rng), Residual([Dropout(0.5)]), Affine(4, 2, rng=rng)], SquaredError()
    )
    _, X, Y = problem(rng)
    with pytest.raises(TypeError, match=r"Dropout\(0\.5\) in training: rng must be a NumPy Generator"):
        start(network, X, Y, shuffle=False)


def test_the_check_draws_nothing_and_moves_no_statistics(rng):
    """The rehearsal works with a copy of the generator, and its statistics are thrown away."""
    network, (_, X, Y) = batch_normalised(rng), problem(rng)
    network.layers.insert(1, Dropout(0.5))
    before = rng.bit_generator.state
    start(network, X, Y, rng)
    assert rng.bit_generator.state == before
    assert not network.layers[2].state["mean"].any()


def test_an_optimizer_of_another_network_is_refused_in_training(rng):
    optimizer = Adam(0.01)
    list(start(*problem(rng), optimizer=optimizer))
    with pytest.raises(ValueError, match="one optimizer serves one network"):
        start(*problem(rng), optimizer=optimizer)


@pytest.mark.parametrize(
    ("validation", "kind", "sentence"),
    [
        (0.2, TypeError, r"fit: validation must be \(X, Y\), rows kept aside from training, got float"),
        (np.zeros((2, 3)), TypeError, r"validation must be \(X, Y\).* got ndarray"),
        ((np.zeros((5, 3)),), ValueError, r"validation must be \(X, Y\), got 1 items"),
        ((np.zeros((5, 4)), np.zeros((5, 2))), ValueError, r"Affine\(3→4\): X must be \(N, 3\), got \(1, 4\)"),
        ((np.zeros((5, 3)), np.zeros((4, 2))), ValueError,
         r"fit: X of validation and Y of validation must have as many rows, got \(5, 3\) and \(4, 2\)"),
        ((np.zeros((5, 3)), np.zeros((5, 3))), ValueError, r"Y must have the shape of the outputs, \(5, 2\)"),
        ((np.zeros((5, 3)), np.zeros(5)), ValueError, r"Y must have the shape of the outputs, \(5, 2\), got \(5,\)"),
        ((np.full((5, 3), np.nan), np.zeros((5, 2))), ValueError, "fit: X of validation holds NaN or inf"),
        ((np.zeros((5, 3)), np.full((5, 2), np.inf)), ValueError, "fit: Y of validation holds NaN or inf"),
        ((np.zeros((0, 3)), np.zeros((0, 2))), ValueError, "X of validation must have at least one row"),
    ],
)  # fmt: skip
def test_validation_is_checked_before_the_first_step(validation, kind, sentence, rng):
    network, X, Y = problem(rng)
    before = network.predict(X)
    with pytest.raises(kind, match=sentence):
        fit(network, X, Y, optimizer=SGD(0.1), batch_size=4, epochs=1, rng=rng, validation=validation)
    np.testing.assert_array_equal(network.predict(X), before)


@pytest.mark.parametrize("kind", [float, int])
def test_regression_is_validated_by_its_loss_alone(kind, rng):
    network, X, Y = problem(rng)
    Y = (10 * Y).astype(kind)
    history = fit(network, X, Y, optimizer=SGD(0.01), batch_size=4, epochs=2, rng=rng, validation=[X, Y])
    assert len(history.validation_loss) == 2
    assert history.validation_accuracy == []


def test_a_switched_off_bar_changes_nothing(rng, monkeypatch):
    """tqdm's bar does not count then; fit must."""
    found = []
    for off in ("", "1"):
        monkeypatch.setenv("TQDM_DISABLE", off)
        network, X, Y = problem(np.random.default_rng(0))
        found.append(fit(network, X, Y, optimizer=SGD(0.1), batch_size=4, epochs=3, rng=np.random.default_rng(1),
                         validation=(X, Y), schedule=lambda t: 0.1 * (1 - t)))  # fmt: skip
        found[-1].seconds = 0
    assert found[0] == found[1]
    assert len(found[1].validation_loss) == len(found[1].epoch_loss) == 3


def test_ctrl_c_keeps_the_history(rng, capsys):
    """5 of 6 steps: one whole epoch, and two steps of the next."""
    network, X, Y = problem(rng)
    rates = iter([0.1] * 5)

    def schedule(t):
        try:
            return next(rates)
        except StopIteration:
            raise KeyboardInterrupt from None

    history = fit(network, X, Y, optimizer=SGD(9), batch_size=4, epochs=2, rng=rng, validation=(X, Y),
                  schedule=schedule)  # fmt: skip
    assert history.interrupted
    assert (len(history.loss), len(history.learning_rate)) == (5, 5)
    assert (len(history.epoch_loss), len(history.validation_loss)) == (1, 1)
    assert history.seconds > 0
    assert "Interrupted after 5 of 6 steps: the network keeps what it has learned." in capsys.readouterr().out


def test_ctrl_c_during_validation_leaves_no_half_epoch(rng):
    network, X, Y = problem(rng)
    calls, loss = [], network.loss

    def interrupted(*data):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return loss(*data)

    network.loss = interrupted
    history = fit(network, X, Y, optimizer=SGD(0.1), batch_size=5, epochs=3, rng=rng, validation=(X, Y))
    assert history.interrupted
    assert len(history.loss) == 4
    assert len(history.epoch_loss) == len(history.validation_loss) == 1


def test_a_whole_run_was_not_interrupted(rng):
    network, X, Y = problem(rng)
    history = fit(network, X, Y, optimizer=SGD(0.1), batch_size=5, epochs=1, rng=rng)
    assert history.interrupted is False


@pytest.mark.parametrize(
    ("history", "text"),
    [
        (History(), "History(0 steps, 0 epochs)"),
        (
            History([2.0] * 4, epoch_loss=[3, 2, 1.2345]),
            "History(4 steps, 3 epochs, last epoch's loss 1.234)",
        ),
        (History([2.0], interrupted=True), "History(1 steps, 0 epochs, interrupted)"),
    ],
)
def test_a_history_in_one_line(history, text):
    assert repr(history) == text
    assert history.seconds == 0


class Least:
    """forward, backward and params, and nothing more."""

    def __init__(self):
        self.params, self.asked = {"a": np.array([2.0, -1.0, 0.5])}, set()

    def forward(self, X, *, training=False, rng=None):
        return X * self.params["a"], X

    def backward(self, dY, cache, *, input_gradient=True):
        self.asked.add(input_gradient)
        return dY * self.params["a"], {"a": np.sum(dY * cache, axis=0)}


@pytest.mark.parametrize("wrap", [lambda layer: layer, lambda layer: Residual([layer])])
def test_a_layer_with_forward_backward_and_params_alone_trains(wrap, rng):
    layer = Least()
    network = Network([wrap(layer), Affine(3, 2, rng=rng)], SquaredError())
    _, X, Y = problem(rng)
    history = fit(network, X, Y, optimizer=Adam(0.05), batch_size=5, epochs=20, rng=rng)
    assert history.epoch_loss[-1] < history.epoch_loss[0]
    assert not np.array_equal(layer.params["a"], [2.0, -1.0, 0.5])
    assert layer.asked == {False}  # ∂L/∂X serves no step


class Watch:
    """step and learning_rate, and nothing more."""

    learning_rate = 0.1

    def __init__(self):
        self.dtypes = set()

    def step(self, network, grads):
        self.dtypes |= {g.dtype for layer in grads for g in layer.values()}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_gradient_has_the_dtype_of_the_network(dtype, rng):
    optimizer, network = Watch(), mlp([3, 4, 2], dtype=dtype, rng=rng)
    for kind in (np.float32, np.float64, int):
        for wrap in (np.asarray, Rows):
            list(start(network, wrap(np.ones((9, 3), kind)), np.ones((9, 2), kind), optimizer=optimizer))
    assert optimizer.dtypes == {np.dtype(dtype)}


@pytest.mark.parametrize("when", ["in the middle of an epoch", "after it"])
def test_a_layer_put_in_between_two_steps_is_the_one_that_trains(when, rng):
    """Whoever iterates may do that; the next step is that of the new network, with statistics and draws."""
    network, X, Y = problem(rng)
    steps = start(network, X, Y, rng=rng)
    for _ in range({"in the middle of an epoch": 1, "after it": 3}[when]):
        next(steps)
    old, new, norm = network.layers[0], Affine(3, 4, rng=rng), BatchNorm(4)
    kept = old.params["W"].copy(), new.params["W"].copy(), norm.state["mean"].copy()
    network.layers[:2] = [new, norm, Dropout(0.5)]
    L = next(steps).loss
    np.testing.assert_array_equal(old.params["W"], kept[0])
    assert np.all(new.params["W"] != kept[1])
    assert np.all(norm.state["mean"] != kept[2])
    assert np.isfinite(L)


def test_data_in_the_networks_dtype_are_not_copied(rng):
    network, X, Y = problem(rng)
    steps = start(network, X, Y)
    X[:], Y[:] = 0, network.predict(np.zeros((1, 3)))
    assert next(steps).loss == 0


def classifier(loss, k=3):
    """Predicts the class of the largest of its k inputs."""
    network = mlp([k, k], init="zeros", loss=loss)
    network.layers[0].params["W"][:] = 4 * np.eye(k)
    network.layers[0].params["b"][:] = -2
    return network


LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 1])
SEEN = np.eye(3)[np.array([0, 1, 2, 0, 1, 2, 1, 2])]  # the last two are wrong


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "squared_error"])
@pytest.mark.parametrize("kind", [int, np.uint8, float, bool])
def test_accuracy_of_one_hot_rows_is_that_of_their_labels(loss, kind):
    network = classifier(loss)
    assert accuracy(network, SEEN, LABELS) == 0.75
    assert accuracy(network, SEEN, np.eye(3, dtype=kind)[LABELS]) == 0.75
    # The largest output is the answer, though it is far below ½ here.
    assert accuracy(network, 0.51 * SEEN, np.eye(3, dtype=kind)[LABELS]) == 0.75
    assert accuracy(classifier(loss, 2), 0.51 * np.eye(2), np.eye(2, dtype=kind)) == 1
    assert accuracy(network, SEEN.tolist(), LABELS.tolist()) == 0.75


def test_accuracy_looks_at_all_rows_and_at_each_once():
    """5 000 rows of which the first 4 100 are right; in batches of every size."""
    y = np.arange(5000) % 3
    X = np.eye(3)[np.where(np.arange(5000) < 4100, y, (y + 1) % 3)]
    for batch_size in (1000, 999, 5000, 10**6):
        assert accuracy(classifier("softmax_cross_entropy"), X, y, batch_size) == 0.82


@pytest.mark.parametrize(
    ("loss", "y", "kind", "sentence"),
    [
        ("softmax_cross_entropy", LABELS[:, None], ValueError, r"y must be labels \(N,\) or have the shape of the outputs, \(8, 3\), got \(8, 1\): labels are one number a row, y\[:, 0\], as integers$"),
        ("softmax_cross_entropy", LABELS + 1, ValueError, "labels must be 0 to 2, got 1 to 3: they seem to count from 1, y - 1$"),
        ("softmax_cross_entropy", LABELS - 1, ValueError, "labels must be 0 to 2, got -1 to 1"),
        ("softmax_cross_entropy", LABELS.astype(float), TypeError, "labels must be integers, got float64"),
        ("softmax_cross_entropy", LABELS > 0, TypeError, "labels must be integers, got bool"),
        ("softmax_cross_entropy", np.full((8, 3), 1 / 3), ValueError,
         r"y must hold zeros and ones, or be integer labels \(N,\): a share of right answers needs classes, for other numbers ask network\.loss$"),
        ("softmax_cross_entropy", np.ones((8, 3)), ValueError,
         r"each row of y must hold a single one, since the largest of 3 outputs is the answer \(several yes-or-no outputs at once are for BinaryCrossEntropy\)$"),
        ("squared_error", np.linspace(-1, 1, 24).reshape(8, 3), ValueError, "y must hold zeros and ones.*network.loss"),
        ("squared_error", np.linspace(-1, 1, 8), TypeError, "labels must be integers, got float64"),
        ("binary_cross_entropy", np.full((8, 3), 0.5), ValueError, "y must hold zeros and ones"),
        ("softmax_cross_entropy", np.zeros((8, 2)), ValueError, r"the shape of the outputs, \(8, 3\), got \(8, 2\)$"),
        ("softmax_cross_entropy", np.zeros((8, 3, 1)), ValueError, r"the shape of the outputs, \(8, 3\), got \(8, 3, 1\)$"),
        ("softmax_cross_entropy", LABELS[:5], ValueError, r"X and y must have as many rows, got \(8, 3\) and \(5,\)"),
        ("softmax_cross_entropy", 1, ValueError, r"as many rows, got \(8, 3\) and \(\)"),
        ("softmax_cross_entropy", np.ma.masked_equal(LABELS, 0), TypeError, "y must be a plain array, got a masked one"),
    ],
)  # fmt: skip
def test_accuracy_names_what_it_cannot_count(loss, y, kind, sentence):
    with pytest.raises(kind, match=f"^accuracy: .*{sentence}"):
        accuracy(classifier(loss), SEEN, y)


@pytest.mark.parametrize(("batch_size", "kind"), [(-5, ValueError), (0, ValueError), (2.5, TypeError)])
def test_accuracy_names_a_bad_batch_size(batch_size, kind):
    with pytest.raises(kind, match="accuracy: batch_size must be a whole number of at least 1"):
        accuracy(classifier("softmax_cross_entropy"), SEEN, LABELS, batch_size=batch_size)


def test_accuracy_of_nothing_is_refused():
    with pytest.raises(ValueError, match="accuracy: X must have at least one row"):
        accuracy(classifier("softmax_cross_entropy"), SEEN[:0], LABELS[:0])


def test_images_are_drawn_batch_by_batch(rng):
    """Never all as floats at once: what answers X[rows] with an array is asked for rows."""
    data = Images(rng.integers(0, 256, (9000, 4)).astype(np.uint8))
    largest = []

    class Watched(Images):
        __slots__ = ()

        def __getitem__(self, rows):
            drawn = super().__getitem__(rows)
            largest.append(len(drawn))
            return drawn

    network = mlp([4, 3], loss="softmax_cross_entropy", dtype=np.float32, rng=rng)
    y = np.arange(9000) % 3
    list(train(network, Watched(data.pixels), y, optimizer=SGD(0.1), batch_size=1000, epochs=1, rng=rng))
    assert accuracy(network, Watched(data.pixels), y) == accuracy(network, np.asarray(data), y)
    assert max(largest) == 4096
    assert largest[-9:] == [1000] * 9  # of accuracy, where nothing else is asked for


def test_every_part_of_the_data_is_looked_at(rng):
    """Images and large arrays are looked through in parts."""
    network, X = mlp([2, 1], rng=rng), np.zeros((9000, 2))
    for row in (0, 4095, 4096, 8999):
        bad = X.copy()
        bad[row, 1] = np.nan
        with pytest.raises(ValueError, match="train: X holds NaN or inf"):
            start(network, bad, np.zeros((9000, 1)))
