"""An `Explorer`: controls that redraw a figure."""

import time

from .. import plots
from .controls import push_button
from .panel import Panel


class Explorer(Panel):
    """Controls that redraw a figure: no training, nothing that runs by itself.

    A subclass gives `build` and `update`; the names of the controls are the arguments of `update`:

        class Slope(Explorer):
            alt = "The curve of tanh with its tangent at z = 1"

            def __init__(self):
                super().__init__(LiveFigure(640, 320), z=slider("z", 1.0, -4, 4), note="Drag z.")

            def build(self, figure):          # once: everything that stands still
                ax = figure.subplots()
                z = np.linspace(-4, 4, 200)
                ax.plot(z, np.tanh(z))
                (self.tangent,) = self.live.moving(*ax.plot([], [], "--"))

            def update(self, z):              # at each change: move artists, return the status line
                slope = 1 - np.tanh(z) ** 2
                self.tangent.set_data([z - 1, z + 1], [np.tanh(z) - slope, np.tanh(z) + slope])
                return f"z = {z:.2f}, slope {slope:.4f}"

    `.controls` holds the widgets by name (`explorer.controls["z"].value = 0.5`), `.live` the (first) figure.
    buttons: label -> function without arguments, which changes the explorer's own state; then `update` runs.
    `.buttons["Next"].click()` presses one. What `build` needs must be set before `super().__init__`.
    A burst of events is drawn 30 times a second at most, always ending with the last.
    """

    fps = 30

    def __init__(self, figure, *, note="", buttons=None, key=None, **controls):
        super().__init__(key=key)
        self.figures = tuple(figure) if isinstance(figure, (list, tuple)) else (figure,)
        self.live = self.figures[0]
        self.controls = controls
        self.buttons = {}
        self._drawn, self._timer, self._due = 0.0, None, False
        for label, action in (buttons or {}).items():
            self.buttons[label] = self.connect(push_button(label), self._pressed(action))
        with plots.style():
            self.build(*(live.figure for live in self.figures))
        self.refresh()
        for control in controls.values():
            control.observe(lambda _: self.post(self._request), names="value")
        rows = [list(controls.values()), list(self.buttons.values())]
        self.assemble(*(row for row in rows if row), *(live.image for live in self.figures), note=note)

    def build(self, *figures):
        """Make axes and artists in the matplotlib figures; called once."""
        raise TypeError(f"{type(self).__name__} must define build(self, figure) and update(self, <controls>)")

    def update(self, **values):
        """Move the artists to the values of the controls; the text returned goes on the status line."""
        raise TypeError(f"{type(self).__name__} must define build(self, figure) and update(self, <controls>)")

    @property
    def values(self):
        """The controls' values by name, as `update` gets them."""
        return {name: control.value for name, control in self.controls.items()}

    def refresh(self):
        """Update and draw now."""
        self._due = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        text = self.update(**self.values)
        self.recover()
        self.draw_figures()
        self._drawn = time.monotonic()
        if text is not None:
            self.say(text)

    def _pressed(self, action):
        def act():
            action()
            self._request()

        return act

    def _request(self):
        wait = self._drawn + 1 / self.fps - time.monotonic()
        if self.loop is None or wait <= 0:
            self.refresh()
        elif not self._due:
            self._due = True
            self._timer = self.loop.call_later(wait, self._call, self.refresh)

    def _repr_mimebundle_(self, include=None, exclude=None):
        if self._due:
            self.post(self.refresh)
        return super()._repr_mimebundle_(include, exclude)
