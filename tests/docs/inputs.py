"""Print docs/inputs.md: `python tests/docs/inputs.py > docs/inputs.md`."""

import sys

from bnstat.result.warning_codes import CODES

_HEAD = """\
# Warnings of inputs

Generated from the code by `python tests/docs/inputs.py > docs/inputs.md`.

The sums are exact; but they may be exact about the wrong thing. What a practitioner would want to
know of the inputs before trusting the figures is a warning: a line on stderr, an entry of
`warnings` in the document (its code, the text, and how many images), and a sentence on the page of
`bnstat report`. Where nothing is wrong there is none. A setting that is typed, though it be the
default, answers the warning that names it below: then it does not come.

With `bnstat compute --strict`, any warning is an error: the exit status is 4, and nothing is
written.

"""


def page() -> str:
    """Return the whole page."""
    return _HEAD + "\n".join(_section(name) for name in CODES)


def _section(name: str) -> str:
    code = CODES[name]
    answer = f"\n\nAnswered by `--{code.answer.replace('_', '-')}`." if code.answer else ""
    return f"## `{name}`\n\n{code.cause}\n\n{code.remedy}{answer}\n"


if __name__ == "__main__":
    sys.stdout.write(page())
