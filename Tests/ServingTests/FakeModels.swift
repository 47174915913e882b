import MartletCore
import Synchronization

@testable import Serving
@testable import Web

/// Three classes from a 2×2 image: the softmax of a fixed linear function. The logits come as a second output.
struct LinearClassifier: Classifier {
  let labels = ["ant", "bee \"b\"", "cat"]
  let signature = Signature(
    inputs: [TensorSpec(name: "image", dtype: .float32, shape: [nil, 1, 2, 2])],
    outputs: [
      TensorSpec(name: "probabilities", dtype: .float32, shape: [nil, 3]), TensorSpec(name: "logits", dtype: .float32, shape: [nil, 3]),
    ])

  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    guard let image = inputs["image"] else { throw ArgumentError("no image") }
    let values = try image.values(as: Float.self)
    var logits: [Float] = [], probabilities: [Float] = []
    for item in 0..<(values.count / 4) {
      let row = Self.logits(Array(values[item * 4..<item * 4 + 4]))
      logits += row
      probabilities += Self.softmax(row)
    }
    let shape = [values.count / 4, 3]
    return ["probabilities": try HostArray(probabilities, shape: shape), "logits": try HostArray(logits, shape: shape)]
  }

  static func logits(_ x: [Float]) -> [Float] { [x[0] - x[3], x[1] * 2 - x[0], x[2] + x[3] * 0.5] }

  static func softmax(_ x: [Float]) -> [Float] {
    let top = x.max() ?? 0
    let powers = x.map { value in
      var sum: Float = 1, term: Float = 1
      for k in 1..<40 {
        term *= (value - top) / Float(k)
        sum += term
      }
      return sum
    }
    return powers.map { $0 / powers.reduce(0, +) }
  }

  static func served(version: String = "1", batching: Batching = .whileBusy(maxItems: 8)) -> ServedModel {
    ServedModel(
      name: "fashion", version: version, predictor: LinearClassifier(), platform: "fake", metrics: ["accuracy": 0.92],
      adapter: InputAdapter { bytes in
        // The "picture" is its last four bytes.
        guard bytes.count > 8 else { throw ArgumentError("the picture is damaged", expected: "more than 8 bytes") }
        return ["image": try HostArray(bytes.suffix(4).map { Float($0) / 255 }, shape: [1, 2, 2])]
      }, batching: batching)
  }
}

/// Sums and differences of two inputs of different types.
struct TwoInputs: Predictor {
  let signature = Signature(
    inputs: [TensorSpec(name: "left", dtype: .int64, shape: [nil, 2]), TensorSpec(name: "right", dtype: .int64, shape: [nil, 2])],
    outputs: [TensorSpec(name: "sum", dtype: .int64, shape: [nil, 2]), TensorSpec(name: "difference", dtype: .int64, shape: [nil, 2])])

  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    let left = try inputs["left"]?.values(as: Int64.self) ?? [], right = try inputs["right"]?.values(as: Int64.self) ?? []
    let shape = inputs["left"]?.shape ?? []
    return [
      "sum": try HostArray(zip(left, right).map { $0 &+ $1 }, shape: shape),
      "difference": try HostArray(zip(left, right).map { $0 &- $1 }, shape: shape),
    ]
  }
}

/// Gives back what it gets, of any type; remembers how many items came in each call; can be held, slowed and made to fail.
final class Echo: Predictor {
  struct Failure: Error {}

  let signature: Signature
  private let state = Mutex(State())
  private let delay: Duration?
  private let poison: Double?

  private struct State {
    var calls: [Int] = []
    var numbers: [Double] = []
    var isHeld = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  /// - Parameter poison: a call with this number in it fails.
  init(
    _ dtype: DType = .float64, shape: [Int?] = [nil], isBatched: Bool = true, delay: Duration? = nil, poison: Double? = nil,
    held: Bool = false
  ) {
    signature = Signature(
      inputs: [TensorSpec(name: "x", dtype: dtype, shape: shape)], outputs: [TensorSpec(name: "y", dtype: dtype, shape: shape)],
      isBatched: isBatched)
    self.delay = delay
    self.poison = poison
    state.withLock { $0.isHeld = held }
  }

  var calls: [Int] { state.withLock { $0.calls } }
  /// All that it was given, in the order in which it was.
  var numbers: [Double] { state.withLock { $0.numbers } }
  var waiting: Int { state.withLock { $0.waiting.count } }

  func release() {
    let waiting = state.withLock { state in
      state.isHeld = false
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    guard let x = inputs["x"] else { throw ArgumentError("no x") }
    let numbers = (try? x.values(as: Double.self)) ?? []
    state.withLock { state in
      state.calls.append(x.shape.first ?? 1)
      state.numbers += numbers
    }
    await withCheckedContinuation { continuation in
      let goesOn = state.withLock { state in
        if state.isHeld { state.waiting.append(continuation) }
        return !state.isHeld
      }
      if goesOn { continuation.resume() }
    }
    if let delay { try await Task.sleep(for: delay) }
    if let poison, try x.values(as: Double.self).contains(poison) { throw Failure() }
    return ["y": x]
  }

  func served(_ name: String = "echo", version: String = "1", batching: any BatchingPolicy = Batching.whileBusy(maxItems: 8)) -> ServedModel
  {
    ServedModel(name: name, version: version, predictor: self, batching: batching)
  }
}
