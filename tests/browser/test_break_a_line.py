"""Lesson 07's lab in a real browser."""

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
