"""The published MNIST programs of lesson 10 at full size: what they reach, as printed and with one change.

    python benchmarks/published_mnist.py                 all parts, about ten minutes on two quiet cores
    python benchmarks/published_mnist.py hand stale      some of: hand, stale, torch, torch20, plain
    python benchmarks/published_mnist.py plain --seeds 3

hand      "Formulas of a neural network and their Python code", by hand: 784-128-10, one sample a step
stale     how far its hidden gradient is from the true one, because W is updated first
torch     its PyTorch version (Adam, batch 256, sigmoid outputs into cross-entropy) in NumPy, 2 epochs
torch20   the same for 20 epochs
plain     "A feed-forward network in NumPy": 784-64-32-10, ReLU, 5 000 steps of 200 images
"""

import argparse
import time

import numpy as np

from bplib import (
    SGD,
    Adam,
    Affine,
    Network,
    Sigmoid,
    SoftmaxCrossEntropy,
    SquaredError,
    accuracy,
    datasets,
    mlp,
    train,
)
from bplib.losses import sigmoid

SIZES = (784, 128, 10)


# ---- by hand: columns, no bias, one sample a step --------------------------------------------------------


def hand_start(rng):
    """V (128, 784) and W (10, 128) from N(0, sd n_out^−½)."""
    n, m, k = SIZES
    return rng.normal(0, m**-0.5, (m, n)), rng.normal(0, k**-0.5, (k, m))


def hand_inputs(pixels):
    """Inputs from 0.01 to 1, as published."""
    return pixels / 255 * 0.99 + 0.01


def hand_step(V, W, x, target, learning_rate, *, stale=True):
    """One published step, in place: with `stale` the hidden error is sent back through the W of tomorrow."""
    h = sigmoid(V @ x)
    out = sigmoid(W @ h)
    delta = (out - target) * out * (1 - out)
    old = W if stale else W.copy()
    W -= learning_rate * np.outer(delta, h)
    V -= learning_rate * np.outer((old.T @ delta) * h * (1 - h), x)


def hand(data, seed, learning_rate, *, epochs=2, stale=True):
    """Train as published; return the test accuracy after each epoch."""
    V, W = hand_start(np.random.default_rng(seed))
    targets, reached = np.full((10, 10), 0.01) + 0.98 * np.eye(10), []
    test = hand_inputs(data.X_test.pixels)
    for _ in range(epochs):
        for pixels, label in zip(data.X_train.pixels, data.y_train, strict=True):
            hand_step(V, W, hand_inputs(pixels), targets[label], learning_rate, stale=stale)
        answers = sigmoid(sigmoid(test @ V.T) @ W.T)
        reached.append(float(np.mean(answers.argmax(axis=1) == data.y_test)))
    return reached


def stale_error(data, learning_rate, *, seed=0, samples=20):
    """‖used − true‖∞/‖true‖∞ of the hidden gradient, recovered from the step; the median over samples."""
    V, W = hand_start(np.random.default_rng(seed))
    errors = []
    for pixels, label in zip(data.X_train.pixels[:samples], data.y_train[:samples], strict=True):
        x, target = hand_inputs(pixels), np.where(np.arange(10) == label, 0.99, 0.01)
        V_after, W_after = V.copy(), W.copy()
        hand_step(V_after, W_after, x, target, learning_rate)
        used = (V - V_after) / learning_rate
        layers = [Affine.from_arrays(V.T), Sigmoid(), Affine.from_arrays(W.T), Sigmoid()]
        network = Network(layers, SquaredError())
        true = network.gradients(x[None], target[None])[1][0]["W"].T
        errors.append(np.abs(used - true).max() / max(np.abs(true).max(), np.abs(used).max()))
    return float(np.median(errors))


# ---- the PyTorch version ---------------------------------------------------------------------------------


def torch_version(data, seed, *, epochs=2, scaled=False, output_sigmoid=True):
    """Adam 0.001, batch 256, no bias, weights from U(±n_in^−½) as PyTorch draws them; the test accuracy."""
    rng = np.random.default_rng(seed)
    n, m, k = SIZES
    V, W = (rng.uniform(-(a**-0.5), a**-0.5, (a, b)).astype(np.float32) for a, b in ((n, m), (m, k)))
    end = [Sigmoid()] if output_sigmoid else []
    network = Network([Affine.from_arrays(V), Sigmoid(), Affine.from_arrays(W), *end], SoftmaxCrossEntropy())
    X, X_test = ((np.asarray(part) if scaled else part.pixels.astype(np.float32))
                 for part in (data.X_train, data.X_test))  # fmt: skip
    for _ in train(network, X, data.y_train, optimizer=Adam(0.001), batch_size=256, epochs=epochs, rng=rng):
        pass
    return accuracy(network, X_test, data.y_test)


# ---- a feed-forward network in NumPy ---------------------------------------------------------------------


def plain(data, seed, *, init="normal", scale=0.01, learning_rate=0.01, activation="relu", steps=5000):
    """784-64-32-10, batches of 200 drawn with replacement, first tenth held out.

    Returns the test accuracy, the step around which the mean loss of 50 steps falls below 2.25 (or None), and
    the classes that the network ever answers.
    """
    rng = np.random.default_rng(seed)
    network = mlp([784, 64, 32, 10], activation=activation, loss="softmax_cross_entropy", init=init,
                  scale=scale, dtype=np.float32, rng=rng)  # fmt: skip
    first, optimizer, losses = len(data.y_train) // 10, SGD(learning_rate), []
    for _ in range(steps):
        rows = rng.integers(first, len(data.y_train), 200)
        L, grads = network.gradients(data.X_train[rows], data.y_train[rows])
        optimizer.step(network, grads)
        losses.append(L)
    smooth = np.convolve(losses, np.full(50, 0.02), "valid")
    left = np.flatnonzero(smooth < 2.25)
    answers = np.unique(network.predict(data.X_test).argmax(axis=1))
    return accuracy(network, data.X_test, data.y_test), int(left[0]) + 25 if len(left) else None, answers


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help="hand stale torch torch20 plain (default: all)")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    parts = options.parts or ["hand", "stale", "torch", "torch20", "plain"]
    data = datasets.mnist()

    def report(what, run):
        for seed in range(options.seeds):
            start = time.perf_counter()
            result = run(seed)
            print(f"{what}, seed {seed}: {result}  ({time.perf_counter() - start:.0f} s)", flush=True)

    if "hand" in parts:
        report("by hand, rate 0.001, test accuracy by epoch", lambda seed: hand(data, seed, 0.001))
        report("by hand, rate 0.001, deltas first", lambda seed: hand(data, seed, 0.001, stale=False))
        report("by hand, rate 0.1", lambda seed: hand(data, seed, 0.1))
    if "stale" in parts:
        for rate in (0.001, 0.01, 0.1):
            error = stale_error(data, rate)
            print(f"hidden gradient's relative error at rate {rate}: {error:.1e}", flush=True)
    variants = {"as published (raw pixels, sigmoid into softmax)": {}, "scaled pixels": {"scaled": True},
                "no output sigmoid": {"output_sigmoid": False},
                "scaled, no output sigmoid": {"scaled": True, "output_sigmoid": False}}  # fmt: skip
    for part, epochs in (("torch", 2), ("torch20", 20)):
        for what, changed in variants.items() if part in parts else ():
            report(f"PyTorch version, {epochs} epochs, {what}",
                   lambda seed, e=epochs, c=changed: torch_version(data, seed, epochs=e, **c))  # fmt: skip
    he = {"init": "he", "scale": None}
    variants = {"as published": {}, "sigmoid for ReLU": {"activation": "sigmoid"},
                "He initialisation": he, "rate 0.1": {"learning_rate": 0.1},
                "both": he | {"learning_rate": 0.1}}  # fmt: skip
    for what, changed in variants.items() if "plain" in parts else ():
        report(f"784-64-32-10, {what}: accuracy, loss leaves 2.30 at step, answers",
               lambda seed, c=changed: plain(data, seed, **c))  # fmt: skip


if __name__ == "__main__":
    main()
