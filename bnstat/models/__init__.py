"""A user's model: loaded, and folded for deployment.

loading        a model by name, or from the user's code
weights        its weights, from a file
tracing        its graph, by torch.export
batchnorm      BatchNorm layers into the convolution or linear layer in front of them
normalization  the input's normalization into the first convolution, or in front of it
folding        all of these, to a program that takes images
writing        a program as a file
checking       that file, run by its own reader beside the model
"""
