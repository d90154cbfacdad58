//! Taking weights from a source, or drawing them at random.

use std::borrow::Cow;
use std::sync::Arc;

use kernels::quant::{BlockData, BlockPart, Format, Nf4Scales};
use kernels::{DType as Stored, Device, Layout, WeightPart, random};

use super::Decoder;
use crate::layers::{Base, Offsets, Projection};
use crate::parameters::{ParamLayout, ParamSpec};
use crate::weights::get_checked;
use crate::{DType, ModelConfig, ModelError, NormKind, Orientation, Positions, TensorSource};

/// All tensors of an architecture with their Hugging Face names; the layout of [`Decoder::full_parameters`].
pub fn base_layout(config: &ModelConfig) -> ParamLayout {
    Offsets::lay_out(config, true).0
}

type Stuff<'a> = (DType, Cow<'a, [u8]>);

impl<D: Device> Decoder<D> {
    /// Takes the weights by their Hugging Face names; they keep their dtype.
    ///
    /// # Errors
    /// A tensor is missing or has another shape, or the architecture has a part that is not built.
    pub fn load(device: Arc<D>, config: ModelConfig, tensors: &dyn TensorSource) -> Result<Self, ModelError> {
        Self::load_as(device, config, tensors, None)
    }

    /// As [`Decoder::load`], with the matrices of the blocks quantised one after the other; embedding and head keep
    /// their dtype, and so does what is quantised in its file. What was read is given back to the system as it is done with.
    ///
    /// # Errors
    /// As [`Decoder::load`]; or a matrix has rows that the format does not fit, or numbers that are not finite.
    #[expect(clippy::needless_pass_by_value, reason = "the decoder keeps its config, as `random` does")]
    pub fn load_as(
        device: Arc<D>,
        config: ModelConfig,
        tensors: &dyn TensorSource,
        format: Option<Format>,
    ) -> Result<Self, ModelError> {
        let fetch = |spec: &ParamSpec| {
            let view = get_checked(tensors, &config, &spec.name, &spec.shape)?;
            Ok((view.dtype, view.bytes))
        };
        let release = |name: &str| {
            tensors.release(name);
            if let Some(short) = name.strip_prefix(config.base_prefix()) {
                tensors.release(short);
            }
        };
        Self::build(device, config.clone(), fetch, &release, [None, format])
    }

    /// Draws the weights: matrices normal with deviation 0.02 (those that write to the residual stream divided by
    /// √(2 · layers), as GPT-2), norms 1, biases 0.
    ///
    /// # Errors
    /// The architecture has a part that is not built.
    pub fn random(device: Arc<D>, config: ModelConfig, seed: u64) -> Result<Self, ModelError> {
        Self::random_as(device, config, seed, DType::F32, None)
    }

    /// As [`Decoder::random`], with the matrices rounded to `dtype`, and those of the blocks then quantised.
    ///
    /// # Errors
    /// The architecture has a part that is not built, or rows that the format does not fit.
    pub fn random_as(
        device: Arc<D>,
        config: ModelConfig,
        seed: u64,
        dtype: DType,
        format: Option<Format>,
    ) -> Result<Self, ModelError> {
        let residual = 0.02 / (2.0 * config.layers as f32).sqrt();
        let starts_at_0 = config.norm.kind == NormKind::RmsOffset;
        let fetch = |spec: &ParamSpec| {
            let draw = |index: usize| {
                let deviation = if writes_residual(&spec.name) { residual } else { 0.02 };
                deviation * random::normal(random::mix(seed, spec.offset as u64), index as u64)
            };
            if !spec.decay {
                let is_bias = spec.name.rsplit('.').next() == Some("bias");
                let value = if is_bias || starts_at_0 { 0.0f32 } else { 1.0 };
                return Ok((DType::F32, Cow::Owned(value.to_le_bytes().repeat(spec.len))));
            }
            let bytes = match dtype {
                DType::F32 => (0..spec.len).flat_map(|i| draw(i).to_le_bytes()).collect(),
                DType::F16 => {
                    (0..spec.len).flat_map(|i| half::f16::from_f32(draw(i)).to_le_bytes()).collect()
                }
                DType::BF16 => {
                    (0..spec.len).flat_map(|i| half::bf16::from_f32(draw(i)).to_le_bytes()).collect()
                }
                DType::Blocks(_) => return Err(not_drawn(dtype)),
            };
            Ok((dtype, Cow::Owned(bytes)))
        };
        Self::build(device, config, fetch, &|_| {}, [None, format])
    }

    /// A decoder to measure speed with: the same drawn numbers over and over, which takes a fraction of the time of
    /// [`Decoder::random_as`]. `formats` are those of embedding, positions and head, and of the blocks.
    ///
    /// # Errors
    /// As [`Decoder::random_as`].
    pub fn repeated(
        device: Arc<D>,
        config: ModelConfig,
        seed: u64,
        dtype: DType,
        formats: [Option<Format>; 2],
    ) -> Result<Self, ModelError> {
        let residual = 0.02 / (2.0 * config.layers as f32).sqrt();
        // A prime, so that rows differ.
        let drawn = |deviation: f32| {
            let drawn = (0..65_537).map(|i| deviation * random::normal(seed, i));
            Ok(match dtype {
                DType::F32 => drawn.flat_map(f32::to_le_bytes).collect::<Vec<u8>>(),
                DType::F16 => drawn.flat_map(|v| half::f16::from_f32(v).to_le_bytes()).collect(),
                DType::BF16 => drawn.flat_map(|v| half::bf16::from_f32(v).to_le_bytes()).collect(),
                DType::Blocks(_) => return Err(not_drawn(dtype)),
            })
        };
        let (plain, into_residual) = (drawn(0.02)?, drawn(residual)?);
        let fetch = |spec: &ParamSpec| {
            if !spec.decay {
                let value = if spec.name.rsplit('.').next() == Some("bias") { 0.0f32 } else { 1.0 };
                return Ok((DType::F32, Cow::Owned(value.to_le_bytes().repeat(spec.len))));
            }
            let bytes = if writes_residual(&spec.name) { &into_residual } else { &plain };
            let len = dtype.bytes(spec.len);
            let skipped = (random::mix(seed, spec.offset as u64) % 65_537) as usize * dtype.bytes(1);
            let mut numbers = Vec::with_capacity(len + bytes.len());
            numbers.extend_from_slice(&bytes[skipped..]);
            while numbers.len() < len {
                numbers.extend_from_slice(bytes);
            }
            numbers.truncate(len);
            Ok((dtype, Cow::Owned(numbers)))
        };
        Self::build(device, config, fetch, &|_| {}, formats)
    }

    /// `formats`: of embedding, positions and head, and of the blocks.
    fn build<'a>(
        device: Arc<D>,
        config: ModelConfig,
        fetch: impl Fn(&ParamSpec) -> Result<Stuff<'a>, ModelError>,
        release: &dyn Fn(&str),
        [tables, format]: [Option<Format>; 2],
    ) -> Result<Self, ModelError> {
        let all = base_layout(&config);
        let (small, offsets) = Offsets::lay_out(&config, false);
        let mut vectors = device.zeros(small.total);
        for spec in &small.specs {
            let whole = all.find(&spec.name).unwrap_or(spec);
            device.write(&mut vectors, spec.offset, &widen(&fetch(whole)?, spec.len));
        }
        let take = |names: &[(String, Orientation)], format| {
            let taken = matrix(&*device, &all, names, &fetch, format)?;
            for (name, _) in names {
                release(name);
            }
            Ok::<_, ModelError>(taken)
        };
        let table = |name: &str| take(&[(name.to_owned(), Orientation::Linear)], tables);
        let embedding = table(config.embedding_name())?;
        let learned = config.positions == Positions::Learned;
        let positions = learned.then(|| table(config.positions_name())).transpose()?;
        let head = (!config.tied_head).then(|| table(config.head_name())).transpose()?;
        let mut matrices = Vec::with_capacity(config.layers);
        for layer in 0..config.layers {
            let mut block = Vec::with_capacity(Projection::COUNT);
            for projection in Projection::ALL {
                let modules = config.linear_modules_of(layer);
                let parts = modules.iter().filter(|m| Projection::of(m.kind) == projection);
                let names: Vec<_> = parts.map(|m| (m.weight_name(), config.orientation)).collect();
                block.push(take(&names, format)?);
            }
            matrices.extend(<[D::Weight; Projection::COUNT]>::try_from(block));
        }
        let frequencies = frequencies(&*device, &config);
        let base = Base { embedding, positions, matrices, head, vectors, offsets };
        Ok(Self { device, config, base: Some(base), frequencies, quantised: format })
    }
}

fn not_drawn(dtype: DType) -> ModelError {
    let allowed = "f32, f16 and bf16, which can then be quantised";
    ModelError::Unsupported {
        what: "the number format of drawn weights",
        value: dtype.name().to_owned(),
        allowed,
    }
}

/// Whether a matrix's output is added to the residual stream.
fn writes_residual(name: &str) -> bool {
    let ends = ["c_proj.weight", "o_proj.weight", "down_proj.weight", "dense.weight", "dense_4h_to_h.weight"];
    ends.iter().any(|end| name.ends_with(end))
}

fn frequencies<D: Device>(device: &D, config: &ModelConfig) -> D::Buffer {
    let Positions::Rotary(rotary) = &config.positions else { return device.zeros(0) };
    let host = rotary.inverse_frequencies(config.rotary_dims());
    let mut buffer = device.zeros(host.len());
    device.write(&mut buffer, 0, &host);
    buffer
}

fn widen((dtype, bytes): &Stuff<'_>, len: usize) -> Vec<f32> {
    crate::TensorView { dtype: *dtype, shape: vec![len], bytes: Cow::Borrowed(bytes) }.to_f32()
}

/// One frozen matrix, stacked from the tensors of these names, in their dtype or quantised.
fn matrix<'a, D: Device>(
    device: &D,
    all: &ParamLayout,
    names: &[(String, Orientation)],
    fetch: &impl Fn(&ParamSpec) -> Result<Stuff<'a>, ModelError>,
    format: Option<Format>,
) -> Result<D::Weight, ModelError> {
    let mut found = Vec::with_capacity(names.len());
    for (name, orientation) in names {
        let missing =
            || ModelError::MissingTensor { place: "the architecture".to_owned(), name: name.clone() };
        let spec = all.find(name).ok_or_else(missing)?;
        found.push((fetch(spec)?, spec, *orientation));
    }
    if let Some(weight) = of_blocks(device, &found) {
        return Ok(weight);
    }
    let mut inputs = 0;
    let found: Vec<_> = found
        .into_iter()
        .map(|(stuff, spec, orientation)| (without_blocks(stuff, spec.len), spec, orientation))
        .collect();
    let parts: Vec<_> = found
        .iter()
        .map(|((dtype, bytes), spec, orientation)| {
            let (outputs, layout) = match orientation {
                Orientation::Linear => (spec.shape[0], Layout::OutIn),
                Orientation::Conv1D => (spec.shape[1], Layout::InOut),
            };
            inputs = spec.len / outputs;
            WeightPart { dtype: stored(*dtype), bytes, outputs, layout }
        })
        .collect();
    let Some(wanted) = format else { return Ok(device.weight(inputs, &parts)) };
    let tensor = || names.first().map(|(name, _)| name.clone()).unwrap_or_default();
    let format = row_format(wanted, inputs, tensor)?;
    let quantised = device.quantised_weight(inputs, &parts, format);
    quantised.ok_or_else(|| ModelError::NotQuantisable { tensor: tensor(), format: format.name() })
}

/// The matrix of parts that are all in blocks already: they stay as they are, whatever format was asked for.
fn of_blocks<D: Device>(device: &D, found: &[(Stuff<'_>, &ParamSpec, Orientation)]) -> Option<D::Weight> {
    let mut taken = Vec::with_capacity(found.len());
    for ((dtype, bytes), spec, orientation) in found {
        // Blocks lie along the last dimension, which must be that of the inputs.
        let (DType::Blocks(format), Orientation::Linear) = (dtype, orientation) else { return None };
        let apart = (*format == Format::Nf4).then(|| codes_and_scales(bytes));
        taken.push((spec.shape[0], *format, bytes, apart));
    }
    let parts: Vec<_> = (taken.iter())
        .map(|(outputs, format, bytes, apart)| {
            let data = match apart {
                Some((codes, scales)) => BlockData::Nf4(codes, Nf4Scales::Plain(scales)),
                None => BlockData::Gguf(*format, bytes),
            };
            BlockPart { outputs: *outputs, data }
        })
        .collect();
    let spec = found.first()?.1;
    Some(device.weight_of_blocks(spec.len / spec.shape[0], &parts))
}

/// Blocks of NF4 with their scales behind the codes, taken apart.
fn codes_and_scales(bytes: &[u8]) -> (Vec<u8>, Vec<f32>) {
    let block = Format::Nf4.block_bytes();
    let (mut codes, mut scales) = (Vec::with_capacity(bytes.len()), Vec::with_capacity(bytes.len() / block));
    for block in bytes.chunks_exact(block) {
        if let Some((own, scale)) = block.split_last_chunk() {
            codes.extend_from_slice(own);
            scales.push(f32::from_le_bytes(*scale));
        }
    }
    (codes, scales)
}

/// Numbers in blocks as f32, which holds them exactly; others as they are.
fn without_blocks((dtype, bytes): Stuff<'_>, len: usize) -> Stuff<'_> {
    if !matches!(dtype, DType::Blocks(_)) {
        return (dtype, bytes);
    }
    let values = widen(&(dtype, bytes), len);
    (DType::F32, values.iter().flat_map(|v| v.to_le_bytes()).collect())
}

/// Checks that the rows of all matrices of the blocks can be held in a format, before anything is read.
///
/// # Errors
/// [`ModelError::RowLength`] with the first that cannot.
pub fn check_format(config: &ModelConfig, format: Format) -> Result<(), ModelError> {
    let mut modules = config.linear_modules().into_iter();
    modules.try_for_each(|m| row_format(format, m.inputs, || m.weight_name()).map(|_| ()))
}

/// The format in which rows of `inputs` numbers are held.
fn row_format(wanted: Format, inputs: usize, tensor: impl FnOnce() -> String) -> Result<Format, ModelError> {
    wanted.for_rows(inputs).ok_or_else(|| ModelError::RowLength {
        tensor: tensor(),
        length: inputs,
        format: wanted.name(),
        block: wanted.least_block(),
    })
}

fn stored(dtype: DType) -> Stored {
    match dtype {
        DType::F32 => Stored::F32,
        DType::F16 => Stored::F16,
        DType::BF16 => Stored::Bf16,
        DType::Blocks(_) => unreachable!("blocks were widened before"),
    }
}
