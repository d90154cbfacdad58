//! The thin thread: SQLite → ingest → prepare → outputs.

use std::num::NonZeroUsize;

use data::ingest::{IngestOptions, Reader, ingest};
use data::output::Outputs;
use data::prepare::{DraftRow, Outcome, Prepared, Runner, Step, Templates, Watch};
use data::sources::SourceInfo;
use data::sources::sql::{DbSettings, Extract, SqlRequest, SqlSource, build_sqlite, probe};

const SHOP: &str = "
    CREATE TABLE inquiry (id INTEGER PRIMARY KEY, category VARCHAR(20), question TEXT, answer TEXT, created DATETIME);
    INSERT INTO inquiry VALUES
      (2, '배송', '언제 오나요? 010-1234-5678', '내일, \"아침\"에 갑니다.', '2024-01-02 10:00:00'),
      (1, '반품', '반품할래요', '', '2024-01-01 09:00:00.500'),
      (10, '교환', '크기를 바꾸고 싶어요', '7일 안에 됩니다.', NULL);
";

/// Stands in for masking: digits become `#`.
struct Digits;

impl Step for Digits {
    fn name(&self) -> &'static str {
        "mask"
    }

    fn apply(&self, row: &mut DraftRow) -> Outcome {
        for field in &mut row.fields {
            field.text = field.text.replace(|c: char| c.is_ascii_digit(), "#");
        }
        Outcome::Keep
    }
}

/// Sets rows without an answer aside.
struct Unanswered;

impl Step for Unanswered {
    fn name(&self) -> &'static str {
        "reject"
    }

    fn apply(&self, row: &mut DraftRow) -> Outcome {
        if row.response.is_empty() {
            return Outcome::reject("no_answer", "the answer is empty");
        }
        Outcome::Keep
    }
}

#[test]
fn from_a_database_to_the_outputs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    build_sqlite(&path, SHOP).unwrap();
    let settings = DbSettings::from_url(&format!("sqlite:{}", path.display())).unwrap();
    let mut request = SqlRequest::new("inquiries", Extract::Query("select * from inquiry;".into()));
    request.key = vec!["id".into()];
    let found = probe(&settings, &request).unwrap();
    assert_eq!((found.rows, found.greatest.as_slice()), (3, ["10".to_owned()].as_slice()));

    let mut source = SqlSource::open(&settings, &request).unwrap();
    let info = SourceInfo { name: "inquiries".into(), kind: "sql".into(), ..SourceInfo::default() };
    let extract = ingest(&mut source, &info, &IngestOptions::default(), folder.path()).unwrap();
    assert_eq!(extract.rows, 3);

    let mut reader = Reader::open(folder.path(), "inquiries").unwrap();
    let templates = Templates::new("[{category}] [고객문의] {question}", "{answer}").unwrap();
    let layout = templates.layout(data::sources::Source::schema(&reader)).unwrap();
    let mut runner = Runner {
        field_steps: vec![&Digits],
        row_steps: vec![&Unanswered],
        ordered_steps: Vec::new(),
        redact: &|text| text.to_owned(),
        threads: NonZeroUsize::new(2).unwrap(),
        watch: Watch::Raw,
    };
    let mut outputs = Outputs::create(folder.path()).unwrap();
    let mut changes = Vec::new();
    let counts = runner
        .run(&mut reader, &layout, &mut |prepared| {
            match prepared {
                Prepared::Example(example, changed) => {
                    changes.extend(changed.iter().cloned());
                    outputs.example(example)
                }
                Prepared::Rejected(rejection) | Prepared::Failed(rejection) => outputs.rejected(rejection),
            }
            .map_err(Into::into)
        })
        .unwrap();
    outputs.finish().unwrap();
    assert!(counts.add_up());
    assert_eq!((counts.rows_in, counts.rows_out, counts.rejected["no_answer"]), (3, 2, 1));
    assert_eq!(counts.changed["mask"], 2);
    assert_eq!(changes[0].before, "언제 오나요? 010-1234-5678");
    assert_eq!(changes[0].after, "언제 오나요? ###-####-####");

    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(
        read("qna_prompt_response.csv"),
        "prompt,response\n[배송] [고객문의] 언제 오나요? ###-####-####,\"내일, \"\"아침\"\"에 갑니다.\"\n\
         [교환] [고객문의] 크기를 바꾸고 싶어요,#일 안에 됩니다.\n"
    );
    assert_eq!(
        read("dataset.jsonl").lines().next().unwrap(),
        "{\"id\":\"inquiries#2\",\"messages\":[{\"role\":\"user\",\"content\":\"[배송] [고객문의] 언제 오나요? \
         ###-####-####\"},{\"role\":\"assistant\",\"content\":\"내일, \\\"아침\\\"에 갑니다.\"}]}"
    );
    assert_eq!(
        read("rejected.jsonl"),
        "{\"id\":\"inquiries#1\",\"reason\":\"no_answer\",\"detail\":\"the answer is empty\",\
         \"text\":\"[반품] [고객문의] 반품할래요\"}\n"
    );
}
