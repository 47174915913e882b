public import Torch

/// Sequences of several lengths without padding, as recurrent layers read them (`torch.nn.utils.rnn.PackedSequence`): first the first
/// element of every sequence, then the second of all that have one …
///
/// ```swift
/// let packed = try PackedSequence(padded, lengths: [5, 2, 4])
/// let (output, state) = try lstm(packed)
/// let (values, lengths) = try output.padded()
/// ```
public struct PackedSequence: Sendable {
  /// The elements of all sequences, `[steps, …]`.
  public let data: Tensor
  /// How many sequences have a first, a second … element.
  public let batchSizes: [Int]
  /// Which of the caller's sequences stands where among the packed ones, longest first; `nil` where they came in that order.
  public let sortedIndices: [Int]?

  /// The number of sequences.
  public var count: Int { batchSizes.first ?? 0 }

  /// Packs a padded batch.
  /// - Parameters:
  ///   - padded: `[batch, length, …]`; `[length, batch, …]` with `batchFirst: false`.
  ///   - lengths: the length of each sequence, at least 1.
  ///   - batchFirst: whether the batch comes before the length.
  ///   - enforceSorted: whether lengths that are not in falling order are an error, instead of being sorted here.
  /// - Throws: `TorchError` where lengths and batch do not fit.
  public init(_ padded: Tensor, lengths: [Int], batchFirst: Bool = true, enforceSorted: Bool = false) throws(TorchError) {
    let shape = padded.shape
    guard shape.count >= 2 else {
      throw TorchError.layer("got \(shape)", in: "PackedSequence", expected: batchFirst ? "[batch, length, …]" : "[length, batch, …]")
    }
    let batch = shape[batchFirst ? 0 : 1], longest = shape[batchFirst ? 1 : 0]
    guard lengths.count == batch, lengths.allSatisfy({ (1...max(longest, 1)).contains($0) }) else {
      throw TorchError.layer(
        "the lengths \(lengths) do not fit \(shape)", in: "PackedSequence", expected: "\(batch) lengths in 1…\(longest)")
    }
    let isSorted = zip(lengths, lengths.dropFirst()).allSatisfy { $0 >= $1 }
    guard isSorted || !enforceSorted else {
      throw TorchError.layer(
        "the lengths \(lengths) do not fall", in: "PackedSequence", expected: "the longest sequence first", remedy: "enforceSorted: false")
    }
    // A stable order, so that equal lengths keep theirs.
    let order = isSorted ? nil : lengths.indices.sorted { (lengths[$0], $1) > (lengths[$1], $0) }
    var input = padded
    if let order { input = try padded.indexSelect(dim: batchFirst ? 0 : 1, Tensor(order.map(Int64.init), device: padded.device)) }
    let sorted = order.map { $0.map { lengths[$0] } } ?? lengths
    let (data, sizes) = try input.packPaddedSequence(Tensor(sorted.map(Int64.init)), batchFirst: batchFirst)
    self.init(data: data, batchSizes: try sizes.array(of: Int64.self).map(Int.init), sortedIndices: order)
  }

  /// Packs sequences `[length, …]`.
  /// - Throws: `TorchError` where there are none or their elements differ in shape.
  public init(_ sequences: [Tensor], enforceSorted: Bool = false) throws(TorchError) {
    guard !sequences.isEmpty, sequences.allSatisfy({ $0.ndim > 0 }) else {
      throw TorchError.layer("got \(sequences.map(\.shape))", in: "PackedSequence", expected: "sequences [length, …], at least one")
    }
    let padded = try Tensor.padSequence(sequences, batchFirst: true)
    try self.init(padded, lengths: sequences.map { $0.shape[0] }, batchFirst: true, enforceSorted: enforceSorted)
  }

  private init(data: Tensor, batchSizes: [Int], sortedIndices: [Int]?) {
    self.data = data
    self.batchSizes = batchSizes
    self.sortedIndices = sortedIndices
  }

  /// The sequences as one padded batch, in the caller's order.
  /// - Parameters:
  ///   - batchFirst: whether the batch comes before the length.
  ///   - value: what stands behind the end of shorter sequences.
  ///   - length: the length to pad to; the longest sequence's if `nil`.
  /// - Returns: `[batch, length, …]` and the lengths.
  /// - Throws: `TorchError` if `length` is shorter than the longest sequence.
  public func padded(
    batchFirst: Bool = true, value: Double = 0, to length: Int? = nil
  ) throws(TorchError) -> (values: Tensor, lengths: [Int]) {
    if let length, length < batchSizes.count {
      throw TorchError.layer(
        "the longest sequence has \(batchSizes.count) elements", in: "PackedSequence", expected: "a length of that or more, not \(length)")
    }
    let (values, lengths) = try data.padPackedSequence(
      batchSizesTensor(), batchFirst: batchFirst, paddingValue: Scalar(value), totalLength: length ?? batchSizes.count)
    let sorted = try lengths.array(of: Int64.self).map(Int.init)
    guard let restoring else { return (values, sorted) }
    return (try unsorting(values, dim: batchFirst ? 0 : 1), restoring.map { sorted[$0] })
  }

  /// The sequences one by one, in the caller's order.
  public func unpacked() throws(TorchError) -> [Tensor] {
    let (values, lengths) = try padded()
    var sequences: [Tensor] = []
    for (index, length) in lengths.enumerated() {
      sequences.append(try values.select(dim: 0, index: index).narrow(dim: 0, start: 0, length: length))
    }
    return sequences
  }

  /// The same sequences with other elements.
  func replacing(_ data: Tensor) -> PackedSequence { PackedSequence(data: data, batchSizes: batchSizes, sortedIndices: sortedIndices) }

  func batchSizesTensor() throws(TorchError) -> Tensor { try Tensor(batchSizes.map(Int64.init)) }

  /// Brings the caller's order to the packed one along a dimension.
  func sorting(_ x: Tensor, dim: Int) throws(TorchError) -> Tensor {
    guard let sortedIndices else { return x }
    return try x.indexSelect(dim: dim, Tensor(sortedIndices.map(Int64.init), device: x.device))
  }

  /// Undoes ``sorting(_:dim:)``.
  func unsorting(_ x: Tensor, dim: Int) throws(TorchError) -> Tensor {
    guard let restoring else { return x }
    return try x.indexSelect(dim: dim, Tensor(restoring.map(Int64.init), device: x.device))
  }

  /// Where each of the caller's sequences stands among the packed ones.
  private var restoring: [Int]? {
    sortedIndices.map { order in
      var positions = [Int](repeating: 0, count: order.count)
      for (position, index) in order.enumerated() { positions[index] = position }
      return positions
    }
  }
}
