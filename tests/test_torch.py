"""Our gradients against PyTorch's autograd (the extra `torch`; 2.13.0 is the tested version)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bplib import SGD, Adam, Affine, Network, ReLU, Sigmoid, Tanh, mlp, train
from bplib.deep_layers import BatchNorm, Dropout, Residual
from bplib.gradcheck import relative_error
from bplib.network import ACTIVATIONS, LOSSES

torch = pytest.importorskip("torch", reason="PyTorch is an extra: pip install 'bplib[torch]'")

widths = st.integers(1, 20)


def twin(network):
    """The same network in PyTorch: Linear keeps W transposed, (n_out, n_in)."""
    modules = []
    for layer in network.layers:
        if layer.params:
            linear = torch.nn.Linear(layer.n_in, layer.n_out, dtype=torch.float64)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(layer.params["W"].T))
                linear.bias.copy_(torch.from_numpy(layer.params["b"]))
            modules.append(linear)
        else:
            modules.append(
                {"Sigmoid()": torch.nn.Sigmoid, "Tanh()": torch.nn.Tanh, "ReLU()": torch.nn.ReLU}[
                    repr(layer)
                ]()
            )
    return torch.nn.Sequential(*modules)


def torch_loss(name, Z, Y):
    """Our conventions in PyTorch's terms: PyTorch averages over the outputs as well, we only over the rows."""
    functions = torch.nn.functional
    if name == "squared_error":
        return functions.mse_loss(Z, Y, reduction="sum") / (2 * len(Z))
    if name == "binary_cross_entropy":
        return functions.binary_cross_entropy_with_logits(Z, Y, reduction="sum") / len(Z)
    return functions.cross_entropy(Z, Y)


@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@given(sizes=st.lists(widths, min_size=2, max_size=4), N=st.integers(1, 17), seed=st.integers(0, 2**32 - 1))
def test_gradients_agree_with_autograd(activation, loss, labels, sizes, N, seed):
    rng = np.random.default_rng(seed)
    network = mlp(sizes, activation=activation, loss=loss, rng=rng)
    for _, p in network.named_params():
        if p.ndim == 1:
            p[:] = rng.normal(size=p.shape)
    X = rng.normal(size=(N, sizes[0]))
    Y = (
        rng.integers(sizes[-1], size=N)
        if labels and loss == "softmax_cross_entropy"
        else rng.random((N, sizes[-1]))
    )
    model, X_torch = twin(network), torch.from_numpy(X).requires_grad_()
    L_torch = torch_loss(loss, model(X_torch), torch.from_numpy(Y))
    L_torch.backward()

    Z, caches = network.forward(X)
    L, cache = network.loss_function.forward(Z, Y)
    dX, grads = network.backward(network.loss_function.backward(cache), caches)
    assert L == pytest.approx(L_torch.item(), rel=1e-9, abs=1e-12)
    linears = [module for module in model if isinstance(module, torch.nn.Linear)]
    ours = [g for g in grads if g]
    # A gradient that is zero up to round-off (one class, dead units) is judged against the floor.
    for linear, g in zip(linears, ours, strict=True):
        assert relative_error(g["W"], linear.weight.grad.numpy().T, floor=1e-8) < 1e-6
        assert relative_error(g["b"], linear.bias.grad.numpy(), floor=1e-8) < 1e-6
    assert relative_error(dX, X_torch.grad.numpy(), floor=1e-8) < 1e-6


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda: SGD(0.1, momentum=0.9, weight_decay=0.01),
         lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9)),
        (lambda: Adam(0.01, 0.8, 0.95, 1e-6, weight_decay=0.01),
         lambda groups: torch.optim.AdamW(groups, lr=0.01, betas=(0.8, 0.95), eps=1e-6)),
    ],
)  # fmt: skip
def test_ten_steps_agree_with_torch_optimisers(ours, theirs, rng):
    """Same parameters after ten steps; the biases form a group of their own, without decay."""
    network = mlp([3, 5, 2], activation="tanh", rng=rng)
    model = twin(network)
    weights = [p for p in model.parameters() if p.ndim == 2]
    biases = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": weights, "weight_decay": 0.01}, {"params": biases, "weight_decay": 0.0}]
    optimizer, torch_optimizer = ours(), theirs(groups)
    for _ in range(10):
        X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
        optimizer.step(network, network.gradients(X, Y)[1])
        torch_optimizer.zero_grad()
        torch_loss("squared_error", model(torch.from_numpy(X)), torch.from_numpy(Y)).backward()
        torch_optimizer.step()
    for mine, linear in zip([network.layers[0], network.layers[2]], [model[0], model[2]], strict=True):
        np.testing.assert_allclose(mine.params["W"], linear.weight.detach().numpy().T, rtol=1e-10)
        np.testing.assert_allclose(mine.params["b"], linear.bias.detach().numpy(), rtol=1e-10)


class Masked(torch.nn.Module):
    """Dropout with the mask and the factor that ours has drawn; in prediction that is the number 1."""

    def __init__(self, scale):
        super().__init__()
        self.scale = torch.from_numpy(np.asarray(scale))

    def forward(self, X):
        return X * self.scale


class Shortcut(torch.nn.Sequential):
    def forward(self, X):
        return X + super().forward(X)


def deep_twin(layers, caches):
    """PyTorch's modules for these layers, with the dropout masks that the caches hold."""
    modules = []
    for layer, cache in zip(layers, caches, strict=True):
        if isinstance(layer, Affine):
            module = torch.nn.Linear(layer.n_in, layer.n_out, dtype=torch.float64)
            arrays = {"weight": layer.params["W"].T, "bias": layer.params["b"]}
        elif isinstance(layer, BatchNorm):
            module = torch.nn.BatchNorm1d(layer.n_in, layer.eps, layer.momentum, dtype=torch.float64)
            arrays = {"weight": layer.params["gamma"], "bias": layer.params["beta"]}
            arrays |= {"running_mean": layer.state["mean"], "running_var": layer.state["var"]}
        elif isinstance(layer, Dropout):
            module, arrays = Masked(cache), {}
        elif isinstance(layer, Residual):
            module, arrays = Shortcut(*deep_twin(layer.layers, cache)), {}
        else:
            module, arrays = getattr(torch.nn, type(layer).__name__)(), {}
        for name, array in arrays.items():
            with torch.no_grad():
                getattr(module, name).copy_(torch.from_numpy(array.copy()))
        modules.append(module)
    return modules


def their_gradients(layers, modules, prefix):
    """Autograd's gradients under our names, W as we keep it."""
    for i, (layer, module) in enumerate(zip(layers, modules, strict=True)):
        if isinstance(layer, Residual):
            yield from their_gradients(layer.layers, module, f"{prefix}{i}.")
        elif layer.params:
            names = ("W", "b") if isinstance(layer, Affine) else ("gamma", "beta")
            yield f"{prefix}{i}.{names[0]}", module.weight.grad.numpy().T
            yield f"{prefix}{i}.{names[1]}", module.bias.grad.numpy()


def drawn(layers, rng):
    """The layers with biases, γ, β and running statistics where a slip would show."""
    for layer in layers:
        if isinstance(layer, Residual):
            drawn(layer.layers, rng)
            continue
        for name, p in layer.params.items():
            if name != "W":
                p[:] = rng.uniform(0.5, 1.5, p.shape) * rng.choice([-1, 1], p.shape)
        for name, s in layer.state.items():
            s[:] = rng.uniform(0.5, 2, s.shape) if name == "var" else rng.normal(size=s.shape)
    return layers


def block(kind, width, rng):
    """Some layers that keep the width."""
    inner = int(rng.integers(1, 8))
    residual = [
        Affine(width, inner, rng=rng),
        BatchNorm(inner),
        Tanh(),
        Dropout(0.3),
        Affine(inner, width, rng=rng),
    ]
    return {
        "normalised": lambda: [
            Affine(width, width, rng=rng),
            BatchNorm(width, eps=1e-3, momentum=0.2),
            Tanh(),
        ],
        "ReLU": lambda: [BatchNorm(width), ReLU()],
        "dropped": lambda: [Sigmoid(), Dropout(0.4)],
        "residual": lambda: [Residual(residual)],
        "nested": lambda: [Residual([Residual([BatchNorm(width), Tanh()]), Affine(width, width, rng=rng)])],
    }[kind]()


kinds = st.sampled_from(["normalised", "ReLU", "dropped", "residual", "nested"])


@pytest.mark.parametrize("training", [True, False], ids=["training", "predicting"])
@pytest.mark.parametrize("loss", LOSSES)
@given(
    blocks=st.lists(kinds, min_size=1, max_size=3),
    width=st.integers(2, 8),
    N=st.integers(4, 12),
    seed=st.integers(0, 2**32 - 1),
)
def test_deeper_gradients_agree_with_autograd(loss, training, blocks, width, N, seed):
    """Normalisation, dropout with the same masks, residuals also nested: L, every gradient, in both modes."""
    rng = np.random.default_rng(seed)
    layers = [layer for kind in blocks for layer in block(kind, width, rng)]
    layers = drawn([Affine(3, width, rng=rng), *layers, Affine(width, 2, rng=rng)], rng)
    network = Network(layers, LOSSES[loss]())
    X, Y = rng.normal(size=(N, 3)), rng.random((N, 2))
    Z, caches = network.forward(X, training=training, rng=rng)
    L, cache = network.loss_function.forward(Z, Y)
    dX, grads = network.backward(network.loss_function.backward(cache), caches)

    modules = deep_twin(layers, caches)
    model = torch.nn.Sequential(*modules).train(training)
    X_torch = torch.from_numpy(X).requires_grad_()
    L_torch = torch_loss(loss, model(X_torch), torch.from_numpy(Y))
    L_torch.backward()
    assert L == pytest.approx(L_torch.item(), rel=1e-9)
    ours = {f"{i}.{name}": g for i, layer in enumerate(grads) for name, g in layer.items()} | {"X": dX}
    theirs = dict(their_gradients(layers, modules, "")) | {"X": X_torch.grad.numpy()}
    assert ours.keys() == theirs.keys()
    for name, g in theirs.items():
        assert relative_error(ours[name], g, floor=1e-6) < 1e-6, name


def test_running_statistics_move_as_in_torch(rng):
    """Three training steps of both: afterwards they predict the same, so means and unbiased variances agree."""
    inner = [Affine(4, 5, rng=rng), BatchNorm(5), Tanh(), Affine(5, 4, rng=rng)]
    layers = drawn([Affine(3, 4, rng=rng), BatchNorm(4), ReLU(), Residual(inner)], rng)
    network = Network(layers, LOSSES["squared_error"]())
    X, Y = rng.normal(size=(12, 3)), rng.normal(size=(12, 4))
    modules = deep_twin(layers, network.forward(X)[1])
    model = torch.nn.Sequential(*modules).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for snapshot in train(network, X, Y, optimizer=SGD(0.1), batch_size=6, epochs=2, shuffle=False):
        rows = torch.from_numpy(snapshot.rows)
        optimizer.zero_grad()
        torch_loss("squared_error", model(torch.from_numpy(X)[rows]), torch.from_numpy(Y)[rows]).backward()
        optimizer.step()
    with torch.no_grad():
        np.testing.assert_allclose(network.predict(X), model.eval()(torch.from_numpy(X)).numpy(), rtol=1e-9)
    np.testing.assert_allclose(layers[1].state["var"], modules[1].running_var.numpy(), rtol=1e-9)
    np.testing.assert_allclose(inner[1].state["mean"], modules[3][1].running_mean.numpy(), rtol=1e-9)
