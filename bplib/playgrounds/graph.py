"""The graph explorer: f = (x + y)(x + z) as a computational graph, its values and gradients on every node.

GraphExplorer()                   # at (-3, 2, 5), the whole backward pass done
GraphExplorer(1.0, 4.0, 2.0)      # somewhere else
"""

from .. import plots
from ..live.controls import slider, toggle
from ..live.explorer import Explorer
from ..live.figure import LiveFigure

NODES = {"y": (0.0, 2.0, "y"), "x": (0.0, 1.0, "x"), "z": (0.0, 0.0, "z"),
         "p": (1.6, 1.5, "+"), "q": (1.6, 0.5, "+"), "f": (3.2, 1.0, "×")}  # fmt: skip
EDGES = (("y", "p"), ("x", "p"), ("x", "q"), ("z", "q"), ("p", "f"), ("q", "f"))
# The nodes that pass their gradient on, one a step: each when everything that it receives has arrived.
ORDER = ("f", "p", "q")


def forward(x, y, z):
    """The value of every node, by name: p = x + y, q = x + z, f = p q."""
    p, q = x + y, x + z
    return {"x": x, "y": y, "z": z, "p": p, "q": q, "f": p * q}


def backward(values, steps, *, overwrite=False):
    """Gradients of f by node, and what went back along each edge, after `steps` of 0 … 4 steps.

    Step 1 sets ∂f/∂f = 1; in each further step one node of `ORDER` multiplies its gradient by its local
    slopes and adds the products to its parents' gradients. overwrite: it puts them there in place of what had
    arrived before.
    """
    slopes = {("p", "f"): values["q"], ("q", "f"): values["p"]}  # a sum passes its gradient on unchanged
    gradients, sent = ({"f": 1.0}, {}) if steps else ({}, {})
    for node in ORDER[: max(steps - 1, 0)]:
        for edge in EDGES:
            if edge[1] == node:
                sent[edge] = gradients[node] * slopes.get(edge, 1.0)
                before = 0.0 if overwrite else gradients.get(edge[0], 0.0)
                gradients[edge[0]] = before + sent[edge]
    return gradients, sent


STEPS = len(ORDER) + 1


class GraphExplorer(Explorer):
    """Sliders for x, y, z; forward values above the nodes, gradients below, a backward step at a click.

    GraphExplorer(x=-3.0, y=2.0, z=5.0). `.steps` is how far the backward pass has come, 0 … 4; `.gradients`
    are the gradients by node so far. The box spoils the pass at its fork: = in place of +=.
    """

    alt = (
        "The graph of f = (x + y)(x + z): the value above each node, the gradient of f below it, and on each "
        "arrow what comes back along it"
    )

    def __init__(self, x=-3.0, y=2.0, z=5.0, *, key=None):
        self.steps = STEPS
        super().__init__(
            LiveFigure(680, 330),
            x=slider("x", float(x), -6.0, 6.0, 0.5),
            y=slider("y", float(y), -6.0, 6.0, 0.5),
            z=slider("z", float(z), -6.0, 6.0, 0.5),
            overwrite=toggle("spoil it: = in place of +="),
            buttons={"Forward only": lambda: self._go(0), "Back one step": lambda: self._go(self.steps + 1),
                     "All the way back": lambda: self._go(STEPS)},
            key=key,
        )  # fmt: skip

    def _go(self, steps):
        self.steps = min(steps, STEPS)

    def build(self, figure):
        ax = self.live.axes(0, 0, 680, 330)
        blank = dict.fromkeys(NODES, "")
        graph = plots.computational_graph(ax, NODES, EDGES, values=blank, gradients=blank)
        ax.set(xlim=(-0.55, 3.95), ylim=(-0.62, 2.55))
        side = {"color": plots.INK, "fontsize": 10, "va": "center"}
        ax.text(1.6, 2.02, "p = x + y", ha="center", **side)
        ax.text(1.6, -0.04, "q = x + z", ha="center", **side)
        ax.text(3.42, 1.0, "f = p q", ha="left", **side)
        ax.text(2.3, 2.4, "above: value, forward →", color=plots.VALUE, fontsize=9.5, va="center")
        ax.text(
            2.3, 2.2, "below: gradient ∂f/∂…, backward ←", color=plots.GRADIENT, fontsize=9.5, va="center"
        )
        self.nodes, self.notes = graph.nodes, graph.edge_texts
        self.sent = {}
        for a, b in EDGES:
            (x0, y0), (x1, y1) = graph.positions[a], graph.positions[b]
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
            self.sent[a, b] = ax.text((x0 + x1) / 2, (y0 + y1) / 2, "", color=plots.GRADIENT, fontsize=9.5,
                                      ha="center", va="center", bbox=box, zorder=2)  # fmt: skip
        self.live.moving(*self.nodes.values(), *graph.node_texts.values(), *self.notes.values())
        self.live.moving(*self.sent.values())

    def update(self, x, y, z, overwrite):
        values = forward(x, y, z)
        self.gradients, sent = backward(values, self.steps, overwrite=overwrite)
        active = ORDER[self.steps - 2] if self.steps >= 2 else "f" if self.steps else None
        for name in NODES:
            self.notes[name, ""].set_text(_number(values[name]))
            shown = name in self.gradients
            self.notes[name, "∂"].set_text(f"∂ {_number(self.gradients[name])}" if shown else "")
            self.nodes[name].set_facecolor(plots.ORANGE if name == active else plots.PAPER)
        for edge, text in self.sent.items():
            text.set_text(f"← {_number(sent[edge])}" if edge in sent else "")
            text.set_visible(edge in sent)
        return self._sentence(values, sent, active)

    def _sentence(self, values, sent, active):
        if not self.steps:
            return f"Forward: {', '.join(f'{name} = {_number(values[name])}' for name in 'pqf')}."
        done = {
            1: "∂f/∂f = 1: the backward pass starts here.",
            2: "× passes back 1 times the other factor: q to p, and p to q.",
            3: "+ passes its gradient on unchanged: to y, and to x, which waits for its second share.",
            4: "+ passes its gradient on: to z, and to x, whose two shares ",
        }[self.steps]
        if self.steps == STEPS:
            one, two = sent["x", "p"], sent["x", "q"]
            h = 1e-4
            nudged = forward(values["x"] + h, values["y"], values["z"])["f"]
            slope = round((nudged - values["f"]) / h, 2) + 0.0  # no minus sign before a zero
            verb = "overwrite each other" if self.controls["overwrite"].value else "add"
            done += (f"{verb}: {_number(one)} and {_number(two)} give {_number(self.gradients['x'])}. "
                     f"Nudging x by {h:g} finds {_number(slope)}.")  # fmt: skip
        return f"Step {self.steps} of {STEPS}. {done}"


def _number(value):
    return format(value, ".4g").replace("-", "−")
