public import MartletCore

/// What a value of `martlet.yml` may be. One description drives the checks, the messages, the defaults and the JSON Schema.
public indirect enum Shape: Sendable {
  case text(TextForm)
  case word([String])
  case whole(ClosedRange<Int>)
  case wholeChoice([Int])
  case number(NumberRange)
  case flag
  /// Whatever is written there; whoever uses it checks it.
  case any
  case list(Shape, count: ClosedRange<Int>)
  /// Any keys, each with a value of this shape.
  case table(Shape)
  case mapping(MappingShape)
  /// Exactly one of several named things with settings of its own: `adamw` or `adamw: {learning-rate: 0.01}`.
  case tagged([Variant])
  case either([Shape])

  /// What a text has to look like.
  public enum TextForm: Sendable, Hashable {
    case any
    /// Lower-case letters, digits, `-`, `_` and `.`, starting with a letter or digit, at most 100.
    case name
    /// A file or folder that is there, relative to the project file.
    case existing(PathKind)
    /// A path that may not exist yet.
    case path
  }

  /// What a path has to lead to.
  public enum PathKind: String, Sendable, Hashable {
    case file, folder
    case either = "file or folder"
  }

  /// Bounds of a number, each of which may itself be allowed or not.
  public struct NumberRange: Sendable, Hashable {
    /// The lower bound, or `nil`.
    public let from: Double?
    /// The upper bound, or `nil`.
    public let to: Double?
    /// `from` itself is not allowed.
    public let isAbove: Bool
    /// `to` itself is not allowed.
    public let isBelow: Bool

    /// Bounds with both ends allowed unless said otherwise.
    public init(from: Double? = nil, to: Double? = nil, isAbove: Bool = false, isBelow: Bool = false) {
      self.from = from
      self.to = to
      self.isAbove = isAbove
      self.isBelow = isBelow
    }

    func contains(_ value: Double) -> Bool {
      guard value.isFinite else { return false }
      if let from, isAbove ? value <= from : value < from { return false }
      if let to, isBelow ? value >= to : value > to { return false }
      return true
    }
  }
}

/// A mapping with known keys.
public struct MappingShape: Sendable {
  /// The keys in the order of the documentation.
  public let fields: [Field]
  /// Pairs of key sets of which only one may be used: `dataset` or `train`.
  public let exclusive: [[String]]
  /// At least one of each of these sets has to be there.
  public let needsOneOf: [[String]]

  /// A mapping of `fields`.
  public init(_ fields: [Field], exclusive: [[String]] = [], needsOneOf: [[String]] = []) {
    self.fields = fields
    self.exclusive = exclusive
    self.needsOneOf = needsOneOf
  }

  /// Nothing has to be said, so that an empty value means all defaults.
  public var isOptional: Bool { needsOneOf.isEmpty && fields.allSatisfy { $0.presence != .required } }
}

/// One key of a mapping.
public struct Field: Sendable {
  /// Whether a key may be left out, and what holds then.
  public enum Presence: Sendable, Hashable {
    case required
    /// Left out it has no value; the documentation says what happens then.
    case optional
    case byDefault(JSONValue)
  }

  /// The key, in kebab case.
  public let name: String
  /// What its value may be.
  public let shape: Shape
  /// Whether it may be left out.
  public let presence: Presence
  /// One sentence for a person.
  public let note: String

  static func required(_ name: String, _ shape: Shape, _ note: String) -> Field {
    Field(name: name, shape: shape, presence: .required, note: note)
  }

  static func optional(_ name: String, _ shape: Shape, _ note: String) -> Field {
    Field(name: name, shape: shape, presence: .optional, note: note)
  }

  static func standard(_ name: String, _ shape: Shape, _ value: JSONValue, _ note: String) -> Field {
    Field(name: name, shape: shape, presence: .byDefault(value), note: note)
  }
}

/// One of the named things of a `tagged` shape.
public struct Variant: Sendable {
  /// The word that chooses it.
  public let name: String
  /// Its settings.
  public let settings: MappingShape
  /// The setting that a bare value stands for: `flip: horizontal`.
  public let main: String?
  /// One sentence for a person.
  public let note: String

  init(_ name: String, _ note: String, main: String? = nil, _ fields: [Field] = []) {
    self.name = name
    self.note = note
    self.main = main
    self.settings = MappingShape(fields)
  }

  var mainShape: Shape? { main.flatMap { main in settings.fields.first { $0.name == main }?.shape } }
}
