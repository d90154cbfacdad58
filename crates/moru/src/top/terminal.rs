//! The terminal, taken over for a while: another screen, keys as they are pressed, and everything back at the end.

use std::io::Write;
use std::time::Duration;

use super::screen::Size;

/// What a person pressed while the dashboard waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Nothing, or what has no meaning here.
    None,
    /// To go.
    Quit,
}

/// What bytes of a terminal mean: `q`, Ctrl-C, Ctrl-D, and Escape alone.
#[cfg_attr(not(unix), expect(dead_code, reason = "without a terminal nothing is pressed"))]
fn key(bytes: &[u8]) -> Key {
    match bytes {
        [b'q' | b'Q' | 3 | 4, ..] | [0x1b] => Key::Quit,
        _ => Key::None,
    }
}

/// The taken terminal; it is given back when this is dropped.
pub struct Terminal {
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl Terminal {
    /// Takes the terminal of stdin and stdout.
    ///
    /// # Errors
    /// It is none.
    pub fn take() -> std::io::Result<Self> {
        use rustix::termios;
        let before = termios::tcgetattr(std::io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        termios::tcsetattr(std::io::stdin(), termios::OptionalActions::Now, &raw)?;
        let taken = Self { before };
        write("\x1b[?1049h\x1b[?25l")?;
        Ok(taken)
    }

    /// Its size now; 80 by 24 where it does not say.
    pub fn size() -> Size {
        let size =
            rustix::termios::tcgetwinsize(std::io::stdout()).ok().filter(|s| s.ws_col > 0 && s.ws_row > 0);
        size.map_or(Size { columns: 80, rows: 24 }, |s| Size {
            columns: s.ws_col.into(),
            rows: s.ws_row.into(),
        })
    }

    /// Waits for a key, at most so long. A terminal that has gone away quits.
    pub fn wait(most: Duration) -> Key {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let stdin = std::io::stdin();
        let mut ask = [PollFd::new(&stdin, PollFlags::IN)];
        let most = Timespec { tv_sec: most.as_secs() as i64, tv_nsec: most.subsec_nanos().into() };
        // A signal, such as that of a new size, ends the waiting early; then the screen is drawn anew.
        if !poll(&mut ask, Some(&most)).is_ok_and(|ready| ready > 0) {
            return Key::None;
        }
        let mut bytes = [0; 64];
        match rustix::io::read(&stdin, &mut bytes) {
            Ok(0) => Key::Quit,
            Ok(count) => key(&bytes[..count]),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Key::None,
            Err(_) => Key::Quit,
        }
    }
}

#[cfg(unix)]
impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = write("\x1b[?25h\x1b[?1049l");
        let _ =
            rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Now, &self.before);
    }
}

#[cfg(not(unix))]
impl Terminal {
    /// Always an error here: the caller prints plain text.
    pub fn take() -> std::io::Result<Self> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    pub fn size() -> Size {
        Size { columns: 80, rows: 24 }
    }

    pub fn wait(most: Duration) -> Key {
        std::thread::sleep(most);
        Key::None
    }
}

/// Draws lines over what stood there, without a moment of emptiness between.
pub fn show(lines: &[String]) -> std::io::Result<()> {
    let mut text = String::from("\x1b[H");
    for (at, line) in lines.iter().enumerate() {
        text += if at > 0 { "\r\n" } else { "" };
        text += line;
        text += "\x1b[K";
    }
    write(&(text + "\x1b[J"))
}

fn write(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_quit() {
        for bytes in [&b"q"[..], b"Q", b"\x03", b"\x04", b"\x1b"] {
            assert_eq!(key(bytes), Key::Quit, "{bytes:?}");
        }
        for bytes in [&b"x"[..], b"\x1b[A", b" "] {
            assert_eq!(key(bytes), Key::None, "an arrow is no Escape: {bytes:?}");
        }
    }
}
