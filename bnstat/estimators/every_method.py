"""Each method of `bnstat.result.METHODS`, by the function that makes its estimate."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from inspect import signature

from bnstat.estimators.schedule import Schedule
from bnstat.moments import Records
from bnstat.result import METHODS, Estimate, NoEstimateError


def every_method(
    records: Records, schedule: Schedule
) -> tuple[dict[str, Estimate | None], dict[str, str]]:
    """Return the estimate of each method, and of those that have none, the reason."""
    found: dict[str, Estimate | None] = dict.fromkeys(METHODS)
    reasons = {}
    for name in METHODS:
        try:
            found[name] = estimator(name)(records, schedule)
        except NoEstimateError as error:
            reasons[name] = str(error)
    return found, reasons


def estimator(name: str) -> Callable[[Records, Schedule], Estimate]:
    """Return the function that makes a method's estimate."""
    own = name.replace("-", "_")
    function: Callable[..., Estimate] = getattr(import_module(f"bnstat.estimators.{own}"), own)
    if "schedule" in signature(function).parameters:
        return function
    return lambda records, schedule: function(records)
