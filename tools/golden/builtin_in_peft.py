#!/usr/bin/env python3
"""Trains adapters over the built-in models, writes their bases with `moru export`, and loads both in transformers and
PEFT; exits with 1 where ids or logits differ from ours.

    peers/bin/python tools/golden/builtin_in_peft.py

Numbers are norms of differences of logits over the norm of the logits. The result is written to builtin_in_peft.json
beside this script.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import load_file

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
TOLERANCE = 1e-4
ROWS = 40

RECIPE = """[project]
name = "export"
[model]
base = "builtin:{name}"
[source.rows]
kind = "csv"
path = "rows.csv"
key = ["id"]
[train]
steps = 12
batch_size = 8
rank = 8
learning_rate = 0.01
"""


def cargo(package, *arguments):
    command = ["cargo", "run", "--quiet", "--release", "--locked", "-p", package, *arguments]
    return subprocess.run([str(part) for part in command], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def moru(*arguments):
    return cargo("moru", "--", *arguments)


def project(folder, name):
    folder.mkdir()
    lines = ["id,question,answer"]
    for i in range(1, ROWS + 1):
        lines.append(f"{i},{i}번 창고의 물건은 언제 오나요? It was ordered {i} days ago.,{i % 7 + 1}일 뒤에 도착합니다. In {i % 7 + 1} days.")
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    (folder / "moru.toml").write_text(RECIPE.format(name=name))
    moru("train", "-C", folder)


def tokenized(folder):
    """Ids of samples as we train on them, and the conversations that they came of."""
    split = {json.loads(line)["id"]: json.loads(line)["messages"] for line in
             moru("tap", "split", "-n", "0", "--json", "-C", folder).splitlines()}
    taken = [json.loads(line) for line in moru("tap", "tokenize", "-n", "4", "--json", "-C", folder).splitlines()]
    return [(sample["ids"], split[sample["row"]]) for sample in taken]


def templated(tokenizer, messages):
    messages = [{"role": message["role"], "content": message["content"]} for message in messages]
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def logits(model, samples):
    with torch.no_grad():
        return torch.cat([model(input_ids=torch.tensor([ids])).logits[0] for ids in samples])


def away(found, wanted):
    return float((found - wanted).norm() / wanted.norm())


def compare(scratch, name):
    folder, base = scratch / name, scratch / f"{name}-base"
    project(folder, name)
    if name == "nano":
        moru("export", "builtin:nano", base)
    else:
        moru("export", "base", base, "-C", folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    samples = tokenized(folder)
    ids = [ids for ids, _ in samples]
    # The template ends a turn with a line break, which nobody learns.
    same = all(templated(tokenizer, messages)[:len(ids)] == ids for ids, messages in samples)
    (scratch / "ids.json").write_text(json.dumps(ids))
    out = scratch / f"{name}.safetensors"
    cargo("model", "--example", "logits", "--", base, folder / "out/adapter", scratch / "ids.json", out)
    ours = load_file(out)["logits"]
    model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    plain = logits(model, ids)
    tuned = logits(peft.PeftModel.from_pretrained(model, folder / "out/adapter").eval(), ids)
    assert tuned.shape == ours.shape, (tuned.shape, ours.shape)
    return {"same_ids": same, "samples": len(ids), "adapter_in_peft": away(tuned, ours),
            "effect_of_the_adapter": away(plain, ours)}


def main():
    with tempfile.TemporaryDirectory() as scratch:
        models = {name: compare(Path(scratch), name) for name in ["nano", "toy"]}
    passed = all(result["same_ids"] and result["samples"] > 2 and result["adapter_in_peft"] < TOLERANCE
                 and result["effect_of_the_adapter"] > 100 * TOLERANCE for result in models.values())
    versions = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__,
                "peft": peft.__version__}
    report = {"passed": passed, "tolerance": TOLERANCE, "models": models, "versions": versions}
    text = json.dumps(report, indent=2) + "\n"
    (HERE / "builtin_in_peft.json").write_text(text)
    print(text, end="")
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
