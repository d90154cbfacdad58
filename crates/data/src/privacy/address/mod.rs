//! Postal addresses (being built).
pub(crate) mod regions;

use super::scan::Scan;

/// Finds addresses.
pub(crate) fn scan(_scan: &mut Scan<'_>) {}
