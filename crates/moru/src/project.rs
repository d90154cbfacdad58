//! A project folder: its recipe, its secrets, its results.

use std::path::{Path, PathBuf};

use crate::cli::ProjectArgs;
use crate::console::error::fail;
use crate::recipe::{Environment, Recipe, Resolved};

/// A project that was opened for a verb.
pub struct Project {
    /// Its folder.
    pub folder: PathBuf,
    /// Its recipe.
    pub recipe: Recipe,
    /// Its secrets.
    pub environment: Environment,
    /// Its documents, once something was looked up in them.
    pub library: std::cell::OnceCell<data::validate::Sources>,
}

impl Project {
    /// Reads the recipe and `.env`.
    pub fn open(args: &ProjectArgs) -> anyhow::Result<Self> {
        Self::at(&args.folder, &args.sets)
    }

    /// Opens the project in a folder.
    pub fn at(folder: &Path, sets: &[String]) -> anyhow::Result<Self> {
        if !folder.is_dir() {
            let hint = "`moru init support DIR` makes a project; `--project DIR` names one";
            return Err(fail(format!("there is no folder {}", folder.display()), hint));
        }
        let recipe = Recipe::read(folder, sets)?;
        let environment = Environment::read(folder)?;
        let library = std::cell::OnceCell::new();
        Ok(Self { folder: folder.to_owned(), recipe, environment, library })
    }

    /// A folder with nothing but what `.env` says: for verbs that need no recipe.
    pub fn without_recipe(folder: &Path) -> anyhow::Result<Self> {
        let environment = Environment::read(folder)?;
        let library = std::cell::OnceCell::new();
        Ok(Self { folder: folder.to_owned(), recipe: Recipe::blank(), environment, library })
    }

    /// What the recipe means.
    pub fn resolved(&self) -> &Resolved {
        &self.recipe.resolved
    }

    /// What stages wrote.
    pub fn results(&self) -> anyhow::Result<pipeline::Project> {
        Ok(pipeline::Project::open(&self.folder)?)
    }

    /// A path of the recipe, which is relative to the project.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}
