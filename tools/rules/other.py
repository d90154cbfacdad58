"""Writes the handbook as Markdown and as a Word document, with the standard library alone."""

import zipfile
from xml.sax.saxutils import escape

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"

PARTS = {
    "[Content_Types].xml": f"""<Types xmlns="{PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/word/document.xml" ContentType="{TYPE}.document.main+xml"/>
<Override PartName="/word/styles.xml" ContentType="{TYPE}.styles+xml"/>
<Override PartName="/word/numbering.xml" ContentType="{TYPE}.numbering+xml"/>
</Types>""",
    "_rels/.rels": f"""<Relationships xmlns="{PACKAGE}/relationships">
<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>""",
    "word/_rels/document.xml.rels": f"""<Relationships xmlns="{PACKAGE}/relationships">
<Relationship Id="r1" Type="{OFFICE}/styles" Target="styles.xml"/>
<Relationship Id="r2" Type="{OFFICE}/numbering" Target="numbering.xml"/></Relationships>""",
}


def markdown(entries):
    blocks, in_list = [], False
    for entry in entries:
        marks = {"title": "# ", "chapter": "## ", "section": "### "}
        if entry.kind in marks:
            block = marks[entry.kind] + entry.heading
        elif entry.kind == "table":
            lines = ["| " + " | ".join(cell.text for cell in row if cell) + " |" for row in entry.rows]
            lines.insert(1, "|" + "---|" * len(entry.rows[0]))
            block = "\n".join(lines)
        else:
            block = f"{entry.heading} {entry.text}".strip()
        if in_list and entry.kind == "item" and entry.heading != "1.":
            blocks[-1] += "\n" + block
        else:
            blocks.append(block)
        in_list = entry.kind == "item"
    return "\n\n".join(blocks) + "\n"


def paragraph(text, style=None, list_number=None):
    look = f'<w:pStyle w:val="{style}"/>' if style else ""
    if list_number:
        look += f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{list_number}"/></w:numPr>'
    look = f"<w:pPr>{look}</w:pPr>" if look else ""
    return f'<w:p>{look}<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'


def word_table(entry):
    rows = []
    for row in entry.rows:
        cells = "".join(f"<w:tc><w:tcPr/>{paragraph(cell.text)}</w:tc>" for cell in row if cell)
        rows.append(f"<w:tr>{cells}</w:tr>")
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="4"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    grid = "<w:gridCol/>" * len(entry.rows[0])
    look = f"<w:tblPr><w:tblBorders>{edges}</w:tblBorders></w:tblPr>"
    return f"<w:tbl>{look}<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"


def styles():
    def one(name, title, size, level):
        outline = f'<w:outlineLvl w:val="{level}"/>' if level is not None else ""
        return (
            f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{title}"/>'
            f'<w:pPr>{outline}</w:pPr><w:rPr><w:b/><w:sz w:val="{size}"/></w:rPr></w:style>'
        )

    made = one("Title", "Title", 44, None) + one("Heading1", "heading 1", 30, 0) + one("Heading2", "heading 2", 24, 1)
    return f'<w:styles xmlns:w="{WORD}">{made}</w:styles>'


def numbering(lists):
    """The lists of the book, each counted from 1: their markers are not written out in the document."""
    level = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/>'
        '<w:pPr><w:ind w:left="560" w:hanging="360"/></w:pPr></w:lvl>'
    )
    numbers = range(1, lists + 1)
    abstract = "".join(f'<w:abstractNum w:abstractNumId="{n}">{level}</w:abstractNum>' for n in numbers)
    made = "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="{n}"/></w:num>' for n in numbers)
    return f'<w:numbering xmlns:w="{WORD}">{abstract}{made}</w:numbering>'


def word(entries, path):
    out, lists = [], 0
    styled = {"title": "Title", "chapter": "Heading1", "section": "Heading2"}
    for entry in entries:
        if entry.kind in styled:
            out.append(paragraph(entry.heading, styled[entry.kind]))
        elif entry.kind == "table":
            out.append(word_table(entry))
        elif entry.kind == "item":
            lists += entry.heading == "1."
            out.append(paragraph(entry.text, None, lists))
        else:
            out.append(paragraph(entry.text))
    parts = dict(PARTS)
    parts["word/styles.xml"] = styles()
    parts["word/numbering.xml"] = numbering(lists)
    parts["word/document.xml"] = f'<w:document xmlns:w="{WORD}"><w:body>{"".join(out)}</w:body></w:document>'
    with zipfile.ZipFile(path, "w") as package:
        for name, text in parts.items():
            # The same bytes whenever it is written.
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(info, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + text)
