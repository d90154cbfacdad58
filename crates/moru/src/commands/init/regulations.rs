//! The template `regulations`: a rules expert over the rules of companies that do not exist, and the words that a
//! teacher and a judge are asked with.

use std::path::Path;

use pipeline::platform::write_atomic;
use synth::rules::Book;

use super::{begin, quoted};

const RECIPE: &str = include_str!("../../../../../examples/regulations/moru.toml");

/// Writes the project, with the example's rules as PDF where asked.
pub fn example(folder: &Path, with_rules: bool) -> anyhow::Result<()> {
    begin(folder)?;
    let rules = folder.join("rules");
    std::fs::create_dir_all(&rules)?;
    if with_rules {
        for book in [Book::Employment, Book::Pay] {
            let printed = book.pdf();
            write_atomic(&rules.join(printed.name), printed.bytes)?;
        }
    }
    let prompts = folder.join("prompts");
    std::fs::create_dir_all(&prompts)?;
    for (name, text) in synth::questions::prompts::FILES {
        // What the tuned model is told stands in the recipe.
        if !name.starts_with("persona") {
            write_atomic(&prompts.join(name), text.as_bytes())?;
        }
    }
    for (name, text) in eval::judge::FILES {
        write_atomic(&prompts.join(name), text.as_bytes())?;
    }
    let name = folder.file_name().map_or("rules".into(), |name| name.to_string_lossy());
    let recipe = RECIPE.replace("company-rules", &quoted(&name));
    Ok(write_atomic(&folder.join("moru.toml"), recipe.as_bytes())?)
}
