import Registry

/// The texts of an edge directory.
enum EdgeTexts {
  /// Checks every file, then serves.
  static func start(hasProgram: Bool) -> String {
    let program =
      hasProgram
      ? """
      export LD_LIBRARY_PATH="$here/program/lib/martlet${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
      martlet="$here/program/bin/martlet"
      """
      : """
      martlet="${MARTLET:-martlet}"
      """
    return """
      #!/bin/sh
      # Checks every file of this directory against its SHA-256, then serves the model. Arguments go to martlet serve: ./start --port 9000
      # MARTLET_TRUSTED_KEYS=FILE asks for a signature by one of the keys in the file, too.
      set -eu
      here="$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)"
      if ! (cd "$here" && sha256sum --check --quiet --strict SHA256SUMS); then
        echo "start: this directory has been changed or is not whole" >&2
        exit 1
      fi
      \(program)
      exec "$martlet" serve --edge "$here" "$@"

      """
  }

  static func readme(_ version: ModelVersion, hasProgram: Bool, isSigned: Bool) -> String {
    let needs = hasProgram ? " and without anything installed but Linux's C library" : "; the program `martlet` has to be on the PATH"
    let signed = isSigned ? "yes; `MARTLET_TRUSTED_KEYS=FILE ./start` asks for a key of the list in FILE" : "no"
    let program = hasProgram ? "- `program/` is the program with the libraries that it loads.\n" : ""
    return """
      # \(version.reference)

      This directory serves a model without a registry\(needs).

          ./start                                  # http://127.0.0.1:8080
          ./start --host 0.0.0.0 --port 9000 --keys keys.json
          curl -H 'Content-Type: application/json' -d '{…}' localhost:8080/predict

      | | |
      | --- | --- |
      | version | \(version.reference), a \(version.kind) |
      | digest of its manifest | `\(version.digest)` |
      | signed | \(signed) |

      - `bundle/` is the model, `edge.json` says which version it is.
      \(program)- `SHA256SUMS` has the hash of every file; `start` refuses to serve where one differs.

      """
  }
}
