"""Lesson 07's lab in a real browser, and what the server of a lab says."""

import urllib.request

import pytest

pytestmark = pytest.mark.browser


def test_choosing_a_fault_changes_what_is_painted(lab):
    lab.open(["from bplib.playgrounds.break_a_line import BreakALine", "b = BreakALine(); b"])
    lab.run_all()
    before = lab.page.evaluate("window.__painted")
    lab.dropdown("Break").select_option(label="leaking gate")
    lab.wait_for(lambda: any("0.1 * (A <= 0)" in status for status in lab.statuses()), what="the line")
    lab.wait_for(lambda: lab.page.evaluate("window.__painted") > before, what="a frame")
    assert lab.kernel("b.error is None")
    assert lab.alarms() == []


def test_browsers_may_keep_the_icons_of_a_page(jupyterlab):
    """Each answer of a picture makes the kernel busy and idle, and JupyterLab changes the icon each time."""
    for icon in ("favicon", "favicon-busy-1"):
        with urllib.request.urlopen(f"{jupyterlab.address}/static/favicons/{icon}.ico") as answer:
            assert "immutable" in answer.headers["Cache-Control"]
