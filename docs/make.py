"""Makes the pages in docs/ that repeat what the code says.

python docs/make.py            # writes them
python docs/make.py --check    # exit status 1 if one is stale
"""

from __future__ import annotations

import pathlib
import sys

import click

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

NOTE = "<!-- Made by docs/make.py from the code; do not edit. -->\n\n"


def rules() -> str:
    """docs/rules.md: the table of rules."""
    from migrate.rules.codes import CODES

    out = [
        "# Rules\n\n",
        NOTE,
        "Codes are stable. `--only` and `--skip` take a code, or its beginning;\n"
        "`sonnet2haiku explain CODE` prints one.\n\n",
        "| code | what |\n|---|---|\n",
    ]
    for code, rule in sorted(CODES.items()):
        anchor = code.lower()
        out.append(f"| [{code}](#{anchor}) | {rule.title} |\n")
    for code, rule in sorted(CODES.items()):
        out.append(f"\n## {code}\n\n**{rule.title}.** {rule.explanation}\n")
        if rule.example:
            out.append(f"\n```diff\n{rule.example}\n```\n")
    return "".join(out)


def commands() -> str:
    """docs/cli.md: the help texts of both commands."""
    from migrate import cli

    out = ["# Command line\n\n", NOTE]
    for name, command in _commands(cli.main, "sonnet2haiku"):
        out.append(f"## {name}\n\n```\n{_help(command, name)}\n```\n\n")
    try:
        from migrate.checkpoint import command as checkpoint
    except ImportError:
        return "".join(out)
    for name, command in _commands(checkpoint.main, "convert-checkpoint"):
        out.append(f"## {name}\n\n```\n{_help(command, name)}\n```\n\n")
    return "".join(out).rstrip("\n") + "\n"


def _commands(command: click.Command, name: str):
    yield name, command
    for sub, inner in sorted(getattr(command, "commands", {}).items()):
        yield from _commands(inner, f"{name} {sub}")


def _help(command: click.Command, name: str) -> str:
    settings = {"help_option_names": ["-h", "--help"]}
    settings |= command.context_settings
    settings |= {"terminal_width": 80, "max_content_width": 80}
    context = click.Context(command, info_name=name, **settings)
    return "\n".join(line.rstrip() for line in command.get_help(context).split("\n"))


PAGES = {"rules.md": rules, "cli.md": commands}


def main(check: bool) -> int:
    stale = 0
    for name, page in PAGES.items():
        path, text = HERE / name, page()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if check:
            print(f"docs/{name} is stale: make docs")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote docs/{name}")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
