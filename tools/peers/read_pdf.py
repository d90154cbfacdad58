"""The peers of reading PDF files: `python read_pdf.py PEER ROUNDS FILE...` prints one JSON object.

PEER is `pymupdf` or `pypdfium2`. The bytes are in memory before the clock starts. Neither puts pages together to
paragraphs or finds tables: this is their plain text, page by page.
"""

import json
import sys
import time
from pathlib import Path


def pymupdf_pages(data):
    import pymupdf

    with pymupdf.open(stream=data, filetype="pdf") as document:
        if document.needs_pass:
            raise ValueError("password")
        return sum(1 for page in document if page.get_text() is not None)


def pypdfium2_pages(data):
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    for page in document:
        text = page.get_textpage()
        text.get_text_range()
        text.close()
        page.close()
    pages = len(document)
    document.close()
    return pages


def main():
    peer, rounds, *files = sys.argv[1:]
    read = {"pymupdf": pymupdf_pages, "pypdfium2": pypdfium2_pages}[peer]
    pages, seconds, left_out = 0, 0.0, 0
    for path in files:
        data = Path(path).read_bytes()
        try:
            read(data)  # imports, and files that cannot be read
        except Exception:
            left_out += 1
            continue
        for _ in range(int(rounds)):
            start = time.perf_counter()
            pages += read(data)
            seconds += time.perf_counter() - start
    print(json.dumps({"pages": pages, "pages_per_s": pages / max(seconds, 1e-9), "left_out": left_out}))


main()
