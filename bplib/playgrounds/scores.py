"""Three scores (lesson 06): their softmax, its Jacobian, and the gradient p − y of the cross-entropy."""

import numpy as np

from .. import plots
from ..live.controls import choice, slider
from ..live.explorer import Explorer
from ..live.figure import LiveFigure, Raster
from ..losses import SoftmaxCrossEntropy

CLASSES, LOSS = (1, 2, 3), SoftmaxCrossEntropy()


class ScoreExplorer(Explorer):
    """Drag the scores of three classes: p, the Jacobian ∂p/∂z, and what the loss sends back to each score."""

    alt = "The probabilities of three classes, their Jacobian by the scores, and the gradient p − y"

    def __init__(self, z1=0.7, z2=1.6, z3=1.1, right=2):
        scores = {name: slider(f"z{'₁₂₃'[i]}", float(z), -6.0, 6.0, 0.1)
                  for i, (name, z) in enumerate({"z1": z1, "z2": z2, "z3": z3}.items())}  # fmt: skip
        super().__init__(
            LiveFigure(720, 270),
            **scores,
            right=choice("Right class", [(str(k), k) for k in CLASSES], right),
        )

    def build(self, figure):
        left, middle, right = (self.live.axes(x, 48, 178, 178) for x in (46, 282, 520))
        left.set(xlim=(0.4, 3.6), ylim=(0, 1.05), xticks=CLASSES, xlabel="class", title="p = softmax(z)")
        right.set(xlim=(0.4, 3.6), ylim=(-1.05, 1.05), xticks=CLASSES, xlabel="class", title="∂L/∂z = p − y")
        middle.set(xlim=(0, 3), ylim=(3, 0), xlabel="score j", ylabel="class i", title="J: ∂pᵢ/∂zⱼ")
        for axis in (middle.xaxis, middle.yaxis):
            axis.set_ticks([0.5, 1.5, 2.5], CLASSES)
        right.axhline(0, color=plots.GREY, lw=1)
        style = {"color": plots.BLACK, "ha": "center", "va": "center", "fontsize": 10}
        places = [(j + 0.5, i + 0.5) for i in range(3) for j in range(3)]
        # J's entries are at most ¼ in size
        self.table = Raster(middle, cmap=plots.SIGNED, low=-0.3, high=0.3)
        self.entries = self.live.moving(*(middle.text(x, y, "", **style) for x, y in places))
        self.p = self.live.moving(*left.bar(CLASSES, [0, 0, 0], 0.6, color=plots.VALUE))
        self.gradient = self.live.moving(*right.bar(CLASSES, [0, 0, 0], 0.6, color=plots.GRADIENT))
        self.live.moving(self.table)

    def update(self, z1, z2, z3, right):
        Z, label = np.array([[z1, z2, z3]]), np.array([right - 1])
        loss, cache = LOSS.forward(Z, label)
        p, gradient = LOSS.predict(Z)[0], LOSS.backward(cache)[0]
        J = np.diag(p) - np.outer(p, p)
        for bars, heights in ((self.p, p), (self.gradient, gradient)):
            for bar, height in zip(bars, heights, strict=True):
                bar.set_height(height)
        self.table.set_values(J)
        for text, entry in zip(self.entries, J.ravel(), strict=True):
            text.set_text(f"{entry:.2f}".replace("-0.00", "0.00").replace("-", "−"))
        largest, pull = np.abs(J).max(), np.abs(gradient).max()
        return (
            f"p of the right class {p[right - 1]:.4f}, L = {loss:.4f}; "
            f"largest size of an entry of J {largest:.4f}, of p − y {pull:.4f}"
        )
