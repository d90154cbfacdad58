//! What each stage took: seconds and memory. Beside the lock, because no digest may hold a time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What the last run of a stage took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Seconds.
    pub seconds: f64,
    /// The most memory that the process held meanwhile; 0 where it cannot be told.
    pub peak_rss_bytes: u64,
    /// When it ended, in seconds since 1970 (UTC); 0 where that is not known.
    #[serde(default)]
    pub ended_unix: u64,
}

impl Cost {
    /// The time.
    pub fn time(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.max(0.0))
    }
}

/// Costs by stage id.
pub type Costs = BTreeMap<String, Cost>;

fn file(results: &pipeline::Project) -> PathBuf {
    results.private().join("costs.json")
}

/// What is known; a damaged file is an empty one.
pub fn read(results: &pipeline::Project) -> Costs {
    std::fs::read(file(results))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

/// Notes what one stage took.
pub fn note(results: &std::path::Path, stage: &str, cost: Cost) -> anyhow::Result<()> {
    let path = results.join("costs.json");
    let mut costs: Costs =
        std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    costs.insert(stage.to_owned(), cost);
    Ok(pipeline::platform::write_atomic(&path, &serde_json::to_vec_pretty(&costs)?)?)
}
