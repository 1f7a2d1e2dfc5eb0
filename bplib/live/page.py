"""What a panel has on the page: its pictures, and how many frames may be under way to each page at once.

A kernel that sends a frame whenever one is drawn fills the queue of a slow link: half a minute of pictures,
and the answer to a hand behind them all. So the page says which frame it has painted, and `Pace` keeps the
number under way to what fills the link's delay, as TCP Vegas does for packets (L. Brakmo, L. Peterson, 1995).
"""

import threading
import time
from collections import deque
from math import inf
from pathlib import Path

import anywidget
import traitlets

_HERE = Path(__file__).parent


class Pace:
    """How much may be under way to one page: `window` frames, in pictures of quality `level` (0 is the best).

    A frame's delay runs from sending it to hearing that it was painted; the least delay of late is that of an
    empty link, and what a frame takes longer it has waited behind others. Times in seconds, from `clock`.
    """

    SHORT_WAIT, LONG_WAIT = 0.06, 0.12  # less: one more under way; more: one less
    FEWEST, MOST = 2, 24  # frames under way; with one alone the page waits a whole delay for the next
    QUICK = 0.15  # a page whose frames have not taken longer for three seconds is asked to answer less often
    ENOUGH = 15  # frames a second; pictures get smaller before they get fewer
    LEVELS = 4
    REMEMBERED = 10.0  # the least delay is measured anew this often, on a link that was let run empty

    def __init__(self, now):
        self.window, self.level, self.visible, self.heard = 3.0, 0, False, now
        self._under_way = deque()  # (frame, when it was sent)
        self._least, self._least_before, self._measured = inf, inf, now
        self._let_run_empty = False
        self._slow_at = now  # when a frame was last slow
        self._cut = 0  # the window was made smaller when this frame was the last one sent
        self._since, self._painted, self._held = now, 0, 0
        self._rates, self._trial, self._rate_before = (), 0, 0.0
        self._better_at, self._worse_at, self._patience = now + 10.0, now, 5.0

    def room(self, extra=0):
        """Whether one more frame may be sent; `extra` more than the window, for what a hand waits for."""
        if self._under_way and self._let_run_empty and not extra:
            return False
        if len(self._under_way) < int(self.window) + extra:
            return True
        self._held += 1
        return False

    def sent(self, frame, now):
        """A frame leaves."""
        if not self._under_way:
            self._let_run_empty = False
        self._under_way.append((frame, now))

    def quick(self, now):
        """Whether its frames have come without waiting for some seconds."""
        return now - self._slow_at > 3.0

    def silent(self, now):
        """Seconds that the page has owed an answer; 0 when nothing is under way."""
        return now - max(self._under_way[0][1], self.heard) if self._under_way else 0.0

    def forget(self):
        """What was under way got lost."""
        self._under_way.clear()

    def painted(self, frame, now):
        """The page has painted a frame at `now`, and those before it or passed them over."""
        full, before, delay = len(self._under_way) >= int(self.window), len(self._under_way), None
        while self._under_way and self._under_way[0][0] <= frame:
            number, left = self._under_way.popleft()
            delay = now - left if number == frame else None
        if delay is None:
            return
        if delay > self.QUICK:
            self._slow_at = now
        self._least = min(self._least, delay)
        wait = delay - min(self._least, self._least_before)
        if wait > self.LONG_WAIT and frame > self._cut:
            self.window = max(self.FEWEST, self.window - 1)
            self._cut = self._under_way[-1][0] if self._under_way else frame
        elif wait < self.SHORT_WAIT and full:
            self.window = min(self.MOST, self.window + (before - len(self._under_way)) / self.window)
        if now - self._measured > self.REMEMBERED:
            self._least_before, self._least, self._measured = self._least, inf, now
            self._let_run_empty = True
        self._painted += before - len(self._under_way)
        if now - self._since >= 1.0:
            self._choose_level(now)

    def _choose_level(self, now):
        """Smaller pictures when too few arrive and that brings more; better ones, now and then, when all do.

        Where smaller ones bring no more, something else is slow, a busy processor as a rule: back again.
        """
        rate, held = self._painted / (now - self._since), self._held
        self._since, self._painted, self._held = now, 0, 0
        before, self._rates = self._rates, (*self._rates[-1:], rate)
        if self._trial:
            self._trial -= 1  # pictures from before the change come first, and the window grows by and by
            if not self._trial and held and rate < 1.15 * self._rate_before:
                self.level -= 1
                self._worse_at = now + self._waiting()
        elif held and rate < self.ENOUGH and len(before) > 1:
            if self.level < self.LEVELS - 1 and now >= self._worse_at:
                self.level, self._trial, self._rate_before = self.level + 1, 5, max(rate, *before)
                self._better_at = now + self._waiting()
        elif held:
            self._better_at = max(self._better_at, now + 10.0)
        elif self.level and now >= self._better_at:
            self.level -= 1
            self._better_at = now + 10.0

    def _waiting(self):
        """Seconds until something that failed is tried again: later and later."""
        self._patience = min(2 * self._patience, 300.0)
        return self._patience


class Picture(anywidget.AnyWidget):
    """A picture with its alternative text, in frames that each page acknowledges.

    `send(data, format)` shows encoded bytes, "png" or "jpeg", on all pages. Ask `room()` before, and encode
    for `level`. `on_answer` is called, on whatever thread the answer came, when there may be room again or a
    page has come into sight. Each page's pace is kept by the name that it gives itself.
    """

    _esm = _HERE / "picture.js"
    value = traitlets.Bytes().tag(sync=True)
    format = traitlets.Unicode("png").tag(sync=True)
    frame = traitlets.Int(0).tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    expected = traitlets.Bool(False).tag(sync=True)  # whether frames come by themselves
    answer_every = traitlets.Int(100).tag(sync=True)  # milliseconds
    SELDOM, OFTEN = 300, 100

    # Seconds without the answer that was due: a page is not waited for any more; it is given up.
    SILENT, HIDDEN_SILENT, GONE = 5.0, 2.5, 120.0

    def __init__(self, *, on_answer=lambda: None, clock=time.monotonic, **traits):
        self.on_answer, self._clock = on_answer, clock
        self._pages, self._lock = {}, threading.Lock()
        self._announced = False  # whether any page has ever shown it
        self._sent_at = -inf
        super().__init__(**traits)
        self.on_msg(self._heard)

    @property
    def watched(self):
        """Whether a page shows it where somebody can see it."""
        with self._lock:
            return any(page.visible for page in self._answering())

    def room(self, *, for_hand=False):
        """Whether a frame sent now would be painted soon; for_hand: a hand waits for it.

        As long as no page has spoken there is: a front end that has only just been told of the picture. One
        that fell silent gets a frame a second, in case that its answers alone got lost.
        """
        with self._lock:
            pages = self._answering()
            if not self._announced:
                return True
            if not any(page.visible for page in pages):
                lost = any(page.visible for page in self._pages.values())
                return lost and self._clock() - self._sent_at >= 1.0
            # Every page gets what any page gets, so the slowest decides.
            return all([page.room(2 if for_hand else 0) for page in pages])

    @property
    def level(self):
        """The quality that all pages can take, 0 (best) to Pace.LEVELS − 1."""
        with self._lock:
            return max((page.level for page in self._pages.values() if page.visible), default=0)

    def send(self, data, format):
        """Show these bytes."""
        with self._lock:
            now, number = self._clock(), self.frame + 1
            self._sent_at = now
            for page in self._pages.values():
                page.sent(number, now)
            quick = all(page.quick(now) for page in self._pages.values())
        with self.hold_sync():
            self.format, self.value, self.frame = format, data, number
            self.answer_every = self.SELDOM if quick else self.OFTEN

    def _heard(self, _, message, __):
        view, painted, ago, visible = (message.get(key) for key in ("view", "painted", "ago", "visible"))
        if not isinstance(view, str) or not isinstance(visible, bool):
            return
        ago = ago / 1000 if isinstance(ago, (int, float)) else 0.0  # painted so many ms before it said so
        with self._lock:
            now = self._clock()
            self._announced = True
            if message.get("gone"):
                self._pages.pop(view, None)
                return
            page = self._pages.setdefault(view, Pace(now))
            if isinstance(painted, int):
                page.painted(painted, now - ago)
            elif page.silent(now) > self.HIDDEN_SILENT:
                page.forget()
            page.heard, page.visible = now, visible
        self.on_answer()

    def _answering(self):
        """The pages that answer; those that have not for long are given up."""
        now, answering = self._clock(), []
        for view, page in list(self._pages.items()):
            silent = page.silent(now)
            if silent > self.GONE:
                del self._pages[view]
            elif silent <= (self.SILENT if page.visible else self.HIDDEN_SILENT):
                answering.append(page)
        return answering


class PanelPage(anywidget.AnyWidget):
    """A panel's invisible helper on the page: sliders get names, and a panel without its kernel says so.

    `cell` and `line` name what to run again: the number of the cell that made it, and a line of its code.
    """

    _esm = _HERE / "page.js"
    me = traitlets.Unicode().tag(sync=True)
    cell = traitlets.Unicode().tag(sync=True)
    line = traitlets.Unicode().tag(sync=True)

    def __init__(self, **traits):
        super().__init__(**traits)
        self.me = self.model_id
