"""A task that came as bytes from another process, run; and its result or error as bytes."""

from __future__ import annotations

import pickle
import traceback


def answer(call: bytes) -> bytes:
    """Run a pickled task; return a pickled (result, None) or (None, error)."""
    try:
        return pickle.dumps((pickle.loads(call)(), None), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))  # only text can travel
        return _pickled(error)


def _pickled(error: Exception) -> bytes:
    try:
        whole = pickle.dumps((None, error))
        pickle.loads(whole)  # some errors cannot be made again from what was pickled
    except Exception:
        return pickle.dumps((None, RuntimeError("".join(traceback.format_exception(error)))))
    return whole
