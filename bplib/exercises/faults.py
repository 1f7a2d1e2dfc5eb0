"""The catalogue of faults: a name, the line it spoils, and what it teaches."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """`line` becomes `spoiled` in the function `where`.

    name     short, in words
    line     a piece of the source that occurs there exactly once
    spoiled  what people write instead
    teaches  a sentence or two that help
    where    "layers.Affine.backward" of bplib; "" in an exercise, whose solution it spoils
    """

    name: str
    line: str
    spoiled: str
    teaches: str
    where: str = ""

    def apply(self, source):
        """`source` with the line spoiled. Raises ValueError when the line is not there exactly once."""
        count = source.count(self.line)
        if count != 1:
            raise ValueError(
                f"fault {self.name!r}: {self.line!r} occurs {count} times, once is needed:\n{source}"
            )
        return source.replace(self.line, self.spoiled)
