"""The teacher client beside a real server: llama-cpp-python's, on a GGUF file of the built-in model.

    python tools/peers/teacher_llama_cpp.py --moru target/release/moru

Writes the file, starts the server on a free port, runs the ignored test that asks it, and stops the server. With
`--through-moru` the binary asks it instead: a regulations project whose questions the server writes, up to the
validation, and once more to see that nothing is asked twice. Needs the packages of `llama-cpp-python[server]`. Ends with
the exit code of what it ran.
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


ENDPOINT = """
[endpoint.server]
url = "{url}"
model = "{model}"
structure = "json_object_schema"
concurrency = 1
max_tokens = {max_tokens}
timeout_secs = 300
re_asks = 1
temperature = 0.0
seed = 1
"""


def through_moru(moru, url, options, folder):
    """A project whose questions the server writes; gives the exit code of the second run."""
    project = Path(folder) / "rules"
    subprocess.run([moru, "init", "regulations", str(project)], check=True)
    recipe = project / "moru.toml"
    teacher = ENDPOINT.format(url=url, model=Path(options.model or "nano").stem, max_tokens=options.max_tokens)
    text = recipe.read_text().replace("[questions] ", f"{teacher}\n[questions] ")
    text = text.replace("# teacher = \"http://localhost:8000/v1#MODEL\"", "teacher = \"server\"")
    recipe.write_text(text)
    sets = []
    for kind, n in [("lookup", options.questions), ("procedure", options.questions), ("absent", options.questions)]:
        sets += ["--set", f"questions.{kind}={n}"]
    if options.rules:
        for file in (project / "rules").iterdir():
            file.unlink()
        (project / "rules" / Path(options.rules).name).write_bytes(Path(options.rules).read_bytes())
    run = [moru, "run", "--until", "validate", "--project", str(project), *sets]
    for args in (run, [moru, "run", "synthesize:rules", "--refresh", "--project", str(project), *sets]):
        begun = time.monotonic()
        ended = subprocess.run(args)
        print(f"{time.monotonic() - begun:.1f} s, exit {ended.returncode}", flush=True)
    for name in ("review.csv", "quarantine.jsonl"):
        file = project / "out" / name
        if file.exists():
            print(f"--- {name}\n" + "\n".join(file.read_text().splitlines()[:12]), flush=True)
    return ended.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moru", default=str(ROOT / "target/release/moru"), help="the binary that writes the file")
    parser.add_argument("--model", help="a GGUF file in place of the built-in model's")
    parser.add_argument("--test", help="the compiled test binary; without it cargo builds and runs it")
    parser.add_argument("--through-moru", action="store_true", help="let the binary ask, in place of the test")
    parser.add_argument("--questions", type=int, default=6, help="questions of each kind, through the binary")
    parser.add_argument("--max-tokens", type=int, default=700, help="most tokens of an answer, through the binary")
    parser.add_argument("--rules", help="a document in place of the template's, through the binary")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or str(Path(folder) / "nano.gguf")
        if not options.model:
            subprocess.run([options.moru, "export", "builtin:nano", model, "--format", "q8_0"], check=True)
        port = free_port()
        url = f"http://127.0.0.1:{port}/v1"
        command = [sys.executable, "-m", "llama_cpp.server", "--model", model, "--host", "127.0.0.1"]
        command += ["--port", str(port), "--n_ctx", "4096", "--verbose", "false"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(url, server)
            if options.through_moru:
                return through_moru(options.moru, url, options, folder)
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
