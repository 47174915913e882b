import Foundation
import MartletCore
import Testing

/// A fixture's document and what tests read from it.
enum Fixture {
  static func read(_ name: String) throws -> JSONValue {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"))
    return try JSON.decode(JSONValue.self, from: Data(contentsOf: url), source: url.path)
  }

  static func number(_ value: JSONValue?) -> Double { ParityTests.number(value) }

  static func agree(_ a: Double, _ b: Double, _ tolerance: Double = 1e-12) -> Bool { ParityTests.agree(a, b, tolerance) }
}

extension JSONValue {
  var doubles: [Double] { (arrayValue ?? []).map(Fixture.number) }
  var ints: [Int] { doubles.map { Int($0) } }
  var bools: [Bool] { doubles.map { $0 == 1 } }
  var list: [JSONValue] { arrayValue ?? [] }
}
