//! Cleaning, refusing and de-duplicating as the runner runs them.

use std::num::NonZeroUsize;
use std::sync::Arc;

use data::clean::{Cleaner, Rules};
use data::prepare::{Counts, Prepared, Runner, Templates, Watch};
use data::reject::{Language, Limits};
use data::sources::{Item, Source, SourceError};
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
}

#[test]
fn the_outcome_is_the_same_at_any_number_of_threads() {
    let many: Vec<(&str, &str)> = ROWS.iter().copied().cycle().take(3000).collect();
    let (one, seen_by_one, _) = run(&many, 1);
    let (four, seen_by_four, _) = run(&many, 4);
    assert_eq!((one, seen_by_one), (four, seen_by_four));
}
