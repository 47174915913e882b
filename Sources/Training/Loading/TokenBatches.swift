import MartletCore
import Torch

/// Texts as token ids, each batch filled up to its longest text: goes with ``BucketedBatches``, which puts texts of like length together.
///
/// `inputs` are the ids `[batch, length]`; `targets` one class for each text, or one number for each token, filled up with -100.
public struct TokenBatches: BatchSource {
  /// What is learned about each text.
  public enum Targets: Sendable {
    /// A class.
    case classes([Int])
    /// Numbers, as many for each text.
    case numbers([[Float]])
    /// A class for each token; -100 where nothing shall be learned.
    case tokens([[Int]])
    /// The ids themselves: the next token (causal models).
    case ids
  }

  /// The texts' ids.
  public let rows: [[Int]]
  /// What is learned about them.
  public let targets: Targets
  /// The id that fills up.
  public let padding: Int

  /// - Parameters:
  ///   - rows: one list of ids for each text, none of them empty.
  ///   - targets: what is learned about each.
  ///   - padding: the id that fills up.
  /// - Throws: `ArgumentError` where numbers of texts and targets differ, naming the first text that does not fit.
  public init(_ rows: [[Int]], targets: Targets, padding: Int) throws {
    if let empty = rows.firstIndex(where: \.isEmpty) { throw ArgumentError("text \(empty) has no tokens", expected: "one or more") }
    let count: Int
    switch targets {
    case .classes(let classes): count = classes.count
    case .numbers(let numbers):
      count = numbers.count
      if let odd = numbers.firstIndex(where: { $0.count != numbers[0].count }) {
        throw ArgumentError("text \(odd) has \(numbers[odd].count) numbers", expected: "\(numbers[0].count) as the first")
      }
    case .tokens(let tokens):
      count = tokens.count
      if let odd = zip(rows, tokens).enumerated().first(where: { $0.element.0.count != $0.element.1.count })?.offset {
        throw ArgumentError("text \(odd) has \(rows[odd].count) tokens and \(tokens[odd].count) targets", expected: "one for each token")
      }
    case .ids: count = rows.count
    }
    guard count == rows.count else { throw ArgumentError("\(rows.count) texts and \(count) targets", expected: "one for each") }
    self.rows = rows
    self.targets = targets
    self.padding = padding
  }

  public var count: Int { rows.count }

  /// The texts' lengths, for buckets.
  public var lengths: [Int] { rows.map(\.count) }

  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    if let wrong = indices.first(where: { !rows.indices.contains($0) }) {
      throw LoaderError(items: [wrong], underlying: ArgumentError("there is no such text", expected: "0…\(count - 1)"))
    }
    let chosen = indices.map { rows[$0] }
    let inputs = try Self.filled(chosen, with: padding)
    let learned: Tensor
    switch targets {
    case .classes(let classes): learned = try Tensor(indices.map { Int64(classes[$0]) })
    case .numbers(let numbers):
      learned = try Tensor(indices.flatMap { numbers[$0] }, shape: [indices.count, numbers.first?.count ?? 0])
    case .tokens(let tokens): learned = try Self.filled(indices.map { tokens[$0] }, with: -100)
    case .ids: learned = try Self.filled(chosen, with: -100)
    }
    return Batch(inputs: inputs, targets: learned, indices: indices)
  }

  /// Rows brought to one length, `[rows, longest]`.
  static func filled(_ rows: [[Int]], with filler: Int) throws -> Tensor {
    let longest = rows.map(\.count).max() ?? 0
    var values = [Int64](repeating: Int64(filler), count: rows.count * longest)
    for (position, row) in rows.enumerated() {
      for (place, id) in row.enumerated() { values[position * longest + place] = Int64(id) }
    }
    return try Tensor(values, shape: [rows.count, longest])
  }
}
