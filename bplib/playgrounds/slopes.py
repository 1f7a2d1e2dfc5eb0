"""Slopes of activations (lesson 02): one unit's tangent, and what many units in a row leave of a gradient."""

import numpy as np

from .. import plots
from ..layers import ReLU, Sigmoid, Tanh
from ..live.controls import choice, slider
from ..live.explorer import Explorer
from ..live.figure import LiveFigure

LAYERS = {"sigmoid": Sigmoid(), "tanh": Tanh(), "ReLU": ReLU()}
FROM_OUTPUT = {"sigmoid": "a(1 − a)", "tanh": "1 − a²", "ReLU": "1 if a > 0, else 0"}
HEIGHTS = {"sigmoid": (-0.2, 1.2), "tanh": (-1.4, 1.4), "ReLU": (-0.9, 5.3)}
TOP_SLOPE = {"sigmoid": 0.3, "tanh": 1.2, "ReLU": 1.2}


def slope_curve(name, z):
    """f′ over z, with a gap at ReLU's kink, where there is none."""
    layer = LAYERS[name]
    slope = 1.0 * layer.slope(layer.f(z))
    return np.where(z == 0, np.nan, slope) if name == "ReLU" else slope


class SlopeExplorer(Explorer):
    """Slide z along the curve of an activation: its tangent, and the slope from the output a alone."""

    alt = "An activation function with its tangent at one z, and beside it the curve of its slope"

    def __init__(self, activation="sigmoid", z=1.0):
        super().__init__(
            LiveFigure(720, 300),
            activation=choice("Activation", list(LAYERS), activation),
            z=slider("z", float(z), -6.0, 6.0, 0.1),
        )

    def build(self, figure):
        self.left, self.right = figure.subplots(1, 2)
        self.z = np.linspace(-6, 6, 241)
        (self.curve,) = self.left.plot([], [], color=plots.VALUE, ls="-", lw=2)
        (self.slopes,) = self.right.plot([], [], color=plots.GRADIENT, ls="-", lw=2)
        self.left.set(xlim=(-6, 6), xlabel="z", title="a = f(z) and its tangent")
        self.right.set(xlim=(-6, 6), xlabel="z", title="the slope f′(z)")
        dot = {"color": plots.GRADIENT, "ls": "", "marker": "o", "ms": 9, "mec": plots.BLACK}
        self.tangent, self.point, self.height, self.drop = self.live.moving(
            *self.left.plot([], [], color=plots.GRADIENT, ls="--", lw=2),
            *self.left.plot([], [], **dot),
            *self.right.plot([], [], **dot),
            *self.right.plot([], [], color=plots.GREY, ls=":", lw=1.2),
        )
        self.shown = None

    def update(self, activation, z):
        layer = LAYERS[activation]
        if activation != self.shown:
            self.curve.set_data(self.z, layer.f(self.z))
            self.slopes.set_data(self.z, slope_curve(activation, self.z))
            self.left.set_ylim(HEIGHTS[activation])
            self.right.set_ylim(-0.05 * TOP_SLOPE[activation], TOP_SLOPE[activation])
            self.shown = activation
        z = 0.0 if abs(z) < 1e-9 else z  # a slider of steps 0.1 may stop at −1e-16
        a = float(layer.f(np.float64(z)))
        slope = float(layer.slope(a))
        self.point.set_data([z], [a])
        kink = activation == "ReLU" and z == 0
        self.tangent.set_data(*([], []) if kink else ([z - 2, z + 2], [a - 2 * slope, a + 2 * slope]))
        self.height.set_data([z], [slope])
        self.drop.set_data([z, z], [0, slope])
        if kink:
            return "z = 0: the kink. Slope 1 on the right, 0 on the left, no tangent at all; we choose 0."
        return f"z = {z:.1f}, a = {a:.4f}, slope from a alone: {FROM_OUTPUT[activation]} = {slope:.4f}"


def chain(name, w, b, n_layers, x=0.5):
    """Inputs z_l and factors w f′(z_l), both (n,), of n units in a row: z_l = w a_(l−1) + b, a_0 = x."""
    layer, a, z = LAYERS[name], x, np.empty(n_layers)
    factors = np.empty(n_layers)
    for l in range(n_layers):
        z[l] = w * a + b
        a = layer.f(z[l])
        factors[l] = w * layer.slope(a) + 0.0  # never −0
    return z, factors


class ChainExplorer(Explorer):
    """1 … 20 units in a row with the same w and b: where each works, and what is left of a gradient 1."""

    alt = "Where the units of a chain lie on the slope curve, and what is left of a gradient in each layer"
    limits = 1e-14, 1e14

    def __init__(self, activation="sigmoid", w=1.0, b=0.0, layers=10):
        super().__init__(
            LiveFigure(720, 320),
            activation=choice("Activation", list(LAYERS), activation),
            w=slider("w", float(w), -5.0, 5.0, 0.1),
            b=slider("b", float(b), -3.0, 3.0, 0.1),
            layers=slider("layers", layers, 1, 20),
        )

    def build(self, figure):
        self.left, self.right = figure.subplots(1, 2)
        self.z = np.linspace(-6, 6, 241)
        (self.slopes,) = self.left.plot([], [], color=plots.GREY, ls="-", lw=1.5)
        self.left.set(xlim=(-6, 6), xlabel="z of each unit (○ the first)", title="where the units work on f′")
        low, high = self.limits
        self.right.set(xlim=(0.4, 20.6), ylim=(low, high), yscale="log", xlabel="layer")
        self.right.set(title="left of a gradient 1, going back", xticks=(1, 5, 10, 15, 20))
        self.right.axhline(1, color=plots.GREY, ls=":", lw=1.2)
        self.right.text(20.4, high / 5, "explodes", ha="right", va="top", color=plots.GREY)
        self.right.text(20.4, low * 5, "vanishes", ha="right", va="bottom", color=plots.GREY)
        mark = {"color": plots.GRADIENT, "mec": plots.BLACK}
        self.units, self.first, self.left_over = self.live.moving(
            *self.left.plot([], [], ls="", marker="o", ms=7, alpha=0.7, **mark),
            *self.left.plot([], [], ls="", marker="o", ms=14, mfc="none", mec=plots.BLACK, mew=1.5),
            *self.right.plot([], [], ls="-", lw=1.5, marker="o", ms=6, **mark),
        )
        self.shown = None

    def update(self, activation, w, b, layers):
        if activation != self.shown:
            self.slopes.set_data(self.z, slope_curve(activation, self.z))
            self.left.set_ylim(-0.05 * TOP_SLOPE[activation], TOP_SLOPE[activation])
            self.shown = activation
        z, factors = chain(activation, w, b, layers)
        layer = LAYERS[activation]
        place, slopes = np.clip(z, -6, 6), 1.0 * layer.slope(layer.f(z))
        self.units.set_data(place, slopes)
        self.first.set_data(place[:1], slopes[:1])
        left = np.abs(np.cumprod(factors[::-1])[::-1])  # entry l: the factors of layers l … n
        self.left_over.set_data(np.arange(1, layers + 1), np.clip(left, *self.limits))
        said = f"{layers} layers: w·f′ is {factors[0]:.3g} in the first and {factors[-1]:.3g} in the last. "
        if left[0] == 0:
            return said + "A unit has slope exactly 0: nothing of the gradient arrives."
        return said + f"Of a gradient 1 at the end, {left[0]:.2g} arrives at the input."
