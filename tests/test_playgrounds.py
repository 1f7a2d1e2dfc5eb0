"""The live widgets without a browser: figures, player, panels, the XOR and the MNIST playground."""

import asyncio
import base64
import gc
import io
import threading
import time
import tracemalloc
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from matplotlib.colors import to_rgb
from PIL import Image

from bplib import plots
from bplib.datasets import Dataset, Images
from bplib.live import (
    Explorer,
    LiveFigure,
    Playground,
    Raster,
    Settings,
    Trace,
    choice,
    close_all,
    round_up,
    slider,
    toggle,
)
from bplib.live import panel as panels
from bplib.live import playground as playground_module
from bplib.live.page import Picture
from bplib.live.player import Player
from bplib.playgrounds import xor
from bplib.playgrounds.mnist import MNISTPlayground, MNISTSettings
from bplib.playgrounds.xor import XORModel, XORPlayground, XORSettings
from bplib.training import DivergenceError


@pytest.fixture(autouse=True)
def _no_panel_outlives_its_test():
    yield
    close_all()


def pixels(live):
    """What the figure's widget shows, (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(live.image.value)).convert("RGB")).astype(int)


class Slope(Explorer):
    alt = "The parabola with its tangent"
    updates = 0

    def __init__(self, **keywords):
        super().__init__(
            LiveFigure(300, 200), z=slider("z", 1.0, -4, 4), buttons={"Home": self.home}, **keywords
        )

    def home(self):
        self.controls["z"].value = 0.0

    def build(self, figure):
        ax = figure.subplots()
        ax.set(xlim=(-4, 4), ylim=(-4, 16))
        (self.tangent,) = self.live.moving(*ax.plot([], [], "k--"))

    def update(self, z):
        self.updates += 1
        if z > 3.5:
            raise ValueError("too steep")
        self.tangent.set_data([z - 1, z + 1], [z**2 - 2 * z, z**2 + 2 * z])
        return f"slope {2 * z:.2f}"


@dataclass(frozen=True, repr=False)
class CounterSettings(Settings):
    learning_rate: float = 0.5
    hidden: int = 3


class Counter:
    """A model that counts; learning rate 9 diverges, 8 is a bug."""

    def __init__(self, settings):
        self.settings, self.n = settings, 0

    def step(self):
        if self.settings.learning_rate == 9:
            raise DivergenceError("the loss became nan: try a smaller learning rate")
        if self.settings.learning_rate == 8:
            raise KeyError("a bug")
        self.n += 1

    def observe(self):
        return self.n

    def adopt(self, settings):
        self.settings = settings


class CounterView:
    def __init__(self):
        self.live = LiveFigure(200, 100)
        self.figures = [self.live]
        ax = self.live.axes(0, 0, 200, 100)
        (self.line,) = self.live.moving(*ax.plot([0, 1], [0, 0]))

    def update(self, n):
        self.line.set_ydata([0, n % 50])
        return f"step {n}"


class CounterPlayground(Playground):
    alt = "A counter"

    def __init__(self, **keywords):
        controls = {"learning_rate": slider("η", 0.5, 0.0, 10.0, 0.5), "hidden": slider("Hidden", 3, 1, 8)}
        super().__init__(CounterSettings(), controls, **keywords)

    def make_model(self, settings):
        return Counter(settings)

    def make_view(self, settings):
        return CounterView()


async def until(condition, seconds=10):
    """Wait, while the loop runs, until condition() holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.005)


# ---- figures ---------------------------------------------------------------------------------------------


def test_a_frame_shows_what_moved_and_leaves_nothing_behind():
    live = LiveFigure(200, 100)
    ax = live.axes(0, 0, 200, 100)
    ax.set(xlim=(0, 200), ylim=(0, 100))
    ax.axis("off")
    (dot,) = live.moving(*ax.plot([50], [50], "ks", ms=10))
    live.draw()
    assert pixels(live)[50, 50].sum() < 50
    dot.set_data([150], [50])
    live.draw()
    assert pixels(live)[50, 50].sum() == 3 * 255
    assert pixels(live)[50, 150].sum() < 50


def test_a_frame_is_the_picture_that_a_full_drawing_would_make():
    """Blitting is an economy, not another picture; only the order of moving above still is its own."""
    live = LiveFigure(300, 200)
    ax = live.figure.subplots()
    ax.set(xlim=(0, 10), ylim=(0, 10))
    (line,) = live.moving(*ax.plot([0, 1], [0, 1], zorder=10))
    live.draw()
    line.set_data([2, 8], [3, 4])
    live.draw()
    blitted = pixels(live)
    line.set_animated(False)
    live.canvas.draw()
    assert np.array_equal(blitted, np.asarray(live.canvas.buffer_rgba())[:, :, :3])


def test_nothing_is_sent_when_nothing_changed():
    live = LiveFigure(200, 100)
    (line,) = live.moving(*live.figure.subplots().plot([0, 1]))
    assert live.draw()
    assert not live.draw()
    line.set_ydata([1, 0])
    assert live.draw()
    assert not live.draw()


def test_a_change_of_what_stands_still_is_seen_too():
    live = LiveFigure(200, 100)
    ax = live.figure.subplots()
    live.moving(*ax.plot([0, 1]))
    live.draw()
    before = pixels(live)
    ax.set_xlim(-5, 5)
    assert live.draw()
    assert not np.array_equal(before, pixels(live))


def test_seldom_artists_stay_under_the_moving_ones():
    live = LiveFigure(200, 100)
    ax = live.axes(0, 0, 200, 100)
    ax.set(xlim=(0, 200), ylim=(0, 100))
    ax.axis("off")
    (low,) = live.seldom(*ax.plot([0, 200], [50, 50], color="red", lw=20))
    (high,) = live.moving(*ax.plot([100], [50], "ks", ms=10))
    live.draw()
    high.set_data([120], [50])
    live.draw()
    seen = pixels(live)
    assert tuple(seen[50, 20]) == (255, 0, 0)
    assert seen[50, 120].sum() < 50
    low.set_data([0, 200], [10, 10])
    live.draw()
    assert tuple(pixels(live)[50, 20]) == (255, 255, 255)


def test_frames_while_playing_are_jpeg_and_the_last_one_is_sharp():
    live = LiveFigure(200, 100)
    (line,) = live.moving(*live.figure.subplots().plot([0, 1]))
    live.draw(sharp=False)
    assert live.image.value[:2] == b"\xff\xd8"
    assert live.image.format == "jpeg"
    line.set_ydata([1, 0])
    live.draw(sharp=False)
    assert live.draw(sharp=True), "the same picture, but sharp now"
    assert live.image.value[:4] == b"\x89PNG"
    assert live.image.format == "png"


@pytest.mark.parametrize("smooth", [False, True])
def test_a_raster_shows_its_numbers_the_right_way_up(smooth):
    live = LiveFigure(100, 100)
    ax = live.axes(0, 0, 100, 100)
    ax.axis("off")
    raster = Raster(ax, cmap=plots.AMOUNT, smooth=smooth)
    live.moving(raster)
    raster.set_values([[1.0, 0.0], [0.0, 0.0]])
    live.draw()
    seen = pixels(live)
    assert seen[10, 10].sum() < 200, "dark at the top left"
    assert min(seen[10, 90].sum(), seen[90, 10].sum(), seen[90, 90].sum()) > 700


def test_a_raster_marks_what_is_no_number():
    live = LiveFigure(100, 100)
    ax = live.axes(0, 0, 100, 100)
    ax.axis("off")
    raster = Raster(ax, cmap=plots.AMOUNT, bad="#ff0000")
    live.moving(raster)
    raster.set_values([[np.nan, 0.5]])
    live.draw()
    assert tuple(pixels(live)[50, 20]) == (255, 0, 0)


def test_a_trace_keeps_the_course_in_bounded_memory():
    trace = Trace(2, capacity=100)
    for step in range(1, 10_001):
        trace.append(step, step**0.5, -step)
    assert 50 <= len(trace) <= 100
    assert np.all(np.diff(trace.steps) > 0)
    assert np.allclose(trace.columns[1], -trace.steps)
    assert np.allclose(trace.columns[0, 1:], trace.steps[1:] ** 0.5, rtol=0.05)
    with pytest.raises(ValueError, match="capacity must be an even number"):
        Trace(capacity=7)


def test_a_full_trace_keeps_the_means_of_neighbours_and_takes_half_as_many_from_there_on():
    trace = Trace(1, capacity=4)
    for step, value in enumerate((0.0, 10.0, 20.0, 60.0), start=1):
        trace.append(step, value)
    np.testing.assert_array_equal(trace.columns, [[0, 10, 20, 60]])
    trace.append(5, 2.0)
    trace.append(6, 4.0)
    np.testing.assert_array_equal(trace.steps, [1.5, 3.5, 5])
    np.testing.assert_array_equal(trace.columns, [[5, 40, 2]])
    trace.append(7, 8.0)
    np.testing.assert_array_equal(trace.steps, [1.5, 3.5, 5, 6.5])
    np.testing.assert_array_equal(trace.columns, [[5, 40, 2, 6]])
    trace.clear()
    assert len(trace) == 0
    trace.append(1, 7.0)
    np.testing.assert_array_equal(trace.columns, [[7]])


def test_a_loss_that_swings_to_and_fro_is_not_drawn_by_one_of_its_sides():
    model = XORModel(XORSettings(learning_rate=10.0, seed=1), maps=False)
    losses = []
    for _ in range(1500):
        model.step()
        losses.append(model.network.loss(model.dataset.X_train, model.dataset.y_train))
    low, high = sorted(losses[-2:])
    assert losses[-4:-2] == pytest.approx(losses[-2:], rel=0.01)
    assert high > 1.2 * low
    assert model.trace.columns[0, -20:] == pytest.approx((low + high) / 2, rel=0.01)


@pytest.mark.parametrize(
    ("x", "expected"), [(1, 1), (3, 5), (101, 200), (200, 200), (0.03, 0.05), (7e5, 1e6)]
)
def test_limits_grow_in_jumps(x, expected):
    assert round_up(x) == pytest.approx(expected)


@pytest.mark.parametrize(("low", "high"), [(0.001, 10), (1e-5, 1e-3), (0.02, 20)])
def test_the_notches_of_a_log_slider_are_round_numbers_from_end_to_end(low, high):
    control = slider("η", low, low, high, log=True)
    seen = []
    for n in range(round((control.max - control.min) / control.step) + 1):
        control.set_state({"value": 10 ** (control.min + n * control.step)})  # what the page sends
        seen.append(control.value)
    assert seen[0] == low
    assert seen[-1] == high
    assert all(value == float(f"{value:.2g}") for value in seen)
    for power in range(int(np.ceil(np.log10(low))), int(np.log10(high)) + 1):
        assert float(f"1e{power}") in seen
    assert (seen[-1] > 1) == (1.0 in seen)


def test_what_the_page_says_of_a_slider_is_not_said_back_rounded(monkeypatch):
    """It would arrive while a hand is further on, and set the slider back: a fast drag ended elsewhere."""
    control, sent = slider("η", 0.5, 0.01, 10.0, log=True), []
    monkeypatch.setattr(control, "_send", lambda message, **_: sent.append(message))
    control.set_state({"value": 0.6309573444801932})
    assert control.value == 0.63
    assert [message["method"] for message in sent] == ["echo_update"]  # for other pages, as it was said
    assert sent[0]["state"] == {"value": 0.6309573444801932}
    control.value = 0.25  # a cell's value is sent
    assert sent[1:] == [{"method": "update", "state": {"value": 0.25}, "buffer_paths": []}]


def test_a_log_slider_takes_any_value_of_its_range_and_a_wider_one_widens_it():
    control = slider("η", 0.5, 0.001, 10, log=True)
    assert control.value == 0.5
    for value in (0.37, 0.123, 2.345):
        control.value = value
        assert control.value == value
    control.value = 99
    assert control.value == 10
    assert slider("n", 99, 1, 8).max == 99
    assert 10 ** slider("η", 25.0, 0.001, 10, log=True).max > 25
    with pytest.raises(ValueError, match="low must be above 0"):
        slider("η", 1.0, 0, 10, log=True)


def test_controls_have_names():
    for control in (
        slider("a", 1, 0, 2),
        slider("a", 1.0, 0, 2),
        choice("a", ["x", "y"]),
        toggle("a"),
    ):
        assert control.description == "a"
        assert control.tooltip == "a"
    assert choice("a", [("one", 1), ("two", 2)]).value == 1


# ---- explorers -------------------------------------------------------------------------------------------


def test_an_explorer_answers_its_slider_in_a_cell():
    explorer = Slope()
    explorer.controls["z"].value = 2.0
    assert explorer.tangent.get_xdata()[0] == 1.0
    assert "slope 4.00" in explorer.status.value
    assert 'role="status"' in explorer.status.value
    explorer.buttons["Home"].click()
    assert "slope 0.00" in explorer.status.value


def test_an_explorers_fault_fails_the_cell_and_shows_in_the_panel():
    explorer = Slope()
    with pytest.raises(ValueError, match="too steep"):
        explorer.controls["z"].value = 4.0
    assert isinstance(explorer.error, ValueError)
    assert "too steep" in explorer.alarm.value
    assert 'role="alert"' in explorer.alarm.value
    assert explorer.alarm.layout.display != "none"
    explorer.controls["z"].value = 1.0
    assert explorer.error is None
    assert explorer.alarm.layout.display == "none"


def test_an_explorer_that_cannot_start_says_so_at_once():
    class Broken(Slope):
        def update(self, z):
            raise RuntimeError("no picture")

    with pytest.raises(RuntimeError, match="no picture"):
        Broken()
    with pytest.raises(TypeError, match="must define build"):
        Explorer(LiveFigure(100, 100))


def test_a_burst_is_drawn_a_few_times_and_ends_with_the_last_value():
    async def play():
        explorer = Slope()
        before = explorer.updates
        for z in np.linspace(-3, 3, 200):
            explorer.controls["z"].value = z
        await until(lambda: not explorer._due)
        assert explorer.tangent.get_xdata()[0] == pytest.approx(2.0)
        assert explorer.updates - before < 60

    asyncio.run(play())


def test_the_stored_picture_shows_the_last_value_of_a_burst():
    async def play():
        explorer = Slope()
        explorer.controls["z"].value = 2.0
        explorer.controls["z"].value = 3.0
        explorer._repr_mimebundle_()
        assert explorer.tangent.get_xdata()[0] == 2.0

    asyncio.run(play())


def test_callbacks_on_another_thread_run_on_the_panels_own():
    threads = []

    class Where(Slope):
        def update(self, z):
            threads.append(threading.get_ident())
            return super().update(z)

    async def play():
        explorer = Where()
        hand = threading.Thread(target=lambda: setattr(explorer.controls["z"], "value", 3.0))
        hand.start()
        await until(lambda: "slope 6.00" in explorer.status.value)
        hand = threading.Thread(target=lambda: setattr(explorer.controls["z"], "value", 4.0))
        hand.start()
        await until(lambda: explorer.error is not None)

    asyncio.run(play())
    assert set(threads) == {threading.get_ident()}


# ---- playgrounds -----------------------------------------------------------------------------------------


def test_run_advances_and_shows_one_frame():
    playground = CounterPlayground()
    frames = playground.view.live.frames
    assert playground.run(7) is playground
    assert playground.model.n == 7
    assert playground.view.live.frames == frames + 1
    assert "step 7" in playground.status.value
    for bad in (-1, 2.5, "3"):
        with pytest.raises((ValueError, TypeError), match="n must be a whole number of at least 0, got"):
            playground.run(bad)


def test_play_needs_a_loop_and_says_what_to_do_without():
    playground = CounterPlayground()
    with pytest.raises(RuntimeError, match=r"use run\(n\)"):
        playground.play()
    assert not playground.playing


def test_play_pause_step_reset_by_hand():
    async def play():
        playground = CounterPlayground()
        playground.play_button.click()
        assert playground.play_button.description == "Pause"
        await until(lambda: playground.model.n > 20)
        playground.play_button.click()
        assert playground.play_button.description == "Play"
        n = playground.model.n
        await asyncio.sleep(0.1)
        assert playground.model.n == n
        playground.step_button.click()
        assert playground.model.n == n + 1
        playground.reset_button.click()
        assert playground.model.n == 0
        assert "step 0" in playground.status.value
        assert playground.error is None

    asyncio.run(play())


def test_playing_twice_is_one_loop():
    async def play():
        playground = CounterPlayground()
        playground.play()
        playground.play()
        await asyncio.sleep(0.05)
        assert len(asyncio.all_tasks()) == 2, "this test and one player"
        playground.pause()
        playground.play()
        await asyncio.sleep(0.05)
        assert len(asyncio.all_tasks()) == 2
        playground.close()
        await asyncio.sleep(0.05)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(play())


def test_a_rest_puts_the_next_tick_off_once_and_a_moving_hand_does_not_stop_the_clock():
    async def play():
        loop, ticks = asyncio.get_running_loop(), []
        player = Player(lambda seconds: ticks.append(loop.time()), fps=50, loop=loop)
        player.play()
        await until(lambda: ticks)
        began, seen = loop.time(), len(ticks)
        player.rest(0.2)
        await until(lambda: len(ticks) > seen)
        assert ticks[seen] - began >= 0.19
        seen = len(ticks)

        async def hand():
            while True:
                player.rest(0.1)
                await asyncio.sleep(0.005)

        moving = asyncio.create_task(hand())
        await until(lambda: len(ticks) > seen + 3)
        moving.cancel()
        player.pause()

    asyncio.run(play())


def test_a_turned_knob_gives_its_frame_a_rest():
    async def play():
        playground = CounterPlayground()
        rests = []
        playground.player.rest = rests.append
        playground.play()
        playground.controls["learning_rate"].value = 2.0
        assert rests == [playground.rest_after_hand]

    asyncio.run(play())


def test_speed_is_steps_a_frame():
    async def play():
        playground = CounterPlayground(speed=20)
        seen = []
        update = playground.view.update
        playground.view.update = lambda n: (seen.append(n), update(n))[1]
        playground.play()
        await until(lambda: len(seen) > 4)
        assert set(np.diff(seen[:5])) == {20}

    asyncio.run(play())
    with pytest.raises(ValueError, match="speed must be one of"):
        CounterPlayground(speed=3)


def test_the_learning_rate_acts_at_once_and_the_hidden_size_starts_anew():
    playground = CounterPlayground()
    playground.run(5)
    model = playground.model
    playground.controls["learning_rate"].value = 2.0
    assert playground.model is model
    assert model.settings.learning_rate == 2.0
    assert model.n == 5
    playground.controls["hidden"].value = 4
    assert playground.model is not model
    assert playground.model.n == 0
    assert playground.model.settings == CounterSettings(learning_rate=2.0, hidden=4)
    assert "Hidden: 4" in playground.status.value
    assert "starts at step 0" in playground.status.value
    assert playground.code.value == "CounterPlayground(CounterSettings(learning_rate=2.0, hidden=4))"


def test_a_divergence_pauses_shows_and_lets_one_go_on():
    async def play():
        playground = CounterPlayground()
        playground.play()
        playground.controls["learning_rate"].value = 9.0
        await until(lambda: playground.error is not None)
        assert not playground.playing
        assert playground.play_button.description == "Play"
        assert "try a smaller learning rate" in playground.alarm.value
        playground.controls["learning_rate"].value = 1.0
        assert playground.error is None
        assert playground.alarm.value == ""
        assert playground.model.n == 0, "the weights were lost: a new model"
        playground.play()
        await until(lambda: playground.model.n > 5)

    asyncio.run(play())


def test_a_divergence_in_a_cell_is_a_result_and_a_bug_is_not():
    playground = CounterPlayground()
    playground.controls["learning_rate"].value = 9.0
    playground.run(3)
    assert isinstance(playground.error, DivergenceError)
    playground.controls["learning_rate"].value = 8.0
    with pytest.raises(KeyError, match="a bug"):
        playground.run(3)
    assert isinstance(playground.error, KeyError)


def test_a_bug_in_a_tick_pauses_and_is_shown():
    async def play():
        playground = CounterPlayground()
        playground.play()
        hand = threading.Thread(target=lambda: setattr(playground.controls["learning_rate"], "value", 8.0))
        hand.start()
        await until(lambda: playground.error is not None)
        assert isinstance(playground.error, KeyError)
        assert not playground.playing
        assert "KeyError" in playground.alarm.value
        assert "in step, line" in playground.alarm.value

    asyncio.run(play())


def test_a_cell_that_turns_a_knob_fails_with_the_bug_while_it_plays_too():
    async def play():
        playground = CounterPlayground()
        playground.play()
        with pytest.raises(KeyError, match="a bug"):
            playground.controls["learning_rate"].value = 8.0
        assert isinstance(playground.error, KeyError)
        assert not playground.playing

    asyncio.run(play())


def test_steps_are_those_of_the_model_that_is_shown():
    playground = CounterPlayground()
    playground.run(5)
    assert playground.steps == 5
    playground.reset()
    assert playground.steps == 0
    playground.run(3)
    playground.controls["hidden"].value = 4
    assert playground.steps == 0


def test_hands_on_other_threads_while_it_plays():
    async def play():
        playground = CounterPlayground()
        playground.play()

        def turn():
            for i in range(50):
                playground.controls["hidden"].value = 1 + i % 8
                playground.controls["learning_rate"].value = 0.5 + i % 4
            playground.controls["hidden"].value = 7

        hands = [threading.Thread(target=turn) for _ in range(3)]
        for hand in hands:
            hand.start()
        await until(lambda: not any(hand.is_alive() for hand in hands))
        await until(lambda: playground.settings.hidden == 7 and playground.model.n > 3)
        assert playground.error is None
        clicking = threading.Thread(target=playground.play_button.click)
        clicking.start()
        await until(lambda: not playground.playing)

    asyncio.run(play())


def test_a_stored_picture_keeps_the_colours_of_the_classes():
    """A palette of 256 colours once showed the squares of class 1 in vermilion."""
    playground = XORPlayground(XORSettings(learning_rate=0.05, seed=1))
    playground.run(1500)
    stored = Image.open(io.BytesIO(base64.b64decode(playground.png())))
    assert stored.mode == "P", "this picture is large enough for a palette"
    drawn = np.concatenate([live.pixels() for live in playground.figures])[..., :3].astype(int)
    kept = np.asarray(stored.convert("RGB")).astype(int)
    for color in plots.CLASS_COLORS[:2]:
        here = np.all(drawn == np.round(255 * np.array(to_rgb(color))), axis=-1)
        assert here.sum() > 100
        assert np.abs(kept - drawn)[here].max() <= 8


def test_preview_stores_a_trained_picture_and_starts_at_step_0():
    playground = CounterPlayground()
    fresh = playground.png()
    assert playground.preview(40) is playground
    assert playground.model.n == 0
    assert playground._repr_mimebundle_()[0]["image/png"] != fresh


def test_never_displayed_it_plays_all_the_same():
    async def play():
        playground = CounterPlayground()
        playground.play()
        await until(lambda: playground.view.live.frames > 3)
        assert playground.error is None

    asyncio.run(play())


# ---- pages and their links -------------------------------------------------------------------------------


class Page:
    """A page that shows a picture: hears of frames after `delay`, at most `rate` bytes a second of them, and
    takes `paint` seconds for each."""

    def __init__(self, image, clock, *, delay=0.0, rate=float("inf"), paint=0.0, name="a page"):
        self.image, self.clock, self.delay, self.rate, self.name = image, clock, delay, rate, name
        self.paint = paint
        self.visible, self.painted, self.waits = True, [], []
        self._on_the_way, self._free = [], 0.0
        image.observe(self._sent, names="frame")
        self.say()

    def say(self, **message):
        self.image._handle_custom_msg({"view": self.name, "visible": self.visible, **message}, [])

    def _sent(self, change):
        now = self.clock()
        self._free = max(now, self._free) + len(self.image.value) / self.rate + self.paint
        self._on_the_way.append((self._free + self.delay, change["new"], now))

    def answer(self):
        """Say what has been painted by now."""
        while self._on_the_way and self._on_the_way[0][0] <= self.clock():
            _, frame, sent = self._on_the_way.pop(0)
            self.painted.append(frame)
            self.waits.append(self.clock() - sent)
            self.say(painted=frame)


def a_minute(*, frame=lambda level: 80_000 >> level, fps=30, seconds=60, **link):
    """A picture whose frames are offered fps times a second, and the page at the other end of a link."""
    now = [0.0]
    image = Picture(clock=lambda: now[0])
    page = Page(image, image._clock, **link)
    late = []
    for tick in range(int(seconds * 1000)):
        now[0] = tick / 1000
        page.answer()
        if tick % round(1000 / fps) == 0 and image.room():
            image.send(bytes(frame(image.level)), "jpeg")
        late.append(len(page._on_the_way))
    return image, page, late


@pytest.mark.parametrize(
    ("mbit", "ms", "least_rate", "most_wait"), [(8, 40, 15, 0.30), (2, 100, 8, 0.65), (100, 5, 29, 0.05)]
)
def test_the_queue_of_a_slow_link_stays_short_and_its_pipe_full(mbit, ms, least_rate, most_wait):
    """Over ten minutes, in simulated time: frames painted, and how long the last of them were under way."""
    _, page, late = a_minute(seconds=600, rate=mbit * 125_000, delay=2 * ms / 1000)
    last_minute = len(page.waits) // 10
    assert last_minute / 60 >= least_rate
    assert np.percentile(page.waits[-last_minute:], 95) <= most_wait
    assert np.mean(late[-60_000:]) <= 1.2 * np.mean(late[60_000:120_000]) + 0.5, "nothing grows"


def test_pictures_get_smaller_before_they_get_few_and_better_again_when_the_link_recovers():
    now = [0.0]
    image = Picture(clock=lambda: now[0])
    page = Page(image, image._clock, rate=250_000, delay=0.2)

    def play(seconds):
        levels = []
        for _ in range(int(seconds * 200)):
            now[0] += 0.005
            page.answer()
            if round(now[0] * 1000) % 35 == 0 and image.room():
                image.send(bytes(80_000 >> image.level), "jpeg")
            levels.append(image.level)
        return levels

    assert max(play(20)) >= 2
    page.rate, page.delay = 12_500_000, 0.01
    assert play(400)[-1] == 0


@pytest.mark.parametrize(("delay", "limited"), [(0.01, False), (0.08, True)])
def test_a_page_far_away_takes_its_share_of_a_wide_line_and_one_beside_the_kernel_what_it_can(delay, limited):
    sizes = []
    image, page, _ = a_minute(
        rate=12_500_000, delay=delay, frame=lambda level: sizes.append(27_000 >> level) or sizes[-1]
    )
    assert (sum(sizes) / 60 <= 1.01 * 250_000) == limited
    assert len(page.painted) / 60 > 15, "smaller pictures, and enough of them"
    assert image.room(for_hand=True), "a hand waits for no share"


def test_pauses_make_no_picture_coarser():
    now = [0.0]
    image = Picture(clock=lambda: now[0])
    page = Page(image, image._clock, rate=245_000, delay=0.08)
    levels = []
    for tick in range(120_000):
        now[0] = tick / 1000
        page.answer()
        # plays for three seconds of every seven, faster than the link can carry
        if tick % 20 == 0 and tick % 7000 < 3000 and image.room():
            image.send(bytes(14_000 >> image.level), "jpeg")
        levels.append(image.level)
    assert len(page.painted) > 15 * 3 * 120 / 7
    assert max(levels) == 0


def test_a_page_that_is_slow_and_not_its_link_keeps_its_pictures_sharp():
    levels = []
    _, page, late = a_minute(seconds=300, paint=0.125, frame=lambda level: levels.append(level) or 30_000)
    assert max(levels) == 1, "smaller pictures were tried, and brought no more"
    assert np.mean(levels) < 0.1
    assert len(page.painted) > 0.9 * 300 / 0.125
    assert max(late) <= 3


def test_a_page_that_is_hidden_gets_no_frames_and_one_that_comes_back_gets_the_newest():
    async def play():
        playground = CounterPlayground()
        image = playground.view.live.image
        page = Page(image, time.monotonic)
        playground.play()
        await until(lambda: (page.answer(), len(page.painted) > 3)[1])
        page.visible = False
        page.say()
        frame, n = image.frame, playground.model.n
        await until(lambda: playground.model.n > n + 20)
        assert image.frame == frame
        playground.pause()
        assert image.frame == frame
        page.visible = True
        page.say()
        await until(lambda: image.frame > frame)
        assert image.format == "png"

    asyncio.run(play())


@pytest.mark.parametrize(("room", "steps"), [(True, 10), (False, 60)])
def test_the_time_of_a_frame_that_nobody_has_room_for_is_for_training(monkeypatch, room, steps):
    """A frame of 60 ms, 50 of them for drawing; a step takes one, by a clock that the steps turn."""
    now = [0.0]

    async def play():
        playground = CounterPlayground()
        playground.play()
        monkeypatch.setattr(playground_module, "time", SimpleNamespace(perf_counter=lambda: now[0]))
        monkeypatch.setattr(playground.view.live.image, "room", lambda **_: room)
        monkeypatch.setattr(playground, "draw", lambda **_: None)
        advance = playground.model.step
        monkeypatch.setattr(playground.model, "step", lambda: (advance(), now.append(now.pop() + 0.001)))
        playground.speed.value = 1_000_000
        playground._draw_seconds, playground.training_share = 0.05, 0.1
        playground._frame(0.06)
        playground.pause()
        return playground.steps

    assert asyncio.run(play()) == pytest.approx(steps, abs=1)


def test_training_that_nobody_looks_at_pauses_and_says_so_until_a_hand_goes_on():
    async def play():
        playground = CounterPlayground()
        playground.unwatched = 0.2
        image = playground.view.live.image
        page = Page(image, time.monotonic)
        playground.play()
        await until(lambda: (page.answer(), playground._looked > 0 and len(page.painted) > 10)[1])
        assert playground.playing, "it goes on for as long as somebody looks"
        page.say(gone=True)
        await until(lambda: not playground.playing)
        assert playground.play_button.description == "Play"
        assert "nobody had looked" in playground.status.value
        back = Page(image, time.monotonic, name="another page")
        assert "nobody had looked" in playground.status.value
        playground.play()
        await until(lambda: (back.answer(), len(back.painted) > 3)[1])
        assert "nobody had looked" not in playground.status.value

    asyncio.run(play())


def test_a_page_that_answers_no_more_does_not_hold_up_another_and_is_given_up():
    now = [0.0]
    image = Picture(clock=lambda: now[0])
    page = Page(image, image._clock)
    asleep = Page(image, image._clock, name="asleep")
    while image.room():
        image.send(b"frame", "jpeg")
        page.answer()
    now[0] += Picture.SILENT + 0.1
    assert image.room()
    assert image.watched
    page.say(gone=True)
    assert not image.watched
    asleep.say()
    assert image.watched, "it woke up"
    assert image.room(), "and does not wait for what got lost"
    while image.room():
        image.send(b"frame", "jpeg")
    now[0] += Picture.GONE + 1
    assert not image.watched
    assert len(image._pages) == 0


def test_a_page_whose_answers_get_lost_sees_a_frame_a_second():
    now = [0.0]
    image = Picture(clock=lambda: now[0])
    Page(image, image._clock)
    sent = []
    for tick in range(30_000):
        now[0] = tick / 1000
        if image.room():
            image.send(b"frame", "jpeg")
            sent.append(now[0])
    assert sum(at > 10 for at in sent) == 20
    assert not image.watched


def test_two_pages_of_one_kernel_are_paced_by_the_slower_and_neither_queues():
    now = [0.0]
    image = Picture(clock=lambda: now[0])
    pages = [
        Page(image, image._clock, delay=0.01),
        Page(image, image._clock, delay=0.2, rate=250_000, name="far away"),
    ]
    for tick in range(60_000):
        now[0] = tick / 1000
        for page in pages:
            page.answer()
        if tick % 33 == 0 and image.room():
            image.send(bytes(80_000 >> image.level), "jpeg")
    for page in pages:
        assert len(page.painted) > 8 * 60
        assert np.percentile(page.waits[-300:], 95) < 0.65


@pytest.mark.parametrize("message", [{}, {"view": 3, "visible": True}, {"view": "a", "visible": "yes"}])
def test_what_no_page_of_ours_says_is_passed_over(message):
    image = Picture()
    image._handle_custom_msg(message, [])
    assert not image.watched
    image._handle_custom_msg({"view": "a", "visible": True, "painted": "x"}, [])
    assert image.watched


def test_a_hand_is_answered_though_the_window_is_full_and_a_burst_of_hands_is_not_queued():
    explorer = Slope()
    image = explorer.live.image
    page = Page(image, time.monotonic)
    first = image.frame
    for n in range(40):
        explorer.controls["z"].value = 1 + n / 20
    assert 1 < image.frame - first <= 3 + 2
    sent = image.frame
    page.answer()
    assert image.frame > sent, "what was held back follows when there is room"
    page.answer()
    assert (pixels(explorer.live) == explorer.live.pixels()).all()


# ---- the notebook ----------------------------------------------------------------------------------------


def test_what_a_notebook_stores_is_stable():
    first, second = CounterPlayground(), CounterPlayground()
    data, metadata = first._repr_mimebundle_()
    other, _ = second._repr_mimebundle_()
    assert data["text/plain"] == other["text/plain"] == "A counter"
    assert metadata["image/png"]["alt"] == "A counter"
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["image/png"] == other["image/png"]
    assert repr(first) == "CounterPlayground()"
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.size == (200, 100)


def notebook_cell(monkeypatch, cell, run, code="p"):
    """Pretend to be in that cell, in that run of it."""

    class Shell:
        def get_parent(self):
            return {
                "header": {"msg_id": run},
                "metadata": {"cellId": cell} if cell else {},
                "content": {"code": code},
            }

    monkeypatch.setattr(panels, "get_ipython", Shell)


def test_running_a_cell_again_closes_what_it_made_before(monkeypatch):
    async def play():
        notebook_cell(monkeypatch, "cell-1", "run-1")
        one, two = CounterPlayground(), CounterPlayground()
        notebook_cell(monkeypatch, "cell-2", "run-2")
        elsewhere = CounterPlayground()
        for playground in (one, two, elsewhere):
            playground.play()
        notebook_cell(monkeypatch, "cell-1", "run-3")
        again = CounterPlayground()
        again.play()
        await asyncio.sleep(0.05)
        assert (one.closed, two.closed, elsewhere.closed, again.closed) == (True, True, False, False)
        assert len(asyncio.all_tasks()) == 3
        assert one._repr_mimebundle_() == {"text/plain": "CounterPlayground (closed)"}
        with pytest.raises(RuntimeError, match="closed"):
            one.run(1)

    asyncio.run(play())


def test_without_cell_ids_the_same_code_is_the_same_cell(monkeypatch):
    notebook_cell(monkeypatch, None, "run-1", code="p = Counter()")
    one = CounterPlayground()
    notebook_cell(monkeypatch, None, "run-2", code="q = Counter()")
    two = CounterPlayground()
    notebook_cell(monkeypatch, None, "run-3", code="p = Counter()")
    CounterPlayground()
    assert one.closed
    assert not two.closed


def test_a_key_names_what_to_replace():
    one, other = CounterPlayground(key="left"), CounterPlayground(key="right")
    CounterPlayground(key="left")
    assert one.closed
    assert not other.closed


def test_closing_leaves_no_widget_behind():
    before = set(_instances)
    for made in (CounterPlayground(), Slope(), XORPlayground(), XORPlayground(panels="simple")):
        made.close()
        made.close()
    assert set(_instances) == before


def test_memory_stays_flat_over_many_frames():
    playground = XORPlayground(XORSettings(data="circles", batch_size=16))

    def frames(n):
        for _ in range(n):
            playground.model.step()
            playground.draw(sharp=False)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        frames(10)
        first = frames(10)
        assert frames(60) - first < 100_000
    finally:
        tracemalloc.stop()


# ---- XOR -------------------------------------------------------------------------------------------------


def test_xor_learns_in_front_of_ones_eyes():
    playground = XORPlayground().run(600)
    seen = playground.model.observe()
    assert playground.error is None
    assert seen.test_accuracy == 1.0
    assert seen.losses[0, -1] < 0.1 < seen.losses[0, 0]
    assert np.allclose(seen.losses[0, 0], np.log(2), atol=0.2)
    assert playground.view.boundary.get_xdata().size, "the line where the answer is ½"


@pytest.mark.parametrize(("data", "accuracy"), [("blobs", 0.95), ("circles", 0.9), ("spiral", 0.85)])
def test_every_data_set_can_be_learnt(data, accuracy):
    settings = XORSettings(data=data, hidden=8, layers=2, batch_size=16, learning_rate=0.3)
    model = XORModel(settings, maps=False)
    for _ in range(4000):
        model.step()
    assert model.observe().test_accuracy >= accuracy


def test_the_line_of_code_makes_the_same_experiment():
    settings = XORSettings(data="spiral", hidden=6, layers=3, activation="relu", init="he", seed=7)
    playground = XORPlayground(settings, panels="simple")
    imports, call = playground.code.value.split("; ")
    exec(imports, names := {})
    assert eval(call.replace("XORPlayground(", "dict(settings=", 1), names)["settings"] == settings
    playground.controls["hidden"].value = 5
    again = eval(playground.code.value.split("; ")[1], names)
    assert again.settings == playground.settings
    a, b = playground.run(20).model.network, again.run(20).model.network
    assert all(
        np.array_equal(p, q) for (_, p), (_, q) in zip(a.named_params(), b.named_params(), strict=True)
    )
    assert repr(XORSettings()) == "XORSettings()"


def test_xor_batch_size_and_rate_go_on_with_the_same_network():
    playground = XORPlayground(XORSettings(data="circles"))
    playground.run(50)
    network = playground.model.network
    playground.controls["batch_size"].value = 64
    playground.controls["learning_rate"].value = 0.1
    playground.run(1)
    assert playground.model.network is network
    assert playground.model.optimizer.learning_rate == pytest.approx(0.1)
    assert playground.model.step_count == 51
    assert len(playground.model.step().rows) == 64


@pytest.mark.parametrize("name", ["data", "activation", "loss", "init", "layers", "seed"])
def test_every_structural_control_of_xor_builds_a_new_network(name):
    playground = XORPlayground()
    playground.run(3)
    control = playground.controls[name]
    control.value = (
        control.options[-1][1]
        if name in ("data", "loss")
        else (control.options[-1] if hasattr(control, "options") else control.max)
    )
    assert playground.error is None
    assert playground.model.step_count == 0
    playground.run(3)
    assert getattr(playground.settings, name) == control.value
    assert playground.model.settings == playground.settings


def test_xor_divergence_is_explained():
    settings = XORSettings(
        data="circles", activation="relu", layers=4, hidden=8, init="normal", learning_rate=10.0, batch_size=1
    )
    playground = XORPlayground(settings).run(300)
    assert isinstance(playground.error, DivergenceError)
    assert "learning rate" in playground.alarm.value
    playground.controls["learning_rate"].value = 0.01
    playground.run(5)
    assert playground.error is None


def test_xor_hidden_units_and_gradients_are_those_of_the_network():
    model = XORModel(XORSettings(hidden=3, layers=2))
    model.step()
    seen = model.observe()
    network = model.network
    A, _ = network.layers[0].forward(model.plane)
    A, _ = network.layers[1].forward(A)
    assert np.allclose(seen.hidden[0], ((A + 1) / 2).reshape(60, 60, 3)[::2, ::2])
    _, grads = network.gradients(model.dataset.X_train, model.dataset.y_train)
    assert seen.gradients == [np.abs(g["W"]).max() for g in grads if g]
    assert len(seen.gradients) == 3
    assert np.allclose(seen.surface.reshape(-1, 1), network.predict(model.plane))


def test_xor_noise_moves_the_points_and_makes_many_of_the_corners():
    table, noisy = xor.load("xor"), xor.load("xor", 0.2)
    assert len(table.X_train) == 4
    assert (len(noisy.X_train), len(noisy.X_test)) == (200, 100)
    assert 0.15 < (noisy.X_train - np.round(np.clip(noisy.X_train, 0, 1))).std() < 0.25
    for name in ("circles", "spiral", "blobs"):
        clean, noisy = xor.load(name), xor.load(name, 0.3)
        assert (clean.y_train == noisy.y_train).all()
        for part in ("X_train", "X_test"):
            assert 0.25 < (getattr(noisy, part) - getattr(clean, part)).std() < 0.35
    playground = XORPlayground()
    assert [len(points.get_xdata()) for points in playground.view.tested] == [0, 0]
    playground.controls["noise"].value = 0.2
    assert [len(points.get_xdata()) for points in playground.view.tested] == [50, 50]
    assert [len(points.get_xdata()) for points in playground.view.points] == [100, 100]


def click(playground, ax, x, y):
    """A click of the page at this place of an Axes."""
    live = playground.view.live
    across, up = ax.transData.transform((x, y))
    place = [across / live.width, 1 - up / live.height]
    live.image._heard(None, {"view": "page", "visible": True, "clicked": place}, None)


def test_xor_a_hidden_unit_is_shown_large_with_the_line_where_its_sum_is_zero():
    playground = XORPlayground(XORSettings(hidden=3, layers=2)).run(200)
    view, network = playground.view, playground.model.network
    left, bottom, right, top = view._tiles[2, 1]
    assert playground.large.index == 0, "the menu shows what is chosen"
    for unit in ((2, 1), xor.NO_UNIT):  # a second click leads back to the answer
        click(playground, view.wiring, (left + right) / 2, (bottom + top) / 2)
        assert playground.large.value == unit
        assert view.title.get_text() == ("Hidden layer 2, unit 1; line: z = 0" if unit else xor.ANSWER)
    playground.large.value = (2, 3)  # as the keyboard does
    assert np.argmax(view.frames.get_linewidths()) == 5
    points = np.column_stack(view.boundary.get_data())
    points = points[np.isfinite(points).all(axis=1)]
    A = points
    for layer in network.layers[:3]:
        A, _ = layer.forward(A)
    _, _, answers, sums = playground.model.observe().large
    assert len(points)
    assert np.abs(A[:, 2]).max() < 0.05 * np.abs(sums).max()
    assert np.allclose(answers, (np.tanh(sums) + 1) / 2)
    playground.controls["hidden"].value = 4
    assert playground.large.value == (2, 3), "it is still there"
    playground.controls["layers"].value = 1
    assert playground.large.value == xor.NO_UNIT
    assert view.title.get_text() == xor.ANSWER
    assert playground.large.options[-1][1] == (1, 4)
    click(playground, view.wiring, 0, 0)
    click(playground, view.curves, 10, 0.1)
    assert playground.large.value == xor.NO_UNIT


def test_xor_a_click_in_the_plane_adds_a_point_to_the_network_in_training():
    playground = XORPlayground(XORSettings()).run(20)
    network = playground.model.network
    click(playground, playground.view.plane, 0.5, 0.5)
    assert playground.settings.added == (), "a click does nothing before it is told to"
    playground.click.value = 1
    click(playground, playground.view.plane, 0.5, 0.5)
    playground.click.value = 0
    click(playground, playground.view.plane, 0.25, 0.75)
    assert playground.settings.added == ((0.5, 0.5, 1), (0.25, 0.75, 0))
    assert (playground.model.network, playground.model.step_count) == (network, 20)
    assert [len(points.get_xdata()) for points in playground.view.points] == [3, 3]
    extent = playground.model.extent
    rows = {
        tuple(row) for _ in range(4) for row in playground.model.dataset.X_train[playground.model.step().rows]
    }
    assert {(0.5, 0.5), (0.25, 0.75)} < rows, "they are trained on"
    assert playground.model.epoch == 22, "twenty passes over four points, two over six of them"
    again = eval(
        playground.code.value.split("; ")[1], {"XORPlayground": XORPlayground, "XORSettings": XORSettings}
    )
    assert again.settings == playground.settings
    playground.reset()
    assert playground.model.extent == extent
    playground.click.value = xor.TAKE_AWAY
    click(playground, playground.view.plane, 0.6, 0.5)
    assert playground.settings.added == ((0.25, 0.75, 0),)
    playground.controls["data"].value = "circles"
    assert playground.settings.added == ()
    assert playground.error is None
    far = XORModel(XORSettings(added=((3.0, 0.5, 1),)), maps=False)
    assert far.extent[1] == 3.0
    full = XORPlayground(XORSettings(added=[(0.5, 0.5, 1)] * xor.MAX_ADDED))
    full.click.value = 1
    click(full, full.view.plane, 0.5, 0.6)
    assert len(full.settings.added) == xor.MAX_ADDED
    assert "take one away" in full.status.value


@pytest.mark.parametrize("place", [None, "x", [0.5], [0.5, "a"], [0.5, 1.5], [float("nan"), 0.5], {}])
def test_a_click_that_says_no_place_is_passed_over(place):
    playground = XORPlayground()
    playground.click.value = 1
    message = {"view": "page", "visible": True, "clicked": place}
    playground.view.live.image._heard(None, message, None)
    assert playground.settings.added == ()


def test_xor_a_gradient_of_zero_is_told_from_a_small_one():
    playground = XORPlayground(XORSettings(init="zeros"))
    (layers, _), (_, sizes) = playground.view.zeros.get_data(), playground.view.sizes.get_data()
    assert list(layers) == [1, 2]
    assert np.isnan(sizes).all()
    playground.controls["init"].value = "normal"
    assert len(playground.view.zeros.get_xdata()) == 0


def test_xor_wiring_shows_each_weight_where_it_leads_by_sign_and_size():
    playground = XORPlayground(XORSettings(hidden=3, layers=2)).run(5)
    W = playground.model.network.layers[2].params["W"]
    W[:] = [[2.0, -1.0, 0.0], [0.5, 0.25, -30.0], [1.0, 1.0, 1.0]]
    playground.draw()
    view = playground.view
    weights = [layer.params["W"] for layer in playground.model.network.layers if layer.params]
    n_lines = [len(wires.get_segments()) for wires in view.wires]
    assert n_lines == [sum((P > 0).sum() for P in weights), sum((P < 0).sum() for P in weights)]
    first = (weights[0] > 0).sum()  # lines are in the order of layers, and by rows within each
    widths = view.wires[0].get_linewidth()[first : first + 6]
    assert np.allclose(widths, [1.4, 0.5, 0.35, 0.8, 0.8, 0.8])
    segments = np.array(view.wires[0].get_segments()[first : first + 6])
    assert segments[0, 0, 1] > segments[1, 0, 1] > segments[3, 0, 1], "unit 1 is above"
    assert segments[1, 1, 1] > segments[2, 1, 1]
    assert (segments[:, 0, 0] < segments[:, 1, 0]).all()
    negative = max(view.wires[1].get_linewidth())
    assert negative == 4.0, "thick, and no thicker"
    assert len(view.frames.get_segments()) == 6
    W[0, 0] = np.nan
    playground.draw()
    assert np.isfinite(np.array(view.wires[0].get_segments())).all()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"hidden": 0}, "hidden must be a whole number from 1 to 8, got 0"),
        ({"hidden": 2.5}, "hidden must be a whole number"),
        ({"data": "moons"}, "data must be one of 'xor', 'circles', 'spiral', 'blobs', got 'moons'"),
        ({"activation": "gelu"}, "activation must be one of"),
        ({"added": 3}, "added must be at most 100 points .* got 3"),
        ({"added": ((0.5, 0.5),)}, "added must be at most 100 points"),
        ({"added": ((0.5, np.inf, 1),)}, "added must be at most 100 points"),
        ({"added": ((0.5, 10**400, 1),)}, "added must be at most 100 points"),
        ({"added": ((0.5, 0.5, 2),)}, "added must be at most 100 points"),
        ({"added": ((0.5, 0.5, 0.5),)}, "added must be at most 100 points"),
        ({"added": ((0.5, 0.5, 1),) * 101}, "added must be at most 100 points"),
    ],
)
def test_wrong_settings_have_a_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        XORSettings(**wrong)


def test_playgrounds_refuse_what_they_cannot_show():
    with pytest.raises(TypeError, match="settings must be XORSettings"):
        XORPlayground({"hidden": 3})
    with pytest.raises(ValueError, match='"all" or "simple"'):
        XORPlayground(panels="few")
    with pytest.raises(TypeError, match="dataset must be a Dataset"):
        MNISTPlayground(np.zeros((4, 784)))
    with pytest.raises(ValueError, match="28 × 28 images"):
        MNISTPlayground(xor.load("xor"))


# ---- MNIST -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def images():
    """Ten classes that can be learnt: a bright bar at a place of its own."""
    rng = np.random.default_rng(0)

    def part(n):
        y = np.arange(n) % 10
        X = rng.integers(0, 60, (n, 28, 28))
        for row, label in zip(X, y, strict=True):
            row[2 * label + 3 : 2 * label + 6] += 120
        return Images(X.reshape(n, 784).astype(np.uint8)), y

    return Dataset("bars", *part(600), *part(300), 10, "Bars.")


def test_mnist_learns_and_shows_it(images):
    playground = MNISTPlayground(images, MNISTSettings(hidden=16, learning_rate=0.05, batch_size=32))
    before = playground.model.validation.accuracy
    playground.run(60)
    seen = playground.model.observe()
    assert playground.error is None
    assert seen.validation.accuracy > max(0.8, before)
    assert seen.validation.confusion.sum() == 120, "a fifth of 600"
    assert np.trace(seen.validation.confusion) == round(120 * seen.validation.accuracy)
    assert len(seen.accuracies) > 10, "run draws the accuracy as a curve"
    assert "validation accuracy" in playground.status.value
    assert len(base64.b64decode(playground.png())) <= 60_000


def test_the_mistakes_are_the_surest_ones(images):
    model = MNISTPlayground(images, MNISTSettings(hidden=4)).model
    P = model.network.predict(model.X_val)
    for _, true, predicted in model.validation.mistakes:
        assert true != predicted
    wrong = P.argmax(axis=1) != model.y_val
    surest = P[wrong].max(axis=1).argmax()
    image, true, predicted = model.validation.mistakes[0]
    assert np.array_equal(image.ravel(), model.X_val[wrong][surest])
    assert (true, predicted) == (model.y_val[wrong][surest], P[wrong][surest].argmax())


@pytest.mark.parametrize(
    "settings",
    [
        MNISTSettings(optimizer="adam", learning_rate=0.001, layers=2, hidden=8),
        MNISTSettings(optimizer="momentum", activation="tanh", init="xavier", hidden=40),
        MNISTSettings(activation="sigmoid", init="normal", subset=100, hidden=28),
    ],
)
def test_every_kind_of_mnist_network_runs(images, settings):
    playground = MNISTPlayground(images, settings).run(10)
    assert playground.error is None
    assert playground.model.step_count == 10
    assert playground.code.value.endswith(f"; MNISTPlayground(datasets.handwritten_digits(), {settings!r})")


def test_a_subset_is_what_it_says(images):
    playground = MNISTPlayground(images, MNISTSettings(subset=100, hidden=8))
    assert playground.model.X.shape == (100, 784)
    assert playground.controls["subset"].value == 100
    playground.controls["subset"].value = 480
    assert playground.model.X.shape == (480, 784)


def test_validation_images_are_neither_trained_on_nor_the_tests(images):
    model = MNISTPlayground(images, MNISTSettings(hidden=8)).model
    assert np.array_equal(model.X_val, np.asarray(images.X_train[480:]))
    assert np.array_equal(model.X.pixels, images.X_train.pixels[:480])


def test_another_optimiser_comes_with_its_usual_rate(images):
    playground = MNISTPlayground(images, MNISTSettings(hidden=8))
    playground.controls["optimizer"].value = "adam"
    assert playground.settings.learning_rate == pytest.approx(0.001)
    assert type(playground.model.optimizer).__name__ == "Adam"
    assert playground.model.optimizer.learning_rate == pytest.approx(0.001)


def test_while_mnist_plays_it_validates_twice_a_second_at_most(images):
    async def play():
        playground = MNISTPlayground(images, MNISTSettings(hidden=8))
        calls = []
        playground.model.validate = lambda: calls.append(time.monotonic())
        start = time.monotonic()
        playground.play()
        await until(lambda: playground.view.live.frames > 5)
        assert len(calls) <= 2 * (time.monotonic() - start) + 1

    asyncio.run(play())


def test_mnist_divergence_is_explained(images):
    playground = MNISTPlayground(images, MNISTSettings(hidden=64, layers=3, init="normal", learning_rate=0.1))
    playground.controls["learning_rate"].value = 10.0
    playground.controls["init"].value = "he"
    for layer in playground.model.network.layers[::2]:
        layer.params["W"] *= 1e20
    playground.run(50)
    assert isinstance(playground.error, DivergenceError)
    assert "Stopped" in playground.alarm.value


def test_a_hand_on_another_thread_cuts_the_slice_of_training_short():
    """A slice may last a tenth of a second; a slider must not wait for its end."""

    async def play():
        playground = CounterPlayground(speed=1_000_000)
        playground.fps = playground.player.fps = 1
        playground.play()
        await until(lambda: playground.model.n > 0)
        waited = []

        def turn():
            time.sleep(0.05)
            start = time.monotonic()
            playground.controls["learning_rate"].value = 2.0
            while playground.model.settings.learning_rate != 2.0:
                time.sleep(0.001)
            waited.append(time.monotonic() - start)

        step = playground.model.step

        def slow_step():
            time.sleep(0.01)
            step()

        playground.model.step = slow_step
        hand = threading.Thread(target=turn)
        await asyncio.sleep(0)
        hand.start()
        await until(lambda: waited)
        assert waited[0] < 0.4, "a slice lasts nearly a second here"

    asyncio.run(play())


def test_the_confusion_matrix_has_true_classes_in_its_rows(images):
    """The other way round it looks much the same; the sentence above it and a count by hand tell."""
    playground = MNISTPlayground(images, MNISTSettings(hidden=8)).run(3)
    model = playground.model
    seen = model.validate()
    predicted = model.network.predict(model.X_val).argmax(axis=1)
    by_hand = np.zeros((10, 10), int)
    for true, said in zip(model.y_val, predicted, strict=True):
        by_hand[true, said] += 1
    assert (by_hand != by_hand.T).any()
    assert np.array_equal(seen.confusion, by_hand)
    playground.draw()
    off = by_hand - np.diag(np.diag(by_hand))
    true, said = np.unravel_index(off.argmax(), off.shape)
    assert f"{true} taken for {said}, {off.max()}×" in playground.view.worst_cell.get_text()
    for image, true, said in seen.mistakes:
        at = [i for i, row in enumerate(model.X_val) if np.array_equal(row.reshape(28, 28), image)]
        assert (true, said) in {(model.y_val[i], predicted[i]) for i in at}
