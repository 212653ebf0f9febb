"""Work that ends its worker; a module of its own, so that workers can import it."""

import os
import signal
from dataclasses import dataclass

from bnstat.scan import Measure


@dataclass(frozen=True)
class Deadly(Measure):
    """Measures, but dies by a signal, or exits, at images of certain keys.

    With `once`, the path of a folder, each such image is deadly only the first time.
    """

    keys: tuple[bytes, ...] = ()
    signal: int = signal.SIGKILL
    once: str | None = None

    def __call__(self, chunk):
        for reference in chunk:
            if reference.key in self.keys and not self._again(reference.key):
                if self.signal == 0:
                    os._exit(7)
                os.kill(os.getpid(), self.signal)
        return super().__call__(chunk)

    def _again(self, key):
        if self.once is None:
            return False
        try:
            os.mkdir(os.path.join(self.once, key.hex()))
        except FileExistsError:
            return True
        return False


@dataclass(frozen=True)
class Mistaken(Measure):
    """Has a bug."""

    def __call__(self, chunk):
        raise LookupError("a bug")
