//! Parquet: row groups of columns, read row by row. Uncompressed, Snappy, gzip and Zstandard.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::{ReaderIter, TreeBuilder};
use parquet::record::{Field, Row};
use parquet::schema::types::Type;
use serde_json::Value as Json;

use super::{Item, Source, SourceError, check_unique, key_indices, values};
use crate::record::{Column, ColumnKind, Record, RecordId, Rejection, Schema, Value, key_text};

/// How to read a Parquet file.
#[derive(Debug, Clone, Default)]
pub struct ParquetOptions {
    /// The columns that make a row's id; the row's number where there are none.
    pub key: Vec<String>,
    /// Give columns of bytes as hexadecimal text instead of refusing them.
    pub hex_bytes: bool,
}

/// A Parquet file as a source. One row group is open at a time.
pub struct ParquetSource {
    path: PathBuf,
    reader: SerializedFileReader<File>,
    schema: Arc<Schema>,
    source: Arc<str>,
    forms: Vec<Form>,
    key: Vec<usize>,
    group: usize,
    rows: Option<ReaderIter>,
    number: u64,
}

/// What a column's values mean beyond what the record says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    /// A time stamp: units in a second, and whether it is an instant.
    Stamp(i64, bool),
}

impl ParquetSource {
    /// Opens a file and reads its footer.
    ///
    /// # Errors
    /// A file that is not Parquet, columns of bytes (unless asked for), a missing key column.
    pub fn open(path: &Path, source: &str, options: &ParquetOptions) -> Result<Self, SourceError> {
        let file = File::open(path).map_err(|cause| SourceError::Io { path: path.to_owned(), cause })?;
        let malformed = |detail| SourceError::Malformed { path: path.to_owned(), kind: "Parquet", detail };
        let reader = guarded(|| SerializedFileReader::new(file)).map_err(malformed)?;
        let root = reader.metadata().file_metadata().schema_descr().root_schema_ptr();
        let (mut columns, mut forms) = (Vec::new(), Vec::new());
        for field in root.get_fields() {
            let (kind, form) = meaning(field);
            if kind.is_none() && !options.hex_bytes {
                return Err(SourceError::Unsupported {
                    path: path.to_owned(),
                    feature: format!("the column `{}`, which holds bytes,", field.name()),
                    instead: "leave it out of the file, or set `bytes = \"hex\"`",
                });
            }
            columns.push(Column { name: field.name().to_owned(), kind: kind.unwrap_or(ColumnKind::Text) });
            forms.push(form);
        }
        let place = path.display().to_string();
        check_unique(&place, columns.iter().map(|c| c.name.as_str()))?;
        let schema = Arc::new(Schema { source: source.to_owned(), columns });
        Ok(Self {
            path: path.to_owned(),
            key: key_indices(&schema, &place, &options.key)?,
            reader,
            schema,
            source: Arc::from(source),
            forms,
            group: 0,
            rows: None,
            number: 0,
        })
    }

    fn next_row(&mut self) -> Result<Option<Row>, String> {
        loop {
            if let Some(rows) = &mut self.rows {
                match guarded(|| rows.next().transpose())? {
                    Some(row) => return Ok(Some(row)),
                    None => self.rows = None,
                }
            }
            if self.group >= self.reader.num_row_groups() {
                return Ok(None);
            }
            let reader = &self.reader;
            let group = self.group;
            let rows = guarded(|| {
                let group = reader.get_row_group(group)?;
                TreeBuilder::new().as_iter(reader.metadata().file_metadata().schema_descr_ptr(), &*group)
            })?;
            self.rows = Some(rows);
            self.group += 1;
        }
    }

    fn item(&self, row: Row) -> Item {
        let fields = row.into_columns();
        let values: Vec<Value> =
            fields.iter().zip(&self.forms).map(|((_, f), &form)| convert(f, form)).collect();
        if let Some(&i) = self.key.iter().find(|&&i| values[i] == Value::Null) {
            let texts: Vec<_> = values.iter().map(Value::to_text).collect();
            return Item::Rejected(Rejection {
                id: format!("{}#row {}", self.source, self.number),
                reason: "no_key".to_owned(),
                detail: format!(
                    "{}, row {}: the key column `{}` is null",
                    self.path.display(),
                    self.number,
                    self.schema.columns[i].name
                ),
                text: texts.join(" | "),
            });
        }
        let key = if self.key.is_empty() {
            self.number.to_string()
        } else {
            key_text(self.key.iter().map(|&i| &values[i]))
        };
        let id = RecordId { source: Arc::clone(&self.source), key };
        Item::Record(Record { id, schema: Arc::clone(&self.schema), values })
    }
}

impl Source for ParquetSource {
    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        let row = self.next_row().map_err(|detail| SourceError::Malformed {
            path: self.path.clone(),
            kind: "Parquet",
            detail: format!("after row {}: {detail}", self.number),
        })?;
        Ok(row.map(|row| {
            self.number += 1;
            self.item(row)
        }))
    }
}

/// Runs the decoder; where it trips over a damaged file, that is the file's fault and not an end.
fn guarded<T>(decode: impl FnOnce() -> parquet::errors::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(result) => result.map_err(|e| e.to_string()),
        Err(_) => Err("the file is damaged".to_owned()),
    }
}

/// How a column's time stamps are counted, where it holds some.
fn stamp_form(field: &Type) -> Option<Form> {
    let info = field.get_basic_info();
    match (info.logical_type_ref(), info.converted_type()) {
        (Some(LogicalType::Timestamp(stamp)), _) => {
            let per_second = match stamp.unit {
                TimeUnit::MILLIS => 1_000,
                TimeUnit::MICROS => 1_000_000,
                TimeUnit::NANOS => 1_000_000_000,
            };
            Some(Form::Stamp(per_second, stamp.is_adjusted_to_u_t_c))
        }
        (None, ConvertedType::TIMESTAMP_MILLIS) => Some(Form::Stamp(1_000, true)),
        (None, ConvertedType::TIMESTAMP_MICROS) => Some(Form::Stamp(1_000_000, true)),
        // The old 96-bit stamps of Spark and Impala arrive as milliseconds.
        _ if field.get_physical_type() == Physical::INT96 => Some(Form::Stamp(1_000, false)),
        _ => None,
    }
}

/// A column's kind (`None` for bytes) and form.
fn meaning(field: &Type) -> (Option<ColumnKind>, Form) {
    let info = field.get_basic_info();
    if field.is_group()
        || (info.has_repetition() && info.repetition() == parquet::basic::Repetition::REPEATED)
    {
        return (Some(ColumnKind::Json), Form::Plain);
    }
    let stamp = stamp_form(field);
    if let Some(form) = stamp {
        return (Some(ColumnKind::Time), form);
    }
    let text = matches!(
        info.converted_type(),
        ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON | ConvertedType::DECIMAL
    ) || matches!(
        info.logical_type_ref(),
        Some(LogicalType::String | LogicalType::Uuid | LogicalType::Enum)
    );
    let kind = match field.get_physical_type() {
        _ if matches!(
            info.converted_type(),
            ConvertedType::DATE | ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS
        ) =>
        {
            Some(ColumnKind::Time)
        }
        _ if text => Some(ColumnKind::Text),
        Physical::BOOLEAN => Some(ColumnKind::Bool),
        Physical::INT32 | Physical::INT64 | Physical::INT96 => Some(ColumnKind::Int),
        Physical::FLOAT | Physical::DOUBLE => Some(ColumnKind::Float),
        Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => None,
    };
    (kind, Form::Plain)
}

fn convert(field: &Field, form: Form) -> Value {
    match (field, form) {
        (Field::Null, _) => Value::Null,
        (Field::TimestampMillis(n) | Field::TimestampMicros(n) | Field::Long(n), Form::Stamp(unit, utc)) => {
            stamp(*n, unit, utc)
        }
        (Field::Bool(b), _) => Value::Bool(*b),
        (Field::Byte(n), _) => Value::Int(i64::from(*n)),
        (Field::Short(n), _) => Value::Int(i64::from(*n)),
        (Field::Int(n), _) => Value::Int(i64::from(*n)),
        (Field::Long(n), _) => Value::Int(*n),
        (Field::UByte(n), _) => Value::Int(i64::from(*n)),
        (Field::UShort(n), _) => Value::Int(i64::from(*n)),
        (Field::UInt(n), _) => Value::Int(i64::from(*n)),
        (Field::ULong(n), _) => values::decimal(&n.to_string()),
        (Field::Float16(x), _) => Value::Float(f64::from(*x)),
        (Field::Float(x), _) => values::single(*x),
        (Field::Double(x), _) => Value::Float(*x),
        (Field::Decimal(_), _) => values::decimal(&field.to_string()),
        (Field::Str(s), _) => Value::Text(s.clone()),
        (Field::Bytes(b), _) => values::hex(b.data()),
        (Field::Date(days), _) => Value::Text(values::date_text(i64::from(*days))),
        (Field::TimeMillis(n), _) => Value::Text(values::clock_text(*n as u64 * 1000)),
        (Field::TimeMicros(n), _) => Value::Text(values::clock_text(*n as u64)),
        (Field::TimestampMillis(n), Form::Plain) => stamp(*n, 1_000, true),
        (Field::TimestampMicros(n), Form::Plain) => stamp(*n, 1_000_000, true),
        (Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_), _) => Value::Json(nested(field)),
    }
}

fn stamp(n: i64, per_second: i64, utc: bool) -> Value {
    let micros =
        if per_second > 1_000_000 { n.div_euclid(1000) } else { n.saturating_mul(1_000_000 / per_second) };
    values::Moment::from_unix_micros(micros, utc.then_some(0)).to_value()
}

/// Nested values as JSON; what has no form of its own there becomes the text that a plain column gives.
fn nested(field: &Field) -> Json {
    match field {
        Field::Group(row) => {
            Json::Object(row.get_column_iter().map(|(name, value)| (name.clone(), nested(value))).collect())
        }
        Field::ListInternal(list) => Json::Array(list.elements().iter().map(nested).collect()),
        Field::MapInternal(map) => {
            let name = |key: &Field| convert(key, Form::Plain).to_text().into_owned();
            Json::Object(map.entries().iter().map(|(key, value)| (name(key), nested(value))).collect())
        }
        _ => match convert(field, Form::Plain) {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::from(b),
            Value::Int(i) => Json::from(i),
            Value::Float(x) => Json::from(x),
            Value::Text(s) => Json::from(s),
            Value::Json(json) => json,
        },
    }
}
