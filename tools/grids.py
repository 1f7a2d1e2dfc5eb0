"""Pictures of an explorer at every place of one slider, for pages that have no kernel.

The pictures are drawn by the same Python as in the notebook; on the page a slider moves through them. What
the explorer says of each goes with it, so that the slider can be heard.
"""

import html
import importlib
import json
from dataclasses import dataclass

import numpy as np
from PIL import Image

from bplib.language import said, speaking


@dataclass(frozen=True)
class Grid:
    """Which slider of which explorer: the cell of the lesson ends with `call`."""

    stem: str
    call: str
    module: str
    control: str
    values: tuple


def _steps(low, high, step):
    return tuple(round(float(value), 10) for value in np.arange(low, high + step / 2, step))


GRIDS = (
    Grid("01_chain_rule", "GraphExplorer()", "graph", "x", _steps(-6, 6, 0.5)),
    Grid("02_activations", 'SlopeExplorer(activation="sigmoid", z=2.0)', "slopes", "z", _steps(-6, 6, 0.5)),
    Grid("02_activations", 'ChainExplorer(activation="sigmoid", w=1.0, b=0.0, layers=20)', "slopes", "w",
         _steps(-5, 5, 0.5)),
    Grid("05_matrix_gradients", "Brink(2.0)", "divergence", "learning_rate", _steps(0.2, 4, 0.2)),
    Grid("08_xor", "MirrorUnits(epoch=600)", "mirror", "nudge", _steps(0, 0.2, 0.01)),
    Grid("15_depth", 'DepthExplorer("sigmoid", "Xavier", depth=20)', "depth", "depth", tuple(range(2, 21))),
)  # fmt: skip


def draw(grid, folder, number, language="en"):
    """Write the pictures of one grid into the folder; returns the block of HTML that shows them."""
    module = importlib.import_module(f"bplib.playgrounds.{grid.module}")
    places = []
    with speaking(language):
        explorer = eval(grid.call, vars(module))
        control = explorer.controls[grid.control]
        start = grid.values.index(min(grid.values, key=lambda value: abs(value - control.value)))
        for place, value in enumerate(grid.values):
            text = said(explorer.update(**explorer.values | {grid.control: value}))
            name = f"{grid.stem}-{number}-{place}.webp"
            image = Image.fromarray(explorer.live.pixels())
            image.save(folder / name, "WEBP", lossless=False, quality=60, method=6)
            places.append({"value": f"{value:g}", "picture": f"_static/grids/{name}", "text": text})
        label, (width, height) = said(control.description), image.size
        explorer.close()
    data = json.dumps(places, ensure_ascii=False).replace("</", "<\\/")
    return (
        f'```{{raw}} html\n<div class="bp-grid" hidden><script type="application/json">{data}</script>'
        f'<img width="{width}" height="{height}" alt="{html.escape(said(explorer.alt))}">'
        f'<label>{html.escape(label)} <input type="range" min="0" max="{len(places) - 1}" value="{start}">'
        f' <span aria-hidden="true"></span></label><p role="status"></p></div>\n'
        '<script type="module" src="_static/grids.js"></script>\n```'
    )


def blocks(stem, folder, language="en"):
    """The ends of a lesson's cells and the blocks that belong below them, drawn into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mine = [grid for grid in GRIDS if grid.stem == stem]
    return {grid.call: draw(grid, folder, number, language) for number, grid in enumerate(mine)}
