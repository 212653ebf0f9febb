"""A scan of one array: its images are counted many at a time, without a reference to each."""

from __future__ import annotations

from bnstat.decode.selection import Conditions
from bnstat.measure.count_batches import count_stack
from bnstat.measure.found import Scan, View
from bnstat.measure.measured import Measured, of_stack
from bnstat.measure.plan import Plan
from bnstat.measure.texts_by_key import TextsByKey
from bnstat.moments import Records
from bnstat.result import MAX_FAILURES
from bnstat.settings import Progress, listener
from bnstat.sources.arrays import ArraySource
from bnstat.sources.sources import Sources

# Bytes of the images that are counted at a time.
_BLOCK = 4 << 20


def array_of(sources: Sources, plan: Plan) -> ArraySource | None:
    """Return the array whose images are all that is measured, as they are, in this process."""
    plain = plan.views == (None,) and plan.conditions == Conditions() and plan.epochs == 1
    return sources.array if plain and plan.settings["max_value"] is None else None


def scan_array(array: ArraySource, plan: Plan) -> Scan:
    """Return what `scan_images` finds of the images of an array.

    Raises
    ------
    MeasureError
        If an image cannot be measured and `fail_fast` is set.
    """
    settings = plan.settings
    view = View(Records(), None, TextsByKey(None if settings["all_failures"] else MAX_FAILURES))
    found = Scan([view], fingerprint=array.fingerprint())
    for keys, images in array.blocks(_BLOCK):
        view.add_figures(keys, Measured(*count_stack(images)))
        found.summarize(of_stack(images))
        found.images += len(keys)
        found.files += len(keys)
        found.bytes += images.nbytes
        if settings["fail_fast"]:
            found.check_none_failed()
        if tell := listener(settings):
            now = Progress(found.images, found.failures, found.bytes, array.count())
            tell(now)
    return found
