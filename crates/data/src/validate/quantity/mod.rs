//! Quantities of a text: periods, amounts, shares, counts, times and dates, however they are written.
//!
//! 1. [`numerals`] reads numbers in digits and in words (`3천만`, `십오`, `열다섯`, `twenty-one`).
//! 2. [`units`] says what is counted, and what a number of it is in the smallest unit that is comparable.
//! 3. [`dates`] reads days of the calendar and times of day, which are no counts.
//! 4. [`scan`] puts them together, with the word that bounds them (`이상`, `within`).

mod bounds;
mod dates;
mod numerals;
mod scan;
mod units;

pub use bounds::Bound;
pub use scan::quantities;
pub use units::Unit;

/// A million parts make one: values are exact to six decimals.
pub const ONE: i128 = 1_000_000;

/// A number with what it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    /// In parts of [`ONE`], of the unit that `unit` names.
    pub value: i128,
    /// What is counted.
    pub unit: Unit,
    /// Which way the number is a bound, where a word beside it says so.
    pub bound: Option<Bound>,
    /// Where it begins, in bytes of the folded text.
    pub start: usize,
    /// Where it ends, unit included.
    pub end: usize,
}

impl Quantity {
    /// Whether both say the same amount. A number without a unit is compared by its value alone.
    pub fn equals(&self, other: &Self) -> bool {
        if self.unit == other.unit {
            return self.value == other.value || self.is_same_clock(other) || self.is_same_day(other);
        }
        let is_bare = self.unit == Unit::Bare || other.unit == Unit::Bare;
        is_bare && (self.value == other.value || self.scaled() == other.scaled())
    }

    /// Whether both count the same kind of thing. Of periods those are that a person would say one for the other: hours
    /// and days, days and months, but not hours and years.
    pub fn is_comparable(&self, other: &Self) -> bool {
        const PERIODS: [Unit; 4] = [Unit::Seconds, Unit::Minutes, Unit::Days, Unit::Months];
        let place = |unit| PERIODS.iter().position(|period| *period == unit);
        let is_near = place(self.unit).zip(place(other.unit)).is_some_and(|(a, b)| a.abs_diff(b) < 2);
        self.unit == other.unit || is_near
    }

    /// The number as it was written, where the unit is kept in smaller ones.
    fn scaled(&self) -> i128 {
        match self.unit {
            Unit::Minutes if self.value % (60 * ONE) == 0 => self.value / 60,
            Unit::Months if self.value % (12 * ONE) == 0 => self.value / 12,
            Unit::Days if self.value % (7 * ONE) == 0 => self.value / 7,
            _ => self.value,
        }
    }

    /// A day whose year is not said is that day of any year.
    fn is_same_day(&self, other: &Self) -> bool {
        const YEAR: i128 = 10_000 * ONE;
        let is_yearless = self.value < YEAR || other.value < YEAR;
        self.unit == Unit::Date && is_yearless && self.value % YEAR == other.value % YEAR
    }

    /// `6시` may be said for `18시`.
    fn is_same_clock(&self, other: &Self) -> bool {
        const HALF_DAY: i128 = 12 * 60 * ONE;
        self.unit == Unit::Clock && self.value % HALF_DAY == other.value % HALF_DAY
    }
}

#[cfg(test)]
mod tests;
