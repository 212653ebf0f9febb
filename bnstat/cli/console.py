"""rich's console, but for what a closed pipe does."""

import rich.console


class Console(rich.console.Console):
    """A console that leaves a closed pipe to `run`; rich would exit with status 1."""

    def on_broken_pipe(self) -> None:
        """Raise what the pipe raised."""
        raise BrokenPipeError
