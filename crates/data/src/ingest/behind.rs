//! A file that is written by a thread of its own, so that whoever makes its bytes need not wait for the system.

use std::fs::File;
use std::io::{Error, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Bytes that are handed over at a time.
const BLOCK: usize = 1 << 18;
/// Blocks on their way; more would only be memory.
const BLOCKS: usize = 4;

/// Writes behind its caller's back, in order. What the system refuses is told by a later call, by [`Behind::end`]
/// at the latest.
pub struct Behind {
    block: Vec<u8>,
    /// Blocks that were written, to be filled again.
    empty: Receiver<Vec<u8>>,
    /// Gone once everything was handed over.
    full: Option<SyncSender<Vec<u8>>>,
    writer: Option<JoinHandle<std::io::Result<()>>>,
}

impl Behind {
    /// Takes the file over.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn new(mut file: File) -> std::io::Result<Self> {
        let (full, blocks) = sync_channel::<Vec<u8>>(BLOCKS);
        let (back, empty) = sync_channel(BLOCKS + 1);
        let write = move || {
            for mut block in blocks {
                file.write_all(&block)?;
                block.clear();
                // Where nobody needs it any more it is dropped; to wait here would be to wait for each other.
                let _ = back.try_send(block);
            }
            Ok(())
        };
        let writer = std::thread::Builder::new().name("table".to_owned()).spawn(write)?;
        Ok(Self { block: Vec::new(), empty, full: Some(full), writer: Some(writer) })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// The system's answer to these or to earlier bytes.
    pub fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.block.extend_from_slice(bytes);
        if self.block.len() < BLOCK { Ok(()) } else { self.hand_over() }
    }

    /// Waits until everything is written. Nothing may follow.
    ///
    /// # Errors
    /// As [`Behind::put`].
    pub fn end(&mut self) -> std::io::Result<()> {
        self.hand_over()?;
        self.join()
    }

    fn hand_over(&mut self) -> std::io::Result<()> {
        let next = self.empty.try_recv().unwrap_or_else(|_| Vec::with_capacity(BLOCK + (BLOCK >> 2)));
        let block = std::mem::replace(&mut self.block, next);
        match self.full.as_ref().map(|full| full.send(block)) {
            Some(Ok(())) => Ok(()),
            // The other side ends early only for an error.
            Some(Err(_)) | None => self.join().and(Err(Error::other("nothing may be written after the end"))),
        }
    }

    fn join(&mut self) -> std::io::Result<()> {
        self.full = None;
        match self.writer.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(written)) => written,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}

impl Drop for Behind {
    /// A file that was not ended is not whole; all that matters is that nobody writes to it any more.
    fn drop(&mut self) {
        self.full = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_that_were_put() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t");
        let mut behind = Behind::new(File::create(&path).unwrap()).unwrap();
        let mut want = Vec::new();
        for i in 0..40_000u32 {
            let bytes = i.to_le_bytes().repeat(1 + i as usize % 20);
            behind.put(&bytes).unwrap();
            want.extend(bytes);
        }
        behind.end().unwrap();
        assert!(std::fs::read(&path).unwrap() == want);
        assert!(want.len() > BLOCK * BLOCKS);
    }

    #[test]
    fn what_the_system_refuses_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t");
        File::create(&path).unwrap();
        // Opened to be read, it takes no byte.
        let open = || Behind::new(File::open(&path).unwrap()).unwrap();
        let mut behind = open();
        behind.put(b"x").unwrap();
        assert!(behind.end().is_err());
        let mut behind = open();
        let block = vec![0; BLOCK];
        assert!((0..1000).any(|_| behind.put(&block).is_err()));
        let mut behind = open();
        behind.put(b"x").unwrap();
        drop(behind);
    }
}
