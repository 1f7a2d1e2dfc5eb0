"""Optimizers: how gradients become a step. Training writes parameters here and nowhere else."""

import numpy as np

from . import checks


class Optimizer:
    """η is `learning_rate`, which may change between steps; λ is `weight_decay`; t is `steps`."""

    def __init__(self, learning_rate, weight_decay):
        self.learning_rate, self.steps, self.memory = learning_rate, 0, {}
        self.weight_decay = checks.number(type(self).__name__, "weight_decay", weight_decay, 0)

    @property
    def learning_rate(self):
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        self._learning_rate = checks.number(type(self).__name__, "learning_rate", value, 0, open_low=True)

    def step(self, network, grads):
        """Change every parameter of `network` in place; `grads`, as `Network.backward` gives it, stays."""
        checks.gradients(type(self).__name__, network, grads, self.memory)
        self.steps += 1
        for i, layer in enumerate(network.layers):
            for name, p in layer.params.items():
                if (i, name) not in self.memory:
                    self.memory[i, name] = [np.zeros_like(p) for _ in range(self.n_memory)]
                # λ acts on matrices alone: never on biases, nor on the γ and β of a normalisation.
                decay = self.weight_decay if p.ndim > 1 else 0.0
                self.update(p, grads[i][name], decay, *self.memory[i, name])


class SGD(Optimizer):
    """w ← w − η v, where v = g + λw, or with momentum μ: v ← μ v + g + λw."""

    def __init__(self, learning_rate, momentum=0.0, weight_decay=0.0):
        super().__init__(learning_rate, weight_decay)
        self.momentum = checks.number("SGD", "momentum", momentum, 0, 1)
        self.n_memory = 2 if momentum else 1

    def update(self, p, g, decay, step, v=None):
        if decay:
            g = g + decay * p
        if v is not None:
            v *= self.momentum
            v += g
            g = v
        p -= np.multiply(self.learning_rate, g, out=step)


class Adam(Optimizer):
    """w ← w − η (m̂/(√v̂ + ε) + λw), with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ): the decay is decoupled.

    m ← β₁m + (1 − β₁)g and v ← β₂v + (1 − β₂)g². Kingma & Ba 2015; Loshchilov & Hutter 2019 for λ.
    """

    n_memory = 3

    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0):
        super().__init__(learning_rate, weight_decay)
        self.beta1 = checks.number("Adam", "beta1", beta1, 0, 1)
        self.beta2 = checks.number("Adam", "beta2", beta2, 0, 1)
        self.eps = checks.number("Adam", "eps", eps, 0, open_low=True)

    def update(self, p, g, decay, step, m, v):
        m *= self.beta1
        m += np.multiply(1 - self.beta1, g, out=step)
        v *= self.beta2
        v += np.multiply(1 - self.beta2, np.square(g, out=step), out=step)
        np.sqrt(np.divide(v, 1 - self.beta2**self.steps, out=step), out=step)
        step += self.eps
        np.divide(m, step, out=step)
        if decay:
            p *= 1 - self.learning_rate * decay
        p -= np.multiply(self.learning_rate / (1 - self.beta1**self.steps), step, out=step)
