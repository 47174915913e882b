import Foundation
import MartletCore
import NN
import Tables
import Torch
import Training

/// One training of a network on rows: AdamW on keyed batches, ended early by rows that are put aside.
///
/// It runs on one thread of libtorch and on random numbers of its own: the same seed gives the same network, whatever runs beside it.
struct NetworkTraining {
  let kind: String
  let network: TabularNetwork
  let dropout: Double
  let learningRate: Double
  let weightDecay: Double
  let epochs: Int
  let batchSize: Int
  let patience: Int
  let validationShare: Double

  func check() throws {
    try SettingRange.check(dropout >= 0 && dropout < 1, kind, "dropout", dropout, "0 or more, below 1")
    try SettingRange.check(learningRate > 0, kind, "learningRate", learningRate, "above 0")
    try SettingRange.check(weightDecay >= 0, kind, "weightDecay", weightDecay, "0 or more")
    try SettingRange.check(epochs > 0, kind, "epochs", epochs, "1 or more")
    try SettingRange.check(batchSize > 0, kind, "batchSize", batchSize, "1 or more")
    try SettingRange.check(patience > 0, kind, "patience", patience, "1 or more")
    try SettingRange.check(validationShare >= 0 && validationShare < 1, kind, "validationShare", validationShare, "0 or more, below 1")
  }

  struct Outcome {
    var parameters: [String: Tensor]
    var epochs: Int
    var warnings: [String]
  }

  /// - Parameters:
  ///   - codes: a class a row, or `nil` for numbers.
  ///   - values: standardised numbers, or empty.
  func run(
    _ rows: TrainingRows, _ inputs: TabularInputs, codes: [Int]?, values: [Double], weights: [Double], outputs: Int, _ context: FitContext
  ) throws -> Outcome {
    try TorchThreads.with(1) {
      let all = try inputs.tensors(rows.features)
      let targets =
        try codes.map { try Tensor($0.map { Int64($0) }, shape: [rows.rows, 1]) }
        ?? Tensor(values.map { Float($0) }, shape: [rows.rows, 1])
      let counts = try Tensor(weights.map { Float($0) }, shape: [rows.rows, 1])
      let shapes = network.shapes(
        numbers: inputs.numeric.count, features: inputs.categorical.count, places: inputs.places, outputs: outputs)
      let parameters = try shapes.enumerated().map { place, shape -> (String, Parameter) in
        var random = KeyedRandom(seed: context.seed, purpose: "network.start", index: UInt64(place))
        let count = shape.sizes.reduce(1, *)
        let start = (0..<count).map { _ in Float(shape.constant + (shape.bound > 0 ? random.uniform(in: -shape.bound...shape.bound) : 0)) }
        return (shape.name, Parameter(try Tensor(start, shape: shape.sizes)))
      }
      // Biases and the scales of norms are not pulled to 0.
      let groups = [false, true].map { isMatrix in
        ParameterGroup(
          parameters.filter { ($0.1.shape.count > 1) == isMatrix }.map(\.1),
          AdamW.Settings(learningRate: learningRate, weightDecay: isMatrix ? weightDecay : 0))
      }.filter { !$0.parameters.isEmpty }
      let optimizer = try AdamW(groups: groups)
      let generator = try Generator(seed: KeyedRandom(seed: context.seed, purpose: "network.dropout").first)
      func current() throws -> [String: Tensor] { Dictionary(uniqueKeysWithValues: try parameters.map { ($0.0, try $0.1.value) }) }
      func copy() throws -> [String: Tensor] { try current().mapValues { try $0.detach().clone() } }
      func loss(_ chosen: [Int], _ drop: TabularDropout?) throws -> Tensor {
        let places = try Tensor(chosen.map { Int64($0) })
        let batch = TabularInputs.Batch(
          numbers: try all.numbers.indexSelect(dim: 0, places), places: try all.places?.indexSelect(dim: 0, places))
        let said = try network.forward(current(), batch, drop)
        let target = try targets.indexSelect(dim: 0, places), weight = try counts.indexSelect(dim: 0, places)
        let each: Tensor
        if codes != nil {
          each = try -said.logSoftmax(dim: 1).gather(dim: 1, target)
        } else {
          let difference = try said - target
          each = try difference * difference
        }
        return try (each * weight).sum() / weight.sum()
      }
      var learn = Array(0..<rows.rows), aside: [Int] = []
      if validationShare > 0, Double(rows.rows) * validationShare >= 5 {
        let folds = max(2, Int((1 / validationShare).rounded()))
        let parts = try KeyedFolds.make(count: rows.rows, folds: folds, seed: context.seed, kind: kind, classes: codes)
        aside = parts[0]
        learn = parts.dropFirst().flatMap { $0 }.sorted()
      }
      var best = try copy(), bestLoss = Double.infinity, without = 0, done = 0, stopped = false
      for epoch in 0..<epochs {
        try Task.checkCancellation()
        var random = KeyedRandom(seed: context.seed, purpose: "network.order", index: UInt64(epoch))
        let order = learn.shuffled(using: &random)
        var seen = 0.0, sum = 0.0
        for start in stride(from: 0, to: order.count, by: batchSize) {
          let chosen = Array(order[start..<min(start + batchSize, order.count)])
          let value = try loss(chosen, TabularDropout(rate: dropout, generator: generator))
          optimizer.zeroGradients()
          try value.backward()
          try optimizer.step()
          sum += try value.double() * Double(chosen.count)
          seen += Double(chosen.count)
        }
        done = epoch + 1
        let judged = aside.isEmpty ? sum / seen : try withoutGrad { try loss(aside, nil).double() }
        guard judged.isFinite else {
          throw LearnerError(
            "\(kind)'s loss became \(judged) in epoch \(done)", expected: "a finite loss", remedy: "lower learningRate")
        }
        if judged < bestLoss - 1e-4 * abs(bestLoss) || bestLoss == .infinity {
          (bestLoss, best, without) = (judged, try copy(), 0)
        } else {
          without += 1
        }
        if without >= patience {
          stopped = true
          break
        }
      }
      let warnings = stopped ? [] : ["\(kind) was still getting better after \(epochs) epochs: raise epochs"]
      return Outcome(parameters: best, epochs: done, warnings: warnings)
    }
  }
}
