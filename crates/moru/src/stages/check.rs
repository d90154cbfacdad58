//! Is everything there that a recipe names? Touches files, databases and the model, changes nothing.

use data::sources::sql;
use serde::Serialize;

use super::sources;
use crate::project::Project;
use crate::recipe::Source;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What: `source.inquiries`, `model.base`.
    pub subject: String,
    /// What was found.
    pub found: String,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// Looks at everything that the recipe names.
pub fn environment(project: &Project) -> Vec<Finding> {
    project.resolved().source.values().map(|source| look(project, source)).collect()
}

fn look(project: &Project, source: &Source) -> Finding {
    let subject = format!("source.{}", source.name);
    match found(project, source) {
        Ok(found) => Finding { subject, found, error: None },
        Err(error) => {
            let chain: Vec<_> = error.chain().map(ToString::to_string).collect();
            Finding { subject, found: String::new(), error: Some(chain.join(": ")) }
        }
    }
}

fn found(project: &Project, source: &Source) -> anyhow::Result<String> {
    let columns = |rows: &dyn data::sources::Source| {
        let names: Vec<_> = rows.schema().columns.iter().map(|column| column.name.as_str()).collect();
        names.join(", ")
    };
    let rows = sources::open(project, source)?;
    if source.kind == "sql" {
        let settings = sources::settings(project, source)?;
        let probe = sql::probe(&settings, &sources::request(source))?;
        return Ok(format!("{}: {} rows; columns {}", settings.place(), probe.rows, columns(&*rows)));
    }
    Ok(format!("{}: columns {}", source.path, columns(&*rows)))
}
