"""What a user can call, one verb a file; the command line calls nothing else.

compute, compare            measure images; put results side by side
sweep                       what BatchNorm would hold under many schedules
outliers, duplicates        images unlike the rest; images with equal pixels
export, merge, load         a result in other forms; results to one; a document to a result
report, plot                results as a page; one picture
recalibrate, fold           a model's running statistics; a model for deployment
pipelines                   the presets
resolve                     what a person names; each verb begins there
"""
