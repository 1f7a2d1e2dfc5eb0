"""Lesson 03's explorer in a real browser."""

import pytest

pytestmark = pytest.mark.browser


def test_the_learning_rate_changes_what_is_painted(lab):
    lab.open([
        "import numpy as np; from bplib.playgrounds.descent import DescentExplorer",
        "X = np.array([[1.0], [2.0], [3.0]]); d = DescentExplorer(X, 2 * X); d",
    ])  # fmt: skip
    lab.run_all()
    before, status = lab.page.evaluate("window.__painted"), lab.statuses()
    end = lab.kernel("d.curve.get_ydata()[-1].item()")
    lab.slider("learning rate η").press("ArrowRight")
    lab.wait_for(lambda: lab.statuses() != status, what="a new status line")
    lab.wait_for(lambda: lab.page.evaluate("window.__painted") > before, what="a frame")
    assert lab.kernel("d.curve.get_ydata()[-1].item()") != end
    assert lab.alarms() == []
