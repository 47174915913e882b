import MartletCore
import Models
import Testing

@testable import Martlet

@Suite struct MemoryEstimateTests {
  private func network() throws -> any Layer {
    try ModelConfiguration(architecture: "lenet", input: [1, 28, 28], classes: 10, settings: [:]).build(seed: 1)
  }

  @Test func aStepThatCannotFitIsRefusedWithABatchThatDoes() throws {
    let estimate = try MemoryEstimate(network(), input: [1, 28, 28], batch: 65_536)
    let error = #expect(throws: ArgumentError.self) { try estimate.check(batch: 65_536, available: 100 << 20) }
    let remedy = try #require(error?.remedy)
    let fitting = try #require(remedy.split(separator: "=").last.flatMap { Int($0.prefix { $0.isNumber }) })
    try MemoryEstimate(network(), input: [1, 28, 28], batch: fitting).check(batch: fitting, available: 100 << 20)
    #expect(fitting >= 64, "the remedy is not timid: \(remedy)")
  }

  @Test func whatFitsPasses() throws {
    try MemoryEstimate(network(), input: [1, 28, 28], batch: 128).check(batch: 128, available: 100 << 20)
    try MemoryEstimate(network(), input: [1, 28, 28], batch: .max / 2).check(batch: 1, available: nil)
    #expect((ProcessMemory.available() ?? 1) > 0)
  }
}
