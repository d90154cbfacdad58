//! Dates and times without a clock (days to civil dates after Hinnant, "chrono-compatible algorithms").

/// `YYYY-MM-DD` of a day counted from 1970-01-01.
pub fn date(day: i64) -> String {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{:02}", of_year - (153 * shifted + 2) / 5 + 1)
}

/// `YYYY-MM-DD HH:MM:SS` of a second counted from 1970-01-01.
pub fn time(second: i64) -> String {
    let of_day = second.rem_euclid(86_400);
    format!(
        "{} {:02}:{:02}:{:02}",
        date(second.div_euclid(86_400)),
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        for (day, want) in
            [(0, "1970-01-01"), (-1, "1969-12-31"), (19_782, "2024-02-29"), (20_088, "2024-12-31")]
        {
            assert_eq!(date(day), want);
        }
        assert_eq!(time(86_399), "1970-01-01 23:59:59");
    }
}
