"""The MNIST playground in a real browser, on the bundled digits."""

import pytest

pytestmark = pytest.mark.browser

CELLS = [
    "from bplib import datasets\nfrom bplib.playgrounds.mnist import MNISTPlayground, MNISTSettings\n"
    "digits = datasets.digits()",
    "p = MNISTPlayground(digits, MNISTSettings(hidden=32)); p",
]


def test_it_learns_digits_while_one_watches(lab):
    lab.open(CELLS)
    lab.run_all()
    lab.button("Play").click()
    lab.wait_for(lambda: lab.kernel("p.model.step_count") > 50, what="steps")
    lab.paints(2)
    lab.wait_for(lambda: lab.kernel("p.model.validation.accuracy") > 0.6, 40, "the accuracy to rise")
    lab.wait_for(lambda: any("steps a second" in text for text in lab.statuses()), what="the speed")

    network = lab.kernel("id(p.model.network)")
    before = lab.kernel("p.settings.learning_rate")
    lab.slider("Learning rate η").press("ArrowLeft", times=2)
    lab.wait_for(lambda: lab.kernel("p.model.optimizer.learning_rate") < before, what="another rate")
    lab.dropdown("Batch size").select_option(label="128")
    lab.wait_for(lambda: lab.kernel("p.model.settings.batch_size") == 128, what="another batch size")
    assert lab.kernel("id(p.model.network)") == network

    lab.dropdown("Optimiser").select_option(label="Adam")
    lab.wait_for(lambda: lab.kernel("p.settings.optimizer") == "adam", what="Adam")
    assert lab.kernel("id(p.model.network)") != network
    lab.wait_for(lambda: lab.kernel("p.model.step_count") > 5, what="steps of the new network")
    lab.button("Pause").click()
    lab.wait_for(lambda: not lab.kernel("p.playing"), what="the pause")
    assert lab.alarms() == []
    width = lab.page.evaluate(
        "(e => e.scrollWidth - e.clientWidth)(document.querySelector('.jp-WindowedPanel-outer'))"
    )
    assert width <= 0, "no sideways scrolling at 1280 × 720"


def test_a_run_away_rate_stops_it_and_says_what_to_try(lab):
    lab.open(CELLS)
    lab.run_all()
    lab.button("Play").click()
    lab.wait_for(lambda: lab.kernel("p.model.step_count") > 5, what="steps")
    lab.page.wait_for_timeout(200)
    lab.kernel("[layer.params['W'].__imul__(1e25) for layer in p.model.network.layers[::2]] and 1")
    lab.wait_for(lambda: any("diverged" in text for text in lab.alarms()), what="the error line")
    assert not lab.kernel("p.playing")
    lab.slider("Learning rate η").press("ArrowLeft")
    lab.button("Play").click()
    lab.wait_for(lambda: lab.kernel("p.playing and p.model.step_count > 5"), what="a new network")
    lab.wait_for(lambda: lab.alarms() == [], what="the error line to go")
