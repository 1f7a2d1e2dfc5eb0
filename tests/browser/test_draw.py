"""Draw a digit in a real browser: mouse, pen, finger and no pointer at all."""

import pytest

pytestmark = pytest.mark.browser

CELL = """\
import numpy as np, bplib
from bplib.datasets import digits
from bplib.playgrounds.draw import DrawDigit
net = bplib.mlp((784, 16, 10), loss="softmax_cross_entropy", dtype=np.float32, rng=np.random.default_rng(0))
pad = DrawDigit(net, digits())
pad"""
SEVEN = [(50, 45), (160, 45), (110, 180)]


def open_pad(lab, theme="light"):
    lab.open([CELL], theme=theme)
    lab.run_all()
    canvas = lab.page.locator(".bp-draw canvas.pad")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    return [(box["x"] + x, box["y"] + y) for x, y in SEVEN]


def drawn(lab):
    """Ink on the pad's canvas, a number of full pixels."""
    return lab.page.locator("canvas.pad").evaluate(
        "c => c.getContext('2d').getImageData(0, 0, 140, 140).data.filter((v, i) => i % 4 === 3 && v > 127).length"
    )


def numbers(lab):
    return lab.page.locator(".bp-draw .number").all_text_contents()


def answered(lab):
    lab.wait_for(lambda: all(numbers(lab)), what="the bars")
    lab.wait_for(lambda: "your drawing" in lab.status(), what="the status line")
    assert lab.kernel("pad.error is None") is True
    assert lab.kernel("pad.image.max() > 0.5") in (True, "np.True_")


def test_mouse(lab):
    first, *rest = open_pad(lab)
    assert numbers(lab) == [""] * 10
    lab.page.mouse.move(*first)
    lab.page.mouse.down()
    for place in rest:
        lab.page.mouse.move(*place, steps=6)
    lab.wait_for(lambda: all(numbers(lab)), what="the bars while the button is still down")
    lab.page.mouse.up()
    answered(lab)
    assert drawn(lab) > 800
    before = drawn(lab)
    lab.page.mouse.move(*first)  # no button: no ink
    lab.page.mouse.move(*rest[1], steps=4)
    assert drawn(lab) == before
    lab.button("Clear").click()
    lab.wait_for(lambda: drawn(lab) == 0 and numbers(lab) == [""] * 10, what="the empty pad")
    assert lab.kernel("pad.image is None") is True
    lab.page.mouse.click(*first)  # a dot, as wide as the pen
    lab.wait_for(lambda: 50 < drawn(lab) < 150, what="a dot")
    answered(lab)


@pytest.mark.own_page
@pytest.mark.parametrize("pointer", ["finger", pytest.param("pen", marks=pytest.mark.thorough)])
def test_other_pointers(lab, pointer):
    first, *rest = open_pad(lab)
    tool = lab.context.new_cdp_session(lab.page)
    if pointer == "finger":
        tool.send("Emulation.setTouchEmulationEnabled", {"enabled": True})

        def touch(kind, place=None):
            points = [{"x": place[0], "y": place[1]}] if place else []
            tool.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", first)
        for (x0, y0), (x1, y1) in zip([first, *rest], rest, strict=False):
            for i in range(1, 6):
                touch("touchMove", (x0 + (x1 - x0) * i / 5, y0 + (y1 - y0) * i / 5))
        touch("touchEnd")
    else:
        for kind, (x, y) in [
            ("mousePressed", first),
            *(("mouseMoved", p) for p in rest),
            ("mouseReleased", rest[-1]),
        ]:
            tool.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1,
                                                   "clickCount": 1, "pointerType": "pen"})  # fmt: skip
    answered(lab)
    assert drawn(lab) > 800


@pytest.mark.own_page
def test_keyboard_alone_and_a_reloaded_page(lab):
    open_pad(lab, theme="dark")
    sample = lab.dropdown("Sample digit")
    sample.focus()
    lab.page.keyboard.press("4")
    lab.wait_for(lambda: "a 4, test image" in lab.status(), what="the sample")
    lab.wait_for(lambda: drawn(lab) > 300, what="the sample on the pad")
    lab.wait_for(lambda: lab.page.locator(".bp-draw .best").count() == 1, what="the bars")
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Enter")
    lab.wait_for(lambda: lab.kernel("pad._which") == 1, what="another sample")
    label = lab.dropdown("L and ∂L/∂X for")
    label.focus()
    lab.page.keyboard.press("8")
    lab.wait_for(lambda: "L for 8" in lab.status(), what="the chosen label")
    scroll, client = lab.page.locator(".bp-panel").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert scroll <= client
    key = lab.page.locator(".bp-draw .key")
    assert key.is_visible()
    lab.page.get_by_label("Show ∂L/∂X").uncheck()
    lab.wait_for(lambda: not key.is_visible(), what="the picture without its gradient")
    ink = drawn(lab)
    lab.save()
    lab.reload()
    lab.wait_for(lambda: lab.page.locator("canvas.pad").count() == 1, what="the pad after the reload")
    lab.wait_for(lambda: drawn(lab) == ink, what="the same drawing after the reload")
