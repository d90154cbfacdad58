//! What can be wrong with a GGUF file.

/// What is wrong with a GGUF file, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GgufProblem {
    /// The first four bytes are others.
    #[error("the file does not begin with `GGUF`; it is of another kind, or damaged: download it again")]
    Magic,
    /// A version that nobody reads here.
    #[error("the file is GGUF version {version}; read are 2 and 3: convert it with a newer llama.cpp")]
    Version {
        /// As written.
        version: u32,
    },
    /// The numbers have their greatest byte first.
    #[error(
        "the file was written for a big-endian machine; convert it with llama.cpp's gguf_convert_endian.py"
    )]
    BigEndian,
    /// The file ends inside something.
    #[error("the file ends at byte {len}, inside {what} at byte {at}; it is truncated: download it again")]
    Truncated {
        /// What is cut.
        what: String,
        /// Where it begins.
        at: usize,
        /// The file's length.
        len: usize,
    },
    /// More things are promised than the rest of the file can hold.
    #[error(
        "{what} at byte {at} claims {count} entries, for which the file is too short; it is damaged: download it again"
    )]
    Count {
        /// What claims so.
        what: String,
        /// Where.
        at: usize,
        /// The claimed number.
        count: u64,
    },
    /// A text is not UTF-8.
    #[error("{what} at byte {at} is not UTF-8; the file is damaged, or not GGUF")]
    Utf8 {
        /// Which text.
        what: String,
        /// Where it begins.
        at: usize,
    },
    /// A value has a type that GGUF does not have.
    #[error("{what} at byte {at} has value type {code}; GGUF has 0 to 12")]
    Kind {
        /// The key.
        what: String,
        /// Where the type stands.
        at: usize,
        /// As written.
        code: u32,
    },
    /// An array of arrays.
    #[error("{what} at byte {at} is an array of arrays, which no model needs and which is not read")]
    Nested {
        /// The key.
        what: String,
        /// Where the type of the elements stands.
        at: usize,
    },
    /// A truth value is neither 0 nor 1.
    #[error("{what} at byte {at} is {value}, where only 0 (false) and 1 (true) can stand")]
    Flag {
        /// The key.
        what: String,
        /// Where it stands.
        at: usize,
        /// As written.
        value: u8,
    },
    /// Two keys or two tensors of one name.
    #[error("the {what} `{name}` is there twice, the second time at byte {at}")]
    Twice {
        /// `key` or `tensor`.
        what: &'static str,
        /// The name.
        name: String,
        /// Where the second one begins.
        at: usize,
    },
    /// `general.alignment` makes no sense.
    #[error("`general.alignment` is {value}; it must be a power of two up to 65536")]
    Alignment {
        /// As written.
        value: String,
    },
    /// A tensor with too many dimensions.
    #[error("tensor `{tensor}` has {count} dimensions; GGUF allows 1 to 4")]
    Dimensions {
        /// The tensor.
        tensor: String,
        /// As written.
        count: u32,
    },
    /// The product of the dimensions is no number of bytes.
    #[error("tensor `{tensor}` has dimensions {shape:?}, whose size overflows")]
    Overflow {
        /// The tensor.
        tensor: String,
        /// As written, innermost first.
        shape: Vec<u64>,
    },
    /// A number format that is not read.
    #[error(
        "tensor `{tensor}` is stored as {format}; read are {supported}: convert it with llama.cpp's llama-quantize"
    )]
    Format {
        /// The tensor.
        tensor: String,
        /// The format's name, or its number.
        format: String,
        /// What is read.
        supported: String,
    },
    /// A row of a tensor is no whole number of blocks.
    #[error(
        "tensor `{tensor}` is stored as {format} in rows of {row}, which are not whole blocks of {block}"
    )]
    Row {
        /// The tensor.
        tensor: String,
        /// The format's name.
        format: &'static str,
        /// Numbers of a row.
        row: usize,
        /// Numbers of a block.
        block: usize,
    },
    /// A tensor does not begin where the alignment wants it.
    #[error(
        "tensor `{tensor}` begins at {offset}, which is no multiple of the file's alignment of {alignment}"
    )]
    Unaligned {
        /// The tensor.
        tensor: String,
        /// Its offset.
        offset: u64,
        /// The file's alignment.
        alignment: usize,
    },
    /// A tensor leaves the file.
    #[error(
        "tensor `{tensor}` takes {needed} bytes from {offset} on, of {available}; the file is truncated: download it again"
    )]
    Outside {
        /// The tensor.
        tensor: String,
        /// Its first byte, after the header.
        offset: u64,
        /// The bytes it needs.
        needed: u64,
        /// The bytes after the header.
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
    /// A key is there with a value of another type.
    #[error("`{key}` is {found}; it must be {wanted}")]
    KeyKind {
        /// The key.
        key: String,
        /// What it is.
        found: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A key that must be there is not.
    #[error("`{key}` is missing; the file is incomplete, or made for something else than a language model")]
    MissingKey {
        /// The key.
        key: String,
    },
    /// One of several files.
    #[error("the file is part {part} of {count}; join them with llama.cpp's `llama-gguf-split --merge`")]
    Split {
        /// From one.
        part: u64,
        /// How many there are.
        count: u64,
    },
    /// Two keys disagree, or a key and a tensor.
    #[error("`{key}` is {found}, but {wanted}")]
    Disagree {
        /// The key.
        key: String,
        /// Its value.
        found: String,
        /// What it should be, and why.
        wanted: String,
    },
}
