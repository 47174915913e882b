import HTTPTypes
import MartletCore
import Web

/// Finds out what a client means by an array: one item or a batch of them, nested or flat.
enum InputResolver {
  struct Resolved {
    let array: HostArray
    /// The client sent one item, not a batch of one.
    let isSingle: Bool
  }

  /// Gives an array the shape that `spec` asks for. Dimensions of size one may be left out, and one item may be flat.
  ///
  /// - Parameter mustBeBatch: the client said that the first dimension counts items.
  /// - Throws: `HTTPProblem` 400 naming what came and what was expected.
  static func resolve(_ array: HostArray, as spec: TensorSpec, isBatched: Bool, mustBeBatch: Bool = false) throws -> Resolved {
    let shape = array.shape
    guard isBatched, !spec.shape.isEmpty else {
      if fits(shape, spec.shape) { return Resolved(array: array, isSingle: true) }
      if let full = reshaped(shape, to: spec.shape[...]) { return try Resolved(array: array.reshaped(full), isSingle: true) }
      throw mismatch(shape, spec, isBatched: false)
    }
    let item = spec.shape.dropFirst()
    if !mustBeBatch, fits(shape, Array(item)) { return try Resolved(array: array.reshaped([1] + shape), isSingle: true) }
    if fits(shape, spec.shape) {
      guard shape[0] > 0 else { throw HTTPProblem(.badRequest, "'\(spec.name)' has no items", expected: "at least one") }
      return Resolved(array: array, isSingle: false)
    }
    if !mustBeBatch, let full = reshaped(shape, to: item) { return try Resolved(array: array.reshaped([1] + full), isSingle: true) }
    if let count = shape.first, count > 0, let full = reshaped(Array(shape.dropFirst()), to: item) {
      return try Resolved(array: array.reshaped([count] + full), isSingle: false)
    }
    throw mismatch(shape, spec, isBatched: true)
  }

  /// Checks all arrays against the signature, and that they agree on the number of items.
  static func check(_ inputs: [String: HostArray], _ signature: Signature) throws {
    do { try signature.check(inputs: inputs) } catch { throw HTTPProblem(.badRequest, because: error) }
    if signature.isBatched, inputs.values.contains(where: { $0.shape.first == 0 }) {
      throw HTTPProblem(.badRequest, "the batch has no items", expected: "at least one")
    }
  }

  /// - Throws: `HTTPProblem` 400 with the nearest name if the model has no such input.
  static func spec(named name: String, in signature: Signature) throws -> TensorSpec {
    if let spec = signature.inputs.first(where: { $0.name == name }) { return spec }
    let names = signature.inputs.map(\.name)
    let near = NearestName.of(String(name.prefix(64)), among: names)
    throw HTTPProblem(
      .badRequest, "unknown input '\(excerpt(name))'", expected: names.joined(separator: ", "), remedy: near.map { "'\($0)'" })
  }

  private static func fits(_ shape: [Int], _ pattern: [Int?]) -> Bool {
    shape.count == pattern.count && zip(shape, pattern).allSatisfy { $1 == nil || $0 == $1 }
  }

  /// The full shape where only dimensions of one are missing or too many, or where all numbers of one item came flat.
  private static func reshaped(_ shape: [Int], to pattern: ArraySlice<Int?>) -> [Int]? {
    let known = pattern.compactMap { $0 }
    guard known.count == pattern.count else { return nil }
    let product = known.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    if shape.filter({ $0 != 1 }) == known.filter({ $0 != 1 }) { return known }
    return shape.count == 1 && shape[0] == product ? known : nil
  }

  private static func mismatch(_ shape: [Int], _ spec: TensorSpec, isBatched: Bool) -> HTTPProblem {
    let item = TensorSpec(name: spec.name, dtype: spec.dtype, shape: Array(spec.shape.dropFirst())).shapeDescription
    return HTTPProblem(
      .badRequest, "'\(spec.name)' has shape \(shape)",
      expected: isBatched ? "\(item) for one item or \(spec.shapeDescription) for a batch" : spec.shapeDescription)
  }
}

extension HostArray {
  /// The same elements under another shape of as many.
  func reshaped(_ shape: [Int]) throws(ArgumentError) -> HostArray {
    shape == self.shape ? self : try HostArray(dtype: dtype, shape: shape, bytes: bytes)
  }
}
