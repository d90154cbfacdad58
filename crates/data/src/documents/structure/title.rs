//! What a document is called.

use super::super::block::Document;
use super::lines::{Line, Role};

/// Longer lines are sentences.
const MOST_CHARS: usize = 60;
/// Where a title stands, if it stands in the text.
const MOST_LINES: usize = 40;

/// Words that the title of a rule ends in.
const ENDS: [&str; 24] = [
    "규정",
    "규칙",
    "지침",
    "세칙",
    "내규",
    "요령",
    "법률",
    "시행령",
    "시행규칙",
    "조례",
    "강령",
    "헌법",
    "정관",
    "협약",
    "약관",
    "편람",
    "매뉴얼",
    "법",
    "법률안",
    "Policy",
    "Handbook",
    "Regulations",
    "Rules",
    "Manual",
];

/// The title: the format's first heading, a line that is called a rule, what the file's information says, what is
/// set largest at the beginning, the file's name.
pub(super) fn title(document: &Document, lines: &[Line<'_>]) -> String {
    let head = || {
        lines
            .iter()
            .take(MOST_LINES)
            .take_while(|line| line.role != Role::Division)
            .filter(|line| line.table.is_none() && line.role != Role::Contents && is_name(line.text))
    };
    let format =
        lines.iter().take(MOST_LINES).find(|line| line.heading == Some(1) && line.role != Role::Division);
    let called =
        || head().find(|line| line.marker.is_none() && ENDS.iter().any(|end| line.text.ends_with(end)));
    let informed = document.title.as_deref().map(str::trim).filter(|title| is_informative(title));
    let largest = || {
        let most = head().map(|line| line.look.size).fold(0.0, f32::max);
        let least = lines.iter().map(|line| line.look.size).fold(f32::MAX, f32::min);
        head().find(|line| most > least && line.look.size >= most)
    };
    let first = || head().next().filter(|line| line.marker.is_none() && line.text.chars().count() <= 30);
    format
        .or_else(called)
        .map(|line| line.text)
        .or(informed)
        .or_else(|| largest().or_else(first).map(|line| line.text))
        .map_or_else(|| stem(&document.name), |text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn is_name(text: &str) -> bool {
    text.chars().count() <= MOST_CHARS
        && !text.ends_with(['.', ',', ':', ';'])
        && text.chars().any(char::is_alphabetic)
}

/// Whether the file's information holds a title, and not the name of a program or a file.
fn is_informative(title: &str) -> bool {
    let lower = title.to_lowercase();
    let file =
        [".hwp", ".hwpx", ".doc", ".docx", ".pdf", ".indd", ".txt"].iter().any(|end| lower.ends_with(end));
    !title.is_empty()
        && !file
        && !lower.starts_with("microsoft")
        && !lower.starts_with("untitled")
        && lower != "제목 없음"
}

fn stem(name: &str) -> String {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}
