"""Work that ends its worker; a module of its own, so that workers can import it."""

import os
import signal
import time
from dataclasses import dataclass

from bnstat import position
from bnstat.measure.measure import Measure


@dataclass(frozen=True)
class Deadly(Measure):
    """Measures, but dies by a signal, or exits, at images of certain keys.

    It waits some seconds before. With `folder`, it dies only the first `times`, which it counts
    there, and each image that it comes upon leaves a line in the file `log`. With `tells`, it tells
    at which image it is, as all work of bnstat's own does.
    """

    keys: tuple[bytes, ...] = ()
    signal: int = signal.SIGKILL
    folder: str | None = None
    times: int = 1
    wait: float = 0.0
    tells: bool = True

    def __call__(self, chunk):
        for row, reference in enumerate(chunk):
            if self.tells:
                position.at(row)
            self._log(reference.key)
            if reference.key in self.keys and not self._enough(reference.key):
                time.sleep(self.wait)
                if self.signal == 0:
                    os._exit(7)
                os.kill(os.getpid(), self.signal)
        return super().__call__(chunk)

    def _enough(self, key):
        if self.folder is None:
            return False
        for again in range(self.times):
            try:
                os.mkdir(os.path.join(self.folder, f"{key.hex()}-{again}"))
            except FileExistsError:
                continue
            return False
        return True

    def _log(self, key):
        if self.folder is not None:
            with open(os.path.join(self.folder, "log"), "ab", buffering=0) as log:
                log.write(key + b"\n")


@dataclass(frozen=True)
class Slow(Measure):
    """Measures, after some seconds for each image."""

    seconds: float = 0.0

    def __call__(self, chunk):
        for row, _ in enumerate(chunk):
            position.at(row)
            time.sleep(self.seconds)
        return super().__call__(chunk)


@dataclass(frozen=True)
class Mistaken(Measure):
    """Has a bug."""

    def __call__(self, chunk):
        raise LookupError("a bug")


@dataclass(frozen=True)
class Names:
    """Another kind of work: the names of the images, of which one ends its worker."""

    deadly: bytes

    def __call__(self, chunk):
        if self.deadly in [reference.key for reference in chunk]:
            os.kill(os.getpid(), signal.SIGKILL)
        return [reference.key.decode() for reference in chunk]

    def lost(self, reason):
        return [f"lost: {reason}"]
