import MartletCore
import Web

/// Writes a model's outputs for people: the class and its name, the probabilities; or the values as they are.
struct PredictAnswer {
  let call: ModelCall
  let outputs: [String: HostArray]

  /// `{"prediction", "label", "probabilities", "model", "version"}` for one item, `{"predictions": [{…}], …}` for a batch.
  func write(isSingle: Bool, to writer: inout JSONWriter) {
    writer.raw("{")
    let probabilities = probabilities
    if isSingle {
      writeMembers(of: 0, probabilities, to: &writer)
    } else {
      writer.raw("\"predictions\":")
      writer.array(0..<items) { writer, index in
        writer.raw("{")
        writeMembers(of: index, probabilities, to: &writer)
        writer.raw("}")
      }
    }
    writer.raw(",\"model\":")
    writer.string(call.model.name)
    writer.raw(",\"version\":")
    writer.string(call.model.version)
    writer.raw("}")
  }

  /// `{"predictions": […]}` as TensorFlow Serving writes it: the probabilities or the values of each item, in order.
  func writeRows(to writer: inout JSONWriter) {
    writer.raw("{\"predictions\":")
    let probabilities = probabilities
    writer.array(0..<items) { writer, index in
      if let probabilities { writer.item(index, of: probabilities) } else { writeValues(of: index, to: &writer) }
    }
    writer.raw("}")
  }

  /// `{"outputs": …}` as TensorFlow Serving answers columns: the only output, or an object of all.
  func writeColumns(to writer: inout JSONWriter) {
    writer.raw("{\"outputs\":")
    let specs = call.signature.outputs.filter { outputs[$0.name] != nil }
    if specs.count == 1, let array = specs.first.flatMap({ outputs[$0.name] }) {
      writer.nested(array)
    } else {
      writer.raw("{")
      for (index, spec) in specs.enumerated() {
        if index > 0 { writer.raw(",") }
        writer.string(spec.name)
        writer.raw(":")
        if let array = outputs[spec.name] { writer.nested(array) }
      }
      writer.raw("}")
    }
    writer.raw("}")
  }

  private var isBatched: Bool { call.signature.isBatched }

  private var items: Int { isBatched ? outputs.values.first?.shape.first ?? 0 : 1 }

  /// The probabilities of a classifier, `[items, classes]`.
  private var probabilities: HostArray? {
    guard let labels = call.model.labels, isBatched else { return nil }
    guard let array = outputs["probabilities"] ?? (outputs.count == 1 ? outputs.values.first : nil) else { return nil }
    return array.shape.count == 2 && array.shape[1] == labels.count && array.dtype.isFloatingPoint ? array : nil
  }

  private func writeMembers(of item: Int, _ probabilities: HostArray?, to writer: inout JSONWriter) {
    guard let probabilities, let labels = call.model.labels else {
      writer.raw("\"prediction\":")
      writeValues(of: item, to: &writer)
      return
    }
    let row = (0..<labels.count).map { probabilities.floatingPoint(at: item * labels.count + $0) }
    writer.raw("\"prediction\":")
    if let best = row.indices.filter({ !row[$0].isNaN }).max(by: { row[$0] < row[$1] || row[$0] == row[$1] && $0 > $1 }) {
      writer.integer(best)
      writer.raw(",\"label\":")
      writer.string(labels[best])
    } else {
      writer.raw("null,\"label\":null")
    }
    writer.raw(",\"probabilities\":{")
    for index in row.indices {
      if index > 0 { writer.raw(",") }
      writer.raw(call.labelKeys[index])
      if probabilities.dtype == .float64 { writer.number(row[index]) } else { writer.number(Float(row[index])) }
    }
    writer.raw("}")
  }

  private func writeValues(of item: Int, to writer: inout JSONWriter) {
    let specs = call.signature.outputs.filter { outputs[$0.name] != nil }
    if specs.count == 1, let array = specs.first.flatMap({ outputs[$0.name] }) {
      writeValue(of: item, array, to: &writer)
      return
    }
    writer.raw("{")
    for (index, spec) in specs.enumerated() {
      if index > 0 { writer.raw(",") }
      writer.string(spec.name)
      writer.raw(":")
      if let array = outputs[spec.name] { writeValue(of: item, array, to: &writer) }
    }
    writer.raw("}")
  }

  /// A single number as a number, everything else nested.
  private func writeValue(of item: Int, _ array: HostArray, to writer: inout JSONWriter) {
    guard isBatched, !array.shape.isEmpty else { return writer.nested(array) }
    if array.shape.dropFirst().allSatisfy({ $0 == 1 }) { return writer.element(of: array, at: item) }
    writer.item(item, of: array)
  }
}

extension HostArray {
  /// One element as a double, or NaN where the array holds no floating-point numbers.
  func floatingPoint(at index: Int) -> Double {
    bytes.withUnsafeBytes { bytes in
      let offset = index * dtype.size
      guard offset >= 0, offset + dtype.size <= bytes.count else { return .nan }
      return switch dtype {
      case .float32: Double(bytes.loadUnaligned(fromByteOffset: offset, as: Float.self))
      case .float64: bytes.loadUnaligned(fromByteOffset: offset, as: Double.self)
      case .float16: Double(bytes.loadUnaligned(fromByteOffset: offset, as: Float16.self))
      case .bfloat16: Double(Float(bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)) << 16))
      default: .nan
      }
    }
  }
}
