"""Builds the image of `martlet deploy` by its own Dockerfile's steps and asks it for a prediction.

    python Tests/Conformance/image.py PROGRAM REGISTRY NAME@V REQUEST.json --swift FOLDER --debian FOLDER

PROGRAM answers first; the server in the image must answer the same. FOLDER holds the files of a Debian 12 (`debootstrap --variant=minbase
bookworm FOLDER`), the one for --swift with Swift's toolchain and what its official image installs beside it: they stand for swift:6.3-bookworm and
debian:bookworm-slim where no registry of images can be reached. Needs root and Debian's buildah; STORAGE_DRIVER and --store are buildah's.
The build compiles all of Martlet, so it takes as long as `make build` on a fresh machine.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BASES = {"swift": "localhost/swift:6.3-bookworm", "debian": "localhost/debian:bookworm-slim"}
IMAGE = "localhost/martlet-conformance:1"


def said(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout.strip()


def ask(port, path, body=None, key=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def wait_until_ready(port, process, seconds=120):
    end = time.time() + seconds
    while time.time() < end:
        if process.poll() is not None:
            sys.exit(f"the server ended with {process.returncode} before it was ready")
        try:
            ask(port, "/v2/health/ready")
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    sys.exit(f"the server was not ready within {seconds} seconds")


def served(command, port, body, key):
    """The answer of a server that is started for it, and how it ended."""
    process = subprocess.Popen(command)
    try:
        wait_until_ready(port, process)
        return json.loads(ask(port, "/predict", body, key))
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("program", "registry", "model", "request"):
        parser.add_argument(name)
    parser.add_argument("--swift", required=True)
    parser.add_argument("--debian", required=True)
    parser.add_argument("--store", help="the folder of buildah's images")
    parser.add_argument("--ports", type=int, nargs=2, default=(18180, 18181))
    options = parser.parse_args()
    buildah = ["buildah", *(["--root", options.store] if options.store else [])]
    there = said(*buildah, "images", "--format", "{{.Name}}:{{.Tag}}").splitlines()
    for kind, name in BASES.items():
        if name not in there:
            container = said(*buildah, "from", "scratch")
            said(*buildah, "copy", "--quiet", container, getattr(options, kind), "/")
            said(*buildah, "config", "--env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "--cmd", "bash", container)
            said(*buildah, "commit", "--quiet", "--rm", container, name)
            print(f"base {name}: made", flush=True)
    port, admin_port = options.ports
    body = pathlib.Path(options.request).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        source, files, keys = folder / "source", folder / "deploy", folder / "keys"
        source.mkdir(), keys.mkdir()
        archive = subprocess.run(["git", "-C", str(ROOT), "archive", "HEAD"], check=True, stdout=subprocess.PIPE).stdout
        subprocess.run(["tar", "-x", "-C", str(source)], input=archive, check=True)
        said(options.program, "deploy", "docker", "--name", "conformance", "--model", options.model, "--port", str(port),
             "--admin-port", str(admin_port), "--output", str(files))
        (source / ".dockerignore").write_text((files / ".dockerignore").read_text())
        started = time.time()
        subprocess.run(
            [*buildah, "bud", "--pull-never", "--isolation", "chroot", "--layers", "-t", IMAGE, "-f", str(files / "Dockerfile"), str(source)],
            check=True)
        print(f"image: built in {time.time() - started:.0f} s", flush=True)
        key = json.loads(said(options.program, "keys", "create", "conformance", "--file", str(keys / "keys.json"), "--json"))["key"]
        serve = ["serve", options.model, "--port", str(port), "--admin-port", str(admin_port), "--keys", str(keys / "keys.json")]
        expected = served([options.program, *serve, "--registry", options.registry], port, body, key)
        # The image runs as user 10001, as it would in a cluster.
        registry = folder / "registry"
        shutil.copytree(options.registry, registry)
        for path in [keys, *keys.rglob("*"), registry, *registry.rglob("*")]:
            os.chown(path, 10001, 10001)
        container = said(*buildah, "from", "--pull-never", IMAGE)
        try:
            described = json.loads(said(*buildah, "inspect", "--type", "image", IMAGE))["OCIv1"]["config"]
            command = described["Entrypoint"] + described["Cmd"]
            print("command:", " ".join(command), flush=True)
            answer = served(
                [*buildah, "run", "--isolation", "chroot", "--volume", f"{registry}:/var/lib/martlet",
                 "--volume", f"{keys}:/etc/martlet:ro", container, "--", *command], port, body, key)
        finally:
            subprocess.run([*buildah, "rm", container], stdout=subprocess.DEVNULL)
    same = answer == expected
    print(json.dumps(answer))
    print("the image's answer is the program's" if same else f"DIFFERENT: the program answers {json.dumps(expected)}")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
