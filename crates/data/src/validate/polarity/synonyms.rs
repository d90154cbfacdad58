//! Words that say the same of what they are said of: 허용 and 인정.

use std::sync::LazyLock;

const GROUPS: &str = include_str!("synonyms.txt");

static LISTED: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
    let lines = GROUPS.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_whitespace().collect()).collect()
});

/// Whether two stems stand in one group.
pub(super) fn are(a: &str, b: &str) -> bool {
    LISTED.iter().any(|group| group.contains(&a) && group.contains(&b))
}
