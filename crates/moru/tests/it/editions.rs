//! Several editions of one rule in a folder: the newest is asked about, the older are set aside and said so.

use serde_json::Value;
use synth::rules::Book;

use crate::support::{Scratch, snapshot};

/// A rule in effect from a day; `days` of leave.
fn rule(from: &str, days: u32, more: &str) -> String {
    let supplement = if from.is_empty() {
        String::new()
    } else {
        format!("\n부칙\n\n이 규정은 {from}부터 시행한다.\n")
    };
    format!(
        "# 휴가규정\n\n\
         제1조(목적) 이 규정은 직원의 휴가에 관한 사항을 정한다.\n\n\
         제2조(연차휴가) 1년간 80퍼센트 이상 출근한 직원에게 {days}일의 유급휴가를 준다.\n\n\
         제3조(신청) 휴가를 쓰려는 직원은 3일 전까지 부서장에게 신청하여야 한다.\n\n\
         제4조(병가) 병가가 7일을 넘는 때에는 의사의 진단서를 내야 한다.\n\n\
         제5조(경조휴가) 본인이 결혼하는 직원에게 5일의 휴가를 준다.\n\n\
         제6조(담당) 휴가는 인사팀(담당 김민수, 010-2345-6789)이 관리한다.\n{more}{supplement}"
    )
}

const RECIPE: &str = "\
[project]
name = \"rules\"

[source.rules]
kind = \"documents\"
path = \"rules\"

[questions]
lookup = 4
procedure = 2
absent = 0
further_absent = 0
further_answerable = 0
unseen = 0.0

[prepare]
prompt = \"{context}\\n\\n질문: {question}\"
response = \"{answer}\"
meta = [\"slice\", \"type\", \"article\", \"split\"]
reject = { short_chars = 0, duplicates = 0.0 }

[split]
column = \"split\"
";

fn project(newest: &str) -> Scratch {
    let scratch = Scratch::new();
    scratch.write("rules/leave_b.md", &rule("2022년 1월 1일", 15, ""));
    scratch.write(
        "rules/leave_a.md",
        &rule(newest, 20, "\n제7조(공가) 예비군 훈련을 받는 직원에게 공가를 준다.\n"),
    );
    scratch.write(
        "rules/여비규정.md",
        "# 여비규정\n\n제1조(목적) 출장의 여비를 정한다.\n\n제2조(일비) 일비는 2만원으로 한다.\n",
    );
    scratch.write("moru.toml", RECIPE);
    scratch
}

/// What a run says.
fn said(scratch: &Scratch, args: &[&str]) -> String {
    let output = scratch.output(args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// The documents that chunks are of.
fn chunked(scratch: &Scratch, args: &[&str]) -> Vec<String> {
    let shown = scratch.stdout(&[&["tap", "chunk", "-n", "0", "--json"], args].concat(), 0);
    let mut all: Vec<String> = shown
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["document"].as_str().unwrap().to_owned())
        .collect();
    all.dedup();
    all
}

#[test]
fn the_newest_is_asked_about_and_the_older_is_set_aside() {
    let scratch = project("2024. 3. 1.");
    let said = said(&scratch, &["run", "--until", "prepare"]);
    for shown in [
        "leave_a.md (2024-03-01) is the newest edition of a rule; set aside: leave_b.md (2022-01-01)",
        "leave_a.md changed in leave_b.md: 제2조 altered; 제7조 added",
    ] {
        assert!(said.contains(shown), "{said}");
    }
    assert_eq!(chunked(&scratch, &[]), ["leave_a.md", "여비규정.md"]);
    assert!(scratch.stdout(&["tap", "parse"], 0).contains("! set aside: the edition in use is leave_a.md"));
    assert!(!scratch.read("out/dataset.jsonl").contains("15일"));
    let table = scratch.read("out/editions.csv");
    assert!(table.contains("altered,제2조,"), "{table}");
    assert!(table.contains("15일의 유급휴가") && table.contains("20일의 유급휴가"), "{table}");
    assert!(!table.contains("여비") && !table.contains("010-2345"), "{table}");
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let editions = &report["data"]["editions"][0]["editions"];
    assert_eq!(
        (&editions[0]["document"], &editions[1]["altered"][0], &editions[1]["set_aside"]),
        (&Value::from("leave_a.md"), &Value::from("제2조"), &Value::from(true))
    );
    let page = scratch.read("out/report.html");
    assert!(page.contains("한 규정의 여러 판") && !page.contains("시행일이 없습니다"), "{page}");
}

#[test]
fn all_may_be_asked_about_or_none() {
    let scratch = project("2024. 3. 1.");
    let all = ["--set", "parse.editions=all"];
    let said = said(&scratch, &[&["run", "--until", "chunk"], &all[..]].concat());
    assert!(said.contains("are editions of one rule; all are asked about"), "{said}");
    assert_eq!(chunked(&scratch, &all), ["leave_a.md", "leave_b.md", "여비규정.md"]);
    let refused = scratch.seen(&["run", "--until", "parse", "--set", "parse.editions=refuse"]);
    snapshot!("editions-refused", refused);
    snapshot!("editions-unknown", scratch.seen(&["check", "--set", "parse.editions=latest"]));
}

#[test]
fn on_a_day_the_edition_in_effect_is_asked_about() {
    let scratch = project("2027. 1. 1.");
    let on = |day: &str| format!("parse.in_force_on={day}");
    let day = ["--set", &on("\"2026-12-31\"")];
    let said = said(&scratch, &[&["run", "--until", "prepare"], &day[..]].concat());
    let shown =
        "leave_b.md (2022-01-01) is the edition of a rule in effect; not yet, and set aside: leave_a.md";
    assert!(said.contains(shown), "{said}");
    assert_eq!(chunked(&scratch, &day), ["leave_b.md", "여비규정.md"]);
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    assert_eq!(report["data"]["editions"][0]["current"], 1);
    assert!(scratch.read("out/report.html").contains("시행 전"));
    let day = ["--set", &on("2027-01-01")];
    scratch.stdout(&[&["run", "--until", "chunk"], &day[..]].concat(), 0);
    assert_eq!(chunked(&scratch, &day), ["leave_a.md", "여비규정.md"]);
    // Before the first of them: said, with what to do.
    scratch.stdout(&["run", "--until", "prepare", "--set", &on("2021-01-01")], 0);
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    assert!(report["warnings"].to_string().contains("in_force_on"), "{}", report["warnings"]);
    snapshot!("editions-no-day", scratch.seen(&["check", "--set", &on("\"내년\"")]));
}

#[test]
fn headings_that_are_personal_stand_in_no_path() {
    let scratch = Scratch::new();
    let page = |who: &str| {
        format!(
            "# 휴가 안내\n\n휴가는 한 해에 15일입니다.\n\n사흘 전에 신청합니다.\n\n## {who}\n\n언제든 물어보세요.\n\n\
             쓰지 않은 휴가는 돈으로 줍니다.\n"
        )
    };
    scratch.write("rules/guide_v1.md", &page("담당자 김서연 010-2345-6789"));
    scratch.write("rules/guide_v2.md", &page("담당자 박지훈 010-3456-7890"));
    scratch.write("moru.toml", RECIPE);
    let said = said(&scratch, &["run", "--until", "chunk"]);
    assert!(said.contains("guide_v2.md") && said.contains("set aside: guide_v1.md"), "{said}");
    let shown = scratch.stdout(&["tap", "parse", "--json"], 0);
    for text in [&said, &shown, &scratch.read("out/review.html"), &scratch.read("out/editions.csv")] {
        for value in ["2345-6789", "3456-7890", "김서연"] {
            assert!(!text.contains(value), "{value} in {text}");
        }
    }
    assert!(scratch.read("out/editions.csv").contains("[전화번호]"));
}

#[test]
fn one_without_a_date_does_not_lose_in_silence() {
    let scratch = project("");
    let said = said(&scratch, &["run", "--until", "prepare"]);
    assert!(said.contains("leave_a.md has no date and was taken for older than leave_b.md"), "{said}");
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let what = report["warnings"].to_string();
    assert!(what.contains("leave_a.md") && what.contains("시행일이 없습니다"), "{what}");
    // Its name may tell the date.
    std::fs::rename(scratch.path("rules/leave_a.md"), scratch.path("rules/leave_20240301.md")).unwrap();
    scratch.stdout(&["run", "--until", "prepare"], 0);
    assert_eq!(chunked(&scratch, &[]), ["leave_20240301.md", "여비규정.md"]);
}

#[test]
fn printed_editions_are_told_apart_across_the_files_of_a_source() {
    let scratch = Scratch::new();
    scratch.write("moru.toml", RECIPE);
    std::fs::create_dir_all(scratch.path("rules/older")).unwrap();
    for (folder, book) in
        [("rules/older", Book::PayOf2020), ("rules", Book::Pay), ("rules", Book::Employment)]
    {
        let printed = book.pdf();
        pipeline::platform::write_atomic(&scratch.path(folder).join(printed.name), printed.bytes).unwrap();
    }
    scratch.stdout(&["run", "--until", "chunk"], 0);
    let (older, newer) = (Book::PayOf2020.pdf().name, Book::Pay.pdf().name);
    let chunked = chunked(&scratch, &[]);
    assert!(chunked.contains(&newer.to_owned()), "{chunked:?}");
    assert!(!chunked.contains(&format!("older/{older}")), "{chunked:?}");
    let table = scratch.read("out/editions.csv");
    assert!(table.lines().skip(1).count() > 3 && table.contains(&format!("{newer},")), "{table}");
    let page = scratch.read("out/review.html");
    assert!(page.contains("다른 판을 쓰므로 따로 두었습니다"), "an older edition is shown as such");
}
