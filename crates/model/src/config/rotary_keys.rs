//! Rotary positions in a `config.json`.
//!
//! Older files have `rope_theta` beside `rope_scaling`, newer ones one `rope_parameters`; GPT-NeoX has names of its own.

use serde_json::{Map, Value, json};

use super::keys::{Keys, invalid, unsupported};
use super::{RopeScaling, Rotary};
use crate::ModelError;

/// Reads them. `share` is the part of a head that is rotated where the file does not say; None where it is always all.
pub(super) fn rotary(keys: &Keys, head_dim: usize, share: Option<f64>) -> Result<Rotary, ModelError> {
    let (section, parameters) = match keys.get("rope_parameters") {
        Some(value) => ("rope_parameters", Some(value)),
        None => ("rope_scaling", keys.get("rope_scaling")),
    };
    let empty = Map::new();
    let inner = match parameters {
        None => Keys(&empty),
        Some(Value::Object(map)) => Keys(map),
        Some(other) => return Err(invalid(section, other, "an object")),
    };
    let theta = match (inner.get("rope_theta"), share) {
        (Some(_), _) => inner.number("rope_theta", None)?,
        (None, Some(_)) if keys.get("rotary_emb_base").is_some() => keys.number("rotary_emb_base", None)?,
        (None, _) => keys.number("rope_theta", Some(10_000.0))?,
    };
    if !(theta.is_finite() && theta > 1.0) {
        return Err(invalid("rope_theta", &json!(theta), "greater than 1"));
    }
    let dims = rotated(keys, &inner, head_dim, share)?;
    let kind = inner.get("rope_type").or_else(|| inner.get("type"));
    let scaling = scaling(section, kind, &inner, keys, dims.unwrap_or(head_dim))?;
    Ok(Rotary { theta, scaling, dims })
}

/// The context within which the frequencies are fixed.
pub(super) fn fixed_context(rotary: &Rotary, context: usize) -> usize {
    match rotary.scaling {
        RopeScaling::LongRope { original_context, .. } => context.min(original_context),
        _ => context,
    }
}

/// How many dimensions of a head are rotated; None for all.
fn rotated(
    keys: &Keys,
    inner: &Keys,
    head_dim: usize,
    share: Option<f64>,
) -> Result<Option<usize>, ModelError> {
    let places = [(inner, "partial_rotary_factor"), (keys, "partial_rotary_factor"), (keys, "rotary_pct")];
    let found = places.iter().find(|(holder, key)| holder.get(key).is_some());
    let (value, key) = match (found, share) {
        (Some((holder, key)), _) => (holder.number(key, None)?, *key),
        (None, share) => (share.unwrap_or(1.0), "rotary_pct"),
    };
    if share.is_none() && value != 1.0 {
        return Err(unsupported(key, &json!(value), "1"));
    }
    let dims = (head_dim as f64 * value) as usize;
    match dims {
        _ if dims == head_dim => Ok(None),
        2.. if dims < head_dim && dims.is_multiple_of(2) => Ok(Some(dims)),
        _ => {
            let allowed = format!("such that an even number of a head's {head_dim} dimensions is rotated");
            Err(invalid(key, &json!(value), allowed))
        }
    }
}

fn scaling(
    section: &str,
    kind: Option<&Value>,
    inner: &Keys,
    outer: &Keys,
    rotated: usize,
) -> Result<RopeScaling, ModelError> {
    const SUPPORTED: &str = "default, linear, dynamic, llama3, yarn, longrope";
    let Some(kind) = kind else { return Ok(RopeScaling::None) };
    match kind.as_str() {
        Some("default") => Ok(RopeScaling::None),
        Some("linear") => Ok(RopeScaling::Linear { factor: inner.factor("factor", None)? }),
        Some("dynamic") => Ok(RopeScaling::Dynamic { factor: inner.factor("factor", None)? }),
        Some("llama3") => Ok(RopeScaling::Llama3 {
            factor: inner.factor("factor", None)?,
            low_freq_factor: inner.factor("low_freq_factor", None)?,
            high_freq_factor: inner.factor("high_freq_factor", None)?,
            original_context: original_context(inner, outer)?,
        }),
        Some("yarn") => yarn(inner, outer),
        Some("longrope" | "su") => longrope(inner, outer, rotated),
        _ => Err(unsupported(&format!("{section}.rope_type"), kind, SUPPORTED)),
    }
}

fn original_context(inner: &Keys, outer: &Keys) -> Result<usize, ModelError> {
    const KEY: &str = "original_max_position_embeddings";
    match inner.optional_size(KEY)?.map_or_else(|| outer.optional_size(KEY), |size| Ok(Some(size)))? {
        Some(size) => Ok(size),
        None => outer.size("max_position_embeddings", None),
    }
}

/// How much longer the context is made, where the file gives only the two contexts.
fn stretch(inner: &Keys, outer: &Keys, original: usize) -> Result<f64, ModelError> {
    if inner.get("factor").is_some() {
        return inner.factor("factor", None);
    }
    Ok(outer.size("max_position_embeddings", Some(2048))? as f64 / original.max(1) as f64)
}

fn yarn(inner: &Keys, outer: &Keys) -> Result<RopeScaling, ModelError> {
    let original_context = original_context(inner, outer)?;
    let factor = stretch(inner, outer, original_context)?;
    let sharper = |by: f64| if factor <= 1.0 { 1.0 } else { 0.1 * by * factor.ln() + 1.0 };
    let scales = [inner.number("mscale", Some(0.0))?, inner.number("mscale_all_dim", Some(0.0))?];
    let attention_factor = match scales {
        [one, all] if one != 0.0 && all != 0.0 => sharper(one) / sharper(all),
        _ => sharper(1.0),
    };
    Ok(RopeScaling::Yarn {
        factor,
        original_context,
        beta_fast: inner.factor("beta_fast", Some(32.0))?,
        beta_slow: inner.factor("beta_slow", Some(1.0))?,
        truncate: inner.flag("truncate", true)?,
        attention_factor: inner.factor("attention_factor", Some(attention_factor))?,
    })
}

fn longrope(inner: &Keys, outer: &Keys, rotated: usize) -> Result<RopeScaling, ModelError> {
    let factors = |key: &str| {
        let value = inner.get(key).ok_or_else(|| ModelError::MissingSetting { key: key.to_owned() })?;
        let numbers: Option<Vec<f64>> =
            value.as_array().map(|list| list.iter().filter_map(Value::as_f64).collect());
        let is_good =
            |list: &Vec<f64>| list.len() == rotated / 2 && list.iter().all(|n| n.is_finite() && *n > 0.0);
        let allowed = || format!("{} positive numbers, one a pair of dimensions", rotated / 2);
        numbers.filter(is_good).ok_or_else(|| invalid(key, value, allowed()))
    };
    let original_context = original_context(inner, outer)?;
    let factor = stretch(inner, outer, original_context)?;
    let by_length = 1.0 + factor.ln() / (original_context as f64).ln();
    let attention_factor = if factor <= 1.0 { 1.0 } else { by_length.sqrt() };
    Ok(RopeScaling::LongRope {
        short: factors("short_factor")?,
        long: factors("long_factor")?,
        original_context,
        stretched_context: outer.size("max_position_embeddings", Some(2048))?,
        attention_factor: inner.factor("attention_factor", Some(attention_factor))?,
    })
}
