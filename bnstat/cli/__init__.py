"""The command line: the only rooms that know click, tqdm and exit codes.

A file for each command, or for two that belong together. `app` lists them, runs one and gives its
exit status.
"""

import os
import signal
import sys


def main() -> None:
    """Run `bnstat` with the arguments of this process, and exit."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `run` handles it: no traceback
    from bnstat.cli.app import run

    if "_BNSTAT_COMPLETE" in os.environ:
        from bnstat.cli.app import app

        app(prog_name="bnstat")  # click prints what completes, and exits

    sys.exit(run(sys.argv[1:]))
