//! The text of a grammar into rules.

use std::collections::HashMap;

use super::{Grammar, GrammarError, Node, Rule, Seq};
use crate::korean::{Ending, Particle};

pub(super) fn grammar(texts: &[&str]) -> Result<Grammar, GrammarError> {
    let lines: Vec<&str> = texts.iter().flat_map(|t| t.lines()).collect();
    let mut names = HashMap::new();
    let mut rules: Vec<Rule> = Vec::new();
    for line in &lines {
        if let Some(header) = line.trim().strip_prefix('@') {
            let (name, slot) = header.strip_suffix('!').map_or((header, false), |n| (n, true));
            names.entry(name.to_owned()).or_insert_with(|| {
                rules.push(Rule { slot, ..Rule::default() });
                rules.len() - 1
            });
        }
    }
    let mut current = None;
    for (i, line) in lines.iter().enumerate() {
        // Blanks at the end of an alternative are part of it.
        let text = line.trim_start().trim_end_matches('\r');
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        if let Some(header) = text.trim_end().strip_prefix('@') {
            current = Some(names[header.strip_suffix('!').unwrap_or(header)]);
            continue;
        }
        let rule = current.ok_or(GrammarError::NoRule { line: i + 1 })?;
        let (weight, text) = weighted(text);
        let seq = Parser { line: i + 1, rest: text, text, names: &names }.all()?;
        let rule: &mut Rule = &mut rules[rule];
        rule.weights.push(rule.weights.last().unwrap_or(&0) + weight);
        rule.choices.push(seq);
    }
    if let Some((name, _)) = names.iter().filter(|(_, i)| rules[**i].choices.is_empty()).min() {
        return Err(GrammarError::Empty { name: name.clone() });
    }
    Ok(Grammar { rules, names })
}

fn is_hangul(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

/// `3* text` into 3 and the text.
fn weighted(text: &str) -> (usize, &str) {
    if let Some((number, rest)) = text.split_once("* ")
        && let Ok(weight) = number.parse()
    {
        return (weight, rest.trim_start());
    }
    (1, text)
}

struct Parser<'a> {
    line: usize,
    text: &'a str,
    rest: &'a str,
    names: &'a HashMap<String, usize>,
}

impl Parser<'_> {
    fn all(mut self) -> Result<Seq, GrammarError> {
        let seq = self.sequence(&[])?;
        if self.rest.is_empty() { Ok(seq) } else { Err(self.expected("an opening bracket before this one")) }
    }

    fn expected(&self, expected: &'static str) -> GrammarError {
        let at = self.text[..self.text.len() - self.rest.len()].chars().count();
        GrammarError::Syntax { line: self.line, at, expected }
    }

    fn advance(&mut self, c: char) {
        self.rest = &self.rest[c.len_utf8()..];
    }

    fn sequence(&mut self, ends: &[char]) -> Result<Seq, GrammarError> {
        let mut seq = Seq::new();
        let mut plain = String::new();
        while let Some(c) = self.rest.chars().next() {
            if ends.contains(&c) || (ends.is_empty() && matches!(c, ')' | ']' | '}')) {
                break;
            }
            self.advance(c);
            let node = match c {
                '\\' => {
                    let next = self.rest.chars().next().ok_or_else(|| self.expected("a sign after `\\`"))?;
                    self.advance(next);
                    plain.push(if next == 'n' { '\n' } else { next });
                    continue;
                }
                '{' => self.reference()?,
                '(' => self.alternatives()?,
                '[' => {
                    let inner = self.sequence(&[']'])?;
                    self.close(']')?;
                    Node::Maybe(inner)
                }
                '~' if Particle::at_start(self.rest).is_some() => {
                    let (particle, used) = Particle::at_start(self.rest).expect("tested above");
                    self.rest = &self.rest[used..];
                    Node::Particle(particle)
                }
                // Two carets are a smile (^^), not an ending.
                '^' if self.rest.starts_with(is_hangul) => {
                    let (ending, used) =
                        Ending::at_start(self.rest).ok_or_else(|| self.expected("the name of an ending"))?;
                    self.rest = &self.rest[used..];
                    Node::Ending(ending)
                }
                other => {
                    plain.push(other);
                    continue;
                }
            };
            if !plain.is_empty() {
                seq.push(Node::Text(std::mem::take(&mut plain)));
            }
            seq.push(node);
        }
        if !plain.is_empty() {
            seq.push(Node::Text(plain));
        }
        Ok(seq)
    }

    fn close(&mut self, bracket: char) -> Result<(), GrammarError> {
        match self.rest.strip_prefix(bracket) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(self.expected("a closing bracket")),
        }
    }

    fn alternatives(&mut self) -> Result<Node, GrammarError> {
        let mut all = Vec::new();
        loop {
            all.push(self.sequence(&['|', ')'])?);
            match self.rest.strip_prefix('|') {
                Some(rest) => self.rest = rest,
                None => break,
            }
        }
        self.close(')')?;
        Ok(Node::Any(all))
    }

    fn rule(&self, name: &str) -> Result<usize, GrammarError> {
        let unknown = || GrammarError::UnknownRule { line: self.line, name: name.to_owned() };
        self.names.get(name).copied().ok_or_else(unknown)
    }

    fn reference(&mut self) -> Result<Node, GrammarError> {
        let end = self.rest.find('}').ok_or_else(|| self.expected("`}`"))?;
        let name = &self.rest[..end];
        let node = if let Some(var) = name.strip_prefix('$') {
            Node::Var(var.to_owned())
        } else if let Some(range) = name.strip_prefix('#') {
            number(range).ok_or_else(|| self.expected("a range such as `{#3-9}` or `{#,1000-9000/500}`"))?
        } else if let Some(stem) = name.strip_suffix(".*") {
            Node::Register([
                self.rule(&format!("{stem}.f"))?,
                self.rule(&format!("{stem}.p"))?,
                self.rule(&format!("{stem}.c"))?,
            ])
        } else {
            let rule_name = name.split('#').next().unwrap_or_default();
            let rule = self.rule(rule_name)?;
            if name.contains('#') { Node::Memo(rule, name.to_owned()) } else { Node::Rule(rule) }
        };
        self.rest = &self.rest[end + 1..];
        Ok(node)
    }
}

fn number(range: &str) -> Option<Node> {
    let (grouped, range) = range.strip_prefix(',').map_or((false, range), |r| (true, r));
    let (range, step) = range.split_once('/').unwrap_or((range, "1"));
    let (low, high) = range.split_once('-')?;
    let (low, high, step) = (low.parse().ok()?, high.parse().ok()?, step.parse().ok()?);
    (low <= high && step > 0).then_some(Node::Number { low, high, step, grouped })
}
