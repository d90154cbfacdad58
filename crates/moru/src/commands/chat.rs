//! `moru chat`: talk to the tuned model.

use std::io::{BufRead, Write};

use chat::{Event, FinishReason, Message, Request, Responder, Role, Sampling};
use clap::Args;
use data::prepare::Template;

use crate::cli::ProjectArgs;
use crate::console::{Console, Outcome};
use crate::project::Project;
use crate::stages::{model_of, prepare};

/// Talk to the tuned model, in a terminal or line by line from a pipe
///
/// What is typed goes through the recipe's prompt: a recipe whose prompt has more columns than one is
/// asked with the question in its last column and the others left empty; --raw sends the text as it is.
/// An empty line or Ctrl-D ends. /new forgets what was said.
#[derive(Debug, Args)]
pub struct Chat {
    /// Which training answers; `base` is the model before tuning
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Send what is typed as it is, without the recipe's prompt
    #[arg(long)]
    raw: bool,
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
    /// Most tokens of a reply
    #[arg(long, default_value_t = 256)]
    max_tokens: usize,
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
    /// Taken from a token's logit for each time that the reply holds it already
    #[arg(long, default_value_t = 0.0, value_parser = from_zero)]
    frequency_penalty: f32,
    /// End the reply before this text (may be given several times)
    #[arg(long, value_name = "TEXT")]
    stop: Vec<String>,
    /// The same seed gives the same reply
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl SamplingArgs {
    /// As the responder takes it.
    pub fn sampling(&self) -> Sampling {
        Sampling {
            max_tokens: self.max_tokens,
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            min_p: self.min_p,
            repetition_penalty: self.repetition_penalty,
            presence_penalty: self.presence_penalty,
            frequency_penalty: self.frequency_penalty,
            seed: self.seed,
            stop: self.stop.clone(),
        }
    }
}

impl Default for SamplingArgs {
    fn default() -> Self {
        let it = Sampling::default();
        Self {
            max_tokens: it.max_tokens,
            temperature: it.temperature,
            top_k: it.top_k,
            top_p: it.top_p,
            min_p: it.min_p,
            repetition_penalty: it.repetition_penalty,
            presence_penalty: it.presence_penalty,
            frequency_penalty: it.frequency_penalty,
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
    let fill = |template: &data::prepare::Template| {
        let mut out = String::new();
        // Stands for the question while labels that nobody filled are taken out: they say nothing.
        const QUESTION: &str = "\u{0}";
        template.render(&mut out, |name| {
            let given = given.iter().find(|(key, _)| *key == name).map_or("", |(_, text)| *text);
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
        Self { model: None, raw: false, columns: Vec::new(), sampling, project }
    }

    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        asked(&project, &self.columns, "")?;
        let found = model_of::find(&project, self.model.as_deref())?;
        let mut assistant = model_of::open(&project, &found, 1)?;
        if console.interactive {
            console.say(format!("{}: an empty line ends, /new begins anew", found.name));
        }
        let mut messages: Vec<Message> = Vec::new();
        let mut lines = std::io::stdin().lock().lines();
        loop {
            if console.interactive {
                let _ = write!(std::io::stderr(), "> ");
                let _ = std::io::stderr().flush();
            }
            let Some(line) = lines.next() else { break };
            let line = line?;
            match line.trim() {
                "" => break,
                "/new" => messages.clear(),
                question => {
                    if self.raw || !messages.is_empty() {
                        messages.push(Message::new(Role::User, question));
                    } else {
                        messages = asked(&project, &self.columns, question)?;
                    }
                    let reply = say(&mut assistant, &messages, self.sampling.sampling(), console)?;
                    messages.push(Message::new(Role::Assistant, reply));
                }
            }
        }
        Ok(Outcome::Good)
    }
}

/// Streams one reply to stdout, and gives it back.
fn say(
    assistant: &mut dyn Responder,
    messages: &[Message],
    sampling: Sampling,
    console: &Console,
) -> anyhow::Result<String> {
    let request = Request { messages: messages.to_vec(), sampling, ..Request::default() };
    let mut reply = String::new();
    let mut failed = None;
    assistant.respond(&[request], &mut |_, event| match event {
        Event::Text(piece) => {
            let mut out = std::io::stdout().lock();
            let _ = out.write_all(piece.as_bytes()).and_then(|()| out.flush());
            reply.push_str(&piece);
        }
        Event::Done { finish: FinishReason::Failed(why), .. } => failed = Some(why),
        Event::Done { .. } | Event::Token { .. } | Event::ToolCall(_) => {}
    })?;
    console.print("");
    if let Some(why) = failed {
        return Err(crate::console::error::fail(
            why,
            "/new forgets what was said; shorter questions leave more room",
        ));
    }
    Ok(reply)
}
