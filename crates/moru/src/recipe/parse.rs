//! `[parse]`: how the documents of a folder belong together.

use serde::{Deserialize, Serialize};

use super::reader::Section;

/// What is done where documents of a source are several editions of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Editions {
    /// The newest is chunked and asked about, the older are set aside.
    #[default]
    Newest,
    /// Each is chunked and asked about as if it were a rule of its own.
    All,
    /// The run ends there.
    Refuse,
}

impl Editions {
    /// As they are written in a recipe, the default first.
    const NAMES: [&str; 3] = ["newest", "all", "refuse"];

    fn of_name(name: &str) -> Self {
        match name {
            "all" => Self::All,
            "refuse" => Self::Refuse,
            _ => Self::Newest,
        }
    }
}

/// `[parse]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Parse {
    /// What is done with several editions of one rule.
    pub editions: Editions,
}

impl Parse {
    pub(super) fn read(mut s: Section<'_>) -> Self {
        let name = s.choice(
            "editions",
            Editions::NAMES[0],
            &Editions::NAMES,
            "documents of a source that are editions of one rule: newest chunks and asks about the newest and sets the older aside, all takes each for a rule of its own, refuse ends the run; out/editions.csv tells what changed, article by article",
        );
        let parse = Self { editions: Editions::of_name(name) };
        s.finish(false);
        parse
    }
}
