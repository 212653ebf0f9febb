"""What workers are asked about themselves; a module of its own, so that they can import it."""

import os
import sys


def has(module):
    """Whether a module is imported, and the worker's number."""
    return module in sys.modules, os.getpid()
