"""GGUF files as the `gguf` package writes them, and what it reads in them.

`python gguf_files.py` writes `gguf/keys.gguf` (keys of every type, a tensor of every format that the package can make)
and `gguf/keys.json`: what the package's own reader says of the file, with a hash of each tensor's numbers in f32.
"""

import json
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as Kind
from gguf import GGUFReader, GGUFValueType, GGUFWriter, quants

FOLDER = Path(__file__).parent / "gguf"
FORMATS = [Kind.F32, Kind.F16, Kind.BF16, Kind.Q8_0, Kind.Q4_0, Kind.Q4_1, Kind.Q5_0, Kind.Q5_1]


def numbers(rows, row):
    """The same in every language: multiples of 1/64 between -2 and 2."""
    i = np.arange(rows * row, dtype=np.int64)
    return (((i * 37 + 11) % 257 - 128) / 64).astype(np.float32).reshape(rows, row)


def write(path):
    writer = GGUFWriter(path, "llama")
    for name, kind, value in [
        ("u8", GGUFValueType.UINT8, 200), ("i8", GGUFValueType.INT8, -100),
        ("u16", GGUFValueType.UINT16, 60000), ("i16", GGUFValueType.INT16, -30000),
        ("u32", GGUFValueType.UINT32, 4000000000), ("i32", GGUFValueType.INT32, -2000000000),
        ("u64", GGUFValueType.UINT64, 2**63), ("i64", GGUFValueType.INT64, -(2**62)),
        ("f32", GGUFValueType.FLOAT32, 0.15625), ("f64", GGUFValueType.FLOAT64, -1e300),
        ("yes", GGUFValueType.BOOL, True), ("no", GGUFValueType.BOOL, False),
        ("text", GGUFValueType.STRING, "모루 🔨"),
    ]:
        writer.add_key_value("test." + name, value, kind)
    writer.add_array("test.texts", ["a", "", "둘"])
    writer.add_array("test.numbers", [1, -2, 3])
    writer.add_array("test.parts", [0.5, -0.25])
    writer.add_array("test.flags", [True, False, True])
    for kind in FORMATS:
        values = numbers(3, 64)
        stored = values if kind == Kind.F32 else quants.quantize(values, kind)
        writer.add_tensor("t." + kind.name.lower(), stored, raw_dtype=None if kind == Kind.F32 else kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def fnv1a(data):
    """The 64-bit hash of Fowler, Noll and Vo."""
    state = 0xCBF29CE484222325
    for byte in data:
        state = (state ^ byte) * 0x100000001B3 % 2**64
    return state


def read(path):
    reader = GGUFReader(path)
    keys = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    tensors = {}
    for tensor in reader.tensors:
        values = quants.dequantize(tensor.data, tensor.tensor_type).astype("<f4")
        tensors[tensor.name] = {
            "format": tensor.tensor_type.name.lower(),
            "shape": [int(n) for n in reversed(tensor.shape)],
            "fnv1a": f"{fnv1a(values.tobytes()):016x}",
        }
    return {"keys": keys, "tensors": tensors}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    write(FOLDER / "keys.gguf")
    text = json.dumps(read(FOLDER / "keys.gguf"), ensure_ascii=False, indent=1, sort_keys=True)
    (FOLDER / "keys.json").write_text(text + "\n")
