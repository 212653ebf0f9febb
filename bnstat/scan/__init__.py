"""Image references to records, through an engine.

chunks       a stream of references, cut into pieces of about the same work
measuring    what a worker does with a chunk: decode, draw, count, keep the moments
outputs      what a pipeline returns, to counts or moments
remembering  what a journal knows, and what it is told
dispatch     chunks to workers and back, in order, whatever happens to the workers
scan         all of it
"""

from bnstat.scan.measuring import Measure
from bnstat.scan.scan import Progress, Scan, View, joined, scan

__all__ = ["Measure", "Progress", "Scan", "View", "joined", "scan"]
