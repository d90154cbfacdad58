//! What is asked: conversations with the form that their answers have to take.

use std::collections::HashSet;
use std::sync::Arc;

use chat::{Message, Role, Schema};
use serde_json::{Map, Value};

use super::TeacherError;

/// One thing to be answered.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Names it in a plan.
    pub id: String,
    /// The turns so far; the answer continues them.
    pub messages: Vec<Message>,
    /// The form of the answer; None takes any text.
    pub form: Option<Form>,
    /// How the answer is drawn.
    pub sampling: Sampling,
}

/// A JSON schema with the name that the endpoint is told.
#[derive(Debug, Clone)]
pub struct Form {
    /// Letters, digits, `_` and `-`, at most 64 of them.
    pub name: String,
    /// What the answer has to satisfy. The order of its properties is the order in which they are answered.
    pub schema: Arc<Schema>,
}

/// How an answer is drawn. What is None is not said, and the endpoint decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    /// Most tokens of the answer; a budget counts with them.
    pub max_tokens: u32,
    /// 0 takes the likeliest token.
    pub temperature: Option<f64>,
    /// The smallest set of tokens whose probability reaches this.
    pub top_p: Option<f64>,
    /// Same seed, same answer, as far as the endpoint can.
    pub seed: Option<u64>,
    /// Strings that end the answer.
    pub stop: Vec<String>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { max_tokens: 1024, temperature: None, top_p: None, seed: None, stop: Vec::new() }
    }
}

/// Who is asked, and what it understands.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The name that the endpoint knows. A local model's name should hold the digest of its weights: answers are
    /// found again by it.
    pub name: String,
    /// What the limit of an answer's tokens is called.
    pub max_tokens: MaxTokens,
    /// How the endpoint is told the form of an answer.
    pub structure: Structure,
    /// Further keys of every request, `reasoning_effort` for instance.
    pub extra: Map<String, Value>,
}

/// What the limit of an answer's tokens is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MaxTokens {
    /// `max_tokens`: known to every server but to OpenAI's newer models.
    #[default]
    MaxTokens,
    /// `max_completion_tokens`: OpenAI's own.
    MaxCompletionTokens,
}

/// How an endpoint is told the form of an answer. It is checked here in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Structure {
    /// `response_format` of type `json_schema`, strict: OpenAI, vLLM, SGLang, llama.cpp's server.
    #[default]
    JsonSchema,
    /// `response_format` of type `json_object` with the schema beside it: llama-cpp-python's server.
    JsonObjectSchema,
    /// `response_format` of type `json_object`: any JSON object.
    JsonObject,
    /// Not at all: the prompt asks for it.
    Prompt,
}

impl Model {
    /// A model that is told the form by a strict JSON schema.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            max_tokens: MaxTokens::default(),
            structure: Structure::default(),
            extra: Map::new(),
        }
    }
}

/// What a teacher is told when its answer cannot be used; `{error}` stands for the reason.
pub const COMPLAINT_EN: &str = "This answer cannot be used: {error}. Answer again, with JSON in the required form and \
                                nothing besides.";

/// As [`COMPLAINT_EN`], in Korean.
pub const COMPLAINT_KO: &str =
    "이 답은 쓸 수 없습니다: {error}. 요구한 형식의 JSON으로만, 다른 말 없이 다시 답하십시오.";

/// Everything that one model is asked.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) model: Model,
    pub(super) asks: Vec<Ask>,
    /// How often the same thing is asked again with what was wrong.
    pub(super) re_asks: u32,
    /// What it is told then.
    pub(super) complaint: String,
}

impl Plan {
    /// A plan that asks again twice, in English.
    ///
    /// # Errors
    /// [`TeacherError::Plan`] for an id that stands twice, a conversation that cannot be answered, or a form's name
    /// that endpoints refuse.
    pub fn new(model: Model, asks: Vec<Ask>) -> Result<Self, TeacherError> {
        let fault = |id: &str, why| Err(TeacherError::Plan { id: id.to_owned(), why });
        if model.name.trim().is_empty() {
            return fault("", "the model has no name");
        }
        let mut ids = HashSet::new();
        for ask in &asks {
            if !ids.insert(ask.id.as_str()) {
                return fault(&ask.id, "the id stands twice");
            }
            match ask.messages.last().map(|message| message.role) {
                Some(Role::User | Role::Tool) => {}
                _ => return fault(&ask.id, "its last message is not the user's"),
            }
            if ask.sampling.max_tokens == 0 {
                return fault(&ask.id, "max_tokens is 0");
            }
            if ask.form.as_ref().is_some_and(|form| !is_form_name(&form.name)) {
                return fault(&ask.id, "its form's name is not 1 to 64 letters, digits, `_` and `-`");
            }
        }
        Ok(Self { model, asks, re_asks: 2, complaint: COMPLAINT_EN.to_owned() })
    }

    /// How often the same thing is asked again, and what is said then; `{error}` stands for the reason.
    pub fn with_re_asks(self, re_asks: u32, complaint: impl Into<String>) -> Self {
        Self { re_asks, complaint: complaint.into(), ..self }
    }

    /// Who is asked.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What is asked, in order.
    pub fn asks(&self) -> &[Ask] {
        &self.asks
    }
}

fn is_form_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (1..=64).contains(&name.len()) && name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_cannot_be_asked_is_refused() {
        let ask = |id: &str| Ask {
            id: id.to_owned(),
            messages: vec![Message::new(Role::User, "?")],
            form: None,
            sampling: Sampling::default(),
        };
        let said = |model: &str, asks| Plan::new(Model::new(model), asks).unwrap_err().to_string();
        assert!(said(" ", vec![]).contains("no name"));
        assert!(said("m", vec![ask("a"), ask("b"), ask("a")]).contains("`a`"));
        let silent = Ask { messages: vec![Message::new(Role::Assistant, "!")], ..ask("c") };
        assert!(said("m", vec![silent]).contains("not the user's"));
        let form = Form { name: "양식".to_owned(), schema: Arc::new(Schema::new(&true.into()).unwrap()) };
        assert!(said("m", vec![Ask { form: Some(form), ..ask("d") }]).contains("letters"));
        assert!(Plan::new(Model::new("m"), vec![]).is_ok(), "asking nothing is fine");
    }
}
