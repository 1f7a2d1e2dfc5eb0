"""Lesson 12's tape in a real browser."""

import pytest

pytestmark = pytest.mark.browser


def test_clicks_and_slider_change_what_is_painted(lab):
    lab.open(["from bplib.playgrounds.tape import TapeExplorer", "t = TapeExplorer(); t"])
    lab.run_all()
    before = lab.page.evaluate("window.__painted")
    lab.button("To the end").click()
    lab.wait_for(lambda: any("one way back" in status for status in lab.statuses()), what="the end")
    lab.slider("w").press("ArrowRight")
    lab.wait_for(lambda: lab.kernel("t.controls['w'].value") > 0.5, what="another w")
    lab.wait_for(lambda: lab.page.evaluate("window.__painted") > before, what="a frame")
    assert lab.kernel("t.error is None")
    assert lab.alarms() == []
