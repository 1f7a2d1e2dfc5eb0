"""The histograms of lesson 13 in a real browser."""

import pytest

pytestmark = pytest.mark.browser


def test_size_and_normalisation_change_what_is_painted(lab):
    lab.open(["from bplib.playgrounds.histograms import HistogramExplorer", "h = HistogramExplorer(); h"])
    lab.run_all()
    before, status = lab.page.evaluate("window.__painted"), lab.statuses()
    lab.slider("weights ×").press("ArrowRight")
    lab.wait_for(lambda: lab.statuses() != status, what="a new status line")
    lab.wait_for(lambda: lab.page.evaluate("window.__painted") > before, what="a frame")
    status = lab.statuses()
    lab.page.get_by_label("batch normalisation").check()
    lab.wait_for(lambda: lab.statuses() != status, what="the status line of normalised layers")
    assert lab.kernel("h.controls['normalise'].value") is True
    assert lab.alarms() == []
