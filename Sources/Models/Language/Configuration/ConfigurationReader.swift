import Foundation
import MartletCore

/// Reads values of a `config.json`; every error names the file and the key.
struct ConfigurationReader {
  let values: JSONValue
  /// The file, for messages.
  let source: String

  init(_ values: JSONValue, source: String) throws(ModelError) {
    guard values.objectValue != nil else { throw ModelError("\(source) is no JSON object", expected: "a model's configuration") }
    self.values = values
    self.source = source
  }

  /// Reads a file.
  init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(path: path, problem: "cannot be read", expected: "a model's configuration")
    }
    try self.init(JSON.decode(JSONValue.self, from: data, source: path), source: path)
  }

  /// A part of the document, or `nil` where it is not there or null.
  func part(_ key: String) throws(ModelError) -> ConfigurationReader? {
    guard let value = value(key) else { return nil }
    guard value.objectValue != nil else { throw wrong(key, value, "an object") }
    return try ConfigurationReader(value, source: "\(source), '\(key)'")
  }

  /// The value of a key, `nil` where it is missing or null.
  func value(_ key: String) -> JSONValue? {
    guard let value = values[key], value != .null else { return nil }
    return value
  }

  /// A whole number in a range.
  func int(_ key: String, _ standard: Int? = nil, in range: ClosedRange<Int> = 1...(1 << 31)) throws(ModelError) -> Int {
    guard let value = value(key) else {
      if let standard { return standard }
      throw missing(key)
    }
    guard let number = Self.whole(value), range.contains(number) else {
      throw wrong(key, value, "a whole number, \(range.lowerBound)…\(range.upperBound)")
    }
    return number
  }

  /// A whole number, or `nil` where it is missing.
  func optionalInt(_ key: String, in range: ClosedRange<Int> = 0...(1 << 31)) throws(ModelError) -> Int? {
    value(key) == nil ? nil : try int(key, in: range)
  }

  /// A finite number in a range.
  func double(
    _ key: String, _ standard: Double? = nil, in range: ClosedRange<Double> = 0...1e30
  ) throws(ModelError) -> Double {
    guard let value = value(key) else {
      if let standard { return standard }
      throw missing(key)
    }
    guard let number = value.doubleValue, range.contains(number) else {
      throw wrong(key, value, "a number, \(range.lowerBound)…\(range.upperBound)")
    }
    return number
  }

  /// A probability.
  func probability(_ key: String, _ standard: Double) throws(ModelError) -> Double { try double(key, standard, in: 0...1) }

  /// Yes or no.
  func bool(_ key: String, _ standard: Bool) throws(ModelError) -> Bool {
    guard let value = value(key) else { return standard }
    guard let flag = value.boolValue else { throw wrong(key, value, "true or false") }
    return flag
  }

  /// A text.
  func string(_ key: String, _ standard: String? = nil) throws(ModelError) -> String {
    guard let value = value(key) else {
      if let standard { return standard }
      throw missing(key)
    }
    guard let text = value.stringValue else { throw wrong(key, value, "a text") }
    return text
  }

  /// An activation.
  func activation(_ key: String, _ standard: NamedActivation) throws(ModelError) -> NamedActivation {
    let name = try string(key, standard.rawValue)
    if let activation = NamedActivation(rawValue: name) { return activation }
    let known = NamedActivation.allCases.map(\.rawValue)
    throw ModelError(
      "\(source): '\(key)' is '\(name)'", expected: known.joined(separator: ", "),
      remedy: NearestName.of(name, among: known).map { "'\($0)'" })
  }

  /// A list of numbers, or `nil` where it is missing.
  func doubles(_ key: String) throws(ModelError) -> [Double]? {
    guard let value = value(key) else { return nil }
    let numbers = value.arrayValue?.compactMap(\.doubleValue) ?? []
    guard let list = value.arrayValue, list.count == numbers.count else { throw wrong(key, value, "a list of numbers") }
    return numbers
  }

  /// A list of texts, or `nil` where it is missing.
  func strings(_ key: String) throws(ModelError) -> [String]? {
    guard let value = value(key) else { return nil }
    let texts = value.arrayValue?.compactMap(\.stringValue) ?? []
    guard let list = value.arrayValue, list.count == texts.count else { throw wrong(key, value, "a list of texts") }
    return texts
  }

  func missing(_ key: String) -> ModelError {
    let near = NearestName.of(key, among: values.objectValue?.keys.sorted() ?? [])
    return ModelError("\(source) has no '\(key)'", expected: "the model's configuration", remedy: near.map { "rename '\($0)'" })
  }

  func wrong(_ key: String, _ value: JSONValue, _ expected: String) -> ModelError {
    let text = (try? JSON.encode(value, pretty: false)).map { String(decoding: $0, as: UTF8.self) } ?? "?"
    return ModelError("\(source): '\(key)' is \(text.prefix(80))", expected: expected)
  }

  /// Python writes 8.0 where it means 8.
  private static func whole(_ value: JSONValue) -> Int? {
    if let number = value.intValue { return number }
    guard let number = value.doubleValue, number == number.rounded(), abs(number) < 1e15 else { return nil }
    return Int(number)
  }
}
