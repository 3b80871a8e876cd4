"""`python -m sonnet2haiku`: the command line."""

import sys

from sonnet2haiku import _names


def main() -> None:
    try:
        _names.check(*_names.PARTS)
    except ImportError as error:
        sys.exit(f"error: {error}")
    from migrate.cli import main as command

    command(prog_name="sonnet2haiku")


if __name__ == "__main__":
    main()
