"""Checks that a directory of `martlet export --edge` serves what the registry serves, on a machine that has neither.

    python Tests/Conformance/edge.py PATH-OF-MARTLET REGISTRY NAME[@V] REQUEST.json

Exports the version with the program, moves the directory elsewhere, starts it with an empty HOME, no registry and a bare environment, and
compares its answers to POST /predict with those of `martlet serve`. Then changes a byte and sees it refuse. Prints one line a check.
"""

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

checks, failures = 0, 0


def check(name, good, detail=""):
    global checks, failures
    checks += 1
    failures += not good
    print("ok  " if good else "FAIL", name, detail)


class Server:
    """A server of the test's own, on a free port."""

    def __init__(self, command, ready, **options):
        self.process = subprocess.Popen([*command, "--port", "0", "--ready-file", str(ready)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, **options)
        for _ in range(600):
            if ready.exists() or self.process.poll() is not None:
                break
            time.sleep(0.1)
        if not ready.exists():
            self.process.kill()
            raise SystemExit("the server does not start: " + self.process.stderr.read()[-2000:])
        self.port = json.loads(ready.read_text())["port"]

    def ask(self, body):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/predict", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)


def main():
    program, registry, name, request = sys.argv[1:5]
    body = pathlib.Path(request).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        said = subprocess.run([program, "export", name, str(root / "made"), "--edge", "--registry", registry, "--json"], check=True,
                              capture_output=True, text=True).stdout
        size = json.loads(said)
        print(f"model {size['modelBytes']} bytes, program {size['programBytes']} bytes, {len(size['libraries'])} libraries")

        served = Server([program, "serve", name, "--registry", registry], root / "registry.json")
        wanted = served.ask(body)
        served.stop()
        check("the registry's version answers", wanted[0] == 200, wanted[1][:80].decode(errors="replace"))

        # Elsewhere, with nothing of ours but what lies about by chance: another project, and the keys of another registry.
        place, home, work = root / "some where" / "edge", root / "home", root / "work"
        place.parent.mkdir()
        home.mkdir()
        (work / ".martlet").mkdir(parents=True)
        (work / "martlet.yml").write_text("name: [\n")
        (work / ".martlet" / "keys.json").write_text("{}")
        shutil.move(root / "made", place)
        bare = {"PATH": "/usr/bin:/bin", "HOME": str(home)}
        edge = Server([str(place / "start")], root / "edge.json", cwd=work, env=bare)
        found = edge.ask(body)
        maps = pathlib.Path(f"/proc/{edge.process.pid}/maps").read_text()
        check("the directory answers the same bytes", found == wanted, found[1][:80].decode(errors="replace"))
        outside = sorted({line.split(maxsplit=5)[5].strip() for line in maps.splitlines() if ".so" in line and str(place) not in line})
        check("it loads nothing but its own libraries and the C library", all("/libc" in p or "/lib" in p and not "martlet" in p for p in outside)
              and len(outside) < 20, " ".join(os.path.basename(path) for path in outside))
        check("a stop ends it well", edge.stop() == 0)
        check("nothing was written to HOME", not any(home.iterdir()))

        # A changed byte.
        weights = max((path for path in (place / "bundle").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
        data = bytearray(weights.read_bytes())
        data[len(data) // 2] ^= 1
        weights.write_bytes(data)
        refused = subprocess.run([str(place / "start"), "--port", "0"], env=bare, cwd=home, capture_output=True, text=True, timeout=120)
        check("a changed byte is refused", refused.returncode != 0 and "changed" in refused.stderr, refused.stderr.strip().splitlines()[-1])
        # The program itself checks the bundle, too.
        refused = subprocess.run([program, "serve", "--edge", str(place), "--port", "0"], capture_output=True, text=True, timeout=120)
        check("the program refuses it by itself", refused.returncode == 1, refused.stderr.strip().splitlines()[0][:120])
    print(f"{checks} checks, {failures} failed")
    sys.exit(failures > 0)


main()
