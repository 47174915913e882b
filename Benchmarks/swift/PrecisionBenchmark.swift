import Foundation
import Martlet

/// What bfloat16, accumulated gradients and recomputation cost and save: seconds a step and the process's peak memory, one way in one process.
enum PrecisionBenchmark {
  static let ways = ["float32", "bfloat16", "accumulate", "recompute"]

  /// - Parameter arguments: one of ``ways`` and the number of threads.
  static func run(_ arguments: [String]) throws -> [String: Double] {
    guard arguments.count == 2, ways.contains(arguments[0]), let threads = Int(arguments[1]) else {
      throw ArgumentError("precision \(arguments)", expected: "one of \(ways.joined(separator: ", ")) and a number of threads")
    }
    let way = arguments[0]
    try TorchThreads.set(threads)
    try RandomState.seed(0)
    // A network in which activations, not weights, take the memory, and take it everywhere alike: Benchmarks/precision.py has the same one.
    var layers: [any Layer] = []
    for block in 0..<12 { layers += [Conv2d(block == 0 ? 3 : 64, 64, kernel: 3, padding: 1, bias: false), BatchNorm2d(64), ReLU()] }
    let body: any Layer = way == "recompute" ? CheckpointedSequential(layers, segments: 6) : Sequential(layers)
    let head = Linear(64, 10)
    let batch = 64, parts = way == "accumulate" ? 4 : 1
    let x = try Tensor.randn([batch, 3, 32, 32]), y = try Tensor((0..<batch).map { Int64($0 % 10) })
    let optimizer = try SGD(body.parameters() + head.parameters(), learningRate: 0.01, momentum: 0.9)
    func loss(_ x: Tensor, _ y: Tensor) throws -> Tensor { try crossEntropy(head(body(x).mean(dims: [2, 3])), y) / Double(parts) }
    func step() throws {
      for part in 0..<parts {
        let size = batch / parts
        let (images, labels) = (
          try x.narrow(dim: 0, start: part * size, length: size), try y.narrow(dim: 0, start: part * size, length: size)
        )
        let value: Tensor
        if way == "bfloat16" { value = try autocast(.bfloat16) { try loss(images, labels) } } else { value = try loss(images, labels) }
        try value.backward()
      }
      try optimizer.step()
      optimizer.zeroGradients()
    }
    let before = residentPeak()
    try step()
    var best = Double.infinity
    for _ in 0..<5 { best = min(best, try EngineBenchmark.seconds(step)) }
    return ["seconds": best, "MiB": residentPeak() - before]
  }

  /// The largest resident size of the process so far, in MiB.
  private static func residentPeak() -> Double {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
    else { return 0 }
    return kilobytes / 1024
  }
}
