"""What a library warns of while a pipeline is made: collected, not printed with a path."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# Python itself hides these from users.
_FOR_DEVELOPERS = (
    *(DeprecationWarning, PendingDeprecationWarning),
    *(ImportWarning, ResourceWarning, BytesWarning),
)


@contextmanager
def warnings_collected() -> Iterator[list[str]]:
    """Give the list of what is warned of within, each text on one line and once."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield texts
    shown = [w for w in caught if not issubclass(w.category, _FOR_DEVELOPERS)]
    texts.extend(dict.fromkeys(" ".join(str(w.message).split()) for w in shown))
