"""Networks copied to another dtype and kept in files: npz, the architecture as JSON text, no pickle."""

import copy
import inspect
import json
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from . import checks, files
from .contracts import Part


def state_of(layer: Any) -> dict[str, np.ndarray]:
    """The running statistics of a layer; one with forward, backward and params alone has none."""
    return getattr(layer, "state", {})


def astype(network: Any, dtype: DTypeLike) -> Any:
    """A copy of the network with its parameters and running statistics in another floating-point type."""
    other = copy.deepcopy(network)
    other.dtype = checks.floating("astype", dtype)
    _cast(other.layers, other.dtype)
    return other


def _cast(layers, dtype):
    for layer in layers:
        if hasattr(layer, "layers"):  # a layer made of layers shows their arrays as its own
            _cast(layer.layers, dtype)
            continue
        cast = {id(a): a.astype(dtype) for a in _own(layer).values() if a.dtype != dtype}
        for arrays in (
            layer.params,
            state_of(layer),
            vars(layer),
        ):  # `self.W = self.params["W"]` stays one array
            arrays.update({name: cast[id(a)] for name, a in arrays.items() if id(a) in cast})


def _own(part):
    """Parameters and running statistics by name; a loss has neither."""
    return getattr(part, "params", {}) | state_of(part)


def arrays_of(network: Any) -> dict[str, np.ndarray]:
    """Every array of the network by name: parameters "0.W", running statistics "2.state.mean"."""
    state = {
        f"{i}.state.{name}": s
        for i, layer in enumerate(network.layers)
        for name, s in state_of(layer).items()
    }
    return dict(network.named_params()) | state


def describe(part: Any) -> list:
    """[class name, settings, module] of a layer or a loss, for `build`."""
    return [type(part).__qualname__, getattr(part, "config", {}), type(part).__module__]


def build(name: str, config: dict, module: str | None = None, *, kind: str = "layer") -> Any:
    """The part that `describe` described; a layer made of layers describes them in `layers`.

    Its class is the one that its module knows by this name now, so that a cell run again counts; failing
    that, the one of this name that was defined last. Nothing is imported.
    """
    for place in (
        [module] if module else ["bplib.layers", "bplib.losses", "bplib.deep_layers"]
    ):  # as older files say
        made: Any = sys.modules.get(place)
        for step in name.split("."):
            made = vars(made).get(step) if hasattr(made, "__dict__") else None
        if isinstance(made, type) and hasattr(made, "forward") and hasattr(made, "backward"):
            break
    else:
        name = name.rpartition(".")[2]
        made = Part.classes.get(name)
    if made is None:
        raise ValueError(f"Network.load: no {kind} {name!r} here: import the module that defines it first")
    if "layers" in config:
        config = config | {"layers": [build(*description) for description in config["layers"]]}
    try:
        return made(**config)
    except TypeError as error:
        raise ValueError(
            f"Network.load: {name} cannot be made from its config, {config} ({error})"
        ) from error


def save(network: Any, path: str | os.PathLike) -> None:
    """Write layers, parameters and running statistics to the file `path`, as npz: all of it, or nothing.

    A layer or a loss of your own is made again from its `config`, a dict of what its constructor takes ({}
    where there is none). ValueError where that would not give the same back.
    """
    about = {
        "layers": [describe(layer) for layer in network.layers],
        "loss": describe(network.loss_function),
        "dtype": network.dtype.name,
    }
    try:
        text = json.dumps(about, default=lambda number: number.item())
        again = _parts(json.loads(text))
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"Network.save: what is written could not be loaded again: {error}") from error
    for part, copied in zip([*network.layers, network.loss_function], again, strict=True):
        _compare(part, copied)
    arrays: dict[str, Any] = arrays_of(network)
    with files.replacing(path) as file:
        np.savez(file, about=text, **arrays)


def _compare(part, again):
    """ValueError where `again`, made from the config of `part`, has other arrays or other settings."""
    shapes, other = ({name: a.shape for name, a in _own(p).items()} for p in (part, again))
    own = {id(a) for a in _own(part).values()}
    settings = [
        name for name in inspect.signature(type(part)).parameters if id(getattr(part, name, None)) not in own
    ]
    lost = [name for name in settings if _text(part, name) != _text(again, name)]
    if lost or shapes != other:
        what = f"with another {' and another '.join(lost)}" if lost else f"with arrays {other}, not {shapes}"
        raise ValueError(
            f"Network.save: {part!r} made from its config, {getattr(part, 'config', {})}, would come back "
            f"{what}: config must hold every argument of the constructor"
        )


def _text(part, name):
    """The attribute as text, where it is a plain value; else nothing, for there is nothing to compare."""
    try:
        return json.dumps(getattr(part, name), default=lambda array: array.tolist())
    except (TypeError, AttributeError):
        return None


def _parts(about):
    """The layers, and after them the loss."""
    loss = about["loss"] if isinstance(about["loss"], list) else [about["loss"], {}]
    return [*(build(*layer) for layer in about["layers"]), build(*loss, kind="loss")]


def load(make: Callable[[list, Any], Any], path: str | os.PathLike) -> Any:
    """The network that `save` wrote to `path`. Classes of your own must be defined, or imported, before."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(str(arrays.pop("about")))
        about["layers"], about["loss"], about["dtype"]
    except OSError:
        raise
    except Exception as error:  # np.load has no one exception for "this is something else"
        raise ValueError(
            f"Network.load: {path} does not hold a network saved by Network.save ({error})"
        ) from error
    *layers, loss = _parts(about)
    network = astype(make(layers, loss), about["dtype"])
    targets = arrays_of(network)
    if {name: t.shape for name, t in targets.items()} != {name: a.shape for name, a in arrays.items()}:
        raise ValueError(f"Network.load: the arrays in {path} do not fit the layers it names")
    for name, target in targets.items():
        target[...] = arrays[name]
    return network
