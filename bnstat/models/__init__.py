"""A user's model: loaded, and folded for deployment.

model_spec      a model by name, or from the user's code
weight_files    its weights, from a file and into one
graphs          its graph, by torch.export
normalization   the input's normalization into the first convolution, or in front of it
folding         that and its BatchNorm layers, to a program that takes images
program_files   the program as a file, run by its own reader beside the model
layers          BatchNorm layers, and what they are given
fixed_point     running statistics that the model's own activations confirm
passes          passes over images: in workers, or by loader on a device in this process
probe           what a worker does with a chunk of images
model_input     images as the model takes them; image_cache keeps them between passes
"""
