import Foundation
import MartletCore
import NN
import Synchronization
import Testing
import Torch

@testable import Training

/// Tests that use libtorch's generator or count live handles must not run beside each other.
@Suite(.serialized) enum TorchTests {}

func fixture<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
  let url = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/\(name)")
  return try JSON.decode(type, from: Data(contentsOf: url), source: name)
}

/// A folder that is gone when the test is over.
final class TemporaryFolder {
  let path: String
  init() throws {
    path = NSTemporaryDirectory() + "/martlet-training-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The names in a folder below, hidden ones included, in order.
  func names(_ folder: String = "") -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path + "/" + folder)) ?? []).sorted()
  }
}

/// Three classes that a small network can tell apart: 6 numbers per item, the class decided by where they lie.
struct ToyData: Dataset {
  let count: Int
  var broken: Int?

  func sample(at index: Int, epoch: Int) throws -> Sample {
    if index == broken { throw FileError(path: "item-\(index).png", problem: "is no image") }
    var random = KeyedRandom(seed: 5, purpose: "toy", index: UInt64(index))
    let label = index % 3
    let values = (0..<6).map { Float(random.uniform(in: -1...1) + ($0 % 3 == label ? 0.8 : 0)) }
    return Sample(input: try HostArray(values), target: try HostArray([Int64(label)], shape: []))
  }
}

func toyLoader(
  _ count: Int = 96, batchSize: Int = 16, shuffle: Bool = true, workers: Int = 0, seed: UInt64 = 3, dropLast: Bool = false
) throws -> DataLoader {
  try DataLoader(
    StackedBatches(ToyData(count: count)), batchSize: batchSize, shuffle: shuffle, seed: seed, dropLast: dropLast, workers: workers)
}

/// Has everything that makes resuming hard: running statistics and dropout.
final class ToyNet: Module, Layer {
  let input = Linear(6, 16)
  let norm = BatchNorm1d(16)
  let dropout = Dropout(0.3)
  let output = Linear(16, 3)

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try output(dropout(relu(norm(input(x))))) }

  static func make(seed: UInt64 = 1) throws -> ToyNet { try RandomState.with(seed: seed) { ToyNet() } }
}

/// SHA-256 over names and bytes of the whole state.
func digest(_ model: Module) throws -> String {
  var data = Data()
  for (name, tensor) in try model.state().entries {
    data.append(contentsOf: name.utf8)
    try tensor.withUnsafeBytes { data.append(contentsOf: $0) }
  }
  return Digest.sha256(data)
}

func bytes(_ tensor: Tensor) throws -> [UInt8] { try tensor.withUnsafeBytes { [UInt8]($0) } }

/// Calls a closure for every event.
final class Watcher: Handler {
  let name: String
  let rank: Int
  private let body: (TrainingEvent, TrainingRun) throws -> HandlerAnswer

  init(_ name: String = "watcher", rank: Int = 0, _ body: @escaping (TrainingEvent, TrainingRun) throws -> HandlerAnswer) {
    self.name = name
    self.rank = rank
    self.body = body
  }

  func handle(_ event: TrainingEvent, _ run: TrainingRun) throws -> HandlerAnswer { try body(event, run) }
}

extension TrainingEvent {
  var word: String {
    switch self {
    case .fitBegin: "fitBegin"
    case .epochBegin: "epochBegin"
    case .stepEnd: "stepEnd"
    case .metrics: "metrics"
    case .validationEnd: "validationEnd"
    case .epochEnd: "epochEnd"
    case .interrupted: "interrupted"
    case .failed: "failed"
    case .fitEnd: "fitEnd"
    }
  }
}

/// A list that several threads may add to.
final class Collected<Element: Sendable>: Sendable {
  private let list = Mutex<[Element]>([])
  func add(_ element: Element) { list.withLock { $0.append(element) } }
  var all: [Element] { list.withLock { $0 } }
}
