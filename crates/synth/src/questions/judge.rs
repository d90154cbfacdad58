//! A judge that sees the source: the last check of a pair, where a model is at hand.

use chat::prompt::Fence;
use chat::{CancelToken, Event, FinishReason, Message, Request, Responder, ResponderError, Role, Sampling};
use data::validate::{Code, Finding, Pair, Sources};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use serde_json::{Value, json};

use super::prompts::{PromptKind, Prompts};
use crate::teacher::Unusable;

/// What a judge says of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// The words of the source that decide it; asked for first, so that they are looked for first.
    pub evidence: String,
    /// One sentence.
    pub reason: String,
    /// The verdict.
    pub verdict: Ruling,
}

/// A judge's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// All of the answer stands in the source.
    Supported,
    /// A part of it differs from the source.
    Contradicted,
    /// A part of it does not stand in the source.
    NotInSource,
    /// It does not say what was asked.
    NotAnswering,
}

/// What came of judging a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// A judgement.
    Said(Judgement),
    /// The reply was none; why. The pair stays as the validators left it.
    Unusable(String),
}

/// The schema of a judge's reply.
pub fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["evidence", "reason", "verdict"],
        "properties": {
            "evidence": {"type": "string"},
            "reason": {"type": "string"},
            "verdict": {"type": "string", "enum": ["supported", "contradicted", "not_in_source", "not_answering"]},
        },
    })
}

/// The turns that ask for a judgement; none for a pair that cites nothing. Source, question and answer stand in fences:
/// what a document demands is not followed.
pub fn messages(pair: &Pair, sources: &Sources, prompts: &Prompts) -> Option<Vec<Message>> {
    let cited = sources.cited(&pair.document, &pair.paths).ok().filter(|_| !pair.paths.is_empty())?;
    let (place, text) = (cited.headings.replace('\n', " > "), cited.text());
    let parts = [
        ("breadcrumb", "PLACE", place.as_str()),
        ("passage", "SOURCE", text.trim()),
        ("question", "QUESTION", pair.question.trim()),
        ("answer", "ANSWER", pair.answer.trim()),
    ];
    let fence = Fence::around(parts.map(|(_, _, text)| text));
    let fenced = parts.map(|(column, name, text)| (column, fence.wrap(name, text)));
    let mut values: Vec<(&str, &str)> =
        fenced.iter().map(|(column, text)| (*column, text.as_str())).collect();
    values.push(("mark", fence.mark()));
    Some(vec![Message::new(Role::User, prompts.fill(PromptKind::Judge, &values))])
}

/// A judge's reply as a judgement.
///
/// # Errors
/// What is not of the schema.
pub fn read(reply: &str) -> Result<Judgement, serde_json::Error> {
    // Text around the object, a code fence for instance, is no fault.
    let start = reply.find('{').unwrap_or(0);
    let end = reply.rfind('}').map_or(reply.len(), |at| at + 1);
    serde_json::from_str(reply.get(start..end).unwrap_or(reply))
}

/// How a judge is asked.
#[derive(Debug, Clone)]
pub struct Settings<'a> {
    /// The words.
    pub prompts: &'a Prompts,
    /// Most tokens of a reply.
    pub max_tokens: usize,
    /// Ends the judging early.
    pub cancel: CancelToken,
}

impl<'a> Settings<'a> {
    /// Replies of at most 512 tokens.
    pub fn new(prompts: &'a Prompts) -> Self {
        Self { prompts, max_tokens: 512, cancel: CancelToken::default() }
    }
}

/// Judges pairs, in order. Pairs that cite nothing are passed over.
///
/// # Errors
/// A fault of the responder that stops all of it.
pub fn judge(
    responder: &mut dyn Responder,
    pairs: &[Pair],
    sources: &Sources,
    settings: &Settings<'_>,
) -> Result<Vec<Option<Judged>>, ResponderError> {
    let asked: Vec<Option<Vec<Message>>> =
        pairs.iter().map(|pair| messages(pair, sources, settings.prompts)).collect();
    let request = |messages: &Vec<Message>| Request {
        messages: messages.clone(),
        schema: Some(schema()),
        sampling: Sampling { max_tokens: settings.max_tokens, ..Sampling::default() },
        cancel: settings.cancel.clone(),
        ..Request::default()
    };
    let requests: Vec<Request> = asked.iter().flatten().map(request).collect();
    let mut replies = vec![(String::new(), None); requests.len()];
    responder.respond(&requests, &mut |at, event| match event {
        Event::Text(text) => replies[at].0.push_str(&text),
        Event::Done { finish, .. } => replies[at].1 = Some(finish),
        Event::Token { .. } | Event::ToolCall(_) => {}
    })?;
    let mut replies = replies.into_iter();
    Ok(asked
        .iter()
        .map(|asked| {
            asked.as_ref().and_then(|_| replies.next()).map(|said| judged(said, settings.max_tokens))
        })
        .collect())
}

fn judged((reply, finish): (String, Option<FinishReason>), max_tokens: usize) -> Judged {
    match finish {
        Some(FinishReason::Failed(why)) => Judged::Unusable(why),
        Some(FinishReason::Length) => {
            let max_tokens = u32::try_from(max_tokens).unwrap_or(u32::MAX);
            Judged::Unusable(Unusable::CutOff { max_tokens, what: String::new() }.to_string())
        }
        _ => match read(&reply) {
            Ok(judgement) => Judged::Said(judgement),
            Err(error) => Judged::Unusable(why(&reply, &error)),
        },
    }
}

/// Why a reply is no judgement, in the words that are said of a teacher's answers.
fn why(reply: &str, error: &serde_json::Error) -> String {
    let said = error.to_string();
    let what = said.split(" at line ").next().unwrap_or_default().to_owned();
    match error.classify() {
        _ if reply.trim().is_empty() => Unusable::Empty.to_string(),
        Category::Data => Unusable::Form { violations: vec![what] }.to_string(),
        Category::Eof => format!("the answer is cut off: its JSON ends after {} bytes", reply.trim().len()),
        _ => Unusable::NoJson.to_string(),
    }
}

impl Judgement {
    /// The finding of a judgement that refuses.
    pub fn finding(&self) -> Option<Finding> {
        (self.verdict != Ruling::Supported).then(|| Finding {
            code: Code::Judge,
            claim: self.reason.clone(),
            evidence: self.evidence.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_that_is_no_judgement_says_why_in_plain_words() {
        let said = |reply: &str, finish| match judged((reply.to_owned(), Some(finish)), 64) {
            Judged::Said(judgement) => panic!("{judgement:?}"),
            Judged::Unusable(why) => why,
        };
        assert_eq!(said("Looks good to me.", FinishReason::Stop), "the answer holds no JSON");
        assert_eq!(said(" ", FinishReason::Stop), "the answer is empty");
        assert_eq!(
            said("{\"evidence\": \"fif", FinishReason::Stop),
            "the answer is cut off: its JSON ends after 17 bytes"
        );
        assert_eq!(said("{\"evi", FinishReason::Length), "the answer was cut off after 64 tokens");
        let form = said("{\"evidence\": \"\", \"reason\": \"\"}", FinishReason::Stop);
        assert_eq!(form, "the answer is not in the required form: missing field `verdict`");
    }
}
