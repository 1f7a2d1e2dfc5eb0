"""Answers as learners give them: what is right passes however it is spelled, what is wrong is told, whatever is drawn.

A row of a table is an exercise, an answer, and what must be said: RIGHT, the name of the slip whose sentence must
come, or a piece of another sentence. Each holds for 200 draws of the inputs in CI (20 in `make test`): verdicts must
not depend on luck.
"""

import inspect
import os
import textwrap

import numpy as np
import pytest
import scipy.special  # noqa: F401, here, since importing it takes longer than an answer may on a busy machine
import sklearn.metrics  # noqa: F401

import bplib.exercises as ex
from bplib.exercises import diagnose, kinds
from bplib.exercises.running import RAN, Attempt

SEEDS = range(200 if os.environ.get("BPLIB_THOROUGH") else 20)
RIGHT = "right"
FUNCTIONS = [e for e in ex.exercises() if isinstance(e, kinds.Function)]


@pytest.fixture(autouse=True)
def no_record(monkeypatch):
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", "")


def tried(exercise, function, seed):
    """What `exercise.attempt` writes down, without its time limit."""
    return Attempt(RAN, trials=[kinds._ran(exercise, function, seed, t) for t in range(exercise.trials)])


def is_wrong(exercise, attempt, seed):
    """The verdict, without the sentences: whether some trial has a problem."""
    return any(
        diagnose.first_problem(exercise, trial, exercise.run_reference(seed, t), exercise.draw(seed, t))
        for t, trial in enumerate(attempt.trials)
    )


def written(exercise, body):
    """A learner's function: its body, or the expression it returns."""
    arguments = ", ".join(inspect.signature(exercise.reference).parameters)
    body = textwrap.dedent(body).strip("\n")
    body = body if "return" in body else f"return {body}"
    namespace = {"np": np}
    exec(f"def answer({arguments}):\n{textwrap.indent(body, '    ')}", namespace)
    return namespace["answer"]


# ---------------------------------------------------------------- functions


def affine(dX="dZ @ W.T", dW="X.T @ dZ", db="dZ.sum(axis=0)"):
    return f"{dX}, {dW}, {db}"


def by_hand(middle="", delta1="(W2.T @ d2) * a1 * (1 - a1)", out="np.outer(d1, x), d1, gW2, d2"):
    return f"""
        a1 = 1 / (1 + np.exp(-(W1 @ x + b1)))
        a2 = 1 / (1 + np.exp(-(W2 @ a1 + b2)))
        d2 = (a2 - y) * a2 * (1 - a2)
        gW2 = np.outer(d2, a1)
        {middle or "pass"}
        d1 = {delta1}
        return {out}
    """


def nudged(h, below=0):
    return f"""
        f = lambda x, y, z: (x + y) * (x + z)
        h = {h}
        return [(f(x + h, y, z) - f(x - {below} * h, y, z)) / (h + {below} * h),
                (f(x, y + h, z) - f(x, y - {below} * h, z)) / (h + {below} * h),
                (f(x, y, z + h) - f(x, y, z - {below} * h)) / (h + {below} * h)]
    """


def adam(m="m / (1 - 0.9 ** t)", v="v / (1 - 0.999 ** t)", below="np.sqrt(vh) + 1e-8", out="m, v"):
    return f"""
        m = 0.9 * m + (1 - 0.9) * g
        v = 0.999 * v + (1 - 0.999) * g * g
        mh, vh = {m}, {v}
        return w - learning_rate * mh / ({below}), {out}
    """


def loop(batches="range(0, len(X), batch_size)", rows="start:start + batch_size", losses="losses.append(L)"):
    return f"""
        losses = []
        w = w.copy()
        for epoch in range(epochs):
            for start in {batches}:
                L, g = gradient(w, X[{rows}], Y[{rows}])
                w -= learning_rate * g
                {losses}
        return w, losses
    """


def spread(sd, test="(X_test - m) / s"):
    return f"""
        m, s = np.mean(X_train, 0), {sd}
        return (X_train - m) / s, {test}
    """


def norm(mean="g.mean(0)", var="(g * X_hat).mean(0)", scale="* inverse_sd", gamma="(dY * X_hat).sum(0)",
         beta="dY.sum(0)"):  # fmt: skip
    return f"""
        g = dY * gamma
        return (g - {mean} - X_hat * {var}) {scale}, {gamma}, {beta}
    """


def axes(missing="sum(0)", stretched="sum(axis, keepdims=True)"):
    return f"""
        g = gradient
        for _ in range(g.ndim - len(shape)):
            g = g.{missing}
        for axis in range(len(shape)):
            if shape[axis] == 1:
                g = g.{stretched}
        return g
    """


ANSWERS = [
    ("fork_backward", "dp, dq = x + z, x + y\nreturn dp + dq, dp, dq", RIGHT),
    ("fork_backward", "np.array([2 * x + y + z, x + z, x + y])", RIGHT),
    ("fork_backward", "[np.float64(2 * x + y + z), np.array(x + z), x + y]", RIGHT),
    ("fork_backward", nudged(1e-3, below=1), RIGHT),
    ("fork_backward", "x + y, x + z, x + y", "overwritten at the fork"),
    ("fork_backward", "x + z, x + z, x + y", "kept from the first use"),
    ("fork_backward", "2 * x + y + z, x + y, x + z", "own factor"),
    ("fork_backward", nudged(1e-3), "finite difference"),
    ("fork_backward", nudged(1e-6), "finite difference"),
    ("tanh_backward", "dA - dA * A * A", RIGHT),
    ("tanh_backward", "np.asfortranarray(dA * (1 - A) * (1 + A))", RIGHT),
    ("tanh_backward", "[[d * (1 - a * a) for d, a in zip(*rows)] for rows in zip(dA, A)]", RIGHT),
    ("tanh_backward", "dA @ (1 - A*A)", "a matrix product"),
    ("tanh_backward", "dA * (1 - A^2)", "Write `**`"),
    ("tanh_backward", "dA / np.cosh(A) ** 2", "tanh twice"),
    ("tanh_backward", "dA * A * (1 - A)", "the sigmoid's slope"),
    ("relu_backward", "np.where(A > 0, dA, 0)", RIGHT),
    ("relu_backward", "dA * np.sign(A)", RIGHT),
    ("relu_backward", "out = dA.copy()\nout[A == 0] = 0\nreturn out", RIGHT),
    ("relu_backward", "dA * (dA > 0)", "ReLU of the gradient"),
    ("relu_backward", "dA *= A > 0\nreturn dA", "written into the input"),
    ("relu_backward", "A[A > 0] = 1\nreturn dA * A", "It changes its input A"),
    ("relu_backward", "np.where(A >= 0, dA, 0)", "gate that never closes"),
    ("relu_backward", "dA @ (A > 0)", "a matrix product"),
    ("hidden_delta", "a * (1 - a) * (delta_above @ W)", RIGHT),
    ("hidden_delta", "np.einsum('jk,j,k->k', W, delta_above, a - a**2)", RIGHT),
    ("hidden_delta", "[sum(W[j, k] * delta_above[j] for j in range(len(W))) * a[k] * (1 - a[k]) "
                     "for k in range(len(a))]", RIGHT),
    ("hidden_delta", "delta_above @ W.T * a * (1 - a)", "W for its transpose"),
    ("hidden_delta", "np.dot(W, delta_above) * a * (1 - a)", "W for its transpose"),
    ("hidden_delta", "np.einsum('jk,k->j', W, delta_above) * a * (1 - a)", "W for its transpose"),
    ("hidden_delta", "(W * delta_above).sum(axis=1) * a * (1 - a)", "W for its transpose"),
    ("hidden_delta", "s = 1 / (1 + np.exp(-(W @ a)))\nreturn (delta_above * s * (1 - s)) @ W",
     "slope of the layer above"),
    ("hidden_delta", "s = 1 / (1 + np.exp(-a))\nreturn W.T @ delta_above * s * (1 - s)", "sigmoid twice"),
    ("hidden_delta", "(W.T @ delta_above[:, None]) * (a * (1 - a))[:, None]", "has shape ("),
    ("hidden_delta", "W.T @ delta_above * a", "a alone for the slope"),
    ("backward_by_hand", by_hand(), RIGHT),
    ("backward_by_hand", by_hand(out="d1[:, None] * x, list(d1), gW2, tuple(d2)"), RIGHT),
    *[("backward_by_hand", by_hand(f"W2 = W2 - {eta} * gW2"), "stale weights") for eta in (0.1, 0.5, 1)],
    ("backward_by_hand", by_hand("W2 -= 0.1 * gW2"), "stale weights"),
    ("backward_by_hand", by_hand(delta1="(d2 @ W2.T) * a1 * (1 - a1)"), "W2 not transposed"),
    ("backward_by_hand", by_hand(delta1="(W2.T @ (a2 - y)) * a1 * (1 - a1)"),
     "hidden error without the output slope"),
    ("backward_by_hand", by_hand(out="np.outer(x, d1), d1, gW2.T, d2"), "dW transposed"),
    ("backward_by_hand", by_hand(out="d1 @ x, d1, gW2, d2"), "It stops with ValueError: `@` is the matrix product"),
    ("backward_by_hand", by_hand(out="np.outer(d1, x), d1[:, None], gW2, d2[:, None]"), "Your db1 has shape ("),
    ("affine_backward", "np.dot(dZ, W.T), np.dot(X.T, dZ), np.ones(len(dZ)) @ dZ", RIGHT),
    ("affine_backward", "np.einsum('nk,dk->nd', dZ, W), np.einsum('nd,nk->dk', X, dZ), sum(dZ)", RIGHT),
    ("affine_backward", "[dZ @ W.T, np.asfortranarray(X.T @ dZ), dZ.sum(axis=0).tolist()]", RIGHT),
    ("affine_backward", affine(dX="np.dot(dZ, W)"), "W not transposed"),
    ("affine_backward", affine(dX="dZ * W"), "entry by entry"),
    ("affine_backward", affine(dX="dZ * W", dW="X * dZ"), "entry by entry"),
    ("affine_backward", affine(dX="(W @ dZ.T)"), "dX transposed"),
    ("affine_backward", affine(dW="X @ dZ"), "X not transposed"),
    ("affine_backward", affine(dW="np.dot(dZ.T, X)"), "dW transposed"),
    ("affine_backward", affine(dW="X.T.dot(dZ) / X.shape[0]", dX="dZ.dot(W.T) / X.shape[0]"),
     "divided by N again"),
    ("affine_backward", affine(db="np.mean(dZ, 0)"), "db as a mean"),
    ("affine_backward", affine(dW="X.T @ dZ / len(X)", db="dZ.mean(0)"), "divided by N again + db as a mean"),
    ("affine_backward", affine(dX="dZ @ W", db="dZ.sum()"), "W not transposed + everything summed"),
    ("square_dW", "np.dot(dZ, X.T)", RIGHT),
    ("square_dW", "np.einsum('ij,kj->ik', dZ, X)", RIGHT),
    ("square_dW", "(X @ dZ.T).T", RIGHT),
    ("square_dW", "X.dot(dZ)", "factors exchanged"),
    ("square_dW", "dZ.T @ X.T", "both transposed"),
    ("square_dW", "(dZ @ X).T", "transposed of the plain product"),
    ("square_dW", "np.dot(X, dZ.T)", "transposed product"),
    ("square_dW", "X.T @ dZ", "the rows' formula"),
    ("square_dW", "dZ @ X", "not transposed"),
    ("square_dW", "dZ.T @ X", "wrong one transposed"),
    ("square_dW", "X * dZ", "entry by entry"),
    ("bias_gradient", "np.add.reduce(dZ)", RIGHT),
    ("bias_gradient", "[sum(column) for column in dZ.T]", RIGHT),
    ("bias_gradient", "np.ones(len(dZ)) @ dZ", RIGHT),
    ("bias_gradient", "dZ @ np.ones(len(dZ))", "the wrong axis"),
    ("bias_gradient", "dZ.sum(0) / dZ.shape[0]", "a second 1/N"),
    ("bias_gradient", "sum(sum(dZ))", "everything summed"),
    ("collapse", "np.dot(W1, W2), np.dot(b1, W2) + b2", RIGHT),
    ("collapse", "W1 @ W2, W2.T @ b1 + b2", RIGHT),
    ("collapse", "W1 @ W2, b2", "b1 not carried on"),
    ("collapse", "np.dot(W1, W2), np.dot(W2, b1) + b2", "b1 from the wrong side"),
    ("collapse", "W2.dot(W1), b1 @ W2 + b2", "order"),
    ("collapse", "W1 @ W2, b1 + b2", "biases added"),
    ("softmax", "P = np.exp(Z.T - Z.max(1))\nreturn (P / P.sum(0)).T", RIGHT),
    ("softmax", "return [np.exp(z - max(z)) / np.exp(z - max(z)).sum() for z in Z]", RIGHT),
    ("softmax", "import scipy.special\nreturn scipy.special.softmax(Z, axis=1)", RIGHT),
    ("softmax", "np.exp(Z) / np.exp(Z).sum(1, keepdims=True)", "no shift"),
    ("softmax", "E = np.exp(Z - Z.max(axis=0))\nreturn E / E.sum(axis=0)", "down the columns"),
    ("softmax", "E = np.exp(Z - Z.max(axis=1))\nreturn E / E.sum(axis=1)", "keepdims forgotten"),
    ("softmax", "E = np.exp(Z.clip(-500, 500))\nreturn E / E.sum(axis=1, keepdims=True)", "clipped for shifted"),
    ("softmax", "s = lambda Z: (E := np.exp(Z - Z.max(1, keepdims=True))) / E.sum(1, keepdims=True)\nreturn s(s(Z))",
     "softmax twice"),
    ("softmax", "E = np.exp(Z - np.max(Z))\nreturn E / np.sum(E)", "a vector's softmax"),
    ("cross_entropy_gradient", "(P * Y.sum(1)[:, None] - Y) / P.shape[0]", RIGHT),
    ("cross_entropy_gradient", "[(p * y.sum() - y) / len(Y) for p, y in zip(P, Y)]", RIGHT),
    ("cross_entropy_gradient", "(P - Y) / len(Y)", "sum of y taken for 1"),
    ("cross_entropy_gradient", "P - Y", "p − y alone"),
    ("cross_entropy_gradient", "(P * Y.sum(axis=0, keepdims=True) - Y) / len(P)", "sum down the columns"),
    ("cross_entropy_gradient", "S = np.exp(P) / np.exp(P).sum(1)[:, None]\nreturn (S - Y) / len(P)",
     "softmax twice"),
    ("cross_entropy_gradient", "(Y - P * Y.sum(1, keepdims=True)) / len(P)", "sign"),
    ("numerical_gradient", """
        out, Y = np.zeros(X.shape), X.copy()
        for i in range(X.size):
            old = Y.flat[i]
            Y.flat[i] = old + h
            up = f(Y)
            Y.flat[i] = old - h
            down = f(Y)
            Y.flat[i] = old
            out.flat[i] = (up - down) / (2 * h)
        return out""", RIGHT),
    ("numerical_gradient", """
        E = h * np.eye(X.size).reshape(-1, *X.shape)
        return np.reshape([(f(X + e) - f(X - e)) / 2 / h for e in E], X.shape)""", RIGHT),
    ("numerical_gradient", """
        out = np.zeros_like(X)
        rows, columns = X.shape
        for i in range(rows):
            for j in range(columns):
                E = np.zeros_like(X)
                E[i, j] = h
                out[i, j] = (f(X + E) - f(X - E)) / (2 * h)
        return out""", "two axes only"),
    ("numerical_gradient", """
        E = h * np.eye(X.size).reshape(-1, *X.shape)
        return np.reshape([(f(X + e) - f(X)) / h for e in E], X.shape)""", "one-sided"),
    ("numerical_gradient", "(f(X + h) - f(X - h)) / (2 * h)", "all entries at once"),
    ("relative_error", "abs(a - n).max() / max(abs(a).max(), abs(n).max(), 1e-8)", RIGHT),
    ("relative_error", "float(np.max(np.abs(a - n)) / np.max([np.abs(a).max(), np.abs(n).max(), 1e-8]))", RIGHT),
    ("relative_error", "np.abs(a - n).max() / max(a.max(), n.max(), 1e-8)", "scale without abs"),
    ("relative_error", "np.max(np.abs(a - n) / np.maximum(np.abs(a), np.abs(n)))", "entry by entry"),
    ("relative_error", "np.max(np.abs(a - n) / (np.abs(a) + np.abs(n)))", "entry by entry"),
    ("relative_error", "np.linalg.norm(a - n) / (np.linalg.norm(a) + np.linalg.norm(n))", "lengths added"),
    ("relative_error", "np.linalg.norm(a - n) / max(np.linalg.norm(a) + np.linalg.norm(n), 1e-8)",
     "lengths added"),
    ("relative_error", "np.linalg.norm(a - n, np.inf) / max(np.linalg.norm(a, np.inf), np.linalg.norm(n, np.inf), 1e-8)",
     "norms of a matrix"),
    ("relative_error", "abs(a - n).max() / max(abs(a).max(), abs(n).max())", "no floor"),
    ("relative_error", "float(abs(a - n).max()) / max(float(abs(a).max()), float(abs(n).max()))", "no floor"),
    ("relative_error", "(a - n).max() / max(abs(a).max(), abs(n).max(), 1e-8)", "sign of the difference"),
    ("training_loop", loop(), RIGHT),
    ("training_loop", loop(losses="losses += [float(L)]"), RIGHT),
    ("training_loop", loop("range(len(X) // batch_size + 1)", "start * batch_size:(start + 1) * batch_size"),
     "a batch too many"),
    ("training_loop", loop("range(len(X) // batch_size)", "start * batch_size:(start + 1) * batch_size"),
     "last batch lost"),
    ("training_loop", loop("range(len(X))"), "no step in the range"),
    ("training_loop", loop(rows="start:batch_size"), "slice to batch_size"),
    ("training_loop", """
        losses = []
        for i in range(0, len(X), batch_size):
            for _ in range(epochs):
                L, g = gradient(w, X[i:i + batch_size], Y[i:i + batch_size])
                losses.append(L)
                w = w - learning_rate * g
        return w, losses""", "loops exchanged"),
    ("training_loop", """
        for _ in range(epochs):
            losses = []
            for i in range(0, len(X), batch_size):
                L, g = gradient(w, X[i:i + batch_size], Y[i:i + batch_size])
                losses.append(L)
                w = w - learning_rate * g
        return w, losses""", "losses begun anew"),
    ("standardise", spread("np.std(X_train, 0)"), RIGHT),
    ("standardise", spread("X_train.var(0) ** 0.5", "[(x - m) / s for x in X_test]"), RIGHT),
    ("standardise", spread("np.sqrt(np.mean((X_train - X_train.mean(0)) ** 2, axis=0))"), RIGHT),
    *[("standardise", spread(f"np.std(X_train, 0) + {eps}"), "something added to sd") for eps in (1e-6, 1e-8)],
    ("standardise", spread("np.sqrt(X_train.var(0) + 1e-5)"), "something added to sd"),
    ("standardise", spread("np.std(X_train, 0)", "(X_test - X_test.mean(0)) / X_test.std(0)"),
     "test rows scaled by themselves"),
    ("standardise", """
        X_train = (X_train - X_train.mean(axis=0)) / X_train.std(axis=0)
        X_test = (X_test - X_train.mean(axis=0)) / X_train.std(axis=0)
        return X_train, X_test""", "test rows as they are"),
    ("standardise", spread("np.std(X_train, 0, ddof=1)"), "divided by N − 1"),
    ("r_squared", "1 - ((y - y_hat) ** 2).mean() / y.var()", RIGHT),
    ("r_squared", "np.float64(1) - sum((y - y_hat) ** 2) / sum((y - np.mean(y)) ** 2)", RIGHT),
    ("r_squared", "max(0, 1 - ((y - y_hat) ** 2).sum() / ((y - y.mean()) ** 2).sum())", "cut off at 0"),
    ("r_squared", "abs(1 - ((y - y_hat) ** 2).sum() / ((y - y.mean()) ** 2).sum())", "without its sign"),
    ("r_squared", "np.corrcoef(y, y_hat)[0, 1]", "squared correlation"),
    ("r_squared", "1 - np.var(y - y_hat) / np.var(y)", "a constant error forgiven"),
    ("r_squared", "1 - ((y - y_hat) ** 2).mean() / y.var(ddof=1)", "N for N − 1"),
    ("accuracy", "sum(p.argmax() == i for p, i in zip(P, y)) / len(y)", RIGHT),
    ("accuracy", "np.count_nonzero(np.argmax(P, 1) == y) / y.size", RIGHT),
    ("accuracy", "np.mean(np.argmax(P, 0) == y)", "best row of each class"),
    ("accuracy", "(P.argmax(1) == y).sum()", "counted, not shared"),
    ("accuracy", "100 * (P.argmax(1) == y).mean()", "in per cent"),
    ("confusion", """
        counts = [[0] * k for _ in range(k)]
        for i, j in zip(y_true, y_pred):
            counts[i][j] += 1
        return counts""", RIGHT),
    ("confusion", "np.bincount(y_true * k + y_pred, minlength=k * k).reshape(k, k)", RIGHT),
    ("confusion", "np.histogram2d(y_true, y_pred, bins=k, range=[[0, k], [0, k]])[0]", RIGHT),
    ("confusion", "np.eye(k)[y_true].T @ np.eye(k)[y_pred]", RIGHT),
    ("confusion", "np.histogram2d(y_true, y_pred, bins=k)[0]", "bins from the labels"),
    ("confusion", """
        k = max(y_true.max(), y_pred.max()) + 1
        counts = np.zeros((k, k))
        for i, j in zip(y_true, y_pred):
            counts[i, j] += 1
        return counts""", "k ignored"),
    ("confusion", "from sklearn.metrics import confusion_matrix\nreturn confusion_matrix(y_true, y_pred)",
     "only classes that occur"),
    ("confusion", """
        counts = np.zeros((k, k))
        for i, j in zip(y_true, y_pred):
            counts[i, j] = 1
        return counts""", "repeats lost"),
    ("confusion", "np.eye(k)[y_pred].T @ np.eye(k)[y_true]", "transposed"),
    ("recovered_gradient", "-(W_after - W_before) / learning_rate", RIGHT),
    ("recovered_gradient", "W_before / learning_rate - W_after / learning_rate", RIGHT),
    ("recovered_gradient", "(W_after - W_before) / learning_rate", "sign"),
    ("recovered_gradient", "(W_before - W_after) * learning_rate", "rate multiplied"),
    ("simultaneous_step", """
        s = lambda z: 1 / (1 + np.exp(-z))
        h = s(V @ x)
        o = s(W @ h)
        d = (o - t) * o * (1 - o)
        e = d @ W * h * (1 - h)
        return V - learning_rate * e[:, None] * x, W - learning_rate * d[:, None] * h""", RIGHT),
    ("simultaneous_step", """
        s = lambda z: 1 / (1 + np.exp(-z))
        h = s(V @ x)
        o = s(W @ h)
        d = (o - t) * o * (1 - o)
        W = W - learning_rate * np.outer(d, h)
        e = W.T @ d * h * (1 - h)
        return V - learning_rate * np.outer(e, x), W""", "stale weights"),
    ("simultaneous_step", """
        s = lambda z: 1 / (1 + np.exp(-z))
        h = s(V @ x)
        o = s(W @ h)
        d = (o - t) * o * (1 - o)
        W -= learning_rate * np.outer(d, h)
        e = W.T @ d * h * (1 - h)
        return V - learning_rate * np.outer(e, x), W""", "stale weights"),
    ("pick_back", """
        dA = np.zeros(A.shape)
        for d, row in zip(dC, rows):
            dA[row] += d
        return dA""", RIGHT),
    ("pick_back", "np.eye(len(A))[rows].T @ dC", RIGHT),
    ("pick_back", "[dC[rows == i].sum(axis=0) for i in range(len(A))]", RIGHT),
    ("pick_back", """
        dA = np.zeros(A.shape)
        for d, row in zip(dC, rows):
            dA[row] = d
        return dA""", "overwritten"),
    ("pick_back", "dC[rows]", "picked again"),
    ("pick_back", "dA = np.zeros(dC.shape)\nnp.add.at(dA, rows, dC)\nreturn dA", "shape of dC"),
    ("pick_back", "A *= 0\nnp.add.at(A, rows, dC)\nreturn A", "It changes its input A"),
    ("unbroadcast", axes(), RIGHT),
    ("unbroadcast", "full = (1,) * (2 - len(shape)) + shape\nreturn np.reshape(gradient.sum(axis=tuple(i for i in "
                    "range(2) if full[i] == 1), keepdims=True), shape)", RIGHT),
    ("unbroadcast", axes("mean(0)", "mean(axis, keepdims=True)"), "mean of the copies"),
    ("unbroadcast", axes("mean(0)"), "mean of the copies"),
    ("unbroadcast", axes("take(0, axis=0)", "take([0], axis=axis)"), "first copy only"),
    ("unbroadcast", axes(stretched="sum(axis)"), "axis lost"),
    ("unbroadcast", """
        if gradient.ndim > len(shape):
            gradient = gradient.sum(axis=0)
        for axis, n in enumerate(shape):
            if n == 1:
                gradient = gradient.sum(axis=axis, keepdims=True)
        return gradient""", "one missing axis only"),
    ("batch_norm_backward", norm(), RIGHT),
    ("batch_norm_backward", """
        N, g = len(dY), dY * gamma
        dgamma, dbeta = np.sum(dY * X_hat, axis=0), np.sum(dY, axis=0)
        return inverse_sd / N * (N * g - g.sum(0) - X_hat * (g * X_hat).sum(0)), dgamma, dbeta""", RIGHT),
    ("batch_norm_backward", norm(mean="g.sum(0)", var="(g * X_hat).sum(0)"), "sums for means"),
    ("batch_norm_backward", norm(mean="g.sum(0)"), "sums for means"),
    ("batch_norm_backward", norm(scale=""), "not scaled back"),
    ("batch_norm_backward", norm(gamma="dY.sum(0)", beta="(dY * X_hat).sum(0)"), "returned in the other order"),
    ("batch_norm_backward", norm(gamma="(dY * X_hat).mean(0)", beta="dY.mean(0)"), "means for sums"),
    ("batch_norm_backward", norm(scale="", beta="dY.mean(0)"), "means for sums + not scaled back"),
    ("dropout", "scale = mask / (1 - p)\nreturn X * scale, dY * scale", RIGHT),
    ("dropout", "np.where(mask, X / (1 - p), 0), np.where(mask == 1, dY / (1 - p), 0.0)", RIGHT),
    ("dropout", "X * mask / (1 - p), dY", "nothing done on the way back"),
    ("dropout", "X * mask / p, dY * mask / p", "divided by p"),
    ("dropout", "X * mask / p, dY * mask / (1 - p)", "divided by p"),
    ("dropout", "X * mask, dY * mask", "no factor either way"),
    ("adam_step", adam(), RIGHT),
    ("adam_step", adam(m="np.divide(m, 1 - np.power(0.9, t))", out="m.tolist(), v"), RIGHT),
    ("adam_step", adam(m="m", v="v"), "no bias correction"),
    ("adam_step", adam(v="v"), "no bias correction"),
    ("adam_step", adam(out="mh, vh"), "correction kept"),
    ("adam_step", adam("m / 0.1", "v / 0.001"), "corrected as in the first step"),
    ("adam_step", adam("m / (1 - 0.9 ** (t - 1))", "v / (1 - 0.999 ** (t - 1))"), "t from 0"),
    ("adam_step", adam(below="np.sqrt(vh)"), "epsilon forgotten"),
    ("adam_step", adam(below="np.sqrt(vh + 1e-8)"), "epsilon under the root"),
    ("adam_step", adam(m="m", below="vh + 1e-8"), "no bias correction + root forgotten"),
    ("residual_backward", """
        A = np.tanh(X.dot(W1))
        dZ = dY.dot(W2.T) * (1 - np.square(A))
        return dY + dZ.dot(W1.T), X.T.dot(dZ), A.T.dot(dY)""", RIGHT),
    ("residual_backward", """
        A = np.tanh(X @ W1)
        dZ = dY @ W2.T * (1 - A * A)
        return dZ @ W1.T, X.T @ dZ, A.T @ dY""", "short way forgotten"),
    ("residual_backward", """
        A = np.tanh(X @ W1)
        dZ = dY @ W2 * (1 - A * A)
        return dY + dZ @ W1, X.T @ dZ, A.T @ dY""", "W not transposed"),
    ("graph_gradients", """
        g = np.zeros(n)
        g[n - 1] = 1
        for child, parent, slope in edges[::-1]:
            g[parent] = g[parent] + slope * g[child]
        return g""", RIGHT),
    ("graph_gradients", """
        g = {n - 1: 1.0}
        for child, parent, slope in edges[::-1]:
            g[parent] = slope * g.get(child, 0)
        return [g.get(i, 0) for i in range(n)]""", "overwritten at the fork"),
    ("chain_slope", """
        a, slopes = [x], []
        for l in range(len(w)):
            a.append(1 / (1 + np.exp(-w[l] * a[-1] - b[l])))
            slopes.append(w[l] * a[-1] * (1 - a[-1]))
        return np.prod(slopes)""", RIGHT),
    ("chain_slope", """
        a, slopes = [x], []
        for l in range(len(w)):
            a.append(1 / (1 + np.exp(-w[l] * a[-1] - b[l])))
            slopes.append(w[l] * (1 - a[-1] ** 2))
        return np.prod(slopes)""", "slope of tanh"),
    ("swish", """
        s = 1 / (1 + np.exp(-Z))
        return Z * s, dA * (s + Z * s * (1 - s))""", RIGHT),
    ("swish", """
        s = 1 / (1 + np.exp(-Z))
        return Z * s, dA * s * (1 - s)""", "product of slopes"),
    ("descend", """
        A = np.column_stack([X, np.ones_like(X)])
        v = np.array([w, b])
        for _ in range(steps):
            v = v - learning_rate * A.T @ (A @ v - y) / len(X)
        return v""", RIGHT),
    ("descend", """
        for _ in range(steps):
            w -= learning_rate * np.mean((w * X + b - y) * X)
            b -= learning_rate * np.mean(w * X + b - y)
        return w, b""", "one after the other"),
    ("descend", """
        for _ in range(steps):
            e = y - (w * X + b)
            w, b = w + learning_rate * 2 * np.mean(e * X), b + learning_rate * 2 * np.mean(e)
        return w, b""", "twice the slope"),
    ("logistic_loss", """
        L = np.sum(np.logaddexp(0, Z) - Z * Y) / len(Z)
        return L, (1 / (1 + np.exp(-Z)) - Y) / len(Z)""", RIGHT),
    ("logistic_loss", """
        p = 1 / (1 + np.exp(-Z))
        return -np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p)) / len(Z), (p - Y) / len(Z)""",
     "from the probability"),
    ("logistic_loss", """
        p = 1 / (1 + np.exp(-Z))
        return np.mean(np.logaddexp(0, Z) - Z * Y), (p - Y) / len(Z)""", "mean over all entries"),
    ("all_deltas", """
        d = [None] * len(W)
        d[-1] = (a[-1] - y) * a[-1] * (1 - a[-1])
        for l in range(len(W) - 2, -1, -1):
            d[l] = (d[l + 1] @ W[l + 1]) * a[l] * (1 - a[l])
        return d""", RIGHT),
    ("all_deltas", """
        d = [(a[-1] - y) * a[-1] * (1 - a[-1])]
        for l in range(len(W) - 2, -1, -1):
            d.append((d[-1] @ W[l + 1]) * a[l] * (1 - a[l]))
        return d""", "from the end to the start"),
    ("two_layers_backward", """
        A = np.maximum(X @ W1 + b1, 0)
        dZ = np.where(A > 0, dY @ W2.T, 0)
        return dZ @ W1.T, X.T @ dZ, dZ.sum(0), A.T @ dY, dY.sum(0)""", RIGHT),
    ("two_layers_backward", """
        A = np.maximum(X @ W1 + b1, 0)
        dZ = np.maximum(dY @ W2.T, 0)
        return dZ @ W1.T, X.T @ dZ, dZ.sum(0), A.T @ dY, dY.sum(0)""", "gate on the gradient"),
    ("cross_entropy_loss", """
        m = Z.max(1)
        logs = m + np.log(np.exp(Z.T - m).sum(0))
        return np.mean(logs - Z[range(len(y)), y])""", RIGHT),
    ("cross_entropy_loss", """
        E = np.exp(Z - Z.max(1)[:, None])
        P = E / E.sum(1)[:, None]
        return -np.mean(np.log(P[range(len(y)), y]))""", "no shift"),
    ("network_gradients", """
        Z1 = X @ W1 + b1
        A = np.maximum(Z1, 0)
        Z = A @ W2 + b2
        E = np.exp(Z - Z.max(1)[:, None])
        d = (E / E.sum(1)[:, None] - np.eye(len(b2))[y]) / len(X)
        d1 = d @ W2.T * (Z1 > 0)
        return X.T @ d1, d1.sum(0), A.T @ d, d.sum(0)""", RIGHT),
    ("network_gradients", """
        Z1 = X @ W1 + b1
        A = np.maximum(Z1, 0)
        E = np.exp(A @ W2 + b2)
        d = E / E.sum(1)[:, None] - np.eye(len(b2))[y]
        d1 = d @ W2.T * (Z1 > 0)
        return X.T @ d1, d1.sum(0), A.T @ d, d.sum(0)""", "not divided by N"),
    ("slope_along", """
        D = V / np.linalg.norm(V)
        return (G * D).sum(), (f(X + h * D) - f(X - h * D)) / h / 2""", RIGHT),
    ("slope_along", "np.sum(G * V), (f(X + h * V) - f(X - h * V)) / (2 * h)", "direction as it came"),
    ("solved_epochs", """
        good = np.flatnonzero(((answers > 0.5) == (Y > 0.5)).all(axis=1)) + 1
        return (good[0], good[-1]) if good.size else (0, 0)""", RIGHT),
    ("solved_epochs", """
        good = np.flatnonzero(((answers > 0.5) == (Y > 0.5)).all(axis=1)) + 1
        return (good[0], good[0]) if good.size else (0, 0)""", "stops at the first"),
    ("least_squares", """
        V = np.linalg.lstsq(np.c_[X, np.ones(len(X))], Y, rcond=None)[0]
        return V[:-1], V[-1]""", RIGHT),
    ("least_squares", """
        mx, my = X.mean(0), Y.mean(0)
        W = np.linalg.solve((X - mx).T @ (X - mx), (X - mx).T @ (Y - my))
        return W, my - mx @ W""", RIGHT),
    ("least_squares", "np.linalg.lstsq(X, Y, rcond=None)[0], np.zeros(Y.shape[1])", "without a bias"),
    ("sizes_of_layers", """
        sizes = []
        for W in weights:
            Z = A.dot(W)
            sizes += [float((Z * Z).mean() ** 0.5)]
            A = Z * (Z > 0)
        return sizes""", RIGHT),
    ("sizes_of_layers", """
        sizes = []
        for W in weights:
            A = np.maximum(A @ W, 0)
            sizes.append(np.sqrt(np.mean(A * A)))
        return sizes""", "after the ReLU"),
    ("read_idx", """
        import struct
        axes = file[3]
        shape = struct.unpack(f">{axes}I", file[4 : 4 + 4 * axes])
        return shape, np.frombuffer(file, np.uint8, offset=4 + 4 * axes)""", RIGHT),
    ("read_idx", """
        n = int(file[3])
        shape = [int.from_bytes(file[4 + 4 * i:8 + 4 * i], "big") for i in range(n)]
        return shape, list(file[4 + 4 * n:])""", RIGHT),
    ("read_idx", """
        n = int(file[3])
        shape = [int.from_bytes(file[4 + 4 * i:8 + 4 * i], "little") for i in range(n)]
        return shape, np.array(list(file[4 + 4 * n:]))""", "little end first"),
    ("surest_mistakes", """
        said, top = P.argmax(1), P.max(1)
        rows = [i for i in range(len(y)) if said[i] != y[i]]
        return sorted(rows, key=lambda i: -top[i])[:n]""", RIGHT),
    ("surest_mistakes", "np.argsort(-P.max(axis=1))[:n]", "right answers too"),
    ("factor_between", """
        c = (a * n).sum() / (n ** 2).sum()
        return c if np.all(abs(a - c * n) <= 1e-6 * abs(n).max()) else 0.0""", RIGHT),
    ("factor_between", "c = np.sum(a * n) / np.sum(n * n)\nreturn c", "never refused"),
    ("maximum_back", "np.where(A > B, dC, 0), np.where(B > A, dC, 0)", RIGHT),
    ("maximum_back", "dC * (A > 0), dC * (A <= 0)", "gate on the sign"),
    ("sum_back", "np.repeat(np.expand_dims(dC, axis), A.shape[axis], axis)", RIGHT),
    ("sum_back", "dC + 0 * A if axis == 0 else dC[:, None] + 0 * A", RIGHT),
    ("sum_back", "np.ones_like(A) * dC", "always rows"),
    ("stack_back", "np.einsum('snk,dk->snd', dC, B), np.einsum('snd,snk->dk', A, dC)", RIGHT),
    ("stack_back", "dC @ B.T, sum(a.T @ d for a, d in zip(A, dC)) / len(A)", "mean over the stack"),
    ("tape_gradients", """
        uses = [0] * len(parents)
        reach, stack = {root}, [root]
        while stack:
            for p in parents[stack.pop()]:
                uses[p] += 1
                if p not in reach:
                    reach.add(p)
                    stack.append(p)
        g, ready = np.zeros(len(parents)), [root]
        g[root] = 1
        while ready:
            node = ready.pop()
            for p, s in zip(parents[node], slopes[node]):
                g[p] += s * g[node]
                uses[p] -= 1
                if uses[p] == 0:
                    ready.append(p)
        return g""", RIGHT),
    ("running_statistics", """
        mean, var = 0.0, 1.0
        for X in batches:
            mean = (1 - momentum) * mean + momentum * X.mean(0)
            var = (1 - momentum) * var + momentum * X.var(0, ddof=1)
        return mean, var""", RIGHT),
    ("running_statistics", """
        mean, var = 0.0, 1.0
        for X in batches:
            mean = momentum * mean + (1 - momentum) * X.mean(0)
            var = momentum * var + (1 - momentum) * X.var(0, ddof=1)
        return mean, var""", "momentum for what stays"),
    ("ball", """
        before = w
        for t in range(steps):
            w, before = (1 + mu - eta * c) * w - mu * before, w
        return w""", RIGHT),
    ("ball", """
        v = 0
        for t in range(steps):
            v = mu * v + (1 - mu) * c * w
            w = w - eta * v
        return w""", "a running mean"),
    ("sizes_going_back", """
        sizes = []
        for i in range(len(weights))[::-1]:
            dZ = dZ.dot(weights[i].T) * (masks[i] == 1)
            sizes.append(np.linalg.norm(dZ) / np.sqrt(dZ.size))
        return sizes[::-1]""", RIGHT),
    ("sizes_going_back", """
        sizes = []
        for W in weights[::-1]:
            dZ = dZ @ W.T
            sizes.append(np.sqrt(np.mean(dZ**2)))
        return sizes[::-1]""", "gates forgotten"),
    ("tape_gradients", """
        g, queue, seen = [0.0] * len(parents), [root], {root}
        g[root] = 1.0
        for node in queue:
            for parent, slope in zip(parents[node], slopes[node]):
                g[parent] += slope * g[node]
                if parent not in seen:
                    seen.add(parent)
                    queue.append(parent)
        return g""", "sent too early"),
    ("solved_epochs", """
        good = np.flatnonzero(((answers > 0.5) == (Y > 0.5)).all(axis=1)) + 1
        return (good[0], len(answers)) if good.size else (0, 0)""", "last line of the log"),
    ("solved_epochs", """
        good = ((answers > 0.5) == (Y > 0.5)).all(axis=1)
        return np.argmax(good) + 1, len(good) - np.argmax(good[::-1])""", "none is not asked"),
    ("solved_epochs", """
        good = np.flatnonzero(((answers > 0.5) == (Y > 0.5)).all(axis=1)) + 1
        return (good[-1], good[0]) if good.size else (0, 0)""", "in another order: first, last"),
    ("fork_backward", "x + y, x + z, 2 * x + y + z", "in another order: dx, dy, dz"),
    ("relative_error", "np.max(np.abs(a - n)) / max(np.max(np.abs(a)), np.max(np.abs(n)), 0.001)", "floor too high"),
    ("relative_error", "np.max(np.abs(a - n)) / (max(np.abs(a).max(), np.abs(n).max()) + 1e-8)", "floor added"),
    ("factor_between", """
        c = np.vdot(n, a) / np.vdot(n, n)
        return c if np.abs(a - c * n).max() <= 0.2 * np.abs(n).max() else 0.0""", "far from the factor"),
    ("factor_between", """
        c = np.sum(a * n) / np.sum(n**2)
        return c if np.all(a == c * n) else 0.0""", "to the last digit"),
    ("descend", """
        for _ in range(steps):
            e = w * X + b - y
            w, b = w - 0.1 * (e * X).mean(), b - 0.1 * e.mean()
        return w, b""", "other values"),
    ("surest_mistakes", """
        rows = np.flatnonzero(P.argmax(axis=1) != y)
        tops = np.sort(P[rows], axis=1)
        return rows[np.argsort(tops[:, -2] - tops[:, -1])][:n]""", "by the distance to another"),
    ("standardise", "(X_train - X_test.mean(0)) / X_test.std(0), (X_test - X_test.mean(0)) / X_test.std(0)",
     "scaled by the test rows"),
    ("logistic_loss", """
        L = np.sum(np.log(1 + np.exp(Z)) - Y * Z) / len(Z)
        return L, (1 / (1 + np.exp(-Z)) - Y) / len(Z)""", "from the probability"),
    ("simultaneous_step", """
        s = lambda z: 1 / (1 + np.exp(-z))
        a1 = s(V @ x)
        a2 = s(W @ a1)
        d2 = (a2 - t) * a2 * (1 - a2)
        V = V - learning_rate * np.outer((W.T @ d2) * a1 * (1 - a1), x)
        a1 = s(V @ x)
        a2 = s(W @ a1)
        return V, W - learning_rate * np.outer((a2 - t) * a2 * (1 - a2), a1)""", "stale V"),
    ("training_loop", """
        begin, losses = w, []
        for _ in range(epochs):
            w = begin
            for i in range(0, len(X), batch_size):
                L, g = gradient(w, X[i : i + batch_size], Y[i : i + batch_size])
                losses.append(L)
                w = w - learning_rate * g
        return w, losses""", "w begun anew"),
    ("sizes_of_layers", """
        found = []
        for W in weights:
            found.append(np.sqrt(np.mean((A @ W) ** 2, axis=0)))
            A = np.maximum(A @ W, 0)
        return found""", "found should be an array of numbers"),
]  # fmt: skip


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda e: e.name)
def test_functions(exercise):
    """The solution, every listed slip in every place, and the answers of the table, on the same 200 draws."""
    answers = [(exercise.reference, RIGHT, "the solution")]
    answers += [(f, faults[0].name, f.__code__.co_filename) for faults, f in exercise.slips]
    answers += [
        (written(exercise, body), said, body) for name, body, said in ANSWERS if name == exercise.name
    ]
    slips = {m.name for m in exercise.mutants}
    for seed in SEEDS:
        for answer, said, source in answers:
            attempt = tried(exercise, answer, seed)
            wrong = is_wrong(exercise, attempt, seed)
            assert wrong == (said != RIGHT), (source, seed)
            if wrong and slips.issuperset(said.split(" + ")):
                told = {fault.name for fault, _ in exercise.recognise(attempt, seed)}
                assert told == set(said.split(" + ")), (source, seed)


@pytest.mark.parametrize(
    ("name", "body", "said"), ANSWERS, ids=[f"{n}-{said}-{i}" for i, (n, _, said) in enumerate(ANSWERS)]
)
def test_what_is_said(name, body, said):
    """The whole of a check, which writes the sentences; for those that are no slip's, on more."""
    exercise = getattr(ex, name)
    answer = written(exercise, body)
    slips = {m.name: m.teaches for m in exercise.mutants}
    known = said == RIGHT or said.split(" + ")[0] in slips
    for seed in SEEDS[:2] if known else SEEDS[:40]:
        result = exercise.check(answer, seed=seed)
        assert result.correct == (said == RIGHT), result
        assert bool(result.slip) == (known and said != RIGHT), result
        for part in [] if said == RIGHT else said.split(" + "):
            assert slips.get(part, part) in result.message, result


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda e: e.name)
def test_each_slip_comes_back_with_a_value_on_some_input(exercise):
    """One that stops on every input could not be told from any other that does not fit."""
    for _, function in exercise.slips:
        assert not all(trial.crash for trial in tried(exercise, function, 0).trials), (
            function.__code__.co_filename
        )


def test_the_tables_name_exercises():
    assert {name for name, _, _ in ANSWERS} == {e.name for e in FUNCTIONS}
    assert {RIGHT} < {said for _, _, said in ANSWERS}


# ---------------------------------------------------------------- values, choices, formulas

TOLD = {
    "weight_shape": [((3.0, np.int64(2)), RIGHT), ((2, 3), "column convention"), ((2, 5), "That is Zᵀ")],
    "numbers_to_train": [((12, 5), RIGHT), ((5, 12), "other way round"), ((13, 4), "output's bias"),
                         ((17, 17), "all of them together")],
    "layers_of_three": [("(b)", RIGHT), ("B", RIGHT), (" b ", RIGHT), ("b.", RIGHT), ("'b'", RIGHT)],
    "best_h": [("(c)", RIGHT), ("C", RIGHT), (" c ", RIGHT), ("c.", RIGHT), ("c)", RIGHT), ("cc", "Choose one of"),
               (1e-5, "Choose one of"), ("", "Choose one of")],
    "fork_slope": [(8.0, RIGHT), (np.float32(8), RIGHT), (np.array(8), RIGHT), (8.01, "That is not it"),
                   (15, "added over several ways")],
    "best_line": [(0.75, RIGHT), (0, "all four"), (3, "share of the four"), (75, "no per cent")],
    "ten_sigmoids": [(9.5e-7, RIGHT), (0.25**10, RIGHT), (0.00098, "½ is the value of σ"), (2.5, "not added")],
    "momentum_rate": [(0.01, RIGHT), (0.0100, RIGHT), (4.95, "smaller than 0.2"), (4, "0.2/(1 − μ)")],
    "running_mean": [(0.95, RIGHT), (4.95, "other way round"), (1, "a tenth of what is left")],
    "growth_of_a_layer": [(5, RIGHT), (5.0, RIGHT), (7.07, "without the gates"), (7.1, "without the gates"),
                          (7.0711, "without the gates"),
                          (7.0705, "without the gates"), (7, "That is not it"), (4.95, "Every one of the 50"),
                          (5.01, "That is not it")],
    "he_spread": [(0.2, RIGHT), (0.14, "without ReLU"), (0.1414, "without ReLU"), (0.16, "Xavier's"),
                  (0.258, "over the inputs"), (0.04, "the variance")],
    "passes_for_a_check": [(105300, RIGHT), (105300.0, RIGHT), (52650, "ask twice"), (52651, "one-sided"),
                           (105301, "That is not it")],
    "double_softmax_floor": [(1.461, RIGHT), (1.46, RIGHT), (0.232, "largest probability"), (0.23, "largest probability"),
                             (2.303, "e¹ : e⁰"), (2.3, "e¹ : e⁰"), (1.5, "give three digits")],
    "loss_at_start": [((0.693, 2.303, 3.2e6), RIGHT), ((0.69, 2.3, 3_200_000), RIGHT), ((0.5, 2.3, 3.2e6), "is the probability"),
                      ((0.69, 2.3, 6.4e6), "ReLU closes half")],
    "adam_first_step": [(0.001, RIGHT), (1e-3, RIGHT), (0.0032, "without bias correction"), (0.05, "plain gradient descent")],
    "residual_ways": [((1024, 45), RIGHT), ([1024, 45], RIGHT), ((1024, 90), "order does not count")],
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_values_and_choices(name):
    for answer, said in TOLD[name]:
        result = getattr(ex, name).check(answer)
        assert result.correct == (said == RIGHT), (answer, result)
        assert said == RIGHT or said in result.message, (answer, result)


def test_numbers_of_all_kinds():
    sympy = pytest.importorskip("sympy")
    from decimal import Decimal
    from fractions import Fraction

    for three_quarters in (Fraction(3, 4), Decimal("0.75"), sympy.Rational(3, 4), sympy.Float("0.75"),
                           np.float32(0.75), np.array(0.75), sympy.sqrt(9) / 4):  # fmt: skip
        assert ex.best_line.check(three_quarters), repr(three_quarters)
    assert ex.fork_backward.check(lambda x, y, z: [sympy.Float(2 * x + y + z), sympy.Float(x + z), x + y])
    assert ex.bias_gradient.check(lambda dZ: np.asfortranarray(dZ).sum(axis=0).tolist())
    assert ex.bias_gradient.check(lambda dZ: np.matrix(dZ.sum(axis=0)).A1)
    whole = ex.affine_backward
    rounded = {n: np.round(v) for n, v in whole.draw(0, 0).items()}
    assert diagnose.compare("a", rounded["X"], rounded["X"].astype(int), 1e-6) is None


def test_formulas():
    sympy = pytest.importorskip("sympy")
    x = sympy.Symbol("x")
    result = ex.log_square.check(2 / sympy.Abs(x))
    assert not result
    assert "for x < 0 the sign is not" in result.message
    assert "1 times" not in result.message
    assert ex.log_square.check(2 * x / x**2)
    assert "times what it should be" not in ex.log_square.check(3 / sympy.Abs(x)).message
    a, y = sympy.symbols("a y")
    assert ex.output_delta.check(a * (1 - a) * (a - y))
    slope = sympy.Derivative(sympy.log(x**2), x)
    assert "not worked out" in ex.log_square.check(slope).message
    assert ex.log_square.check(slope.doit())
    assert "array of shape (3, 1)" in ex.output_delta.check(np.zeros((3, 1))).message


# ---------------------------------------------------------------- nothing leaves `check` as an exception


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("nothing to say")


def raising(error):
    def answer(dZ):
        raise error

    return answer


def test_whatever_is_handed_over_gets_a_sentence():
    endless = []
    endless.append(endless)
    answers = [10**5000, -(10**5000), 10**400, lambda: 1, endless, object(), {1: endless}, "x" * 10**6, b"x",
               float("nan"), 1j, [[1, 2], [3]], np.array(["a"]), type, print, ex]  # fmt: skip
    for exercise in (ex.fork_slope, ex.residual_ways, ex.best_h, ex.log_square, ex.bias_gradient):
        for answer in answers:
            result = exercise.check(answer)
            assert result.status == diagnose.NOT_YET, (exercise.name, repr(answer)[:80])
            assert 10 < len(result.message) < 2000
    assert ex.fork_slope.check(10**30).message.startswith("That is not it.")


def test_whatever_is_raised_or_returned_gets_a_sentence():
    endless = []
    endless.append(endless)
    for error in (Mute(), SystemExit(3), KeyboardInterrupt(), GeneratorExit(), BaseException("odd")):
        result = ex.bias_gradient.check(raising(error))
        assert result.status == diagnose.NOT_YET
        assert "It stops with" in result.message
    for value in (10**5000, endless, object(), {1}, lambda: 1, np.array([None]), "text"):
        result = ex.bias_gradient.check(lambda dZ, value=value: value)
        assert result.status == diagnose.NOT_YET
        assert len(result.message) > 10


def test_results_handed_over_in_place_of_the_function():
    dZ = np.ones((2, 2))
    result = ex.affine_backward.check(dZ, dZ, dZ.sum(axis=0))
    assert result.status == diagnose.NOT_YET
    assert result.message == "Hand over the function itself, without brackets: check(affine_backward)."
    assert ex.affine_backward.check(..., ..., ...).status == diagnose.NOT_ATTEMPTED


def test_a_fraction_that_python_made_a_float_is_the_fraction_and_a_near_one_is_not():
    import sympy

    x = sympy.Symbol("x")
    e = kinds.Expression(
        "a third of x",
        "x",
        "x/3",
        functions="",
        working="x/3",
        hints=("a", "b", "c"),
        mutants=(("3*x", "no"),),
    )
    assert e.check(1 / 3 * x).correct
    assert not e.check(0.33333334 * x).correct
    assert ex.log_square.check(2.0 / x).correct
    assert not ex.log_square.check(2.00000002 / x).correct
