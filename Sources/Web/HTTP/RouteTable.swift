package import HTTPTypes
import MartletCore

/// All routes of a server, in one place.
package struct RouteTable: Sendable {
  package let routes: [Route]
  /// Counts what no route took.
  package let unmatched = RouteMetrics(route: "unmatched", method: "other")
  private let literal: [String: [Route]]
  private let patterns: [Route]

  package init(_ routes: [Route]) {
    self.routes = routes
    literal = Dictionary(grouping: routes.filter(\.isLiteral)) { $0.pattern }
    patterns = routes.filter { !$0.isLiteral }
  }

  package struct Match {
    package let route: Route
    package let parameters: [String: String]
  }

  /// - Parameter target: the request's path with its query.
  /// - Throws: `HTTPProblem` 404 that names routes nearby, 405 with the methods that are allowed.
  package func find(_ method: HTTPRequest.Method, _ target: String) throws(HTTPProblem) -> Match {
    let path = target.prefix { $0 != "?" && $0 != "#" }
    let wanted = method == .head ? .get : method
    var allowed: Set<String> = []
    for route in literal[String(path)] ?? [] {
      if route.method == wanted { return Match(route: route, parameters: [:]) }
      allowed.insert(route.method.rawValue)
    }
    if path.utf8.count <= 2048, path.utf8.first == UInt8(ascii: "/") {
      let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
      for route in patterns {
        guard let parameters = route.match(segments) else { continue }
        if route.method == wanted { return Match(route: route, parameters: parameters) }
        allowed.insert(route.method.rawValue)
      }
    }
    guard !allowed.isEmpty else { throw notFound(path) }
    if allowed.contains("GET") { allowed.insert("HEAD") }
    let methods = allowed.sorted().joined(separator: ", ")
    var problem = HTTPProblem(.methodNotAllowed, "\(excerpt(path)) does not take \(excerpt(method.rawValue))", expected: methods)
    problem.headers = [(.allow, methods)]
    throw problem
  }

  private func notFound(_ path: Substring) -> HTTPProblem {
    let patterns = Array(Set(routes.map(\.pattern)))
    // The distance takes time that grows with the path's length, which is the client's choice.
    let near = path.utf8.count <= 128 ? NearestName.of(String(path), among: patterns) : nil
    return HTTPProblem(.notFound, "there is nothing at \(excerpt(path))", remedy: near ?? "GET / lists what can be called")
  }
}
