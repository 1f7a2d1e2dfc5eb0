"""The shape puzzle in a browser: sizes, factors and the referee change what is painted."""

import pytest


@pytest.mark.browser
def test_sizes_and_referee_change_what_is_painted(lab):
    lab.open(["from bplib.playgrounds.shapes import ShapePuzzle", "s = ShapePuzzle(3, 3, 2); s"])
    lab.run_all()
    picture = lab.page.locator("img.bp-figure")
    before = picture.get_attribute("src")
    lab.wait_for(lambda: "of the eight products fit dW" in lab.status(), what="the panel")
    lab.slider("k outputs").press("ArrowRight")
    lab.wait_for(lambda: "8 of the eight products fit dW" in lab.status())
    lab.wait_for(lambda: picture.get_attribute("src") != before, what="a new picture after the slider")
    before = picture.get_attribute("src")
    lab.page.get_by_label("ask finite differences").check()
    lab.wait_for(lambda: "it is not dW: relative error" in lab.status())
    lab.wait_for(lambda: picture.get_attribute("src") != before, what="a new picture after the box")
    assert lab.alarms() == []
