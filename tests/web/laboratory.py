"""The site as a web server gives it, and a lesson that runs in the browser: for tests and the benchmark.

`serve(folder)` is a context manager; `LiteLab` is one lesson on such a site, with the gestures of a reader.
"""

import contextlib
import functools
import gzip
import http.server
import re
import threading
import time
import urllib.parse
from collections import deque
from pathlib import Path

TROUBLE = (
    '[data-mime-type="application/vnd.jupyter.stderr"], [data-mime-type="application/vnd.jupyter.error"]'
)
HEARTBEAT = "/api/service-worker-heartbeat"  # answered by the service worker, wherever the site stands
# what web servers compress; wheels and pictures are compressed already
COMPRESSED = {
    ".html",
    ".js",
    ".mjs",
    ".css",
    ".json",
    ".ipynb",
    ".svg",
    ".wasm",
    ".txt",
    ".webmanifest",
    ".ttf",
}


class Site:
    """Where it is served, and what was asked for: path → bytes that the network carried for it."""

    def __init__(self, address):
        self.address, self.sent = address, {}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files, compressed by gzip as public hosts do."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".webmanifest": "application/manifest+json",
        ".webp": "image/webp",
    }
    site: Site

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            return super().do_GET()
        if not path.is_file():
            return self.send_error(404)
        content, seen = path.read_bytes(), str(path)
        modified = self.date_time_string(path.stat().st_mtime)
        if self.headers.get("If-Modified-Since") == modified:
            self.send_response(304)
            self.end_headers()
            return None
        self.send_response(200)
        if path.suffix in COMPRESSED:
            content = _compressed(seen, path.stat().st_mtime_ns)
            self.send_header("Content-Encoding", "gzip")
        self.site.sent[urllib.parse.urlsplit(self.path).path] = len(content)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", modified)
        self.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(content)
        return None


@functools.cache
def _compressed(path, _changed):
    return gzip.compress(Path(path).read_bytes(), 6, mtime=0)


@contextlib.contextmanager
def serve(folder):
    """The site's folder on this machine, in a sub-folder as on most static hosts; yields a `Site`."""
    folder = Path(folder)
    site = Site("")
    kind = type("Handler", (Handler,), {"site": site})
    handler = functools.partial(kind, directory=str(folder.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        site.address = f"http://127.0.0.1:{server.server_port}/{folder.name}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield site
        finally:
            server.shutdown()


def keep_inside(context, whole):
    """Let a browser's context reach the site alone; returns the list of what else is asked for.

    What goes to the site never passes through here: a request that waits for this thread may be lost.
    """
    elsewhere = []

    def refuse(route):
        elsewhere.append(route.request.url)
        route.abort()

    inside = rf"{re.escape(whole)}|data:|blob:|.*{HEARTBEAT}$"
    context.route(re.compile(rf"^(?!{inside})"), refuse)
    return elsewhere


class LiteLab:
    """One lesson, opened as the button on its page opens it, in a browser that reaches the site alone."""

    def __init__(self, browser, whole):
        self.whole = whole
        self.context = browser.new_context(viewport={"width": 1280, "height": 900})
        self.page = self.context.new_page()
        self.elsewhere, self.errors = keep_inside(self.context, whole), []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.said = deque(
            maxlen=20
        )  # on the console, by the page and its workers: shown when a wait is in vain
        self.context.on("console", lambda message: self.said.append(message.text[:300]))

    def open(self, stem, *, by_button=False, language="en"):
        """Open a lesson; returns when its cells are on the page."""
        if by_button:
            self.page.goto(f"{self.whole}{language}/{stem}.html")
            self.page.locator("a.bp-run").first.click()
        else:
            inside = "" if language == "en" else f"{language}/"
            self.page.goto(f"{self.whole}lite/notebooks/index.html?path={inside}{stem}.ipynb")
        self.wait_for_cells()
        return self

    def wait_for_cells(self):
        self.page.wait_for_function(
            "document.querySelectorAll('.jp-Notebook-cell').length > 3", timeout=60_000
        )

    def run_all(self, seconds=240):
        """Run every cell; returns the seconds until the first and until the last had run."""
        began = self._ask_for_all()
        self.wait_for(lambda: self.numbered() > 0, seconds, "the first cell to have run")
        first = time.monotonic() - began
        n = self.page.locator(".jp-CodeCell").count()
        self.wait_for(lambda: self.numbered() == n or self.trouble(), seconds, f"{n} cells to have run")
        return first, time.monotonic() - began

    def _ask_for_all(self):
        """Run All, and again where no cell waits after it: before the kernel is there the command is lost."""
        for _ in range(6):
            self.page.get_by_role("menuitem", name="Run", exact=True).click()
            self.page.get_by_text("Run All Cells", exact=True).click()
            asked = time.monotonic()
            while time.monotonic() < asked + 5:
                if any(self._prompts()):
                    return asked
                self.page.wait_for_timeout(50)
        return asked

    def _prompts(self):
        texts = self.page.locator(".jp-CodeCell .jp-InputPrompt").all_text_contents()
        return [text.strip("[]: ") for text in texts]

    def numbered(self):
        return sum(text.isdigit() for text in self._prompts())

    def trouble(self):
        return [text[-800:] for text in self.page.locator(TROUBLE).all_text_contents()]

    def wait_for(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > end:
                said = "".join(f"\n  {line}" for line in self.said)
                raise AssertionError(
                    f"waited {seconds} s for {what}; {self.numbered()} cells have run; on the console:{said}"
                )
            self.page.wait_for_timeout(100)
        return value

    def cell(self, holds):
        """The first cell of code that holds these words, or None."""
        texts = self.page.locator(".jp-CodeCell").all_text_contents()
        places = [i for i, text in enumerate(texts) if holds in text]
        return self.page.locator(".jp-CodeCell").nth(places[0]) if places else None

    def write(self, holds, source):
        """Put other code into the cell that holds these words, run it, and return its output."""
        cell = self.cell(holds)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.text_content()
        self.page.keyboard.press("Control+Enter")
        self.wait_for(
            lambda: prompt.text_content() != before and "*" not in prompt.text_content(),
            120,
            "the cell to have run",
        )
        return cell.locator(".jp-OutputArea").inner_text()

    def close(self):
        self.context.close()
