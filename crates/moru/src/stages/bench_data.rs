//! What `moru bench data` measures: rows that are generated, ingested, cleaned, masked and written.

mod rows;

use std::path::Path;
use std::time::Instant;

use data::clean::{Cleaner, Rules};
use data::ingest::{IngestOptions, Reader};
use data::prepare::Templates;
use data::privacy::{MaskConfig, Masker};
use data::reject::Limits;
use data::sources::SourceInfo;
use data::sources::csv::{CsvOptions, CsvSource};
use data::steps::{Clean, Refuse};

use super::privacy::MaskRow;
pub use rows::write_table;

const NAME: &str = "bench";

/// Ingests the table.
pub fn ingest(table: &Path, folder: &Path) -> anyhow::Result<Reader> {
    let options = CsvOptions { key: vec!["id".into()], ..CsvOptions::default() };
    let mut source = CsvSource::open(table, NAME, &options)?;
    let info = SourceInfo { name: NAME.into(), kind: "csv".into(), ..SourceInfo::default() };
    data::ingest::ingest(&mut source, &info, &IngestOptions::default(), folder)?;
    Ok(Reader::open(folder, NAME)?)
}

/// What every row goes through: all cleaning rules, all kinds of personal data, the usual refusals.
pub struct Kit {
    /// Cleaning.
    pub clean: Clean,
    /// Masking.
    pub masker: Masker,
    /// Refusing.
    pub refuse: Refuse,
    /// Prompt and response.
    pub templates: Templates,
}

impl Kit {
    /// As a recipe without keys has it.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self {
            clean: Clean::new(Cleaner::new(Rules::all(), &[])?),
            masker: Masker::new(MaskConfig::default())?,
            refuse: Refuse { limits: Limits { short_chars: 5, advertisements: true, ..Limits::default() } },
            templates: Templates::new("{question}", "{answer}")?,
        })
    }

    /// The masking step.
    pub fn mask(&self) -> MaskRow<'_> {
        MaskRow::new(&self.masker, Vec::new())
    }

    /// Megabytes of such text that one core masks in a second, measured for about a second on a megabyte
    /// of questions that differ.
    pub fn mask_speed(&self) -> f64 {
        let questions = rows::questions(1_000_000);
        let start = Instant::now();
        let (mut bytes, mut finds) = (0, 0);
        while start.elapsed().as_secs_f64() < 1.0 {
            for question in &questions {
                finds += self.masker.mask(question).spans.len();
                bytes += question.len();
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        // Finds that nobody asks for could be optimised away, and the masking with them.
        std::hint::black_box(finds);
        bytes as f64 / 1e6 / seconds
    }
}
