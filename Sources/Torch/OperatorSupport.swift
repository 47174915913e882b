import CTorch
import MartletCore

// What the generated operators need to hand Swift values to the C ABI. Lists are lent for the length of a call; the lists' own `withInts`
// and `withHandles` stand beside the types that they belong to.

/// How a loss turns one value per element into its result. Raw values are libtorch's numbers.
public enum Reduction: Int, Sendable, Hashable, CaseIterable {
  /// One value per element.
  case none = 0
  /// Their mean, weighted where the loss has class weights.
  case mean = 1
  case sum = 2
}

extension DType {
  var c: Int32 { Int32(rawValue) }
}

extension MemoryFormat {
  var c: Int32 { rawValue }
}

extension Optional where Wrapped == DType {
  var c: Int32 { map(\.c) ?? -1 }
}

extension Optional where Wrapped == MemoryFormat {
  var c: Int32 { map(\.c) ?? -1 }
}

extension Optional where Wrapped == Device {
  var c: CTDevice { map(\.c) ?? .init(type: -1, index: -1) }
}

extension Optional where Wrapped == Scalar {
  var c: CTOptionalScalar { map { CTOptionalScalar(has: true, value: $0.c) } ?? CTOptionalScalar() }
}

extension Optional where Wrapped == Int {
  var c: CTOptionalInt { map { CTOptionalInt(has: true, value: Int64($0)) } ?? CTOptionalInt() }
}

extension Optional where Wrapped == Double {
  var c: CTOptionalDouble { map { CTOptionalDouble(has: true, value: $0) } ?? CTOptionalDouble() }
}

extension Optional where Wrapped == Bool {
  var c: CTOptionalBool { map { CTOptionalBool(has: true, value: $0) } ?? CTOptionalBool() }
}

extension Optional where Wrapped == [Int] {
  func withInts<Result>(_ body: (CTOptionalInts) -> Result) -> Result {
    guard let self else { return body(CTOptionalInts()) }
    return self.withInts { body(CTOptionalInts(has: true, items: $0.items, count: $0.count)) }
  }
}

extension [Double] {
  func withDoubles<Result>(_ body: (CTDoubles) -> Result) -> Result {
    withUnsafeBufferPointer { body(CTDoubles(items: $0.baseAddress, count: Int64($0.count))) }
  }
}

extension Optional where Wrapped == [Double] {
  func withDoubles<Result>(_ body: (CTOptionalDoubles) -> Result) -> Result {
    guard let self else { return body(CTOptionalDoubles()) }
    return self.withDoubles { body(CTOptionalDoubles(has: true, items: $0.items, count: $0.count)) }
  }
}

extension [Bool] {
  func withBools<Result>(_ body: (CTBools) -> Result) -> Result {
    withUnsafeBufferPointer { body(CTBools(items: $0.baseAddress, count: Int64($0.count))) }
  }
}

extension [Scalar] {
  func withScalars<Result>(_ body: (CTScalars) -> Result) -> Result {
    map(\.c).withUnsafeBufferPointer { body(CTScalars(items: $0.baseAddress, count: Int64($0.count))) }
  }
}

extension Optional where Wrapped == String {
  func withCString<Result>(_ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    guard let self else { return body(nil) }
    return self.withCString { body($0) }
  }
}

/// Takes over a handle that may be missing.
func adopt(_ raw: CTTensor?) -> Tensor? { raw.map { Tensor(owning: $0) } }

/// Takes over the handles of a list and frees its array. libtorch's lists of results have no undefined items.
func adopt(_ list: CTTensorList) -> [Tensor] {
  defer { ct_tensor_list_free(list) }
  return UnsafeBufferPointer(start: list.items, count: Int(list.count)).compactMap { adopt($0) }
}

/// All tensors that took part in a call, for its error.
func operands(_ tensors: [Tensor?], _ lists: [Tensor?]...) -> [Tensor?] { tensors + lists.joined() }
