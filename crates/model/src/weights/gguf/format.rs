//! The number formats of ggml, by the numbers that stand for them in a file.

use kernels::quant::Format;

use crate::DType;

/// ggml's formats with their numbers; those that are not read are named in errors.
const NAMES: [(u32, &str); 35] = [
    (0, "f32"),
    (1, "f16"),
    (2, "q4_0"),
    (3, "q4_1"),
    (6, "q5_0"),
    (7, "q5_1"),
    (8, "q8_0"),
    (9, "q8_1"),
    (10, "q2_k"),
    (11, "q3_k"),
    (12, "q4_k"),
    (13, "q5_k"),
    (14, "q6_k"),
    (15, "q8_k"),
    (16, "iq2_xxs"),
    (17, "iq2_xs"),
    (18, "iq3_xxs"),
    (19, "iq1_s"),
    (20, "iq4_nl"),
    (21, "iq3_s"),
    (22, "iq2_s"),
    (23, "iq4_xs"),
    (24, "i8"),
    (25, "i16"),
    (26, "i32"),
    (27, "i64"),
    (28, "f64"),
    (29, "iq1_m"),
    (30, "bf16"),
    (34, "tq1_0"),
    (35, "tq2_0"),
    (39, "mxfp4"),
    (40, "nvfp4"),
    (41, "q1_0"),
    (42, "q2_0"),
];

/// The format of that number, where it is read.
pub(super) fn dtype(code: u32) -> Option<DType> {
    let name = NAMES.iter().find(|(c, _)| *c == code)?.1;
    dtypes().find(|dtype| spelled(*dtype) == name)
}

/// The number of a format, where ggml has it.
pub(super) fn code(dtype: DType) -> Option<u32> {
    let name = spelled(dtype);
    NAMES.iter().find(|(_, n)| *n == name).map(|(code, _)| *code)
}

/// The name of a number's format, for a person.
pub(super) fn name(code: u32) -> String {
    let known = NAMES.iter().find(|(c, _)| *c == code);
    known.map_or_else(|| format!("the unknown format {code}"), |(_, name)| (*name).to_owned())
}

/// The names of what is read.
pub(super) fn supported() -> String {
    let read = NAMES.iter().filter(|(code, _)| dtype(*code).is_some());
    read.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

fn dtypes() -> impl Iterator<Item = DType> {
    [DType::F32, DType::F16, DType::BF16].into_iter().chain(Format::GGUF.into_iter().map(DType::Blocks))
}

/// ggml's name of a format.
fn spelled(dtype: DType) -> &'static str {
    match dtype {
        DType::F32 => "f32",
        DType::F16 => "f16",
        DType::BF16 => "bf16",
        DType::Blocks(format) => format.name(),
    }
}
