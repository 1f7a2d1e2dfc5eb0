"""Lesson 13, normalising and regularising: batch normalisation's backward, dropout, running statistics."""

import numpy as np

from .kinds import Fault, choice, draw, function, sizes, square, value

# fmt: off


def _normalised(rng, sizes=sizes):
    N, n = sizes(rng, 2)
    N = 7 if N == 2 else N  # two rows are always ±1
    X = draw(rng, N, n)
    inverse_sd = 1 / np.sqrt(X.var(axis=0) + 1e-5)
    return draw(rng, N, n), (X - X.mean(axis=0)) * inverse_sd, inverse_sd, draw(rng, n)


@function(
    inputs=(_normalised, _normalised, square(_normalised)),
    returns=("dX", "dgamma", "dbeta"),
    hints=(
        "γ and β serve every row, like a bias: their gradients are sums over the rows.",
        "Go back through Y = γ X̂ + β first: dX̂ = dY γ. Then three paths lead to X: direct, through the "
        "mean, through the variance.",
        "dX = (dX̂ − mean(dX̂) − X̂ · mean(dX̂ · X̂)) · inverse_sd, the means over the rows (axis 0).",
    ),
    mutants=(
        Fault("mean taken as a constant", "- dX_hat.mean(axis=0)", "- 0",
              "The mean was made of X too: the path through it takes mean(dX̂) away."),
        Fault("variance taken as a constant", "- X_hat * (dX_hat * X_hat).mean(axis=0)", "- 0",
              "The variance was made of X too: the path through it takes X̂ · mean(dX̂ · X̂) away."),
        Fault("both taken as constants",
              "dX = (centred - X_hat * (dX_hat * X_hat).mean(axis=0)) * inverse_sd",
              "dX = dX_hat * inverse_sd",
              "That is right in prediction. In training the mean and the variance were made of X too: two "
              "more paths, which take mean(dX̂) and X̂ · mean(dX̂ · X̂) away."),
        Fault("nothing taken away or scaled",
              "dX = (centred - X_hat * (dX_hat * X_hat).mean(axis=0)) * inverse_sd", "dX = dX_hat",
              "That is dX̂. From X̂ to X three paths are left: direct, times inverse_sd, through the mean, "
              "and through the variance."),
        Fault("means along the wrong axis", ("dX_hat.mean(axis=0)", "(dX_hat * X_hat).mean(axis=0)"),
              ("dX_hat.mean(axis=1, keepdims=True)", "(dX_hat * X_hat).mean(axis=1, keepdims=True)"),
              "Each column is normalised on its own: the means run over the rows, axis 0."),
        Fault("gamma forgotten", "dX_hat = dY * gamma", "dX_hat = dY",
              "Y = γ X̂ + β: on the way back dX̂ = dY · γ."),
        Fault("gamma forgotten in the means", ("dX_hat.mean(axis=0)", "(dX_hat * X_hat).mean(axis=0)"),
              ("dY.mean(axis=0)", "(dY * X_hat).mean(axis=0)"),
              "Both means are of dX̂ = dY · γ, not of dY."),
        Fault("gamma twice", ") * inverse_sd", ") * inverse_sd * gamma",
              "γ is in dX̂ = dY · γ already; here it has come in a second time."),
        Fault("sums for means", ("dX_hat.mean(axis=0)", "(dX_hat * X_hat).mean(axis=0)"),
              ("dX_hat.sum(axis=0)", "(dX_hat * X_hat).sum(axis=0)"),
              "μ and s² are means over the batch, so a factor 1/N comes with each path: means, not sums."),
        Fault("means for sums", ("(dY * X_hat).sum(axis=0)", "dY.sum(axis=0)"),
              ("(dY * X_hat).mean(axis=0)", "dY.mean(axis=0)"),
              "Only the loss divides by N: γ and β were used once in each row, and their gradients add."),
        Fault("sums over the wrong axis", ("(dY * X_hat).sum(axis=0)", "dY.sum(axis=0)"),
              ("(dY * X_hat).sum(axis=1)", "dY.sum(axis=1)"),
              "γ and β are (n,), one for each column, and serve all rows: sum over the rows, axis 0."),
        Fault("dX_hat for dY", ("(dY * X_hat).sum(axis=0)", "dY.sum(axis=0)"),
              ("(dX_hat * X_hat).sum(axis=0)", "dX_hat.sum(axis=0)"),
              "γ and β stand right before Y: their gradients come from dY, before it is multiplied by γ."),
        Fault("X_hat forgotten", "(dY * X_hat).sum(axis=0)", "dY.sum(axis=0).copy()",
              "γ multiplies X̂: its gradient is the sum of dY · X̂."),
        Fault("returned in the other order", "return dX, dgamma, dbeta", "return dX, dbeta, dgamma",
              "dgamma comes before dbeta. γ multiplies X̂, and β is added."),
        Fault("not scaled back", ") * inverse_sd", ")",
              "X̂ = (X − μ) · inverse_sd: going back, the whole bracket is multiplied by inverse_sd."),
        Fault("not divided by the spread", ") * inverse_sd", ") / inverse_sd",
              "X̂ = (X − μ) · inverse_sd: going back you multiply by the same factor."),
    ),
    after="The shipped BatchNorm.backward says the same.",
)
def batch_norm_backward(dY, X_hat, inverse_sd, gamma):
    """Y = gamma · X_hat + beta with X_hat = (X − μ) · inverse_sd, in training mode; dY and X_hat (N, n),
    inverse_sd and gamma (n,). Return dX, dgamma and dbeta."""
    dX_hat = dY * gamma
    centred = dX_hat - dX_hat.mean(axis=0)
    dX = (centred - X_hat * (dX_hat * X_hat).mean(axis=0)) * inverse_sd
    dgamma = (dY * X_hat).sum(axis=0)
    dbeta = dY.sum(axis=0)
    return dX, dgamma, dbeta


def _masked(rng):
    N, n = sizes(rng, 2)
    p = float(rng.choice([0.2, 0.3, 0.4]))
    mask = (rng.random((N + 2, n + 2)) >= p).astype(float)
    mask[0, :2] = 0.0, 1.0  # both kinds, always
    return draw(rng, N + 2, n + 2), draw(rng, N + 2, n + 2), mask, p


@function(
    inputs=_masked,
    returns=("Y", "dX"),
    hints=(
        "mask is 1 where a value is kept. With probability 1 − p it is: what does that make of the mean?",
        "The mean of X · mask is (1 − p) X. Divide by 1 − p, and prediction needs no factor.",
        "Y = X · mask / (1 − p), and Y depends on X by that factor: dX = dY · mask / (1 − p).",
    ),
    mutants=(
        Fault("no factor", "Y = X * mask / (1 - p)", "Y = X * mask",
              "Then the mean shrinks to (1 − p) X in training and is X in prediction."),
        Fault("nothing done on the way back", "dX = dY * mask / (1 - p)", "dX = dY.copy()",
              "X reached Y through mask/(1 − p), so dY goes back through the same factor."),
        Fault("the dropped ones kept", ("Y = X * mask / (1 - p)", "dX = dY * mask / (1 - p)"),
              ("Y = X * (1 - mask) / (1 - p)", "dX = dY * (1 - mask) / (1 - p)"),
              "mask is 1 where a value is kept: multiply by mask, not by 1 − mask."),
        Fault("X for dY", "dX = dY * mask / (1 - p)", "dX = X * mask / (1 - p)",
              "dX is made of what comes back, dY, by the factor that X met."),
        Fault("divided by p", ("Y = X * mask / (1 - p)", "dX = dY * mask / (1 - p)"),
              ("Y = X * mask / p", "dX = dY * mask / p"),
              "p is the share that is dropped; what is kept is 1 − p."),
        Fault("no factor either way", "Y = X * mask / (1 - p)\n    dX = dY * mask / (1 - p)",
              "Y = X * mask\n    dX = dY * mask",
              "The mean of X · mask is (1 − p) X, and in prediction Y is X: divide by 1 − p, here and on the "
              "way back."),
        Fault("multiplied by 1 - p", "Y = X * mask / (1 - p)\n    dX = dY * mask / (1 - p)",
              "Y = X * mask * (1 - p)\n    dX = dY * mask * (1 - p)",
              "The mean of X · mask is (1 − p) X already, too small. To make it X, divide by 1 − p."),
        Fault("factor lost on the way back", "dX = dY * mask / (1 - p)", "dX = dY * mask",
              "Forward multiplied by mask/(1 − p): the slope is the same factor, not the mask alone."),
        Fault("mask lost on the way back", "dX = dY * mask / (1 - p)", "dX = dY / (1 - p)",
              "A value that was dropped had no influence on L: its gradient is 0."),
    ),
    after="Same mask, same factor, both ways: Dropout of the package.",
)
def dropout(X, dY, mask, p):
    """Dropout in training: mask (N, n) is 0 with probability p and 1 otherwise. Return Y, whose expectation
    is X, and dX for the incoming dY."""
    Y = X * mask / (1 - p)
    dX = dY * mask / (1 - p)
    return Y, dX


running_mean = value(
    "A batch normalisation has momentum 0.1; its running mean starts at 0. In each of two training steps the "
    "batch's mean is 5. What is the running mean then?",
    0.95,
    working="0 + 0.1 (5 − 0) = 0.5, then 0.5 + 0.1 (5 − 0.5) = 0.95.",
    hints=(
        "A step moves the running mean a tenth of the way to the batch's mean.",
        "After the first step it is 0 + 0.1 (5 − 0) = 0.5.",
        "The second step goes a tenth of the way from 0.5 to 5.",
    ),
    mutants=(
        (5, "It gets there in the end, but only by a tenth of the distance at each step."),
        (1.0, "The second step is a tenth of what is left, 5 − 0.5, not of 5."),
        (4.95, "You keep a tenth of the old and take nine tenths of the new: the other way round."),
        (0.5, "That is after the first step."),
        (9.5, "The batch's mean has come in whole each time. It comes in with a tenth: 0.9 of the old, 0.1 "
              "of the new."),
        (0.45, "That is the second step alone. It starts from 0.5, where the first one ended."),
        (4.05, "0.9 · 0.9 · 5 is what is still missing after two steps; the running mean is the rest, 5 "
               "minus that."),
        (0.9, "The first step adds 0.1 · 5 = 0.5, and the second 0.1 (5 − 0.5) = 0.45. Together that is "
              "0.95."),
    ),
    after="So a network that is asked after two steps still divides by statistics that are mostly invention.",
)


bias_before_batch_norm = choice(
    "An affine layer Z = XW + b is followed by batch normalisation, in training mode. What is ∂L/∂b?",
    {
        "a": "the column sums of dZ, which in general are not 0",
        "b": "exactly 0, whatever the loss, as far as round-off allows",
        "c": "0 at the start, later not",
        "d": "undefined: batch normalisation is no function of b",
    },
    "b",
    wrong={
        "a": "They are the column sums of dZ indeed. But what does the term − mean(dX̂) do to these sums?",
        "c": "Nothing in the formula knows how far training has come: look at the column sums of dZ.",
        "d": "It is a function of b, and a very simple one: a constant.",
    },
    hints=(
        "Add 3 to b. What is the batch's mean then, and what is X̂?",
        "The mean moves by 3 as well, so X̂ stays.",
        "If L does not change when b does, what is ∂L/∂b?",
    ),
    after="So such a layer needs no bias (bias=False); β does its work.",
)


def _batches(rng, momentum=0.1):
    k = int(sizes(rng, 1)[0])
    batches = [draw(rng, int(rng.integers(4, 8)), k) * 2 + 3 for _ in range(int(rng.integers(2, 5)))]
    return batches, momentum


def _batches_with_more_momentum(rng):
    return _batches(rng, 0.3)


@function(
    inputs=(_batches, _batches_with_more_momentum),
    returns=("mean", "var"),
    hints=(
        "Both begin where the layer begins: mean 0 and variance 1, one number for each column.",
        "At each batch they move by the share `momentum` towards the batch's own.",
        "mean += momentum * (batch.mean(axis=0) - mean), and the same with batch.var(axis=0, ddof=1).",
    ),
    mutants=(
        Fault("momentum for what stays", ("momentum * (batch.mean", "momentum * (batch.var"),
              ("(1 - momentum) * (batch.mean", "(1 - momentum) * (batch.var"),
              "Here momentum is the share of the new batch, not of what was there."),
        Fault("variance divided by N", "ddof=1", "ddof=0",
              "The running variance is made of variances divided by N − 1: ddof=1."),
        Fault("standard deviation", "batch.var(axis=0, ddof=1)", "batch.std(axis=0, ddof=1)",
              "The variance is kept, not its root."),
        Fault("variance from 0", "np.ones(k)", "np.zeros(k)",
              "The running variance starts at 1, so that an untrained layer leaves its input as it is."),
        Fault("last batch alone", "mean = mean + momentum * (batch.mean(axis=0) - mean)",
              "mean = batch.mean(axis=0)",
              "That is the last batch's mean. The running mean moves towards it by a share."),
        Fault("over all entries", "batch.mean(axis=0) - mean", "batch.mean() - mean",
              "Each column has its own mean: axis=0."),
    ),
    after="BatchNorm.update_state does this, once a step.",
)
def running_statistics(batches, momentum):
    """From a list of batches (N, k), of different N, return the running mean and
    the running variance (k,) of batch normalisation. They start at 0 and 1, and
    move by the share `momentum` towards each batch's mean and variance, the latter
    divided by N − 1."""
    k = batches[0].shape[1]
    mean, var = np.zeros(k), np.ones(k)
    for batch in batches:
        mean = mean + momentum * (batch.mean(axis=0) - mean)
        var = var + momentum * (batch.var(axis=0, ddof=1) - var)
    return mean, var


slip_in_a_prediction = choice(
    """A network with batch normalisation and dropout reads 0.97 of its validation
    images. The finished program gets its images in small groups, and answers the
    same image differently from one call to the next. Which line is it?
    (a)  layer.update_state(cache)                           # each layer, after each training step
    (b)  Z, _ = network.forward(images, training=True, rng=rng)
    (c)  digits = Z.argmax(axis=1)
    (d)  images = pixels / 255                               # as in training""",
    {"a": "line (a)", "b": "line (b)", "c": "line (c)", "d": "line (d)"},
    "b",
    wrong={
        "a": "This keeps the running statistics up to date: that is what prediction needs.",
        "c": "The largest score of each row is the answer: right.",
        "d": "As in training, so right.",
    },
    hints=(
        "By whose mean is an image normalised in training mode?",
        "By that of its neighbours, and dropout draws new masks at each call.",
        "Which line says in which mode the network runs?",
    ),
    after="With training=True an image is normalised by its neighbours, and dropout adds noise. Prediction "
          "wants training=False.",
)
