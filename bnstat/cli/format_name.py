"""The name of an export format; what is none is answered with the nearest names."""

from __future__ import annotations

import difflib
from typing import Any

import click

# What people call the libraries, and the formats for them.
_MEANT = {
    "huggingface": ["hf"],
    "jax": ["flax"],
    "mmdet": ["mmengine"],
    "pytorch": ["normalize", "state_dict", "module"],
    "tensorflow": ["keras"],
    "torch": ["normalize", "state_dict", "module"],
    "torchvision": ["normalize"],
    "transformers": ["hf"],
}


class FormatName(click.Choice[str]):
    """One of the formats."""

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return the name."""
        if value in self.choices:
            return str(value)
        near = _MEANT.get(value.lower()) or difflib.get_close_matches(value.lower(), self.choices)
        meant = f"did you mean {', '.join(near)}? " if near else ""
        self.fail(f"no format {value!r}; {meant}bnstat export --list shows them all.", param, ctx)
