//! The page as a reader, an attacker and a phone see it.

mod books;
mod browser;
mod classified;
mod colours;
mod compared;
mod editions;
mod judged;
pub(super) mod sample;
mod talks;
mod twin;

use eval::report::{Language, Report, Warning};
use serde_json::Value;

use super::render;

const LANGUAGES: [Language; 2] = [Language::Korean, Language::English];

/// What stands between tags and in `title`, `alt` and `aria-label`; good enough to ask what is said.
fn has(page: &str, what: &str) {
    assert!(page.contains(what), "the page does not say {what:?}");
}

#[test]
fn both_languages_say_what_matters() {
    let report = sample::report();
    let korean = render(&report, Language::Korean);
    let english = render(&report, Language::English);
    has(&korean, "<html lang=\"ko\">");
    has(&english, "<html lang=\"en\">");
    has(&korean, "학습한 모델이 기본 모델보다 낫습니다.");
    has(&english, "The tuned model beats the base model.");
    for page in [&korean, &english] {
        for what in ["<mark>[전화번호]</mark>", "chrF2", &report.provenance.recipe_sha256, "rouge2-syllable"]
        {
            has(page, what);
        }
        for id in
            ["facts", "answers", "scores", "judging", "training", "pretraining", "data", "privacy", "costs"]
        {
            has(page, &format!("<section id=\"{id}\""));
            has(page, &format!("href=\"#{id}\""));
        }
    }
    has(&korean, "휴대전화");
    has(&english, "Mobile phone");
    assert!(!english.contains("휴대전화"), "an English page names entities in English");
}

#[test]
fn numbers_of_the_report_stand_on_the_page() {
    let report = sample::report();
    let page = render(&report, Language::English);
    let evaluation = &report.evaluation[0];
    for measure in &evaluation.measures {
        for score in &measure.scores {
            has(&page, &format!(">{:.1}</b>", score.value));
        }
    }
    for stage in &report.stages {
        has(&page, &super::words::Words(Language::English).stage(&stage.id));
    }
    for reason in &report.data.rejected {
        has(&page, &format!("<b>{}</b>", super::html::int(reason.rows)));
    }
    for sample in &evaluation.samples {
        has(&page, &super::html::esc(&sample.reference).to_string());
        for answer in &sample.answers {
            has(&page, &super::html::esc(&answer.text).to_string());
        }
    }
}

/// Puts `hostile` in place of every text in a value, keys aside.
fn poison(value: &mut Value, hostile: &str) {
    match value {
        Value::String(text) => *text = hostile.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, hostile)),
        Value::Object(fields) => {
            let kept = ["language", "role", "is", "outcome"];
            fields
                .iter_mut()
                .filter(|(key, _)| !kept.contains(&key.as_str()))
                .for_each(|(_, item)| poison(item, hostile));
        }
        _ => {}
    }
}

fn poisoned(hostile: &str) -> Report {
    let mut report = sample::report();
    report.warnings.push(Warning { what: "w".into(), why: "y".into(), next: "n".into() });
    let mut value = serde_json::to_value(&report).unwrap();
    poison(&mut value, hostile);
    serde_json::from_value(value).unwrap()
}

#[test]
fn hostile_text_stays_text() {
    let cases = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "x\" onmouseover=\"alert(1)",
        "</style></title><svg onload=alert(1)>",
        "[<script>alert(1)</script>]",
        "--><iframe src=//evil.example></iframe><!--",
        "train:<script>alert(1)</script>",
        "</script><script>alert(1)</script>",
    ];
    for language in LANGUAGES {
        let tags = |page: &str| {
            ["<script", "<img", "<iframe", "<svg", "<style", "<title", "<!--", "<link", "<object"]
                .map(|tag| page.matches(tag).count())
        };
        let benign = tags(&render(&poisoned("무해"), language));
        for hostile in cases {
            let page = render(&poisoned(hostile), language);
            assert_eq!(tags(&page), benign, "{hostile}");
            assert!(!page.contains(hostile), "{hostile} stands on the page as it is");
        }
        let page = render(&poisoned("a\u{0}b\u{1b}[31m\u{202e}c"), language);
        assert!(!page.contains(['\u{0}', '\u{1b}', '\u{202e}']));
        has(&page, "a\u{fffd}b\u{fffd}[31m\u{fffd}c");
    }
}

#[test]
fn the_page_reaches_for_nothing_outside() {
    for language in LANGUAGES {
        let page = render(&sample::report(), language);
        for reach in ["http://", "https://", "src=", "@import", "url(", "<link", "fetch(", "XMLHttpRequest"] {
            assert!(!page.contains(reach), "the page contains {reach}");
        }
        has(&page, "default-src 'none'");
    }
}

#[test]
fn tags_close_in_the_order_they_open() {
    const VOID: [&str; 2] = ["meta", "path"];
    for report in [sample::report(), sample::empty(), poisoned("<b>&\"'")] {
        for language in LANGUAGES {
            let page = render(&report, language);
            let body = page.split("<body>").nth(1).unwrap().split("<script>").next().unwrap();
            let mut open: Vec<&str> = Vec::new();
            for tag in body.split('<').skip(1) {
                let tag = &tag[..tag.find('>').expect("a tag ends")];
                if let Some(name) = tag.strip_prefix('/') {
                    assert_eq!(open.pop(), Some(name), "in {tag}");
                } else {
                    let name = tag.split([' ', '\n', '/']).next().unwrap();
                    if !VOID.contains(&name) {
                        open.push(name);
                    }
                }
            }
            assert!(open.is_empty(), "{open:?}");
        }
    }
}

#[test]
fn a_report_without_anything_still_renders() {
    let mut bare = sample::report();
    bare.training[0].valid.clear();
    bare.training[0].best_step = None;
    bare.evaluation[0].systems.truncate(1);
    for report in [sample::empty(), bare] {
        let page = render(&report, Language::Korean);
        assert!(!page.contains("NaN") && !page.contains("inf"), "a number was made of nothing");
    }
    for language in LANGUAGES {
        let page = render(&sample::empty(), language);
        assert!(!page.contains("NaN") && !page.contains("inf"), "a number was made of nothing");
        assert!(!page.contains("id=\"scores\""));
        has(&page, "<section id=\"costs\"");
    }
}

#[test]
fn verdicts_are_honest() {
    let verdict = |change: &dyn Fn(&mut eval::report::PairedTest)| {
        let mut report = sample::report();
        let base = report.evaluation[0].systems[0].id.clone();
        let tests = &mut report.evaluation[0].measures[0].tests;
        change(tests.iter_mut().find(|test| test.against == base).unwrap());
        render(&report, Language::English)
    };
    has(&verdict(&|test| test.p_randomisation = 0.2), "no more than chance allows");
    has(
        &verdict(&|test| {
            test.difference = -3.0;
            test.p_randomisation = 0.01;
        }),
        "does worse than the base model",
    );
    let mut report = sample::report();
    for test in &mut report.evaluation[0].measures[0].tests {
        test.p_randomisation = if test.against == "nearest" { 0.3 } else { 0.001 };
    }
    has(
        &render(&report, Language::English),
        "It does not clearly beat the baseline “Nearest question’s answer”",
    );
    has(&render(&report, Language::Korean), "분명히 넘지는 못했습니다");
    let mut report = sample::report();
    report.leaks.as_mut().unwrap().checks[0].found = 2;
    has(&render(&report, Language::English), "Known personal values stand in the files 2 times.");
    let mut report = sample::report();
    report.leaks.as_mut().unwrap().tests[0].found =
        vec![eval::report::Count { name: "mobile".into(), count: 3 }];
    let page = render(&report, Language::English);
    has(&page, "The model said known personal values 3 times");
    has(&page, "<div class=\"tile bad\"><dt>Values leaked</dt><dd><b>3</b>");
    has(&page, "What it said: Mobile phone 3");
    let mut report = sample::report();
    report.stages[1].failed += 1;
    has(&render(&report, Language::English), "does not add up");
}

#[test]
fn the_same_report_gives_the_same_page() {
    assert_eq!(render(&sample::report(), Language::Korean), render(&sample::report(), Language::Korean));
}
