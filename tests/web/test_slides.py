"""The decks: what is shown and what is said, no slide cut, nothing asked of another host."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import slides
from bplib.lessons import LESSONS

LEAVES = "[...document.querySelectorAll('.slides section')].filter(s => !s.querySelector('section'))"


def made_of(*cells):
    """The slides of a small lesson with the heading that ends a deck."""
    nb = new_notebook(cells=[*cells, new_markdown_cell("## What you can now do\n\n- nothing")])
    return slides.chosen(nb, LESSONS[1])


def shown(slide):
    return "\n\n".join(cell.source for cell in slide.cells)


def code(source, **data):
    outputs = [new_output("display_data", {name.replace("_", "/"): text for name, text in data.items()})]
    return new_code_cell(source, outputs=outputs if data else [])


def test_paragraphs_are_parted_outside_formulas_and_code():
    assert slides.blocks("a\n\n$$x\n\ny$$\n\n```\nb\n\nc\n```\n\nd") == [
        "a",
        "$$x\n\ny$$",
        "```\nb\n\nc\n```",
        "d",
    ]


def test_a_deck_begins_with_what_the_lesson_is_for_and_ends_before_its_exercises():
    (title,) = made_of(new_markdown_cell("# 01 · Another title\n\ntext"))
    assert all(aim in shown(title) for aim in LESSONS[1].objectives)
    assert "nothing" not in shown(title)
    with pytest.raises(ValueError, match="expected a heading ## What you can now do"):
        slides.chosen(new_notebook(cells=[new_markdown_cell("# a")]), LESSONS[1])


def test_the_answer_to_a_prediction_stands_on_the_next_slide():
    found = made_of(
        new_markdown_cell("## Question\n\nFirst.\n\nSecond.\n\n**Predict**: how much?"),
        code('ex.predict("x")', text_plain="Predict: how much?"),
        code("derive.show('x')", text_markdown="$a$"),
    )
    assert [len(slide.cells) for slide in found[1:]] == [3, 1]
    assert "**Predict**: how much?" in shown(found[1])
    assert found[1].notes == ["Second."]


def test_a_prediction_without_a_paragraph_shows_its_question():
    found = made_of(
        new_markdown_cell("## Question\n\nFirst."), code('ex.predict("x")', text_plain="Predict: a*b or a_b?")
    )
    assert r"**Predict**: a\*b or a\_b?" in shown(found[1])


def test_tags_overrule_the_rule():
    picture, number = code("draw()", image_png="aGk="), code("print(1)", text_plain="1")
    assert (slides.is_shown(picture), slides.is_shown(number)) == (True, False)
    picture.metadata.tags, number.metadata.tags = ["skip"], ["slide"]
    assert (slides.is_shown(picture), slides.is_shown(number)) == (False, True)


def test_code_that_is_not_beside_its_output_is_in_the_notes():
    found = made_of(new_markdown_cell("## A\n\ntext"), code("plots.draw(ax)", image_png="aGk="))
    assert found[-1].notes == ["```python\nplots.draw(ax)\n```"]
    assert "remove_input" in found[-1].cells[-1].metadata.tags


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda x: x.stem)
def test_pictures_and_derivations_of_a_lesson_are_in_its_deck_and_its_solutions_are_not(lesson, decks):
    text = (decks[0] / f"{lesson.stem}.html").read_text(encoding="utf-8")
    nb = nbformat.read(slides.ROOT / "notebooks" / lesson.file, as_version=4)
    for cell in nb.cells:
        if slides.END in cell.source:
            break
        for output in cell.get("outputs", ()):
            if picture := output.get("data", {}).get("image/png"):
                assert picture.replace("\n", "") in text
    assert ".check(" not in text
    assert "## Your turn" not in text
    assert [a for a in re.findall(r'<img[^>]* alt="([^"]*)"', text) if len(a) < 10] == []
    assert not re.search(r"""<(?:script|link|img)[^>]+(?:src|href)=["'](?:https?:)?//""", text)


def test_links_of_the_decks_lead_to_pages_or_are_none(decks):
    text = (decks[0] / "02_activations.html").read_text(encoding="utf-8")
    assert ".ipynb" not in text
    assert 'href="../en/02_activations.html"' in text
    alone = slides.html(nbformat.read(slides.ROOT / "notebooks" / "02_activations.ipynb", 4), LESSONS[2])
    assert not re.search(r'<a [^>]*href="[^#"]*\d\d_\w+\.html', alone)
    assert set(
        re.findall(r'href="(\d\d_\w+)\.html"', (decks[0] / "index.html").read_text(encoding="utf-8"))
    ) == {lesson.stem for lesson in LESSONS}


@pytest.mark.browser
def test_no_slide_is_cut_and_no_other_host_is_asked(chromium, decks):
    """Each deck as a file, as on a laptop without a network; every slide is legible, every picture is there."""
    folder, count = decks
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page, elsewhere, errors = context.new_page(), [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "request",
        lambda request: request.url.startswith(("file:", "data:", "blob:")) or elsewhere.append(request.url),
    )
    for lesson in LESSONS:
        page.goto((folder / f"{lesson.stem}.html").as_uri())
        page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
        found = page.evaluate(
            f"{LEAVES}.map(s => ({{scale: +s.dataset.scale, cut: s.dataset.cut, text: s.innerText.slice(0, 60),"
            " errors: s.querySelectorAll('mjx-merror').length,"
            " lost: [...s.querySelectorAll('img')].filter(i => !i.naturalWidth).length}))"
        )
        assert len(found) == count[lesson.stem], lesson.stem
        assert [s for s in found if s["cut"] != "false" or s["scale"] < 0.4] == [], lesson.stem
        assert [s for s in found if s["errors"] or s["lost"]] == [], lesson.stem
        assert page.locator(".slides mjx-container").count() > 0 or lesson.number in (0, 7, 10, 11), (
            lesson.stem
        )
    assert (elsewhere, errors) == ([], [])
    context.close()


@pytest.mark.browser
def test_a_slide_that_is_too_high_is_made_smaller_and_one_that_cannot_be_is_reported(
    chromium, decks, tmp_path
):
    """The measurement notices what the test above looks for."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    text = (decks[0] / "00_start_here.html").read_text(encoding="utf-8")
    for lines, cut in ((16, "false"), (60, "true")):
        spoiled = text.replace("Afterwards you can</p>", f"Afterwards you can</p>{'<p>line</p>' * lines}", 1)
        assert spoiled != text
        path = decks[0] / f"spoiled_{lines}.html"
        path.write_text(spoiled, encoding="utf-8")
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
        path.unlink()
        first = page.evaluate(f"(s => [+s.dataset.scale, s.dataset.cut])({LEAVES}[0])")
        assert first[0] < 1
        assert first[1] == cut
    context.close()


@pytest.mark.browser
def test_an_explorer_is_driven_on_its_slide(chromium, decks):
    """From a file, by keyboard; the arrow keys turn the slider and not the slide."""
    page = chromium.new_page()
    page.goto((decks[0] / "05_matrix_gradients.html").as_uri())
    page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
    slide = page.evaluate(
        f"{LEAVES}.map(s => [s, s.querySelector('.bp-grid input')]).filter(([, hand]) => hand)"
        ".map(([s]) => { Reveal.slide(...Object.values(Reveal.getIndices(s)).slice(0, 2)); return location.hash; })"
    )
    assert len(slide) == 1
    box = page.locator(".slides section.present .bp-grid:visible")
    picture, status = box.get_by_role("img"), box.get_by_role("status")
    before, said = picture.get_attribute("src"), status.inner_text()
    box.get_by_role("slider").press("ArrowRight")
    assert (picture.get_attribute("src"), status.inner_text()) != (before, said)
    page.wait_for_function("document.querySelector('.present .bp-grid img').naturalWidth > 300")
    assert page.evaluate("location.hash") == slide[0]
    left = f"{LEAVES}.filter(s => s.querySelector('.bp-grid')).map(s => s.querySelectorAll('img').length)"
    assert page.evaluate(left) == [1, 1], "the still pictures are gone"
    page.close()
