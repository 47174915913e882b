public import Foundation
public import MartletCore

/// One file of a bundle as the manifest lists it.
public struct BundleFile: Sendable, Hashable, Codable {
  /// The name relative to the bundle, with `/` between folders.
  public let path: String
  /// Bytes.
  public let size: Int
  /// 64 lower-case hexadecimal digits.
  public let sha256: String

  /// Makes an entry from what was measured.
  public init(path: String, size: Int, sha256: String) {
    self.path = path
    self.size = size
    self.sha256 = sha256
  }
}

/// What a bundle says about itself: `manifest.json`.
public struct BundleManifest: Sendable, Hashable, Codable {
  /// The newest format that this Martlet writes and reads.
  public static let currentFormat = 1

  /// The format that the manifest is written in.
  public var formatVersion: Int
  /// The Martlet that wrote it.
  public var martletVersion: String
  /// The model's name where nobody gives another one.
  public var name: String
  /// What the model does and how to rebuild it: `"image-classifier"`.
  public var kind: String
  /// What the model takes and gives.
  public var signature: Signature
  /// Names of the classes in the order of the outputs; empty for other kinds.
  public var labels: [String]
  /// Where the model comes from.
  public var lineage: Lineage
  /// Results of the evaluation by name.
  public var metrics: [String: MetricSummary]
  /// When the bundle was made, to the second.
  public var created: Date
  /// Every file but the manifest itself, sorted by path.
  public var files: [BundleFile]

  /// Makes a manifest in the current format; files are sorted by path.
  public init(
    name: String, kind: String, signature: Signature, labels: [String] = [], lineage: Lineage = Lineage(),
    metrics: [String: MetricSummary] = [:], created: Date = Date(), files: [BundleFile] = []
  ) {
    formatVersion = Self.currentFormat
    martletVersion = MartletVersion.current
    self.name = name
    self.kind = kind
    self.signature = signature
    self.labels = labels
    self.lineage = lineage
    self.metrics = metrics
    self.created = created.wholeSeconds
    self.files = files.sorted { $0.path < $1.path }
  }

  /// Bytes of all files.
  public var size: Int { files.reduce(0) { $0 + $1.size } }

  /// Reads a manifest; members that this Martlet does not know are passed over.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    formatVersion = try container.decode(Int.self, forKey: .formatVersion)
    martletVersion = try container.decodeIfPresent(String.self, forKey: .martletVersion) ?? "unknown"
    name = try container.decode(String.self, forKey: .name)
    kind = try container.decode(String.self, forKey: .kind)
    signature = try container.decode(Signature.self, forKey: .signature)
    labels = try container.decodeIfPresent([String].self, forKey: .labels) ?? []
    lineage = try container.decodeIfPresent(Lineage.self, forKey: .lineage) ?? Lineage()
    metrics = try container.decodeIfPresent([String: MetricSummary].self, forKey: .metrics) ?? [:]
    created = try container.decode(Date.self, forKey: .created)
    files = try container.decode([BundleFile].self, forKey: .files)
  }
}
