//! What can go wrong between a model's files and its numbers.

use std::path::PathBuf;

use crate::weights::gguf::GgufProblem;

/// Every failure of this crate, with the values a person needs to act on it.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file or folder could not be opened, read, written or renamed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was attempted: `read`, `map`, `write`, `rename` ….
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },

    /// A model folder lacks a file that it must have.
    #[error("{} has no {wanted}", folder.display())]
    MissingFile {
        /// The model folder.
        folder: PathBuf,
        /// The file or files of which one is needed.
        wanted: &'static str,
    },

    /// A JSON file is not JSON.
    #[error("{place} is not valid JSON")]
    Json {
        /// The file's path, or what the text is.
        place: String,
        /// The parser's answer, with line and column.
        source: serde_json::Error,
    },

    /// An architecture has no room for heads that look back from the first step on.
    #[error("these weights cannot be drawn so that they look back: that needs {needs}")]
    NoLookingBack {
        /// What the architecture lacks.
        needs: String,
    },

    /// A matrix has rows that are no whole blocks.
    #[error(
        "`{tensor}` has rows of {length} numbers, which {format} cannot hold: they must be a multiple of {block}; \
         take another format, or train over the weights as they are"
    )]
    RowLength {
        /// The matrix, or the first of those that are stacked.
        tensor: String,
        /// Numbers of a row.
        length: usize,
        /// The format's name.
        format: &'static str,
        /// What the length must be a multiple of.
        block: usize,
    },

    /// A matrix has numbers that a format cannot hold.
    #[error("`{tensor}` has values that are not finite, or too great for {format}")]
    NotQuantisable {
        /// The matrix, or the first of those that are stacked.
        tensor: String,
        /// The format's name.
        format: &'static str,
    },

    /// `config.json` describes an architecture that the decoder does not have.
    #[error("architecture `{found}` is not supported; supported are {supported}")]
    UnsupportedArchitecture {
        /// `architectures[0]`, else `model_type`, as the file has it.
        found: String,
        /// The list of what is supported, ready for reading.
        supported: String,
    },

    /// `config.json` describes an architecture with parts that the decoder does not have.
    #[error(
        "architecture `{found}` is not supported: it needs {needs}, which are not built; supported are {supported}"
    )]
    UnsupportedParts {
        /// `architectures[0]`, else `model_type`, as the file has it.
        found: String,
        /// What is not built.
        needs: &'static str,
        /// The list of what is supported, ready for reading.
        supported: String,
    },

    /// `config.json` asks for something that the decoder does not have.
    #[error("config.json: `{key}` is {value}, which is not supported; supported: {allowed}")]
    UnsupportedSetting {
        /// The key, dotted when nested.
        key: String,
        /// The value as JSON.
        value: String,
        /// What the decoder can do instead.
        allowed: &'static str,
    },

    /// `config.json` lacks a key that has no default.
    #[error("config.json: `{key}` is missing")]
    MissingSetting {
        /// The key, dotted when nested.
        key: String,
    },

    /// `config.json` has a key whose value makes no sense.
    #[error("config.json: `{key}` is {value}; it must be {allowed}")]
    InvalidSetting {
        /// The key, dotted when nested.
        key: String,
        /// The value as JSON.
        value: String,
        /// What it may be.
        allowed: String,
    },

    /// No preset has this name.
    #[error("there is no shape `{name}`; the shapes are {known}")]
    UnknownPreset {
        /// The name as given.
        name: String,
        /// All names.
        known: String,
    },

    /// A tensor file is not what its header says, or its header is broken.
    #[error("{file}: {problem}")]
    TensorFile {
        /// The file's path.
        file: String,
        /// What is wrong with it.
        problem: FileProblem,
    },

    /// Something is asked for that is not built.
    #[error("{what} is {value}, which is not supported; supported: {allowed}")]
    Unsupported {
        /// What it is about.
        what: &'static str,
        /// What was asked for.
        value: String,
        /// What can be used instead.
        allowed: &'static str,
    },

    /// A GGUF file is damaged, hostile, or not what is needed.
    #[error("{file}: {problem}")]
    Gguf {
        /// The file's path.
        file: String,
        /// What is wrong with it.
        problem: GgufProblem,
    },

    /// The weights lack a tensor that the architecture needs.
    #[error("{place} has no tensor `{name}`")]
    MissingTensor {
        /// Where it was looked for.
        place: String,
        /// The tensor's full name.
        name: String,
    },

    /// A tensor's shape is not the one that the architecture needs.
    #[error("tensor `{name}` has shape {found:?}, the model needs {expected:?}")]
    TensorShape {
        /// The tensor's full name.
        name: String,
        /// The shape in the file.
        found: Vec<usize>,
        /// The shape that is needed.
        expected: Vec<usize>,
    },

    /// A LoRA target names no linear layer of this model.
    #[error("LoRA target `{target}` matches no linear layer of this model; its linear layers are {known}")]
    UnknownTarget {
        /// The target as given.
        target: String,
        /// The names that would match, ready for reading.
        known: String,
    },

    /// A LoRA setting is out of its range.
    #[error("LoRA `{setting}` is {given}; it must be {allowed}")]
    LoraSetting {
        /// The setting's name.
        setting: &'static str,
        /// Its value.
        given: String,
        /// What it may be.
        allowed: &'static str,
    },

    /// An adapter uses a feature of PEFT that this engine does not have.
    #[error("{file}: `{key}` is {value}, which is not supported; supported: {allowed}")]
    UnsupportedAdapter {
        /// The adapter's `adapter_config.json`.
        file: String,
        /// The key.
        key: String,
        /// Its value as JSON.
        value: String,
        /// What is supported.
        allowed: &'static str,
    },

    /// An adapter carries a tensor that its own settings do not lead to on this base.
    #[error("the adapter's tensor `{name}` has no place in this base model")]
    UnexpectedTensor {
        /// The tensor's name in the adapter.
        name: String,
    },

    /// A token id is not in the vocabulary.
    #[error("token id {id} at row {row} of the batch is outside the vocabulary of {vocab}")]
    TokenId {
        /// The id.
        id: u32,
        /// Its row in the batch.
        row: usize,
        /// The size of the vocabulary.
        vocab: usize,
    },

    /// A sequence is longer than the model's positions.
    #[error("position {position} is outside the model's context of {context}")]
    Position {
        /// The position, from zero.
        position: usize,
        /// The number of positions.
        context: usize,
    },

    /// A classifier was asked for the next token.
    #[error("this is a classifier of {labels} labels; it has no next token")]
    NotALanguageModel {
        /// How many labels it has.
        labels: usize,
    },

    /// What predicts tokens was asked for a label.
    #[error("this has no classification head: it predicts tokens, and no label")]
    NotAClassifier,

    /// A classifier's labels are not as many as its head has rows, or too few.
    #[error("{place}: {problem}")]
    Labels {
        /// The file, or what the labels are.
        place: String,
        /// What is wrong with them.
        problem: LabelProblem,
    },

    /// A batch's parts do not fit each other.
    #[error("batch: {part} is {given}, it must be {expected}")]
    Batch {
        /// Which part: `positions`, `segments` ….
        part: &'static str,
        /// What it is.
        given: String,
        /// What it must be.
        expected: String,
    },

    /// The device has no such operation, or could not be opened.
    #[error("device: {0}")]
    Device(String),
}

/// What is wrong with a classifier's labels.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelProblem {
    /// One label is no choice.
    #[error("a classifier needs at least 2 labels, this has {count}")]
    TooFew {
        /// How many there are.
        count: usize,
    },
    /// Two labels of one name could not be told apart.
    #[error("the label {label:?} is there twice")]
    Twice {
        /// The label.
        label: String,
    },
    /// The file names more or fewer labels than the head has.
    #[error("`id2label` names {named} labels, the head `score.weight` has {rows}")]
    Count {
        /// Labels that are named.
        named: usize,
        /// Rows of the head.
        rows: usize,
    },
    /// `id2label` is no map from 0, 1, 2 … to names.
    #[error("`id2label` must be an object that names the labels \"0\", \"1\", \"2\" …")]
    NotAMap,
}

/// What is wrong with a safetensors file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    /// The file is shorter than its first eight bytes.
    #[error("the file has {len} bytes, too short for a safetensors header; download it again")]
    TooShort {
        /// The file's length.
        len: usize,
    },
    /// The header's length runs past the file, or past any sensible header.
    #[error(
        "the header claims {header} bytes, the file has {len} and a header at most 100000000; the file is truncated or is not safetensors"
    )]
    HeaderLength {
        /// The claimed length.
        header: u64,
        /// The file's length.
        len: usize,
    },
    /// The header is not a JSON object of tensors.
    #[error("the header is not a safetensors header: {why}")]
    Header {
        /// The parser's answer.
        why: String,
    },
    /// A tensor has a dtype that the engine does not read.
    #[error("tensor `{tensor}` has dtype {dtype}; read are F32, F16 and BF16")]
    DType {
        /// The tensor.
        tensor: String,
        /// Its dtype as written.
        dtype: String,
    },
    /// A weight is not a number, or too great for its format.
    #[error("tensor `{tensor}` has values that are not finite or too great for eight bits with an f16 scale")]
    NotFinite {
        /// The tensor.
        tensor: String,
    },
    /// A tensor has a shape that its partner does not allow.
    #[error("tensor `{tensor}` has shape {found:?}; it must be {expected:?}")]
    Shape {
        /// The tensor.
        tensor: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that fits.
        expected: Vec<usize>,
    },
    /// The shape's product does not fit in memory's addresses.
    #[error("tensor `{tensor}` has shape {shape:?}, whose size overflows")]
    Overflow {
        /// The tensor.
        tensor: String,
        /// Its shape as written.
        shape: Vec<u64>,
    },
    /// The byte range is not the one that dtype and shape need.
    #[error("tensor `{tensor}` has {given} bytes, its dtype and shape need {needed}")]
    Size {
        /// The tensor.
        tensor: String,
        /// The bytes between its offsets.
        given: u64,
        /// The bytes it should have.
        needed: u64,
    },
    /// The byte range leaves the file.
    #[error(
        "tensor `{tensor}` lies at bytes {start}..{end} of {available}; the file is truncated, download it again"
    )]
    Outside {
        /// The tensor.
        tensor: String,
        /// First byte, after the header.
        start: u64,
        /// End, after the header.
        end: u64,
        /// The bytes that there are after the header.
        available: u64,
    },
    /// Two tensors share bytes.
    #[error("tensors `{first}` and `{second}` overlap")]
    Overlap {
        /// The one that begins first.
        first: String,
        /// The one that begins inside it.
        second: String,
    },
    /// The index of shards is not an index.
    #[error("the index of shards is not valid: {why}")]
    Index {
        /// What is wrong.
        why: String,
    },
    /// The index names a tensor that its shard does not hold.
    #[error("the index places `{tensor}` in {shard}, which does not hold it")]
    NotInShard {
        /// The tensor.
        tensor: String,
        /// The shard's file name.
        shard: String,
    },
}
