public import Torch

/// What a language model is called with: token ids and what is known about them.
public struct TokenInput: Sendable {
  /// `[batch, length]`, int64.
  public var ids: Tensor
  /// `[batch, length]`: zero (or false) where there is only padding; `nil` where there is none.
  public var mask: Tensor?
  /// `[batch, length]`: 0 for the first text of a pair, 1 for the second; `nil` for zeros. Models without such types ignore it.
  public var types: Tensor?
  /// `[batch, length]` or `[1, length]`: each token's place in its text; `nil` counts from the left as the model was trained to.
  public var positions: Tensor?
  /// `[batch, length]`: the number of each token's text where several share a row (`SequencePacker`). Tokens see their own text only.
  public var segments: Tensor?
  /// What an encoder-decoder's decoder reads, `[batch, target length]`.
  public var decoderIDs: Tensor?
  /// The same as `mask` for `decoderIDs`.
  public var decoderMask: Tensor?

  /// Token ids with what is known about them; see the properties for shapes.
  public init(
    _ ids: Tensor, mask: Tensor? = nil, types: Tensor? = nil, positions: Tensor? = nil, segments: Tensor? = nil,
    decoderIDs: Tensor? = nil, decoderMask: Tensor? = nil
  ) {
    self.ids = ids
    self.mask = mask
    self.types = types
    self.positions = positions
    self.segments = segments
    self.decoderIDs = decoderIDs
    self.decoderMask = decoderMask
  }

  /// Rows of ids, the shorter ones filled up on the right.
  /// - Parameters:
  ///   - rows: one list of ids for each text.
  ///   - padding: the id that fills up.
  ///   - length: the length of all rows; that of the longest if `nil`. Longer rows are cut.
  /// - Throws: `TorchError` if the tensors cannot be made.
  public init(rows: [[Int]], padding: Int, length: Int? = nil) throws(TorchError) {
    let longest = length ?? max(1, rows.map(\.count).max() ?? 1)
    var ids: [Int64] = []
    var mask: [Int64] = []
    ids.reserveCapacity(rows.count * longest)
    mask.reserveCapacity(rows.count * longest)
    for row in rows {
      let kept = row.prefix(longest)
      ids.append(contentsOf: kept.map(Int64.init))
      mask.append(contentsOf: repeatElement(1, count: kept.count))
      ids.append(contentsOf: repeatElement(Int64(padding), count: longest - kept.count))
      mask.append(contentsOf: repeatElement(0, count: longest - kept.count))
    }
    let hasPadding = mask.contains(0)
    self.init(
      try Tensor(ids, shape: [rows.count, longest]), mask: hasPadding ? try Tensor(mask, shape: [rows.count, longest]) : nil)
  }

  /// Refuses ids and companions whose shapes do not go together.
  func check(_ place: String) throws(TorchError) {
    func refuse(_ name: String, _ tensor: Tensor, _ expected: String) -> TorchError {
      TorchError(.value, place, "\(name) has shape \(tensor.shape)", expected: expected)
    }
    guard ids.ndim == 2 else { throw refuse("ids", ids, "[batch, length]") }
    guard ids.dtype.isInteger else { throw TorchError(.type, place, "ids are \(ids.dtype)", expected: "whole numbers, int64") }
    let shape = ids.shape
    for (name, tensor) in [("mask", mask), ("types", types), ("segments", segments)] {
      if let tensor, tensor.shape != shape { throw refuse(name, tensor, "\(shape) as the ids") }
    }
    if let positions, positions.shape != shape, positions.shape != [1, shape[1]] { throw refuse("positions", positions, "\(shape)") }
    if let decoderIDs {
      guard decoderIDs.ndim == 2, decoderIDs.shape[0] == shape[0] else {
        throw refuse("decoderIDs", decoderIDs, "[\(shape[0]), target length]")
      }
      if let decoderMask, decoderMask.shape != decoderIDs.shape { throw refuse("decoderMask", decoderMask, "\(decoderIDs.shape)") }
    }
  }

  /// `positions`, or 0, 1, 2 … as `[1, length]`.
  func countedPositions() throws(TorchError) -> Tensor {
    if let positions { return positions }
    return try Tensor.arange(.int(ids.shape[1]), dtype: .int64, device: ids.device).unsqueeze(0)
  }
}
