"""What the X-ray looks like: one list of shapes, drawn alive by xray.js and still by matplotlib.

A scene is plain data: {"width", "height", "label", "items": [...]}. An item is a node, an edge, a bias or the
loss: its `id` (what `XRay.select` takes), `aria` (read aloud), where it stands for the arrow keys (`column`,
`y`), its states (`selected`, `lit`, `faded`, `now`) and its shapes: paths (cubic curves through points),
boxes and texts, each with a `look` that names its colours. Pixels, y pointing down.
"""

import numpy as np
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path

from ... import plots
from . import paths
from .numbers import Place, shown

ROW, FONT = 17, 12.5  # of the numbers, in pixels
MARGIN, INPUT, NODE, LOSS = 10, 92, 108, 134
HEAD = 26  # the line above the columns
_SUB = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

# The stored picture has a light ground; xray.css says the same for the screen, with a dark theme besides.
LOOKS = {
    "name": plots.GREY,
    "value": plots.VALUE,
    "gradient": plots.GRADIENT,
    "weight": plots.INK,
    "unknown": "#8a8a8a",
    "head": plots.INK,
    "badge": plots.INK,
}
LIT, BOX, BOX_NOW, SELECTED = plots.ORANGE, "#f6f6f6", "#e8f1f8", plots.INK


class Layout:
    """Where everything stands; it depends on the sizes and the biases alone, so nothing jumps."""

    def __init__(self, sizes, biases):
        self.sizes, depth = sizes, len(sizes) - 1
        # Three layers side by side leave no room for both numbers on one line: the gradient goes below.
        self.stacked = depth > 2
        self.port_height = 2 * ROW - 2 if self.stacked else ROW + 3
        self.port_width = 82 if self.stacked else 144
        gap = {1: 110, 2: 56}.get(depth, 32)
        self.ports = [0] + [sizes[l - 1] + biases[l] for l in range(1, depth + 1)]
        # As tall as its edges need, so that each of them ends at the node.
        self.node_height = [2 * ROW + 10] + [
            max(3 * ROW + 10, n * self.port_height + 4) for n in self.ports[1:]
        ]
        self.pitch = [h + (22 if l == 0 else 14) for l, h in enumerate(self.node_height)]
        self.body = max(n * p for n, p in zip(sizes, self.pitch, strict=True))
        self.body = max(self.body, (sizes[-1] + 1) * ROW + 24)
        self.left, x = [MARGIN], MARGIN + INPUT
        for _ in range(depth):
            x += gap + self.port_width
            self.left.append(x)
            x += NODE
        self.loss_left = x + 34
        self.width = self.loss_left + LOSS + MARGIN
        self.height = round(self.body + HEAD + 2 * MARGIN)

    def middle(self, l, j):
        """Height of the middle of unit j of layer l."""
        top = HEAD + MARGIN + (self.body - self.sizes[l] * self.pitch[l]) / 2
        return top + (j + 0.5) * self.pitch[l]

    def port(self, l, j, k):
        """Height at which the edge from unit k (or the bias, the last one) arrives at unit j of layer l."""
        return self.middle(l, j) + (k - (self.ports[l] - 1) / 2) * self.port_height

    def right(self, l):
        """x of the right edge of layer l's nodes, in pixels."""
        return self.left[l] + (INPUT if l == 0 else NODE)


def scene(example, layout, *, forward, backward, loss_known, selected, paths_shown, now):
    """The scene of one example; forward and backward are the layers that the passes have reached.

    now: what the last click computed, ("forward", l), ("loss", 0), ("backward", l), or None.
    """
    anatomy, depth = example.anatomy, example.anatomy.depth
    lit = _lit(anatomy.sizes, selected) if paths_shown and selected else {}
    items = []

    def item(place, column, y, aria, shapes, is_now=False):
        items.append(
            {
                "id": place.name,
                "column": column,
                "y": round(y, 1),
                "aria": aria,
                "shapes": shapes,
                "selected": place == selected,
                "lit": place in lit,
                "faded": bool(lit) and place not in lit,
                "now": is_now,
            }
        )

    for l in range(1, depth + 1):
        known = backward <= l
        for j in range(anatomy.sizes[l]):
            for k in range(anatomy.sizes[l - 1]):
                place = Place("w", l, j, k)
                shapes = _edge(layout, example, place, known, lit.get(place))
                aria = f"weight {place.written(example.rows)}: {shown(example.W[l][j, k])}"
                aria += f", gradient {shown(example.dW[l][j, k])}" if known else ""
                aria += f", {lit[place]} lit path{'s' * (lit[place] != 1)}" if place in lit else ""
                item(place, 2 * l - 1, layout.port(l, j, k), aria, shapes, now == ("backward", l))
            if example.b[l] is not None:
                place = Place("b", l, j)
                shapes = _bias(layout, example, place, known)
                aria = f"bias {place.symbol}: {shown(example.b[l][j])}"
                aria += f", gradient {shown(example.db[l][j])}" if known else ""
                y = layout.port(l, j, anatomy.sizes[l - 1])
                item(place, 2 * l - 1, y, aria, shapes, now == ("backward", l))
    for j in range(anatomy.sizes[-1]):
        start = layout.right(depth), layout.middle(depth, j)
        end = layout.loss_left, layout.middle(depth, j) * 0.25 + layout.height * 0.375 + HEAD * 0.375
        reached = Place("unit", depth, j) in lit
        look = "lit" if reached else "wire"
        items.append({"id": "", "lit": reached, "faded": bool(lit) and not reached,
                      "shapes": [_curve(start, end, look, 4 if reached else 1.2)]})  # fmt: skip

    for l, n in enumerate(anatomy.sizes):
        for j in range(n):
            place = Place("unit", l, j)
            shapes, aria = _node(layout, example, place, forward >= l, backward <= l)
            is_now = now in (("forward", l), ("backward", l))
            item(place, 2 * l, layout.middle(l, j), aria, shapes, is_now)
    place = Place("L")
    shapes, aria = _loss(layout, example, loss_known)
    item(place, 2 * depth + 1, layout.height / 2, aria, shapes, now == ("loss", 0))

    heads = [(layout.left[0] + INPUT / 2, "input")]
    for l in range(1, depth + 1):
        heads.append((layout.left[l] + NODE / 2, f"layer {l}: {anatomy.functions[l]}"))
    heads.append((layout.loss_left + LOSS / 2, "loss"))
    heads = [_text(x, MARGIN + 10, text, "head", "middle") for x, text in heads]
    items.append({"id": "", "shapes": heads})
    return {"width": layout.width, "height": layout.height, "items": items}


def _lit(sizes, selected):
    """Which places light up, and how many of the selected one's paths use each: {Place: count}."""
    if selected.kind == "L" or selected.layer == 0:
        return {}
    first, depth = selected.layer, len(sizes) - 1
    every = len(paths.routes(sizes, first, selected.unit))
    lit = {Place("unit", first, selected.unit): every, Place("L"): every}
    if selected.kind != "unit":
        lit[selected] = every
    if selected.kind == "w":
        lit[Place("unit", first - 1, selected.source)] = every
    for l in range(first + 1, depth + 1):
        count = paths.paths_through(sizes, first, l)
        for j in range(sizes[l]):
            lit[Place("unit", l, j)] = every // sizes[l]
            for k in [selected.unit] if l == first + 1 else range(sizes[l - 1]):
                lit[Place("w", l, j, k)] = count
    return lit


# Shapes


def _text(x, y, text, look, anchor="start", size=FONT):
    return {
        "t": "text",
        "x": round(x, 1),
        "y": round(y, 1),
        "s": text,
        "look": look,
        "anchor": anchor,
        "size": size,
    }


def _box(x, y, width, height, look):
    return {
        "t": "box",
        "x": round(x, 1),
        "y": round(y, 1),
        "w": round(width, 1),
        "h": round(height, 1),
        "look": look,
    }


def _curve(start, end, look, width, dashed=False, run=0):
    """From start to end, level at both, and on for `run` pixels."""
    (x0, y0), (x1, y1) = start, end
    bend = (x1 - x0) * 0.5
    d = [x0, y0, x0 + bend, y0, x1 - bend, y1, x1, y1]
    if run:
        d += [x1 + run / 3, y1, x1 + 2 * run / 3, y1, x1 + run, y1]
    return {
        "t": "path",
        "d": [round(v, 1) for v in d],
        "look": look,
        "width": round(float(width), 2),
        "dashed": bool(dashed),
    }


def _numbers(layout, x, y, weight, gradient):
    """w and ∂ at an edge's end, above its line, or ∂ below it where columns are narrow."""
    pair = [_text(x + 4, y - 3, shown(weight), "weight", size=11.5)]
    text, look = ("∂ ?", "unknown") if gradient is None else ("∂ " + shown(gradient), "gradient")
    if layout.stacked:
        pair.append(_text(x + 4, y + 11, text, look, size=11.5))
    else:
        pair.append(_text(x + layout.port_width - 6, y - 3, text, look, "end", 11.5))
    return pair


def _edge(layout, example, place, known, count):
    l, j, k = place.layer, place.unit, place.source
    w = example.W[l][j, k]
    y, x = layout.port(l, j, k), layout.left[l] - layout.port_width
    top = max(float(np.nanmax(np.abs(example.W[l]), initial=0.0)), 1e-12)
    look = "lit" if count else "wire"
    width = 4.5 if count else 0.8 + 2.2 * np.nan_to_num(min(abs(w) / top, 1.0))
    start = layout.right(l - 1), layout.middle(l - 1, k)
    shapes = [_curve(start, (x, y), look, width, w < 0, layout.port_width)]
    if not layout.stacked:
        shapes.append(_box(x, y - ROW + 1, layout.port_width - 2, ROW + 2, "ring"))
    else:
        shapes.append(_box(x, y - ROW + 2, layout.port_width - 2, 2 * ROW - 3, "ring"))
    shapes += _numbers(layout, x, y, w, example.dW[l][j, k] if known else None)
    if count:
        shapes.append(_text(x - 4, y - 4, f"×{count}", "badge", "end", 12))
    return shapes


def _bias(layout, example, place, known):
    l, j = place.layer, place.unit
    y, x = layout.port(l, j, example.anatomy.sizes[l - 1]), layout.left[l] - layout.port_width
    b = example.b[l][j]
    height = 2 * ROW - 3 if layout.stacked else ROW + 2
    return [
        _curve((x, y), (x + 1, y), "wire", 1, b < 0, layout.port_width - 1),
        _box(x, y - ROW + (2 if layout.stacked else 1), layout.port_width - 2, height, "ring"),
        _text(x - 3, y + 4, "b", "name", "end", 12),
        *_numbers(layout, x, y, b, example.db[l][j] if known else None),
    ]


def _node(layout, example, place, forward, backward):
    l, j = place.layer, place.unit
    sub = str(j + 1).translate(_SUB)
    if l == 0:
        rows = [(f"x{sub}", example.a[0][j], True, "value"), ("∂", example.dx[j], backward, "gradient")]
    else:
        hat = "a" if l < example.anatomy.depth else "ŷ"
        rows = [
            (f"z{sub}", example.z[l][j], forward, "value"),
            (f"{hat}{sub}", example.a[l][j], forward, "value"),
            (f"δ{sub}", example.delta[l][j], backward, "gradient"),
        ]
    width, height = (INPUT if l == 0 else NODE), layout.node_height[l]
    x, y = layout.left[l], layout.middle(l, j) - height / 2
    shapes, words = [_box(x, y, width, height, "node")], []
    for i, (name, value, known, look) in enumerate(rows):
        base = y + (height - len(rows) * ROW) / 2 + (i + 0.76) * ROW
        shapes.append(_text(x + 9, base, name, "name"))
        shapes.append(
            _text(x + width - 9, base, shown(value) if known else "?", look if known else "unknown", "end")
        )
        words.append(f"{name.replace('∂', '∂L/∂x')} {shown(value) if known else 'not computed yet'}")
    where = f"input {j + 1}" if l == 0 else f"layer {l}, unit {j + 1}"
    return shapes, f"{where}: " + ", ".join(words)


def _loss(layout, example, known):
    y = example.y
    height = (len(y) + 1) * ROW + 14
    x, top = layout.loss_left, (layout.height + HEAD) / 2 - height / 2
    shapes = [_box(x, top, LOSS, height, "node")]
    for i, target in enumerate(y):
        base = top + 5 + (i + 0.76) * ROW
        shapes.append(_text(x + 9, base, f"target y{str(i + 1).translate(_SUB)}", "name"))
        shapes.append(_text(x + LOSS - 9, base, shown(target), "weight", "end"))
    base = top + 9 + (len(y) + 0.76) * ROW
    shapes.append(_text(x + 9, base, "L", "name"))
    shapes.append(
        _text(x + LOSS - 9, base, shown(example.L) if known else "?", "value" if known else "unknown", "end")
    )
    return shapes, "loss L: " + (shown(example.L) if known else "not computed yet")


# The still picture


def paint(ax, drawn):
    """Draw a scene into Axes in its own pixels (see `Still`)."""
    for item in drawn["items"]:
        fade = 0.4 if item.get("faded") else 1.0
        for shape in item["shapes"]:
            {"text": _paint_text, "box": _paint_box, "path": _paint_path}[shape["t"]](ax, shape, item, fade)


def _paint_text(ax, shape, item, fade):
    anchor = {"start": "left", "middle": "center", "end": "right"}[shape["anchor"]]
    bold = "bold" if shape["look"] in ("badge", "head") else "normal"
    ax.text(shape["x"], shape["y"], shape["s"], color=LOOKS[shape["look"]], fontsize=shape["size"] * 0.66,
            ha=anchor, va="baseline", alpha=fade, fontweight=bold, zorder=4)  # fmt: skip


def _paint_box(ax, shape, item, fade):
    ring = shape["look"] == "ring"
    if ring and not item.get("selected"):
        return
    edge = SELECTED if item.get("selected") else LIT if item.get("lit") else plots.GREY
    width = 2.2 if item.get("selected") or item.get("lit") else 0.8
    face = "none" if ring else BOX_NOW if item.get("now") else BOX
    corner, style = (shape["x"], shape["y"]), "round,pad=0,rounding_size=6"
    ax.add_patch(FancyBboxPatch(corner, shape["w"], shape["h"], boxstyle=style, fc=face, ec=edge, lw=width,
                                alpha=fade, zorder=3))  # fmt: skip


def _paint_path(ax, shape, item, fade):
    points = list(zip(shape["d"][::2], shape["d"][1::2], strict=True))
    codes = [Path.MOVETO] + [Path.CURVE4] * (len(points) - 1)
    color = LIT if shape["look"] == "lit" else plots.GREY
    line = (0, (4, 2.5)) if shape["dashed"] else "-"
    above = 2 if shape["look"] == "lit" else 1
    ax.add_patch(PathPatch(Path(points, codes), fc="none", ec=color, lw=shape["width"] * 0.72, ls=line,
                           alpha=fade, zorder=above))  # fmt: skip
