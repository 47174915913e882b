import Foundation
import MartletCore
import Models
import Testing

@testable import Generation

/// The published SmolLM2, where it was fetched.
@Suite(.serialized, .enabled(if: SharedFiles.path("data/smollm2") != nil)) struct SmolLM2Tests {
  private static let question = [504, 3575, 282, 4649, 314]  // The capital of France is

  private func load(_ format: WeightFormat?) throws -> DecoderModel {
    let folder = try #require(SharedFiles.path("data/smollm2"))
    return try DecoderModel(gguf: folder + "/SmolLM2-135M-Instruct.Q4_1.gguf", format: format)
  }

  @Test func itKnowsTheCapitalOfFrance() throws {
    for format in [nil, WeightFormat.int8] {
      let stepper = try GenerationStepper(load(format), length: 16, threads: 1)
      try stepper.read(Self.question)
      // " Paris" and a full stop.
      #expect(try [stepper.write(), stepper.write()] == [[7042], [30]])
    }
  }

  @Test func aTextIsTheSameInCompany() throws {
    let model = try load(nil)
    #expect(model.keepsHalves && model.bytes < 110_000_000)
    let texts = [Self.question, (0..<37).map { $0 * 731 }, [42]]
    let alone = try texts.map { text in
      let stepper = try GenerationStepper(model, length: 64, threads: 1)
      try stepper.read(text)
      return try (0..<6).map { _ in try stepper.write()[0] }
    }
    let together = try GenerationStepper(model, sequences: 3, length: 64, rows: 7, threads: 2)
    for (index, text) in texts.enumerated() { try together.read(text, sequence: index) }
    for step in 0..<6 { #expect(try together.write() == alone.map { $0[step] }) }
  }
}
