"""Sets a book with a headless Chromium: HTML and CSS to PDF."""

import html
import re
import subprocess
import tempfile
from pathlib import Path

CSS = """
@page { size: A4; margin: 24mm 20mm 22mm 22mm;
  @top-left { content: "%(company)s"; font: 8pt "NanumGothic"; }
  @top-right { content: "%(title)s"; font: 8pt "NanumGothic"; }
  @bottom-center { content: "- " counter(page) " -"; font: 9pt "NanumMyeongjo"; } }
@page cover { @top-left { content: ""; } @top-right { content: ""; } @bottom-center { content: ""; } }
html { font: 10.5pt/1.62 "NanumMyeongjo"; text-align: justify; }
body { margin: 0; }
p { margin: 0; }
h1 { font: bold 25pt "NanumGothic"; text-align: center; margin: 62mm 0 14mm; }
.cover { page: cover; break-after: page; }
.preamble { text-align: center; }
.contents { columns: 2; column-gap: 9mm; break-after: page; font-size: 9.5pt; line-height: 1.5; text-align: left; }
.contents div { display: flex; justify-content: space-between; }
.contents .part { font: bold 10pt "NanumGothic"; margin-top: 2mm; }
.contents .chapter { padding-left: 2mm; margin-top: 1mm; }
.contents .article { padding-left: 5mm; }
h2, h3, h4, h5 { font-family: "NanumGothic"; text-align: center; break-after: avoid; }
h2 { font-size: 16pt; margin: 9mm 0 5mm; }
h3 { font-size: 12.5pt; margin: 6mm 0 3.5mm; }
h4 { font-size: 11pt; margin: 4mm 0 3mm; }
h5 { font-size: 11.5pt; margin: 5mm 0 3mm; text-align: left; }
b { font-family: "NanumGothic"; font-size: 10pt; }
.article { margin-top: 2.6mm; }
.paragraph { margin-left: 4mm; text-indent: -4mm; padding-left: 3mm; }
.item { padding-left: 11mm; text-indent: -4.5mm; }
.subitem { padding-left: 16mm; text-indent: -4.5mm; }
.point { padding-left: 21mm; text-indent: -4.5mm; }
table { border-collapse: collapse; width: 100%%; margin: 2.5mm 0 3mm; font-size: 9.5pt; line-height: 1.4; text-align: center; }
td, th { border: 0.6pt solid #222; padding: 1.2mm 2mm; height: 4.6mm; font-weight: normal; }
th { background: #e9e9e9; font-family: "NanumGothic"; }
table { break-inside: avoid; }
.two { columns: 2; column-gap: 9mm; column-rule: 0.4pt solid #777; }
.apart { break-before: page; }
"""

TAGS = {"part": "h2", "chapter": "h3", "section": "h4", "supplement": "h5", "annex": "h5", "form": "h5"}


def table(entry):
    rows = []
    for r, row in enumerate(entry.rows):
        tag = "th" if r < entry.heading_rows else "td"
        cells = [
            f'<{tag} colspan="{c.columns}" rowspan="{c.rows}">{html.escape(c.text)}</{tag}>' for c in row if c
        ]
        rows.append("<tr>" + "".join(cells) + "</tr>")
    return "<table>" + "".join(rows) + "</table>"


def contents(entries, pages):
    """A line with its page for each heading down to the articles; articles of 부칙 are not named."""
    lines, in_supplement = [], False
    for entry in entries:
        in_supplement = in_supplement or entry.kind == "supplement"
        if entry.kind in ("part", "chapter", "annex", "form") or entry.kind == "article" and not in_supplement:
            kind = "part" if entry.kind in ("annex", "form") else entry.kind
            page = pages.get(entry.heading, "")
            lines.append(f'<div class="{kind}"><span>{html.escape(entry.heading)}</span><span>{page}</span></div>')
    return '<h3>목 차</h3><div class="contents">' + "".join(lines) + "</div>"


def body(entries):
    """The entries from the first heading on. The first paragraph of an article stands on the article's line."""
    out, joined = [], False
    for at, entry in enumerate(entries):
        text = html.escape(entry.text)
        if entry.kind in TAGS:
            apart = ' class="apart"' if entry.kind == "annex" and "별표 1]" in entry.heading else ""
            out.append(f"<{TAGS[entry.kind]}{apart}>{html.escape(entry.heading)}</{TAGS[entry.kind]}>")
        elif entry.kind == "table":
            out.append(table(entry))
        elif entry.kind == "article":
            after = entries[at + 1] if at + 1 < len(entries) else None
            joined = not entry.text and after is not None and after.kind == "paragraph"
            tail = f" {after.heading} {html.escape(after.text)}" if joined else f" {text}"
            out.append(f'<p class="article"><b>{html.escape(entry.heading)}</b>{tail}</p>')
        elif entry.kind == "paragraph" and joined:
            joined = False
        else:
            marker = f"{html.escape(entry.heading)} " if entry.heading else ""
            out.append(f'<p class="{entry.kind}">{marker}{text}</p>')
    return "".join(out)


def page(entries, pages, layout):
    """The whole book. `layout` is `book` (cover, contents, 부칙 in two columns) or `columns` (all in two)."""
    front = [entry for entry in entries if entry.kind in ("title", "preamble")]
    rest = entries[len(front) :]
    title = front[0].heading
    names = {"title": html.escape(title), "company": html.escape(front[1].text)}
    preamble = "".join(f'<p class="preamble">{html.escape(entry.text)}</p>' for entry in front[1:])
    if layout == "columns":
        style = "html { font-size: 9.5pt } h1 { margin: 0 0 5mm } h3 { font-size: 11pt } table { font-size: 8pt }"
        wide = next(i for i, entry in enumerate(rest) if entry.kind == "annex")
        content = f'<h1>{title}</h1>{preamble}<div class="two">{body(rest[:wide])}</div>{body(rest[wide:])}'
    else:
        style = ""
        begin = next(i for i, entry in enumerate(rest) if entry.kind == "supplement")
        end = next(i for i, entry in enumerate(rest) if entry.kind == "annex")
        content = (
            f'<div class="cover"><h1>{title}</h1>{preamble}</div>{contents(rest, pages)}{body(rest[:begin])}'
            f'<div class="two">{body(rest[begin:end])}</div>{body(rest[end:])}'
        )
    return (
        f'<!doctype html><html lang="ko"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{CSS % names}{style}</style><body>{content}</body></html>"
    )


def pages_of(entries, pdf):
    """The page on which each heading is printed, read back from a first setting."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    texts = ["".join(document[i].get_textpage().get_text_range().split()) for i in range(len(document))]
    begin = max(i for i, text in enumerate(texts) if "목차" in text[:40]) + 1
    while "제1조(목적)이" not in texts[begin]:
        begin += 1
    found, at = {}, begin
    for entry in entries:
        wanted = "".join(entry.heading.split())
        if entry.kind == "supplement":
            break
        if entry.kind in ("part", "chapter", "article"):
            while wanted not in texts[at]:
                at += 1
            found[entry.heading] = at + 1
    for entry in entries:
        if entry.kind in ("annex", "form"):
            wanted = "".join(entry.heading.split())
            found[entry.heading] = next(i for i in range(at, len(texts)) if wanted in texts[i]) + 1
    return found


def print_page(source, out):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.html"
        path.write_text(source, encoding="utf-8")
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", "--disable-pdf-tagging"]
        command += [f"--user-data-dir={folder}/profile", f"--print-to-pdf={out}", path.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    # The same bytes whenever it is printed: a date of as many letters stands in the place of today's.
    data = Path(out).read_bytes()
    Path(out).write_bytes(re.sub(rb"\(D:\d{14}", b"(D:20260101000000", data))


def set_book(entries, out, layout):
    print_page(page(entries, {}, layout), out)
    if layout == "book":
        print_page(page(entries, pages_of(entries, out), layout), out)


def articles(entries):
    """The lines of each article: where a line stands in it, and what it says."""
    found, path, rows = {}, [], 0
    depth = {"paragraph": 0, "item": 1, "subitem": 2, "point": 3}
    for entry in entries:
        if entry.kind == "supplement":
            break
        if entry.kind == "article":
            lines = found[entry.heading.split("(")[0]] = [((), f"{entry.heading} {entry.text}".strip())]
            path = []
        elif entry.kind in depth:
            path = path[: depth[entry.kind]] + [entry.heading]
            lines.append((tuple(path), f"{entry.heading} {entry.text}"))
        elif entry.kind == "table":
            for row in entry.rows:
                lines.append((tuple(path) + (rows,), " ".join(cell.text for cell in row if cell)))
                rows += 1
            rows = 0
    return found


def shown(lines, other, remark):
    """The lines; a run of lines that the other edition has as well becomes a remark."""
    out = []
    for at, line in enumerate(lines):
        if at and line in other:
            out += [] if out[-1:] == [remark] else [remark]
        else:
            out.append(line[1])
    return out


def set_comparison(old, new, out):
    """A 신구조문대비표: a row for each article that changed."""
    before, after = articles(old), articles(new)
    rows = [source_row(["현행 (2020. 1. 1.)", "개정 (2025. 1. 1.)"], "th")]
    for name, lines in after.items():
        was = before.get(name)
        if was != lines:
            left = shown(was, lines, "(생략)") if was else ["<신설>"]
            rows.append(source_row([left, shown(lines, was or [], "(현행과 같음)")], "td"))
    title = "보수여비규정 신구조문대비표"
    style = CSS % {"company": "주식회사 두레벼리", "title": title}
    style += "h1 { font-size: 17pt; margin: 2mm 0 6mm } td { text-align: left; vertical-align: top; width: 50% }"
    style += "table { break-inside: auto } tr { break-inside: avoid } thead { display: table-row-group }"
    page = f'<!doctype html><html lang="ko"><meta charset="utf-8"><title>{title}</title><style>{style}</style>'
    print_page(f"{page}<body><h1>{title}</h1><table>{''.join(rows)}</table></body></html>", out)


def source_row(cells, tag):
    lines = [[cell] if isinstance(cell, str) else cell for cell in cells]
    made = "".join(f"<{tag}>{'<br>'.join(html.escape(line) for line in cell)}</{tag}>" for cell in lines)
    return f"<tr>{made}</tr>"
