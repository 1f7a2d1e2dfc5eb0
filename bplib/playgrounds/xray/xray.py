"""X-ray: a small network with one example inside, every number in sight, one layer at a click.

    XRay(network, X, Y)              # the last line of a cell; buttons: Forward, Backward, Reset, Update step
    xray = XRay(network, X, Y, row=1)
    xray.forward(); xray.run(); xray.select("w1[1,0]"); print(xray.explanation.text)

Clicking a node or an edge opens its formula with the current numbers in it, and the same number found by
finite differences. With **Paths** on, a click on an edge lights every path from it to the loss.
"""

import html
from pathlib import Path

import anywidget
import ipywidgets
import numpy as np
import traitlets

from ... import checks, storage
from ...language import said
from ...live.controls import choice, push_button, slider, toggle
from ...live.panel import Panel
from ...live.stored_picture import Still
from ...optimizers import SGD
from ...training import DivergenceError
from . import numbers, scene
from .numbers import Example, Explanation, Place, shown
from .paths import count_multiplications, count_paths

__all__ = ["XRay", "count_multiplications", "count_paths"]
_HERE = Path(__file__).parent
_MOST_PATHS = 12  # listed one by one


class Graph(anywidget.AnyWidget):
    """The picture in the browser: draws `scene`, sends {"select": name} when a node or an edge is chosen."""

    _esm = _HERE / "xray.js"
    _css = _HERE / "xray.css"
    scene = traitlets.Dict().tag(sync=True)


def _spoken(scene):
    """The scene with its words, drawn and read aloud, in the language in use."""
    items = []
    for item in scene["items"]:
        shapes = [shape | {"s": said(shape["s"])} if "s" in shape else shape for shape in item["shapes"]]
        items.append(item | {"shapes": shapes} | ({"aria": said(item["aria"])} if "aria" in item else {}))
    return scene | {"label": said(scene["label"]), "items": items}


class XRay(Panel):
    """A small network as a graph: every node with z, a and δ, every edge with w and ∂L/∂w.

    network: affine layers, each with a sigmoid, tanh, ReLU or nothing, and one of the course's losses; at
    most 3 layers of at most 6 units. X (N, n₀) and Y as the loss wants them; `row` is the example shown. δ is
    that one example's ∂L/∂z, and the gradients are of its loss alone. The network is copied in float64: the
    learner's stays as it is, `.network` is the copy that `update_step` trains.

    Names: "x[0]", "a1[0]" (also "z1[0]", "delta1[0]"), "w1[1,0]" (to unit 1 from unit 0, columns as in the
    published formulas; "W1[0,1]" is the same weight as the arrays of `Affine` count), "b1[0]", "L". Numbers
    in brackets count from 0, those in formulas from 1. `rows` writes formulas as for Z = X W: w¹₁₂ for the
    w¹₂₁ of columns. `.example` holds all numbers, `.explanation` what is open.
    """

    def __init__(
        self, network, X, Y, *, row=0, learning_rate=0.5, paths=False, rows=False, note=None, key=None
    ):
        network = storage.astype(network, np.float64)
        anatomy = numbers.Anatomy(network)
        self.network, self._X, self._Y = network, X, Y
        self._kept = self._weights()
        n_rows = len(checks.real("XRay", "X", X))
        self._row = checks.whole_number("XRay", "row", row, 0, n_rows - 1)
        self._rows = bool(rows)
        self.example = self._trace()
        self._depth = anatomy.depth
        self._done, self._selected = 0, None
        biases = [b is not None for b in self.example.b]
        self._layout = scene.Layout(anatomy.sizes, biases)
        super().__init__(key=key)
        functions, loss = ", ".join(anatomy.functions[1:]), anatomy.loss.replace("_", " ")
        self.alt = (
            f"X-ray of a {anatomy} network ({functions}; {loss}) for one example: z, a and δ on every unit, "
            "the weight and its gradient on every edge"
        )
        self.figures = (Still((self._layout.width, self._layout.height), self._paint),)

        self.graph = Graph(
            layout={"width": f"{self._layout.width}px", "max_width": "100%", "flex": "0 1 auto"}
        )
        self.graph.on_msg(lambda _, message, __: self.post(self._heard, message))
        self.formula = ipywidgets.HTMLMath()
        self.formula.add_class("bp-xray-formula")
        self.buttons = {}
        for label, action, about in (
            ("Forward", self._forward, "Compute the next layer, then the loss"),
            ("Backward", self._backward, "Compute δ and the gradients of the layer before"),
            ("To the end", self._to_the_end, "All that is left of both passes"),
            ("Update step", self._update_step, "Subtract η times the gradient, then start again"),
            ("Reset", self._reset, "The first weights, nothing computed"),
        ):
            self.buttons[label] = self.connect(push_button(label, help=about), action)
        self.controls = {
            "learning_rate": slider(
                "η", learning_rate, 0.01, 10.0, log=True, help="Learning rate of the step"
            ),
            "paths": toggle("Paths", paths, help="Light every path from the chosen edge to the loss"),
            "rows": toggle(
                "As rows", rows, help="Write weights as in Z = X W, from unit to unit, not w to from"
            ),
        }
        self.controls["learning_rate"].layout.width = "230px"
        examples = [(self._row_label(i), i) for i in range(n_rows)]
        self.controls["row"] = choice("Example", examples, row)
        self.controls["paths"].observe(lambda _: self.post(self._show), names="value")
        self.controls["row"].observe(lambda _: self.post(self._change_row), names="value")
        self.controls["rows"].observe(lambda _: self.post(self._rewrite), names="value")
        first = [self.buttons[label] for label in ("Forward", "Backward", "To the end", "Reset")]
        first.append(self.controls["row"])
        if n_rows == 1:
            self.controls["row"].layout.display = "none"
        second = [self.buttons["Update step"], self.controls["learning_rate"], self.controls["paths"]]
        second.append(self.controls["rows"])
        side = ipywidgets.Box(
            [self.formula], layout={"flex": "1 1 320px", "min_width": "0", "max_width": "100%"}
        )
        body = ipywidgets.Box(
            [self.graph, side], layout={"flex_flow": "row wrap", "max_width": "100%", "align_items": "center"}
        )
        if note is None:
            note = (
                "Press <b>Forward</b> until the loss is there, then <b>Backward</b>. Choose a node or an "
                "edge to see where its number comes from, by mouse or with Tab, arrow keys and Enter."
            )
        self.assemble(first, second, body, note=note)
        self._show("Only inputs and weights are known: press Forward")

    # What a cell calls; a learner's hand does the same with the buttons.

    @property
    def stage(self):
        """Where the passes stand: ("start", 0), ("forward", l), ("loss", 0) or ("backward", l)."""
        if self._done == 0:
            return "start", 0
        if self._done <= self._depth:
            return "forward", self._done
        if self._done == self._depth + 1:
            return "loss", 0
        return "backward", 2 * self._depth + 2 - self._done

    @property
    def explanation(self) -> Explanation | None:
        """What is open: the Explanation of the chosen node or edge, or None."""
        return None if self._selected is None else self._explain(self._selected)

    def forward(self):
        """The next layer's z and a; after the last layer, the loss. RuntimeError when that is done."""
        if self._done > self._depth:
            raise RuntimeError("XRay: the forward pass is complete: backward() comes next, or reset()")
        self.post(self._forward)
        return self

    def backward(self):
        """δ and the gradients of the next layer towards the inputs. RuntimeError before the loss is known."""
        if self._done <= self._depth:
            left = self._depth + 1 - self._done
            raise RuntimeError(f"XRay: backward starts at the loss: {left} more forward() first")
        if self._done == 2 * self._depth + 1:
            raise RuntimeError("XRay: the backward pass is complete: update_step() comes next, or reset()")
        self.post(self._backward)
        return self

    def run(self, n=None):
        """n clicks on Forward and then Backward; without n all that are left."""
        left = 2 * self._depth + 1 - self._done
        n = left if n is None else checks.whole_number("XRay", "the number of clicks", n, 0, left)
        self.post(self._advance, n)
        return self

    def update_step(self):
        """W ← W − η ∂L/∂W by this example's gradients, then stage "start" again.

        RuntimeError before all of them are known.
        """
        if self._done <= 2 * self._depth:
            raise RuntimeError("XRay: a step needs every gradient: run() first. All δ before any update")
        self.post(self._update_step)
        return self

    def reset(self):
        """The first weights, nothing computed."""
        self.post(self._reset)
        return self

    def select(self, name):
        """Open the formula of a node or an edge by its name, such as "w1[1,0]"; None closes it."""
        place = None if name is None else self._find(name)
        self.post(self._select, place)
        return self

    # On the panel's own thread

    def _forward(self):
        if self._done <= self._depth:
            self._advance(1)

    def _backward(self):
        if self._depth < self._done <= 2 * self._depth:
            self._advance(1)

    def _to_the_end(self):
        self._advance(2 * self._depth + 1 - self._done)

    def _advance(self, n):
        self._done += n
        self._show(self._story())

    def _reset(self):
        self._restore(self._kept)
        self._done = 0
        self.example = self._trace()
        self._show("The first weights again: press Forward")

    def _update_step(self):
        if self._done <= 2 * self._depth:
            return
        before, rate = self.example.L, self.controls["learning_rate"].value
        X, Y = numbers.one_row(self.network, self._X, self._Y, self._row)
        weights = self._weights()
        with np.errstate(over="ignore", invalid="ignore"):
            SGD(rate).step(self.network, self.network.gradients(X, Y)[1])
            after = self._trace()
        if not np.isfinite(after.L):
            self._restore(weights)
            raise DivergenceError(
                f"The step with η = {shown(rate)} makes the loss {shown(after.L)}, so it was not taken: try "
                "a smaller η, or press Reset"
            )
        self._done, self.example = 0, after
        self._show(
            f"Step with η = {shown(rate)}: every w − η ∂L/∂w. The loss was {shown(before)}: what is it now?"
        )

    def _weights(self):
        return [{name: p.copy() for name, p in layer.params.items()} for layer in self.network.layers]

    def _restore(self, weights):
        for layer, kept in zip(self.network.layers, weights, strict=True):
            for name, p in kept.items():
                layer.params[name][...] = p

    def _change_row(self):
        self._row = self.controls["row"].value
        self.example = self._trace()
        self._show(f"Example {self._row_label(self._row)}")

    def _select(self, place):
        self._selected = place
        self._show("" if place is None else self.explanation.summary)

    def _heard(self, message):
        name = message.get("select") if isinstance(message, dict) else None
        place = self._find(name) if isinstance(name, str) else None
        self._select(None if place == self._selected else place)

    def _show(self, text=None):
        self.recover()
        self.graph.scene = _spoken(self.scene())
        self.formula.value = said(self._opened())
        done, depth = self._done, self._depth
        self.buttons["Forward"].disabled = done > depth
        self.buttons["Backward"].disabled = not depth < done <= 2 * depth
        self.buttons["To the end"].disabled = done == 2 * depth + 1
        self.buttons["Update step"].disabled = done <= 2 * depth
        if text is None and self.controls["paths"].value:
            sizes = self.example.anatomy.sizes
            text = (
                f"{count_paths(sizes)} paths lead through {self.example.anatomy}, yet "
                f"{count_multiplications(sizes)} products w·δ give every hidden δ: choose an edge"
            )
        if text is not None:
            self.say(text)

    # Reading the model

    def scene(self, done=None):
        """The picture as plain data (see `xray_scene`), at the present stage or after `done` clicks."""
        forward, backward, loss_known, now = self._reached(self._done if done is None else done)
        picture = scene.scene(
            self.example, self._layout, forward=forward, backward=backward, loss_known=loss_known,
            selected=self._selected, paths_shown=self.controls["paths"].value, now=now,
        )  # fmt: skip
        return picture | {"label": self.alt}

    def _reached(self, done):
        depth = self._depth
        backward = 2 * depth + 2 - done if done > depth + 1 else depth + 1
        if backward == 1:
            backward = 0  # the last click also gives ∂L/∂x
        now = None if done == 0 else self.stage if done == self._done else None
        return min(done, depth), backward, done > depth, now

    def _paint(self, ax):
        # An untouched X-ray has little to show where no kernel runs: there, both passes are complete.
        scene.paint(ax, _spoken(self.scene(self._done or 2 * self._depth + 1)))

    def _explain(self, place):
        forward, backward, loss_known, _ = self._reached(self._done)
        return self.example.explain(place, forward, backward, loss_known)

    def _trace(self):
        example = Example(self.network, *numbers.one_row(self.network, self._X, self._Y, self._row))
        example.rows = self._rows
        return example

    def _rewrite(self):
        self._rows = self.example.rows = self.controls["rows"].value
        how = "Z = X W, w from unit to unit" if self._rows else "z = W a, w to a unit from a unit"
        self._show(f"Weights are written as in {how}")

    def _row_label(self, i):
        X, Y = numbers.one_row(self.network, self._X, self._Y, i)
        y = ", ".join(shown(v) for v in np.ravel(Y))
        return f"{i}: x = ({', '.join(shown(v) for v in X[0])}), y = {y}"

    def _find(self, name):
        for place, names in self._places():
            if str(name).replace(" ", "") in names:
                return place
        raise ValueError(
            f"XRay: there is no {name!r} in {self.example.anatomy}: names are like 'x[0]', 'a1[0]', "
            "'w1[0,0]' (to, from), 'W1[0,0]' (from, to), 'b1[0]' or 'L', counted from 0"
        )

    def _places(self):
        sizes = self.example.anatomy.sizes
        yield Place("L"), ("L",)
        for l, n in enumerate(sizes):
            for j in range(n):
                unit = Place("unit", l, j)
                yield unit, (unit.name, f"a{l}[{j}]", *(f"{q}{l}[{j}]" for q in ("z", "delta", "δ") if l))
                if not l:
                    continue
                for k in range(sizes[l - 1]):
                    weight = Place("w", l, j, k)
                    yield weight, (weight.name, f"W{l}[{k},{j}]")
                if self.example.b[l] is not None:
                    yield Place("b", l, j), (f"b{l}[{j}]",)

    def _story(self):
        where, l = self.stage
        anatomy, sup = self.example.anatomy, lambda n: str(n).translate(numbers._SUP)
        if where == "forward":
            a, before = ("ŷ" if l == self._depth else f"a{sup(l)}"), ("x" if l == 1 else f"a{sup(l - 1)}")
            bias = f" + b{sup(l)}" if self.example.b[l] is not None else ""
            return (
                f"Forward, layer {l} of {self._depth}: z{sup(l)} = W{sup(l)} {before}{bias}, then {a} by the "
                f"{anatomy.functions[l]}"
            )
        if where == "loss":
            return f"The loss is L = {shown(self.example.L)}. Now backward"
        given = "δ from the loss" if l == self._depth else f"δ{sup(l)} from δ{sup(l + 1)}"
        return f"Backward, layer {l}: {given}, then every ∂L/∂w = δ times what came in" + (
            ". Every gradient is known" if l == 1 else ""
        )

    # The open formula, as HTML with LaTeX

    def _opened(self):
        if self._selected is None:
            return '<p class="bp-xray-hint">Choose a node or an edge: its formula opens here.</p>'
        told = self.explanation
        parts = [f'<p class="bp-xray-title"><b>{html.escape(told.title)}</b></p>']
        for fact in told.facts:
            left, _, right = fact.latex.partition(" = ")
            lines = [rf"{left} &= {right}"]
            if fact.value is not None:
                lines += [rf"&= {line}" for line in fact.numbers.split(" = ")]
            body = r" \\ ".join(lines)
            formula = html.escape(rf"$$\begin{{aligned}} {body} \end{{aligned}}$$", quote=False)
            parts.append(f'<div class="bp-xray-fact">{formula}')
            if fact.numerical is not None:
                rows = (
                    ("by backpropagation", f"{fact.value:.10g}"),
                    ("by finite differences", f"{fact.numerical:.10g}"),
                    ("relative difference", f"{fact.error:.0e}"),
                )
                cells = "".join(f"<tr><td>{name}</td><td>{number}</td></tr>" for name, number in rows)
                parts.append(f"<table>{cells}</table>".replace("-", "−"))
            if fact.note:
                parts.append(f'<p class="bp-xray-hint">{html.escape(fact.note)}</p>')
            parts.append("</div>")
        return "".join(parts) + self._listed_paths()

    def _listed_paths(self):
        place = self._selected
        if not self.controls["paths"].value or place.kind == "L" or place.layer == 0:
            return ""
        found = self.example.path_products(place)
        many = f"{len(found)} path{'s' * (len(found) != 1)} to the loss"
        if self._done <= self._depth:
            return f'<p class="bp-xray-hint">{many}. Their products need the forward pass.</p>'
        rows = []
        for route, factors, product in found[:_MOST_PATHS]:
            start = [place.source + 1] if place.kind == "w" else []
            way = " → ".join(str(n) for n in [*start, *(j + 1 for j in route)]) + " → L"
            numbers = " · ".join(f"({shown(f)})" if f < 0 else shown(f) for f in factors)
            rows.append(f"<tr><td>{way}</td><td>{numbers} =</td><td>{shown(product)}</td></tr>")
        if len(found) > _MOST_PATHS:
            rows.append(f"<tr><td>and {len(found) - _MOST_PATHS} more</td><td></td><td></td></tr>")
        total = sum(product for _, _, product in found)
        rows.append(f"<tr><td><b>sum</b></td><td></td><td><b>{shown(total)}</b></td></tr>")
        title = f'<p class="bp-xray-title"><b>{many}</b>, unit by unit</p>'
        return f'<div class="bp-xray-fact">{title}<table>{"".join(rows)}</table></div>'
