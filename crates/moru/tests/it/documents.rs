//! Documents through the whole binary: read, divided, asked, validated, corrected, tuned on, answered from.

use serde_json::Value;

use synth::rules::{Book, Rules};

use crate::support::{Scratch, snapshot};

/// Makes every verb a small one.
const SMALL: [&str; 14] = [
    "--set",
    "model.base=builtin:toy",
    "--set",
    "train.steps=2",
    "--set",
    "train.batch_size=2",
    "--set",
    "evaluate.max_rows=3",
    "--set",
    "evaluate.max_new_tokens=4",
    "--set",
    "evaluate.leak_samples=0",
    "--set",
    "tokenize.max_len_tokens=1024",
];

const RULES: &str = "\
# 복무규정

제1조(목적) 이 규정은 직원의 복무에 관한 사항을 정한다.

제2조(근무시간) ① 근무시간은 1일 8시간, 1주 40시간으로 한다.

② 휴게시간은 12시부터 13시까지로 한다.

제3조(연차휴가) ① 1년간 80퍼센트 이상 출근한 직원에게 15일의 유급휴가를 준다.

② 연차휴가를 쓰려는 직원은 3일 전까지 부서장에게 신청하여야 한다.

제4조(병가) ① 직원이 질병으로 직무를 수행할 수 없을 때에는 연 60일의 범위에서 병가를 줄 수 있다.

② 병가가 7일을 넘는 때에는 의사의 진단서를 내야 한다.

제5조(출장) 출장을 마친 직원은 5일 이내에 복명서를 제출하여야 한다.
";

const RECIPE: &str = "\
[project]
name = \"rules\"

[source.rules]
kind = \"documents\"
path = \"rules\"
public = true

[chunk]
target_tokens = 100
max_tokens = 300

[questions]
lookup = 6
procedure = 4
absent = 4
further_absent = 2
further_answerable = 1
unseen = 0.0
top_k = 1

[prepare]
prompt = \"{context}\\n\\n질문: {question}\"
response = \"{answer}\"
meta = [\"slice\", \"type\", \"article\", \"split\"]
reject = { short_chars = 0, duplicates = 0.0 }

[split]
column = \"split\"
train = 0.6
valid = 0.2
test = 0.2
";

/// A project over one short rule.
fn project() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("rules/복무규정.md", RULES);
    scratch.write("moru.toml", RECIPE);
    scratch
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn rules_become_questions_that_cite_them() {
    let scratch = project();
    scratch.stdout(&["run", "--until", "prepare"], 0);
    let tree = scratch.stdout(&["tap", "parse"], 0);
    for shown in ["제1조(목적)", "① 근무시간은 1일 8시간", "② 병가가 7일을", "제5조(출장)"]
    {
        assert!(tree.contains(shown), "{tree}");
    }
    let chunks = rows(&scratch.stdout(&["tap", "chunk", "-n", "0", "--json"], 0));
    assert!(chunks.iter().any(|c| c["text"].as_str().unwrap().contains("의사의 진단서")), "{chunks:?}");
    let examples = rows(&scratch.read("out/dataset.jsonl"));
    let of = |kind: &str| examples.iter().filter(|e| e["meta"]["type"] == kind).collect::<Vec<_>>();
    assert_eq!([of("lookup").len(), of("procedure").len(), of("absent").len()], [6, 4, 4]);
    for example in &examples {
        let messages = example["messages"].as_array().unwrap();
        let said =
            |role: &str| messages.iter().find(|m| m["role"] == role).unwrap()["content"].as_str().unwrap();
        let (asked, answer) = (said("user"), said("assistant"));
        // A prompt without a text would give away that the rules do not answer.
        assert!(asked.starts_with('[') && asked.contains("\n\n질문: "), "{asked}");
        assert!(example["meta"]["type"] == "absent" || answer.contains("제"), "{asked} {answer}");
    }
}

#[test]
fn questions_and_verdicts_can_be_looked_at() {
    let scratch = project();
    scratch.stdout(&["run", "--until", "prepare"], 0);
    let asked = scratch.stdout(&["tap", "synthesize", "-n", "0"], 0);
    let quotas = "rules: lookup 6 of 6, procedure 4 of 4, absent 4 of 4, further_absent 2 of 2, further_answerable 1 of 1\n";
    assert!(asked.starts_with(quotas), "{asked}");
    assert!(
        asked.contains("\n  from: 복무규정.md") && asked.contains("\n  cites: 복무규정.md 제"),
        "{asked}"
    );
    let asked = rows(&scratch.stdout(&["tap", "synthesize:rules", "-n", "2", "--json"], 0));
    assert_eq!(asked.len(), 2);
    let id = asked[0]["pair"]["id"].as_str().unwrap().to_owned();
    let judged = scratch.stdout(&["tap", "validate", "-n", "0"], 0);
    assert!(judged.starts_with("rules: 14 questions hold, 0 are refused\n"), "{judged}");
    assert!(judged.contains(", holds: train\n") && judged.contains(", holds: test\n"), "{judged}");
    // What a person dropped is told as such, and stands among what was set aside.
    let table = scratch.read("out/review.csv");
    let row = table.lines().find(|line| line.starts_with(&id)).unwrap();
    let (said, original) = row.trim_end().rsplit_once(',').unwrap();
    let dropped = format!("{},drop,,{original}", said.strip_suffix(",,").unwrap());
    scratch.write("review.csv", &table.replace(row.trim_end(), &dropped));
    let review = ["--set", "questions.review=review.csv"];
    scratch.stdout(&[&["run", "--until", "prepare"], &review[..]].concat(), 0);
    let out = scratch.stdout(&[&["tap", "validate", "--rejected", "-n", "0"], &review[..]].concat(), 0);
    assert!(out.contains(&format!("{id}  ")) && out.contains("dropped by a person"), "{out}");
    assert_eq!(out.matches("asked:").count(), 1, "{out}");
    assert!(scratch.seen(&["tap", "synthesize:other"]).contains("no such source of documents"));
}

#[test]
fn what_a_person_corrects_wins() {
    let scratch = project();
    scratch.stdout(&["run", "--until", "prepare"], 0);
    let table = scratch.read("out/review.csv");
    let answers = |scratch: &Scratch| -> Vec<String> {
        let of = |e: &Value| {
            e["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap().to_owned()
        };
        rows(&scratch.read("out/dataset.jsonl")).iter().map(of).collect()
    };
    let before = answers(&scratch);
    let first = before[0].as_str();
    assert!(table.contains(first), "{table}");
    scratch.write("review.csv", &table.replacen(first, "사람이 고친 답입니다(복무규정 제2조).", 1));
    scratch.edit("moru.toml", "top_k = 1", "top_k = 1\nreview = \"review.csv\"");
    scratch.stdout(&["run", "--until", "prepare"], 0);
    let after = answers(&scratch);
    assert_eq!(after.len(), before.len());
    assert!(after.contains(&"사람이 고친 답입니다(복무규정 제2조).".to_owned()), "{after:?}");
    scratch.write("review.csv", "id,question\n1,x\n");
    snapshot!("documents-review", scratch.seen(&["run", "--until", "prepare"]));
}

#[test]
fn a_model_is_tuned_on_rules_and_asked_beside_what_is_found() {
    let scratch = project();
    scratch.stdout(&[&["run"][..], &SMALL].concat(), 0);
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let names: Vec<_> =
        report["evaluation"].as_array().unwrap().iter().map(|e| e["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "main",
            "main: closed book",
            "main: questions",
            "main: refusals",
            "main: questions, closed book",
            "main: refusals, closed book"
        ]
    );
    for evaluation in report["evaluation"].as_array().unwrap() {
        let asked = &evaluation["asked"];
        let is_closed = evaluation["name"].as_str().unwrap().ends_with("closed book");
        assert_eq!(asked["book"], if is_closed { "closed" } else { "open" }, "{asked}");
        // Neither the page nor the nearest question sees the text beside a question.
        for sample in evaluation["samples"].as_array().unwrap() {
            let question = sample["question"].as_str().unwrap();
            assert!(!question.contains("질문:") && !question.contains('\n'), "{question}");
        }
        let tested: Vec<_> = evaluation["measures"][0]["tests"].as_array().unwrap().iter().collect();
        let against: Vec<_> = tested.iter().map(|test| test["against"].as_str().unwrap()).collect();
        assert_eq!(against, ["base", "commonest", "nearest"]);
    }
    let told = scratch.stdout(&[&["report"][..], &SMALL].concat(), 0);
    assert!(told.contains("main: closed book             closed"), "{told}");
    scratch.write("ask.txt", "병가가 며칠을 넘으면 진단서를 내나요?\n");
    let args = ["generate", "--in", "ask.txt", "--max-tokens", "2"];
    let answer = scratch.stdout(&[&args[..], &SMALL].concat(), 0);
    let answer: Value = serde_json::from_str(answer.trim()).unwrap();
    // The toy has a token for each byte: the chunk that was found stands in the prompt.
    assert!(answer["end"]["prompt_tokens"].as_u64().unwrap() > 250, "{answer}");
    let bare = scratch.stdout(&[&args[..], &["--raw"], &SMALL].concat(), 0);
    let bare: Value = serde_json::from_str(bare.trim()).unwrap();
    assert!(bare["end"]["prompt_tokens"].as_u64().unwrap() < 150, "{bare}");
}

#[test]
fn what_cannot_be_read_is_told_and_nothing_is_left_out_in_silence() {
    let scratch = project();
    scratch.write("rules/empty.pdf", "");
    scratch.write("rules/picture.pdf", "\u{89}PNG\r\n\u{1a}\n");
    scratch.write("rules/scan.pdf", SCAN);
    scratch.write("rules/note.hwp.bak", "not looked at");
    let seen = scratch.seen(&["run", "--until", "parse"]);
    snapshot!("documents-unread", seen);
    let none = Scratch::new();
    none.write("moru.toml", RECIPE);
    none.write("rules/readme.xyz", "x");
    snapshot!("documents-none", none.seen(&["check"]));
    none.edit("moru.toml", "lookup = 6", "lookup = 6\nteacher = \"https://example.org/v1\"");
    snapshot!("documents-teacher", none.seen(&["check", "--structure"]));
}

/// A PDF with a page that has no text.
const SCAN: &str = "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n\
    2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n\
    3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n";

#[test]
fn files_that_are_not_read_are_named() {
    let scratch = project();
    for file in
        ["급여.hwp", "old/여비.hwpx", "교육.pptx", "scan/1.png", "~$x.docx", "README", "복무규정.md.bak"]
    {
        scratch.write(&format!("rules/{file}"), "x");
    }
    snapshot!("documents-beside", scratch.seen(&["check"]));
    let output = scratch.output(&["run", "--until", "prepare"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let line = "Hancom documents are not read: old/여비.hwpx, 급여.hwp; save them as PDF or DOCX";
    assert!(said.contains(line), "{said}");
    assert!(scratch.stdout(&["tap", "parse"], 0).contains(&format!("! {line}")));
    snapshot!("documents-beside-tapped", scratch.seen(&["tap", "parse", "--rejected", "-n", "0"]));
    let only = Scratch::new();
    only.write("moru.toml", RECIPE);
    only.write("rules/급여.hwp", "x");
    snapshot!("documents-only-hwp", only.seen(&["check"]));
}

#[test]
fn check_refuses_what_a_run_would() {
    let scratch = project();
    let cases = [
        ("documents-no-path", &["source.rules.path=nix"][..]),
        ("documents-no-review", &["questions.review=nothere.csv"]),
        ("documents-no-prompts", &["questions.prompts=nothere", "questions.teacher=http://localhost:9/v1#m"]),
        ("documents-no-quota", &["questions.lookup=0", "questions.procedure=0", "questions.absent=0"]),
    ];
    for (name, set) in cases {
        let mut args = vec!["check"];
        for value in set {
            args.extend(["--set", value]);
        }
        snapshot!(name, scratch.seen(&args));
        let until = [&["run", "--until", "prepare"][..], &args[1..]].concat();
        assert_ne!(scratch.output(&until).status.code(), Some(0), "{name}");
    }
    scratch.write("rules/empty.pdf", "");
    scratch.write("rules/other.docx", "no office file");
    snapshot!("documents-broken", scratch.seen(&["check"]));
}

#[test]
fn what_hardly_anything_is_asked_about_is_named() {
    let scratch = project();
    scratch.edit("rules/복무규정.md", "제5조(출장)", "제5조(품위) 직원은 품위를 지킨다.\n제6조(출장)");
    scratch.stdout(&[&["run"][..], &SMALL].concat(), 0);
    let told = scratch.stdout(&[&["tap", "synthesize", "-n", "0"][..], &SMALL].concat(), 0);
    assert!(told.contains("  leaves without a fact: "), "{told}");
    let shown = told.lines().skip_while(|line| !line.contains("leaves without a fact")).nth(1).unwrap();
    assert!(shown.starts_with("    복무규정.md/제"), "{told}");
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let leaves = report["data"]["coverage"][0]["leaves_without"].as_array().unwrap();
    assert!(leaves.iter().any(|leaf| leaf.as_str() == Some(shown.trim())), "{leaves:?}");
    assert!(scratch.read("out/report.html").contains(&format!("<li>{}</li>", shown.trim())));
}

/// The English handbook says the same facts in each of the files that it is set to.
#[test]
fn the_handbook_is_asked_the_same_from_every_kind_of_file() {
    let scratch = project();
    std::fs::remove_dir_all(scratch.path("rules")).unwrap();
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/../synth/assets/rules/employee-handbook");
    let facts = ["md", "docx", "pdf"].map(|kind| {
        std::fs::create_dir_all(scratch.path(kind)).unwrap();
        let to = scratch.path(&format!("{kind}/handbook.{kind}"));
        std::fs::copy(format!("{assets}.{kind}"), to).unwrap();
        let path = format!("source.rules.path={kind}");
        let set = ["--set", "questions.cover=true", "--set", &path];
        let args = [&["run", "--until", "synthesize"][..], &SMALL[..], &set[..]].concat();
        let said = String::from_utf8_lossy(&scratch.output(&args).stderr).into_owned();
        let line = said.lines().find(|line| line.contains(" facts in ")).unwrap_or_else(|| panic!("{said}"));
        let numbers: Vec<usize> = line.split([' ', ';']).filter_map(|word| word.parse().ok()).collect();
        assert!(numbers[0] == numbers[1] && numbers[3] == 0, "{kind}: {line}");
        numbers[1]
    });
    assert!(facts[0] > 160 && facts.iter().all(|n| *n == facts[0]), "{facts:?}");
}

#[test]
fn the_example_rules_are_read_from_their_pdf() {
    let scratch = Scratch::new();
    scratch.stdout(&["init", "regulations", "book"], 0);
    let output = scratch.output(&["run", "--until", "prepare", "--project", "book"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let line = said.lines().find(|line| line.contains(" facts in ")).unwrap();
    let numbers: Vec<usize> = line.split([' ', ';']).filter_map(|word| word.parse().ok()).collect();
    let [asked, facts, articles, seldom, _] = numbers[..] else { panic!("{line}") };
    assert!(articles > 140 && asked == facts && seldom == 0, "{line}");
    // What the text of the rules says, their pages say as well: no table's head is missed, no article lost.
    let written = [Book::Employment, Book::Pay].map(|book| Rules::of(book).tree);
    assert_eq!(facts, synth::questions::facts(&written).facts.len(), "{line}");
    let examples = rows(&scratch.read("book/out/dataset.jsonl"));
    assert!(examples.len() > 600, "{}", examples.len());
    let of_split = |split: &str| examples.iter().filter(|row| row["meta"]["split"] == split).count();
    // An eighth and an eighth of the quotas' questions, and whole articles with all that is asked about them.
    assert!((24..=31).contains(&of_split("valid")) && (35..=75).contains(&of_split("test")));
    let quotas = scratch.stdout(&["tap", "synthesize", "--project", "book", "-n", "1"], 0);
    assert!(quotas.contains("lookup 150 of 150, procedure 100 of 100, absent 50 of 50"), "{quotas}");
    assert!(quotas.contains(" over the quotas"), "{quotas}");
    let shown =
        scratch.stdout(&["inspect", "book/rules/보수여비규정.pdf", "--html", "pages.html", "--json"], 0);
    let about: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((about["kind"].as_str(), about["encrypted"].as_bool()), (Some("pdf"), Some(false)));
    assert!(about["structure"]["article"].as_u64().unwrap() >= 45, "{about}");
    let few = ["inspect", "book/rules/보수여비규정.pdf", "--max-pages", "2"];
    let refused = scratch.seen(&few);
    assert!(refused.contains("more than the limit of 2; split it, or raise max_pages"), "{refused}");
    let few = ["run", "--until", "parse", "--project", "book", "--set", "parse.max_pages=2"];
    let refused = scratch.seen(&few);
    assert!(refused.contains("more than the limit of 2; split it, or raise max_pages"), "{refused}");
    let refused = scratch.seen(&["check", "--project", "book", "--set", "parse.max_pages=2"]);
    assert!(refused.contains("more than the limit of 2; split it, or raise max_pages"), "{refused}");
    let page = scratch.read("pages.html");
    assert!(
        page.contains("제1조(목적)")
            && page.contains("class=\"furniture\"")
            && page.contains("class=\"cell\"")
    );
}

#[test]
fn articles_that_are_held_out_are_told_apart() {
    let scratch = project();
    scratch.edit("moru.toml", "unseen = 0.0", "unseen = 0.2");
    scratch.edit("moru.toml", "[\"slice\", ", "[");
    let said = scratch.seen(&["check", "--structure"]);
    assert!(said.contains("add \"slice\" to [prepare] meta, or set unseen = 0"), "{said}");
    // The column of slices may be that of the splits as well.
    scratch.edit("moru.toml", ", \"split\"]", ", \"slice\"]");
    scratch.edit("moru.toml", "column = \"split\"", "column = \"slice\"");
    let all = [&SMALL[..], &["--set", "evaluate.max_rows=0", "--set", "evaluate.base=false"]].concat();
    scratch.stdout(&[&["run"][..], &all].concat(), 0);
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let of = |slice: &str| {
        let all = report["evaluation"].as_array().unwrap().iter();
        let found = all.filter(|e| e["asked"]["slice"] == slice);
        found.map(|e| (e["asked"]["book"].as_str().unwrap(), e["rows"].as_u64().unwrap())).collect::<Vec<_>>()
    };
    let unseen = of("test_unseen");
    assert!(matches!(unseen[..], [("open", rows)] if rows > 0), "{unseen:?}");
    assert_eq!(of("test").iter().map(|(book, _)| *book).collect::<Vec<_>>(), ["open", "closed"]);
    // From memory nobody knows what was held out.
    let none = [&all[..], &["--set", "questions.context=none"]].concat();
    scratch.stdout(&[&["run"][..], &none].concat(), 0);
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let books: Vec<_> =
        report["evaluation"].as_array().unwrap().iter().map(|e| e["asked"].to_string()).collect();
    assert!(books.iter().all(|asked| asked.contains("closed") && !asked.contains("unseen")), "{books:?}");
}
