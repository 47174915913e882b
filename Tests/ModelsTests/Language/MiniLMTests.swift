import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Models

/// The published MiniLM, where `scripts/fetch-data minilm` has brought it, against transformers.
@Suite(.serialized, .enabled(if: SharedFiles.path("data/minilm") != nil)) struct MiniLMTests {
  private func expected() throws -> SafetensorsFile {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/language")
    return try SafetensorsFile(path: folder.appendingPathComponent("minilm.safetensors").path)
  }

  @Test func sentencesHaveTheEmbeddingsOfTheReference() throws {
    let model = try LanguageModels.load(folder: #require(SharedFiles.path("data/minilm")))
    #expect(model.task == .embedding(EmbeddingSettings(pooling: [.mean], normalizes: true)))
    #expect(Set(model.loading?.unused ?? []) == ["embeddings.position_ids", "pooler.dense.bias", "pooler.dense.weight"])
    let file = try expected()
    let ids = try file.tensor("ids").to(.int64)
    let together = try inferenceMode { try model(ids) }
    let wanted = try file.tensor("embeddings")
    let difference = try (together - wanted).abs().max().double()
    #expect(difference < 1e-5, "embeddings differ by \(difference)")
    // A sentence's vector does not depend on what else is in the batch.
    for row in 0..<ids.shape[0] {
      let length = try ids.select(dim: 0, index: row).ne(0).sum().int()
      let alone = try inferenceMode {
        try model(ids.narrow(dim: 0, start: row, length: 1).narrow(dim: 1, start: 0, length: length))
      }
      #expect(try (alone - wanted.narrow(dim: 0, start: row, length: 1)).abs().max().double() < 1e-5)
    }
  }

  @Test func aClassifierStandsOnIt() throws {
    let model = try LanguageModels.load(
      folder: #require(SharedFiles.path("data/minilm")), task: .classification(labels: 2, pooling: .mean))
    #expect(model.loading?.new == ["classifier.weight", "classifier.bias"])
    #expect(model.parameterCount() == 22_565_376 + 2 * 385)
  }
}
