import MartletCore

/// The place of a value among all values of a pickle.
typealias PickleReference = Int32

/// One value of a pickle. Values refer to each other by place, so that neither a cycle nor a thousand levels of nesting
/// can make a release or a comparison recurse.
enum PickleNode {
  case none
  case bool(Bool)
  case int(Int)
  /// A whole number of more than 64 bits, little-endian two's complement.
  case large([UInt8])
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case list([PickleReference])
  case tuple([PickleReference])
  /// Keys and values alternate.
  case dictionary([PickleReference], ordered: Bool)
  case global(PickleGlobal)
  case size([Int])
  case storage(PickleStorage)
  case tensor(PickleTensor)

  /// What messages call it.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a truth value"
    case .int, .large: "a whole number"
    case .double: "a number"
    case .string: "a string"
    case .bytes: "bytes"
    case .list: "a list"
    case .tuple: "a tuple"
    case .dictionary: "a dictionary"
    case .global: "a name"
    case .size: "a size"
    case .storage: "a storage"
    case .tensor: "a tensor"
    }
  }
}

/// A persistent id: memory that lies elsewhere in the file.
struct PickleStorage {
  let key: String
  let dtype: DType
  /// Elements of `dtype` in the whole storage.
  let total: Int
  /// Where this view of it begins, in elements.
  var start = 0
  /// Elements of this view.
  var count: Int
}

/// A view of a storage with sizes and strides, checked against it.
struct PickleTensor {
  let storage: PickleStorage
  let dtype: DType
  let shape: [Int]
  let strides: [Int]
  /// Elements of `dtype` from the storage's first.
  let offset: Int
}
