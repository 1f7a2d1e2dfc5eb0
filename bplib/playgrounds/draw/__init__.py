"""Draw a digit: a pad whose drawing a trained network reads."""

from .draw import DrawDigit

__all__ = ["DrawDigit"]
