"""A `Playground`: a model that trains while one watches, and the `Settings` it trains with."""

import contextlib
import dataclasses
import time

import ipywidgets

from .. import checks, plots
from ..language import said
from .controls import choice, push_button
from .figure import close_widget
from .panel import Panel
from .player import Player


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
            description=said("This experiment"),
            tooltip=said("Copy this line into another cell"),
            layout={"width": "auto", "max_width": "100%"},
            style={"description_width": "initial"},
        )
        self.code.add_class("bp-read-only")
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
        """Whether it trains on its own."""
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
        n = checks.whole_number("run", "n", n, 0)
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
        left = self._train(self.speed.value, end)
        trained = time.perf_counter()
        if left is None or not self._somebody_looks(trained):
            if left and self.playing and time.perf_counter() < start + seconds:
                self._train(left, start + seconds)  # nothing is drawn: its time is for training, too
            self.spent["training"] += time.perf_counter() - start
            return
        self.draw(sharp=False)
        drawn = time.perf_counter()
        self._draw_seconds += 0.2 * (drawn - trained - self._draw_seconds)
        self.spent["training"] += trained - start
        self.spent["drawing"] += drawn - trained
        steps, since, _ = self._rate
        if drawn - since >= 1.0:
            self._rate = (self.steps, drawn, (self.steps - steps) / (drawn - since))

    def _train(self, most, end):
        """Steps until `end` or `most` of them; returns how many are left, or None: a hand goes first."""
        while most:
            self._advance()
            most -= 1
            if self._hand_waits:  # it brings a frame of its own
                return None
            if time.perf_counter() >= end:
                break
        return most

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
            self._go_on_with(settings)
        else:
            self._new_model(settings)
            self.settings = settings
            self.draw(sharp=not self.playing)
            value = _in_words(getattr(settings, name))
            self.say(f"{self.controls[name].description}: {value}. A new network, training starts at step 0.")
            self._settings_changed()

    def _go_on_with(self, settings):
        self.model.adopt(settings)
        self.settings = settings
        if self.playing:  # seen now, not at the end of the next slice of training
            self._frame(0.0)
        self._settings_changed()

    def _settings_changed(self):
        self.code.value = self.line_of_code()
        self.player.rest(self.rest_after_hand)

    def _show_state(self):
        self.play_button.description = said("Pause" if self.playing else "Play")
        for live in self._live_figures():
            live.image.expected = self.playing

    def fail(self, error):
        self.player.pause()
        super().fail(error)
        self._show_state()
        if self.is_result(error):
            with contextlib.suppress(Exception):  # a picture of lost weights need not exist
                self.draw()


def _in_words(value):
    """A setting as the status line says it, in any language."""
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return f"{value:g}" if isinstance(value, float) else value


def _short(value):
    """A slider's 0.31622776601683794 as 0.3162: nobody wants to paste the rest."""
    return float(f"{value:.4g}") if isinstance(value, float) else value
