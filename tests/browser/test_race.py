"""The race of lesson 14 in a real browser: it runs while one watches, and every knob reaches it."""

import pytest


@pytest.mark.browser
def test_the_race_runs_and_answers(lab):
    lab.open(["from bplib.playgrounds.race import OptimizerRace", "p = OptimizerRace(); p"])
    lab.run_all()
    picture = lab.page.locator("img.bp-figure")
    lab.wait_for(lambda: lab.slider("condition κ").text == "100", what="100, and not 1e+2")
    assert lab.slider("momentum μ").text == "0.9", "no zeros behind it"
    lab.button("Step").click()
    lab.wait_for(lambda: lab.kernel("p.model.step_count") == 1, what="one step")
    lab.button("Play").click()
    lab.wait_for(lambda: lab.kernel("p.model.step_count") > 10, what="steps")
    lab.paints(2)
    lab.slider("η of SGD").press("ArrowRight")
    lab.wait_for(lambda: lab.kernel("p.model.runners[0].optimizer.learning_rate") > 0.4, what="the key")
    lab.slider("η of SGD").set(0.7)  # past 2/c: SGD leaves, the others go on
    lab.wait_for(lambda: lab.kernel("p.model.runners[0].out is not None"), what="SGD diverging")
    lab.button("Pause").click()
    lab.wait_for(lambda: not lab.kernel("p.playing"), what="the pause")
    lab.wait_for(lambda: "SGD diverged" in lab.status(), what="the status line to say so")
    assert lab.kernel("p.model.runners[2].out is None")
    before = picture.get_attribute("src")
    lab.page.get_by_label("ravine turned by 45°").check()
    lab.wait_for(
        lambda: lab.kernel("(p.settings.turned, p.model.step_count)") == (True, 0), what="a new start"
    )
    lab.wait_for(lambda: picture.get_attribute("src") != before, what="the turned ravine")
    assert picture.get_attribute("alt").startswith("SGD, momentum and Adam")
    assert lab.alarms() == []
