#!/usr/bin/env python3
"""200 steps of LoRA on `builtin:nano` and on the tiny Qwen3 of twins.py, by PyTorch + transformers + PEFT.

    peers/bin/python tools/golden/lora_curves.py

Writes lora_curves.json beside itself: the settings, and the loss of each step. What is not in a model's file is made by
rules of integers, which the test of `train` follows as well: the samples, and A of each adapter. B begins at 0.

A step's loss is the mean over all counted tokens of its samples, and so is its gradient. Neither PEFT nor a loop that
averages the models' own losses gives that: those means weigh a sample of one counted token like one of twenty. Here
each sample has a backward pass of its own of (sum of its losses) / (counted tokens of the whole step), and gradients
add up. What the means of samples would have given is trained too: how far it parts shows what the comparison can see.
"""

import hashlib
import json
import warnings

import numpy as np
import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, Qwen3Config, Qwen3ForCausalLM, get_cosine_schedule_with_warmup

from twins import HERE, SEVEN, adapter_keys, loss_sum

NANO = HERE.parent.parent / "crates/moru/assets/nano.safetensors"
SETTINGS = {"steps": 200, "samples": 18, "samples_per_step": 4, "warmup_steps": 10, "weight_decay": 0.01,
            "rank": 8, "alpha": 16}
# Clipped at a norm that some steps are above and some below. A greater rate makes rounding grow: on the tiny
# model, PyTorch's own losses in f32 are off those in f64 by 4e-4 at 0.003, and by 1e-5 at 0.002.
MODELS = {"nano": {"learning_rate": 0.001, "max_grad_norm": 1.0, "init_a": 0.125},
          "qwen3": {"learning_rate": 0.002, "max_grad_norm": 2.0, "init_a": 0.5}}


def mixed(numbers):
    """Each 32-bit number to another one, as MurmurHash3 ends; neighbours have nothing in common."""
    h = np.asarray(numbers, dtype=np.uint64)
    low = np.uint64(0xFFFFFFFF)
    h ^= h >> np.uint64(16)
    h = h * np.uint64(0x85EBCA6B) & low
    h ^= h >> np.uint64(13)
    h = h * np.uint64(0xC2B2AE35) & low
    return h ^ h >> np.uint64(16)


def samples(vocab):
    """6 to 24 ids out of at most 64 words. Three words of four follow from the word before, which can be learnt; most
    tokens after a place of the first half count."""
    numbers = iter(mixed(2**31 + np.arange(4096)).tolist())
    words = min(vocab, 64)
    out = []
    for _ in range(SETTINGS["samples"]):
        length = 6 + next(numbers) % 19
        start = 1 + next(numbers) % (length // 2)
        word, ids, trained = next(numbers) % words, [], []
        for at in range(length):
            draw = next(numbers)
            word = (draw >> 4) % words if draw % 4 == 0 else (5 * word + 7) % words
            ids.append(word * (vocab // words))
            trained.append(at == start or at > start and (draw >> 2) % 4 != 0)
        out.append({"ids": ids, "trained": trained})
    return out


def initial(shape, place, size):
    """The A of this place in the order of names: between -size and size in steps of size / 2^23."""
    numbers = mixed(place * 2**20 + np.arange(shape.numel()))
    unit = (numbers >> np.uint64(8)).astype(np.float64) / 2**23 - 1
    return torch.from_numpy((unit * size).astype(np.float32)).reshape(shape)


def nano():
    """The model of 8-bit blocks of 32 numbers, each with a 16-bit scale; their products are exact in f32."""
    with safe_open(NANO, "pt") as file:
        config = json.loads(file.metadata()["config.json"])
    stored = load_file(NANO)
    model = Qwen3ForCausalLM(Qwen3Config(**config))
    weights = {}
    for name, tensor in stored.items():
        if name.endswith(".scale"):
            continue
        if tensor.dtype == torch.int8:
            scale = stored[f"{name}.scale"].float().repeat_interleave(32, dim=1)
            tensor = tensor.float() * scale
        weights[name] = tensor
    missing = model.load_state_dict(weights, strict=False)
    assert missing.missing_keys == ["lm_head.weight"] and not missing.unexpected_keys, missing
    model.tie_weights()
    return model


def base(name):
    model = nano() if name == "nano" else AutoModelForCausalLM.from_pretrained(HERE / name, dtype=torch.float32)
    model.set_attn_implementation("eager")
    return model.float().eval()


def file_of(name):
    return NANO if name == "nano" else HERE / name / "model.safetensors"


def train(name, settings, means_of_samples=False):
    lora = LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, r=settings["rank"], lora_alpha=settings["alpha"],
                      target_modules=SEVEN)
    model = get_peft_model(base(name), lora)
    parameters = adapter_keys(model)
    for place, key in enumerate(sorted(key for key in parameters if "lora_A" in key)):
        parameters[key].data = initial(parameters[key].shape, place, settings["init_a"])
    assert all(not p.any() for key, p in parameters.items() if "lora_B" in key)
    parameters = list(parameters.values())
    optimizer = torch.optim.AdamW(parameters, lr=settings["learning_rate"], betas=(0.9, 0.999), eps=1e-8,
                                  weight_decay=settings["weight_decay"])
    schedule = get_cosine_schedule_with_warmup(optimizer, settings["warmup_steps"], settings["steps"])
    data, size = samples(model.config.vocab_size), settings["samples_per_step"]
    # The last step of an epoch has what is left.
    batches = [data[at:at + size] for at in range(0, len(data), size)]
    losses, norms = [], []
    for step in range(settings["steps"]):
        batch = batches[step % len(batches)]
        counted = sum(sum(sample["trained"][1:]) for sample in batch)
        optimizer.zero_grad()
        total = 0.0
        for sample in batch:
            loss, count, _ = loss_sum(model, sample)
            (loss / (count * len(batch) if means_of_samples else counted)).backward()
            total += float(loss.detach())
        norms.append(float(torch.nn.utils.clip_grad_norm_(parameters, settings["max_grad_norm"])))
        optimizer.step()
        schedule.step()
        losses.append(total / counted)
    return losses, norms


def curve(name):
    settings = {**SETTINGS, **MODELS[name]}
    losses, norms = train(name, settings)
    means, _ = train(name, settings, means_of_samples=True)
    clipped = sum(norm > settings["max_grad_norm"] for norm in norms)
    assert settings["steps"] // 10 < clipped < settings["steps"] * 9 // 10, clipped
    away = max(abs(mean - loss) / loss for mean, loss in zip(means, losses))
    print(name, losses[:5], "->", losses[-5:], "clipped", clipped, "means of samples part by", away)
    return {"file_sha256": hashlib.sha256(file_of(name).read_bytes()).hexdigest(), "settings": settings,
            "clipped_steps": clipped, "means_of_samples_part_by": round(away, 4),
            "losses": [float(f"{loss:.8g}") for loss in losses]}


def main():
    warnings.filterwarnings("ignore", module="peft")
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    made_with = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__,
                 "peft": peft.__version__}
    report = {"made_with": made_with, **{name: curve(name) for name in MODELS}}
    (HERE / "lora_curves.json").write_text(json.dumps(report, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
