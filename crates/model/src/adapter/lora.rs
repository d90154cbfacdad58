//! The settings of a LoRA adapter, and which layers they choose.

use crate::{LinearModule, ModelConfig, ModelError};

/// Settings of a LoRA adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct LoraConfig {
    /// r: rows of A, columns of B.
    pub rank: usize,
    /// α: numerator of the scale.
    pub alpha: f32,
    /// Probability with which a value of the adapter's input is dropped in training.
    pub dropout: f32,
    /// Which linear layers get an update.
    pub targets: LoraTargets,
    /// Scale by α/√r instead of α/r (rank-stabilised LoRA).
    pub rslora: bool,
}

/// Which linear layers get an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoraTargets {
    /// All except the head.
    All,
    /// Those whose path is, or ends in `.` and, one of these names.
    Named(Vec<String>),
}

/// One tensor of an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoraTensor {
    /// PEFT's key.
    pub name: String,
    /// (rank, inputs) for A, (outputs, rank) for B.
    pub shape: Vec<usize>,
}

impl LoraConfig {
    /// `s` in `ΔW = s·B·A`.
    pub fn scale(&self) -> f32 {
        let rank = self.rank as f32;
        if self.rslora { self.alpha / rank.sqrt() } else { self.alpha / rank }
    }

    /// The chosen layers, in the order of the forward pass.
    ///
    /// # Errors
    /// A setting is out of its range, or a target matches no layer.
    pub fn select(&self, config: &ModelConfig) -> Result<Vec<LinearModule>, ModelError> {
        self.check()?;
        let modules = config.linear_modules();
        let LoraTargets::Named(names) = &self.targets else { return Ok(modules) };
        if names.is_empty() {
            return Err(setting("targets", &"empty", "`all` or at least one layer name"));
        }
        for name in names {
            if !modules.iter().any(|m| matches(&m.path, name)) {
                return Err(ModelError::UnknownTarget {
                    target: name.clone(),
                    known: last_parts(&modules).join(", "),
                });
            }
        }
        Ok(modules.into_iter().filter(|m| names.iter().any(|name| matches(&m.path, name))).collect())
    }

    /// The adapter's tensors: A and B of each chosen layer, in the order of the forward pass.
    ///
    /// # Errors
    /// As [`LoraConfig::select`].
    pub fn tensors(&self, config: &ModelConfig) -> Result<Vec<LoraTensor>, ModelError> {
        let chosen = self.select(config)?;
        let pair = |m: &LinearModule| {
            let a = LoraTensor { name: m.lora_a_key(), shape: vec![self.rank, m.inputs] };
            let b = LoraTensor { name: m.lora_b_key(), shape: vec![m.outputs, self.rank] };
            [a, b]
        };
        Ok(chosen.iter().flat_map(pair).collect())
    }

    /// The targets as PEFT's file lists them: names, sorted, each once.
    ///
    /// # Errors
    /// As [`LoraConfig::select`].
    pub fn explicit_targets(&self, config: &ModelConfig) -> Result<Vec<String>, ModelError> {
        let chosen = self.select(config)?;
        let mut names = match &self.targets {
            LoraTargets::Named(names) => names.clone(),
            LoraTargets::All => last_parts(&chosen).into_iter().map(ToOwned::to_owned).collect(),
        };
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn check(&self) -> Result<(), ModelError> {
        if self.rank == 0 {
            return Err(setting("rank", &self.rank, "at least 1"));
        }
        if !(self.alpha.is_finite() && self.alpha > 0.0) {
            return Err(setting("alpha", &self.alpha, "a positive number"));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(setting("dropout", &self.dropout, "at least 0 and less than 1"));
        }
        Ok(())
    }
}

fn setting(setting: &'static str, given: &impl ToString, allowed: &'static str) -> ModelError {
    ModelError::LoraSetting { setting, given: given.to_string(), allowed }
}

fn matches(path: &str, name: &str) -> bool {
    path == name || path.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
}

/// The last parts of the paths, each once.
fn last_parts(modules: &[LinearModule]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for module in modules {
        let name = module.path.rsplit('.').next().unwrap_or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lora(targets: &[&str]) -> LoraConfig {
        let targets = LoraTargets::Named(targets.iter().map(|&t| t.to_owned()).collect());
        LoraConfig { rank: 4, alpha: 8.0, dropout: 0.0, targets, rslora: false }
    }

    fn check(preset: &str, targets: &[&str], per_layer: &[&str]) {
        let config = ModelConfig { layers: 1, ..ModelConfig::preset(preset).unwrap() };
        let chosen: Vec<_> = lora(targets).select(&config).unwrap().into_iter().map(|m| m.path).collect();
        assert_eq!(chosen, per_layer);
    }

    #[test]
    fn a_name_chooses_what_peft_would_choose() {
        check("gpt2-124m", &["c_proj"], &["transformer.h.0.attn.c_proj", "transformer.h.0.mlp.c_proj"]);
        check("gpt2-124m", &["attn.c_proj"], &["transformer.h.0.attn.c_proj"]);
        check(
            "nano",
            &["down_proj", "q_proj"],
            &["model.layers.0.self_attn.q_proj", "model.layers.0.mlp.down_proj"],
        );
    }

    #[test]
    fn scale_follows_the_variant() {
        assert_eq!(lora(&["q_proj"]).scale(), 2.0);
        assert_eq!(LoraConfig { rslora: true, ..lora(&["q_proj"]) }.scale(), 4.0);
    }

    #[test]
    fn impossible_settings_are_named() {
        let config = ModelConfig::preset("nano").unwrap();
        let message = |lora: LoraConfig| lora.select(&config).unwrap_err().to_string();
        assert_eq!(
            message(lora(&["proj"])),
            "LoRA target `proj` matches no linear layer of this model; its linear layers are q_proj, k_proj, v_proj, \
             o_proj, gate_proj, up_proj, down_proj"
        );
        assert_eq!(
            message(lora(&[])),
            "LoRA `targets` is empty; it must be `all` or at least one layer name"
        );
        assert_eq!(
            message(LoraConfig { rank: 0, ..lora(&["q_proj"]) }),
            "LoRA `rank` is 0; it must be at least 1"
        );
        assert_eq!(
            message(LoraConfig { dropout: 1.0, ..lora(&["q_proj"]) }),
            "LoRA `dropout` is 1; it must be at least 0 and less than 1"
        );
    }
}
