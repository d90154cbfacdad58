//! Whether and when a request that failed is sent again.
//!
//! `x-should-retry` decides where it is given; else 408, 409, 429, 5xx and broken connections are tried again. The wait
//! is `retry-after-ms`, else `retry-after` (seconds or a date), else 0.5 s·2ⁿ up to 8 s, less up to a quarter by lot.

use std::time::Duration;

use chat::seeded;

use super::Settings;

/// The headers of an answer that matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Headers {
    pub retry_after_ms: Option<String>,
    pub retry_after: Option<String>,
    pub should_retry: Option<String>,
    pub date: Option<String>,
    pub location: Option<String>,
}

/// Whether the same request may succeed a little later.
pub(super) fn is_passing(status: u16, headers: &Headers) -> bool {
    match headers.should_retry.as_deref().map(str::trim) {
        Some("true") => true,
        Some("false") => false,
        _ => matches!(status, 408 | 409 | 429 | 500..=599),
    }
}

/// How long the endpoint wishes a wait to be.
pub(super) fn wished(headers: &Headers) -> Option<Duration> {
    let number =
        |text: &Option<String>| text.as_ref()?.trim().parse::<f64>().ok().filter(|n| (0.0..1e9).contains(n));
    if let Some(millis) = number(&headers.retry_after_ms) {
        return Some(Duration::from_secs_f64(millis / 1000.0));
    }
    if let Some(secs) = number(&headers.retry_after) {
        return Some(Duration::from_secs_f64(secs));
    }
    // A date is meant by the endpoint's own clock.
    let (then, now) = (date(headers.retry_after.as_deref()?)?, date(headers.date.as_deref()?)?);
    Some(Duration::from_secs(then.saturating_sub(now)))
}

/// The wait after `failed` failures, where the endpoint has no wish. `draw` tells requests apart.
pub(super) fn backoff(settings: &Settings, failed: u32, draw: u64) -> Duration {
    let doubled = settings.first_backoff.saturating_mul(1 << failed.saturating_sub(1).min(16));
    let lot = seeded::unit(settings.seed ^ draw, u64::from(failed));
    doubled.min(settings.most_backoff).mul_f64(1.0 - 0.25 * lot)
}

/// Seconds since 1970 of a date such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
fn date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.trim().split_once(", ")?.1.split([' ', ':']).collect();
    let [day, month, year, hour, minute, second, "GMT"] = words[..] else { return None };
    let number = |text: &str| text.parse::<i64>().ok().filter(|n| *n >= 0);
    let month = MONTHS.iter().position(|name| *name == month)? as i64 + 1;
    let (day, year) = (number(day)?, number(year).filter(|year| (1970..=9999).contains(year))?);
    // Days from a year that begins in March (Hinnant, "chrono-compatible low-level date algorithms", 2013).
    let shifted = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + of_year;
    let days = of_era - 719_468;
    u64::try_from(days * 86_400 + number(hour)? * 3600 + number(minute)? * 60 + number(second)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(ms: &str, after: &str, should: &str) -> Headers {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let date = some("Sun, 22 Nov 2026 01:00:00 GMT");
        Headers {
            retry_after_ms: some(ms),
            retry_after: some(after),
            should_retry: some(should),
            date,
            location: None,
        }
    }

    #[test]
    fn the_endpoint_decides_and_else_the_status() {
        for status in [408, 409, 429, 500, 502, 503, 504, 529] {
            assert!(is_passing(status, &headers("", "", "")), "{status}");
            assert!(!is_passing(status, &headers("", "", "false")), "{status}");
        }
        for status in [400, 401, 403, 404, 413, 422] {
            assert!(!is_passing(status, &headers("", "", "")), "{status}");
            assert!(is_passing(status, &headers("", "", "true")), "{status}");
        }
    }

    #[test]
    fn the_wait_is_the_endpoints() {
        for (ms, after, wait) in [
            ("1500", "9", Some(1500)),
            ("", "2", Some(2000)),
            ("", "0.25", Some(250)),
            ("soon", "1", Some(1000)),
            ("", "Sun, 22 Nov 2026 01:01:05 GMT", Some(65_000)),
            ("", "Sun, 22 Nov 2026 00:59:00 GMT", Some(0)),
            ("", "tomorrow", None),
            ("-1", "", None),
            ("", "inf", None),
            ("", "", None),
        ] {
            assert_eq!(wished(&headers(ms, after, "")), wait.map(Duration::from_millis), "{ms} {after}");
        }
        let undated = Headers { date: None, ..headers("", "Sun, 22 Nov 2026 01:01:05 GMT", "") };
        assert_eq!(wished(&undated), None);
    }

    #[test]
    fn dates_are_days_since_1970() {
        assert_eq!(date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(date("Tue, 29 Feb 2000 23:59:59 GMT"), Some(951_868_799));
        for bad in
            ["", "Sun", "Sun, 06 Nov 1994", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Neb 1994 08:49:37 GMT"]
        {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    #[test]
    fn waits_double_up_to_eight_seconds_less_a_quarter_by_lot() {
        let settings = Settings::new("http://h/v1");
        for (failed, most) in [(1, 500), (2, 1000), (3, 2000), (4, 4000), (5, 8000), (6, 8000), (40, 8000)] {
            let waits: Vec<u128> = (0..50).map(|draw| backoff(&settings, failed, draw).as_millis()).collect();
            assert!(waits.iter().all(|&wait| wait <= most && wait >= most * 3 / 4), "{waits:?}");
            assert!(waits.iter().any(|&wait| wait != waits[0]), "waits differ");
            assert_eq!(backoff(&settings, failed, 7), backoff(&settings, failed, 7));
        }
    }
}
