//! Numbers, sizes and times as people read them.

use std::time::Duration;

/// `1234567` as `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes with a unit of 1000: `12.3 MB`.
pub fn bytes(n: u64) -> String {
    let (mut value, mut unit) = (n as f64, "B");
    for next in ["kB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if unit == "B" { format!("{n} B") } else { format!("{value:.1} {unit}") }
}

/// `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let whole = seconds.round() as u64;
    match seconds {
        s if s < 9.95 => format!("{s:.1} s"),
        _ if whole < 60 => format!("{whole} s"),
        _ if whole < 3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Seconds since 1970 as a date and a time: `2026-11-21T08:45:00Z` (ISO 8601).
pub fn utc(unix_seconds: u64) -> String {
    let (days, second) = (unix_seconds / 86_400, unix_seconds % 86_400);
    // Days into years of 400-year cycles that begin in March (Hinnant, "chrono-compatible low-level date
    // algorithms", 2013).
    let day = days + 719_468;
    let of_cycle = day % 146_097;
    let year_of_cycle = (of_cycle - of_cycle / 1460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_cycle + day / 146_097 * 400 + u64::from(month <= 2);
    let (hour, minute) = (second / 3600, second % 3600 / 60);
    format!("{year:04}-{month:02}-{day_of_month:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
}

/// A rate with a unit: `1,234 rows/s`, `3.2 rows/s`.
pub fn rate(per_second: f64, unit: &str) -> String {
    if per_second < 10.0 {
        return format!("{per_second:.1} {unit}/s");
    }
    format!("{} {unit}/s", count(per_second.round() as u64))
}

/// Columns that a terminal gives a text: Hangul, kana, ideographs and full-width forms take two.
pub fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { usize::from(!c.is_control()) }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0x33FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xA000..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6 | 0x1F300..=0x1F64F | 0x1F900..=0x1F9FF | 0x20000..=0x3FFFD)
}

/// At most `columns` columns of a text on one line.
pub fn clipped(text: &str, columns: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if width(&line) <= columns {
        return line;
    }
    let mut out = String::new();
    let mut used = 0;
    for c in line.chars() {
        used += if is_wide(c) { 2 } else { 1 };
        if used >= columns {
            break;
        }
        out.push(c);
    }
    out + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_read_them() {
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([bytes(999), bytes(1500), bytes(12_345_678)], ["999 B", "1.5 kB", "12.3 MB"]);
        let times = [0.44, 9.94, 9.97, 59.7, 200.0, 7500.0].map(|s| duration(Duration::from_secs_f64(s)));
        assert_eq!(times, ["0.4 s", "9.9 s", "10 s", "1 min 00 s", "3 min 20 s", "2 h 05 min"]);
        let dates = [0, 951_782_400, 1_709_251_199, 1_767_225_599, 1_795_250_700].map(utc);
        let wanted = ["1970-01-01T00:00:00Z", "2000-02-29T00:00:00Z", "2024-02-29T23:59:59Z"];
        assert_eq!(
            (&dates[..3], dates[3].as_str()),
            (&wanted.map(str::to_owned)[..], "2025-12-31T23:59:59Z")
        );
        assert_eq!(dates[4], "2026-11-21T08:45:00Z");
        assert_eq!((width("가나 ab"), clipped("가나 다라 마바", 8)), (7, "가나 다…".into()));
    }
}
