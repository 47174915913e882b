import MartletCore

/// What keeps clients of one version from asking another one.
enum SignatureChange {
  /// - Returns: sentences; none where every request to the old version is one to the new version, and its answer has what they read.
  static func problems(from old: ServedModel, to new: ServedModel) -> [String] {
    if let before = old.columns, let after = new.columns {
      return columns(before, after) + tensors("output", old.predictor.signature.outputs, new.predictor.signature.outputs)
    }
    guard old.columns == nil, new.columns == nil else { return ["one takes rows, the other one tensors"] }
    let first = old.predictor.signature, second = new.predictor.signature
    var problems = tensors("input", first.inputs, second.inputs)
    for name in Set(second.inputs.map(\.name)).subtracting(first.inputs.map(\.name)).sorted() {
      problems.append("it wants the input '\(name)'")
    }
    return problems + tensors("output", first.outputs, second.outputs)
  }

  /// Columns that a model does not know are passed over, so it may want fewer.
  private static func columns(_ before: [ServedColumn], _ after: [ServedColumn]) -> [String] {
    let known = Dictionary(before.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return after.compactMap { column in
      guard let old = known[column.name] else { return column.isOptional ? nil : "it wants the column '\(column.name)'" }
      if old.isOptional, !column.isOptional { return "it cannot do without the column '\(column.name)'" }
      return old.datatype == column.datatype || (isNumber(old.datatype) && isNumber(column.datatype))
        ? nil : "its column '\(column.name)' is \(column.datatype) and no longer \(old.datatype)"
    }
  }

  private static func isNumber(_ datatype: String) -> Bool { ["FP", "INT", "UINT"].contains { datatype.hasPrefix($0) } }

  private static func tensors(_ kind: String, _ before: [TensorSpec], _ after: [TensorSpec]) -> [String] {
    before.compactMap { old in
      guard let new = after.first(where: { $0.name == old.name }) else { return "it has no \(kind) '\(old.name)'" }
      guard new.dtype == old.dtype else { return "its \(kind) '\(old.name)' is \(new.dtype) and no longer \(old.dtype)" }
      let fits = new.shape.count == old.shape.count && zip(old.shape, new.shape).allSatisfy { $1 == nil || $0 == $1 }
      return fits ? nil : "its \(kind) '\(old.name)' has the shape \(new.shapeDescription) and no longer \(old.shapeDescription)"
    }
  }
}
