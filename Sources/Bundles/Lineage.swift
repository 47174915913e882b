public import Foundation
public import MartletCore

/// Where a model comes from: enough to say what made it, and to make it again.
public struct Lineage: Sendable, Hashable, Codable {
  /// The data it was trained and judged on.
  public var data: [DataSource]
  /// SHA-256 of the configuration (`martlet.yml` as it was read).
  public var configurationDigest: String?
  /// The run's seed: everything random follows from it.
  public var seed: UInt64?
  /// The code that made it.
  public var code: CodeVersion?
  /// The machine that it was made on.
  public var machine: Machine?
  /// Versions of libraries by name: `"libtorch": "2.13.0"`.
  public var libraries: [String: String]
  /// When training began, to the second.
  public var started: Date?
  /// When training ended, to the second.
  public var finished: Date?
  /// The version this one was made from: `"name@2"`.
  public var parent: String?
  /// What training reported about itself: epochs, steps, best epoch, seconds.
  public var training: [String: JSONValue]

  /// One part of the data.
  public struct DataSource: Sendable, Hashable, Codable {
    /// `"training"`, `"validation"`, `"test"`.
    public var role: String
    /// A digest of the content, whatever order the files were read in.
    public var digest: String
    /// How many items (rows, images) it has.
    public var items: Int
    /// Where it came from, for a person; may be empty.
    public var note: String

    /// Makes a description of one part of the data.
    public init(role: String, digest: String, items: Int, note: String = "") {
      self.role = role
      self.digest = digest
      self.items = items
      self.note = note
    }

    /// Reads one part of the data; the note may be absent.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      role = try container.decode(String.self, forKey: .role)
      digest = try container.decode(String.self, forKey: .digest)
      items = try container.decode(Int.self, forKey: .items)
      note = try container.decodeIfPresent(String.self, forKey: .note) ?? ""
    }
  }

  /// Makes a lineage of what is known; times lose their fractions of a second.
  public init(
    data: [DataSource] = [], configurationDigest: String? = nil, seed: UInt64? = nil, code: CodeVersion? = nil, machine: Machine? = nil,
    libraries: [String: String] = [:], started: Date? = nil, finished: Date? = nil, parent: String? = nil,
    training: [String: JSONValue] = [:]
  ) {
    self.data = data
    self.configurationDigest = configurationDigest
    self.seed = seed
    self.code = code
    self.machine = machine
    self.libraries = libraries
    self.started = started?.wholeSeconds
    self.finished = finished?.wholeSeconds
    self.parent = parent
    self.training = training
  }

  /// Members that an older writer did not know are empty; members that this reader does not know are passed over.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    data = try container.decodeIfPresent([DataSource].self, forKey: .data) ?? []
    configurationDigest = try container.decodeIfPresent(String.self, forKey: .configurationDigest)
    seed = try container.decodeIfPresent(UInt64.self, forKey: .seed)
    code = try container.decodeIfPresent(CodeVersion.self, forKey: .code)
    machine = try container.decodeIfPresent(Machine.self, forKey: .machine)
    libraries = try container.decodeIfPresent([String: String].self, forKey: .libraries) ?? [:]
    started = try container.decodeIfPresent(Date.self, forKey: .started)
    finished = try container.decodeIfPresent(Date.self, forKey: .finished)
    parent = try container.decodeIfPresent(String.self, forKey: .parent)
    training = try container.decodeIfPresent([String: JSONValue].self, forKey: .training) ?? [:]
  }
}

extension Date {
  /// The time as ISO 8601 without fractions writes it, so that a round trip changes nothing.
  var wholeSeconds: Date { Date(timeIntervalSince1970: timeIntervalSince1970.rounded(.down)) }
}
