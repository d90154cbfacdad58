//! `leak:NAME`: a tuned model is made to talk, and what it says is searched for known personal values.
//!
//! 1. [`lead_ins`]: what people write right before a value of each kind.
//! 2. The model answers training questions at temperature 1; it goes on from each lead-in in a reply and in
//!    a customer's own turn, once with the likeliest words and then at temperature 1.
//! 3. [`search`]: every text is searched for what masking saw, and for what was planted in an example.
//!
//! Where the sources held no personal value there is nothing to search for, and the model is not made to talk.
//!
//! What is found is a result, told by kind, not a failure of the stage: a report with a red line is of more
//! use than none. The texts are kept without the values.

mod lead_ins;
mod search;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use anyhow::Context as _;
use chat::{Encoder, Example, Markup, Message, Role, Sampling, seeded, shortened_prompt};
use eval::report::LeakTest;
use pipeline::{Context, Counts, Input, Stage};
use serve::{Beginning, Continuing};

use super::known::Known;
use super::{Names, assistant, engine, jsonl, prepare, privacy, shop, tokenize};
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::{Evaluate, Prepare};
use lead_ins::LeadIns;
use search::{SAMPLE, Search};

/// Raised when the same model would be made to talk otherwise.
const VERSION: u32 = 2;

/// Replies to one training question: a prompt is dear, one more reply to it is cheap.
const PER_QUESTION: usize = 4;

/// Texts that go on from a lead-in at temperature 1, in each of the two turns.
const DRAWN: u64 = 3;

/// Texts that are written at once.
const AT_ONCE: usize = 48;

/// Most tokens of a question that is asked: every text that is written at once takes room for it.
const QUESTION_TOKENS: usize = 256;

/// Text with more bytes for each token that it may have is too long without being encoded.
const BYTES_PER_TOKEN: usize = 16;

/// Most tokens of a lead-in in a template of its own.
const LEAD_IN_TOKENS: usize = 64;

/// Questions that are tried for one that is short enough.
const TRIES: usize = 64;

/// Marks in a rendered text where the lead-in ends; no template and no lead-in writes it.
const MARK: char = '\u{f8ff}';

/// The stage of one training.
pub fn stage<'a>(project: &'a Project, name: &'a str, model: Input<'static>) -> anyhow::Result<Stage<'a>> {
    let secret = privacy::secret_bytes(project)?;
    let mut inputs = vec![
        Input::stage(Names::SPLITS, Names::SPLIT, Names::SPLITS),
        model,
        Input::stage(Names::TUNED, &Names::train(name), Names::TUNED),
        Input::stage(Names::KNOWN, Names::PREPARE, Names::KNOWN),
    ];
    if project.folder.join(shop::PLANTED).exists() {
        inputs.push(Input::file("planted", shop::PLANTED));
    }
    Ok(Stage {
        id: Names::leak(name),
        version: VERSION,
        inputs,
        outputs: vec![Names::LEAKS.into(), Names::SAID.into()],
        run: super::stage_fn(move |stage| run(stage, project, name, &secret)),
    })
}

/// What the recipe says of the test.
struct Settings {
    samples: usize,
    max_tokens: usize,
    seed: u64,
}

fn run(stage: &mut Context<'_>, project: &Project, name: &str, secret: &[u8]) -> anyhow::Result<Vec<Counts>> {
    let settings = Settings {
        samples: stage.param("evaluate.leak_samples")?,
        max_tokens: stage.param("evaluate.leak_tokens")?,
        seed: stage.param("project.seed")?,
    };
    let keep: Vec<String> = stage.param("prepare.mask.keep")?;
    let patterns: BTreeMap<String, String> = stage.param("prepare.mask.patterns")?;
    for key in ["prepare.prompt", "prepare.system", "tokenize.template"] {
        stage.param::<String>(key)?;
    }
    let planted = shop::planted(&project.folder)?.unwrap_or_default();
    let known = Known::open(Some(&stage.input(Names::KNOWN)?), secret, &keep, &planted)?;
    let (model, tuned) = (stage.input(Names::MODEL)?, stage.input(Names::TUNED)?);
    let mut search = Search::new(&known, name, settings.words());
    if known.n_values() == 0 {
        // The model would talk for minutes, and nothing it says could be one of no values.
        stage.note("no personal value is known from these sources: the model is not asked for any");
        return end(stage, search, &[]);
    }
    let rows: Vec<Example> = jsonl::read(&stage.input(Names::SPLITS)?.join("train.jsonl"))?;

    let encoder = tokenize::encoder(&model, &project.resolved().tokenize)?;
    let context = model::ModelConfig::from_folder(&model)?.context;
    let most = context.saturating_sub(settings.max_tokens + LEAD_IN_TOKENS);
    let room = Room { short: most.min(QUESTION_TOKENS), most };
    let prepare = &project.resolved().prepare;
    let asking = Asking { encoder: &encoder, rows, prepare, settings: &settings, room };
    let lead_ins = lead_ins::all(patterns.keys().map(String::as_str));
    let attempts = asking.attempts(&lead_ins)?;
    for of in &lead_ins {
        search.lead_ins(&of.kind, of.texts.len());
    }

    let said = talk(stage, &model, &tuned, &encoder, &attempts, &mut search)?;
    end(stage, search, &said)
}

/// Writes down what was said and what was found in it.
fn end(stage: &mut Context<'_>, search: Search<'_>, said: &[search::Said]) -> anyhow::Result<Vec<Counts>> {
    let mut writer = jsonl::Writer::create(&stage.output(Names::SAID)?)?;
    said.iter().try_for_each(|text| writer.push(text))?;
    writer.finish()?;
    let test = search.finish();
    if test.known_values > 0 {
        stage.note(&format!(
            "{} replies and {} texts after {} lead-ins say {} of {} known values",
            test.samples,
            test.continuations,
            test.prefixes,
            test.leaked(),
            test.known_values
        ));
    }
    let texts = test.texts();
    pipeline::platform::write_atomic(&stage.output(Names::LEAKS)?, &serde_json::to_vec_pretty(&test)?)?;
    Ok(vec![Counts::all("texts", texts)])
}

impl Settings {
    fn words(&self) -> String {
        let Self { max_tokens, seed, .. } = self;
        format!("greedy and temperature 1, at most {max_tokens} tokens, seed {seed}")
    }

    fn drawn(&self, n: u64) -> Sampling {
        let seed = seeded::at(self.seed, n);
        Sampling { max_tokens: self.max_tokens, temperature: 1.0, seed, ..Sampling::default() }
    }

    fn likeliest(&self) -> Sampling {
        Sampling { max_tokens: self.max_tokens, ..Sampling::default() }
    }
}

/// Something that the model goes on from.
struct Attempt {
    kind: String,
    turn: &'static str,
    lead_in: String,
    beginning: Beginning,
}

/// Makes prompts of training rows.
struct Asking<'a> {
    encoder: &'a Encoder,
    rows: Vec<Example>,
    prepare: &'a Prepare,
    settings: &'a Settings,
    room: Room,
}

/// Tokens that a question may have.
#[derive(Clone, Copy)]
struct Room {
    /// As many as are asked for gladly.
    short: usize,
    /// As many as the context has.
    most: usize,
}

impl Asking<'_> {
    /// All that the model goes on from: training questions, then every lead-in in both turns.
    fn attempts(&self, lead_ins: &[LeadIns]) -> anyhow::Result<Vec<Attempt>> {
        let mut attempts = self.questions()?;
        let mut n = self.settings.samples as u64;
        for (i, (kind, lead_in)) in
            lead_ins.iter().flat_map(|of| of.texts.iter().map(|text| (&of.kind, text))).enumerate()
        {
            let (row, mut reply) = self.question(1, i)?;
            reply.extend(self.encoder.reply(lead_in)?);
            for (turn, ids) in [("reply", reply), ("customer", self.open_turn(row, lead_in)?)] {
                let mut samplings = vec![self.settings.likeliest()];
                samplings.extend((0..DRAWN).map(|k| self.settings.drawn(n + k)));
                n += DRAWN;
                let (kind, lead_in) = (kind.clone(), lead_in.clone());
                attempts.push(Attempt { kind, turn, lead_in, beginning: Beginning { ids, samplings } });
            }
        }
        Ok(attempts)
    }

    /// Training questions, drawn, each for several replies.
    fn questions(&self) -> anyhow::Result<Vec<Attempt>> {
        let numbers: Vec<u64> = (0..self.settings.samples as u64).collect();
        let attempt = |(i, numbers): (usize, &[u64])| {
            let samplings = numbers.iter().map(|n| self.settings.drawn(*n)).collect();
            let beginning = Beginning { ids: self.question(0, i)?.1, samplings };
            Ok(Attempt { kind: SAMPLE.to_owned(), turn: "reply", lead_in: String::new(), beginning })
        };
        numbers.chunks(PER_QUESTION).enumerate().map(attempt).collect()
    }

    /// The `i`-th training row that is drawn among those with a short question, and the ids that ask for the
    /// reply to its last question. Where all of those drawn are long, the first of them, shortened in its middle.
    fn question(&self, stream: u64, i: usize) -> anyhow::Result<(&Example, Vec<u32>)> {
        let seed = seeded::at(self.settings.seed, 1000 + stream);
        let mut first = None;
        for n in (i * TRIES) as u64..((i + 1) * TRIES) as u64 {
            let place = (seeded::unit(seed, n) * self.rows.len() as f64) as usize;
            let Some(row) = self.rows.get(place) else { break };
            let last = row.messages.iter().rposition(|message| message.role == Role::Assistant);
            let asked = &row.messages[..last.unwrap_or(row.messages.len())];
            first.get_or_insert((row, asked));
            let bytes: usize = asked.iter().map(|message| message.content.len()).sum();
            if bytes > BYTES_PER_TOKEN * self.room.short {
                continue;
            }
            let ids = self.encoder.prompt(asked, &row.tools)?;
            if ids.len() <= self.room.short {
                return Ok((row, ids));
            }
        }
        let Room { short, most } = self.room;
        for (room, (row, asked)) in [short, most].into_iter().zip(first.into_iter().cycle()) {
            if let Some(shortened) = shortened_prompt(self.encoder, asked, &row.tools, room)? {
                return Ok((row, self.encoder.prompt(&shortened, &row.tools)?));
            }
        }
        Err(fail(
            format!("the leak test found no training question that can be told in {most} tokens"),
            "lower [evaluate] leak_tokens, or set leak_samples = 0 to go without the test",
        ))
    }

    /// Ids of a customer's turn that ends with the lead-in and is not closed.
    fn open_turn(&self, row: &Example, lead_in: &str) -> anyhow::Result<Vec<u32>> {
        let templates = prepare::templates(self.prepare)?;
        let marked = format!("{lead_in}{MARK}");
        let value = |column: &str| row.meta.get(column).and_then(|value| value.as_str());
        let mut question = String::new();
        templates.prompt.render(&mut question, |column| value(column).unwrap_or(&marked));
        let system = row.messages.iter().take_while(|message| message.role == Role::System);
        let messages: Vec<_> = system.cloned().chain([Message::new(Role::User, question)]).collect();
        let text = self.encoder.template().render(&messages, &[], true)?;
        let end = text.find(MARK).context("the template leaves the customer's words out")?;
        Ok(self.encoder.tokenizer().encode(&text[..end], Markup::Special)?)
    }
}

/// Lets the model go on from everything, and searches what it says.
fn talk(
    stage: &mut Context<'_>,
    model: &std::path::Path,
    tuned: &std::path::Path,
    encoder: &Encoder,
    attempts: &[Attempt],
    search: &mut Search<'_>,
) -> anyhow::Result<Vec<search::Said>> {
    let is_adapter = assistant::is_adapter(tuned);
    let (model, adapters) = if is_adapter { (model, vec![tuned]) } else { (tuned, Vec::new()) };
    let beginnings: Vec<Beginning> = attempts.iter().map(|attempt| attempt.beginning.clone()).collect();
    let total: usize = beginnings.iter().map(|beginning| beginning.samplings.len()).sum();
    let longest =
        |of: &Beginning| of.ids.len() + of.samplings.iter().map(|s| s.max_tokens).max().unwrap_or(0);
    let context = beginnings.iter().map(longest).max().unwrap_or(1);
    let mut engine = engine::open(model, &adapters, AT_ONCE + 1, context, None)?;
    let mut texts: BTreeMap<(usize, usize), (String, usize)> = BTreeMap::new();
    let mut fault = None;
    let tokenizer = encoder.tokenizer();
    let adapter = is_adapter.then_some(0);
    Continuing { engine: &mut engine, adapter, tokenizer, ends: encoder.end_ids() }.run(
        &beginnings,
        &mut |text| {
            match tokenizer.decode(text.ids, false) {
                Ok(said) => texts.insert((text.beginning, text.sampling), (said, text.ids.len())),
                Err(error) => return stop(&mut fault, error),
            };
            stage.progress(texts.len() as u64, Some(total as u64), "texts");
            if stage.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
    )?;
    fault.map_or(Ok(()), Err)?;
    if stage.is_cancelled() {
        return Err(pipeline::Error::Cancelled.into());
    }
    let said = texts.into_iter().map(|((beginning, _), (said, tokens))| {
        let Attempt { kind, turn, lead_in, .. } = &attempts[beginning];
        search.text(kind, turn, lead_in, &said, tokens)
    });
    Ok(said.collect())
}

fn stop<E>(fault: &mut Option<E>, error: E) -> ControlFlow<()> {
    fault.get_or_insert(error);
    ControlFlow::Break(())
}

/// Whether the recipe asks for the test.
pub fn is_wanted(evaluate: &Evaluate) -> bool {
    evaluate.leak_samples > 0
}

/// What the tests of all trainings found, as far as their stages are asked for.
pub fn tests(
    project: &Project,
    results: &pipeline::Project,
    is_asked: &dyn Fn(&String) -> bool,
) -> anyhow::Result<Vec<LeakTest>> {
    let names = project.resolved().train.keys().filter(|_| is_wanted(&project.resolved().evaluate));
    let stages = names.map(|name| Names::leak(name)).filter(is_asked);
    let found = stages.filter_map(|stage| results.output(&stage, Names::LEAKS).ok());
    found
        .map(|path| {
            let bytes = std::fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
            Ok(serde_json::from_slice(&bytes)?)
        })
        .collect()
}
