"""How live are the lessons that run in the browser itself? Size, start, frames and slider delay, in Chromium.

    python benchmarks/in_browser.py                 # of what `make site` made; some minutes

The site is served on this machine, compressed as public hosts do. A first visit is a browser that has never
been there, and what it loads is counted as the network carries it. The start runs from the click on Run All,
when the lesson stands on the page and its kernel is still loading, to the first cell's number. Frames and the
slider's delay are measured as in `widgets.py`: from the key to the first painted frame with the new rate.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import _results as results

sys.path.insert(0, str(Path(__file__).parent.parent))
from widgets import SETUP, WATCH, at_percent

from tests.browser.laboratory import COUNT_FRAMES, find_chromium, start_browser
from tests.web.laboratory import LiteLab, serve

LESSONS = {"XOR": "08_xor", "MNIST": "10_mnist"}
# how a playground is made, and marked: a corner of its frames shows whether the rate is above its start
MAKE = {
    "XOR": """from bplib.playgrounds.xor import XORPlayground, XORSettings
p = XORPlayground(XORSettings(data='spiral', hidden=8, layers=2, batch_size=16), speed=1_000_000)""",
    "MNIST": """from bplib import datasets
from bplib.playgrounds.mnist import MNISTPlayground
p = MNISTPlayground(datasets.handwritten_digits())""",
}
MARK = "import numpy as np\n" + SETUP[SETUP.index("def mark") :] + "\nmark(p)\np"


def start(browser, folder, stem):
    """Seconds to the page, to the first cell and to the last; megabytes; and the same for a second visit."""
    with serve(folder) as site:
        lab = LiteLab(browser, site.address)
        rows = []
        for _ in range(2):
            site.sent.clear()
            began = time.monotonic()
            lab.open(stem)
            opened = time.monotonic() - began
            first, last = lab.run_all(600)
            lab.page.wait_for_function("document.documentElement.dataset.kept === 'yes'", timeout=120_000)
            lab.page.wait_for_timeout(1000)
            rows.append((opened, first, last, sum(site.sent.values()) / 1e6))
        lab.close()
    return rows


def play(browser, folder, name, seconds, keys):
    """Frames and steps a second of a playground, and the milliseconds from key to frame."""
    with serve(folder) as site:
        lab = LiteLab(browser, site.address)
        lab.context.add_init_script(COUNT_FRAMES)
        lab.open(LESSONS[name])
        first = lab.page.locator(".jp-CodeCell").first.inner_text().splitlines()[-1]
        lab.page.evaluate(WATCH)
        lab.write(first, f"{MAKE[name]}\n{MARK}")
        box = lab.page.locator(".jp-OutputArea .bp-panel").first
        box.get_by_role("button", name="Play").click()
        lab.page.wait_for_timeout(3000)
        rates = []
        for _ in range(3):
            before, began = lab.page.evaluate("window.__painted"), time.monotonic()
            lab.page.wait_for_timeout(1000 * seconds)
            rates.append((lab.page.evaluate("window.__painted") - before) / (time.monotonic() - began))
        handle = box.locator(".noUi-handle").first
        handle.focus()
        for i in range(keys):
            handle.press("ArrowLeft" if i % 2 else "ArrowRight")
            lab.wait_for(
                lambda i=i: lab.page.evaluate("window.__latencies.length") > i, 60, "the marked frame"
            )
            lab.page.wait_for_timeout(37)
        delays = sorted(lab.page.evaluate("window.__latencies"))
        box.get_by_role("button", name="Pause").click()
        lab.close()
    return results.spread(rates), statistics.median(delays), at_percent(delays, 95)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    home = Path(__file__).resolve().parent.parent
    parser.add_argument(
        "folder", type=Path, nargs="?", default=home / "site", help="the site (default: site/)"
    )
    parser.add_argument("--seconds", type=float, default=5, help="length of each of three windows")
    parser.add_argument("--keys", type=int, default=40, help="slider moves")
    options = parser.parse_args()
    if find_chromium() is None:
        sys.exit("no chromium on this machine: apt install chromium, or name one in BPLIB_CHROMIUM")
    folder = options.folder.resolve()
    if not (folder / "lite").is_dir():
        sys.exit(f"{folder} holds no lessons that run in the browser: make site first")
    lines = [
        f"Made by `python benchmarks/in_browser.py` on {results.machine()}, a headless chromium without a",
        f"graphics card on the same machine, which had a load of {results.load()} when it began. Medians of",
        "three visits, and of three windows; in brackets the least and the greatest.",
        "",
        "| lesson 01 | first visit | second visit |",
        "| --- | --- | --- |",
    ]
    with start_browser() as browser:
        rounds = [start(browser, folder, "01_chain_rule") for _ in range(3)]
        names = ("address to lesson on the page, s", "click on Run to the first executed cell, s",
                 "click on Run to the last cell, s", "loaded over the network, MB (gzip)")  # fmt: skip
        for i, name in enumerate(names):
            visits = [results.spread([found[visit][i] for found in rounds]) for visit in (0, 1)]
            lines.append(f"| {name} | {' | '.join(visits)} |")
        lines += ["", "| playground | frames painted a second | slider to painted frame, median | "
                  "the same, 95th percentile |", "| --- | --- | --- | --- |"]  # fmt: skip
        for name in LESSONS:
            frames, median, late = play(browser, folder, name, options.seconds, options.keys)
            lines.append(f"| {name} | {frames} | {median:.0f} ms | {late:.0f} ms |")
    print("\n".join(lines))
    results.store("Lessons in the browser itself", lines)


if __name__ == "__main__":
    main()
