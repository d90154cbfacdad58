//! 편, 장, 절, 관, 조; 부칙; 별표 and 별지.

use super::super::tree::{Level, Number};
use super::scan::{Scan, closing};
use super::{Marker, Style};

/// Longer lines are sentences, not headings of a chapter.
const MOST_TITLE_CHARS: usize = 60;

/// Words after a number that refer to it.
const REFERRING: &str = "및 또는 내지 중 본문 단서 전단 후단 소정의 규정에 규정의 규정을 위반 에 의 등 부터 까지 이하 이상 와 과 을 를 은 \
                         는 으로 로 에서 전문 제목 가운데 다음에 관련 각호의 각항의";

/// What stands after the body of a rule.
const ANNEXES: [(&str, Level); 6] = [
    ("별표", Level::Annex),
    ("별지", Level::Form),
    ("별첨", Level::Annex),
    ("붙임", Level::Annex),
    ("서식", Level::Form),
    ("양식", Level::Form),
];

/// `제2장 휴가`, `제12조의2(육아휴직) …`.
pub(super) fn division(line: &str) -> Option<Marker<'_>> {
    let mut scan = Scan::new(line);
    scan.any("제第")?;
    let blank_before = scan.blanks();
    let main = scan.number().filter(|main| *main > 0)?;
    let blank_after = scan.blanks();
    let unit = scan.any("편장절관조編篇章節款條条")?;
    let level = match unit {
        '편' | '編' | '篇' => Level::Part,
        '장' | '章' => Level::Chapter,
        '절' | '節' => Level::Section,
        '관' | '款' => Level::Subsection,
        _ => Level::Article,
    };
    let branch = scan.branch(blank_before + blank_after > 0);
    let number = Number { main, branch };
    if level == Level::Article { article(scan, number) } else { chapter(scan, level, number) }
}

fn article(mut scan: Scan<'_>, number: Number) -> Option<Marker<'_>> {
    let head = scan;
    let blank = scan.blanks() > 0;
    let Some(next) = scan.peek() else { return Some(article_at(head, number, "", false)) };
    if "([【〔（".contains(next) && !is_revision(scan.rest()) {
        let (title, closed) = scan.brackets()?;
        // `제5조(정의) 제2항` may be either.
        let sure = !is_numbered(scan.rest().trim_start(), "항");
        let refers = closed && refers_after_title(scan.rest());
        return (!refers).then(|| article_at(scan, number, title.trim(), sure));
    }
    if ".:：．".contains(next) {
        scan.any(".:：．");
        let rest = scan.rest().trim_start();
        let title = if is_title(rest) { rest } else { "" };
        if !title.is_empty() {
            scan.at = scan.line.len();
        }
        return Some(article_at(scan, number, title, true));
    }
    if is_revision(scan.rest()) || is_deleted(scan.rest()) || is_circled(next) {
        return Some(article_at(head, number, "", true));
    }
    (blank && !refers(scan.rest())).then(|| article_at(head, number, "", false))
}

fn article_at<'a>(scan: Scan<'a>, number: Number, title: &'a str, sure: bool) -> Marker<'a> {
    Marker {
        level: Level::Article,
        style: Style::Word,
        number: Some(number),
        heading: scan.passed(),
        title,
        rest: scan.rest().trim_start(),
        sure,
        page: None,
    }
}

fn chapter(mut scan: Scan<'_>, level: Level, number: Number) -> Option<Marker<'_>> {
    let head = scan;
    let marker = |heading, title, rest, sure| Marker {
        level,
        style: Style::Word,
        number: Some(number),
        heading,
        title,
        rest,
        sure,
        page: None,
    };
    scan.any(".:：．");
    let blank = scan.blanks() > 0;
    let Some(next) = scan.peek() else { return Some(marker(scan.passed(), "", "", false)) };
    if !blank && scan.at == head.at && closing(next).is_none() {
        return None;
    }
    let rest = scan.rest();
    // `제1장 제1절 총칙` and `제1장 총칙 제1조(목적) …` are two headings on one line.
    if let Some(inner) = division(rest) {
        return (inner.sure && inner.level > level).then(|| marker(scan.passed(), "", rest, true));
    }
    if refers(rest) {
        return None;
    }
    let end = inner_heading(rest).or_else(|| revision_at(rest)).unwrap_or(rest.len());
    let title = rest[..end].trim();
    scan.at += end;
    let title = match title.strip_prefix(['(', '【', '[']) {
        Some(inside) => inside.trim_end_matches([')', '】', ']']),
        None => title,
    };
    (is_title(title) || is_deleted(title)).then(|| marker(scan.passed(), title, scan.rest().trim(), true))
}

/// Where an article begins in the line of a chapter.
fn inner_heading(rest: &str) -> Option<usize> {
    rest.match_indices(" 제")
        .map(|(i, _)| i + 1)
        .find(|&i| division(&rest[i..]).is_some_and(|m| m.level == Level::Article && m.sure))
}

fn revision_at(rest: &str) -> Option<usize> {
    rest.char_indices().find(|(i, c)| "<[〈".contains(*c) && is_revision(&rest[*i..])).map(|(i, _)| i)
}

/// Whether a text is short and no sentence.
pub(super) fn is_title(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= MOST_TITLE_CHARS
        && !text.ends_with("다.")
        && !text.ends_with("다")
        && !text.ends_with(',')
        && !text.contains(". ")
}

/// `<개정 2024. 1. 1.>`, `[본조신설 2020. 3. 5.]`, `<삭제>`: what happened to what stands before.
pub(in super::super) fn is_revision(text: &str) -> bool {
    let mut chars = text.chars();
    let inside = match chars.next() {
        // `제3조(개정)` has a title.
        Some('(' | '（') => return chars.as_str().trim_start().starts_with("삭제"),
        Some('<' | '[' | '〈' | '＜') => chars.as_str().trim_start(),
        _ => return false,
    };
    [
        "개정",
        "신설",
        "삭제",
        "전문개정",
        "본조",
        "본항",
        "본장",
        "제목개정",
        "종전",
        "시행일",
        "일부개정",
        "전부개정",
    ]
    .iter()
    .any(|word| inside.starts_with(word))
}

/// `삭제`, `삭 제`, `(삭제)`.
pub(super) fn is_deleted(text: &str) -> bool {
    let text = text.trim_start_matches(['(', '<', '[', ' ']);
    let Some(after) = text.strip_prefix('삭') else { return false };
    let Some(after) = after.trim_start().strip_prefix('제') else { return false };
    after.chars().next().is_none_or(|c| !c.is_alphabetic())
}

pub(super) fn is_circled(c: char) -> bool {
    super::item::circled(c).is_some()
}

/// Whether what follows `제5조 ` makes it a reference.
fn refers(rest: &str) -> bool {
    let word = rest.split(|c: char| c.is_whitespace() || ",.".contains(c)).next().unwrap_or("");
    if rest.starts_with([',', '·', 'ㆍ', '~', '∼', '-', '–', ')', '」', '”', '"', '\'', '’']) {
        return true;
    }
    let numbered = || {
        let mut scan = Scan::new(word);
        scan.any("제第").is_some() && scan.number().is_some()
    };
    let each = || {
        let after = rest.strip_prefix("각").map(str::trim_start);
        after.is_some_and(|a| {
            a.starts_with('호') || a.starts_with('항') || a.starts_with('조') || a.starts_with('목')
        })
    };
    REFERRING.split(' ').any(|w| w == word) || numbered() || each()
}

/// Whether a text begins with `제2항` and the like.
fn is_numbered(text: &str, units: &str) -> bool {
    let mut scan = Scan::new(text);
    scan.any("제").is_some() && scan.number().is_some() && scan.any(units).is_some()
}

/// Whether what is glued to `제5조(정의)` makes it a reference: a particle, or a further number.
fn refers_after_title(rest: &str) -> bool {
    const PARTICLES: [&str; 22] = [
        "에", "의 ", "의제", "을 ", "를 ", "은 ", "는 ", "와 ", "과 ", "부터", "까지", "로 ", "으로", "및 ",
        "중 ", "에서", "제1항", "제2항", "제3항", "·", "ㆍ", ", ",
    ];
    let spaced = rest.trim_start();
    let numbered = is_numbered(rest, "항호조");
    numbered
        || PARTICLES.iter().any(|particle| rest.starts_with(particle))
        || ["및 ", "또는 ", "내지 ", "중 “", "중 \""].iter().any(|word| spaced.starts_with(word))
}

/// `부칙`, `부 칙`, `부칙 <제12호, 2020. 1. 1.>`, `부칙(2020. 1. 1.)`; with the fold button's name that a law portal puts
/// before it.
pub(super) fn supplement(line: &str) -> Option<Marker<'_>> {
    let mut scan = Scan::new(line);
    if let Some(after) = line.strip_prefix("펼침") {
        scan.at = line.len() - after.len();
        scan.blanks();
    }
    scan.any("부附")?;
    scan.blanks();
    scan.any("칙則")?;
    let head = scan;
    let blank = scan.blanks() > 0;
    match scan.peek() {
        None => Some(supplement_at(head)),
        Some('(' | '<' | '[' | '〈' | '（' | '【' | '〔') => {
            let (_, closed) = scan.brackets()?;
            let after = scan.rest();
            let glued = after.starts_with(|c: char| c.is_alphanumeric());
            (closed && !glued).then(|| supplement_at(scan))
        }
        Some(next) if is_circled(next) => Some(supplement_at(head)),
        Some('제') if blank => {
            // `부칙 제1조(시행일) …` begins one; `부칙 제2조에 따라` refers to one.
            division(scan.rest()).filter(|inner| inner.sure || inner.number.is_some_and(|n| n.main == 1))?;
            Some(supplement_at(head))
        }
        Some(_) => None,
    }
}

fn supplement_at(scan: Scan<'_>) -> Marker<'_> {
    Marker {
        level: Level::Supplement,
        style: Style::Word,
        number: None,
        heading: scan.passed(),
        title: "",
        rest: scan.rest().trim(),
        sure: true,
        page: None,
    }
}

/// `[별표 1] 징계 기준`, `<별지 제1호서식>`, `별표 2`, `■ 시행규칙 [별지 제3호의2서식]`.
pub(super) fn annex(line: &str) -> Option<Marker<'_>> {
    let mut scan = Scan::new(line);
    if scan.any("■").is_some() {
        // The name of the rule stands before the bracket.
        let at = scan.rest().find(['[', '<', '【'])?;
        scan.at += at;
    }
    let open = scan.any("[<【〔〈");
    scan.blanks();
    let (word, level) = ANNEXES.into_iter().find(|(word, _)| scan.rest().starts_with(word))?;
    scan.at += word.len();
    let spaced = scan.blanks() > 0;
    scan.any("#");
    let ordinal = scan.any("제第").is_some();
    scan.blanks();
    let number = scan.number();
    let number = number.map(|main| {
        scan.any("호號");
        Number { main, branch: scan.branch(false) }
    });
    if (ordinal && number.is_none()) || (open.is_none() && number.is_none() && word != "별표") {
        return None;
    }
    scan.any("호號");
    let mut form = scan;
    form.blanks();
    for name in ["서식", "양식"] {
        if form.rest().starts_with(name) {
            form.at += name.len();
            scan = form;
            break;
        }
    }
    if let Some(open) = open {
        // `[별표 1 개정 2020. 1. 1.]` and the like stand before the closing bracket.
        let close = closing(open)?;
        let at = scan.rest().find(close)?;
        scan.at += at + close.len_utf8();
    }
    titled(scan, level, number, open.is_some() || spaced)
}

/// The title that stands after the number of an annex.
fn titled(mut scan: Scan<'_>, level: Level, number: Option<Number>, sure: bool) -> Option<Marker<'_>> {
    let head = scan;
    scan.any(".:：");
    let blank = scan.blanks() > 0 || scan.at > head.at;
    let rest = scan.rest();
    let marker = |heading, title, rest, sure| {
        Some(Marker { level, style: Style::Word, number, heading, title, rest, sure, page: None })
    };
    if rest.is_empty() {
        return marker(head.passed(), "", "", sure);
    }
    if is_revision(rest) {
        return marker(head.passed(), "", rest.trim(), sure);
    }
    if (!blank && closing(rest.chars().next()?).is_none()) || refers(rest) {
        return None;
    }
    let end = revision_at(rest).unwrap_or(rest.len());
    let title = rest[..end].trim();
    if !is_title(title) {
        return None;
    }
    scan.at += end;
    let name = match title.strip_prefix(['(', '<']) {
        Some(inside) => inside.trim_end_matches([')', '>']),
        None => title,
    };
    marker(scan.passed(), name, scan.rest().trim(), sure)
}
