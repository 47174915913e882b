import Foundation
public import MartletCore
import NN
package import Torch

/// Models that do not have the same parameters everywhere.
public struct ModelMismatch: MartletError, Hashable {
  /// The process that tells of it.
  public let rank: Int
  /// The processes whose model differs from rank 0's.
  public let differing: [Int]
  /// The first difference, where this process is one of them.
  public let difference: String?

  public var problem: String {
    let who = differing.map { "rank \($0)" }.joined(separator: ", ")
    return "rank \(rank): the model of \(who) is not that of rank 0" + (difference.map { ": \($0)" } ?? "")
  }
  public var expected: String? { "the same parameters and buffers, by name, shape and type, in every process" }
  public var remedy: String? { "one configuration for all processes" }
}

extension ProcessGroup {
  /// The same text everywhere: rank `root`'s.
  package func share(_ text: String, from root: Int = 0) throws -> String {
    let bytes = [UInt8](text.utf8)
    let count = try broadcast(Tensor([Int64(bytes.count)]), from: root).result().int()
    guard count > 0 else { return "" }
    let own = rank == root ? try Tensor(bytes) : try Tensor.zeros([count], dtype: .uint8)
    return String(decoding: try broadcast(own, from: root).result().array(of: UInt8.self), as: UTF8.self)
  }

  /// Checks that all processes have the same model.
  /// - Throws: `ModelMismatch` in every process.
  func checkSame(_ model: Module) throws {
    let lines = try Self.lines(of: model)
    let digest = Digest.sha256(Data(lines.joined(separator: "\n").utf8))
    let digests = try allGather(Tensor([UInt8](digest.utf8))).result().view([size, -1])
    let texts = try (0..<size).map { String(decoding: try digests.select(dim: 0, index: $0).array(of: UInt8.self), as: UTF8.self) }
    let differing = texts.indices.filter { texts[$0] != texts[0] }
    guard !differing.isEmpty else { return }
    let first = try share(lines.joined(separator: "\n")).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var difference: String?
    if differing.contains(rank) {
      let shorter = min(lines.count, first.count)
      let place = (0..<shorter).first { lines[$0] != first[$0] } ?? shorter
      func line(_ list: [String]) -> String { list.indices.contains(place) ? list[place] : "nothing more" }
      difference = "it has \(line(lines)) where rank 0 has \(line(first))"
    }
    throw ModelMismatch(rank: rank, differing: differing, difference: difference)
  }

  /// Copies rank 0's values to all, some megabytes at a time.
  func spread(_ tensors: [Tensor], bytes: Int = 25 << 20) throws {
    for kind in TensorKind.grouped(tensors) {
      for part in kind.cut(bytes: bytes) {
        try withoutGrad {
          let flat = try broadcast(Tensor.cat(part.map { try $0.detach().reshape([-1]) }, dim: 0)).result()
          var start = 0
          for tensor in part {
            try tensor.detach().copy_(flat.narrow(dim: 0, start: start, length: tensor.count).view(tensor.shape))
            start += tensor.count
          }
        }
      }
    }
  }

  private static func lines(of model: Module) throws -> [String] {
    func line(_ name: String, _ tensor: Tensor) -> String { "'\(name)' \(tensor.dtype)\(tensor.shape)" }
    return try model.namedParameters().map { line($0.name, try $0.parameter.value) }
      + model.namedBuffers().map { line($0.name, try $0.buffer.value) }
  }
}

/// Tensors of one type on one device, which can lie in one piece of memory.
struct TensorKind {
  let tensors: [Tensor]

  static func grouped(_ tensors: [Tensor]) -> [TensorKind] {
    var order: [String] = []
    var groups: [String: [Tensor]] = [:]
    for tensor in tensors {
      let key = "\(tensor.dtype) \(tensor.device)"
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(tensor)
    }
    return order.map { TensorKind(tensors: groups[$0] ?? []) }
  }

  /// Pieces of at most so many bytes, or of one tensor.
  func cut(bytes: Int) -> [[Tensor]] {
    var parts: [[Tensor]] = []
    var size = 0
    for tensor in tensors {
      let own = tensor.count * tensor.dtype.size
      if parts.isEmpty || size + own > bytes {
        parts.append([])
        size = 0
      }
      parts[parts.count - 1].append(tensor)
      size += own
    }
    return parts
  }
}
