"""Pictures of explorers on the pages: drawn by the course's own code, moved through by hand and by ear."""

import nbformat
import numpy as np
import pytest
from PIL import Image

import build_site
import grids


def test_every_grid_belongs_to_a_cell_of_its_lesson_and_holds_where_the_lesson_stands():
    for grid in grids.GRIDS:
        nb = nbformat.read(build_site.ROOT / "notebooks" / f"{grid.stem}.ipynb", as_version=4)
        assert [cell for cell in nb.cells if cell.source.rstrip().endswith(grid.call)], grid
        assert any(grid.given in cell.source for cell in nb.cells), grid
        for values in grid.controls.values():
            assert not values or len(set(values)) == len(values) > 10


def test_the_pictures_are_those_of_the_explorer(tmp_path):
    """Not one picture many times, and each as the explorer draws it there, but for what WebP loses."""
    from bplib.playgrounds.divergence import Brink

    grid = next(grid for grid in grids.GRIDS if grid.call.startswith("Brink"))
    block = grids.draw(grid, tmp_path, 0)
    pictures = [np.asarray(Image.open(path).convert("RGB"), float) for path in
                sorted(tmp_path.iterdir(), key=lambda path: int(path.stem.split("-")[-1]))]  # fmt: skip
    brink = Brink(grid.controls["learning_rate"][3])
    text = brink.update(**brink.values)
    distance = [np.abs(picture - brink.live.pixels()).mean() for picture in pictures]
    brink.close()
    assert np.argmin(distance) == 3
    assert distance[3] < 4
    assert text.split(".")[0] in block
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 400_000


@pytest.mark.browser
def test_a_slider_moves_through_the_pictures_by_keyboard(page, site):
    page.goto(site + "05_matrix_gradients.html")
    box = page.locator(".bp-grid").last
    slider, status, picture = box.get_by_role("slider"), box.get_by_role("status"), box.get_by_role("img")
    assert slider.get_attribute("aria-valuetext") == "2"
    before, said = picture.get_attribute("src"), status.inner_text()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "2.2"
    assert picture.get_attribute("src") != before
    assert status.inner_text() != said
    page.wait_for_function("document.querySelector('.bp-grid img').naturalWidth > 300")
    puzzle = page.locator(".bp-grid").first
    left, right = puzzle.get_by_role("combobox").all()
    left.select_option("Xᵀ")
    assert "Xᵀ dZ has the shape of dW" in puzzle.get_by_role("status").inner_text()
    right.select_option("W")
    assert "Xᵀ W has the shape of dW" in puzzle.get_by_role("status").inner_text()
    assert (page.elsewhere, page.errors) == ([], [])


@pytest.mark.browser
def test_without_javascript_the_still_picture_stands_alone(chromium, site):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + "05_matrix_gradients.html")
    assert page.locator(".bp-grid").count() == 2
    assert page.locator(".bp-grid:visible").count() == 0
    context.close()
