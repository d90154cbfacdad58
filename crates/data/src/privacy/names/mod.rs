//! Names of persons (being built).
use super::scan::Scan;

/// Finds names.
pub(crate) fn scan(_scan: &mut Scan<'_>) {}
/// Whether the rest of a word may follow a name.
pub(crate) fn may_follow(rest: &str) -> bool {
    rest.is_empty()
}
/// A made-up name.
pub(crate) fn made_up(_value: &str, _draw: &mut dyn FnMut(usize) -> usize) -> String {
    "홍길동".into()
}
