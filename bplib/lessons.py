"""The lessons of the course in one table: what each is called, starts from, teaches, needs and takes.

README, the lessons' own "What you need" and "What you can now do", the site and the teacher's guide say the
same; tests/test_lessons.py holds them together. tools/lesson_minutes.py measures the minutes by a rule.
"""

from __future__ import annotations

from typing import NamedTuple


class Minutes(NamedTuple):
    """Minutes for reading the text, for running and reading the code cells, and for the exercises."""

    reading: int
    cells: int
    exercises: int

    @property
    def together(self) -> int:
        """All of them, rounded to five minutes."""
        return 5 * round(sum(self) / 5)


class Lesson(NamedTuple):
    """One lesson. `needs` holds the numbers of the lessons it uses; `objectives` complete "you can now …"."""

    number: int
    title: str
    file: str
    puzzle: str
    needs: tuple
    minutes: Minutes
    objectives: tuple

    @property
    def stem(self) -> str:
        """Its file's name without the ending, by which `make notebooks ARGS=…` knows it."""
        return self.file.removesuffix(".ipynb")


LESSONS = (
    Lesson(
        number=0,
        title="Start here",
        file="00_start_here.ipynb",
        puzzle="a network learns in front of you, before any theory",
        needs=(),
        minutes=Minutes(8, 9, 8),
        objectives=(
            "run the course here, and say what is installed and which digits you have",
            "name the parts of a run: network, step, loss, learning rate",
            "tell rows from columns in a formula, and ask what somebody counts who counts layers",
        ),
    ),
    Lesson(
        number=1,
        title="The chain rule",
        file="01_chain_rule.ipynb",
        puzzle="a variable is used twice: which slope is right?",
        needs=(0,),
        minutes=Minutes(8, 29, 20),
        objectives=(
            "find a gradient by walking a graph backwards: multiply along a path, add over the paths",
            "say what `=` in place of `+=` does at a fork",
            "say why a step goes along $-g$, and why it must be small",
            "check a slope with a central difference, and choose $h$",
        ),
    ),
    Lesson(
        number=2,
        title="Activations",
        file="02_activations.ipynb",
        puzzle="why two layers can be worth no more than one",
        needs=(1,),
        minutes=Minutes(9, 27, 28),
        objectives=(
            "explain why layers without a bend fold into one",
            "write the slopes of sigmoid, tanh and ReLU from their outputs, and say what happens at the kink",
            "tell saturation from slowness, and say why a step function cannot be trained by slopes",
            "say when a gradient vanishes, stays or explodes along a chain",
        ),
    ),
    Lesson(
        number=3,
        title="Gradient descent",
        file="03_gradient_descent.ipynb",
        puzzle="a printed formula that climbs instead of descending",
        needs=(1, 2),
        minutes=Minutes(9, 26, 24),
        objectives=(
            "find a lost sign by proof, and see it by a growing loss",
            "translate a learning rate from one squared error to another",
            "say when a step is too long, before the NaN",
            r"derive binary cross-entropy and its gradient $\hat y - y$",
        ),
    ),
    Lesson(
        number=4,
        title="Deltas",
        file="04_deltas.ipynb",
        puzzle="16 million paths, 2 368 multiplications",
        needs=(1, 2, 3),
        minutes=Minutes(9, 32, 23),
        objectives=(
            "read a weight's indices in any text, and find its gradient step by step",
            r"say what δ is, and write $\partial L/\partial w_{jk} = \delta_j a_k$",
            "derive the recursion from “gradients add where a value forks”",
            "explain why all deltas come before any update, and what the recursion saves",
        ),
    ),
    Lesson(
        number=5,
        title="Matrix gradients",
        file="05_matrix_gradients.ipynb",
        puzzle="eight products fit: which one is the gradient?",
        needs=(3, 4),
        minutes=Minutes(9, 33, 27),
        objectives=(
            "write $dX$, $dW$, $db$ of an affine layer, and prove them for any size",
            "distrust shapes that match: square matrices, $N = k$, (N, 1) against (N,)",
            "read a formula in either convention",
            "tell a loss that fell from a network that learned: compare with the mean, look at the ReLUs",
        ),
    ),
    Lesson(
        number=6,
        title="Softmax and layers",
        file="06_softmax_and_layers.ipynb",
        puzzle="what the loss must be before the first step",
        needs=(2, 3, 5),
        minutes=Minutes(10, 31, 28),
        objectives=(
            r"write a softmax that does not overflow, and a loss that does not meet $\log 0$",
            r"derive $p - y$ through the Jacobian, and say when it is $p \sum y - y$",
            "say what the first loss should be, and what it means if it is not",
            "read and trust, or distrust, a layer: what it keeps, what it writes to",
        ),
    ),
    Lesson(
        number=7,
        title="The gradient check",
        file="07_gradient_check.ipynb",
        puzzle="the network learns, and its gradient is wrong",
        needs=(1, 6),
        minutes=Minutes(9, 23, 22),
        objectives=(
            "check every gradient of a network against a referee that knows no formula",
            "say what a fair error is, where its floor comes from, and where to put $h$",
            "recognise checks that pass although the code is wrong",
            "read from the pattern of errors which line is broken",
        ),
    ),
    Lesson(
        number=8,
        title="XOR",
        file="08_xor.ipynb",
        puzzle="a line that cannot be drawn",
        needs=(3, 4, 6),
        minutes=Minutes(11, 37, 17),
        objectives=(
            "prove that one line cannot separate XOR, and say what the best line costs",
            "replay a published run and compare it digit by digit",
            "state a criterion before comparing two losses",
            "tell whether two units are tied: equal in and out, or mirrored under an odd activation",
        ),
    ),
    Lesson(
        number=9,
        title="Regression",
        file="09_regression.ipynb",
        puzzle="a network that loses to least squares",
        needs=(3, 4, 6, 8),
        minutes=Minutes(9, 30, 28),
        objectives=(
            "hold a network against the simplest model that could do the job",
            "change one thing at a time, and name the cause",
            "compute the size of $z$, and draw weights that keep it",
            "scale and split without letting the test rows in",
        ),
    ),
    Lesson(
        number=10,
        title="MNIST",
        file="10_mnist.ipynb",
        puzzle="a loss that will not leave 2.30",
        needs=(6, 8),
        minutes=Minutes(11, 37, 27),
        objectives=(
            "load, train, and judge a digit network: curves, confusion matrix, worst mistakes",
            "change one thing at a time, and say what each change was worth",
            r"recognise $\ln 10$ and 1.461 when a loss sits there",
            "say which weights cannot learn, and why",
        ),
    ),
    Lesson(
        number=11,
        title="Broken in print",
        file="11_broken_in_print.ipynb",
        puzzle="published, popular, green, and wrong",
        needs=(7, 10),
        minutes=Minutes(9, 33, 19),
        objectives=(
            "recover a gradient from a step, and check a program of plain steps from outside",
            "find the broken line from the pattern of errors",
            "say why neither accuracy nor tests that pass prove a gradient right",
            "tell a check that passes from a check that could have failed",
        ),
    ),
    Lesson(
        number=12,
        title="Automatic differentiation",
        file="12_autodiff.ipynb",
        puzzle="the computer writes the backward pass",
        needs=(1, 5, 6),
        minutes=Minutes(8, 40, 40),
        objectives=(
            "write reverse-mode differentiation for arrays, with broadcasting, for graphs of any depth",
            "say what a node keeps, what it sends back, and why it must wait",
            "compare the costs of differences, forward mode and reverse mode",
        ),
    ),
    Lesson(
        number=13,
        title="Normalise and regularise",
        file="13_normalise_and_regularise.ipynb",
        puzzle="layers that behave differently in an exam",
        needs=(5, 6, 7, 9),
        minutes=Minutes(8, 35, 22),
        objectives=(
            "derive a gradient through statistics of the batch, all three paths",
            "say what a layer must do differently in training and in prediction, "
            "and what breaks if it does not",
            "write and check dropout, with its factor",
            "recognise overfitting, and say what decay and dropout do about it",
        ),
    ),
    Lesson(
        number=14,
        title="Optimisers",
        file="14_optimisers.ipynb",
        puzzle="the same gradient, three different steps",
        needs=(3, 9, 13),
        minutes=Minutes(11, 35, 20),
        objectives=(
            "say what momentum does to walls and floor, and which rate it needs",
            "derive Adam, its bias correction and its first step",
            "decouple weight decay, and choose a schedule",
            "compare optimisers fairly: each at its own rate",
        ),
    ),
    Lesson(
        number=15,
        title="Depth",
        file="15_depth.ipynb",
        puzzle="where the gradient goes in twenty layers",
        needs=(2, 4, 9, 13),
        minutes=Minutes(11, 40, 20),
        objectives=(
            "predict the factor by which δ changes in each layer, from slope, width and weights",
            "say what initialisation, normalisation and residual paths each repair, and what they leave",
            "write a residual block and its gradient",
            "tell what a network can represent from what a training finds",
        ),
    ),
)


def lesson(number: int) -> Lesson:
    """The lesson with this number."""
    for one in LESSONS:
        if one.number == number:
            return one
    raise ValueError(f"lessons have the numbers {LESSONS[0].number} to {LESSONS[-1].number}, got {number!r}")


def readme_table() -> str:
    """The rows of the README's table of lessons, as Markdown."""
    rows = (f"| {x.number:02} | [{x.title}](notebooks/{x.file}) | {x.puzzle} |" for x in LESSONS)
    return "\n".join(["| | lesson | the puzzle it starts from |", "| --- | --- | --- |", *rows])
