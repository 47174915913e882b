/// Sums of a number a row, eight side by side, so that no addition waits for the one before it; always in the same order.
enum LaneSum {
  @inline(__always)
  static func of(_ count: Int, _ term: (Int) -> Double) -> Double {
    var lanes = SIMD8<Double>.zero, index = 0
    while index + 8 <= count {
      lanes += SIMD8(
        term(index), term(index + 1), term(index + 2), term(index + 3), term(index + 4), term(index + 5), term(index + 6), term(index + 7))
      index += 8
    }
    var sum = lanes.sum()
    while index < count {
      sum += term(index)
      index += 1
    }
    return sum
  }

  /// The sum of a number that is made of a row's truth and prediction, by its weight where there are weights.
  @inline(__always)
  static func of(_ truth: [Double], _ predicted: [Double], _ weights: [Double]?, _ term: (Double, Double) -> Double) -> Double {
    truth.withUnsafeBufferPointer { truth in
      predicted.withUnsafeBufferPointer { predicted in
        guard let weights else { return of(truth.count) { term(truth[$0], predicted[$0]) } }
        return weights.withUnsafeBufferPointer { weights in of(truth.count) { weights[$0] * term(truth[$0], predicted[$0]) } }
      }
    }
  }

  /// - Returns: whether all are finite. A product with 0 is 0 for every finite number and no number for the others.
  static func areFinite(_ values: [Double]) -> Bool {
    values.withUnsafeBufferPointer { values in of(values.count) { values[$0] * 0 } == 0 }
  }
}
