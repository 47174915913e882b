/// One named input or output of a model.
public struct TensorSpec: Sendable, Hashable, Codable {
  public let name: String
  /// `float32`, `int64` … by `DType.description`; in JSON the same word.
  public let dtype: DType
  /// `nil` marks a free dimension (the batch, a sequence length). In JSON it is -1.
  public let shape: [Int?]
  /// What the numbers mean, for a person; may be empty.
  public let note: String

  public init(name: String, dtype: DType, shape: [Int?], note: String = "") {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.note = note
  }

  private enum CodingKeys: String, CodingKey { case name, dtype, shape, note }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    let word = try container.decode(String.self, forKey: .dtype)
    guard let type = DType.allCases.first(where: { $0.description == word }) else {
      throw DecodingError.dataCorruptedError(forKey: .dtype, in: container, debugDescription: "unknown dtype '\(word)'")
    }
    dtype = type
    shape = try container.decode([Int].self, forKey: .shape).map { $0 < 0 ? nil : $0 }
    note = try container.decodeIfPresent(String.self, forKey: .note) ?? ""
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(dtype.description, forKey: .dtype)
    try container.encode(shape.map { $0 ?? -1 }, forKey: .shape)
    if !note.isEmpty { try container.encode(note, forKey: .note) }
  }

  /// Checks an array against this specification.
  /// - Throws: `ArgumentError` naming the tensor, what came and what was expected.
  public func check(_ array: HostArray) throws(ArgumentError) {
    guard array.dtype == dtype else { throw ArgumentError("'\(name)' holds \(array.dtype)", expected: "\(dtype)") }
    let fits = array.shape.count == shape.count && zip(array.shape, shape).allSatisfy { $1 == nil || $0 == $1 }
    guard fits else { throw ArgumentError("'\(name)' has shape \(array.shape)", expected: "shape \(shapeDescription)") }
  }

  /// The shape as text, free dimensions as `?`: `[?, 1, 28, 28]`.
  public var shapeDescription: String { "[" + shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]" }
}

/// What a model takes and gives: named, typed, shaped. Everything beyond training speaks to this and never asks what is inside.
public struct Signature: Sendable, Hashable, Codable {
  public let inputs: [TensorSpec]
  public let outputs: [TensorSpec]
  /// The first dimension of every input and output counts items, and items do not influence each other.
  public let isBatched: Bool

  public init(inputs: [TensorSpec], outputs: [TensorSpec], isBatched: Bool = true) {
    self.inputs = inputs
    self.outputs = outputs
    self.isBatched = isBatched
  }

  /// Checks that exactly the named inputs are there, each with its type and shape, all with one batch size.
  /// - Throws: `ArgumentError` naming what is missing, unknown or wrong.
  public func check(inputs arrays: [String: HostArray]) throws(ArgumentError) {
    let known = inputs.map(\.name)
    for name in arrays.keys.sorted() where !known.contains(name) {
      throw ArgumentError("unknown input '\(name)'", expected: known.joined(separator: ", "))
    }
    var batch: Int?
    for spec in inputs {
      guard let array = arrays[spec.name] else {
        throw ArgumentError("input '\(spec.name)' is missing", expected: known.joined(separator: ", "))
      }
      try spec.check(array)
      if isBatched, let first = array.shape.first {
        if let batch, batch != first {
          throw ArgumentError("input '\(spec.name)' has \(first) items but another input has \(batch)", expected: "one batch size")
        }
        batch = first
      }
    }
  }
}
