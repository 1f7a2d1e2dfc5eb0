"""The tape of lesson 12: operations written down going forward, unwound going backward, one at a click."""

import numpy as np

from .. import plots
from ..live.controls import slider
from ..live.explorer import Explorer
from ..live.figure import LiveFigure

# name, how it is computed, its value from the values before, and what it sends back: parent → (text, factor)
TAPE = (
    ("u", "w · x", lambda v: v["w"] * v["x"], (("w", "x", lambda v: v["x"]), ("x", "w", lambda v: v["w"]))),
    ("z", "u + b", lambda v: v["u"] + v["b"], (("u", "1", lambda v: 1.0), ("b", "1", lambda v: 1.0))),
    ("a", "tanh z", lambda v: np.tanh(v["z"]), (("z", "1 − a²", lambda v: 1 - v["a"] ** 2),)),
    ("e", "a − y", lambda v: v["a"] - v["y"], (("a", "1", lambda v: 1.0), ("y", "−1", lambda v: -1.0))),
    ("L", "e · e", lambda v: v["e"] * v["e"], (("e", "e", lambda v: v["e"]), ("e", "e", lambda v: v["e"]))),
)
LEAVES = ("w", "x", "b", "y")
NAMES = (*LEAVES, *(name for name, *_ in TAPE))


def play_forward(leaves, n):
    """Values by name after the first n operations."""
    values = dict(leaves)
    for name, _, compute, _ in TAPE[:n]:
        values[name] = compute(values)
    return values


def play_backward(values, n):
    """Gradients by name after n operations have been unwound, last first; contributions add."""
    gradients = {"L": 1.0}
    for name, _, _, sends in TAPE[::-1][:n]:
        for parent, _, factor in sends:
            gradients[parent] = gradients.get(parent, 0.0) + gradients[name] * factor(values)
    return gradients


class TapeExplorer(Explorer):
    """L = (tanh(wx + b) − y)²: play the tape forward, then backward; change w and x at any moment."""

    alt = "A tape of five operations from w, x, b and y to L, each with its value and its gradient ∂L/∂·"

    def __init__(self, w=0.5, x=2.0):
        self.done = 0  # operations played forward, then unwound: 0 … 2 · len(TAPE)
        super().__init__(
            LiveFigure(760, 330),
            w=slider("w", float(w), -2.0, 2.0, 0.05),
            x=slider("x", float(x), -2.0, 2.0, 0.05),
            buttons={"Next": self._next, "To the end": self._end, "Start again": self._start},
        )

    def preview(self):
        """Show the finished tape wherever no kernel runs; here, start with nothing on it."""
        self._end()
        self.refresh()
        self._stored = self.png()
        self._start()
        self.refresh()
        return self

    def _next(self):
        self.done = min(self.done + 1, 2 * len(TAPE))

    def _end(self):
        self.done = 2 * len(TAPE)

    def _start(self):
        self.done = 0

    def build(self, figure):
        ax = self.live.axes(0, 0, 760, 330)
        ax.set(xlim=(0, 1), ylim=(len(NAMES) + 0.5, -0.9))
        ax.set_axis_off()
        titles = ("name", "computed as", "value", "∂L/∂name", "sent back")
        for x, title in zip((0.05, 0.14, 0.31, 0.44, 0.58), titles, strict=True):
            ax.text(x, -0.35, title, color=plots.GREY, fontsize=11)
        ax.axhline(0.05, color=plots.FAINT)
        ax.axhline(len(LEAVES) + 0.05, color=plots.FAINT, ls=":")
        formulas = dict.fromkeys(LEAVES, "given") | {name: formula for name, formula, *_ in TAPE}
        self.texts = {}
        for row, name in enumerate(NAMES):
            y = row + 0.65
            ax.text(0.05, y, name, fontsize=12, weight="bold")
            cells = {}
            columns = {"formula": (0.14, plots.INK), "value": (0.31, plots.VALUE)}
            columns |= {"gradient": (0.44, plots.GRADIENT), "sent": (0.58, plots.INK)}
            for key, (x, colour) in columns.items():
                (cells[key],) = self.live.moving(ax.text(x, y, "", color=colour, fontsize=12))
            self.texts[name] = cells
        (self.mark,) = self.live.moving(
            *ax.plot([], [], ls="", marker=">", ms=11, color=plots.ORANGE, mec=plots.BLACK)
        )
        self.formulas = formulas

    def update(self, w, x):
        forward, back = min(self.done, len(TAPE)), max(self.done - len(TAPE), 0)
        self.values_now = play_forward({"w": w, "x": x, "b": -0.25, "y": 1.0}, forward)
        self.gradients = play_backward(self.values_now, back) if self.done >= len(TAPE) else {}
        unwound = {name: sends for name, _, _, sends in TAPE[::-1][:back]}
        for name, cells in self.texts.items():
            known = name in self.values_now
            cells["formula"].set_text(self.formulas[name] if known else "")
            cells["value"].set_text(f"{self.values_now[name]:.4f}" if known else "")
            has = name in self.gradients
            cells["gradient"].set_text(f"{self.gradients[name]:.4f}" if has else "")
            sent = [f"{self.gradients[name]:.3g} · ({text}) → {p}" for p, text, _ in unwound.get(name, ())]
            cells["sent"].set_text(",  ".join(sent))
        row = len(LEAVES) + (forward - 1 if not back else len(TAPE) - back)
        self.mark.set_data([0.025] if self.done else [], [row + 0.5] if self.done else [])
        if self.done < len(TAPE):
            return f"forward: {forward} of {len(TAPE)} operations on the tape"
        if back < len(TAPE):
            return f"backward: {back} of {len(TAPE)} operations unwound, last first"
        dw, db = self.gradients["w"], self.gradients["b"]
        return f"done: ∂L/∂w = {dw:.4f}, ∂L/∂b = {db:.4f}, all from one way back"
