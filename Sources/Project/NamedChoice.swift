public import MartletCore

/// One of several named things with its settings, defaults filled in: what `adamw` or `adamw: {learning-rate: 0.01}` comes to.
///
/// In JSON an object with one key: `{"adamw": {"learning-rate": 0.01, …}}`. The schema has checked names and values.
public struct NamedChoice: Codable, Sendable, Hashable {
  /// The word that chooses it in the file.
  public var name: String
  /// Its settings by the file's own keys.
  public var settings: [String: JSONValue]

  /// A choice whose settings are all said.
  public init(_ name: String, _ settings: [String: JSONValue] = [:]) {
    self.name = name
    self.settings = settings
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let members = try container.decode([String: [String: JSONValue]].self)
    guard let only = members.first, members.count == 1 else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected one name with its settings")
    }
    (name, settings) = (only.key, only.value)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode([name: settings])
  }

  /// A setting that is a number.
  public func number(_ key: String) -> Double? { settings[key]?.doubleValue }
  /// A setting that is a whole number.
  public func whole(_ key: String) -> Int? { settings[key]?.intValue }
  /// A setting that is on or off; `false` where it is not there.
  public func flag(_ key: String) -> Bool { settings[key]?.boolValue ?? false }
  /// A setting that is a word.
  public func word(_ key: String) -> String? { settings[key]?.stringValue }
  /// A setting that is a list of numbers; empty where it is not there.
  public func numbers(_ key: String) -> [Double] { settings[key]?.arrayValue?.compactMap(\.doubleValue) ?? [] }
}
