"""What the course installs beside JupyterLab's server: an extension, and a setting.

The extension switches Nagle's algorithm off, which the server leaves on: a short message, such as the end of
a picture, waits in the server until the page has acknowledged the one before, 40 ms or a whole round trip.
It lets browsers keep the icons of the page: JupyterLab changes the icon whenever a kernel gets busy or idle,
which is at every answer of a picture, and the server had the browser fetch its 32 kB anew each time, some
200 kB a second. Nothing of `bplib` is loaded here.

The setting, in `overrides.d/bplib.json`, makes JupyterLab keep the state of widgets in saved notebooks, so
that a copy opened without its kernel shows the pictures as they were last seen.
"""


def _jupyter_server_extension_points():
    return [{"module": "bplib_server"}]


def _load_jupyter_server_extension(app):
    """Let every connection between a page and a kernel send without delay, and icons be kept."""
    settings = app.web_app.settings
    icons = f"{app.base_url.rstrip('/')}/static/favicons/"
    settings["static_immutable_cache"] = [*settings.get("static_immutable_cache", []), icons]
    connection = settings["kernel_websocket_connection_class"]

    class PromptConnection(connection):
        def connect(self):
            self.websocket_handler.set_nodelay(True)
            return super().connect()

    settings["kernel_websocket_connection_class"] = PromptConnection
