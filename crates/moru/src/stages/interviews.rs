//! The example interviews: what is learned, and what is scored.

use std::path::Path;

use pipeline::platform::write_atomic;
use synth::interview::{Interviews, Split, csv};

/// Triples to learn from.
const TRAIN: usize = 3200;

/// Triples to score.
const TEST: usize = 360;

/// Writes the interviews of a seed into `data/`: `interviews.csv` and `test.csv`.
pub fn write(folder: &Path, seed: u64) -> anyhow::Result<()> {
    let data = folder.join("data");
    std::fs::create_dir_all(&data)?;
    for (name, split, n) in [("interviews.csv", Split::Train, TRAIN), ("test.csv", Split::Test, TEST)] {
        let triples = Interviews::new(seed, split).triples(n);
        write_atomic(&data.join(name), csv(&triples).as_bytes())?;
    }
    Ok(())
}
