"""Recall: short questions about earlier lessons, with new numbers each time, spaced over days.

    ex.recall(2)            # lesson 02 opens with one question from two lessons before
    ex.recall(2, 12, 5)     # its answer
    ex.review()             # what is due today; ex.review("fork", 9) answers

A question is due the day after the first exercise of its lesson was solved; answered right it comes back
after 1, 3, 7 and 21 days, answered wrong after one. The days are kept in the progress file, and nothing
leaves the machine.
"""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..language import joined, said
from . import progress_file
from .diagnose import CORRECT, NOT_ATTEMPTED, Result
from .kinds import Text, Value

DAYS = (1, 3, 7, 21)  # until a question that was answered right comes back
AT_ONCE = 3  # questions of one review


class Recalled(Value):
    """A value to give, with numbers of today; a right answer sends it away for some days."""

    def __init__(
        self,
        name: str,
        lesson: int,
        task: str,
        answer: Any,
        working: str,
        wrong: Sequence[tuple[Any, str]],
        returns: str | tuple[str, ...] = "the answer",
    ) -> None:
        hints = ("Look at the lesson again.",) * 2 + (working,)
        kept = [(number, teaches) for number, teaches in wrong if not _alike(number, answer)]
        super().__init__(task, answer, working=working, hints=hints, mutants=kept, returns=returns)
        self.name, self.lesson = name, lesson
        self.after = joined(said(working), f"({_said(answer)})")  # a catalogue has the working alone

    def check(self, *answer: Any, seed: int | None = None) -> Result:
        """Grade an answer; it counts for when the question is due again."""
        result = self.judge(self.attempt(answer, 0), 0)
        if result.status == NOT_ATTEMPTED:
            return Unanswered(self.name, NOT_ATTEMPTED, self.task, lesson=self.lesson)
        note(self.name, result.status == CORRECT)
        return result


class Unanswered(Result):
    """A question that waits for its answer, and shows itself."""

    def __init__(self, exercise: str, status: str, message: str, lesson: int) -> None:
        super().__init__(exercise, status, message)
        object.__setattr__(self, "lesson", lesson)

    def __repr__(self):
        return (
            f"○ {joined(said(f'Do you remember? From lesson {self.lesson:02d}:'), said(self.message))}\n"
            f"{said('Put your answer in place of the `...` and run the cell again.')}"
        )


def _alike(a, b):
    return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, rtol=5e-3))


def _said(answer):
    return ", ".join(f"{number:.4g}" for number in np.atleast_1d(answer))


# ---------------------------------------------------------------- the questions


def _network_numbers(rng):
    a, b, c = (int(n) for n in rng.integers(2, 7, 3))
    weights, biases = a * b + b * c, b + c
    return (
        f"A network {a}-{b}-{c}: how many weights, and how many biases?",
        (weights, biases),
        f"{a} · {b} + {b} · {c} weights; each of the {b} + {c} units that add up has a bias.",
        [((weights, biases + a), "Inputs add nothing up: they have no bias."),
         ((weights, b), "The outputs add something up too: they have biases as well.")],
    )  # fmt: skip


def _fork(rng):
    x, y, z = (int(n) for n in rng.integers(1, 8, 3))
    one, other = x + y, x + z
    return (
        f"f = (x + y)(x + z). What is ∂f/∂x at x = {x}, y = {y}, z = {z}?",
        one + other,
        "x is used twice, and gradients add where a variable forks: (x + z) + (x + y).",
        [(other, "That is one of the two paths. Gradients add where a variable forks."),
         (one, "That is one of the two paths. Gradients add where a variable forks."),
         (one * other, "Slopes are multiplied along one path, and added over two.")],
    )  # fmt: skip


def _slope_from_the_output(rng):
    a = float(rng.integers(1, 10)) / 10
    return (
        f"A sigmoid unit answers {a}. How large is its slope there?",
        round(a * (1 - a), 4),
        "σ′ = a (1 − a), from the answer alone.",
        [(round(1 - a * a, 4), "1 − a² belongs to tanh."),
         (0.25, "¼ is the largest slope, at a = ½.")],
    )  # fmt: skip


def _largest_safe_rate(rng):
    c = int(rng.choice([2, 4, 5, 6, 8, 10, 12, 16, 20, 40]))
    return (
        f"L = {c / 2:g} w². Above which learning rate does gradient descent diverge?",
        2 / c,
        f"L = ½ c w² with c = {c}, and a step is stable for η < 2/c.",
        [(1 / c, "1/c lands at once. It is stable up to 2/c."),
         (4 / c, "In L = ½ c w² the curvature is twice the number in front of w².")],
    )  # fmt: skip


def _hidden_delta(rng):
    w, d = rng.integers(-5, 6, 2), rng.integers(-4, 5, 2) / 10
    w, d = np.where(w == 0, 2, w), np.where(d == 0, 0.3, d)
    a = float(rng.choice([0.2, 0.4, 0.5, 0.8]))
    slope = a * (1 - a)
    return (
        f"A hidden sigmoid unit answers {a}. It feeds two units whose δ are {d[0]:g} and {d[1]:g}, by "
        "the weights "
        f"{w[0]} and {w[1]}. What is its own δ?",
        float(round(w @ d * slope, 6)),
        "The sum over the units above of weight times δ, times the unit's own slope a (1 − a).",
        [(float(round(w @ d, 6)), "That is what comes back to its output. Multiply by its slope."),
         (float(round(w[0] * d[0] * slope, 6)), "It feeds two units: add over both.")],
    )  # fmt: skip


def _bias_gradient(rng):
    tenths = rng.integers(-9, 10, 3)
    tenths[0] += tenths.sum() == 0  # then the mean would be right, too
    column = tenths / 10
    return (
        "Z = X W + b has three rows. In the first column dZ holds "
        f"{', '.join(f'{v:g}' for v in column)}. What is the "
        "first entry of db?",
        float(round(column.sum(), 4)),
        "b was added to every row, so the gradients of the rows add.",
        [(float(round(column.mean(), 4)), "Only the loss divides by N, and dZ carries that already.")],
    )  # fmt: skip


def _gradient_at_the_label(rng):
    p, N = float(rng.integers(1, 10)) / 10, int(rng.choice([2, 4, 5, 10]))
    return (
        f"Softmax with cross-entropy, a batch of {N} rows. In one row the right class gets the "
        f"probability {p}. What is the gradient of the mean loss with respect to the score of that class?",
        round((p - 1) / N, 5),
        "(p − y)/N, and y is 1 at the label.",
        [(round(p - 1, 5), "The loss is a mean: divide by N."),
         (round(p / N, 5), "y is 1 at the label: p − 1."),
         (round((1 - p) / N, 5), "It is p − y: a larger score of the right class makes the loss smaller.")],
    )  # fmt: skip


def _forward_passes(rng):
    a, b, c = (int(n) for n in rng.integers(2, 7, 3))
    n = a * b + b + b * c + c
    return (
        f"A network {a}-{b}-{c} with biases is checked by central differences. How many forward passes?",
        2 * n,
        f"{n} parameters, and two passes for each.",
        [(n, "Central differences go up and down: two passes for each parameter."),
         (2 * (a * b + b * c), "Biases are parameters, too.")],
    )  # fmt: skip


def _steps_of_training(rng):
    N, B, epochs = int(rng.integers(50, 100)), int(rng.choice([8, 16, 20])), int(rng.integers(2, 6))
    each = -(-N // B)
    return (
        f"{N} rows, batches of {B}, {epochs} epochs; the last batch of an epoch may be smaller. How "
        "many steps?",
        each * epochs,
        f"{each} batches an epoch, {epochs} epochs.",
        [(N // B * epochs, "The rows that are left over at the end of an epoch make one more batch."),
         (each, "That is one epoch.")],
    )  # fmt: skip


def _he(rng):
    n_in, n_out = int(rng.choice([8, 32, 50, 98, 200])), int(rng.choice([10, 20, 64]))
    return (
        f"A layer with {n_in} inputs and {n_out} outputs stands before a ReLU. Which standard "
        "deviation does He's rule "
        "give its weights?",
        float(np.sqrt(2 / n_in)),
        f"√(2/n_in) = √(2/{n_in}).",
        [(2 / n_in, "That is the variance. The standard deviation is its root."),
         (float(np.sqrt(1 / n_in)), "ReLU halves the mean square: twice the variance, 2/n_in."),
         (float(np.sqrt(2 / n_out)), "z sums over the inputs.")],
    )  # fmt: skip


def _share_right(rng):
    counts = rng.integers(1, 20, (2, 2))
    right, total = int(np.trace(counts)), int(counts.sum())
    return (
        f"A confusion matrix of two classes: {counts[0].tolist()} and {counts[1].tolist()}. What is "
        "the accuracy, from "
        "0 to 1?",
        right / total,
        "The diagonal over all: rows are what it is, columns what was said.",
        [(1 - right / total, "That is the share of mistakes."),
         (right, "That is a count. The accuracy is a share.")],
    )  # fmt: skip


def _gradient_of_a_step(rng):
    g, eta, w = (
        float(rng.integers(1, 20)) / 10,
        float(rng.choice([0.1, 0.2, 0.5])),
        float(rng.integers(-5, 6)),
    )
    after = round(w - eta * g, 4)
    return (
        f"A program took a step with rate {eta}: a weight went from {w:g} to {after:g}. Which "
        "gradient did it use?",
        g,
        "w_after = w − η g, so g = (w − w_after)/η.",
        [(-g, "The step goes against the gradient: before minus after."),
         (round(eta * g, 4), "That is the step. Divide by η.")],
    )  # fmt: skip


def _broadcast_bias(rng):
    N, d = int(rng.integers(3, 9)), float(rng.integers(1, 9)) / 10
    return (
        f"b has shape (3,) and was added to {N} rows. Every entry of the gradient from above is {d}. "
        "What is each entry "
        "of b's gradient?",
        round(N * d, 4),
        "What is broadcast forward is summed back: once for every row.",
        [(d, f"b was used {N} times, and the contributions add.")],
    )  # fmt: skip


def _kept_by_dropout(rng):
    x, p = float(rng.integers(1, 7)), float(rng.choice([0.2, 0.25, 0.5, 0.6]))
    return (
        f"Dropout with p = {p}, in training. A unit's output {x:g} is not dropped. What does it become?",
        x / (1 - p),
        "It is divided by 1 − p, so that the mean stays what it was.",
        [(x, "Then the mean would shrink: divide by 1 − p."),
         (x / p, "p is the share that is dropped: divide by 1 − p."),
         (x * (1 - p), "Divide by 1 − p: what is left must make up for what is dropped.")],
    )  # fmt: skip


def _velocity(rng):
    g, mu = float(rng.integers(1, 9)), float(rng.choice([0.5, 0.8, 0.9]))
    return (
        f"Momentum with μ = {mu}, and every gradient is {g:g}. Towards which number does the velocity go?",
        g / (1 - mu),
        "v = g + μ g + μ² g + … = g/(1 − μ).",
        [(g, "Past gradients are still in it: g/(1 − μ)."),
         (g / (1 + mu), "That is for gradients that alternate.")],
    )  # fmt: skip


def _ways(rng):
    n = int(rng.integers(3, 13))
    return (
        f"{n} residual blocks in a row. By how many paths can the gradient come back through them?",
        2**n,
        "Each block doubles them: through F, or past it.",
        [(2 * n, "Each block multiplies the number of paths by two."),
         (n + 1, "That counts kinds of paths.")],
    )  # fmt: skip


# name → (lesson, what makes it); the order is that of the lessons
QUESTIONS = {
    "network_numbers": (0, _network_numbers),
    "fork": (1, _fork),
    "slope_from_the_output": (2, _slope_from_the_output),
    "largest_safe_rate": (3, _largest_safe_rate),
    "delta_of_a_hidden_unit": (4, _hidden_delta),
    "gradient_of_a_bias": (5, _bias_gradient),
    "gradient_at_the_label": (6, _gradient_at_the_label),
    "passes_of_a_check": (7, _forward_passes),
    "steps_of_training": (8, _steps_of_training),
    "spread_before_relu": (9, _he),
    "share_right": (10, _share_right),
    "gradient_of_a_step": (11, _gradient_of_a_step),
    "broadcast_bias": (12, _broadcast_bias),
    "kept_by_dropout": (13, _kept_by_dropout),
    "velocity_in_the_end": (14, _velocity),
    "paths_through_blocks": (15, _ways),
}


def question(name: str, seed: int) -> Recalled:
    """The question of this name, with the numbers of this seed."""
    lesson, make = QUESTIONS[name]
    task, answer, working, wrong = make(np.random.default_rng([seed, zlib.crc32(name.encode())]))
    returns = "the answer" if np.ndim(answer) == 0 else ("weights", "biases")
    return Recalled(name, lesson, task, answer, working, wrong, returns)


# ---------------------------------------------------------------- when


def today() -> datetime.date:
    """The date, as the progress file has it."""
    return datetime.date.today()


def note(name: str, right: bool) -> None:
    """Remember an answer: when the question is due again."""
    step = progress_file.reviews().get(name, {}).get("step", 0)
    step = min(step + 1, len(DAYS)) if right else 0
    due = today() + datetime.timedelta(days=DAYS[max(step - 1, 0)])
    progress_file.note_review(name, step, due.isoformat())


def due() -> list[str]:
    """The names of the questions that are due today, the longest waiting first."""
    from . import exercises

    known, solved, waiting = progress_file.reviews(), progress_file.load(), []
    for name, (lesson, _) in QUESTIONS.items():
        if name in known:
            since = datetime.date.fromisoformat(known[name]["due"])
        else:
            dates = [solved[e.name]["solved"] for e in exercises(lesson) if e.name in solved]
            if not any(dates):
                continue
            since = datetime.date.fromisoformat(min(filter(None, dates))) + datetime.timedelta(days=1)
        if since <= today():
            waiting.append((since, name))
    return [name for _, name in sorted(waiting, key=lambda pair: pair[0])]


# ---------------------------------------------------------------- what a lesson and a learner call


def recall(lesson: int, *answer: Any) -> Result:
    """The question that a lesson opens with, from two lessons before; with an answer, its verdict."""
    names = {number + 2: name for name, (number, _) in QUESTIONS.items() if number + 2 <= 15}
    if lesson not in names:
        raise ValueError(f"recall: expected a lesson from {min(names)} to {max(names)}, got {lesson!r}")
    return question(names[lesson], lesson).check(*answer or (...,))


def review(name: str | None = None, *answer: Any) -> Text | Result:
    """What is due today, with the numbers of today; with a name and an answer, its verdict."""
    if name is None:
        return _list(due())
    if name not in QUESTIONS:
        raise ValueError(f"review: expected one of {', '.join(QUESTIONS)}, got {name!r}")
    return question(name, today().toordinal()).check(*answer or (...,))


def _list(names):
    if not names:
        return Text("Nothing is due today.")
    shown = [question(name, today().toordinal()) for name in names[:AT_ONCE]]
    more = f", the first {len(shown)} of them" if len(names) > len(shown) else ""
    lines = [f"{len(names)} {'question is' if len(names) == 1 else 'questions are'} due{more}:"]
    for q in shown:
        lines += [f"  {q.task}", f'      (lesson {q.lesson:02d}) answer with ex.review("{q.name}", …)']
    return Text("\n".join(lines))
