"""What the course installs beside JupyterLab's server, and the benchmark's limited link."""

import json
import socket
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

import bplib_server

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
from _link import Link


def test_each_connection_between_page_and_kernel_sends_without_delay():
    done = []

    class Connection:
        def __init__(self):
            self.websocket_handler = SimpleNamespace(set_nodelay=lambda on: done.append(("nodelay", on)))

        def connect(self):
            done.append("connected")
            return "the server's own answer"

    settings = {"kernel_websocket_connection_class": Connection}
    app = SimpleNamespace(web_app=SimpleNamespace(settings=settings), base_url="/user/anna/")
    bplib_server._load_jupyter_server_extension(app)
    assert settings["static_immutable_cache"] == ["/user/anna/static/favicons/"]
    connection = settings["kernel_websocket_connection_class"]()
    assert isinstance(connection, Connection)
    assert connection.connect() == "the server's own answer"
    assert done == [("nodelay", True), "connected"]


@pytest.mark.skipif(find_spec("jupyter_server") is None, reason="no Jupyter server here")
def test_the_real_server_has_what_the_extension_relies_on():
    from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
    from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

    assert callable(ZMQChannelsWebsocketConnection.connect)
    assert callable(KernelWebsocketHandler.set_nodelay)


def test_an_installation_brings_extension_and_setting():
    prefix = Path(sys.prefix)
    config = prefix / "etc/jupyter/jupyter_server_config.d/bplib.json"
    setting = prefix / "share/jupyter/lab/settings/overrides.d/bplib.json"
    assert json.loads(config.read_text())["ServerApp"]["jpserver_extensions"] == {"bplib_server": True}
    assert json.loads(setting.read_text())["@jupyter-widgets/jupyterlab-manager:plugin"] == {
        "saveState": True
    }


def test_the_server_loads_nothing_of_the_package():
    import subprocess

    code = "import sys, bplib_server; print(*[name for name in sys.modules if name.split('.')[0] in ('bplib', 'numpy')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == ""


@pytest.fixture
def echo():
    """A server that sends back what it gets; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection):
        with connection:
            while data := connection.recv(65536):
                connection.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def test_the_link_loses_nothing_and_takes_at_least_its_time(echo):
    data = bytes(range(256)) * 800  # 205 kB, there and back
    with Link(echo) as link:
        link.limit(8, 40)
        with socket.create_connection(("127.0.0.1", link.port)) as page:
            began = time.monotonic()
            threading.Thread(target=page.sendall, args=(data,), daemon=True).start()
            received = b""
            while len(received) < len(data):
                received += page.recv(65536)
            taken = time.monotonic() - began
    assert received == data
    assert link.down.n_bytes == link.up.n_bytes == len(data)
    # at 1 MB/s, and 40 ms each way: a lower bound, so no busy machine can break it
    assert taken >= len(data) / 1e6 + 0.08
