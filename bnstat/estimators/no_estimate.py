"""What an estimator raises where there is no estimate."""


class NoEstimateError(ValueError):
    """A method has no estimate of these images; the message says why, in a few words."""
