"""What was measured before, in an SQLite file.

A run that was killed goes on where it was, and a later one measures only what is new or changed.
Each chunk is recorded in one transaction when it has been measured. An image is known by its key
and by its size and times of change: one whose file has other ones is measured again.

entry      what was measured of a chunk of images; as SQL columns and back, checked: the file may be
           damaged or forged
store      the file: tables, opening, locking, settings, entries
journal    which images of a run are known, and what is known of them
"""

from bnstat.journal.entry import Entry, Expected
from bnstat.journal.journal import Journal

__all__ = ["Entry", "Expected", "Journal"]
