//! The time that a template may write: handed in, never read from the machine.

use std::fmt::Write as _;

/// A calendar time, as handed in from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// The year, 1 to 9999.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day, 1 to 31.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute.
    pub minute: u8,
    /// The second.
    pub second: u8,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

impl LocalTime {
    /// Days since Sunday, by Sakamoto's method.
    fn weekday(self) -> usize {
        let shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
        let month = usize::from(self.month.clamp(1, 12));
        let year = usize::from(self.year.max(1)) - usize::from(month < 3);
        (year + year / 4 - year / 100 + year / 400 + shift[month - 1] + usize::from(self.day)) % 7
    }

    fn day_of_year(self) -> usize {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let leap =
            self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let month = usize::from(self.month.clamp(1, 12));
        lengths[..month - 1].iter().sum::<usize>() + usize::from(leap && month > 2) + usize::from(self.day)
    }

    /// Python's `strftime` in the C locale; directives that it does not know stay as they are.
    pub fn format(self, format: &str) -> String {
        let mut out = String::new();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let directive = chars.next();
            let (month, day) = (MONTHS[usize::from(self.month.clamp(1, 12)) - 1], DAYS[self.weekday()]);
            let hour = if self.hour.is_multiple_of(12) { 12 } else { self.hour % 12 };
            let written = match directive {
                Some('Y') => write!(out, "{}", self.year),
                Some('y') => write!(out, "{:02}", self.year % 100),
                Some('m') => write!(out, "{:02}", self.month),
                Some('d') => write!(out, "{:02}", self.day),
                Some('e') => write!(out, "{:2}", self.day),
                Some('H') => write!(out, "{:02}", self.hour),
                Some('I') => write!(out, "{hour:02}"),
                Some('M') => write!(out, "{:02}", self.minute),
                Some('S') => write!(out, "{:02}", self.second),
                Some('p') => write!(out, "{}", if self.hour < 12 { "AM" } else { "PM" }),
                Some('B') => write!(out, "{month}"),
                Some('b' | 'h') => write!(out, "{}", &month[..3]),
                Some('A') => write!(out, "{day}"),
                Some('a') => write!(out, "{}", &day[..3]),
                Some('j') => write!(out, "{:03}", self.day_of_year()),
                Some('F') => write!(out, "{}-{:02}-{:02}", self.year, self.month, self.day),
                Some('T') => write!(out, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second),
                Some('%') | None => write!(out, "%"),
                Some(other) => write!(out, "%{other}"),
            };
            written.expect("a string takes text");
        }
        out
    }
}
