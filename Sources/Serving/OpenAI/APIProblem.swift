import HTTPTypes
import MartletCore
import Web

/// Why a request to an OpenAI endpoint gets no answer: `{"error": {"message", "type", "param", "code"}}`.
struct APIProblem: Error, Sendable {
  /// `error.type`, which clients use to tell their own faults from the server's.
  enum Kind: String, Sendable {
    case invalidRequest = "invalid_request_error"
    case rateLimit = "rate_limit_error"
    case server = "server_error"
  }

  var status: HTTPResponse.Status
  var message: Sentence
  var kind: Kind
  /// The member of the request, as a path: `messages[0].role`.
  var param: String?
  var code: String?
  var headers: [(HTTPField.Name, String)] = []
  var closesConnection = false
  /// What goes to the log and not to the client.
  var detail: String?

  init(
    _ message: Sentence, status: HTTPResponse.Status = .badRequest, kind: Kind = .invalidRequest, param: String? = nil, code: String? = nil
  ) {
    self.message = message
    self.status = status
    self.kind = kind
    self.param = param
    self.code = code
  }

  func write(to writer: inout JSONWriter, language: AnswerLanguage) {
    writer.raw("{\"error\":{\"message\":")
    writer.string(message.text(in: language))
    writer.raw(",\"type\":")
    writer.string(kind.rawValue)
    writer.raw(",\"param\":")
    writer.optional(param)
    writer.raw(",\"code\":")
    writer.optional(code)
    writer.raw("}}")
  }
}

extension Reply {
  /// OpenAI's error document.
  init(_ problem: APIProblem, language: AnswerLanguage) {
    self.init { problem.write(to: &$0, language: language) }
    status = problem.status
    headers = problem.headers
    if language == .chinese { headers.append((.contentLanguage, "zh")) }
    closesConnection = problem.closesConnection
    detail = problem.detail
  }
}

extension JSONWriter {
  /// Text, or `null`.
  mutating func optional(_ text: String?) {
    if let text { string(text) } else { raw("null") }
  }
}

extension APIProblem {
  static let retry: [(HTTPField.Name, String)] = [(.retryAfter, "1")]

  static func modelNotFound(_ name: String, known: [String]) -> APIProblem {
    let near = NearestName.of(String(name.prefix(64)), among: known)
    let shown = excerpt(name)
    return APIProblem(
      Sentence(
        "The model `\(shown)` does not exist or you do not have access to it." + (near.map { " Did you mean `\($0)`?" } ?? ""),
        zh: "模型“\(shown)”不存在，或者您无权使用。" + (near.map { "您是否想用“\($0)”？" } ?? "")),
      status: .notFound, code: "model_not_found")
  }

  static func busy(_ waiting: Int) -> APIProblem {
    var problem = APIProblem(
      Sentence("The model is busy and \(waiting) requests wait already. Please try again later.", zh: "模型繁忙，已有 \(waiting) 个请求在等待，请稍后再试。"),
      status: .tooManyRequests, kind: .rateLimit, code: "rate_limit_exceeded")
    problem.headers = retry
    return problem
  }

  static var stopping: APIProblem {
    var problem = APIProblem(
      Sentence("The server is stopping. Please try again later.", zh: "服务器正在停止，请稍后再试。"), status: .serviceUnavailable, kind: .server,
      code: "server_stopping")
    problem.headers = retry
    return problem
  }

  static var deadline: APIProblem {
    APIProblem(
      Sentence(
        "The request was not finished in time. Please ask for fewer tokens, or try again later.", zh: "请求未能在规定时间内完成，请减少生成的词元数，或稍后再试。"),
      status: .gatewayTimeout, kind: .server, code: "timeout")
  }

  static func unsupported(_ param: String, _ english: String, zh chinese: String) -> APIProblem {
    APIProblem(Sentence(english, zh: chinese), param: param, code: "unsupported_parameter")
  }

  /// What the client is told about an error of any kind. Errors that are not about the request are not described to it.
  /// - Parameter input: the member of the request that has the text.
  static func from(_ error: any Error, requestID: String, input: String) -> APIProblem {
    switch error {
    case let problem as APIProblem: return problem
    case let error as LanguageRequestError: return APIProblem(error, input: input)
    case let problem as HTTPProblem:
      var result = APIProblem(
        Sentence(problem.description, zh: chinese(problem.status, ChineseReason.sentence(problem))), status: problem.status,
        kind: problem.status.code >= 500 ? .server : .invalidRequest)
      result.headers = problem.headers
      result.closesConnection = problem.closesConnection
      result.detail = problem.detail
      return result
    case let problem as JSONProblem:
      return APIProblem(
        Sentence(
          "We could not parse the JSON body of your request: \(problem.description).",
          zh: "无法解析请求正文的 JSON：\(ChineseReason.sentence(problem))。"))
    case let problem as ArgumentError:
      return APIProblem(Sentence("\(problem.description).", zh: "参数错误：\(problem.description)。"), code: "invalid_value")
    default:
      var problem = APIProblem(
        Sentence(
          "The server had an error while processing your request. Whoever runs it finds request \(requestID) in its log.",
          zh: "服务器处理请求时出错；运行者可在日志中查找请求 \(requestID)。"),
        status: .internalServerError, kind: .server)
      problem.detail = "\(error)"
      return problem
    }
  }

  private static func chinese(_ status: HTTPResponse.Status, _ reason: String) -> String {
    switch status {
    case .contentTooLarge: "请求正文过大：\(reason)。"
    case .requestTimeout: "请求正文未能及时到达：\(reason)。"
    case .unsupportedMediaType: "不支持的内容类型：\(reason)。"
    case .serviceUnavailable: "服务器繁忙，请稍后再试：\(reason)。"
    default: "请求有误：\(reason)。"
    }
  }
}
