"""Silent pixels in a browser: slider and toggle change what is painted."""

import pytest


@pytest.mark.browser
def test_slider_and_toggle_change_what_is_painted(lab):
    lab.open(
        [
            "from bplib import datasets\nfrom bplib.playgrounds.pixels import SilentPixels",
            "s = SilentPixels(datasets.digits(), step=20); s",
        ]
    )
    lab.run_all()
    picture = lab.page.locator("img.bp-figure")
    before = picture.get_attribute("src")
    lab.slider("Step").press("ArrowRight")
    lab.wait_for(lambda: "step 30 " in lab.status(), what="the status line to say step 30")
    lab.wait_for(lambda: picture.get_attribute("src") != before, what="a new picture after the slider")
    lab.page.get_by_label("Inputs from 0.01 to 1 instead of 0 to 1").check()
    lab.wait_for(lambda: ", 0 of them unmoved" in lab.status(), what="every weight to have moved")
    assert lab.alarms() == []
