//! A text grammar: rules with alternatives, slots, agreeing particles and verb endings.
//!
//! ```text
//! # a comment
//! @greeting              a rule; each following line is one alternative, equally likely
//! 안녕하세요{mark}
//! 3* 안녕하십니까{mark}   three times as likely
//! @mark                  an alternative may be written as (a|b|), optional text as [text]
//! (.|!|)
//! @item!                 a slot: what it gives is left out when the variety of texts is measured
//! 사과
//! ```
//! `{rule}` expands a rule, `{rule#1}` expands it once and repeats it afterwards, `{$name}` asks the
//! caller, `{rule.*}` takes `rule.f`, `rule.p` or `rule.c` after the register of the text (formal,
//! polite, casual), `{#3-9}` is a number, `{#,1000-9000/500}` one in steps and with thousands separators.
//! `~은` is the particle 은/는 that agrees with what was written before it; `^아요` conjugates the
//! dictionary form at the end of what was written. A backslash makes the next sign an ordinary one,
//! `\n` is a line break.

mod expand;
mod parse;

use std::collections::HashMap;

use crate::korean::{Ending, Particle};

pub use expand::{Expansion, Memory, NoVars, Register, Vars, mask};

/// Rules ready to be expanded.
#[derive(Debug)]
pub struct Grammar {
    rules: Vec<Rule>,
    names: HashMap<String, usize>,
}

#[derive(Debug, Default)]
struct Rule {
    slot: bool,
    /// Running sums of the weights of `choices`.
    weights: Vec<usize>,
    choices: Vec<Seq>,
}

type Seq = Vec<Node>;

#[derive(Debug)]
enum Node {
    Text(String),
    Rule(usize),
    /// Rules of one name for the three registers.
    Register([usize; 3]),
    /// A rule whose first expansion is repeated: the rule, and the label's number.
    Memo(usize, String),
    Var(String),
    Number {
        low: i64,
        high: i64,
        step: i64,
        grouped: bool,
    },
    Any(Vec<Seq>),
    Maybe(Seq),
    Particle(Particle),
    Ending(Ending),
}

/// What is wrong with the text of a grammar.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum GrammarError {
    /// An alternative stands before any rule.
    #[error("line {line}: text before the first `@rule`")]
    NoRule {
        /// Line number from 1.
        line: usize,
    },
    /// A rule is named that does not exist.
    #[error("line {line}: no rule `{name}`")]
    UnknownRule {
        /// Line number from 1.
        line: usize,
        /// The name.
        name: String,
    },
    /// A bracket is not closed, or a mark is not understood.
    #[error("line {line}, character {at}: expected {expected}")]
    Syntax {
        /// Line number from 1.
        line: usize,
        /// Characters before the place.
        at: usize,
        /// What would be understood.
        expected: &'static str,
    },
    /// A rule has no alternative.
    #[error("rule `{name}` has no alternative")]
    Empty {
        /// The rule.
        name: String,
    },
}

impl Grammar {
    /// Reads the rules of several texts, which may refer to each other.
    ///
    /// # Errors
    /// Where the text is not a grammar; lines are counted over all the texts.
    pub fn parse(texts: &[&str]) -> Result<Self, GrammarError> {
        parse::grammar(texts)
    }

    /// Whether there is a rule of this name.
    pub fn has(&self, rule: &str) -> bool {
        self.names.contains_key(rule)
    }

    /// The number of alternatives of a rule, none where there is no such rule.
    pub fn alternatives(&self, rule: &str) -> Option<usize> {
        self.names.get(rule).map(|&i| self.rules[i].choices.len())
    }
}
