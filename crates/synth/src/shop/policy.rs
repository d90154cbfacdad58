//! What a shop promises: days, fees, times and rates, drawn from the shop's seed.

use serde::{Deserialize, Serialize};

use crate::korean::{count_word, sino_number, won};
use crate::rng::Rng;

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Korean won.
    Won,
    /// Days, also working days.
    Days,
    /// Hours as a length of time.
    Hours,
    /// Calendar months.
    Months,
    /// Hundredths.
    Percent,
    /// Sheets (coupons).
    Sheets,
    /// An hour of the day, 0 to 23.
    Clock,
}

/// One promise: an amount of a unit, and how it is written and said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyValue {
    /// The key: `return_days`.
    pub key: String,
    /// How many.
    pub amount: u64,
    /// Of what.
    pub unit: Unit,
    /// Forms in which a person writes it; the first is the one the shop's answers use.
    pub forms: Vec<String>,
}

/// All promises of one shop, in a fixed order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyTable {
    /// The promises.
    pub values: Vec<PolicyValue>,
}

/// A promise that every shop makes, and the amounts it may be drawn from.
struct Promise(&'static str, Unit, &'static [u64]);

const PROMISES: &[Promise] = &[
    Promise("delivery_days", Unit::Days, &[2, 3, 4, 5, 6]),
    Promise("shipping_fee", Unit::Won, &[2500, 2800, 3000, 3500, 4000]),
    Promise("free_shipping_min", Unit::Won, &[30_000, 40_000, 50_000, 60_000, 70_000, 80_000]),
    Promise("jeju_surcharge", Unit::Won, &[3000, 4000, 5000, 6000, 7000]),
    Promise("same_day_cutoff_hour", Unit::Clock, &[11, 12, 13, 14, 15, 16]),
    Promise("exchange_fee", Unit::Won, &[4000, 5000, 6000, 7000, 8000]),
    Promise("exchange_days", Unit::Days, &[4, 5, 6, 7, 8]),
    Promise("return_days", Unit::Days, &[7, 10, 14, 15, 20, 30]),
    Promise("return_fee", Unit::Won, &[2000, 2500, 3000, 3500, 4500]),
    Promise("refund_card_days", Unit::Days, &[3, 4, 5, 6, 7]),
    Promise("refund_bank_days", Unit::Days, &[1, 2, 3, 4, 5]),
    Promise("cancel_cutoff_hour", Unit::Clock, &[8, 9, 10, 11, 13, 17]),
    Promise("deposit_hours", Unit::Hours, &[12, 24, 36, 48, 72]),
    Promise("installment_months", Unit::Months, &[3, 4, 5, 6, 10, 12]),
    Promise("point_rate", Unit::Percent, &[1, 2, 3, 4, 5]),
    Promise("point_expiry_months", Unit::Months, &[6, 12, 18, 24, 36]),
    Promise("point_min_use", Unit::Won, &[1000, 2000, 3000, 5000, 10_000]),
    Promise("coupons_per_order", Unit::Sheets, &[1, 2, 3]),
    Promise("review_points", Unit::Won, &[300, 500, 700, 1000, 1500]),
    Promise("signup_coupon", Unit::Won, &[2000, 3000, 4000, 5000, 7000]),
    Promise("vip_min", Unit::Won, &[200_000, 300_000, 400_000, 500_000, 700_000, 1_000_000]),
    Promise("rejoin_days", Unit::Days, &[7, 14, 30, 60, 90]),
    Promise("gift_wrap_fee", Unit::Won, &[1000, 1500, 2000, 2500, 3000]),
    Promise("warranty_months", Unit::Months, &[3, 6, 12, 18, 24]),
    Promise("restock_days", Unit::Days, &[5, 7, 10, 14, 21]),
    Promise("tax_invoice_days", Unit::Days, &[1, 2, 3, 5, 7]),
    Promise("centre_open_hour", Unit::Clock, &[8, 9, 10, 11]),
    Promise("centre_close_hour", Unit::Clock, &[16, 17, 18, 19, 20]),
];

impl PolicyTable {
    /// Draws the promises of the shop with this seed.
    pub fn draw(seed: u64) -> Self {
        let values = PROMISES
            .iter()
            .map(|Promise(key, unit, amounts)| {
                let amount = *Rng::stream(seed, key, 0).pick(amounts);
                PolicyValue { key: (*key).to_owned(), amount, unit: *unit, forms: forms(amount, *unit) }
            })
            .collect();
        Self { values }
    }

    /// The promise of a key.
    pub fn get(&self, key: &str) -> Option<&PolicyValue> {
        self.values.iter().find(|v| v.key == key)
    }

    /// The table as JSON, for a file beside the shop.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers and text are always JSON") + "\n"
    }
}

/// How an amount is written, the shop's own form first.
pub fn forms(amount: u64, unit: Unit) -> Vec<String> {
    match unit {
        Unit::Won => won_forms(amount),
        Unit::Days => unit_forms(amount, "일"),
        Unit::Hours => unit_forms(amount, "시간"),
        Unit::Months if amount.is_multiple_of(12) => {
            let mut all = unit_forms(amount, "개월");
            all.push(format!("{}년", amount / 12));
            all
        }
        Unit::Months => unit_forms(amount, "개월"),
        Unit::Percent => vec![format!("{amount}%"), format!("{amount}퍼센트"), format!("{amount}프로")],
        Unit::Sheets => {
            vec![format!("{amount}장"), format!("{} 장", count_word(amount)), format!("{amount}개")]
        }
        Unit::Clock => clock_forms(amount),
    }
}

fn unit_forms(amount: u64, unit: &str) -> Vec<String> {
    vec![format!("{amount}{unit}"), format!("{amount} {unit}"), format!("{}{unit}", sino_number(amount))]
}

fn won_forms(amount: u64) -> Vec<String> {
    let mut all = vec![
        format!("{}원", won(amount)),
        format!("{amount}원"),
        format!("{} 원", won(amount)),
        format!("{} 원", sino_number(amount)),
    ];
    if amount.is_multiple_of(10_000) {
        all.push(format!("{}만 원", amount / 10_000));
        all.push(format!("{}만원", amount / 10_000));
    } else if amount.is_multiple_of(1000) && amount < 10_000 {
        all.push(format!("{}천 원", amount / 1000));
        all.push(format!("{}천원", amount / 1000));
    }
    all
}

fn clock_forms(hour: u64) -> Vec<String> {
    let half = if hour < 12 { "오전" } else { "오후" };
    let twelve = if hour > 12 { hour - 12 } else { hour };
    vec![
        format!("{half} {twelve}시"),
        format!("{half}{twelve}시"),
        format!("{half} {} 시", count_word(twelve)),
        format!("{hour}시"),
        format!("{hour}:00"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_promises_twenty_things_and_more() {
        let table = PolicyTable::draw(1);
        assert!(table.values.len() >= 20);
        assert_eq!(table, PolicyTable::draw(1));
        let back: PolicyTable = serde_json::from_str(&table.to_json()).unwrap();
        assert_eq!(back, table);
    }

    #[test]
    fn seeds_differ_in_most_promises() {
        let (a, b) = (PolicyTable::draw(1), PolicyTable::draw(2));
        let same = a.values.iter().zip(&b.values).filter(|(x, y)| x == y).count();
        assert!(same < a.values.len() / 2, "{same} of {} are equal", a.values.len());
    }

    #[test]
    fn forms_begin_with_the_shops_own() {
        for (amount, unit, want) in [
            (50_000, Unit::Won, "50,000원"),
            (7, Unit::Days, "7일"),
            (12, Unit::Clock, "오후 12시"),
            (15, Unit::Clock, "오후 3시"),
            (9, Unit::Clock, "오전 9시"),
            (3, Unit::Percent, "3%"),
            (24, Unit::Months, "24개월"),
        ] {
            assert_eq!(forms(amount, unit)[0], want);
        }
    }
}
