//! Replies that a grammar holds: a JSON schema, or calls of given functions.
//!
//! 1. [`vocabulary`] is a tokenizer as a trie of bytes.
//! 2. [`shape`] reads a schema; [`leaf`] are its numbers and texts.
//! 3. [`closing`] says how a text that was begun ends soonest.
//! 4. A [`Constraint`] goes along with one reply.
//!
//! `llguidance` says which tokens may follow. Besides, a constraint always holds a *plan*: tokens that end the
//! reply rightly from where it is, no more of them than may still be said. A token is taken only where there is a
//! plan behind it; where none of those that the model likes has one, the plan's own token is taken. So a reply
//! that begins with a plan that fits ends within its limit.

mod calls;
mod closing;
mod leaf;
mod shape;
mod vocabulary;

use std::sync::Arc;

use chat::Tokenizer;
use llguidance::api::TopLevelGrammar;
use llguidance::{JsonCompileOptions, Matcher, ParserFactory};
use serde_json::Value;

pub use calls::Choice;
use closing::{COLON, SEPARATOR};
use shape::{Graph, NodeId, Reader};
use vocabulary::Vocabulary;

/// Tokens that are tried before the plan's is taken.
const TRIES: usize = 12;

/// Why a reply cannot be held to a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConstraintError {
    /// A keyword that is not understood.
    #[error(
        "the schema's keyword `{keyword}` (at #{at}) is not supported: leave it out, and check the reply"
    )]
    Keyword {
        /// The keyword.
        keyword: String,
        /// JSON pointer to the schema that has it.
        at: String,
    },
    /// A choice among nothing.
    #[error("the schema's `{keyword}` (at #{at}) is empty: nothing satisfies it")]
    Empty {
        /// The keyword.
        keyword: &'static str,
        /// JSON pointer to the schema that has it.
        at: String,
    },
    /// No such type.
    #[error(
        "the schema's `type` (at #{at}) is `{given}`; allowed: null, boolean, integer, number, string, array, object"
    )]
    Type {
        /// What is there.
        given: String,
        /// JSON pointer to the schema.
        at: String,
    },
    /// Something else stands where a schema should.
    #[error("what stands at #{at} is {given}; a schema is an object, true or false")]
    NotASchema {
        /// JSON pointer.
        at: String,
        /// What is there.
        given: &'static str,
    },
    /// A reference leads nowhere.
    #[error(
        "`$ref` (at #{at}) names `{reference}`, which this schema does not hold; only references within it are followed"
    )]
    Reference {
        /// What is named.
        reference: String,
        /// JSON pointer to the schema.
        at: String,
    },
    /// A pattern or a format cannot be read.
    #[error("`pattern` or `format` (at #{at}) cannot be read: `{pattern}`: {why}")]
    Pattern {
        /// Pattern and format.
        pattern: String,
        /// JSON pointer to the schema.
        at: String,
        /// What the reader says.
        why: String,
    },
    /// More schemas than are read.
    #[error("the schema (at #{at}) is nested too deeply or too large: {schemas} schemas were read")]
    TooLarge {
        /// JSON pointer.
        at: String,
        /// Schemas that were read.
        schemas: usize,
    },
    /// The grammar refuses: nothing satisfies the schema, or keywords do not go together.
    #[error("the schema cannot be followed: {why}")]
    Grammar {
        /// What the grammar's compiler says.
        why: String,
    },
    /// No ending is known.
    #[error(
        "no text is found that satisfies the schema: its keywords contradict each other, or are too entangled"
    )]
    NoEnding,
    /// The shortest reply is too long.
    #[error(
        "the schema's shortest reply takes {tokens} tokens and {most} may be said: raise max_tokens, or shorten the prompt"
    )]
    TooShort {
        /// Tokens of it.
        tokens: usize,
        /// Tokens that may be said.
        most: usize,
    },
    /// A tokenizer whose tokens are not bytes.
    #[error("the tokenizer's tokens do not stand for bytes, so no reply can be held to a schema with it")]
    Vocabulary,
    /// No function may be called.
    #[error("a call is required, and no function is given")]
    NoFunctions,
    /// The function that must be called is not among those given.
    #[error("the function `{name}` must be called; given: {}", given.join(", "))]
    UnknownFunction {
        /// Its name.
        name: String,
        /// The names there are.
        given: Vec<String>,
    },
    /// A function's schema is no function's schema.
    #[error(
        "function {index} has no name: a function is {{\"type\": \"function\", \"function\": {{\"name\": …, \"parameters\": …}}}}"
    )]
    NamelessFunction {
        /// Its place.
        index: usize,
    },
}

/// Makes constraints for one tokenizer.
pub struct Grammars {
    factory: ParserFactory,
    vocabulary: Arc<Vocabulary>,
}

impl std::fmt::Debug for Grammars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Grammars")
    }
}

impl Grammars {
    /// Builds the tokenizer's trie.
    ///
    /// # Errors
    /// [`ConstraintError::Vocabulary`].
    pub fn new(tokenizer: &Tokenizer) -> Result<Self, ConstraintError> {
        let vocabulary = Arc::new(Vocabulary::new(tokenizer)?);
        let environment: llguidance::toktrie::TokEnv = vocabulary.clone();
        let mut factory = ParserFactory::new_simple(&environment).map_err(grammar)?;
        factory.quiet();
        Ok(Self { factory, vocabulary })
    }

    /// A reply that is JSON of a schema, written on one line with `", "` and `": "`, members in the order of
    /// `properties`.
    ///
    /// # Errors
    /// [`ConstraintError`].
    pub fn schema(&self, schema: &Value) -> Result<Constraint, ConstraintError> {
        let mut graph = Graph::default();
        let root = Reader::new(schema, &mut graph).read(schema, "")?;
        self.constraint(TopLevelGrammar::from_json_schema(on_one_line(schema)), graph, root)
    }

    fn constraint(
        &self,
        grammar_of: TopLevelGrammar,
        mut graph: Graph,
        root: NodeId,
    ) -> Result<Constraint, ConstraintError> {
        graph.settle();
        let parser = self.factory.create_parser(grammar_of).map_err(grammar)?;
        let mut constraint = Constraint {
            matcher: Matcher::new(Ok(parser)),
            graph: Arc::new(graph),
            root,
            vocabulary: Arc::clone(&self.vocabulary),
            said: Vec::new(),
            plan: Vec::new(),
        };
        if let Some(why) = constraint.matcher.get_error() {
            return Err(ConstraintError::Grammar { why });
        }
        constraint.plan = constraint.plan_behind(&[], usize::MAX).ok_or(ConstraintError::NoEnding)?;
        Ok(constraint)
    }
}

fn grammar(error: impl std::fmt::Display) -> ConstraintError {
    ConstraintError::Grammar { why: error.to_string() }
}

/// A schema with the options of writing that we hold replies to.
fn on_one_line(schema: &Value) -> Value {
    let mut schema = match schema {
        Value::Bool(true) => Value::Object(serde_json::Map::new()),
        Value::Bool(false) => serde_json::json!({"enum": []}),
        other => other.clone(),
    };
    let options = JsonCompileOptions {
        item_separator: SEPARATOR.to_owned(),
        key_separator: COLON.to_owned(),
        whitespace_flexible: false,
        ..JsonCompileOptions::default()
    };
    options.apply_to(&mut schema);
    schema
}

/// What comes next in a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// These tokens: one that was chosen, with those behind it that the grammar leaves no choice about; or those alone.
    Tokens(Vec<u32>),
    /// The reply ends.
    End,
}

/// A grammar that goes along with one reply.
#[derive(Clone)]
pub struct Constraint {
    matcher: Matcher,
    graph: Arc<Graph>,
    root: NodeId,
    vocabulary: Arc<Vocabulary>,
    /// Bytes that were said.
    said: Vec<u8>,
    /// Tokens that end the reply from here.
    plan: Vec<u32>,
}

impl std::fmt::Debug for Constraint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Constraint")
            .field("said", &self.said.len())
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

impl Constraint {
    /// Makes sure that the reply can end within `most` tokens.
    ///
    /// # Errors
    /// [`ConstraintError::TooShort`].
    pub fn fits(&self, most: usize) -> Result<(), ConstraintError> {
        let tokens = self.plan.len();
        if tokens > most { Err(ConstraintError::TooShort { tokens, most }) } else { Ok(()) }
    }

    /// The bytes of a token; none of one that is no text.
    pub fn bytes_of(&self, id: u32) -> &[u8] {
        self.vocabulary.bytes(id)
    }

    /// Follows text that was said already, where it can still end within `left` tokens.
    pub fn follow(&mut self, text: &[u8], left: usize) -> bool {
        let ids = self.vocabulary.tokens(text);
        let Some(plan) = self.plan_behind(&ids, left) else { return false };
        self.take(&ids, plan).is_ok()
    }

    /// Whether nothing may follow.
    pub fn is_over(&self) -> bool {
        self.matcher.is_stopped()
    }

    /// Whether the reply may end here.
    pub fn is_whole(&mut self) -> bool {
        self.matcher.is_stopped() || self.matcher.is_accepting().unwrap_or(false)
    }

    /// Chooses what comes next, of which `left` tokens may be said at most. `logits` are (V); those of tokens that
    /// may not follow are taken away. `pick` chooses among what is left. With `runs`, tokens about which there is no
    /// choice are given together.
    ///
    /// # Errors
    /// [`ConstraintError::Grammar`], where the grammar grows beyond its limits.
    pub fn next(
        &mut self,
        logits: &mut [f32],
        left: usize,
        runs: bool,
        mut pick: impl FnMut(&[f32]) -> u32,
    ) -> Result<Next, ConstraintError> {
        if self.matcher.is_stopped() || left == 0 {
            return Ok(Next::End);
        }
        let mut tokens = if runs { self.run(left)? } else { Vec::new() };
        if tokens.is_empty() {
            match self.choose(logits, left, &mut pick)? {
                Some(id) => tokens.push(id),
                None => return Ok(Next::End),
            }
            if runs && !self.matcher.is_stopped() {
                tokens.extend(self.run(left - tokens.len())?);
            }
        }
        Ok(Next::Tokens(tokens))
    }

    /// Takes the tokens that the grammar leaves no choice about.
    fn run(&mut self, left: usize) -> Result<Vec<u32>, ConstraintError> {
        let forced = self.matcher.compute_ff_tokens();
        if forced.is_empty() || forced.len() > left {
            return Ok(Vec::new());
        }
        let Some(plan) = self.plan_behind(&forced, left - forced.len()) else { return Ok(Vec::new()) };
        self.take(&forced, plan)?;
        Ok(forced)
    }

    /// One token; none where the reply ends.
    fn choose(
        &mut self,
        logits: &mut [f32],
        left: usize,
        pick: &mut dyn FnMut(&[f32]) -> u32,
    ) -> Result<Option<u32>, ConstraintError> {
        let mask = self.matcher.compute_mask().map_err(grammar)?;
        let may_end = mask.is_allowed(self.vocabulary.end);
        for (id, logit) in logits.iter_mut().enumerate() {
            let id = id as u32;
            let allowed = if self.vocabulary.ends.contains(&id) { may_end } else { mask.is_allowed(id) };
            if !allowed {
                *logit = f32::NEG_INFINITY;
            }
        }
        for _ in 0..TRIES {
            let id = pick(logits);
            if logits[id as usize] == f32::NEG_INFINITY {
                break;
            }
            if self.vocabulary.ends.contains(&id) {
                return Ok(None);
            }
            if let Some(plan) = self.plan_after(id, left - 1) {
                self.take(&[id], plan)?;
                return Ok(Some(id));
            }
            logits[id as usize] = f32::NEG_INFINITY;
        }
        let Some((&id, plan)) = self.plan.split_first() else { return Ok(None) };
        let plan = plan.to_vec();
        self.take(&[id], plan)?;
        Ok(Some(id))
    }

    fn take(&mut self, ids: &[u32], plan: Vec<u32>) -> Result<(), ConstraintError> {
        self.matcher.consume_tokens(ids).map_err(grammar)?;
        for &id in ids {
            self.said.extend_from_slice(self.vocabulary.bytes(id));
        }
        self.plan = plan;
        Ok(())
    }

    fn plan_after(&mut self, id: u32, most: usize) -> Option<Vec<u32>> {
        match self.plan.split_first() {
            Some((&first, rest)) if first == id && rest.len() <= most => Some(rest.to_vec()),
            _ => self.plan_behind(&[id], most),
        }
    }

    /// Tokens that end the reply behind `ids`, at most so many; the grammar has agreed to them.
    fn plan_behind(&mut self, ids: &[u32], most: usize) -> Option<Vec<u32>> {
        let mut text = self.said.clone();
        for &id in ids {
            text.extend_from_slice(self.vocabulary.bytes(id));
        }
        let plan = self.vocabulary.tokens(&self.graph.ending(self.root, &text)?);
        if plan.len() > most {
            return None;
        }
        let all = [ids, &plan, &[self.vocabulary.end]].concat();
        let agreed = self.matcher.validate_tokens(&all).unwrap_or(0);
        (agreed == all.len()).then_some(plan)
    }
}

#[cfg(test)]
mod tests;
