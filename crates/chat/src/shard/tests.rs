use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::*;
use crate::sample::Sample;
use crate::tokenizer::{Tokenizer, hex};

fn samples() -> Vec<Sample> {
    let sample = |row: &str, part, ids: &[u32]| Sample {
        row: row.to_string(),
        part,
        ids: ids.to_vec(),
        trained: (0..ids.len()).map(|i| i % 3 == 2).collect(),
    };
    vec![sample("문의#1", 0, &[1, 2, 3, 258, 0]), sample("문의#1", 1, &[7]), sample("", 0, &[9, 9, 264])]
}

fn write(path: &Path) -> Written {
    let mut writer = ShardWriter::new(path, &Tokenizer::bytes());
    for sample in samples() {
        writer.push(sample.view()).unwrap();
    }
    writer.finish().unwrap()
}

fn put(path: &Path, bytes: &[u8]) {
    File::create(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.shard");
    let written = write(&path);
    assert_eq!((written.samples, written.tokens, written.trained_tokens), (3, 9, 2));
    let shard = Shard::open(&path).unwrap();
    assert_eq!(shard.iter().map(|view| view.to_sample()).collect::<Vec<_>>(), samples());
    assert_eq!(shard.digest(), written.digest);
    assert_eq!(shard.tokenizer_digest(), Tokenizer::bytes().digest());
    assert_eq!(shard.vocab_size(), Tokenizer::bytes().vocab_size());
    let again = folder.path().join("again.shard");
    write(&again);
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&again).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
}

#[test]
fn an_empty_shard_is_a_shard() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.shard");
    ShardWriter::new(&path, &Tokenizer::bytes()).finish().unwrap();
    assert!(Shard::open(&path).unwrap().is_empty());
}

#[test]
fn every_cut_and_every_changed_byte_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.shard");
    write(&path);
    let good = std::fs::read(&path).unwrap();
    for len in 0..good.len() {
        put(&path, &good[..len]);
        assert!(matches!(Shard::open(&path), Err(ShardError::Length { .. })), "{len} bytes");
    }
    put(&path, &[&good[..], &[0; 8]].concat());
    assert!(matches!(Shard::open(&path), Err(ShardError::Length { .. })));
    // The vocabulary's size (checked against ids only), the tokenizer's digest and the tail of the
    // header are not covered by the content's digest.
    for at in (0..good.len()).filter(|at| !(12..16).contains(at) && !(72..HEADER_LEN).contains(at)) {
        let mut bad = good.clone();
        bad[at] ^= 0x41;
        put(&path, &bad);
        assert!(Shard::open(&path).is_err(), "byte {at}");
    }
}

/// Changes bytes behind the header and makes the digest right again.
fn forge(path: &Path, change: impl Fn(&mut [u8])) -> ShardError {
    write(path);
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    let digest = Sha256::digest(&bytes[HEADER_LEN..]);
    bytes[40..72].copy_from_slice(&digest);
    put(path, &bytes);
    Shard::open(path).unwrap_err()
}

#[test]
fn forged_content_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.shard");
    let sections = Sections::new(3, 9, 14).unwrap();
    let ids = sections.ids.start;
    let cases: [(usize, u8, Fault); 6] = [
        (sections.token_ends.start, 200, Fault::TokenRange),
        (sections.token_ends.start + 8, 0, Fault::TokenRange),
        (sections.name_ends.start, 99, Fault::NameRange),
        (sections.names.start, 0xFF, Fault::NameText),
        (sections.trained.start, 1, Fault::First),
        (sections.trained.start + 1, 2, Fault::Mask),
    ];
    for (at, value, fault) in cases {
        let error = forge(&path, |bytes| bytes[at] = value);
        assert!(matches!(&error, ShardError::Content { what, .. } if *what == fault), "{error}");
    }
    let error = forge(&path, |bytes| bytes[ids + 3] = 0x7F);
    assert!(error.to_string().contains("token id 2130706433 in a vocabulary of 265"), "{error}");
    for (at, name) in [(16, "samples"), (24, "tokens"), (32, "names")] {
        let error = forge(&path, |bytes| bytes[at..at + 8].copy_from_slice(&[0xFF; 8]));
        assert!(matches!(error, ShardError::Length { .. }), "{name}: {error}");
    }
    assert!(matches!(forge(&path, |bytes| bytes[8] = 2), ShardError::Version { found: 2, .. }));
    assert!(matches!(forge(&path, |bytes| bytes[0] = b'X'), ShardError::NotAShard { .. }));
}

#[test]
fn a_sample_that_no_reader_takes_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.shard");
    let mut writer = ShardWriter::new(&path, &Tokenizer::bytes());
    let sample = |ids: &[u32], trained: &[bool]| Sample {
        row: "r".into(),
        part: 0,
        ids: ids.to_vec(),
        trained: trained.to_vec(),
    };
    for bad in [sample(&[], &[]), sample(&[1], &[true]), sample(&[1, 265], &[false, true]), sample(&[1], &[])]
    {
        assert!(matches!(writer.push(bad.view()), Err(ShardError::Content { sample: 0, .. })));
    }
    let absent = folder.path().join("no/such/folder.shard");
    assert!(matches!(ShardWriter::new(&absent, &Tokenizer::bytes()).finish(), Err(ShardError::Io { .. })));
    assert_eq!(hex(&[0, 255]), "00ff");
}
