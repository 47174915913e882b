import Foundation
import MartletCore
import Testing
import Torch

/// What Tools/fixtures_nn.py wrote, and the scripts beside it.
struct Fixtures: Decodable {
  let creationSeed: UInt64
  let forwardSeed: UInt64
  let layers: [LayerCase]
  let losses: [LossCase]
  let initializers: [InitializerCase]

  static let shared: Fixtures = {
    do {
      let url = try folder().appendingPathComponent("cases.json")
      return try JSON.decode(Fixtures.self, from: Data(contentsOf: url), source: "cases.json")
    } catch {
      return Fixtures(creationSeed: 0, forwardSeed: 0, layers: [], losses: [], initializers: [])
    }
  }()

  static func folder() throws -> URL {
    guard let url = Bundle.module.url(forResource: "Fixtures", withExtension: nil) else {
      throw ArgumentError("the test bundle holds no Fixtures")
    }
    return url
  }

  private init(creationSeed: UInt64, forwardSeed: UInt64, layers: [LayerCase], losses: [LossCase], initializers: [InitializerCase]) {
    self.creationSeed = creationSeed
    self.forwardSeed = forwardSeed
    self.layers = layers
    self.losses = losses
    self.initializers = initializers
  }

  /// All numbers of one case, one after the other.
  static func numbers(_ name: String, file: String = "cases") throws -> [Float] {
    try SafetensorsFile(path: folder().appendingPathComponent(file + ".safetensors").path).tensor(name).array(of: Float.self)
  }
}

/// Where one tensor of a case lies: name, shape, and `i` for integers, `b` for booleans.
struct Section: Decodable, Sendable {
  let name: String
  let shape: [Int]
  let isInteger: Bool
  let isBoolean: Bool

  init(_ name: String, _ shape: [Int], kind: String = "f") {
    self.name = name
    self.shape = shape
    isInteger = kind == "i"
    isBoolean = kind == "b"
  }

  init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    let name = try container.decode(String.self), shape = try container.decode([Int].self)
    self.init(name, shape, kind: try container.decode(String.self))
  }
}

struct LayerCase: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let layer: String
  let config: [String: JSONValue]
  let created: String
  let parameters: [String]
  let parameterCount: Int
  let keys: [String]
  let sections: [Section]
  /// The file with the numbers, for the cases of files of their own.
  var file: String?
  /// A shape of the first input that the layer must refuse, for the cases of files of their own.
  var wrong: [Int]?
  var testDescription: String { name }

  func tensors() throws -> CaseTensors { try CaseTensors(name, sections, file: file ?? "cases") }
}

struct LossCase: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let loss: String
  let config: [String: JSONValue]
  let sections: [Section]
  var testDescription: String { name }
}

struct InitializerCase: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let initializer: String
  let config: [String: JSONValue]
  let sections: [Section]
  var testDescription: String { name }
}

/// The tensors of one case by name.
struct CaseTensors {
  private var tensors: [String: Tensor] = [:]

  init(_ name: String, _ sections: [Section], file: String = "cases") throws {
    let numbers = try Fixtures.numbers(name, file: file)
    var offset = 0
    for section in sections {
      let count = section.shape.reduce(1, *)
      let values = Array(numbers[offset..<offset + count])
      offset += count
      if section.isBoolean {
        tensors[section.name] = try Tensor(values.map { $0 != 0 }, shape: section.shape)
      } else if section.isInteger {
        tensors[section.name] = try Tensor(values.map { Int64($0) }, shape: section.shape)
      } else {
        tensors[section.name] = try Tensor(values, shape: section.shape)
      }
    }
  }

  func optional(_ name: String) -> Tensor? { tensors[name] }

  func callAsFunction(_ name: String) throws -> Tensor {
    guard let tensor = tensors[name] else { throw ArgumentError("the case has no '\(name)'") }
    return tensor
  }

  func names(under prefix: String) -> [String] { tensors.keys.filter { $0.hasPrefix(prefix) }.sorted() }
}
