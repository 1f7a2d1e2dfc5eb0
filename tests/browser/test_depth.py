"""Lesson 15's explorer in a real browser."""

import pytest

pytestmark = pytest.mark.browser


def test_the_slider_changes_what_is_painted(lab):
    lab.open(["from bplib.playgrounds.depth import DepthExplorer", "d = DepthExplorer(); d"])
    lab.run_all()
    before = lab.page.evaluate("window.__painted")
    lab.slider("layers").press("ArrowRight")
    lab.wait_for(lambda: any("11 layers" in status for status in lab.statuses()))
    lab.wait_for(lambda: lab.page.evaluate("window.__painted") > before, what="a frame")
    assert lab.kernel("d.error is None")
    assert lab.alarms() == []
