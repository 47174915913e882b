import Foundation
import Martlet

/// Fine-tunes a sentence encoder (MiniLM) so that it tells great reviews of food from others: whole, or by low-rank adapters.
///
///     scripts/fetch-data minilm reviews-en
///     swift run -c release TextClassificationExample [whole|lora] [epochs]
@main
struct TextClassificationExample {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    let way = Way(rawValue: arguments.first ?? "whole") ?? .whole
    let clock = ContinuousClock()
    let start = clock.now
    let result = try await train(way, epochs: arguments.dropFirst().first.flatMap { Int($0) } ?? 2)
    print("accuracy on the test reviews, epoch by epoch:", result.values("validation/accuracy"))
    print("seconds:", (clock.now - start) / .seconds(1))
  }

  /// What learns: all weights, or adapters beside those of the encoder.
  enum Way: String { case whole, lora }

  static func train(_ way: Way, epochs: Int, reviews: Int = .max) async throws -> TrainingResult {
    guard let encoder = SharedFiles.path("data/minilm"), let data = SharedFiles.path("data/reviews-en") else {
      throw ArgumentError("the encoder or the reviews are not there", remedy: "scripts/fetch-data minilm reviews-en")
    }
    var tokenizer = try Tokenizer(file: encoder + "/tokenizer.json")
    tokenizer.truncation = Truncation(maxLength: 96)
    tokenizer.padding = nil
    let training = try texts(data + "/train.csv", tokenizer, reviews), test = try texts(data + "/test.csv", tokenizer, reviews)

    let model = try LanguageModels.load(
      folder: encoder, task: .classification(labels: 2, pooling: .mean), settings: ["attention_probs_dropout_prob": 0])
    if way == .lora {
      let targets = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]
      try model.addLoRA(LoRASettings(rank: 16, alpha: 32, targets: targets, trained: ["classifier"]))
    }
    // Reviews of like length share a batch, so that little of it is padding.
    let loader = try DataLoader(training, batches: BucketedBatches(lengths: training.lengths, limit: .items(16), seed: 1))
    let watched = try DataLoader(test, batches: BucketedBatches(lengths: test.lengths, limit: .items(64), seed: nil))
    let trainer = try Trainer(
      model, loss: .crossEntropy(labelSmoothing: 0.05), optimizer: .adamW(learningRate: way == .whole ? 1e-4 : 1e-3, weightDecay: 0.01),
      schedule: .linear().warmup(.fraction(0.1)), seed: 1, options: TrainerOptions(clip: .norm(1)))
    return try await trainer.fit(loader, validation: watched, epochs: epochs, handlers: [ProgressBar()])
  }

  /// Reviews as token ids, with their classes.
  private static func texts(_ path: String, _ tokenizer: Tokenizer, _ count: Int) throws -> TokenBatches {
    let table = try Table.read(path)
    let texts = try table.column("text").texts().prefix(count).map { $0 ?? "" }
    let labels = try table.column("label").texts().prefix(count).map { $0 == "great" ? 1 : 0 }
    let rows = try tokenizer.encode(batch: Array(texts)).map(\.ids)
    return try TokenBatches(rows, targets: .classes(Array(labels)), padding: 0)
  }
}
