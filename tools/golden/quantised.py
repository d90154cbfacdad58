"""What quantised matrices hold: blocks of GGUF's formats by the `gguf` package, and of NF4 by its definition in torch.

`python quantised.py` writes `quantised.txt`: a name and hexadecimal bytes a line. The numbers that are quantised are
made by integers alone, so that the test makes the same.
"""

from pathlib import Path

import numpy as np
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

LEVELS = torch.tensor([
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
    -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
    0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
])


def numbers(count):
    """Between -1/2 and 1/2 in steps of 2^-24, times a power of two that changes every 32 numbers."""
    i = np.arange(count, dtype=np.uint64)
    mixed = (i * np.uint64(2654435761) + np.uint64(12345)) % np.uint64(1 << 32)
    unit = (mixed >> np.uint64(8)).astype(np.float64) / 2**24 - 0.5
    return (unit * 2.0 ** -((i // 32) % 7).astype(np.float64)).astype(np.float32)


def scale_levels():
    """For each exponent, the middles of evenly spaced intervals between 0.1 and 1; both signs, 0 and 1."""
    levels = [0.0, 1.0]
    for exponent in range(7):
        bounds = torch.linspace(0.1, 1, 2**exponent + 1)
        middles = 10 ** (exponent - 6) * ((bounds[:-1] + bounds[1:]) / 2)
        levels += middles.tolist() + (-middles).tolist()
    return torch.tensor(sorted(levels))


def nf4(values):
    """Codes, codes of scales, greatest magnitudes of these, the mean, and what is read."""
    blocks = torch.from_numpy(values).reshape(-1, 64)
    scale = blocks.abs().max(dim=1).values
    codes = ((blocks / scale[:, None])[:, :, None] - LEVELS).abs().argmin(dim=2)
    mean = scale.double().mean().float()
    rest = scale - mean
    nested = torch.stack([part.abs().max() for part in rest.split(256)])
    levels = scale_levels()
    spread = nested.repeat_interleave(256)[: len(rest)]
    scale_codes = ((rest / spread)[:, None] - levels).abs().argmin(dim=1)
    read = LEVELS[codes] * (levels[scale_codes] * spread + mean)[:, None]
    codes = codes.reshape(-1, 2).to(torch.uint8)
    return codes[:, 0] << 4 | codes[:, 1], scale_codes.to(torch.uint8), nested, mean, read


def any_blocks(kind, halves):
    """256 numbers as blocks of any bytes, but for the scales in f16, which are finite: at the end in Q6_K."""
    numbers_of_block, size = GGML_QUANT_SIZES[kind]
    count = 256 // numbers_of_block
    blocks = (np.arange(count * size) * 89 + 7).astype(np.uint8).reshape(count, size)
    scales = (0.0123 + 0.0333 * np.arange(halves) + 0.001 * np.arange(count)[:, None]).astype(np.float16)
    at = size - 2 if kind == GGMLQuantizationType.Q6_K else 0
    blocks[:, at : at + 2 * halves] = scales.view(np.uint8)
    return blocks.reshape(-1)


def lines():
    few = numbers(512)
    for name in ["Q8_0", "Q4_0"]:
        blocks = quants.quantize(few, GGMLQuantizationType[name])
        yield name.lower(), blocks
        yield name.lower() + ".read", quants.dequantize(blocks, GGMLQuantizationType[name])
    for name in ["Q4_1", "Q5_0", "Q5_1"]:
        yield name.lower(), quants.quantize(few, GGMLQuantizationType[name])
    for name, halves in [("Q4_1", 2), ("Q5_0", 1), ("Q5_1", 2), ("Q4_K", 2), ("Q5_K", 2), ("Q6_K", 1)]:
        blocks = any_blocks(GGMLQuantizationType[name], halves)
        yield name.lower() + ".any", blocks
        yield name.lower() + ".any_read", quants.dequantize(blocks, GGMLQuantizationType[name])
    codes, scale_codes, nested, mean, read = nf4(numbers(64 * 260))
    yield "nf4.codes", codes[:256].numpy()
    yield "nf4.scale_codes", scale_codes.numpy()
    yield "nf4.nested", nested.numpy()
    yield "nf4.mean", mean.numpy()
    yield "nf4.read", read.reshape(-1)[:256].numpy()
    yield "nf4.scale_levels", scale_levels().numpy()


text = "".join(f"{name} {values.tobytes().hex()}\n" for name, values in lines())
Path(__file__).with_name("quantised.txt").write_text(text)
