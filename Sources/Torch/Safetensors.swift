import Foundation
public import MartletCore

/// A safetensors file, mapped into memory. Opening checks the whole header; tensors share the mapping and are read when they are used.
public struct SafetensorsFile: Sendable {
  /// What the header says of one tensor.
  public struct Info: Sendable, Hashable {
    public let name: String
    public let dtype: DType
    public let shape: [Int]
    /// Bytes from the start of the file.
    public let range: Range<Int>
  }

  public let path: String
  /// Free text by key, as the writer left it.
  public let metadata: [String: String]
  /// In the order of the data.
  public let tensors: [Info]
  private let file: MappedFile
  private let positions: [String: Int]

  /// Maps the file and checks its header.
  /// - Throws: `FileError` naming what is wrong: cut off, a size past the end, overlaps, holes, unknown types, duplicate names …
  public init(path: String) throws(FileError) {
    self.path = path
    file = try MappedFile(path: path)
    let header = try SafetensorsHeader(UnsafeRawBufferPointer(file.bytes), path: path)
    metadata = header.metadata
    tensors = header.entries.sorted { ($0.begin, $0.name) < ($1.begin, $1.name) }.map {
      Info(name: $0.name, dtype: $0.dtype, shape: $0.shape, range: $0.begin..<$0.end)
    }
    positions = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
  }

  /// The names in the order of the data.
  public var names: [String] { tensors.map(\.name) }

  public func info(_ name: String) -> Info? { positions[name].map { tensors[$0] } }

  /// One tensor. Its memory is the mapping (copied only where its position in the file is not aligned).
  /// - Throws: `FileError` if there is no such name, with the nearest one.
  public func tensor(_ name: String) throws -> Tensor {
    guard let info = info(name) else {
      throw FileError(
        path: path, problem: "holds no tensor '\(name)'",
        remedy: NearestName.of(name, among: names).map { "'\($0)'" })
    }
    let bytes = UnsafeMutableRawBufferPointer(rebasing: file.bytes[info.range])
    guard let address = bytes.baseAddress, !bytes.isEmpty else {
      return try Tensor.copying(UnsafeRawBufferPointer(bytes), shape: info.shape, dtype: info.dtype)
    }
    if Int(bitPattern: address) % info.dtype.size != 0 {
      return try Tensor.copying(UnsafeRawBufferPointer(bytes), shape: info.shape, dtype: info.dtype)
    }
    return try Tensor.sharing(address, shape: info.shape, dtype: info.dtype, owner: file)
  }

  /// All tensors in the order of the data.
  public func all() throws -> [(name: String, tensor: Tensor)] { try names.map { ($0, try tensor($0)) } }
}

/// Writing safetensors files.
public enum Safetensors {
  /// Writes tensors to one file, atomically: the file is whole or as it was before.
  ///
  /// As in the reference implementation, large element types come first and names are sorted within, so that every tensor is aligned and
  /// the same tensors give the same bytes.
  /// - Throws: `FileError` for duplicate names, types that the format lacks, and whatever the disk says; `TorchError` for tensors that cannot be read.
  public static func write(_ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to path: String) throws {
    struct Item {
      let name: String
      let dtype: DType
      let typeName: String
      let shape: [Int]
      let tensor: Tensor
    }
    var names = Set<String>()
    var items: [Item] = []
    for (name, tensor) in tensors {
      guard names.insert(name).inserted, name != "__metadata__" else {
        throw FileError(path: path, problem: "cannot hold the name '\(name)' \(name == "__metadata__" ? "for a tensor" : "twice")")
      }
      guard let typeName = tensor.dtype.safetensorsName else {
        throw FileError(
          path: path, problem: "tensor '\(name)' is \(tensor.dtype), which safetensors files lack", remedy: "convert it first")
      }
      items.append(Item(name: name, dtype: tensor.dtype, typeName: typeName, shape: tensor.shape, tensor: tensor))
    }
    items.sort { ($1.dtype.size, $0.dtype.rawValue, $0.name) < ($0.dtype.size, $1.dtype.rawValue, $1.name) }

    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
      members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for item in items {
      let end = offset + item.shape.reduce(1, *) * item.dtype.size
      let shape = item.shape.map(String.init).joined(separator: ",")
      members.append("\(quoted(item.name)):{\"dtype\":\"\(item.typeName)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(members.joined(separator: ","))}".utf8)
    header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8))
    guard header.count <= SafetensorsHeader.largestHeader else {
      throw FileError(
        path: path, problem: "the header would have \(header.count) bytes", expected: "at most \(SafetensorsHeader.largestHeader)")
    }
    var failure: (any Error)?
    let write = { (descriptor: Int32) throws(FileError) in
      do {
        try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try AtomicFile.writeAll($0, to: descriptor, path: path) }
        try header.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: path) }
        for item in items { try item.tensor.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: path) } }
      } catch let error as FileError {
        throw error
      } catch {
        failure = error
        throw FileError(path: path, problem: "\(error)")
      }
    }
    do { try AtomicFile.write(to: path, write) } catch { throw failure ?? error }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
