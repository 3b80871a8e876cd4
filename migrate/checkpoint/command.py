"""The command ``convert-checkpoint``."""

from __future__ import annotations

import os
from typing import Any

import click

from migrate.errors import Command, Group, UserError


class _DefaultToConvert(Group):
    """A group in which anything that is no subcommand is a conversion."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "-h", "--help", "--version"):
            args = ["convert", *args]
        return super().parse_args(context, args)


@click.group(
    cls=_DefaultToConvert,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="sonnet2haiku")
def main() -> None:
    """Brings Sonnet's checkpoints to Haiku.

    \b
    convert-checkpoint CKPT --target FILE.py:NET --input 'float32[1,10]'
    converts; see `convert-checkpoint convert --help` for its options.
    """


_CHECKPOINT = click.argument("checkpoint", metavar="CKPT")
_VERIFY = click.option(
    "--no-verify", is_flag=True, help="Do not verify the checkpoint's checksums."
)


@main.command(cls=Command)
@_CHECKPOINT
@click.option(
    "--target",
    required=True,
    metavar="PLACE:OBJECT",
    help="The migrated code: FILE.py or a module, and in it a function, a module"
    " class, a transformed function, or an object that owns networks.",
)
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="SPEC",
    help="An input of the target, such as 'float32[2,10]'; once for each, NAME=SPEC"
    " by name.",
)
@click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="[MODULE=]PATH",
    help="Where the target is in the checkpoint, if several places fit.",
)
@click.option("-o", "--output", metavar="OUT", help="The file to write.")
@click.option("--plan", is_flag=True, help="Show what goes where; write nothing.")
@click.option(
    "--ignore",
    multiple=True,
    metavar="PATTERN",
    help="What may stay without a place, such as 'optimizer/*'.",
)
@click.option(
    "--map", "map_file", metavar="FILE", help="Renames, one TARGET = SOURCE a line."
)
@click.option(
    "--optimizer",
    metavar="[PATH=]PLACE:OBJECT",
    help="An optax transformation whose state is wanted too: 'optax:adam(1e-3)'.",
)
@click.option("--cast", is_flag=True, help="Allow casts that lose precision.")
@click.option(
    "--trust-pickle", is_flag=True, help="Allow a pickle, which can run code."
)
@click.option(
    "--to-sonnet",
    is_flag=True,
    help="The other way: CKPT is a converted file, OUT a TensorFlow checkpoint.",
)
@click.option(
    "--like",
    metavar="CKPT",
    help="With --to-sonnet, an original checkpoint whose layout to keep.",
)
@_VERIFY
def convert(
    checkpoint: str,
    target: str,
    inputs: tuple[str, ...],
    roots: tuple[str, ...],
    output: str | None,
    plan: bool,
    ignore: tuple[str, ...],
    map_file: str | None,
    optimizer: str | None,
    cast: bool,
    trust_pickle: bool,
    to_sonnet: bool,
    like: str | None,
    no_verify: bool,
) -> None:
    """Converts a Sonnet checkpoint to parameters and state of a Haiku program.

    CKPT is a checkpoint's prefix, its folder, or a SavedModel. Every variable must
    find its place: otherwise nothing is written and the exit status is 1.
    """
    from migrate.checkpoint._src import back, files, mapping, show, values
    from migrate.checkpoint._src import convert as converting
    from migrate.checkpoint._src import target as targets
    from migrate.checkpoint._src.keys import Key

    if like and not to_sonnet:
        raise UserError("--like goes with --to-sonnet only")
    if to_sonnet and not output:
        raise UserError("--to-sonnet needs -o PREFIX, the checkpoint to write")
    output = output or _default_output(checkpoint)
    if to_sonnet:
        files.check_folder(output)
    elif not plan:
        files.destination(output, trust_pickle)
    positional, named = _inputs(inputs, targets)
    where, _, place = (optimizer or "").rpartition("=")
    if "(" in where:  # the sign belongs to an argument: optax:adam(b1=0.8)
        where, place = "", optimizer
    program = targets.owner_of(targets.load(target), inputs)
    if to_sonnet and like is None:
        arrays, _ = files.read(
            checkpoint, trust_pickle=trust_pickle, verify=not no_verify
        )
        bases, notes = back.write_new(output, arrays, program, positional, named, roots)
        for module, path in bases.items():
            click.echo(f"root: {module} is {'/'.join(path) or '(the root)'}")
        for note in notes:
            click.echo(f"note: {note}")
        click.echo(f"wrote {output}")
        return
    made = converting.make_plan(
        like or checkpoint,
        program,
        *positional,
        root=roots or None,
        ignore=ignore,
        mapping=mapping.read(map_file) if map_file else None,
        cast=cast,
        verify=not no_verify,
        optimizer=targets.load(place) if place else None,
        optimizer_path=where or None,
        **named,
    )
    show.plan(made, full=plan)
    if not made.complete:
        raise SystemExit(1)
    if plan:
        return
    if to_sonnet:
        arrays, _ = files.read(
            checkpoint, trust_pickle=trust_pickle, verify=not no_verify
        )
        back.write_like(made, {Key.parse(k): a for k, a in arrays.items()}, output)
        click.echo(f"wrote {output}")
        return
    files.write(
        output,
        values.of_plan(made, {"target": target, "inputs": list(inputs)}),
        trust_pickle=trust_pickle,
    )
    click.echo(f"wrote {output}")


def _inputs(texts: tuple[str, ...], targets: Any) -> tuple[list, dict[str, Any]]:
    positional, named = [], {}
    for text in texts:
        name, value = targets.parse_input(text)
        if name is None:
            positional.append(value)
        else:
            named[name] = value
    return positional, named


def _default_output(checkpoint: str) -> str:
    name = os.path.basename(os.path.abspath(checkpoint)).removesuffix(".index")
    return (name.partition(".data-")[0] or "checkpoint") + ".safetensors"


@main.command(cls=Command)
@click.argument("path", metavar="CKPT_OR_FILE")
@click.option("--values", is_flag=True, help="Show mean and extremes of each array.")
@click.option("--trust-pickle", is_flag=True, help="Allow a pickle.")
def inspect(path: str, values: bool, trust_pickle: bool) -> None:
    """Shows what a checkpoint, or a converted file, holds."""
    from migrate.checkpoint._src import compare, show

    show.contents(compare.Contents(path, trust_pickle=trust_pickle), values)


@main.command(cls=Command)
@click.argument("one")
@click.argument("other")
@click.option("--trust-pickle", is_flag=True, help="Allow pickles.")
def diff(one: str, other: str, trust_pickle: bool) -> None:
    """Compares two checkpoints, or two converted files, bit by bit.

    The exit status is 1 if they differ.
    """
    from migrate.checkpoint._src import compare

    first = compare.Contents(one, trust_pickle=trust_pickle)
    second = compare.Contents(other, trust_pickle=trust_pickle)
    found = list(compare.differences(first, second))
    for difference in found:
        click.echo(f"{difference.name}: {difference.what}")
    same = len(first.rows) - sum(d.what != "only in the second" for d in found)
    click.echo(f"{same} equal, {len(found)} different")
    if found:
        raise SystemExit(1)


if __name__ == "__main__":
    main(prog_name="convert-checkpoint")
