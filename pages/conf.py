"""How Sphinx makes the pages. `tools/build_site.py` lays the sources out and says what else there is.

sphinx-book-theme is chosen because it shows all lessons beside every page, is made for notebooks, and builds
on pydata-sphinx-theme, whose accessibility is tested by its makers.
"""

import json
import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
SITE = json.loads((Path(__file__).parent / "site.json").read_text(encoding="utf-8"))

project = SITE["course"]
author = "the bplib contributors"
copyright = "the bplib contributors; text and pictures CC BY 4.0, code BSD-3-Clause"  # noqa: A001  (the name that Sphinx reads)
version = release = version_of("bplib")  # an EPUB must have one
language = SITE["language"]
root_doc = "index"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "course"]
templates_path = ["_templates"]
exclude_patterns = ["README.md", "**.ipynb_checkpoints"]

nb_execution_mode = "off"
# the stored picture of a playground, where the widget itself would need a kernel
nb_mime_priority_overrides = [
    ("html", "image/png", 0),
    ("html", "application/vnd.jupyter.widget-view+json", None),
]
nb_merge_streams = True
nb_render_markdown_format = "myst"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
myst_dmath_double_inline = True
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type", "epub.unknown_project_files"]

autodoc_member_order = "bysource"
autodoc_typehints = "none"
viewcode_line_numbers = False
add_module_names = False
python_use_unqualified_type_names = True

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_baseurl = SITE["address"]
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navbar_persistent": [],
    "use_download_button": False,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "show_navbar_depth": 1,
    "max_navbar_depth": 2,
    "show_toc_level": 2,
    "article_header_end": ["lesson-buttons.html", "article-header-buttons.html"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "footer_content_items": ["wrong.html", "copyright.html"],
}

# in the EPUB, whose readers run no scripts, and where MathJax cannot be had, formulas are TeX
html_math_renderer = "mathjax" if SITE["mathjax"] else "tex"
mathjax_path = "mathjax/tex-chtml.js"
mathjax4_config = {
    "output": {"fontPath": "[mathjax]/font", "displayOverflow": "scroll", "linebreaks": {"inline": False}},
    "options": {"a11y": {"help": True}},
}

epub_show_urls = "no"
epub_basename = "backpropagation"
epub_description = SITE["description"]
epub_exclude_files = ["search.html", "_static/site.js"]
