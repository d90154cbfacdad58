"""Sets the example rules to PDF and writes the handbook in its other formats.

    python3 tools/rules/set.py [BOOK ...]

needs Chromium, the Nanum and the Noto CJK fonts (SIL Open Font License) and what requirements.txt names. The files are kept in
git, so that nobody has to run this who does not change a book.
"""

import sys
from pathlib import Path

import chromium
import source
import typst_book

OUT = Path(__file__).resolve().parents[2] / "crates/synth/assets/rules"
EMPLOYMENT = [
    f"employment/{name}.txt"
    for name in ("1_general", "2_personnel", "3_service", "4_discipline", "5_safety", "6_annexes")
]


def employment():
    chromium.set_book(source.read(EMPLOYMENT), OUT / "employment-rules.pdf", "book")


def pay():
    typst_book.set_book(source.read(["pay.txt"], "+"), OUT / "pay-rules.pdf", "ko")


def pay_of_2020():
    chromium.set_book(source.read(["pay.txt"], "-"), OUT / "pay-rules-2020.pdf", "columns")


def comparison():
    old, new = (source.read(["pay.txt"], edition) for edition in "-+")
    chromium.set_comparison(old, new, OUT / "pay-rules-comparison.pdf")


def handbook():
    import other

    entries = source.read(["handbook.txt"])
    typst_book.set_book(entries, OUT / "employee-handbook.pdf", "en")
    (OUT / "employee-handbook.md").write_text(other.markdown(entries), encoding="utf-8")
    other.word(entries, OUT / "employee-handbook.docx")


BOOKS = {
    "employment": employment,
    "pay": pay,
    "pay_of_2020": pay_of_2020,
    "comparison": comparison,
    "handbook": handbook,
}

if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or BOOKS:
        BOOKS[name]()
    for path in sorted(OUT.iterdir()):
        print(f"{path.stat().st_size:>8} {path.name}")
