//! The runner: order, counts, privacy at its edges.

use std::num::NonZeroUsize;
use std::sync::Arc;

use data::prepare::{
    Counts, DraftRow, OrderedStep, Outcome, Part, PrepareError, Prepared, Reason, Runner, Step, Templates,
    Watch,
};
use data::sources::{Item, Source, SourceError};
use data::{Column, ColumnKind, Record, RecordId, Rejection, Schema, Value};

/// Rows from memory.
struct Memory {
    schema: Arc<Schema>,
    items: std::vec::IntoIter<Item>,
}

impl Memory {
    fn new(rows: impl IntoIterator<Item = (String, String, String)>) -> Self {
        let column = |name: &str| Column { name: name.into(), kind: ColumnKind::Text };
        let columns = ["category", "question", "answer"].map(column).to_vec();
        let schema = Arc::new(Schema { source: "t".into(), columns });
        let items: Vec<Item> = rows
            .into_iter()
            .map(|(key, question, answer)| {
                Item::Record(Record {
                    id: RecordId { source: "t".into(), key },
                    schema: Arc::clone(&schema),
                    values: ["배송".to_owned(), question, answer].map(Value::Text).to_vec(),
                })
            })
            .collect();
        Self { schema, items: items.into_iter() }
    }
}

impl Source for Memory {
    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        Ok(self.items.next())
    }
}

fn hide(text: &str) -> String {
    text.replace("010-1234-5678", "[전화번호]")
}

/// Masks one number, and rejects, fails or panics where the question says so.
struct Obey;

impl Step for Obey {
    fn name(&self) -> &'static str {
        "obey"
    }

    fn apply(&self, row: &mut DraftRow) -> Outcome {
        for field in &mut row.fields {
            field.text = hide(&field.text);
        }
        let question = row.main(Part::Prompt);
        assert!(question != "panic", "as told");
        match question {
            "reject" => Outcome::reject("told", "the question says so"),
            "fail" => Outcome::Fail(Reason { code: "told".into(), detail: "the question says so".into() }),
            _ => Outcome::Keep,
        }
    }
}

/// Rejects before masking has been.
struct Early;

impl Step for Early {
    fn name(&self) -> &'static str {
        "early"
    }

    fn apply(&self, row: &mut DraftRow) -> Outcome {
        if row.main(Part::Prompt).starts_with("early") {
            return Outcome::reject("early", "before masking");
        }
        Outcome::Keep
    }
}

/// Keeps the first of each question.
#[derive(Default)]
struct First(std::collections::HashSet<String>);

impl OrderedStep for First {
    fn name(&self) -> &'static str {
        "first"
    }

    fn apply(&mut self, row: &mut DraftRow) -> Outcome {
        if self.0.insert(row.prompt.clone()) {
            return Outcome::Keep;
        }
        Outcome::reject("duplicate", "seen before")
    }
}

fn run(source: &mut Memory, threads: usize, watch: Watch) -> Result<(Counts, Vec<Prepared>), PrepareError> {
    let mut first = First::default();
    let mut templates = Templates::new("[{category}] {question}", "{answer}").unwrap();
    templates.meta = vec!["category".into()];
    let layout = templates.layout(source.schema()).unwrap();
    let mut runner = Runner {
        field_steps: vec![&Early, &Obey],
        row_steps: Vec::new(),
        ordered_steps: vec![&mut first],
        redact: &hide,
        threads: NonZeroUsize::new(threads).unwrap(),
        watch,
    };
    let mut out = Vec::new();
    let counts = runner.run(source, &layout, &mut |prepared| {
        out.push(prepared.clone());
        Ok(())
    })?;
    Ok((counts, out))
}

fn row(key: &str, question: &str, answer: &str) -> (String, String, String) {
    (key.to_owned(), question.to_owned(), answer.to_owned())
}

#[test]
fn the_order_and_the_counts_do_not_depend_on_the_threads() {
    let rows = || {
        Memory::new((0..5000).map(|i| {
            let question = match i % 7 {
                0 => "reject".to_owned(),
                1 => "fail".to_owned(),
                _ => format!("질문 {}", i / 2),
            };
            row(&i.to_string(), &question, "답")
        }))
    };
    let (counts, one) = run(&mut rows(), 1, Watch::Raw).unwrap();
    assert!(counts.add_up());
    assert_eq!((counts.rows_in, counts.rejected["told"], counts.failed["told"]), (5000, 715, 715));
    assert!(counts.rejected["duplicate"] > 1000);
    for threads in [2, 3, 8] {
        let (others, many) = run(&mut rows(), threads, Watch::Raw).unwrap();
        assert_eq!(counts, others);
        assert!(one == many, "{threads} threads");
    }
}

#[test]
fn nothing_raw_passes_the_edges() {
    let secret = "010-1234-5678";
    let mut source = Memory::new([
        row(secret, &format!("전화 {secret}"), secret),
        row("2", &format!("early {secret}"), "답"),
        row("3", "fail", secret),
    ]);
    let unreadable = Item::Rejected(Rejection {
        id: "t#line 4".into(),
        reason: "ragged_row".into(),
        detail: "4 fields, expected 3".into(),
        text: format!("x | {secret}"),
    });
    let items: Vec<Item> = source.items.chain([unreadable]).collect();
    source.items = items.into_iter();
    let (counts, prepared) = run(&mut source, 2, Watch::Redacted).unwrap();
    assert!(counts.add_up(), "{counts:?}");
    assert!(!format!("{prepared:?}").contains(secret), "{prepared:?}");
    let Prepared::Example(example, changes) = &prepared[0] else { panic!("{prepared:?}") };
    assert_eq!(
        (example.id.as_str(), example.messages[0].content.as_str()),
        ("t#row:1", "[배송] 전화 [전화번호]")
    );
    assert_eq!(example.meta["category"], "배송");
    assert_eq!(
        (changes.len(), changes[0].step.as_str(), changes[0].column.as_str()),
        (2, "obey", "question")
    );
    let texts: Vec<&str> = prepared[1..]
        .iter()
        .map(|p| match p {
            Prepared::Rejected(r) | Prepared::Failed(r) => r.text.as_str(),
            Prepared::Example(..) => panic!("{p:?}"),
        })
        .collect();
    assert_eq!(texts, ["[배송] early [전화번호]\n답", "", "x | [전화번호]"]);
}

#[test]
fn equal_ids_are_refused() {
    let mut source = Memory::new([row("1", "a", "b"), row("1", "c", "d")]);
    let error = run(&mut source, 2, Watch::Off).unwrap_err().to_string();
    assert_eq!(error, "two rows have the id `t#1`; name key columns that are unique in the source");
}

#[test]
#[should_panic(expected = "as told")]
fn a_panic_in_a_step_ends_the_run() {
    let rows = (0..2000).map(|i| row(&i.to_string(), if i == 1000 { "panic" } else { "q" }, "a"));
    let _ = run(&mut Memory::new(rows), 2, Watch::Off);
}

#[test]
fn templates_are_checked_against_the_columns() {
    let source = Memory::new([]);
    let check = |prompt: &str, response: &str| {
        Templates::new(prompt, response).unwrap().layout(source.schema()).err().unwrap().to_string()
    };
    assert_eq!(
        check("{문의}", "{answer}"),
        "the template `{문의}` names the column `문의`, but `t` has `category`, `question`, `answer`; the recipe's templates need `문의`, `answer`"
    );
    assert!(check("언제나", "{answer}").contains("uses no column"));
    let mut templates = Templates::new("{question} ({category})", "{answer}").unwrap();
    templates.main_prompt = Some("answer".into());
    let error = templates.layout(source.schema()).err().unwrap().to_string();
    assert!(
        error.contains("does not use its main column `answer`; it uses `question`, `category`"),
        "{error}"
    );
    templates.main_prompt = Some("question".into());
    templates.meta = vec!["no".into()];
    assert!(templates.layout(source.schema()).err().unwrap().to_string().contains("meta = [no]"));
}
