//! The shop as a script of SQL: the same tables, rows and order in each dialect.

use std::fmt::Write as _;

use super::table::{Cell, Kind, Table};

/// Whose SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// MySQL 8 and MariaDB 10.
    MySql,
    /// PostgreSQL 12 and later.
    Postgres,
}

/// Rows in one INSERT: well below the default packet of 16 MiB and SQLite's limit of 1,000,000 bytes.
const ROWS_PER_INSERT: usize = 200;

/// The script that drops, creates and fills the tables.
pub fn script(tables: &[Table], dialect: Dialect) -> String {
    let mut out = String::new();
    let (begin, text) = match dialect {
        Dialect::Sqlite => ("BEGIN;\n", ""),
        Dialect::MySql => ("START TRANSACTION;\n", "SET NAMES utf8mb4;\n"),
        Dialect::Postgres => {
            ("BEGIN;\n", "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n")
        }
    };
    out.push_str(text);
    for table in tables.iter().rev() {
        let _ = writeln!(out, "DROP TABLE IF EXISTS {};", table.name);
    }
    for table in tables {
        create(&mut out, table, dialect);
    }
    out.push_str(begin);
    for table in tables {
        for rows in table.rows.chunks(ROWS_PER_INSERT) {
            insert(&mut out, table, rows, dialect);
        }
    }
    out.push_str("COMMIT;\n");
    out
}

fn create(out: &mut String, table: &Table, dialect: Dialect) {
    let mut parts: Vec<String> = table
        .columns
        .iter()
        .map(|c| {
            let null = if c.nullable { "" } else { " NOT NULL" };
            format!("  {} {}{null}", c.name, type_of(c.kind, dialect))
        })
        .collect();
    parts.push(format!("  PRIMARY KEY ({})", table.key.join(", ")));
    for c in &table.columns {
        if let Some((table, column)) = c.references {
            parts.push(format!("  FOREIGN KEY ({}) REFERENCES {table} ({column})", c.name));
        }
    }
    let tail = if dialect == Dialect::MySql { " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4" } else { "" };
    let _ = writeln!(out, "CREATE TABLE {} (\n{}\n){tail};", table.name, parts.join(",\n"));
}

fn type_of(kind: Kind, dialect: Dialect) -> String {
    match kind {
        Kind::Int => "BIGINT".to_owned(),
        Kind::Short(n) => format!("VARCHAR({n})"),
        Kind::Text => "TEXT".to_owned(),
        Kind::Time if dialect == Dialect::Postgres => "TIMESTAMP".to_owned(),
        Kind::Time => "DATETIME".to_owned(),
        Kind::Date => "DATE".to_owned(),
        Kind::Money => "DECIMAL(12,2)".to_owned(),
        Kind::Bool => "BOOLEAN".to_owned(),
    }
}

fn insert(out: &mut String, table: &Table, rows: &[Vec<Cell>], dialect: Dialect) {
    let names: Vec<&str> = table.columns.iter().map(|c| c.name).collect();
    let _ = writeln!(out, "INSERT INTO {} ({}) VALUES", table.name, names.join(", "));
    for (i, row) in rows.iter().enumerate() {
        out.push('(');
        for (j, cell) in row.iter().enumerate() {
            if j > 0 {
                out.push_str(", ");
            }
            literal(out, cell, dialect);
        }
        out.push_str(if i + 1 == rows.len() { ");\n" } else { "),\n" });
    }
}

fn literal(out: &mut String, cell: &Cell, dialect: Dialect) {
    match cell {
        Cell::Null => out.push_str("NULL"),
        Cell::Int(n) => {
            let _ = write!(out, "{n}");
        }
        Cell::Money(won) => {
            let _ = write!(out, "{won}.00");
        }
        Cell::Bool(b) => out.push_str(if *b { "TRUE" } else { "FALSE" }),
        Cell::Text(text) => {
            out.push('\'');
            for c in text.chars() {
                match c {
                    '\'' => out.push_str("''"),
                    // Only MySQL reads a backslash inside a string as the start of an escape.
                    '\\' if dialect == Dialect::MySql => out.push_str("\\\\"),
                    c => out.push(c),
                }
            }
            out.push('\'');
        }
    }
}
