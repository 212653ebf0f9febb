"""Results, comparisons and sweeps as JSON, CSV and Markdown."""

import json
from dataclasses import replace

import pytest

from bnstat import show as reports
from bnstat.result import Estimate, Group
from bnstat.show import formats


def test_json_of_a_result_is_the_document(stats):
    """Nothing is added, and nothing is left out."""
    assert json.loads(stats.to_json()) == json.loads(reports.json(stats))


@pytest.mark.parametrize("name", ["comparison", "sweep"])
def test_json_of_others_names_its_format(name, request):
    """So that a reader knows what it has."""
    text = reports.json(request.getfixturevalue(name))
    assert f"bnstat.{name}" == json.loads(text)["format"]
    assert text.endswith("}\n")


def test_csv_of_a_result(stats):
    """A line for each method that there is, figure and channel."""
    lines = reports.csv(stats).splitlines()
    assert [
        "method,figure,channel,value",
        "two-pass,mean,R,0.5",
        "two-pass,mean,G,0.25",
        "two-pass,mean,B,0.125",
        "two-pass,var,R,0.25",
        "two-pass,var,G,0.0625",
        "two-pass,var,B,0.0",
        "two-pass,std,R,0.5",
        "two-pass,std,G,0.25",
        "two-pass,std,B,0.0",
    ] == lines[:10]
    assert {"batchnorm"} == {line.split(",")[0] for line in lines[10:]}
    assert 9 == len(lines[10:])


def test_csv_of_a_comparison(comparison):
    """A line for each row, figure and channel, names as they are."""
    assert reports.csv(comparison) == (
        "name,figure,channel,value,delta,delta_in_std\n"
        "train,mean,L,0.5,0.0,0.0\n"
        "train,std,L,0.5,0.0,0.0\n"
        "a\x1b | b,mean,L,0.6,0.09999999999999998,0.19999999999999996\n"
        "a\x1b | b,std,L,0.4,-0.09999999999999998,-0.19999999999999996\n"
    )


def test_csv_of_a_sweep(sweep):
    """A line for each schedule."""
    assert reports.csv(sweep) == (
        "batch_size,momentum,order,repeats,batches,start_weight,"
        "mean_largest,mean_rms,mean_expected,std_largest,std_rms,std_expected,"
        "ranks,synchronized\n"
        "8,0.1,shuffled,20,4,0.6561,0.25,0.125,0.0625,0.5,0.25,0.125,1,False\n"
        "8,cumulative,listed,1,4,0.0,0.25,0.125,0.0625,0.5,0.25,0.125,1,False\n"
    )


def test_csv_of_groups(stats):
    """A line for each group, figure and channel follows."""
    estimate = Estimate((0.5, 0.25, 0.125), (0.25, 0.0625, 0.0))
    group = Group(2, (6,) * 3, None, None, estimate)
    grouped = replace(stats, groups={"day, night": group})
    added = reports.csv(grouped).removeprefix(reports.csv(stats)).splitlines()
    assert (9, '"group day, night",mean,R,0.5') == (len(added), added[0])


def test_markdown_of_a_comparison(comparison):
    """A line for each row and figure; names are printable and cannot end their cell."""
    assert reports.markdown(comparison) == (
        "|  |  | L | Δ L /255 |\n"
        "| --- | --- | --- | --- |\n"
        "| train | mean | 0.500000 | 0 |\n"
        "| train | std | 0.500000 | 0 |\n"
        "| a\\x1b \\| b | mean | 0.600000 | +25.5 |\n"
        "| a\\x1b \\| b | std | 0.400000 | -25.5 |\n"
        "\n"
        "a\\x1b | b differs from train: brightness grows by 0.20 σ, contrast falls by 20 %.\n"
    )


def test_markdown_of_a_result(stats):
    """All of its tables have a rule below their heads; sentences stand between them."""
    text = reports.markdown(stats)
    assert "\n| two-pass | mean | 0.500000 | 0.250000 | 0.125000 |\n" in text
    blocks = text.split("\n\n")
    assert 4 == sum("| --- | " in block.splitlines()[1] for block in blocks if block[0] == "|")
    assert "\n\nexact (two-pass)\n" in text


def test_markdown_of_a_command():
    """A command is code."""
    command = reports.Paragraph((reports.Line("So:"), reports.Line("bnstat -h", "command")))
    assert "So:\n\n    bnstat -h\n" == formats._markdown(command)


def test_markdown_of_a_heading_within_a_table():
    """It is bold, and its row has as many cells as the others."""
    rows = reports.Row.heading("train"), reports.Row(("mean", "0.5"))
    table = reports.Table((reports.Column("", numbers=False), reports.Column("L")), rows)
    expected = "|  | L |\n| --- | --- |\n| **train** |  |\n| mean | 0.5 |\n"
    assert expected == formats._markdown(table)


def test_markdown_of_a_sweep(sweep):
    """The verdict, then each order with its table under its name in bold."""
    text = reports.markdown(sweep)
    assert text.startswith(f"{sweep.verdict}\n\n")
    assert "\n\n**shuffled (20 repeats)**\n\n| batch | momentum |" in text
    assert "\n\n**listed (by key)**\n\n| batch | momentum |" in text
