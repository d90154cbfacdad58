"""The teacher client beside a real server: llama-cpp-python's, on a GGUF file of the built-in model.

    python tools/peers/teacher_llama_cpp.py --moru target/release/moru

Writes the file, starts the server on a free port, runs the ignored test that asks it, and stops the server. Needs the
packages of `llama-cpp-python[server]`. Ends with the test's exit code.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEST = "teacher::real::peer_llama_cpp_answers_in_the_required_form"


def free_port():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def wait_for(url, server, seconds=120):
    """Returns when the server answers; raises where it ends or takes too long."""
    for _ in range(seconds * 5):
        if server.poll() is not None:
            raise SystemExit(f"the server ended with {server.returncode}")
        try:
            with urllib.request.urlopen(f"{url}/models", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit(f"the server does not answer within {seconds} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moru", default=str(ROOT / "target/release/moru"), help="the binary that writes the file")
    parser.add_argument("--model", help="a GGUF file in place of the built-in model's")
    parser.add_argument("--test", help="the compiled test binary; without it cargo builds and runs it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or str(Path(folder) / "nano.gguf")
        if not options.model:
            subprocess.run([options.moru, "export", "builtin:nano", model, "--format", "q8_0"], check=True)
        port = free_port()
        url = f"http://127.0.0.1:{port}/v1"
        command = [sys.executable, "-m", "llama_cpp.server", "--model", model, "--host", "127.0.0.1"]
        command += ["--port", str(port), "--n_ctx", "2048", "--verbose", "false"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(url, server)
            environment = {**os.environ, "MORU_TEACHER_URL": url, "MORU_TEACHER_MODEL": "nano"}
            run = ["cargo", "test", "--release", "--locked", "--package", "synth", "--test", "it", "--"]
            run = [options.test] if options.test else run
            ended = subprocess.run([*run, "--exact", TEST, "--ignored", "--nocapture"], cwd=ROOT, env=environment)
            return ended.returncode
        finally:
            server.terminate()
            server.wait(timeout=30)


if __name__ == "__main__":
    sys.exit(main())
