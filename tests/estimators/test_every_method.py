"""Each method of the table has an estimator."""

from bnstat.estimators import Schedule, batchnorm, every_method, two_pass, welford
from bnstat.estimators.methods import ESTIMATORS
from bnstat.result import METHODS


def test_every_method_is_estimated(records_of, frames):
    """By the function of its name, with the schedule where it takes one."""
    records, schedule = records_of(frames), Schedule(5)
    found, reasons = every_method(records, schedule)

    assert list(found) == list(METHODS)
    assert (found["two-pass"], found["welford"]) == (two_pass(records), welford(records))
    assert found["batchnorm"] == batchnorm(records, schedule)
    assert reasons == {}


def test_a_method_has_an_estimator():
    """A row without one is found here, not by a user."""
    assert list(METHODS) == list(ESTIMATORS)


def test_a_method_without_an_estimate_has_a_reason(records_of, frames):
    """One pixel a batch: torch raises there, and the others have their figures."""
    pixels = frames[:, :, :1, :1]
    found, reasons = every_method(records_of(pixels), Schedule(1))

    assert [name for name, estimate in found.items() if estimate is None] == ["batchnorm"]
    assert reasons == {"batchnorm": "a batch has one sample per channel, where BatchNorm2d raises"}
