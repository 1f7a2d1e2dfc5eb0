"""Labelled controls: each has a description, works from the keyboard and shows its value."""

from math import ceil, log10

import anywidget
import ipywidgets
import traitlets

_WIDE = {"width": "260px", "max_width": "100%"}
_STYLE = {"description_width": "initial"}


def slider(label, value, low, high, step=None, *, log=False, help=None):
    """A slider from low to high; whole numbers when value, low and high are whole.

    log=True: it slides over powers of ten (low above 0), step is then a fraction of a power. A value outside
    the range widens the range.
    """
    low, high = min(low, value), max(high, value)
    common = {"description": label, "tooltip": help or label, "layout": _WIDE, "style": _STYLE}
    if log:
        if low <= 0:
            raise ValueError(f"slider({label!r}, log=True): low must be above 0, got {low}")
        # The page puts the value on the grid of steps, so the grid is laid through the value.
        step, exponent = step or 0.05, log10(value)
        low = exponent - step * ceil((exponent - log10(low)) / step - 1e-9)
        high = exponent + step * ceil((log10(high) - exponent) / step - 1e-9)
        return ipywidgets.FloatLogSlider(
            value=value, min=low, max=high, step=step, readout_format=".3g", **common
        )
    if all(isinstance(number, int) for number in (value, low, high)) and isinstance(step or 1, int):
        return ipywidgets.IntSlider(value=value, min=low, max=high, step=step or 1, **common)
    step = step or (high - low) / 100
    return ipywidgets.FloatSlider(value=value, min=low, max=high, step=step, readout_format=".4g", **common)


def choice(label, options, value=None, *, help=None):
    """A drop-down list; options are strings, or pairs (what is shown, what it means)."""
    if value is None:
        value = options[0][1] if isinstance(options[0], tuple) else options[0]
    return ipywidgets.Dropdown(
        options=options,
        value=value,
        description=label,
        tooltip=help or label,
        layout={"width": "auto", "max_width": "100%"},
        style=_STYLE,
    )


def toggle(label, value=False, *, help=None):
    """A box to tick."""
    return ipywidgets.Checkbox(
        value=value,
        description=label,
        tooltip=help or label,
        indent=False,
        layout={"width": "auto"},
        style=_STYLE,
    )


def push_button(label, *, help=None):
    """A button; `Panel.connect` gives it its action. No icon: a screen reader would read its glyph."""
    return ipywidgets.Button(description=label, tooltip=help or label, layout={"width": "auto"})


class Names(anywidget.AnyWidget):
    """Invisible: gives a panel's sliders the names, and its pictures the text, that a screen reader says.

    ipywidgets draws a slider's label beside it without tying the two, and its Image takes no text.
    """

    _esm = """
    function render({ model, el }) {
      el.style.display = "none";
      const name = () => {
        const panel = el.closest(".bp-panel");
        if (!panel) return;
        for (const slider of panel.querySelectorAll(".widget-slider")) {
          const label = slider.querySelector(".widget-label")?.textContent;
          for (const part of slider.querySelectorAll(".noUi-handle, .widget-readout"))
            if (label && !part.ariaLabel) part.ariaLabel = label;
        }
        for (const image of panel.querySelectorAll("img.bp-figure")) image.alt = model.get("alt");
      };
      const observer = new MutationObserver(name);
      const start = () => {
        const panel = el.closest(".bp-panel");
        if (panel) { observer.observe(panel, { childList: true, subtree: true }); name(); }
        else if (tries++ < 50) setTimeout(start, 100);
      };
      let tries = 0;
      start();
      return () => observer.disconnect();
    }
    export default { render };
    """
    alt = traitlets.Unicode().tag(sync=True)
