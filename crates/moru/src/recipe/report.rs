//! `[report]`: what the report looks like.

use serde::{Deserialize, Serialize};

use super::reader::Section;

/// `[report]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// `ko` or `en`.
    pub language: String,
    /// The heading; the project's name where empty.
    pub title: String,
    /// Answers shown side by side.
    pub examples: usize,
}

impl Report {
    pub(super) fn read(mut s: Section<'_>) -> Self {
        let report = Self {
            language: s.choice("language", "ko", &["ko", "en"], "the language of the report").to_owned(),
            title: s.value("title", String::new(), "the heading; the project's name where absent"),
            examples: s.value("examples", 20, "how many answers are shown before and after"),
        };
        s.finish(false);
        report
    }
}
