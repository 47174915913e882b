import Foundation
import MartletCore
import Tables
import Testing

@testable import Profiling

struct Reference: Decodable {
  struct Pair: Decodable {
    struct Complete: Decodable { let a: [Int32], y: [Double] }
    let x: [Double?], y: [Double?], a: [Int32], b: [Int32]
    let pearson: Double, spearman: Double, cramersV: Double, mutualInformation: Double, correlationRatio: Double
    let complete: Complete
  }
  struct Confident: Decodable {
    let given: [Int], probabilities: [Double], classes: Int, thresholds: [Double], confidentJoint: [[Int]], joint: [[Double]], rate: Double
    let issues: [Int]
  }
  struct Factors: Decodable { let values: [Double], rows: Int, factors: [Double] }
  let associations: [Pair], confident: [Confident], factors: Factors

  static func load() throws -> Reference {
    let path = try #require(Bundle.module.path(forResource: "profiling", ofType: "json", inDirectory: "Fixtures"))
    return try JSON.decode(Reference.self, from: Data(contentsOf: URL(fileURLWithPath: path)), source: path)
  }
}

/// 1,200 flights out of New York, with the target `late`.
func flights() throws -> Table {
  let path = try #require(Bundle.module.path(forResource: "flights", ofType: "json", inDirectory: "Fixtures"))
  let columns = try JSON.decode([String: [JSONValue]].self, from: Data(contentsOf: URL(fileURLWithPath: path)), source: path)
  let table = try Table(
    columns.sorted { $0.key < $1.key }.map { name, values in
      if values.contains(where: { $0.stringValue != nil }) { return Column(name, values.map(\.stringValue)) }
      if values.contains(where: { $0.boolValue != nil }) { return Column(name, values.map(\.boolValue)) }
      return Column(name, values.map(\.intValue).map { $0.map(Int64.init) })
    })
  #expect(table.rowCount == 1200)
  return table
}

func near(_ a: Double, _ b: Double, _ tolerance: Double = 1e-12) -> Bool { abs(a - b) <= tolerance * max(1, abs(b)) }
