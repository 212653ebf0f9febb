"""A user's model: loaded, measured again, folded for deployment.

model_spec      a model by name, or from the user's code; its weights, from a file and into one
graphs          its graph, by torch.export
folding         its BatchNorm layers, and the normalization of its input, into other layers
program_files   the program as a file, run by its own reader beside the model
recalibration   a model's running statistics searched for, and put into it or its file
fixed_point     running statistics that the model's own activations confirm
passes          passes over images: in workers, or on a device in this process
probe           what a worker does with a chunk of images
layers          BatchNorm layers, and what they are given
model_input     images as the model takes them, kept between passes
"""
