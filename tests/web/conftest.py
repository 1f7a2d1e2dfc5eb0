"""One site for all tests of the site: it takes half a minute to make."""

import os
import time
from pathlib import Path

import pytest

import build_site

from .laboratory import LiteLab, keep_inside, serve


def pytest_collection_modifyitems(config, items):
    """What opens a lesson takes long: workers share that test by test, and the others file by file."""
    if not config.pluginmanager.hasplugin("xdist"):  # then nobody knows the mark
        return
    for item in items:
        group = item.nodeid if "lite" in getattr(item, "fixturenames", ()) else item.path.name
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory):
    """The folder of the site, in a sub-folder of what is served; BPLIB_TEST_SITE names one that is there.

    Workers share it: the first one makes it, the others wait.
    """
    if given := os.environ.get("BPLIB_TEST_SITE"):
        return Path(given)
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, mine = base / "served" / "course", base / "site-is-being-made"
    try:
        mine.mkdir()
    except FileExistsError:
        end = time.monotonic() + 300
        while not folder.is_dir():
            if (mine / "failed").exists() or time.monotonic() > end:
                pytest.fail("the site was not made; the worker that tried says why")
            time.sleep(0.2)
    else:
        try:
            build_site.build(folder)
        except BaseException:
            (mine / "failed").touch()
            raise
    return folder


@pytest.fixture(scope="session")
def whole(site_folder):
    """The address of the site on this machine, in a sub-folder as on most static hosts."""
    with serve(site_folder) as served:
        yield served.address


@pytest.fixture(scope="session")
def site(whole):
    """Where the English pages are."""
    return f"{whole}en/"


@pytest.fixture
def page(chromium, whole):
    """A page that reaches the site alone, and keeps what it asked of others and what went wrong."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.elsewhere, page.errors = keep_inside(context, whole), []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    yield page
    context.close()


@pytest.fixture
def lite(chromium, whole, site_folder):
    """A lesson's page of the edition that runs in the browser."""
    if not (site_folder / "lite").is_dir():
        pytest.skip("the site was built without the lessons that run in the browser")
    lab = LiteLab(chromium, whole)
    yield lab
    lab.close()
