//! Writing a quantised folder.

use std::collections::BTreeSet;
use std::path::Path;

use half::f16;
use kernels::quant::Nf4;
use serde_json::{Value, json};

use super::{BLOCK, BitsAndBytes, NESTED, module};
use crate::adapter::{about_text, read_config, write_json};
use crate::weights::{TensorSource, TensorView, turned, write_tensors};
use crate::{DType, ModelConfig, ModelError, Orientation};

/// A tensor ready to be written.
struct Ready {
    name: String,
    dtype: &'static str,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Quantises the matrices of the blocks of a model into the folder `out`, beside what `base`, the folder that the model
/// comes from, says about text and generating. The same input gives the same bytes; the weights are written last.
///
/// # Errors
/// A tensor is missing, a number is not finite or too great, or a file cannot be written.
pub fn export_bitsandbytes(
    out: &Path,
    base: &Path,
    config: &ModelConfig,
    source: &dyn TensorSource,
    format: BitsAndBytes,
) -> Result<(), ModelError> {
    let mut about = read_config(base)?;
    about["quantization_config"] = settings(format);
    let matrices: BTreeSet<_> =
        config.linear_modules().iter().map(crate::LinearModule::weight_name).collect();
    let mut ready = Vec::new();
    for name in source.names() {
        let view = source.get(&name)?;
        let whole = format!("{}{name}", config.base_prefix());
        if matrices.contains(&name) || matrices.contains(&whole) {
            let matrix = Matrix::of(&name, &view, config)?;
            match format {
                BitsAndBytes::Nf4 => matrix.nf4(&mut ready)?,
                BitsAndBytes::Int8 => matrix.int8(&mut ready)?,
            }
        } else {
            let dtype = if matches!(view.dtype, DType::Blocks(_)) { DType::F32 } else { view.dtype };
            let bytes = if dtype == view.dtype { view.bytes.to_vec() } else { bytes_of(&view.to_f32()) };
            ready.push(Ready { name: name.clone(), dtype: dtype.name(), shape: view.shape.clone(), bytes });
        }
        drop(view);
        source.release(&name);
    }
    ready.sort_by(|a, b| a.name.cmp(&b.name));
    about_text(base, out, config)?;
    write_json(&out.join("config.json"), &about)?;
    let headers = ready.iter().map(|r| (&*r.name, r.dtype, &*r.shape, r.bytes.len()));
    write_tensors(&out.join("model.safetensors"), headers, &[("format", "pt")], &mut |at, file| {
        file.write_all(&ready[at].bytes)
    })
}

/// `quantization_config`, as transformers writes it.
fn settings(format: BitsAndBytes) -> Value {
    let is_nf4 = format == BitsAndBytes::Nf4;
    json!({
        "_load_in_4bit": is_nf4,
        "_load_in_8bit": !is_nf4,
        "bnb_4bit_compute_dtype": "float32",
        "bnb_4bit_quant_storage": "uint8",
        "bnb_4bit_quant_type": if is_nf4 { "nf4" } else { "fp4" },
        "bnb_4bit_use_double_quant": is_nf4,
        "llm_int8_enable_fp32_cpu_offload": false,
        "llm_int8_has_fp16_weight": false,
        "llm_int8_skip_modules": null,
        "llm_int8_threshold": 6.0,
        "load_in_4bit": is_nf4,
        "load_in_8bit": !is_nf4,
        "quant_method": "bitsandbytes",
    })
}

/// A matrix (O, I) to be quantised.
struct Matrix<'a> {
    name: &'a str,
    shape: [usize; 2],
    values: Vec<f32>,
    /// What torch calls the format that it had.
    dtype: &'static str,
}

impl<'a> Matrix<'a> {
    fn of(name: &'a str, view: &TensorView<'_>, config: &ModelConfig) -> Result<Self, ModelError> {
        let &[rows, columns] = &*view.shape else {
            let (found, expected) = (view.shape.clone(), vec![1, 1]);
            return Err(ModelError::TensorShape { name: name.to_owned(), found, expected });
        };
        let dtype = match view.dtype {
            DType::F16 => "float16",
            DType::BF16 => "bfloat16",
            DType::F32 | DType::Blocks(_) => "float32",
        };
        let values = view.to_f32();
        Ok(match config.orientation {
            Orientation::Linear => Self { name, shape: [rows, columns], values, dtype },
            Orientation::Conv1D => {
                Self { name, shape: [columns, rows], values: turned(&values, columns), dtype }
            }
        })
    }

    fn not_held(&self, format: BitsAndBytes) -> ModelError {
        ModelError::NotQuantisable { tensor: self.name.to_owned(), format: format.name() }
    }

    fn nf4(mut self, ready: &mut Vec<Ready>) -> Result<(), ModelError> {
        let numbers = self.values.len();
        self.values.resize(numbers.next_multiple_of(BLOCK), 0.0);
        let mut held = Nf4::quantise(&self.values).ok_or_else(|| self.not_held(BitsAndBytes::Nf4))?;
        held.codes.truncate(numbers.div_ceil(2));
        let state = format!(
            "{{\"quant_type\": \"nf4\", \"blocksize\": {BLOCK}, \"dtype\": \"{}\", \"shape\": [{}, {}], \
             \"nested_blocksize\": {NESTED}, \"nested_dtype\": \"float32\", \"nested_offset\": {}}}",
            self.dtype,
            self.shape[0],
            self.shape[1],
            json!(f64::from(held.mean)),
        );
        let (levels, scale_levels) = Nf4::levels();
        let mut push = |end: &str, dtype, shape: &[usize], bytes: Vec<u8>| {
            ready.push(Ready { name: format!("{}{end}", self.name), dtype, shape: shape.to_vec(), bytes });
        };
        push("", "U8", &[held.codes.len(), 1], held.codes);
        push(".absmax", "U8", &[held.scale_codes.len()], held.scale_codes);
        push(".nested_absmax", "F32", &[held.nested.len()], bytes_of(&held.nested));
        push(".nested_quant_map", "F32", &[scale_levels.len()], bytes_of(scale_levels));
        push(".quant_map", "F32", &[levels.len()], bytes_of(levels));
        push(".quant_state.bitsandbytes__nf4", "U8", &[state.len()], state.into_bytes());
        Ok(())
    }

    /// `q = round(127 · w / a)` with `a` the greatest magnitude of a row, of weights that were rounded to halves.
    fn int8(self, ready: &mut Vec<Ready>) -> Result<(), ModelError> {
        let halves: Vec<_> = self.values.iter().map(|value| f16::from_f32(*value).to_f32()).collect();
        if !halves.iter().all(|half| half.is_finite()) {
            return Err(self.not_held(BitsAndBytes::Int8));
        }
        let (mut codes, mut scales) = (Vec::with_capacity(halves.len()), Vec::with_capacity(self.shape[0]));
        for row in halves.chunks(self.shape[1].max(1)) {
            let greatest = row.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
            // Rounded twice, as torch divides a number by a tensor.
            let inverse = if greatest > 0.0 { (1.0 / greatest) * 127.0 } else { 0.0 };
            codes.extend(row.iter().map(|v| ((v * inverse).round_ties_even() as i8).cast_unsigned()));
            scales.push(greatest);
        }
        let owner = module(self.name);
        let mut push = |name: String, dtype, shape: &[usize], bytes: Vec<u8>| {
            ready.push(Ready { name, dtype, shape: shape.to_vec(), bytes });
        };
        push(format!("{owner}.SCB"), "F32", &[scales.len()], bytes_of(&scales));
        push(self.name.to_owned(), "I8", &self.shape, codes);
        push(format!("{owner}.weight_format"), "U8", &[], vec![0]);
        Ok(())
    }
}

fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
