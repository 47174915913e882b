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
  func check(batch: Int, available: Int? = ProcessMemory.available()) throws {
    guard let available, needed > available else { return }
    let fitting = max(1, (available - (needed - perPicture * batch)) / max(1, perPicture) / 2)
    throw ArgumentError(
      "a batch of \(batch) needs at least \(NumberText.bytes(needed)) of memory, \(NumberText.bytes(available)) are free",
      expected: "a step that fits", remedy: "--set training.batch=\(min(fitting, max(1, batch / 2))), or smaller pictures")
  }
}
