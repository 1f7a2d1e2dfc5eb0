"""Networks copied to another dtype and kept in files: npz, the architecture as JSON text, no pickle."""

import copy
import json
import os
import tempfile

import numpy as np

from . import checks, losses
from .layers import Layer


def astype(network, dtype):
    """A copy of the network with its parameters and running statistics in another floating-point type."""
    other = copy.deepcopy(network)
    other.dtype = checks.floating("astype", dtype)
    _cast(other.layers, dtype)
    return other


def _cast(layers, dtype):
    for layer in layers:
        if hasattr(layer, "layers"):  # a layer made of layers shows their arrays as its own
            _cast(layer.layers, dtype)
        else:
            layer.params = {name: p.astype(dtype) for name, p in layer.params.items()}
            layer.state = {name: s.astype(dtype) for name, s in layer.state.items()}


def arrays_of(network):
    """Every array of the network by name: parameters "0.W", running statistics "2.state.mean"."""
    state = {
        f"{i}.state.{name}": s for i, layer in enumerate(network.layers) for name, s in layer.state.items()
    }
    return dict(network.named_params()) | state


def build(name, config):
    """The layer of this class name and settings; a layer made of layers describes them in `layers`."""
    classes, waiting = {}, [Layer]
    while waiting:
        found = waiting.pop()
        classes[found.__name__] = found
        waiting += found.__subclasses__()
    if name not in classes:
        raise ValueError(f"Network.load: no layer {name!r} here: import the module that defines it first")
    inner = (
        {"layers": [build(*description) for description in config["layers"]]} if "layers" in config else {}
    )
    return classes[name](**(config | inner))


def save(network, path):
    """Write layers, parameters and running statistics to the file `path`, as npz: all of it, or nothing."""
    about = {
        "layers": [[type(layer).__name__, layer.config] for layer in network.layers],
        "loss": type(network.loss_function).__name__,
        "dtype": network.dtype.name,
    }
    path = os.fspath(path)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)), suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, about=json.dumps(about), **arrays_of(network))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def load(make, path):
    """The network that `save` wrote to `path`."""
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
    if about["loss"] not in ("SquaredError", "BinaryCrossEntropy", "SoftmaxCrossEntropy"):
        raise ValueError(f"Network.load: no loss {about['loss']!r} in bplib.losses")
    chain = [build(name, config) for name, config in about["layers"]]
    network = astype(make(chain, getattr(losses, about["loss"])()), about["dtype"])
    targets = arrays_of(network)
    if {name: t.shape for name, t in targets.items()} != {name: a.shape for name, a in arrays.items()}:
        raise ValueError(f"Network.load: the arrays in {path} do not fit the layers it names")
    for name, target in targets.items():
        target[...] = arrays[name]
    return network
