//! TensorBoard's event file: TFRecord frames round `tensorflow.Event` messages.
//!
//! A frame is the length (u64), its masked CRC-32C (u32), the message, its masked CRC-32C, all little-endian.
//! Fields used of the messages: Event { 1: wall_time f64, 2: step i64, 3: file_version string, 5: summary },
//! Summary { 1: repeated value }, Value { 1: tag string, 2: simple_value f32 }.

use std::fs::File;
use std::io::{Result, Write};
use std::path::Path;

/// An event file, appended to.
#[derive(Debug)]
pub(super) struct EventFile(File);

impl EventFile {
    /// Opens or continues a file; a new one begins with its version.
    pub fn open(path: &Path, now: f64) -> Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        let is_new = file.metadata()?.len() == 0;
        let mut events = Self(file);
        if is_new {
            let mut message = Vec::new();
            put_double(&mut message, 1, now);
            put_bytes(&mut message, 3, b"brain.Event:2");
            events.0.write_all(&frame(&message))?;
        }
        Ok(events)
    }

    /// Appends numbers of one step.
    pub fn scalars(&mut self, step: u64, now: f64, scalars: &[(&str, f64)]) -> Result<()> {
        self.0.write_all(&frame(&scalar_event(step, now, scalars)))
    }
}

fn scalar_event(step: u64, now: f64, scalars: &[(&str, f64)]) -> Vec<u8> {
    let mut summary = Vec::new();
    for &(tag, value) in scalars {
        let mut entry = Vec::new();
        put_bytes(&mut entry, 1, tag.as_bytes());
        put_varint(&mut entry, 2 << 3 | 5);
        entry.extend((value as f32).to_le_bytes());
        put_bytes(&mut summary, 1, &entry);
    }
    let mut message = Vec::new();
    put_double(&mut message, 1, now);
    put_varint(&mut message, 2 << 3);
    put_varint(&mut message, step);
    put_bytes(&mut message, 5, &summary);
    message
}

fn frame(message: &[u8]) -> Vec<u8> {
    let len = (message.len() as u64).to_le_bytes();
    let mut out = len.to_vec();
    out.extend(masked_crc(&len).to_le_bytes());
    out.extend(message);
    out.extend(masked_crc(message).to_le_bytes());
    out
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_varint(out, field << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend(bytes);
}

fn put_double(out: &mut Vec<u8>, field: u64, value: f64) {
    put_varint(out, field << 3 | 1);
    out.extend(value.to_le_bytes());
}

/// TFRecord rotates and shifts its checksums, so that a checksum of a frame that holds one stays strong.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), bit by bit: event files are small.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82F6_3B78 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_has_its_published_check_values() {
        // RFC 3720, appendix B.4.
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(&[0xFF; 32]), 0x62A8_AB43);
    }

    #[test]
    fn a_scalar_is_the_message_that_tensorboard_reads() {
        let message = scalar_event(300, 1.5, &[("a", 2.0)]);
        let mut expected = vec![0x09];
        expected.extend(1.5f64.to_le_bytes());
        expected.extend([0x10, 0xAC, 0x02]); // step 300
        expected.extend([0x2A, 10, 0x0A, 8]); // summary, value
        expected.extend([0x0A, 1, b'a', 0x15]);
        expected.extend(2.0f32.to_le_bytes());
        assert_eq!(message, expected);
    }

    #[test]
    fn a_file_is_begun_once_and_continued() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("events");
        EventFile::open(&path, 0.0).unwrap();
        let first = std::fs::read(&path).unwrap();
        EventFile::open(&path, 9.0).unwrap().scalars(1, 0.0, &[("a", 1.0)]).unwrap();
        let second = std::fs::read(&path).unwrap();
        assert!(second.starts_with(&first) && second.len() > first.len());
        assert_eq!(u64::from_le_bytes(first[..8].try_into().unwrap()) as usize + 16, first.len());
    }
}
