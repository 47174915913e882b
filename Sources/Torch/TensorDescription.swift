import CTorch
import Foundation
import MartletCore

/// Printed as PyTorch prints: four digits, aligned columns, the edges of what is large, then what is not the default.
extension Tensor: CustomStringConvertible {
  public var description: String {
    let text = (try? withoutGrad { try TensorPrinter.body(of: self) }) ?? "?"
    var suffixes: [String] = []
    if device != .cpu { suffixes.append("device='\(device)'") }
    let isEmpty = count == 0
    if isEmpty && ndim != 1 || device.kind == .meta { suffixes.append("size=(\(shape.map(String.init).joined(separator: ", ")))") }
    let plain: [DType] = isEmpty ? [.float32] : [.float32, .complex64, .int64, .bool]
    if !plain.contains(dtype) { suffixes.append("dtype=\(dtype)") }
    if let name = takeString(ct_grad_fn_name(raw)) {
      suffixes.append("grad_fn=<\(name)>")
    } else if requiresGrad {
      suffixes.append("requires_grad=True")
    }
    return withExtendedLifetime(self) { TensorPrinter.join("tensor(" + text, suffixes) }
  }
}

private enum TensorPrinter {
  static let precision = 4, threshold = 1000, edge = 3, width = 80, indent = 7

  static func body(of tensor: Tensor) throws(TorchError) -> String {
    if tensor.device.kind == .meta { return "..." }
    if tensor.count == 0 { return "[]" }
    let shape = tensor.shape
    let summarises = tensor.count > threshold
    var shown = tensor
    var cut = [Bool](repeating: false, count: shape.count)
    if summarises {
      for (dim, size) in shape.enumerated() where size > 2 * edge {
        shown = try Tensor.cat(
          [shown.narrow(dim: dim, start: 0, length: edge), shown.narrow(dim: dim, start: size - edge, length: edge)], dim: dim)
        cut[dim] = true
      }
    }
    let cells = try Cells(shown)
    var position = 0
    return lines(shown.shape, cut, 0, indent, cells, &position)
  }

  private static func lines(
    _ shape: [Int], _ cut: [Bool], _ dim: Int, _ indent: Int, _ cells: Cells, _ position: inout Int
  ) -> String {
    if shape.isEmpty { return cells.texts[0] }
    if dim == shape.count - 1 {
      var row = (0..<shape[dim]).map { cells.texts[position + $0] }
      position += shape[dim]
      if cut[dim] { row.insert(" ...", at: edge) }
      let perLine = max(1, (width - indent) / cells.elementLength)
      let pieces = stride(from: 0, to: row.count, by: perLine).map { row[$0..<min($0 + perLine, row.count)].joined(separator: ", ") }
      return "[" + pieces.joined(separator: ",\n" + String(repeating: " ", count: indent + 1)) + "]"
    }
    var slices = (0..<shape[dim]).map { _ in lines(shape, cut, dim + 1, indent + 1, cells, &position) }
    if cut[dim] { slices.insert("...", at: edge) }
    let gap = "," + String(repeating: "\n", count: shape.count - dim - 1) + String(repeating: " ", count: indent + 1)
    return "[" + slices.joined(separator: gap) + "]"
  }

  static func join(_ text: String, _ suffixes: [String]) -> String {
    var result = text
    var last = text.count - (text.lastIndex(of: "\n").map { text.distance(from: text.startIndex, to: $0) } ?? -1) + 1
    for suffix in suffixes {
      if last + suffix.count + 2 > width {
        result += ",\n" + String(repeating: " ", count: indent) + suffix
        last = indent + suffix.count
      } else {
        result += ", " + suffix
        last += suffix.count + 2
      }
    }
    return result + ")"
  }

  /// The elements as text, all of one width.
  private struct Cells {
    let texts: [String]
    let elementLength: Int

    init(_ tensor: Tensor) throws(TorchError) {
      let dtype = tensor.dtype
      if dtype == .bool {
        let words = try tensor.array(of: Bool.self).map { $0 ? "True" : "False" }
        (texts, elementLength) = Self.padded(words)
      } else if dtype == .uint64 {
        (texts, elementLength) = Self.padded(try tensor.array(of: UInt64.self).map(String.init))
      } else if dtype.isInteger {
        (texts, elementLength) = Self.padded(try tensor.array(of: Int64.self).map(String.init))
      } else if dtype.isComplex {
        let pairs = try tensor.to(.complex128).resolveConj().viewAsReal().array(of: Double.self)
        let real = stride(from: 0, to: pairs.count, by: 2).map { pairs[$0] }
        let imaginary = stride(from: 1, to: pairs.count, by: 2).map { pairs[$0] }
        let first = FloatFormat(real), second = FloatFormat(imaginary)
        texts = zip(real, imaginary).map { real, imaginary in
          let tail = String((second.text(imaginary) + "j").drop { $0 == " " })
          return first.text(real) + (tail.hasPrefix("-") || tail.hasPrefix("+") ? "" : "+") + tail
        }
        elementLength = first.width + 2 + second.width + 1
      } else {
        let values = try tensor.array(of: Double.self)
        let format = FloatFormat(values)
        texts = values.map(format.text)
        elementLength = format.width + 2
      }
    }

    private static func padded(_ words: [String]) -> ([String], Int) {
      let width = words.map(\.count).max() ?? 1
      return (words.map { String(repeating: " ", count: width - $0.count) + $0 }, width + 2)
    }
  }

  /// Whole numbers, decimals or powers of ten, whichever shows all elements best.
  private struct FloatFormat {
    enum Style { case whole, decimal, scientific }
    private(set) var style = Style.whole
    private(set) var width = 1

    init(_ values: [Double]) {
      let proper = values.filter { $0.isFinite && $0 != 0 }
      guard let largest = proper.map(abs).max(), let smallest = proper.map(abs).min() else { return }
      if largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4 {
        style = .scientific
      } else if proper.contains(where: { $0 != $0.rounded(.up) }) {
        style = .decimal
      }
      width = max(1, proper.map { plain($0).count + (style == .whole ? 1 : 0) }.max() ?? 1)
    }

    func text(_ value: Double) -> String {
      var text = plain(value)
      if style == .whole && value.isFinite { text += "." }
      return String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private func plain(_ value: Double) -> String {
      if value.isNaN { return "nan" }
      if value.isInfinite { return value < 0 ? "-inf" : "inf" }
      return switch style {
      case .whole: String(format: "%.0f", value)
      case .decimal: String(format: "%.\(precision)f", value)
      case .scientific: String(format: "%.\(precision)e", value)
      }
    }
  }
}
