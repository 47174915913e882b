public import Charts
import Foundation

/// One layer in one step.
public struct LayerDiagnosis: Sendable, Hashable {
  /// The path below the model: `features.3`.
  public let path: String
  /// The type and its settings.
  public let description: String
  /// Mean of the outputs.
  public let mean: Double
  /// Standard deviation of the outputs.
  public let deviation: Double
  /// The share of outputs that are exactly zero.
  public let zeros: Double
  /// The share of outputs near the ends of a sigmoid's or a hyperbolic tangent's range; `nil` for other layers.
  public let saturated: Double?
  /// The share of units that are never active in the batch and get no gradient at all.
  public let dead: Double?
  /// Root mean square of the gradient that reaches the layer's output; `nil` where none is computed.
  public let outputGradient: Double?
  /// Root mean square of the gradients of the layer's own parameters; `nil` if it has none or they are frozen.
  public let gradient: Double?
  /// Euclidean norm of the gradients of the layer's own parameters.
  public let gradientNorm: Double?
  /// Euclidean norm of the layer's own parameters.
  public let weightNorm: Double?
  /// The norm of the last step's change over the parameters' norm; `nil` unless a step was watched.
  public let update: Double?
}

/// What is wrong with a network, and what to try.
public struct DiagnosisVerdict: Sendable, Hashable {
  /// Kinds of trouble, the causes before what follows from them.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// NaN or infinity.
    case nonFinite
    /// Activations or gradients that are far too large.
    case exploding
    /// Units that never answer.
    case dead
    /// Activations at the ends of their range.
    case saturated
    /// Gradients that do not reach the first layers.
    case vanishing
    /// Parameters that get no gradient at all.
    case unused
    /// Steps that are far too large for the weights.
    case largeUpdates
    /// Steps too small to change anything.
    case smallUpdates
  }

  /// What kind of trouble.
  public let kind: Kind
  /// The layer it was seen in.
  public let layer: String
  /// What was measured.
  public let value: Double
  /// What would still have been fine.
  public let threshold: Double
  /// What was measured, in a sentence.
  public let finding: String
  /// What to try, the likeliest first.
  public let remedies: [String]

  /// The whole verdict as a line.
  public var text: String { "\(kind.rawValue): \(finding). Try: \(remedies.joined(separator: "; "))" }
}

/// From where on something is called trouble.
public struct DiagnosisThresholds: Sendable, Hashable {
  /// A layer whose gradient is smaller than this share of the largest layer's gradient gets vanishing gradients.
  public var vanishing = 1e-4
  /// The norm of a layer's gradient over the norm of its weights (or 1, if that is larger).
  public var explodingGradient = 100.0
  /// The spread of a layer's output over the spread of the first layer's.
  public var explodingActivation = 1e4
  /// The share of a layer's units that are dead.
  public var dead = 0.5
  /// The share of outputs near the ends of the range.
  public var saturated = 0.8
  /// The change of a step over the weights' norm.
  public var largeUpdate = 0.5
  /// The same, from below.
  public var smallUpdate = 1e-8

  /// The usual numbers.
  public init() {}
}

/// A look into a network during one step: every layer's numbers and what is wrong with them.
public struct NetworkDiagnosis: Sendable {
  /// The layers that ran, in the order of the forward pass.
  public let layers: [LayerDiagnosis]
  /// What is wrong, causes first; empty for a healthy network.
  public let verdicts: [DiagnosisVerdict]
  /// The loss of the step.
  public let loss: Double
  /// The optimizer step, where there was one.
  public let step: Int?

  /// The layers as rows.
  public var table: TextTable {
    func number(_ value: Double?) -> String { value.map { NumberText.significant($0, digits: 3) } ?? "" }
    func share(_ value: Double?) -> String { value.map { NumberText.percent($0, digits: 3) } ?? "" }
    return TextTable(
      columns: [
        .init("layer"), .init("type"), .number("mean"), .number("sd"), .number("zeros"), .number("dead"), .number("gradient"),
        .number("weights"), .number("update"),
      ],
      rows: layers.map { layer in
        [
          layer.path, layer.description, number(layer.mean), number(layer.deviation), share(layer.zeros), share(layer.dead),
          number(layer.gradient), number(layer.weightNorm), number(layer.update),
        ]
      })
  }

  /// The verdicts, and the table beneath.
  public var text: String {
    let lines = verdicts.isEmpty ? ["nothing is wrong with \(layers.count) layers"] : verdicts.map(\.text)
    return lines.joined(separator: "\n") + "\n" + table.render()
  }

  /// The same for a report, with the gradients along the depth as a picture.
  public var blocks: [ReportBlock] {
    let notices: [ReportBlock] =
      verdicts.isEmpty ? [.text("Nothing is wrong with \(layers.count) layers.")] : verdicts.map { .notice($0.text) }
    func line(_ name: String, _ value: (LayerDiagnosis) -> Double?) -> LineChart.Series {
      LineChart.Series(
        name,
        points: layers.enumerated().compactMap { index, layer in
          value(layer).map { Point(x: Double(index + 1), y: $0 > 0 ? log10($0) : .nan) }
        })
    }
    let chart = LineChart(
      title: "Gradients and activations along the depth", xTitle: "layer", yTitle: "log10",
      series: [line("gradient of the parameters", \.gradient), line("spread of the output", \.deviation)])
    return notices + [.charts([chart], isWide: true), .table(table, caption: "Every layer in one step")]
  }
}
