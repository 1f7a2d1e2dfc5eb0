"""The notation table: its formulas are true, its symbols can be drawn, its names exist."""

import re
from pathlib import Path

import nbformat
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
        plain = re.sub(r"\\(operatorname|text)\b", r"\\mathrm", formula)
        assert parser.parse(f"${plain}$").width > 0


# ---------------------------------------------------------------- the lessons keep to the table

LESSONS = sorted(Path(__file__).resolve().parents[1].glob("notebooks/[0-9][0-9]_*.ipynb"))
# Plain mathematics: indices, the number e, the d of dW, variables x of a slope, functions, relations, layout.
PLAIN = set("ijkelndxf") | set(
    r"""\frac \dfrac \tfrac \sum \prod \sqrt \partial \nabla \cdot \cdots \dots \pm \to \leftarrow \approx \ge \ne
    \lVert \rVert \left \right \big \qquad \textstyle \log \ln \max \sin \cos \tanh""".split()
)
# Letters that one lesson introduces for its own use, and that mean nothing elsewhere.
OWN = {
    1: r"y z p q u v c M \theta \sigma", 2: "u", 3: "H q t", 4: r"E o v t \hat{h}", 5: "B D G P m",
    6: "m t v u S", 7: "G V", 8: "v s q u o", 10: "r", 11: "V t", 12: "B C v t", 14: r"\bar{g}", 15: "u T",
}  # fmt: skip


def symbols_in(tex):
    r"""The symbols of a formula: letters, commands, and letters with an accent, as \hat{x}."""
    tex = re.sub(
        r"_\{(?:in|out)\}|\\(?:begin|end)\{[^}]*\}|\\(?:text|mathrm|operatorname)\{[^}]*\}", " ", tex
    )
    accented = re.findall(r"\\(hat|bar|tilde)\b\s*\{?\s*([A-Za-z])\}?", tex)
    tex = re.sub(r"\\(?:hat|bar|tilde)\b\s*\{?\s*[A-Za-z]\}?|\\math\w+\b|\\\\", " ", tex)
    return {rf"\{accent}{{{letter}}}" for accent, letter in accented} | set(
        re.findall(r"\\?[A-Za-z]+", split(tex))
    )


def split(tex):
    """The formula with blanks between letters that stand side by side, commands kept whole."""
    return re.sub(r"(\\[A-Za-z]+)|([A-Za-z])", lambda m: f" {m[0]} ", tex)


def formulas(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"```.*?```|`[^`\n]*`", " ", cell.source, flags=re.DOTALL)
            yield from ("".join(pair) for pair in re.findall(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", text, re.DOTALL))


def unknown(tex, lesson):
    """The symbols of a formula that the table does not give to that lesson, and that are not its own."""
    known = PLAIN.union(*(symbols_in(s.tex) for s in notation.SYMBOLS if s.lesson <= lesson))
    return symbols_in(tex) - known - symbols_in(OWN.get(lesson, ""))


@pytest.mark.parametrize("path", LESSONS[1:], ids=lambda path: path.stem)  # 00 shows the table itself
def test_every_symbol_of_a_lesson_is_in_the_table_by_then(path):
    lesson = int(path.stem[:2])
    strange = {tex: found for tex in formulas(path) if (found := unknown(tex, lesson))}
    assert strange == {}


@pytest.mark.parametrize("lesson", OWN)
def test_the_lessons_own_letters_are_used(lesson):
    used = set().union(*map(symbols_in, formulas(LESSONS[lesson])))
    known = PLAIN.union(*(symbols_in(s.tex) for s in notation.SYMBOLS if s.lesson <= lesson))
    assert symbols_in(OWN[lesson]) - used == set(), "not used any more"
    assert symbols_in(OWN[lesson]) & known == set(), "in the table as well"


@pytest.mark.parametrize(
    ("tex", "lesson", "found"),
    [
        (r"\hat y = \sigma(z)", 3, set()),
        (r"\hat{x} = 1", 5, {r"\hat{x}"}),
        (r"\rho W^\top\delta_{in}", 5, {r"\rho"}),
        (r"\text{loss} = \frac1K \sum_i z_i", 3, {"K"}),
        (r"\kappa", 13, {r"\kappa"}),
        (r"\kappa", 14, set()),
    ],
)
def test_an_unknown_symbol_is_noticed(tex, lesson, found):
    assert unknown(tex, lesson) == found


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
