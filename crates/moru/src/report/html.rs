//! Escaping and numbers.

use std::fmt;

/// Text from data, safe in element content and in quoted attributes.
pub struct Esc<'a>(&'a str);

/// Escapes text from data. Control characters other than line ends and tabs become U+FFFD, which is what
/// a reader would see of them at best; direction overrides too, because they can dress one text as another.
pub fn esc(text: &str) -> Esc<'_> {
    Esc(text)
}

impl fmt::Display for Esc<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(c)?,
                c if c.is_control() || is_direction_override(c) => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

fn is_direction_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A whole number in groups of three: `12,345`.
pub(super) fn int(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of tokens or parameters in three figures: `812`, `12.3K`, `11.5M`.
pub(super) fn short(n: u64) -> String {
    let n_float = n as f64;
    match n {
        0..1_000 => n.to_string(),
        1_000..999_500 => format!("{}K", figures(n_float / 1e3)),
        999_500..999_500_000 => format!("{}M", figures(n_float / 1e6)),
        _ => format!("{}B", figures(n_float / 1e9)),
    }
}

/// Three figures at most, without zeros at the end.
fn figures(x: f64) -> String {
    let text = match x {
        x if x >= 99.95 => format!("{x:.0}"),
        x if x >= 9.995 => format!("{x:.1}"),
        x => format!("{x:.2}"),
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// One decimal; `–` for what is not a number.
pub(super) fn one(x: f64) -> String {
    if x.is_finite() { format!("{x:.1}") } else { "–".to_owned() }
}

/// With its sign: `+3.2`, `−0.4`, `0.0`.
pub(super) fn signed(x: f64) -> String {
    let size = one(x.abs());
    match x {
        x if !x.is_finite() => size,
        _ if size == "0.0" => size,
        x if x < 0.0 => format!("−{size}"),
        _ => format!("+{size}"),
    }
}

/// A probability: `0.032`, or `< 0.001`.
pub(super) fn probability(p: f64) -> String {
    if p < 0.001 { "&lt; 0.001".to_owned() } else { format!("{p:.3}") }
}

/// A share of a whole in percent with one decimal; `0` of nothing.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// Bytes in powers of 1,024.
pub(super) fn bytes(n: u64) -> String {
    let n_float = n as f64;
    match n {
        0..1024 => format!("{n} B"),
        1024..1_048_576 => format!("{} KiB", figures(n_float / 1024.0)),
        1_048_576..1_073_741_824 => format!("{} MiB", figures(n_float / 1_048_576.0)),
        _ => format!("{} GiB", figures(n_float / 1_073_741_824.0)),
    }
}

/// A position inside a drawing, as CSS takes it; never `NaN`.
pub(super) fn percent(x: f64) -> String {
    if x.is_finite() { format!("{:.2}%", x.clamp(-1e4, 1e4)) } else { "0%".to_owned() }
}
