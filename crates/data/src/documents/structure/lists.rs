//! Items: whether a marker goes on a list, begins one, or is text.

use super::super::numbering::{self, Marker, Style};
use super::super::tree::{Level, Number, TreeFinding};
use super::builder::{Builder, LIST, Open};
use super::lines::{Line, Role};
use super::sequence::follows;

/// How many lines are looked at for the next item of a list.
const MOST_AHEAD: usize = 400;
/// How many numbers may be missing in a list.
const MOST_MISSING: u32 = 3;

impl<'d> Builder<'d> {
    /// Takes a line as an item where its marker fits; `false` where it is text.
    pub(super) fn list(&mut self, i: usize) -> bool {
        let line = &self.lines[i];
        let Some(marker) = line.marker.filter(|m| m.page.is_none() && is_item(m)) else { return false };
        if line.depth.is_some() && line.first && self.list_of_format(line, &marker) {
            return true;
        }
        let Some(number) = marker.number else { return self.bullet(line, &marker) };
        let previous = i.checked_sub(1).map_or("", |before| self.lines[before].text);
        if !line.first && !line.inline && numbering::ends_sentence(previous, line.text) {
            return false;
        }
        let open = self.stack.iter().rposition(|open| open.style == Some(marker.style));
        match open {
            Some(at) if follows(self.stack[at].number, number) => {
                self.stack.truncate(at);
            }
            Some(at) if number.main == 1 && number.branch == 0 => {
                // A list that begins anew beside the one that is open.
                if !(marker.sure || self.goes_on(i, &marker, number)) || line.inline {
                    return false;
                }
                self.stack.truncate(at);
            }
            Some(at) => return self.gap(line, &marker, at),
            None if number.main == 1 && number.branch == 0 => {
                if !(marker.sure || self.goes_on(i, &marker, number)) {
                    return false;
                }
            }
            None => {
                if !(marker.sure && line.first && self.goes_on(i, &marker, number)) {
                    return false;
                }
                self.push_item(line, &marker);
                self.report(number, Number { main: 0, branch: 0 });
                return true;
            }
        }
        self.push_item(line, &marker);
        true
    }

    /// An item after some that are missing.
    fn gap(&mut self, line: &Line<'d>, marker: &Marker<'d>, at: usize) -> bool {
        let last = self.stack[at].number;
        let Some(number) = marker.number else { return false };
        let near = number > last && number.main - last.main <= MOST_MISSING;
        if !(marker.sure && line.first && near) {
            return false;
        }
        self.stack.truncate(at);
        self.push_item(line, marker);
        self.report(number, last);
        true
    }

    fn report(&mut self, found: Number, after: Number) {
        let path = self.nodes.last().map(|node| node.path.clone()).unwrap_or_default();
        self.findings.push(TreeFinding::NumberGap { path, after, found });
    }

    /// Items without numbers: one bullet is one depth.
    fn bullet(&mut self, line: &Line<'d>, marker: &Marker<'d>) -> bool {
        let symbol = marker.heading.chars().next();
        if !line.first && !line.inline && symbol == Some('-') && marker.rest.starts_with('-') {
            return false;
        }
        if let Some(at) = self
            .stack
            .iter()
            .rposition(|open| open.style == Some(Style::Bullet) && Some(open.symbol) == symbol)
        {
            self.stack.truncate(at);
        }
        self.push_item(line, marker);
        true
    }

    /// An item where the format says that it is one, and how deep.
    fn list_of_format(&mut self, line: &Line<'d>, marker: &Marker<'d>) -> bool {
        let Some(depth) = line.depth else { return false };
        let first = marker.number.is_some_and(|n| n.main == 1 && n.branch == 0);
        let in_article = self.in_article;
        // `2)` goes on `1)`, although the format sets the `3.` around it at the same depth.
        let goes_on = |open: &Open| {
            let is_beside = open.depth == Some(depth) && open.style == Some(marker.style);
            is_beside && marker.number.is_some_and(|number| follows(open.number, number))
        };
        if let Some(at) = self.stack.iter().rposition(goes_on).filter(|_| in_article) {
            self.stack.truncate(at);
            self.push_item(line, marker);
            return true;
        }
        self.close(|open| {
            open.rank >= LIST
                && match open.depth {
                    Some(beside) if beside == depth => {
                        // Automatic numbering gives 항 and 호 one depth where they are two lists.
                        !(in_article && first && open.style != Some(marker.style))
                    }
                    Some(other) => other > depth,
                    None => !in_article,
                }
        });
        if in_article && marker.number.is_some() {
            let open = self.stack.iter().rposition(|open| open.style == Some(marker.style));
            if let Some(at) = open {
                self.stack.truncate(at);
            }
        }
        self.push_item(line, marker);
        true
    }

    /// Whether the list goes on after a line, which makes a doubtful marker one.
    fn goes_on(&self, i: usize, marker: &Marker<'_>, number: Number) -> bool {
        self.lines[i + 1..]
            .iter()
            .take(MOST_AHEAD)
            .take_while(|line| !matches!(line.role, Role::Division | Role::Heading(_)))
            .filter_map(|line| line.marker)
            .any(|later| later.style == marker.style && later.number.is_some_and(|n| follows(number, n)))
    }
}

fn is_item(marker: &Marker<'_>) -> bool {
    matches!(marker.level, Level::Paragraph | Level::Item | Level::SubItem | Level::Point | Level::Text)
        || marker.style == Style::Roman
}
