"""Lesson 02's explorers in a real browser."""

import pytest

pytestmark = pytest.mark.browser


def test_sliders_change_what_is_painted(lab):
    lab.open([
        "from bplib.playgrounds.slopes import ChainExplorer, SlopeExplorer",
        "s = SlopeExplorer(); s",
        "c = ChainExplorer(); c",
    ])  # fmt: skip
    lab.run_all()
    for explorer, label, says in (("s", "z", "z = 1.1"), ("c", "layers", "11 layers")):
        before = lab.page.evaluate("window.__painted")
        lab.slider(label).press("ArrowRight")
        lab.wait_for(lambda says=says: any(says in status for status in lab.statuses()))
        lab.wait_for(lambda before=before: lab.page.evaluate("window.__painted") > before, what="a frame")
        assert lab.kernel(f"{explorer}.error is None")
    assert lab.alarms() == []
