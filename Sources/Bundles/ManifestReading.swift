package import Foundation
import MartletCore

extension BundleManifest {
  /// The largest manifest in bytes, the most files, and the deepest JSON that are read.
  static let largest = 8 << 20, mostFiles = 20_000, deepestJSON = 64

  private struct FormatProbe: Decodable {
    let formatVersion: Int
    let martletVersion: String?
  }

  /// Reads a manifest from an untrusted place: size, depth and format first, then every name, size and hash in it.
  /// - Throws: `BundleError` `.newerFormat`, `.limit` or `.invalid` with every problem.
  package static func read(_ data: Data, location: String) throws(BundleError) -> BundleManifest {
    let source = location + "/manifest.json"
    guard data.count <= largest else {
      throw BundleError(.limit, "\(source) has more than \(largest) bytes", expected: "a manifest of at most \(largest >> 20) MiB")
    }
    let depth = JSONPaths.depth(of: data)
    guard depth <= deepestJSON else {
      throw BundleError(.limit, "\(source) is nested \(depth) levels deep", expected: "at most \(deepestJSON) levels")
    }
    let manifest: BundleManifest
    do {
      let probe = try JSON.decode(FormatProbe.self, from: data, source: source)
      guard probe.formatVersion <= currentFormat else {
        let writer = probe.martletVersion.map { "Martlet \(printable($0))" } ?? "a newer Martlet"
        throw BundleError(
          .newerFormat, "the bundle \(location) has format \(probe.formatVersion), written by \(writer)",
          expected: "format \(currentFormat) or older, which Martlet \(MartletVersion.current) reads", remedy: "use \(writer) or later")
      }
      manifest = try JSON.decode(BundleManifest.self, from: data, source: source)
    } catch let error as BundleError {
      throw error
    } catch {
      throw BundleError(
        .invalid, (error as? any MartletError)?.problem ?? "\(source): \(error)", remedy: "write the bundle again; manifests are not edited"
      )
    }
    let problems = manifest.problems()
    guard problems.isEmpty else {
      throw BundleError(.invalid, bundle: location, problems: problems, remedy: "write the bundle again; do not use this one")
    }
    return manifest
  }

  /// Everything that a manifest must not say, found without looking at a disk.
  func problems() -> [BundleProblem] {
    var found: [BundleProblem] = []
    func complain(_ detail: String) { found.append(BundleProblem(file: WellKnown.manifest, kind: .manifest, detail: detail)) }
    if formatVersion < 1 { complain("has format \(formatVersion), and formats begin with 1") }
    for (what, text) in [("name", name), ("kind", kind)] where text.isEmpty || text.count > 200 || hasControl(text) {
      complain("has a \(what) that is empty, longer than 200 characters or holds control characters")
    }
    if let index = labels.firstIndex(where: hasControl) { complain("has control characters in label \(index)") }
    if Set(labels).count != labels.count { complain("names a class twice") }
    if let name = metrics.keys.sorted().first(where: { $0.isEmpty || hasControl($0) }) {
      complain("has a metric named '\(printable(name))'")
    }
    if files.count > Self.mostFiles { complain("lists \(files.count) files, more than \(Self.mostFiles)") }
    var total = 0
    for file in files {
      if let problem = BundlePath.problem(with: file.path) {
        found.append(BundleProblem(file: file.path, kind: .unsafePath, detail: problem))
      } else if file.path.lowercased() == WellKnown.manifest {
        found.append(BundleProblem(file: file.path, kind: .duplicate, detail: "is the manifest, which does not list itself"))
      }
      let (sum, overflow) = total.addingReportingOverflow(max(0, file.size))
      if file.size < 0 || overflow { found.append(BundleProblem(file: file.path, kind: .size, detail: "has the size \(file.size)")) }
      total = overflow ? total : sum
      if !isSHA256(file.sha256) {
        found.append(BundleProblem(file: file.path, kind: .manifest, detail: "has a SHA-256 that is not 64 lower-case hexadecimal digits"))
      }
    }
    found += BundlePath.conflicts(among: files.map(\.path)).map { BundleProblem(file: $0.path, kind: .duplicate, detail: $0.detail) }
    return found
  }

  typealias WellKnown = ModelBundle.WellKnown
}

func hasControl(_ text: String) -> Bool { text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) } }

/// Whether a text is a SHA-256 as the package writes it.
package func isSHA256(_ text: String) -> Bool {
  text.utf8.count == 64 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
}
