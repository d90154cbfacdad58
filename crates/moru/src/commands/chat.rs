//! `moru chat`: talk to the tuned model.

mod history;
mod line;
mod terminal;

use std::io::Write;
use std::time::Instant;

use chat::{Event, FinishReason, Message, Request, Responder, Role, Sampling};
use clap::Args;
use data::prepare::Template;

use crate::cli::ProjectArgs;
use crate::console::{Console, Outcome, format};
use crate::project::Project;
use crate::recipe::Replies;
use crate::stages::questions::{self, CONTEXT};
use crate::stages::{model_of, prepare};
use history::History;
use terminal::Input;

/// Talk to the tuned model, in a terminal or line by line from a pipe
///
/// What is typed goes through the recipe's prompt: a recipe whose prompt has more columns than one is
/// asked with the question in its last column and the others left empty; --raw sends the text as it is.
/// Ctrl-D or /quit ends, Ctrl-C stops a reply, Up and Down bring back what was said, and a line that ends with \
/// goes on in the next. /reset forgets what was said; /system TEXT, /adapter NAME and /help do what they say.
#[derive(Debug, Args)]
pub struct Chat {
    /// Which training answers; `base` is the model before tuning, `base.NAME` that of [model.NAME]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Send what is typed as it is, without the recipe's prompt
    #[arg(long)]
    raw: bool,
    /// Keep nothing of what is typed for the next talk (it is kept in .moru, which only you may read)
    #[arg(long)]
    no_history: bool,
    /// Fill a column of the prompt: --column category=배송
    #[arg(long = "column", value_name = "NAME=TEXT")]
    columns: Vec<String>,
    #[command(flatten)]
    pub sampling: SamplingArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
}

/// How the next token is chosen.
#[derive(Debug, Clone, Args)]
pub struct SamplingArgs {
    /// Most tokens of a reply [default: 256; `generate`: as many as [evaluate] max_new_tokens of the recipe]
    #[arg(long)]
    pub max_tokens: Option<usize>,
    /// 0 always takes the likeliest token
    #[arg(long, default_value_t = 0.0, value_parser = from_zero)]
    temperature: f32,
    /// Choose among so many of the likeliest tokens; 0 is no limit
    #[arg(long, default_value_t = 0)]
    top_k: usize,
    /// Choose among the likeliest tokens that together have this probability
    #[arg(long, default_value_t = 1.0, value_parser = share)]
    top_p: f32,
    /// Choose among the tokens that have this share of the likeliest one's probability; 0 is no limit
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    min_p: f32,
    /// Above 1, tokens that were there already become less likely
    #[arg(long, default_value_t = 1.0, value_parser = above_zero)]
    repetition_penalty: f32,
    /// Taken from the logit of tokens that the reply holds already
    #[arg(long, default_value_t = 0.0, value_parser = from_zero)]
    presence_penalty: f32,
    /// Taken from a token's logit for each time that the reply holds it already [default: as in [replies] of the recipe]
    #[arg(long, value_parser = from_zero)]
    frequency_penalty: Option<f32>,
    /// End the reply before this text (may be given several times)
    #[arg(long, value_name = "TEXT")]
    stop: Vec<String>,
    /// The same seed gives the same reply
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Most tokens of a reply in a talk.
const MAX_TOKENS: usize = 256;

impl SamplingArgs {
    /// As the responder takes it, with so many tokens at most and the recipe's penalty where none were named.
    pub fn sampling(&self, max_tokens: usize, replies: &Replies) -> Sampling {
        Sampling {
            max_tokens: self.max_tokens.unwrap_or(max_tokens),
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            min_p: self.min_p,
            repetition_penalty: self.repetition_penalty,
            presence_penalty: self.presence_penalty,
            frequency_penalty: self.frequency_penalty.unwrap_or(replies.frequency_penalty as f32),
            seed: self.seed,
            stop: self.stop.clone(),
        }
    }
}

impl Default for SamplingArgs {
    fn default() -> Self {
        let it = Sampling::default();
        Self {
            max_tokens: None,
            temperature: it.temperature,
            top_k: it.top_k,
            top_p: it.top_p,
            min_p: it.min_p,
            repetition_penalty: it.repetition_penalty,
            presence_penalty: it.presence_penalty,
            frequency_penalty: None,
            stop: it.stop,
            seed: it.seed,
        }
    }
}

fn number(text: &str, most: f32) -> Result<f32, String> {
    let number: f32 = text.parse().map_err(|_| "this is no number".to_owned())?;
    if (0.0..=most).contains(&number) { Ok(number) } else { Err(format!("allowed: 0 to {most}")) }
}

fn from_zero(text: &str) -> Result<f32, String> {
    number(text, 1000.0)
}

fn above_zero(text: &str) -> Result<f32, String> {
    from_zero(text).and_then(|n| if n > 0.0 { Ok(n) } else { Err("allowed: more than 0".to_owned()) })
}

fn share(text: &str) -> Result<f32, String> {
    number(text, 1.0)
}

/// The recipe's prompt with a question in its last column.
pub fn asked(project: &Project, columns: &[String], question: &str) -> anyhow::Result<Vec<Message>> {
    let templates = prepare::templates(&project.resolved().prepare)?;
    let last = templates.prompt.columns().next_back().unwrap_or_default().to_owned();
    let given = given(&templates, columns)?;
    let wants = |name: &str| templates.prompt.columns().any(|column| column == name);
    let is_given = given.iter().any(|(key, _)| *key == CONTEXT);
    let found = if wants(CONTEXT) && !is_given { questions::looked_up(project, question)? } else { None };
    let fill = |template: &data::prepare::Template| {
        let mut out = String::new();
        // Stands for the question while labels that nobody filled are taken out: they say nothing.
        const QUESTION: &str = "\u{0}";
        template.render(&mut out, |name| {
            let given = given.iter().find(|(key, _)| *key == name).map(|(_, text)| *text);
            let given = given.or(found.as_deref().filter(|_| name == CONTEXT)).unwrap_or("");
            if name == last { QUESTION } else { given }
        });
        out.replace("[] ", "").trim().replace(QUESTION, question)
    };
    let mut messages = Vec::new();
    if let Some(system) = &templates.system {
        messages.push(Message::new(Role::System, fill(system)));
    }
    messages.push(Message::new(Role::User, fill(&templates.prompt)));
    Ok(messages)
}

/// The columns of the recipe's prompt, the question's the last.
pub fn prompt_columns(project: &Project) -> anyhow::Result<Vec<String>> {
    let templates = prepare::templates(&project.resolved().prepare)?;
    Ok(templates.prompt.columns().map(str::to_owned).collect())
}

/// The columns of the recipe's prompt that somebody who asks has to fill: what is found in documents fills itself.
pub fn needed_columns(project: &Project) -> anyhow::Result<Vec<String>> {
    let has_documents = project.resolved().source.values().any(crate::recipe::Source::is_documents);
    let mut columns = prompt_columns(project)?;
    columns.retain(|column| !has_documents || column != CONTEXT);
    Ok(columns)
}

/// The columns that were given, each one that the recipe's prompt or system has.
fn given<'a>(
    templates: &data::prepare::Templates,
    columns: &'a [String],
) -> anyhow::Result<Vec<(&'a str, &'a str)>> {
    let all = || templates.prompt.columns().chain(templates.system.iter().flat_map(Template::columns));
    let one = |column: &'a String| {
        column.split_once('=').filter(|(name, _)| all().any(|known| known == *name)).ok_or_else(|| {
            let known: Vec<_> = all().collect();
            crate::console::error::fail(
                format!("--column {column}: the recipe's prompt has no such column"),
                format!("write --column NAME=TEXT; its columns are {}", known.join(", ")),
            )
        })
    };
    columns.iter().map(one).collect()
}

impl Chat {
    /// Talk about a project with everything else at its default.
    pub fn about(project: ProjectArgs) -> Self {
        let sampling = SamplingArgs::default();
        Self { model: None, raw: false, no_history: false, columns: Vec::new(), sampling, project }
    }

    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        asked(&project, &self.columns, "")?;
        let found = model_of::find(&project, self.model.as_deref())?;
        let assistant = model_of::open(&project, &found, 1)?;
        let mut talk = Talk {
            chat: &self,
            project: &project,
            console,
            assistant,
            name: found.name,
            system: None,
            messages: Vec::new(),
        };
        if console.interactive {
            console.say(format!("{}: /help lists what can be done, Ctrl-D ends", talk.name));
        }
        let private = project.results()?.private().to_owned();
        let history = (!self.no_history).then(|| History::of(&private));
        let mut input = Input::open(console.interactive, history);
        while let Some(message) = input.next()? {
            match message.trim() {
                "" => {}
                "/quit" | "/exit" => break,
                command if command.starts_with('/') => talk.command(command),
                question => talk.ask(question, &mut input)?,
            }
        }
        Ok(Outcome::Good)
    }
}

/// What /help says.
const HELP: &str = "\
/reset           forget what was said (/new does too)
/system TEXT     say what the model is told before everything; without TEXT: show it
/adapter NAME    let another training answer, or `base`; without NAME: list them
/help            this
/quit            end, as Ctrl-D does
A line that ends with \\ goes on in the next (Alt-Enter and Ctrl-J do the same in a terminal).
Up and Down bring back what was said, in earlier talks too; Ctrl-C stops a reply, or forgets a line.";

/// A conversation.
struct Talk<'a> {
    chat: &'a Chat,
    project: &'a Project,
    console: &'a Console,
    assistant: serve::Assistant<crate::stages::engine::Engine>,
    /// Which training answers.
    name: String,
    /// What the model is told before everything, where a person says so.
    system: Option<String>,
    messages: Vec<Message>,
}

impl Talk<'_> {
    fn command(&mut self, line: &str) {
        let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match (command, rest.trim()) {
            ("/reset" | "/new", _) => {
                self.messages.clear();
                self.console.say("forgotten");
            }
            ("/help", _) => self.console.say(HELP),
            ("/system", "") => {
                self.console.say(self.system.as_deref().unwrap_or("as the recipe says"));
            }
            ("/system", text) => {
                self.system = Some(text.to_owned());
                self.messages.clear();
                self.console.say("the conversation begins anew with it");
            }
            ("/adapter", "") => {
                let mark = |name: String| if name == self.name { format!("{name} (answers)") } else { name };
                let names = model_of::names(self.project).into_iter();
                self.console.say(names.map(mark).collect::<Vec<_>>().join(", "));
            }
            ("/adapter", name) => self.change_to(name),
            (other, _) => self.console.say(format!("there is no {other}; /help lists what there is")),
        }
    }

    /// Another training answers; what was said stays.
    fn change_to(&mut self, name: &str) {
        let opened = model_of::find(self.project, Some(name))
            .and_then(|found| Ok((model_of::open(self.project, &found, 1)?, found.name)));
        match opened {
            Ok((assistant, name)) => {
                (self.assistant, self.name) = (assistant, name);
                self.console.say(format!("{} answers", self.name));
            }
            Err(error) => self.console.say(format!("{error:#}; {} still answers", self.name)),
        }
    }

    fn ask(&mut self, question: &str, input: &mut Input) -> anyhow::Result<()> {
        let before = self.messages.len();
        if !self.messages.is_empty() {
            let next = match questions::looked_up(self.project, question)? {
                // What was found for an earlier question says nothing about this one.
                Some(_) if !self.chat.raw => asked(self.project, &self.chat.columns, question)?.pop(),
                _ => None,
            };
            self.messages.push(next.unwrap_or_else(|| Message::new(Role::User, question)));
        } else if self.chat.raw {
            self.messages = vec![Message::new(Role::User, question)];
        } else {
            self.messages = asked(self.project, &self.chat.columns, question)?;
        }
        if let (0, Some(system)) = (before, &self.system) {
            self.messages.retain(|message| message.role != Role::System);
            self.messages.insert(0, Message::new(Role::System, system));
        }
        match self.reply(input)? {
            Ok(reply) => self.messages.push(Message::new(Role::Assistant, reply)),
            Err(why) => {
                self.messages.truncate(before);
                let hint = "/reset forgets what was said; shorter questions leave more room";
                if !self.console.interactive {
                    return Err(crate::console::error::fail(why, hint));
                }
                self.console.say(format!("{why}; {hint}"));
            }
        }
        Ok(())
    }

    fn sampling(&self) -> Sampling {
        self.chat.sampling.sampling(MAX_TOKENS, &self.project.resolved().replies)
    }

    /// Streams one reply to stdout, and gives it back, or why there is none.
    fn reply(&mut self, input: &mut Input) -> anyhow::Result<Result<String, String>> {
        let (messages, sampling) = (self.messages.clone(), self.sampling());
        // Each token is told as it comes; its text may wait for the end of a sentence.
        let request = Request { messages, sampling, log_probs: true, ..Request::default() };
        let cancel = request.cancel.clone();
        let (mut reply, mut end) = (String::new(), None);
        let mut first = None;
        let listening = input.listen(cancel)?;
        self.assistant.respond(&[request], &mut |_, event| match event {
            Event::Token { .. } => {
                first.get_or_insert_with(Instant::now);
            }
            Event::Text(piece) => {
                let mut out = std::io::stdout().lock();
                let _ = out.write_all(piece.as_bytes()).and_then(|()| out.flush());
                reply.push_str(&piece);
            }
            Event::Done { finish, usage } => end = Some((finish, usage)),
            Event::ToolCall(_) => {}
        })?;
        drop(listening);
        self.console.print("");
        let Some((finish, usage)) = end else { return Ok(Ok(reply)) };
        if let FinishReason::Failed(why) = finish {
            return Ok(Err(why));
        }
        if self.console.interactive {
            let stopped = if finish == FinishReason::Cancelled { "stopped; " } else { "" };
            let speed = match (first, usage.completion_tokens) {
                // The first token came with the prompt.
                (Some(first), n @ 2..) => {
                    let seconds = first.elapsed().as_secs_f64().max(1e-9);
                    format!(", {}", format::rate((n - 1) as f64 / seconds, "tokens"))
                }
                _ => String::new(),
            };
            self.console.say(format!("({stopped}{} tokens{speed})", usage.completion_tokens));
        }
        Ok(Ok(reply))
    }
}
