"""Reading PDF files: pages a second to a document with paragraphs and tables, beside the plain text of two peers."""

import os
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
