"""What the experiments of all playgrounds share: fields that are checked, and a line that can be pasted."""

import math

import numpy as np

from .. import checks


def check_numbers(settings, *, positive=(), at_least=None, below=None, whole=None):
    """Check the number fields of frozen settings and keep them as plain int and float, which a repr can name.

    positive: names of fields that must be finite and above 0; at_least: name → least value; below: name → (0,
    bound), the bound excluded; whole: name → range. Raises ValueError where a value is out of bounds or not
    whole, TypeError where a field that may have decimals holds no number.
    """
    who = type(settings).__name__
    floats = dict.fromkeys(positive, (0, math.inf, True))
    floats |= {name: (least, math.inf, False) for name, least in (at_least or {}).items()}
    floats |= {name: (0, bound, False) for name, bound in (below or {}).items()}
    for name, (low, high, open_low) in floats.items():
        value = checks.number(who, name, getattr(settings, name), low, high, open_low=open_low)
        object.__setattr__(settings, name, value)
    for name, allowed in (whole or {}).items():
        value = getattr(settings, name)
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value not in allowed:
            raise ValueError(
                f"{who}: {name} must be a whole number from {allowed[0]} to {allowed[-1]}, got {value!r}"
            )
        object.__setattr__(settings, name, int(value))


def line(playground, *arguments, also=""):
    """The experiment as one line that runs as it stands in any cell, in any kernel that has the course.

    arguments: what the playground is called with; also: a further import, ending in "; ".
    """
    made, settings = type(playground), type(playground.settings)
    names = ", ".join(sorted({made.__name__, settings.__name__}))
    return f"{also}from {made.__module__} import {names}; {made.__name__}({', '.join(arguments)})"
