"""The loss at step 0 in a browser: Reveal and the slider of the weights change what is painted."""

import pytest


@pytest.mark.browser
def test_reveal_and_slider_change_what_is_painted(lab):
    lab.open(["from bplib.playgrounds.step_zero import StepZero", "s = StepZero(); s"])
    lab.run_all()
    picture = lab.page.locator("img.bp-figure")
    before = picture.get_attribute("src")
    lab.button("Reveal").click()
    lab.wait_for(lambda: "ln 10" in lab.status(), what="the value by hand")
    lab.wait_for(lambda: picture.get_attribute("src") != before, what="a new picture after Reveal")
    before = picture.get_attribute("src")
    lab.slider("weights ×").press("ArrowRight")
    lab.wait_for(lambda: picture.get_attribute("src") != before, what="a new picture after the slider")
    assert lab.alarms() == []
