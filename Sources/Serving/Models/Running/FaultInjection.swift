public import MartletCore
import Synchronization

/// A fault that a model is given on purpose, so that tests can see what the server makes of it: `hang:fashion`, `fail:fashion:3`,
/// `slow:fashion:2:250`.
///
/// A server injects faults only where its options say so; a released program takes them by an option of its own and never by itself.
public struct Fault: Sendable, Hashable {
  /// What goes wrong.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The call never comes back.
    case hang
    /// The call throws.
    case fail
    /// The call takes longer by ``Fault/milliseconds``.
    case slow
  }

  public let kind: Kind
  /// The name of the model, of every version; or `NAME@VERSION`.
  public let model: String
  /// Every so-manieth call is hit, counted over all instances.
  public let every: Int
  /// How much longer a slow call takes.
  public let milliseconds: Int

  public init(_ kind: Kind, model: String, every: Int = 1, milliseconds: Int = 100) {
    self.kind = kind
    self.model = model
    self.every = max(1, every)
    self.milliseconds = max(0, milliseconds)
  }

  /// Reads `KIND:MODEL[:EVERY[:MILLISECONDS]]`.
  /// - Throws: `ArgumentError` with what was expected.
  public init(_ text: String) throws(ArgumentError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let numbers = parts.dropFirst(2).map { Int($0) }
    guard (2...4).contains(parts.count), let kind = Kind(rawValue: parts[0]), !parts[1].isEmpty, numbers.allSatisfy({ ($0 ?? 0) > 0 })
    else {
      throw ArgumentError("the fault is '\(text)'", expected: "hang:MODEL, fail:MODEL:EVERY or slow:MODEL:EVERY:MILLISECONDS")
    }
    self.init(kind, model: parts[1], every: (numbers.first ?? 1) ?? 1, milliseconds: (numbers.dropFirst().first ?? 100) ?? 100)
  }
}

/// A predictor that was given faults.
final class FaultyPredictor: Predictor {
  struct Injected: Error {}

  let signature: Signature
  private let predictor: any Predictor
  private let faults: [Fault]
  private let calls: CallCount

  /// Counts over all instances of a model.
  final class CallCount: Sendable {
    let value = Atomic<Int>(0)
  }

  init(_ predictor: any Predictor, _ faults: [Fault], _ calls: CallCount) {
    self.predictor = predictor
    self.faults = faults
    self.calls = calls
    signature = predictor.signature
  }

  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    let call = calls.value.add(1, ordering: .relaxed).newValue
    for fault in faults where call % fault.every == 0 {
      switch fault.kind {
      // Long enough for every limit, and an end for tests that wait for it.
      case .hang: try await Task.sleep(for: .seconds(86_400))
      case .fail: throw Injected()
      case .slow: try await Task.sleep(for: .milliseconds(fault.milliseconds))
      }
    }
    return try await predictor.predict(inputs)
  }
}

extension ServedModel {
  /// The same model with those faults that name it.
  func with(_ faults: [Fault]) -> ServedModel {
    let own = faults.filter { $0.model == name || $0.model == "\(name)@\(version)" }
    guard !own.isEmpty else { return self }
    let calls = FaultyPredictor.CallCount()
    let make = makeInstance
    return ServedModel(
      name: name, version: version, predictor: FaultyPredictor(predictor, own, calls), labels: labels, platform: platform, metrics: metrics,
      adapter: adapter, columns: columns, batching: batching, maxConcurrentCalls: maxConcurrentCalls,
      replicas: instances.dropFirst().map { FaultyPredictor($0, own, calls) },
      makeInstance: make.map { make in { @Sendable in FaultyPredictor(try await make(), own, calls) } }, samples: samples,
      isCacheable: isCacheable, memoryBytes: memoryBytes, inputs: inputs)
  }
}
