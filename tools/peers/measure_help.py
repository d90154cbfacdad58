"""The time until the first page of help stands on the screen."""

import statistics
import subprocess
import time


def first_page(bench):
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        subprocess.run([str(bench.binary), "--help"], stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - start)
    middle, least, most = (1000 * f(seconds) for f in (statistics.median, min, max))
    text = f"`moru --help` takes {middle:.1f} ms ({least:.1f}–{most:.1f}) in 20 runs, the start of a process included."
    return "\n".join(["## First page of help", "", text, ""])
