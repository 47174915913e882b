import MartletCore
public import Torch

/// Connectionist temporal classification: the negative log likelihood of a sequence of classes over all ways to spread it over time
/// (Graves et al. 2006).
///
/// - Parameters:
///   - logProbabilities: `[time, batch, classes]` or `[time, classes]`, the output of ``logSoftmax(_:dim:)`` over the classes.
///   - targets: `[batch, length]` with something in 0..<classes after the end of each, or all one after the other, `[sum of lengths]`.
///   - inputLengths: steps of each item; the whole time by default.
///   - targetLengths: classes of each item; by default all of `[batch, length]`.
///   - blank: the class that means none.
///   - zeroInfinity: whether items whose target is longer than their time count 0 instead of infinity.
///   - reduction: the mean of each item's value divided by its target's length, the sum, or one value for each item.
/// - Throws: `TorchError` for lengths that do not fit and classes out of range.
public func ctc(
  _ logProbabilities: Tensor, _ targets: Tensor, inputLengths: [Int]? = nil, targetLengths: [Int]? = nil, blank: Int = 0,
  zeroInfinity: Bool = false, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  let shape = logProbabilities.shape
  guard shape.count == 2 || shape.count == 3 else {
    throw wrong("log probabilities of shape \(shape)", expected: "[time, batch, classes] or [time, classes]")
  }
  let time = shape[0], batch = shape.count == 3 ? shape[1] : 1, classes = shape[shape.count - 1]
  guard (0..<classes).contains(blank) else { throw wrong("the blank is class \(blank)", expected: "a class in 0..<\(classes)") }
  let inputs = inputLengths ?? Array(repeating: time, count: batch)
  guard inputs.count == batch, inputs.allSatisfy({ (0...time).contains($0) }) else {
    throw wrong("input lengths \(inputs.prefix(8)) for \(batch) items of \(time) steps", expected: "\(batch) lengths in 0…\(time)")
  }
  let targets = try targets.asClasses("ctc")
  let known = try knownTargets(targets, batch: batch, lengths: targetLengths)
  for (item, list) in known.enumerated() {
    for value in list where !(0..<classes).contains(value) || value == blank {
      throw TorchError(
        .index, "ctc",
        value == blank
          ? "the target of item \(item) holds the blank, class \(blank)"
          : "the target of item \(item) holds class \(value)", expected: "classes in 0..<\(classes) other than \(blank)")
    }
  }
  // One after the other, so that what padding holds is never looked at.
  let flat = try Tensor(known.flatMap { $0 }).to(device: logProbabilities.device)
  let whole = shape.count == 3 ? logProbabilities : try logProbabilities.unsqueeze(1)
  let loss = try whole.ctcLoss(
    flat, inputLengths: inputs, targetLengths: known.map(\.count), blank: blank, reduction: reduction, zeroInfinity: zeroInfinity)
  return shape.count == 2 && reduction == .none ? try loss.squeeze(dim: 0) : loss
}

/// The classes of each item, both layouts read.
private func knownTargets(_ targets: Tensor, batch: Int, lengths: [Int]?) throws(TorchError) -> [[Int]] {
  let values = try targets.array(of: Int.self)
  if targets.ndim == 2 {
    let width = targets.shape[1]
    let lengths = lengths ?? Array(repeating: width, count: batch)
    guard targets.shape[0] == batch, lengths.count == batch, lengths.allSatisfy({ (0...width).contains($0) }) else {
      throw wrong(
        "target lengths \(lengths.prefix(8)) for targets of shape \(targets.shape)", expected: "\(batch) lengths in 0…\(width)")
    }
    return lengths.enumerated().map { Array(values[$0 * width..<$0 * width + $1]) }
  }
  guard targets.ndim == 1 else { throw wrong("targets of shape \(targets.shape)", expected: "[batch, length] or [sum of lengths]") }
  guard let lengths = lengths ?? (batch == 1 ? [values.count] : nil) else {
    throw wrong("targets one after the other without their lengths", expected: "\(batch) target lengths")
  }
  var rest = values[...]
  var items: [[Int]] = []
  for length in lengths {
    guard (0...rest.count).contains(length) else {
      throw wrong("target lengths \(lengths.prefix(8)) for \(values.count) targets", expected: "lengths whose sum is \(values.count)")
    }
    items.append(Array(rest.prefix(length)))
    rest = rest.dropFirst(length)
  }
  guard items.count == batch, rest.isEmpty else {
    throw wrong(
      "target lengths \(lengths.prefix(8)) for \(values.count) targets", expected: "\(batch) lengths whose sum is \(values.count)")
  }
  return items
}

private func wrong(_ message: String, expected: String) -> TorchError { TorchError(.value, "ctc", message, expected: expected) }
