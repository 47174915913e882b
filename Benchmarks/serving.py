#!/usr/bin/env python3
"""Load on loopback: Martlet beside FastAPI + PyTorch and MLServer, batching, overload, hot swaps, a soak. Prints tables.

usage: serving.py [--bench .build/release/martlet-bench] [--python PYTHON] [--mlserver-python PYTHON]
                  [--seconds 5] [--rounds 3] [--soak-minutes 20] [--swaps 1000] [TASK ...]

TASKs: load batching overload swaps soak (all but soak where none is named). Needs wrk (apt-get install wrk).
PYTHON has torch, fastapi and uvicorn; MLServer's has mlserver and torch, and is left out where it is not given.
Servers of one table run at the same time and are asked in turns, so that a busy machine hurts all alike; the best round counts.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--bench", default=str(ROOT / ".build" / "release" / "martlet-bench"))
parser.add_argument("--python", default=sys.executable)
parser.add_argument("--mlserver-python")
parser.add_argument("--seconds", type=float, default=5)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--soak-minutes", type=float, default=20)
parser.add_argument("--swaps", type=int, default=1000)
parser.add_argument("tasks", nargs="*", metavar="TASK")
options = parser.parse_args()


# Requests --------------------------------------------------------------------------------------------------------------------------------


def pixels():
    """Half of the pixels are background, as in the real images; the others have four digits."""
    numbers = random.Random(7)
    return [[0 if numbers.random() < 0.5 else round(numbers.random(), 4) for _ in range(28)] for _ in range(28)]


PREDICT = json.dumps({"input": pixels()})
INFER = json.dumps(
    {"inputs": [{"name": "image", "shape": [1, 1, 28, 28], "datatype": "FP32", "data": [value for row in pixels() for value in row]}]})
ROUTES = {"predict": ("/predict", PREDICT), "infer": ("/v2/models/bench/infer", INFER)}


def script(folder, route):
    path, body = ROUTES[route]
    file = pathlib.Path(folder) / f"{route}.lua"
    file.write_text(
        f"""wrk.method = "POST"
wrk.path = "{path}"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{body}'
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %.2f %.4f %.4f %.4f %d %d\\n", summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3, e.connect + e.read + e.write + e.status + e.timeout, summary.requests))
end
""")
    return file


def wrk(folder, port, route, connections, seconds):
    """Requests/s, p50, p99, p99.9 in milliseconds, errors, requests."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s", script(folder, route), f"http://127.0.0.1:{port}"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [float(word) for word in re.search(r"^RESULT (.*)$", text, re.M).group(1).split()]


# Servers ---------------------------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def server(command, port, route="predict", environment=ENVIRONMENT):
    """Starts a program and waits until it answers; yields its process."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    # What it says is read, so that it never waits for a reader.
    lines = []
    threading.Thread(target=lambda: lines.extend(process.stderr), daemon=True).start()
    try:
        path, body = ROUTES[route]
        for _ in range(600):
            if process.poll() is not None:
                sys.exit(f"{command[0]} ended with {process.returncode}: " + b"".join(lines[-5:]).decode())
            with contextlib.suppress(OSError):
                request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body.encode(), {"Content-Type": "application/json"})
                urllib.request.urlopen(request, timeout=5).read()
                break
            time.sleep(0.1)
        else:
            sys.exit(f"{command[0]} does not answer on port {port}")
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def martlet(port, network, *more):
    return [options.bench, "serve", str(port), network, *map(str, more)]


def fastapi(port, network):
    return [options.python, str(ROOT / "Benchmarks" / "serving" / "fastapi_peer.py"), "--port", str(port), "--network", network]


def mlserver(port, network):
    return [options.mlserver_python, str(ROOT / "Benchmarks" / "serving" / "mlserver_peer.py"), "--port", str(port), "--network", network]


def resident(process):
    """MiB of a process."""
    return int(pathlib.Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def table(title, head, rows):
    rows = [head] + [[f"{cell:,.2f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    print(f"\n{title}")
    for row in rows:
        print("  ".join(cell.ljust(width) if index < 2 else cell.rjust(width) for index, (cell, width) in enumerate(zip(row, widths))))
    sys.stdout.flush()


# Tasks -----------------------------------------------------------------------------------------------------------------------------------


def load(folder):
    """The same network by different servers."""
    for network in ("mlp", "cnn"):
        with contextlib.ExitStack() as stack:
            targets = []
            port = 8101
            for name, command, route in (
                ("martlet", martlet, "predict"), ("fastapi", fastapi, "predict"), ("martlet v2", None, "infer"), ("mlserver", mlserver, "infer"),
            ):
                if name == "mlserver" and not options.mlserver_python:
                    continue
                if command:
                    stack.enter_context(server(command(port, network), port, route))
                    targets.append((name, port, route))
                else:
                    targets.append((name, targets[0][1], route))
                port += 1
            alone = json.loads(subprocess.run([options.bench, "serve-alone", network], check=True, stdout=subprocess.PIPE, env=ENVIRONMENT).stdout)
            rows = compare(folder, targets, (1, 16, 128))
        table(f"network {network}; the model alone {alone['calls a second']:,.0f} calls/s",
              ["connections", "server", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "errors"], rows)


def compare(folder, targets, counts):
    best = {}
    for _, port, route in targets:
        wrk(folder, port, route, 4, 2)
    for _ in range(options.rounds):
        for connections in counts:
            for name, port, route in targets:
                result = wrk(folder, port, route, connections, options.seconds)
                key = (connections, name)
                if key not in best or result[0] > best[key][0]:
                    best[key] = result
    return [[connections, name, result[0], result[1], result[2], result[3], int(result[4])] for (connections, name), result in best.items()]


def batching(folder):
    """A network whose weights are read once for many items."""
    with server(martlet(8111, "wide", 1), 8111), server(martlet(8112, "wide", 64), 8112):
        rows = compare(folder, [("one by one", 8111, "predict"), ("batches of 64", 8112, "predict")], (16, 64, 128))
    table("network wide, with and without batching", ["connections", "server", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "errors"], rows)
    speed = {(row[0], row[1]): row[2] for row in rows}
    for connections in (16, 64, 128):
        gain = speed[connections, "batches of 64"] / speed[connections, "one by one"]
        print(f"  gain at {connections} connections: {gain:.2f}x (aim 3.7x)")


def overload(folder):
    """Three times what the server can do: what it can do goes on, the rest is refused at once, memory stays."""
    body = pathlib.Path(folder) / "body.json"
    body.write_text(PREDICT)
    with server(martlet(8121, "wide", 1, 64), 8121) as process:
        capacity = max(wrk(folder, 8121, "predict", 32, options.seconds)[0] for _ in range(options.rounds))
        before = resident(process)
        rows = []
        for factor in (0.8, 3.0):
            command = [sys.executable, ROOT / "Benchmarks" / "serving" / "open_loop.py", "8121", "/predict", body,
                       str(capacity * factor), str(max(10, options.seconds * 2))]
            figures = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            codes = {int(code): count for code, count in figures["statuses"].items()}
            refused = codes.get(429, 0) + codes.get(503, 0)
            rows.append([f"{factor:g}x", f"{capacity * factor:,.0f}/s", codes.get(200, 0) / figures["seconds"], refused / figures["seconds"],
                         sum(codes.values()) - codes.get(200, 0) - refused + figures["lost"], figures["unsent"], (figures["p99"] or 0) * 1e3,
                         (figures["refusals p99"] or 0) * 1e3, resident(process)])
        answer = wrk(folder, 8121, "predict", 16, 2)
    table(f"overload; capacity {capacity:,.0f} requests/s, {before:,.0f} MiB before",
          ["offered", "rate", "answered/s", "refused/s", "other", "unsent", "p99 ms", "refusals' p99 ms", "MiB"], rows)
    print(f"  afterwards: {answer[0]:,.0f} requests/s, {int(answer[4])} errors")


def swaps(folder):
    """Hot swaps under load."""
    port = 8131
    process = subprocess.Popen([options.bench, "serve-swaps", str(port), "mlp", str(options.swaps)], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            break
        time.sleep(0.1)
    # A swap and the pause behind it take about 15 ms; what is left over when the load ends shows as swaps that nobody saw.
    result = wrk(folder, port, "predict", 16, 10 + options.swaps * 0.025)
    total, failed = int(result[5]), int(result[4])
    figures = json.loads(process.communicate()[0])
    table("hot swaps under load", ["figure", "value"], [["requests seen by clients", total], ["failed", failed]] + [[k, float(v)] for k, v in sorted(figures.items())])


def soak(folder):
    """Memory over time under steady load."""
    with server(martlet(8141, "mlp"), 8141) as process:
        wrk(folder, 8141, "predict", 32, 10)
        start = time.monotonic()
        rows, total, failed = [[0.0, resident(process), 0, 0]], 0, 0
        while time.monotonic() - start < options.soak_minutes * 60:
            for connections, route in ((32, "predict"), (128, "infer"), (1, "predict")):
                result = wrk(folder, 8141, route, connections, 20)
                total, failed = total + int(result[5]), failed + int(result[4])
            rows.append([(time.monotonic() - start) / 60, resident(process), total, failed])
            print(f"  {rows[-1][0]:6.1f} min {rows[-1][1]:8.1f} MiB {total:12,d} requests {failed} failed", flush=True)
    table("soak", ["minutes", "MiB", "requests", "failed"], rows)


TASKS = {"load": load, "batching": batching, "overload": overload, "swaps": swaps, "soak": soak}

for task in options.tasks or ["load", "batching", "overload", "swaps"]:
    if task not in TASKS:
        sys.exit(f"unknown task '{task}'; there are {', '.join(TASKS)}")
for tool in ("wrk",):
    if not any(os.access(os.path.join(path, tool), os.X_OK) for path in os.environ["PATH"].split(os.pathsep)):
        sys.exit(f"{tool} is missing; try: apt-get install {tool}")
with tempfile.TemporaryDirectory() as folder:
    for task in options.tasks or ["load", "batching", "overload", "swaps"]:
        TASKS[task](folder)
