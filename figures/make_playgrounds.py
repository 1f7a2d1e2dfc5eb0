"""The picture in the README: four playgrounds, live in JupyterLab, photographed and put together.

python figures/make_playgrounds.py        writes figures/playgrounds.png (needs a browser, as the tests do)
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from bplib import plots  # noqa: E402
from tests.browser.laboratory import Lab, start_browser, start_server  # noqa: E402

CELLS = (
    "from bplib.playgrounds.xor import XORPlayground, XORSettings\n"
    "p = XORPlayground(XORSettings(data='circles', hidden=5)); p.run(600); p",
    "from bplib.datasets import handwritten_digits\n"
    "from bplib.playgrounds.mnist import MNISTPlayground\n"
    "data = handwritten_digits()\n"
    "m = MNISTPlayground(data); m.run(1500); m",
    "import numpy as np\n"
    "from bplib import mlp\n"
    "from bplib.playgrounds.xray import XRay\n"
    "net = mlp([2, 3, 1], activation='tanh', loss='binary_cross_entropy', rng=np.random.default_rng(3))\n"
    "x = XRay(net, np.array([[1.0, 0.5]]), np.array([[1.0]])).run(); x.select('w1[1,0]'); x",
    "from bplib.playgrounds.draw import DrawDigit\nd = DrawDigit(m.model.network, data).sample(8); d",
)


def photograph(lab, index):
    """The output of one cell as an image, with the cell's code left out."""
    area = lab.page.locator(".jp-Notebook-cell").nth(index).locator(".bp-panel").first
    area.scroll_into_view_if_needed()
    lab.page.wait_for_timeout(1200)
    return Image.open(io.BytesIO(area.screenshot())).convert("RGB")


def compose(pictures, width=1500, gap=24):
    """Two columns of equal width, each filled from above."""
    column = (width - 3 * gap) // 2
    scaled = [
        p.resize((column, round(p.height * column / p.width)), Image.Resampling.LANCZOS) for p in pictures
    ]
    columns = [[], []]
    for picture in scaled:
        shorter = min(columns, key=lambda chosen: sum(p.height + gap for p in chosen))
        shorter.append(picture)
    height = gap + max(sum(p.height + gap for p in chosen) for chosen in columns)
    sheet = Image.new("RGB", (width, height), "white")
    for number, chosen in enumerate(columns):
        y = gap
        for picture in chosen:
            sheet.paste(picture, (gap + number * (column + gap), y))
            y += picture.height + gap
    return sheet


def main():
    with (
        tempfile.TemporaryDirectory() as folder,
        start_server(Path(folder) / "server") as server,
        start_browser() as browser,
    ):
        lab = Lab(server, browser)
        lab.page.set_viewport_size({"width": 1280, "height": 1600})
        lab.open(list(CELLS))
        lab.run_all(timeout=180)
        sheet = compose([photograph(lab, index) for index in range(len(CELLS))])
        lab.close()
    plots.reduced(sheet).save(HERE / "playgrounds.png", optimize=True)
    print(f"figures/playgrounds.png: {sheet.width}×{sheet.height}")


if __name__ == "__main__":
    main()
