//! Cleaning, refusing and de-duplicating as the runner runs them.

use std::fs::File;
use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;

use data::clean::{Cleaner, Rules};
use data::dedupe::{Clusters, Sketch, similarity};
use data::prepare::{Counts, Prepared, Runner, Templates, Watch};
use data::privacy::{MaskConfig, Masker};
use data::reject::{Language, Limits};
use data::sources::csv::{CsvOptions, CsvSource};
use data::sources::{Item, Source, SourceError};
use data::split::{Share, SplitRow};
use data::steps::{Clean, Duplicates, Refuse, SketchQuestion};
use data::{Column, ColumnKind, Record, RecordId, Schema, Value};

struct Rows {
    schema: Arc<Schema>,
    left: std::vec::IntoIter<(String, String)>,
    next_key: usize,
}

impl Rows {
    fn new(rows: Vec<(String, String)>) -> Self {
        let column = |name: &str| Column { name: name.into(), kind: ColumnKind::Text };
        let columns = vec![column("category"), column("question"), column("answer")];
        Self {
            schema: Arc::new(Schema { source: "qna".into(), columns }),
            left: rows.into_iter(),
            next_key: 0,
        }
    }
}

impl Source for Rows {
    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        let Some((question, answer)) = self.left.next() else { return Ok(None) };
        self.next_key += 1;
        let values = vec![Value::Text("배송!!".into()), Value::Text(question), Value::Text(answer)];
        let id = RecordId { source: "qna".into(), key: self.next_key.to_string() };
        Ok(Some(Item::Record(Record { id, schema: Arc::clone(&self.schema), values })))
    }
}

fn run(rows: &[(&str, &str)], threads: usize) -> (Counts, Vec<String>, Clean) {
    let clean = Clean::new(Cleaner::new(Rules::all(), &[]).unwrap());
    let refuse = Refuse {
        limits: Limits {
            short_chars: 3,
            advertisements: true,
            languages: vec![Language::Ko],
            ..Limits::default()
        },
    };
    let mut duplicates = Duplicates::new(0.9);
    let rows = rows.iter().map(|(q, a)| ((*q).to_string(), (*a).to_string())).collect();
    let mut source = Rows::new(rows);
    let templates = Templates::new("[{category}] [고객문의] {question}", "{answer}").unwrap();
    let layout = templates.layout(source.schema()).unwrap();
    let mut seen = Vec::new();
    let counts = Runner {
        field_steps: vec![&clean],
        row_steps: vec![&refuse, &SketchQuestion],
        ordered_steps: vec![&mut duplicates],
        redact: &|text| text.to_owned(),
        threads: NonZeroUsize::new(threads).unwrap(),
        watch: Watch::Off,
    }
    .run(&mut source, &layout, &mut |prepared| {
        seen.push(match prepared {
            Prepared::Example(example, _) => {
                format!("{} | {}", example.messages[0].content, example.messages[1].content)
            }
            Prepared::Rejected(r) | Prepared::Failed(r) => format!("{} {} {}", r.id, r.reason, r.detail),
        });
        Ok(())
    })
    .unwrap();
    (counts, seen, clean)
}

const ROWS: &[(&str, &str)] = &[
    ("안녕하세요. 배송은 언제 시작되나요? 감사합니다.", "문의해 주셔서 감사합니다. 결제하신 날 보냅니다."),
    ("배송은 언제 시작되나요", "결제하신 날 보냅니다."),
    ("교환하고 싶은데 택배비는 누가 내나요ㅠㅠㅠ", "확인 후 연락드리겠습니다."),
    ("환불은 며칠 걸리나요?", ""),
    ("(광고) 당일대출 상담 환영", "네 알겠습니다."),
    ("Where is my order?", "오늘 보냅니다."),
    ("안녕하세요!", "네 고객님 무엇을 도와드릴까요?"),
    ("포인트는 언제 사라지나요?", "받으신 지 일 년 뒤에 사라집니다."),
];

#[test]
fn every_row_is_accounted_for() {
    let (counts, seen, clean) = run(ROWS, 2);
    assert!(counts.add_up());
    assert_eq!(
        seen,
        [
            "[배송!!] [고객문의] 배송은 언제 시작되나요? | 결제하신 날 보냅니다.",
            "qna#2 duplicate similarity 1.000 to qna#1",
            "qna#3 answer_deferred the answer only promises an answer",
            "qna#4 answer_missing the answer is empty after cleaning",
            "qna#5 advertisement advertisement score 9; at most 2",
            "qna#6 wrong_language written in `en`; kept: ko",
            "qna#7 question_missing the question is empty after cleaning",
            "[배송!!] [고객문의] 포인트는 언제 사라지나요? | 받으신 지 일 년 뒤에 사라집니다.",
        ]
    );
    assert_eq!(clean.changed()["greetings"], 2);
    assert_eq!(clean.changed()["over-polite"], 1);
    let removed = clean.removed_characters();
    assert_eq!(
        removed["greetings"],
        "안녕하세요. ".chars().count() as u64 + "안녕하세요!".chars().count() as u64
    );
    assert_eq!(removed["over-polite"], "문의해 주셔서 감사합니다. ".chars().count() as u64);
    assert_eq!(removed["closings"], "감사합니다.".chars().count() as u64);
}

#[test]
fn the_outcome_is_the_same_at_any_number_of_threads() {
    let many: Vec<(&str, &str)> = ROWS.iter().copied().cycle().take(3000).collect();
    let (one, seen_by_one, _) = run(&many, 1);
    let (four, seen_by_four, _) = run(&many, 4);
    assert_eq!((one, seen_by_one), (four, seen_by_four));
}

#[test]
fn near_duplicates_are_never_on_both_sides_of_a_split() {
    let syllables: Vec<char> = ('가'..='힣').step_by(97).collect();
    let syllable = |i: usize, at: usize| syllables[(i * 7919 + at * at * 31 + i * at) % syllables.len()];
    // Every question three times, once with another word, once with another mark.
    let questions: Vec<String> = (0..100usize)
        .flat_map(|i| {
            let question: String = (0..60).map(|at| syllable(i, at)).collect();
            [format!("{question}네"), format!("{question}!!"), question]
        })
        .collect();
    let mut clusters = Clusters::new(0.8);
    for question in &questions {
        clusters.push(question);
    }
    let clusters = clusters.of_rows();
    let ids: Vec<String> = (0..questions.len()).map(|i| format!("q#{i}")).collect();
    let rows: Vec<SplitRow<'_>> = ids
        .iter()
        .zip(clusters)
        .map(|(id, cluster)| SplitRow { id, cluster, ..SplitRow::default() })
        .collect();
    let shares = [("train", 0.8), ("test", 0.2)].map(|(part, share)| Share { part: part.into(), share });
    let split = data::split::split(&rows, &shares, 42).unwrap();
    assert!(split.counts.iter().all(|part| part.rows > 30), "{:?}", split.counts);
    let sketches: Vec<Sketch> = questions.iter().map(|question| Sketch::of(question)).collect();
    let part = |wanted| (0..ids.len()).filter(|&i| split.parts[i] == wanted).collect::<Vec<_>>();
    let (train, test) = (part(0), part(1));
    for &a in &train {
        for &b in &test {
            let alike = similarity(&sketches[a], &sketches[b]);
            assert!(alike < 0.8, "{alike}: {} | {}", questions[a], questions[b]);
        }
    }
}

#[test]
fn a_personal_key_is_in_no_note_of_a_duplicate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("qna.csv");
    let table = "phone,question,answer\n010-2345-6789,교환은 어떻게 하나요?,네\n010-2345-6780,교환은 어떻게 하나요?,네\n";
    File::create(&path).unwrap().write_all(table.as_bytes()).unwrap();
    let options = CsvOptions { key: vec!["phone".into()], ..CsvOptions::default() };
    let mut source = CsvSource::open(&path, "qna", &options).unwrap();
    let layout = Templates::new("{question}", "{answer}").unwrap().layout(source.schema()).unwrap();
    let mut duplicates = Duplicates::new(0.9);
    let mut notes = Vec::new();
    let masker = Masker::new(MaskConfig::default()).unwrap();
    Runner {
        field_steps: vec![],
        row_steps: vec![&SketchQuestion],
        ordered_steps: vec![&mut duplicates],
        redact: &|text| masker.mask(text).text,
        threads: NonZeroUsize::MIN,
        watch: Watch::Off,
    }
    .run(&mut source, &layout, &mut |prepared| {
        if let Prepared::Rejected(rejection) = prepared {
            notes.push(format!("{} {}", rejection.id, rejection.detail));
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(notes, ["qna#row:2 similarity 1.000 to qna#row:1"]);
}
