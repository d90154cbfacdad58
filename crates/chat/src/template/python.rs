//! JSON as Python's `json.dumps` writes it.

use std::fmt::Write as _;

use serde_json::Value;

/// The arguments of `json.dumps` that templates use.
#[derive(Debug, Clone, Default)]
pub(super) struct JsonStyle {
    /// Spaces a level; none for one line.
    pub indent: Option<usize>,
    /// Whether other than ASCII is escaped.
    pub ensure_ascii: bool,
    /// Whether keys are sorted by code point.
    pub sort_keys: bool,
    /// Between items, and between key and value.
    pub separators: Option<(String, String)>,
}

pub(super) fn to_json(value: &Value, style: &JsonStyle) -> String {
    let mut out = String::new();
    write_value(value, style, 0, &mut out);
    out
}

fn write_value(value: &Value, style: &JsonStyle, depth: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::String(text) => write_string(text, style.ensure_ascii, out),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => out.push_str(&float_repr(float)),
            _ => out.push_str(&number.to_string()),
        },
        Value::Array(items) => {
            let write = |item: &Value, out: &mut String| write_value(item, style, depth + 1, out);
            write_group('[', ']', items, style, depth, out, write);
        }
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            if style.sort_keys {
                entries.sort_by_key(|(key, _)| *key);
            }
            let colon = style.separators.as_ref().map_or(": ", |(_, key)| key);
            let write = |(key, item): &(&String, &Value), out: &mut String| {
                write_string(key, style.ensure_ascii, out);
                out.push_str(colon);
                write_value(item, style, depth + 1, out);
            };
            write_group('{', '}', &entries, style, depth, out, write);
        }
    }
}

fn write_group<T>(
    open: char,
    close: char,
    items: &[T],
    style: &JsonStyle,
    depth: usize,
    out: &mut String,
    write: impl Fn(&T, &mut String),
) {
    out.push(open);
    let comma = match (&style.separators, style.indent) {
        (Some((item, _)), _) => item.as_str(),
        (None, Some(_)) => ",",
        (None, None) => ", ",
    };
    let line = |depth: usize, out: &mut String| {
        if let (Some(indent), false) = (style.indent, items.is_empty()) {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent * depth));
        }
    };
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(comma);
        }
        line(depth + 1, out);
        write(item, out);
    }
    line(depth, out);
    out.push(close);
}

fn write_string(text: &str, ensure_ascii: bool, out: &mut String) {
    let quoted = serde_json::to_string(text).expect("a string can be written");
    if !ensure_ascii {
        out.push_str(&quoted);
        return;
    }
    for c in quoted.chars() {
        if matches!(c, ' '..='~') {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}").expect("a string takes text");
        }
    }
}

/// Python's `repr` of a float: shortest digits, exponent below 1e-4 and from 1e16.
pub(super) fn float_repr(x: f64) -> String {
    if x.is_nan() {
        return "NaN".into();
    }
    if x.is_infinite() {
        return if x > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let scientific = format!("{x:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("`e` in scientific form");
    let exponent: i32 = exponent.parse().expect("a whole exponent");
    if (-4..16).contains(&exponent) {
        let plain = format!("{x}");
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_pythons() {
        for (x, repr) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-2.5e-7, "-2.5e-07"),
            (123456789.125, "123456789.125"),
        ] {
            assert_eq!(float_repr(x), repr);
        }
    }
}
