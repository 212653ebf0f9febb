"""What was measured before, in an SQLite file.

A run that was killed goes on where it was, and a later one measures only what is new or changed.
Every finished chunk is recorded in one transaction. An image is known by its key and a fingerprint
of key, size and time of change; what has another fingerprint is another image.

entry      a chunk of images: their keys, fingerprints and moments
packing    an entry to the columns of a row and back, with checks: what a file holds is data
store      the file: opening, locking, settings, entries
journal    which images of a run are known, and what is known of them
"""

from bnstat.journal.entry import Entry
from bnstat.journal.journal import Journal

__all__ = ["Entry", "Journal"]
