"""One site for all tests of the site, and one set of decks: they take half a minute to make."""

import json
import os
import time
from pathlib import Path

import pytest

import build_site
import slides

from .laboratory import LiteLab, keep_inside, serve


def made_once(tmp_path_factory, name, make):
    """The folder `name`, which all workers share: the first one makes it, by make(folder), the others wait."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, mine = base / name, base / f"{Path(name).name}-is-being-made"
    try:
        mine.mkdir()
    except FileExistsError:
        end = time.monotonic() + 300
        while not (mine / "done").exists():
            if (mine / "failed").exists() or time.monotonic() > end:
                pytest.fail(f"{name} was not made; the worker that tried says why")
            time.sleep(0.2)
    else:
        try:
            make(folder)
        except BaseException:
            (mine / "failed").touch()
            raise
        (mine / "done").touch()
    return folder


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory):
    """The folder of the site, in a sub-folder of what is served; BPLIB_TEST_SITE names one that is there."""
    if given := os.environ.get("BPLIB_TEST_SITE"):
        return Path(given)
    return made_once(tmp_path_factory, "served/course", build_site.build)


@pytest.fixture(scope="session")
def decks(tmp_path_factory):
    """(the folder of all decks, stem → number of slides)."""

    def make(folder):
        folder.mkdir()
        counts = slides.write(folder, pages="../en/")
        (folder / "counts.json").write_text(json.dumps(counts), encoding="utf-8")

    folder = made_once(tmp_path_factory, "decks", make)
    return folder, json.loads((folder / "counts.json").read_text(encoding="utf-8"))


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
