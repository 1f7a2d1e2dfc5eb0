"""Our gradients against PyTorch's autograd (the extra `torch`; 2.13.0 is the tested version)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bplib import SGD, Adam, mlp
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
