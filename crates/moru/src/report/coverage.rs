//! What of the documents was not read, and what of them nothing was asked about.

use eval::report::{QuestionCoverage, Report, UnreadFile};

use super::html::{esc, int};
use super::table::card;
use super::words::Words;

/// Places of one kind that are shown; `moru tap synthesize -n 0` shows all.
const MOST: usize = 200;

/// The cards; empty where every file was read and the recipe asks nothing about documents.
pub(super) fn render(report: &Report, words: Words) -> String {
    [unread(&report.data.unread, words), covered(&report.data.coverage, words)].concat()
}

fn unread(files: &[UnreadFile], words: Words) -> String {
    if files.is_empty() {
        return String::new();
    }
    let lead = words.pick(
        "문서들 사이에 있지만 읽지 않은 파일입니다. 그 안의 규정은 묻지도 배우지도 않았습니다. PDF나 DOCX로 저장하면 읽습니다.",
        "These files lie among the documents and are not read. Nothing in them was asked or learned.",
    );
    let items: String = files
        .iter()
        .map(|file| {
            // What to do is written in English; a Korean page says it above.
            let next = words.pick("", &file.next);
            let parts: Vec<String> = [file.source.as_str(), next]
                .iter()
                .filter(|part| !part.is_empty())
                .map(|part| esc(part).to_string())
                .collect();
            format!("<li><b>{}</b> <small>{}</small></li>", esc(&file.file), parts.join(" · "))
        })
        .collect();
    card(
        words.pick("읽지 않은 파일", "Files that are not read"),
        &format!("<p class=\"note\">{lead}</p><ul>{items}</ul>"),
    )
}

fn covered(all: &[QuestionCoverage], words: Words) -> String {
    let bodies: String = all.iter().map(|coverage| one(coverage, words)).collect();
    if bodies.is_empty() {
        return String::new();
    }
    card(words.pick("질문이 닿은 곳", "What the questions cover"), &bodies)
}

fn one(coverage: &QuestionCoverage, words: Words) -> String {
    let [facts, asked, articles] = [coverage.facts, coverage.facts_asked, coverage.articles].map(int);
    let said = match words.pick("ko", "en") {
        "ko" => format!("조문 {articles}개의 사실 {facts}개 가운데 {asked}개를 묻거나 답에서 말했습니다."),
        _ => format!("{asked} of {facts} facts in {articles} articles were asked, or said in an answer."),
    };
    let lists = [
        (words.pick("묻지 않은 사실", "Facts that were not asked"), &coverage.facts_left),
        (words.pick("두 번 미만으로 물은 조문", "Articles asked less than twice"), &coverage.seldom_asked),
        (words.pick("사실이 없는 곳", "Places without a fact"), &coverage.leaves_without),
        (
            words.pick(
                "묻지 않는 곳(서문, 부칙, 서식, 삭제된 조문)",
                "Places that are not asked about (preambles, supplements, forms, what was deleted)",
            ),
            &coverage.leaves_set_aside,
        ),
    ];
    let lists: String = lists.iter().map(|(title, places)| list(title, places)).collect();
    format!("<p class=\"note\"><b>{}</b> {said}</p>{lists}", esc(&coverage.source))
}

fn list(title: &str, places: &[String]) -> String {
    if places.is_empty() {
        return String::new();
    }
    let items: String = places.iter().take(MOST).map(|place| format!("<li>{}</li>", esc(place))).collect();
    let more = match places.len().saturating_sub(MOST) {
        0 => String::new(),
        n => format!("<li>+{}</li>", int(n as u64)),
    };
    let count = int(places.len() as u64);
    format!("<details><summary>{title} <b>{count}</b></summary><ul>{items}{more}</ul></details>\n")
}

#[cfg(test)]
mod tests {
    use eval::report::Language;

    use super::*;

    #[test]
    fn what_is_not_read_and_not_asked_is_named() {
        let words = Words(Language::English);
        assert_eq!(unread(&[], words) + &covered(&[], words), "");
        let (source, file, next) = ("rules".into(), "a<b>.hwp".into(), "save it as PDF".into());
        let html = unread(&[UnreadFile { source, file, next }], words);
        assert!(html.contains("a&lt;b&gt;.hwp") && html.contains("save it as PDF"), "{html}");
        let coverage = QuestionCoverage {
            source: "rules".into(),
            facts: 3,
            facts_asked: 2,
            articles: 2,
            seldom_asked: vec!["a.md/제1조: 1".into()],
            leaves_without: vec!["a.md/제2조".into()],
            ..QuestionCoverage::default()
        };
        let html = covered(&[coverage], words);
        for part in ["2 of 3 facts in 2", "<li>a.md/제2조</li>", "<li>a.md/제1조: 1</li>"] {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(!html.contains("Facts that were not asked"), "{html}");
    }
}
