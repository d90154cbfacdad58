//! What can be wrong with a recipe, with its place.

use std::path::PathBuf;

use super::file::Place;

/// One fault of a recipe.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RecipeError {
    /// There is no recipe.
    #[error("there is no recipe at {}", path.display())]
    Absent {
        /// Where it should be.
        path: PathBuf,
    },
    /// The recipe cannot be read.
    #[error("could not read {}: {message}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// Not TOML.
    #[error("{}:{line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// `--set` without a path or a value.
    #[error("--set {}: expected SECTION.KEY=VALUE", key_part(given))]
    Assignment {
        /// What was typed.
        given: String,
    },
    /// A key that nobody reads.
    #[error("{}: unknown key `{key}` in [{section}]", at(place))]
    UnknownKey {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// The section.
        section: String,
        /// The keys there are.
        known: Vec<String>,
    },
    /// A section that nobody reads.
    #[error("{}: unknown section [{section}]", at(place))]
    UnknownSection {
        /// Where.
        place: Place,
        /// The section.
        section: String,
        /// The sections there are.
        known: Vec<String>,
    },
    /// A value of another type.
    #[error("{}: `{key}` is {given}; expected {expected}", at(place))]
    WrongType {
        /// Where.
        place: Place,
        /// The key with its section.
        key: String,
        /// What it is.
        given: String,
        /// What it should be.
        expected: String,
    },
    /// A value that is none of the choices.
    #[error("{}: `{key}` is {given:?}; allowed: {}", at(place), allowed.join(", "))]
    UnknownChoice {
        /// Where.
        place: Place,
        /// The key with its section.
        key: String,
        /// What it is.
        given: String,
        /// The choices.
        allowed: Vec<String>,
    },
    /// A number outside its range, or values that do not go together.
    #[error("{}: {what}", at(place))]
    Impossible {
        /// Where.
        place: Place,
        /// What is wrong and what is allowed.
        what: String,
    },
    /// A key or section that must be there.
    #[error("[{section}] has no `{key}`: {why}")]
    Missing {
        /// The section.
        section: String,
        /// The key.
        key: String,
        /// What it is for.
        why: String,
    },
    /// A variable that is not set.
    #[error("`{key}` uses ${{{name}}}, which is not set")]
    Unset {
        /// The key with its section.
        key: String,
        /// The variable.
        name: String,
    },
}

fn at(place: &Place) -> String {
    match place {
        Place::Line(line) => format!("moru.toml:{line}"),
        Place::Flag(path) => format!("--set {path}"),
    }
}

impl RecipeError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Absent { .. } => {
                "`moru init support DIR` writes one; `--project DIR` names the folder".into()
            }
            Self::UnknownKey { key, known, section, .. } => match closest(key, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("[{section}] knows {}", known.join(", ")),
            },
            Self::UnknownSection { section, known, .. } => match closest(section, known) {
                Some(near) => format!("did you mean [{near}]?"),
                None => format!("a recipe has {}", known.join(", ")),
            },
            Self::UnknownChoice { given, allowed, key, .. } => match closest(given, allowed) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => explain(key),
            },
            Self::Unset { name, .. } => format!("write `{name}=…` into .env, or set it in the environment"),
            Self::Missing { section, .. } | Self::WrongType { key: section, .. } => explain(section),
            Self::Assignment { .. } => "for example --set train.rank=16".into(),
            Self::Impossible { .. } => "`moru explain recipe` lists every key with its meaning".into(),
            Self::Unreadable { path, .. } => {
                format!("{} has to be a text file in UTF-8 that you may read", path.display())
            }
            Self::Syntax { path, .. } if path.ends_with(".env") => {
                "one NAME=VALUE a line; a value with spaces or # stands in quotes".into()
            }
            Self::Syntax { .. } => {
                "a recipe is TOML: text stands in quotes, lists in [ ], a key stands once in its section"
                    .into()
            }
        }
    }
}

/// Where the keys of a section are listed, for a key with its section.
fn explain(path: &str) -> String {
    let section = path.split('.').next().unwrap_or_default();
    format!("`moru explain {section}` lists the keys of a section with their meaning")
}

/// What was typed, as far as it is surely the name of a key: a value may be a secret.
fn key_part(given: &str) -> String {
    let is_name = |c: char| c.is_alphanumeric() || "._-".contains(c);
    given.find(|c| !is_name(c)).map_or_else(|| given.to_owned(), |at| format!("{}…", &given[..at]))
}

/// The known word that is nearest to a typed one, if it is near enough to be meant; else the one word that begins
/// with it.
pub fn closest<'a>(typed: &str, known: &'a [String]) -> Option<&'a str> {
    let limit = 1 + typed.chars().count() / 4;
    let near = known
        .iter()
        .map(|word| (distance(typed, word), word.as_str()))
        .filter(|(d, _)| *d <= limit)
        .min()
        .map(|(_, word)| word);
    let mut longer =
        known.iter().map(String::as_str).filter(|word| typed.len() > 1 && word.starts_with(typed));
    near.or_else(|| longer.next().filter(|_| longer.next().is_none()))
}

/// Edits between two words, where swapping two neighbours is one edit (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (rows[i - 1][j - 1] + change).min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words() {
        let known: Vec<String> =
            ["prompt", "response", "mask", "q8_0", "q4_0", "q4_k"].map(String::from).into();
        for (typed, expected) in [
            ("promt", Some("prompt")),
            ("prmopt", Some("prompt")),
            ("maks", Some("mask")),
            ("zebra", None),
            ("q8", Some("q8_0")),
            ("q4", None),
            ("q", None),
            ("", None),
        ] {
            assert_eq!(closest(typed, &known), expected, "{typed}");
        }
        assert_eq!(distance("한글", "한굴"), 1);
    }
}
