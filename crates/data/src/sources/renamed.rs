//! A source whose columns go by other names, so that sources of different origin share a recipe.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Item, Note, Source, SourceError, quoted};
use crate::record::Schema;

/// A source with some of its columns renamed.
pub struct Renamed {
    rows: Box<dyn Source>,
    schema: Arc<Schema>,
}

impl Renamed {
    /// Gives columns new names: `names` holds `(ours, theirs)`. All other columns keep theirs.
    ///
    /// # Errors
    /// A column that the source does not have, one that is renamed twice, and a name that two columns would
    /// have.
    pub fn new(rows: Box<dyn Source>, names: &BTreeMap<String, String>) -> Result<Self, SourceError> {
        let mut schema = (**rows.schema()).clone();
        let there: Vec<String> = schema.columns.iter().map(|c| c.name.clone()).collect();
        let place = || format!("source `{}`", schema.source);
        let mut renamed = vec![None; there.len()];
        for (ours, theirs) in names {
            let Some(i) = there.iter().position(|name| name == theirs) else {
                let (place, column, columns) = (place(), theirs.clone(), there.clone());
                return Err(SourceError::UnknownColumn { place, column, columns });
            };
            if let Some(first) = renamed[i].replace(ours) {
                let names = [first, ours].map(String::clone).to_vec();
                return Err(SourceError::RenamedTwice { place: place(), column: theirs.clone(), names });
            }
        }
        let place = place();
        for (column, ours) in schema.columns.iter_mut().zip(renamed) {
            if let Some(ours) = ours {
                column.name.clone_from(ours);
            }
        }
        for (i, column) in schema.columns.iter().enumerate() {
            if let Some(other) = schema.columns[..i].iter().position(|c| c.name == column.name) {
                let columns = vec![there[other].clone(), there[i].clone()];
                return Err(SourceError::OneName { place, name: column.name.clone(), columns });
            }
        }
        Ok(Self { rows, schema: Arc::new(schema) })
    }
}

impl Source for Renamed {
    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        let mut item = self.rows.next_item()?;
        if let Some(Item::Record(record)) = &mut item {
            record.schema = Arc::clone(&self.schema);
        }
        Ok(item)
    }

    fn notes(&self) -> Vec<Note> {
        self.rows.notes()
    }
}

/// What is wrong with names, for a message.
pub(super) fn both(names: &[String]) -> String {
    quoted(names).replace("`, `", "` and `")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Column, ColumnKind, Record, RecordId, Value};

    struct One(Arc<Schema>, bool);

    impl Source for One {
        fn schema(&self) -> &Arc<Schema> {
            &self.0
        }

        fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
            let values = self.0.columns.iter().map(|c| Value::Text(c.name.to_uppercase())).collect();
            let id = RecordId { source: "s".into(), key: "1".into() };
            let record = Record { id, schema: Arc::clone(&self.0), values };
            Ok(std::mem::take(&mut self.1).then_some(Item::Record(record)))
        }
    }

    fn check(names: &[(&str, &str)], want: &str) {
        let columns = ["a", "b", "c"].map(|name| Column { name: name.into(), kind: ColumnKind::Text }).into();
        let source = Box::new(One(Arc::new(Schema { source: "s".into(), columns }), true));
        let names = names.iter().map(|(ours, theirs)| ((*ours).to_owned(), (*theirs).to_owned())).collect();
        let got = Renamed::new(source, &names).map_or_else(
            |error| error.to_string(),
            |mut source| {
                let Ok(Some(Item::Record(record))) = source.next_item() else { panic!("no record") };
                assert_eq!(&record.schema, source.schema());
                let cells = record.schema.columns.iter().zip(&record.values);
                cells.map(|(c, v)| format!("{}={}", c.name, v.to_text())).collect::<Vec<_>>().join(" ")
            },
        );
        assert_eq!(got, want, "{names:?}");
    }

    #[test]
    fn columns_get_names_of_ours() {
        check(&[], "a=A b=B c=C");
        check(&[("question", "b")], "a=A question=B c=C");
        check(&[("a", "b"), ("b", "a")], "b=A a=B c=C");
        check(&[("question", "q")], "source `s`: there is no column `q`; the columns are `a`, `b`, `c`");
        check(
            &[("c", "a")],
            "source `s`: `c` would be the name of two columns, `a` and `c`; choose another, or rename the other too",
        );
        check(&[("x", "a"), ("y", "a")], "source `s`: the column `a` is renamed twice, to `x` and `y`");
    }
}
