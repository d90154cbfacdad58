"""The peer of `moru bench train`: the same step with torch, transformers and PEFT, on random weights in f32.

Dropout is 0. `--head loss-rows` multiplies by the head only where there is a loss, which the libraries do
not do by themselves; without it the head sees every token. Of samples that share a beginning each is computed
whole, one after the other, and their gradients are added up: the libraries have no other way. Prints one JSON
object.
"""

import argparse
import json
import statistics
import time

import torch
from peft import LoraConfig, get_peft_model
from torch.nn.functional import cross_entropy
from transformers import GPT2Config, GPT2LMHeadModel, Qwen3Config, Qwen3ForCausalLM

from machine import cores, peak_rss_gb


def gpt2_124m():
    config = GPT2Config(resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)
    return GPT2LMHeadModel(config)


def qwen3(**sizes):
    return Qwen3ForCausalLM(Qwen3Config(tie_word_embeddings=True, **sizes))


def nano():
    return qwen3(
        vocab_size=8192,
        max_position_embeddings=4096,
        num_hidden_layers=12,
        hidden_size=256,
        intermediate_size=768,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
    )


def qwen3_06b():
    return qwen3(
        vocab_size=151936,
        max_position_embeddings=40960,
        num_hidden_layers=28,
        hidden_size=1024,
        intermediate_size=3072,
        num_attention_heads=16,
        num_key_value_heads=8,
        head_dim=128,
    )


SHAPES = {"gpt2-124m": gpt2_124m, "nano": nano, "qwen3-0.6b": qwen3_06b}
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--method", choices=["lora", "full"], default="lora")
    parser.add_argument("--seq", type=int, default=512)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--targets", default="c_attn")
    parser.add_argument("--loss-fraction", type=float, default=0.5)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--head", choices=["full", "loss-rows"], default="full")
    parser.add_argument("--recompute", action="store_true")
    parser.add_argument("--shared-prefix", type=int)
    parser.add_argument("--leaf", type=int)
    parser.add_argument("--leaves", type=int, default=8)
    args = parser.parse_args()
    if args.shared_prefix:
        # A sample at a time.
        args.seq, args.batch = args.shared_prefix + args.leaf, 1
        args.loss_fraction = args.leaf / args.seq
    return args


class Step:
    """One optimizer step on a batch that stays the same."""

    def __init__(self, args):
        base = SHAPES[args.shape]()
        self.body, self.head = base.get_decoder(), base.get_output_embeddings()
        self.model = base
        if args.method == "lora":
            names = ALL if args.targets == "all" else args.targets.split(",")
            lora = LoraConfig(r=args.rank, lora_alpha=2 * args.rank, lora_dropout=0.0, target_modules=names)
            self.model = get_peft_model(base, lora)
        if args.recompute:
            self.model.gradient_checkpointing_enable()
            self.model.enable_input_require_grads()
        self.model.train()
        trained = [p for p in self.model.parameters() if p.requires_grad]
        self.n_trained_parameters = sum(p.numel() for p in trained)
        self.optimizer = torch.optim.AdamW(trained, lr=1e-4)
        self.tokens = torch.randint(base.config.vocab_size, (args.batch, args.seq))
        n_loss = min(max(round(args.seq * args.loss_fraction), 1), args.seq - 1)
        self.labels = torch.full_like(self.tokens, -100)
        self.labels[:, args.seq - n_loss :] = self.tokens[:, args.seq - n_loss :]
        self.n_loss_tokens = args.batch * n_loss
        self.whole_head = args.head == "full"
        self.passes = args.leaves if args.shared_prefix else 1

    def loss(self):
        if self.whole_head:
            return self.model(input_ids=self.tokens, labels=self.labels, use_cache=False).loss
        hidden = self.body(input_ids=self.tokens, use_cache=False).last_hidden_state
        # The token at a place is predicted from the one before it.
        wanted = self.labels[:, 1:]
        chosen = wanted >= 0
        return cross_entropy(self.head(hidden[:, :-1][chosen]), wanted[chosen])

    def run(self):
        self.optimizer.zero_grad(set_to_none=True)
        for _ in range(self.passes):
            loss = self.loss()
            (loss / self.passes).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return loss.item()


def main():
    args = options()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    step = Step(args)
    loss = step.run()
    seconds = []
    for _ in range(args.steps):
        start = time.perf_counter()
        loss = step.run()
        seconds.append(time.perf_counter() - start)
    middle = statistics.median(seconds)
    tokens = step.passes * step.tokens.numel()
    print(
        json.dumps(
            {
                "tokens_per_s": round(tokens / middle, 3),
                "useful_tokens_per_s": round(tokens / middle, 3),
                "trained_tokens_per_s": round(step.passes * step.n_loss_tokens / middle, 3),
                "step_s": round(middle, 3),
                "peak_rss_gb": peak_rss_gb(),
                "trainable_parameters": step.n_trained_parameters,
                "loss": loss,
            }
        )
    )


if __name__ == "__main__":
    main()
