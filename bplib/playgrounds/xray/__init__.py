"""The X-ray: every number of a small network, with the formula it came from."""

from .xray import XRay

__all__ = ["XRay"]
