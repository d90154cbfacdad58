//! Several editions of one rule: which is asked about, which are set aside, and where the words changed.

use std::cmp::Ordering;

use eval::report::{Report, RuleDoubt, RuleEdition, RuleEditions};

use super::html::{esc, int};
use super::table::{self, card};
use super::words::Words;

/// Paths of one kind that are shown of one edition; all stand in `out/editions.csv`.
const MOST: usize = 60;

/// A card with a table for each rule; empty where every rule has one edition.
pub(super) fn render(report: &Report, words: Words) -> String {
    let rules = &report.data.editions;
    if rules.is_empty() {
        return String::new();
    }
    let lead = words.pick(
        "한 규정이 여러 판으로 들어 있습니다. 따로 둔 판은 묻지도 배우지도 않았습니다. 바뀐 조문의 앞뒤 글은 \
         <code>out/editions.csv</code>에 있습니다.",
        "One rule stands in several editions. Nothing was asked or learned about those that are set aside. The words \
         before and after of each change are in <code>out/editions.csv</code>.",
    );
    let bodies: String = rules.iter().map(|rule| editions(rule, words)).collect();
    card(
        words.pick("한 규정의 여러 판", "Editions of one rule"),
        &format!("<p class=\"note\">{lead}</p>{bodies}"),
    )
}

fn editions(rule: &RuleEditions, words: Words) -> String {
    let heads = [
        words.pick("문서", "Document"),
        words.pick("시행·개정일", "Date"),
        words.pick("쓰임", "Use"),
        words.pick("다음 판에서 바뀐 조문", "Changed in the next edition"),
    ]
    .map(str::to_owned);
    let rows: Vec<Vec<String>> = (rule.editions.iter().enumerate())
        .map(|(place, edition)| row(edition, place == 0, place.cmp(&rule.current), words))
        .collect();
    let changes: String = rule.editions.iter().map(|edition| changes(edition, words)).collect();
    let doubts: String = rule.doubts.iter().map(|doubt| doubt_line(doubt, words)).collect();
    let title = format!("{} <small>{}</small>", esc(&rule.title), esc(&rule.source));
    format!("<h4>{title}</h4>{}{doubts}{changes}", table::table(&heads, &rows))
}

/// `standing` tells whether it is in effect: a greater place is an older edition.
fn row(edition: &RuleEdition, is_newest: bool, standing: Ordering, words: Words) -> Vec<String> {
    let date = edition.date.as_deref().unwrap_or(words.pick("없음", "none"));
    let from = match edition.date_from.as_str() {
        "text" => words.pick("본문", "its text").to_owned(),
        "revisions" => words.pick("개정 표시", "marks of revision").to_owned(),
        "name" => words.pick("파일 이름", "its name").to_owned(),
        "none" => String::new(),
        other => esc(other).to_string(),
    };
    let used = match (standing, edition.set_aside) {
        (Ordering::Less, true) => words.pick("따로 둠 (시행 전)", "set aside, not yet in effect"),
        (_, true) => words.pick("따로 둠", "set aside"),
        (Ordering::Equal, _) if is_newest => words.pick("최신판", "newest"),
        (Ordering::Equal, _) => words.pick("시행 중", "in effect"),
        _ => words.pick("함께 씀", "asked about"),
    };
    let changed = if is_newest {
        "–".to_owned()
    } else {
        format!(
            "{} {} · {} {} · {} {}",
            words.pick("고침", "altered"),
            int(edition.altered.len() as u64),
            words.pick("새로", "added"),
            int(edition.added.len() as u64),
            words.pick("없앰", "removed"),
            int(edition.removed.len() as u64)
        )
    };
    let date = format!("{} <small>{from}</small>", esc(date));
    vec![esc(&edition.document).to_string(), date, used.to_owned(), changed]
}

/// The paths of what changed, folded.
fn changes(edition: &RuleEdition, words: Words) -> String {
    let kinds = [
        (words.pick("고침", "altered"), &edition.altered),
        (words.pick("새로", "added"), &edition.added),
        (words.pick("없앰", "removed"), &edition.removed),
    ];
    let items: String = kinds
        .iter()
        .filter(|(_, paths)| !paths.is_empty())
        .map(|(name, paths)| {
            let shown: Vec<_> = paths.iter().take(MOST).map(|path| esc(path).to_string()).collect();
            let more = paths.len().saturating_sub(MOST) as u64;
            let more = if more > 0 { format!(" +{}", int(more)) } else { String::new() };
            format!("<li><b>{name}</b> {}{more}</li>", shown.join(" · "))
        })
        .collect();
    if items.is_empty() {
        return String::new();
    }
    format!("<details><summary>{}</summary><ul>{items}</ul></details>\n", esc(&edition.document))
}

fn doubt_line(doubt: &RuleDoubt, words: Words) -> String {
    let names = doubt.documents.iter().map(|name| esc(name).to_string()).collect::<Vec<_>>().join(", ");
    let said = match doubt.kind.as_str() {
        "undecided" => {
            words.pick("어느 것이 최신판인지 알 수 없습니다:", "Nothing tells which is the newest:")
        }
        "undated" => words.pick("시행일이 없습니다:", "No date:"),
        "date_from_name" => words.pick("시행일이 파일 이름에만 있습니다:", "Only the name tells the date:"),
        "other_title" => {
            words.pick("제목이 다르고 조문은 거의 같습니다:", "Another title, and nearly the same articles:")
        }
        "identical" => words.pick("글이 서로 같습니다:", "One says what the other says:"),
        "not_yet" => words.pick("적힌 날에 시행 중인 판이 없습니다:", "None is in effect on the day named:"),
        _ => "",
    };
    format!("<p class=\"note\">{said} {names}</p>")
}
