"""Paths through a network: what the chain rule would cost if every path were followed by itself.

A path leads from an input, through one unit of every layer, to an output, and so to the loss. ∂L/∂w of a
first-layer weight is a sum over all paths that begin with that weight. Backpropagation never lists them:
δ of a unit is the sum over all paths from that unit to the loss, computed once and used by all that arrive.
"""

from itertools import pairwise, product
from math import prod

from ... import checks


def count_paths(sizes) -> int:
    """How many paths lead from the inputs to the loss: one unit in each layer, n₀ · n₁ · … · n_L.

    It is also the number of products in all ∂L/∂w of the first layer together, were each written out as a
    sum over its paths: there are n₀ n₁ such weights, and n₂ · … · n_L paths begin with each.
    count_paths((784, 64, 32, 10)) is 16 056 320.
    """
    return prod(checks.widths("count_paths", sizes))


def count_multiplications(sizes) -> int:
    """How many products w · δ give every hidden δ, for one example: n₁ n₂ + n₂ n₃ + … + n_(L−1) n_L.

    Each weight after the first layer is used once, in δ^l = f′(z^l) ⊙ (W^(l+1))ᵀ δ^(l+1). Not counted: one
    product with f′ for each hidden unit. count_multiplications((784, 64, 32, 10)) is 2 368.
    """
    sizes = checks.widths("count_multiplications", sizes)
    return sum(n * m for n, m in pairwise(sizes[1:]))


def routes(sizes, layer, unit):
    """All paths from a unit (both counted from 0) to the outputs: tuples of unit numbers, its own first."""
    sizes = checks.widths("routes", sizes)
    return [(unit, *rest) for rest in product(*(range(n) for n in sizes[layer + 1 :]))]


def paths_through(sizes, layer, at):
    """How many of one unit's paths to the loss use one given weight that leads into layer `at` > `layer`.

    For at = layer + 1 that weight has to leave from the unit itself; later weights can all be reached.
    """
    sizes = checks.widths("paths_through", sizes)
    return prod(sizes[layer + 1 : at - 1]) * prod(sizes[at + 1 :])
