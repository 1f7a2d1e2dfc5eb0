"""Guess the bug (lesson 11): one line of a network is broken. Which? Read it from what it does.

GuessTheBug(seed=0)               # the same seed gives the same rounds
Case("stale weights", 3)          # the network, fault and evidence of one round, without a picture
"""

import numpy as np

from .. import faults, plots
from ..datasets import circles
from ..gradcheck import VacuousCheckError, check_gradients, numerical_gradient
from ..layers import ReLU, Sigmoid, Tanh
from ..live.controls import choice, offered
from ..live.explorer import Explorer
from ..live.figure import LiveFigure
from ..losses import BinaryCrossEntropy, SoftmaxCrossEntropy, SquaredError
from ..optimizers import SGD, Adam
from ..training import DivergenceError, accuracy, train
from .break_a_line import ARRAYS, HIGHEST, LOWEST, TOLERANCE, lab_faults, small_network

CHOOSE = "choose …"
KINDS = [
    (f, loss)
    for f in (Tanh, ReLU, Sigmoid)
    for loss in (BinaryCrossEntropy, SquaredError, SoftmaxCrossEntropy)
]
# so that each sound network learns in 40 epochs: plain steps leave the sigmoids at 50 %
OPTIMIZERS = {Tanh: lambda: SGD(0.3), ReLU: lambda: SGD(0.2), Sigmoid: lambda: Adam(0.03)}
ROWS = 7


def candidates(activation, loss):
    """The faults that a network of these two classes can have, each with an effect of its own."""
    parts = {"Affine", "Activation", activation.__name__, loss.__name__}
    found = [fault for fault in lab_faults() if fault.where.split(".")[1] in parts]
    # On a ReLU a gate that never closes is a slope forgotten: nothing could tell the two apart.
    return [fault for fault in found if activation is not ReLU or fault.name != "slope forgotten"]


class Case:
    """One round: a 2-8-5-k network for the circles, with one fault, and the evidence.

    activation, loss   classes of its parts; `choices` are the faults it could have
    fault              the one it has
    report             `check_gradients` on seven rows
    backward, numerical   array name → gradient by backward, and by central differences
    """

    def __init__(self, name, seed=0):
        rng = np.random.default_rng(seed)
        able = [kind for kind in KINDS if name in [fault.name for fault in candidates(*kind)]]
        if not able:
            raise ValueError(
                f"Case: {name!r} is not among the faults {[fault.name for fault in lab_faults()]}"
            )
        self.activation, self.loss = able[rng.integers(len(able))]
        self.choices, self.fault = candidates(self.activation, self.loss), faults.find(name)
        data = circles(rng=np.random.default_rng(0))
        self.X, self.Y, self.X_test, self.Y_test = data.X_train, data.y_train, data.X_test, data.y_test
        if self.loss is SoftmaxCrossEntropy:
            self.Y, self.Y_test = (y[:, 0].astype(int) for y in (self.Y, self.Y_test))
        self.report = None
        while self.report is None:  # until no unit sits at its kink
            self.sound = small_network(self.activation, self.loss, rng)
            self.rows = rng.choice(len(self.X), ROWS, replace=False)
            try:
                self.report = self.check(self.fault.name)
            except VacuousCheckError:
                continue
        self.backward, self.numerical = gradients(self.broken(), self.X[self.rows], self.Y[self.rows])

    def broken(self, name=None):
        """A fresh copy of the network with the fault `name`, or with the one it has."""
        return faults.spoil(self.sound, name or self.fault.name)

    def check(self, name):
        """The report of `check_gradients`, had the network the fault `name`."""
        return check_gradients(self.broken(name), self.X[self.rows], self.Y[self.rows], tolerance=TOLERANCE)

    def curve(self, network, epochs=40):
        """Train it: test loss after each epoch (cut short by a divergence), and test accuracy at the end."""
        losses = [network.loss(self.X_test, self.Y_test)]
        steps = train(network, self.X, self.Y, optimizer=OPTIMIZERS[self.activation](), batch_size=10,
                      epochs=epochs, rng=np.random.default_rng(1))  # fmt: skip
        try:
            for snapshot in steps:
                if snapshot.step % 20 == 0:
                    losses.append(network.loss(self.X_test, self.Y_test))
        except DivergenceError:
            return losses, float("nan")
        return losses, accuracy(network, self.X_test, self.Y_test)

    def say(self, name):
        """What to tell someone who guesses `name`: (right, sentence)."""
        if name == self.fault.name:
            return True, f"Right: {self.fault.line} → {self.fault.spoiled}. {self.fault.teaches}"
        here, there = wrong_arrays(self.report), wrong_arrays(self.check(name))
        if here == there:
            other = "spoils the same arrays, but with other numbers: look at the right panel."
            return False, f"No. “{name}” {other}"
        return False, f"No. “{name}” would spoil {', '.join(there)}; here {', '.join(here)} are wrong."


def gradients(network, X, Y):
    """Two dicts, array name → gradient: by `backward`, and by central differences."""
    Z, caches = network.forward(X)
    _, cache = network.loss_function.forward(Z, Y)
    dX, grads = network.backward(network.loss_function.backward(cache), caches)
    backward, numerical = {"X": dX}, {"X": numerical_gradient(lambda values: network.loss(values, Y), X)}
    for name, p in network.named_params():
        layer, key = name.split(".")
        kept = p.copy()

        def loss(values, p=p):
            p[:] = values
            return network.loss(X, Y)

        backward[name], numerical[name] = grads[int(layer)][key], numerical_gradient(loss, kept)
        p[:] = kept
    return backward, numerical


def wrong_arrays(report):
    """Names of the gradients beyond the tolerance, in the order of `ARRAYS`."""
    return [f"d{name}" for name in ARRAYS if report.errors[name] > TOLERANCE]


class GuessTheBug(Explorer):
    """Choose a fault, press Check my guess; Next round hides another one.

    `.case` is the present round, `.score` (right at the first try, rounds begun).
    """

    alt = (
        "Three panels: test loss of a network with a hidden fault, the error of each of its gradients, and "
        "one array's gradient by backward against central differences"
    )

    def __init__(self, seed=0, *, key=None):
        self.seed, self.number, self.first_tries = seed, 0, 0
        names = [fault.name for fault in lab_faults()]
        self.deck = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
        self._new_case()
        super().__init__(
            LiveFigure(940, 320),
            guess=choice("The fault", self._names(), CHOOSE),
            array=choice("Compare", [f"d{name}" for name in ARRAYS], "d0.W"),
            buttons={"Check my guess": self._judge, "Next round": self._next},
            key=key,
        )

    @property
    def score(self):
        """(rounds solved at the first try, rounds begun)."""
        return self.first_tries, self.number

    def _names(self):
        return [CHOOSE, *(fault.name for fault in self.case.choices)]

    def _new_case(self):
        self.number += 1
        name = self.deck[(self.number - 1) % len(self.deck)]  # each fault once, then again
        self.case = Case(name, (self.seed, self.number))
        self.broken_run, self.sound_run = self.case.curve(self.case.broken()), None
        self.tries, self.solved, self.judged, self.verdict = 0, False, None, ""

    def _next(self):
        self._new_case()
        self.controls["guess"].options = offered(self._names())
        self.controls["guess"].value = CHOOSE

    def _judge(self):
        name = self.controls["guess"].value
        if self.solved:
            return
        self.judged = name
        if name == CHOOSE:
            self.verdict = "First choose a fault."
            return
        self.solved, self.verdict = self.case.say(name)
        self.first_tries += self.solved and self.tries == 0
        self.tries += 1
        if self.solved:
            self.sound_run = self.case.curve(self.case.sound)
            right, wrong = (
                "diverged" if np.isnan(run[1]) else f"{100 * run[1]:.0f} %"
                for run in (self.sound_run, self.broken_run)
            )
            self.verdict += f" Test accuracy: broken {wrong}, sound {right}."

    def build(self, figure):
        self.left, self.middle, self.right = figure.subplots(1, 3, width_ratios=(1.1, 1, 1))
        (self.broken,) = self.left.plot([], [], color=plots.VERMILION, ls="-", lw=2, label="this network")
        (self.sound,) = self.left.plot([], [], color=plots.BLUE, ls="--", lw=2, label="its sound twin")
        self.left.set(xlabel="epoch", ylabel="test loss", title="training", xlim=(-1, 41))
        places = np.arange(len(ARRAYS))[::-1]
        self.middle.axvline(TOLERANCE, color=plots.GREY, ls=":", lw=1.5)
        self.middle.set(xscale="log", xlim=(LOWEST, HIGHEST), ylim=(-0.6, len(ARRAYS) - 0.4), yticks=places)
        self.middle.set_yticklabels([f"d{name}" for name in ARRAYS])
        self.middle.set(xlabel="error (dotted: tolerance)", title="the check")
        style = {"ls": "", "ms": 9, "mec": plots.BLACK}
        (self.fine,) = self.middle.plot([], [], color=plots.BLUE, marker="o", **style)
        (self.wrong,) = self.middle.plot([], [], color=plots.VERMILION, marker="X", **style)
        self.right.axline((0, 0), slope=1, color=plots.GREY, ls=":", lw=1.5)
        (self.pairs,) = self.right.plot([], [], color=plots.PURPLE, marker="o", ls="", ms=5, alpha=0.8)
        self.right.set(xlabel="central differences", ylabel="backward", box_aspect=1, title="entry by entry")

    def update(self, guess, array):
        case = self.case
        for line, run in ((self.broken, self.broken_run), (self.sound, self.sound_run)):
            line.set_data(np.arange(len(run[0])), run[0]) if run else line.set_data([], [])
        self.left.legend(handles=[self.broken, self.sound][: 1 + self.solved], loc="upper right")
        top = np.max([run[0][0] for run in (self.broken_run, self.sound_run) if run])
        self.left.set_ylim(0, 1.5 * top)
        for line, is_wrong in ((self.fine, False), (self.wrong, True)):
            rows = [(case.report.errors[name], place) for place, name in enumerate(reversed(ARRAYS))]
            shown = [
                (np.clip(e, 2 * LOWEST, HIGHEST / 2), at) for e, at in rows if (e > TOLERANCE) == is_wrong
            ]
            line.set_data(*(zip(*shown, strict=True) if shown else ([], [])))
        a, n = case.backward[array[1:]].ravel(), case.numerical[array[1:]].ravel()
        limit = 1.15 * max(np.max(np.abs(a)), np.max(np.abs(n)), 1e-12)
        self.pairs.set_data(n, a)
        self.right.set(xlim=(-limit, limit), ylim=(-limit, limit))
        self.right.title.set_text(f"{array}, entry by entry")
        network = f"2-8-5-{2 if case.loss is SoftmaxCrossEntropy else 1}"
        parts = f"{network}, {case.activation.__name__}, {case.loss.__name__}, {ROWS} rows checked"
        score = f"Right at the first try: {self.first_tries} of {self.number}."
        news = self.verdict
        if not self.solved and guess != self.judged:  # what the name stands for, before it is judged
            fault = next((fault for fault in case.choices if fault.name == guess), None)
            news = f"Is it {fault.line} → {fault.spoiled}?" if fault else "Which line is broken?"
        return f"Round {self.number}: {parts}. {news} {score}"
