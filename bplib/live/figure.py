"""A matplotlib figure that keeps up with training: only what moves is drawn again.

Axes, ticks and labels are drawn once and kept as a background. The artists named by `moving` are drawn on a
copy of it for each frame. matplotlib marks what has changed as `stale`, so nobody has to say which is which:
a changed moving artist costs a frame, any other change costs a new background, no change costs nothing.
"""

import base64
import io

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from PIL import Image as Pixels

from .. import plots
from ..language import said_in_picture
from .page import Picture

# How a picture is encoded at each quality level, moving and standing still: a JPEG takes a fifth of a PNG's
# time, and what moves is replaced at once. On a link that carries few bytes first colours become coarser,
# then the number of dots smaller.
_JPEG = {
    "fine": {"quality": 90, "subsampling": 0},
    "fair": {"quality": 80},
    "coarse": {"quality": 40},
}
_MOVING = ("fair", "coarse", "half", "coarse half")
_STILL = ("png", "fine", "fair", "fair")


class LiveFigure:
    """A figure of width × height pixels that is shown in the widget `image`.

    Make axes and artists once, name the artists that will change, then change them and call `draw`:

        live = LiveFigure(640, 320)
        ax = live.figure.subplots()
        (curve,) = live.moving(*ax.plot([], []))
        curve.set_data(x, y)
        live.draw()

    The figure keeps a light ground in every theme, so that it is the same picture live, stored and printed.
    pyplot is not involved: callbacks may use it while a cell plots.
    """

    def __init__(self, width=640, height=320):
        self.width, self.height = width, height
        self.figure = Figure(
            figsize=(width / 100, height / 100), dpi=100, facecolor="white", layout="constrained"
        )
        self.canvas = FigureCanvasAgg(self.figure)
        self.image = Picture(layout={"width": f"{width}px", "max_width": "100%"})
        self.frames = 0
        self.owed = False  # something has changed, and no page had room for it
        self._moving, self._seldom = [], []
        self._background = self._below = None
        self._sharp = False

    def axes(self, left, bottom, width, height):
        """An Axes at that place, in pixels from the lower left corner; nothing lays it out any more."""
        self.figure.set_layout_engine("none")
        ax = self.figure.add_axes((0, 0, 1, 1))
        self.place(ax, left, bottom, width, height)
        return ax

    def place(self, ax, left, bottom, width, height, *, aspect=None):
        """Move ax there; with aspect (width over height) as large as fits, at the top left."""
        if aspect is not None:
            top, width, height = bottom + height, min(width, height * aspect), min(height, width / aspect)
            bottom = top - height
        where = (left / self.width, bottom / self.height, width / self.width, height / self.height)
        if not np.allclose(ax.get_position(original=True).bounds, where):
            ax.set_position(where)

    def place_of(self, x, y):
        """(Axes, x, y in its data) at a click on the image, (0, 0) … (1, 1) from the upper left; or None."""
        pixel = x * self.width, (1 - y) * self.height
        ax = next((ax for ax in self.figure.axes if ax.bbox.contains(*pixel)), None)
        return ax and (ax, *map(float, ax.transData.inverted().transform(pixel)))

    def moving(self, *artists):
        """Name artists that change from frame to frame; they are drawn above all others, by their zorder."""
        for artist in artists:
            artist.set_animated(True)
        self._moving = sorted([*self._moving, *artists], key=lambda artist: artist.get_zorder())
        return artists

    def seldom(self, *artists):
        """Name artists that change now and then, not in every frame: they are kept under those that move."""
        for artist in artists:
            artist.set_animated(True)
        self._seldom = sorted([*self._seldom, *artists], key=lambda artist: artist.get_zorder())
        return artists

    def draw(self, *, sharp=True, for_hand=False, at_once=False):
        """Draw what has changed and send it; False if nothing changed, or no page has room for it now.

        sharp: for good, not until the next frame. for_hand: somebody waits for it. at_once: room or not,
        since a page is about to show it.
        """
        if not at_once and not self.image.room(for_hand=for_hand or sharp):
            self.owed = True
            return False
        changed = self._render()
        if not (changed or self.owed) and (self._sharp or not sharp):
            return False
        level = self.image.level
        self.image.send(*self._encode((_STILL if sharp else _MOVING)[level]))
        self._sharp, self.owed = sharp, False
        self.frames += 1
        return True

    def pixels(self):
        """The picture as it stands, uint8 (height, width, 3)."""
        self._render()
        return np.asarray(self.canvas.buffer_rgba())[:, :, :3].copy()

    def close(self):
        """Let go of the widget and the figure."""
        close_widget(self.image)
        self._moving, self._seldom, self._background, self._below = [], [], None, None
        self.figure.clear()

    def _render(self):
        """Bring the canvas up to date; False if it was."""
        if self._background is None or self.figure.stale:
            said_in_picture(self.figure)
            self.canvas.draw()
            # One layout for good: it is slow, and axes that jump about are hard to read.
            self.figure.set_layout_engine("none")
            self._background = self.canvas.copy_from_bbox(self.figure.bbox)
            self._below = None
        if self._below is None or any(artist.stale for artist in self._seldom):
            self._below = self._background
            if self._seldom:
                self.canvas.restore_region(self._background)
                self._draw_artists(self._seldom)
                self._below = self.canvas.copy_from_bbox(self.figure.bbox)
        elif not any(artist.stale for artist in self._moving):
            return False
        self.canvas.restore_region(self._below)
        self._draw_artists(self._moving)
        self.figure.stale = False
        return True

    def _draw_artists(self, artists):
        for artist in artists:
            said_in_picture(artist)
            (artist.axes or self.figure).draw_artist(artist)
            artist.stale = (
                False  # one that is invisible returns early from draw and would stay stale for ever
            )

    def _encode(self, how):
        """The canvas as (bytes, format)."""
        file, picture = io.BytesIO(), Pixels.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB")
        if how == "png":
            picture.save(file, "PNG", compress_level=1)
            return file.getvalue(), "png"
        if "half" in how:  # as large on the page, with a quarter of the dots
            picture, how = picture.reduce(2), "coarse" if "coarse" in how else "fair"
        picture.save(file, "JPEG", **_JPEG[how])
        return file.getvalue(), "jpeg"


class Raster(Artist):
    """An array of numbers as an image that fills an Axes; ten times as fast to draw as `imshow`.

    `set_values(values)` takes (h, w), row 0 at the top, low … high to the colours of cmap; NaN becomes `bad`.
    smooth=True interpolates between the numbers (which must then be finite).
    """

    zorder = 0

    def __init__(self, ax, *, cmap, low=0.0, high=1.0, smooth=False, bad=plots.FAINT):
        super().__init__()
        colors = np.vstack([cmap(np.linspace(0, 1, 255)), to_rgba(bad)])
        self._palette = np.rint(255 * colors).astype(np.uint8)
        self.low, self.high, self.smooth = low, high, smooth
        self._values = np.full((1, 1), low)
        ax.add_artist(self)

    def set_values(self, values):
        """Show these values from the next frame on."""
        self._values = np.asarray(values, dtype=np.float32)
        self.stale = True

    def draw(self, renderer):
        if self.get_visible():
            x0, y0, x1, y1 = np.rint(self.axes.bbox.extents).astype(int)
            width, height = max(x1 - x0, 1), max(y1 - y0, 1)
            values = self._values
            if self.smooth:
                picture = Pixels.fromarray(values).resize((width, height), Pixels.Resampling.BILINEAR)
                index = self._index(np.asarray(picture))
            else:
                h, w = values.shape
                rows, columns = np.arange(height) * h // height, np.arange(width) * w // width
                index = self._index(values)[rows[:, None], columns]
            gc = renderer.new_gc()
            renderer.draw_image(gc, x0, y0, self._palette.take(index, axis=0)[::-1])
            gc.restore()
        self.stale = False

    def _index(self, values):
        scaled = (values - self.low) * (254 / (self.high - self.low))
        bad = np.isnan(scaled)
        index = np.clip(np.where(bad, 0, scaled), 0, 254).astype(np.uint8)
        index[bad] = 255
        return index


class Trace:
    """The course of some numbers over steps in bounded memory: when full, every second entry is dropped.

    `append(step, a, b)` takes one value for each column; `steps` and `columns` are what is kept of them.
    Neighbours are averaged, so a noisy curve stays true when it thins out.
    """

    def __init__(self, n_columns=1, capacity=1000):
        if capacity < 4 or capacity % 2:
            raise ValueError(f"Trace: capacity must be an even number of at least 4, got {capacity}")
        self._table = np.empty((capacity, 1 + n_columns))
        self._sum = np.zeros(1 + n_columns)
        self.clear()

    def clear(self):
        """Forget everything."""
        self._n, self._every, self._waiting = 0, 1, 0
        self._sum[:] = 0.0

    def append(self, step, *values):
        """Add the values of one step."""
        self._sum += (step, *values)
        self._waiting += 1
        if self._waiting < self._every:
            return
        if self._n == len(self._table):
            half = self._n // 2
            self._table[:half] = 0.5 * (self._table[0::2] + self._table[1::2])
            self._n, self._every = half, 2 * self._every
        self._table[self._n] = self._sum / self._waiting
        self._n += 1
        self._sum[:] = 0.0
        self._waiting = 0

    def __len__(self):
        return self._n

    @property
    def steps(self):
        """The steps kept, (n,)."""
        return self._table[: self._n, 0]

    @property
    def columns(self):
        """The values kept, (n_columns, n)."""
        return self._table[: self._n, 1:].T


def round_up(x):
    """The next of 1, 2, 5, 10, 20, … from x on: limits that grow in jumps, as each costs a background."""
    power = 10.0 ** np.floor(np.log10(max(x, 1e-300)))
    return float(next(factor for factor in (1, 2, 5, 10) if factor * power >= x * (1 - 1e-9)) * power)


def stacked_png(live_figures):
    """Several live figures one above the other as one PNG, base64 text: the picture a notebook stores."""
    parts = [live.pixels() for live in live_figures]
    width = max(part.shape[1] for part in parts)
    rows = [np.pad(part, ((0, 0), (0, width - part.shape[1]), (0, 0)), constant_values=255) for part in parts]
    return base64.b64encode(plots.packed(Pixels.fromarray(np.concatenate(rows)))).decode("ascii")


def close_widget(widget):
    """Close a widget with its layout, style and children, which `Widget.close` leaves behind."""
    for child in getattr(widget, "children", ()):
        close_widget(child)
    for name in ("layout", "style"):
        part = getattr(widget, name, None)
        if part is not None:
            part.close()
    widget.close()
    widget.unobserve_all()
