"""A real JupyterLab in a real browser, for tests and for the benchmark of the widgets.

`start_server(folder)` and `start_browser()` are context managers; `Lab` is one page on them, with the few
gestures that a learner makes.
"""

import ast
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat

SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false"},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}

# Counts animation frames in which an image finished loading, or a canvas was drawn on, since the one before;
# __drawn(image) may be set to look at each image as it arrives.
COUNT_FRAMES = """
(() => {
  window.__painted = 0;
  let fresh = false;
  document.addEventListener('load', event => {
    if (event.target.tagName === 'IMG') { fresh = true; if (window.__drawn) window.__drawn(event.target); }
  }, true);
  for (const name of ['drawImage', 'putImageData', 'fillRect', 'stroke', 'fill', 'fillText']) {
    const original = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...args) {
      fresh = true; return original.apply(this, args);
    };
  }
  const count = () => { if (fresh) window.__painted += 1; fresh = false; requestAnimationFrame(count); };
  requestAnimationFrame(count);
})()
"""


def find_chromium():
    """The path of a Chromium or Chrome on this machine, or None; BPLIB_CHROMIUM names one."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = os.environ.get("BPLIB_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        with contextlib.suppress(Exception):
            from playwright.sync_api import sync_playwright

            with sync_playwright() as playwright:
                path = playwright.chromium.executable_path
                found = path if os.path.exists(path) else None
    return found


@contextlib.contextmanager
def start_browser():
    """Headless Chromium under Playwright; yields Playwright's Browser."""
    from playwright.sync_api import sync_playwright

    switches = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync"]  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), headless=True, args=["--no-sandbox", *switches]
        )
        try:
            yield browser
        finally:
            browser.close()


class Server:
    """Where JupyterLab listens, its token, its folder of notebooks and of runtime files."""

    def __init__(self, port, token, root, runtime):
        self.port, self.token, self.root, self.runtime = port, token, Path(root), Path(runtime)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def api(self, path, method="GET"):
        """The server's answer to a REST request, decoded."""
        request = urllib.request.Request(f"{self.address}/api/{path}", method=method)
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=20) as answer:
            body = answer.read()
        return json.loads(body) if body else None


@contextlib.contextmanager
def start_server(folder, environment=None, extensions=None):
    """JupyterLab over an empty folder, with settings of its own: nothing of the user's is read or written.

    environment: further variables; extensions: name → whether that extension of the server is on.
    """
    folder = Path(folder)
    places = {name: folder / name for name in ("root", "config", "runtime", "settings", "ipython", "spaces")}
    for place in places.values():
        place.mkdir(parents=True)
    for name, values in SETTINGS.items():
        file = places["settings"] / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(port, "a-token-of-the-test", places["root"], places["runtime"])
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
               f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
               f"--IdentityProvider.token={server.token}",
               f"--ServerApp.root_dir={places['root']}", "--LabApp.news_url=",
               "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
               "--LabApp.extension_manager=readonly", "--LabApp.expose_app_in_browser=True"]  # fmt: skip
    if extensions:
        command.append(f"--ServerApp.jpserver_extensions={extensions}")
    env = os.environ | {
        "JUPYTER_CONFIG_DIR": str(places["config"]),
        "JUPYTER_RUNTIME_DIR": str(places["runtime"]),
        "JUPYTERLAB_SETTINGS_DIR": str(places["settings"]),
        "JUPYTERLAB_WORKSPACES_DIR": str(places["spaces"]),
        "IPYTHONDIR": str(places["ipython"]),
        "BPLIB_OFFLINE": "1",
    }
    with open(folder / "server.log", "w") as log:
        process = subprocess.Popen(command, env=env | (environment or {}), stdout=log, stderr=log)
        try:
            _wait_for(lambda: _answers(server, process, folder), 60, "JupyterLab to answer")
            yield server
        finally:
            with contextlib.suppress(Exception):
                for kernel in server.api("kernels"):
                    server.api(f"kernels/{kernel['id']}", "DELETE")
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(server, process, folder):
    if process.poll() is not None:
        raise RuntimeError("JupyterLab did not start:\n" + (folder / "server.log").read_text()[-2000:])
    with contextlib.suppress(OSError):
        return server.api("status") is not None


def _wait_for(condition, seconds, what):
    """The first true value of condition(); TimeoutError names what was waited for."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.03)


class Slider:
    """A labelled slider on the page."""

    def __init__(self, page, label):
        self.box = page.locator(f'.widget-slider:has(.widget-label:text-is("{label}"))')

    def press(self, key="ArrowRight", times=1):
        """Focus the handle and press a key."""
        handle = self.box.locator(".noUi-handle").first
        handle.focus()
        for _ in range(times):
            handle.press(key)

    def set(self, value):
        """Type a value into the readout."""
        readout = self.box.locator(".widget-readout").first
        readout.click()
        readout.fill(str(value))
        readout.press("Enter")

    @property
    def text(self):
        return self.box.locator(".widget-readout").first.inner_text()


class Lab:
    """One page of JupyterLab with one notebook, and a line of one's own to its kernel."""

    def __init__(self, server, browser):
        self.server = server
        self.context = browser.new_context(viewport={"width": 1280, "height": 720})
        self.context.add_init_script(COUNT_FRAMES)
        self.page = self.context.new_page()
        self.name = None
        self._loaded = None  # theme of the JupyterLab on the page
        self._free = False  # whether it has nothing open
        self._opened = 0
        self._client = None
        self._n_cells = 0

    def open(self, notebook, theme="light"):
        """Open a notebook: the path of a file (a copy is opened), or a list of sources of code cells.

        The page is loaded, unless `leave` has prepared it.
        """
        self._opened += 1
        if isinstance(notebook, (list, tuple)):
            cells = [nbformat.v4.new_code_cell(source) for source in notebook]
            kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
            node = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
            self.name = f"test{self._opened}.ipynb"
        else:
            node, self.name = nbformat.read(notebook, as_version=4), Path(notebook).name
        for cell in node.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(node, self.server.root / self.name)
        self._n_cells = len(node.cells)
        self._n_code = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in node.cells)
        if self._free and theme == self._loaded:
            self._free = False
            self.command("docmanager:open", path=self.name)
            self.wait_until_ready()
            return self
        shown = {"theme": "JupyterLab Dark" if theme == "dark" else "JupyterLab Light"}
        place = (
            self.server.runtime.parent / "settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings"
        )
        place.write_text(json.dumps(shown))
        self.page.goto(f"{self.server.address}/lab/tree/{self.name}?reset&token={self.server.token}")
        self.wait_until_ready()
        self._loaded = theme
        return self

    def leave(self):
        """Close the notebook and end its kernel; JupyterLab stays, for the next `open` to do without loading it."""
        self._disconnect()
        self._free = False
        # whatever is wrong with this page, the next `open` loads another
        with contextlib.suppress(Exception):
            self.page.evaluate(
                """async () => {
                  await window.jupyterapp.commands.execute('docmanager:save');
                  await window.jupyterapp.commands.execute('application:close-all');
                }"""
            )
            self._end_kernels()
            self.page.wait_for_function("document.querySelector('.jp-NotebookPanel') === null", timeout=5000)
            self._free = True

    def reload(self):
        """Load the page anew; the kernel goes on."""
        self.page.goto(f"{self.server.address}/lab/tree/{self.name}?token={self.server.token}")
        self.wait_until_ready()

    def wait_until_ready(self):
        """Wait for cells, kernel and an idle light; the light alone comes too early."""
        page = self.page
        page.wait_for_function(
            """n => document.querySelectorAll('.jp-Notebook-cell').length === n
            && document.querySelector('.jp-Toolbar-kernelName')
            && document.querySelector('.jp-Toolbar-kernelName').textContent.trim() !== 'No Kernel'
            && document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=idle]')""",
            arg=self._n_cells,
            timeout=60_000,
        )

    def restart(self):
        """Restart the kernel as a learner does, by the menu and its question; clears nothing."""
        self._disconnect()
        self.command("notebook:restart-kernel")
        self.page.locator(".jp-Dialog .jp-mod-warn").click()
        self.page.wait_for_timeout(500)
        self.wait_until_ready()

    def save(self):
        """Save the notebook, and wait until it is saved."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def stop_kernels(self):
        """End the kernel; the notebook stays."""
        self._disconnect()
        self._end_kernels()

    def command(self, name, **arguments):
        """Run one of JupyterLab's commands; returns at once."""
        self.page.evaluate(
            "([name, args]) => { window.jupyterapp.commands.execute(name, args) }", [name, arguments]
        )

    def run_all(self, timeout=60):
        """Run All, and wait until every code cell has its number."""
        self.command("notebook:clear-all-cell-outputs")
        for _ in range(6):  # given just before the kernel is there, the command is lost without a word
            self.command("notebook:run-all-cells")
            if self._begins(seconds=5):
                break
        self.wait_for(lambda: self._numbered() >= self._n_code, timeout, "all cells to have run")

    def run_cell(self, index, timeout=60):
        """Run the cell of that index (from 0, of all cells) and wait until it has its new number."""
        prompt = self.page.locator(".jp-Notebook-cell").nth(index).locator(".jp-InputPrompt")
        before = prompt.text_content()
        self.page.locator(".jp-Notebook-cell").nth(index).locator(".jp-InputArea-editor").click()
        self.command("notebook:run-cell")
        self.wait_for(
            lambda: prompt.text_content() != before and "*" not in prompt.text_content(),
            timeout,
            f"cell {index} to have run",
        )

    def _begins(self, seconds):
        """Whether some cell waits, runs or has run within that time."""
        prompts = self.page.locator(".jp-CodeCell .jp-InputPrompt")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(text.strip("[]: ") for text in prompts.all_text_contents()):
                return True
            self.page.wait_for_timeout(50)
        return False

    def _numbered(self):
        prompts = self.page.locator(".jp-CodeCell .jp-InputPrompt")
        return sum(text.strip("[]: ").isdigit() for text in prompts.all_text_contents())

    def wait_for(self, condition, seconds=20, what="a condition"):
        """The first true value of condition(), asked for again and again while the page lives on."""
        end = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"waited {seconds} s for {what}; status lines: {self.statuses()}")
            self.page.wait_for_timeout(50)

    # What is on the page

    def slider(self, label):
        return Slider(self.page, label)

    def button(self, name, nth=0):
        return self.page.locator(".jp-OutputArea").get_by_role("button", name=name, exact=True).nth(nth)

    def dropdown(self, label, nth=0):
        """The select of that label; `.select_option(label=...)` chooses."""
        return self.page.locator(f'.widget-dropdown:has(.widget-label:text-is("{label}")) select').nth(nth)

    def statuses(self):
        """The status lines, from top to bottom."""
        return self.page.locator("[role=status].bp-status").all_text_contents()

    def status(self):
        """The first status line; "" before the page has it."""
        return next(iter(self.statuses()), "")

    def alarms(self):
        """The error lines that show."""
        return self.page.locator("[role=alert].bp-error").all_text_contents()

    def painted_frames(self, seconds):
        """How many frames the browser painted with a new picture in the next seconds."""
        before = self.page.evaluate("window.__painted")
        self.page.wait_for_timeout(1000 * seconds)
        return self.page.evaluate("window.__painted") - before

    def paints(self, frames):
        """Wait until the browser has painted so many more."""
        before = self.page.evaluate("window.__painted")
        self.wait_for(
            lambda: self.page.evaluate("window.__painted") >= before + frames, what="painted frames"
        )

    def screenshot(self, path):
        self.page.screenshot(path=path)

    # What is in the kernel

    def kernel(self, expression, timeout=30):
        """The value of a Python expression in the notebook's kernel: a literal, or the repr as text."""
        client = self._connect()
        message = client.execute("", silent=True, store_history=False, user_expressions={"value": expression})
        while True:
            reply = client.get_shell_msg(timeout=timeout)
            if reply["parent_header"].get("msg_id") == message:
                break
        value = reply["content"]["user_expressions"]["value"]
        if value["status"] != "ok":
            raise AssertionError(f"{expression} raised {value['ename']}: {value['evalue']}")
        text = value["data"]["text/plain"]
        with contextlib.suppress(ValueError, SyntaxError):
            return ast.literal_eval(text)
        return text

    def kernel_id(self):
        return next(s["kernel"]["id"] for s in self.server.api("sessions") if s["path"] == self.name)

    def _connect(self):
        if self._client is None:
            from jupyter_client import BlockingKernelClient

            file = self.server.runtime / f"kernel-{self.kernel_id()}.json"
            self._client = BlockingKernelClient(connection_file=str(file))
            self._client.load_connection_file()
            # A subscriber who never reads would make the kernel keep a thousand frames for it.
            self._client.start_channels(iopub=False, stdin=False, hb=False)
        return self._client

    def close(self):
        """Close the page and end its kernel."""
        self._disconnect()
        with contextlib.suppress(Exception):
            self._end_kernels()
        self.context.close()

    def _disconnect(self):
        if self._client is not None:
            self._client.stop_channels()
            self._client = None

    def _end_kernels(self):
        for session in self.server.api("sessions"):
            self.server.api(f"sessions/{session['id']}", "DELETE")
