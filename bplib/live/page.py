"""What a panel has on the page: its pictures, and how much may be under way to each page at once.

A kernel that sends a frame whenever one is drawn fills the queue of a slow link: half a minute of pictures,
and the answer to a hand behind them all. So the page says which frame it has painted, and `Pace` keeps what
is under way to what fills the link's delay, by the delay itself, as FAST TCP does (C. Jin, D. Wei, S. Low,
2004). Pages far away also share a line that is not theirs alone, with the rest of a class on one server, so
each gets at most FAR_RATE. `Quality` makes pictures smaller where they get few.
"""

import threading
import time
from collections import deque
from math import inf
from pathlib import Path
from typing import ClassVar

import anywidget
import traitlets

from ..language import said

_HERE = Path(__file__).parent


class Pace:
    """How many bytes may be under way to one page: `window`. Times in seconds.

    A frame's delay runs from sending it to hearing that it was painted; the least delay of late is that of an
    empty link, and what a frame takes longer it has waited behind others. The window is steered to where they
    wait half the least delay, or SHORT: window ← window · (least + wait) / delay, once a window.
    """

    SHORT = 0.06
    FEWEST, MOST = 2, 24  # frames under way; with one alone the page waits a whole delay for the next
    QUICK = 0.15  # a page whose frames have not taken longer for three seconds is asked to answer less often
    FAR, FAR_RATE, CREDIT = 0.07, 250_000, 0.1  # a least delay in seconds; bytes a second; seconds saved up
    REMEMBERED = 10.0  # the least delay is measured anew this often, on a link that was let run empty

    def __init__(self, now):
        self.window, self.visible, self.heard = None, False, now
        self.quality = Quality(now)
        self._under_way, self._bytes = deque(), 0  # of (frame, its bytes, when it was sent)
        self._least, self._least_before, self._measured = inf, inf, now
        self._let_run_empty = False
        self._slow_at = now  # when a frame was last slow
        self._paid = now  # until then what was sent uses up a far page's share of the line

    def room(self, now, extra=0):
        """Whether one more frame may be sent; with `extra` more of them, for what a hand waits for."""
        under_way = len(self._under_way)
        if under_way and self._let_run_empty and not extra:
            return False
        far = min(self._least, self._least_before) > self.FAR
        if extra or not far or self._paid <= now:
            if under_way < self.FEWEST + extra:
                return True
            if self._bytes < self.window + extra * self._under_way[-1][1] and under_way < self.MOST:
                return True
        self.quality.held += 1
        return False

    def sent(self, frame, size, now):
        """A frame of so many bytes leaves."""
        self.window = self.window or float(self.FEWEST * size)
        if not self._under_way:
            self._let_run_empty = False
        self._under_way.append((frame, size, now))
        self._bytes += size
        self._paid = max(self._paid, now - self.CREDIT) + size / self.FAR_RATE

    def quick(self, now):
        """Whether its frames have come without waiting for some seconds."""
        return now - self._slow_at > 3.0

    def silent(self, now):
        """Seconds that the page has owed an answer; 0 when nothing is under way."""
        return now - max(self._under_way[0][2], self.heard) if self._under_way else 0.0

    def forget(self):
        """What was under way got lost."""
        self._under_way.clear()
        self._bytes = 0

    def painted(self, frame, now):
        """The page has painted a frame at `now`, and those before it or passed them over."""
        before, frames, delay = self._bytes, 0, None
        while self._under_way and self._under_way[0][0] <= frame:
            number, size, left = self._under_way.popleft()
            self._bytes -= size
            frames += 1
            delay = now - left if number == frame else None
        if delay is None:
            return
        if delay > self.QUICK:
            self._slow_at = now
        self._least = min(self._least, delay)
        least = min(self._least, self._least_before)
        change = min((least + max(least / 2, self.SHORT)) / max(delay, 1e-3), 2.0) - 1
        if change < 0 or before >= self.window:  # a window that was not full says nothing for a larger one
            self.window *= 1 + change * min((before - self._bytes) / self.window, 1.0)
            self.window = max(self.window, self.FEWEST * size)
        if now - self._measured > self.REMEMBERED:
            self._least_before, self._least, self._measured = self._least, inf, now
            self._let_run_empty = True
        self.quality.painted(frames, now)


class Quality:
    """How good the pictures for one page are: `level`, 0 (the best) to LEVELS − 1.

    Pictures get smaller when too few arrive and smaller ones bring more. Where these have been tried of late
    and brought no more, something else is slow, a busy processor as a rule. They get better when all arrive
    that were offered, unless better ones have been too slow of late.
    """

    ENOUGH = 15  # frames a second
    LEVELS = 4
    SETTLING, COUNTED = 1.5, 3.0  # seconds: pictures from before a change come first
    OF_LATE, PAUSE = 60.0, 1.5

    def __init__(self, now):
        self.level, self.held = 0, 0  # how often a frame found no room
        self._frames, self._since, self._last, self._rates = 0, now, now, {}

    def painted(self, frames, now):
        """So many more have arrived."""
        if now - self._last > self.PAUSE:  # nobody played, which says nothing of the link
            self._frames, self.held, self._since = 0, 0, max(self._since, now)
        self._last = now
        seconds = now - self._since
        self._frames += frames if seconds > 0 else 0
        if seconds < self.COUNTED:
            return
        level, rate, held = self.level, self._frames / seconds, self.held
        self._frames, self.held = 0, 0
        self._rates[self.level] = rate, now
        smaller, better = self._of_late(self.level + 1, now), self._of_late(self.level - 1, now)
        if held and self.level and better is not None and rate < 1.15 * better:
            self.level -= 1  # smaller ones have brought no more
        elif held and rate < self.ENOUGH and self.level < self.LEVELS - 1:
            self.level += smaller is None or smaller > 1.15 * rate
        elif not held and self.level:
            self.level -= better is None
        self._since = now + (self.SETTLING if self.level != level else 0.0)

    def _of_late(self, level, now):
        rate, at = self._rates.get(level, (None, -inf))
        return rate if now - at < self.OF_LATE else None


class Picture(anywidget.AnyWidget):
    """A picture with its alternative text, in frames that each page acknowledges.

    `send(data, format)` shows encoded bytes, "png" or "jpeg", on all pages. Ask `room()` before, and encode
    for `level`. `on_answer` is called, on whatever thread the answer came, when there may be room again or a
    page has come into sight. Each page's pace is kept by the name that it gives itself. `on_click(x, y)`,
    once it is set, is called with the place of a click, from (0, 0) at the upper left to (1, 1).
    """

    _esm = _HERE / "picture.js"
    value = traitlets.Bytes().tag(sync=True)
    format = traitlets.Unicode("png").tag(sync=True)
    frame = traitlets.Int(0).tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    expected = traitlets.Bool(False).tag(sync=True)  # whether frames come by themselves
    clickable = traitlets.Bool(False).tag(sync=True)
    answer_every = traitlets.Int(50).tag(sync=True)  # milliseconds
    SELDOM, OFTEN = 300, 50

    # Seconds without the answer that was due: a page is not waited for any more; it is given up.
    SILENT, HIDDEN_SILENT, GONE = 5.0, 2.5, 120.0

    def __init__(self, *, on_answer=lambda: None, clock=time.monotonic, **traits):
        self.on_answer, self._clock = on_answer, clock
        self._on_click = None
        self._pages, self._lock = {}, threading.Lock()
        self._announced = False  # whether any page has ever shown it
        self._sent_at = -inf
        super().__init__(**traits)
        self.on_msg(self._heard)

    @property
    def on_click(self):
        """What is called with the place of a click, or None."""
        return self._on_click

    @on_click.setter
    def on_click(self, action):
        self._on_click, self.clickable = action, action is not None

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
            # Every page gets what any page gets, so the slowest decides; all are asked, as each counts what
            # it held back.
            return all([page.room(self._clock(), 2 if for_hand else 0) for page in pages])  # noqa: C419

    @property
    def level(self):
        """The quality that all pages can take, 0 (best) to Quality.LEVELS − 1."""
        with self._lock:
            return max((page.quality.level for page in self._pages.values() if page.visible), default=0)

    def send(self, data, format):
        """Show these bytes."""
        with self._lock:
            now, number = self._clock(), self.frame + 1
            self._sent_at = now
            for page in self._pages.values():
                page.sent(number, len(data), now)
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
        if self._on_click and _is_place(place := message.get("clicked")):
            self._on_click(*place)

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


def _is_place(place):
    numbers = isinstance(place, list) and len(place) == 2
    return numbers and all(isinstance(number, int | float) and 0 <= number <= 1 for number in place)


class Speaking(anywidget.AnyWidget):
    """A widget whose JavaScript has sentences of its own, `says`: it finds them, as they are to be said, in
    `words`."""

    says: ClassVar[tuple] = ()
    words = traitlets.Dict().tag(sync=True)

    def __init__(self, **traits):
        super().__init__(**traits)
        self.words = {text: said(text) for text in self.says}


class PanelPage(Speaking):
    """A panel's invisible helper on the page: sliders get names, and a panel without its kernel says so.

    `cell` and `line` name what to run again: the number of the cell that made it, and a line of its code.
    """

    _esm = _HERE / "page.js"
    says = (
        "These controls are dead: the kernel that answered them was restarted or has stopped.",
        "Run cell [#] again:",
        "Run the cell above again:",
    )
    me = traitlets.Unicode().tag(sync=True)
    cell = traitlets.Unicode().tag(sync=True)
    line = traitlets.Unicode().tag(sync=True)

    def __init__(self, **traits):
        super().__init__(**traits)
        self.me = self.model_id
