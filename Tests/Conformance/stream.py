"""Runs `martlet stream` between queues of a RabbitMQ that is started here, stops it, and counts.

    stream.py [--martlet .build/debug/martlet]

Trains a small model on a table that is written here, gives martlet.yml the addresses, sends 200 questions of which four are wrong, and runs
`martlet stream customers` without options: 196 answers and four dead letters with their reasons have to come, and SIGTERM has to end it with 0
and the right figures. Then the broker is killed and started again while it runs: it has to say so, and to answer what comes after. Ends with 1
where something is not so.
"""

import argparse
import base64
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from operations import Checks, until
from release import NAME, project, table

PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server"


def free_port():
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return made.getsockname()[1]


class Rabbit:
    """A RabbitMQ of its own with queues, spoken to by its interface for people."""

    def __init__(self, folder, queues):
        self.folder, self.port, self.management, self.epmd = folder, free_port(), free_port(), free_port()
        folder.mkdir()
        rights = {"user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
        (folder / "definitions.json").write_text(json.dumps({
            "users": [{"name": "guest", "password": "guest", "tags": "administrator"}], "vhosts": [{"name": "/"}], "permissions": [rights],
            "queues": [{"name": name, "vhost": "/", "durable": True, "auto_delete": False, "arguments": {}} for name in queues]}))
        (folder / "rabbit.conf").write_text(
            f"load_definitions = {folder}/definitions.json\nlisteners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {self.management}\n")
        (folder / "plugins").write_text("[rabbitmq_management].\n")
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "RABBITMQ_NODENAME": f"{folder.name}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()), "ERL_EPMD_PORT": str(self.epmd), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia", "RABBITMQ_LOG_BASE": f"{folder}/log", "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbit.conf", "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/none", "RABBITMQ_GENERATED_CONFIG_DIR": f"{folder}/generated",
            "RABBITMQ_SCHEMA_DIR": f"{folder}/schema", "RUNNING_UNDER_SYSTEMD": "1"}
        self.process = None
        self.start()

    def start(self):
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen([PROGRAM], env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if not until(self.is_up, 90):
            raise SystemExit("RabbitMQ does not start: " + (self.folder / "server.log").read_text()[-2000:])

    def is_up(self):
        try:
            return self.ask("GET", "/api/health/checks/port-listener/" + str(self.port)).get("status") == "ok"
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        self.kill()
        subprocess.run(["epmd", "-port", str(self.epmd), "-kill"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(self, method, path, body=None):
        credentials = base64.b64encode(b"guest:guest").decode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.management}{path}", json.dumps(body).encode() if body is not None else None,
            {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return json.loads(error.read() or b"{}")

    def send(self, queue, name, value):
        said = self.ask("POST", "/api/exchanges/%2f/amq.default/publish", {
            "routing_key": queue, "payload": value, "payload_encoding": "string",
            "properties": {"message_id": name, "delivery_mode": 2, "headers": {"trace": name, "attempt": 1}}})
        if said.get("routed") is not True:
            raise SystemExit(f"RabbitMQ takes no message: {said}")

    def take(self, queue):
        return self.ask("POST", f"/api/queues/%2f/{queue}/get", {"count": 1000, "ackmode": "ack_requeue_false", "encoding": "auto"})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--martlet", default=str(Path(__file__).resolve().parents[2] / ".build/debug/martlet"))
    program = str(Path(parser.parse_args().martlet).resolve())
    if not os.access(PROGRAM, os.X_OK):
        raise SystemExit("rabbitmq-server is not installed; scripts/setup installs it")
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="martlet stream ") as folder:
        folder = Path(folder)
        table(folder / "right.csv")
        project(folder / "martlet.yml", "right.csv")
        registry = ["--registry", str(folder / ".martlet")]
        subprocess.run([program, "run", "--quiet", *registry], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with tempfile.TemporaryDirectory(prefix="martlet-mq-") as place:
            rabbit = Rabbit(Path(place) / Path(place).name, ["in", "out", "dead"])
            try:
                talk(checks, program, folder, registry, rabbit)
            finally:
                rabbit.end()
    print(f"{checks.made} checks, {len(checks.problems)} not as they should be")
    return 1 if checks.problems else 0


def talk(checks, program, folder, registry, rabbit):
    places = {name: f"amqp://127.0.0.1:{rabbit.port}/{queue}" for name, queue in [("from", "in"), ("to", "out"), ("dead", "dead")]}
    with (folder / "martlet.yml").open("a") as file:
        file.write("stream:\n" + "".join(f"  {name}: {place}\n" for name, place in places.items()))
        file.write("  batch: 16\n  metrics: figures.prom\n")
    command = [program, "stream", NAME, "--json", *registry]

    # An address that is both ends would answer its own answers.
    circle = subprocess.run([*command, "--to", places["from"]], cwd=folder, capture_output=True, text=True)
    checks.expect(circle.returncode == 1 and "would be questions again" in circle.stdout, f"a circle is refused: {circle}")

    log = folder / "stream.log"
    for number in range(200):
        rabbit.send("in", f"m{number}", "no question" if number % 50 == 7 else json.dumps({"tenure": number % 60, "spend": 50}))
    with log.open("wb") as errors:
        stream = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        answers, dead = [], []

        def came(wanted_answers, wanted_dead):
            answers.extend(rabbit.take("out"))
            dead.extend(rabbit.take("dead"))
            return len(answers) >= wanted_answers and len(dead) >= wanted_dead

        checks.expect(until(lambda: came(196, 4), 60), f"all are answered: {len(answers)}, {len(dead)}; {log.read_text()}")
        checks.expect(len(answers) == 196 and len({a["properties"]["message_id"] for a in answers}) == 196, "each is answered once")
        labels = {answer["properties"]["headers"]["trace"]: json.loads(answer["payload"]).get("label") for answer in answers}
        wrong = [name for name, label in labels.items()
                 if int(name[1:]) % 60 < 20 and label != "yes" or int(name[1:]) % 60 >= 40 and label != "no"]
        checks.expect(not wrong, f"the answers are the model's: {wrong}")
        headers = [answer["properties"]["headers"] for answer in answers]
        checks.expect(all(each["martlet-model"] == f"{NAME}@1" and each["attempt"] == "1" for each in headers), "headers come along")
        checks.expect({letter["properties"]["headers"]["trace"] for letter in dead} == {"m7", "m57", "m107", "m157"}, f"dead letters: {dead}")
        checks.expect(all(letter["properties"]["headers"]["martlet-error"] == "bad-request" for letter in dead), "they say why")

        # The broker goes and comes back.
        rabbit.kill()
        checks.expect(until(lambda: "trying again: RabbitMQ at" in log.read_text(), 30), f"it says that the broker is away: {log.read_text()}")
        checks.expect(stream.poll() is None, "it waits for the broker")
        rabbit.start()
        for number in range(200, 220):
            rabbit.send("in", f"m{number}", json.dumps({"tenure": 3, "spend": 50}))

        def fresh():
            answers.extend(rabbit.take("out"))
            return {a["properties"]["headers"]["trace"] for a in answers} >= {f"m{number}" for number in range(200, 220)}

        checks.expect(until(fresh, 60), "it goes on when the broker is back")
        failures = [line for line in (folder / "figures.prom").read_text().splitlines()
                    if line.startswith("martlet_stream_connection_failures_total{")]
        checks.expect(failures and int(failures[0].split()[-1]) > 0, f"failed connections are counted: {failures}")

        stream.send_signal(signal.SIGTERM)
        said, _ = stream.communicate(timeout=60)
        summary = json.loads(said)
        checks.expect(stream.returncode == 0, f"SIGTERM ends it with {stream.returncode}")
        # What the killed broker had not yet written down as done comes again, and is known.
        counted = summary["answered"] == 216 and summary["dead"] == 4 and summary["consumed"] == 220 + summary["duplicates"]
        checks.expect(counted and summary["model"] == f"{NAME}@1", f"it counts: {summary}")
    finally:
        if stream.poll() is None:
            stream.kill()


if __name__ == "__main__":
    sys.exit(main())
