//! `moru`: an organisation's own records become a small language model, tuned and measured.
//!
//! The story: read what was typed ([`cli`]), do the verb ([`commands`]), say how it went ([`console`]).
//! A verb reads the recipe ([`recipe`]) and runs stages ([`stages`]) in a project folder ([`project`]).
#![expect(clippy::trivially_copy_pass_by_ref, reason = "a console is handed on like the writer that it is")]

mod cli;
mod commands;
mod console;
mod machine;
mod project;
mod reading;
mod recipe;
mod report;
mod stages;
mod top;

use clap::Parser;

use cli::{Cli, Command};
use console::Console;

fn main() -> std::process::ExitCode {
    let console = Console::of_process();
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Quickstart(verb) => verb.run(&console),
        Command::Init(verb) => verb.run(&console),
        Command::Check(verb) => verb.run(&console),
        Command::Plan(verb) => verb.run(&console),
        Command::Run(verb) => verb.run(&console),
        Command::Train(verb) => verb.run(&console),
        Command::Status(verb) => verb.run(&console),
        Command::Top(verb) => verb.run(&console),
        Command::Tap(verb) => verb.run(&console),
        Command::Why(verb) => verb.run(&console),
        Command::Chat(verb) => verb.run(&console),
        Command::Generate(verb) => verb.run(&console),
        Command::Classify(verb) => verb.run(&console),
        Command::Report(verb) => verb.run(&console),
        Command::Score(verb) => verb.run(&console),
        Command::Judge(verb) => verb.run(&console),
        Command::Inspect(verb) => verb.run(&console),
        Command::Merge(verb) => verb.run(&console),
        Command::Quantize(verb) => verb.run(&console),
        Command::Export(verb) => verb.run(&console),
        Command::Doctor(verb) => verb.run(&console),
        Command::Explain(verb) => verb.run(&console),
        Command::Clean(verb) => verb.run(&console),
        Command::Batch(verb) => verb.run(&console),
        Command::Bench(verb) => verb.run(&console),
        Command::Completions(verb) => verb.run(&console),
    };
    console.end(outcome)
}
