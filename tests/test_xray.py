"""The X-ray without a browser: its numbers are the network's, its formulas give them, its paths add up."""

import asyncio
import base64
import itertools
import json
import threading

import numpy as np
import pytest
from matplotlib.textpath import TextPath

import bplib
from bplib.playgrounds.xray import XRay, paths
from bplib.playgrounds.xray.numbers import Place, shown
from bplib.playgrounds.xray.xray import count_multiplications, count_paths


def network(sizes=(4, 4, 3), activation="sigmoid", loss="squared_error", seed=0, **options):
    """A network with biases that are not zero, so that nothing hides."""
    rng = np.random.default_rng(seed)
    made = bplib.mlp(sizes, activation=activation, loss=loss, rng=rng, **options)
    for layer in made.layers:
        if "b" in layer.params:
            layer.params["b"][...] = rng.normal(size=layer.params["b"].shape)
    return made


def data(sizes=(4, 4, 3), loss="squared_error", n=3, seed=1):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, sizes[0]))
    if loss == "softmax_cross_entropy":
        return X, rng.integers(0, sizes[-1], n)
    return X, rng.uniform(0.1, 0.9, (n, sizes[-1]))


def xray(sizes=(4, 4, 3), activation="sigmoid", loss="squared_error", **options):
    settings = {k: options.pop(k) for k in ("bias", "output") if k in options}
    return XRay(network(sizes, activation, loss, **settings), *data(sizes, loss), **options)


def places(x):
    return [place for place, _ in x._places()]


def texts(x, place=None, done=None):
    items = [i for i in x.scene(done)["items"] if place is None or i["id"] == place]
    return [shape["s"] for item in items for shape in item["shapes"] if shape["t"] == "text"]


KINDS = [
    ("sigmoid", "squared_error", (4, 4, 3)),
    ("tanh", "binary_cross_entropy", (4, 4, 3)),
    ("relu", "softmax_cross_entropy", (4, 4, 3)),
    ("relu", "squared_error", (3, 4, 2)),
    ("sigmoid", "binary_cross_entropy", (2, 2, 1)),
    ("tanh", "squared_error", (3, 2)),
    ("tanh", "softmax_cross_entropy", (2, 3, 2, 4)),
]


@pytest.mark.parametrize(("activation", "loss", "sizes"), KINDS)
def test_numbers_are_the_networks_own(activation, loss, sizes):
    """Gradients by the X-ray are those of `gradients` for that one row, W and dW in columns."""
    net, (X, Y) = network(sizes, activation, loss), data(sizes, loss)
    example = XRay(net, X, Y, row=1).example
    L, grads = net.gradients(X[1:2], Y[1:2])
    affine = [g for g in grads if g]
    assert example.L == L
    for l, g in enumerate(affine, start=1):
        np.testing.assert_array_equal(example.dW[l], g["W"].T)
        np.testing.assert_array_equal(example.db[l], g["b"])
        np.testing.assert_allclose(example.dW[l], np.outer(example.delta[l], example.a[l - 1]), rtol=1e-14)
    np.testing.assert_array_equal(example.a[-1], net.predict(X[1:2])[0])


def test_delta_is_one_samples():
    """Row n of dZ is δ⁽ⁿ⁾/N."""
    net, (X, Y) = network(), data(n=3)
    Z, _ = net.forward(X)
    dZ = net.loss_function.backward(net.loss_function.forward(Z, Y)[1])
    for n in range(3):
        np.testing.assert_allclose(XRay(net, X, Y, row=n).example.delta[-1], 3 * dZ[n], rtol=1e-14)


@pytest.mark.parametrize(("activation", "loss", "sizes"), KINDS)
def test_every_gradient_agrees_with_finite_differences(activation, loss, sizes):
    x = xray(sizes, activation, loss).run()
    compared = 0
    for place in places(x):
        fact = x.select(place.name).explanation.facts[-1]
        if place.kind != "L":
            assert fact.numerical is not None
            assert fact.error < 1e-6, (place.name, fact)
            compared += abs(fact.value) > 1e-6
    assert compared > len(sizes)


@pytest.mark.parametrize(("activation", "loss", "sizes"), KINDS)
@pytest.mark.parametrize("bias", [True, False])
def test_formulas_of_derive_give_the_numbers_shown(activation, loss, sizes, bias):
    """Each formula that opens, evaluated by sympy, is the number that backpropagation found."""
    example = xray(sizes, activation, loss, bias=bias).example
    for l in range(1, len(sizes)):
        for j in range(sizes[l]):
            for kind, number in (("z", example.z), ("a", example.a), ("delta", example.delta)):
                value = example.formula(kind, l, j).value(example.values)
                assert value == pytest.approx(number[l][j], rel=1e-12, abs=1e-15)
            for k in range(sizes[l - 1]):
                value = example.formula("dw", l, j, k).value(example.values)
                assert value == pytest.approx(example.dW[l][j, k], rel=1e-12, abs=1e-15)


def test_squared_error_of_a_sigmoid_output_keeps_its_slope():
    x = xray((2, 2, 1), output="sigmoid").run().select("a2[0]")
    a, y = x.example.a[2][0], x.example.y[0]
    assert x.explanation.facts[-1].value == pytest.approx((a - y) * a * (1 - a), rel=1e-14)
    assert x.explanation.facts[-1].error < 1e-7


def test_each_click_reveals_one_layer_and_no_more():
    x = xray((2, 3, 1))
    hidden, output, first, second = "a1[0]", "a2[0]", "w1[0,0]", "w2[0,0]"
    assert x.stage == ("start", 0)
    assert texts(x, hidden) == ["z₁", "?", "a₁", "?", "δ₁", "?"]
    x.forward()
    z = shown(x.example.z[1][0])
    assert z in texts(x, hidden)
    assert texts(x, hidden).count("?") == 1
    assert texts(x, output).count("?") == 3
    x.forward()
    assert texts(x, output).count("?") == 1
    assert "?" in texts(x, "L")
    x.forward()
    assert x.stage == ("loss", 0)
    assert "?" not in texts(x, "L")
    assert "∂ ?" in texts(x, second)
    x.backward()
    assert x.stage == ("backward", 2)
    assert "∂ " + shown(x.example.dW[2][0, 0]) in texts(x, second)
    assert "∂ ?" in texts(x, first)
    assert texts(x, hidden).count("?") == 1
    x.backward()
    assert x.stage == ("backward", 1)
    assert not [text for text in texts(x) if "?" in text]


def test_passes_keep_their_order():
    x = xray((2, 2, 1))
    with pytest.raises(RuntimeError, match=r"3 more forward\(\) first"):
        x.backward()
    with pytest.raises(RuntimeError, match="every gradient"):
        x.update_step()
    x.run(3)
    with pytest.raises(RuntimeError, match="forward pass is complete"):
        x.forward()
    x.run()
    with pytest.raises(RuntimeError, match="backward pass is complete"):
        x.backward()
    with pytest.raises(ValueError, match="number of clicks must be a whole number from 0 to 0, got 1"):
        x.run(1)
    assert x.error is None


def test_buttons_do_what_the_methods_do_and_rest_when_there_is_nothing_to_do():
    x = xray((2, 2, 1))
    enabled = lambda: [label for label, button in x.buttons.items() if not button.disabled]  # noqa: E731
    assert enabled() == ["Forward", "To the end", "Reset"]
    for _ in range(3):
        x.buttons["Forward"].click()
    assert x.stage == ("loss", 0)
    assert enabled() == ["Backward", "To the end", "Reset"]
    x.buttons["Backward"].click()
    x.buttons["To the end"].click()
    assert x.stage == ("backward", 1)
    assert enabled() == ["Update step", "Reset"]
    x.buttons["Reset"].click()
    assert x.stage == ("start", 0)


def test_unrevealed_numbers_are_not_explained_away():
    """A formula may be read before its time, its number may not."""
    x = xray((2, 2, 1)).select("w1[1,0]")
    (fact,) = x.explanation.facts
    assert fact.value is None
    assert "not computed yet" in x.explanation.text
    assert r"\delta^{1}_{2}" in fact.latex
    assert shown(x.example.dW[1][1, 0]) not in x.formula.value


def test_a_weight_has_one_name_in_columns_and_one_in_rows():
    x = xray((2, 3, 1))
    assert x.select("w1[2,0]")._selected == Place("w", 1, 2, 0)
    assert x.select("W1[0, 2]")._selected == Place("w", 1, 2, 0)
    assert 'params["W"][0, 2]' in x.explanation.title
    assert shown(x.network.layers[0].params["W"][0, 2]) in x.explanation.title
    for name in ("z1[1]", "a1[1]", "delta1[1]", "δ1[1]"):
        assert x.select(name)._selected == Place("unit", 1, 1)
    assert x.select(None).explanation is None
    for bad in ("w1[0,2]", "w3[0,0]", "b1[3]", "", "L2", 7):
        with pytest.raises(ValueError, match="there is no"):
            x.select(bad)


def test_update_step_moves_the_copy_by_minus_eta_g_and_reset_brings_it_back():
    net, (X, Y) = network((2, 2, 1)), data((2, 2, 1))
    before = [p.copy() for _, p in net.named_params()]
    x = XRay(net, X, Y, row=2, learning_rate=0.5).run()
    W, b, dW, db = x.example.W, x.example.b, x.example.dW, x.example.db
    L = x.example.L
    x.update_step()
    for l in (1, 2):
        np.testing.assert_allclose(x.example.W[l], W[l] - 0.5 * dW[l], rtol=1e-14)
        np.testing.assert_allclose(x.example.b[l], b[l] - 0.5 * db[l], rtol=1e-14)
    assert x.stage == ("start", 0)
    assert x.example.L < L
    x.reset()
    np.testing.assert_array_equal(x.example.W[1], W[1])
    for (_, p), old in zip(net.named_params(), before, strict=True):
        np.testing.assert_array_equal(p, old)


def test_a_step_that_explodes_is_shown_and_not_taken():
    net = network((2, 2, 1), "relu", seed=3)
    x = XRay(net, np.full((1, 2), 1e100), np.full((1, 1), -1e100), learning_rate=10.0).run()
    W = x.example.W[1].copy()
    for _ in range(3):
        x.run() if x.stage[0] == "start" else None
        x.buttons["Update step"].click()
        if x.error is not None:
            break
        W = x.example.W[1].copy()
    assert isinstance(x.error, ArithmeticError)
    assert "smaller η" in x.alarm.value
    np.testing.assert_array_equal(x.example.W[1], W)
    x.buttons["Reset"].click()
    assert x.error is None


def test_another_example_keeps_the_stage():
    x = xray((2, 2, 1)).run(3)
    x.controls["row"].value = 2
    assert x.stage == ("loss", 0)
    np.testing.assert_array_equal(x.example.X, data((2, 2, 1))[0][2:3])


def test_learners_network_is_left_alone_in_its_own_dtype():
    net = network((2, 2, 1), dtype=np.float32)
    x = XRay(net, *data((2, 2, 1))).run()
    assert net.dtype == np.float32
    assert x.network.dtype == np.float64
    assert x.select("w1[0,0]").explanation.facts[0].error < 1e-7


def test_a_kink_is_named_instead_of_compared():
    net = bplib.Network([bplib.Affine.from_arrays(np.ones((2, 1))), bplib.ReLU(),
                         bplib.Affine.from_arrays(np.ones((1, 1)))], bplib.SquaredError())  # fmt: skip
    x = XRay(net, [[1.0, -1.0]], [[1.0]]).run().select("w1[0,0]")
    assert x.explanation.facts[0].numerical is None
    assert "kink" in x.explanation.text


# Paths


def brute_force_paths(sizes):
    """Every path as the list of its weights (layer, to, from)."""
    for units in itertools.product(*(range(n) for n in sizes)):
        yield [(l, units[l], units[l - 1]) for l in range(1, len(sizes))]


def test_the_published_counts():
    assert count_paths((784, 64, 32, 10)) == 16_056_320 == 784 * 64 * 32 * 10
    assert count_multiplications((784, 64, 32, 10)) == 2_368 == 64 * 32 + 32 * 10


@pytest.mark.parametrize("sizes", [(2, 1), (2, 2, 1), (3, 4, 2), (2, 3, 4, 2)])
def test_counts_are_what_counting_gives(sizes):
    every = list(brute_force_paths(sizes))
    assert count_paths(sizes) == len(every)
    assert count_multiplications(sizes) == len({w for path in every for w in path if w[0] > 1})


@pytest.mark.parametrize("bad", [(), (3,), (3, 0), (2, 2.0), (2, True)])
def test_counts_refuse_what_is_no_network(bad):
    for count in (count_paths, count_multiplications):
        with pytest.raises((ValueError, TypeError), match=f"{count.__name__}: .* whole numbers?,? "):
            count(bad)


@pytest.mark.parametrize(("activation", "loss", "sizes"), KINDS)
def test_products_of_all_paths_add_up_to_the_gradient(activation, loss, sizes):
    example = xray(sizes, activation, loss).example
    for l in range(1, len(sizes)):
        for j in range(sizes[l]):
            for place, gradient in [(Place("unit", l, j), example.delta[l][j]), (Place("b", l, j), example.db[l][j])] + [
                (Place("w", l, j, k), example.dW[l][j, k]) for k in range(sizes[l - 1])
            ]:  # fmt: skip
                found = example.path_products(place)
                assert len(found) == np.prod(sizes[l + 1 :], dtype=int)
                assert sum(product for *_, product in found) == pytest.approx(gradient, rel=1e-10, abs=1e-14)


@pytest.mark.parametrize("chosen", [(1, 2, 0), (2, 0, 2), (3, 1, 3)])
def test_an_edge_lights_exactly_the_paths_that_use_it_and_lead_on(chosen):
    sizes = (2, 3, 4, 2)
    x = xray(sizes, paths=True).select("w{}[{},{}]".format(*chosen))
    using = {tuple(path[chosen[0] - 1 :]) for path in brute_force_paths(sizes) if chosen in path}
    expected = {"L"}
    for l, j, k in {w for path in using for w in path}:
        expected |= {f"w{l}[{j},{k}]", f"a{l}[{j}]", f"a{l - 1}[{k}]" if l > 1 else f"x[{k}]"}
    items = {item["id"]: item for item in x.scene()["items"] if item["id"]}
    assert {name for name, item in items.items() if item["lit"]} == expected
    assert {name for name, item in items.items() if item["faded"]} == set(items) - expected
    for l, j, k in {w for path in using for w in path}:
        badge = f"×{sum((l, j, k) in path for path in using)}"
        assert badge in texts(x, f"w{l}[{j},{k}]")


def test_without_paths_mode_nothing_is_lit():
    x = xray((2, 3, 4, 2)).select("w1[0,0]")
    assert not any(item.get("lit") for item in x.scene()["items"])
    x.controls["paths"].value = True
    assert any(item.get("lit") for item in x.scene()["items"])
    x.select("L")
    assert not any(item.get("lit") or item.get("faded") for item in x.scene()["items"])


def test_routes_and_counts_through_one_weight():
    assert paths.routes((2, 3, 2), 1, 2) == [(2, 0), (2, 1)]
    assert [paths.paths_through((2, 3, 4, 2), 1, at) for at in (2, 3)] == [2, 1]
    assert paths.paths_through((2, 3, 4, 5, 2), 1, 4) == 4


def test_paths_are_listed_with_their_products_once_the_loss_is_known():
    x = xray((2, 3, 2), paths=True).select("w1[1,0]")
    assert "2 paths" in x.formula.value
    assert "need the forward pass" in x.formula.value
    x.run(3)
    for *_, product in x.example.path_products(Place("w", 1, 1, 0)):
        assert shown(product) in x.formula.value
    assert f"<b>{shown(x.example.dW[1][1, 0])}</b>" in x.formula.value


# What may not enter


def affine(n_in, n_out):
    return bplib.Affine(n_in, n_out, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("layers", "loss", "error", "words"),
    [
        ([affine(2, 7)], bplib.SquaredError(), ValueError, "at most 3 layers of at most 6 units"),
        ([affine(2, 2)] * 4, bplib.SquaredError(), ValueError, "2-2-2-2-2"),
        ([affine(2, 1), bplib.Sigmoid()], bplib.BinaryCrossEntropy(), ValueError, "one more sigmoid"),
        ([bplib.Tanh(), affine(2, 1)], bplib.SquaredError(), TypeError, "Tanh"),
        ([affine(2, 1), bplib.Tanh(), bplib.Tanh()], bplib.SquaredError(), TypeError, "as layer 2"),
    ],
)
def test_networks_it_cannot_show_are_refused_with_a_reason(layers, loss, error, words):
    with pytest.raises(error, match=words):
        XRay(bplib.Network(layers, loss), np.zeros((1, 2)), np.zeros((1, 1)))


def test_data_it_cannot_show_are_refused_with_a_reason():
    net, (X, Y) = network((2, 2, 1)), data((2, 2, 1))
    with pytest.raises(ValueError, match="row must be a whole number from 0 to 2, got 3"):
        XRay(net, X, Y, row=3)
    with pytest.raises(ValueError, match="3 rows of X need as many rows of Y, got 2"):
        XRay(net, X, Y[:2])
    with pytest.raises(ValueError, match="NaN"):
        XRay(net, X * np.nan, Y)
    with pytest.raises(ValueError, match=r"X must be \(N, 2\)"):
        XRay(net, X[0], Y)
    weights = np.array([[0.5, 0.2, 0.1]])
    with pytest.raises(ValueError, match="sum to 1"):
        XRay(network(loss="softmax_cross_entropy"), np.ones((1, 4)), weights)


# The scene, the notebook, the front end


@pytest.mark.parametrize("sizes", [(1, 1), (2, 2, 1), (4, 4, 3), (6, 6, 6, 6)])
@pytest.mark.parametrize("chosen", [None, "w1[0,0]"])
def test_scene_is_plain_data_inside_its_frame(sizes, chosen):
    x = xray(sizes, paths=True).run().select(chosen)
    scene = json.loads(json.dumps(x.scene(), allow_nan=False))
    names = [item["id"] for item in scene["items"] if item["id"]]
    assert len(names) == len(set(names)) == len(places(x))
    for item in scene["items"]:
        assert not item["id"] or item["aria"]
        for shape in item["shapes"]:
            if shape["t"] == "box":
                assert 0 <= shape["x"] <= shape["x"] + shape["w"] <= scene["width"]
                assert 0 <= shape["y"] <= shape["y"] + shape["h"] <= scene["height"]
            points = shape["d"] if shape["t"] == "path" else [shape["x"], shape["y"]]
            assert all(0 <= v <= scene["width"] for v in points[::2])
            assert all(0 <= v <= scene["height"] for v in points[1::2])


@pytest.mark.parametrize("small", [1, 0.05, 1e-4])
@pytest.mark.parametrize("sizes", [(3, 3, 2, 2), (6, 6, 6, 6), (4, 4, 3)])
def test_no_number_at_an_edge_runs_into_its_unit(sizes, small):
    """In matplotlib's letters, which are wide."""
    net = network(sizes)
    # with small weights some gradients take as many characters as they can
    net.layers[0].params["W"] *= -small
    X, Y = data(sizes)
    for item in XRay(net, small * X, Y).run().scene()["items"]:
        (ring,) = [shape for shape in item["shapes"] if shape.get("look") == "ring"] or [None]
        for shape in item["shapes"]:
            if ring and shape["t"] == "text" and shape["anchor"] == "start":
                length = TextPath((0, 0), shape["s"], size=shape["size"]).get_extents().x1
                assert shape["x"] + length <= ring["x"] + ring["w"], shape["s"]


def test_a_4_4_3_network_fits_a_small_screen_and_a_notebook():
    """At 1280×720 JupyterLab leaves about 845 pixels for an output; numbers shrink by at most a tenth."""
    x = xray().run()
    assert x.scene()["width"] <= 900
    assert x.scene()["height"] <= 560
    data, _ = x._repr_mimebundle_()
    assert len(base64.b64decode(data["image/png"])) <= 60_000


def test_what_a_notebook_stores():
    x = xray((2, 2, 1))
    data, metadata = x._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert "application/vnd.jupyter.widget-view+json" in data
    assert (
        data["text/plain"]
        == metadata["image/png"]["alt"]
        == xray((2, 2, 1))._repr_mimebundle_()[0]["text/plain"]
    )
    assert "2-2-1" in data["text/plain"]
    assert "0x" not in data["text/plain"]


def test_stored_picture_of_an_untouched_xray_shows_both_passes():
    x = xray((2, 2, 1))
    untouched = x.png()
    assert "?" in texts(x)
    assert untouched != x.run(1).png()
    x.reset().run()
    x._done, stage = 0, x._done  # the same numbers, without the mark of the last click
    assert x.png() == untouched
    assert stage == 5


def test_a_click_in_the_browser_opens_and_closes():
    x = xray((2, 2, 1)).run()
    x.graph._handle_custom_msg({"select": "w1[1,0]"}, [])
    assert x.explanation.name == "w1[1,0]"
    assert "$$" in x.formula.value
    assert [i["id"] for i in x.graph.scene["items"] if i.get("selected")] == ["w1[1,0]"]
    x.graph._handle_custom_msg({"select": "w1[1,0]"}, [])
    assert x.explanation is None


def test_nonsense_from_the_browser_is_shown_and_kept():
    x = xray((2, 2, 1))
    x.graph._handle_custom_msg({"select": "w9"}, [])
    assert isinstance(x.error, ValueError)
    assert "w9" in x.alarm.value
    x.forward()
    assert x.error is None


def test_a_message_on_a_subshells_thread_is_answered_on_the_loop():
    async def session():
        x = xray((2, 2, 1)).run()
        seen = []
        x.graph.observe(lambda _: seen.append(threading.get_ident()), names="scene")
        thread = threading.Thread(target=x.graph._handle_custom_msg, args=({"select": "a1[0]"}, []))
        thread.start()
        while thread.is_alive() or not seen:
            await asyncio.sleep(0.005)
        assert set(seen) == {threading.get_ident()}
        assert x.explanation.name == "a1[0]"
        x.close()

    asyncio.run(asyncio.wait_for(session(), 10))


def test_same_key_closes_the_predecessor():
    first = xray((2, 2, 1), key="the one of lesson 4")
    second = xray((2, 2, 1), key="the one of lesson 4")
    assert first.closed
    assert not second.closed
    assert first._repr_mimebundle_() == {"text/plain": "XRay (closed)"}


def test_numbers_for_the_eye():
    numbers = [0.59327, -0.0034123, 1.23456e-5, 0.0, 123456.0, float("nan"), float("-inf"), 1.0]
    assert [shown(v) for v in numbers] == ["0.5933", "−0.003412", "1.23e−5", "0", "1.23e5", "NaN", "−∞", "1"]


def test_the_same_weight_is_written_in_columns_or_in_rows():
    """A toggle turns the indices of every weight around; the numbers stay."""
    network = bplib.mlp([3, 2, 2], rng=np.random.default_rng(0))
    x = XRay(network, np.array([[1.0, -0.5, 2.0]]), np.array([[1.0, 0.0]])).run()
    told = {}
    for name in ("w1[1,2]", "a1[1]", "x[2]"):
        x.select(name)
        told[name] = x.explanation
    x.controls["rows"].value = True
    for name, columns in told.items():
        x.select(name)
        rows = x.explanation
        assert [f.value for f in rows.facts] == [f.value for f in columns.facts]
        assert rows.facts[0].numbers == columns.facts[0].numbers
    assert "w^{1}_{23}" in told["w1[1,2]"].facts[0].latex
    assert "w^{1}_{32}" in x.select("w1[1,2]").explanation.facts[0].latex
    assert x.explanation.title.startswith("w¹₃₂ = ")
    z = x.select("a1[1]").explanation.facts[0].latex
    assert [f"w^{{1}}_{{{k}2}}" in z for k in (1, 2, 3)] == [True] * 3
    assert "w^{1}_{31}" in x.select("x[2]").explanation.facts[0].latex
    assert any("weight w¹₃₂" in item["aria"] for item in x.scene()["items"])
    x.update_step()
    assert x.example.rows, "a new trace is written alike"
