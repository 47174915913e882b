import MartletCore

/// One setting of a transform: how a file gives it, what it may be, and what it is for.
///
/// A transform lists its settings once; reading, writing, checking and describing all follow from the list.
struct Setting<Owner: Sendable>: Sendable {
  let description: TransformSetting
  /// Takes the value from a mapping, if it is there.
  let read: @Sendable (TransformSettings, inout Owner) throws -> Void
  /// Takes the value from the place beside the transform's key.
  let readShort: @Sendable (TransformSettings, inout Owner) throws -> Void
  let write: @Sendable (Owner, inout KeyedEncodingContainer<TransformKey>) throws -> Void
  let check: @Sendable (Owner, String) throws(ArgumentError) -> Void
}

/// What a file can say about a transform, for schemas and documentation.
public struct TransformSetting: Sendable, Hashable, Codable {
  /// The key.
  public let name: String
  /// `number`, `whole number`, `range` (a number, or [least, most]), `word`, `size`, `list`.
  public let kind: String
  /// The values that are allowed.
  public let allowed: String
  /// The value where the file gives none.
  public let standard: String
  /// What it does.
  public let summary: String
}

extension Setting where Owner: ConfiguredTransform {
  private init<Wire: Codable & Sendable>(
    _ description: TransformSetting, _ type: Wire.Type, get: @escaping @Sendable (Owner) -> Wire?,
    set: @escaping @Sendable (inout Owner, Wire) -> Void, check: @escaping @Sendable (Owner, String) throws(ArgumentError) -> Void
  ) {
    self.description = description
    read = { settings, owner in
      if let value = try settings.value(description.name, Wire.self) { set(&owner, value) }
    }
    readShort = { settings, owner in set(&owner, try settings.short(Wire.self, or: description.name)) }
    write = { owner, container in try container.encodeIfPresent(get(owner), forKey: TransformKey(description.name)) }
    self.check = check
  }

  private static func fail(_ transform: String, _ name: String, _ value: String, _ expected: String) -> ArgumentError {
    ArgumentError("\(transform): \(name) of \(value)", expected: expected)
  }

  /// A number within bounds.
  static func number(
    _ name: String, _ path: any WritableKeyPath<Owner, Double> & Sendable, _ bounds: ClosedRange<Double>, _ summary: String
  ) -> Setting {
    let allowed = "\(plain(bounds.lowerBound)) to \(plain(bounds.upperBound))"
    return Setting(
      TransformSetting(name: name, kind: "number", allowed: allowed, standard: plain(Owner()[keyPath: path]), summary: summary),
      Double.self, get: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 },
      check: { owner, transform throws(ArgumentError) in
        let value = owner[keyPath: path]
        if !bounds.contains(value) { throw fail(transform, name, "\(value)", allowed) }
      })
  }

  /// A whole number within bounds.
  static func whole(
    _ name: String, _ path: any WritableKeyPath<Owner, Int> & Sendable, _ bounds: ClosedRange<Int>, _ summary: String
  ) -> Setting {
    let allowed = "\(bounds.lowerBound) to \(bounds.upperBound)"
    return Setting(
      TransformSetting(name: name, kind: "whole number", allowed: allowed, standard: "\(Owner()[keyPath: path])", summary: summary),
      Int.self, get: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 },
      check: { owner, transform throws(ArgumentError) in
        let value = owner[keyPath: path]
        if !bounds.contains(value) { throw fail(transform, name, "\(value)", allowed) }
      })
  }

  /// A sample of 8 bits.
  static func sample(_ name: String, _ path: any WritableKeyPath<Owner, UInt8> & Sendable, _ summary: String) -> Setting {
    Setting(
      TransformSetting(name: name, kind: "whole number", allowed: "0 to 255", standard: "\(Owner()[keyPath: path])", summary: summary),
      UInt8.self, get: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 }, check: { _, _ throws(ArgumentError) in })
  }

  /// A length that may be left to the picture.
  static func side(_ name: String, _ path: any WritableKeyPath<Owner, Int?> & Sendable, _ summary: String) -> Setting {
    Setting(
      TransformSetting(name: name, kind: "whole number", allowed: "1 or more", standard: "the picture's", summary: summary),
      Int.self, get: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 },
      check: { owner, transform throws(ArgumentError) in
        guard let value = owner[keyPath: path] else { return }
        if !(1...ImageLimits.longestSide).contains(value) { throw fail(transform, name, "\(value)", "1 pixel or more") }
      })
  }

  /// Two numbers between which one is drawn. A file may give one number, which reaches that far to both sides of `middle`, or which is
  /// both ends if there is no middle.
  static func range(
    _ name: String, _ path: any WritableKeyPath<Owner, ClosedRange<Double>> & Sendable, _ bounds: ClosedRange<Double>,
    around middle: Double? = nil, _ summary: String
  ) -> Setting {
    let allowed = "\(plain(bounds.lowerBound)) to \(plain(bounds.upperBound))"
    let standard = Owner()[keyPath: path]
    return Setting(
      TransformSetting(
        name: name, kind: "range", allowed: allowed, standard: "[\(plain(standard.lowerBound)), \(plain(standard.upperBound))]",
        summary: summary),
      WrittenRange.self, get: { WrittenRange($0[keyPath: path]) },
      set: { owner, written in owner[keyPath: path] = written.range(around: middle, within: bounds) },
      check: { owner, transform throws(ArgumentError) in
        let range = owner[keyPath: path]
        if !(bounds.contains(range.lowerBound) && bounds.contains(range.upperBound)) {
          throw fail(transform, name, "\(range.lowerBound) to \(range.upperBound)", allowed)
        }
      })
  }

  /// One of some words.
  static func word<Word: RawRepresentable<String> & CaseIterable & Codable & Sendable>(
    _ name: String, _ path: any WritableKeyPath<Owner, Word> & Sendable, _ summary: String
  ) -> Setting {
    Setting(
      TransformSetting(
        name: name, kind: "word", allowed: Word.allCases.map(\.rawValue).joined(separator: ", "),
        standard: Owner()[keyPath: path].rawValue, summary: summary),
      KnownWord<Word>.self, get: { KnownWord(word: $0[keyPath: path]) }, set: { $0[keyPath: path] = $1.word },
      check: { _, _ throws(ArgumentError) in })
  }

  /// Transforms within a transform.
  static func steps(_ path: any WritableKeyPath<Owner, [ImageTransform]> & Sendable, _ summary: String) -> Setting {
    Setting(
      TransformSetting(name: "of", kind: "list", allowed: "transforms", standard: "none", summary: summary),
      [ImageTransform].self, get: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 },
      check: { owner, transform throws(ArgumentError) in
        if owner[keyPath: path].isEmpty { throw ArgumentError("\(transform): no transforms in 'of'", expected: "one or more") }
        for step in owner[keyPath: path] { try step.validate() }
      })
  }

  /// How often the transform is applied.
  static func probability(_ path: any WritableKeyPath<Owner, Double> & Sendable) -> Setting {
    .number("probability", path, 0...1, "How often it is applied.")
  }

  private static func plain(_ value: Double) -> String { value == value.rounded() && abs(value) < 1e9 ? "\(Int(value))" : "\(value)" }
}

/// A range in a file: a number, or [least, most].
private struct WrittenRange: Codable, Sendable {
  let ends: [Double]

  init(_ range: ClosedRange<Double>) { ends = [range.lowerBound, range.upperBound] }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let one = try? container.decode(Double.self) {
      ends = [one]
      return
    }
    guard let both = try? container.decode([Double].self), both.count == 2, both[0] <= both[1] else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected a number, or [least, most]")
    }
    ends = both
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(ends)
  }

  func range(around middle: Double?, within bounds: ClosedRange<Double>) -> ClosedRange<Double> {
    if ends.count == 2 { return ends[0]...ends[1] }
    guard let middle else { return ends[0]...ends[0] }
    // What reaches below all that is allowed ends there, as in torchvision; what reaches above is the user's mistake.
    let reach = abs(ends[0])
    return min(max(middle - reach, bounds.lowerBound), middle + reach)...(middle + reach)
  }
}

/// A word of a list, or an error that offers the list.
private struct KnownWord<Word: RawRepresentable<String> & CaseIterable & Sendable>: Codable, Sendable {
  let word: Word

  init(word: Word) { self.word = word }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let word = Word(rawValue: text) else {
      let known = Word.allCases.map(\.rawValue)
      let guess = NearestName.of(text, among: known).map { "; did you mean '\($0)'?" } ?? ""
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "unknown '\(text)'; expected \(known.joined(separator: ", "))\(guess)")
    }
    self.word = word
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(word.rawValue)
  }
}
