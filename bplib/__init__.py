"""The helper package of the course: what the lessons derive, in a few lines of NumPy each.

`import bplib` brings the core (layers, losses, network, optimizers, training, gradient check) and loads NumPy
alone. `bplib.datasets`, `bplib.derive`, `bplib.plots`, `bplib.playgrounds` and `bplib.exercises` bring the
libraries they need when they are imported.
"""

import sys as _sys

from . import language as _language
from .gradcheck import check_gradients
from .layers import Affine, ReLU, Sigmoid, Tanh
from .losses import BinaryCrossEntropy, SoftmaxCrossEntropy, SquaredError
from .network import Network, mlp
from .optimizers import SGD, Adam
from .training import accuracy, fit, train

__all__ = [
    "SGD", "Adam", "Affine", "BinaryCrossEntropy", "Network", "ReLU", "Sigmoid", "SoftmaxCrossEntropy",
    "SquaredError", "Tanh", "accuracy", "check_gradients", "fit", "mlp", "train",
]  # fmt: skip

if "IPython" in _sys.modules:  # a notebook in another language than English
    _language.begin(_sys.modules["IPython"].get_ipython())
