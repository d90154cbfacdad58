#!/usr/bin/env python3
"""A random GPT-2 and a random Qwen3, and what transformers and bitsandbytes make of them in four and eight bits.

    peers/bin/python tools/golden/bitsandbytes_folders.py

Writes bitsandbytes/FAMILY/{base,nf4,fp4,int8}: folders as `save_pretrained` writes them, and in each `logits.json` what the
model gives whose matrices were expanded to f32 again, for the tokens that stand beside.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import load_file

FOLDER = Path(__file__).parent / "bitsandbytes"
IDS = [3, 14, 15, 9, 26, 5]
SETTINGS = {
    "nf4": dict(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.float32),
    # Other codes, and scales that are not quantised themselves.
    "fp4": dict(load_in_4bit=True, bnb_4bit_quant_type="fp4", bnb_4bit_use_double_quant=False, bnb_4bit_compute_dtype=torch.float32),
    "int8": dict(load_in_8bit=True),
}


def family(name):
    torch.manual_seed(7)
    if name == "gpt2":
        return transformers.GPT2LMHeadModel(transformers.GPT2Config(
            vocab_size=32, n_embd=64, n_inner=64, n_layer=1, n_head=2, n_positions=16, bos_token_id=1, eos_token_id=2))
    return transformers.Qwen3ForCausalLM(transformers.Qwen3Config(
        vocab_size=32, hidden_size=64, intermediate_size=96, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1,
        head_dim=32, max_position_embeddings=16, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2))


def four_bits(tensors, name):
    """The numbers that were quantised. The package's own expansion on a CPU goes wrong for rows that are no whole blocks."""
    kind = next(kind for kind in ["nf4", "fp4"] if f"{name}.quant_state.bitsandbytes__{kind}" in tensors)
    state = json.loads(bytes(tensors[f"{name}.quant_state.bitsandbytes__{kind}"].numpy()))
    pairs = tensors[name].flatten().numpy()
    codes = np.stack([pairs >> 4, pairs & 15], axis=1).flatten()
    scales = tensors[name + ".absmax"].numpy()
    if name + ".nested_absmax" in tensors:
        nested = np.repeat(tensors[name + ".nested_absmax"].numpy(), state["nested_blocksize"])[: scales.size]
        scales = tensors[name + ".nested_quant_map"].numpy()[scales] * nested + np.float32(state["nested_offset"])
    numbers = tensors[name + ".quant_map"].numpy()[codes] * np.repeat(scales, state["blocksize"])[: codes.size]
    return torch.tensor(numbers.reshape(state["shape"]))


def expanded(base, folder):
    """The base with the numbers that the quantised folder stands for."""
    model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    tensors = load_file(folder / "model.safetensors")
    with torch.no_grad():
        for name, module in model.named_modules():
            weight, scales = f"{name}.weight", f"{name}.SCB"
            if f"{weight}.absmax" in tensors:
                numbers = four_bits(tensors, weight)
            elif scales in tensors:
                numbers = tensors[weight].float() * (tensors[scales] / 127.0)[:, None]
            else:
                continue
            turned = isinstance(module, transformers.pytorch_utils.Conv1D)
            module.weight.copy_(numbers.T if turned else numbers)
    return model.eval()


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name in ["gpt2", "qwen3"]:
        base = FOLDER / name / "base"
        family(name).save_pretrained(base)
        for kind, settings in SETTINGS.items():
            folder = FOLDER / name / kind
            config = transformers.BitsAndBytesConfig(**settings)
            model = transformers.AutoModelForCausalLM.from_pretrained(base, quantization_config=config, dtype=torch.float32)
            model.save_pretrained(folder)
            with torch.no_grad():
                logits = expanded(base, folder)(torch.tensor([IDS])).logits[0]
            (folder / "logits.json").write_text(json.dumps({"ids": IDS, "logits": logits.tolist()}) + "\n")


if __name__ == "__main__":
    main()
