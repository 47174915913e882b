import Foundation
import Martlet

/// Milliseconds of a forward pass (evaluation, no gradients) and of a training step. Names and work are those of `models.py`.
enum ModelBenchmark {
  struct Task {
    let name: String, architecture: String
    let input: [Int]
    let batch: Int
    /// Passes and steps that one measurement takes.
    let repeats: Int
  }

  static let tasks = [
    Task(name: "mlp", architecture: "mlp", input: [1, 28, 28], batch: 64, repeats: 500),
    Task(name: "lenet", architecture: "lenet", input: [1, 28, 28], batch: 64, repeats: 200),
    Task(name: "resnet18-32", architecture: "resnet18", input: [3, 32, 32], batch: 32, repeats: 4),
    Task(name: "resnet18-224", architecture: "resnet18", input: [3, 224, 224], batch: 8, repeats: 2),
    Task(name: "mobilenet_v2", architecture: "mobilenet_v2", input: [3, 224, 224], batch: 8, repeats: 2),
    Task(name: "lstm", architecture: "lstm", input: [50, 32], batch: 32, repeats: 20),
    Task(name: "vit_tiny", architecture: "vit_tiny", input: [3, 32, 32], batch: 32, repeats: 3),
  ]

  /// - Parameter arguments: the task's name and the number of threads.
  static func run(_ arguments: [String]) throws -> [String: Double] {
    guard arguments.count == 2, let task = tasks.first(where: { $0.name == arguments[0] }), let threads = Int(arguments[1]) else {
      throw ArgumentError("models \(arguments)", expected: "a name (\(tasks.map(\.name).joined(separator: ", "))) and a number of threads")
    }
    try TorchThreads.set(threads)
    try RandomState.seed(0)
    let model = try ModelConfiguration(architecture: task.architecture, input: task.input, classes: 10).build(seed: 0)
    let x = try Tensor.randn([task.batch] + task.input), y = try Tensor((0..<task.batch).map { Int64($0 % 10) })
    let optimizer = try SGD(model.parameters(), learningRate: 0.01, momentum: 0.9)
    func forward() throws { _ = try model(x) }
    func step() throws {
      try crossEntropy(model(x), y).backward()
      try optimizer.step()
      optimizer.zeroGradients()
    }
    model.train()
    let training = try milliseconds(task.repeats, step)
    model.eval()
    let inference = try withoutGrad { try milliseconds(task.repeats, forward) }
    return ["forward": inference, "step": training]
  }

  private static func milliseconds(_ repeats: Int, _ body: () throws -> Void) throws -> Double {
    for _ in 0..<max(1, repeats / 5) { try body() }
    return try EngineBenchmark.seconds { for _ in 0..<repeats { try body() } } / Double(repeats) * 1e3
  }
}
