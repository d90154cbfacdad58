//! Parameters, tracked by what a stage reads of them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::digest::Digest;

/// Paths that were read, with the values they had. A path that was absent has the value `null`.
pub type Reads = BTreeMap<String, Value>;

/// The value at a dotted path (`train.main.rank`); `null` where there is none.
pub fn at<'a>(params: &'a Value, path: &str) -> &'a Value {
    path.split('.').try_fold(params, |value, key| value.get(key)).unwrap_or(&Value::Null)
}

/// Whether every path that was read has the same value now.
pub fn unchanged(reads: &Reads, params: &Value) -> bool {
    reads.iter().all(|(path, value)| same(value, at(params, path)))
}

/// Equality whatever the order of keys.
fn same(a: &Value, b: &Value) -> bool {
    a == b || canonical(a) == canonical(b)
}

/// JSON with sorted keys and no blanks: equal values give equal text.
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            let parts: Vec<_> =
                sorted.iter().map(|(k, v)| format!("{}:{}", Value::from(k.as_str()), canonical(v))).collect();
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// The digest of what was read.
pub fn digest(reads: &Reads) -> Digest {
    let mut hasher = crate::digest::Hasher::default();
    for (path, value) in reads {
        hasher.field(path).field(canonical(value));
    }
    hasher.finish()
}

/// One leaf that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The leaf's path.
    pub path: String,
    /// What it was; `null` where it was absent.
    pub from: Value,
    /// What it is.
    pub to: Value,
}

/// The leaves that differ between what was read and what is now.
pub fn differences(reads: &Reads, params: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    for (path, old) in reads {
        compare(path, old, at(params, path), &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup();
    found
}

fn compare(path: &str, old: &Value, new: &Value, found: &mut Vec<Difference>) {
    if same(old, new) {
        return;
    }
    let (Value::Object(a), Value::Object(b)) = (old, new) else {
        found.push(Difference { path: path.to_owned(), from: old.clone(), to: new.clone() });
        return;
    };
    let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
    for key in keys {
        let side = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
        compare(&format!("{path}.{key}"), &side(a), &side(b), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn leaves_that_differ() {
        let old = json!({"train": {"rank": 8, "steps": 100, "gone": 1}, "seed": 1});
        let new = json!({"train": {"steps": 100, "rank": 16, "added": [1]}, "seed": 1});
        let reads = Reads::from([("train".into(), old["train"].clone()), ("seed".into(), json!(1))]);
        assert!(unchanged(&reads, &old) && !unchanged(&reads, &new));
        let found: Vec<_> = differences(&reads, &new).into_iter().map(|d| (d.path, d.from, d.to)).collect();
        assert_eq!(
            found,
            [
                ("train.added".into(), Value::Null, json!([1])),
                ("train.gone".into(), json!(1), Value::Null),
                ("train.rank".into(), json!(8), json!(16)),
            ]
        );
    }

    #[test]
    fn order_of_keys_does_not_matter() {
        let a: Value = serde_json::from_str(r#"{"a":1,"b":{"c":[1,2],"d":"x"}}"#).unwrap();
        let b: Value = serde_json::from_str(r#"{"b":{"d":"x","c":[1,2]},"a":1}"#).unwrap();
        let digest_of = |v: &Value| digest(&Reads::from([("p".into(), v.clone())]));
        assert_eq!(digest_of(&a), digest_of(&b));
        assert_eq!(canonical(&a), r#"{"a":1,"b":{"c":[1,2],"d":"x"}}"#);
    }

    #[test]
    fn absent_is_null() {
        assert_eq!(at(&json!({"a": {"b": 2}}), "a.b"), &json!(2));
        assert_eq!(at(&json!({"a": {"b": 2}}), "a.c.d"), &Value::Null);
    }
}
