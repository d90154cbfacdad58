"""Reading PDF files: pages a second to a document with paragraphs and tables, beside the plain text of two peers; and
a thousand pages through the stages that read and divide them."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from rounds import last_object, median, missing, number, ratio, table, versions

HERE = Path(__file__).resolve().parent
PEERS = ("pymupdf", "pypdfium2")
KOREAN = ("made-pdf", "ko-law-pdf")
ENGLISH = ("pdfplumber", "unstructured-docs", "odl-pdf")


def shared():
    return Path(os.environ.get("MORU_SHARED", HERE.parents[1] / ".." / "shared")) / "data"


def files(folders):
    return sorted(str(path) for folder in folders for path in (shared() / folder).rglob("*.pdf"))


def pdf(bench):
    """Korean and English files in turn. The program is an example of the crate `data`, built beside the binary."""
    title = ["## Reading PDF files", ""]
    program = bench.binary.parent / "examples" / "pdf_speed"
    groups = {"Korean": files(KOREAN), "English": files(ENGLISH)}
    if not program.exists() or not all(groups.values()):
        why = "the shared PDF files are absent" if program.exists() else "`pdf_speed` is not built"
        return "\n".join([*title, f"Not measured: {why}.", ""])
    rounds = "1" if bench.small else "10"
    absent = missing(*PEERS)
    lines = []
    for language, paths in groups.items():
        programs = {"moru": lambda: last_object([str(program), rounds, *paths])}
        for peer in PEERS:
            if peer not in absent:
                programs[peer] = lambda peer=peer: bench.peer("read_pdf.py", peer, rounds, *paths)
        figures = bench.in_turn(programs)
        ours = figures["moru"]
        for name, runs in figures.items():
            quotient = "" if name == "moru" else ratio(ours, runs, "pages_per_s")
            pages = f"{runs[-1]['pages'] // int(rounds):,}"
            lines.append([language, name, pages, number(median(runs, "pages_per_s")), quotient])
    text = [*title, "- ours: `pdf_speed` of the crate `data` (`cargo build --release -p data --example pdf_speed`), one"]
    text += ["  thread, to paragraphs, tables and furniture; theirs: the plain text of each page, one thread"]
    text += [f"- peers: {versions(*(p for p in PEERS if p not in absent)) or 'not installed'}", ""]
    header = ["files", "program", "pages", "pages/s", "pages/s, ours : theirs"]
    return "\n".join([*text, table(header, lines), ""])


# Pages of the long file; with --small some.
LONG = 1000


def long(bench):
    """A thousand pages in one file: read with structure and divided into pieces by the built-in model's tokens."""
    title = ["## Reading and dividing a thousand pages", ""]
    if missing("pymupdf"):
        return "\n".join([*title, "Not measured: pymupdf is not installed, which puts the pages together.", ""])
    project = bench.folder / "long"
    made = subprocess.run([str(bench.binary), "init", "regulations", str(project)], capture_output=True, check=False)
    if made.returncode != 0:
        raise SystemExit(made.stderr.decode())
    pages = joined(project / "rules", 60 if bench.small else LONG)
    runs = bench.in_turn({"moru": lambda: divided(bench, project)})["moru"]
    lines = []
    parts = {"parse": "reading, with structure", "chunk": "masking and dividing", "both": "both", "all": "the whole command"}
    for key, told in parts.items():
        seconds = sorted(run[key] for run in runs)
        rate = f"{number(pages / median(runs, key))} ({number(pages / seconds[-1])}–{number(pages / seconds[0])})"
        lines.append([told, number(median(runs, key)), rate, number(median(runs, "gb")) if key == "all" else ""])
    text = [*title, "- `moru run --until chunk` of the template `regulations`, whose printed rules were put together into one"]
    text += [f"  file of {pages:,} pages; two threads; the command also reads the recipe, unpacks the model and writes a report", ""]
    return "\n".join([*text, table(["", "s", "pages/s", "peak memory, GB"], lines), ""])


def joined(folder, least):
    """Puts the rules of a folder into one file, over and over, in their place; says how many pages it has."""
    import pymupdf

    files = sorted(folder.glob("*.pdf"))
    books = [pymupdf.open(file) for file in files]
    whole = pymupdf.open()
    while whole.page_count < least:
        for book in books:
            whole.insert_pdf(book)
    for file in files:
        file.unlink()
    whole.save(folder / "rules.pdf")
    return whole.page_count


def divided(bench, project):
    """Seconds of the stages and of the command, and its memory, from nothing."""
    for folder in (".moru", "out"):
        shutil.rmtree(project / folder, ignore_errors=True)
    begun = time.perf_counter()
    run = subprocess.Popen([str(bench.binary), "run", "--until", "chunk"], cwd=project, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True)
    told = run.stderr.read()
    _, status, usage = os.wait4(run.pid, 0)
    run.returncode = status
    seconds = time.perf_counter() - begun
    if status != 0:
        raise SystemExit(told)
    stages = {name: float(took) for name, took in re.findall(r"(parse|chunk):\S+\s+done in ([0-9.]+) s", told)}
    return {**stages, "both": stages["parse"] + stages["chunk"], "all": seconds, "gb": usage.ru_maxrss * 1024 / 1e9}
