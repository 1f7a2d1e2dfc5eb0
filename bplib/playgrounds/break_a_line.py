"""The break-a-line lab (lesson 07): spoil one line; see what training says, and what the check says."""

from functools import lru_cache

import numpy as np

from .. import faults, plots
from ..datasets import circles
from ..gradcheck import check_gradients
from ..layers import Affine, ReLU, Sigmoid, Tanh
from ..live.controls import choice, slider
from ..live.explorer import Explorer
from ..live.figure import LiveFigure
from ..losses import BinaryCrossEntropy, SoftmaxCrossEntropy, SquaredError
from ..network import Network
from ..optimizers import SGD
from ..training import DivergenceError, accuracy, train

NOTHING = "nothing: the sound network"
ACTIVATIONS = {"Sigmoid": Sigmoid, "ReLU": ReLU}
LOSSES = {"SquaredError": SquaredError, "SoftmaxCrossEntropy": SoftmaxCrossEntropy}
ARRAYS = ("0.W", "0.b", "2.W", "2.b", "4.W", "4.b", "X")
TOLERANCE, LOWEST, HIGHEST = 1e-6, 1e-12, 10.0
FLOOR, CEILING = 1e-4, 1e6  # of the loss that is drawn: beyond lie 0 and ∞, for which a log axis has no place


def lab_faults():
    """The faults of the catalogue that sit in what lessons 01 to 06 derive."""
    return [fault for fault in faults.lab() if fault.where.startswith(("layers.", "losses."))]


def lab_parts(where):
    """(activation, loss) of a network that runs the function `where`: tanh and cross-entropy if it can."""
    part = where.split(".")[1] if where else ""
    return ACTIVATIONS.get(part, Tanh), LOSSES.get(part, BinaryCrossEntropy)


def small_network(activation, loss, rng):
    """A 2-8-5-k network of these classes, biases not zero; k = 2 for softmax cross-entropy, else 1."""
    k = 2 if loss is SoftmaxCrossEntropy else 1
    layers = [Affine(2, 8, rng=rng), activation(), Affine(8, 5, rng=rng), activation(), Affine(5, k, rng=rng)]
    for layer in layers[::2]:
        layer.params["b"][:] = rng.normal(0, 0.3, size=layer.n_out)
    return Network(layers, loss())


class Trial:
    """A network with one fault and its sound twin: the same start, the same batches, and the gradient check.

    fault_name  a fault of the catalogue, or NOTHING
    losses      (sound, broken): test loss after each epoch, cut short where training diverged
    accuracies  (sound, broken): test accuracy at the end; NaN after a divergence
    errors      array name → error of `check_gradients` on seven rows of the broken network
    """

    def __init__(self, fault_name, *, learning_rate=0.32, epochs=40, seed=2):
        self.fault = None if fault_name == NOTHING else faults.find(fault_name)
        parts = lab_parts(self.fault.where if self.fault else "")
        network = small_network(*parts, np.random.default_rng(seed))
        if self.fault:
            network = faults.spoil(network, fault_name)
        X, Y, *_ = _data(network.layers[-1].n_out)
        self.report = check_gradients(network, X[:7], Y[:7], tolerance=TOLERANCE)
        self.errors = self.report.errors
        runs = _sound(*parts, learning_rate, epochs, seed), _run(network, learning_rate, epochs, seed)
        self.losses, self.accuracies = map(list, zip(*runs, strict=True))


@lru_cache(maxsize=64)  # many faults have the same sound twin
def _sound(activation, loss, learning_rate, epochs, seed):
    """(losses, accuracy) of the network in which nothing is broken."""
    network = small_network(activation, loss, np.random.default_rng(seed))
    return _run(network, learning_rate, epochs, seed)


def _run(network, learning_rate, epochs, seed):
    """Train it: (test loss before, and after each epoch; test accuracy at the end)."""
    X, Y, X_test, Y_test = _data(network.layers[-1].n_out)
    losses = [network.loss(X_test, Y_test)]
    steps = train(network, X, Y, optimizer=SGD(learning_rate), batch_size=10, epochs=epochs,
                  rng=np.random.default_rng(seed + 1))  # fmt: skip
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # weights that run away are looked at
            for snapshot in steps:
                if snapshot.step % 20 == 0:
                    losses.append(network.loss(X_test, Y_test))
            return tuple(losses), accuracy(network, X_test, Y_test)
    except DivergenceError:
        return tuple(losses), float("nan")


@lru_cache
def _data(n_out):
    """X, Y, X_test, Y_test: labels for two outputs, a column of zeros and ones for one."""
    data = circles(rng=np.random.default_rng(0))
    Y, Y_test = (y[:, 0].astype(int) if n_out == 2 else y for y in (data.y_train, data.y_test))
    return data.X_train, Y, data.X_test, Y_test


class BreakALine(Explorer):
    """Choose a fault: test loss of the sound and the broken network, and the gradient check's verdict."""

    alt = "Two panels: test loss over epochs for a sound and a broken network, and the error of each gradient"

    def __init__(self, fault_name="stale weights", *, learning_rate=0.32):
        names = [NOTHING, *(fault.name for fault in lab_faults())]
        super().__init__(
            LiveFigure(900, 330),
            fault=choice("Break", names, fault_name),
            learning_rate=slider("Learning rate η", float(learning_rate), 0.03, 1.0, log=True),
        )

    def build(self, figure):
        self.left, self.right = figure.subplots(1, 2, width_ratios=(1.3, 1))
        (self.sound,) = self.left.plot([], [], color=plots.BLUE, ls="-", lw=2.5, label="sound")
        (self.broken,) = self.left.plot([], [], color=plots.VERMILION, ls="--", lw=2, label="broken")
        self.left.set(xlabel="epoch", ylabel="test loss", yscale="log", title="what training shows")
        self.left.legend(loc="upper right")
        self.left.tick_params(which="minor", labelleft=False)
        places = np.arange(len(ARRAYS))[::-1]
        self.right.axvline(TOLERANCE, color=plots.GREY, ls=":", lw=1.5)
        self.right.text(TOLERANCE, len(ARRAYS) - 0.45, "tolerance", ha="center", va="bottom", fontsize=9)
        self.right.set(xscale="log", xlim=(LOWEST, HIGHEST), ylim=(-0.6, len(ARRAYS) - 0.4), yticks=places)
        self.right.set_yticklabels(ARRAYS)
        self.right.set(xlabel="error against central differences", title="what the check shows\n")
        style = {"ls": "", "ms": 9, "mec": plots.BLACK}
        (self.right_ones,) = self.right.plot([], [], color=plots.BLUE, marker="o", **style)
        (self.wrong_ones,) = self.right.plot([], [], color=plots.VERMILION, marker="X", **style)
        self.live.moving(self.right_ones, self.wrong_ones)

    def update(self, fault, learning_rate):
        trial = self.trial = Trial(fault, learning_rate=learning_rate)
        for line, losses in zip((self.sound, self.broken), trial.losses, strict=True):
            line.set_data(np.arange(len(losses)), np.clip(losses, FLOOR, CEILING))
        self.left.relim()
        self.left.autoscale_view()
        for line, wrong in ((self.right_ones, False), (self.wrong_ones, True)):
            rows = [(trial.errors[name], place) for place, name in enumerate(reversed(ARRAYS))]
            shown = [(np.clip(e, LOWEST * 2, HIGHEST / 2), at) for e, at in rows if (e > TOLERANCE) == wrong]
            line.set_data(*(zip(*shown, strict=True) if shown else ([], [])))
        sound, broken = ("diverged" if np.isnan(a) else f"{100 * a:.0f} %" for a in trial.accuracies)
        verdict = (
            "passes" if trial.report else f"refuses {sum(e > TOLERANCE for e in trial.errors.values())} of 7"
        )
        line = f"{trial.fault.line} → {trial.fault.spoiled} · " if trial.fault else ""
        return f"{line}test accuracy: sound {sound}, broken {broken} · the check {verdict}"
