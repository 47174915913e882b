import Charts
import Foundation
import MartletCore
import NN

/// What a training step holds in memory, roughly, against what the machine has left. The kernel ends a process that takes too much
/// without a word, so this has to be known before.
struct MemoryEstimate {
  /// Bytes that a step certainly needs: weights with their gradients and the optimizer's averages, and most of the layers' outputs, which
  /// the backward pass reads again. Temporary buffers come on top.
  let needed: Int
  /// Bytes that one more picture in the batch needs.
  let perPicture: Int

  /// - Parameter input: one picture, `[channels, height, width]`.
  init(_ model: some Layer, input: [Int], batch: Int) throws {
    let summary = try summary(of: model, input: [1] + input)
    // Of convolution, norm and activation in a row two outputs are kept.
    perPicture = summary.outputBytes * 6 / 10 + input.reduce(4, *)
    let product = perPicture.multipliedReportingOverflow(by: batch)
    needed = product.overflow ? .max : product.partialValue.addingReportingOverflow(summary.parameterBytes * 4).partialValue
  }

  /// - Parameter available: bytes that are free; the check passes where that is not known.
  /// - Throws: `ArgumentError` naming the batch size that would fit.
  func check(batch: Int, available: Int? = Self.available()) throws {
    guard let available, needed > available else { return }
    let fitting = max(1, (available - (needed - perPicture * batch)) / max(1, perPicture) / 2)
    throw ArgumentError(
      "a batch of \(batch) needs at least \(NumberText.bytes(needed)) of memory, \(NumberText.bytes(available)) are free",
      expected: "a step that fits", remedy: "--set training.batch=\(min(fitting, max(1, batch / 2))), or smaller pictures")
  }

  /// Bytes that this process can still take: what the system has left, and no more than its control group allows.
  static func available() -> Int? {
    func number(_ path: String) -> Int? {
      (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
    let system = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)).flatMap { text in
      text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }.map { $0 * 1024 }
    let group = number("/sys/fs/cgroup/memory.max").flatMap { limit in number("/sys/fs/cgroup/memory.current").map { limit - $0 } }
    return [system, group].compactMap { $0 }.min()
  }
}
