import Foundation
import MartletCore

/// Whether two versions say the same, and what one says in a word.
enum OutputComparison {
  /// Numbers that differ by no more than one in a hundred, or a thousandth where they are small, are the same answer.
  private static let relative = 0.01, absolute = 0.001
  /// More would make a class of every request.
  private static let itemLimit = 8

  /// Classes decide where there are probabilities, numbers where there are none; for documents every text and number beside the
  /// probabilities.
  static func agree(_ a: [String: HostArray], _ b: [String: HostArray]) -> Bool {
    guard a.keys == b.keys else { return false }
    if let first = classes(a), let second = classes(b) { return first == second }
    if let first = document(a), let second = document(b) { return agree(first, second) }
    return a.allSatisfy { name, array in
      guard let other = b[name], array.shape == other.shape else { return false }
      return zip(numbers(array), numbers(other)).allSatisfy(close)
    }
  }

  /// The classes of a few items, or a document's own text; `nil` where an answer is no class.
  static func answer(_ outputs: [String: HostArray]) -> String? {
    if let classes = classes(outputs) {
      return classes.count <= itemLimit ? classes.map(String.init).joined(separator: ",") : nil
    }
    guard let document = document(outputs) else { return nil }
    return label(document)
  }

  /// The most likely class of every item.
  private static func classes(_ outputs: [String: HostArray]) -> [Int]? {
    guard let array = outputs["probabilities"], let width = array.shape.last, width > 1 else { return nil }
    let values = numbers(array)
    return stride(from: 0, to: values.count, by: width).map { start in
      let row = values[start..<min(start + width, values.count)]
      return row.indices.max { row[$0] < row[$1] }.map { $0 - start } ?? 0
    }
  }

  private static func numbers(_ array: HostArray) -> [Double] { (try? array.values(as: Double.self)) ?? [] }

  private static func document(_ outputs: [String: HostArray]) -> JSONValue? {
    guard outputs.count == 1, let bytes = outputs[ServedDocument.answer]?.bytes else { return nil }
    return try? JSON.decode(JSONValue.self, from: Data(bytes), source: "an answer")
  }

  private static func agree(_ a: JSONValue, _ b: JSONValue) -> Bool {
    switch (a, b) {
    case (.object(let first), .object(let second)):
      let ignored: Set<String> = ["probabilities", "probability", "model_version", "version", "id"]
      // Where a class is named, how sure a version is of it is its own affair.
      return Set(first.keys).subtracting(ignored) == Set(second.keys).subtracting(ignored)
        && first.allSatisfy { name, value in ignored.contains(name) || second[name].map { agree(value, $0) } ?? false }
    case (.array(let first), .array(let second)):
      return first.count == second.count && zip(first, second).allSatisfy(agree)
    default:
      if let x = a.doubleValue, let y = b.doubleValue { return close(x, y) }
      return a == b
    }
  }

  private static func label(_ document: JSONValue) -> String? {
    if case .string(let text)? = document["label"] ?? document["prediction"] { return text }
    if case .array(let items)? = document["predictions"], items.count <= itemLimit {
      let labels = items.compactMap { item in
        if case .string(let text) = item { return text }
        return label(item)
      }
      return labels.count == items.count && !labels.isEmpty ? labels.joined(separator: ",") : nil
    }
    return nil
  }

  private static func close(_ a: Double, _ b: Double) -> Bool {
    a == b || abs(a - b) <= absolute + relative * abs(b) || (a.isNaN && b.isNaN)
  }
}
