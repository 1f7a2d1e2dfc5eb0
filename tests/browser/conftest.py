"""Fixtures for tests in a real browser: `lab` is a fresh page of JupyterLab.

@pytest.mark.browser
def test_it(lab):
    lab.open(["from bplib.playgrounds.xor import XORPlayground", "p = XORPlayground(); p"])
    lab.run_all()
    lab.button("Play").click()
    lab.wait_for(lambda: lab.kernel("p.model.step_count") > 100)
"""

import os

import pytest

from . import laboratory


def _absent(reason):
    # In CI a missing browser is a broken machine, not a reason to stay silent.
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium():
    """Headless Chromium, or a skipped test that says why (in CI a failed one)."""
    pytest.importorskip("playwright") if not os.environ.get("CI") else None
    if laboratory.find_chromium() is None:
        _absent(
            "no chromium on this machine: install it (apt install chromium), or name one in BPLIB_CHROMIUM"
        )
    with laboratory.start_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory):
    """A JupyterLab server of the tests' own."""
    with laboratory.start_server(tmp_path_factory.mktemp("lab") / "server") as server:
        yield server


@pytest.fixture
def lab(chromium, jupyterlab):
    """A page of JupyterLab with a kernel of its own once `lab.open` is called."""
    page = laboratory.Lab(jupyterlab, chromium)
    yield page
    page.close()
