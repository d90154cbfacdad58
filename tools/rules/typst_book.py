"""Sets a book with typst, with bookmarks and a contents page with dot leaders."""

import typst

LOOK = """
#set document(title: %(title)s, date: none)
#set page(paper: "a4", margin: (x: 25mm, top: 26mm, bottom: 24mm), numbering: "1",
  header: context if counter(page).get().first() > 1 { text(8pt, font: %(sans)s)[#%(title)s #h(1fr) #%(company)s] },
  footer: context align(center, text(9pt)[#("— " + str(counter(page).get().first()) + " —")]))
#set text(font: %(serif)s, size: 10.5pt, lang: %(lang)s)
#set par(justify: true, leading: 0.8em, spacing: 0.95em)
#set heading(numbering: none)
#show heading: set text(font: %(sans)s, weight: "bold")
#show heading.where(level: 1): it => block(above: 2em, below: 1.2em, width: 100%%, align(%(align)s, text(13.5pt, it.body)))
#show heading.where(level: 2): it => block(above: 1.5em, below: 1em, text(11pt, it.body))
#show heading.where(level: 3): it => block(above: 1.3em, below: 0.7em, text(10.5pt, it.body))
#set table(stroke: 0.6pt, inset: 5pt, align: center + horizon)
#show table: set text(9pt)
#show table: set par(justify: false, leading: 0.6em)
#let step(left, marker, body) = block(inset: (left: left), par(hanging-indent: 1.3em)[#marker #body])
"""

SERIF, SANS = '("Noto Serif CJK KR",)', '("Noto Sans CJK KR",)'


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def table(entry):
    columns = len(entry.rows[0])
    heading, rows = [], []
    for r, row in enumerate(entry.rows):
        for cell in row:
            if cell is None:
                continue
            fill = ', fill: luma(230)' if r < entry.heading_rows else ""
            made = f"table.cell(colspan: {cell.columns}, rowspan: {cell.rows}{fill})[#{quoted(cell.text)}]"
            (heading if r < entry.heading_rows else rows).append(made)
    top = [f"table.header({', '.join(heading)})"] if heading else []
    return f"#table(columns: (1fr,) * {columns}, {', '.join(top + rows)})"


def heading(level, text, outlined=True):
    flag = "true" if outlined else "false"
    return f"#heading(level: {level}, outlined: {flag}, bookmarked: {flag})[#{quoted(text)}]"


def korean(entries):
    """Articles are headings of the third level, with their text on the line below; paragraphs have a line each."""
    out, in_supplement = [], False
    levels = {"chapter": 1, "section": 2, "supplement": 1, "annex": 1, "form": 1}
    indents = {"paragraph": "0em", "item": "1.2em", "subitem": "2.4em", "point": "3.6em", "text": "0em"}
    for entry in entries:
        in_supplement = in_supplement or entry.kind == "supplement"
        if entry.kind == "annex" and "별표 1]" in entry.heading:
            out.append("#pagebreak()")
        if entry.kind in levels:
            out.append(heading(levels[entry.kind], entry.heading))
        elif entry.kind == "article":
            # A deleted article is one line: 제17조 삭제 <2025. 1. 1.>
            gone = f" {entry.text}" if entry.text.startswith("삭제") else ""
            out.append(heading(3, entry.heading + gone, not in_supplement))
            if entry.text and not gone:
                out.append(f"#par[#{quoted(entry.text)}]")
        elif entry.kind == "table":
            out.append(table(entry))
        elif entry.heading:
            out.append(f"#step({indents[entry.kind]}, {quoted(entry.heading)}, {quoted(entry.text)})")
        else:
            out.append(f"#par[#{quoted(entry.text)}]")
    return "\n\n".join(out)


def english(entries):
    out = []
    for entry in entries:
        if entry.kind == "chapter":
            out.append(heading(1, entry.heading))
        elif entry.kind == "section":
            out.append(heading(2, entry.heading))
        elif entry.kind == "table":
            out.append(table(entry))
        elif entry.kind == "item":
            out.append(f"#step(1em, {quoted(entry.heading)}, {quoted(entry.text)})")
        else:
            out.append(f"#par[#{quoted(entry.text)}]")
    return "\n\n".join(out)


def source(entries, lang):
    front = [entry for entry in entries if entry.kind in ("title", "preamble")]
    rest = entries[len(front) :]
    fonts = (SERIF, SANS) if lang == "ko" else ('("Libertinus Serif",)', '("Libertinus Serif",)')
    names = {"title": quoted(front[0].heading), "company": quoted(front[1].text), "lang": quoted(lang)}
    names |= {"serif": fonts[0], "sans": fonts[1], "align": "center" if lang == "ko" else "left"}
    preamble = "".join(f"#{quoted(entry.text)} \\\n" for entry in front[1:])
    title = f"#align(center)[#v(20mm) #text(22pt, font: {fonts[1]}, weight: \"bold\")[#{names['title']}] #v(6mm)\n{preamble}]"
    name = "목차" if lang == "ko" else "Contents"
    depth = 3 if lang == "ko" else 2
    outline = f"#v(8mm)\n#outline(title: [#{quoted(name)}], depth: {depth}, indent: 1em)\n#pagebreak()"
    body = korean(rest) if lang == "ko" else english(rest)
    return f"{LOOK % names}\n{title}\n{outline}\n{body}\n"


def set_book(entries, out, lang):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.typ"
        path.write_text(source(entries, lang), encoding="utf-8")
        typst.compile(str(path), output=str(out), pdf_tags=False)
