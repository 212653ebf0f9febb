"""What a user can call, one verb a file; the command line calls nothing else.

computing    compute: measure images
sweeping     sweep: what BatchNorm would hold under many schedules
comparing    compare: results side by side
merging      merge: results of disjoint images to one
loading      load: read a result
exporting    export: a result in the form that a framework reads

Behind them:

sources      what is typed, or what a result names, to the images
scanning     images to records, in plain views and under pipelines
outcomes     records to results
documents    result documents as sources: their settings, and whether they still hold
journaling   what a journal must not differ in from the run
ranks        one measurement by all ranks of a torch.distributed group
"""
