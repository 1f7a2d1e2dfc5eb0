"""The shape puzzle: which products of two matrices have the shape of a gradient, and which one is it?

ShapePuzzle()                        # N = 4, d = 3, k = 2: one product fits
ShapePuzzle(3, 3, 3)                 # square: eight fit
ShapePuzzle(3, 3, 3, referee=True)   # and finite differences say which one is the gradient
"""

import numpy as np
from matplotlib.collections import PolyCollection

from .. import checks, plots
from ..gradcheck import numerical_gradient, relative_error
from ..live.controls import choice, slider, toggle
from ..live.explorer import Explorer
from ..live.figure import LiveFigure

LARGEST = 5
# The gradient that is looked for, and the two matrices it is made of, in the order of the tiles.
INGREDIENTS = {"dW": ("X", "dZ"), "dX": ("dZ", "W")}
FACTORS = ("X", "Xᵀ", "dZ", "dZᵀ", "W", "Wᵀ")
COLORS = {"X": plots.SKY, "W": plots.GREEN, "d": plots.ORANGE}
BOXES_AT, CELL = (90, 275, 470, 660), 27


def arrays(N, d, k):
    """X (N, d), W (d, k) and dZ (N, k): the same random numbers for the same sizes."""
    rng = np.random.default_rng((N, d, k))
    return {"X": rng.normal(size=(N, d)), "W": rng.normal(size=(d, k)), "dZ": rng.normal(size=(N, k))}


def factor(matrices, name):
    """The matrix called "X", or its transpose, called "Xᵀ"."""
    return matrices[name.removesuffix("ᵀ")].T if name.endswith("ᵀ") else matrices[name]


def candidates(target):
    """The eight products of the two ingredients of "dW" or "dX": pairs of factors."""
    first, second = INGREDIENTS[target]
    pairs = ((first, second), (second, first))
    return [(p + s, q + t) for p, q in pairs for s in ("", "ᵀ") for t in ("", "ᵀ")]


def product(matrices, pair):
    """The product of two factors, or None where the inner sizes differ."""
    left, right = (factor(matrices, name) for name in pair)
    return left @ right if left.shape[1] == right.shape[0] else None


def slope(matrices, target):
    """∂L/∂W or ∂L/∂X by finite differences, for a loss whose gradient by Z = X W is dZ: L = Σ dZ ⊙ XW."""
    name = target[1]

    def loss(values):
        trial = matrices | {name: values}
        return float(np.sum(trial["dZ"] * (trial["X"] @ trial["W"])))

    return numerical_gradient(loss, matrices[name])


class ShapePuzzle(Explorer):
    """Two factors and their product as boxes, beside the gradient that is looked for; below, all eight tries.

    N, d, k     sizes from 1 to 5: X (N, d), W (d, k), dZ (N, k)
    target      "dW", made of X and dZ, or "dX", made of dZ and W
    referee     whether finite differences say which products are the gradient
    `.fitting` lists the products of the right shape, `.right` those that equal the gradient as well.
    """

    alt = (
        "Shape puzzle: two matrices and their product as boxes beside the gradient that is looked for; "
        "below, eight products, each marked by whether its shape fits"
    )

    def __init__(self, N=4, d=3, k=2, *, target="dW", referee=False, key=None):
        for size in (N, d, k):
            checks.whole_number("ShapePuzzle", "a size", size, 1, LARGEST)
        checks.choice("ShapePuzzle", "target", target, INGREDIENTS)
        super().__init__(
            LiveFigure(760, 330),
            target=choice("Looking for", list(INGREDIENTS), target),
            left=choice("Left factor", list(FACTORS), INGREDIENTS[target][0]),
            right=choice("Right factor", list(FACTORS), INGREDIENTS[target][1]),
            N=slider("N rows", N, 1, LARGEST),
            d=slider("d inputs", d, 1, LARGEST),
            k=slider("k outputs", k, 1, LARGEST),
            referee=toggle("ask finite differences", referee),
            key=key,
        )

    def build(self, figure):
        ax = self.live.axes(0, 0, 760, 330)
        ax.set(xlim=(0, 760), ylim=(0, 330))
        ax.axis("off")
        middle = {"ha": "center", "va": "center", "color": plots.INK}
        self.boxes = [PolyCollection([], edgecolor=plots.INK, linewidth=0.8) for _ in BOXES_AT]
        for box in self.boxes:
            ax.add_collection(box)
        self.names = [ax.text(x, 312, "", fontsize=13, **middle) for x in BOXES_AT]
        self.sizes = [ax.text(x, 150, "", fontsize=10.5, **middle) for x in BOXES_AT]
        self.sign = ax.text(565, 231, "", fontsize=20, **middle)
        for x, sign in ((180, "·"), (375, "=")):
            ax.text(x, 231, sign, fontsize=20, **middle)
        self.caption = ax.text(8, 126, "", fontsize=10, color=plots.INK, va="center")
        self.tiles, self.labels, self.verdicts = [], [], []
        for i in range(8):
            x, y = 8 + 187 * (i % 4), 62 - 56 * (i // 4)
            self.tiles += ax.fill(
                [x, x + 180, x + 180, x], [y, y, y + 50, y + 50], ec=plots.GREY, lw=1, ls="-"
            )
            self.labels.append(ax.text(x + 90, y + 34, "", fontsize=12, **middle))
            self.verdicts.append(ax.text(x + 90, y + 14, "", fontsize=9.5, **middle))
        self.live.moving(*self.tiles, *self.boxes, *self.names, *self.sizes, self.sign, self.caption)
        self.live.moving(*self.labels, *self.verdicts)

    def update(self, target, left, right, N, d, k, referee):
        matrices = arrays(N, d, k)
        wanted, tried = slope(matrices, target), product(matrices, (left, right))
        shown = [factor(matrices, left), factor(matrices, right), tried, wanted]
        names = [left, right, f"{left} {right}" if tried is not None else "no product", target]
        for i, (matrix, name) in enumerate(zip(shown, names, strict=True)):
            self._box(i, matrix, COLORS.get(name[0] if i != 2 else "", plots.FAINT))
            self.names[i].set_text(name)
            inner = f"inner sizes {shown[0].shape[1]} ≠ {shown[1].shape[0]}"
            self.sizes[i].set_text(inner if matrix is None else f"{matrix.shape[0]} × {matrix.shape[1]}")
        fits = tried is not None and tried.shape == wanted.shape
        self.sign.set_text("fits" if fits else "≠")
        self.sign.set_fontsize(13 if fits else 20)
        self._tiles(matrices, target, wanted, referee)
        made = " and ".join(INGREDIENTS[target])
        self.caption.set_text(f"{target} is made of {made}: these eight products can be written down.")
        return self._sentence(target, tried, wanted, (left, right), referee)

    def _box(self, i, matrix, color):
        cells = []
        if matrix is not None:
            rows, cols = matrix.shape
            center = np.array([BOXES_AT[i], 231.0])
            corner = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) - (cols / 2, rows / 2)
            cells = [center + CELL * (corner + np.array([c, r])) for r in range(rows) for c in range(cols)]
        self.boxes[i].set_verts(cells)
        self.boxes[i].set_facecolor(color)

    def _tiles(self, matrices, target, wanted, referee):
        self.fitting, self.right = [], []
        for pair, *artists in zip(candidates(target), self.tiles, self.labels, self.verdicts, strict=True):
            tile, label, verdict = artists
            name, found = " ".join(pair), product(matrices, pair)
            fits = found is not None and found.shape == wanted.shape
            error = relative_error(found, wanted) if fits else None
            self.fitting += [name] * fits
            self.right += [name] * (fits and error < 1e-6)
            text = (
                "does not multiply" if found is None else f"{found.shape[0]} × {found.shape[1]}: does not fit"
            )
            if fits:
                text = "fits" if not referee else f"fits, is {target}" if error < 1e-6 else "fits, is wrong"
            label.set_text(name)
            verdict.set_text(text)
            known = fits and referee and error < 1e-6
            tile.set_facecolor(plots.GREEN if known else plots.ORANGE if fits else plots.PAPER)
            tile.set_linewidth(3 if known else 1)

    def _sentence(self, target, tried, wanted, pair, referee):
        count = f"{len(self.fitting)} of the eight products fit{'s' * (len(self.fitting) == 1)} {target}."
        if tried is None:
            return f"{' '.join(pair)} cannot be multiplied: the inner sizes differ. {count}"
        if tried.shape != wanted.shape:
            return f"{' '.join(pair)} is {len(tried)} × {tried.shape[1]}: not the shape of {target}. {count}"
        if not referee:
            return f"{' '.join(pair)} has the shape of {target}. {count} Is it the gradient?"
        off = relative_error(tried, wanted)
        verdict = f"it is {target}" if off < 1e-6 else f"it is not {target}: relative error {off:.2g}"
        return f"{' '.join(pair)} fits, and finite differences say {verdict}. {count}"
