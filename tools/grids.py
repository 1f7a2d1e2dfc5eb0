"""Pictures of an explorer at every place of one or two of its controls, for pages that have no kernel.

The pictures are drawn by the same Python as in the notebook; on the page sliders and menus move through them.
What the explorer says of each goes with it, so that the slider can be heard.
"""

import functools
import html
import importlib
import io
import itertools
import json
from dataclasses import dataclass

import numpy as np
from PIL import Image

from bplib.language import said, speaking


@dataclass(frozen=True, eq=False)
class Grid:
    """Which controls of which explorer, and where on them: the cell of the lesson ends with `call`.

    controls  name → its values; a menu has all of its own
    given     lines of the lesson that `call` needs
    """

    stem: str
    call: str
    module: str
    controls: dict
    given: str = ""


def _steps(low, high, step):
    return tuple(round(float(value), 10) for value in np.arange(low, high + step / 2, step))


ROWS = """X = np.array([[0.5], [1.0], [1.5], [2.0], [2.5], [3.0]])
Y = np.array([[1.1], [1.4], [2.4], [2.3], [3.2], [3.3]])
"""
RATES = (0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.32, 0.35, 0.36, 0.38, 0.4, 0.45, 0.5, 0.7, 1.0)
GRIDS = (
    Grid("01_chain_rule", "GraphExplorer()", "graph", {"x": _steps(-6, 6, 0.5)}),
    Grid("02_activations", 'SlopeExplorer(activation="sigmoid", z=2.0)', "slopes",
         {"z": _steps(-6, 6, 0.5)}),
    Grid("02_activations", 'ChainExplorer(activation="sigmoid", w=1.0, b=0.0, layers=20)', "slopes",
         {"w": _steps(-5, 5, 0.5)}),
    Grid("03_gradient_descent", "DescentExplorer(X, Y, learning_rate=0.32)", "descent",
         {"learning_rate": RATES, "batch_size": ()}, ROWS),
    Grid("05_matrix_gradients", "ShapePuzzle(3, 3, 3)", "shapes", {"left": (), "right": ()}),
    Grid("05_matrix_gradients", "Brink(2.0)", "divergence", {"learning_rate": _steps(0.2, 4, 0.2)}),
    Grid("08_xor", "MirrorUnits(epoch=600)", "mirror", {"nudge": _steps(0, 0.2, 0.01)}),
    Grid("15_depth", 'DepthExplorer("sigmoid", "Xavier", depth=20)', "depth", {"depth": tuple(range(2, 21))}),
)  # fmt: skip


def _menu(control):
    """(what it shows, its values) of a menu, or None for a slider."""
    options = getattr(control, "options", None)
    if options is None:
        return None
    pairs = [option if isinstance(option, tuple) else (option, option) for option in options]
    return [said(str(label)) for label, _ in pairs], [value for _, value in pairs]


def _control(control, values):
    """HTML of a slider or a menu, at the value where the explorer begins."""
    label, menu = html.escape(said(control.description)), _menu(control)
    if menu is None:
        start = values.index(min(values, key=lambda value: abs(value - control.value)))
        names = " ".join(f"{value:g}" for value in values)
        return (
            f'<label>{label} <input type="range" min="0" max="{len(values) - 1}" value="{start}" '
            f'data-names="{names}"> <span aria-hidden="true"></span></label>'
        )
    options = "".join(
        f'<option value="{place}"{" selected" * (value == control.value)}>{html.escape(name)}</option>'
        for place, (name, value) in enumerate(zip(*menu, strict=True))
    )
    return f"<label>{label} <select>{options}</select></label>"


@functools.cache  # pages and slides show the same
def _drawn(grid, language):
    """The pictures of a grid, (bytes, what the explorer says) each, and the HTML that stands around them."""
    module = importlib.import_module(f"bplib.playgrounds.{grid.module}")
    places = []
    with speaking(language):
        names = {**vars(module), "np": np}
        exec(grid.given, names)
        explorer = eval(grid.call, names)
        values = {name: chosen or _menu(explorer.controls[name])[1] for name, chosen in grid.controls.items()}
        hands = "".join(_control(explorer.controls[name], chosen) for name, chosen in values.items())
        for chosen in itertools.product(*values.values()):
            text = said(explorer.update(**explorer.values | dict(zip(values, chosen, strict=True))))
            image, file = Image.fromarray(explorer.live.pixels()), io.BytesIO()
            image.save(file, "WEBP", lossless=False, quality=60, method=6)
            places.append((file.getvalue(), text))
        alt, (width, height) = html.escape(said(explorer.alt)), image.size
        explorer.close()
    return places, f'<img width="{width}" height="{height}" alt="{alt}">{hands}<p role="status"></p>'


def draw(grid, folder, number, language="en", *, seen="_static/grids"):
    """Write the pictures of one grid into the folder, `seen` from the page so; return what shows them."""
    places, around = _drawn(grid, language)
    found = []
    for place, (picture, text) in enumerate(places):
        name = f"{grid.stem}-{number}-{place}.webp"
        (folder / name).write_bytes(picture)
        found.append({"picture": f"{seen}/{name}", "text": text})
    data = json.dumps(found, ensure_ascii=False).replace("</", "<\\/")
    return f'<div class="bp-grid" hidden><script type="application/json">{data}</script>{around}</div>'


def of(stem, folder, language="en", **where):
    """The ends of a lesson's cells and the HTML that belongs below them; its pictures are drawn."""
    folder.mkdir(parents=True, exist_ok=True)
    mine = [grid for grid in GRIDS if grid.stem == stem]
    return {grid.call: draw(grid, folder, number, language, **where) for number, grid in enumerate(mine)}


def blocks(stem, folder, language="en"):
    """The same as blocks of a page."""
    script = '<script defer src="_static/grids.js"></script>'
    return {
        call: f"```{{raw}} html\n{shown}\n{script}\n```" for call, shown in of(stem, folder, language).items()
    }
