"""Rows against the first: differences, and the rules of the verdicts, each branch and its edge."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import SourceError
from bnstat.result import Estimate
from bnstat.show.changes import SHIFT, Change, ComparedRow, surely
from bnstat.show.comparison import compare
from bnstat.show.constants import CONSTANTS
from bnstat.show.significance import Pair
from bnstat.show.verdicts import FAR_MEAN, FAR_SCALE, NOISE, deviations, imagenet

V1 = Path(__file__).parents[2] / "golden" / "stats-v1.json"

IMAGENET = CONSTANTS["imagenet"]


def test_differences_are_from_the_first(row):
    """Each row less the baseline, in [0, 1] and in the baseline's std; the baseline's own is 0."""
    rows = [
        row("a", (0.5, 0.25, 0.5), (0.25, 0.5, 0.125)),
        row("b", (0.75, 0.25, 0.0), (0.5, 0.5, 0.125)),
        row("c", (0.5, 0.25, 0.5), (0.25, 0.5, 0.25)),
    ]
    found = compare(rows)
    assert tuple(rows) == found.rows
    zero = (0.0, 0.0, 0.0)
    assert [
        (zero, zero, zero, zero),
        ((0.25, 0.0, -0.5), (0.25, 0.0, 0.0), (1.0, 0.0, -4.0), (1.0, 0.0, 0.0)),
        (zero, (0.0, 0.0, 0.125), zero, (0.0, 0.0, 1.0)),
    ] == [(d.mean, d.std, d.mean_in_std, d.std_in_std) for d in found.differences]
    assert 0.5 == found.largest


def test_largest_looks_at_means_and_stds_of_all_rows(row):
    """The largest |difference| may be a mean's or a std's, of either sign, in any row."""
    baseline = row("a", (0.5,), (0.25,))
    near = row("b", (0.5,), (0.3125,))
    assert 0.25 == compare([baseline, row("b", (0.25,), (0.25,)), near]).largest
    assert 0.125 == compare([baseline, near, row("b", (0.5,), (0.125,))]).largest
    assert 0.0 == compare([baseline, baseline]).largest


def test_no_units_of_a_std_that_is_0(row):
    """Differences in units of a std of 0 are null, not infinite."""
    found = compare([row("a", (0.5, 0.5), (0.0, 0.5)), row("b", (1.0, 1.0), (0.5, 0.5))])
    assert (None, 1.0) == found.differences[1].mean_in_std
    assert ("a has a channel of std 0 and cannot normalize b.",) == found.verdicts


def test_rows_must_have_the_same_channels(row):
    """Rows of other channels are refused; constants only need the same number."""
    color, gray = row("a", (0.5,) * 3, (0.5,) * 3), row("b", (0.5,), (0.5,))
    with pytest.raises(SourceError, match=r"^b has channels L|^b has channels R"):
        compare([color, gray])
    with pytest.raises(SourceError, match=r"^mnist has 1 channel, .* has channels RGB; they"):
        compare([color, ComparedRow.of_constants(CONSTANTS["mnist"])])
    constants = row("c", (0.5,) * 3, (0.5,) * 3, published=True)
    assert 2 == len(compare([color, constants]).rows)
    assert 2 == len(compare([constants, color]).rows)


@pytest.mark.parametrize(
    ("mean", "std", "shifts"),
    [
        (0.5, 0.25, False),
        (0.5 + 0.99 * SHIFT / 4, 0.25, False),
        (0.5 - 0.99 * SHIFT / 4, 0.25, False),
        (0.5 + 1.01 * SHIFT / 4, 0.25, True),
        (0.5 - 1.01 * SHIFT / 4, 0.25, True),
        (0.5, 0.25 * (1 + 0.99 * SHIFT), False),
        (0.5, 0.25 * (1 + 1.01 * SHIFT), True),
        (0.5, 0.25 * (1 - 1.01 * SHIFT), True),
    ],
)
def test_shift_matters_beyond_a_twentieth_of_a_std(mean, std, shifts, row):
    """A row matters if, normalized by the baseline, a mean is 0.05 from 0 or a std from 1."""
    found = compare([row("a", (0.5, 0.5), (0.25, 0.25)), row("b", (0.5, mean), (0.25, std))])
    (verdict,) = found.verdicts
    assert shifts == verdict.startswith("b differs from a: ")
    assert shifts != verdict.startswith("b does not differ from a")
    assert shifts == found.findings[0].alarm


@pytest.mark.parametrize(
    ("mean", "std", "words"),
    [
        (
            (0.4, 0.499),
            (0.3, 0.25),
            "brightness falls by up to 0.40 σ, contrast grows by up to 20 %",
        ),
        ((0.6, 0.4), (0.25, 0.25), "brightness changes by -0.40 σ to +0.40 σ"),
        ((0.5, 0.5), (0.2, 0.3), "contrast changes by -20 % to +20 %"),
        ((0.52, 0.51), (0.25, 0.25), "brightness grows by up to 0.08 σ"),
    ],
)
def test_shift_in_words(mean, std, words, row):
    """The answer says which way brightness and contrast go, and how far; only what matters."""
    found = compare([row("a", (0.5, 0.5), (0.25, 0.25)), row("b", mean, std)])
    assert (f"b differs from a: {words}.",) == found.verdicts


def test_what_does_not_matter_in_words(row):
    """The answer bounds all figures; equal ones do not differ."""
    base = row("a", (0.5, 0.5), (0.25, 0.25))
    found = compare([base, row("b", (0.502, 0.5), (0.25, 0.255))])
    assert found.verdicts == (
        "b does not differ from a enough to matter: no mean by more than 0.01 σ, no std by more "
        "than 2 %.",
    )
    assert ("b does not differ from a.",) == compare([base, replace(base, name="b")]).verdicts


def test_several_rows_get_one_answer(row):
    """It names which differ and which do not."""
    base, far = row("a", (0.5,), (0.25,)), row("b", (0.9,), (0.25,))
    near, farther = replace(base, name="c"), replace(far, name="d")
    assert compare([base, far, near, farther]).verdicts == (
        "b and d differ from a enough to matter; c does not.",
    )
    assert compare([base, near, replace(base, name="e")]).verdicts == (
        "No row differs from a enough to matter.",
    )


@pytest.mark.parametrize(
    ("running", "expected", "sd", "within"),
    [
        (0.5, 0.5, 0.0, True),
        (0.45, 0.45, 0.0, True),
        (0.45, 0.45 + 1e-12, 0.0, True),
        (0.45, 0.45 + 1e-7, 0.0, False),
        (0.55, 0.5, 0.0101, True),
        (0.45, 0.5, 0.0101, True),
        (0.55, 0.5, 0.0099, False),
        (0.45, 0.5, 0.0099, False),
        (0.5, 0.45, 0.0099, False),
    ],
)
def test_batchnorm_may_be_five_times_its_noise_from_where_shuffles_lead(
    running, expected, sd, within, result
):
    """The running mean is within what its schedule allows up to 5 sds; rounding does not count."""
    assert 5 == NOISE
    stats = result(0.5, running=running, expected=expected, sd=sd)
    (found,) = compare([ComparedRow.of_stats("a", stats)]).findings
    verdict = found.text
    assert within == found.detail
    assert within == (" are within what its schedule allows: " in verdict)
    assert within != (" are not within what its schedule allows: " in verdict)


def test_batchnorm_in_words(result):
    """The verdict has each figure beside what is allowed for it, and a hint where they differ."""
    right = result(0.5, running=0.45, expected=0.46, sd=0.01)
    wrong = result(0.5, running=0.6, expected=0.5, sd=0.01, order="listed")
    rows = [ComparedRow.of_stats("a", right), ComparedRow.of_stats("b", wrong)]
    _, second, first = (finding.text for finding in compare(rows).findings)
    assert first == (
        "BatchNorm's running mean and variance of a are within what its schedule allows: off by "
        "-0.05 in L (allowed: -0.09 to +0.01) and by +0 in L (allowed: -0.05 to +0.05)."
    )
    assert second == (
        "BatchNorm's running mean and variance of b are not within what its schedule allows: off "
        "by +0.1 in L (allowed: -0.05 to +0.05) and by +0 in L (allowed: -0.05 to +0.05): are the "
        "images listed by class?"
    )


def test_the_worst_channel_is_named_with_its_own_allowance(result):
    """Not the largest figures of several channels."""
    stats = result(0.5, running=0.5, expected=0.5)
    both = replace(
        stats.methods["batchnorm"],
        mean=(0.7, 0.52),
        var=(0.0625, 0.0625),
        expected={"mean": (0.5, 0.5), "var": (0.0625, 0.0625)},
        expected_sd={"mean": (0.1, 0.001), "var": (0.01, 0.01)},
    )
    exact = Estimate((0.5, 0.5), (0.0625, 0.0625))
    stats = replace(
        stats,
        channels=("A", "B"),
        count=(27, 27),
        methods={"two-pass": exact, "welford": exact, "batchnorm": both},
    )
    (verdict,) = compare([ComparedRow.of_stats("a", stats)]).verdicts
    assert (
        "not within what its schedule allows: off by +0.02 in B (allowed: -0.005 to +0.005)"
        in verdict
    )


def test_digits_tell_a_figure_from_what_is_allowed(result):
    """Where two digits would show +0.42 and +0.42, there are more."""
    stats = result(0.1, running=0.52000013, expected=0.52, sd=1e-9)
    (verdict,) = compare([ComparedRow.of_stats("a", stats)]).verdicts
    assert "off by +0.4200001 in L (allowed: +0.42 to +0.42)" in verdict


def test_one_batch_of_all_images_is_what_it_must_be(tmp_path):
    """Its running values are the same in any order; rounding raises no alarm."""
    rng = np.random.default_rng(8)
    for i in range(50):
        pixels = rng.integers(0, 256, (9 + i, 20, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i:02}.png")
    for momentum in (0.1, None):
        stats = bnstat.compute(tmp_path, workers=1, batch_size=64, momentum=momentum)
        old = replace(stats.methods["batchnorm"], expected=None)  # as in version 1
        for batchnorm in (stats.methods["batchnorm"], old):
            known = replace(stats, methods={**stats.methods, "batchnorm": batchnorm})
            (found,) = compare([ComparedRow.of_stats("a", known)]).findings
            assert found.detail and "are within what its schedule allows" in found.text


def test_a_document_of_version_1_is_judged_as_if_images_had_one_size():
    """It does not say where shuffles lead: to what is left of the start, less what batches miss."""
    stats = bnstat.load(V1)
    assert stats.methods["batchnorm"].expected is None
    of_mean, of_var = deviations(stats, stats.methods["batchnorm"])
    left = stats.methods["batchnorm"].start_weight
    assert [d.expected for d in of_mean] == pytest.approx([-left * m for m in stats.mean])
    assert all(d.expected < left * (1 - v) for d, v in zip(of_var, stats.var, strict=True))


def test_no_batchnorm_no_verdict_on_it(result):
    """A result without batchnorm, and constants, have no verdict on it."""
    row = ComparedRow.of_stats("a", result(0.5))
    assert None is row.methods["batchnorm"]
    assert () == compare([row]).verdicts


def color(name, mean, std, stats):
    """Return the row of a measured RGB result."""
    return ComparedRow(name, name, tuple("RGB"), (), {}, mean, std, stats)


@pytest.mark.parametrize(
    ("shift", "scale", "far"),
    [
        (0.0, 1.0, False),
        (0.99 * FAR_MEAN, 1.0, False),
        (1.01 * FAR_MEAN, 1.0, True),
        (-1.01 * FAR_MEAN, 1.0, True),
        (0.0, 0.99 * FAR_SCALE, False),
        (0.0, 1.01 * FAR_SCALE, True),
        (0.0, 1.01 / FAR_SCALE, False),
        (0.0, 0.99 / FAR_SCALE, True),
        (0.0, 0.0, True),
    ],
)
def test_far_from_imagenet(shift, scale, far, result):
    """Data are far beyond a quarter of ImageNet's std from its mean, or 1.25 times its std."""
    mean = (*IMAGENET.mean[:2], IMAGENET.mean[2] + shift * IMAGENET.std[2])
    std = (*IMAGENET.std[:2], IMAGENET.std[2] * scale)
    measured = replace(
        result(0.5),
        channels=tuple("RGB"),
        methods={"two-pass": Estimate(mean, tuple(s * s for s in std))},
    )
    expected = (
        "Far from ImageNet's constants: train from scratch with these; a pre-trained model keeps "
        "its own."
        if far
        else "Not far from ImageNet's constants: a pre-trained model keeps its own."
    )
    assert expected == imagenet(measured)


def test_imagenet_only_where_it_makes_sense(result):
    """Gray data, and values as they are, are not held against ImageNet; compare does not ask."""
    assert imagenet(result(0.5)) is None
    as_they_are = Estimate((900.0,) * 3, (1.0,) * 3)
    color = replace(result(0.5), channels=tuple("RGB"), methods={"two-pass": as_they_are})
    assert imagenet(color) is None
    rows = [ComparedRow.of_stats("a", color), ComparedRow.of_constants(IMAGENET)]
    assert not any("ImageNet's" in verdict for verdict in compare(rows).verdicts)


NUMBERS = {"type": "array", "items": {"type": ["number", "null"]}}
FIGURES = {
    "type": "object",
    "required": ["mean", "std"],
    "properties": {"mean": NUMBERS, "std": NUMBERS},
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "required": ["format", "version", "rows", "verdicts"],
    "additionalProperties": False,
    "properties": {
        "format": {"const": "bnstat.comparison"},
        "version": {"const": 1},
        "verdicts": {"type": "array", "items": {"type": "string"}},
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "source", "pipeline", "methods", "delta", "delta_in_std"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "source": {"type": "string"},
                    "pipeline": {"type": ["array", "null"], "items": {"type": "string"}},
                    "selection": {"type": ["string", "null"]},
                    "max_value": {"type": ["integer", "null"]},
                    "methods": {"additionalProperties": {"anyOf": [{"type": "null"}, FIGURES]}},
                    "distribution": {"type": "object"},
                    "delta": FIGURES,
                    "delta_in_std": FIGURES,
                    "margin": {"anyOf": [{"type": "null"}, FIGURES]},
                    "population_margin": {"anyOf": [{"type": "null"}, FIGURES]},
                    "margin_is_upper_bound": {"type": "boolean"},
                    "p_values": {"anyOf": [{"type": "null"}, FIGURES]},
                    "shared_images": {"type": ["integer", "null"]},
                },
            },
        },
    },
}


@pytest.mark.parametrize(
    ("std", "known", "sure"),
    [
        (1.5, None, True),
        (1.5, (False, True), True),
        (1.5, (True, False), False),
        (1.0, (True, False), True),
    ],
)
def test_a_change_is_sure_by_what_matters(row, std, known, sure):
    """A figure that is beyond chance says nothing of another one that matters; else any does."""
    one = row("a", (0.5,), (0.25,))
    assert sure is Change(one, one, (0.0,), (std,), known, Pair(None, None)).is_sure


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (None, "brightness grows by 0.50 σ, contrast grows by 50 %"),
        (
            (True, True),
            "brightness grows by 0.50 σ, contrast grows by 50 %, more than chance (95 %)",
        ),
        (
            (False, True),
            "contrast grows by 50 %, more than chance (95 %); brightness grows by 0.50 σ, which "
            "may be chance",
        ),
        (
            (True, False),
            "brightness grows by 0.50 σ, more than chance (95 %); contrast grows by 50 %, which "
            "may be chance",
        ),
    ],
)
def test_only_what_is_sure_is_said_to_be(result, row, known, said):
    """Of brightness and contrast that both matter, one may be sure and the other not."""
    one = row("a", (0.5,), (0.25,))
    here = result(0.5)
    elsewhere = replace(here.source, fingerprint="0" * 64, locations=("elsewhere",))
    pair = Pair(here, replace(here, source=elsewhere))
    assert said == surely(Change(one, one, (0.5,), (1.5,), known, pair), "95 %")


def test_json_is_as_documented(result, row):
    """The JSON has the documented keys, and nothing that JSON has not, such as NaN."""
    rows = [
        ComparedRow.of_stats("a", result(0.5, running=0.5)),
        row("b", (0.25,), (0.125,)),
        ComparedRow.of_constants(CONSTANTS["mnist"]),
    ]
    document = json.loads(json.dumps(compare(rows).to_dict(), allow_nan=False))
    jsonschema.validate(document, SCHEMA)
    first, second, third = document["rows"]
    assert {"mean": [0.0], "std": [0.0]} == first["delta"] == first["delta_in_std"]
    assert {"mean": [-0.25], "std": [-0.125]} == second["delta"]
    assert {"mean": [-1.0], "std": [-0.5]} == second["delta_in_std"]
    assert ["two-pass", "welford", "batchnorm"] == list(first["methods"])
    assert {"published": {"mean": [0.1307], "std": [0.3081]}} == third["methods"]
    assert ([], None) == (first["pipeline"], third["pipeline"])
