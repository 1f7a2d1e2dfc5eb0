"""The X-ray in a real browser: by mouse and by keyboard, typeset, readable in both themes."""

import pytest

pytestmark = pytest.mark.browser

CELL = """\
import numpy as np, bplib
from bplib.playgrounds.xray import XRay
net = bplib.mlp((2, 3, 2), activation="tanh", loss="softmax_cross_entropy", rng=np.random.default_rng(0))
xray = XRay(net, [[0.5, -1.0], [1.0, 2.0]], np.array([1, 0]))
xray"""

# WCAG's contrast of each text's fill against the first opaque ground behind it: the least of them.
CONTRAST = """
selector => {
  const numbers = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = numbers(c).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  return Math.min(...[...document.querySelectorAll(selector)].map(text => {
    const box = text.closest('g').querySelector('rect.node');
    let ground = box && getComputedStyle(box).fill;
    for (let e = text.closest('div'); !ground; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (numbers(c)[3] !== 0) ground = c;
    }
    const [high, low] = [light(getComputedStyle(text).fill), light(ground)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  }));
}"""


def node(lab, name):
    return lab.page.locator(f'.bp-xray [data-id="{name}"]')


def test_forward_backward_and_a_formula_by_mouse(lab):
    lab.open([CELL])
    lab.run_all()
    hidden = node(lab, "a1[0]")
    lab.wait_for(lambda: "?" in hidden.text_content(), what="the graph")
    lab.button("Forward").click()
    lab.wait_for(lambda: hidden.text_content().count("?") == 1, what="z and a of layer 1")
    assert node(lab, "a2[0]").text_content().count("?") == 3
    lab.button("Forward").click()
    lab.button("Forward").click()
    lab.button("Backward").click()
    lab.button("Backward").click()
    lab.wait_for(lambda: "?" not in lab.page.locator(".bp-xray").text_content(), what="both passes")
    node(lab, "w1[2,1]").locator("text").first.click()
    formula = lab.page.locator(".bp-xray-formula")
    lab.wait_for(lambda: formula.locator("mjx-container").count() == 1, what="a typeset formula")
    assert "by finite differences" in formula.text_content()
    assert lab.kernel("xray.explanation.name") == "w1[2,1]"
    assert lab.kernel("xray.explanation.facts[0].error < 1e-6") is True
    assert lab.page.locator("mjx-merror").count() == 0
    lab.page.get_by_label("Paths").check()
    badges = lab.page.locator(".bp-xray text.badge")
    lab.wait_for(lambda: sorted(badges.all_text_contents()) == ["×1", "×1", "×2"], what="the lit paths")
    assert lab.alarms() == []


@pytest.mark.own_page
def test_keyboard_alone_reaches_every_part_and_the_notebook_keeps_out(lab):
    lab.open([CELL, "1 + 1"])
    lab.run_all()
    lab.wait_for(lambda: node(lab, "L").count() == 1, what="the graph")
    mode = lambda: lab.page.locator(".jp-Notebook.jp-mod-editMode").count()  # noqa: E731
    focused = lambda: lab.page.evaluate("document.activeElement.dataset.id")  # noqa: E731
    lab.page.get_by_label("As rows").focus()
    lab.page.keyboard.press("Tab")
    assert focused() == "x[0]"
    for key, expected in [("ArrowDown", "x[1]"), ("ArrowRight", "b1[1]"), ("ArrowRight", "a1[1]"),
                          ("ArrowUp", "a1[0]"), ("ArrowRight", "w2[0,0]")]:  # fmt: skip
        lab.page.keyboard.press(key)
        assert focused() == expected
    ring = node(lab, "w2[0,0]").locator("rect.ring")
    assert ring.evaluate("e => getComputedStyle(e).strokeWidth") == "3.5px"
    lab.page.keyboard.press("Enter")
    lab.wait_for(lambda: lab.kernel("xray.explanation and xray.explanation.name") == "w2[0,0]", what="Enter")
    lab.wait_for(
        lambda: node(lab, "w2[0,0]").get_attribute("aria-pressed") == "true", what="the drawn choice"
    )
    assert focused() == "w2[0,0]"
    assert mode() == 0
    lab.page.keyboard.press("Space")
    lab.wait_for(lambda: lab.kernel("xray.explanation is None") is True, what="Space")
    assert lab.page.locator(".jp-Notebook-cell").count() == 2


@pytest.mark.own_page
@pytest.mark.parametrize("theme", [pytest.param("light", marks=pytest.mark.thorough), "dark"])
def test_readable_in_both_themes_without_scrolling_sideways(lab, theme):
    lab.open([CELL.removesuffix("xray") + "xray.run(4)"], theme=theme)
    lab.run_all()
    lab.wait_for(lambda: node(lab, "L").count() == 1, what="the graph")
    for look in ("value", "gradient", "weight", "name", "unknown", "head"):
        ratio = lab.page.evaluate(CONTRAST, f".bp-xray text.{look}")
        assert ratio >= 4.5, (look, ratio)
    wide = "e => [e.scrollWidth, e.clientWidth]"
    for place in (".jp-WindowedPanel-outer", ".jp-OutputArea-output", ".bp-panel"):
        scroll, client = lab.page.locator(place).first.evaluate(wide)
        assert scroll <= client, place
    size = lab.page.locator(".bp-xray text.value").first.evaluate("e => e.getBoundingClientRect().height")
    assert size >= 11


def test_a_fault_is_shown_and_a_rerun_leaves_one_alive(lab):
    lab.open([CELL])
    lab.run_all()
    lab.wait_for(lambda: node(lab, "L").count() == 1, what="the graph")
    lab.kernel("setattr(xray, '_find', None)")
    node(lab, "L").click()
    lab.wait_for(lambda: lab.alarms(), what="the error line")
    assert "TypeError" in lab.alarms()[0]
    assert "TypeError" in lab.kernel("repr(xray.error)")
    widgets = []
    for _ in range(4):
        lab.run_cell(0)
        lab.wait_for(lambda: node(lab, "L").count() == 1, what="the graph again")
        widgets.append(lab.kernel("len(__import__('ipywidgets').Widget._instances if hasattr("
                                  "__import__('ipywidgets').Widget, '_instances') else "
                                  "__import__('ipywidgets.widgets.widget', fromlist='x')._instances)"))  # fmt: skip
    assert len(set(widgets)) == 1
    assert lab.alarms() == []
    node(lab, "L").click()
    lab.wait_for(
        lambda: lab.kernel("xray.explanation and xray.explanation.name") == "L", what="the new X-ray"
    )
