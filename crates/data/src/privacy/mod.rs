//! Personal data: found, replaced, and looked for again in everything that leaves.
//!
//! 1. [`view`] shows the text in NFKC with one kind of hyphen, with offsets back to the original.
//! 2. [`cues`] finds labels, titles, regions and honorifics in one pass.
//! 3. One walk over the bytes hands digits to the number recognisers ([`ids`], [`phones`], [`money`],
//!    [`plate`]) and `@`, `:` and `-` to [`net`]; [`address`] and [`names`] start from the cues.
//! 4. [`overlap`] decides which finds stand, [`style`] what is written in their place.
//! 5. [`KnownValues`] remembers every find and every typed value as a keyed hash, and [`Sweep`] looks
//!    for them in the outputs.
//!
//! ```
//! use data::privacy::{Entity, MaskConfig, Masker};
//!
//! let masker = Masker::new(MaskConfig::default())?;
//! let masked = masker.mask("010-1234-5678로 연락 주세요");
//! assert_eq!(masked.text, "[전화번호]로 연락 주세요");
//! assert_eq!(masked.spans[0].entity, Entity::Mobile);
//! # Ok::<(), data::privacy::PrivacyError>(())
//! ```

mod address;
mod chain;
mod checks;
mod counts;
mod cues;
mod entity;
mod ids;
mod json;
mod keyed;
mod known;
mod masker;
mod money;
mod names;
mod net;
mod overlap;
mod particles;
mod phones;
mod plate;
mod scan;
mod sorted;
mod squeeze;
mod store;
mod style;
mod surrogate;
mod sweep;
mod typed;
mod view;
mod walk;

pub use counts::{Count, Counts};
pub use entity::{Entity, EntitySet};
pub use json::insert_apart;
pub use keyed::Secret;
pub use known::{KnownValues, LONG};
pub use masker::{MaskConfig, Masked, Masker, Pattern, PrivacyError, Span};
pub use style::Style;
pub use sweep::{Hit, Sweep, Swept};
pub use typed::Typed;

/// The form of a value that is the same however it is written: digits of a number (a telephone's as
/// dialled inside the country), otherwise letters and digits in lower case.
pub(crate) fn canonical(entity: Entity, value: &str) -> String {
    if !entity.is_numeric() {
        return squeeze::squeeze(value);
    }
    let mut digits = String::with_capacity(value.len());
    digits.extend(view::View::of(value).text().chars().filter(char::is_ascii_digit));
    let is_phone = matches!(
        entity,
        Entity::Mobile | Entity::Landline | Entity::Voip | Entity::SafeNumber | Entity::TollFree
    );
    match digits.strip_prefix("0082").or_else(|| digits.strip_prefix("82")) {
        Some(rest) if is_phone => format!("0{}", rest.trim_start_matches('0')),
        _ => digits,
    }
}
