"""Writes the table of README.md from the figures of a run.

python -m benchmarks.haiku.table out.json
"""

from __future__ import annotations

import json
import pathlib
import sys

README = pathlib.Path(__file__).with_name("README.md")
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


def cell(rows: dict, name: str, key: str, form: str = "{:.2f}") -> str:
    value = rows.get(name, {}).get(key)
    return "" if value is None else form.format(value)


def _joined(models: dict) -> dict:
    return {name: row for rows in models.values() for name, row in rows.items()}


def _names(groups: dict) -> list[str]:
    """All names that have figures, in the order of their first appearance."""
    return list(dict.fromkeys(name for rows in groups.values() for name in rows))


def tables(results: dict) -> str:
    """Markdown of all figures that the run has."""
    parts = []
    counts = results.get("counts", {})
    names = _names(counts)
    if counts:
        head = " | ".join(names)
        lines = [
            "Bytecodes to trace a forward pass, bare JAX = 1:\n",
            f"| model | {head} |",
            "|---|" + "---|" * len(names),
        ]
        for model, rows in counts.items():
            bare = rows["bare"]["opcodes"]
            cells = [
                f"{rows[n]['opcodes'] / bare:.2f}" if n in rows else "" for n in names
            ]
            lines.append(f"| {model} | {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    timed = [b for b in ("trace", "init", "eager", "dispatch", "step") if b in results]
    if timed:
        names = _names({b: _joined(results[b]) for b in timed})
        lines = [
            "Time, bare JAX = 1 (median of ratios within a repeat):\n",
            f"| what | model | {' | '.join(names)} |",
            "|---|---|" + "---|" * len(names),
        ]
        for bench in timed:
            for model, rows in results[bench].items():
                cells = [
                    "1" if n == "bare" and n in rows else cell(rows, n, "x_bare")
                    for n in names
                ]
                lines.append(f"| {bench} | {model} | {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    if "import" in results:
        lines = ["CPU time of an import, ms:\n", "| package | ms |", "|---|---|"]
        for name, row in results["import"].items():
            after = "" if name == "jax" else " (after jax)"
            lines.append(f"| {name}{after} | {row['cpu'] * 1e3:.0f} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def main() -> None:
    runs = [json.loads(pathlib.Path(name).read_text()) for name in sys.argv[1:]]
    run = runs[0]
    for more in runs[1:]:
        for bench, models in more["results"].items():
            run["results"].setdefault(bench, {}).update(models)
    versions = ", ".join(
        f"{name} {version}"
        for name, version in run["meta"].items()
        if name not in ("python", "cpus", "time")
    )
    text = f"{versions}; Python {run['meta']['python'].split()[0]}.\n\n"
    before, _, rest = README.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(before + BEGIN + text + tables(run["results"]) + END + after)


if __name__ == "__main__":
    main()
