import MartletCore
import Web

/// An ensemble of models of tensors.
struct TensorEnsemble: Predictor {
  let signature: Signature
  let members: EnsembleMembers
  /// The output that holds `[items, classes]`; `nil` for members that do not classify.
  let probabilities: String?

  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    if case .cascade(let confidence) = members.spec.rule { return try await cascade(inputs, confidence) }
    let answers = try await members.all(inputs)
    let weights = answers.map { members.spec.weights[$0.member] }
    let total = weights.reduce(0, +)
    var outputs: [String: HostArray] = [:]
    for spec in signature.outputs {
      let arrays = try answers.map { try $0.outputs.require(spec.name) }
      for array in arrays where array.shape != arrays[0].shape || array.dtype != arrays[0].dtype {
        throw MembersDisagree(output: spec.name, shapes: arrays.map(\.shape))
      }
      let isVote = members.spec.rule == .vote && spec.name == probabilities
      var sum = [Double](repeating: 0, count: arrays[0].elementCount)
      for (array, weight) in zip(arrays, weights) {
        let values = isVote ? array.votes() : array.doubles()
        for index in sum.indices { sum[index] += values[index] * weight / total }
      }
      outputs[spec.name] = try HostArray(sum, like: arrays[0])
    }
    return outputs
  }

  private func cascade(_ inputs: [String: HostArray], _ confidence: Double) async throws -> [String: HostArray] {
    let items = signature.inputs.first.flatMap { inputs[$0.name]?.shape.first } ?? 1
    // Rows of the outputs, filled as members answer.
    var rows = [[String: HostArray]?](repeating: nil, count: items)
    var open = Array(0..<items)
    var failure: (any Error)?
    for member in members.spec.members.indices where !open.isEmpty {
      let answer = try await members.one(member, open.count == items ? inputs : inputs.mapValues { try $0.rows(open) })
      failure = answer.failure ?? failure
      guard let outputs = answer.outputs else { continue }
      var next: [Int] = []
      let scores = try probabilities.map { try outputs.require($0) }?.confidences() ?? []
      for (position, item) in open.enumerated() {
        rows[item] = try outputs.mapValues { try $0.rows([position]) }
        if position < scores.count, !(scores[position] >= confidence) { next.append(item) }
      }
      open = next
    }
    let found = rows.compactMap { $0 }
    guard found.count == items else { throw failure ?? ArgumentError("the batch has no items", expected: "at least one") }
    var outputs: [String: HostArray] = [:]
    for spec in signature.outputs { outputs[spec.name] = try BatchArithmetic.join(found.map { try $0.require(spec.name) }) }
    return outputs
  }
}

private struct MembersDisagree: MartletError {
  let output: String
  let shapes: [[Int]]
  var problem: String { "the members' outputs '\(output)' have the shapes \(shapes)" }
  var expected: String? { "one shape" }
}

private struct MemberOutputMissing: MartletError {
  let output: String
  var problem: String { "a member gave no output '\(output)'" }
}

extension [String: HostArray] {
  fileprivate func require(_ name: String) throws -> HostArray {
    guard let array = self[name] else { throw MemberOutputMissing(output: name) }
    return array
  }

  fileprivate func mapValues(_ transform: (HostArray) throws -> HostArray) throws -> [String: HostArray] {
    var result: [String: HostArray] = [:]
    for (name, array) in self { result[name] = try transform(array) }
    return result
  }
}

extension HostArray {
  /// All elements as doubles, for floating-point arrays.
  fileprivate func doubles() -> [Double] { (0..<elementCount).map { floatingPoint(at: $0) } }

  /// One for the largest element of each row, zero for the others; the first wins a tie.
  fileprivate func votes() -> [Double] {
    let values = doubles(), classes = shape.last ?? 1
    var votes = [Double](repeating: 0, count: values.count)
    for start in stride(from: 0, to: values.count, by: max(1, classes)) {
      var best = start
      for index in start..<min(start + classes, values.count) where values[index] > values[best] { best = index }
      votes[best] = 1
    }
    return votes
  }

  /// The largest element of each row.
  fileprivate func confidences() -> [Double] {
    let values = doubles(), classes = max(1, shape.last ?? 1)
    return stride(from: 0, to: values.count, by: classes).map { values[$0..<min($0 + classes, values.count)].max() ?? .nan }
  }

  /// Some items, in the order given.
  fileprivate func rows(_ indices: [Int]) throws -> HostArray {
    guard let items = shape.first, items > 0 else { return self }
    let size = bytes.count / items
    var result: [UInt8] = []
    result.reserveCapacity(indices.count * size)
    for index in indices { result.append(contentsOf: bytes[index * size..<(index + 1) * size]) }
    return try HostArray(dtype: dtype, shape: [indices.count] + shape.dropFirst(), bytes: result)
  }

  /// Doubles in the type and shape of another array.
  fileprivate init(_ values: [Double], like other: HostArray) throws {
    let bytes: [UInt8] =
      switch other.dtype {
      case .float64: values.withUnsafeBytes { [UInt8]($0) }
      case .float16: values.map { Float16($0) }.withUnsafeBytes { [UInt8]($0) }
      case .bfloat16: values.map { UInt16(truncatingIfNeeded: Float($0).bitPattern >> 16) }.withUnsafeBytes { [UInt8]($0) }
      default: values.map { Float($0) }.withUnsafeBytes { [UInt8]($0) }
      }
    try self.init(dtype: other.dtype, shape: other.shape, bytes: bytes)
  }
}
