"""What every live widget of the course shares, and the two kinds there are: `Explorer` and `Playground`."""

import contextlib
import dataclasses
import html
import sys
import threading
import time
import traceback
from asyncio import get_running_loop

import ipywidgets
from IPython import get_ipython

from .. import plots
from ..training import DivergenceError
from .controls import choice, push_button
from .figure import LiveFigure, close_widget, stacked_png
from .page import PanelPage
from .player import Player

# Colours come from the theme of the page (JupyterLab, VS Code), with a fallback where there is none.
_STYLE_SHEET = """<style>
.bp-panel { max-width: 100%; padding: 2px; }
.bp-panel .bp-row { gap: 0 14px; }
.bp-panel .bp-figure { border-radius: 4px; background: white; }
.bp-panel :is(button, select, input, textarea, [role=slider], [tabindex]):focus-visible {
  outline: 3px solid var(--jp-brand-color1, #1976d2) !important; outline-offset: 2px; }
.bp-panel .widget-label, .bp-panel .widget-readout, .bp-panel .bp-status, .bp-panel .bp-note {
  color: var(--jp-ui-font-color1, inherit); }
.bp-panel .bp-status { font-variant-numeric: tabular-nums; min-height: 1.6em; line-height: 1.6; }
.bp-panel .bp-note { max-width: 62em; line-height: 1.5; }
.bp-panel .bp-error { border: 2px solid var(--jp-error-color1, #d32f2f); border-radius: 4px;
  padding: 4px 10px; line-height: 1.5; color: var(--jp-ui-font-color1, inherit); max-width: 62em; }
.bp-panel.bp-dead :is(.bp-row, .bp-status) { opacity: 0.45; }
.bp-panel.bp-dead .bp-row { pointer-events: none; }
</style>"""

if "google.colab" in sys.modules:  # it shows only the widgets it knows, unless asked
    from google.colab import output

    output.enable_custom_widget_manager()

_live = {}  # panel -> (the cell that made it or its key, which run of that cell)


class Panel:
    """Controls, figures, a status line and an error line; made by an explorer or a playground, not by hand.

    figures: the LiveFigures it shows. `.widget` is the ipywidget; as the last line of a cell the panel shows
    itself, with a picture and a sentence (`alt`) for places where no kernel runs. `.error` is the exception
    that stopped it, or None. Making a panel closes those that an earlier run of the same cell made, or with
    `key` those of the same key.

    Callbacks may come on any thread (JupyterLab answers widgets on a subshell's thread while a cell is busy);
    `post` brings every action to the thread and loop that the panel was made on.
    """

    alt = ""

    def __init__(self, *, key=None):
        self.error = None
        self.closed = False
        try:
            self.loop = get_running_loop()
        except RuntimeError:
            self.loop = None
        self._thread = threading.get_ident()
        self._lock = threading.RLock()
        self._said = 0.0
        self._hand_waits = False  # something was posted and has not been done yet
        self.answering = False  # what is being done now was asked for by a hand or a cell
        self.status = ipywidgets.HTML()
        self.alarm = ipywidgets.HTML(layout={"display": "none"})
        self.figures = ()
        self.widget = None
        self._cell = _close_predecessors(self, key)
        self.page = PanelPage(**_where_it_was_made(type(self).__name__))

    # What the learner sees

    def assemble(self, *rows, note=""):
        """Put it all into `.widget`: the note (what to try), rows, status and error line, single widgets.

        rows: lists of widgets side by side (controls), or single widgets (figures), which come last.
        """
        parts = [ipywidgets.HTML(_STYLE_SHEET, layout={"display": "none"}), self.page]
        if note:
            parts.append(ipywidgets.HTML(f'<div class="bp-note">{note}</div>'))
        for row in (row for row in rows if isinstance(row, (list, tuple))):
            parts.append(ipywidgets.Box(row, layout={"flex_flow": "row wrap", "align_items": "center"}))
            parts[-1].add_class("bp-row")
        parts += [self.status, self.alarm, *(row for row in rows if not isinstance(row, (list, tuple)))]
        _live[self] = self._cell  # from here on it is whole, and will be closed in its turn
        self.widget = ipywidgets.VBox(parts, layout={"max_width": "100%"})
        self.widget.add_class("bp-panel")
        for live in self._live_figures():
            live.image.alt = self.alt
            live.image.on_answer = self._page_answered

    def say(self, text, *, hurry=True):
        """Put text on the status line; without hurry once a second at most, for a screen reader's sake."""
        now = time.monotonic()
        if hurry or now - self._said >= 1.0:
            self._said = now
            self.status.value = f'<div class="bp-status" role="status">{html.escape(text)}</div>'

    def draw_figures(self, *, sharp=True):
        """Send whatever figure has changed, now or when the pages have room for it."""
        for live in self.figures:
            live.draw(sharp=sharp, for_hand=self.answering)

    def catch_up(self):
        """Send what is owed."""
        self.draw_figures()

    def _page_answered(self):
        """A page has painted a frame or come into sight; on whatever thread it said so."""
        if any(live.owed for live in self._live_figures()):
            if threading.get_ident() != self._thread and self.loop is not None and not self.loop.is_closed():
                self.loop.call_soon_threadsafe(self._call, self.catch_up)
            else:
                with self._lock:
                    self._call(self.catch_up)

    def _live_figures(self):
        return [figure for figure in self.figures if isinstance(figure, LiveFigure)]

    # What the learner does

    def connect(self, button, action):
        """Let a click on button call action()."""
        button.on_click(lambda _: self.post(action))
        return button

    def post(self, action, *args):
        """Call action(*args) on the panel's own thread; from there at once, from others soon.

        An exception is shown in the panel and kept in `.error`; called on the panel's own thread it is raised
        as well, so that `slider.value = 3` in a cell fails the cell. A divergence is only shown: a result.
        """
        if threading.get_ident() != self._thread and self.loop is not None and not self.loop.is_closed():
            self._hand_waits = True
            self.loop.call_soon_threadsafe(self._act, action, *args)
            return
        with self._lock:
            error = self._act(action, *args)
        if error is not None and not self.is_result(error):
            raise error

    def _act(self, action, *args):
        """Do what a hand or a cell wants."""
        self._hand_waits = False
        self.answering = True
        try:
            return self._call(action, *args)
        finally:
            self.answering = False

    def _call(self, action, *args):
        if self.closed:
            return None
        try:
            action(*args)
        except (Exception, KeyboardInterrupt) as error:
            self.fail(error)
            return error

    def is_result(self, error):
        """Whether error is something to be learnt from (a diverging run) and no fault of the program."""
        return isinstance(error, DivergenceError)

    def fail(self, error):
        """Stop and show what happened."""
        self.error = error
        text = str(error) if self.is_result(error) else f"{type(error).__name__}: {error}"
        if isinstance(error, KeyboardInterrupt):
            text = "Interrupted: press Play to go on"
        where = ""
        if not self.is_result(error) and (frames := traceback.extract_tb(error.__traceback__)):
            where = f"<br><small>in {html.escape(frames[-1].name)}, line {frames[-1].lineno}</small>"
        self.alarm.value = (
            f'<div class="bp-error" role="alert"><b>⚠ Stopped.</b> {html.escape(text)}{where}</div>'
        )
        self.alarm.layout.display = ""

    def recover(self):
        """Forget the error: whatever caused it has been changed."""
        if self.error is not None:
            self.error = None
            self.alarm.value = ""
            self.alarm.layout.display = "none"

    # The notebook

    def png(self):
        """The figures as they stand, one PNG as base64 text."""
        return stacked_png(self.figures)

    def _repr_mimebundle_(self, include=None, exclude=None):
        if self.closed:
            return {"text/plain": f"{type(self).__name__} (closed)"}
        for live in self._live_figures():
            if live.owed:  # a page is about to show it
                live.draw(at_once=True)
        data = {"text/plain": self.alt or type(self).__name__}
        metadata = {}
        if self.figures:
            data["image/png"] = self.png()
            metadata["image/png"] = {"alt": data["text/plain"]}
        view = self.widget._repr_mimebundle_() or {}
        data |= {mime: value for mime, value in view.items() if mime != "text/plain"}
        return data, metadata

    def __repr__(self):
        return f"{type(self).__name__}()"

    def close(self):
        """Stop, and let go of widgets and figures; closing twice does no harm."""
        if not self.closed:
            self.closed = True
            _live.pop(self, None)
            close_widget(self.widget if self.widget is not None else self.page)
            for live in self.figures:
                live.close()
            self.figures, self.widget = (), None


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


class Settings:
    """Base of frozen dataclasses of settings: the repr names what differs from the defaults.

    Declare the subclass with `@dataclass(frozen=True, repr=False)`, so that dataclass leaves the repr alone.
    """

    def __repr__(self):
        given = ((field.name, getattr(self, field.name), field.default) for field in dataclasses.fields(self))
        return (
            f"{type(self).__name__}({', '.join(f'{name}={v!r}' for name, v, usual in given if v != usual)})"
        )

    def check(self, name, allowed):
        """Raise ValueError unless the field is in `allowed`: a tuple of values, or a range."""
        value, who = getattr(self, name), type(self).__name__
        if isinstance(allowed, range):
            if not isinstance(value, int) or value not in allowed:
                raise ValueError(
                    f"{who}: {name} must be a whole number from {allowed[0]} to {allowed[-1]}, got {value!r}"
                )
        elif value not in allowed:
            raise ValueError(f"{who}: {name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")


class Playground(Panel):
    """A model that trains while one watches and turns the knobs: play, pause, step, reset, speed.

    A subclass gives two methods; the model knows no widget, the view trains nothing:

    - `make_model(settings)` returns an object with `step()` (one update; raises `training.DivergenceError`
      when training ran away), `observe()` (what there is to show now, any object) and `adopt(settings)` (take
      over those settings that act at once).
    - `make_view(settings)` returns an object with `figures` (LiveFigures) and `update(observation)`, which
      moves the artists and returns the text for the status line.

    settings: a frozen dataclass. controls: a dict from names of its fields to widgets (`slider`, `choice`,
    `toggle`). A field named in `acts_at_once` reaches the running model by `adopt`; any other makes a new
    model, and the panel says so. `.settings` is what runs now; its repr can be pasted into another cell.

    Without a front end: `run(n)` makes n steps and one frame, `controls["hidden"].value = 3` and
    `play_button.click()` do what a hand does. `preview(n)` keeps the picture after n steps for places
    without a kernel, and starts again. After a divergence the weights are lost: whatever is pressed or
    changed next starts a new model.
    """

    fps = 30
    training_share = 0.3  # of the time; a busy machine gets fewer frames rather than less training
    rest_after_hand = 0.06  # seconds for the frame that answers a hand to travel undisturbed
    unwatched = 60.0  # seconds of training without anybody looking, after which it pauses
    acts_at_once = frozenset({"learning_rate", "batch_size"})
    speeds = (("1 step a frame", 1), ("5 steps", 5), ("20 steps", 20), ("as fast as it can", 1_000_000))

    def __init__(self, settings, controls, *, speed=5, note="", key=None):
        super().__init__(key=key)
        self.settings = settings
        self.controls = controls
        self._stored = None
        self._draw_seconds = 0.0
        self.spent = {"training": 0.0, "drawing": 0.0}
        self.notice = ""  # stands in front of the status line until a hand does something
        self._looked = 0.0  # when somebody was last known to look, while it plays
        self.player = Player(self._tick, fps=self.fps, loop=self.loop)
        self._new_model(settings)
        with plots.style():
            self.view = self.make_view(settings)
        self.figures = tuple(self.view.figures)

        self.play_button = self.connect(push_button("Play"), self._toggle)
        self.step_button = self.connect(push_button("Step", help="One step"), self._step)
        self.reset_button = self.connect(push_button("Reset", help="A new network, from step 0"), self._reset)
        speeds = dict(self.speeds)
        if speed not in speeds.values():
            raise ValueError(
                f"{type(self).__name__}: speed must be one of {list(speeds.values())}, got {speed}"
            )
        self.speed = choice("Speed", list(self.speeds), speed)
        self.code = ipywidgets.Text(
            value=self.line_of_code(),
            description="This experiment",
            tooltip="Copy this line into another cell",
            layout={"width": "auto", "max_width": "100%"},
            style={"description_width": "initial"},
        )
        for name, control in controls.items():
            control.observe(lambda _, name=name: self.post(self._turned, name), names="value")
        self.draw()
        self.assemble(*self.rows(), note=note)

    # To be given by a subclass

    def make_model(self, settings):
        """A fresh model for these settings."""
        raise TypeError(f"{type(self).__name__} must define make_model and make_view")

    def make_view(self, settings):
        """The view; made once."""
        raise TypeError(f"{type(self).__name__} must define make_model and make_view")

    def rows(self):
        """What stands under what: lists of widgets side by side, or single widgets."""
        controls = dict(self.controls)
        buttons = [self.play_button, self.step_button, self.reset_button, self.speed]
        if "seed" in controls:  # next to Reset, with which it is used
            buttons.append(controls.pop("seed"))
        return [list(controls.values()), buttons, *(live.image for live in self.figures), self.code]

    def line_of_code(self):
        """The experiment as a line that can be pasted into another cell."""
        return f"{type(self).__name__}({self.settings!r})"

    # What a hand or a cell does

    @property
    def playing(self):
        return self.player.playing

    def play(self):
        """Train and draw until paused; returns at once. Without an event loop: RuntimeError, use `run`."""
        self.post(self._play)

    def pause(self):
        """Stop after the step that is being made."""
        self.post(self._pause)

    def step(self):
        """One step, drawn."""
        self.post(self._step)

    def reset(self):
        """A new model from the same settings, at step 0; playing goes on if it was playing."""
        self.post(self._reset)

    def run(self, n):
        """Make n steps now and draw once; a divergence ends them early and is kept in `.error`."""
        if not isinstance(n, int) or n < 0:
            raise ValueError(f"run: n must be a whole number of steps, at least 0, got {n!r}")
        if self.closed:
            raise RuntimeError(f"{type(self).__name__}: closed, since the cell that made it was run again")
        self.post(self._run, n)
        return self

    def preview(self, n):
        """Show the picture after n steps wherever no kernel runs; here, start at step 0."""
        self.run(n)
        self._stored = self.png()
        self.reset()
        return self

    def png(self):
        return self._stored or super().png()

    def close(self):
        if not self.closed:
            self.player.pause()
            super().close()
            for part in (self.play_button, self.step_button, self.reset_button, self.speed, self.code):
                close_widget(part)
            # Out[] may keep this object for the session; network, data and figure need not stay with it.
            self.model = self.view = None

    # On the panel's own thread

    def draw(self, *, sharp=True):
        """Show the model as it stands."""
        text = self.notice + self.view.update(self.model.observe())
        self.draw_figures(sharp=sharp)
        if (rate := self.steps_per_second()) is not None:
            text = f"{text} · {rate:,.0f} steps a second".replace(",", " ")
        self.say(text, hurry=sharp)

    def steps_per_second(self):
        """Measured over the last second or so of playing; None before that."""
        return self._rate[2] if self.playing else None

    def _tick(self, seconds):
        self._call(self._frame, seconds)

    def _frame(self, seconds):
        """Train for the time that drawing leaves, then draw; with 0 seconds a single step."""
        start = time.perf_counter()
        # Training gets what drawing leaves of the frame, but not less than its share.
        idle = self._draw_seconds + self.player.shortest_nap
        least = min(idle * self.training_share / (1 - self.training_share), 0.1)
        end = start + (max(seconds - self._draw_seconds, least) if seconds else 0.0)
        for _ in range(self.speed.value):
            self._advance()
            if self._hand_waits:  # a hand goes first, and brings a frame of its own
                self.spent["training"] += time.perf_counter() - start
                return
            if time.perf_counter() >= end:
                break
        trained = time.perf_counter()
        if not self._somebody_looks(trained):
            self.spent["training"] += trained - start
            return
        self.draw(sharp=False)
        drawn = time.perf_counter()
        self._draw_seconds += 0.2 * (drawn - trained - self._draw_seconds)
        self.spent["training"] += trained - start
        self.spent["drawing"] += drawn - trained
        steps, since, _ = self._rate
        if drawn - since >= 1.0:
            self._rate = (self.steps, drawn, (self.steps - steps) / (drawn - since))

    def _somebody_looks(self, now):
        """Whether a frame is worth drawing: a page has room for it. Pauses after long without a look."""
        if any(live.image.watched for live in self._live_figures()):
            self._looked = now
        elif now - self._looked > self.unwatched:
            self.player.pause()
            self._show_state()
            self.notice = "Paused, since nobody had looked for a minute: press Play to go on. "
            self.say(f"{self.notice}Step {self.steps}.")
        room = [live.image.room(for_hand=self.answering) for live in self._live_figures()]
        if not any(room):
            for live in self._live_figures():
                live.owed = True
        return any(room)

    def catch_up(self):
        if not self.playing:  # if it does, the next frame will bring it
            self.draw()

    def _new_model(self, settings):
        self.model = self.make_model(settings)
        self.steps = 0
        self._rate = (0, time.perf_counter(), None)

    def _advance(self):
        self.model.step()
        self.steps += 1

    def recover(self):
        lost = self.error is not None and self.is_result(self.error)
        super().recover()
        if self.notice:
            self.notice, self._said = "", 0.0
        if lost:
            self._new_model(self.settings)

    def _play(self):
        self.recover()
        self.player.play()
        self._looked = time.perf_counter()
        self._rate = (self.steps, self._looked, None)
        self._show_state()

    def _pause(self):
        self.player.pause()
        self._show_state()
        self.draw()

    def _toggle(self):
        if self.playing:
            self._pause()
        else:
            self._play()

    def _step(self):
        self.recover()
        self.player.pause()
        self._show_state()
        self._advance()
        self.draw()

    def _run(self, n):
        self.recover()
        for _ in range(n):
            self._advance()
        self.draw()

    def _reset(self):
        self.recover()
        self._new_model(self.settings)
        self.draw()

    def _turned(self, name):
        settings = dataclasses.replace(self.settings, **{name: _short(self.controls[name].value)})
        if settings == self.settings:
            return
        self.recover()
        if name in self.acts_at_once:
            self.model.adopt(settings)
            self.settings = settings
            if self.playing:  # seen now, not at the end of the next slice of training
                self._frame(0.0)
        else:
            self._new_model(settings)
            self.settings = settings
            self.draw(sharp=not self.playing)
            value = getattr(settings, name)
            self.say(f"{self.controls[name].description}: {value}. A new network, training starts at step 0.")
        self.code.value = self.line_of_code()
        self.player.rest(self.rest_after_hand)

    def _show_state(self):
        self.play_button.description = "Pause" if self.playing else "Play"
        for live in self._live_figures():
            live.image.expected = self.playing

    def fail(self, error):
        self.player.pause()
        super().fail(error)
        self._show_state()
        if self.is_result(error):
            with contextlib.suppress(Exception):  # a picture of lost weights need not exist
                self.draw()


def close_all():
    """Stop and close every live widget."""
    for panel in list(_live):
        panel.close()


def _short(value):
    """A slider's 0.31622776601683794 as 0.3162: nobody wants to paste the rest."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _close_predecessors(panel, key):
    cell, run = _this_cell(panel)
    if key is not None:
        cell, run = ("key", key), object()
    for other, (its_cell, its_run) in list(_live.items()):
        if cell is not None and its_cell == cell and its_run != run:
            other.close()
    return cell, run


def _where_it_was_made(name):
    """What a dead panel names: the number of the running cell, and a line of its code."""
    shell = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    lines = [line.strip() for line in parent.get("content", {}).get("code", "").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        return {"cell": "", "line": f"{name}()"}
    line = next((line for line in lines if name in line), lines[-1])
    number = getattr(getattr(shell, "displayhook", None), "prompt_count", "")
    return {"cell": str(number), "line": line if len(line) <= 80 else f"{line[:79]}…"}


def _this_cell(panel):
    """The running cell and which run of it: by the id the front end sends, else by its code."""
    shell = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    run = parent.get("header", {}).get("msg_id")
    cell = parent.get("metadata", {}).get("cellId")
    if cell is None and "code" in parent.get("content", {}):
        cell = (type(panel).__name__, parent["content"]["code"])
    return (cell, run) if run else (None, None)
