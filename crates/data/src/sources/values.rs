//! One form for each kind of value, whatever the source: the same data gives the same records.
//!
//! - Whole numbers that fit 64 bits are `Int`, also those that a database calls decimal; larger ones
//!   and decimals are exact text with the digits that the database gave (`12.50`).
//! - A date is `2024-01-31`, a time `09:30:00`, a moment without zone `2024-01-31T09:30:00`, an instant
//!   the same with its offset (`…Z`, `…+09:00`). Fractions of a second lose their trailing zeros.
//! - `CHAR(n)` loses its padding; nothing else is trimmed.

use crate::record::Value;

/// A decimal as its database wrote it.
pub(super) fn decimal(text: &str) -> Value {
    let whole = !text.contains(['.', 'e', 'E']);
    match text.parse::<i64>() {
        Ok(i) if whole => Value::Int(i),
        _ => Value::Text(text.to_owned()),
    }
}

/// A number that a database keeps in binary, although its column is DECIMAL(_, `scale`).
pub(super) fn scaled(x: f64, scale: usize) -> Value {
    decimal(&format!("{x:.scale$}"))
}

/// A single-precision number: the shortest decimal that means it, as a double.
pub(super) fn single(x: f32) -> Value {
    Value::Float(x.to_string().parse().unwrap_or(f64::from(x)))
}

/// Bytes as hexadecimal text.
pub(super) fn hex(bytes: &[u8]) -> Value {
    use std::fmt::Write;
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    Value::Text(out)
}

/// Parses nested values; text that is not JSON stays text.
pub(super) fn json(text: &str) -> Value {
    serde_json::from_str(text).map_or_else(|_| Value::Text(text.to_owned()), Value::Json)
}

/// A point in time, as far as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub year: i64,
    pub month: u32,
    pub day: u32,
    /// Microseconds since midnight; `None` for a date.
    pub micros: Option<u64>,
    /// Offset from UTC in minutes, for an instant.
    pub offset: Option<i32>,
}

impl Moment {
    /// Reads `2024-01-31`, `2024-01-31 09:30:00.25`, `2024-01-31T09:30:00+09:00`; `None` for all else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, clock) = match text.find([' ', 'T']) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        let mut parts = date.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
        if parts.next().is_some() || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
            return None;
        }
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        let mut moment = Self { year: year.parse().ok()?, month, day, micros: None, offset: None };
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        if let Some(clock) = clock {
            let at = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
            let (clock, zone) = clock.split_at(at);
            moment.micros = Some(clock_micros(clock.trim())?);
            moment.offset = if zone.is_empty() { None } else { Some(zone_minutes(zone)?) };
        }
        Some(moment)
    }

    /// A moment so many microseconds after 1970-01-01T00:00:00.
    pub fn from_unix_micros(micros: i64, offset: Option<i32>) -> Self {
        let (year, month, day) = civil_from_days(micros.div_euclid(DAY_MICROS));
        Self { year, month, day, micros: Some(micros.rem_euclid(DAY_MICROS) as u64), offset }
    }

    /// The same instant at another offset; a moment without offset stays as it is.
    pub fn at_offset(self, minutes: i32) -> Self {
        let (Some(from), Some(micros)) = (self.offset, self.micros) else { return self };
        let shifted = micros as i64 + i64::from(minutes - from) * 60_000_000;
        let days = days_from_civil(self.year, self.month, self.day) + shifted.div_euclid(DAY_MICROS);
        let (year, month, day) = civil_from_days(days);
        let micros = Some(shifted.rem_euclid(DAY_MICROS) as u64);
        Self { year, month, day, micros, offset: Some(minutes) }
    }

    /// ISO 8601.
    pub fn to_value(self) -> Value {
        let mut out = format!("{:04}-{:02}-{:02}", self.year, self.month, self.day);
        if let Some(micros) = self.micros {
            out.push('T');
            out.push_str(&clock_text(micros));
        }
        match self.offset {
            None => {}
            Some(0) => out.push('Z'),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                out.push_str(&format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60));
            }
        }
        Value::Text(out)
    }
}

const DAY_MICROS: i64 = 86_400_000_000;

/// The date so many days after 1970-01-01.
pub(super) fn date_text(days: i64) -> String {
    let (year, month, day) = civil_from_days(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A moment as a database wrote it; text that is none stays as it is.
pub(super) fn moment(text: &str, offset_minutes: i32) -> Value {
    Moment::parse(text)
        .map_or_else(|| Value::Text(text.to_owned()), |m| m.at_offset(offset_minutes).to_value())
}

/// A time of day as a database wrote it; text that is none stays as it is.
pub(super) fn clock(text: &str) -> Value {
    Value::Text(clock_micros(text.trim()).map_or_else(|| text.to_owned(), clock_text))
}

/// `HH:MM[:SS[.ffffff]]` as microseconds since midnight.
fn clock_micros(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let mut part = |limit: u64| {
        let part = parts.next()?;
        let two = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<u64>().ok().filter(|&n| two && n < limit)
    };
    let (hours, minutes) = (part(25)?, part(60)?);
    let seconds = if whole.len() > 5 { part(61)? } else { 0 };
    if parts.next().is_some() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let micros: u64 = format!("{fraction:0<6}")[..6].parse().ok()?;
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros)
}

/// `HH:MM:SS[.f…]`, without trailing zeros in the fraction.
pub(super) fn clock_text(micros: u64) -> String {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let mut out = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction > 0 {
        out.push_str(format!(".{fraction:06}").trim_end_matches('0'));
    }
    out
}

/// `Z`, `+09`, `+0900`, `+09:00`.
fn zone_minutes(zone: &str) -> Option<i32> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits: String = zone[1..].chars().filter(|c| *c != ':').collect();
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits[..2].parse().ok()?;
    let minutes: i32 = digits[2..].parse().unwrap_or(0);
    Some(sign * (hours * 60 + minutes))
}

/// Days since 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &Value) -> String {
        match value {
            Value::Text(s) => s.clone(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn moments() {
        for (given, want) in [
            ("2024-01-31", "2024-01-31"),
            ("2024-01-31 09:30:00", "2024-01-31T09:30:00"),
            ("2024-01-31 09:30", "2024-01-31T09:30:00"),
            ("2024-01-31T09:30:00.250000", "2024-01-31T09:30:00.25"),
            ("2024-01-01 08:59:59+09", "2023-12-31T23:59:59Z"),
            ("2024-02-29 23:30:00-01:30", "2024-03-01T01:00:00Z"),
            ("2024-01-31 09:30:00Z", "2024-01-31T09:30:00Z"),
            ("infinity", "infinity"),
            ("어제", "어제"),
            ("2024-13-01", "2024-13-01"),
            ("0044-03-15 BC", "0044-03-15 BC"),
        ] {
            assert_eq!(text(&moment(given, 0)), want, "{given}");
        }
        assert_eq!(text(&moment("2024-01-31 15:00:00Z", 540)), "2024-02-01T00:00:00+09:00");
        assert_eq!(text(&moment("2024-01-31 15:00:00Z", -210)), "2024-01-31T11:30:00-03:30");
        assert_eq!(text(&clock("09:30:00.500")), "09:30:00.5");
        assert_eq!(text(&clock("-838:59:59")), "-838:59:59");
    }

    #[test]
    fn days_round_trip() {
        for days in [-719_468, -1, 0, 59, 60, 19_782, 2_932_896] {
            let (y, m, d) = civil_from_days(days);
            assert_eq!(days_from_civil(y, m, d), days);
        }
        assert_eq!(civil_from_days(19_782), (2024, 2, 29));
    }

    #[test]
    fn numbers() {
        assert_eq!(decimal("12.50"), Value::Text("12.50".into()));
        assert_eq!(decimal("12"), Value::Int(12));
        assert_eq!(decimal("18446744073709551615"), Value::Text("18446744073709551615".into()));
        assert_eq!(scaled(12.5, 2), Value::Text("12.50".into()));
        assert_eq!(scaled(12.0, 0), Value::Int(12));
        assert_eq!(single(1.1), Value::Float(1.1));
        assert_eq!(hex(&[0, 255]), Value::Text("00ff".into()));
    }
}
