"""Fixtures for tests in a real browser: `lab` is a fresh page of JupyterLab.

@pytest.mark.browser
def test_it(lab):
    lab.open(["from bplib.playgrounds.xor import XORPlayground", "p = XORPlayground(); p"])
    lab.run_all()
    lab.button("Play").click()
    lab.wait_for(lambda: lab.kernel("p.model.step_count") > 100)
"""

import pytest

from . import laboratory


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory):
    """A JupyterLab server of the tests' own."""
    with laboratory.start_server(tmp_path_factory.mktemp("lab") / "server") as server:
        yield server


@pytest.fixture(scope="session")
def page_for_many(chromium, jupyterlab):
    page = laboratory.Lab(jupyterlab, chromium)
    yield page
    page.close()


@pytest.fixture
def lab(request, chromium, jupyterlab):
    """A page of JupyterLab with a kernel of its own once `lab.open` is called.

    Loading JupyterLab takes most of a test's time, so tests share one page; those that do something to the page
    itself are marked `own_page`.
    """
    if request.node.get_closest_marker("own_page"):
        page = laboratory.Lab(jupyterlab, chromium)
        yield page
        page.close()
    else:
        page = request.getfixturevalue("page_for_many")
        yield page
        page.leave()
