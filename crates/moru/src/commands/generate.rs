//! `moru generate`: an answer to one prompt of the command line, or to many of a file at once.

use std::io::Read;
use std::num::NonZero;
use std::path::{Path, PathBuf};

use anyhow::Context;
use chat::{Event, FinishReason, Message, Request, Responder, Role};
use clap::Args;
use data::sources::names::listed;
use data::sources::{Item, Source as _};
use serde_json::{Value, json};

use super::chat::{SamplingArgs, asked, needed_columns, prompt_columns};
use super::held::{Held, HeldArgs};
use crate::cli::ProjectArgs;
use crate::console::error::fail;
use crate::console::{Console, Outcome};
use crate::project::Project;
use crate::stages::{model_of, sources, tokenize};

/// Answer prompts: one from the command line, or a file's, many at once
///
/// `--field NAME=TEXT` fills a column of the recipe's prompt; with all of them filled, the reply is printed as text.
/// Otherwise prompts come from --in, a CSV file with the prompt's columns, or lines as on stdin: a question, or a
/// JSON object with `messages` (and `id`), or with the prompt's columns. Answers come in their order, one JSON object
/// a line, to --out or stdout. Questions go through the recipe's prompt unless --raw; what is too long is shortened as
/// the recipe says for training.
#[derive(Debug, Args)]
pub struct Generate {
    /// Fill a column of the prompt, and answer that one prompt: --field question=… --field answer=…
    #[arg(long = "field", value_name = "NAME=TEXT", conflicts_with_all = ["input", "raw"])]
    fields: Vec<String>,
    /// A CSV, TSV or JSONL file with prompts, or a text file with one a line; stdin where absent
    #[arg(long = "in", visible_alias = "input", value_name = "FILE")]
    input: Option<PathBuf>,
    /// Write the answers to this file, whole or not at all; stdout where absent
    #[arg(long = "out", visible_alias = "output", value_name = "FILE.jsonl")]
    output: Option<PathBuf>,
    /// Which training answers; `base` is the model before tuning, `base.NAME` that of [model.NAME]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Send questions as they are, without the recipe's prompt
    #[arg(long)]
    raw: bool,
    /// Answers written at once; does not change them
    #[arg(long, default_value_t = NonZero::<usize>::new(16).unwrap())]
    batch: NonZero<usize>,
    /// Fill a column of the prompt for all lines: --column category=배송
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

/// What came back.
struct Answered {
    id: Value,
    text: String,
    end: Value,
    calls: Vec<Value>,
    failed: Option<String>,
}

impl Answered {
    fn line(&self) -> String {
        let mut line = json!({ "id": self.id, "text": self.text, "end": self.end });
        if !self.calls.is_empty() {
            line["tool_calls"] = self.calls.clone().into();
        }
        line.to_string()
    }
}

impl Generate {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        asked(&project, &self.columns, "")?;
        let held = self.held.read()?;
        let asked = self.asked(&project)?;
        let (mut lines, mut failed) = (String::new(), None);
        self.answer(&project, asked, &held, console, &mut |answered| {
            failed = failed.take().or(answered.failed.clone());
            if !self.fields.is_empty() && self.output.is_none() {
                // One prompt: what a person asked for is the text alone.
                console.print(answered.text.trim());
            } else if self.output.is_some() {
                lines += &answered.line();
                lines.push('\n');
            } else {
                console.print(answered.line());
            }
        })?;
        if let Some(path) = &self.output {
            pipeline::platform::write_atomic(path, lines.as_bytes())?;
            console.say(format!("wrote {} answers to {}", lines.lines().count(), path.display()));
        }
        match failed {
            Some(why) if !self.fields.is_empty() => {
                Err(fail(why, "a shorter text leaves room for the answer"))
            }
            Some(_) => Ok(Outcome::Negative),
            None => Ok(Outcome::Good),
        }
    }

    /// What is asked, from the command line, a file or stdin.
    fn asked(&self, project: &Project) -> anyhow::Result<Vec<Asked>> {
        if !self.fields.is_empty() {
            return Ok(vec![self.of_fields(project)?]);
        }
        let Some(path) = &self.input else {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            return self.of_lines(project, &text);
        };
        let kind = path.extension().map(|kind| kind.to_string_lossy().to_ascii_lowercase());
        if matches!(kind.as_deref(), Some("csv" | "tsv")) {
            return self.of_table(project, path);
        }
        let text =
            std::fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
        self.of_lines(project, &text)
    }

    /// The one prompt of `--field`: every column of the recipe's prompt has to be there.
    fn of_fields(&self, project: &Project) -> anyhow::Result<Asked> {
        let names = needed_columns(project)?;
        let of = |name: &String| {
            let pair = |field: &'_ String| {
                field.split_once('=').map(|(key, text)| (key.to_owned(), text.to_owned()))
            };
            self.fields.iter().chain(&self.columns).filter_map(pair).find(|(key, _)| key == name)
        };
        let missing: Vec<&str> = names.iter().filter(|name| of(name).is_none()).map(String::as_str).collect();
        if !missing.is_empty() {
            let all: Vec<_> = names.iter().map(|name| format!("--field {name}=…")).collect();
            return Err(fail(
                format!("the recipe's prompt has {}; {} is missing", quoted(&names), missing.join(", ")),
                format!("moru generate {}", all.join(" ")),
            ));
        }
        let last = names.last().and_then(of).map(|(_, text)| text).unwrap_or_default();
        let given: Vec<String> = self.fields.iter().chain(&self.columns).cloned().collect();
        Ok(Asked { id: 1.into(), messages: asked(project, &given, &last)? })
    }

    fn of_lines(&self, project: &Project, text: &str) -> anyhow::Result<Vec<Asked>> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        lines.map(|(i, line)| self.read(project, i + 1, line)).collect()
    }

    /// The rows of a CSV file that has the prompt's columns.
    fn of_table(&self, project: &Project, path: &Path) -> anyhow::Result<Vec<Asked>> {
        let names = needed_columns(project)?;
        let mut rows = sources::table(path)?;
        let columns: Vec<String> = rows.schema().columns.iter().map(|column| column.name.clone()).collect();
        let is_given = |name: &&String| {
            columns.contains(name)
                || self.columns.iter().any(|c| c.split_once('=').is_some_and(|(n, _)| n == **name))
        };
        if let Some(missing) = names.iter().find(|name| !is_given(name)) {
            return Err(fail(
                format!(
                    "{} has no column `{missing}`; the recipe's prompt has {}",
                    path.display(),
                    quoted(&names)
                ),
                format!(
                    "its columns: {}; --column {missing}=TEXT fills one for all rows",
                    listed(&columns, "")
                ),
            ));
        }
        let mut all = Vec::new();
        while let Some(item) = rows.next_item()? {
            let record = match item {
                Item::Record(record) => record,
                Item::Rejected(rejection) => {
                    return Err(fail(
                        format!("{}: {}", path.display(), rejection.detail),
                        "mend the row, or leave it out",
                    ));
                }
            };
            let text =
                |name: &String| columns.iter().position(|c| c == name).map(|at| record.values[at].to_text());
            let given: Vec<String> = names
                .iter()
                .filter_map(|name| Some(format!("{name}={}", text(name)?)))
                .chain(self.columns.iter().cloned())
                .collect();
            let last = names.last().and_then(text).unwrap_or_default();
            let messages = asked(project, &given, &last)?;
            all.push(Asked { id: Value::from(record.id.key.as_str()), messages });
        }
        Ok(all)
    }

    /// Asks a batch at a time, and hands each answer on in the order of what was asked.
    fn answer(
        &self,
        project: &Project,
        asked: Vec<Asked>,
        held: &Held,
        console: &Console,
        sink: &mut dyn FnMut(&Answered),
    ) -> anyhow::Result<()> {
        let resolved = project.resolved();
        let found = model_of::find(project, self.model.as_deref())?;
        let encoder = tokenize::encoder(&found.base, &resolved.tokenize)?;
        let sampling = self.sampling.sampling(resolved.evaluate.max_new_tokens, &resolved.replies);
        let max_prompt = tokenize::max_prompt(&found.base, &resolved.tokenize, sampling.max_tokens)?;
        let slots = self.batch.get().min(asked.len().max(1));
        let mut assistant = model_of::open(project, &found, slots)?;
        let (mut done, mut n_shortened, n) = (0, 0, asked.len());
        let mut asked = asked.into_iter().peekable();
        while asked.peek().is_some() {
            let (mut ids, mut requests) = (Vec::new(), Vec::new());
            for Asked { id, messages } in asked.by_ref().take(slots) {
                let (messages, is_shortened) =
                    tokenize::askable(&encoder, &resolved.tokenize, max_prompt, messages, &[])?;
                n_shortened += usize::from(is_shortened);
                ids.push(id);
                let request = Request { messages, sampling: sampling.clone(), ..Request::default() };
                requests.push(held.onto(request));
            }
            for answered in replies(&mut assistant, ids, &requests)? {
                sink(&answered);
                done += 1;
            }
            if console.live && n > slots {
                eprint!("\r{done} of {n}{}", if done == n { "\n" } else { "" });
            }
        }
        if n_shortened > 0 {
            console.say(format!(
                "{n_shortened} of {n} prompts were shortened, to stay within {max_prompt} tokens"
            ));
        }
        Ok(())
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

/// The replies to a batch, in its order.
fn replies(
    assistant: &mut dyn Responder,
    ids: Vec<Value>,
    requests: &[Request],
) -> anyhow::Result<Vec<Answered>> {
    let begun = |id| Answered { id, text: String::new(), end: Value::Null, calls: Vec::new(), failed: None };
    let mut replies: Vec<Answered> = ids.into_iter().map(begun).collect();
    assistant.respond(requests, &mut |i, event| match event {
        Event::Text(piece) => replies[i].text.push_str(&piece),
        Event::Done { finish, usage } => {
            replies[i].end = json!({
                "finish": finish_word(&finish),
                "prompt_tokens": usage.prompt_tokens,
                "completion_tokens": usage.completion_tokens,
            });
            if let FinishReason::Failed(why) = finish {
                replies[i].failed = Some(why);
            }
        }
        Event::ToolCall(call) => {
            replies[i].calls.push(json!({ "name": call.name, "arguments": call.arguments }));
        }
        Event::Token { .. } => {}
    })?;
    Ok(replies)
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
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
