//! A row as bytes: the key, then each value with a tag. Lengths and whole numbers are LEB128.

use crate::record::Value;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const FLOAT: u8 = 4;
const TEXT: u8 = 5;
const JSON: u8 = 6;

/// Appends a row.
pub(super) fn encode(out: &mut Vec<u8>, key: &str, values: &[Value]) {
    bytes(out, key.as_bytes());
    for value in values {
        match value {
            Value::Null => out.push(NULL),
            Value::Bool(false) => out.push(FALSE),
            Value::Bool(true) => out.push(TRUE),
            Value::Int(i) => {
                out.push(INT);
                // Zigzag: small negative numbers stay short.
                varint(out, ((i << 1) ^ (i >> 63)) as u64);
            }
            Value::Float(x) => {
                out.push(FLOAT);
                out.extend_from_slice(&x.to_le_bytes());
            }
            Value::Text(s) => {
                out.push(TEXT);
                bytes(out, s.as_bytes());
            }
            Value::Json(j) => {
                out.push(JSON);
                bytes(out, j.to_string().as_bytes());
            }
        }
    }
}

/// Reads a row of `n` values back; `None` where the bytes are not one.
pub(super) fn decode(mut from: &[u8], n: usize) -> Option<(String, Vec<Value>)> {
    let key = text(&mut from)?;
    let mut values = Vec::with_capacity(n);
    for _ in 0..n {
        let (&tag, rest) = from.split_first()?;
        from = rest;
        values.push(match tag {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            INT => {
                let z = read_varint(&mut from)?;
                Value::Int((z >> 1) as i64 ^ -((z & 1) as i64))
            }
            FLOAT => {
                let (x, rest) = from.split_first_chunk()?;
                from = rest;
                Value::Float(f64::from_le_bytes(*x))
            }
            TEXT => Value::Text(text(&mut from)?),
            JSON => Value::Json(serde_json::from_str(&text(&mut from)?).ok()?),
            _ => return None,
        });
    }
    from.is_empty().then_some((key, values))
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn read_varint(from: &mut &[u8]) -> Option<u64> {
    let mut n = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = from.split_first()?;
        *from = rest;
        n |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

fn text(from: &mut &[u8]) -> Option<String> {
    let len = usize::try_from(read_varint(from)?).ok()?;
    let (head, rest) = from.split_at_checked(len)?;
    *from = rest;
    simdutf8::basic::from_utf8(head).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Vec<Value> {
        vec![
            Value::Null,
            Value::Bool(true),
            Value::Bool(false),
            Value::Int(i64::MIN),
            Value::Int(i64::MAX),
            Value::Int(-1),
            Value::Float(-0.1),
            Value::Text("줄\n바꿈".into()),
            Value::Json(serde_json::json!({"b": [1, null], "a": "x"})),
        ]
    }

    #[test]
    fn round_trip() {
        let mut out = Vec::new();
        encode(&mut out, "1,a", &row());
        assert_eq!(decode(&out, row().len()), Some(("1,a".to_owned(), row())));
    }

    #[test]
    fn no_prefix_and_no_damage_panics() {
        let mut out = Vec::new();
        encode(&mut out, "key", &row());
        for end in 0..out.len() {
            assert_eq!(decode(&out[..end], row().len()), None, "cut at {end}");
        }
        for at in 0..out.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut damaged = out.clone();
                damaged[at] ^= flip;
                let _ = decode(&damaged, row().len());
            }
        }
    }
}
