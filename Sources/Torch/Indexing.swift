import CTorch
import MartletCore

/// One position of an index: what to take along one dimension.
public enum TensorIndex: Sendable {
  /// One element; the dimension goes. Negative numbers count from the end.
  case at(Int)
  /// From `start` up to but not including `end`, every `step`-th; `nil` means from or to the edge. Negative bounds count from the end.
  case slice(Int?, Int?, step: Int)
  /// As many whole dimensions as are left.
  case ellipsis
  /// A new dimension of size 1.
  case newAxis
  /// The elements at the positions of an integer tensor, or where a tensor of `bool` is true.
  case tensor(Tensor)
}

/// Anything that can stand in an index: numbers, ranges, tensors, `Axis.all`, `Axis.new`, `Axis.rest`.
public protocol TensorIndexConvertible: Sendable {
  var tensorIndex: TensorIndex { get }
}

/// Positions of an index that are no number and no range.
public enum Axis {
  /// The whole dimension.
  public static let all = TensorIndex.slice(nil, nil, step: 1)
  /// A new dimension of size 1.
  public static let new = TensorIndex.newAxis
  /// All dimensions that no other position speaks of.
  public static let rest = TensorIndex.ellipsis
  /// A slice with bounds that may count from the end: `Axis.slice(1, -1)`.
  public static func slice(_ start: Int? = nil, _ end: Int? = nil, step: Int = 1) -> TensorIndex { .slice(start, end, step: step) }
}

extension TensorIndex: TensorIndexConvertible { public var tensorIndex: TensorIndex { self } }
extension Int: TensorIndexConvertible { public var tensorIndex: TensorIndex { .at(self) } }
extension Tensor: TensorIndexConvertible { public var tensorIndex: TensorIndex { .tensor(self) } }
extension Range<Int>: TensorIndexConvertible { public var tensorIndex: TensorIndex { .slice(lowerBound, upperBound, step: 1) } }
extension ClosedRange<Int>: TensorIndexConvertible {
  public var tensorIndex: TensorIndex { .slice(lowerBound, upperBound.after, step: 1) }
}
extension PartialRangeFrom<Int>: TensorIndexConvertible { public var tensorIndex: TensorIndex { .slice(lowerBound, nil, step: 1) } }
extension PartialRangeUpTo<Int>: TensorIndexConvertible { public var tensorIndex: TensorIndex { .slice(nil, upperBound, step: 1) } }
extension PartialRangeThrough<Int>: TensorIndexConvertible {
  public var tensorIndex: TensorIndex { .slice(nil, upperBound.after, step: 1) }
}
extension Int {
  // The bound -1 is the last element, after which there is no number to name; nor is there one after the largest.
  fileprivate var after: Int? { self == -1 || self == .max ? nil : self + 1 }
}

extension Tensor {
  /// Elements by position, as in NumPy: `try x[0, 1..<3, Axis.rest, Axis.new]`, `try x[mask]`, `try x[rows, columns]`.
  ///
  /// Numbers and ranges give views of the same memory; tensors of positions or of `bool` give copies.
  /// - Throws: `TorchError` of kind `.index` that names the position and the shape.
  public subscript(_ positions: any TensorIndexConvertible...) -> Tensor {
    get throws(TorchError) { try index(positions.map(\.tensorIndex)) }
  }

  /// Elements by a list of positions made at run time.
  public func index(_ positions: [TensorIndex]) throws(TorchError) -> Tensor {
    let (view, tensors) = try viewed(at: positions)
    if tensors.allSatisfy({ $0 == nil }) { return view }
    var error: CTError?
    let result = tensors.withHandles { ct_index_Tensor(view.raw, $0, &error) }
    guard let result else { throw TorchError(error, "Tensor.subscript", [view] + tensors) }
    return Tensor(owning: result)
  }

  /// A copy in which the elements at `positions` are `value`, broadcast to their shape. Gradients flow to both.
  public func replacing(_ positions: any TensorIndexConvertible..., with value: Tensor) throws(TorchError) -> Tensor {
    let copy = try clone()
    let (view, tensors) = try copy.viewed(at: positions.map(\.tensorIndex))
    if tensors.allSatisfy({ $0 == nil }) {
      try view.copy_(value)
    } else {
      var error: CTError?
      let status = tensors.withHandles { ct_index_put_(view.raw, $0, value.raw, false, &error) }
      guard status == 0 else { throw TorchError(error, "Tensor.replacing", [view, value] + tensors) }
    }
    return copy
  }

  // Numbers, ranges and new axes become views; the tensors that remain are returned by dimension for one gather.
  private func viewed(at positions: [TensorIndex]) throws(TorchError) -> (view: Tensor, tensors: [Tensor?]) {
    var used = 0
    var ellipses = 0
    for position in positions {
      switch position {
      case .at, .slice: used += 1
      case .tensor(let tensor): used += tensor.dtype == .bool ? Swift.max(1, tensor.ndim) : 1
      case .ellipsis: ellipses += 1
      case .newAxis: break
      }
    }
    guard ellipses <= 1 else { throw indexError("more than one Axis.rest") }
    guard used <= ndim else { throw indexError("\(used) positions", expected: "at most \(ndim)") }
    var view = self
    var tensors: [Tensor?] = []
    var dim = 0
    for position in positions {
      switch position {
      case .at(let index):
        let size = try view.size(dim)
        guard index >= -size, index < size else {
          throw indexError("position \(index) of a dimension of size \(size)", expected: size == 0 ? nil : "\(-size)…\(size - 1)")
        }
        view = try view.select(dim: dim, index: index)
      case .slice(let start, let end, let step):
        guard step > 0 else { throw indexError("a step of \(step)", expected: "1 or more; flip(dims:) reverses") }
        if start != nil || end != nil || step != 1 { view = try view.slice(dim: dim, start: start, end: end, step: step) }
        tensors.append(nil)
        dim += 1
      case .ellipsis:
        let skipped = ndim - used
        tensors.append(contentsOf: repeatElement(nil, count: skipped))
        dim += skipped
      case .newAxis:
        view = try view.unsqueeze(dim)
        tensors.append(nil)
        dim += 1
      case .tensor(let tensor):
        tensors.append(tensor)
        dim += tensor.dtype == .bool ? Swift.max(1, tensor.ndim) : 1
      }
    }
    return (view, tensors)
  }

  private func indexError(_ what: String, expected: String? = nil) -> TorchError {
    TorchError(.index, "Tensor.subscript", "\(what) for shape \(shape)", expected: expected)
  }
}
