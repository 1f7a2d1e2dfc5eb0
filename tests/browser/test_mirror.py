"""Mirror units in a browser: the slider moves a weight, and the picture follows."""

import pytest


@pytest.mark.browser
def test_slider_changes_what_is_painted(lab):
    lab.open(
        ["from bplib.playgrounds.mirror import MirrorUnits", "m = MirrorUnits(nudge=0.09, epoch=600); m"]
    )
    lab.run_all()
    picture = lab.page.locator("img.bp-figure")
    before = picture.get_attribute("src")
    lab.slider("Move w1[1][1]").press("ArrowRight")
    lab.wait_for(lambda: lab.kernel("round(m.controls['nudge'].value, 3)") == 0.1)
    lab.wait_for(lambda: picture.get_attribute("src") != before, what="a new picture after the slider")
    lab.slider("Epoch").set(0)
    lab.wait_for(lambda: "epoch 0 " in lab.status(), what="the status line to say epoch 0")
    assert lab.alarms() == []
