"""The picture that a notebook stores for a widget whose live part is drawn by the browser itself."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..language import said_in_picture


class Still:
    """Stands among a panel's figures, but is drawn only when the notebook asks for a picture.

    size: (width, height) in pixels; paint(ax): draws into Axes that fill the figure, with coordinates in
    those pixels and y pointing down, as in an SVG.
    """

    def __init__(self, size, paint):
        self.size, self.paint = size, paint

    def draw(self, **_):
        """Nothing to send: the browser draws the live picture."""
        return False

    def pixels(self):
        """The picture as it stands, uint8 (height, width, 3)."""
        width, height = self.size
        # More than one dot a pixel, for small numbers, as far as a light notebook allows.
        dpi = min(130, 100 * (420_000 / (width * height)) ** 0.5)
        figure = Figure(figsize=(width / 100, height / 100), dpi=dpi, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        ax = figure.add_axes((0, 0, 1, 1))
        ax.set(xlim=(0, width), ylim=(height, 0))
        ax.set_axis_off()
        self.paint(ax)
        said_in_picture(figure)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()

    def close(self):
        """Let go of whoever paints."""
        self.size, self.paint = (1, 1), lambda ax: None
