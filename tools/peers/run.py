"""Measures the product beside its peers, in turn, and writes the page of results.

    cargo xtask bench --python PATH      everything, with the interpreter that has the peers' packages: an hour
    python tools/peers/run.py --only help      one section; the others stay as they were measured on this machine
    python tools/peers/run.py --small --page FILE      in a minute: small sizes, to try the scripts

Each figure is a median of the rounds; each ratio the median of the quotients of runs of the same round, with
the least and the greatest. A peer whose packages are not installed is written down as not measured.
"""

import argparse
import datetime
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

# The scripts' folder is a part of the checkout: nothing is left in it.
sys.dont_write_bytecode = True

import machine
import measure_data
import measure_documents
import measure_generation
import measure_help
import measure_training
from rounds import Bench, table

ROOT = Path(__file__).resolve().parents[2]

# Percent of the processors that others may take before the page says that the machine was not idle.
MAX_BUSY = 10

MEASUREMENTS = {
    "training-lora": measure_training.lora,
    "training-lora-qwen3": measure_training.lora_qwen3,
    "training-shared-prefix": measure_training.shared_prefix,
    "training-weights": measure_training.weights,
    "training-large": measure_training.large,
    "training-full": measure_training.full_gpt2,
    "training-full-nano": measure_training.full_nano,
    "training-scaling": measure_training.scaling,
    "generation": measure_generation.one_request,
    "generation-many": measure_generation.many_requests,
    "data-large": measure_data.large,
    "data-pandas": measure_data.beside_pandas,
    "documents-pdf": measure_documents.pdf,
    "documents-long": measure_documents.long,
    "help": measure_help.first_page,
    "first-token": measure_help.first_token,
}


def options():
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=target / "release" / ("moru" + (".exe" if os.name == "nt" else "")))
    parser.add_argument("--page", default=ROOT / "docs" / "reference" / "results.md", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="small sizes; the figures say nothing")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, help="measure these; the others stay as they stand on the page")
    return parser.parse_args()


def told(command):
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def checkout():
    """The commit, and whether files differ from it. Asked before the first measurement: others may commit
    meanwhile."""
    commit = f"commit {told(['git', 'rev-parse', '--short', 'HEAD'])}"
    changed = told(["git", "status", "--porcelain", "--untracked-files=no"]) != "unknown"
    return commit + (" with uncommitted changes" if changed else "")


def head():
    lines = ["<!-- Written by tools/peers/run.py; do not edit. -->", "# Measured results", ""]
    lines.append("`cargo xtask bench --python PATH` measures and writes this page. Programs run in turn; figures are")
    lines.append("medians of the rounds, ratios the median of the quotients round by round, with least and greatest.")
    lines.append("Above 1 ours is faster. Memory is the most that the process held (VmHWM). What other programs took")
    lines.append("of the processors was measured for three seconds before each section.")
    return "\n".join([*lines, "", table(["", ""], machine.describe()), ""])


def measured(name, bench, args, commit):
    """A section, and when and of what it was measured."""
    share = machine.busy()
    section = MEASUREMENTS[name](bench).rstrip()
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    product = f"{told([str(args.binary), '--version'])}, {commit}, {told(['rustc', '--version'])}"
    taken = "an unknown share" if share is None else f"{share:.0f} %"
    note = f"*{when}; {product}; Python {platform.python_version()}; at most {args.rounds} rounds; others took {taken}.*"
    if share is not None and share > MAX_BUSY:
        note += "\n\n**The machine was not idle.** Figures are too low for all, and ratios may favour programs whose"
        note += "\nthreads seldom wait for one another; measure again on an idle machine before quoting them."
    return f"<!-- {name} -->\n{section}\n\n{note}\n"


def standing(page):
    """The sections of a page that was measured on this machine: {name: text}."""
    try:
        before, *sections = page.read_text(encoding="utf-8").split("\n<!-- ")
    except OSError:
        return {}
    if before.strip() != head().strip():
        return {}
    parts = (section.partition(" -->\n") for section in sections)
    return {name: f"<!-- {name} -->\n{text.rstrip()}\n" for name, _, text in parts if name in MEASUREMENTS}


def main():
    args = options()
    commit, sections = checkout(), standing(args.page)
    args.page.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="moru-bench-") as folder:
        bench = Bench(args.binary, folder, args.rounds, args.small)
        for name in args.only or MEASUREMENTS:
            print(name, file=sys.stderr, flush=True)
            sections[name] = measured(name, bench, args, commit)
            write(args.page, "\n".join([head(), *(sections[n] for n in MEASUREMENTS if n in sections)]))


def write(page, text):
    part = page.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(page)


if __name__ == "__main__":
    main()
