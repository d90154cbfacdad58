"""Preparing of generated rows: alone on a large table, and beside pandas with byte-equal output."""

from rounds import median, missing, number, ratio, table, versions


def large(bench):
    """Rows a second and memory on a large table; masking on one core."""
    rows = "2000" if bench.small else "1000000"
    table_file = str(bench.folder / "large.csv")
    arguments = ["bench", "data", "--rows", rows]
    kinds = [("ingest, clean, mask", []), ("with near-duplicates", ["--duplicates"])]
    measure = lambda extra: lambda: bench.ours(*arguments, *extra, "--keep", table_file)
    lines = []
    for name, runs in bench.in_turn({name: measure(extra) for name, extra in kinds}).items():
        rates = [run["rows_per_s"] for run in runs]
        spread = f"{median(runs, 'rows_per_s'):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})"
        figures = [number(median(runs, key)) for key in ("mb_per_s", "peak_rss_gb", "mask_mb_per_s_a_core")]
        lines.append([name, spread, *figures])
    bytes_a_row = runs[0]["bytes"] / runs[0]["rows"]
    text = ["## Preparing a large table", ""]
    text += [f"- `moru {' '.join(arguments)} --json`, and with `--duplicates`, in turn"]
    text += [f"- {runs[0]['rows']:,} rows of {bytes_a_row:.0f} bytes in the mean, {runs[0]['threads']} threads", ""]
    header = ["", "rows/s", "MB/s", "peak memory, GB", "masking alone, MB/s a core"]
    return "\n".join([*text, table(header, lines), ""])


def beside_pandas(bench):
    """The same table through both programs; the pairs they write are compared byte by byte."""
    rows = "2000" if bench.small else "100000"
    table_file, ours_out, peer_file = (bench.folder / name for name in ("rows.csv", "ours", "peer.csv"))
    arguments = ["bench", "data", "--rows", rows]
    files = ["--keep", str(table_file), "--out", str(ours_out)]
    programs = {"moru": lambda: bench.ours(*arguments, *files)}
    one = [*arguments, "--threads", "1"]
    programs["moru, one thread"] = lambda: bench.ours(*one, *files)
    absent = missing("pandas")
    if not absent:
        programs["peer"] = lambda: bench.peer("prepare_pandas.py", str(table_file), str(peer_file))
    figures = bench.in_turn(programs)
    lines = [row(name, runs, figures.get("peer")) for name, runs in figures.items()]
    if absent:
        lines.append(["peer", *["not measured"] * 3])
        verdict = "Outputs were not compared: the peer was not measured."
    else:
        verdict = compare(ours_out / "qna_prompt_response.csv", peer_file, figures)
    peer = "not measured (pandas not installed)" if absent else versions("pandas")
    text = ["## Preparing beside pandas", ""]
    text += [f"- ours: `moru {' '.join(arguments)} --keep rows.csv --out ours --json`, which writes four files"]
    text += [f"- peer: `python tools/peers/prepare_pandas.py rows.csv peer.csv`, one thread, one file; {peer}", ""]
    header = ["", "rows/s", "peak memory, GB", "rows/s, ours : theirs"]
    return "\n".join([*text, table(header, lines), "", verdict, ""])


def row(name, runs, peer):
    quotient = ratio(runs, peer, "rows_per_s") if peer and runs is not peer else ""
    return [name, *[number(median(runs, key)) for key in ("rows_per_s", "peak_rss_gb")], quotient]


def compare(ours, peer, figures):
    """Says that the files are equal; ends the program with the first difference where they are not."""
    mine, theirs = ours.read_bytes(), peer.read_bytes()
    if mine != theirs:
        raise SystemExit(f"the peer's output is another one: {first_difference(mine, theirs)}")
    refused, their_refused = (figures[name][-1]["rejected"] for name in ("moru", "peer"))
    if refused != their_refused:
        raise SystemExit(f"rows set aside differ: {refused} and {their_refused}")
    kept, total = figures["moru"][-1]["rows_out"], figures["moru"][-1]["rows"]
    return (
        f"Both wrote the same {len(mine):,} bytes: {kept:,} of {total:,} rows stayed, "
        "and the others were set aside for the same reasons in the same numbers."
    )


def first_difference(mine, theirs):
    for number_of, (a, b) in enumerate(zip(mine.split(b"\n"), theirs.split(b"\n")), start=1):
        if a != b:
            return f"line {number_of}\n  ours:   {a.decode()}\n  peer's: {b.decode()}"
    return f"one ends after {min(len(mine), len(theirs)):,} bytes, the other goes on"
