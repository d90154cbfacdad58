//! A text from outside, made as the training's texts were: cleaned, masked, through the recipe's prompt and behind its
//! instructions. A classifier that has never seen a greeting should not be shown one.

use chat::{Message, Role};
use data::clean::{Cleaner, Rule, Rules};
use data::prepare::Template;
use data::privacy::Masker;

use super::labelled;
use crate::project::Project;
use crate::stages::{prepare, privacy};

/// Makes texts of a recipe.
pub struct Asked {
    cleaner: Cleaner,
    masker: Masker,
    /// Instructions without columns; those of a prompt may have some.
    system: Option<Template>,
    /// The prompt, where rows are no conversations; its last column is the text.
    prompt: Option<Template>,
}

impl Asked {
    /// Reads the recipe.
    pub fn of(project: &Project) -> anyhow::Result<Self> {
        let recipe = &project.resolved().prepare;
        let rules: Rules = recipe.strip.iter().filter_map(|name| Rule::from_name(name)).collect();
        let public = project.resolved().source.values().all(|source| source.public);
        let templates = prepare::templates(recipe)?;
        Ok(Self {
            cleaner: Cleaner::new(rules, &recipe.strip_patterns)?,
            masker: privacy::masker(&recipe.mask, public, &privacy::secret_bytes(project)?)?,
            system: templates.system,
            prompt: (!recipe.is_conversations()).then_some(templates.prompt),
        })
    }

    /// The text as training saw such texts. What cleaning would empty stays as it is.
    pub fn text(&self, given: &str) -> String {
        let cleaned = self.cleaner.clean(given).text;
        let cleaned = if cleaned.trim().is_empty() { given } else { &cleaned };
        let masked = self.masker.mask(cleaned).text;
        let fill = |template: &Template| {
            let last = template.columns().next_back().unwrap_or_default().to_owned();
            let mut out = String::new();
            template.render(&mut out, |name| if name == last { &masked } else { "" });
            out.replace("[] ", "")
        };
        let mut messages = Vec::new();
        let instructions = self.system.as_ref().map(|system| {
            let mut out = String::new();
            system.render(&mut out, |_| "");
            out
        });
        messages.extend(instructions.map(|text| Message::new(Role::System, text)));
        let text = self.prompt.as_ref().map_or_else(|| masked.clone(), fill);
        messages.push(Message::new(Role::User, text));
        labelled::text(&messages)
    }
}
