"""Programs run in turn, and what many runs say together."""

import importlib.metadata
import importlib.util
import json
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Bench:
    """What all measurements share: the binary, how often, how large, and a folder for their files."""

    def __init__(self, binary, folder, rounds, small):
        self.binary, self.folder, self.rounds, self.small = Path(binary).resolve(), Path(folder), rounds, small

    def ours(self, *arguments):
        """Our figures: the JSON object on the last line."""
        return last_object([str(self.binary), *arguments, "--json"])

    def script(self, script, *arguments):
        """What a script of this folder says: the JSON object on the last line."""
        return last_object([sys.executable, "-B", str(HERE / script), *arguments])

    def peer(self, script, *arguments):
        """A peer's figures."""
        return self.script(script, *arguments)

    def in_turn(self, programs, most=None):
        """Runs each program once a round, at most so many rounds: {name: [figures of a round, ...]}."""
        figures = {name: [] for name in programs}
        rounds = min(self.rounds, most or self.rounds)
        for number in range(rounds):
            for name, program in programs.items():
                figures[name].append(program())
                print(f"  round {number + 1} of {rounds}: {name}", file=sys.stderr, flush=True)
        return figures


def last_object(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def missing(*packages):
    """The packages that this interpreter does not have."""
    return [name for name in packages if importlib.util.find_spec(name) is None]


def versions(*packages):
    """`torch 2.1, peft 0.1`."""
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def ratio(ours, theirs, key):
    """The median of the quotients of runs of one round, with the least and the greatest."""
    quotients = [mine[key] / other[key] for mine, other in zip(ours, theirs)]
    middle = statistics.median(quotients)
    return f"{middle:.2f} ({min(quotients):.2f}–{max(quotients):.2f})"


def number(value):
    """Three digits that count, thousands set apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 1 else f"{value:.3f}"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])
