"""The command ``convert-checkpoint``."""

from __future__ import annotations

import os
from typing import Any

import click

from migrate.errors import Command, Group


class _DefaultToConvert(Group):
    """A group in which anything that is no subcommand is a conversion."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help", "--version"):
            args = ["convert", *args]
        return super().parse_args(context, args)


@click.group(cls=_DefaultToConvert, no_args_is_help=True)
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
    no_verify: bool,
) -> None:
    """Converts a Sonnet checkpoint to parameters and state of a Haiku program.

    CKPT is a checkpoint's prefix, its folder, or a SavedModel. Every variable must
    find its place: otherwise nothing is written and the exit status is 1.
    """
    from migrate.checkpoint._src import content, files, mapping, show
    from migrate.checkpoint._src import convert as converting
    from migrate.checkpoint._src import target as targets

    output = output or _default_output(checkpoint)
    files.suffix_of(output, trust_pickle)
    positional, named = _inputs(inputs, targets)
    where, _, place = (optimizer or "").rpartition("=")
    if "(" in where:  # the sign belongs to an argument: optax:adam(b1=0.8)
        where, place = "", optimizer
    made = converting.make_plan(
        checkpoint,
        targets.owner_of(targets.load(target), inputs),
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
    files.write(
        output,
        content.of_plan(made, {"target": target, "inputs": list(inputs)}),
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
    name = os.path.basename(checkpoint.rstrip("/")).removesuffix(".index")
    return (name or "checkpoint") + ".safetensors"
