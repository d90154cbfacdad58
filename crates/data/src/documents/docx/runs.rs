//! Attributes of WordprocessingML.

use quick_xml::events::BytesStart;

/// An attribute's value.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.try_get_attribute(name).ok().flatten()?;
    quick_xml::escape::unescape(&attribute.value).ok().map(std::borrow::Cow::into_owned)
}

/// The value of `<w:x w:val="…"/>`.
pub(super) fn value(tag: &BytesStart<'_>) -> Option<String> {
    attribute(tag, "w:val")
}

/// Whether a switch such as `<w:b/>` is on.
pub(super) fn is_on(tag: &BytesStart<'_>) -> bool {
    value(tag).is_none_or(|value| !matches!(value.as_str(), "0" | "false" | "off" | "none"))
}
