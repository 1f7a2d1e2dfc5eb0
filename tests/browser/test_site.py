"""The reading edition in a browser: no request elsewhere, formulas drawn, readable by everybody in both themes."""

import functools
import http.server
import threading

import pytest

import reading_edition

PAGES = ["index.html", "glossary.html", "01_chain_rule.html", "reference/bplib/layers.html"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of a freshly built site on this machine."""
    folder = tmp_path_factory.mktemp("reading") / "site"
    reading_edition.build(folder, lite=False, reference=("bplib", r"!bplib\..*", "bplib.layers"))
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def page(chromium, site):
    """A page that reaches the site alone, and keeps what it asked of others and what went wrong."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.elsewhere, page.errors = [], []
    page.on("pageerror", lambda error: page.errors.append(str(error)))

    def route(route):
        if route.request.url.startswith((site, "data:")):
            route.continue_()
        else:
            page.elsewhere.append(route.request.url)
            route.abort()

    context.route("**/*", route)
    yield page
    context.close()


SEVERE = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .filter(v => ["serious", "critical"].includes(v.impact))
  .map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(" | "))"""


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_nobody_and_everybody_can_read_it(page, site, name):
    from axe_playwright_python.base import AXE_FILE_PATH

    page.goto(site + name)
    assert (page.elsewhere, page.errors) == ([], [])
    heights = page.eval_on_selector_all("math", "all => all.map(m => m.getBoundingClientRect().height)")
    assert all(height > 4 for height in heights)
    assert "glossary" not in name or len(heights) > 30
    assert page.locator("merror").count() == 0
    page.add_script_tag(path=str(AXE_FILE_PATH))
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        assert page.evaluate(SEVERE) == []


@pytest.mark.browser
def test_the_theme_is_chosen_once_for_all_pages_and_a_narrow_page_does_not_scroll_sideways(page, site):
    page.emulate_media(color_scheme="light")
    page.goto(site + "04_deltas.html")
    page.get_by_role("button", name="Dark").click()
    page.locator("a[rel=next]").click()
    page.wait_for_url("**/05_*.html")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 29)"
    assert page.get_by_role("button", name="Dark").get_attribute("aria-pressed") == "true"
    page.set_viewport_size({"width": 600, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 600


@pytest.mark.browser
def test_the_reference_has_the_same_theme_and_leads_back(page, site):
    page.emulate_media(color_scheme="light")
    page.goto(site + "glossary.html")
    page.get_by_role("button", name="Dark").click()
    page.get_by_role("link", name="Reference").click()
    page.get_by_role("link", name="bplib.layers", exact=True).click()
    page.wait_for_url("**/reference/bplib/layers.html")
    assert page.get_by_text("dW = Xᵀ dZ").count()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 29)"
    page.get_by_role("link", name="All lessons").click()
    page.wait_for_url("**/index.html")
    assert (page.elsewhere, page.errors) == ([], [])
