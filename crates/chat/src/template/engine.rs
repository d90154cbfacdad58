//! The template language as Hugging Face models expect it: Jinja with blocks trimmed, loop controls,
//! Python's methods, `raise_exception`, `strftime_now`, and `tojson` as Python writes JSON.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value as JinjaValue};
use minijinja::{Environment, Error, ErrorKind, context};
use serde_json::{Map, Value, json};

use super::TemplateError;
use super::clock::LocalTime;
use super::python::{JsonStyle, float_repr, to_json};
use crate::example::Message;

/// Instructions after which a rendering is given up: a template from outside must not run for ever.
const FUEL: u64 = 20_000_000;
const NAME: &str = "chat_template";
/// Marks errors that the template raised itself, and the missing clock.
const RAISED: &str = "raise_exception: ";
const NO_CLOCK: &str = "strftime_now: no clock";

pub(super) struct Engine {
    environment: Environment<'static>,
}

impl Engine {
    pub(super) fn new(source: &str) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.expect("the usual delimiters"));
        environment.set_fuel(Some(FUEL));
        // A chat is no web page, whatever the template is called.
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.set_formatter(|out, state, value| match f64::try_from(value.clone()) {
            // Where Python and the engine write numbers differently: exponents.
            Ok(float) if value.is_number() && !value.is_integer() => Ok(out.write_str(&float_repr(float))?),
            _ => minijinja::escape_formatter(out, state, value),
        });
        environment.add_filter("tojson", tojson);
        environment.add_function("raise_exception", |message: String| -> Result<String, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, format!("{RAISED}{message}")))
        });
        environment
            .add_template_owned(NAME, without_generation_tags(source))
            .map_err(|error| TemplateError::Syntax { line: error.line().unwrap_or(0), why: why(&error) })?;
        Ok(Self { environment })
    }

    pub(super) fn render(
        &self,
        messages: &[Message],
        tools: &[Value],
        ask: bool,
        variables: &Map<String, Value>,
        now: Option<LocalTime>,
    ) -> Result<String, TemplateError> {
        let template = self.environment.get_template(NAME).map_err(|error| stumbled(&error))?;
        let messages: Vec<Value> = messages.iter().map(message_value).collect();
        // Templates tell "no tools" by `none`.
        let tools = if tools.is_empty() { Value::Null } else { Value::Array(tools.to_vec()) };
        let strftime_now = JinjaValue::from_function(move |format: String| -> Result<String, Error> {
            now.map(|now| now.format(&format))
                .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, NO_CLOCK.to_string()))
        });
        template
            .render(context! {
                messages => JinjaValue::from(Serde(&messages)),
                tools => JinjaValue::from(Serde(&tools)),
                documents => (),
                add_generation_prompt => ask,
                strftime_now,
                ..JinjaValue::from(Serde(variables))
            })
            .map_err(|error| stumbled(&error))
    }
}

fn why(error: &Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_string)
}

fn stumbled(error: &Error) -> TemplateError {
    let why = why(error);
    if let Some(message) = why.strip_prefix(RAISED) {
        return TemplateError::Refused { message: message.to_string() };
    }
    if why == NO_CLOCK {
        return TemplateError::NoClock;
    }
    TemplateError::Render { line: error.line().unwrap_or(0), why }
}

/// A message in the form that templates of models expect; keys that have nothing to say are absent.
fn message_value(message: &Message) -> Value {
    let mut out = Map::new();
    out.insert("role".into(), json!(message.role));
    out.insert("content".into(), json!(message.content));
    if !message.tool_calls.is_empty() {
        let call = |call: &crate::ToolCall| {
            let function = json!({"name": call.name, "arguments": call.arguments});
            let mut out = json!({"type": "function", "function": function});
            if let Some(id) = &call.id {
                out["id"] = json!(id);
            }
            out
        };
        out.insert("tool_calls".into(), message.tool_calls.iter().map(call).collect());
    }
    if let Some(id) = &message.tool_call_id {
        out.insert("tool_call_id".into(), json!(id));
    }
    if let Some(name) = &message.name {
        out.insert("name".into(), json!(name));
    }
    Value::Object(out)
}

/// `{% generation %}` marks in some templates what is trained. It changes nothing of the text, so it
/// becomes a block that the engine knows; its whitespace marks stay.
fn without_generation_tags(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let Some(len) = rest[start..].find("%}").map(|end| end + 2) else { break };
        let tag = &rest[start..start + len];
        let marks = |c: char| c == '-' || c == '+';
        let word = tag[2..len - 2].trim_matches(marks).trim();
        let replacement = match word {
            "generation" => tag.replace("generation", "if true"),
            "endgeneration" => tag.replace("endgeneration", "endif"),
            _ => tag.to_string(),
        };
        out.push_str(&rest[..start]);
        out.push_str(&replacement);
        rest = &rest[start + len..];
    }
    out.push_str(rest);
    out
}

#[expect(clippy::needless_pass_by_value, reason = "the engine hands named arguments over by value")]
fn tojson(value: &JinjaValue, kwargs: Kwargs) -> Result<String, Error> {
    let separators = kwargs.get::<Option<Vec<String>>>("separators")?.map(|separators| {
        let separators = <[String; 2]>::try_from(separators).map(Into::into);
        separators.map_err(|_| Error::new(ErrorKind::InvalidOperation, "separators are two strings"))
    });
    let style = JsonStyle {
        indent: kwargs.get::<Option<usize>>("indent")?,
        ensure_ascii: kwargs.get::<Option<bool>>("ensure_ascii")?.unwrap_or(false),
        sort_keys: kwargs.get::<Option<bool>>("sort_keys")?.unwrap_or(false),
        separators: separators.transpose()?,
    };
    kwargs.assert_all_used()?;
    let value = serde_json::to_value(value)
        .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))?;
    Ok(to_json(&value, &style))
}
