"""Guess the bug in a real browser."""

import pytest

pytestmark = pytest.mark.browser


def test_guessing_and_going_on_changes_what_is_painted(lab):
    lab.open(["from bplib.playgrounds.guess import GuessTheBug", "g = GuessTheBug(); g"])
    lab.run_all()
    picture = lab.page.locator("img.bp-figure")
    before = picture.get_attribute("src")
    lab.dropdown("Compare").select_option(label="d4.b")
    lab.wait_for(lambda: picture.get_attribute("src") != before, what="another array's points")
    lab.dropdown("The fault").select_option(label="dW transposed")
    lab.button("Check my guess").click()
    lab.wait_for(lambda: "Right: " in lab.status(), what="the verdict")
    before = picture.get_attribute("src")
    lab.button("Next round").click()
    lab.wait_for(lambda: "Round 2" in lab.status(), what="the next round")
    lab.wait_for(lambda: picture.get_attribute("src") != before, what="its picture")
    lab.wait_for(lambda: "1 of 2" in lab.status(), what="the score")
    assert lab.kernel("g.error is None")
    assert lab.alarms() == []
