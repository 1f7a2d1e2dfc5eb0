"""Lesson 06's scores in a real browser."""

import pytest

pytestmark = pytest.mark.browser


def test_a_score_moves_every_probability(lab):
    lab.open(["from bplib.playgrounds.scores import ScoreExplorer", "s = ScoreExplorer(); s"])
    lab.run_all()
    before = lab.kernel("[float(bar.get_height()) for bar in s.p]")
    painted = lab.page.evaluate("window.__painted")
    lab.slider("z₂").press("ArrowRight", times=3)
    lab.wait_for(lambda: lab.kernel("s.controls['z2'].value") > 1.8, what="the score")
    lab.wait_for(lambda: lab.page.evaluate("window.__painted") > painted, what="a frame")
    after = lab.kernel("[float(bar.get_height()) for bar in s.p]")
    assert [now > then for then, now in zip(before, after, strict=True)] == [False, True, False]
    lab.dropdown("Right class").select_option(label="3")
    lab.wait_for(lambda: lab.kernel("float(s.gradient[2].get_height())") < -0.5, what="the other label")
    assert lab.alarms() == []
