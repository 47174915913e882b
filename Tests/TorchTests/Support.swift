import Foundation
import Testing

@testable import Torch

/// What Tools/fixtures_torch.py wrote.
struct TorchFixture: Decodable {
  struct Values: Decodable {
    let shape: [Int]
    let values: [Double]
  }
  struct Random: Decodable {
    let rand: [Double]
    let randn: [Double]
    let randint: [Int]
    let randperm: [Int]
    let generator: [Double]
  }
  struct Autocast: Decodable {
    let a: Values
    let b: Values
    let product: Values
  }
  let printed: [String: String]
  let indexed: [String: Values]
  let random: Random
  let orders: [[Double]]
  let autocast: Autocast

  static let shared = Result { try JSONDecoder().decode(TorchFixture.self, from: Data(contentsOf: fixtureURL("torch.json"))) }
}

func fixtureURL(_ name: String) throws -> URL {
  try #require(Bundle.module.url(forResource: "Fixtures/" + name, withExtension: nil), "no fixture \(name)")
}

/// A folder of the test's own that goes with the body.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

/// Live handles are a count of the process, so what measures it must not run beside other tests.
@Suite(.serialized) enum SerialTests {}
