import MartletCore
import Synchronization

/// The memory of one or more tensors of a PyTorch file: a part of the mapped file, checked and made a tensor at its first use.
final class PyTorchStorage: Sendable {
  let key: String
  private let file: MappedFile
  private let range: Range<Int>
  private let checksum: UInt32?
  private let loaded = Mutex<Tensor?>(nil)

  init(key: String, file: MappedFile, range: Range<Int>, checksum: UInt32?) {
    self.key = key
    self.file = file
    self.range = range
    self.checksum = checksum
  }

  func damaged(_ how: String) -> PyTorchFileError {
    PyTorchFileError(.damaged, path: file.path, "storage '\(key)' \(how)", remedy: "get the file again")
  }

  /// The bytes, shared by all tensors that lie in them.
  func bytes() throws -> Tensor {
    try loaded.withLock { loaded in
      if let loaded { return loaded }
      let bytes = UnsafeMutableRawBufferPointer(rebasing: file.bytes[range])
      if let checksum, CyclicRedundancy.of(UnsafeRawBufferPointer(bytes)) != checksum {
        throw damaged("does not have its checksum")
      }
      let tensor: Tensor
      // Sixteen bytes are the largest element's; a storage elsewhere is copied once.
      if let address = bytes.baseAddress, !bytes.isEmpty, Int(bitPattern: address).isMultiple(of: 16) {
        tensor = try Tensor.sharing(address, shape: [bytes.count], dtype: .uint8, owner: file)
      } else {
        tensor = try Tensor.copying(UnsafeRawBufferPointer(bytes), shape: [bytes.count], dtype: .uint8)
      }
      loaded = tensor
      return tensor
    }
  }
}

/// One tensor of a PyTorch file: what it is, and, when asked for, its values.
public struct PyTorchTensor: Sendable {
  public let dtype: DType
  public let shape: [Int]
  /// Elements between neighbours of each dimension, as they were saved.
  public let strides: [Int]
  private let offset: Int
  private let storage: PyTorchStorage

  init(_ tensor: PickleTensor, _ storage: PyTorchStorage) {
    (dtype, shape, strides, offset) = (tensor.dtype, tensor.shape, tensor.strides, tensor.offset)
    self.storage = storage
  }

  /// Whether both lie in the same memory, as tied weights do.
  public func sharesStorage(with other: PyTorchTensor) -> Bool { storage === other.storage }

  /// The tensor, on the CPU and without gradients. Its memory is the mapped file; changing it never changes the file, but does change
  /// other tensors of the same storage, as in Python.
  /// - Throws: `PyTorchFileError` where the file's checksum says that the values are damaged.
  public func tensor() throws -> Tensor {
    let bytes = try storage.bytes()
    let whole = bytes.count / dtype.size
    // A truth value other than 0 and 1 is none in Swift.
    if dtype == .bool, try bytes.gt(1).any().int() != 0 { throw storage.damaged("holds truth values other than 0 and 1") }
    let typed = try bytes.narrow(dim: 0, start: 0, length: whole * dtype.size).view(dtype: dtype)
    return try typed.asStrided(shape: shape, stride: strides, storageOffset: offset)
  }
}
