"""The version, a literal: `bnstat --version` must not read package metadata."""

__version__ = "0.2.0.dev0"
