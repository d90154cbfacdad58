"""How long a person waits: for the first page of help, and for the first token of an answer."""

import statistics
import subprocess
import time


def first_page(bench):
    text = f"`moru --help` takes {milliseconds([str(bench.binary), '--help'])}, the start of a process included."
    return "\n".join(["## First page of help", "", text, ""])


def first_token(bench):
    folder = bench.folder / "first-token"
    quietly = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([str(bench.binary), "init", "support", str(folder)], **quietly)
    subprocess.run([str(bench.binary), "run", "base"], cwd=folder, **quietly)
    (folder / "question.txt").write_text("배송은 언제 되나요?\n", encoding="utf-8")
    same = ["generate", "--model", "base", "--raw", "--max-tokens", "1", "--in", "question.txt"]
    text = f"`moru {' '.join(same)}` of `builtin:nano` takes {milliseconds([str(bench.binary), *same], folder)}, "
    text += "from the start of the process to its end: the recipe, the weights, the prompt and one token."
    return "\n".join(["## First token", "", text, ""])


def milliseconds(command, folder=None):
    """The median of twenty runs, with the least and the greatest."""
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - start)
    middle, least, most = (1000 * f(seconds) for f in (statistics.median, min, max))
    return f"{middle:.1f} ms ({least:.1f}–{most:.1f} in 20 runs)"
