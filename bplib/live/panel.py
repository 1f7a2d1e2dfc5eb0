"""What every live widget of the course shares, `Explorer` and `Playground` alike."""

import html
import sys
import threading
import time
import traceback
from asyncio import get_running_loop

import ipywidgets
from IPython import get_ipython

from ..language import said
from ..training import DivergenceError
from .figure import LiveFigure, close_widget, stacked_png
from .page import PanelPage

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
        self._stored = None  # the picture for places without a kernel, where it is another than that on show
        self._cell = _close_predecessors(self, key)
        self.page = PanelPage(**_where_it_was_made(type(self).__name__))

    # What the learner sees

    def assemble(self, *rows, note=""):
        """Put it all into `.widget`: the note (what to try), rows, status and error line, single widgets.

        rows: lists of widgets side by side (controls), or single widgets (figures), which come last.
        """
        parts = [ipywidgets.HTML(_STYLE_SHEET, layout={"display": "none"}), self.page]
        if note:
            parts.append(ipywidgets.HTML(f'<div class="bp-note">{said(note)}</div>'))
        for row in (row for row in rows if isinstance(row, (list, tuple))):
            parts.append(ipywidgets.Box(row, layout={"flex_flow": "row wrap", "align_items": "center"}))
            parts[-1].add_class("bp-row")
        parts += [self.status, self.alarm, *(row for row in rows if not isinstance(row, (list, tuple)))]
        _live[self] = self._cell  # from here on it is whole, and will be closed in its turn
        self.widget = ipywidgets.VBox(parts, layout={"max_width": "100%"})
        self.widget.add_class("bp-panel")
        for live in self._live_figures():
            live.image.alt = said(self.alt)
            live.image.on_answer = self._page_answered

    def say(self, text, *, hurry=True):
        """Put text on the status line; without hurry once a second at most, for a screen reader's sake."""
        now = time.monotonic()
        if hurry or now - self._said >= 1.0:
            self._said = now
            self.status.value = f'<div class="bp-status" role="status">{html.escape(said(text))}</div>'

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
        text, stopped = said(text), said("Stopped.")
        where = ""
        if not self.is_result(error) and (frames := traceback.extract_tb(error.__traceback__)):
            where = f"<br><small>in {html.escape(frames[-1].name)}, line {frames[-1].lineno}</small>"
        self.alarm.value = (
            f'<div class="bp-error" role="alert"><b>⚠ {stopped}</b> {html.escape(text)}{where}</div>'
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
        """The figures as they stand, or the picture that a preview kept: one PNG as base64 text."""
        return self._stored or stacked_png(self.figures)

    def _repr_mimebundle_(self, include=None, exclude=None):
        if self.closed:
            return {"text/plain": f"{type(self).__name__} (closed)"}
        for live in self._live_figures():
            if live.owed:  # a page is about to show it
                live.draw(at_once=True)
        data = {"text/plain": said(self.alt) or type(self).__name__}
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


def close_all():
    """Stop and close every live widget."""
    for panel in list(_live):
        panel.close()


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
