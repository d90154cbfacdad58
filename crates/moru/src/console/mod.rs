//! Everything a person sees: data on stdout, talk on stderr, one style of errors.

pub mod compared;
pub mod error;
pub mod format;
pub mod hints;
pub mod progress;
pub mod table;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use serde::Serialize;

/// How a verb ended when it was no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Good,
    /// An honest negative: what was asked turned out not to hold.
    Negative,
}

/// Why stdout took no more, once it did.
static REFUSED: OnceLock<std::io::Error> = OnceLock::new();

/// Where a person, or another program, reads.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    /// Whether stderr may have colours.
    pub colour: bool,
    /// Whether progress may be drawn.
    pub live: bool,
    /// Whether somebody can type an answer.
    pub interactive: bool,
}

#[expect(
    clippy::unused_self,
    reason = "what is written goes through the console, whatever it knows of the streams"
)]
impl Console {
    /// Looks at the streams of the process and at `NO_COLOR`.
    #[expect(clippy::disallowed_methods, reason = "the front door reads the environment")]
    pub fn of_process() -> Self {
        let live =
            std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let colour = live && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let interactive = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        Self { colour, live, interactive }
    }

    /// Writes data to stdout. A reader that has gone away ends the writing, not the verb; any other refusal is
    /// told when the verb ends.
    pub fn print(&self, text: impl AsRef<str>) {
        let mut out = std::io::stdout().lock();
        let written = out
            .write_all(text.as_ref().as_bytes())
            .and_then(|()| out.write_all(b"\n"))
            .and_then(|()| out.flush());
        if let Err(refused) = written
            && refused.kind() != std::io::ErrorKind::BrokenPipe
        {
            // Only the first matters: what follows it is missing anyway.
            let _ = REFUSED.set(refused);
        }
    }

    /// Writes one JSON value to stdout.
    pub fn print_json(&self, value: &impl Serialize) {
        self.print(serde_json::to_string_pretty(value).expect("a report is JSON"));
    }

    /// Talks on stderr.
    pub fn say(&self, text: impl AsRef<str>) {
        let mut err = std::io::stderr().lock();
        let _ = err.write_all(text.as_ref().as_bytes()).and_then(|()| err.write_all(b"\n"));
    }

    /// A word that stands out on stderr; the meaning is in the word, not in its colour.
    pub fn mark(&self, word: &str, code: u8) -> String {
        if self.colour { format!("\x1b[{code}m{word}\x1b[0m") } else { word.to_owned() }
    }

    /// Ends the process: 0 good, 1 an honest negative, 2 an error.
    pub fn end(&self, outcome: anyhow::Result<Outcome>) -> ExitCode {
        let outcome = outcome.and_then(|outcome| match REFUSED.get() {
            None => Ok(outcome),
            Some(refused) => Err(error::fail(
                format!("not all of the output could be written: {refused}"),
                "what was written is not whole; make room or write it elsewhere",
            )),
        });
        match outcome {
            Ok(Outcome::Good) => ExitCode::SUCCESS,
            Ok(Outcome::Negative) => ExitCode::from(1),
            Err(error) => {
                self.say(error::render(
                    &error,
                    self.mark("error", 31).as_str(),
                    self.mark("hint", 36).as_str(),
                ));
                ExitCode::from(2)
            }
        }
    }
}
