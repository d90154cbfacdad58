//! `[project]`: what the project is called, and what chance is drawn from.

use serde::{Deserialize, Serialize};

use super::reader::Section;

/// `[project]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// The project's name.
    pub name: String,
    /// The seed of everything that is drawn.
    pub seed: u64,
}

impl Project {
    pub(super) fn read(mut section: Section<'_>, folder: &str) -> Self {
        let project = Self {
            name: section.value(
                "name",
                folder.to_owned(),
                "the project's name, shown in the report and the cards",
            ),
            seed: section.value(
                "seed",
                42,
                "the seed of everything that is drawn: splits, order, adapter, dropout",
            ),
        };
        section.finish(false);
        project
    }
}
