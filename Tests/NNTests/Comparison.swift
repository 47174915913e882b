import Testing
import Torch

/// The largest difference of two tensors relative to the largest reference value; infinite where shapes or types differ.
func relativeDifference(_ value: Tensor, _ reference: Tensor) throws -> Double {
  guard value.shape == reference.shape, value.dtype == reference.dtype else { return .infinity }
  let a = try value.array(of: Double.self), b = try reference.array(of: Double.self)
  let scale = max(b.map { abs($0) }.max() ?? 0, 1e-3)
  return zip(a, b).map { $0 == $1 ? 0 : abs($0 - $1) / scale }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
}

/// The message of the error that `body` throws, or `nil` where it throws none.
func message(_ body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch {
    return "\(error)"
  }
}

/// All tests of this module run one after the other: they watch the process's random state and its live handles.
@Suite(.serialized) enum NNSuite {}
