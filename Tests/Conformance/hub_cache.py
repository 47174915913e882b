"""Holds the hub client against PyPI huggingface_hub 2.4.0: both fetch from one local server and find each other's cache without network.

    .deps/python/bin/python Tests/Conformance/hub_cache.py PATH/TO/martlet MODEL_FOLDER

MODEL_FOLDER is any folder that `martlet import` takes (.deps/share/data/minilm). Nothing outside the loopback interface is asked.
"""

import hashlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import urllib.parse

martlet, folder = sys.argv[1], pathlib.Path(sys.argv[2])
COMMIT = hashlib.sha1(b"a commit").hexdigest()
REPOSITORY = "org/a-model"
files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
asked = []


def git_id(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def is_large(data):
    return len(data) > 100_000


class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(headers.get("Content-Length", len(body)))) if "Content-Length" not in headers else None
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        asked.append((self.command, self.path))
        path = urllib.parse.urlsplit(self.path).path
        api = f"/api/models/{REPOSITORY}"
        if path in (f"{api}/revision/main", api):
            body = {"id": REPOSITORY, "sha": COMMIT, "siblings": [{"rfilename": f} for f in files], "tags": [], "private": False}
        elif path == f"{api}/tree/{COMMIT}":
            body = []
            for name, data in files.items():
                entry = {"type": "file", "path": name, "size": len(data), "oid": git_id(data)}
                if is_large(data):
                    entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
                body.append(entry)
        elif path.startswith(f"/{REPOSITORY}/resolve/"):
            name = urllib.parse.unquote(path.split("/", 5)[5])
            data = files[name]
            if is_large(data):
                return self.send(302, {"X-Repo-Commit": COMMIT, "X-Linked-Etag": f'"{hashlib.sha256(data).hexdigest()}"',
                                       "X-Linked-Size": str(len(data)), "Location": f"http://localhost:{server.server_port}/cdn/{name}"})
            return self.send(200, {"X-Repo-Commit": COMMIT, "ETag": f'"{git_id(data)}"'}, data)
        elif path.startswith("/cdn/"):
            return self.send(200, {"ETag": '"storage"'}, files[urllib.parse.unquote(path[5:])])
        else:
            return self.send(404, {"X-Error-Code": "RepoNotFound"})
        self.send(200, {"Content-Type": "application/json"}, json.dumps(body).encode())


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=server.serve_forever, daemon=True).start()


def environment(home, **more):
    return {**os.environ, "HF_HOME": home, "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "HF_HUB_DISABLE_XET": "1", "HF_TOKEN": "hf_x", **more}


def imports(home, registry, name, **more):
    command = [martlet, "import", f"hf:{REPOSITORY}", "--name", name, "--registry", registry, "--json"]
    done = subprocess.run(command, env=environment(home, **more), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def python(home, code, **more):
    done = subprocess.run([sys.executable, "-c", code], env=environment(home, **more), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


SNAPSHOT = f"import huggingface_hub as h; print(h.snapshot_download({REPOSITORY!r}, allow_patterns=['*.json', '*.safetensors', '*.txt']))"
ONE = f"import huggingface_hub as h; print(h.hf_hub_download({REPOSITORY!r}, 'config.json'))"
with tempfile.TemporaryDirectory() as root:
    registry = root + "/registry"
    summary = imports(root + "/ours", registry, "from-the-server")
    print("martlet fetched:", summary["architecture"], summary["parameters"], "parameters")
    before = len(asked)
    path = python(root + "/ours", SNAPSHOT, HF_HUB_OFFLINE="1")
    found = sorted(str(p.relative_to(path)) for p in pathlib.Path(path).rglob("*") if p.is_file())
    assert "config.json" in found and "model.safetensors" in found, found
    for name in found:
        assert pathlib.Path(path, name).read_bytes() == files[name], name
    python(root + "/ours", ONE, HF_HUB_OFFLINE="1")
    assert len(asked) == before, "the Python client asked the server"
    scan = "import huggingface_hub as h; i = h.scan_cache_dir(); print(len(i.repos), len(i.warnings))"
    assert python(root + "/ours", scan) == "1 0", python(root + "/ours", scan)
    print("huggingface_hub finds martlet's cache without network:", len(found), "files, all equal; its scan has no warning")
    python(root + "/theirs", SNAPSHOT)
    before = len(asked)
    imports(root + "/theirs", registry, "from-their-cache", HF_HUB_OFFLINE="1")
    assert len(asked) == before, "martlet asked the server"
    print("martlet imports from huggingface_hub's cache without network")
    imports(root + "/theirs", registry, "from-their-cache")
    kinds = {p for _, p in asked[before:]}
    assert all("/cdn/" not in p for p in kinds), kinds
    print("martlet fetches nothing again that huggingface_hub has fetched:", len(asked) - before, "questions")
    python(root + "/ours", SNAPSHOT)
    print("huggingface_hub goes on in martlet's cache")
print("ok")
