//! The words of one inquiry and its answer.

use super::plant::{self, RowVars};
use super::policy::PolicyTable;
use crate::grammar::{Expansion, Grammar};
use crate::rng::Rng;

/// What customers ask: the rule of the grammar, its category in the shop's form, and the promise that
/// the answer states.
pub struct Intent {
    /// `q.` and `a.` of this name are its rules.
    pub rule: &'static str,
    /// The category that the customer chooses.
    pub category: &'static str,
    /// The promise.
    pub policy: &'static str,
}

const fn intent(rule: &'static str, category: &'static str) -> Intent {
    Intent { rule, category, policy: rule }
}

/// All that is asked.
pub const INTENTS: &[Intent] = &[
    intent("delivery_days", "배송"),
    intent("shipping_fee", "배송"),
    intent("free_shipping_min", "배송"),
    intent("jeju_surcharge", "배송"),
    intent("same_day_cutoff_hour", "배송"),
    intent("exchange_fee", "교환"),
    intent("exchange_days", "교환"),
    intent("return_days", "환불/반품"),
    intent("return_fee", "환불/반품"),
    intent("refund_card_days", "환불/반품"),
    intent("refund_bank_days", "환불/반품"),
    intent("cancel_cutoff_hour", "주문취소"),
    intent("deposit_hours", "결제"),
    intent("installment_months", "결제"),
    intent("point_rate", "적립금/쿠폰"),
    intent("point_expiry_months", "적립금/쿠폰"),
    intent("point_min_use", "적립금/쿠폰"),
    intent("coupons_per_order", "적립금/쿠폰"),
    intent("review_points", "적립금/쿠폰"),
    intent("signup_coupon", "적립금/쿠폰"),
    intent("vip_min", "회원정보"),
    intent("rejoin_days", "회원정보"),
    intent("gift_wrap_fee", "상품문의"),
    intent("warranty_months", "상품문의"),
    intent("restock_days", "재입고"),
    intent("tax_invoice_days", "세금계산서"),
    Intent { rule: "centre_hours", category: "기타", policy: "centre_close_hour" },
];

/// The grammar of the shop.
pub fn grammar() -> Grammar {
    Grammar::parse(&[
        include_str!("text/questions.txt"),
        include_str!("text/answers.txt"),
        include_str!("text/plants.txt"),
        include_str!("text/noise.txt"),
    ])
    .expect("the shop's grammar is part of the program and tested")
}

/// Writes rows with one grammar.
pub struct Writer<'a> {
    /// The grammar.
    pub grammar: &'a Grammar,
    /// What the shop promises.
    pub policies: &'a PolicyTable,
}

impl Writer<'_> {
    fn say(&self, rule: &str, rng: &mut Rng, vars: &mut RowVars) -> String {
        let mut out = Expansion::default();
        self.grammar.expand(rule, rng, vars, &mut out);
        out.text
    }

    /// An inquiry with its noise and personal data.
    pub fn question(&self, intent: &Intent, rng: &mut Rng, vars: &mut RowVars) -> String {
        let mut core = self.say(&format!("q.{}", intent.rule), rng, vars);
        if rng.percent(8) {
            core = core.replacen(' ', "", 1 + rng.below(2));
        }
        if rng.percent(14) {
            core = core.trim_end_matches('?').to_owned() + &self.grammar.text("run", rng);
        }
        let mut parts = vec![core];
        let plants = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2][rng.below(10)];
        for _ in 0..plants {
            let sentence = self.say(&format!("p.{}", plant::kind(rng)), rng, vars);
            let at = rng.below(parts.len() + 1);
            parts.insert(at, sentence);
        }
        if rng.percent(45) {
            parts.insert(0, self.grammar.text("hello", rng));
        }
        if rng.percent(40) {
            parts.push(self.grammar.text("bye", rng));
        }
        self.dress(parts.join(if rng.percent(15) { "\n" } else { " " }), rng, vars, 5, 3)
    }

    /// An answer that states the promise, with its courtesies.
    pub fn answer(&self, intent: &Intent, rng: &mut Rng, vars: &mut RowVars) -> String {
        let form = |key: &str| {
            let value = self.policies.get(key).expect("every intent has a promise");
            value.forms[0].clone()
        };
        vars.plain.push(("v", form(intent.policy)));
        vars.plain.push(("open", form("centre_open_hour")));
        let core = self.say(&format!("a.{}", intent.rule), rng, vars);
        let mut parts = vec![core];
        if rng.percent(10) {
            parts.insert(0, self.say("p.answer", rng, vars));
        }
        if rng.percent(70) {
            parts.insert(0, self.say("polite_open", rng, vars));
        }
        if rng.percent(65) {
            parts.push(self.say("polite_close", rng, vars));
        }
        self.dress(parts.join(if rng.percent(20) { "\n" } else { " " }), rng, vars, 8, 2)
    }

    /// Puts a text into HTML remains or before a quoted mail, each in so many of 100 cases.
    fn dress(&self, text: String, rng: &mut Rng, vars: &mut RowVars, html: u32, quote: u32) -> String {
        let draw = rng.below(100) as u32;
        let rule = if draw < html {
            "html"
        } else if draw < html + quote {
            "quote"
        } else {
            return text;
        };
        vars.plain.retain(|(name, _)| *name != "text");
        vars.plain.push(("text", text));
        self.say(rule, rng, vars)
    }

    /// A text of a rule that is no question and no answer: advertisement, memo, title.
    pub fn other(&self, rule: &str, rng: &mut Rng, vars: &mut RowVars) -> String {
        self.say(rule, rng, vars)
    }
}
