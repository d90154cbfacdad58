//! The verbs, with help that teaches.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands as verbs;

/// Your organisation's own records, tuned into a small language model and measured against them.
#[derive(Debug, Parser)]
#[command(
    name = "moru",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "\
Begin:      moru quickstart              an example shop, from database to tuned bot, in a few minutes
            moru init support my-bot     a project of your own: a bot; or classify, which labels texts
Look:       moru tap prepare -n 3        what flows between two stages
            moru why ROW                 one example back to its database row and forward to its tokens
Exit codes: 0 good, 1 an honest negative, 2 an error"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs. One verb, one file in `commands/`.
#[derive(Debug, Subcommand)]
pub enum Command {
    Quickstart(verbs::quickstart::Quickstart),
    Init(verbs::init::Init),
    Check(verbs::check::Check),
    Plan(verbs::plan::Plan),
    Run(verbs::run::Run),
    Train(verbs::train::Train),
    Status(verbs::status::Status),
    Top(verbs::top::Top),
    Tap(verbs::tap::Tap),
    Why(verbs::why::Why),
    Chat(verbs::chat::Chat),
    Generate(verbs::generate::Generate),
    Classify(verbs::classify::Classify),
    Report(verbs::report::Report),
    Score(verbs::score::Score),
    Judge(verbs::judge::Judge),
    Inspect(verbs::inspect::Inspect),
    Merge(verbs::merge::Merge),
    Quantize(verbs::quantize::Quantize),
    Export(verbs::export::Export),
    Doctor(verbs::doctor::Doctor),
    Explain(verbs::explain::Explain),
    Clean(verbs::clean::Clean),
    Batch(verbs::batch::Batch),
    Bench(verbs::bench::Bench),
    Completions(verbs::completions::Completions),
}

/// Which project, and what is changed in its recipe for this once.
#[derive(Debug, Clone, Args)]
pub struct ProjectArgs {
    /// The project folder, with moru.toml
    #[arg(short = 'C', long = "project", value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// Override a key of the recipe: --set train.rank=16 (may be given several times)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
}
