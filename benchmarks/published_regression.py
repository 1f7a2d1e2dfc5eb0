"""The published regression of lesson 09 with twenty seeds: what it reaches, and what each change alone does.

    python benchmarks/published_regression.py             all seven variants, some ten seconds on a quiet core
    python benchmarks/published_regression.py --seeds 5

"Backpropagation: solving gradient descent in deep networks efficiently": 6-7-5-3, sigmoids, no biases,
weights N(0, sd 1), one row a step in fixed order, 8 000 rows, ten epochs. All networks train side by side:
every array has the network as its first axis; columns, as published.
"""

import argparse

import numpy as np

from bplib import datasets

# η, inputs divided by, biases, rows that the targets' minimum and maximum are taken from
VARIANTS = {
    "as published": (0.01, 1, False, "all"),
    "rate 0.1": (0.1, 1, False, "all"),
    "inputs / 5": (0.01, 5, False, "all"),
    "inputs / 5, rate 0.1": (0.1, 5, False, "all"),
    "biases": (0.01, 1, True, "all"),
    "training rows' scale": (0.01, 1, False, "training"),
    "one test row of 5000": (0.01, 1, False, "mistyped"),
}
SHAPES = (7, 6), (5, 7), (3, 5)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def start(variant, seed):
    """One network's data and weights: X, Y, X_test, Y_test, W, rate of W, rate of b."""
    rate, divide, biases, scale = VARIANTS[variant]
    data = datasets.linear_targets(rng=np.random.default_rng(seed))
    rows = (
        [data.y_train]
        + [data.y_test] * (scale != "training")
        + [np.full((1, 3), 5e3)] * (scale == "mistyped")
    )
    rows = np.vstack(rows)
    low, high = rows.min(axis=0), rows.max(axis=0)
    Y, Y_test = ((part - low) / (high - low) for part in (data.y_train, data.y_test))
    rng = np.random.default_rng(1000 + seed)
    W = [rng.normal(size=shape) for shape in SHAPES]
    return data.X_train / divide, Y, data.X_test / divide, Y_test, W, rate, rate * biases


def train(X, Y, W, b, rate, bias_rate, epochs):
    """In place. X (rows, networks, 6, 1), Y (rows, networks, 3, 1); W, b, rates: the network first."""
    back = [w.swapaxes(1, 2) for w in W]
    for _ in range(epochs):
        for x, y in zip(X, Y, strict=True):
            a = [x]
            for W_l, b_l in zip(W, b, strict=True):
                a.append(sigmoid(W_l @ a[-1] + b_l))
            d3 = (a[3] - y) * a[3] * (1 - a[3])
            d2 = back[2] @ d3 * a[2] * (1 - a[2])
            d1 = back[1] @ d2 * a[1] * (1 - a[1])
            for W_l, b_l, delta, below in zip(W, b, (d1, d2, d3), a, strict=False):
                W_l -= rate * delta * below.swapaxes(1, 2)
                b_l -= bias_rate * delta


def r_squared(Y, Y_hat):
    return 1 - np.mean((Y - Y_hat) ** 2, axis=0) / np.var(Y, axis=0)


def reach(seeds, epochs):
    """R² of the test rows, {variant: (seeds, 3)}."""
    runs = [(variant, seed) for variant in VARIANTS for seed in range(seeds)]
    X, Y, X_test, Y_test, W, rate, bias_rate = zip(*(start(*run) for run in runs), strict=True)
    W = [np.stack(layer) for layer in zip(*W, strict=True)]
    b = [np.zeros((len(runs), n, 1)) for n, _ in SHAPES]
    X, Y = (np.stack(part, axis=1)[..., None] for part in (X, Y))
    train(X, Y, W, b, *(np.reshape(r, (-1, 1, 1)) for r in (rate, bias_rate)), epochs)
    reached = []
    for k in range(len(runs)):
        A = X_test[k]
        for W_l, b_l in zip(W, b, strict=True):
            A = sigmoid(A @ W_l[k].T + b_l[k].T)
        reached.append(r_squared(Y_test[k], A))
    return dict(zip(VARIANTS, np.reshape(reached, (len(VARIANTS), seeds, 3)), strict=True))


def least_squares(seeds):
    """R² of exact least squares with a bias, (seeds, 3)."""
    reached = []
    for seed in range(seeds):
        data = datasets.linear_targets(rng=np.random.default_rng(seed))
        X, X_test = (np.column_stack([part, np.ones(len(part))]) for part in (data.X_train, data.X_test))
        W = np.linalg.lstsq(X, data.y_train, rcond=None)[0]
        reached.append(r_squared(data.y_test, X_test @ W))
    return np.array(reached)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    if options.seeds < 1 or options.epochs < 1:
        parser.error("--seeds and --epochs must be at least 1")
    print(f"R² of the test rows, {options.seeds} seeds × three targets: lowest, middle, highest")
    tables = {"exact least squares": least_squares(options.seeds)} | reach(options.seeds, options.epochs)
    for name, table in tables.items():
        print(f"{name:22} {table.min():7.3f} {np.median(table):7.3f} {table.max():7.3f}")
    print("change against the same start as published")
    for name in ("biases", "training rows' scale"):
        change = tables[name] - tables["as published"]
        print(f"{name:22} {change.min():+7.3f} {np.median(change):+7.3f} {change.max():+7.3f}")


if __name__ == "__main__":
    main()
