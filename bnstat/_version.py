"""The version, a literal: `bnstat --version` must not read package metadata."""

__version__ = "0.1.0"
