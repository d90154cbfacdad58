#!/usr/bin/env python3
"""Loads what moru trained in PEFT and transformers and compares the logits; exits with 1 when they differ.

    cargo run --release --locked -p train --example twin_adapters -- tools/golden OUT
    peers/bin/python tools/golden/peft_reads_ours.py OUT

Numbers are norms of differences of logits over the norm of the logits. The result is written to peft_reads_ours.json beside this script.
"""

import json
import sys
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import load_file

HERE = Path(__file__).parent
TOLERANCE = 1e-4


def logits(model, samples):
    with torch.no_grad():
        return torch.cat([model(input_ids=torch.tensor([sample["ids"]])).logits[0] for sample in samples])


def load(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def compare(twin, ours):
    samples = json.loads((HERE / twin / "expected.json").read_text())["training"]["samples"]
    base = load(HERE / twin)
    plain = logits(base, samples)
    tuned = peft.PeftModel.from_pretrained(base, ours / twin / "adapter").eval()
    wanted = load_file(ours / twin / "adapter-logits.safetensors")["logits"]
    full = load_file(ours / twin / "full" / "model-logits.safetensors")["logits"]

    def away(found, wanted):
        return float((found - wanted).norm() / wanted.norm())

    return {
        "adapter_in_peft": away(logits(tuned, samples), wanted),
        "adapter_merged_by_peft": away(logits(tuned.merge_and_unload(), samples), wanted),
        "adapter_merged_by_us": away(logits(load(ours / twin / "merged"), samples), wanted),
        "all_parameters_in_transformers": away(logits(load(ours / twin / "full" / "model"), samples), full),
        "effect_of_the_adapter": away(plain, wanted),
        "effect_of_all_parameters": away(plain, full),
    }


def compare_classifiers(twin, ours):
    samples = json.loads((HERE / "classifiers" / twin / "expected.json").read_text())["samples"]
    kind = transformers.AutoModelForSequenceClassification

    def labelled(model):
        with torch.no_grad():
            return torch.cat([model(input_ids=torch.tensor([sample["ids"]])).logits for sample in samples])

    def away(found, folder):
        wanted = load_file(ours / twin / folder / "logits.safetensors")["logits"]
        return float((found - wanted).norm() / wanted.norm())

    # The card's own lines: labels from config.json beside the adapter, the base, the adapter over it. The twins' random
    # texts may end with the token that pads, which a real text never does; one at a time they need no padding.
    config = transformers.AutoConfig.from_pretrained(ours / twin / "classifier" / "adapter")
    assert config.id2label == {0: "배송", 1: "환불/반품", 2: "기타"}, config.id2label
    assert config.label2id == {"배송": 0, "환불/반품": 1, "기타": 2}, config.label2id
    config.pad_token_id = None
    base = kind.from_pretrained(HERE / twin, config=config, dtype=torch.float32).eval()
    plain = labelled(base)
    tuned = peft.PeftModel.from_pretrained(base, ours / twin / "classifier" / "adapter").eval()
    whole = kind.from_pretrained(ours / twin / "whole-classifier" / "model", dtype=torch.float32).eval()
    assert whole.config.id2label == config.id2label
    whole.config.pad_token_id = None
    return {
        "classifier_in_peft": away(labelled(tuned), "classifier"),
        "whole_classifier_in_transformers": away(labelled(whole), "whole-classifier"),
        "effect_of_the_classifier": away(plain, "classifier"),
    }


def main():
    ours = Path(sys.argv[1])
    twins = {twin: compare(twin, ours) for twin in ["gpt2", "llama", "mistral", "qwen2", "qwen3", "gpt_neox", "gemma"]}
    for twin in ["gpt2", "llama", "qwen3"]:
        twins[twin] |= compare_classifiers(twin, ours)
    passed = all(
        value > 100 * TOLERANCE if name.startswith("effect") else value < TOLERANCE
        for result in twins.values() for name, value in result.items()
    )
    versions = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__,
                "peft": peft.__version__}
    report = {"passed": passed, "tolerance": TOLERANCE, "twins": twins, "versions": versions}
    text = json.dumps(report, indent=2) + "\n"
    (HERE / "peft_reads_ours.json").write_text(text)
    print(text, end="")
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
