"""The command line: parses options, calls the functions, prints.

Exit statuses, which scripts rely on: 0 done, 1 `--check` would change something, 2 an
error (usage, or a file that can't be read or parsed), 3 places left under `--strict`.
"""

from __future__ import annotations

from typing import Any

import click

from migrate.errors import INTERRUPTED as INTERRUPTED
from migrate.errors import Group

DONE, WOULD_CHANGE, ERROR, LEFT = 0, 1, 2, 3
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 88}


@click.group(cls=Group, context_settings=_CONTEXT)
@click.version_option(package_name="sonnet2haiku", prog_name="sonnet2haiku")
def main() -> None:
    """Moves DeepMind Sonnet 2 / TensorFlow 2 code to Haiku on JAX.

    \b
    sonnet2haiku scan project/                 what is ahead
    sonnet2haiku rewrite project/              show the changes, write nothing
    sonnet2haiku rewrite project/ --write      make them in place
    sonnet2haiku explain tf.reduce_mean        how one name or rule is handled

    Trained weights are moved by the command `convert-checkpoint`.
    """


_PATHS = click.argument("paths", nargs=-1, required=True, metavar="PATH…")
_JOBS = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="Worker processes. By default as many as are worth it.",
)


@main.command(no_args_is_help=True)
@_PATHS
@click.option("--write", is_flag=True, help="Change the files in place.")
@click.option(
    "--out",
    metavar="DIR",
    help="Write a copy of the tree, data files included, to DIR instead.",
)
@click.option(
    "--check", is_flag=True, help="Write nothing; exit 1 if anything would change."
)
@click.option("--unsafe", is_flag=True, help="Also make edits that may change results.")
@click.option("--strict", is_flag=True, help="Exit 3 if anything is left for a person.")
@click.option(
    "--only",
    multiple=True,
    metavar="CODE",
    help="Apply only this rule, or all rules that begin so. May be repeated.",
)
@click.option(
    "--skip",
    multiple=True,
    metavar="CODE",
    help="Leave out this rule. May be repeated.",
)
@click.option(
    "--haiku",
    type=click.Choice(["haiku_core", "haiku"]),
    default="haiku_core",
    show_default=True,
    help="The package to write against: ours, or dm-haiku. With dm-haiku the result "
    "needs nothing of ours: what Haiku lacks is copied into your tree.",
)
@click.option(
    "--vendor",
    metavar="PACKAGE",
    help="The dotted package of yours that gets helper files. By default the outermost "
    "package of each file, or its own folder where it is in none.",
)
@click.option(
    "--report",
    multiple=True,
    metavar="FILE",
    help="Write a report to FILE.json, FILE.sarif or FILE.html. May be repeated.",
)
@_JOBS
def rewrite(**options: Any) -> int:
    """Rewrites Python files, notebooks and whole folders.

    Without --write or --out this is a dry run: it prints the changes as a diff on
    standard output, which `patch -p1` takes, and a summary on standard error. A
    single `-` reads source from standard input and prints the result.

    Places that could not be turned stay valid Python below a comment
    `# TODO(sonnet2haiku CODE)` that says why.

    \b
    Examples:
      sonnet2haiku rewrite model.py
      sonnet2haiku rewrite project/ --write --report report.html
      sonnet2haiku rewrite project/ --out migrated/ --haiku haiku
      sonnet2haiku rewrite project/ --check --strict
      cat model.py | sonnet2haiku rewrite - > migrated.py

    \b
    Exit status:
      0  done
      1  --check, and something would change
      2  wrong usage, or a file could not be read or parsed (the others are done)
      3  --strict, and something is left for a person
    """
    from migrate import commands

    return commands.rewrite(**options)


@main.command(no_args_is_help=True)
@_PATHS
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_JOBS
def scan(paths: tuple[str, ...], as_json: bool, jobs: int | None) -> int:
    """Counts the Sonnet, TensorFlow and trfl names in files, and says how each will be
    handled and what is left for a person. Changes nothing.

    \b
    Examples:
      sonnet2haiku scan project/
      sonnet2haiku scan model.py --json
    """
    from migrate import commands

    return commands.scan(paths, as_json, jobs)


@main.command(no_args_is_help=True)
@click.argument("name", metavar="CODE|SYMBOL")
def explain(name: str) -> int:
    """Explains a rule of the rewriter, or how a name of Sonnet, TensorFlow or trfl is
    handled.

    \b
    Examples:
      sonnet2haiku explain S2H204
      sonnet2haiku explain tf.reduce_mean
      sonnet2haiku explain snt.BatchNorm
    """
    from migrate import commands

    return commands.explain(name)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rules(as_json: bool) -> int:
    """Lists the rules of the rewriter with their codes."""
    from migrate import commands

    return commands.rules(as_json)


@main.command()
@click.option(
    "--keep",
    metavar="DIR",
    help="Keep what is made in DIR. By default a temporary folder, removed at the end.",
)
def demo(keep: str | None) -> int:
    """Runs the whole way on a small legacy model that comes with the source tree:
    rewrites it, converts its checkpoint, runs it on JAX, and compares the results with
    those recorded from TensorFlow.

    Exit status 0 only if all of them agree.
    """
    from migrate import demo as demo_module

    return demo_module.run(keep)


if __name__ == "__main__":
    main()
