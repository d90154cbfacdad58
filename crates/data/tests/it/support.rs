//! What several tests need.

use data::sources::{Item, Source};
use data::{Record, Rejection};

/// Everything that a source gives.
pub fn drain(source: &mut dyn Source) -> (Vec<Record>, Vec<Rejection>) {
    let (mut records, mut rejected) = (Vec::new(), Vec::new());
    while let Some(item) = source.next_item().unwrap() {
        match item {
            Item::Record(record) => records.push(record),
            Item::Rejected(rejection) => rejected.push(rejection),
        }
    }
    assert!(source.next_item().unwrap().is_none(), "the end stays the end");
    (records, rejected)
}
