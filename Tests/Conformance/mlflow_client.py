"""Drives the real `mlflow` client against a Martlet server and against `mlflow server`, and says where their answers differ.

    mlflow_client.py --url http://127.0.0.1:8080 [--reference-url URL] [--steps runs,search] [--save FILE | --record FILE]

Both servers get the same calls, each through a small proxy that writes down what went over the wire. Ids, times, ports and page tokens
are masked, lists without an order are sorted, and what is left must be the same: status, error code and document. Without
--reference-url an `mlflow server` on SQLite is started in a temporary folder. Ends with 1 where there is a difference.

Made for mlflow 3.17.2, in a Python environment of its own, since mlflow wants an older pyarrow than the other peers.
"""

import argparse
import contextlib
import gzip
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse
import warnings
from pathlib import Path

os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
os.environ.setdefault("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import mlflow  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import requests  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Metric, Param, RunTag, ViewType  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

warnings.filterwarnings("ignore")


# What went over the wire ---------------------------------------------------------------------------------------------------------------


class Recorder:
    """Passes requests on to a server and keeps them with their answers."""

    def __init__(self, target):
        self.target = urllib.parse.urlsplit(target)
        self.calls = []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def any(self):
                if "chunked" in self.headers.get("Transfer-Encoding", ""):
                    body = b""
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                else:
                    body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                connection = http.client.HTTPConnection(recorder.target.hostname, recorder.target.port, timeout=120)
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "transfer-encoding", "content-length", "connection")}
                headers["Content-Length"] = str(len(body))
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                recorder.calls.append((self.command, self.path, body, answer.status, dict(answer.getheaders()), content))
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = any

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def take(self):
        calls, self.calls = self.calls, []
        return calls


# What is the same --------------------------------------------------------------------------------------------------------------------------

UNORDERED = {"tags", "metrics", "params", "aliases", "files", "dataset_inputs", "model_inputs", "registrations", "latest_versions"}
TIMES = re.compile(r"^(start_time|end_time|timestamp|timestamp_ms|creation_time|last_update_time|creation_timestamp|last_updated_timestamp|"
                   r"creation_timestamp_ms|last_updated_timestamp_ms|request_time|execution_duration|execution_duration_ms|utc_time_created|"
                   r"start_time_unix_nano|end_time_unix_nano|(mean|std)_(fit|score)_time)$")
# What a server calls a run that nobody named.
RANDOM_NAME = re.compile(r"^[a-z]+-[a-z]+-\d+$")
# What differs because the servers are two programs, by key.
FREE = {"next_page_token", "page_token", "span_id", "parent_span_id", "model_size_bytes", "model_uuid", "mlflow.user", "mlflow.source.name", "store_type", "features_enabled"}


# Of a trace, as spans have it: base64.
TRACE_ID = re.compile(r"^[A-Za-z0-9+/]{22}==$")
IDS = re.compile(r"\b(?:(m|tr)-)?[0-9a-f]{32}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


class Mask:
    """Gives ids names by the call in which they first appear: the step, the route, what the call names, and which of several it is. So
    a call too many shifts the ids of calls like it in its own step, and no others."""

    def __init__(self):
        self.names = {}
        self.counts = {}
        self.place = ""

    def enter(self, step, path, body):
        name = ""
        if path.endswith(("/create", "/logged-models")):
            with contextlib.suppress(ValueError, AttributeError):
                made = json.loads(body)
                name = f" {made.get('run_name') or made.get('name') or ''}"
        self.place = f"{step}{IDS.sub('*', path)}{name}"

    def text(self, text):
        def named(match):
            known = self.names.get(match.group(0))
            if known is None:
                place = f"{match.group(1) or 'id'} {self.place}"
                number = self.counts[place] = self.counts.get(place, 0) + 1
                known = self.names[match.group(0)] = f"<{place} {number}>"
            return known

        text = IDS.sub(named, text)
        text = re.sub(r"http://127\.0\.0\.1:\d+", "<url>", text)
        text = re.sub(r"\b1[0-9]{12}\b", "<time>", text)
        text = re.sub(r"/tmp/[\w./-]+", "<path>", text)
        return re.sub(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", "<time>", text)

    def value(self, value, key=""):
        if key in FREE:
            return "<free>"
        if isinstance(value, dict):
            # {"key": …, "value": …}: the value is judged by the key's name.
            if "key" in value and "value" in value:
                return {k: self.value(v, value["key"] if k == "value" else k) for k, v in sorted(value.items())}
            return {k: self.value(v, k) for k, v in sorted(value.items())}
        if isinstance(value, list):
            if key == "model_outputs":
                # The reference gives them in the order of their ids, which are random.
                return sorted((self.value(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
            if key in UNORDERED:
                value = sorted(value, key=lambda item: json.dumps(sort_key(item), sort_keys=True))
            return [self.value(item) for item in value]
        if TIMES.match(key):
            return "<time>"
        if isinstance(value, str):
            if value[:1] in "[{":
                with contextlib.suppress(ValueError):
                    return {"json": self.value(json.loads(value))}
            if key == "trace_id" and TRACE_ID.match(value):
                return "<free>"
            return "<name>" if RANDOM_NAME.match(value) else self.text(value)
        return value


def sort_key(item):
    if isinstance(item, dict):
        return [str(item.get(k, "")) for k in ("key", "name", "path", "version", "step", "value", "alias", "model_id")]
    return str(item)


def document(headers, content, mask):
    kind = next((v for k, v in headers.items() if k.lower() == "content-type"), "")
    if "gzip" in next((v for k, v in headers.items() if k.lower() == "content-encoding"), ""):
        content = gzip.decompress(content)
    if "json" in kind:
        try:
            return mask.value(json.loads(content))
        except ValueError:
            return f"no JSON: {content[:200]!r}"
    if "text/html" in kind:
        return "<page>"
    # What a client uploads holds ids and times, too.
    return mask.text(content.decode("utf-8", "replace")) if len(content) < 20000 else f"{len(content)} bytes"


def normalised(step, calls, mask):
    """Calls of one step: (what was asked, what was answered)."""
    found = []
    for method, target, body, status, headers, content in calls:
        path, _, query = target.partition("?")
        mask.enter(step, path, body)
        question = [method, mask.text(path), sorted((k, mask.value(v, k)) for k, v in urllib.parse.parse_qsl(query, keep_blank_values=True))]
        if path.endswith(".json") or "/mlflow-artifacts/" in path or "/v1/traces" in path:
            question.append("")
        else:
            try:
                question.append(mask.value(json.loads(body)) if body else None)
            except ValueError:
                question.append(body[:100].decode("latin-1"))
        answer = [status, document(headers, content, mask)]
        if status >= 400 and isinstance(answer[1], dict):
            # The words are each server's own.
            answer[1] = {"error_code": answer[1].get("error_code")}
        if path == "/version" or (method == "PUT" and status == 200):
            # What is in these answers is read by nobody.
            answer[1] = "<free>"
        if step == "autolog" and path.endswith("/runs/get") and status == 200:
            # The client asks while a thread of its own still logs the data; the search at the step's end shows all of it.
            answer[1]["run"]["inputs"] = answer[1]["run"]["data"] = "<free>"
        if "/mlflow-artifacts/" in path and method == "GET" and "?" not in target and status == 200:
            # Bytes of files that hold ids of their own; the scenario checks contents where they are known.
            answer[1] = "<file>"
        found.append((question, answer))
    return found


# The scenario ------------------------------------------------------------------------------------------------------------------------------


class Scenario:
    def __init__(self, recorder, folder):
        self.recorder = recorder
        self.url = url = recorder.url
        self.folder = Path(folder)
        self.client = MlflowClient(url, url)
        self.faults = []

    def expect(self, holds, what):
        if not holds:
            self.faults.append(what)

    def fails(self, call, code=None):
        try:
            call()
        except MlflowException as error:
            if code:
                self.expect(error.error_code == code, f"{error.error_code} instead of {code}: {error}")
            return
        self.faults.append(f"no error where {code or 'one'} was expected")

    def differently(self, call, refused=True):
        """A call that a Martlet server refuses, or answers, on purpose in another way than the reference, which fails with 500 or takes what
        nobody can have meant. It is not recorded; that it fails is checked."""
        before = len(self.recorder.calls)
        try:
            call()
        except MlflowException as error:
            self.expect(refused, f"a call that should work: {error}")
        else:
            status = self.recorder.calls[-1][3]
            self.expect(self.lenient or not refused or 400 <= status < 500, f"{self.recorder.calls[-1][:2]}: {status}")
        del self.recorder.calls[before:]

    # The reference itself is not judged by `differently`.
    lenient = False

    def raw(self, method, path, body=None, **more):
        url = self.url + path
        request = requests.Request(method, url, json=body, **more).prepare()
        # `requests` would tidy the path.
        request.url = url if "params" not in more else request.url
        with requests.Session() as session:
            return session.send(request, timeout=60)

    def api(self, method, path, body=None, **more):
        return self.raw(method, "/api/2.0/mlflow/" + path, body, **more)

    # Steps, in order. Each finds what the ones before it made.

    def server(self):
        for path in ("/health", "/version", "/api/3.0/mlflow/server-info"):
            answer = self.raw("GET", path)
            self.expect(answer.status_code == 200, f"{path}: {answer.status_code}")

    def experiments(self):
        c = self.client
        self.first = c.create_experiment("first", tags={"team": "red", "a b": "c"})
        self.second = c.create_experiment("second")
        c.get_experiment(self.first)
        c.get_experiment("0")
        c.get_experiment_by_name("first")
        self.expect(c.get_experiment_by_name("nothing") is None, "an experiment by an unknown name")
        c.set_experiment_tag(self.first, "colour", "blue")
        c.set_experiment_tag(self.first, "team", "green")
        c.delete_experiment_tag(self.first, "a b")
        self.fails(lambda: c.delete_experiment_tag(self.first, "never"), "RESOURCE_DOES_NOT_EXIST")
        c.rename_experiment(self.second, "zweites")
        self.fails(lambda: c.create_experiment("first"), "RESOURCE_ALREADY_EXISTS")
        self.fails(lambda: c.get_experiment("999999"), "RESOURCE_DOES_NOT_EXIST")
        self.fails(lambda: c.get_experiment("what"), "INVALID_PARAMETER_VALUE")
        self.api("POST", "experiments/create", {"name": ""})
        self.api("POST", "experiments/create", {})
        self.api("POST", "experiments/create", {"name": 3})
        self.api("POST", "experiments/create", {"name": "x" * 501})
        self.api("POST", "experiments/create", {"name": "unknown field", "colour": 3})
        for name in ("a%b", "A_B", "plain"):
            c.create_experiment(name, tags={"group": name})
        for text in ("name = 'first'", "name LIKE 'f%'", "name ILIKE 'A%'", "name != 'first'", "tags.team = 'green'", "tags.`team` LIKE 'g%'",
                     "name LIKE 'a_b'", "tags.team IS NULL", "tags.team IS NOT NULL AND name = 'first'", "creation_time > 0",
                     "attribute.name = 'plain'", f"experiment_id IN ('{self.first}', '{self.second}')"):
            c.search_experiments(filter_string=text, order_by=["name ASC"])
        for text in ("name", "name = first", "name == 'first'", "metrics.x > 1", "name = 'a' OR name = 'b'", "creation_time > 'x'", "tags.a > 'b'",
                     "name IN ('a')", "name = 'unfinished", "; DROP TABLE experiments"):
            self.fails(lambda: c.search_experiments(filter_string=text), "INVALID_PARAMETER_VALUE")
        self.differently(lambda: c.search_experiments(filter_string="name LIKE 'a' AND"))
        page = c.search_experiments(max_results=2, order_by=["name DESC"])
        names = [e.name for e in page]
        while page.token:
            page = c.search_experiments(max_results=2, order_by=["name DESC"], page_token=page.token)
            names += [e.name for e in page]
        self.expect(names == sorted(names, reverse=True) and len(names) == 7, f"pages of experiments: {names}")
        self.fails(lambda: c.search_experiments(max_results=0), "INVALID_PARAMETER_VALUE")
        self.fails(lambda: c.search_experiments(page_token="rubbish"), None)
        c.search_experiments(order_by=["creation_time DESC", "name"], view_type=ViewType.ALL)
        c.delete_experiment(self.second)
        c.search_experiments(view_type=ViewType.DELETED_ONLY)
        c.get_experiment(self.second)
        self.fails(lambda: c.create_experiment("zweites"), "RESOURCE_ALREADY_EXISTS")
        self.differently(lambda: c.rename_experiment(self.second, "third"))
        self.fails(lambda: c.delete_experiment(self.second), "RESOURCE_DOES_NOT_EXIST")
        self.fails(lambda: c.create_run(self.second), "INVALID_PARAMETER_VALUE")
        self.fails(lambda: c.set_experiment_tag(self.second, "a", "b"), "INVALID_PARAMETER_VALUE")
        c.restore_experiment(self.second)
        self.fails(lambda: c.restore_experiment(self.second), "RESOURCE_DOES_NOT_EXIST")

    def runs(self):
        mlflow.set_experiment("first")
        with mlflow.start_run(run_name="alpha", tags={"kind": "test"}, description="the first run") as run:
            self.run = run.info.run_id
            mlflow.log_param("rate", 0.1)
            mlflow.log_params({"layers": 3, "name": "net", "empty": ""})
            mlflow.log_metric("loss", 2.5, step=0)
            for step in range(1, 6):
                mlflow.log_metric("loss", 2.5 / (step + 1), step=step)
            mlflow.log_metrics({"accuracy": 0.5, "f1": 0.25}, step=1)
            mlflow.log_metric("accuracy", 0.75, step=3)
            mlflow.log_metric("accuracy", 0.6, step=2)
            mlflow.log_metric("odd", float("nan"))
            mlflow.log_metric("high", float("inf"))
            mlflow.log_metric("low", float("-inf"))
            mlflow.log_metric("minus", -1, step=-3)
            mlflow.set_tag("colour", "red")
            mlflow.set_tags({"a b": "c", "path/like": "x"})
        c = self.client
        for key in ("loss", "accuracy", "odd", "high", "low", "minus", "nothing"):
            c.get_metric_history(self.run, key)
        c.get_run(self.run)
        c.delete_tag(self.run, "colour")
        self.fails(lambda: c.delete_tag(self.run, "colour"), "RESOURCE_DOES_NOT_EXIST")
        self.fails(lambda: c.log_param(self.run, "rate", 0.2), "INVALID_PARAMETER_VALUE")
        c.log_param(self.run, "rate", 0.1)
        c.update_run(self.run, status="FAILED", name="beta")
        c.set_tag(self.run, "mlflow.runName", "gamma")
        c.get_run(self.run)
        c.set_terminated(self.run, "FINISHED", end_time=1700000000123)
        self.fails(lambda: c.get_run("0" * 32), "RESOURCE_DOES_NOT_EXIST")
        self.fails(lambda: c.create_run("12345"), "RESOURCE_DOES_NOT_EXIST")
        for path, body in (
            ("runs/log-metric", {"run_id": self.run, "key": "x"}),
            ("runs/log-metric", {"run_id": self.run, "key": "x", "value": "much", "timestamp": 1}),
            ("runs/log-metric", {"run_id": self.run, "key": "x", "value": 1, "timestamp": -1}),
            ("runs/log-metric", {"run_id": self.run, "key": "bad\x00key", "value": 1, "timestamp": 1}),
            ("runs/log-metric", {"run_id": self.run, "key": "../x", "value": 1, "timestamp": 1}),
            ("runs/log-metric", {"key": "x", "value": 1, "timestamp": 1}),
            ("runs/log-metric", {"run_id": self.run, "key": "text", "value": "3.5", "timestamp": "17", "step": "4"}),
            ("runs/log-metric", {"run_id": self.run, "key": "x" * 251, "value": 1, "timestamp": 1}),
            ("runs/log-parameter", {"run_id": self.run, "key": "k" * 251, "value": "v"}),
            ("runs/log-parameter", {"run_id": self.run, "key": "bad#key", "value": "v"}),
            ("runs/log-parameter", {"run_id": self.run}),
            ("runs/set-tag", {"run_id": self.run, "key": "/x", "value": "v"}),
            ("runs/set-tag", {"run_uuid": self.run, "key": "by uuid", "value": "v"}),
            ("runs/update", {"run_id": self.run, "status": "NONSENSE"}),
            ("runs/update", {"run_id": self.run, "status": "KILLED", "end_time": 1700000000999}),
            ("runs/create", {"experiment_id": self.first, "start_time": "x"}),
            ("runs/create", {"experiment_id": self.first, "run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]}),
            ("runs/delete", {}),
        ):
            self.api("POST", path, body)
        self.api("GET", "metrics/get-history", params={"run_id": self.run})
        answer = self.api("GET", "metrics/get-history", params={"run_id": self.run, "metric_key": "loss", "max_results": 4}).json()
        self.expect(len(answer["metrics"]) == 4, "a page of the history")
        self.api("GET", "metrics/get-history", params={"run_id": self.run, "metric_key": "loss", "max_results": 4, "page_token": answer["next_page_token"]})
        self.api("GET", "metrics/get-history", params={"run_id": self.run, "metric_key": "loss", "max_results": 0})
        self.api("GET", "metrics/get-history-bulk-interval", params={"run_ids": [self.run], "metric_key": "loss", "max_results": 3})
        self.api("GET", "metrics/get-history-bulk-interval", params={"run_ids": [self.run], "metric_key": "loss", "start_step": 1, "end_step": 3})
        self.api("GET", "runs/get", params={"run_id": self.run})
        self.api("GET", "runs/get", params={"run_uuid": self.run})
        self.api("GET", "runs/get")
        self.raw("POST", "/api/2.0/mlflow/runs/create", data=b"{not json", headers={"Content-Type": "application/json"})
        self.raw("POST", "/api/2.0/mlflow/runs/create", data=b"[1]", headers={"Content-Type": "application/json"})

    def batches(self):
        c = self.client
        run = c.create_run(self.first, run_name="batches").info.run_id
        metrics = [Metric(f"m{i % 5}", i / 7, 1700000000000 + i, i // 5) for i in range(400)]
        params = [Param(f"p{i}", str(i)) for i in range(100)]
        tags = [RunTag(f"t{i}", "v") for i in range(20)]
        c.log_batch(run, metrics, params, tags)
        for _ in range(2):
            self.api("POST", "runs/log-batch", {
                "run_id": run, "metrics": [dict(m) for m in metrics[:100]], "params": [dict(p) for p in params[:50]], "tags": [{"key": "t1", "value": "w"}]})
        self.expect(len(c.get_metric_history(run, "m0")) == 80, "a batch that was sent again")
        c.get_run(run)
        one = {"key": "k", "value": 1, "timestamp": 1, "step": 0}
        for body in (
            {"run_id": run, "metrics": [one] * 1001},
            {"run_id": run, "params": [{"key": f"q{i}", "value": "1"} for i in range(101)]},
            {"run_id": run, "tags": [{"key": f"q{i}", "value": "1"} for i in range(101)]},
            {"run_id": run, "metrics": [{**one, "step": i} for i in range(950)], "params": [{"key": f"q{i}", "value": "1"} for i in range(60)]},
            {"run_id": run, "params": [{"key": "p1", "value": "other"}]},
            {"run_id": run, "params": [{"key": "twice", "value": "1"}, {"key": "twice", "value": "1"}]},
            {"run_id": run, "params": [{"key": "long", "value": "x" * 6000}]},
            {"run_id": run, "metrics": [{"key": "k", "value": 1, "timestamp": 1, "step": 0}, {"key": "k"}]},
            {"run_id": run, "metrics": [one, one]},
            {"run_id": run, "metrics": "x"},
            {"run_id": run},
            {"run_id": "1" * 32, "metrics": [one]},
            {"run_id": "!", "metrics": [one]},
            {},
        ):
            self.api("POST", "runs/log-batch", body)
        c.get_run(run)
        c.delete_run(run)
        self.api("POST", "runs/log-batch", {"run_id": run, "metrics": [one]})
        self.api("POST", "runs/log-metric", {"run_id": run, **one})
        c.restore_run(run)

    def nested(self):
        mlflow.set_experiment("first")
        with mlflow.start_run(run_name="parent") as parent:
            for depth in (1, 2, 3):
                with mlflow.start_run(run_name=f"child{depth}", nested=True):
                    mlflow.log_param("depth", depth)
                    mlflow.log_metric("score", depth / 4)
                    mlflow.log_metric("only" + str(depth), depth)
        self.parent = parent.info.run_id
        children = self.client.search_runs([self.first], f"tags.mlflow.parentRunId = '{self.parent}'", order_by=["metrics.score DESC"])
        self.expect([r.data.params["depth"] for r in children] == ["3", "2", "1"], "the children of a run")
        self.children = [r.info.run_id for r in children]
        with contextlib.suppress(RuntimeError), mlflow.start_run(run_name="broken"):
            raise RuntimeError("stop")

    def search(self):
        c = self.client
        good = [
            "", "metrics.score > 0.3", "metrics.score >= 0.5 and params.depth = '2'", "metrics.score != 0.5", "metric.score < 1e0", "metrics.`loss` <= 3",
            "params.depth != '1'", "params.depth LIKE '%'", "param.depth ILIKE '3'", "parameters.\"depth\" = '1'", "tags.mlflow.runName = 'parent'",
            "tags.`a b` LIKE '%c%'", "tags.\"a b\" = 'c'", "tag.kind ILIKE 'TE%'", "attributes.status = 'FINISHED'", "status = 'FAILED'", "attribute.run_name LIKE 'child%'",
            "run_name = 'child1'", "attributes.start_time > 0", "start_time > 1700000000000", "end_time <= 1700000000999", "attributes.`Run name` = 'parent'",
            f"attributes.run_id IN ('{self.children[0]}', '{self.children[1]}')", f"run_id NOT IN ('{self.children[0]}')", f"run_id = '{self.children[2]}'",
            "params.depth IS NULL", "params.depth IS NOT NULL", "tags.kind IS NULL and params.depth = '1'", "attributes.user_id != 'nobody at all'",
            "attributes.artifact_uri LIKE 'mlflow-artifacts:%'", "metrics.odd != 3", "metrics.odd > -1", "metrics.high > 1e300", "tags.`path/like` = 'x'",
            "metrics.score > -3", "params.name = \"net\"", "metrics.nothing > 1", "created > 1",
        ]
        for text in good:
            c.search_runs([self.first], text, order_by=["attributes.run_name ASC", "metrics.m0 DESC"])
        bad = [
            "metrics.score > '1'", "params.depth = 1", "params.depth > '1'", "metrics.score LIKE '1'", "status IN ('FINISHED')", "attributes.nothing = 'x'", "colour.x = '1'",
            "metrics.score", "metrics.score >", "params.depth = '1' OR params.depth = '2'", "params.depth = '1", "start_time > 'x'", "metrics.score IS NULL",
            "run_id IN ()", "run_id IN (1, 2)", "params.depth = '1'; params.depth = '2'", "(params.depth = '1')", "datasets.colour = 'x'", "not params.depth = '1'",
            "params.depth = depth", "' OR 1=1 --", "params.depth BETWEEN '1' AND '2'",
        ]
        for text in bad:
            self.fails(lambda: c.search_runs([self.first], text), "INVALID_PARAMETER_VALUE")
        orders = [["metrics.score"], ["metrics.score DESC"], ["params.depth DESC", "start_time ASC"], ["tags.kind"], ["attributes.end_time DESC"], ["start_time desc"],
                  ["metrics.`loss` ASC", "run_name"], ["status", "run_name"], ["metrics.odd"], ["created DESC"], ["user_id"], ["metric.m1 desc"]]
        for order in orders:
            c.search_runs([self.first], order_by=order)
        # Ids are random, so is their order; that there is one is checked.
        before = len(self.recorder.calls)
        ids = [r.info.run_id for r in c.search_runs([self.first], order_by=["attributes.run_id"])]
        del self.recorder.calls[before:]
        self.expect(ids == sorted(ids) and len(ids) > 3, f"runs by their ids: {ids}")
        self.differently(lambda: c.search_runs([self.first], "params.depth = '1' params.depth = '2'"))
        self.differently(lambda: c.search_runs([self.first], order_by=["metrics.a", "metrics.a"]))
        for order in (["nonsense"], ["metrics.score SIDEWAYS"], ["metrics.score DESC NULLS LAST"], ["attributes.nothing"], [""]):
            self.fails(lambda: c.search_runs([self.first], order_by=order))
        page = c.search_runs([self.first], max_results=3, order_by=["attributes.run_name"])
        names = [r.info.run_name for r in page]
        while page.token:
            page = c.search_runs([self.first], max_results=3, order_by=["attributes.run_name"], page_token=page.token)
            names += [r.info.run_name for r in page]
        self.expect(names == sorted(names), f"pages of runs: {names}")
        mlflow.search_runs(experiment_names=["first"], filter_string="metrics.score > 0")
        c.search_runs([self.first, self.second, "0"], max_results=5)
        c.search_runs([])
        self.api("POST", "runs/search", {"experiment_ids": [self.first], "max_results": 50001})
        self.api("POST", "runs/search", {"experiment_ids": [self.first], "max_results": -1})
        self.api("POST", "runs/search", {"experiment_ids": ["x"]})
        self.api("POST", "runs/search", {"experiment_ids": [self.first], "run_view_type": "DELETED_ONLY"})
        c.delete_run(self.children[0])
        c.delete_run(self.children[0])
        c.search_runs([self.first], "params.depth = '3'")
        c.search_runs([self.first], "params.depth = '3'", run_view_type=ViewType.DELETED_ONLY)
        c.search_runs([self.first], "params.depth = '3'", run_view_type=ViewType.ALL)
        c.get_run(self.children[0])
        self.fails(lambda: c.set_tag(self.children[0], "a", "b"), "INVALID_PARAMETER_VALUE")
        c.restore_run(self.children[0])

    def artifacts(self):
        mlflow.set_experiment("first")
        folder = self.folder / "up"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "inner" / "deep").mkdir(parents=True)
        (folder / "one.txt").write_text("one")
        (folder / "inner" / "two words.txt").write_text("two")
        (folder / "inner" / "deep" / "ünïcode+.txt").write_text("three")
        (folder / "empty.bin").write_bytes(b"")
        large = self.folder / "large.bin"
        large.write_bytes(np.random.default_rng(7).bytes(80 << 20))
        with mlflow.start_run(run_name="files") as run:
            mlflow.log_artifact(folder / "one.txt")
            mlflow.log_artifact(folder / "one.txt", "sub/folder")
            mlflow.log_artifacts(folder, "tree")
            mlflow.log_dict({"a": [1, 2]}, "notes.json")
            mlflow.log_text("hello", "texts/hello.txt")
            mlflow.log_table({"x": [1, 2]}, "table.json")
            mlflow.log_artifact(large)
        identifier = run.info.run_id
        c = self.client
        for path in (None, "tree", "tree/inner", "sub", "nothing", "one.txt"):
            c.list_artifacts(identifier, path)
        down = self.folder / "down"
        shutil.rmtree(down, ignore_errors=True)
        down.mkdir()
        path = Path(mlflow.artifacts.download_artifacts(run_id=identifier, artifact_path="tree", dst_path=down))
        same = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        found = {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file()}
        self.expect(found == same, f"a folder up and down: {sorted(map(str, found))}")
        back = Path(mlflow.artifacts.download_artifacts(artifact_uri=f"runs:/{identifier}/large.bin", dst_path=down))
        self.expect(back.read_bytes() == large.read_bytes(), "a large file up and down")
        self.expect(mlflow.artifacts.load_text(f"runs:/{identifier}/texts/hello.txt") == "hello", "a text")
        self.fails(lambda: mlflow.artifacts.load_text(f"runs:/{identifier}/none.txt"))
        c.log_text(identifier, "again", "texts/hello.txt")
        self.expect(mlflow.artifacts.load_text(f"runs:/{identifier}/texts/hello.txt") == "again", "a text that was replaced")
        root = f"/api/2.0/mlflow-artifacts/artifacts/{self.first}/{identifier}/artifacts"
        self.raw("GET", root + "/one.txt")
        self.raw("GET", root + "/none.txt")
        self.raw("DELETE", root + "/one.txt")
        self.raw("GET", root + "/one.txt")
        self.raw("DELETE", root + "/tree")
        c.list_artifacts(identifier)
        self.raw("POST", "/api/2.0/mlflow-artifacts/mpu/create/x", {"path": "x", "num_parts": 2})
        for path in ("../x", "%2e%2e/x", "%252e%252e/x", "a/../../x", "..%2fx", "/etc/passwd", "%2fetc/passwd", "a%23b"):
            self.raw("PUT", "/api/2.0/mlflow-artifacts/artifacts/" + path, data=b"evil")
        for path in ("a%5c..%5cx", "a%00b"):
            self.differently(lambda: self.raw("PUT", "/api/2.0/mlflow-artifacts/artifacts/" + path, data=b"evil"))
        for path in ("../x", "%2e%2e/x", "..%2f..%2fetc/passwd", "%252e%252e%252fx"):
            self.raw("GET", "/api/2.0/mlflow-artifacts/artifacts/" + path)
            self.raw("GET", "/api/2.0/mlflow-artifacts/artifacts?path=" + path)
            self.api("GET", "artifacts/list?run_id=" + identifier + "&path=" + path)
        self.api("GET", "artifacts/list", params={"run_id": identifier})
        self.api("GET", "artifacts/list")

    def inputs(self):
        mlflow.set_experiment("first")
        frame = pd.DataFrame({"x": [1.0, 2.0], "y": [0, 1]})
        data = mlflow.data.from_pandas(frame, source="https://example.org/data.csv", name="iris", targets="y")
        other = mlflow.data.from_numpy(np.arange(6.0).reshape(3, 2), name="points")
        with mlflow.start_run(run_name="data") as run:
            mlflow.log_input(data, context="training", tags={"part": "first"})
            mlflow.log_input(data, context="training")
            mlflow.log_input(other, context="test")
            mlflow.log_metric("on_data", 0.5, dataset=data)
        self.client.get_run(run.info.run_id)
        for text in ("dataset.name = 'iris'", "datasets.name LIKE 'po%'", "dataset.context = 'test'", "dataset.name IN ('iris', 'x')", "dataset.digest = 'none'",
                     "dataset.name = 'iris' and dataset.context = 'test'"):
            self.client.search_runs([self.first], text)
        self.raw("POST", "/api/2.0/mlflow/runs/log-inputs", {"run_id": run.info.run_id, "datasets": [{"dataset": {"name": "", "digest": "x"}}]})
        self.raw("POST", "/api/2.0/mlflow/runs/log-inputs", {"run_id": run.info.run_id, "datasets": [{"dataset": {"name": "n" * 501, "digest": "x", "source_type": "s", "source": "s"}}]})
        self.raw("POST", "/api/2.0/mlflow/runs/log-inputs", {"datasets": []})

    def models(self):
        from sklearn.linear_model import LogisticRegression

        mlflow.set_experiment("first")
        x, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
        model = LogisticRegression().fit(x, y)
        with mlflow.start_run(run_name="model") as run:
            mlflow.log_metric("before", 0.1)
            info = mlflow.sklearn.log_model(model, name="classifier", input_example=x[:1], registered_model_name="Iris", params={"C": 1.0}, tags={"stage": "early"},
                                            pip_requirements=["scikit-learn"], skops_trusted_types=None)
            mlflow.log_metric("accuracy", 1.0, model_id=info.model_id, step=1)
        self.model_run, self.model = run.info.run_id, info.model_id
        c = self.client
        c.get_logged_model(self.model)
        loaded = mlflow.pyfunc.load_model(info.model_uri)
        self.expect(list(loaded.predict(x)) == [0, 0, 1, 1], "predictions of a logged model")
        for text, order in ((None, None), ("name = 'classifier'", None), ("metrics.accuracy > 0.5", [{"field_name": "metrics.accuracy", "ascending": False}]),
                            ("params.C = '1.0'", [{"field_name": "creation_timestamp"}]), ("tags.stage LIKE 'ea%'", [{"field_name": "last_updated_timestamp", "ascending": False}]),
                            (f"source_run_id = '{self.model_run}'", None), ("metrics.accuracy > 2", None), ("model_type = 'x'", [{"field_name": "name"}])):
            mlflow.search_logged_models(experiment_ids=[self.first], filter_string=text, order_by=order, output_format="list")
        for text in ("colour = 'x'", "metrics.accuracy > '1'"):
            self.differently(lambda: mlflow.search_logged_models(experiment_ids=[self.first], filter_string=text, output_format="list"))
        self.differently(lambda: mlflow.search_logged_models(experiment_ids=[self.first], filter_string="status = 'READY'"), refused=False)
        for text in ("name", "params.C > '1'"):
            self.fails(lambda: mlflow.search_logged_models(experiment_ids=[self.first], filter_string=text, output_format="list"))
        c.set_logged_model_tags(self.model, {"b": "2", "stage": "late"})
        c.delete_logged_model_tag(self.model, "b")
        self.fails(lambda: c.delete_logged_model_tag(self.model, "b"), "RESOURCE_DOES_NOT_EXIST")
        c.get_logged_model(self.model)
        second = c.create_logged_model(self.first, name="second", params={"deep": "yes"}, model_type="agent")
        c.log_model_params(second.model_id, {"p": "v"})
        c.finalize_logged_model(second.model_id, "READY")
        third = c.create_logged_model(self.first, name="failed")
        c.finalize_logged_model(third.model_id, "FAILED")
        page = c.search_logged_models([self.first], max_results=2)
        self.expect(len(page) == 2 and page.token, "a page of logged models")
        c.search_logged_models([self.first], max_results=2, page_token=page.token)
        c.delete_logged_model(third.model_id)
        self.fails(lambda: c.get_logged_model(third.model_id), "RESOURCE_DOES_NOT_EXIST")
        self.fails(lambda: c.create_logged_model(self.first, name="bad/name"), "INVALID_PARAMETER_VALUE")
        self.fails(lambda: c.get_logged_model("m-" + "0" * 32), "RESOURCE_DOES_NOT_EXIST")
        c.log_outputs(self.run, [mlflow.entities.LoggedModelOutput(second.model_id, 3)])
        c.log_inputs(self.parent, models=[mlflow.entities.LoggedModelInput(second.model_id)])
        c.get_run(self.run)
        c.get_run(self.parent)
        c.get_run(self.model_run)
        self.api("GET", f"logged-models/{self.model}/artifacts/directories")
        self.api("GET", f"logged-models/{self.model}/artifacts/directories", params={"artifact_directory_path": "../.."})

    def registry(self):
        c = self.client
        c.create_registered_model("Other", tags={"a": "b"}, description="what it is")
        self.fails(lambda: c.create_registered_model("Other"), "RESOURCE_ALREADY_EXISTS")
        for name in ("", "bad/name", "bad:name", "  "):
            self.fails(lambda: c.create_registered_model(name), "INVALID_PARAMETER_VALUE")
        c.create_registered_model("with space")
        c.get_registered_model("Other")
        self.fails(lambda: c.get_registered_model("none"), "RESOURCE_DOES_NOT_EXIST")
        c.update_registered_model("Other", "better")
        c.set_registered_model_tag("Other", "team", "red")
        c.set_registered_model_tag("Other", "team", "blue")
        c.delete_registered_model_tag("Other", "a")
        c.delete_registered_model_tag("Other", "a")
        c.rename_registered_model("Other", "Another")
        self.fails(lambda: c.rename_registered_model("Another", "Iris"), "RESOURCE_ALREADY_EXISTS")
        self.fails(lambda: c.rename_registered_model("none", "x"), "RESOURCE_DOES_NOT_EXIST")
        version = mlflow.register_model(f"models:/{self.model}", "Iris", tags={"from": "models"})
        self.expect(version.version == "2", f"the second version: {version.version}")
        c.create_model_version("Another", f"models:/{self.model}", run_id=self.model_run, description="words", model_id=self.model)
        c.create_model_version("Another", f"runs:/{self.run}/model", run_id=self.run)
        for source, run in (("file:///etc", None), ("/etc/passwd", None), ("mlflow-artifacts:/../../etc", None), ("mlflow-artifacts:/%2e%2e/x", self.run),
                            (f"runs:/{self.run}/../../x", self.run), ("models:/m-" + "0" * 32, None), ("mlflow-artifacts:/1/other/artifacts", self.run)):
            self.api("POST", "model-versions/create", {"name": "Another", "source": source, **({"run_id": run} if run else {})})
        self.api("POST", "model-versions/create", {"name": "none at all", "source": f"runs:/{self.run}/x", "run_id": self.run})
        self.api("POST", "model-versions/create", {"name": "Another"})
        c.get_model_version("Iris", "1")
        for wrong in ("9", "x", "0"):
            self.fails(lambda: c.get_model_version("Iris", wrong))
        c.update_model_version("Iris", "1", "the very first")
        c.set_model_version_tag("Iris", "1", "checked", "yes")
        c.set_model_version_tag("Iris", "1", "checked", "no")
        c.set_model_version_tag("Iris", "1", "long words", "with spaces, and more: ü")
        c.delete_model_version_tag("Iris", "1", "checked")
        c.delete_model_version_tag("Iris", "1", "checked")
        self.fails(lambda: c.set_model_version_tag("Iris", "7", "a", "b"), "RESOURCE_DOES_NOT_EXIST")
        c.set_registered_model_alias("Iris", "champion", "1")
        c.set_registered_model_alias("Iris", "Challenger", "2")
        c.set_registered_model_alias("Iris", "champion", "2")
        c.set_registered_model_alias("Iris", "both", "2")
        c.get_model_version_by_alias("Iris", "champion")
        c.get_model_version_by_alias("Iris", "Challenger")
        c.get_registered_model("Iris")
        self.fails(lambda: c.get_model_version_by_alias("Iris", "nobody"), "INVALID_PARAMETER_VALUE")
        self.fails(lambda: c.get_model_version_by_alias("none", "nobody"))
        for alias in ("latest", "v3", "", "a b", "x" * 256):
            self.api("POST", "registered-models/alias", {"name": "Iris", "alias": alias, "version": "1"})
        self.api("POST", "registered-models/alias", {"name": "Iris", "alias": "x", "version": "77"})
        c.delete_registered_model_alias("Iris", "both")
        c.delete_registered_model_alias("Iris", "both")
        c.get_model_version("Iris", "2")
        c.get_model_version_download_uri("Iris", "2")
        down = self.folder / "model"
        shutil.rmtree(down, ignore_errors=True)
        down.mkdir()
        mlflow.artifacts.download_artifacts(artifact_uri="models:/Iris@champion", dst_path=down)
        self.expect((down / "MLmodel").exists(), f"a model by its alias: {sorted(p.name for p in down.rglob('*'))}")
        loaded = mlflow.pyfunc.load_model("models:/Iris@champion")
        self.expect(list(loaded.predict(np.array([[0.0], [3.0]]))) == [0, 1], "predictions of a registered model")
        mlflow.sklearn.load_model("models:/Iris/1")
        c.transition_model_version_stage("Iris", "1", "Staging")
        c.transition_model_version_stage("Iris", "2", "staging", archive_existing_versions=True)
        c.transition_model_version_stage("Iris", "2", "Production")
        self.fails(lambda: c.transition_model_version_stage("Iris", "2", "Nowhere"), "INVALID_PARAMETER_VALUE")
        self.differently(
            lambda: self.api("POST", "model-versions/transition-stage", {"name": "Iris", "version": "2", "stage": "Archived", "archive_existing_versions": True}))
        c.get_latest_versions("Iris")
        c.get_latest_versions("Iris", ["Production"])
        c.get_latest_versions("Iris", ["None"])
        for text in ("", "name = 'Iris'", "name LIKE 'I%'", "name ILIKE 'ANO%'", f"run_id = '{self.model_run}'", f"run_id IN ('{self.model_run}')", "version_number > 1",
                     "name = 'Iris' and version_number = 1", "tags.`from` = 'models'", "source_path LIKE 'models:%'", "name IN ('Iris', 'x')", "tag.nothing = 'x'"):
            c.search_model_versions(text, order_by=["name ASC", "version_number DESC"])
        for text in ("version = 1", "name", "colour = 'x'", "metrics.a > 1", "version_number LIKE '1'", "name > 'x'"):
            self.fails(lambda: c.search_model_versions(text), "INVALID_PARAMETER_VALUE")
        for order in (["version_number ASC"], ["creation_timestamp DESC", "name"], ["last_updated_timestamp"], ["name DESC"]):
            c.search_model_versions(order_by=order)
        self.fails(lambda: c.search_model_versions(order_by=["colour"]), "INVALID_PARAMETER_VALUE")
        page = c.search_model_versions(max_results=2, order_by=["name", "version_number"])
        c.search_model_versions(max_results=2, order_by=["name", "version_number"], page_token=page.token)
        for text in (None, "name = 'Iris'", "name LIKE '%s%'", "name ILIKE 'iris'", "tags.team = 'blue'", "name IN ('Iris')", "name != 'Iris'"):
            c.search_registered_models(text)
        for text in ("version = 1", "name > 'a'", "name", "tags.team > 'x'"):
            self.fails(lambda: c.search_registered_models(text), "INVALID_PARAMETER_VALUE")
        page = c.search_registered_models(max_results=2, order_by=["name DESC"])
        c.search_registered_models(max_results=2, order_by=["name DESC"], page_token=page.token)
        self.differently(lambda: c.search_registered_models(order_by=["timestamp ASC", "last_updated_timestamp DESC"]))
        c.search_registered_models(order_by=["last_updated_timestamp DESC"])
        self.fails(lambda: c.search_registered_models(order_by=["colour"]), "INVALID_PARAMETER_VALUE")
        c.delete_model_version("Another", "2")
        self.fails(lambda: c.get_model_version("Another", "2"), "RESOURCE_DOES_NOT_EXIST")
        self.fails(lambda: c.delete_model_version("Another", "2"), "RESOURCE_DOES_NOT_EXIST")
        c.delete_registered_model("Another")
        self.fails(lambda: c.get_registered_model("Another"), "RESOURCE_DOES_NOT_EXIST")
        self.fails(lambda: c.delete_registered_model("Another"), "RESOURCE_DOES_NOT_EXIST")
        c.get_logged_model(self.model)
        c.create_registered_model("Another")
        c.get_registered_model("Another")

    def autolog(self):
        from sklearn.datasets import load_iris
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV

        mlflow.set_experiment("autolog")
        mlflow.sklearn.autolog(log_input_examples=True, silent=True)
        x, y = load_iris(return_X_y=True, as_frame=True)
        try:
            with mlflow.start_run(run_name="forest"):
                forest = RandomForestClassifier(n_estimators=5, random_state=1).fit(x, y)
                forest.score(x, y)
            with mlflow.start_run(run_name="pipeline"):
                make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(x, y)
            with mlflow.start_run(run_name="grid"):
                GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1.0]}, cv=2).fit(x, y)
        finally:
            mlflow.sklearn.autolog(disable=True)
        experiment = self.client.get_experiment_by_name("autolog").experiment_id
        # The grid's own runs have names of the server's.
        runs = self.client.search_runs([experiment], "tags.mlflow.autologging IS NULL", order_by=["attributes.run_name"])
        self.expect({"forest", "pipeline", "grid"} <= {r.info.run_name for r in runs}, "autologged runs")
        forest = next(r for r in runs if r.info.run_name == "forest")
        self.expect(forest.data.metrics.get("training_accuracy_score", 0) > 0.9, "autologged metrics")
        self.expect(forest.data.params.get("n_estimators") == "5", "autologged parameters")

    def traces(self):
        mlflow.set_experiment("first")

        @mlflow.trace
        def double(x):
            return 2 * x

        with mlflow.start_span("outer") as span:
            span.set_inputs({"x": 1})
            span.set_outputs({"y": double(1)})
        mlflow.flush_trace_async_logging()
        identifier = span.trace_id
        trace = mlflow.get_trace(identifier)
        self.expect(trace is not None and len(trace.data.spans) == 2, "a trace that was logged")
        found = mlflow.search_traces(locations=[self.first], return_type="list")
        self.expect(len(found) == 1, f"traces found: {len(found)}")
        mlflow.set_trace_tag(identifier, "seen", "yes")
        mlflow.delete_trace_tag(identifier, "seen")
        self.client.delete_traces(self.first, trace_ids=[identifier])
        self.expect(len(mlflow.search_traces(locations=[self.first], return_type="list")) == 0, "traces that were deleted")

    STEPS = ["server", "experiments", "runs", "batches", "nested", "search", "artifacts", "inputs", "models", "registry", "autolog", "traces"]


# Running it ---------------------------------------------------------------------------------------------------------------------------------


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def reference_server(folder):
    port = free_port()
    log = open(Path(folder) / "reference.log", "wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
         "--backend-store-uri", f"sqlite:///{folder}/reference.db", "--artifacts-destination", f"{folder}/reference-artifacts"],
        stdout=log, stderr=log, env={**os.environ, "MLFLOW_TRACKING_URI": ""}, start_new_session=True)
    try:
        for _ in range(240):
            with contextlib.suppress(OSError):
                if requests.get(f"http://127.0.0.1:{port}/health", timeout=2).ok:
                    break
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        # The server is several processes, and some of them take their time.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def play(url, folder, steps, lenient=False):
    """Runs the scenario; returns the masked calls of each step and what was wrong."""
    recorder = Recorder(url)
    mlflow.set_tracking_uri(recorder.url)
    mlflow.set_registry_uri(recorder.url)
    scenario = Scenario(recorder, folder)
    scenario.lenient = lenient
    mask = Mask()
    record = {}
    for step in steps:
        try:
            getattr(scenario, step)()
        except Exception as error:  # the other steps still say something
            scenario.faults.append(f"{step}: {type(error).__name__}: {error}")
            traceback.print_exc()
        finally:
            while mlflow.active_run():
                mlflow.end_run()
        calls = recorder.take()
        record[step] = normalised(step, calls, mask)
    recorder.server.shutdown()
    return record, scenario.faults


def unlike(a, b, place=""):
    """Where two documents differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        return [found for key in sorted(a.keys() | b.keys()) for found in unlike(a.get(key), b.get(key), f"{place}/{key}")]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [found for index in range(len(a)) for found in unlike(a[index], b[index], f"{place}/{index}")]
    return [] if a == b else [(place, a, b)]


def compare(step, ours, theirs, show):
    """Differences of one step. Calls are paired by what was asked, in order."""
    differences = 0
    waiting = {}
    for question, answer in theirs:
        waiting.setdefault(json.dumps(question, sort_keys=True), []).append(answer)
    for question, answer in ours:
        expected = waiting.get(json.dumps(question, sort_keys=True))
        if not expected:
            differences += 1
            print(f"  {step}: only here: {' '.join(question[:2])} {json.dumps(question[2:])[:300]} -> {answer[0]}")
            continue
        reference = expected.pop(0)
        if answer != reference:
            differences += 1
            print(f"  {step}: {' '.join(question[:2])} {json.dumps(question[2:])[:400]}")
            for place, here, there in unlike(answer, reference):
                print(f"      {place}: {json.dumps(here)[:show]}, reference: {json.dumps(there)[:show]}")
    for question, rest in waiting.items():
        for _ in rest:
            differences += 1
            print(f"  {step}: only in the reference: {question[:400]}")
    return differences


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--reference-url")
    parser.add_argument("--steps", default=",".join(Scenario.STEPS))
    parser.add_argument("--show", type=int, default=300, help="how much of each different value is printed")
    parser.add_argument("--save", help="write the masked record of the reference to this file")
    parser.add_argument("--record", help="compare with such a file instead of a server")
    arguments = parser.parse_args()
    steps = arguments.steps.split(",")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        if arguments.record:
            theirs, faults = json.loads(gzip.open(arguments.record).read()), []
        else:
            reference = arguments.reference_url or stack.enter_context(reference_server(folder))
            theirs, faults = play(reference, folder, steps, lenient=True)
            for fault in faults:
                print(f"  the reference itself: {fault}")
            if arguments.save:
                with gzip.open(arguments.save, "wb") as file:
                    file.write(json.dumps(theirs).encode())
            theirs = json.loads(json.dumps(theirs))
        ours, faults = play(arguments.url, folder, steps)
        ours = json.loads(json.dumps(ours))
    differences, calls = 0, 0
    for step in steps:
        found = compare(step, ours[step], theirs[step], arguments.show)
        print(f"{step}: {len(ours[step])} calls, {found} differ")
        differences += found
        calls += len(ours[step])
    for fault in faults:
        print(f"  wrong: {fault}")
    print(f"{calls} calls, {differences} differ from the reference, {len(faults)} checks failed")
    return 1 if differences or faults else 0


if __name__ == "__main__":
    sys.exit(main())
