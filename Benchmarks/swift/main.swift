import Foundation
import Martlet

// One task of the benchmark, once: `martlet-bench small-op` prints {"small-op": 620.5}. `Benchmarks/run` repeats and pairs it with its peer.
let arguments = CommandLine.arguments.dropFirst()
let results: [String: Double]
switch arguments.first {
case "small-op": results = ["small-op": try EngineBenchmark.smallOperator()]
case "mlp-sgd": results = ["mlp-sgd": try EngineBenchmark.mlp { try SGD($0, learningRate: 0.01) }]
case "mlp-adamw": results = ["mlp-adamw": try EngineBenchmark.mlp { try AdamW($0, learningRate: 1e-3) }]
case "cnn-epoch": results = ["cnn-epoch": try await EngineBenchmark.convolutionEpoch()]
case "images": results = try ImageBenchmark.run(photo: arguments.dropFirst().first ?? "photo.jpg")
case "distributed":
  results = ["items per second": try await DistributedBenchmark.throughput(jointBatchNorm: arguments.dropFirst().first != "local")]
case "augment": results = try AugmentBenchmark.run(photo: arguments.dropFirst().first ?? "photo.png")
case "optimizers":
  results = arguments.dropFirst().first == "resnet18" ? try OptimizerBench.resNet18("all") : try OptimizerBench.mlp("all")
case "models": results = try ModelBenchmark.run(Array(arguments.dropFirst()))
case "loader": results = try await LoaderBenchmark.run(Array(arguments.dropFirst()))
case "precision": results = try PrecisionBenchmark.run(Array(arguments.dropFirst()))
case "tables": results = try TableBenchmark.run(Array(arguments.dropFirst()))
case "checks": results = try ChecksBenchmark.run(Array(arguments.dropFirst()))
case "recipes": results = try RecipeBenchmark.run(Array(arguments.dropFirst()))
case "learners": results = try LearnerBenchmark.run(Array(arguments.dropFirst()))
case "evaluation": results = try EvaluationBenchmark.run(Array(arguments.dropFirst()))
case "generation": results = try GenerationBenchmark.run(Array(arguments.dropFirst()))
case "tokenizers": results = try TokenizerBenchmark.run(Array(arguments.dropFirst()))
case "language-tools": results = try LanguageToolsBenchmark.run(Array(arguments.dropFirst()))
case "soak": results = try await Soak.steps()
case "serve": results = try await ServingBenchmark.serve(Array(arguments.dropFirst()))
case "serve-alone": results = try await ServingBenchmark.alone(Array(arguments.dropFirst()))
case "serve-swaps": results = try await ServingBenchmark.swaps(Array(arguments.dropFirst()))
case "metrics": results = Dictionary(uniqueKeysWithValues: metricsBenchmark().map { ($0.name, $0.seconds) })
default:
  FileHandle.standardError.write(
    Data(
      """
      usage: martlet-bench small-op | mlp-sgd | mlp-adamw | cnn-epoch | images PHOTO | metrics | augment PHOTO | optimizers mlp|resnet18
        | distributed [local] | models NAME THREADS | loader FOLDER WORKERS | precision WAY THREADS | tables TASK FILE | checks | recipes THREADS
        | learners [TASK ...] | evaluation | soak | generation MODEL THREADS [FORMAT] | tokenizers … | language-tools …
        | serve PORT NETWORK [BATCH [QUEUE]] | serve-alone NETWORK | serve-swaps PORT NETWORK COUNT

      """
      .utf8))
  exit(2)
}
print(String(decoding: try JSON.encode(results, pretty: false), as: UTF8.self))
