"""Save what coverage has measured in processes that end without an exit.

Python runs this when it starts, from a .pth file that .ci/coverage writes. A worker of bnstat is
killed when its caller is done with it: it saves before each answer. A command that is ended by a
signal ends itself by the same signal, once it has cleaned up: it saves before that.
"""

import os


def save() -> None:
    """Write what this process has measured, if it measures."""
    from coverage import Coverage

    if (measuring := Coverage.current()) is not None:
        measuring.save()


def kill_after_saving(pid, number, /, *, kill=os.kill):
    """Send a signal; save first if it is to end this process."""
    if pid == os.getpid():
        save()
    kill(pid, number)


def exit_after_saving(status, *, exit_at_once=os._exit):
    """Save, and end this process at once."""
    save()
    exit_at_once(status)


def save_before_answers() -> None:
    """Save whenever a connection is written to: in a forked process, as bnstat's workers are."""
    from multiprocessing.connection import Connection

    send = Connection.send_bytes

    def send_after_saving(*arguments, **options):
        save()
        send(*arguments, **options)

    Connection.send_bytes = send_after_saving


exit_after_saving.__module__, exit_after_saving.__qualname__ = "os", "_exit"  # tests pickle it
os._exit = exit_after_saving
os.kill = kill_after_saving
os.register_at_fork(after_in_child=save_before_answers)
