//! `.env` and the process environment, for secrets: read here, never printed, never in a digest.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::RecipeError;

/// Variables of `.env`, behind those of the process: what is set outside wins.
#[derive(Clone, Default)]
pub struct Environment {
    file: BTreeMap<String, String>,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Environment({} names, values hidden)", self.file.len())
    }
}

impl Environment {
    /// Reads `.env` in a project folder; an absent one is empty.
    pub fn read(project: &Path) -> Result<Self, RecipeError> {
        let path = project.join(".env");
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path, &text),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(RecipeError::Unreadable { path, message: e.to_string() }),
        }
    }

    /// Reads `NAME=value` lines; values may stand in quotes, `#` begins a comment, `export` is passed over.
    fn parse(path: &Path, text: &str) -> Result<Self, RecipeError> {
        let mut file = BTreeMap::new();
        for (i, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((name, value)) = line.split_once('=') else {
                // The line may hold a secret: it is not repeated.
                let message = "expected NAME=VALUE".to_owned();
                return Err(RecipeError::Syntax { path: path.to_owned(), line: i + 1, message });
            };
            file.insert(name.trim().to_owned(), unquoted(value.trim()));
        }
        Ok(Self { file })
    }

    /// The value of a variable; an empty one is none.
    #[expect(clippy::disallowed_methods, reason = "the front door reads the environment and hands it down")]
    pub fn get(&self, name: &str) -> Option<String> {
        let outside = std::env::var(name).ok();
        outside.or_else(|| self.file.get(name).cloned()).filter(|value| !value.is_empty())
    }

    /// Replaces each `${NAME}` in a text. `key` names the text in the error.
    pub fn expand(&self, key: &str, text: &str) -> Result<String, RecipeError> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let Some(end) = rest[start..].find('}') else { break };
            let name = &rest[start + 2..start + end];
            let value = self
                .get(name)
                .ok_or_else(|| RecipeError::Unset { key: key.to_owned(), name: name.to_owned() })?;
            out += &rest[..start];
            out += &value;
            rest = &rest[start + end + 1..];
        }
        Ok(out + rest)
    }
}

fn unquoted(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote)
            && let Some(end) = inner.find(quote)
        {
            return inner[..end].to_owned();
        }
    }
    value.split_once(" #").map_or(value, |(before, _)| before.trim_end()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(text: &str) -> Result<Environment, RecipeError> {
        Environment::parse(Path::new(".env"), text)
    }

    #[test]
    fn lines() {
        let env =
            env("# comment\nexport MORU_T_A = \"a b # c\"\nMORU_T_B=x#y # note\nMORU_T_C='q'\nMORU_T_D=\n")
                .unwrap();
        let get = |name| env.get(name).unwrap_or_default();
        assert_eq!([get("MORU_T_A"), get("MORU_T_B"), get("MORU_T_C")], ["a b # c", "x#y", "q"]);
        assert_eq!(env.get("MORU_T_D"), None);
        assert_eq!(env.expand("k", "u:${MORU_T_C}@${MORU_T_B}").unwrap(), "u:q@x#y");
        let error = env.expand("source.a.url", "${MORU_T_NONE}").unwrap_err();
        assert_eq!(error.to_string(), "`source.a.url` uses ${MORU_T_NONE}, which is not set");
    }

    #[test]
    fn secrets_are_not_shown() {
        let error = env("DB_USER=a\nhunter2\n").unwrap_err().to_string();
        assert!(error.contains(".env:2") && !error.contains("hunter2"), "{error}");
        assert!(!format!("{:?}", env("P=hunter2").unwrap()).contains("hunter2"));
    }
}
