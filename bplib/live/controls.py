"""Labelled controls: each has a description, works from the keyboard and shows its value."""

from math import ceil, floor, log10

import ipywidgets
import traitlets

from ..language import said

_WIDE = {"width": "260px", "max_width": "100%"}
_STYLE = {"description_width": "initial"}


class RoundLogSlider(ipywidgets.FloatLogSlider):
    """A FloatLogSlider whose notches are round: where the page says 0.501187…, a power of ten, it is 0.5."""

    @traitlets.validate("value")
    def _validate_value(self, proposal):
        value = super()._validate_value(proposal)
        return float(f"{value:.2g}") if value > 0 and _is_notch(value, self.step) else value

    def _should_send_property(self, key, value):
        # What the page said is not said back rounded: it would arrive while a hand is further on, and set the
        # slider back. (Other pages are told by ipywidgets itself.)
        from_page = key == "value" and key in self._property_lock
        return False if from_page else super()._should_send_property(key, value)


def _is_notch(value, step):
    notch = log10(value) / step
    return abs(notch - round(notch)) < 1e-6


def slider(label, value, low, high, step=None, *, log=False, help=None):
    """A slider from low to high; whole numbers when value, low and high are whole.

    log=True: it slides over powers of ten (low above 0) in steps of that fraction of a power (0.1), and stops
    at round numbers: 1, 1.3, 1.6, 2, 2.5, … 10. A value outside the range widens the range.
    """
    low, high = min(low, value), max(high, value)
    common = {**_named(label, help), "layout": _WIDE, "style": _STYLE}
    if log:
        if low <= 0:
            raise ValueError(f"slider({label!r}, log=True): low must be above 0, got {low}")
        step = step or 0.1
        # Outwards to the next notch; 20 is the notch at 19.95. The page moves a value to the nearest notch:
        # the notches are laid through one that is not round.
        off = log10(value) / step
        off = 0.0 if _is_notch(value, step) or float(f"{value:.2g}") == value else off - floor(off)
        low, high = floor(log10(low) / step - off + 0.02) + off, ceil(log10(high) / step - off - 0.02) + off
        return RoundLogSlider(
            value=value, min=low * step, max=high * step, step=step,
            # "r" writes 100, where the other, which leaves out zeros at the end, writes 1e+2
            readout_format=(".3" if off else ".2") + ("r" if high * step >= 2 else ""), **common,
        )  # fmt: skip
    if all(isinstance(number, int) for number in (value, low, high)) and isinstance(step or 1, int):
        return ipywidgets.IntSlider(value=value, min=low, max=high, step=step or 1, **common)
    step = step or (high - low) / 100
    return ipywidgets.FloatSlider(value=value, min=low, max=high, step=step, readout_format=".4", **common)


def choice(label, options, value=None, *, help=None):
    """A drop-down list; options are strings, or pairs (what is shown, what it means)."""
    if value is None:
        value = options[0][1] if isinstance(options[0], tuple) else options[0]
    return ipywidgets.Dropdown(
        options=offered(options),
        value=value,
        **_named(label, help),
        layout={"width": "auto", "max_width": "100%"},
        style=_STYLE,
    )


def offered(options):
    """Options of a list as they are shown: in another language than English as pairs (shown, meant)."""
    pairs = [option if isinstance(option, tuple) else (option, option) for option in options]
    shown = [(said(text), meant) for text, meant in pairs]
    return list(options) if shown == pairs else shown


def toggle(label, value=False, *, help=None):
    """A box to tick."""
    return ipywidgets.Checkbox(
        value=value,
        **_named(label, help),
        indent=False,
        layout={"width": "auto"},
        style=_STYLE,
    )


def push_button(label, *, help=None):
    """A button; `Panel.connect` gives it its action. No icon: a screen reader would read its glyph."""
    return ipywidgets.Button(**_named(label, help), layout={"width": "auto"})


def _named(label, help):
    return {"description": said(label), "tooltip": said(help or label)}
