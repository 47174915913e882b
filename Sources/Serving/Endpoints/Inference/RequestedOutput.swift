import HTTPTypes
import MartletCore
import Web

/// An output that a client of the Open Inference Protocol asked for.
struct RequestedOutput: Sendable, Hashable {
  let name: String
  /// Behind the JSON, or in it; `nil` leaves it to the request.
  var isBinary: Bool?
  /// In place of the values, so many of the largest ones as `value:index:label` (the classification extension).
  var classes: Int?

  init(_ name: String) { self.name = name }

  /// - Throws: `HTTPProblem` 400 for parameters of a wrong type, and those that would need memory shared with the client.
  init(_ name: String, parameters: [String: JSONValue]) throws {
    self.name = name
    if let value = parameters["binary_data"] {
      guard let flag = value.boolValue else { throw Self.wrong(name, "binary_data", "true or false") }
      isBinary = flag
    }
    if let value = parameters["classification"] {
      guard let count = value.intValue, count > 0 else { throw Self.wrong(name, "classification", "a number of classes, 1 or more") }
      classes = count
    }
    if parameters["shared_memory_region"] != nil { throw HTTPProblem.noSharedMemory(name) }
  }

  private static func wrong(_ name: String, _ parameter: String, _ expected: String) -> HTTPProblem {
    HTTPProblem(.badRequest, "the parameter \(parameter) of output '\(excerpt(name))' is of the wrong type", expected: expected)
  }
}

extension HTTPProblem {
  /// Memory that client and server share is a hole between them, and not offered.
  static func noSharedMemory(_ tensor: String) -> HTTPProblem {
    HTTPProblem(
      .badRequest, "'\(excerpt(tensor))' lies in shared memory, which this server does not take", expected: "the data in the request")
  }
}
