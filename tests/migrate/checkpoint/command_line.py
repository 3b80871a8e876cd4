"""The command convert-checkpoint, called from tests in a folder with a checkpoint."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from migrate.checkpoint.command import main
from tests.migrate.checkpoint import small

INPUT = "float32[4,3]"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program.py").write_text(small.PROGRAM)
    small.write(tmp_path / "ckpt")
    return tmp_path


def run(*args):
    result = CliRunner().invoke(main, list(map(str, args)))
    assert result.exception is None or isinstance(result.exception, SystemExit), (
        result.exception
    )
    return result


def convert(*args, target="program.py:Net", source="ckpt"):
    return run(source, "--target", target, "--input", INPUT, *args)


def error_of(result):
    """The one line of a refused conversion."""
    assert result.exit_code == 2 and result.output.count("\n") == 1, result.output
    return result.output
