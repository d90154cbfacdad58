//! HTML tags and entities as plain text.

/// Names of elements; `<` before anything else is a sign and stays (`3 < 5`, `<3`, `<배송문의>`).
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "address",
    "article",
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "button",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "fieldset",
    "figure",
    "font",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "label",
    "li",
    "link",
    "main",
    "meta",
    "nav",
    "o:p",
    "object",
    "ol",
    "option",
    "p",
    "pre",
    "q",
    "s",
    "script",
    "section",
    "select",
    "small",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "tt",
    "u",
    "ul",
    "video",
];

/// Elements that begin or end a line.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "blockquote",
    "br",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];

/// Entities by name; the ones that shops' editors and mail programs write.
const ENTITIES: &[(&str, &str)] = &[
    ("amp", "&"),
    ("apos", "'"),
    ("bull", "•"),
    ("cent", "¢"),
    ("copy", "©"),
    ("deg", "°"),
    ("divide", "÷"),
    ("emsp", " "),
    ("ensp", " "),
    ("euro", "€"),
    ("frac12", "½"),
    ("gt", ">"),
    ("hellip", "…"),
    ("laquo", "«"),
    ("larr", "←"),
    ("ldquo", "“"),
    ("lsquo", "‘"),
    ("lt", "<"),
    ("mdash", "—"),
    ("middot", "·"),
    ("nbsp", " "),
    ("ndash", "–"),
    ("plusmn", "±"),
    ("pound", "£"),
    ("quot", "\""),
    ("raquo", "»"),
    ("rarr", "→"),
    ("rdquo", "”"),
    ("reg", "®"),
    ("rsquo", "’"),
    ("sect", "§"),
    ("shy", ""),
    ("thinsp", " "),
    ("times", "×"),
    ("trade", "™"),
    ("won", "₩"),
    ("yen", "¥"),
    ("zwj", ""),
    ("zwnj", ""),
];

/// The text without tags, comments, scripts and styles, entities decoded. `None` when there were none.
/// Markup that was escaped once more (`&lt;p&gt;`), as editors of shops leave it, goes as well.
pub(super) fn to_text(text: &str) -> Option<String> {
    let once = without_markup(text)?;
    Some(without_markup(&once).unwrap_or(once))
}

fn without_markup(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = if rest.starts_with('<') { tag(rest, &mut out) } else { entity(rest, &mut out) };
        if let Some(n) = taken {
            changed = true;
            rest = &rest[n..];
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    changed.then_some(out)
}

/// Bytes of the tag or comment at the start of `text`, its line break written to `out`.
fn tag(text: &str, out: &mut String) -> Option<usize> {
    if text.starts_with("<!--") {
        return Some(text.find("-->").map_or(text.len(), |end| end + 3));
    }
    if text.len() >= 9 && text.is_char_boundary(9) && text[..9].eq_ignore_ascii_case("<!doctype") {
        return text.find('>').map(|end| end + 1);
    }
    let inner = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    let is_closing = inner.len() + 1 < text.len();
    let name_len = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != ':').unwrap_or(inner.len());
    let name = inner[..name_len].to_ascii_lowercase();
    if ELEMENTS.binary_search(&name.as_str()).is_err() {
        return None;
    }
    let end = tag_end(text)?;
    if !is_closing && (name == "script" || name == "style") {
        let close = format!("</{name}");
        let lower = text[end..].to_ascii_lowercase();
        return Some(match lower.find(&close) {
            Some(at) => end + at + lower[at..].find('>').map_or(lower.len() - at, |n| n + 1),
            None => text.len(),
        });
    }
    if BLOCKS.binary_search(&name.as_str()).is_ok() {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
    } else if (name == "td" || name == "th") && !is_closing && !out.is_empty() && !out.ends_with(['\n', ' '])
    {
        out.push(' ');
    }
    Some(end)
}

/// The byte after the `>` that ends the tag, quoted attributes respected. A tag is at most 4 KiB;
/// what is longer was never closed.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (i, byte) in text.bytes().enumerate().take(4096) {
        match (quote, byte) {
            (None, b'>') => return Some(i + 1),
            (None, b'"' | b'\'') if text.as_bytes()[i - 1] == b'=' => quote = Some(byte),
            (Some(open), byte) if byte == open => quote = None,
            _ => {}
        }
    }
    None
}

/// Bytes of the entity at the start of `text`, its character written to `out`.
fn entity(text: &str, out: &mut String) -> Option<usize> {
    let end = text.bytes().take(12).position(|b| b == b';')?;
    let name = text.get(1..end)?;
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        let c = char::from_u32(code)?;
        out.push(if c == '\u{00A0}' { ' ' } else { c });
        return Some(end + 1);
    }
    let at = ENTITIES.binary_search_by_key(&name, |(n, _)| n).ok()?;
    out.push_str(ENTITIES[at].1);
    Some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_for_binary_search() {
        assert!(ELEMENTS.is_sorted());
        assert!(BLOCKS.is_sorted());
        assert!(ENTITIES.is_sorted_by_key(|(name, _)| *name));
    }

    #[test]
    fn tags_and_entities_become_text() {
        for (html, text) in [
            ("<p>배송&nbsp;문의</p><p>언제 오나요?</p>", "배송 문의\n언제 오나요?\n"),
            ("가<br/>나<BR>다", "가\n나\n다"),
            ("<a href=\"x>y\" target='_blank'>링크</a>", "링크"),
            ("<style>p { color: red }</style>본문", "본문"),
            ("<script>if (a < b) { x() }</script >뒤", "뒤"),
            ("<!-- 숨김 -->보임", "보임"),
            ("A &amp;&#x41;&#65; &hellip;", "A &AA …"),
            ("&lt;p&gt;두 번 감싼 글&lt;/p&gt;", "두 번 감싼 글\n"),
            ("<table><tr><td>가</td><td>나</td></tr></table>", "가 나\n"),
        ] {
            assert_eq!(to_text(html).as_deref(), Some(text), "{html}");
        }
    }

    #[test]
    fn signs_that_are_no_markup_stay() {
        for text in ["3 < 5", "<3 좋아요", "<배송문의>", "AT&T", "a&b;", "<div 닫히지 않음", "&#xD800;", "&"]
        {
            assert_eq!(to_text(text), None, "{text}");
        }
    }
}
