#!/usr/bin/env python3
"""Tiny random twins of the supported families, and what PyTorch + transformers + PEFT make of them.

    python3 -m venv peers && peers/bin/pip install -r tools/golden/requirements.txt
    peers/bin/python tools/golden/twins.py [TWIN …]

Writes beside itself, for each twin:

    TWIN/config.json, model.safetensors   the base, as transformers saves it
    TWIN/adapter/                         a LoRA adapter with random A and B, as PEFT saves it
    TWIN/expected.json                    the samples, the losses, the settings and losses of a short training
    TWIN/expected.safetensors             logits.{base,adapter}, grad.{full,lora}.NAME, init.NAME

Everything is f32 on one thread. A sample is a list of ids and, for each id, whether its prediction counts;
the loss is the mean over all counted tokens of all samples, and so are its gradients.
"""

import copy
import json
import math
import sys
import warnings
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import (
    GemmaConfig, GemmaForCausalLM, GPT2Config, GPT2LMHeadModel, GPTNeoXConfig, GPTNeoXForCausalLM, LlamaConfig,
    LlamaForCausalLM, MistralConfig, MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM,
    get_cosine_schedule_with_warmup,
)

HERE = Path(__file__).parent
VOCAB = 61
SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def twins():
    """Name, model class, config, LoRA settings."""
    yield "gpt2", GPT2LMHeadModel, GPT2Config(
        vocab_size=VOCAB, n_positions=48, n_embd=24, n_layer=2, n_head=3, resid_pdrop=0.0, embd_pdrop=0.0,
        attn_pdrop=0.0, bos_token_id=0, eos_token_id=0,
    ), dict(r=4, lora_alpha=8, target_modules=["c_attn", "c_proj"], fan_in_fan_out=True)
    yield "llama", LlamaForCausalLM, LlamaConfig(
        vocab_size=VOCAB, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3,
        num_key_value_heads=1, head_dim=10, max_position_embeddings=48, tie_word_embeddings=False,
        attention_bias=True, mlp_bias=True, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=[2, 3],
        rope_parameters=dict(rope_type="llama3", rope_theta=500.0, factor=4.0, low_freq_factor=1.0,
                             high_freq_factor=4.0, original_max_position_embeddings=12),
    ), dict(r=3, lora_alpha=5, target_modules=SEVEN, use_rslora=True)
    yield "mistral", MistralForCausalLM, MistralConfig(
        vocab_size=VOCAB, hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, head_dim=4, max_position_embeddings=48, sliding_window=None, hidden_act="gelu",
        tie_word_embeddings=False, bos_token_id=1, eos_token_id=2,
        rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=2.0),
    ), dict(r=2, lora_alpha=4, target_modules=["q_proj", "o_proj", "down_proj"])
    yield "qwen2", Qwen2ForCausalLM, Qwen2Config(
        vocab_size=VOCAB, hidden_size=24, intermediate_size=36, num_hidden_layers=2, num_attention_heads=6,
        num_key_value_heads=2, max_position_embeddings=48, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2,
        rope_parameters=dict(rope_type="yarn", rope_theta=10000.0, factor=4.0,
                             original_max_position_embeddings=12),
    ), dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"])
    yield "qwen3", Qwen3ForCausalLM, Qwen3Config(
        vocab_size=VOCAB, hidden_size=20, intermediate_size=36, num_hidden_layers=2, num_attention_heads=5,
        num_key_value_heads=1, head_dim=8, max_position_embeddings=48, tie_word_embeddings=True, bos_token_id=None,
        eos_token_id=2, rope_parameters=dict(rope_type="default", rope_theta=10000.0),
    ), dict(r=8, lora_alpha=16, target_modules=SEVEN)
    yield "gpt_neox", GPTNeoXForCausalLM, GPTNeoXConfig(
        vocab_size=VOCAB, hidden_size=30, intermediate_size=44, num_hidden_layers=2, num_attention_heads=3,
        max_position_embeddings=48, use_parallel_residual=True, hidden_act="gelu", tie_word_embeddings=False,
        bos_token_id=0, eos_token_id=0,
        rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.4),
    ), dict(r=4, lora_alpha=6, target_modules=["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"])
    # Without a pad token, whose row of the embedding PyTorch would give no gradient.
    yield "gemma", GemmaForCausalLM, GemmaConfig(
        vocab_size=VOCAB, hidden_size=22, intermediate_size=34, num_hidden_layers=2, num_attention_heads=3,
        num_key_value_heads=1, head_dim=10, max_position_embeddings=48, hidden_act="gelu_pytorch_tanh",
        tie_word_embeddings=True, bos_token_id=2, eos_token_id=1, pad_token_id=None,
        rope_parameters=dict(rope_type="dynamic", rope_theta=10000.0, factor=2.0),
    ), dict(r=3, lora_alpha=6, target_modules=SEVEN)


def file_name(model, name):
    """The name that a parameter has in files: GPT-NeoX's head is called otherwise in transformers 5."""
    return "embed_out.weight" if name == "lm_head.weight" and model.config.model_type == "gpt_neox" else name


def randomise(module, generator):
    """Weights large enough that attention and logits are far from uniform; norms and biases not left at 1 and 0.
    Gemma stores a norm's scale as its difference from 1."""
    middle = 0 if module.config.model_type == "gemma" else 1
    for name, parameter in module.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        is_norm = parameter.dim() == 1 and ("norm" in name or "ln_" in name) and name.endswith("weight")
        if is_norm:
            parameter.data = middle + 0.2 * noise
        elif parameter.dim() == 1:
            parameter.data = 0.1 * noise
        else:
            scale = 0.5 if parameter.shape[0] == VOCAB else 1.2 / math.sqrt(min(parameter.shape))
            parameter.data = scale * noise


def samples(generator, count, shortest, longest):
    """Random ids; the counted tokens are a run in the middle or at the end, at least one, never the first."""
    out = []
    for _ in range(count):
        length = int(torch.randint(shortest, longest + 1, (1,), generator=generator))
        ids = torch.randint(0, VOCAB, (length,), generator=generator).tolist()
        start = int(torch.randint(1, length - 1, (1,), generator=generator))
        end = int(torch.randint(start + 1, length + 1, (1,), generator=generator))
        out.append({"ids": ids, "trained": [start <= at < end for at in range(length)]})
    return out


def loss_sum(model, sample):
    ids = torch.tensor([sample["ids"]])
    logits = model(input_ids=ids).logits[0]
    trained = torch.tensor(sample["trained"][1:])
    losses = torch.nn.functional.cross_entropy(logits[:-1], ids[0, 1:], reduction="none")
    return (losses * trained).sum(), int(trained.sum()), logits


def mean_loss(model, batch):
    sums, counts, logits = zip(*[loss_sum(model, sample) for sample in batch])
    return sum(sums) / sum(counts), torch.cat([part.detach() for part in logits])


def plain_key(name):
    """PEFT's name of a parameter as its files have it."""
    return name.replace(".default", "")


def adapter_keys(model):
    return {plain_key(name): p for name, p in model.named_parameters() if "lora_" in name}


def sort_targets(path):
    """PEFT writes the targets as a set comes out, which differs from run to run; only their order is changed."""
    config = json.loads(path.read_text())
    config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=2, sort_keys=True))


def train(model, data, settings):
    parameters = [p for p in model.parameters() if p.requires_grad]
    # As transformers' Trainer does: biases and norms, the vectors, are not decayed.
    groups = [{"params": [p for p in parameters if p.dim() > 1], "weight_decay": settings["weight_decay"]},
              {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=settings["learning_rate"], betas=(0.9, 0.999), eps=1e-8)
    schedule = get_cosine_schedule_with_warmup(optimizer, settings["warmup_steps"], settings["steps"])
    losses, norms, rates = [], [], []
    for step in range(settings["steps"]):
        start = step * settings["samples_per_step"] % len(data)
        loss, _ = mean_loss(model, data[start:start + settings["samples_per_step"]])
        optimizer.zero_grad()
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(parameters, settings["max_grad_norm"])))
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
    return {"losses": losses, "grad_norms": norms, "learning_rates": rates}


def make(name, kind, config, lora):
    folder = HERE / name
    # A seed of its own, also for PEFT's initial A, so that a twin does not depend on those before it.
    torch.manual_seed(sum(map(ord, name)))
    generator = torch.Generator().manual_seed(sum(map(ord, name)))
    tensors = {}
    config._attn_implementation = "eager"
    model = kind(config).float().eval()
    randomise(model, generator)
    model.tie_weights()
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)

    batch = samples(generator, 3, 5, 19)
    loss, tensors["logits.base"] = mean_loss(model, batch)
    loss.backward()
    for key, parameter in model.named_parameters():
        tensors[f"grad.full.{file_name(model, key)}"] = parameter.grad
    expected = {"samples": batch, "base_loss": float(loss.detach())}

    model.zero_grad()
    untouched = copy.deepcopy(model)
    tuned = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, **lora))
    for key, parameter in adapter_keys(tuned).items():
        if "lora_A" in key:
            tensors[f"init.{key}"] = parameter.detach().clone()
    for key, parameter in adapter_keys(tuned).items():
        parameter.data = 0.3 * torch.randn(parameter.shape, generator=generator)
    tuned.peft_config["default"].base_model_name_or_path = f"twins/{name}"
    tuned.save_pretrained(folder / "adapter")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)
    sort_targets(folder / "adapter" / "adapter_config.json")
    loss, tensors["logits.adapter"] = mean_loss(tuned, batch)
    loss.backward()
    for key, parameter in adapter_keys(tuned).items():
        tensors[f"grad.lora.{key}"] = parameter.grad.clone()
    expected["adapter_loss"] = float(loss.detach())

    for key, parameter in adapter_keys(tuned).items():
        parameter.data = tensors.get(f"init.{key}", torch.zeros_like(parameter)).clone()
        parameter.grad = None
    settings = {"steps": 20, "samples_per_step": 4, "learning_rate": 0.01, "weight_decay": 0.1,
                "warmup_steps": 3, "max_grad_norm": 0.5}
    data = samples(generator, 8, 5, 19)
    expected["training"] = {"settings": settings, "samples": data, **train(tuned, data, settings)}
    expected["full_training"] = {"settings": settings, "samples": data, **train(untouched, data, settings)}
    expected["made_with"] = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__,
                             "peft": peft.__version__}

    # Shared storage and views are refused by the writer, so each tensor is copied.
    save_file({key: value.detach().clone().contiguous() for key, value in tensors.items()},
              folder / "expected.safetensors")
    (folder / "expected.json").write_text(json.dumps(expected, indent=None, separators=(",", ":")) + "\n")
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)
    print(name, "base", expected["base_loss"], "adapter", expected["adapter_loss"],
          "training", expected["training"]["losses"][0], "->", expected["training"]["losses"][-1])


def main():
    warnings.filterwarnings("ignore", module="peft")  # It looks for the twins on the Hub.
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for twin in twins():
        if twin[0] in (sys.argv[1:] or [twin[0]]):
            make(*twin)


if __name__ == "__main__":
    main()
