//! `moru generate`: answers for many prompts at once.

use std::io::Read;
use std::num::NonZero;

use chat::{Event, FinishReason, Message, Request, Responder, Role};
use clap::Args;
use serde_json::{Value, json};

use super::chat::{SamplingArgs, asked, prompt_columns};
use super::held::HeldArgs;
use crate::cli::ProjectArgs;
use crate::console::error::fail;
use crate::console::{Console, Outcome};
use crate::project::Project;
use crate::stages::model_of;

/// Answer prompts from stdin, one a line; one JSON object a line on stdout
///
/// A line is a question, or a JSON object with `messages` (and `id`), or with `question` and other columns
/// of the prompt. Questions go through the recipe's prompt unless --raw. The answers come in the order of the lines.
#[derive(Debug, Args)]
pub struct Generate {
    /// Which training answers; `base` is the model before tuning
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Send questions as they are, without the recipe's prompt
    #[arg(long)]
    raw: bool,
    /// Answers written at once; does not change them
    #[arg(long, default_value_t = NonZero::<usize>::new(16).unwrap())]
    batch: NonZero<usize>,
    /// Fill a column of the prompt: --column category=배송
    #[arg(long = "column", value_name = "NAME=TEXT")]
    columns: Vec<String>,
    #[command(flatten)]
    held: HeldArgs,
    #[command(flatten)]
    sampling: SamplingArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// A line of the input.
struct Asked {
    id: Value,
    messages: Vec<Message>,
}

impl Generate {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        asked(&project, &self.columns, "")?;
        let held = self.held.read()?;
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let asked =
            lines.map(|(i, line)| self.read(&project, i + 1, line)).collect::<anyhow::Result<Vec<_>>>()?;
        let found = model_of::find(&project, self.model.as_deref())?;
        let mut assistant = model_of::open(&project, &found, self.batch.get())?;
        let mut failed = false;
        for batch in asked.chunks(self.batch.get()) {
            let requests: Vec<_> = (batch.iter())
                .map(|asked| Request {
                    messages: asked.messages.clone(),
                    sampling: self.sampling.sampling(),
                    ..Request::default()
                })
                .map(|request| held.onto(request))
                .collect();
            let mut replies = vec![(String::new(), Value::Null); batch.len()];
            let mut calls = vec![Vec::new(); batch.len()];
            assistant.respond(&requests, &mut |i, event| match event {
                Event::Text(piece) => replies[i].0.push_str(&piece),
                Event::Done { finish, usage } => {
                    failed |= matches!(finish, FinishReason::Failed(_));
                    replies[i].1 = json!({
                        "finish": finish_word(&finish),
                        "prompt_tokens": usage.prompt_tokens,
                        "completion_tokens": usage.completion_tokens,
                    });
                }
                Event::ToolCall(call) => {
                    calls[i].push(json!({ "name": call.name, "arguments": call.arguments }));
                }
                Event::Token { .. } => {}
            })?;
            for ((asked, (text, end)), calls) in batch.iter().zip(replies).zip(calls) {
                let mut answer = json!({ "id": asked.id, "text": text, "end": end });
                if !calls.is_empty() {
                    answer["tool_calls"] = calls.into();
                }
                console.print(answer.to_string());
            }
        }
        Ok(if failed { Outcome::Negative } else { Outcome::Good })
    }

    fn read(&self, project: &Project, number: usize, line: &str) -> anyhow::Result<Asked> {
        let wrong = || {
            fail(
                format!("line {number} of the input is no question"),
                "a line is text, or a JSON object with `messages` or `question`",
            )
        };
        let question = |columns: &[String], text: &str| {
            if self.raw { Ok(vec![Message::new(Role::User, text)]) } else { asked(project, columns, text) }
        };
        if !line.trim_start().starts_with('{') {
            return Ok(Asked { id: number.into(), messages: question(&self.columns, line.trim())? });
        }
        let value: Value = serde_json::from_str(line).map_err(|_| wrong())?;
        let id = value.get("id").cloned().unwrap_or_else(|| number.into());
        if let Some(messages) = value.get("messages") {
            let messages: Vec<Message> = serde_json::from_value(messages.clone()).map_err(|_| wrong())?;
            return if messages.is_empty() { Err(wrong()) } else { Ok(Asked { id, messages }) };
        }
        let names = prompt_columns(project)?;
        let text_of = |name: &str| value.get(name).and_then(Value::as_str);
        let last = names.last().map(String::as_str).unwrap_or_default();
        let text = text_of("question").or_else(|| text_of(last)).ok_or_else(wrong)?;
        let given = names.iter().filter_map(|name| Some(format!("{name}={}", text_of(name)?)));
        let columns: Vec<String> = given.chain(self.columns.iter().cloned()).collect();
        Ok(Asked { id, messages: question(&columns, text)? })
    }
}

fn finish_word(finish: &FinishReason) -> String {
    match finish {
        FinishReason::Stop => "stop".into(),
        FinishReason::Length => "length".into(),
        FinishReason::ToolCalls => "tool_calls".into(),
        FinishReason::Cancelled => "cancelled".into(),
        FinishReason::Failed(why) => format!("failed: {why}"),
    }
}
