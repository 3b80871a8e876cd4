"""`python -m compat PATH…`: what programs use of TensorFlow, Sonnet and TRFL that is
not here, before they run."""

from __future__ import annotations

import argparse

from compat.lookup import missing


def main(arguments: list[str] | None = None) -> int:
    """Prints a line for each use; 1 if there is one, 2 if a path is not there."""
    parser = argparse.ArgumentParser(
        "python -m compat", description="Lists the names that compat lacks."
    )
    parser.add_argument("path", nargs="+", help="a Python file, or a folder of them")
    given = parser.parse_args(arguments)
    count = 0
    for path in given.path:
        try:
            found = missing(path)
        except FileNotFoundError as error:
            parser.error(str(error))
        for use in found:
            print(use)
        count += len(found)
    print(f"{count} missing" if count else "nothing is missing")
    return 1 if count else 0


if __name__ == "__main__":
    raise SystemExit(main())
