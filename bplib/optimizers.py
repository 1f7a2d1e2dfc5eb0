"""Optimizers: how gradients become a step. Training writes parameters here and nowhere else."""

import numpy as np

from . import checks
from .contracts import Array, Grads, Trained


class Optimizer(checks.Owned):
    """η is `learning_rate`, λ `weight_decay`, t `steps`; settings may change between steps. `memory`, with
    `n_memory` arrays for a parameter, is of one network: another one, even of its shapes, needs a new one."""

    learning_rate, weight_decay = checks.Setting(0, open_low=True), checks.Setting(0)
    n_memory = 0

    def __init__(self, learning_rate: float, weight_decay: float) -> None:
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.steps, self.memory = 0, {}

    def step(self, network: Trained, grads: list[Grads]) -> None:
        """Change every parameter of `network` in place; `grads`, as `Network.backward` gives it, stays."""
        checks.gradients(type(self).__name__, network, grads)
        self.move(network, grads)

    def move(self, network: Trained, grads: list[Grads]) -> None:
        """The formula of `step`: each gradient is there, in the shape of its parameter."""
        if n := self.n_memory:
            self.belong_to(network)
        self.steps += 1
        for i, layer in enumerate(network.layers):
            for name, p in layer.params.items():
                # λ acts on matrices alone: never on biases, nor on the γ and β of a normalisation.
                decay = self.weight_decay if p.ndim > 1 else 0.0
                if n and (i, name) not in self.memory:
                    self.memory[i, name] = [np.zeros_like(p) for _ in range(n)]
                self.update(p, grads[i][name], decay, *self.memory.get((i, name), ()))

    def update(self, p: Array, g: Array, decay: float, *memory: Array) -> None:
        """Change the parameter p in place, given its gradient g, which stays, and λ (0 for a bias)."""
        raise NotImplementedError(f"{type(self).__name__}: an optimizer must define update")


class SGD(Optimizer):
    """w ← w − η v, where v = g + λw, or with momentum μ: v ← μ v + g + λw."""

    momentum = checks.Setting(0, 1)
    n_memory = property(lambda self: 1 if self.momentum or self.memory else 0, doc="v, with momentum.")

    def __init__(self, learning_rate: float, momentum: float = 0.0, weight_decay: float = 0.0) -> None:
        super().__init__(learning_rate, weight_decay)
        self.momentum = momentum

    def update(self, p: Array, g: Array, decay: float, v: Array | None = None) -> None:  # type: ignore[override]
        if decay:
            g = g + decay * p
        if v is not None:
            v *= self.momentum
            v += g
            g = v
        p -= self.learning_rate * g


class Adam(Optimizer):
    """w ← w − η (m̂/(√v̂ + ε) + λw), with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ): the decay is decoupled.

    m ← β₁m + (1 − β₁)g and v ← β₂v + (1 − β₂)g². Kingma & Ba 2015; Loshchilov & Hutter 2019 for λ.
    """

    beta1, beta2, eps = checks.Setting(0, 1), checks.Setting(0, 1), checks.Setting(0, open_low=True)
    n_memory = 2

    def __init__(self, learning_rate: float = 0.001, beta1: float = 0.9, beta2: float = 0.999,
                 eps: float = 1e-8, weight_decay: float = 0.0) -> None:  # fmt: skip
        super().__init__(learning_rate, weight_decay)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps

    def update(self, p: Array, g: Array, decay: float, m: Array, v: Array) -> None:  # type: ignore[override]
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g**2
        if decay:
            p *= 1 - self.learning_rate * decay
        eta = self.learning_rate / (1 - self.beta1**self.steps)  # the correction of m, where it costs nothing
        p -= eta * m / (np.sqrt(v / (1 - self.beta2**self.steps)) + self.eps)
