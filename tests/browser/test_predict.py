"""Predictions in the browser: chosen and typed by the keyboard, with names that a screen reader can say."""

import pytest

pytestmark = pytest.mark.browser

CELLS = [
    "import bplib.exercises as ex",
    'ex.predict("wrong_slope")',
    'ex.predict("xor_one_unit")',
    'ex.outcome("wrong_slope", "a"); ex.outcome("xor_one_unit", 0)',
]


def test_by_keyboard_alone_and_again_after_the_cell_has_run_anew(lab):
    page = lab.open(CELLS).page
    lab.run_all()
    cells = page.locator(".jp-Notebook-cell")
    assert "You predicted" not in cells.nth(3).inner_text(), "nothing is said of what was not predicted"

    choice = cells.nth(1).get_by_role("radio", name="b) dy")
    choice.focus()
    choice.press("Space")
    cells.nth(1).get_by_text("Kept: b) dy.").wait_for()
    field = cells.nth(2).get_by_role("textbox", name="Your prediction")
    assert "four rows" in cells.nth(2).inner_text()
    field.fill("many")
    field.press("Enter")
    cells.nth(2).get_by_text("A number is expected").wait_for()
    field.fill("3")
    field.press("Enter")
    cells.nth(2).get_by_text("Kept: 3.").wait_for()

    lab.run_cell(3)
    cells.nth(3).get_by_text("You predicted b) dy; it is a) dx.").wait_for()
    cells.nth(3).get_by_text("You predicted 3; it is 0: 3 too high.").wait_for()
    lab.run_cell(1)
    page.wait_for_function(
        "document.querySelectorAll('.jp-Notebook-cell')[1].querySelector('input[type=radio]:checked')"
    )
    assert cells.nth(1).get_by_role("radio", name="b) dy").is_checked()
