"""The EPUB: it is made, and every page of it is XML, which readers of EPUBs insist on."""

import xml.etree.ElementTree as ET
import zipfile

import pytest

import build_site


@pytest.mark.thorough
def test_every_page_of_the_book_is_xml_and_keeps_its_formulas_as_tex(tmp_path):
    build_site.book(tmp_path / "book.epub")
    with zipfile.ZipFile(tmp_path / "book.epub") as book:
        assert book.namelist()[0] == "mimetype"
        pages = {name: ET.fromstring(book.read(name)) for name in book.namelist() if name.endswith(".xhtml")}
    for lesson in build_site.lessons():
        assert f"{lesson.stem}.xhtml" in pages
    formulas = [
        node.text
        for node in pages["01_chain_rule.xhtml"].iter()
        if "math" in (node.get("class") or "").split()
    ]
    assert len(formulas) > 20
    assert any("\\frac" in text for text in formulas)
