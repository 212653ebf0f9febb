"""The command line: the only rooms that know click, rich, tqdm and exit codes.

One file a command; `app` lists them, `main` turns what they raise into exit codes.
"""

import signal
import sys


def main() -> None:
    """Run `bnstat` with the arguments of this process, and exit."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `run` takes care: no traceback
    from bnstat.cli.run import run

    sys.exit(run(sys.argv[1:]))
