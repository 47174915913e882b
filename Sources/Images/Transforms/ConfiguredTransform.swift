import Foundation
import MartletCore

/// A transform that is described by a list of settings.
protocol ConfiguredTransform: Sendable, Hashable {
  /// The key in configuration files.
  static var name: String { get }
  /// What it does, in one line.
  static var summary: String { get }
  /// The settings; the first is the one that the short form gives.
  static var settings: [Setting<Self>] { get }
  /// All settings as they are without a word.
  init()
  /// How often it is applied.
  var probability: Double { get }
  /// Rules between settings.
  func validateTogether() throws(ArgumentError)
  /// Draws what will happen to a picture of a size.
  func drawn(width: Int, height: Int, random: inout KeyedRandom) -> ResolvedTransform
}

extension ConfiguredTransform {
  func validateTogether() throws(ArgumentError) {}

  func validate() throws(ArgumentError) {
    for setting in Self.settings { try setting.check(self, Self.name) }
    try validateTogether()
  }

  static func read(_ key: TransformKey, _ container: KeyedDecodingContainer<TransformKey>) throws -> Self {
    let settings = try TransformSettings(key, container, Self.settings.map(\.description.name))
    var result = Self()
    if settings.isShort {
      if try !container.decodeNil(forKey: key), let first = Self.settings.first { try first.readShort(settings, &result) }
    } else {
      for setting in Self.settings { try setting.read(settings, &result) }
    }
    return result
  }

  func write(_ container: inout KeyedEncodingContainer<TransformKey>) throws {
    for setting in Self.settings { try setting.write(self, &container) }
  }

  static var description: TransformDescription {
    TransformDescription(name: name, summary: summary, settings: settings.map(\.description))
  }
}

/// What a transform is called in a file, what it does, and its settings; the first setting may stand alone beside the name.
public struct TransformDescription: Sendable, Hashable, Codable {
  public let name, summary: String
  public let settings: [TransformSetting]
}

extension KeyedRandom {
  /// Uniform between the ends.
  mutating func within(_ range: ClosedRange<Double>) -> Double { uniform(in: range) }

  /// Log-uniform between the ends, which are above 0.
  mutating func logarithmic(_ range: ClosedRange<Double>) -> Double {
    exp(uniform(in: log(range.lowerBound)...log(range.upperBound)))
  }

  /// +1 or -1.
  mutating func sign() -> Double { next() >> 63 == 0 ? 1 : -1 }
}
