"""Lesson 09, regression: scaling without leakage, R², and how large z is."""

from itertools import pairwise

import numpy as np

from .kinds import Fault, choice, draw, expression, function, sizes, square, value

# fmt: off


def _two_sets(rng, sizes=sizes):
    n, m, d = sizes(rng, 3)
    n = 7 if n == 2 else n
    X_train, X_test = 5 * draw(rng, n, d) + 3, 5 * draw(rng, m, d) + 1
    X_train[1] += 5 * (X_train[1] == X_train[0])  # no column is constant
    # One quantity in small units, with a spread of 0.002: what is added to sd shows there.
    X_train[:, 0] = 0.001 + 0.003 * rng.permutation(np.linspace(-1, 1, n))
    X_test[:, 0] = 0.002 * draw(rng, m)
    return X_train, X_test


@function(
    inputs=(_two_sets, _two_sets, square(_two_sets)),
    returns=("train", "test"),
    hints=(
        "Which rows may be looked at when the scale is chosen?",
        "Mean and standard deviation of each column of X_train, axis=0.",
        "Both sets: minus the training mean, divided by the training standard deviation.",
    ),
    mutants=(
        Fault("test rows scaled by themselves", "(X_test - mean) / sd",
              ("(X_test - X_test.mean(axis=0)) / X_test.std(axis=0)", "(X_test - X_test.mean(axis=0)) / sd",
               "(X_test - mean) / X_test.std(axis=0)"),
              "The same raw number would mean something else in the two sets. Scale the test rows as the "
              "training rows were scaled."),
        Fault("scaled by the test rows", "X_train.mean(axis=0), X_train.std(axis=0)",
              "X_test.mean(axis=0), X_test.std(axis=0)",
              "The scale comes from the test rows. The training rows choose it, for both sets."),
        Fault("leakage", "X_train.mean(axis=0), X_train.std(axis=0)",
              "np.r_[X_train, X_test].mean(axis=0), np.r_[X_train, X_test].std(axis=0)",
              "Test rows have had a say in the scale: that is leakage. Only the training rows choose mean "
              "and sd."),
        Fault("not centred", "(X_train - mean) / sd, (X_test - mean) / sd", "X_train / sd, X_test / sd",
              "The mean is still in it: subtract it before dividing."),
        Fault("only centred", "(X_train - mean) / sd, (X_test - mean) / sd", "X_train - mean, X_test - mean",
              "The means are 0 now, the spreads not yet 1: divide by the standard deviation as well."),
        Fault("test rows as they are", "(X_test - mean) / sd", "X_test",
              "Your test rows come out as they went in. Either they were not scaled, or with the mean and "
              "sd of training rows that were scaled already, which are 0 and 1: take mean and sd first, "
              "keep them, and use them for both."),
        Fault("something added to sd", "X_train.std(axis=0)",
              tuple(f"(X_train.std(axis=0) + {eps})" for eps in (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1))
              + tuple(f"np.sqrt(X_train.var(axis=0) + {eps})" for eps in (1e-8, 1e-7, 1e-6, 1e-5, 1e-3)),
              "A small number was added to sd. In a column of small numbers it counts, and the spread is no "
              "longer 1: here sd is np.std as it stands."),
        Fault("brackets", "(X_train - mean) / sd, (X_test - mean) / sd",
              "X_train - mean / sd, X_test - mean / sd",
              "Division comes before minus: put the difference in brackets."),
        Fault("row by row", "X_train.mean(axis=0), X_train.std(axis=0)",
              ("X_train.mean(axis=1), X_train.std(axis=1)",
               "X_train.mean(axis=1, keepdims=True), X_train.std(axis=1, keepdims=True)"),
              "axis=1 takes the mean over one row's different quantities. Each column is scaled on its own: "
              "axis=0."),
        Fault("returned in the other order", "(X_train - mean) / sd, (X_test - mean) / sd",
              "(X_test - mean) / sd, (X_train - mean) / sd",
              "The training rows come first, then the test rows."),
        Fault("minimum and maximum", "X_train.mean(axis=0), X_train.std(axis=0)",
              "X_train.min(axis=0), np.ptp(X_train, axis=0)",
              "That squeezes the columns to 0 … 1. Wanted are mean 0 and standard deviation 1."),
        Fault("divided by N − 1", "X_train.std(axis=0)", "X_train.std(axis=0, ddof=1)",
              "ddof=1 divides by N − 1. Here sd is np.std as it stands, which divides by N."),
        Fault("one scale for all columns", "X_train.mean(axis=0), X_train.std(axis=0)", "X_train.mean(), "
                                                                                        "X_train.std()",
              "Each column is a quantity of its own, with its own mean and sd: axis=0."),
        Fault("variance for sd", "X_train.std(axis=0)", "X_train.var(axis=0)",
              "Divide by the standard deviation, the root of the variance, to get a spread of 1."),
    ),
    after="Nothing of the test rows has touched the scale.",
)
def standardise(X_train, X_test):
    """Return both sets scaled, column by column, in the way that gives X_train's columns mean 0 and standard
    deviation 1 (np.std as it stands)."""
    mean, sd = X_train.mean(axis=0), X_train.std(axis=0)
    return (X_train - mean) / sd, (X_test - mean) / sd


def _targets_and_predictions(rng):
    y = draw(rng, int(rng.integers(4, 8))) + 3
    y[0], y[1] = 4.1, 1.7
    return y, np.round(y + draw(rng, len(y)) / 4, 2)


def _worse_than_the_mean(rng):
    y, y_hat = _targets_and_predictions(rng)
    return y, -y_hat


@function(
    inputs=(_targets_and_predictions, _worse_than_the_mean),
    returns="R2",
    hints=(
        "R² compares your squared errors with those of a model that always predicts the mean.",
        "Errors of the model: Σ(y − ŷ)². Errors of the mean: Σ(y − ȳ)².",
        "1 minus the first divided by the second.",
    ),
    mutants=(
        Fault("against zero", "np.sum((y - y.mean()) ** 2)", "np.sum(y**2)",
              "The model to beat predicts the mean, not 0: Σ(y − ȳ)²."),
        Fault("squared correlation", "1 - np.sum((y - y_hat) ** 2) / np.sum((y - y.mean()) ** 2)",
              ("np.corrcoef(y, y_hat)[0, 1] ** 2", "np.corrcoef(y, y_hat)[0, 1]"),
              "The correlation, squared or not, forgives a wrong scale and a wrong offset; R² = 1 − "
              "Σ(y − ŷ)²/Σ(y − ȳ)² does not."),
        Fault("cut off at 0", "1 - np.sum((y - y_hat) ** 2) / np.sum((y - y.mean()) ** 2)",
              "max(0.0, 1 - np.sum((y - y_hat) ** 2) / np.sum((y - y.mean()) ** 2))",
              "R² can be negative: predictions worse than the mean deserve to be seen. Do not cut it off "
              "at 0."),
        Fault("without its sign", "1 - np.sum((y - y_hat) ** 2) / np.sum((y - y.mean()) ** 2)",
              "abs(1 - np.sum((y - y_hat) ** 2) / np.sum((y - y.mean()) ** 2))",
              "R² can be negative, where predictions are worse than the mean: no absolute value."),
        Fault("explained spread", "1 - np.sum((y - y_hat) ** 2) / np.sum((y - y.mean()) ** 2)",
              "np.sum((y_hat - y.mean()) ** 2) / np.sum((y - y.mean()) ** 2)",
              "The spread of the predictions tells nothing about whether they are right: R² compares errors, "
              "1 − Σ(y − ŷ)²/Σ(y − ȳ)². They agree for least squares with a bias, on the rows fitted."),
        Fault("not compared with the mean", "np.sum((y - y_hat) ** 2) / np.sum((y - y.mean()) ** 2)",
              ("np.mean((y - y_hat) ** 2)", "np.sum((y - y_hat) ** 2)"),
              "1 minus an error has no meaning of its own: the error is divided by that of the mean, Σ(y − "
              "ȳ)²."),
        Fault("errors alone", "1 - np.sum((y - y_hat) ** 2) / np.sum((y - y.mean()) ** 2)",
              ("np.mean((y - y_hat) ** 2)", "np.sum((y - y_hat) ** 2)"),
              "Those are the model's errors. R² is 1 minus their share of the errors of the mean."),
        Fault("absolute errors", "np.sum((y - y_hat) ** 2) / np.sum((y - y.mean()) ** 2)",
              "np.sum(np.abs(y - y_hat)) / np.sum(np.abs(y - y.mean()))",
              "Both sums are of squares, not of absolute values."),
        Fault("N for N − 1", "np.sum((y - y.mean()) ** 2)", "(np.var(y, ddof=1) * len(y))",
              "ddof=1 divides by N − 1, the mean above by N. Take the same on both sides, or plain sums."),
        Fault("a constant error forgiven", "(y - y_hat) ** 2", "(y - y_hat - np.mean(y - y_hat)) ** 2",
              "The variance of y − ŷ forgives an error that is the same in all rows. Square y − ŷ itself."),
        Fault("root below", "np.sum((y - y_hat) ** 2) / np.sum((y - y.mean()) ** 2)",
              "np.mean((y - y_hat) ** 2) / np.std(y)",
              "Above stands a mean of squares, below its root: divide by the variance, np.var(y)."),
        Fault("a sum over a mean", "np.sum((y - y.mean()) ** 2)", "np.var(y)",
              "Above stands a sum, below a mean. Take sums on both sides of the fraction, or means on both."),
        Fault("spread of the predictions", "np.sum((y - y.mean()) ** 2)",
              "np.sum((y_hat - y_hat.mean()) ** 2)",
              "Below stands the spread of the targets y, not of the predictions."),
        Fault("not taken from 1", "1 - np.sum((y - y_hat) ** 2)", "np.sum((y - y_hat) ** 2)",
              "That is the share that is left unexplained; R² is 1 minus it."),
        Fault("upside down", "np.sum((y - y_hat) ** 2) / np.sum((y - y.mean()) ** 2)",
              "np.sum((y - y.mean()) ** 2) / np.sum((y - y_hat) ** 2)",
              "The fraction is upside down: the model's errors above, those of the mean below."),
    ),
    after="1 is perfect, 0 is no better than the mean, and it can be negative.",
)
def r_squared(y, y_hat):
    """Return R² of predictions y_hat (N,) for targets y (N,): 1 − Σ(y − ŷ)² / Σ(y − ȳ)²."""
    return 1 - np.sum((y - y_hat) ** 2) / np.sum((y - y.mean()) ** 2)


variance_of_z = expression(
    "z = Σ w_i x_i over n inputs, all independent, with mean 0; each w_i has standard deviation s_w, each "
    "x_i has s_x. Give the variance of z, in the symbols n, s_w, s_x.",
    "n s_w s_x", "n*s_w**2*s_x**2",
    working="A product of independent variables with mean 0 has the variance s_w² s_x², and variances of "
            "independent terms add: n of them.",
    hints=(
        "Variances of independent terms add. How many terms are there?",
        "Var(w x) = E[w² x²] = E[w²] E[x²], since both means are 0, and w and x independent.",
        "A variance is the square of a standard deviation.",
    ),
    mutants=(
        ("n*s_w*s_x", "These are standard deviations; the variance of a product needs their squares."),
        ("s_w**2*s_x**2", "That is one term. The n terms are independent, so their variances add."),
        ("n**2*s_w**2*s_x**2", "n equal terms would give n²; independent ones give n."),
        ("n*s_w**2", "How large z is depends on the inputs too: where is s_x?"),
        ("n*(s_w**2 + s_x**2)", "Each term is a product, w times x. Variances add where the terms add."),
        ("sqrt(n)*s_w*s_x", "That is the standard deviation of z; the variance is its square."),
    ),
    after="For Var z = Var x choose s_w² = 1/n: that is where Xavier starts.",
)

he_spread = value(
    "A layer with 50 inputs and 30 outputs stands before a ReLU. Which standard deviation does He "
    "initialisation give its weights?",
    0.2,
    working="√(2/n_in) = √(2/50) = 0.2.",
    hints=(
        "The variance of z is n_in · s_w² · E[x²].",
        "ReLU halves the mean square, so the weights have to make up for a factor 2.",
        "s_w² = 2/n_in.",
    ),
    mutants=(
        (0.04, "That is the variance, 2/50; the standard deviation is its root."),
        (float(np.sqrt(1 / 50)), "√(1/50) keeps z's size without ReLU. ReLU halves the mean square: 2/50."),
        (float(np.sqrt(2 / 80)), "√(2/(n_in + n_out)) is Xavier's. He's counts the inputs alone."),
        (float(np.sqrt(2 / 30)), "z sums over the inputs, 50, not over the outputs."),
    ),
    after="So twenty layers later z is still of the size it was.",
)


def _rows_and_targets(rng):
    d, k = sizes(rng, 2)
    N = d + 5
    X = draw(rng, N, d) + 0.5
    return X, X @ draw(rng, d, k) + draw(rng, k) + draw(rng, N, k) / 10


@function(
    inputs=_rows_and_targets,
    returns=("W", "b"),
    tolerance=1e-5,
    hints=(
        "A bias is a weight of an input that is always 1: add a column of ones.",
        "The gradient of the squared error is zero where Aᵀ A V = Aᵀ Y. Let NumPy solve that for V.",
        "A = np.hstack([X, np.ones((len(X), 1))]); V = np.linalg.solve(A.T @ A, A.T @ Y); V[:-1] and V[-1].",
    ),
    mutants=(
        Fault("without a bias", "np.linalg.solve(A.T @ A, A.T @ Y)",
              "np.vstack([np.linalg.solve(X.T @ X, X.T @ Y), 0 * Y[:1]])",
              "The column for the bias must hold ones: with nothing in it the line is forced through the "
              "origin."),
        Fault("bias taken from the front", "return V[:-1], V[-1]", "return V[1:], V[0]",
              "The ones are the last column, so the bias is the last row of V."),
        Fault("targets centred only", "A.T @ Y", "A.T @ (Y - Y.mean(axis=0))",
              "Taking the mean from the targets alone moves the bias by it: leave the targets as they are."),
        Fault("ridge", "A.T @ A, A", "A.T @ A + np.eye(A.shape[1]), A",
              "Adding the identity to AᵀA is a penalty on large weights. Exact least squares has none."),
        Fault("covariance for the product", "A.T @ A, A.T @ Y", "A.T @ A / len(A), A.T @ Y",
              "Divide both sides by N, or neither: yours is N times too large."),
    ),
    after="np.linalg.lstsq does the same, and more safely where columns are nearly alike.",
)
def least_squares(X, Y):
    """Exact least squares with a bias: return W (d, k) and b (k,) for which the mean squared error of X W +
    b on
    the targets Y (N, k) is smallest. X is (N, d), with more rows than columns."""
    ones = np.ones((len(X), 1))
    A = np.hstack([X, ones])
    V = np.linalg.solve(A.T @ A, A.T @ Y)
    return V[:-1], V[-1]


def _layers_of_relu(rng, sizes=sizes):
    N, *widths = sizes(rng, int(rng.integers(4, 6)))
    weights = [draw(rng, n_in, n_out) for n_in, n_out in pairwise(widths)]
    return draw(rng, N, widths[0]), weights


@function(
    inputs=(_layers_of_relu, _layers_of_relu, square(_layers_of_relu)),
    returns="found",
    hints=(
        "Go forward layer by layer, and measure Z before the ReLU.",
        "The size is the root of the mean of all squares, np.sqrt(np.mean(Z**2)).",
        "Z = A @ W; append the size of Z; A = np.maximum(Z, 0); and on to the next.",
    ),
    mutants=(
        Fault("after the ReLU", "np.sqrt(np.mean(Z**2))", "np.sqrt(np.mean(np.maximum(Z, 0) ** 2))",
              "That is the size of what the ReLU passes on. z is measured before it."),
        Fault("standard deviation", "np.sqrt(np.mean(Z**2))", "np.std(Z)",
              "The standard deviation takes the mean out first. Here the mean of the squares is meant."),
        Fault("mean square", "np.sqrt(np.mean(Z**2))", "np.mean(Z**2)",
              "That is the mean square. The size is its root."),
        Fault("mean of the sizes", "np.sqrt(np.mean(Z**2))", "np.mean(np.abs(Z))",
              "That is the mean of |z|. Squares count large entries more: root of the mean square."),
        Fault("length", "np.sqrt(np.mean(Z**2))", "np.sqrt(np.sum(Z**2))",
              "That grows with the number of entries: take the mean of the squares."),
        Fault("without ReLU", "A = np.maximum(Z, 0)", "A = Z",
              "Between the layers stands a ReLU: what is below 0 does not go on."),
        Fault("always from the inputs", "A = np.maximum(Z, 0)", "A = np.maximum(A, 0)",
              "What goes on to the next layer is this layer's Z, after its ReLU."),
    ),
    after="With √(2/n) the list stays about level over twenty layers of 100 units.",
)
def sizes_of_layers(A, weights):
    """From inputs A (N, d) and a list of matrices, ReLUs between them and no biases, return the list of the
    sizes
    of z, layer by layer: the root of the mean square of all its entries."""
    found = []
    for W in weights:
        Z = A @ W
        found.append(np.sqrt(np.mean(Z**2)))
        A = np.maximum(Z, 0)
    return found


slip_in_a_split = choice(
    """A program with 40 rows reports R² = 0.93 on its test rows; on new data, 0.6. Which line is it?
    (a)  order = rng.permutation(len(X)); X, y = X[order], y[order]
    (b)  best = X[:, np.argsort(-abs(np.corrcoef(X.T, y)[-1, :-1]))[:5]]      # the 5 of 9 000 most like y
    (c)  train, test = best[:30], best[30:]
    (d)  mean, sd = train.mean(axis=0), train.std(axis=0)""",
    {"a": "line (a)", "b": "line (b)", "c": "line (c)", "d": "line (d)"},
    "b",
    wrong={
        "a": "Mixing the rows before they are split is what one should do, as long as they are independent.",
        "c": "30 rows for training, the rest for the test: right in itself.",
        "d": "The scale comes from the training rows alone: right.",
    },
    hints=(
        "Which line looks at targets?",
        "Does it look at those of the test rows, too?",
        "The columns are chosen by their likeness to y over all rows, before the split.",
    ),
    after="The test rows had a say in which columns are used. Choose by the training rows, after the split.",
)
