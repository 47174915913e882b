import Foundation
import MartletCore

/// What became of every row, in order: what a paired comparison of two models needs, in about six bytes a row.
public struct RowOutcomes: Sendable, Hashable {
  /// The true class of every row.
  public let truth: [Int]
  /// The predicted class of every row.
  public let predicted: [Int]
  /// -log p(true class) of every row.
  public let losses: [Float]
  /// The weight of every row, or `nil` for ones.
  public let weights: [Double]?

  /// A digest of the true labels and weights: two evaluations with the same were made on the same rows, as far as labels can tell.
  public var digest: String {
    var data = truth.withUnsafeBytes { Data($0) }
    if let weights { data.append(weights.withUnsafeBytes { Data($0) }) }
    return Digest.sha256(data)
  }

  init(truth: [Int], predicted: [Int], losses: [Float], weights: [Double]?) {
    self.truth = truth
    self.predicted = predicted
    self.losses = losses
    self.weights = weights
  }
}

extension RowOutcomes: Codable {
  private enum CodingKeys: String, CodingKey { case truth, predicted, losses, weights }

  /// Arrays are written as little-endian bytes in base64: 32-bit labels and losses, 64-bit weights.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    func bytes<Element>(_ values: [Element]) -> Data { values.withUnsafeBytes { Data($0) } }
    try container.encode(bytes(truth.map { UInt32($0) }), forKey: .truth)
    try container.encode(bytes(predicted.map { UInt32($0) }), forKey: .predicted)
    try container.encode(bytes(losses), forKey: .losses)
    if let weights { try container.encode(bytes(weights), forKey: .weights) }
  }

  /// Reads what `encode` writes; arrays of different lengths are refused.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func values<Element: BitwiseCopyable>(_ key: CodingKeys, _ zero: Element) throws -> [Element] {
      let data = try container.decode(Data.self, forKey: key)
      guard data.count % MemoryLayout<Element>.size == 0 else {
        throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "\(data.count) bytes are not whole numbers")
      }
      var values = [Element](repeating: zero, count: data.count / MemoryLayout<Element>.size)
      values.withUnsafeMutableBytes { target in _ = data.copyBytes(to: target) }
      return values
    }
    truth = try values(.truth, UInt32(0)).map { Int($0) }
    predicted = try values(.predicted, UInt32(0)).map { Int($0) }
    losses = try values(.losses, Float(0))
    weights = container.contains(.weights) ? try values(.weights, 0.0) : nil
    guard predicted.count == truth.count, losses.count == truth.count, weights.map({ $0.count == truth.count }) ?? true else {
      throw DecodingError.dataCorruptedError(forKey: .truth, in: container, debugDescription: "the arrays of rows have different lengths")
    }
  }
}
