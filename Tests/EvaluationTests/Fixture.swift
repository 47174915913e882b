import Foundation
import MartletCore
import Synchronization
import Testing

/// A fixture's document and what tests read from it.
enum Fixture {
  /// What was read before: every test makes its suite anew, and reading takes longer than most tests.
  private static let known = Mutex<[String: JSONValue]>([:])

  static func read(_ name: String) throws -> JSONValue {
    if let value = known.withLock({ $0[name] }) { return value }
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"))
    let value = try JSON.decode(JSONValue.self, from: Data(contentsOf: url), source: url.path)
    known.withLock { $0[name] = value }
    return value
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
