//! Rules into text.

use std::ops::Range;

use super::{Grammar, Node, Seq};
use crate::korean::{conjugate, won};
use crate::rng::Rng;

/// Values that the caller gives for `{$name}`.
pub trait Vars {
    /// The value of a name; none leaves the text empty there.
    fn value(&mut self, name: &str, rng: &mut Rng) -> Option<String>;
}

/// No values.
#[derive(Debug)]
pub struct NoVars;

impl Vars for NoVars {
    fn value(&mut self, _: &str, _: &mut Rng) -> Option<String> {
        None
    }
}

impl<F: FnMut(&str, &mut Rng) -> Option<String>> Vars for F {
    fn value(&mut self, name: &str, rng: &mut Rng) -> Option<String> {
        self(name, rng)
    }
}

/// A text as it grows, with the places of its slot values.
#[derive(Debug, Default, Clone)]
pub struct Expansion {
    /// The text.
    pub text: String,
    /// Bytes that came from slots, numbers and the caller's values, in order.
    pub slots: Vec<Range<usize>>,
    /// How the speaker speaks.
    pub register: Register,
    memo: Vec<(String, String)>,
}

/// What labels, written `{rule#label}`, stood for.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Memory(Vec<(String, String)>);

/// How formally somebody speaks.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Register {
    /// 합니다체.
    Formal,
    /// 해요체.
    #[default]
    Polite,
    /// 반말.
    Casual,
}

impl Expansion {
    /// The text with slot values as `§` and digits as `0`: what is left is the wording.
    pub fn masked(&self) -> String {
        mask(&self.text, &self.slots)
    }

    /// Forgets the text, keeps what `{rule#label}` stood for.
    pub fn next_turn(&mut self) -> (String, Vec<Range<usize>>) {
        (std::mem::take(&mut self.text), std::mem::take(&mut self.slots))
    }

    /// Forgets what `{rule#label}` stood for.
    pub fn forget(&mut self) {
        self.memo.clear();
    }

    /// Makes a label, written `rule#label` as in the grammar, stand for a text from here on.
    pub fn remember(&mut self, label: &str, text: &str) {
        self.memo.retain(|(l, _)| l != label);
        self.memo.push((label.to_owned(), text.to_owned()));
    }

    /// What every label stands for now.
    pub fn memory(&self) -> Memory {
        Memory(self.memo.clone())
    }

    /// Makes labels stand for what they stood for then, and no others.
    pub fn recall(&mut self, memory: &Memory) {
        self.memo.clone_from(&memory.0);
    }

    fn slot(&mut self, start: usize) {
        let end = self.text.len();
        self.slots.retain(|s| s.start < start);
        if start < end {
            self.slots.push(start..end);
        }
    }
}

/// A text with the given bytes as `§` and all digits as `0`.
pub fn mask(text: &str, slots: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let push = |out: &mut String, piece: &str| {
        out.extend(piece.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }));
    };
    for slot in slots {
        push(&mut out, &text[at..slot.start]);
        out.push('§');
        at = slot.end;
    }
    push(&mut out, &text[at..]);
    out
}

impl Grammar {
    /// Adds one expansion of a rule to `out`.
    ///
    /// # Panics
    /// When there is no such rule: the names are the program's own.
    pub fn expand(&self, rule: &str, rng: &mut Rng, vars: &mut dyn Vars, out: &mut Expansion) {
        let rule = *self.names.get(rule).unwrap_or_else(|| panic!("no rule `{rule}` in the grammar"));
        self.rule(rule, rng, vars, out);
    }

    /// One expansion of a rule that needs no values of the caller.
    pub fn text(&self, rule: &str, rng: &mut Rng) -> String {
        let mut out = Expansion::default();
        self.expand(rule, rng, &mut NoVars, &mut out);
        out.text
    }

    fn rule(&self, rule: usize, rng: &mut Rng, vars: &mut dyn Vars, out: &mut Expansion) {
        let rule = &self.rules[rule];
        let draw = rng.below(*rule.weights.last().expect("a rule has an alternative"));
        let choice = rule.weights.partition_point(|sum| *sum <= draw);
        let start = out.text.len();
        self.sequence(&rule.choices[choice], rng, vars, out);
        if rule.slot {
            out.slot(start);
        }
    }

    fn sequence(&self, seq: &Seq, rng: &mut Rng, vars: &mut dyn Vars, out: &mut Expansion) {
        for node in seq {
            self.node(node, rng, vars, out);
        }
    }

    fn node(&self, node: &Node, rng: &mut Rng, vars: &mut dyn Vars, out: &mut Expansion) {
        let start = out.text.len();
        match node {
            Node::Text(text) => out.text.push_str(text),
            Node::Rule(rule) => self.rule(*rule, rng, vars, out),
            Node::Register(rules) => self.rule(rules[out.register as usize], rng, vars, out),
            Node::Memo(rule, label) => self.memo(*rule, label, rng, vars, out),
            Node::Var(name) => {
                if let Some(value) = vars.value(name, rng) {
                    out.text.push_str(&value);
                    out.slot(start);
                }
            }
            Node::Number { low, high, step, grouped } => {
                let n = low + step * rng.range(0, (high - low) / step);
                out.text.push_str(&if *grouped { won(n as u64) } else { n.to_string() });
                out.slot(start);
            }
            Node::Any(all) => self.sequence(&all[rng.below(all.len())], rng, vars, out),
            Node::Maybe(seq) => {
                if rng.percent(50) {
                    self.sequence(seq, rng, vars, out);
                }
            }
            Node::Particle(particle) => {
                let form = particle.after(&out.text);
                out.text.push_str(form);
            }
            Node::Ending(ending) => {
                conjugate(&mut out.text, *ending);
                let end = out.text.len();
                if let Some(last) = out.slots.last_mut() {
                    last.end = last.end.min(end);
                }
            }
        }
    }

    fn memo(&self, rule: usize, label: &str, rng: &mut Rng, vars: &mut dyn Vars, out: &mut Expansion) {
        let start = out.text.len();
        if let Some((_, text)) = out.memo.iter().find(|(l, _)| l == label) {
            let text = text.clone();
            out.text.push_str(&text);
            if self.rules[rule].slot {
                out.slot(start);
            }
            return;
        }
        self.rule(rule, rng, vars, out);
        let text = out.text[start..].to_owned();
        out.memo.push((label.to_owned(), text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::GrammarError;

    fn all_of(text: &str, rule: &str) -> std::collections::BTreeSet<String> {
        let grammar = Grammar::parse(&[text]).unwrap();
        (0..200).map(|i| grammar.text(rule, &mut Rng::stream(1, "t", i))).collect()
    }

    fn check(text: &str, want: &[&str]) {
        assert_eq!(all_of(text, "a"), want.iter().map(|s| (*s).to_owned()).collect());
    }

    #[test]
    fn marks_mean_what_the_page_says() {
        check("@a\nx\ny", &["x", "y"]);
        check("@a\n(x|y|)[z]", &["", "x", "xz", "y", "yz", "z"]);
        check("@a\n{b}~은 좋다\n@b!\n사과\n수박", &["사과는 좋다", "수박은 좋다"]);
        check("@a\n{b#1}{b#1}\n@b\nx\ny", &["xx", "yy"]);
        check("@a\n{#,1000-2000/500}원", &["1,000원", "1,500원", "2,000원"]);
        check("@a\n\\[광고\\]\\n~다", &["[광고]\n~다"]);
        check("@a\n먹다^아요", &["먹어요"]);
        check("@a\n{b.*}\n@b.f\n합니다\n@b.p\n해요\n@b.c\n해", &["해요"]);
    }

    #[test]
    fn weights_count() {
        let grammar = Grammar::parse(&["@a\n3* x\ny"]).unwrap();
        let n = (0..4000).filter(|i| grammar.text("a", &mut Rng::stream(1, "w", *i)) == "x").count();
        assert!((2850..3150).contains(&n), "{n}");
    }

    #[test]
    fn slots_are_masked() {
        let grammar = Grammar::parse(&["@a\n{b} {#10-99}개 7일 {$who}\n@b!\n사과"]).unwrap();
        let mut out = Expansion::default();
        let mut who = |_: &str, _: &mut Rng| Some("김".to_owned());
        grammar.expand("a", &mut Rng::new(1), &mut who, &mut out);
        assert_eq!(out.masked(), "§ §개 0일 §");
    }

    #[test]
    fn bad_grammars_name_the_line() {
        for (text, want) in [
            ("x", GrammarError::NoRule { line: 1 }),
            ("@a\n{b}", GrammarError::UnknownRule { line: 2, name: "b".to_owned() }),
            ("@a\n\n@b\nx", GrammarError::Empty { name: "a".to_owned() }),
            ("@a\nx(y", GrammarError::Syntax { line: 2, at: 3, expected: "a closing bracket" }),
            (
                "@a\nx]",
                GrammarError::Syntax { line: 2, at: 1, expected: "an opening bracket before this one" },
            ),
        ] {
            assert_eq!(Grammar::parse(&[text]).unwrap_err(), want);
        }
    }
}
