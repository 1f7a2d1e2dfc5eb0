"""A learner's way in the browser: write, check, keep, and see the network of one's own learn XOR."""

import pytest

import bplib.exercises as ex
from bplib.exercises import keeping


@pytest.mark.browser
def test_what_is_kept_solves_xor_in_the_playground(lab):
    cells = ["import numpy as np\nimport bplib.exercises as ex"]
    for name in keeping.PIECES:
        cells += [f"{getattr(ex, name).solution()}\nex.{name}.check({name})", "ex.keep()"]
    cells += [
        "mine = ex.mine()\nmine",
        "from bplib.playgrounds.xor import XORPlayground, XORSettings\n"
        "p = XORPlayground(XORSettings(hidden=4), build=mine.mlp)\np",
    ]
    lab.open(cells)
    lab.run_all()
    try:
        text = lab.page.locator(".jp-Notebook").inner_text()
        for name in keeping.PIECES:
            assert f"✔ {name} is kept in mynet.py" in text, name
        assert "bplib stands in" not in text
        kept = (lab.server.root / "mynet.py").read_text(encoding="utf-8")
        assert all(f"def {name}(" in kept for name in keeping.PIECES)
        lab.button("Play").click()
        lab.wait_for(lambda: "test accuracy 100%" in lab.status(), 60, "all four corners to be right")
        assert lab.kernel("type(p.model.network.layers[0]).__name__") == "MyAffine"
        assert lab.alarms() == []
    finally:
        (lab.server.root / "mynet.py").unlink(missing_ok=True)
