//! Entries of a contents page.

/// The text and the page of a line that ends in dot leaders and a page number: `제1조(목적) ······ 3`.
pub fn leader(line: &str) -> Option<(&str, u32)> {
    let line = line.trim_end().trim_end_matches(['-', '–', ')', ']', '쪽', ' ']);
    if !line.ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let text = line.trim_end_matches(|c: char| c.is_ascii_digit());
    let page = line[text.len()..].parse().ok()?;
    let before = text.trim_end_matches(['(', '[', ' ', '\t', '\u{a0}']);
    let entry = before.trim_end_matches(|c: char| c.is_whitespace() || ".·…‥⋯․∙•_ㆍ・-–".contains(c));
    let dots: usize = before[entry.len()..]
        .chars()
        .map(|c| match c {
            '…' | '⋯' => 3,
            '‥' => 2,
            c if c.is_whitespace() => 0,
            _ => 1,
        })
        .sum();
    (dots >= 3 && !entry.is_empty()).then_some((entry, page))
}
