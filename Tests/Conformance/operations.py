"""Runs a live `martlet serve` beside a registry, and looks at what is done beside answering.

    operations.py [--martlet .build/debug/martlet]

A hang-up reads files again and ends nothing; webhooks are told by the server, also when it stops; MLflow's interface is on the admin port and
has the run that made the version; what is done on the admin port is in the registry's log; `martlet cost` tells what was computed. Ends with
1 where something is not so.
"""

import argparse
import hashlib
import hmac
import http.client
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

from release import NAME, project, table


class Collector(http.server.BaseHTTPRequestHandler):
    """Takes what webhooks are told."""
    told = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.told.append((dict(self.headers), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Checks:
    def __init__(self):
        self.made, self.problems = 0, []

    def expect(self, holds, what):
        self.made += 1
        if not holds:
            self.problems.append(what)
            print(f"  not so: {what}")


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text.decode(errors="replace")
    finally:
        connection.close()


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--martlet", default=str(Path(__file__).resolve().parents[2] / ".build/debug/martlet"))
    program = str(Path(parser.parse_args().martlet).resolve())
    checks = Checks()
    collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    os.environ["MARTLET_WEBHOOK_ALLOW"] = "127.0.0.0/8"
    with tempfile.TemporaryDirectory(prefix="martlet operations ") as folder:
        folder = Path(folder)
        registry = str(folder / ".martlet")

        def martlet(*words, as_text=False):
            command = [program, *words, "--registry", registry] + ([] if as_text else ["--json"])
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if done.returncode not in (0, 3):
                raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
            return done.stdout if as_text else json.loads(done.stdout)

        table(folder / "right.csv")
        project(folder / "martlet.yml", "right.csv")
        martlet("run", "martlet.yml")
        secret = martlet("webhooks", "add", f"http://127.0.0.1:{collector.server_port}/hook")["secret"]
        log = folder / "server.log"
        ready = folder / "ready.json"
        with log.open("wb") as output:
            server = subprocess.Popen(
                [program, "serve", NAME, "--port", "0", "--admin-port", "0", "--tracking", "--ready-file", str(ready), "--registry", registry,
                 "--project", str(folder / "martlet.yml")], cwd=folder, stdout=output, stderr=output)
        try:
            if not until(lambda: ready.exists() or server.poll() is not None, 60) or server.poll() is not None:
                raise SystemExit(log.read_text())
            ports = json.loads(ready.read_text())
            data, admin = ports["port"], ports["admin_port"]

            # A hang-up.
            for _ in range(3):
                server.send_signal(signal.SIGHUP)
            checks.expect(until(lambda: "looked at again" in log.read_text()), "a hang-up makes the server look again")
            checks.expect(server.poll() is None, "a hang-up does not end the server")

            # Answers and costs.
            for _ in range(5):
                status, answer = ask(data, "POST", f"/models/{NAME}/predict", {"tenure": 3, "spend": 50})
                checks.expect(status == 200 and answer.get("label", answer.get("prediction")) == "yes", f"an answer: {status} {answer}")
            text = martlet("cost", "--server", f"http://127.0.0.1:{admin}", as_text=True)
            checks.expect(NAME in text and "computing" in text, f"costs are told: {text}")
            costs = martlet("cost", "--server", f"http://127.0.0.1:{admin}")
            checks.expect([entry["requests"] for entry in costs["models"]] == [5], f"costs are counted: {costs['models']}")

            # MLflow's interface.
            query = urllib.parse.urlencode({"experiment_name": NAME})
            status, found = ask(admin, "GET", f"/api/2.0/mlflow/experiments/get-by-name?{query}")
            checks.expect(status == 200, f"the project is an experiment: {status} {found}")
            experiment = found["experiment"]["experiment_id"]
            status, found = ask(admin, "POST", "/api/2.0/mlflow/runs/search", {"experiment_ids": [experiment]})
            runs = found.get("runs", [])
            checks.expect(len(runs) == 1 and runs[0]["info"]["status"] == "FINISHED", f"the run is there: {found}")
            metrics = {metric["key"] for metric in runs[0]["data"]["metrics"]}
            params = {param["key"]: param["value"] for param in runs[0]["data"]["params"]}
            checks.expect("accuracy" in metrics and params.get("training.seed") == "5", f"it has metrics and settings: {metrics} {params}")
            status, found = ask(admin, "GET", f"/api/2.0/mlflow/model-versions/get?name={NAME}&version=1")
            checks.expect(found["model_version"].get("run_id") == runs[0]["info"]["run_id"], f"the version names its run: {found}")
            for path in ["/api/2.0/mlflow/experiments/search?max_results=1", "/version"]:
                checks.expect(ask(data, "GET", path)[0] == 404 and ask(admin, "GET", path)[0] == 200, f"{path} is on the admin port alone")

            # What is done is kept.
            checks.expect(ask(admin, "POST", f"/v2/repository/models/{NAME}/load")[0] == 200, "a model can be loaded again")
            events = [event for event in martlet("audit", "list") if event["action"] == "operated"]
            checks.expect(len(events) == 1 and events[0]["name"] == NAME and "/load: 200" in events[0]["note"], f"it is kept: {events}")
            checks.expect(martlet("audit", "verify").get("broken") is None, "the log is whole")

            # Webhooks, from the timer and when the server stops.
            martlet("promote", f"{NAME}@1", "--to", "production")

            def told(action):
                return [(headers, body) for headers, body in Collector.told if json.loads(body)["action"] == action]

            checks.expect(until(lambda: told("aliasMoved")), "the server tells webhooks")
            for headers, body in Collector.told:
                headers = {name.lower(): value for name, value in headers.items()}
                signed = hmac.new(secret.encode(), headers["x-martlet-timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
                checks.expect(headers["x-martlet-signature"] == f"sha256={signed}", "what is told is signed")
            martlet("note", f"{NAME}@1", "last words")
            server.send_signal(signal.SIGTERM)
            code = server.wait(timeout=60)
            checks.expect(code == 0, f"the server ends with {code}")
            checks.expect(bool(told("noted")), "what happened last is told before the server ends")
        finally:
            if server.poll() is None:
                server.kill()
    print(f"{checks.made} checks, {len(checks.problems)} not as they should be")
    return 1 if checks.problems else 0


if __name__ == "__main__":
    sys.exit(main())
