"""The live part of the course: ipywidgets that train, draw and answer while they do.

Two kinds, both small to write (see the docstrings of `Explorer` and `Playground`, which hold an example):

- `Explorer`: controls redraw a figure. Subclass it, give `build(figure)` and `update(<controls>)`.
- `Playground`: something trains. Give a model (`step`, `observe`, `adopt`), a view (`figures`, `update`) and
  controls named like the fields of a frozen settings object; play, pause, step, reset, speed, errors,
  the re-run cell and the stored picture are then taken care of.

Rules that keep them alive in the hand:

- Artists are made once and named by `live.moving(...)`; `update` only moves them (set_data, set_text). Any
  other change (limits, titles) is allowed and costs a fresh background, some 40 ms: let limits grow in jumps.
- Images that change: `Raster(ax, cmap=...)`, ten times as fast to draw as `imshow`.
- Axes are made in the style of `bplib.plots`, whose functions draw what stands still.
- No pyplot, no `Output` widget, no threads, no sleeping, no printing.
- Give `alt`: one sentence for those who see no picture. It is the cell's text output, so no changing numbers.
- The last line of the cell is the panel itself.

In a test: `explorer.controls["z"].value = 2.0`, `explorer.buttons["Next"].click()`, `playground.run(100)`,
then look at `.error`, `.status.value` and your own artists.
"""

from .controls import choice, push_button, slider, toggle
from .explorer import Explorer
from .figure import LiveFigure, Raster, Trace, round_up
from .panel import Panel, close_all
from .player import Player
from .playground import Playground, Settings

__all__ = [
    "Explorer",
    "LiveFigure",
    "Panel",
    "Player",
    "Playground",
    "Raster",
    "Settings",
    "Trace",
    "choice",
    "close_all",
    "push_button",
    "round_up",
    "slider",
    "toggle",
]
