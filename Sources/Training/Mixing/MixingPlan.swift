import MartletCore
public import Torch

/// One batch's mixing: who meets whom, and how much of each stays.
///
/// Equal to torchvision's `transforms.v2.MixUp` and `CutMix` for the same lambda, partners and rectangle.
public struct MixingPlan: Sendable, Hashable {
  /// The share of an item's own target.
  public let lambda: Double
  /// The place of each item's partner.
  public let permutation: [Int]
  /// What CutMix replaces, in pixels; `nil` for MixUp.
  public let box: Box?

  /// A rectangle of pixels.
  public struct Box: Sendable, Hashable {
    /// Columns.
    public let columns: Range<Int>
    /// Rows.
    public let rows: Range<Int>
  }

  /// MixUp.
  public init(lambda: Double, permutation: [Int]) {
    self.lambda = lambda
    self.permutation = permutation
    box = nil
  }

  /// CutMix: a rectangle around `centre` with `1 - lambda` of the area, cut off at the borders; `lambda` becomes what is left in truth.
  public init(lambda: Double, permutation: [Int], extent: (height: Int, width: Int), centre: (x: Int, y: Int)) {
    let ratio = 0.5 * (1 - lambda).squareRoot()
    let half = (x: Int(ratio * Double(extent.width)), y: Int(ratio * Double(extent.height)))
    func range(_ centre: Int, _ half: Int, _ size: Int) -> Range<Int> {
      let first = min(max(0, centre - half), max(0, size))
      return first..<max(first, min(size, centre + half))
    }
    let columns = range(centre.x, half.x, extent.width)
    let rows = range(centre.y, half.y, extent.height)
    self.lambda = 1 - Double(columns.count * rows.count) / Double(max(1, extent.width * extent.height))
    self.permutation = permutation
    box = Box(columns: columns, rows: rows)
  }

  /// The mixed inputs.
  /// - Throws: `ArgumentError` for inputs that are no floating-point numbers or of another number of items.
  public func mix(_ inputs: Tensor) throws -> Tensor {
    guard inputs.dtype.isFloatingPoint, inputs.shape.first == permutation.count else {
      throw ArgumentError(
        "inputs of shape \(inputs.shape) and type \(inputs.dtype) cannot be mixed", expected: "\(permutation.count) items of float")
    }
    let order = try Tensor(permutation.map(Int64.init), device: inputs.device)
    guard let box else { return try inputs.indexSelect(dim: 0, order).mul(Scalar(1 - lambda)).add(inputs.mul(Scalar(lambda))) }
    guard !box.columns.isEmpty, !box.rows.isEmpty else { return inputs }
    // Only the rectangle is gathered; the rest of the partners is never read.
    func cut(_ tensor: Tensor) throws -> Tensor {
      try tensor.slice(dim: -2, start: box.rows.lowerBound, end: box.rows.upperBound)
        .slice(dim: -1, start: box.columns.lowerBound, end: box.columns.upperBound)
    }
    let patch = try cut(inputs).indexSelect(dim: 0, order)
    let band = try inputs.slice(dim: -2, start: box.rows.lowerBound, end: box.rows.upperBound)
    let mixedBand = try band.sliceScatter(patch, dim: -1, start: box.columns.lowerBound, end: box.columns.upperBound)
    return try inputs.sliceScatter(mixedBand, dim: -2, start: box.rows.lowerBound, end: box.rows.upperBound)
  }
}

extension Mixing {
  /// The batch at `position` as the network gets it in training.
  /// - Throws: `ArgumentError` for inputs or targets that cannot be mixed.
  public func apply(to batch: Batch, seed: UInt64, position: LoaderPosition) throws -> Batch {
    let shape = batch.inputs.shape
    let extent = shape.count >= 3 ? (height: shape[shape.count - 2], width: shape[shape.count - 1]) : nil
    guard let plan = try plan(count: shape.first ?? 0, extent: extent, seed: seed, position: position) else { return batch }
    var mixed = batch
    mixed.inputs = try plan.mix(batch.inputs)
    if batch.targets.dtype.isFloatingPoint {
      let order = try Tensor(plan.permutation.map(Int64.init), device: batch.targets.device)
      mixed.targets = try batch.targets.mul(Scalar(plan.lambda))
        .add(batch.targets.indexSelect(dim: 0, order).mul(Scalar(1 - plan.lambda)))
      return mixed
    }
    guard batch.targets.ndim == 1 else {
      throw ArgumentError("targets of shape \(batch.targets.shape) cannot be mixed", expected: "one class per item, or numbers")
    }
    let order = try Tensor(plan.permutation.map(Int64.init), device: batch.targets.device)
    let partners = try batch.targets.indexSelect(dim: 0, order)
    // Metrics compare with what most of an item shows.
    mixed.targets = plan.lambda >= 0.5 ? batch.targets : partners
    mixed.extras[Batch.mixedTargets] = try Tensor.stack([batch.targets, partners])
    mixed.extras[Batch.mixedShare] = try Tensor([plan.lambda])
    return mixed
  }
}

extension Batch {
  static let mixedTargets = "mixing.targets"
  static let mixedShare = "mixing.share"

  /// What a loss compares `outputs` with: the targets themselves or, where items were mixed, probabilities of the outputs' classes
  /// (dimension 1). A model's own objective calls this to work with `TrainerOptions.mixing`.
  public func targets(for outputs: Tensor) throws -> Tensor {
    guard let pair = extras[Self.mixedTargets], let share = try extras[Self.mixedShare]?.double() else { return targets }
    let classes = try outputs.size(1)
    let kind: DType = outputs.dtype == .float64 ? .float64 : .float32
    let oneHot = try pair.to(.int64).oneHot(numClasses: classes).to(kind)
    // As torchvision adds them, so that the bits are the same.
    return try oneHot.select(dim: 0, index: 1).mul(Scalar(1 - share)).add(oneHot.select(dim: 0, index: 0).mul(Scalar(share)))
  }
}
