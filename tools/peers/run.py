"""Measures the product beside its peers, in turn, and writes the page of results.

    cargo xtask bench --python PATH      everything, with the interpreter that has the peers' packages
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
import measure_help
import measure_training
from rounds import Bench, table

ROOT = Path(__file__).resolve().parents[2]

# Percent of the processors that others may take before the page says that the machine was not idle.
MAX_BUSY = 10

MEASUREMENTS = {
    "training-lora": measure_training.lora,
    "training-full": measure_training.full,
    "data-large": measure_data.large,
    "data-pandas": measure_data.beside_pandas,
    "help": measure_help.first_page,
}


def options():
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=target / "release" / ("moru" + (".exe" if os.name == "nt" else "")))
    parser.add_argument("--page", default=ROOT / "docs" / "reference" / "results.md", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="small sizes; the figures say nothing")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, help="leave the others out")
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


def head(args, loads, commit):
    rows = [*machine.describe()]
    rows.append(("Product", f"{told([str(args.binary), '--version'])}, {commit}"))
    rows.append(("Compiler", told(["rustc", "--version"])))
    rows.append(("Python", platform.python_version()))
    rows.append(("Rounds", str(args.rounds)))
    rows.append(("Date", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")))
    shares = ", ".join("unknown" if share is None else f"{share:.0f} %" for share in loads)
    rows.append(("Taken by other programs", shares))
    lines = ["<!-- Written by tools/peers/run.py; do not edit. -->", "# Measured results", ""]
    lines.append("`cargo xtask bench --python PATH` measures and writes this page. Programs run in turn; figures are")
    lines.append("medians of the rounds, ratios the median of the quotients round by round, with least and greatest.")
    lines.append("Above 1 ours is faster. Memory is the most that the process held (VmHWM). What other programs took")
    lines.append("of the processors was measured for three seconds before each section.")
    if any(share is not None and share > MAX_BUSY for share in loads):
        lines += ["", "**The machine was not idle.** Figures are too low for all, and ratios may favour programs whose"]
        lines.append("threads seldom wait for one another; measure again on an idle machine before quoting them.")
    return "\n".join([*lines, "", table(["", ""], rows), ""])


def main():
    args = options()
    sections, loads, commit = [], [], checkout()
    with tempfile.TemporaryDirectory(prefix="moru-bench-") as folder:
        bench = Bench(args.binary, folder, args.rounds, args.small)
        for name in args.only or MEASUREMENTS:
            print(name, file=sys.stderr, flush=True)
            loads.append(machine.busy())
            sections.append(MEASUREMENTS[name](bench))
    page = "\n".join([head(args, loads, commit), *sections]).rstrip() + "\n"
    args.page.parent.mkdir(parents=True, exist_ok=True)
    part = args.page.with_suffix(".part")
    part.write_text(page, encoding="utf-8")
    part.replace(args.page)


if __name__ == "__main__":
    main()
