"""The graph explorer in a browser: a slider moves the numbers, a click takes one backward step."""

import pytest


@pytest.mark.browser
def test_slider_and_buttons_change_what_is_painted(lab):
    lab.open(["from bplib.playgrounds.graph import GraphExplorer", "g = GraphExplorer(); g"])
    lab.run_all()
    picture = lab.page.locator("img.bp-figure")
    before = picture.get_attribute("src")
    lab.slider("x").press("ArrowRight")
    lab.wait_for(lambda: lab.kernel("g.controls['x'].value") == -2.5)
    lab.wait_for(lambda: picture.get_attribute("src") != before, what="a new picture after the slider")
    lab.wait_for(lambda: "2.5 and −0.5 give 2" in lab.status(), what="the sum in words")
    lab.button("Forward only").click()
    lab.wait_for(lambda: "Forward: p = −0.5" in lab.status())
    lab.button("Back one step").click()
    lab.wait_for(lambda: "Step 1 of 4" in lab.status())
    assert lab.alarms() == []
