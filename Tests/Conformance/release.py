"""Releases a model on a live `martlet serve` through the command line, under load, and says what clients saw of it.

    release.py [--martlet .build/debug/martlet] [--no-faults] [--only NAME ...] [--seconds 2]

Trains small versions of one model on a table that is written here (good ones, one that answers the opposite, one that asks for another
column), serves the good one by its alias, and starts releases with `martlet release`. Versions that fail or are slow are made so by
MARTLET_FAULT, which programs built for release do not look at: leave those out with --no-faults. For every release it prints how long it
took until the traffic was back, how many requests failed, and how many answers were wrong. At last the server is killed with SIGKILL in the
middle of a release and started again. Ends with 1 where something is not as it should be.
"""

import argparse
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

NAME = "customers"


def table(path, flipped=False, extra=False):
    """Customers who leave if they have not stayed for 30 months; nobody is near that."""
    draw = random.Random(7)
    rows = ["id,tenure,spend" + (",region" if extra else "") + ",left"]
    for row in range(300):
        leaves = draw.random() < 0.5
        tenure = draw.randrange(0, 20) if leaves else draw.randrange(40, 60)
        region = "," + draw.choice(["north", "south"]) if extra else ""
        rows.append(f"c{row},{tenure},{draw.randrange(10, 90)}{region},{'yes' if leaves != flipped else 'no'}")
    path.write_text("\n".join(rows) + "\n")


def project(path, file, extra=False):
    path.write_text(
        f"name: {NAME}\ntask: classification\n"
        f"data: {{file: {file}, target: left, positive: \"yes\", drop: [id], test: 0.25}}\n"
        "models: [logistic]\nselect: {metric: auc, folds: 0}\nbalance: none\nthreshold: default\n"
        "training: {seed: 5, threads: 1}\nevaluation: {importance: 0}\n"
    )


class Martlet:
    def __init__(self, program, folder):
        self.program, self.folder, self.registry = program, folder, folder / ".martlet"

    def __call__(self, *words, check=True):
        command = [self.program, *map(str, words), "--registry", str(self.registry), "--json"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if check and done.returncode not in (0, 3):
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else None

    def train(self, file, *words, **options):
        name = f"project-{file}.yml"
        project(self.folder / name, file, **options)
        return self("run", name, *words)[1]["version"]


class Server:
    """`martlet serve NAME@production`, on the same port after every start."""

    def __init__(self, martlet, faults):
        self.martlet, self.faults, self.port = martlet, faults, 0
        self.log = open(martlet.folder / "server.log", "ab")
        self.process = None
        self.start()

    def start(self):
        ready = self.martlet.folder / "ready.json"
        ready.unlink(missing_ok=True)
        environment = dict(os.environ, MARTLET_FAULT=self.faults) if self.faults else dict(os.environ)
        self.process = subprocess.Popen(
            [self.martlet.program, "serve", f"{NAME}@production", "--port", str(self.port), "--ready-file", str(ready), "--registry",
             str(self.martlet.registry)],
            cwd=self.martlet.folder, stdout=self.log, stderr=self.log, env=environment)
        for _ in range(1200):
            if ready.exists():
                self.port = json.loads(ready.read_text())["port"]
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit(f"the server did not start; see {self.log.name}:\n" + Path(self.log.name).read_text()[-4000:])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def release(self):
        """The newest release, or nothing while nobody listens."""
        try:
            status, document = self.get(f"/admin/releases/{NAME}")
            return document if status == 200 else None
        except OSError:
            return None


class Load:
    """Clients that ask all the time, and know what is right."""

    def __init__(self, server, clients=6, tells=False, moved=False):
        self.server, self.lock, self.going, self.tells, self.moved = server, threading.Lock(), True, tells, moved
        self.right = self.wrong = self.failed = self.unreachable = 0
        self.reasons, self.versions = {}, {}
        self.threads = [threading.Thread(target=self.run, args=(number,), daemon=True) for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        draw, connection = random.Random(number), None
        while self.going:
            leaves = draw.random() < 0.5
            # Nobody left for what they spend, so the answers stay right where that is no more like the training rows.
            spend = draw.randrange(80, 90) if self.moved else draw.randrange(10, 90)
            row = {"tenure": draw.randrange(0, 20) if leaves else draw.randrange(40, 60), "spend": spend}
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
                headers = {"Content-Type": "application/json", "X-Client-ID": f"client-{draw.randrange(5000)}"}
                connection.request("POST", f"/models/{NAME}/predict", json.dumps(row), headers)
                answer = connection.getresponse()
                body = answer.read()
                if self.tells and answer.status == 200:
                    truth = {"request_id": answer.getheader("x-request-id"), "truth": "yes" if leaves else "no"}
                    connection.request("POST", f"/models/{NAME}/feedback", json.dumps(truth), {"Content-Type": "application/json"})
                    connection.getresponse().read()
            except OSError:
                connection = None
                with self.lock:
                    self.unreachable += 1
                time.sleep(0.05)
                continue
            except http.client.HTTPException:
                connection = None
                with self.lock:
                    self.unreachable += 1
                continue
            with self.lock:
                if answer.status != 200:
                    self.failed += 1
                    self.reasons[body[:200]] = self.reasons.get(body[:200], 0) + 1
                    continue
                document = json.loads(body)
                said = document.get("label", document.get("prediction"))
                version = str(document.get("version", "?"))
                self.versions[version] = self.versions.get(version, 0) + 1
                if said == ("yes" if leaves else "no"):
                    self.right += 1
                else:
                    self.wrong += 1

    def stop(self):
        self.going = False
        for thread in self.threads:
            thread.join(timeout=30)

    @property
    def answered(self):
        return self.right + self.wrong + self.failed


class Releases:
    def __init__(self, martlet, server, seconds):
        self.martlet, self.server, self.seconds = martlet, server, seconds
        self.problems = []

    def expect(self, holds, what):
        if not holds:
            self.problems.append(what)
            print(f"  not so: {what}")

    def alias(self):
        return self.martlet("models", NAME)[1]

    def until(self, what, seconds=240):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            state = self.server.release()
            if state and what(state):
                return state
            time.sleep(0.02)
        raise SystemExit(f"the release did not get there: {json.dumps(self.server.release(), indent=1)}")

    def run(self, title, candidate, ends, gates, steps="0,20,50", reason=None, most_wrong=0, most_failed=0, during=None,
            tells=False, moved=False):
        load = Load(self.server, tells=tells, moved=moved)
        words = ["release", "start", f"{NAME}@{candidate}", "--steps", steps, "--seconds", self.seconds, "--requests", 40, "--patience", 60,
                 "--undecided", "rollback"]
        for gate in gates:
            words += ["--gate", gate]
        begun = time.monotonic()
        begun_answers = load.answered
        _, started = self.martlet(*words)
        first = None
        if during:
            during(load)
        over = {}
        while not over:
            state = self.server.release()
            if state and state["id"] == started["id"]:
                if first is None and state["phase"] != "preparing":
                    first = time.monotonic()
                if state["phase"] in ("promoted", "rolledBack"):
                    over = state
            if time.monotonic() - begun > 400:
                raise SystemExit(f"the release is not over: {json.dumps(state, indent=1)}")
            time.sleep(0.02)
        ended = time.monotonic()
        # What was on its way is answered by now.
        time.sleep(0.5)
        load.stop()
        first = first or ended
        code, status = self.martlet("release", "status", NAME)
        line = f"{title}: {over['phase']} {ended - begun:.2f} s after it was started, {ended - first:.2f} s after the candidate was first asked"
        line += f"; {load.answered - begun_answers} requests, {load.failed} failed, {load.wrong} wrong, by version {load.versions}"
        if load.unreachable:
            line += f", {load.unreachable} while nobody listened"
        print(line)
        if over.get("reason"):
            print(f"  {over['reason']}")
        for body, count in sorted(load.reasons.items(), key=lambda item: -item[1])[:3]:
            print(f"  {count} x {body.decode(errors='replace')}")
        self.expect(over["phase"] == ends, f"{title} is {over['phase']}, not {ends}")
        self.expect(status["phase"] == ends and code == (3 if ends == "rolledBack" else 0), f"{title}: status ends with {code}")
        self.expect(load.failed <= most_failed, f"{title}: {load.failed} requests failed, at most {most_failed} may")
        self.expect(load.wrong <= most_wrong, f"{title}: {load.wrong} answers are wrong, at most {most_wrong} may be")
        if reason:
            self.expect(reason in (over.get("reason") or ""), f"{title}: the reason is {over.get('reason')!r}, not about {reason}")
        return over

    def killed(self, candidate):
        """SIGKILL while the second step takes its time."""
        def during(load):
            self.until(lambda state: state["phase"] == "running" and state["step"] == 1)
            self.server.kill()
            time.sleep(0.5)
            self.server.start()

        over = self.run("killed in the second step", candidate, "promoted", ["errors <= 10%"], during=during)
        words = [event["text"] for event in over["events"]]
        self.expect(any("taken up after a restart" in text for text in words), f"nobody took the release up: {words}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--martlet", default=str(root / ".build/debug/martlet"))
    parser.add_argument("--no-faults", action="store_true")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--seconds", type=float, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="martlet releases ") as folder:
        folder = Path(folder)
        martlet = Martlet(str(Path(arguments.martlet).resolve()), folder)
        table(folder / "right.csv")
        table(folder / "opposite.csv", flipped=True)
        table(folder / "wider.csv", extra=True)
        good = martlet.train("right.csv", "--alias", "production")
        better = martlet.train("right.csv", "--set", "training.seed=6")
        opposite, wider = martlet.train("opposite.csv"), martlet.train("wider.csv")
        failing, slow = martlet.train("right.csv", "--set", "training.seed=7"), martlet.train("right.csv", "--set", "training.seed=8")
        last = martlet.train("right.csv", "--set", "training.seed=9")
        print(f"versions: {good} serves; {better} and {last} are good, {opposite} answers the opposite, {wider} wants another column")
        faults = "" if arguments.no_faults else f"fail:{NAME}@{failing}:2,slow:{NAME}@{slow}:1:300"
        server = Server(martlet, faults)
        releases = Releases(martlet, server, arguments.seconds)
        errors, agreement = "errors <= 10%", "agreement >= 85%"
        cases = {
            "good": lambda: releases.run("a good version", better, "promoted", [errors, agreement, "p95 <= 5", "input-drift <= 1"]),
            "opposite": lambda: releases.run(
                "opposite answers, with a shadow first", opposite, "rolledBack", [errors, agreement], reason="agreement"),
            "told": lambda: releases.run(
                "opposite answers, a tenth of the traffic at once, truths come back", opposite, "rolledBack", ["quality >= 90%"],
                steps="10", most_wrong=100, tells=True, reason="right answers"),
            "drifted": lambda: releases.run(
                "other rows than it learned from", last, "rolledBack", [errors, "input-drift <= 0.25"], moved=True, reason="'spend'"),
            "signature": lambda: releases.run("another signature", wider, "rolledBack", [errors], reason="column"),
            "killed": lambda: releases.killed(last),
        }
        if faults:
            cases["failing"] = lambda: releases.run(
                "half of its answers fail, with a shadow first", failing, "rolledBack", [errors], reason="error rate")
            cases["exposed"] = lambda: releases.run(
                "half of its answers fail, a tenth of the traffic at once", failing, "rolledBack", [errors], steps="10", most_failed=150)
            cases["slow"] = lambda: releases.run(
                "300 ms slower", slow, "rolledBack", ["p50 <= 0.2"], reason="latency p50")
        try:
            for name, case in sorted(cases.items(), key=lambda item: item[0] == "killed"):
                if not arguments.only or name in arguments.only:
                    case()
            if not arguments.only or "killed" in arguments.only:
                status, index = server.get("/models")
                serving = [model["version"] for model in index["models"] if model["name"] == NAME]
                releases.expect(str(last) in serving, f"{serving} serves after all, not {last}")
        finally:
            code = server.stop()
        releases.expect(code == 0, f"the server ended with {code}")
    print(f"{len(releases.problems)} things are not as they should be")
    return 1 if releases.problems else 0


if __name__ == "__main__":
    sys.exit(main())
