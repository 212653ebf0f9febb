"""Image references to records, through an engine.

chunks        a stream of references, cut into chunks of about the same work
decode        in a worker: references to decoded images
measure       in a worker: decoded images, drawn and counted, to moments
dispatch      chunks to workers and back, in order, whatever happens to the workers
known_images  what a journal knows, and what is recorded in it
rows          the rows of a table of records, kept while images are measured
found         what a scan has found, and what those of shards have found together
scan          all of it
"""

from bnstat.scan.found import Scan, View, merge_scans
from bnstat.scan.measure import Measure
from bnstat.scan.rows import unlabelled
from bnstat.scan.scan import Looks, Progress, scan

__all__ = ["Looks", "Measure", "Progress", "Scan", "View", "merge_scans", "scan", "unlabelled"]
