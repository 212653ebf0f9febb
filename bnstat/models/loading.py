"""A model by its name in torchvision or timm, or from the user's own code."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bnstat.errors import ModelError
from bnstat.imports import call_object, find_object

if TYPE_CHECKING:
    from torch import nn

LIBRARIES = ("torchvision", "timm")


def load(model: str) -> nn.Module:
    """Return a model in eval mode, with random weights unless its own code loads some.

    `model` is torchvision:NAME, timm:NAME, or package.module:attribute: an nn.Module, or what makes
    one without arguments.

    Raises
    ------
    ModelError
        If there is no such model.
    SpecError
        If the user's code fails.
    """
    library, colon, name = model.partition(":")
    if not colon or not name:
        raise ModelError(
            f"{model!r} is no model; write torchvision:NAME, timm:NAME or package.module:attribute"
        )
    if library == "torchvision":
        return _torchvision(name).eval()
    if library == "timm":
        return _timm(name).eval()
    return _from_code(model).eval()


def _torchvision(name: str) -> nn.Module:
    from torchvision import models

    known = models.list_models()
    if name not in known:
        raise ModelError(f"torchvision has no model {name!r}{_nearest(name, known)}")
    module: nn.Module = models.get_model(name, weights=None)
    return module


def _timm(name: str) -> nn.Module:
    try:
        import timm
    except ImportError as error:
        raise ModelError(
            "to load models of timm, bnstat needs timm: pip install 'bnstat[timm]'"
        ) from error
    if not timm.is_model(name.partition(".")[0]):
        raise ModelError(f"timm has no model {name!r}{_nearest(name, timm.list_models())}")
    module: nn.Module = timm.create_model(name, pretrained=False)
    return module


def _from_code(where: str) -> nn.Module:
    from torch import nn

    found: Any = find_object(where)
    module = found if isinstance(found, nn.Module) else call_object(found, where)
    if not isinstance(module, nn.Module):
        raise ModelError(f"{where} makes a {type(module).__name__}, which is no nn.Module")
    return module


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
