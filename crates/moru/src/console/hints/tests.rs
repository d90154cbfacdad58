use std::io::{Error as Io, ErrorKind};
use std::path::PathBuf;

use clap::Parser;

use super::of;
use crate::cli::Cli;

/// The files with hints.
const TEXTS: [&str; 7] = [
    include_str!("chat.rs"),
    include_str!("data.rs"),
    include_str!("model.rs"),
    include_str!("pipeline.rs"),
    include_str!("sql.rs"),
    include_str!("system.rs"),
    include_str!("../../recipe/error.rs"),
];

#[test]
fn commands_in_hints_can_be_typed() {
    let mut n_commands = 0;
    for command in TEXTS.iter().flat_map(|text| text.split('`')).filter(|part| part.starts_with("moru ")) {
        // What stands for a name of the project is one word, whatever it is.
        let words = command.split_whitespace().map(|word| word.replace(['{', '}'], ""));
        if let Err(error) = Cli::try_parse_from(words) {
            panic!("`{command}`: {error}");
        }
        n_commands += 1;
    }
    assert!(n_commands > 20, "{n_commands}");
}

#[test]
fn the_hint_of_the_innermost_error_that_has_one() {
    let path = || PathBuf::from("a/b");
    let io = |kind| Io::from(kind);
    let stage = |source: Box<dyn std::error::Error + Send + Sync>| -> anyhow::Error {
        pipeline::Error::Stage { stage: "train:main".into(), source }.into()
    };
    let ingest =
        |error: data::sources::SourceError| stage(Box::new(data::ingest::IngestError::Source(error)));
    let cases: Vec<(anyhow::Error, &str)> = vec![
        (io(ErrorKind::StorageFull).into(), "free some space"),
        (
            stage(Box::new(train::TrainError::Io {
                action: "write",
                path: path(),
                source: io(ErrorKind::StorageFull),
            })),
            "free some space",
        ),
        (
            pipeline::Error::Io { action: "write", path: path(), source: io(ErrorKind::ReadOnlyFilesystem) }
                .into(),
            "check the permissions of a/b",
        ),
        (
            ingest(data::sources::SourceError::Io { path: path(), cause: io(ErrorKind::NotFound) }),
            "look whether a/b is there",
        ),
        (
            ingest(data::sources::SourceError::UnknownColumn {
                place: "a/b".into(),
                column: "anwser".into(),
                columns: vec!["question".into(), "answer".into()],
            }),
            "did you mean `answer`?",
        ),
        (
            ingest(data::sources::sql::SqlError::Login { place: "x".into(), user: "u".into() }.into()),
            "DB_USER and DB_PASSWORD",
        ),
        (
            stage(Box::new(train::TrainError::Model(model::ModelError::TensorFile {
                file: "m".into(),
                problem: model::FileProblem::TooShort { len: 5 },
            }))),
            "fetch the file again",
        ),
        (
            stage(Box::new(eval::EvalError::Responder(chat::ResponderError::ContextExceeded {
                prompt_tokens: 9,
                context: 8,
            }))),
            "shorten the prompt",
        ),
        (
            anyhow::Error::from(model::ModelError::MissingSetting { key: "x".into() })
                .context("the model in m"),
            "fetch the model's folder again",
        ),
    ];
    for (error, want) in cases {
        let hint = of(&error).unwrap_or_default();
        assert!(hint.contains(want), "{error:?}: {hint}");
    }
    assert_eq!(of(&anyhow::anyhow!("nobody knows")), None);
}
