"""Play, pause, step: a clock on the kernel's own event loop.

Not a thread (matplotlib and a learner's cell would meet half-written arrays, and the browser's Python has
none), not a blocking loop (no slider would answer). The player calls `tick` and sleeps until the next frame
is due; what a tick does is no concern of its own.
"""

import asyncio


class Player:
    """Calls `tick(seconds)` `fps` times a second while playing; seconds is the time the tick may take.

    loop: the asyncio loop of the kernel, or None where there is none (a script, a test): then `play` raises
    RuntimeError. Call its methods on the loop's thread only. An exception in `tick` must be caught by `tick`.
    """

    # Shorter naps starve the widgets' messages: with sleep(0) a slider waited 80 to 170 ms.
    shortest_nap = 0.005

    def __init__(self, tick, *, fps, loop):
        self.tick, self.fps, self.loop = tick, fps, loop
        self._task = None
        self._rest = 0.0  # until then by the loop's clock

    @property
    def playing(self):
        """Whether it ticks."""
        return self._task is not None

    def play(self):
        """Start ticking; nothing happens if it ticks already."""
        if self.loop is None:
            raise RuntimeError(
                "No event loop is running here, so nothing can play: use run(n) to advance n steps"
            )
        if not self.playing:
            self._task = self.loop.create_task(self._play())

    def pause(self):
        """Stop ticking at once; called within a tick, that tick is the last."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    def rest(self, seconds):
        """Put the next tick off: what was just sent gets to the page sooner while the kernel is idle."""
        if self.loop is not None:
            self._rest = self.loop.time() + seconds

    async def _play(self):
        clock, period = self.loop.time, 1 / self.fps
        due = clock()
        while True:  # until `pause` cancels it, wherever it waits
            start = clock()
            # A frame that came late does not hurry those after it, beyond the usual jitter.
            due = max(due, start - period / 4) + period
            self.tick(due - start - self.shortest_nap)
            await asyncio.sleep(max(due - clock(), self.shortest_nap))
            if (left := self._rest - clock()) > 0:  # once: a hand that keeps moving does not stop the clock
                await asyncio.sleep(left)
