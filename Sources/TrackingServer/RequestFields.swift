import Foundation
import MartletCore
import NIOCore
import Tracking
import Web

/// What a client sent: the members of a JSON object, or the query of a GET.
struct RequestFields: Sendable {
  private let values: [String: JSONValue]

  init(_ values: [String: JSONValue]) { self.values = values }

  /// Reads a body. An empty one has no members.
  /// - Throws: `BadRequest` for what is no JSON object.
  init(body: ByteBuffer) throws {
    guard body.readableBytes > 0 else {
      values = [:]
      return
    }
    let value: JSONValue
    do { value = try JSONReader.read(body) { try $0.readValue() } } catch let problem as JSONProblem {
      throw BadRequest(problem: problem.problem, expected: problem.expected)
    }
    guard case .object(let members) = value else { throw BadRequest(problem: "the body is no JSON object", expected: "{…}") }
    values = members
  }

  /// Reads the query of a request's target. A name that comes several times is a list.
  init(target: String) throws(TrackingError) {
    guard let mark = target.firstIndex(of: "?") else {
      values = [:]
      return
    }
    var found: [String: [JSONValue]] = [:]
    for part in target[target.index(after: mark)...].prefix(while: { $0 != "#" }).split(separator: "&") {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = try Self.decode(sides[0]), value = sides.count > 1 ? try Self.decode(sides[1]) : ""
      found[name, default: []].append(.string(value))
    }
    values = found.mapValues { $0.count == 1 ? $0[0] : .array($0) }
  }

  /// A part of a query without its escapes.
  static func decode(_ text: some StringProtocol) throws(TrackingError) -> String {
    guard let decoded = String(text).replacing("+", with: " ").removingPercentEncoding else {
      throw TrackingError(.invalid, "the query has a broken escape", expected: "% and two hexadecimal digits")
    }
    return decoded
  }

  func with(_ parameters: [String: String]) -> RequestFields {
    RequestFields(values.merging(parameters.mapValues { .string($0) }) { _, new in new })
  }

  /// The member, if it is there and not null.
  func value(_ name: String) -> JSONValue? {
    guard let value = values[name], value != .null else { return nil }
    return value
  }

  /// Those of the members that are texts, for the audit log.
  func named(_ names: [String]) -> [String: String] {
    var found: [String: String] = [:]
    for name in names { found[name] = values[name]?.stringValue }
    return found
  }

  private func wrong(_ name: String, _ expected: String) -> TrackingError {
    TrackingError(.invalid, "'\(name)' has a value of another kind", expected: expected)
  }

  func text(_ name: String) throws(TrackingError) -> String? {
    switch value(name) {
    case nil: nil
    case .string(let text): text
    default: throw wrong(name, "a text")
    }
  }

  /// A text that must be there and not be empty.
  func required(_ name: String) throws(TrackingError) -> String {
    guard let text = try text(name), !text.isEmpty else {
      throw TrackingError(.invalid, "the parameter '\(name)' is missing", expected: "a text")
    }
    return text
  }

  func integer(_ name: String) throws(TrackingError) -> Int64? {
    switch value(name) {
    case nil: return nil
    case .int(let number): return Int64(number)
    case .double(let number): if let whole = Int64(exactly: number) { return whole }
    case .string(let text): if let whole = Int64(text) { return whole }
    default: break
    }
    throw wrong(name, "a whole number")
  }

  /// A number, also as text: JSON has neither NaN nor infinities.
  func number(_ name: String) throws(TrackingError) -> Double? {
    switch value(name) {
    case nil: return nil
    case .int(let number): return Double(number)
    case .double(let number): return number
    case .string("NaN"): return .nan
    case .string("Infinity"): return .infinity
    case .string("-Infinity"): return -.infinity
    case .string(let text):
      if let number = Double(text), text.utf8.allSatisfy({ "0123456789.eE+-".utf8.contains($0) }) { return number }
    default: break
    }
    throw wrong(name, "a number")
  }

  func flag(_ name: String) throws(TrackingError) -> Bool? {
    switch value(name) {
    case nil: return nil
    case .bool(let flag): return flag
    case .string(let text) where text.lowercased() == "true": return true
    case .string(let text) where text.lowercased() == "false": return false
    default: throw wrong(name, "true or false")
    }
  }

  /// A list of texts; one text counts as a list.
  func texts(_ name: String) throws(TrackingError) -> [String] {
    switch value(name) {
    case nil: return []
    case .string(let text): return [text]
    case .array(let elements):
      var found: [String] = []
      for element in elements {
        guard case .string(let text) = element else { throw wrong(name, "a list of texts") }
        found.append(text)
      }
      return found
    default: throw wrong(name, "a list of texts")
    }
  }

  func objects(_ name: String) throws(TrackingError) -> [RequestFields] {
    guard let value = value(name) else { return [] }
    guard case .array(let elements) = value else { throw wrong(name, "a list of objects") }
    var found: [RequestFields] = []
    for element in elements {
      guard case .object(let members) = element else { throw wrong(name, "a list of objects") }
      found.append(RequestFields(members))
    }
    return found
  }

  func object(_ name: String) throws(TrackingError) -> RequestFields? {
    guard let value = value(name) else { return nil }
    guard case .object(let members) = value else { throw wrong(name, "an object") }
    return RequestFields(members)
  }

  /// `[{"key": …, "value": …}]`
  func tags(_ name: String) throws(TrackingError) -> [TrackingTag] {
    var found: [TrackingTag] = []
    for object in try objects(name) { found.append(TrackingTag(try object.text("key") ?? "", try object.text("value") ?? "")) }
    return found
  }

  /// `run_id`, or `run_uuid` as old clients have it.
  func run() throws(TrackingError) -> String {
    if let id = try text("run_id"), !id.isEmpty { return id }
    if let id = try text("run_uuid"), !id.isEmpty { return id }
    throw TrackingError(.invalid, "the parameter 'run_id' is missing", expected: "a run's id")
  }

  func limit(_ standard: Int, most: Int) throws(TrackingError) -> Int {
    guard let wanted = try integer("max_results") else { return standard }
    guard (1...Int64(most)).contains(wanted) else {
      throw TrackingError(.invalid, "'max_results' is \(wanted)", expected: "1 to \(most)")
    }
    return Int(wanted)
  }

  /// Where the page begins that `page_token` names.
  func offset() throws(TrackingError) -> Int { try PageToken.offset(try text("page_token") ?? "") }

  func stage(_ name: String) throws(TrackingError) -> StageFilter {
    try text(name).flatMap(StageFilter.init(rawValue:)) ?? .active
  }
}

/// A body that is no JSON.
struct BadRequest: MartletError {
  let problem: String
  let expected: String?
}
