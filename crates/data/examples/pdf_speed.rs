//! How fast PDF files are read, structure and all: `pdf_speed ROUNDS FILE...` prints one JSON object.
//!
//! Files that cannot be read are left out and named. The bytes are in memory before the clock starts.

use std::time::Instant;

use data::documents::pdf::{self, Limits};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let rounds: u32 = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1);
    let (mut pages, mut seconds, mut left_out) = (0_usize, 0.0, Vec::new());
    for path in arguments {
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        for round in 0..rounds {
            let copy = bytes.clone();
            let start = Instant::now();
            match pdf::read(copy, &path, &Limits::default(), &|| false) {
                Ok(document) => {
                    seconds += start.elapsed().as_secs_f64();
                    pages += document.pages.len();
                }
                Err(_) if round == 0 => left_out.push(path.clone()),
                Err(_) => {}
            }
        }
    }
    let rate = pages as f64 / f64::max(seconds, 1e-9);
    println!("{}", serde_json::json!({ "pages": pages, "pages_per_s": rate, "left_out": left_out.len() }));
}
