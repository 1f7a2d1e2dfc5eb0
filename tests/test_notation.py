"""The notation table: its formulas are true, its symbols can be drawn, its names exist."""

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

from bplib import Affine, mlp, notation


@pytest.fixture
def both(rng):
    """One batch in both conventions: names for rows, and for each example names for columns."""
    N, d, k = 5, 3, 2
    X, W, b, dZ = (rng.normal(size=shape) for shape in ((N, d), (d, k), (k,), (N, k)))
    examples = [
        {"a": X[n][:, None], "W": W.T, "b": b[:, None], "delta": N * dZ[n][:, None]} for n in range(N)
    ]
    return {"X": X, "W": W, "b": b, "dZ": dZ}, examples


@pytest.mark.parametrize("pair", notation.DICTIONARY, ids=lambda pair: pair.what)
def test_both_conventions_say_the_same(pair, both):
    rows, examples = both
    batch = eval(pair.rows_code, {}, rows)
    columns = [eval(pair.columns_code, {}, names) for names in examples]
    if pair.what == "forward":
        expected = np.hstack(columns).T
    elif pair.what == "gradient of the input":  # row n of dZ is δ/N, so row n of dX is its share of the mean
        expected = np.hstack(columns).T / len(examples)
    else:  # parameters collect the mean over the examples
        expected = np.mean(columns, axis=0).T.reshape(batch.shape)
    np.testing.assert_allclose(batch, expected, rtol=1e-12)


def test_the_row_formulas_are_those_of_affine(both):
    rows, _ = both
    forward, dW, db, dX = (eval(pair.rows_code, {}, rows) for pair in notation.DICTIONARY)
    layer = Affine.from_arrays(rows["W"], rows["b"])
    Z, cache = layer.forward(rows["X"])
    by_X, grads = layer.backward(rows["dZ"], cache)
    for mine, shipped in ((forward, Z), (dW, grads["W"]), (db, grads["b"]), (dX, by_X)):
        np.testing.assert_allclose(mine, shipped, rtol=1e-12)


@pytest.mark.parametrize("sizes", [(2, 1), (2, 2, 1), (784, 64, 32, 10)])
def test_layers_are_counted_as_the_table_says(sizes):
    weights, columns, hidden, objects = (count.rule(sizes) for count in notation.COUNTING)
    network = mlp(sizes, rng=np.random.default_rng(0))
    assert objects == len(network.layers)
    assert weights == sum(isinstance(layer, Affine) for layer in network.layers)
    assert (columns, hidden) == (weights + 1, weights - 1)


def test_every_formula_can_be_typeset():
    parser = MathTextParser("path")
    tex = [s.tex for s in notation.SYMBOLS]
    tex += [side for pair in notation.DICTIONARY for side in (pair.rows_tex, pair.columns_tex)]
    for formula in tex:
        assert "|" not in formula  # it would end a cell of the table
        plain = formula.replace(r"\operatorname{tr}", r"\mathrm{tr}").replace(r"\text{", r"\mathrm{")
        assert parser.parse(f"${plain}$").width > 0


def test_a_symbol_is_introduced_once_and_in_order():
    keys = [(s.tex, s.lesson) for s in notation.SYMBOLS]
    assert len(set(keys)) == len(keys)
    assert [s.lesson for s in notation.SYMBOLS] == sorted(s.lesson for s in notation.SYMBOLS)


def test_tables_show_themselves():
    some, every = notation.symbols(until=3), notation.symbols()
    assert len(some.rows) < len(every.rows) == len(notation.SYMBOLS)
    for table in (some, every, notation.dictionary(), notation.counting((2, 2, 1))):
        lines = table._repr_markdown_().splitlines()
        assert len({line.count("|") for line in lines}) == 1
        assert len(lines) == len(table.rows) + 2 == len(repr(table).splitlines()) + 1
    assert "$" not in repr(notation.dictionary())
    assert "layers of 2-2-1" in repr(notation.counting((2, 2, 1)))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: notation.symbols(until=16), "0 to 15, got 16"),
        (lambda: notation.counting((2,)), "two or more"),
        (lambda: notation.counting((2, 0)), "at least 1"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
