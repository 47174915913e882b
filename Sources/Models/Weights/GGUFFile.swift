public import Foundation
public import MartletCore
public import Torch

/// A GGUF file (llama.cpp's format, versions 2 and 3), mapped into memory. Opening checks the whole header; numbers are read when they are
/// asked for.
public struct GGUFFile: Sendable {
  /// What the header says of one tensor.
  public struct Info: Sendable, Hashable {
    public let name: String
    public let type: GGUFType
    /// Row-major, the slowest dimension first (the file itself names the fastest first).
    public let shape: [Int]
    /// Bytes from the start of the file.
    public let range: Range<Int>
  }

  public let path: String
  public let version: Int
  public let metadata: [String: GGUFValue]
  /// In the order of the header.
  public let tensors: [Info]
  private let data: Data
  private let positions: [String: Int]

  /// Maps the file and checks its header.
  /// - Throws: `FileError` naming what is wrong: cut off, counts and sizes past the end, overlaps, unknown types, duplicate names …
  public init(path: String) throws(FileError) {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
      throw FileError(path: path, problem: "cannot be read: \(error.localizedDescription)")
    }
    try self.init(data: data, path: path)
  }

  /// Checks a file that is in memory already.
  /// - Parameter path: what errors call it.
  public init(data: Data, path: String) throws(FileError) {
    // A slice would count from elsewhere.
    let data = data.startIndex == 0 ? data : Data(data)
    let header: Result<GGUFHeader, FileError> = data.withUnsafeBytes { bytes in
      do throws(FileError) { return .success(try GGUFHeader(bytes, path: path)) } catch { return .failure(error) }
    }
    let checked = try header.get()
    self.path = path
    self.data = data
    version = checked.version
    metadata = checked.metadata
    tensors = checked.tensors
    positions = Dictionary(uniqueKeysWithValues: checked.tensors.enumerated().map { ($1.name, $0) })
  }

  /// The names in the order of the header.
  public var names: [String] { tensors.map(\.name) }

  /// What the header says of a name, or `nil` where the file has no such tensor.
  public func info(_ name: String) -> Info? { positions[name].map { tensors[$0] } }

  /// Calls `body` with a tensor's bytes as they lie in the file.
  /// - Throws: `FileError` if there is no such name, with the nearest one; whatever `body` throws.
  public func withBytes<Result>(_ name: String, _ body: (Info, UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    let info = try known(name)
    return try data.withUnsafeBytes { try body(info, UnsafeRawBufferPointer(rebasing: $0[info.range])) }
  }

  /// A tensor's numbers as `float32`, dequantised where they are packed.
  /// - Parameter threads: the answer is the same for any number.
  /// - Throws: `FileError` if there is no such name, with the nearest one.
  public func floats(_ name: String, threads: Int = Parallel.defaultThreads) throws -> HostArray {
    try withBytes(name) { info, bytes in
      let count = info.shape.reduce(1, *)
      let values = [UInt8](unsafeUninitializedCapacity: count * 4) { target, written in
        let target = UnsafeMutableRawBufferPointer(target).bindMemory(to: Float.self)
        if let address = target.baseAddress { Dequantization.run(info.type, bytes, into: address, count: count, threads: threads) }
        written = count * 4
      }
      return try HostArray(dtype: .float32, shape: info.shape, bytes: values)
    }
  }

  /// The same as a tensor.
  public func tensor(_ name: String, device: Device = .cpu) throws -> Tensor { try Tensor(try floats(name), device: device) }

  private func known(_ name: String) throws(FileError) -> Info {
    guard let info = info(name) else {
      throw FileError(
        path: path, problem: "holds no tensor '\(name)'", remedy: NearestName.of(name, among: names).map { "'\($0)'" })
    }
    return info
  }
}
