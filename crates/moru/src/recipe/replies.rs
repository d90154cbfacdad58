//! `[replies]`: what a reply says instead of a placeholder.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reader::Section;

/// `[replies]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replies {
    /// What stands for each placeholder: `전화번호 = "1588-0000"`.
    pub placeholders: BTreeMap<String, String>,
}

impl Replies {
    pub(super) fn read(mut s: Section<'_>) -> Self {
        let placeholders = s.words("placeholders", "what a reply says for a placeholder, { 전화번호 = \"1588-0000\" }; a sentence with one that is not listed is left out");
        s.finish(false);
        Self { placeholders }
    }
}
