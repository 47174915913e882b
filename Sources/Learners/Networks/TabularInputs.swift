import MartletCore
import Tables
import Torch

/// How a network sees rows: numbers standardised by the training rows, missing ones as the mean; categories as places, the last of each
/// feature for missing and unknown ones.
struct TabularInputs: Sendable, Codable {
  let names: [String]
  let numeric: [Int]
  let means: [Double]
  let scales: [Double]
  let categorical: [Int]
  /// How many categories each categorical feature has, without the last place.
  let levels: [Int]

  init(_ rows: TrainingRows) {
    names = rows.names
    let marked = rows.features.levels
    categorical = marked.keys.sorted()
    levels = categorical.map { marked[$0] ?? 0 }
    let numeric = (0..<rows.columns).filter { marked[$0] == nil }
    self.numeric = numeric
    var means: [Double] = [], scales: [Double] = []
    let values = rows.x.spread(), p = rows.columns
    for column in numeric {
      var sum = 0.0, weight = 0.0
      for row in 0..<rows.rows where !values[row * p + column].isNaN {
        sum += rows.weights[row] * values[row * p + column]
        weight += rows.weights[row]
      }
      let mean = weight > 0 ? sum / weight : 0
      var squares = 0.0
      for row in 0..<rows.rows where !values[row * p + column].isNaN {
        let difference = values[row * p + column] - mean
        squares += rows.weights[row] * difference * difference
      }
      let scale = weight > 0 ? (squares / weight).squareRoot() : 0
      means.append(mean)
      scales.append(scale > 1e-12 * max(abs(mean), 1e-300) ? scale : 1)
    }
    self.means = means
    self.scales = scales
  }

  /// Places of all categorical features together.
  var places: Int { levels.reduce(0) { $0 + $1 + 1 } }

  struct Batch {
    /// `[rows, numeric features]`, float32.
    let numbers: Tensor
    /// `[rows, categorical features]`, places among those of all features.
    let places: Tensor?
  }

  func tensors(_ x: FeatureMatrix) throws -> Batch {
    let values = try x.denseValues(), p = x.columns
    var numbers: [Float] = [], codes: [Int64] = []
    numbers.reserveCapacity(x.rows * numeric.count)
    for row in 0..<x.rows {
      for (place, column) in numeric.enumerated() {
        let value = values[row * p + column]
        numbers.append(value.isNaN ? 0 : Float((value - means[place]) / scales[place]))
      }
      var start = 0
      for (place, column) in categorical.enumerated() {
        let value = values[row * p + column]
        let known = value >= 0 && value < Double(levels[place]) && value == value.rounded()
        codes.append(Int64(start + (known ? Int(value) : levels[place])))
        start += levels[place] + 1
      }
    }
    return Batch(
      numbers: try Tensor(numbers, shape: [x.rows, numeric.count]),
      places: categorical.isEmpty ? nil : try Tensor(codes, shape: [x.rows, categorical.count]))
  }
}
