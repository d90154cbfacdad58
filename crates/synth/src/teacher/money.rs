//! What asking costs, in whole billionths of the recipe's currency, so that sums do not depend on their order.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use chat::Usage;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const UNIT: f64 = 1e9;

/// An amount of the recipe's currency, to its billionth. Written as a decimal number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(u64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount, rounded up to the next billionth; what is negative or no number is nothing.
    pub fn of(amount: f64) -> Self {
        Self((amount * UNIT).ceil().max(0.0) as u64)
    }

    /// The amount as a number.
    pub fn amount(self) -> f64 {
        self.0 as f64 / UNIT
    }

    /// The difference, or nothing.
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Four decimals are read easily; small amounts keep those that say something.
        let decimals = if self.0 == 0 || self.0 >= 100_000 { 4 } else { 9 };
        write!(f, "{:.decimals$}", self.amount())
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.amount())
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self((f64::deserialize(deserializer)? * UNIT).round().max(0.0) as u64))
    }
}

/// What an endpoint asks for its work. The default is free of charge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// For a million tokens of prompts.
    pub prompt_per_million: f64,
    /// For a million tokens of completions, those that a model thinks included.
    pub completion_per_million: f64,
    /// What a batch costs as a share of the same requests online: 0.5 is half the price.
    pub batch_share: f64,
}

impl Default for Prices {
    fn default() -> Self {
        Self { prompt_per_million: 0.0, completion_per_million: 0.0, batch_share: 1.0 }
    }
}

impl Prices {
    /// The price of so many tokens, online.
    pub fn of(&self, usage: Usage) -> Money {
        let prompt = usage.prompt_tokens as f64 * self.prompt_per_million;
        let completion = usage.completion_tokens as f64 * self.completion_per_million;
        Money::of((prompt + completion) / 1e6)
    }

    /// The price of so many tokens in a batch.
    pub fn in_batch(&self, usage: Usage) -> Money {
        Money::of(self.of(usage).amount() * self.batch_share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_a_price() {
        let prices = Prices { prompt_per_million: 0.15, completion_per_million: 0.6, batch_share: 0.5 };
        let usage = Usage { prompt_tokens: 1_000_000, completion_tokens: 500_000 };
        assert_eq!(prices.of(usage).to_string(), "0.4500");
        assert_eq!(prices.in_batch(usage).to_string(), "0.2250");
        assert_eq!(prices.of(Usage { prompt_tokens: 1, completion_tokens: 0 }).to_string(), "0.000000150");
        assert_eq!(Prices::default().of(usage), Money::ZERO);
    }

    #[test]
    fn an_amount_is_written_and_read() {
        for amount in [0.0, 0.15, 1e-9, 123_456.789] {
            let money = Money::of(amount);
            let text = serde_json::to_string(&money).unwrap();
            assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), money, "{text}");
        }
        assert_eq!(Money::of(-1.0), Money::ZERO);
        assert_eq!(Money::of(1.0).less(Money::of(2.0)), Money::ZERO);
    }
}
