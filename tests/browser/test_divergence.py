"""Between learning and NaN in a browser: the learning rate's slider changes what is painted."""

import pytest


@pytest.mark.browser
def test_slider_changes_what_is_painted(lab):
    lab.open(["from bplib.playgrounds.divergence import Brink", "b = Brink(2.9); b"])
    lab.run_all()
    picture = lab.page.locator("img.bp-figure")
    before = picture.get_attribute("src")
    lab.slider("η in 1e-5").press("ArrowRight")
    lab.wait_for(lambda: lab.kernel("round(b.controls['learning_rate'].value, 3)") == 3.0)
    lab.wait_for(lambda: picture.get_attribute("src") != before, what="a new picture after the slider")
    lab.wait_for(lambda: "η = 3e-5" in lab.status() and "Diverged" in lab.status())
    assert lab.alarms() == []
