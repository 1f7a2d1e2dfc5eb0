"""The live fit in a browser: it trains while one watches, and the sliders reach it."""

import pytest


@pytest.mark.browser
def test_it_fits_while_one_watches(lab):
    lab.open(["from bplib.playgrounds.live_fit import LiveFit", "p = LiveFit(); p"])
    lab.run_all()
    lab.button("Play").click()
    lab.wait_for(lambda: lab.kernel("p.model.step_count") > 500, what="steps")
    lab.paints(2)
    lab.slider("Learning rate η").press("ArrowRight")
    lab.wait_for(lambda: lab.kernel("p.model.optimizer.learning_rate") > 0.01, what="another rate")
    network = lab.kernel("id(p.model.network)")
    lab.slider("Inputs ×").press("ArrowLeft")
    lab.wait_for(lambda: lab.kernel("p.settings.input_scale") < 1, what="smaller inputs")
    assert lab.kernel("id(p.model.network)") != network
    lab.button("Pause").click()
    lab.wait_for(lambda: not lab.kernel("p.playing"), what="the pause")
    assert lab.alarms() == []
