"""What the pages have beyond Sphinx: the symbols, docstrings as text, links to the glossary, metadata."""

import html
import json
import re
from datetime import date
from urllib.parse import quote_plus

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes
from sphinx.search.zh import SearchChinese
from sphinx.transforms import SphinxTransform

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
COLUMNS = re.compile(r"\S {2,}\S")


class Symbols(Directive):
    """The table of symbols, from `bplib.notation`."""

    def run(self):
        from bplib import notation

        lessons = {lesson["number"]: lesson["stem"] for lesson in self.config["lessons"]}
        words = self.config["words"]
        headings = [words[name] for name in ("Symbol", "In code", "Shape", "What it is", "Lesson")]
        group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in headings), cols=len(headings))
        table = nodes.table("", group, classes=["symbols"])
        group += nodes.thead("", _row(*(nodes.Text(heading) for heading in headings)))
        group += (body := nodes.tbody())
        for s in notation.SYMBOLS:
            number = f"{s.lesson:02d}"
            link = addnodes.pending_xref(
                "", nodes.inline("", number), refdomain="std", reftype="doc", reftarget=f"/{lessons[number]}",
                refexplicit=True, refwarn=True, refdoc=self.env.docname,
            )  # fmt: skip
            body += _row(
                nodes.math(s.tex, s.tex),
                nodes.literal(s.code, s.code) if s.code else nodes.Text(""),
                nodes.Text(s.shape),
                nodes.Text(s.meaning),
                link,
            )
        return [table]

    @property
    def env(self):
        return self.state.document.settings.env

    @property
    def config(self):
        return self.env.config.SITE


def _row(*contents):
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", content)) for content in contents))


class LinkTerms(SphinxTransform):
    """A term that a lesson sets in bold where it introduces it leads to the glossary."""

    default_priority = 210

    def apply(self, **_):
        if self.env.docname not in {lesson["stem"] for lesson in self.config.SITE["lessons"]}:
            return
        terms = self.config.SITE["terms"]
        for strong in list(self.document.findall(nodes.strong)):
            term = terms.get(strong.astext().lower())
            if term and not isinstance(strong.parent, nodes.reference | addnodes.pending_xref):
                link = addnodes.pending_xref(
                    "", strong.deepcopy(), refdomain="std", reftype="term", reftarget=term,
                    refexplicit=True, refwarn=True, refdoc=self.env.docname,
                )  # fmt: skip
                strong.replace_self(link)


def plain_docstring(app, what, name, obj, options, lines):
    """Docstrings are plain text here; what is set in columns or indented is shown as it stands."""
    shown, literal = [], False
    for block in re.split(r"\n(?:[ \t]*\n)+", "\n".join(lines).strip("\n")):
        rows = block.splitlines()
        is_literal = COLUMNS.search(block) or all(row.startswith("    ") for row in rows)
        if not block.strip():
            continue
        if is_literal:
            shown += [*([] if literal else ["::", ""]), *(f"    {row}" for row in rows), ""]
        elif len(rows) > 1 and set(rows[1].strip()) <= set("-="):  # a heading with its line below
            shown += [f"**{_escaped(rows[0].strip())}**", ""]
        elif re.match(r"- |\d+\. ", rows[0]):
            shown += [*(_escaped(row) for row in rows), ""]
        else:
            shown += [*(_escaped(row.strip()) for row in rows), ""]
        literal = is_literal
    lines[:] = shown


def _escaped(row):
    """A line of text in which only `code` and *emphasis* are markup."""
    parts = re.split(r"(`[^`]+`|\*\w[\w -]*\*)", row)
    return "".join(
        f"`{part}`" if i % 2 and part[0] == "`" else part if i % 2 else re.sub(r"([*|_`\\])", r"\\\1", part)
        for i, part in enumerate(parts)
    )


def add_metadata(app, pagename, templatename, context, doctree):
    """What others show of a page: Open Graph, and for a lesson schema.org's LearningResource."""
    site = app.config.SITE
    lesson = next((x for x in site["lessons"] if x["stem"] == pagename), None)
    description = lesson["description"] if lesson else site["description"]
    title = lesson["title"] if lesson else site["course"]
    tags = {"og:type": "article" if lesson else "website", "og:title": title, "og:site_name": site["course"],
            "og:description": description}  # fmt: skip
    if address := site["address"]:
        tags |= {
            "og:url": f"{address}{pagename}.html",
            "og:image": f"{address}_static/picture.png",
            "og:image:alt": site["picture"],
        }
    lines = [f'<meta property="{name}" content="{html.escape(text)}">' for name, text in tags.items()]
    lines.append(f'<meta name="description" content="{html.escape(description)}">')
    elsewhere = {}
    for code, other in site["languages"].items():
        # the reference is there in English alone
        page = pagename if code == "en" or not ("/" in pagename or pagename == "py-modindex") else "index"
        other = other if "://" in other else "../" * pagename.count("/") + other
        if code != site["code"]:
            elsewhere[code] = (site["names"][code], f"{other}{page}.html")
        lines.append(f'<link rel="alternate" hreflang="{code}" href="{other}{page}.html">')
    if lesson:
        data = {
            "@context": "https://schema.org",
            "@type": "LearningResource",
            "name": lesson["title"],
            "description": lesson["description"],
            "inLanguage": site["code"],
            "learningResourceType": "interactive lesson",
            "educationalLevel": "undergraduate",
            "teaches": lesson["objectives"],
            "competencyRequired": lesson["prerequisites"],
            "timeRequired": lesson["time"],
            "license": LICENCE,
            "isAccessibleForFree": True,
            "isPartOf": {"@type": "Course", "name": site["course"], "description": site["description"]},
        }
        if address:
            data |= {"url": tags["og:url"], "image": tags["og:image"]}
        text = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
        lines.append(f'<script type="application/ld+json">{text}</script>')
    if app.builder.name != "epub":  # whose pages are XML, and are not linked to
        context["metatags"] = context.get("metatags", "") + "\n".join(lines)
    context["lesson"] = lesson
    context["elsewhere"] = elsewhere
    # what Sphinx makes by itself (indexes, listings of code) has no mistakes of ours
    where = f"{_title(context)} ({site['folder']}/{pagename})"
    context["form"] = site["form"].replace("WHERE", quote_plus(where)) if doctree is not None else ""
    context["form_words"] = site["words"]["Something is wrong here"]
    context["run_address"] = site["run"].get(pagename, "")


class PairsOfCharacters(SearchChinese):
    """Search in Chinese without a dictionary, by pairs of characters that stand side by side."""

    lang = "zh"
    language_name = "English"  # whose stemmer the script takes for words in Latin letters, by this name
    js_splitter_code = """
var splitQuery = (query) => query.split(/[^\\p{Letter}\\p{Number}_]+/u).flatMap((word) =>
  word.split(/(\\p{Script=Han}+)/u).flatMap((part) => !/\\p{Script=Han}/u.test(part) ? [part]
    : part.length < 2 ? [part] : Array.from({ length: part.length - 1 }, (_, i) => part.slice(i, i + 2)))
).filter((term) => term);
"""

    def split(self, input):
        runs = re.findall(r"[\u3400-\u9fff]+", input)
        return [run[i : i + 2] for run in runs for i in range(len(run) - 1)] + super().split(input)


def _title(context):
    """The title of a page as plain text."""
    return html.unescape(re.sub(r"<[^>]+>", "", context.get("title", ""))).strip()


def _formula(self, node):
    """A formula as its TeX, where MathJax could not be had."""
    self.body.append(self.starttag(node, "code", "", CLASS="math notranslate"))
    self.body.append(f"{html.escape(node.astext())}</code>")
    raise nodes.SkipNode


def write_sitemap(app, error):
    """Write sitemap.xml beside the pages, once the course has an address."""
    site = app.config.SITE
    if error or app.builder.format != "html" or app.builder.name == "epub" or not site["address"]:
        return
    today = date.today().isoformat()
    rows = (
        f"<url><loc>{site['address']}{name}.html</loc><lastmod>{today}</lastmod></url>"
        for name in sorted(app.env.found_docs)
    )
    (app.outdir / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{"".join(rows)}</urlset>\n',
        encoding="utf-8",
    )


def setup(app):
    """What Sphinx calls for an extension."""
    app.add_config_value("SITE", {}, "env")
    app.add_html_math_renderer("tex", (_formula, None), (_formula, None))
    app.add_directive("symbols", Symbols)
    app.add_transform(LinkTerms)
    app.add_search_language(PairsOfCharacters)
    app.connect("autodoc-process-docstring", plain_docstring)
    app.connect("html-page-context", add_metadata)
    app.connect("build-finished", write_sitemap)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
