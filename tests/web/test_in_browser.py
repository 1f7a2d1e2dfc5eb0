"""The pages in a browser: no request elsewhere, formulas drawn, readable by everybody, nothing cut off."""

import pytest

DAILY = ["index.html", "search.html", "reference/bplib.layers.html", "01_chain_rule.html",
         "../zh/index.html"]  # fmt: skip
PAGES = ["glossary.html", "00_start_here.html", "05_matrix_gradients.html", "08_xor.html", "12_autodiff.html",
         "../zh/00_start_here.html", "../zh/05_matrix_gradients.html", "../zh/08_xor.html", "../zh/glossary.html",
         "../zh/search.html"]  # fmt: skip
SEVERE = """async () => (await axe.run(document, { resultTypes: ["violations"], preload: false })).violations
  .filter(v => ["serious", "critical"].includes(v.impact))
  .map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(" | "))"""
DRAWN = """() => document.querySelectorAll('.math').length === document.querySelectorAll('mjx-container').length"""
# what reaches beyond its own page or box without a way to scroll there
CUT = """() => [...document.querySelectorAll('.bd-article *')].filter(node => {
    if (!node.getClientRects().length || node.closest('mjx-assistive-mml, svg, .headerlink')) return false;
    if (node.getBoundingClientRect().right <= innerWidth + 1) return false;
    for (let box = node.parentElement; box; box = box.parentElement)
      if (['auto', 'scroll'].includes(getComputedStyle(box).overflowX)) return false;
    return true;
  }).slice(0, 5).map(node => node.outerHTML.slice(0, 160))"""

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def mathjax(site_folder):
    if not (site_folder / "en" / "_static" / "mathjax").is_dir():
        pytest.skip("the site was built without MathJax, which could not be fetched")


def drawn(page, address):
    """Open a page and wait until its formulas are drawn."""
    page.goto(address)
    page.wait_for_function(DRAWN, timeout=30_000)


@pytest.mark.parametrize(
    "name", [*DAILY, *(pytest.param(name, marks=pytest.mark.thorough) for name in PAGES)]
)
def test_a_page_needs_nobody_and_everybody_can_read_it(page, site, name):
    from axe_playwright_python.base import AXE_FILE_PATH

    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    drawn(page, site + name)
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    page.add_script_tag(path=str(AXE_FILE_PATH))
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        assert page.evaluate(SEVERE) == []
    for width in (1280, 768, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT) == []
    assert (page.elsewhere, page.errors) == ([], [])


def test_formulas_are_set_as_tex_sets_them(page, site):
    """A prime is raised, a minus before a letter is no operation, steps are aligned, matrices have columns."""
    drawn(page, site + "02_activations.html")
    prime = """() => [...document.querySelectorAll('mjx-msup')].map(node => {
        const [base, raised] = [node.children[0], node.querySelector('mjx-script')].map(n => n?.getBoundingClientRect());
        return raised && node.textContent !== undefined ? base.bottom - raised.bottom : null;
      }).filter(height => height !== null)"""
    heights = page.evaluate(prime)
    assert len(heights) > 20
    assert all(height > 2 for height in heights)
    space = """() => { const box = document.createElement('div'); document.body.append(box);
        const width = async tex => { box.textContent = `\\\\(${tex}\\\\)`; await MathJax.typesetPromise([box]);
          return box.querySelector('mjx-math').getBoundingClientRect().width; };
        return Promise.all([1]).then(async () => [await width('(-z)'), await width('(a-z)'), await width('a')]); }"""
    unary, binary, letter = page.evaluate(space)
    assert binary - letter - unary > 5  # the spaces around a binary minus
    drawn(page, site + "05_matrix_gradients.html")
    assert page.locator("mjx-mtable mjx-mtr").count() > 3


def test_without_javascript_text_pictures_and_tex_are_there(chromium, site):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + "01_chain_rule.html")
    assert "\\frac" in page.locator(".bd-article").inner_text()
    assert page.locator(".bd-article img").first.evaluate("i => i.naturalWidth") > 100
    page.goto(site + "index.html")
    assert page.get_by_text("needs JavaScript").is_visible()
    assert page.locator(".bp-still img").evaluate("i => i.naturalWidth") > 100
    context.close()


@pytest.mark.parametrize(
    ("name", "words"), [("index.html", "broadcast accident"), ("../zh/index.html", "矩阵梯度")]
)
def test_search_finds_a_word_of_lesson_05(page, site, name, words):
    page.goto(site + name)
    page.keyboard.press("Control+k")
    page.locator("#search-input, input[type=search]").locator("visible=true").first.fill(words)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html*")
    page.locator("#search-results a[href*='05_matrix_gradients.html']").first.wait_for()
    assert (page.elsewhere, page.errors) == ([], [])


def test_side_navigation_and_theme_work_by_keyboard(page, site):
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(site + "04_deltas.html")
    link = page.locator(".bd-sidebar-primary a[href='05_matrix_gradients.html']")
    for _ in range(40):
        page.keyboard.press("Tab")
        if link.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/05_matrix_gradients.html")
    theme = page.locator("button.theme-switch-button").locator("visible=true").first
    page.wait_for_load_state("load")
    theme.focus()
    page.keyboard.press("Enter")  # opens the choices: light, dark, and what the system says
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.mode") == "dark":
            break
    page.keyboard.press("Enter")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    page.locator("a.right-next").click()
    page.wait_for_url("**/06_*.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_pages_open_as_files(chromium, site_folder):
    """From a folder, without a server: text, formulas and pictures; the playground says what it needs."""
    page = chromium.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    drawn(page, f"file://{site_folder}/en/08_xor.html")
    assert page.locator(".bp-still img").evaluate("i => i.naturalWidth") > 100
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    page.close()
