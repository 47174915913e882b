import Foundation
import MartletCore

/// NumPy's file format for one array (versions 1 to 3; NEP 1).
public enum Npy {
  private static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  private static let types: [(name: String, dtype: DType)] = [
    ("|b1", .bool), ("|u1", .uint8), ("|i1", .int8), ("<i2", .int16), ("<i4", .int32), ("<i8", .int64), ("<u2", .uint16), ("<u4", .uint32),
    ("<u8", .uint64), ("<f2", .float16), ("<f4", .float32), ("<f8", .float64), ("<c8", .complex64), ("<c16", .complex128),
  ]

  /// Reads an array. Arrays in column-major order keep their values.
  /// - Throws: `FileError` naming what is wrong; arrays of Python objects are refused.
  public static func read(_ path: String) throws -> Tensor {
    let file = try MappedFile(path: path)
    let bytes = UnsafeRawBufferPointer(file.bytes)
    guard bytes.count >= 10, Array(bytes.prefix(6)) == magic else {
      throw FileError(path: path, problem: "is no npy file", expected: "the bytes \\x93NUMPY at its start")
    }
    let version = bytes[6]
    guard (1...3).contains(version) else { throw FileError(path: path, problem: "has npy version \(version)", expected: "1, 2 or 3") }
    let wide = version > 1
    guard bytes.count >= (wide ? 12 : 10) else { throw FileError(path: path, problem: "is cut off in its header") }
    let length =
      wide
      ? Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self).littleEndian)
      : Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self).littleEndian)
    let start = (wide ? 12 : 10) + length
    guard start <= bytes.count else {
      throw FileError(path: path, problem: "is cut off: the header ends at \(start), the file at \(bytes.count)")
    }
    let text = String(decoding: bytes[(start - length)..<start], as: UTF8.self)
    guard let descr = text.firstMatch(of: /'descr'\s*:\s*'([^']*)'/)?.1,
      let shapeText = text.firstMatch(of: /'shape'\s*:\s*\(([^)]*)\)/)?.1,
      let order = text.firstMatch(of: /'fortran_order'\s*:\s*(True|False)/)?.1
    else {
      throw FileError(
        path: path, problem: "has the header \(text.prefix(200))", expected: "descr, fortran_order and shape of a plain array")
    }
    var name = String(descr)
    let swapped = name.hasPrefix(">")
    if name.hasPrefix("=") || name.hasPrefix("|") || swapped { name = "<" + name.dropFirst() }
    guard let type = types.first(where: { $0.name.dropFirst() == name.dropFirst() }) else {
      throw FileError(path: path, problem: "holds the type '\(descr)'", expected: "booleans, integers, floating-point or complex numbers")
    }
    var shape: [Int] = []
    for part in shapeText.split(separator: ",") {
      let word = part.trimmingCharacters(in: .whitespaces)
      if word.isEmpty { continue }
      guard let size = Int(word), size >= 0 else { throw FileError(path: path, problem: "has the shape (\(shapeText))") }
      shape.append(size)
    }
    let size = try HostArray.elementCount(of: shape).multipliedReportingOverflow(by: type.dtype.size)
    guard !size.overflow, size.partialValue == bytes.count - start else {
      throw FileError(
        path: path, problem: "has \(bytes.count - start) bytes of data",
        expected: "\(size.partialValue) for \(type.dtype) of shape \(shape)")
    }
    let data = UnsafeRawBufferPointer(rebasing: bytes[start...])
    let stored = order == "True" ? Array(shape.reversed()) : shape
    let tensor =
      swapped && type.dtype.size > 1
      ? try reversingBytes(data, unit: type.dtype.isComplex ? type.dtype.size / 2 : type.dtype.size) {
        try Tensor.copying($0, shape: stored, dtype: type.dtype)
      } : try Tensor.copying(data, shape: stored, dtype: type.dtype)
    return order == "True" ? try tensor.permute(Array((0..<shape.count).reversed())).contiguous() : tensor
  }

  /// Writes an array in row-major order, atomically.
  /// - Throws: `FileError` for types that NumPy lacks.
  public static func write(_ tensor: Tensor, to path: String) throws {
    guard let type = types.first(where: { $0.dtype == tensor.dtype }) else {
      throw FileError(path: path, problem: "NumPy has no \(tensor.dtype)", remedy: "convert to float32 first")
    }
    let shape = tensor.shape
    let list = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header = Array("{'descr': '\(type.name)', 'fortran_order': False, 'shape': (\(list)), }".utf8)
    header.append(contentsOf: repeatElement(0x20, count: 63 - (10 + header.count) % 64))
    header.append(0x0A)
    var data = Data(magic + [1, 0])
    withUnsafeBytes(of: UInt16(header.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(contentsOf: header)
    try tensor.withUnsafeBytes { data.append(contentsOf: $0) }
    try AtomicFile.write(data, to: path)
  }

  private static func reversingBytes<Result>(
    _ data: UnsafeRawBufferPointer, unit: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    var copy = [UInt8](data)
    for start in stride(from: 0, to: copy.count - unit + 1, by: unit) { copy[start..<start + unit].reverse() }
    return try copy.withUnsafeBytes(body)
  }
}
