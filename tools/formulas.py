"""LaTeX formulas as MathML, which browsers draw without a script.

latex2mathml does the work. It passes over what it does not know; here that is an error, so that no page shows
half a formula. Where it differs from TeX (alphabets, spaces, limits), its result is put right.
"""

import html
import re
import string
from xml.etree import ElementTree

from latex2mathml import commands
from latex2mathml.converter import convert_to_element

TIGHT = ("|", "‖", "/", "′", "″")
# browsers know no mathvariant: letters and digits of the alphabet itself
PLAIN = string.ascii_uppercase + string.ascii_lowercase + string.digits
ALPHABETS = {
    variant: str.maketrans(
        PLAIN, "".join(chr(start + i) for start, n in ((letters, 52), (digits, 10)) for i in range(n))
    )
    for variant, letters, digits in (("bold", 0x1D400, 0x1D7CE), ("sans-serif", 0x1D5A0, 0x1D7E2))
}


def mathml(tex, display="inline"):
    """LaTeX as MathML; ValueError where latex2mathml leaves a command or a separator as it stands."""
    known = re.sub(r"(\\(?:begin|end)){aligned}", r"\1{align*}", tex.strip().removeprefix(r"\displaystyle"))
    unknown = {f"\\{name}" for name in re.findall(r"\\begin{(.+?)}", known)} - set(commands.MATRICES)
    if unknown:
        raise ValueError(f"this formula cannot be converted, {', '.join(unknown)} is not known: {tex}")
    math = convert_to_element(re.sub(r"\\\\\[\w+\]", r"\\\\", known), display=display)
    for node in math.iter():
        node.text = html.unescape(node.text or "")
        if "\\" in node.text or (node.tag != "mtext" and re.search("[&$#]", node.text)):
            raise ValueError(f"this formula cannot be converted, {node.text!r} is left over: {tex}")
        if node.get("mathvariant") in ALPHABETS:
            node.text = node.text.translate(ALPHABETS[node.attrib.pop("mathvariant")])
        if display == "block" and node.tag == "msub" and node[0].text in ("lim", "max", "min"):
            node.tag = "munder"
    for row in math.iter():
        _space(row)
    return ElementTree.tostring(math, encoding="unicode")


def _space(row):
    """Spaces as TeX sets them: thin ones around a named function, none around bars, strokes and primes."""
    for i, node in enumerate(row):
        name = node.text or ""
        if node.tag in ("mi", "mo") and len(name) > 1 and name.isalpha():
            before, after = row[i - 1] if i else None, row[i + 1] if i + 1 < len(row) else None
            opens = after is not None and next(after.iter("mo"), after).text == "("
            last = after is None or opens or row.tag.startswith(("msu", "mu"))
            node.tag = "mo"
            node.set("lspace", "0" if before is None or before.tag == "mo" else "0.17em")
            node.set("rspace", "0" if last else "0.17em")
        elif "fence" in node.attrib or "minsize" in node.attrib:  # from \left, \big
            continue
        elif name in TIGHT or (node.tag == "mo" and not name):
            node.tag = "mo"
            node.attrib |= {"lspace": "0", "rspace": "0", "stretchy": "false"}
