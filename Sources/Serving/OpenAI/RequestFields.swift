import MartletCore
import Web

/// The members of a JSON object of a request, read with the types that they should have. `null` is the same as nothing.
struct RequestFields: Sendable {
  let members: [String: JSONValue]
  /// Where the object lies in the request: empty, or `messages[0].`
  let path: String

  init(_ members: [String: JSONValue], path: String = "") {
    self.members = members.filter { $0.value != .null }
    self.path = path
  }

  /// The object at a place.
  /// - Throws: `APIProblem` if it is none.
  init(_ value: JSONValue, at place: String) throws(APIProblem) {
    guard let members = value.objectValue else { throw Self.wrongType(place, "an object", value) }
    self.init(members, path: place + ".")
  }

  func has(_ key: String) -> Bool { members[key] != nil }

  func place(_ key: String) -> String { path + key }

  /// The value of a member that must be there.
  func required<Value>(_ key: String, _ value: Value?) throws(APIProblem) -> Value {
    guard let value else {
      throw APIProblem(
        Sentence("Missing required parameter: '\(place(key))'.", zh: "缺少必需的参数“\(place(key))”。"), param: place(key),
        code: "missing_required_parameter")
    }
    return value
  }

  func string(_ key: String) throws(APIProblem) -> String? {
    guard let value = members[key] else { return nil }
    guard case .string(let text) = value else { throw Self.wrongType(place(key), "a string", value) }
    return text
  }

  func bool(_ key: String) throws(APIProblem) -> Bool? {
    guard let value = members[key] else { return nil }
    guard case .bool(let flag) = value else { throw Self.wrongType(place(key), "a boolean", value) }
    return flag
  }

  func integer(_ key: String, in range: ClosedRange<Int> = .min ... .max) throws(APIProblem) -> Int? {
    guard let value = members[key] else { return nil }
    guard let number = Self.integer(value) else { throw Self.wrongType(place(key), "an integer", value) }
    if number > range.upperBound { throw tooLarge("integer", key, "\(number)", "\(range.upperBound)") }
    if number < range.lowerBound { throw tooSmall("integer", key, "\(number)", "\(range.lowerBound)") }
    return number
  }

  func number(_ key: String, in range: ClosedRange<Double>) throws(APIProblem) -> Double? {
    guard let value = members[key] else { return nil }
    guard let number = value.doubleValue else { throw Self.wrongType(place(key), "a number", value) }
    if number > range.upperBound { throw tooLarge("decimal", key, "\(number)", PrometheusText.number(range.upperBound)) }
    if number < range.lowerBound { throw tooSmall("decimal", key, "\(number)", PrometheusText.number(range.lowerBound)) }
    return number
  }

  func object(_ key: String) throws(APIProblem) -> RequestFields? {
    guard let value = members[key] else { return nil }
    return try RequestFields(value, at: place(key))
  }

  func array(_ key: String, atMost limit: Int = .max) throws(APIProblem) -> [JSONValue]? {
    guard let value = members[key] else { return nil }
    guard let elements = value.arrayValue else { throw Self.wrongType(place(key), "an array", value) }
    guard elements.count <= limit else { throw tooLong(key, elements.count, limit) }
    return elements
  }

  /// One of several words.
  func word(_ key: String, among words: [String]) throws(APIProblem) -> String? {
    guard let word = try string(key) else { return nil }
    guard words.contains(word) else { throw unknownWord(key, word, words) }
    return word
  }

  /// 5, and 5.0 that some clients send.
  static func integer(_ value: JSONValue) -> Int? {
    switch value {
    case .int(let number): number
    case .double(let number): Int(exactly: number)
    default: nil
    }
  }

  // MARK: Problems

  static func wrongType(_ place: String, _ expected: String, _ found: JSONValue) -> APIProblem {
    APIProblem(
      Sentence(
        "Invalid type for '\(place)': expected \(expected), but got \(name(found)) instead.",
        zh: "“\(place)”的类型不对：应为 \(chinese(expected))，实为 \(chinese(name(found)))。"),
      param: place, code: "invalid_type")
  }

  func unknownWord(_ key: String, _ word: String, _ words: [String]) -> APIProblem {
    let supported = words.map { "'\($0)'" }.joined(separator: ", ")
    return APIProblem(
      Sentence("Invalid value: '\(excerpt(word))'. Supported values are: \(supported).", zh: "无效的值“\(excerpt(word))”，支持的值为：\(supported)。"),
      param: place(key), code: "invalid_value")
  }

  private func tooLarge(_ type: String, _ key: String, _ value: String, _ limit: String) -> APIProblem {
    APIProblem(
      Sentence(
        "Invalid '\(place(key))': \(type) above maximum value. Expected a value <= \(limit), but got \(value) instead.",
        zh: "“\(place(key))”的值 \(value) 过大，最大为 \(limit)。"),
      param: place(key), code: "\(type)_above_max_value")
  }

  private func tooSmall(_ type: String, _ key: String, _ value: String, _ limit: String) -> APIProblem {
    APIProblem(
      Sentence(
        "Invalid '\(place(key))': \(type) below minimum value. Expected a value >= \(limit), but got \(value) instead.",
        zh: "“\(place(key))”的值 \(value) 过小，最小为 \(limit)。"),
      param: place(key), code: "\(type)_below_min_value")
  }

  func tooLong(_ key: String, _ count: Int, _ limit: Int) -> APIProblem {
    APIProblem(
      Sentence(
        "Invalid '\(place(key))': array too long. Expected an array with maximum length \(limit), but got an array with length \(count) "
          + "instead.",
        zh: "“\(place(key))”有 \(count) 个元素，最多 \(limit) 个。"),
      param: place(key), code: "array_above_max_length")
  }

  func empty(_ key: String) -> APIProblem {
    APIProblem(
      Sentence(
        "Invalid '\(place(key))': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        zh: "“\(place(key))”是空数组，至少需要 1 个元素。"),
      param: place(key), code: "empty_array")
  }

  private static func name(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool: "a boolean"
    case .int: "an integer"
    case .double: "a decimal"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  private static func chinese(_ english: String) -> String {
    switch english {
    case "a boolean": "布尔值"
    case "an integer": "整数"
    case "a decimal", "a number": "数字"
    case "a string": "字符串"
    case "an array": "数组"
    case "an object": "对象"
    case "a string or an array of strings": "字符串或字符串数组"
    case "a string or an array of content parts": "字符串或内容片段数组"
    default: english
    }
  }
}
