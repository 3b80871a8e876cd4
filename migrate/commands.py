"""What the commands do, apart from parsing options."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator

import click

from migrate import api, files, report
from migrate.cli import DONE, ERROR, INTERRUPTED, LEFT, WOULD_CHANGE
from migrate.errors import UserError
from migrate.report import text
from migrate.report.model import Report
from migrate.results import FileResult, Options

_SHOWN = 20  # places listed in the terminal before "and more"


def rewrite(
    paths: tuple[str, ...],
    write: bool,
    out: str | None,
    check: bool,
    unsafe: bool,
    strict: bool,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    haiku: str,
    vendor: str | None,
    report: tuple[str, ...],  # shadows the module, as the option is called so
    jobs: int | None,
) -> int:
    """The command `rewrite`; the exit status."""
    if sum([write, out is not None, check]) > 1:
        raise UserError("--write, --out and --check exclude each other; give one")
    if vendor is not None and not all(p.isidentifier() for p in vendor.split(".")):
        raise UserError(f"--vendor {vendor}: not a dotted package name")
    _check_codes([*only, *skip])
    _check_reports(report)
    options = Options(haiku, unsafe, only, skip, vendor)
    if "-" in paths:
        if len(paths) > 1 or write or out is not None:
            raise UserError(
                "- reads standard input and prints the result; it goes with no other "
                "path, and neither with --write nor with --out"
            )
        return _standard_input(options, check, strict, report)
    from migrate import output

    if out is not None:
        _check_out(out, paths)
    with _progress("rewriting") as on_file:
        run = api.rewrite_paths(
            paths, options=options, jobs=jobs, out=out, on_file=on_file
        )
    result = Report.of(run)
    _reports(result, report)
    errors = text.console(stderr=True)
    if not run.files:
        text.line(errors, "there are no Python files and no notebooks", "yellow")
    if run.interrupted:
        text.print_summary(errors, result)
        text.line(errors, "nothing was written", "bold red")
        return INTERRUPTED
    writes = output.plan(run, out)
    if write or out is not None:
        written = output.write(writes)
    elif not check:
        target = text.console()
        for file in result.files:
            text.print_diff(target, file)
    else:
        for file in result.files:
            if file.status == "changed":
                click.echo(f"would change {file.path}")
    text.print_findings(errors, result, ("left", "unsafe"), _SHOWN)
    text.print_errors(errors, result)
    text.print_summary(errors, result)
    if write or out is not None:
        text.line(errors, f"wrote {written} file{'' if written == 1 else 's'}")
    elif result.number("changed") and not check:
        changed = {file.path for file in run.changed}
        for item in writes:
            if item.path not in changed:
                text.line(errors, f"also needed, and not in the diff: {item.path}")
        text.line(errors, "nothing was written: use --write or --out DIR", "dim")
    return _status(result, check, strict)


def _status(result: Report, check: bool, strict: bool) -> int:
    if result.number("error"):
        return ERROR
    if strict and (result.counts.left or result.callers):
        return LEFT
    if check and result.number("changed"):
        return WOULD_CHANGE
    return DONE


def _check_codes(codes: list[str]) -> None:
    from migrate.report import rules

    known = rules.codes() if codes else []
    for code in codes:
        if not any(k.startswith(code) for k in known):
            raise UserError(
                f"no rule's code begins with {code}", "`sonnet2haiku rules` lists them"
            )


def _check_out(out: str, paths: tuple[str, ...]) -> None:
    if os.path.lexists(out) and not os.path.isdir(out):
        raise UserError(f"--out {out}: is a file, not a folder")
    for path in paths:
        folder = path if os.path.isdir(path) else os.path.dirname(path) or "."
        if os.path.realpath(folder) == os.path.realpath(out):
            raise UserError(
                f"--out {out}: is where the sources are", "use --write to change them"
            )


def _check_reports(paths: tuple[str, ...]) -> None:
    for path in paths:
        report.check_path(path)


def _reports(result: Report, paths: tuple[str, ...]) -> None:
    for path in paths:
        report.write(result, path)


def _standard_input(
    options: Options, check: bool, strict: bool, reports: tuple[str, ...]
) -> int:
    data = sys.stdin.buffer.read()
    name = "<stdin>"
    file = FileResult(name)
    try:
        source, encoding = files.decode(data)
        done = api.rewrite_source(source, path=name, options=options)
        file = FileResult(name, before=source, result=done)
    except files.FileError as error:
        file.error = str(error)
    except SyntaxError as error:
        file.error = files.syntax_message(error)
    result = Report.of(api.Run([file], [], options))
    _reports(result, reports)
    if file.error is None and not check:
        output = sys.stdout.buffer
        output.write(files.encode(file.result.text, encoding))
        output.flush()
    errors = text.console(stderr=True)
    text.print_findings(errors, result, ("left", "unsafe"), _SHOWN)
    text.print_errors(errors, result)
    text.print_summary(errors, result)
    if file.result is not None and file.result.helpers:
        text.line(
            errors,
            "the result imports _tf_ops, which is written for files only: give the "
            "file's name instead of -",
            "yellow",
        )
    return _status(result, check, strict)


@contextlib.contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on standard error, where somebody watches it."""
    if not text.progress_wanted():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=text.console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def scan(paths: tuple[str, ...], as_json: bool, jobs: int | None) -> int:
    """The command `scan`; the exit status."""
    from migrate.report import names

    with _progress("scanning") as on_file:
        run = api.rewrite_paths(paths, jobs=jobs, on_file=on_file)
    result = Report.of(run)
    table = names.table(run)
    if as_json:
        content = {**result.as_dict(), "names": [row.as_dict() for row in table]}
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        target = text.console()
        names.print_table(target, table)
        text.print_findings(target, result, ("left",), _SHOWN)
        text.print_summary(target, result)
    text.print_errors(text.console(stderr=True), result)
    if run.interrupted:
        return INTERRUPTED
    return ERROR if result.number("error") else DONE


def explain(name: str) -> int:
    """The command `explain`; the exit status."""
    from migrate.report import explain as explaining

    explaining.print_explanation(text.console(), name)
    return DONE


def rules(as_json: bool) -> int:
    """The command `rules`; the exit status."""
    from migrate.report import rules as listing

    if as_json:
        content = {"schema": 1, "rules": [listing.as_dict(c) for c in listing.codes()]}
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        target = text.console()
        for code in listing.codes():
            target.print(f"[bold]{code}[/]  {listing.title(code)}")
    return DONE
