"""Errors that a user can act on, and commands that show them in one line.

`UserError` is raised wherever the input, not the program, is at fault. A click command
made with ``cls=Command`` or ``cls=Group`` prints it as one line on standard error and
exits with its status; Ctrl-C ends in one line too, with status 130.
"""

from __future__ import annotations

import sys
from typing import Any

import click

INTERRUPTED = 130


class UserError(Exception):
    """A fault in what the user gave.

    Args:
      message: What is wrong, in one sentence, naming the file, key or option.
      hint: What to do about it; shown after the message.
      status: The exit status of a command that ends with this error.
    """

    def __init__(self, message: str, hint: str = "", *, status: int = 2):
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = status

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


def one_line(text: object) -> str:
    """Returns `text` with every run of white space turned into one space."""
    return " ".join(str(text).split())


class _OneLineErrors:
    """What `Command` and `Group` share: errors end the process in one line."""

    def main(self, *args: Any, standalone_mode: bool = True, **kwargs: Any) -> Any:
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **kwargs)
        try:
            status = super().main(*args, standalone_mode=False, **kwargs)
        except UserError as error:
            click.echo(f"error: {one_line(error)}", err=True)
            status = error.status
        except click.exceptions.Exit as ended:
            status = ended.exit_code
        except click.ClickException as error:
            error.show()
            status = error.exit_code
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted", err=True)
            status = INTERRUPTED
        except BrokenPipeError:
            # The reader of our output went away (`… | head`): nothing to say.
            sys.stderr.close()
            status = 1
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            click.echo(f"error: {place}{one_line(error.strerror or error)}", err=True)
            status = 2
        sys.exit(status if isinstance(status, int) else 0)


class Command(_OneLineErrors, click.Command):
    """A click command that reports faults in one line."""


class Group(_OneLineErrors, click.Group):
    """A click group that reports faults in one line."""

    command_class = Command
