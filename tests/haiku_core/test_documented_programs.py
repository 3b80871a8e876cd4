"""The program in docs/haiku_core.md runs, block after block."""

import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "haiku_core.md"


def test_blocks_run_in_order():
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    assert len(blocks) == 3
    space = {"__name__": "documented"}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), space)
