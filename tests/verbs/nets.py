"""A small model with all kinds of BatchNorm layers, and an independent look at what they get."""

import numpy as np
import torch
from torch import nn


class Net(nn.Module):
    """Two branches that are added, a layer behind an activation, one of vectors, one unused."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1, bias=False), nn.BatchNorm2d(6))
        self.left = nn.Sequential(nn.Conv2d(6, 6, 3, 1, 1, bias=False), nn.SyncBatchNorm(6))
        self.right = nn.Sequential(nn.Conv2d(6, 6, 1), nn.BatchNorm2d(6, affine=False))
        self.behind = nn.BatchNorm2d(6, momentum=None)
        self.instance = nn.InstanceNorm2d(6, track_running_stats=True)
        self.group = nn.GroupNorm(2, 6)
        self.unused = nn.BatchNorm2d(3)
        self.head = nn.Linear(6, 4)
        self.vectors = nn.BatchNorm1d(4)

    def forward(self, images):
        features = self.stem(images).relu()
        features = self.behind((self.left(features) + self.right(features)).relu())
        features = self.group(self.instance(features))
        return self.vectors(self.head(features.mean((2, 3))))


def make():
    """Return the model, its weights always the same."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return Net()


def looked_at(model, batches):
    """Return mean, variance and unbiased variance of each BatchNorm layer's input, by numpy.

    All samples of a layer are put together and reduced by numpy in float64.
    """
    seen = {}
    hooks = [
        layer.register_forward_pre_hook(
            lambda _, given, name=name: seen.setdefault(name, []).append(
                given[0].detach().transpose(0, 1).flatten(1).double().numpy()
            )
        )
        for name, layer in model.named_modules()
        if isinstance(layer, nn.modules.batchnorm._BatchNorm)
    ]
    with torch.no_grad():
        for images in batches:
            model.eval()(images)
    for hook in hooks:
        hook.remove()
    whole = {name: np.concatenate(parts, 1) for name, parts in seen.items()}
    return {name: (x.mean(1), x.var(1), x.var(1, ddof=1)) for name, x in whole.items()}


def farthest(model, batches):
    """Return how far a model's running statistics are from what its layers are given, at most.

    |Δ mean|/√(σ² + eps), and |running_var/σ² − 1|; where σ² is below eps/1000, |Δ σ²|·20.
    """
    off = [0.0]
    for name, (mean, var, unbiased) in looked_at(model, batches).items():
        layer = model.get_submodule(name)
        stored = layer.running_mean.double().numpy(), layer.running_var.double().numpy()
        large = var > 1e-3 * layer.eps
        off.append(np.abs((stored[0] - mean) / np.sqrt(var + layer.eps)).max())
        off.append(np.abs(stored[1][large] / unbiased[large] - 1).max(initial=0))
        off.append(np.abs(stored[1][~large] - unbiased[~large]).max(initial=0) * 20)
    return max(off)
