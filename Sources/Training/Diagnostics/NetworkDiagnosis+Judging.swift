import Charts
import Foundation
import NN
import Torch

extension NetworkDiagnosis {
  /// Judges what a probe saw; the parameters' gradients are those of the same step.
  /// - Parameter updates: each parameter's change in the step, by identity.
  init(
    _ model: Module, _ probe: LayerProbe, loss: Double, step: Int?, updates: [ObjectIdentifier: Double]?, _ thresholds: DiagnosisThresholds
  ) throws {
    var layers: [LayerDiagnosis] = []
    var forward: [(reading: LayerReading, what: String)] = []
    var backward: [(reading: LayerReading, what: String)] = []
    for reading in probe.readings where !reading.path.isEmpty {
      let own = Self.own(reading.module)
      let seen = reading.gradient.value
      let numbers = try Self.numbers(own, updates)
      layers.append(
        LayerDiagnosis(
          path: reading.path, description: reading.description, mean: reading.mean, deviation: reading.deviation, zeros: reading.zeros,
          saturated: reading.saturated, dead: try Self.dead(reading, seen), outputGradient: seen.rms, gradient: numbers.rms,
          gradientNorm: numbers.gradientNorm, weightNorm: numbers.weightNorm, update: numbers.update))
      if !reading.isFinite || !numbers.areWeightsFinite {
        forward.append((reading, reading.isFinite ? "parameters" : "output"))
      } else if !seen.isFinite || !numbers.isFinite {
        backward.append((reading, "gradient"))
      }
    }
    self.layers = layers
    self.loss = loss
    self.step = step
    // Where numbers are not finite, nothing else can be said. The first in the forward pass has begun it or, if all was well there, the
    // first in the backward pass.
    if let first = forward.first ?? backward.last {
      verdicts = [
        DiagnosisVerdict(
          kind: .nonFinite, layer: first.reading.path, value: .nan, threshold: 0,
          finding: "the \(first.what) of '\(first.reading.path)' (\(first.reading.description)) is not finite",
          remedies: [
            "a learning rate ten times smaller", "clipping by norm", "a look at the batch for NaN", "normalisation before this layer",
          ])
      ]
      return
    }
    var found = Self.exploding(layers, thresholds) + Self.dead(layers, thresholds) + Self.saturated(layers, thresholds)
    found += Self.vanishing(layers, thresholds, isFollowing: found)
    found += try Self.unused(model) + Self.updates(layers, thresholds)
    verdicts = found
  }

  /// Parameters of the module itself, not of those below.
  private static func own(_ module: Module) -> [Parameter] {
    module.namedParameters().filter { !$0.name.contains(".") }.map(\.parameter)
  }

  private struct Numbers {
    var rms: Double?
    var gradientNorm: Double?
    var weightNorm: Double?
    var update: Double?
    var isFinite = true
    var areWeightsFinite = true
  }

  private static func numbers(_ own: [Parameter], _ updates: [ObjectIdentifier: Double]?) throws -> Numbers {
    guard !own.isEmpty else { return Numbers() }
    return try withoutGrad {
      var numbers = Numbers()
      var weights = 0.0
      var gradients = 0.0
      var changes = 0.0
      var count = 0
      for parameter in own {
        let norm = try parameter.value.detach().linalgVectorNorm(dtype: .float64).double()
        weights += norm * norm
        if let gradient = parameter.grad {
          let norm = try gradient.linalgVectorNorm(dtype: .float64).double()
          gradients += norm * norm
          count += gradient.count
        }
        let change = updates?[ObjectIdentifier(parameter)] ?? 0
        changes += change * change
      }
      numbers.weightNorm = weights.squareRoot()
      numbers.isFinite = gradients.isFinite
      numbers.areWeightsFinite = weights.isFinite
      if count > 0 {
        numbers.gradientNorm = gradients.squareRoot()
        numbers.rms = (gradients / Double(count)).squareRoot()
      }
      if updates != nil, weights > 0 { numbers.update = changes.squareRoot() / weights.squareRoot() }
      return numbers
    }
  }

  /// Units that are silent and get no gradient: behind them is a ReLU that never opens, as a layer or as a function.
  private static func dead(_ reading: LayerReading, _ seen: GradientReading.Values) throws -> Double? {
    guard let silent = reading.silent, silent.count > 0, let largest = seen.perUnit else { return nil }
    return try withoutGrad { try silent.logicalAnd(largest.eq(0)).sum().double() / Double(silent.count) }
  }

  private static func exploding(_ layers: [LayerDiagnosis], _ thresholds: DiagnosisThresholds) -> [DiagnosisVerdict] {
    let remedies = [
      "a smaller initialisation (.kaimingNormal() or .xavierUniform() instead of a normal of one's own)",
      "normalisation between the layers",
      "clipping the gradients by norm", "a smaller learning rate",
    ]
    if let first = layers.first(where: { $0.deviation > 0 }),
      let worst = layers.max(by: { $0.deviation < $1.deviation }), worst.deviation > thresholds.explodingActivation * first.deviation
    {
      let value = worst.deviation / first.deviation
      return [
        DiagnosisVerdict(
          kind: .exploding, layer: worst.path, value: value, threshold: thresholds.explodingActivation,
          finding: "the output of '\(worst.path)' (\(worst.description)) spreads \(NumberText.significant(value, digits: 2)) times as wide "
            + "as that of '\(first.path)', more than \(NumberText.significant(thresholds.explodingActivation))", remedies: remedies)
      ]
    }
    func strength(_ layer: LayerDiagnosis) -> Double { (layer.gradientNorm ?? 0) / max(layer.weightNorm ?? 1, 1) }
    guard let worst = layers.max(by: { strength($0) < strength($1) }), strength(worst) > thresholds.explodingGradient else { return [] }
    return [
      DiagnosisVerdict(
        kind: .exploding, layer: worst.path, value: strength(worst), threshold: thresholds.explodingGradient,
        finding:
          "the gradient of '\(worst.path)' (\(worst.description)) is \(NumberText.significant(strength(worst), digits: 2)) times its "
          + "weights, more than \(NumberText.significant(thresholds.explodingGradient))", remedies: remedies)
    ]
  }

  private static func dead(_ layers: [LayerDiagnosis], _ thresholds: DiagnosisThresholds) -> [DiagnosisVerdict] {
    // The activation behind a layer repeats what the layer says; the layer with the parameters is the one to change.
    var found: [DiagnosisVerdict] = []
    var isRepeated = false
    for layer in layers {
      guard let dead = layer.dead, dead > thresholds.dead else {
        isRepeated = false
        continue
      }
      defer { isRepeated = true }
      if isRepeated, layer.weightNorm == nil { continue }
      found.append(
        DiagnosisVerdict(
          kind: .dead, layer: layer.path, value: dead, threshold: thresholds.dead,
          finding:
            "\(NumberText.percent(dead, digits: 3)) of the units of '\(layer.path)' (\(layer.description)) are never active and get no "
            + "gradient, more than \(NumberText.percent(thresholds.dead, digits: 3))",
          remedies: [
            "biases that start at 0", "LeakyReLU or GELU instead of ReLU", "a smaller learning rate", "normalisation before the activation",
          ]))
    }
    return found
  }

  private static func saturated(_ layers: [LayerDiagnosis], _ thresholds: DiagnosisThresholds) -> [DiagnosisVerdict] {
    layers.compactMap { layer in
      guard let share = layer.saturated, share > thresholds.saturated else { return nil }
      return DiagnosisVerdict(
        kind: .saturated, layer: layer.path, value: share, threshold: thresholds.saturated,
        finding:
          "\(NumberText.percent(share, digits: 3)) of the outputs of '\(layer.path)' (\(layer.description)) lie at the ends of its range, "
          + "more than \(NumberText.percent(thresholds.saturated, digits: 3))",
        remedies: [
          "smaller initial weights (.xavierUniform())", "normalisation before the activation", "ReLU or GELU instead",
          "a smaller learning rate",
        ])
    }
  }

  private static func vanishing(
    _ layers: [LayerDiagnosis], _ thresholds: DiagnosisThresholds, isFollowing causes: [DiagnosisVerdict]
  ) -> [DiagnosisVerdict] {
    let trained = layers.filter { $0.gradient != nil }
    guard let largest = trained.compactMap(\.gradient).max(), largest > 0,
      let worst = trained.min(by: { ($0.gradient ?? 0) < ($1.gradient ?? 0) }), let gradient = worst.gradient
    else { return [] }
    let value = gradient / largest
    guard value < thresholds.vanishing else { return [] }
    let cause = causes.first.map { " (it follows from '\($0.layer)' being \($0.kind.rawValue))" } ?? ""
    return [
      DiagnosisVerdict(
        kind: .vanishing, layer: worst.path, value: value, threshold: thresholds.vanishing,
        finding:
          "the gradient of '\(worst.path)' (\(worst.description)) is \(NumberText.significant(value, digits: 2)) of the largest layer's, "
          + "less than \(NumberText.significant(thresholds.vanishing))" + cause,
        remedies: [
          "ReLU or GELU instead of sigmoid and tanh", "residual connections", "normalisation between the layers",
          ".kaimingNormal() for ReLU, .xavierUniform() for tanh", "fewer layers",
        ])
    ]
  }

  private static func unused(_ model: Module) throws -> [DiagnosisVerdict] {
    let without = model.namedParameters().filter { $0.parameter.requiresGrad && $0.parameter.grad == nil }.map(\.name)
    guard let first = without.first else { return [] }
    return [
      DiagnosisVerdict(
        kind: .unused, layer: first, value: Double(without.count), threshold: 0,
        finding:
          "\(without.count == 1 ? "the parameter '\(first)' gets" : "'\(first)' and \(without.count - 1) more parameters get") no gradient",
        remedies: ["using the layer in the forward pass", "freezing it with freeze()"])
    ]
  }

  private static func updates(_ layers: [LayerDiagnosis], _ thresholds: DiagnosisThresholds) -> [DiagnosisVerdict] {
    let watched = layers.compactMap { layer in layer.update.map { (layer: layer, update: $0) } }
    guard let large = watched.max(by: { $0.update < $1.update }) else { return [] }
    if large.update > thresholds.largeUpdate {
      return [
        DiagnosisVerdict(
          kind: .largeUpdates, layer: large.layer.path, value: large.update, threshold: thresholds.largeUpdate,
          finding:
            "a step changes '\(large.layer.path)' (\(large.layer.description)) by \(NumberText.percent(large.update, digits: 2)) of its "
            + "size, more than \(NumberText.percent(thresholds.largeUpdate, digits: 2))",
          remedies: ["a learning rate ten times smaller", "a warm-up", "clipping the gradients by norm"])
      ]
    }
    guard large.update < thresholds.smallUpdate else { return [] }
    return [
      DiagnosisVerdict(
        kind: .smallUpdates, layer: large.layer.path, value: large.update, threshold: thresholds.smallUpdate,
        finding: "no layer changes by more than \(NumberText.significant(large.update, digits: 2)) of its size in a step, less than "
          + "\(NumberText.significant(thresholds.smallUpdate))",
        remedies: ["a larger learning rate (Trainer.findLearningRate)", "a look at what is frozen"])
    ]
  }
}
