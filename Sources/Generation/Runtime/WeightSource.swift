import CGeneration
import MartletCore
import Models
import Torch

/// Where a decoder's weights come from, by transformers' names.
protocol WeightSource {
  /// For messages.
  var source: String { get }
  /// Row-major, or `nil` where there is no such tensor.
  func shape(_ name: String) -> [Int]?
  /// How a matrix lies best in memory where nobody asks for a format.
  func natural(_ name: String) -> WeightFormat
  func floats(_ name: String) throws -> [Float]
  /// Packs the rows of a matrix into rows `places` of another.
  func pack(_ name: String, into matrix: PackedMatrix, at places: @Sendable (Int) -> Int) throws
}

/// `@unchecked Sendable`: rows are disjoint.
struct RowAddress: @unchecked Sendable {
  let address: UnsafeRawPointer
}

extension WeightSource {
  func packFloats(_ values: UnsafeRawBufferPointer, into matrix: PackedMatrix, at places: @Sendable (Int) -> Int) {
    guard let base = values.baseAddress else { return }
    let columns = matrix.columns
    let from = RowAddress(address: base)
    let count = values.count / 4 / max(columns, 1)
    Parallel.forEach((count + 63) / 64) { piece in
      for row in piece * 64..<min(piece * 64 + 64, count) {
        matrix.set(places(row), (from.address + row * columns * 4).assumingMemoryBound(to: Float.self))
      }
    }
  }
}

/// Tensors in memory.
struct StateSource: WeightSource {
  let source: String
  let tensors: [String: Tensor]

  init(_ tensors: [(name: String, tensor: Tensor)], source: String) {
    self.source = source
    self.tensors = Dictionary(tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
  }

  func shape(_ name: String) -> [Int]? { tensors[name]?.shape }
  func natural(_ name: String) -> WeightFormat { tensors[name]?.dtype == .bfloat16 ? .bfloat16 : .float32 }
  func floats(_ name: String) throws -> [Float] { try tensor(name).array(of: Float.self) }

  func pack(_ name: String, into matrix: PackedMatrix, at places: @Sendable (Int) -> Int) throws {
    try tensor(name).to(.float32).withUnsafeBytes { packFloats($0, into: matrix, at: places) }
  }

  /// Whether the first name stands for the other's tensor, or for none.
  func sharesMemory(_ name: String, _ other: String) throws -> Bool {
    guard let first = tensors[name], let second = tensors[other] else { return tensors[name] == nil }
    return try first.sharesMemory(with: second)
  }

  private func tensor(_ name: String) throws(GenerationError) -> Tensor {
    guard let tensor = tensors[name] else { throw GenerationError(.model, "\(source) has no tensor '\(name)'") }
    return tensor
  }
}

/// A GGUF file. Blocks whose format the kernels know are packed as they are, without rounding.
struct GGUFSource: WeightSource {
  let file: GGUFFile
  let names: [String: String]
  /// Heads of the query and of the key where rows lie in the order of the `llama` architecture.
  let rotated: (queries: Int, keys: Int)?

  init(_ file: GGUFFile, heads: Int, keyValueHeads: Int) {
    self.file = file
    let pairs = file.names.compactMap { name in GGUFNames.transformers(name).map { ($0, name) } }
    names = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    rotated = file.rotatesNeighbours ? (heads, keyValueHeads) : nil
  }

  var source: String { file.path }
  func shape(_ name: String) -> [Int]? { names[name].flatMap(file.info)?.shape }

  func natural(_ name: String) -> WeightFormat {
    guard let type = names[name].flatMap(file.info)?.type else { return .float32 }
    if type == .bfloat16 { return .bfloat16 }
    if type.blockCount == 1 { return .float32 }
    return cg_matrix_holds_blocks(WeightFormat.int4.kind, type.rawValue) == 1 ? .int4 : .int8
  }

  func floats(_ name: String) throws -> [Float] { try file.floats(own(name)).values(as: Float.self) }

  func pack(_ name: String, into matrix: PackedMatrix, at places: @Sendable (Int) -> Int) throws {
    let inFile = fileRow(name)
    // Row r of transformers is row inFile(r) of the file.
    try file.withBytes(own(name)) { info, bytes in
      let rows = info.shape[0]
      let size = info.shape[1] / info.type.blockCount * info.type.blockBytes
      guard let base = bytes.baseAddress else { return }
      if cg_matrix_holds_blocks(matrix.format.kind, info.type.rawValue) == 1, matrix.columns % 32 == 0 {
        let from = RowAddress(address: base)
        Parallel.forEach((rows + 63) / 64) { piece in
          for row in piece * 64..<min(piece * 64 + 64, rows) {
            let blocks = (from.address + inFile(row) * size).assumingMemoryBound(to: UInt8.self)
            _ = cg_matrix_set_blocks(matrix.raw, Int64(places(row)), info.type.rawValue, blocks)
          }
        }
      } else {
        let columns = matrix.columns
        try file.floats(info.name).bytes.withUnsafeBytes { values in
          guard let base = values.baseAddress else { return }
          let from = RowAddress(address: base)
          Parallel.forEach((rows + 63) / 64) { piece in
            for row in piece * 64..<min(piece * 64 + 64, rows) {
              matrix.set(places(row), (from.address + inFile(row) * columns * 4).assumingMemoryBound(to: Float.self))
            }
          }
        }
      }
    }
  }

  private func fileRow(_ name: String) -> @Sendable (Int) -> Int {
    guard let rotated, let rows = shape(name)?.first else { return { $0 } }
    let heads = name.hasSuffix("q_proj.weight") ? rotated.queries : name.hasSuffix("k_proj.weight") ? rotated.keys : 0
    guard heads > 0, rows % (2 * heads) == 0 else { return { $0 } }
    return { GGUFNames.rotatedRow($0, headSize: rows / heads) }
  }

  private func own(_ name: String) throws(GenerationError) -> String {
    guard let own = names[name] else { throw GenerationError(.model, "\(source) has no tensor for '\(name)'") }
    return own
  }
}
