"""Reads the books of crates/synth/src/rules/text: one entry for each heading, item, paragraph and table.

The markup is described in crates/synth/src/rules/markup.rs. This is a second reader of it on purpose: what the
tests compare a printed book with was then not made by the program that printed it.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

TEXT = Path(__file__).resolve().parents[2] / "crates/synth/src/rules/text"

PATTERNS = [
    ("part", re.compile(r"^(제\d+편 .+)()$")),
    ("chapter", re.compile(r"^(제\d+장 .+)()$")),
    ("section", re.compile(r"^(제\d+절 .+)()$")),
    ("article", re.compile(r"^(제\d+조(?:의\d+)?(?:\([^)]*\))?) ?(.*)$")),
    ("supplement", re.compile(r"^(부칙 <[^>]+>)()$")),
    ("annex", re.compile(r"^(\[별표 \d+\] .+)()$")),
    ("form", re.compile(r"^(\[별지 제\d+호서식\] .+)()$")),
    ("paragraph", re.compile(r"^([①-⑳]) (.+)$")),
    ("item", re.compile(r"^(\d+\.) (.+)$")),
    ("subitem", re.compile(r"^([가-하]\.) (.+)$")),
    ("point", re.compile(r"^(\d+\)) (.+)$")),
    ("text", re.compile(r"^~()(?: (.+))$")),
]
HANDBOOK = [
    ("chapter", re.compile(r"^== (.+)()$")),
    ("section", re.compile(r"^=== (.+)()$")),
    ("item", re.compile(r"^(\d+\.) (.+)$")),
    ("text", re.compile(r"^()(.+)$")),
]
FACT = re.compile(r"\{[vsdtr] [^{}|]+\|([^{}|]+)\}")


@dataclass
class Cell:
    text: str
    columns: int = 1
    rows: int = 1


@dataclass
class Entry:
    kind: str
    heading: str = ""
    text: str = ""
    # Rows of cells; each cell stands once, at its first place. `None` where another cell fills the place.
    rows: list = field(default_factory=list)
    heading_rows: int = 0


def read(files, edition=None):
    """The entries of a book. `edition` is `+` or `-` for a book with two editions."""
    entries = []
    patterns = HANDBOOK if "handbook.txt" in files else PATTERNS
    for name in files:
        for line in (TEXT / name).read_text(encoding="utf-8").splitlines():
            if not line or line.startswith("#"):
                continue
            if line[:2] in ("+ ", "- "):
                if line[0] != edition:
                    continue
                line = line[2:]
            take(entries, FACT.sub(r"\1", line), patterns)
    for entry in entries:
        if entry.kind == "table":
            merge(entry)
    return entries


def take(entries, line, patterns):
    if line.startswith("= "):
        entries.append(Entry("title", line[2:]))
    elif line.startswith(": "):
        entries.append(Entry("preamble", "", line[2:]))
    elif line.startswith("|"):
        if entries[-1].kind != "table":
            entries.append(Entry("table"))
        heading = re.match(r"^\|!\d*", line)
        entries[-1].heading_rows += bool(heading)
        body = line[heading.end() if heading else 1 :]
        entries[-1].rows.append([cell.strip() for cell in body.split("|")])
    else:
        for kind, pattern in patterns:
            found = pattern.match(line)
            if found:
                entries.append(Entry(kind, found[1], found[2]))
                return
        raise SystemExit(f"begins like nothing known: {line}")


def merge(table):
    """Cells that go on to the right (`<`) or downwards (`^`) become one."""
    grid = table.rows
    cells = [[None] * len(row) for row in grid]
    owner = {}
    for r, row in enumerate(grid):
        for c, text in enumerate(row):
            if text == "<":
                owner[r, c] = owner[r, c - 1]
            elif text == "^":
                owner[r, c] = owner[r - 1, c]
            else:
                owner[r, c] = (r, c)
                cells[r][c] = Cell(text)
            first = owner[r, c]
            cell = cells[first[0]][first[1]]
            cell.rows = max(cell.rows, r - first[0] + 1)
            cell.columns = max(cell.columns, c - first[1] + 1)
    table.rows = cells
