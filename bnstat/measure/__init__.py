"""Image references to records, through an engine, and records to results.

plan               what is measured of each image, and how
scanning           references to records, and these to results
chunks             a stream of references, cut into chunks of about the same work
measure            in a worker: decoded images, drawn and counted, to moments
counting           samples to counts and moments
dispatch           chunks to workers and back, in order, whatever happens to the workers
adaptive_sampling  when a growing sample is large enough
journaling         what a journal knows, and what is recorded in it
rows               the rows of a table of records, kept while images are measured
found              what a scan has found, and what those of shards have found together
outcomes           records to results; groups: parts of these
ranks              one measurement by all ranks of a torch.distributed group
warm_up            starting what workers are forked from
demo               the images of `bnstat demo`

It imports nothing here, as the command line opens two doors of it first of all: warm_up and demo.
"""
