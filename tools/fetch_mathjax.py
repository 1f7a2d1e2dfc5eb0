"""MathJax for the pages: `python tools/fetch_mathjax.py FOLDER` writes what a browser needs of it.

It comes from npm (see `npm`): the component for TeX with its fonts, its menu and its speech, some 9 MB on the
server. A page loads about 1 MB of it, and rarer letters when they occur.
"""

import argparse
import shutil
from pathlib import Path

import npm

MATHJAX = npm.Package(
    "mathjax",
    "4.1.3",
    "BN/8Pkgn7G1pIDYJqd9md+JHsE/jydSYbyOZnSdSA0WziuVO8mRxdYiWFumkVVly/8U+hm9DpIIoWuvySverzw==",
)
FONT = npm.Package(
    "@mathjax/mathjax-newcm-font",
    "4.1.3",
    "gzAB3dFHilHX1l5x2xUqRL+1jDQt3Fyza1DkEMVXWC4E8SvsGdlgEza47HYi2WhVcgfkvf4zgUGzuhbq3Pjlew==",
)
NEEDED = ("tex-chtml.js", "a11y", "sre", "ui", "input/tex", "LICENSE")


def write(folder, *, only_kept=False):
    """Write MathJax into the folder, which is made; RuntimeError says why it cannot be had."""
    source, font = (npm.unpacked(package, only_kept=only_kept) for package in (MATHJAX, FONT))
    for name in NEEDED:
        if (source / name).is_dir():
            shutil.copytree(source / name, folder / name, dirs_exist_ok=True)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / name, folder / name)
    shutil.copytree(font / "chtml", folder / "font" / "chtml", dirs_exist_ok=True)
    shutil.copy(font / "chtml.js", folder / "font" / "chtml.js")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], allow_abbrev=False)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    write(folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"MathJax {MATHJAX.version} in {folder}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
