"""`python -m sonnet2haiku`: the command line."""

from migrate.cli import main

if __name__ == "__main__":
    main(prog_name="sonnet2haiku")
