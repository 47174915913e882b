import Foundation
import MartletCore
import NN
import Tables
import Torch
import Training

/// Fills missing values by a small network that has learnt to restore rows: a share of the present values is hidden from it, and it is judged
/// by all present ones (a denoising autoencoder; Vincent et al. 2008, Gondara and Wang 2018).
///
/// Worth its time where columns depend on each other in bends; where they depend along lines, `impute-iteratively` is quicker and as good.
/// The same seed gives the same network at any number of threads.
public struct AutoencoderImputer: RecipeStep {
  public static let name = "impute-autoencoder"
  public var columns: ColumnSelection
  /// Units of the hidden layer; `nil` for twice the columns.
  public var hidden: Int?
  public var epochs: Int
  public var batch: Int
  public var learningRate: Double
  /// The share of present values that is hidden from the network.
  public var corruption: Double
  public var indicator: Bool

  public init() { self.init(columns: .automatic) }
  public init(
    columns: ColumnSelection, hidden: Int? = nil, epochs: Int = 100, batch: Int = 64, learningRate: Double = 0.01, corruption: Double = 0.2,
    indicator: Bool = false
  ) {
    self.columns = columns
    self.hidden = hidden
    self.epochs = epochs
    self.batch = batch
    self.learningRate = learningRate
    self.corruption = corruption
    self.indicator = indicator
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard (hidden ?? 1) >= 1, epochs >= 0, batch >= 1 else {
      throw input.settingError("hidden, epochs, batch", "\(hidden ?? 1), \(epochs), \(batch)", expected: "1, 0 and 1 or more")
    }
    guard learningRate > 0, corruption >= 0, corruption < 1 else {
      throw input.settingError("learning-rate, corruption", "\(learningRate), \(corruption)", expected: "more than 0, and 0 to 1")
    }
    let columns = try input.doubles()
    let used = columns.indices.filter { column in columns[column].contains { !$0.isNaN } }
    guard !used.isEmpty else { throw RecipeError("no column has any value", expected: "1 or more with values") }
    let flags = indicator ? columns.indices.filter { columns[$0].contains { $0.isNaN } } : []
    let moments = used.map { Moments(Numbers.present(columns[$0]), nil) }
    let means = moments.map(\.mean), deviations = moments.map { Numbers.scale($0.variance.squareRoot()) }
    let network = try learn(
      input, used.enumerated().map { place, column in columns[column].map { ($0 - means[place]) / deviations[place] } })
    return StepFit(
      FittedAutoencoder(used: used, means: Doubles(means), deviations: Doubles(deviations), layers: network, flags: flags),
      outputs: input.columns.indices.map { used.contains($0) ? [input.columns[$0].replaced()] : [] }
        + flags.map { [input.columns[$0].derived("\(input.columns[$0].name)_missing")] })
  }

  /// - Parameter columns: standardised, NaN where missing.
  private func learn(_ input: StepInput, _ columns: [[Double]]) throws -> [FittedAutoencoder.Layer] {
    let width = columns.count, seed = input.context.seed
    return try TorchThreads.with(1) {
      try RandomState.with(seed: seed) {
        let encode = Linear(width, hidden ?? 2 * width), decode = Linear(hidden ?? 2 * width, width)
        let optimizer = try Adam(encode.parameters() + decode.parameters(), learningRate: learningRate)
        for epoch in 0..<epochs {
          try Task.checkCancellation()
          var random = KeyedRandom(seed: seed, purpose: "recipe.autoencoder", index: UInt64(epoch))
          let order = Array(0..<input.rows).shuffled(using: &random)
          for start in stride(from: 0, to: order.count, by: batch) {
            let rows = order[start..<min(start + batch, order.count)]
            var seen: [Float] = [], truth: [Float] = [], counts: [Float] = []
            for row in rows {
              for column in columns {
                let value = column[row], isPresent = !value.isNaN
                // A missing value looks like the mean, as a hidden one does.
                truth.append(isPresent ? Float(value) : 0)
                counts.append(isPresent ? 1 : 0)
                seen.append(isPresent && !random.bernoulli(corruption) ? Float(value) : 0)
              }
            }
            let total = counts.reduce(0, +)
            if total == 0 { continue }
            let shape = [rows.count, width]
            let restored = try decode(encode(Tensor(seen, shape: shape)).tanh())
            let error = try (restored - Tensor(truth, shape: shape)) * Tensor(counts, shape: shape)
            let loss = try (error * error).sum() / Double(total)
            try loss.backward()
            try optimizer.step()
            optimizer.zeroGradients()
          }
        }
        return try [encode, decode].map { layer in
          let state = try layer.state()
          guard let weight = state["weight"], let bias = state["bias"] else { throw RecipeError("a layer has no weights") }
          return FittedAutoencoder.Layer(
            weight: Doubles(try weight.array(of: Double.self)), bias: Doubles(try bias.array(of: Double.self)))
        }
      }
    }
  }
}

struct FittedAutoencoder: FittedStep {
  static let name = "autoencoder"
  struct Layer: Hashable, Sendable, Codable {
    /// `[outputs, inputs]`.
    let weight: Doubles
    let bias: Doubles

    func apply(_ x: [Double]) -> [Double] {
      let width = x.count
      return bias.values.indices.map { output in
        var sum = bias.values[output]
        for place in 0..<width { sum += weight.values[output * width + place] * x[place] }
        return sum
      }
    }
  }

  let used: [Int]
  let means: Doubles
  let deviations: Doubles
  let layers: [Layer]
  let flags: [Int]
  var takesSingleRows: Bool { true }

  /// The row, missing values restored.
  private func restore(_ row: [Double]) -> [Double] {
    guard row.contains(where: { $0.isNaN }), layers.count == 2 else { return row }
    let scaled = row.indices.map { row[$0].isNaN ? 0 : (row[$0] - means[$0]) / deviations[$0] }
    let made = layers[1].apply(layers[0].apply(scaled).map { tanh($0) })
    return row.indices.map { row[$0].isNaN ? made[$0] * deviations[$0] + means[$0] : row[$0] }
  }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    let columns = try inputs.map { try $0.doubles() }
    let size = 256
    let restored = try Parallel.map((rows + size - 1) / size, threads: threads) { chunk in
      (chunk * size..<min((chunk + 1) * size, rows)).map { row in restore(used.map { columns[$0][row] }) }
    }.flatMap { $0 }
    return used.indices.map { place in .numbers(restored.map { $0[place] }) }
      + flags.map { place in .numbers(columns[place].map { $0.isNaN ? 1 : 0 }) }
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    let restored = restore(used.map { row.numbers[inputs[$0]] })
    for (place, value) in restored.enumerated() { row.numbers[outputs[place]] = value }
    for (place, flag) in flags.enumerated() { row.numbers[outputs[used.count + place]] = row.numbers[inputs[flag]].isNaN ? 1 : 0 }
  }
}
