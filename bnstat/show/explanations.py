"""Where constants come from, in words: two lines that stand alone, then the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bnstat.result.explanation import OTHER, Explained, Explanation, Match
from bnstat.show.blocks import Block, Column, Line, Paragraph, Row, Table
from bnstat.show.changes import SHIFT
from bnstat.show.verdicts import KEEP
from bnstat.text import pluralize, printable

NO_MATCH = "no recipe matches"
_OTHERS = 3


def explanation_report(explanation: Explanation, *, verbose: bool = False) -> tuple[Block, ...]:
    """Return by which recipe constants come from images, and what follows; `verbose`: all others.

    The first two lines stand alone.
    """
    both = {"std": explanation.std, "mean": explanation.mean}
    answers = _answers(explanation, both)
    blocks: list[Block] = [
        Paragraph((answers[0], Line(_context(explanation)), *answers[1:])),
        Paragraph(tuple(_others(both, verbose))),
        *(_nearest(name, each) for name, each in both.items() if each.nearest),
        Paragraph(tuple(_advice(explanation))),
    ]
    return tuple(block for block in blocks if not isinstance(block, Paragraph) or block.lines)


def _answers(explanation: Explanation, both: dict[str, Explained]) -> list[Line]:
    """Return the answer for the std and for the mean; one line where no recipe matches either."""
    if not explanation.found:
        given = " nor ".join(f"{name} {each.given}" for name, each in both.items())
        tried = max(each.tried for each in both.values())
        images = pluralize(explanation.images, "image")
        text = f"{NO_MATCH}: neither {given} comes from these {images} in any of {tried:,} ways."
        return [Line(text, "warning")]
    lines = []
    for name, each in both.items():
        if each.matches:
            values = _numbers(each.matches[0].values, _decimals(each) + 2)
            text = f"{in_words(each.matches[0])}: {values} (all digits agree)."
            lines.append(Line(f"{name} {each.given} is {text}", "answer"))
        else:
            lines.append(Line(f"{NO_MATCH} {name} {each.given}.", "warning"))
    return lines


def in_words(match: Match, like: Match | None = None) -> str:
    """Return a recipe with what the images went through, and how the constants are written.

    What they have in common with another match, `like`, is not repeated.
    """
    text = match.recipe
    if match.source is not None:
        text += f" of {printable(match.source)}"
    if match.pipeline:
        text += f" after {printable(' | '.join(match.pipeline))}"
    if match.units != (like.units if like else "[0, 1]"):
        text += f", for {match.units}"
    if match.reordered and not (like and like.channels == match.channels):
        text += f", in the order {', '.join(match.channels)}"
    return text


def _context(explanation: Explanation) -> str:
    mean, std = explanation.normalized_mean, explanation.normalized_std
    return (
        f"The std of all pixels is {_numbers(explanation.exact_std, 6)}. Normalized with these "
        f"constants the images have mean {_numbers(mean, 2)} and std {_numbers(std, 2)}."
    )


def _others(both: dict[str, Explained], verbose: bool) -> Iterator[Line]:
    for name, each in both.items():
        names = [in_words(match, each.matches[0]) for match in each.matches[1:]]
        if names:
            yield Line(f"The same {name} in these digits: {_list(names, verbose)}.")
        names = list(map(in_words, each.accidental))
        if names:
            listed = _list(names, verbose)
            yield Line(f"The digits of the {name} are too few to tell; by chance: {listed}.")
        if each.sample is not None:
            number = pluralize(each.sample, "image")
            yield Line(f"A random sample of about {number} could have this {name}.")


def _list(names: Sequence[str], verbose: bool) -> str:
    if verbose or len(names) <= _OTHERS:
        return "; ".join(names)
    return "; ".join([*names[:_OTHERS], f"{len(names) - _OTHERS} more (-v)"])


def _nearest(name: str, each: Explained) -> Table:
    columns = (
        Column("off by"),
        Column("value"),
        Column(f"nearest to {name} {each.given}", numbers=False),  # the last: long names are broken
    )
    decimals = _decimals(each)
    rows = []
    for match, looks in zip(each.nearest, each.looks, strict=True):
        name_of = in_words(match) + ("" if looks == OTHER else f"; off as by {looks}")
        rows.append(Row((f"{match.distance:.2g}", _numbers(match.values, decimals), name_of)))
    return Table(columns, tuple(rows))


def _advice(explanation: Explanation) -> Iterator[Line]:
    found = [each.matches[0] for each in (explanation.mean, explanation.std) if each.matches]
    if len({match.channels for match in found if len(set(match.values)) > 1}) > 1:
        yield Line("The mean and the std stand in different orders of channels.", "warning")
    shift = max(map(abs, explanation.normalized_mean))
    scale = max(abs(std - 1) for std in explanation.normalized_std)
    if shift <= SHIFT and scale <= SHIFT:
        yield Line("These constants fit the images: the difference does not matter.", "good")
        return
    yield Line(KEEP)
    yield Line("bnstat export --format normalize", "command")


def _decimals(each: Explained) -> int:
    return max((len(text.partition(".")[2]) for text in each.given.texts), default=0)


def _numbers(values: Sequence[float], decimals: int) -> str:
    return ", ".join(f"{round(value, decimals) + 0.0:.{decimals}f}" for value in values)
