#!/usr/bin/env python3
"""Writes `builtin:nano` and a random Qwen3 as GGUF files with `moru export`, and reads them in transformers and, where
`llama_cpp` can be imported, in llama.cpp: vocabulary, logits, and the greedy continuations of 20 prompts.

    peers/bin/python tools/golden/gguf_in_peers.py

transformers expands the blocks, and so must agree to rounding. llama.cpp computes with activations of eight bits, as we
do in generation, but sums in another order: a continuation may part where two tokens are nearly as likely. The report
has, for each file, how many of the 20 are the same, and for those that part the first token at which they do and by how
much its logit was above the next one's. The result is written to gguf_in_peers.json beside this script.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import gguf
import numpy as np
import torch
import transformers

try:
    import llama_cpp
except ImportError:
    llama_cpp = None

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
TOLERANCE = 1e-4
FORMATS = ["f16", "q8_0", "q4_0", "q4_k_m"]
TOKENS = 24
PROMPTS = [
    "배송은 언제 되나요?", "환불하고 싶습니다.", "주문을 취소해 주세요.", "쿠폰이 적용되지 않아요.", "교환 절차를 알려 주세요.",
    "결제가 두 번 되었습니다.", "회원 탈퇴는 어떻게 하나요?", "상품이 파손되어 왔어요.", "영업시간이 궁금합니다.", "적립금은 언제 들어오나요?",
    "Where is my order?", "I would like a refund.", "How do I change my address?", "The coupon does not work.", "Please cancel my order.",
    "What are your opening hours?", "The box was empty.", "Can I pay by card?", "안녕하세요, how are you?", "123-4567로 전화 주세요.",
]


def cargo(package, *arguments):
    command = ["cargo", "run", "--quiet", "--release", "--locked", "-p", package, *arguments]
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True)


def random_qwen3(folder, nano):
    """A Qwen3 of drawn weights with untied head and grouped queries, over nano's vocabulary."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(nano)
    torch.manual_seed(11)
    config = transformers.Qwen3Config(
        vocab_size=8192, hidden_size=512, intermediate_size=1024, num_hidden_layers=8, num_attention_heads=8,
        num_key_value_heads=2, head_dim=64, max_position_embeddings=512, tie_word_embeddings=False,
        initializer_range=0.08, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
    )
    transformers.Qwen3ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def away(found, wanted):
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def in_transformers(file, prompts, ours):
    model = transformers.AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32).eval()
    with torch.no_grad():
        logits = [model(input_ids=torch.tensor([ids])).logits[0, -1].numpy() for ids in prompts]
    return max(away(np.array(reply["logits"]), theirs) for reply, theirs in zip(ours, logits))


def in_llama_cpp(file, texts, prompts, ours):
    model = llama_cpp.Llama(str(file), n_ctx=256, n_threads=2, logits_all=True, verbose=False)
    same_ids = all(model.tokenize(text.encode(), add_bos=False, special=True) == ids for text, ids in zip(texts, prompts))
    same, parted, furthest = 0, [], 0.0
    for at, (ids, reply) in enumerate(zip(prompts, ours)):
        model.reset()
        model.eval(ids)
        theirs, first = [], np.array(model.eval_logits[-1])
        furthest = max(furthest, away(np.array(reply["logits"]), first))
        for _ in range(TOKENS):
            token = int(np.argmax(model.eval_logits[-1]))
            theirs.append(token)
            model.eval([token])
        if theirs == reply["ids"]:
            same += 1
            continue
        where = next(i for i, (a, b) in enumerate(zip(theirs, reply["ids"])) if a != b)
        parted.append({"prompt": at, "token": where, "margin": round(reply["margins"][where], 5)})
    return {"same_ids": same_ids, "same_replies": same, "parted": parted, "logits_away": furthest}


def formats_of(file):
    names = sorted({tensor.tensor_type.name.lower() for tensor in gguf.GGUFReader(file).tensors})
    return ", ".join(names)


def compare(scratch, name, source):
    results = {}
    for kind in FORMATS:
        file = scratch / f"{name}-{kind}.gguf"
        cargo("moru", "--", "export", source, file, "--format", kind)
        tokenizer = transformers.AutoTokenizer.from_pretrained(scratch / "nano")
        prompts = [tokenizer(f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n")["input_ids"] for text in PROMPTS]
        (scratch / "prompts.json").write_text(json.dumps(prompts))
        cargo("model", "--example", "greedy", "--", file, scratch / "prompts.json", TOKENS, scratch / "ours.json")
        ours = json.loads((scratch / "ours.json").read_text())
        results[kind] = {"bytes": file.stat().st_size, "formats": formats_of(file),
                         "transformers_away": in_transformers(file, prompts, ours)}
        if llama_cpp:
            texts = [f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n" for text in PROMPTS]
            results[kind]["llama_cpp"] = in_llama_cpp(file, texts, prompts, ours)
    return results


def main():
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        cargo("moru", "--", "export", "builtin:nano", scratch / "nano")
        random_qwen3(scratch / "qwen3", scratch / "nano")
        models = {"nano": compare(scratch, "nano", "builtin:nano"),
                  "random_qwen3": compare(scratch, "qwen3", scratch / "qwen3")}
    results = [result for formats in models.values() for result in formats.values()]
    passed = all(result["transformers_away"] < TOLERANCE for result in results)
    passed &= all(result.get("llama_cpp", {}).get("same_ids", True) for result in results)
    versions = {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0],
                "llama_cpp": llama_cpp.__version__ if llama_cpp else None}
    report = {"passed": passed, "tolerance": TOLERANCE, "prompts": len(PROMPTS), "tokens": TOKENS, "models": models,
              "versions": versions}
    text = json.dumps(report, indent=1) + "\n"
    (HERE / "gguf_in_peers.json").write_text(text)
    print(text, end="")
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
