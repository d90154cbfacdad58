//! The template `summarize`: over the example's interviews, or over a table of your own.

use std::path::Path;

use data::sources::names::listed;

use super::{Init, begin, personal_lines, quoted};
use crate::console::Console;
use crate::console::error::fail;
use crate::stages;

const RECIPE: &str = include_str!("../../../../../examples/summarize/moru.toml");

/// The columns that the recipe speaks of.
const COLUMNS: [&str; 3] = ["question", "answer", "summary"];

/// Where the recipe's sources begin and end.
const SOURCES: [&str; 2] = ["[source.interviews]", "# An Alpaca prompt:"];

/// Writes the project, with the example's interviews of a seed where asked.
pub fn example(folder: &Path, seed: Option<u64>) -> anyhow::Result<()> {
    begin(folder)?;
    if let Some(seed) = seed {
        stages::interviews::write(folder, seed)?;
    }
    write(folder, RECIPE)
}

/// Writes a recipe under the folder's name.
fn write(folder: &Path, recipe: &str) -> anyhow::Result<()> {
    let name = folder.file_name().map_or("summaries".into(), |name| name.to_string_lossy());
    let recipe = recipe.replace("interview-summaries", &quoted(&name));
    Ok(pipeline::platform::write_atomic(&folder.join("moru.toml"), recipe.as_bytes())?)
}

/// Whether a table is one of summaries: it has all three columns, or the command names one for them.
pub fn is_wanted(file: &Path, init: &Init) -> anyhow::Result<bool> {
    if init.summary.is_some() || init.test.is_some() {
        return Ok(true);
    }
    if init.question.is_some() || init.answer.is_some() || !file.exists() {
        return Ok(false);
    }
    let columns = stages::sources::columns_of_csv(file)?;
    Ok(COLUMNS.iter().all(|name| columns.iter().any(|column| column == name)))
}

/// Writes the project over a table, and over a second one that is scored where there is one.
pub fn from_csv(file: &Path, folder: &Path, init: &Init, console: &Console) -> anyhow::Result<()> {
    let named = [&init.question, &init.answer, &init.summary];
    let wanted: Vec<String> = COLUMNS
        .iter()
        .zip(named)
        .map(|(ours, theirs)| theirs.clone().unwrap_or((*ours).to_owned()))
        .collect();
    let mut columns = Vec::new();
    for path in std::iter::once(file).chain(init.test.as_deref()) {
        columns.push(check(path, &wanted)?);
    }
    begin(folder)?;
    let mut sources = source("interviews", file, &wanted, &columns[0], "");
    copy(file, folder, "interviews.csv")?;
    if let Some(test) = &init.test {
        copy(test, folder, "test.csv")?;
        sources += &source(
            "test",
            test,
            &wanted,
            &columns[1],
            "split = \"test\"                    # all of it is scored, none of it learned\n",
        );
    }
    let mut recipe = with_sources(&sources);
    if !columns[0].contains(&"kind".to_owned()) {
        recipe = without_line(&recipe, "meta = ");
    }
    if init.test.is_none() {
        // Without a table of their own, some of the rows are the test.
        recipe = recipe
            .replace("train = 0.99\nvalid = 0.01\ntest = 0.0\n", "train = 0.98\nvalid = 0.01\ntest = 0.01\n")
            .replace(
                "# of the rows that no source sets apart: 99 to learn from, 1 to watch",
                "# 1 in 100 is watched, 1 in 100 is scored; `moru init --test FILE.csv` scores a table of its own",
            );
    }
    write(folder, &recipe)?;
    console.say(format!(
        "wrote {}: questions are `{}`, answers are `{}`, summaries are `{}`",
        folder.join("moru.toml").display(),
        wanted[0],
        wanted[1],
        wanted[2]
    ));
    Ok(())
}

/// The columns of a table that has all of those that are wanted.
fn check(file: &Path, wanted: &[String]) -> anyhow::Result<Vec<String>> {
    let columns = stages::sources::columns_of_csv(file)?;
    let missing: Vec<&str> =
        wanted.iter().filter(|name| !columns.contains(name)).map(String::as_str).collect();
    if missing.is_empty() {
        return Ok(columns);
    }
    Err(fail(
        format!(
            "{} has no column {}; summaries are learned from the columns `{}`, `{}` and `{}`",
            file.display(),
            missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
            wanted[0],
            wanted[1],
            wanted[2]
        ),
        format!(
            "--question, --answer and --summary name columns that are called otherwise; its columns: {}",
            listed(&columns, "")
        ),
    ))
}

fn copy(file: &Path, folder: &Path, name: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder.join("data"))?;
    pipeline::export::<pipeline::Error>(file, &folder.join("data").join(name), &mut |_| Ok(()))?;
    Ok(())
}

/// `[source.NAME]` over a copied table.
fn source(name: &str, file: &Path, theirs: &[String], columns: &[String], split: &str) -> String {
    let tsv = file.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("tsv"));
    let kind = if tsv { "tsv" } else { "csv" };
    let renamed: Vec<_> = (COLUMNS.iter().zip(theirs).filter(|(ours, theirs)| *ours != theirs))
        .map(|(ours, theirs)| format!("{ours} = \"{}\"", quoted(theirs)))
        .collect();
    let renamed = if renamed.is_empty() {
        String::new()
    } else {
        format!("columns = {{ {} }} # ours and theirs\n", renamed.join(", "))
    };
    let others: Vec<_> = columns.iter().filter(|column| !theirs.contains(column)).collect();
    let personal = personal_lines(&others);
    format!("[source.{name}]\nkind = \"{kind}\"\npath = \"data/{name}.csv\"\n{renamed}{split}{personal}\n")
}

/// The recipe with other sources.
fn with_sources(sources: &str) -> String {
    let [begin, end] = SOURCES.map(|mark| RECIPE.find(mark).expect("the recipe is part of the program"));
    format!("{}{sources}{}", &RECIPE[..begin], &RECIPE[end..])
}

fn without_line(recipe: &str, begin: &str) -> String {
    let kept: Vec<_> = recipe.lines().filter(|line| !line.starts_with(begin)).collect();
    kept.join("\n") + "\n"
}
