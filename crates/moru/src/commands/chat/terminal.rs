//! Where messages come from: a terminal with a line editor, or lines of a pipe.

use std::io::BufRead;

use chat::CancelToken;

use super::history::History;

/// Gives messages, one after another.
pub enum Input {
    /// A person at a terminal.
    #[cfg(unix)]
    Terminal(Box<unix::Terminal>),
    /// Anything else: a line is a message; one that ends with `\` goes on in the next.
    Lines(std::io::Lines<std::io::BufReader<std::io::Stdin>>),
}

impl Input {
    /// The terminal of the process where there is one and `interactive` says so, with a history where it may have one.
    pub fn open(interactive: bool, history: Option<History>) -> Self {
        #[cfg(unix)]
        if interactive && let Ok(terminal) = unix::Terminal::open(history) {
            return Self::Terminal(Box::new(terminal));
        }
        #[cfg(not(unix))]
        let _ = (interactive, history);
        Self::Lines(std::io::BufReader::new(std::io::stdin()).lines())
    }

    /// The next message; none at the end.
    pub fn next(&mut self) -> std::io::Result<Option<String>> {
        match self {
            #[cfg(unix)]
            Self::Terminal(terminal) => terminal.next(),
            Self::Lines(lines) => {
                let mut message: Option<String> = None;
                for line in lines {
                    let line = line?;
                    let message = message.get_or_insert_default();
                    let Some(begun) = line.strip_suffix('\\') else {
                        *message += &line;
                        return Ok(Some(std::mem::take(message)));
                    };
                    *message += &format!("{begun}\n");
                }
                Ok(message)
            }
        }
    }

    /// Listens while a reply is written, and cancels it at Ctrl-C; what is dropped with it gives the terminal back.
    /// What else is typed meanwhile is the beginning of the next message.
    pub fn listen(&mut self, cancel: CancelToken) -> std::io::Result<Listening<'_>> {
        Ok(Listening {
            #[cfg(unix)]
            terminal: match self {
                Self::Terminal(terminal) => Some(terminal.listen(cancel)?),
                Self::Lines(_) => None,
            },
            #[cfg(not(unix))]
            cancel,
            others: std::marker::PhantomData,
        })
    }
}

/// A terminal whose Ctrl-C is heard and ends nothing by itself.
pub struct Listening<'a> {
    #[cfg(unix)]
    #[expect(dead_code, reason = "held for what happens when it is dropped")]
    terminal: Option<unix::Listener<'a>>,
    #[cfg(not(unix))]
    #[expect(dead_code, reason = "nothing cancels where keys are not heard")]
    cancel: CancelToken,
    others: std::marker::PhantomData<&'a mut Input>,
}

#[cfg(unix)]
mod unix {
    use std::io::{self, PipeReader, PipeWriter, Write};
    use std::thread::{self, JoinHandle};

    use chat::CancelToken;
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::termios::{self, OptionalActions, OutputModes, Termios, Winsize};

    use super::super::history::History;
    use super::super::line::{Editor, Key, Typed, take_key, visible};

    /// A terminal as it was, and what is typed in it.
    pub struct Terminal {
        before: Termios,
        editor: Editor,
        /// Where messages are kept for the next talk.
        history: Option<History>,
        /// Bytes that were read and are no whole key yet.
        bytes: Vec<u8>,
    }

    /// A terminal that gives keys as they are pressed, until it is dropped.
    pub struct Raw<'a> {
        before: &'a Termios,
        bytes: &'a mut Vec<u8>,
    }

    impl Drop for Raw<'_> {
        fn drop(&mut self) {
            let _ = write("\x1b[?2004l");
            let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, self.before);
        }
    }

    /// Reads keys on a thread of its own, so that Ctrl-C is heard while a model computes.
    pub struct Listener<'a> {
        raw: Raw<'a>,
        /// Closed to end the thread.
        wake: Option<PipeWriter>,
        /// Gives the bytes that it read.
        thread: Option<JoinHandle<Vec<u8>>>,
    }

    impl Drop for Listener<'_> {
        fn drop(&mut self) {
            drop(self.wake.take());
            if let Some(Ok(typed)) = self.thread.take().map(JoinHandle::join) {
                self.raw.bytes.extend(typed);
            }
        }
    }

    /// Cancels at Ctrl-C and forgets what was typed before it, until the other end of `woken` is closed.
    fn hear(woken: &PipeReader, cancel: &CancelToken) -> Vec<u8> {
        let (stdin, mut typed) = (io::stdin(), Vec::new());
        loop {
            let mut ask = [PollFd::new(woken, PollFlags::IN), PollFd::new(&stdin, PollFlags::IN)];
            match poll(&mut ask, None) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return typed,
                Ok(_) if !ask[0].revents().is_empty() => return typed,
                Ok(_) => {}
            }
            if !read(&mut typed).is_ok_and(|n| n > 0) {
                return typed;
            }
            if let Some(at) = typed.iter().rposition(|&b| b == INTERRUPT) {
                typed.drain(..=at);
                cancel.cancel();
            }
        }
    }

    /// Ctrl-C as a terminal gives it that makes no signal of it.
    const INTERRUPT: u8 = 3;

    /// Reads what was typed, at least a byte; 0 at the end.
    fn read(into: &mut Vec<u8>) -> io::Result<usize> {
        let mut bytes = [0; 1024];
        loop {
            match rustix::io::read(io::stdin(), &mut bytes) {
                Ok(n) => {
                    into.extend_from_slice(&bytes[..n]);
                    return Ok(n);
                }
                // A signal, such as that of a new size.
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    impl Terminal {
        pub fn open(history: Option<History>) -> io::Result<Self> {
            let before = termios::tcgetattr(io::stdin())?;
            let editor = Editor::with(history.as_ref().map(History::messages).unwrap_or_default());
            Ok(Self { before, editor, history, bytes: Vec::new() })
        }

        /// Keeps a message for the next talk. Where that cannot be done it is said once, and the talk goes on.
        fn keep(history: &mut Option<History>, message: &str) -> io::Result<()> {
            if let Some(Err(error)) = history.as_ref().map(|history| history.add(message)) {
                *history = None;
                write(&format!("(what you type is not kept for the next talk: {error})\n"))?;
            }
            Ok(())
        }

        fn raw(before: &Termios) -> io::Result<()> {
            let mut raw = before.clone();
            raw.make_raw();
            // Line ends stay line ends, for what is printed meanwhile.
            raw.output_modes |= OutputModes::OPOST | OutputModes::ONLCR;
            termios::tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
            Ok(())
        }

        pub fn listen(&mut self, cancel: CancelToken) -> io::Result<Listener<'_>> {
            let (woken, wake) = io::pipe()?;
            Self::raw(&self.before)?;
            let raw = Raw { before: &self.before, bytes: &mut self.bytes };
            let thread = thread::Builder::new().spawn(move || hear(&woken, &cancel))?;
            Ok(Listener { raw, wake: Some(wake), thread: Some(thread) })
        }

        /// Lets a person type a message.
        pub fn next(&mut self) -> io::Result<Option<String>> {
            Self::raw(&self.before)?;
            let raw = Raw { before: &self.before, bytes: &mut self.bytes };
            write("\x1b[?2004h")?;
            let remembered = self.editor.remembered();
            let mut row = draw(&self.editor, 0)?;
            loop {
                while let Some(key) = take_key(raw.bytes) {
                    if key == Key::Redraw {
                        write("\x1b[H\x1b[2J")?;
                        row = 0;
                    }
                    // Where this key ends the message, the editor holds it no longer.
                    let whole = (key == Key::Enter).then(|| self.editor.rows(window().0).0);
                    match self.editor.press(key) {
                        Typed::Going => row = draw(&self.editor, row)?,
                        Typed::Message(message) => {
                            draw_whole(&whole.unwrap_or_default(), row)?;
                            if self.editor.remembered() > remembered {
                                Self::keep(&mut self.history, &message)?;
                            }
                            return Ok(Some(message));
                        }
                        Typed::End => {
                            write("\n")?;
                            return Ok(None);
                        }
                    }
                }
                if read(raw.bytes)? == 0 {
                    return Ok(None);
                }
            }
        }
    }

    /// Columns and rows of the window.
    fn window() -> (usize, usize) {
        let size = termios::tcgetwinsize(io::stderr()).ok();
        let told = |of: fn(&Winsize) -> u16| size.as_ref().map(of).filter(|n| *n > 0).map(usize::from);
        (told(|size| size.ws_col).unwrap_or(80), told(|size| size.ws_row).unwrap_or(24))
    }

    /// Draws what the window shows of the message over what stood there, the cursor having been in row `from` of it; gives
    /// the cursor's row.
    fn draw(editor: &Editor, from: usize) -> io::Result<usize> {
        let (columns, height) = window();
        let (rows, (row, column)) = editor.rows(columns);
        let (shown, row) = visible(rows.len(), row, height);
        let rows = &rows[shown];
        let mut text = up(from) + "\r\x1b[J" + &rows.join("\n");
        text += &up(rows.len() - 1 - row);
        text += &format!("\r\x1b[{column}C");
        write(&text)?;
        Ok(row)
    }

    /// Draws a message that is done, all of its rows, over what was shown of it, and leaves it below.
    fn draw_whole(rows: &[String], from: usize) -> io::Result<()> {
        write(&(up(from) + "\r\x1b[J" + &rows.join("\n") + "\n"))
    }

    fn up(rows: usize) -> String {
        if rows > 0 { format!("\x1b[{rows}A") } else { String::new() }
    }

    fn write(text: &str) -> io::Result<()> {
        let mut out = io::stderr().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}
