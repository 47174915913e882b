import MartletCore
public import Torch

/// Stacks the items of a dataset into batches.
public struct StackedBatches<Items: Dataset>: BatchSource {
  /// The items.
  public let dataset: Items

  /// Batches of `dataset`'s items.
  public init(_ dataset: Items) { self.dataset = dataset }

  public var count: Int { dataset.count }

  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    var samples: [Sample] = []
    samples.reserveCapacity(indices.count)
    for index in indices {
      do {
        samples.append(try dataset.sample(at: index, epoch: epoch))
      } catch {
        throw LoaderError(items: [index], underlying: error)
      }
    }
    return try Batch(stacking: samples, indices: indices)
  }
}

extension Batch {
  /// Puts items of one shape one after the other.
  /// - Parameter indices: the items' numbers, for messages.
  /// - Throws: `LoaderError` naming an item of another shape than the first.
  public init(stacking samples: [Sample], indices: [Int]) throws {
    self.init(
      inputs: try Self.stack(samples.map(\.input), indices, "input"), targets: try Self.stack(samples.map(\.target), indices, "target"),
      indices: indices)
  }

  private static func stack(_ arrays: [HostArray], _ indices: [Int], _ name: String) throws -> Tensor {
    guard let first = arrays.first else { throw ArgumentError("a batch of no items", expected: "one item or more") }
    let tensor = try Tensor.empty([arrays.count] + first.shape, dtype: first.dtype)
    try tensor.withUnsafeMutableBytes { bytes in
      for (position, array) in arrays.enumerated() {
        guard array.shape == first.shape, array.dtype == first.dtype else {
          throw LoaderError(
            items: [indices[position]],
            underlying: ArgumentError(
              "its \(name) is \(array.dtype) of shape \(array.shape)",
              expected: "\(first.dtype) of shape \(first.shape) as item \(indices[0])'s"))
        }
        let size = array.bytes.count
        UnsafeMutableRawBufferPointer(rebasing: bytes[(position * size)..<((position + 1) * size)]).copyBytes(from: array.bytes)
      }
    }
    return tensor
  }
}

/// Items that are all in memory already, as two tensors whose first dimension counts them.
public struct TensorBatches: BatchSource {
  private let inputs: Tensor
  private let targets: Tensor
  public let count: Int

  /// - Parameters:
  ///   - inputs: `[items, …]`.
  ///   - targets: `[items, …]`.
  /// - Throws: `ArgumentError` if the numbers of items differ.
  public init(inputs: Tensor, targets: Tensor) throws {
    guard let items = inputs.shape.first, items == targets.shape.first else {
      throw ArgumentError("inputs of shape \(inputs.shape) and targets of shape \(targets.shape)", expected: "the same first dimension")
    }
    self.inputs = try inputs.detach().to(device: .cpu).contiguous()
    self.targets = try targets.detach().to(device: .cpu).contiguous()
    count = items
  }

  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    Batch(inputs: try rows(of: inputs, indices), targets: try rows(of: targets, indices), indices: indices)
  }

  // Rows are copied by hand: an indexing operator would start an OpenMP team in every worker.
  private func rows(of tensor: Tensor, _ indices: [Int]) throws -> Tensor {
    let shape = tensor.shape
    let result = try Tensor.empty([indices.count] + shape.dropFirst(), dtype: tensor.dtype)
    try tensor.withUnsafeBytes { source in
      try result.withUnsafeMutableBytes { target in
        let size = source.count / max(1, count)
        for (position, index) in indices.enumerated() {
          guard (0..<count).contains(index) else {
            throw LoaderError(items: [index], underlying: ArgumentError("there is no such item", expected: "0…\(count - 1)"))
          }
          guard size > 0 else { continue }
          UnsafeMutableRawBufferPointer(rebasing: target[(position * size)..<((position + 1) * size)])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[(index * size)..<((index + 1) * size)]))
        }
      }
    }
    return result
  }
}
