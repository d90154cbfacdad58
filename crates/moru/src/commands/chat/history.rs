//! What a person said in earlier talks, for Up and Down: a file in the project's private folder, a message a line.

use std::path::{Path, PathBuf};

/// In the private folder, because people type names and numbers of customers.
const NAME: &str = "chat_history.jsonl";
/// Messages that are kept; older ones go.
const MOST: usize = 500;

/// The messages of earlier talks, and where they are kept.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
}

impl History {
    /// The history of a project, by its private folder.
    pub fn of(private: &Path) -> Self {
        Self { path: private.join(NAME) }
    }

    /// What was said, the oldest first; nothing where there is no such file, and no line that is none of ours.
    pub fn messages(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Adds a message to what stands in the file now: another talk may have written meanwhile.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&self, message: &str) -> Result<(), pipeline::Error> {
        let mut messages = self.messages();
        messages.push(message.to_owned());
        let kept = &messages[messages.len().saturating_sub(MOST)..];
        let mut lines = String::new();
        for message in kept {
            lines += &serde_json::json!(message).to_string();
            lines.push('\n');
        }
        pipeline::platform::write_atomic(&self.path, lines.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_in_order_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::of(folder.path());
        assert_eq!(history.messages(), [""; 0]);
        history.add("배송은\n언제 오나요?").unwrap();
        History::of(folder.path()).add("\"둘\"").unwrap();
        assert_eq!(history.messages(), ["배송은\n언제 오나요?", "\"둘\""]);
        pipeline::platform::write_atomic(&history.path, b"broken\n\"one\"\n\0\n").unwrap();
        assert_eq!(history.messages(), ["one"]);
        for n in 0..MOST {
            history.add(&n.to_string()).unwrap();
        }
        let all = history.messages();
        assert_eq!((all.len(), all[0].as_str(), all[MOST - 1].as_str()), (MOST, "0", "499"));
    }
}
