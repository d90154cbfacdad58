//! `[parse]`: how the documents of a folder belong together.

use data::documents::versions::Date;
use serde::{Deserialize, Serialize};

use super::reader::Section;

/// Pages of a PDF that are read where nobody says how many.
pub const MAX_PAGES: u64 = 5000;

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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Parse {
    /// What is done with several editions of one rule.
    pub editions: Editions,
    /// The day whose editions are asked about; the last ones where there is none.
    pub in_force_on: Option<Date>,
    /// Pages of a PDF that are read; one with more is refused.
    pub max_pages: u64,
}

impl Default for Parse {
    fn default() -> Self {
        Self { editions: Editions::default(), in_force_on: None, max_pages: MAX_PAGES }
    }
}

impl Parse {
    pub(super) fn read(mut s: Section<'_>) -> Self {
        let name = s.choice(
            "editions",
            Editions::NAMES[0],
            &Editions::NAMES,
            "documents of a source that are editions of one rule: newest chunks and asks about the newest and sets the older aside, all takes each for a rule of its own, refuse ends the run; out/editions.csv tells what changed, article by article",
        );
        let in_force_on = s.value(
            "in_force_on",
            None,
            "a day, such as 2026-01-31: of the editions of a rule the last that is in effect on it counts as the newest, and what takes effect later is set aside; without one the last counts, whatever its date, for no clock is asked",
        );
        let max_pages = s.within(
            "max_pages",
            MAX_PAGES,
            1..=1_000_000,
            "pages of one PDF; a file with more is refused, for most often it is not what was meant",
        );
        let parse = Self { editions: Editions::of_name(name), in_force_on, max_pages };
        s.finish(false);
        parse
    }
}
