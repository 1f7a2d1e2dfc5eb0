"""Network: layers one after another, then a loss. Forward from left to right, backward from right to left."""

from itertools import pairwise

import numpy as np

from . import checks, layers, losses


class Network:
    """Z = f_m(… f₂(f₁(X))), L = loss(Z, Y), for `layers` f₁ … f_m and a `loss_function`.

    X is cast once, to the dtype of the parameters. Gradients come as a list of dicts: `grads[i][name]` is
    ∂L/∂p for p = `layers[i].params[name]`.
    """

    def __init__(self, layers, loss_function):
        self.layers, self.loss_function = list(layers), loss_function
        self.dtype = checks.chain(self.layers, loss_function)

    def __repr__(self):
        return f"Network({self.layers}, {self.loss_function})"

    def cast(self, X):
        """X as an array of the network's dtype; no copy where it is one already."""
        return checks.real("Network", "X", X).astype(self.dtype, copy=False)

    def forward(self, X, *, training=False, rng=None):
        """Return (Z, caches): the outputs (N, k), and what each layer must remember for backward."""
        Y, caches = self.cast(X), []
        for layer in self.layers:
            Y, cache = layer.forward(Y, training=training, rng=rng)
            caches.append(cache)
        return Y, caches

    def backward(self, dZ, caches, *, input_gradient=True):
        """Return (dX, grads) from dZ = ∂L/∂Z: the chain rule, from the last layer to the first."""
        dY, grads = dZ, []
        for i, layer, cache in zip(
            range(len(self.layers))[::-1], self.layers[::-1], caches[::-1], strict=True
        ):
            dY, layer_grads = layer.backward(dY, cache, input_gradient=input_gradient or i > 0)
            grads.append(layer_grads)
        return dY, grads[::-1]

    def gradients(self, X, Y, *, training=False, rng=None):
        """Return (L, grads); the gradient by X, which no step needs, is not computed."""
        Z, caches = self.forward(X, training=training, rng=rng)
        L, cache = self.loss_function.forward(Z, Y)
        return L, self.backward(self.loss_function.backward(cache), caches, input_gradient=False)[1]

    def predict(self, X):
        """The loss's `predict` of the outputs: probabilities for a cross-entropy, Z for squared error."""
        return self.loss_function.predict(self.forward(checks.finite("Network", "X", self.cast(X)))[0])

    def loss(self, X, Y):
        """L over all rows of X, as a float."""
        Z, _ = self.forward(checks.finite("Network", "X", self.cast(X)))
        return self.loss_function.forward(Z, checks.finite("Network", "Y", checks.real("Network", "Y", Y)))[0]

    def named_params(self):
        """Yield ("0.W", array), ("0.b", array), … in order: the arrays themselves, not copies."""
        for i, layer in enumerate(self.layers):
            for name, p in layer.params.items():
                yield f"{i}.{name}", p

    def save(self, path):
        """Write layers, parameters and running statistics to the file `path`, as npz without pickle."""
        from . import storage

        storage.save(self, path)

    @classmethod
    def load(cls, path):
        """The network that `save` wrote to `path`."""
        from . import storage

        return storage.load(cls, path)


ACTIVATIONS = {"sigmoid": layers.Sigmoid, "tanh": layers.Tanh, "relu": layers.ReLU}
LOSSES = {
    "squared_error": losses.SquaredError,
    "binary_cross_entropy": losses.BinaryCrossEntropy,
    "softmax_cross_entropy": losses.SoftmaxCrossEntropy,
}


def mlp(sizes, *, activation="sigmoid", output="identity", loss="squared_error", bias=True, init="auto",
        scale=None, dtype=np.float64, rng=None):  # fmt: skip
    """A multilayer perceptron of widths `sizes`: Affine layers with an activation after each but the last.

    init="auto" is He before ReLU and Xavier otherwise; see `Affine` for the others. output="sigmoid" ends in
    one more sigmoid, for squared error only: the cross-entropies take logits and bring their own.
    """
    if len(sizes) < 2:
        raise ValueError(f"mlp: sizes must name at least the inputs and the outputs, got {sizes!r}")
    hidden = checks.choice("mlp", "activation", activation, ACTIVATIONS)
    final = checks.choice("mlp", "output", output, {"identity": [], "sigmoid": [layers.Sigmoid]})
    loss_function = checks.choice("mlp", "loss", loss, LOSSES)()
    if final and loss != "squared_error":
        raise ValueError(f"mlp: {loss} takes logits, so output must be 'identity', got {output!r}: it would be "
                         "applied twice")  # fmt: skip
    inits = ["he" if init == "auto" and activation == "relu" else init] * (len(sizes) - 2) + [init]
    chain = []
    for (n_in, n_out), layer_init in zip(pairwise(sizes), inits, strict=True):
        settings = dict(bias=bias, init=layer_init, scale=scale, dtype=dtype, rng=rng)
        chain += [layers.Affine(n_in, n_out, **settings), hidden()]
    return Network(chain[:-1] + [layer() for layer in final], loss_function)
