"""A matplotlib figure that keeps up with training: only what moves is drawn again.

Axes, ticks and labels are drawn once and kept as a background. The artists named by `moving` are drawn on a
copy of it for each frame. matplotlib marks what has changed as `stale`, so nobody has to say which is which:
a changed moving artist costs a frame, any other change costs a new background, no change costs nothing.
"""

import base64
import io

import numpy as np
from ipywidgets import Image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image as Pixels


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
        self.image = Image(
            format="png", layout={"max_width": "100%", "height": "auto", "object_fit": "contain"}
        )
        self.image.add_class("bp-figure")
        self.frames = 0
        self._moving = []
        self._background = None
        self._sharp = False

    def moving(self, *artists):
        """Name artists that change from frame to frame; they are drawn above all others, by their zorder."""
        for artist in artists:
            artist.set_animated(True)
        self._moving = sorted([*self._moving, *artists], key=lambda artist: artist.get_zorder())
        return artists

    def draw(self, *, sharp=True):
        """Draw what has changed and send it; True if there was anything to send.

        sharp: send a PNG. Otherwise a JPEG, which takes a fifth of the time: right for frames that the next
        one replaces at once.
        """
        changed = self._render()
        if not changed and (self._sharp or not sharp):
            return False
        data = (
            self._encode("PNG", compress_level=1)
            if sharp
            else self._encode("JPEG", quality=90, subsampling=0)
        )
        with self.image.hold_sync():
            self.image.format = "png" if sharp else "jpeg"
            self.image.value = data
        self._sharp = sharp
        self.frames += 1
        return True

    def pixels(self):
        """The picture as it stands, uint8 (height, width, 3)."""
        self._render()
        return np.asarray(self.canvas.buffer_rgba())[:, :, :3].copy()

    def close(self):
        """Let go of the widget and the figure."""
        close_widget(self.image)
        self._moving, self._background = [], None
        self.figure.clear()

    def _render(self):
        first = self._background is None
        if first or self.figure.stale:
            self.canvas.draw()
            # One layout for good: it is slow, and axes that jump about are hard to read.
            self.figure.set_layout_engine("none")
            self.figure.stale = False
            self._background = self.canvas.copy_from_bbox(self.figure.bbox)
        elif not any(artist.stale for artist in self._moving):
            return False
        else:
            self.canvas.restore_region(self._background)
        for artist in self._moving:
            # An invisible artist returns early from draw and would stay stale for ever.
            (artist.axes or self.figure).draw_artist(artist)
            artist.stale = False
        self.figure.stale = False
        return True

    def _encode(self, kind, **options):
        file = io.BytesIO()
        Pixels.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB").save(file, kind, **options)
        return file.getvalue()


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


def stacked_png(live_figures):
    """Several live figures one above the other as one PNG, base64 text: the picture a notebook stores."""
    parts = [live.pixels() for live in live_figures]
    width = max(part.shape[1] for part in parts)
    rows = [np.pad(part, ((0, 0), (0, width - part.shape[1]), (0, 0)), constant_values=255) for part in parts]
    picture = Pixels.fromarray(np.concatenate(rows))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    if file.tell() > 55_000:  # a palette halves it, and a notebook should stay light
        file = io.BytesIO()
        picture.quantize(128, method=Pixels.Quantize.MEDIANCUT, dither=Pixels.Dither.NONE).save(
            file, "PNG", optimize=True
        )
    return base64.b64encode(file.getvalue()).decode("ascii")


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
