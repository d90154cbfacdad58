//! One style of errors: what, why, and what to do next.

use super::hints;
use crate::recipe::{RecipeErrors, hidden};

/// An error of the front door with a hint of its own.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    what: String,
    hint: Option<String>,
}

impl Failure {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// An error with a hint.
pub fn fail(what: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Failure { what: hidden(&what.into()), hint: Some(hint.into()) }.into()
}

/// The text of an error: `error:` what, its causes, a blank line, `hint:` what to do. A key that was written into a recipe
/// or a flag is not repeated.
pub fn render(error: &anyhow::Error, mark: &str, hint_mark: &str) -> String {
    hidden(&text(error, mark, hint_mark))
}

fn text(error: &anyhow::Error, mark: &str, hint_mark: &str) -> String {
    if let Some(errors) = error.downcast_ref::<RecipeErrors>() {
        return recipe(errors, mark, hint_mark);
    }
    let mut text = format!("{mark}: {error}");
    let mut said = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Transparent layers repeat what was said.
        if !said.contains(&cause) {
            text += &format!("\n  caused by: {}", cause.replace('\n', "\n    "));
            said = cause;
        }
    }
    if let Some(hint) = hints::of(error) {
        text += &format!("\n\n{hint_mark}: {hint}");
    }
    text
}

/// All faults of a recipe together, each with its own hint.
fn recipe(errors: &RecipeErrors, mark: &str, hint_mark: &str) -> String {
    let one = |e: &crate::recipe::RecipeError| format!("{mark}: {e}\n\n{hint_mark}: {}", e.hint());
    errors.0.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn causes_and_hint() {
        let error = Err::<(), _>(std::io::Error::other("disk on fire"))
            .context("could not write a")
            .context("stage `a` failed")
            .unwrap_err();
        let expected = "error: stage `a` failed\n  caused by: could not write a\n  caused by: disk on fire";
        assert_eq!(render(&error, "error", "hint"), expected);
        let error = fail("no such thing", "do this").context("while looking");
        assert_eq!(
            render(&error, "error", "hint"),
            "error: while looking\n  caused by: no such thing\n\nhint: do this"
        );
    }
}
