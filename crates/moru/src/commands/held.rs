//! What replies are held to: a JSON schema, or calls of given functions.

use std::path::{Path, PathBuf};

use chat::{Request, ToolChoice};
use clap::Args;
use serde_json::Value;

use crate::console::error::fail;

/// What replies must be.
#[derive(Debug, Clone, Default, Args)]
pub struct HeldArgs {
    /// Every reply is JSON of this JSON schema, on one line
    #[arg(long, value_name = "FILE.json", conflicts_with = "tools")]
    schema: Option<PathBuf>,
    /// Functions that a reply may call: a JSON list in OpenAI's form; what is called is held to their schemas
    #[arg(long, value_name = "FILE.json")]
    tools: Option<PathBuf>,
    /// Whether functions are called: auto (as the model decides), required, or the name of one
    #[arg(long, value_name = "HOW", default_value = "auto", requires = "tools")]
    tool_choice: String,
}

/// The files, read.
#[derive(Debug, Clone, Default)]
pub struct Held {
    schema: Option<Value>,
    tools: Vec<Value>,
    tool_choice: ToolChoice,
}

impl HeldArgs {
    /// Reads the files that were named.
    pub fn read(&self) -> anyhow::Result<Held> {
        let schema = self.schema.as_deref().map(|path| json("--schema", path)).transpose()?;
        let Some(path) = &self.tools else { return Ok(Held { schema, ..Held::default() }) };
        let Value::Array(tools) = json("--tools", path)? else {
            return Err(fail(
                format!("--tools {}: this is no list", path.display()),
                "write [{\"type\": \"function\", \"function\": {\"name\": …, \"parameters\": …}}]",
            ));
        };
        let tool_choice = match self.tool_choice.as_str() {
            "auto" => ToolChoice::Auto,
            "required" => ToolChoice::Required,
            name => ToolChoice::Named(name.to_owned()),
        };
        Ok(Held { schema, tools, tool_choice })
    }
}

impl Held {
    /// A request whose reply is held to it.
    pub fn onto(&self, request: Request) -> Request {
        let (schema, tools, tool_choice) =
            (self.schema.clone(), self.tools.clone(), self.tool_choice.clone());
        Request { schema, tools, tool_choice, ..request }
    }
}

fn json(flag: &str, path: &Path) -> anyhow::Result<Value> {
    let place = path.display();
    let bytes = std::fs::read(path)
        .map_err(|error| fail(format!("{flag} {place}: {error}"), "name a file that is there"))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        fail(format!("{flag} {place}: not JSON: {error}"), "JSON has double quotes and no comments")
    })
}
