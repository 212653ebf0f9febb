"""Image references to records, through an engine, and records to results.

plan               what is measured of each image, where, and how
scanning           references to records, and these to results
dispatch           chunks of references to workers and back, in order, whatever happens to these
measure            in a worker: decoded images, drawn and counted, to moments
count_images       samples to counts and moments; count_batches, count_rasters: of many; of bands
adaptive_sampling  when a growing sample is large enough
journaling         what a journal knows, and what is recorded in it
found              what a scan has found, and what those of shards have found together
rows               the rows of a table of records, kept while images are measured
outcomes           records to results: their figures, of groups too; provenance: from where
second_decode      what is made of the pixels of some images after they were measured
ranks              one measurement by all ranks of a torch.distributed group
warm_up            starting what workers are forked from
demo               the images of `bnstat demo`

It imports nothing here, as the command line opens two doors of it first of all: warm_up and demo.
"""
