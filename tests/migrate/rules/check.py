"""How a rule is tested: what it turns, twice over, and what it leaves alone."""

from __future__ import annotations

import textwrap

from migrate.results import MANUAL, Options
from migrate.rewrite.engine import rewrite_source


def rewritten(before: str, **options):
    """The rewrite of an indented text; checked to be stable."""
    text = textwrap.dedent(before).lstrip("\n")
    done = rewrite_source(text, options=Options(**options))
    again = rewrite_source(done.text, options=Options(**options))
    assert again.text == done.text, "a second run changes the result"
    return done


def turns(before: str, after: str, **options) -> None:
    """Asserts that a text becomes another, with nothing left for a person."""
    done = rewritten(before, **options)
    assert done.text == textwrap.dedent(after).lstrip("\n")
    left = [f for f in done.findings if f.safety == MANUAL]
    assert not left, left


def stays(text: str, **options) -> None:
    """Asserts that a text is not touched, and that nothing is said of it."""
    text = textwrap.dedent(text).lstrip("\n")
    done = rewrite_source(text, options=Options(**options))
    assert done.text is text
    assert not [f for f in done.findings if f.safety == MANUAL]


def leaves(before: str, code: str, words: str, **options):
    """Asserts that something is left, marked in the text and in the findings."""
    done = rewritten(before, **options)
    left = [f for f in done.findings if f.safety == MANUAL and f.code == code]
    assert any(words in f.message for f in left), done.findings
    assert f"# TODO(sonnet2haiku {code})" in done.text
    return done
