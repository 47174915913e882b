import MartletCore
public import NN
public import Torch

/// The losses of several heads as one, with weights that are fixed or find themselves.
///
/// It is a module: what it learns (`log_variances`) is trained by the optimizer and saved with the model, see `MultiTaskModel`.
public final class MultiTaskLoss: Module {
  /// One head's task.
  public struct Task: Sendable {
    /// The head's name; its targets are `batch.extras[name]`, or `batch.targets` where there are none of that name.
    public let name: String
    /// What is minimised.
    public let loss: Loss
    /// The weight, with fixed weighting; the weight to start from with GradNorm.
    public let weight: Double
    /// The noise that uncertainty weighting assumes.
    public let noise: Noise
    /// Measured as `name/metric`.
    public let metrics: [BatchMetric]

    /// How a task's error is spread, in Kendall's derivation.
    public enum Noise: Sendable, Hashable {
      /// A softmax with a temperature: classes.
      case categorical
      /// A normal distribution: numbers, with the squared error.
      case gaussian
    }

    /// - Parameters:
    ///   - noise: gaussian for losses of numbers and categorical for the rest if `nil`.
    ///   - metrics: the loss's usual ones if `nil`.
    public init(_ name: String, _ loss: Loss, weight: Double = 1, noise: Noise? = nil, metrics: [BatchMetric]? = nil) {
      self.name = name
      self.loss = loss
      self.weight = weight
      let numbers = [Loss.mse.name, Loss.l1.name, Loss.smoothL1.name, Loss.huber.name]
      self.noise = noise ?? (numbers.contains(loss.name) ? .gaussian : .categorical)
      self.metrics = metrics ?? BatchMetric.usual(for: loss)
    }
  }

  /// Where the weights come from.
  public enum Weighting {
    /// The tasks' own.
    case fixed
    /// Learned from each task's uncertainty (Kendall, Gal and Cipolla, CVPR 2018, arXiv:1705.07115): with s the logarithm of the variance,
    /// e⁻ˢ · loss + s/2 for classes and e⁻ˢ · loss / 2 + s/2 for numbers. Weight decay should leave `log_variances` alone.
    case uncertainty
    /// Kept so that all tasks train at one rate (Chen et al.: "GradNorm", ICML 2018, arXiv:1711.02257): the gradient norms at the shared
    /// parameters follow the tasks' relative losses to the power alpha. The weights sum to the number of tasks.
    case gradNorm(alpha: Double = 1.5, learningRate: Double = 0.025, shared: [Parameter])
  }

  /// The losses of a batch.
  public struct Value {
    /// What is minimised.
    public let total: Tensor
    /// Each task's own loss, in the tasks' order.
    public let parts: [Tensor]
    /// Each task's weight in `total`.
    public let weights: [Double]
  }

  /// The tasks, in order.
  public let tasks: [Task]
  private let weighting: Weighting
  private let logVariances: Parameter?
  private let weights: Buffer?
  private let initialLosses: Buffer?

  /// - Throws: `ArgumentError` for no tasks, a name given twice, a negative weight, or GradNorm without shared parameters.
  public init(_ tasks: [Task], weighting: Weighting = .fixed) throws {
    guard !tasks.isEmpty, Set(tasks.map(\.name)).count == tasks.count else {
      throw ArgumentError("the tasks are called \(tasks.map(\.name))", expected: "one task or more, each with a name of its own")
    }
    for task in tasks { try check("the weight of '\(task.name)'", task.weight, isNonNegative: true) }
    self.tasks = tasks
    self.weighting = weighting
    let count = tasks.count
    var isLearned = false
    var isBalanced = false
    switch weighting {
    case .fixed: break
    case .uncertainty: isLearned = true
    case .gradNorm(let alpha, let rate, let shared):
      try check("alpha", alpha, isNonNegative: true)
      try check("GradNorm's learning rate", rate, isNonNegative: true)
      guard !shared.isEmpty else {
        throw ArgumentError("GradNorm got no shared parameters", expected: "those of the last layer that all heads share")
      }
      isBalanced = true
    }
    logVariances = isLearned ? Parameter(shape: [count], .zeros) : nil
    let sum = tasks.reduce(0) { $0 + $1.weight }
    let start = tasks.map { sum > 0 ? $0.weight * Double(count) / sum : 1 }
    weights = isBalanced ? Buffer { () throws(TorchError) in try Tensor(start) } : nil
    initialLosses = isBalanced ? Buffer { () throws(TorchError) in try Tensor.zeros([count], dtype: .float64) } : nil
    super.init()
  }

  public override var details: String { tasks.map(\.name).joined(separator: ", ") }

  /// The losses of one batch.
  ///
  /// In training GradNorm moves the weights of the next batch; this one's are those that stood before.
  /// - Parameter outputs: the heads' outputs by the tasks' names.
  /// - Throws: `ArgumentError` if a head is missing; `TorchError` where an output does not fit its targets.
  public func callAsFunction(_ outputs: [String: Tensor], _ batch: Batch) throws -> Value {
    var parts: [Tensor] = []
    for task in tasks {
      guard let output = outputs[task.name] else {
        throw ArgumentError("the network has no head '\(task.name)'", expected: "one of \(outputs.keys.sorted().joined(separator: ", "))")
      }
      parts.append(try task.loss(output, Self.batch(batch, for: task).targets(for: output)))
    }
    switch weighting {
    case .fixed: return try combine(parts, tasks.map(\.weight))
    case .uncertainty: return try combineByUncertainty(parts)
    case .gradNorm(let alpha, let rate, let shared):
      let value = try combine(parts, weights?.value.array(of: Double.self) ?? [])
      if isTraining, isGradEnabled { try balance(parts, value.weights, alpha, rate, shared) }
      return value
    }
  }

  /// The batch as a single task sees it.
  static func batch(_ batch: Batch, for task: Task) -> Batch {
    var own = batch
    if let targets = batch.extras[task.name] { own.targets = targets }
    return own
  }

  private func combine(_ parts: [Tensor], _ weights: [Double]) throws -> Value {
    var total = try parts[0].mul(Scalar(weights[0]))
    for (part, weight) in zip(parts, weights).dropFirst() { total = try total + part.mul(Scalar(weight)) }
    return Value(total: total, parts: parts, weights: weights)
  }

  private func combineByUncertainty(_ parts: [Tensor]) throws -> Value {
    guard let logVariances else { return try combine(parts, tasks.map(\.weight)) }
    let s = try logVariances.value
    let scales = try Tensor(tasks.map { Float($0.noise == .gaussian ? 0.5 : 1) }, device: s.device)
    let precisions = try s.neg().exp() * scales
    // Losses of other precisions must not meet in one stack.
    var losses: [Tensor] = []
    for part in parts { losses.append(try part.to(s.dtype)) }
    let total = try (precisions * Tensor.stack(losses) + s * 0.5).sum()
    return Value(total: total, parts: parts, weights: try precisions.detach().array(of: Double.self))
  }

  /// The losses of the very first batch, which GradNorm measures progress by.
  func startingLosses(_ losses: [Double]) throws -> [Double] {
    guard let initialLosses else { return losses }
    let kept = try initialLosses.value.array(of: Double.self)
    if kept.contains(where: { $0 != 0 }) { return kept }
    try initialLosses.assign(Tensor(losses))
    return losses
  }

  func store(weights values: [Double]) throws { try weights?.assign(Tensor(values)) }
}
