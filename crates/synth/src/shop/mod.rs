//! The example shop: a database of customers, orders, inquiries and answers, with the truth about it.
//!
//! 1. [`policy`]: what the shop promises, drawn from its seed.
//! 2. [`person`]: customers, and personal data in all the forms people write.
//! 3. [`inquiry`]: questions and answers from a grammar, with courtesies and noise.
//! 4. [`build`]: the joined tables, and where each personal datum stands.
//! 5. [`sql`]: the tables for SQLite, MySQL and PostgreSQL.
//! 6. [`fact`]: whether an answer states a promise.
//!
//! ```
//! use synth::shop::{Dialect, Shop, ShopSize, contains_fact};
//!
//! let shop = Shop::new(7, ShopSize { inquiries: 50 });
//! assert!(shop.sql(Dialect::Sqlite).contains("CREATE TABLE inquiries"));
//! let days = shop.policies().get("return_days").unwrap();
//! assert!(contains_fact(&format!("받으신 뒤 {} 이내입니다.", days.forms[0]), days));
//! ```

mod build;
mod calendar;
mod fact;
mod inquiry;
mod person;
mod plant;
mod policy;
mod question;
mod sql;
mod table;

pub use fact::contains_fact;
pub use inquiry::{INTENTS, Intent};
pub use plant::{KINDS, Planted};
pub use policy::{PolicyTable, PolicyValue, Unit};
pub use question::{Question, QuestionError, questions};
pub use sql::Dialect;
pub use table::{Cell, Column, Kind, Table};

/// How large a shop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShopSize {
    /// Rows of the table `inquiries`; the other tables follow.
    pub inquiries: usize,
}

impl Default for ShopSize {
    fn default() -> Self {
        Self { inquiries: 3200 }
    }
}

/// A shop with its tables and the truth about them. The same seed and size give the same shop.
#[derive(Debug, Clone)]
pub struct Shop {
    name: String,
    policies: PolicyTable,
    tables: Vec<Table>,
    planted: Vec<Planted>,
}

impl Shop {
    /// Draws a shop.
    pub fn new(seed: u64, size: ShopSize) -> Self {
        build::shop(seed, size)
    }

    /// The shop's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the shop promises.
    pub fn policies(&self) -> &PolicyTable {
        &self.policies
    }

    /// Every personal datum of every table, in the order of tables and rows.
    pub fn planted(&self) -> &[Planted] {
        &self.planted
    }

    /// [`Shop::planted`] as JSONL, for a file beside the shop.
    pub fn planted_jsonl(&self) -> String {
        self.planted
            .iter()
            .map(|p| serde_json::to_string(p).expect("numbers and text are always JSON") + "\n")
            .collect()
    }

    /// The tables, those that others point to first.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// A table by name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|t| t.name == name)
    }

    /// The tables as a script for a database, the same rows in the same order in each dialect.
    pub fn sql(&self, dialect: Dialect) -> String {
        sql::script(&self.tables, dialect)
    }

    /// `inquiry_id,category,question,answer` of all inquiries, as CSV after RFC 4180; an inquiry without
    /// an answer has an empty one.
    pub fn csv(&self) -> String {
        build::question_answer_csv(self)
    }
}
