public import MartletCore
import Torch
public import Training

/// Texts one behind the other, cut into rows of one length: what a decoder learns from when nothing shall be padding. Each row begins with
/// the last token of the one before, so that every token but the very first is foretold once.
///
/// `inputs` and `targets` are the ids `[batch, length + 1]`; a shorter last row is filled up, its targets with -100.
public struct StreamBatches: BatchSource {
  /// Tokens that a row foretells.
  public let length: Int
  private let stream: [Int32]
  private let padding: Int

  /// - Parameters:
  ///   - texts: each with its end token.
  ///   - length: tokens that a row foretells.
  ///   - padding: the id that fills up the last row.
  /// - Throws: `ArgumentError` for a length below 1 and texts of fewer than two tokens together.
  public init(_ texts: [[Int]], length: Int, padding: Int) throws(ArgumentError) {
    guard length >= 1 else { throw ArgumentError("rows of \(length) tokens", expected: "1 or more") }
    stream = texts.flatMap { $0.map { Int32(truncatingIfNeeded: $0) } }
    guard stream.count >= 2 else { throw ArgumentError("the texts have \(stream.count) tokens together", expected: "2 or more") }
    self.length = length
    self.padding = padding
  }

  public var count: Int { (stream.count - 2) / length + 1 }

  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    try TokenRows.check(indices, count: count)
    let rows = indices.map { index in stream[(index * length)..<min(stream.count, (index + 1) * length + 1)].map { Int($0) } }
    // One length for all rows, so that memory is used again.
    let full = rows.map { $0 + [Int](repeating: padding, count: length + 1 - $0.count) }
    let targets = rows.map { $0 + [Int](repeating: -100, count: length + 1 - $0.count) }
    return Batch(
      inputs: try TokenRows.filled(full, with: padding), targets: try TokenRows.filled(targets, with: -100), indices: indices)
  }
}
