"""Writes a folder with random weights of a shape in bf16, as transformers saves it. Prints one JSON object."""

import argparse
import json
from pathlib import Path

import torch

from train_peft import SHAPES


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    torch.manual_seed(1)
    SHAPES[args.shape]().to(torch.bfloat16).save_pretrained(args.folder)
    size = sum(file.stat().st_size for file in args.folder.iterdir())
    print(json.dumps({"folder": str(args.folder), "bytes": size}))


if __name__ == "__main__":
    main()
