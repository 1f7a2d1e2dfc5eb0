"""How live are the playgrounds? Frames, latency, bursts, pause and the price of drawing, in a browser.

    python benchmarks/widgets.py                    # some minutes, on a machine that does nothing else
    python benchmarks/widgets.py --link 8/40        # over 8 Mbit/s with 40 ms each way, a minute of play
    python benchmarks/widgets.py --before REVISION  # this state beside an earlier one, in turns
    python benchmarks/widgets.py --only xor --seconds 10
    python benchmarks/widgets.py --minutes 10       # what grows in ten minutes of playing; also with --link

It starts a JupyterLab and a headless Chromium (Debian's, or the one BPLIB_CHROMIUM names) as the browser
tests do. A frame counts when the browser painted it. Latency runs from the key that moves the learning-rate
slider to the first painted frame that was drawn with the new rate: the script marks frames in a corner. The
limited link is a proxy on 127.0.0.1 (`_link.py`); the page is loaded before the limit begins.
"""

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
from pathlib import Path

import _results as results
import psutil
from _link import Link

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.browser.laboratory import Lab, Server, find_chromium, start_browser, start_server

SETUP = """
import contextlib, io, time
import numpy as np
from bplib import datasets, fit, mlp, SGD
from bplib.playgrounds import xor, mnist

class Meter:
    "What the kernel can tell: processor seconds in drawing, the last pause, how many events arrived."
    def __init__(self, playground):
        self.playground, self.cpu, self.paused, self.events, self.sent = playground, 0.0, 0.0, 0, 0
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
        playground.view.live.image.observe(self.add, names="value")
        self.start_rate = playground.settings.learning_rate
    def count(self, _):
        self.events += 1
    def add(self, change):
        self.sent += len(change["new"])
    def now(self):
        p = self.playground
        return (time.time(), time.process_time(), self.cpu, p.spent["drawing"], p.steps, self.sent)

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
  window.__last = 0;
  window.__drawn = image => {
    if (!image.classList.contains('bp-figure')) return;
    requestAnimationFrame(() => { window.__last = performance.timeOrigin + performance.now(); });
    if (window.__wanted === null) return;
    context.drawImage(image, 3, 3, 1, 1, 0, 0, 1, 1);
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
    """Over some windows: frames, steps and kB a second; drawing's share of time and of processor."""
    rows = []
    for _ in range(windows):
        before = lab.kernel("m.now()")
        frames = lab.painted_frames(seconds)
        after = lab.kernel("m.now()")
        wall, cpu, draw_cpu, draw, steps, sent = (b - a for a, b in zip(before, after, strict=True))
        rows.append(
            (frames / seconds, steps / wall, sent / wall / 1000, draw / wall, draw_cpu / wall, cpu / wall)
        )
    return list(zip(*rows, strict=True))


def watch(lab):
    """Let the page time its frames from here on."""
    lab.kernel("mark(p)")
    lab.page.evaluate(WATCH)


def latencies(lab, n):
    """Milliseconds from key to painted frame, one for each of n keys."""
    lab.page.evaluate("window.__latencies = []")
    handle = lab.page.locator(".widget-slider .noUi-handle").first
    handle.focus()
    for i in range(n + n % 2):
        handle.press("ArrowLeft" if i % 2 else "ArrowRight")
        lab.wait_for(lambda i=i: lab.page.evaluate("window.__latencies.length") > i, 30, "the marked frame")
        lab.page.wait_for_timeout(37)
    return sorted(lab.page.evaluate("window.__latencies")[:n])


def at_percent(taken, percent):
    return taken[round(percent / 100 * (len(taken) - 1))]


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


def last_frames(lab, n):
    """Milliseconds from the click on Pause to the last frame that the page paints, n times."""
    taken = []
    for _ in range(n):
        lab.button("Pause").click()
        lab.page.wait_for_timeout(4000)
        taken.append(lab.page.evaluate("window.__last - window.__clicks.at(-1)"))
        lab.button("Play").click()
        lab.page.wait_for_timeout(3000)
    return sorted(taken)


def open_playing(server, browser, case, plain=False):
    """A page on which that playground plays."""
    lab = Lab(server, browser)
    lab.open([SETUP, CASES[case]] + ([PLAIN_FIT] if plain else []))
    lab.run_all(120)
    lab.page.locator(".jp-Notebook-cell").nth(1).scroll_into_view_if_needed()
    lab.page.locator("img.bp-figure").scroll_into_view_if_needed()
    watch(lab)
    lab.button("Play").click()
    lab.page.wait_for_timeout(1500)
    return lab


def left_alone(lab):
    """The share of a processor that the kernel uses over ten seconds, 80 s after its page was closed."""
    kernel = psutil.Process(lab.kernel("__import__('os').getpid()"))
    lab._disconnect()
    seen, lab.page = lab.page, lab.context.new_page()
    seen.close()
    lab.page.wait_for_timeout(80_000)
    before = sum(kernel.cpu_times()[:2])
    lab.page.wait_for_timeout(10_000)
    return (sum(kernel.cpu_times()[:2]) - before) / 10


def measure(server, browser, case, options):
    """The rows of the table for one playground."""
    lab = open_playing(server, browser, case, plain=case == "mnist")
    painted, steps, kilobytes, share, draw_cpu, cpu = rates(lab, options.seconds)
    spread = results.spread
    rows = [("frames painted a second", spread(painted)), ("steps a second", spread(steps, ".0f"))]
    if case == "mnist":
        plain = lab.kernel("plain")
        rows.append(
            ("share of a plain fit's speed", f"{statistics.median(steps) / plain:.0%} of {plain:.0f}")
        )
    rows += [
        ("pictures, kB a second", spread(kilobytes, ".0f")),
        ("drawing, share of the kernel's time", spread(share, ".0%")),
        ("drawing, processor seconds a second", f"{spread(draw_cpu, '.2f')} of {spread(cpu, '.2f')}"),
    ]
    if options.minutes:
        rss = "__import__('psutil').Process().memory_info().rss"
        begin = lab.kernel(rss)
        lab.page.wait_for_timeout(60_000 * options.minutes)
        later = results.spread(rates(lab, options.seconds)[0])
        rows += [
            (f"kernel memory after {options.minutes:g} min", f"{(lab.kernel(rss) - begin) / 1e6:+.1f} MB"),
            (f"frames painted after {options.minutes:g} min", later),
        ]
    taken = latencies(lab, options.keys)
    rows.append(("slider to painted frame, median", f"{statistics.median(taken):.0f} ms"))
    rows.append(("slider to painted frame, 95th percentile", f"{at_percent(taken, 95):.0f} ms"))
    last, delivered = burst(lab)
    rows.append(("200 events at once: the last one's frame", f"{last:.0f} ms ({delivered} delivered)"))
    rows.append(("Pause, the longest of ten", f"{max(pauses(lab, 10)):.0f} ms"))
    assert lab.kernel("p.error is None")
    if case == "xor":
        rows.append(("kernel's processor 80 s after its page was closed", f"{left_alone(lab):.1%}"))
    lab.close()
    return rows


def measure_link(server, browser, case, options):
    """The rows of the table for one playground at the far end of a link."""
    mbit, ms = options.link
    with Link(server.port) as link:
        lab = open_playing(Server(link.port, server.token, server.root, server.runtime), browser, case)
        link.limit(mbit, ms)
        lab.page.wait_for_timeout(10_000)
        early = latencies(lab, options.keys)
        lab.page.wait_for_timeout(max(0, 60_000 * (options.minutes or 1) - 30_000))
        before = link.down.n_bytes
        painted, steps, kilobytes, *_ = rates(lab, options.seconds)
        carried = (link.down.n_bytes - before) / (3 * options.seconds) / 1000
        late = latencies(lab, options.keys)
        lasts = last_frames(lab, 5)
        level = lab.kernel("p.view.live.image.level")
        assert lab.kernel("p.error is None")
        lab.close()
    return [
        ("frames painted a second", results.spread(painted)),
        ("steps a second", results.spread(steps, ".0f")),
        ("pictures, kB a second", results.spread(kilobytes, ".0f")),
        ("all that the link carried down, kB a second", f"{carried:.0f}"),
        ("quality of the pictures, 0 the best of four", f"{level}"),
        ("slider to painted frame after 10 s, median, 95th percentile",
         f"{statistics.median(early):.0f}, {at_percent(early, 95):.0f} ms"),
        (f"the same after {options.minutes or 1:g} min",
         f"{statistics.median(late):.0f}, {at_percent(late, 95):.0f} ms"),
        ("Pause to the last frame, median and longest of five",
         f"{statistics.median(lasts):.0f}, {lasts[-1]:.0f} ms"),
    ]  # fmt: skip


@contextlib.contextmanager
def earlier(revision):
    """A server that runs that revision of the course, whatever is installed."""
    with results.earlier(revision) as course, tempfile.TemporaryDirectory() as folder:
        extensions = {} if (course / "bplib_server").exists() else {"bplib_server": False}
        variables = {"PYTHONPATH": str(course)}
        with start_server(Path(folder) / "lab", variables, extensions=extensions) as server:
            yield server


def measure_beside(server, browser, case, options):
    """The rows of the table for one playground, an earlier revision beside this state, in turns."""
    rounds, found = 3, {}
    with earlier(options.before) as old:
        labs = {"before": open_playing(old, browser, case), "now": open_playing(server, browser, case)}
        for lab in labs.values():
            lab.button("Pause").click()
        for _ in range(rounds):
            for name, lab in labs.items():
                lab.page.bring_to_front()
                lab.button("Play").click()
                lab.page.wait_for_timeout(1500)
                one = found.setdefault(name, ([], []))
                one[0].append([window for (window,) in rates(lab, options.seconds, 1)])
                one[1].extend(latencies(lab, max(options.keys // 2, 2)))
                lab.button("Pause").click()
                lab.page.wait_for_timeout(500)
        for lab in labs.values():
            assert lab.kernel("p.error is None")
            lab.close()
    rows = []
    for n, what in enumerate(("frames painted a second", "steps a second", "pictures, kB a second")):
        columns = [[one[n] for one in rates] for rates, _ in found.values()]
        rows.append((what, *map(results.spread, columns)))
    for what, percent in (("slider to painted frame, median", 50), ("the same, 95th percentile", 95)):
        rows.append((what, *(f"{at_percent(sorted(taken), percent):.0f} ms" for _, taken in found.values())))
    return rows


def limits(text):
    mbit, _, ms = text.partition("/")
    return float(mbit), float(ms)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=CASES, help="one playground instead of all")
    parser.add_argument("--link", type=limits, metavar="MBIT/MS", help="Mbit/s and ms each way, as 8/40")
    parser.add_argument("--before", metavar="REVISION", help="measure this git revision too, in turns")
    parser.add_argument("--seconds", type=float, default=5, help="length of each of the windows")
    parser.add_argument("--keys", type=int, default=40, help="slider moves")
    parser.add_argument("--minutes", type=float, default=0, help="play this long, then compare")
    options = parser.parse_args()
    if find_chromium() is None:
        sys.exit("no chromium on this machine: apt install chromium, or name one in BPLIB_CHROMIUM")
    title, way, cases = "Live widgets", measure, list(CASES)
    if options.link:
        title, way = (
            f"Live widgets on a link of {options.link[0]:g} Mbit/s, {options.link[1]:g} ms",
            measure_link,
        )
        cases = ["xor", "mnist"]
    if options.before:
        title, way = "Live widgets, before and now", measure_beside
    if options.minutes:
        title += f", {options.minutes:g} minutes of playing"
    heads = ("", "before", "now") if options.before else ("", "")
    lines = [
        f"Made by `python {' '.join(['benchmarks/widgets.py', *sys.argv[1:]])}` on {results.machine()},",
        "a headless chromium without a graphics card on the same machine. Rates are medians of windows of "
        f"{options.seconds:g} s, in brackets the least and the greatest.",
    ]
    with tempfile.TemporaryDirectory() as folder, start_server(Path(folder) / "lab") as server:
        for case in [options.only] if options.only else cases:
            load = results.load()
            with start_browser() as browser:
                rows = way(server, browser, case, options)
            print(f"\n{NAMES[case]} ({os.cpu_count()} processors, load {load} when it began)")
            for name, *values in rows:
                print(f"  {name:<60}{'   '.join(values)}", flush=True)
            lines += ["", "| " + " | ".join([NAMES[case], *heads[1:]]) + " |", "| --- " * len(heads) + "|"]
            lines += ["| " + " | ".join(row) + " |" for row in rows]
    if not options.only:
        results.store(title, lines)


if __name__ == "__main__":
    main()
