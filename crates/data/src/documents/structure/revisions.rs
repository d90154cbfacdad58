//! Marks of revision: what was changed, added or taken out, and when.

use super::super::numbering;

const WORDS: [&str; 14] = [
    "개정",
    "신설",
    "삭제",
    "전문개정",
    "일부개정",
    "전부개정",
    "본조",
    "본항",
    "본호",
    "본장",
    "제목개정",
    "종전",
    "시행일",
    "타법개정",
];

/// The marks in a text, without their brackets: `개정 2024. 1. 1.`, `본조신설 2020. 3. 5.`, `삭제`.
pub(super) fn revisions(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    if is_deleted(text) {
        out.push("삭제".to_owned());
    }
    for (i, open) in text.char_indices().filter(|(_, c)| "<[〈＜".contains(*c)) {
        let close = match open {
            '<' => '>',
            '[' => ']',
            '〈' => '〉',
            _ => '＞',
        };
        let inside = &text[i + open.len_utf8()..];
        let Some(end) = inside.find(close) else { continue };
        let inside = inside[..end].trim();
        if WORDS.iter().any(|word| inside.starts_with(word)) {
            out.push(inside.to_owned());
        }
    }
    out
}

/// Whether a text says of what it stands under that it is gone: `삭제`, `<삭제 2020. 1. 1.>`.
pub(super) fn is_deleted(text: &str) -> bool {
    let inside = text.trim_start().trim_start_matches(['(', '<', '[', '〈']);
    let Some(after) = inside.strip_prefix('삭').and_then(|rest| rest.trim_start().strip_prefix('제'))
    else {
        return false;
    };
    after.chars().next().is_none_or(|c| !c.is_alphabetic())
}

/// Whether a line is a mark of the whole article: `[본조신설 2020. 3. 5.]`.
pub(super) fn is_of_article(line: &str) -> bool {
    line.starts_with('[') && line.ends_with(']') && numbering::is_revision(line)
}
