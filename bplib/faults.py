"""The catalogue of faults: a name, the line it spoils, and what it teaches.

One catalogue serves four uses. The break-a-line lab and guess-the-bug put a fault into the learner's network:

    from bplib import faults
    broken = faults.spoil(network, "gate that never closes")   # a copy; optimizers can be spoiled too
    check_gradients(broken, X, Y)
    faults.lab()                          # the faults that training survives and a gradient check sees
    fault = faults.find("lost 1/N")       # .line, .spoiled, .teaches, .where; .source(), .spoiled_source()

The exercises' mutants are faults of their solutions, and `make mutants` puts every fault of `CORE` into the
package, one at a time: some test has to notice.
"""

import copy
import functools
import importlib
import inspect
import itertools
import textwrap
import types
from dataclasses import dataclass

# fmt: off


@dataclass(frozen=True)
class Fault:
    """`line` becomes `spoiled` in the function `where`.

    name     short, in words
    line     a piece of the source that occurs there exactly once; in an exercise also a tuple of pieces, the
             places in which the slip can be made, in all of them or in some
    spoiled  what people write instead; with one line also a tuple, the ways in which they write it
    teaches  a sentence or two that help
    where    "layers.Affine.backward" of bplib; "" in an exercise, whose solution it spoils
    lab      training goes on looking well, a gradient check sees it: for the lab and for guess-the-bug
    """

    name: str
    line: str | tuple
    spoiled: str | tuple
    teaches: str
    where: str = ""
    lab: bool = False

    def variants(self):
        """What this fault stands for, each as pairs (line, spoiled); made in all its places comes first."""
        if isinstance(self.line, str):
            ways = (self.spoiled,) if isinstance(self.spoiled, str) else self.spoiled
            return [((self.line, way),) for way in ways]
        places = list(zip(self.line, self.spoiled, strict=True))
        return [some for n in range(len(places), 0, -1) for some in itertools.combinations(places, n)]

    def apply(self, source):
        """`source` with the line spoiled. Raises ValueError when the line is not there exactly once."""
        return replaced(source, self.variants()[0], f"fault {self.name!r}", self.where or "the solution")

    def target(self):
        """The function of the package that is spoiled."""
        module, *path = self.where.split(".")
        owner = importlib.import_module(f"bplib.{module}")
        return functools.reduce(getattr, path, owner)

    def source(self):
        """The function as it stands."""
        return textwrap.dedent(inspect.getsource(self.target()))

    def spoiled_source(self):
        """The function with the fault in it."""
        return self.apply(self.source())

    def spoiled_function(self):
        """The spoiled function itself; the package keeps the sound one."""
        target = self.target()
        namespace = dict(inspect.unwrap(target).__globals__)
        exec(compile(self.spoiled_source(), f"<{self.where}: {self.name}>", "exec"), namespace)
        return namespace[target.__name__]


def replaced(source, pairs, who="slips", where="the solution"):
    """`source` with each line of the pairs (line, spoiled) replaced, all at once.

    Raises ValueError when a line is not there exactly once, or two of them overlap.
    """
    for line, _ in pairs:
        if source.count(line) != 1:
            raise ValueError(
                f"{who}: {line!r} must occur once in {where}, it occurs {source.count(line)} times"
            )
    end, found = len(source), [(source.index(line), line, new) for line, new in pairs]
    for start, line, spoiled in sorted(found, reverse=True):
        if start + len(line) > end:
            raise ValueError(f"{who}: {line!r} overlaps with another line")
        source, end = source[:start] + spoiled + source[start + len(line) :], start
    return source


def spoil(thing, name):
    """A copy of a network or an optimizer with the fault `name` in every part that has the spoiled function.

    Raises ValueError for an unknown name, and when no part of `thing` runs that function.
    """
    fault, thing = find(name), copy.deepcopy(thing)
    module, owner, method = (*fault.where.split("."), "")[:3]
    if not method:
        raise ValueError(f"fault {name!r} is in the function {fault.where}, which belongs to no network")
    cls = getattr(importlib.import_module(f"bplib.{module}"), owner)
    sound, spoiled = vars(cls)[method], fault.spoiled_function()
    parts = [part for part in _parts(thing) if inspect.getattr_static(type(part), method, None) is sound]
    if not parts:
        raise ValueError(f"fault {name!r} is in {fault.where}, which nothing in {thing!r} uses")
    for part in parts:
        setattr(part, method, types.MethodType(spoiled, part))
    return thing


def _parts(thing):
    yield thing
    for part in [*getattr(thing, "layers", []), *filter(None, [getattr(thing, "loss_function", None)])]:
        yield from _parts(part)


def lab():
    """The faults for the break-a-line lab and guess-the-bug."""
    return [fault for fault in CORE if fault.lab]


def find(name):
    """The fault of the package called `name`."""
    for fault in CORE:
        if fault.name == name:
            return fault
    raise ValueError(f"there is no fault called {name!r}; bplib.faults.lab() lists those of the "
                     f"lab")


def _in(where, *faults):
    return [Fault(*fault[:4], where=where, lab=fault[4:] == ("lab",)) for fault in faults]


CORE = tuple(
    # ------------------------------------------------------------ layers
    _in("layers.Affine.__init__",
        ("Xavier without its 2", "np.sqrt(2 / (n_in + n_out))", "np.sqrt(1 / (n_in + n_out))",
         "The mean of n_in and n_out is their sum over 2: variance 2/(n_in + n_out)."),
        ("He counts outputs", "np.sqrt(2 / n_in)", "np.sqrt(2 / n_out)",
         "z sums over the inputs: its variance grows with n_in."),
        ("N(0, 1) made smaller", '"normal": 1.0', '"normal": 0.1',
         'init="normal" has standard deviation 1; `scale` is what makes it smaller.'),
        ("scale counts twice", "scale, 0, open_low=True)", "scale, 0, open_low=True) ** 2",
         "Twice the scale, twice the standard deviation."),
        ("W in double", "W.astype(checks.floating(self, dtype))", "W",
         "A network has one dtype: float32 means every array."),
        ("b in double", "np.zeros(n_out, dtype)", "np.zeros(n_out)",
         "A network has one dtype: float32 means the biases too."))
    + _in("layers.Affine.from_arrays",
        ("a bias nobody gave", 'bias="b" in arrays', "bias=True",
         "Without b the layer has no bias: its config says so too."))
    + _in("layers.Affine.value",
        ("bias subtracted", '+= self.params["b"]', '-= self.params["b"]', "Z = X W + b: b is added."),
        ("bias forgotten", '+= self.params["b"]', '+= 0 * self.params["b"]',
         "A layer without its bias is a line through the origin."))
    + _in("layers.Affine.gradient",
        ("transpose forgotten", "dY @ W.T", "dY @ W",
         "Forward, W leads from n_in to n_out; back, the error crosses it the other way: Wᵀ. A square W "
         "hides it."),
        ("reshape for transpose", "dY @ W.T", "dY @ W.reshape(W.shape[::-1])",
         "reshape gives the shape of Wᵀ and not its entries: the code runs, and the gradients of all layers "
         "before are wrong.", "lab"),
        ("stale weights", "dY @ W.T", 'dY @ (W - 0.1 * grads["W"]).T',
         "W has taken its step (η = 0.1) before the error is sent back through it: the layers before get the "
         "gradient of a network that no longer exists. The error is proportional to η.", "lab"),
        ("dW transposed", "np.dot(X.T, dY)", "np.dot(dY.T, X).reshape(X.shape[1], -1)",
         "Row i of W belongs to input i: dW = Xᵀ dZ.", "lab"),
        ("a second 1/N in db", "np.add.reduce(dY, axis=0)", "np.mean(dY, axis=0)",
         "The loss has divided by N already: b's gradient is the plain sum over rows.", "lab"),
        ("a second 1/N in dW", "np.dot(X.T, dY)", "np.dot(X.T, dY) / len(X)",
         "The loss has divided by N already, and dZ carries it. Every step is N times too small.", "lab"),
        ("bias never moves", "np.add.reduce(dY, axis=0)", "0 * np.add.reduce(dY, axis=0)",
         "b was added to every row: its gradient is the sum over the rows, not 0.", "lab"),
        ("dX not asked for", "if input_gradient else None", "if True else None",
         "With input_gradient=False there is no dX: nobody needs it, and it costs a product."))
    + _in("layers.sigmoid",
        ("sigmoid upside down", "np.exp(-", "np.exp(", "σ(z) = 1/(1 + e⁻ᶻ) rises with z."),
        ("overflow reported", 'over="ignore"', 'over="raise"', "1/∞ is the right answer here, 0."))
    + _in("contracts.Layer.forward",
        ("overflow reported by a layer", 'over="ignore"', 'over="raise"',
         "A sigmoid far out on its left is 1/∞ = 0."))
    + _in("layers.Activation.value",
        ("z kept for a", "return A, A", "return A, X",
         "The slopes are written from the output a; the cache must hold A, not Z."))
    + _in("layers.Activation.gradient",
        ("incoming gradient lost", "dY * self.slope(cache)", "1.0 * self.slope(cache)",
         "The chain rule multiplies the slope by the gradient that comes in."),
        ("slope forgotten", "dY * self.slope(cache)", "1.0 * dY",
         "∂L/∂a has been handed on as ∂L/∂z: the factor f′ is missing.", "lab"))
    + _in("layers.Sigmoid.slope",
        ("sigmoid's slope with a plus", "(1 - A)", "(1 + A)", "σ′ = a(1 − a), at most ¼.", "lab"),
        ("sigmoid twice", "A * (1 - A)", "sigmoid(A) * (1 - sigmoid(A))",
         "A is σ(z) already; the slope is written from it without another σ.", "lab"))
    + _in("layers.Tanh.slope",
        ("tanh's slope without square", "1 - A * A", "1 - A", "tanh′ = 1 − a²: even in a.", "lab"),
        ("tanh twice", "1 - A * A", "1 - np.tanh(A) ** 2",
         "A is tanh z already; the slope is 1 − a² without another tanh.", "lab"))
    + _in("layers.ReLU.f",
        ("absolute value", "np.maximum(Z, 0)", "np.abs(Z)", "ReLU closes where z < 0."))
    + _in("layers.ReLU.slope",
        ("gate that never closes", "A > 0", "A >= 0",
         "a is ReLU's output and never negative, so a >= 0 is always true. A widely read tutorial has this "
         "line.",
         "lab"),
        ("gate upside down", "A > 0", "A <= 0", "Open units let the gradient through, closed ones do not."),
        ("leaking gate", "A > 0", "(A > 0) + 0.1 * (A <= 0)",
         "That is the slope of another function (leaky ReLU) than the one going forward.", "lab"))
    # ------------------------------------------------------------ losses
    + _in("losses.softmax",
        ("no shift", "Z - np.max(Z, axis=-1, keepdims=True)", "Z",
         "e²⁰⁰⁰ overflows; subtracting each row's maximum cancels in the quotient."),
        ("one shift for all rows", "np.max(Z, axis=-1, keepdims=True)", "np.max(Z)",
         "A row far below the common maximum becomes 0/0."),
        ("normalised by column", "np.sum(E, axis=-1, keepdims=True)", "np.sum(E, axis=0, keepdims=True)",
         "Each row is one example and sums to 1."))
    + _in("losses.SquaredError.value",
        ("½ forgotten in the loss", "(2 * len(Z))", "len(Z)",
         "L = 1/(2N) Σ‖ŷ − y‖²: without the ½ the gradient would be twice as large.", "lab"),
        ("mean over outputs too", "(2 * len(Z))", "(2 * Z.size)",
         "Ours divides by the rows N; PyTorch's MSELoss divides by N·k."),
        ("difference the wrong way round", "D = Z - Y", "D = Y - Z",
         "The square hides it, the gradient does not: training climbs."))
    + _in("losses.SquaredError.backward",
        ("lost 1/N", "D / len(D)", "D",
         "L is a mean over the rows, so dZ has 1/N. Without it the rate is N times what it says.", "lab"))
    + _in("losses.BinaryCrossEntropy.value",
        ("naive logarithm", "np.maximum(Z, 0) - Z * Y + np.log1p(np.exp(-np.abs(Z)))",
         "-Y * np.log(sigmoid(Z)) - (1 - Y) * np.log(1 - sigmoid(Z))",
         "log σ(−1000) is −∞ although the loss is 1000: write it from z."),
        ("absolute value forgotten", "np.exp(-np.abs(Z))", "np.exp(-Z)",
         "log(1 + e⁻ᶻ) and max(z, 0) belong together only with |z|."),
        ("sign of zy", "- Z * Y", "+ Z * Y", "A large z is right where y is 1: it lowers the loss."),
        ("mean over outputs too, in BCE", "/ len(Z), (sigmoid(Z), Y)", "/ Z.size, (sigmoid(Z), Y)",
         "Ours sums over the outputs; PyTorch's averages over both."))
    + _in("losses.BinaryCrossEntropy.backward",
        ("lost 1/N in BCE", "(Y_hat - Y) / len(Y)", "(Y_hat - Y)",
         "L is a mean over the rows, so dZ has 1/N.", "lab"),
        ("slope that should cancel", "(Y_hat - Y) / len(Y)", "(Y_hat - Y) * Y_hat * (1 - Y_hat) / len(Y)",
         "σ′ cancels against cross-entropy's denominator; with it a unit that is wrong and saturated stops "
         "learning.",
         "lab"))
    + _in("losses.BinaryCrossEntropy.prediction",
        ("logits for probabilities", "sigmoid(Z)", "Z",
         "predict gives probabilities, the layers give logits."))
    + _in("losses.SoftmaxCrossEntropy.value",
        ("no shift in the loss", "Z - np.maximum.reduce(Z, axis=1, keepdims=True)", "Z",
         "log Σ eᶻ overflows for large z; the shift cancels."),
        ("the wrong sign before s", "np.log(total[:, 0]) - S", "np.log(total[:, 0]) + S",
         "−log p_y = log Σ eˢ − s_y."),
        ("1e-7 inside the log", "Y * (np.log(total) - S)", "-Y * np.log(P + 1e-7)",
         "A constant inside the log that the gradient does not know: at p = 1e-7 the loss is 15.42 instead "
         "of 16.12."),
        ("sum over the batch", "np.add.reduce(losses, axis=None)) / len(Z)", "np.add.reduce(losses, "
                                                                             "axis=None))",
         "L is a mean over the rows; as a sum its gradient would lack 1/N.", "lab"))
    + _in("losses.SoftmaxCrossEntropy.backward",
        ("Σy taken for 1", "P * Y.sum(axis=1, keepdims=True) - Y", "P - Y",
         "p − y holds where each row of Y sums to 1; in general it is p Σy − y."),
        ("divided by the classes", "- Y) / len(P)", "- Y) / P.shape[1]",
         "The mean is over the N rows, not over the k classes. One published program does this to a single "
         "example."),
        ("only the label's class learns", "dZ = P / len(P)", "dZ = np.zeros_like(P)",
         "With a one-hot label every class gets a gradient: p_j for all, minus 1 for the right one."),
        ("label's share without 1/N", "-= 1 / len(P)", "-= 1",
         "Both terms of (p − y)/N are divided by N."),
        ("lost 1/N in softmax", "return dZ", "return dZ * len(P)",
         "L is a mean over the rows, so dZ has 1/N.", "lab"),
        ("cache overwritten", "dZ = P / len(P)", "P /= len(P); dZ = P",
         "backward must leave the cache as it was: whoever looks at the outputs afterwards sees gradients."))
    + _in("losses.SoftmaxCrossEntropy.prediction",
        ("scores for probabilities", "softmax(Z)", "Z",
         "predict gives probabilities, the layers give logits."))
    # ------------------------------------------------------------ network
    + _in("network.Network.cast",
        ("precision left as it came", ".astype(self.dtype, copy=False)", "",
         "One cast at the door keeps the whole network in one dtype."))
    + _in("network.Network.forward",
        ("overflow reported by a network", 'over="ignore"', 'over="raise"',
         "A sigmoid far out on its left is 1/∞ = 0."))
    + _in("network.forward_pass",
        ("training mode not passed on", "training=training", "training=False",
         "Dropout and batch normalisation must know which mode they are in."),
        ("rng not passed on", "rng=rng", "rng=None", "A layer that draws gets its generator from the "
                                                     "caller."))
    + _in("network.backward_pass",
        ("first layer first", "reversed(range(len(backwards)))", "range(len(backwards))",
         "The chain rule goes from the last layer to the first."),
        ("dX of the first layer never", "input_gradient or i > 0", "i > 0",
         "A gradient check and a picture of ∂L/∂X ask for it."),
        ("dX of the first layer always", "input_gradient or i > 0", "True",
         "Training does not need ∂L/∂X: one matrix product a step for nothing."))
    + _in("network.Network.gradients",
        ("training mode lost", "training=training", "training=False",
         "The gradient is to be that of the mode asked for."))
    + _in("network.Network.predict",
        ("NaN let in", 'checks.finite("Network", "X", self.cast(X))', "self.cast(X)",
         "NaN in the data is said at the door, not in the result."))
    + _in("network.Network.loss",
        ("NaN in the targets let in", ', checks.finite("Network", "Y", Y)', ", Y",
         "NaN in the data is said at the door, not in the result."))
    + _in("network.Network.named_params",
        ("copies handed out", 'f"{i}.{name}", p', 'f"{i}.{name}", p.copy()',
         "They are the arrays themselves: who writes into them changes the network."))
    + _in("network.mlp",
        ("He before the output", "i < len(sizes)", "i <= len(sizes)",
         "No ReLU follows the last layer: Xavier there."),
        ("He before every activation", 'init == "auto" and activation == "relu"', 'init == "auto"',
         "He makes up for the half that ReLU closes; tanh and sigmoid do not need it."),
        ("activation after the output", "chain[:-1] + final", "chain + final",
         "The outputs are logits, or any real number for squared error: no activation after the last layer."),
        ("always a bias", "bias=bias", "bias=True", "bias=False is asked for by published programs without "
                                                    "one."),
        ("scale lost", "scale=scale", "scale=None", "scale multiplies the initial weights."),
        ("dtype lost", "dtype=dtype", "dtype=np.float64", "float32 halves the memory, and is what was asked "
                                                          "for."))
    # ------------------------------------------------------------ optimizers
    + _in("optimizers.Optimizer.move",
        ("steps not counted", "self.steps += 1", "self.steps = 1",
         "Adam's bias correction fades with t: it must be counted."),
        ("decay on biases", "p.ndim > 1", "p.ndim > 0",
         "Weight decay is for matrices: a bias does not make a function less smooth."))
    + _in("optimizers.SGD.update",
        ("uphill", "p -= self.learning_rate * g", "p += self.learning_rate * g",
         "Step against the gradient."),
        ("decay that grows", "g + decay * p", "g - decay * p", "λw pulls w towards 0."),
        ("gradient overwritten", "g = g + decay * p", "g += decay * p",
         "step must not change `grads`: they belong to the caller."),
        ("momentum turned round", "v *= self.momentum", "v *= 1 - self.momentum",
         "μ is what is kept: v ← μ v + g."),
        ("momentum as a mean", "v += g", "v += (1 - self.momentum) * g",
         "Ours is v ← μ v + g. With (1 − μ) g the same η takes steps 1 − μ times as long."))
    + _in("optimizers.Adam.update",
        ("m not averaged", "(1 - self.beta1) * g\n", "g\n", "m ← β₁m + (1 − β₁)g is a running mean."),
        ("v without the square", "g**2", "g", "v is the running mean of g²."),
        ("betas exchanged", "v *= self.beta2", "v *= self.beta1",
         "β₂ belongs to v, which remembers longer."),
        ("v not corrected", "v / (1 - self.beta2**self.steps)", "v",
         "v starts at 0 and lags behind: the first steps would be 3.16 times too long for m corrected, v "
         "not."),
        ("m not corrected", "/ (1 - self.beta1**self.steps)", "", "m starts at 0 and lags behind: m̂ = m/(1 "
                                                                  "− β₁ᵗ)."),
        ("ε forgotten", "+ self.eps", "+ 0", "Where all gradients have been 0, m̂/√v̂ is 0/0."),
        ("decay not times η", "1 - self.learning_rate * decay", "1 - decay",
         "The decoupled decay is ηλw: it follows the schedule."),
        ("Adam uphill", "p -= eta", "p += eta", "Step against the gradient."))
    # ------------------------------------------------------------ gradient check
    + _in("gradcheck.relative_error",
        ("no floor", "_norm(n), floor)", "_norm(n))", "Two zero gradients give 0/0."),
        ("absolute error", "difference / scale", "difference",
         "1e-6 is tiny beside a gradient of 1, and everything beside one of 1e-6."),
        ("NaN passes", 'else float("inf")', "else 0.0", "NaN is the worst error, not the best."))
    + _in("gradcheck._norm",
        ("signs cancel", "np.max(np.abs(Q), initial=0.0)", "np.max(Q, initial=0.0)",
         "A difference below zero counts as well."),
        ("mean for maximum", "np.max(np.abs(Q), initial=0.0)", "np.mean(np.abs(Q))",
         "One wrong entry drowns in a mean."))
    + _in("gradcheck.numerical_gradient",
        ("caller's X moved", "np.array(checks", "np.asarray(checks",
         "X belongs to the caller: work on a copy."),
        ("f may spoil X", "f(X.copy())", "f(X)",
         "A function that changes its argument would change the next ones."))
    + _in("gradcheck.check_gradients",
        ("always ok", "worst <= tolerance, worst", "True, worst", "A check that cannot fail proves nothing."),
        ("best for worst", "worst = max(", "worst = min(", "One wrong array makes the gradient wrong."),
        ("kinks ignored", "if not np.array_equal(", "if False and np.array_equal(",
         "Across a kink there is no derivative: the difference quotient is no referee."),
        ("zero equals zero", "len(vanishing) == len(arrays)", "False",
         "With every gradient zero there is nothing to compare: the check must refuse."),
        ("constant output accepted", 'name == "X" and _norm(n) <= noise', "False",
         "If the output does not depend on X, next to nothing is compared."),
        ("a new mask each time", "copy.deepcopy(rng)", "rng",
         "Dropout must draw the same mask for both sides of the difference."),
        ("round-off of a small loss", "max(abs(L), 1.0)", "abs(L)",
         "A loss near 0 is a difference of numbers near 1: its round-off is theirs."),
        ("training's way not run", "input_gradient=False", "input_gradient=True",
         "Training runs backward without the gradient by X: that way is checked as well."),
        ("checked in single precision", "astype(network, np.float64)", "copy.deepcopy(network)",
         "float32 has 7 digits, and the difference quotient needs 11."))
    + _in("gradcheck._central_differences",
        ("one-sided", "array[index] = kept - h", "array[index] = kept",
         "The difference about the middle errs by h², the one-sided one by h."),
        ("divided by h", "(2 * h)", "h", "From x − h to x + h it is 2h."),
        ("one step for all", "moved > FAR * eps", "False",
         "A weight behind an input of 1000 moves z by 1000 h: the step must shrink."),
        ("parameter not put back", "array[index] = kept\n", "pass\n",
         "The next ones would be measured in another network."))
    + _in("gradcheck._along",
        ("one-sided along a direction", "kept - h * v", "kept",
         "The difference about the middle errs by h², the one-sided one by h."),
        ("one step for all directions", "h *= eps / moved", "h *= 1",
         "A thousand entries together move a unit far: the step must shrink."),
        ("array not put back", "array[...] = kept\n", "pass\n",
         "The next ones would be measured in another network."))
    # ------------------------------------------------------------ training
    + _in("training._bound_step",
        ("prediction mode in training", "training=True", "training=False",
         "Dropout and batch normalisation work in training mode only."),
        ("running statistics stand still", "layer.update_state(caches[i])", "pass",
         "Prediction uses them: they must follow the batches."))
    + _in("training._steps",
        ("last batch lost", "range(0, len(Y), batch_size)", "range(0, len(Y) - batch_size + 1, batch_size)",
         "The last, smaller batch of an epoch belongs to it."),
        ("shuffled once", "if shuffle:", "if shuffle and epoch == 1:", "Each epoch draws its own order."),
        ("infinite loss goes on", "not math.isfinite(L)", "math.isnan(L)",
         "An infinite loss has diverged too."),
        ("steps counted from 0", "step += 1", "step += epoch > 1 or start > 0", "Snapshot.step counts from "
                                                                                "1."))
    + _in("training._data",
        ("NaN trains", "checks.data(who, X, Y, names)", "np.asarray(X), np.asarray(Y)",
         "NaN in the targets is said before the first step."))
    + _in("training._end_of_epoch",
        ("epoch's loss over all", "history.loss[-per_epoch:]", "history.loss",
         "An epoch's loss is the mean over its own steps."))
    + _in("training.fit",
        ("schedule by steps", "schedule(step / total)", "schedule(step)",
         "A schedule takes the fraction of training done, 0 ≤ t < 1."),
        ("epochs too short", "-(-len(Y) // batch_size)", "len(Y) // batch_size",
         "The last, smaller batch counts as a step."))
    + _in("training.accuracy",
        ("one half counts as yes", "P > 0.5", "P >= 0.5", "Exactly ½ decides nothing: it is not above ½."),
        ("any output right", "np.all((P > 0.5) == part, axis=1)", "np.any((P > 0.5) == part, axis=1)",
         "A row is right when all its outputs are."),
        ("share of a batch", "right / len(y)", "right / batch_size", "The share is of all rows."))
    # ------------------------------------------------------------ deep_layers
    + _in("deep_layers.Dropout.value",
        ("no factor", "/ X.dtype.type(1 - self.p)", "/ X.dtype.type(1)",
         "Dividing by 1 − p keeps the expectation: without it prediction sees larger inputs than training."),
        ("p kept for p dropped", ">= self.p", "< self.p", "p is the share that is dropped."),
        ("dropout in prediction", "if not training or self.p == 0", "if self.p == 0",
         "Prediction uses every unit."))
    + _in("deep_layers.Dropout.gradient",
        ("dropout's factor lost", "dY * cache", "dY * (cache > 0)",
         "Going back the gradient passes the same factor 1/(1 − p) as going forward. A widely read tutorial "
         "drops it.",
         "lab"))
    + _in("deep_layers.BatchNorm.value",
        ("N − 1 in the batch", "np.square(X_hat), axis=0) / N", "np.square(X_hat), axis=0) / (N - 1)",
         "Normalised with the variance over N; only the running statistics use N − 1."),
        ("ε outside the root", "np.sqrt(var + self.eps)", "(np.sqrt(var) + self.eps)", "X̂ = (X − μ)/√(s² + "
                                                                                       "ε)."),
        ("batch mean in prediction", ' if training else self.state["mean"]', "",
         "A prediction must not depend on the other rows."))
    + _in("deep_layers.BatchNorm.gradient",
        ("two paths forgotten", '- grads["beta"] / N - X_hat * (grads["gamma"] / N)', "",
         "The mean and the variance were made of X too: two more paths lead back to it.", "lab"),
        ("path through the variance forgotten", '- X_hat * (grads["gamma"] / N)', "",
         "The variance was made of X too: one more path leads back to it.", "lab"),
        ("γ by a mean", "(dY * X_hat).sum(axis=0)", "(dY * X_hat).mean(axis=0)",
         "γ is shared by all rows: its gradient is the sum.", "lab"))
    + _in("deep_layers.BatchNorm.update_state",
        ("running mean turned round", "self.momentum * (batch", "(1 - self.momentum) * (batch",
         "`momentum` is the share of the new batch, 0.1."),
        ("biased variance kept", "var * (len(X_hat) / (len(X_hat) - 1))", "var",
         "The running variance is unbiased: N/(N − 1)."))
    + _in("deep_layers.Residual.value",
        ("no shortcut", "X + Y", "Y", "Y = X + F(X): the shortcut is the point of it."))
    + _in("deep_layers.Residual.gradient",
        ("shortcut without gradient", "dY + dF", "dF",
         "X forks into the shortcut and F: both gradients add.", "lab"))
    # ------------------------------------------------------------ schedules
    + _in("schedules.step_decay",
        ("decay a step late", "t >= a", "t > a", "At the fraction `at` itself the rate has dropped."))
    + _in("schedules.cosine",
        ("cosine below zero", "(1 + np.cos(np.pi * t)) / 2", "np.cos(np.pi * t)", "From 1 to 0, not from 1 "
                                                                                  "to −1."))
    + _in("schedules.warm_up",
        ("warm-up not subtracted", "schedule((t - fraction) / (1 - fraction))", "schedule(t)",
         "The schedule begins when the warm-up ends."))
)
