"""How live are the playgrounds? Frames, latency, bursts, pause and the price of drawing, in a browser.

    python benchmarks/widgets.py                    # about two minutes, on a machine that does nothing else
    python benchmarks/widgets.py --only xor --seconds 10
    python benchmarks/widgets.py --minutes 10       # memory and frame rate over ten minutes of playing

It starts a JupyterLab and a headless Chromium (Debian's, or the one BPLIB_CHROMIUM names) as the browser
tests do. A frame counts when the browser painted it. Latency runs from the key that moves the learning-rate
slider to the first painted frame that was drawn with the new rate: the script marks frames in a corner.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

import _results as results

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.browser.laboratory import Lab, find_chromium, start_browser, start_server

SETUP = """
import contextlib, io, time
import numpy as np
from bplib import datasets, fit, mlp, SGD
from bplib.playgrounds import live_figure, xor, mnist

class Meter:
    "What the kernel can tell: processor seconds in drawing, the last pause, how many events arrived."
    def __init__(self, playground):
        self.playground, self.cpu, self.paused, self.events = playground, 0.0, 0.0, 0
        draw, pause = playground.draw, playground.player.pause
        def timed(**keywords):
            start = time.thread_time()
            draw(**keywords)
            self.cpu += time.thread_time() - start
        def noted():
            pause()
            self.paused = time.time()
        playground.draw, playground.player.pause = timed, noted
        playground.controls["learning_rate"].observe(self.count, names="value")
        self.start_rate = playground.settings.learning_rate
    def count(self, _):
        self.events += 1
    def now(self):
        p = self.playground
        return (time.time(), time.process_time(), self.cpu, p.spent["drawing"], p.steps, p.view.live.frames)

def mark(playground):
    "From now on a corner of each frame is white while the rate is above its start, else black."
    live, start = playground.view.live, playground.settings.learning_rate
    encode = live._encode
    def marked(*arguments, **keywords):
        buffer = np.asarray(live.canvas.buffer_rgba())
        buffer[:16, :16, :3] = 255 if playground.model.optimizer.learning_rate > 1.01 * start else 0
        return encode(*arguments, **keywords)
    live._encode = marked
"""

CASES = {
    "xor": "p = xor.XORPlayground(xor.XORSettings(data='spiral', hidden=8, layers=2, batch_size=16), "
    "speed=1_000_000); m = Meter(p); p",
    "simple": "p = xor.XORPlayground(panels='simple', speed=1_000_000); m = Meter(p); p",
    "mnist": "digits = datasets.handwritten_digits()\np = mnist.MNISTPlayground(digits); m = Meter(p); p",
}
NAMES = {"xor": "XOR, all panels", "simple": "XOR, simple", "mnist": "MNIST"}

PLAIN_FIT = """
def plain_fit():
    network = mlp([784, 128, 10], activation="relu", loss="softmax_cross_entropy", dtype=np.float32,
                  rng=np.random.default_rng(0))
    with contextlib.redirect_stdout(io.StringIO()):
        history = fit(network, digits.X_train, digits.y_train, optimizer=SGD(0.1), batch_size=64, epochs=1,
                      rng=np.random.default_rng(0))
    return len(history.loss) / history.seconds
plain = plain_fit()
"""

WATCH = """() => {
  const canvas = document.createElement('canvas'); canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  window.__wanted = null; window.__latencies = []; window.__clicks = [];
  window.__drawn = image => {
    if (window.__wanted === null || !image.classList.contains('bp-figure')) return;
    context.drawImage(image, 8, 8, 1, 1, 0, 0, 1, 1);
    if ((context.getImageData(0, 0, 1, 1).data[0] > 128) !== window.__wanted) return;
    const since = window.__since; window.__wanted = null;
    requestAnimationFrame(() => window.__latencies.push(performance.now() - since));
  };
  document.addEventListener('keydown', event => {
    if (!event.target.classList.contains('noUi-handle')) return;
    window.__since = performance.now(); window.__wanted = event.key === 'ArrowRight';
  }, true);
  document.addEventListener('click', () => {
    window.__clicks.push(performance.timeOrigin + performance.now());
  }, true);
}"""

BURST = """async n => {
  const handle = document.querySelector('.widget-slider .noUi-handle');
  for (let i = 1; i <= n; i++) {
    const key = i === n || i % 2 ? 'ArrowRight' : 'ArrowLeft';
    handle.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    await new Promise(done => setTimeout(done, 0));
  }
}"""


def rates(lab, seconds, windows=3):
    """Medians over some windows: painted frames, steps, drawing's share of time and of the processor."""
    rows = []
    for _ in range(windows):
        before = lab.kernel("m.now()")
        frames = lab.painted_frames(seconds)
        after = lab.kernel("m.now()")
        wall, cpu, draw_cpu, draw, steps, _ = (b - a for a, b in zip(before, after, strict=True))
        rows.append((frames / seconds, steps / wall, draw / wall, draw_cpu / wall, cpu / wall))
    return [statistics.median(column) for column in zip(*rows, strict=True)]


def latencies(lab, n):
    """Milliseconds from key to painted frame, one for each of n keys."""
    lab.kernel("mark(p)")
    lab.page.evaluate(WATCH)
    handle = lab.page.locator(".widget-slider .noUi-handle").first
    handle.focus()
    for i in range(n):
        handle.press("ArrowLeft" if i % 2 else "ArrowRight")
        lab.wait_for(lambda i=i: lab.page.evaluate("window.__latencies.length") > i, 20, "the marked frame")
        lab.page.wait_for_timeout(37)
    if n % 2:
        handle.press("ArrowLeft")
        lab.wait_for(lambda: lab.page.evaluate("window.__latencies.length") > n, 20, "the marked frame")
    return lab.page.evaluate("window.__latencies").copy()[:n]


def burst(lab, n=200):
    """n events as fast as the page can: milliseconds from the last to its frame, and how many arrived."""
    before = lab.kernel("m.events")
    lab.page.evaluate(BURST, n - 1 + n % 2)
    lab.wait_for(lambda: lab.page.evaluate("window.__wanted === null"), 30, "the burst's last frame")
    lab.page.wait_for_timeout(300)
    return lab.page.evaluate("window.__latencies.at(-1)"), lab.kernel("m.events") - before


def pauses(lab, n):
    """Milliseconds from the click on Pause to the kernel's pause."""
    taken = []
    for _ in range(n):
        lab.button("Pause").click()
        lab.wait_for(lambda: not lab.kernel("p.playing"), what="the pause")
        taken.append(1000 * lab.kernel("m.paused") - lab.page.evaluate("window.__clicks.at(-1)"))
        lab.button("Play").click()
        lab.wait_for(lambda: lab.kernel("p.playing"), what="Play")
        lab.page.wait_for_timeout(150)
    return taken


def measure(server, browser, case, seconds, keys, minutes):
    """The rows of the table for one playground."""
    lab = Lab(server, browser)
    cells = [SETUP, CASES[case]] + ([PLAIN_FIT] if case == "mnist" else [])
    lab.open(cells)
    lab.run_all(120)
    lab.page.locator(".jp-Notebook-cell").nth(1).scroll_into_view_if_needed()
    lab.page.locator("img.bp-figure").scroll_into_view_if_needed()
    lab.button("Play").click()
    lab.page.wait_for_timeout(1500)
    painted, steps, share, draw_cpu, cpu = rates(lab, seconds)
    rows = [("frames painted a second", f"{painted:.1f}"), ("steps a second", f"{steps:.0f}")]
    if case == "mnist":
        plain = lab.kernel("plain")
        rows.append(("share of a plain fit's speed", f"{steps / plain:.0%} of {plain:.0f}"))
    rows += [
        ("drawing, share of the kernel's time", f"{share:.0%}"),
        ("drawing, processor seconds a second", f"{draw_cpu:.2f} of {cpu:.2f}"),
    ]
    if minutes:
        rss = "__import__('psutil').Process().memory_info().rss"
        begin = lab.kernel(rss)
        lab.page.wait_for_timeout(60_000 * minutes)
        later = rates(lab, seconds)[0]
        rows += [
            (f"kernel memory after {minutes:g} min", f"{(lab.kernel(rss) - begin) / 1e6:+.1f} MB"),
            (f"frames painted after {minutes:g} min", f"{later:.1f}"),
        ]
    taken = sorted(latencies(lab, keys))
    rows.append(("slider to painted frame, median", f"{statistics.median(taken):.0f} ms"))
    rows.append(("slider to painted frame, 95th percentile", f"{taken[int(0.95 * (len(taken) - 1))]:.0f} ms"))
    last, delivered = burst(lab)
    rows.append(("200 events at once: the last one's frame", f"{last:.0f} ms ({delivered} delivered)"))
    rows.append(("Pause, the longest of ten", f"{max(pauses(lab, 10)):.0f} ms"))
    assert lab.kernel("p.error") == "None" or lab.kernel("p.error is None")
    lab.close()
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=CASES, help="one playground instead of all")
    parser.add_argument("--seconds", type=float, default=5, help="length of each of three windows")
    parser.add_argument("--keys", type=int, default=40, help="slider moves")
    parser.add_argument("--minutes", type=float, default=0, help="play this long, then compare")
    arguments = parser.parse_args()
    if find_chromium() is None:
        sys.exit("no chromium on this machine: apt install chromium, or name one in BPLIB_CHROMIUM")
    lines = [
        f"Made by `python {' '.join(['benchmarks/widgets.py', *sys.argv[1:]])}` on {results.machine()},",
        "a headless chromium without a graphics card on the same machine.",
    ]
    with tempfile.TemporaryDirectory() as folder, start_server(Path(folder) / "lab") as server:
        for case in [arguments.only] if arguments.only else CASES:
            before = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
            with start_browser() as browser:
                rows = measure(server, browser, case, arguments.seconds, arguments.keys, arguments.minutes)
            print(f"\n{NAMES[case]} ({os.cpu_count()} processors, load {before:.1f} when it began)")
            for name, value in rows:
                print(f"  {name:<44}{value}", flush=True)
            lines += ["", f"| {NAMES[case]} | |", "| --- | --- |", *(f"| {n} | {v} |" for n, v in rows)]
    if not arguments.only:
        longer = f", {arguments.minutes:g} minutes of playing" if arguments.minutes else ""
        results.store("Live widgets" + longer, lines)


if __name__ == "__main__":
    main()
