import Foundation
import Generation
import MartletCore
import Models

/// Decoding text: `martlet-bench generation MODEL.gguf THREADS [float32|bfloat16|int8|int4|file] [TEXT.json]`.
///
/// Tokens per second of reading 512 tokens and of writing 128 after them, alone and with seven others; seconds to the first token; bytes
/// of the process at its largest; with a file of token lists, the perplexity over them, each read from its own beginning.
enum GenerationBenchmark {
  static func run(_ arguments: [String]) throws -> [String: Double] {
    let path = arguments.first ?? "SmolLM2-135M-Instruct.Q4_1.gguf"
    let threads = arguments.dropFirst().first.flatMap { Int($0) } ?? 1
    let format = arguments.dropFirst(2).first.flatMap(WeightFormat.init(rawValue:))
    let start = ContinuousClock.now
    let model =
      path.hasSuffix(".gguf") ? try DecoderModel(gguf: path, format: format) : try DecoderModel(folder: path, format: format ?? .float32)
    var results = ["load seconds": seconds(since: start)]
    if let texts = arguments.dropFirst(3).first {
      let lists = try JSON.decode([[Int]].self, from: Data(contentsOf: URL(fileURLWithPath: texts)), source: texts)
      results["perplexity"] = try Perplexity.of(model, lists, threads: threads)
      return results
    }
    for batch in [1, 8] {
      let (reading, writing) = try measure(model, batch: batch, threads: threads)
      results["prefill 512, batch \(batch)"] = Double(512 * batch) / reading
      results["decode 128, batch \(batch)"] = Double(128 * batch) / writing
      if batch == 1 { results["first token after 512"] = reading }
    }
    results["peak bytes"] = peak()
    return results
  }

  private static func seconds(since start: ContinuousClock.Instant) -> Double { (ContinuousClock.now - start) / .seconds(1) }

  /// Seconds of reading, the first token included, and of writing.
  private static func measure(_ model: DecoderModel, batch: Int, threads: Int) throws -> (Double, Double) {
    let stepper = try GenerationStepper(model, sequences: batch, length: 640, rows: 512, threads: threads)
    let prompt = (0..<512).map { $0 &* 7919 % model.configuration.vocabulary }
    var start = ContinuousClock.now
    for sequence in 0..<batch { try stepper.read(prompt, sequence: sequence) }
    let reading = seconds(since: start)
    start = ContinuousClock.now
    for _ in 0..<128 { try stepper.write() }
    return (reading, seconds(since: start))
  }

  private static func peak() -> Double {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") } ?? ""
    return (line.split(separator: " ").compactMap { Double($0) }.first ?? 0) * 1024
  }
}
