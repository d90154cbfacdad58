#!/usr/bin/env python3
"""Classifiers over the golden twins, trained by PyTorch + transformers + PEFT.

    peers/bin/python tools/golden/classifiers.py

Writes beside itself, for each of a few twins (their bases are those of twins.py):

    classifiers/TWIN/expected.json       the samples and settings, each step's figures, logits after the training
    classifiers/TWIN/init.safetensors    the initial A and head
    classifiers/TWIN/adapter/            the trained adapter with its head, as PEFT saves it

Everything is f32 on one thread. A sample is a list of ids and the number of its label; texts are run one at a time, so
that no padding takes part, and the loss of a step is the mean over its samples.
"""

import json
import warnings
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForSequenceClassification, get_cosine_schedule_with_warmup

from twins import VOCAB, plain_key, sort_targets

HERE = Path(__file__).parent
LABELS = 3
SETTINGS = {"steps": 20, "samples_per_step": 4, "learning_rate": 0.01, "weight_decay": 0.1, "warmup_steps": 3,
            "max_grad_norm": 0.5}
SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
TWINS = {
    "gpt2": dict(r=4, lora_alpha=8, target_modules=["c_attn", "c_proj"], fan_in_fan_out=True),
    "llama": dict(r=3, lora_alpha=5, target_modules=["q_proj", "v_proj"], use_rslora=True),
    "qwen3": dict(r=2, lora_alpha=4, target_modules=SEVEN),
}


def samples(generator, count):
    out = []
    for n in range(count):
        length = int(torch.randint(1, 17, (1,), generator=generator))
        ids = torch.randint(0, VOCAB, (length,), generator=generator).tolist()
        out.append({"ids": ids, "label": n % LABELS})
    return out


def logits(model, batch):
    return torch.cat([model(input_ids=torch.tensor([sample["ids"]])).logits for sample in batch])


def train(model, data):
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [{"params": [p for p in parameters if p.dim() > 1], "weight_decay": SETTINGS["weight_decay"]},
              {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=SETTINGS["learning_rate"], betas=(0.9, 0.999), eps=1e-8)
    schedule = get_cosine_schedule_with_warmup(optimizer, SETTINGS["warmup_steps"], SETTINGS["steps"])
    per_step = SETTINGS["samples_per_step"]
    losses, norms, rates = [], [], []
    for step in range(SETTINGS["steps"]):
        start = step * per_step % len(data)
        batch = data[start:start + per_step]
        labels = torch.tensor([sample["label"] for sample in batch])
        loss = torch.nn.functional.cross_entropy(logits(model, batch), labels)
        optimizer.zero_grad()
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(parameters, SETTINGS["max_grad_norm"])))
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
    with torch.no_grad():
        after = logits(model, data)
    return {"losses": losses, "grad_norms": norms, "learning_rates": rates, "logits": after.tolist()}


def load(name, score):
    model = AutoModelForSequenceClassification.from_pretrained(HERE / name, num_labels=LABELS, dtype=torch.float32)
    model.score.weight.data = score.clone()
    return model.eval()


def make(name, lora):
    folder = HERE / "classifiers" / name
    folder.mkdir(parents=True, exist_ok=True)
    seed = sum(map(ord, "classify" + name))
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    hidden = AutoModelForSequenceClassification.from_pretrained(HERE / name, num_labels=LABELS).score.in_features
    score = 0.3 * torch.randn(LABELS, hidden, generator=generator)
    data = samples(generator, 8)

    tuned = get_peft_model(load(name, score), LoraConfig(task_type="SEQ_CLS", lora_dropout=0.0, **lora))
    init = {"base_model.model.score.weight": score}
    init |= {plain_key(key): p.detach().clone() for key, p in tuned.named_parameters() if "lora_A" in key}
    expected = {"samples": data, "settings": SETTINGS, "lora": train(tuned, data)}
    tuned.peft_config["default"].base_model_name_or_path = f"twins/{name}"
    tuned.save_pretrained(folder / "adapter")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)
    sort_targets(folder / "adapter" / "adapter_config.json")
    expected["made_with"] = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__,
                             "peft": peft.__version__}
    save_file({key: value.contiguous() for key, value in init.items()}, folder / "init.safetensors")
    (folder / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)
    print(name, expected["lora"]["losses"][0], "->", expected["lora"]["losses"][-1])


def main():
    warnings.filterwarnings("ignore", module="peft")  # It looks for the twins on the Hub.
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()  # That the head is new is meant.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name, lora in TWINS.items():
        make(name, lora)


if __name__ == "__main__":
    main()
