"""Every error that bnstat raises on purpose; each message says what, where and what to do."""

from collections.abc import Sequence
from typing import Any


class BnstatError(Exception):
    """Something the caller can put right; the message is one or two lines."""


class SourceError(BnstatError):
    """A source of images cannot be used."""


class SettingError(SourceError, ValueError):
    """A setting makes no sense of such a source."""


class MeasureError(BnstatError):
    """Nothing could be measured, or measuring had to stop."""


# Failed images that a traceback names.
_TOLD = 3


class NothingMeasuredError(MeasureError):
    """All images failed: `failed` of them; `failures` has names and reasons, as results have."""

    def __init__(
        self, message: str, failures: Sequence[tuple[str, str]], failed: int | None = None
    ) -> None:
        super().__init__(message)
        self.failures = failures
        for name, reason in failures[:_TOLD]:  # a traceback shows them
            self.add_note(f"{name}: {reason}")
        self.failed = len(failures) if failed is None else failed

    def __reduce__(self) -> tuple[type[BnstatError], tuple[object, ...]]:
        """Let it travel with its failures."""
        return type(self), (*self.args, self.failures, self.failed)


class SpecError(BnstatError):
    """A pipeline spec has no meaning, or what it names cannot be made."""


class ModelError(BnstatError):
    """A model or its weights cannot be loaded, or the model cannot be changed as asked."""


class DocumentError(BnstatError):
    """A result document cannot be read."""


class JournalError(BnstatError):
    """A journal cannot be used; `stats` is the result that was had without it, or None."""

    def __init__(self, message: str, stats: Any = None) -> None:
        super().__init__(message)
        self.stats = stats


class MergeError(BnstatError):
    """Results cannot be added."""


class ExportError(BnstatError):
    """The result cannot be put into the form asked for."""


class OutputError(BnstatError):
    """A file cannot be written."""
