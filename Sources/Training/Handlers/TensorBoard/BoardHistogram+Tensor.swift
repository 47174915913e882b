import Foundation
import MartletCore
public import Torch

extension BoardHistogram {
  /// The values of a tensor in TensorFlow's buckets: limits from 1e-12 that grow by a tenth each, the same below zero.
  /// - Throws: `ArgumentError` if there is no value or one is not finite.
  public init(_ values: Tensor) throws {
    let flat = try values.detach().to(.float64, device: .cpu).reshape([-1])
    guard flat.count > 0, try flat.allFinite() else {
      throw ArgumentError("\(flat.count) values, not all of them finite, make no histogram", expected: "one finite value or more")
    }
    let all = Self.edges
    let counts = try flat.histogram(Tensor(all)).hist.array(of: Double.self)
    guard let first = counts.firstIndex(where: { $0 > 0 }), let last = counts.lastIndex(where: { $0 > 0 }) else {
      throw ArgumentError("no value lies within ±\(all.last ?? 0)", expected: "smaller values")
    }
    // The reader sees upper limits only, so an empty bucket in front tells where the first one begins.
    self.init(
      minimum: try flat.min().double(), maximum: try flat.max().double(), count: Double(flat.count), sum: try flat.sum().double(),
      sumOfSquares: try flat.dot(flat).double(), limits: Array(all[first...(last + 1)]),
      buckets: (first > 0 ? [] : [0]) + counts[max(0, first - 1)...last])
  }

  static let edges: [Double] = {
    var limit = 1e-12
    var positive: [Double] = []
    while limit < 1e20 {
      positive.append(limit)
      limit *= 1.1
    }
    return positive.reversed().map { -$0 } + [0] + positive
  }()
}
