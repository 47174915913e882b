import Foundation
import HTTPTypes
import MartletCore
import NIOCore
import Web

/// Language models over the Open Inference Protocol: `/generate`, and tensors of texts.
struct TextInference: Sendable {
  static let input = "text_input"
  static let output = "text_output"
  static let settings = "sampling_parameters"
  static let isStreamed = "stream"

  let request: GenerationRequest
  let id: String?
  let isStreamed: Bool
  /// The text itself comes before what follows it.
  private let prefix: String

  /// `{"text_input": …, "parameters": {…}}`; members beside these are parameters, too.
  /// - Throws: `HTTPProblem` that names the member; `JSONProblem` where the body is no JSON.
  init(_ body: ByteBuffer, limits: LanguageLimits) throws {
    guard body.readableBytes > 0 else { throw HTTPProblem(.badRequest, "the body is empty", expected: #"{"text_input": …}"#) }
    let members = try JSONSource.read(body, keeping: []).members
    var settings = members.filter { ![Self.input, "parameters", "id"].contains($0.key) }
    if let parameters = members["parameters"] {
      guard let more = parameters.objectValue else { throw HTTPProblem(.badRequest, "parameters are no object") }
      settings.merge(more) { _, inner in inner }
    }
    try self.init(text: members[Self.input], settings: settings, id: members["id"]?.stringValue, limits: limits)
  }

  /// Tensors: `text_input` of one text, and `sampling_parameters` as JSON or the request's parameters.
  init(_ document: TensorDocument, limits: LanguageLimits) throws {
    var settings = document.parameters.filter { $0.key != "binary_data_output" }
    var text: JSONValue?
    for input in document.inputs {
      let values = input.values
      guard values.count == 1 else {
        throw HTTPProblem(.badRequest, "'\(excerpt(input.name))' has \(values.count) elements", expected: "one text a request")
      }
      switch input.name {
      case Self.input: text = values[0]
      case Self.settings:
        guard let json = values[0].stringValue, let value = try? JSON.decode(JSONValue.self, from: Data(json.utf8), source: input.name),
          let members = value.objectValue
        else { throw HTTPProblem(.badRequest, "\(Self.settings) is no JSON object") }
        settings.merge(members) { _, inner in inner }
      default: settings[input.name] = values[0]
      }
    }
    for output in document.outputs where output.name != Self.output {
      throw HTTPProblem(.badRequest, "unknown output '\(excerpt(output.name))'", expected: Self.output)
    }
    try self.init(text: text, settings: settings, id: document.id, limits: limits)
  }

  private init(text: JSONValue?, settings: [String: JSONValue], id: String?, limits: LanguageLimits) throws {
    guard let text = text?.stringValue else {
      throw HTTPProblem(.badRequest, "the request has no \"\(Self.input)\"", expected: "a text")
    }
    do throws(APIProblem) {
      let fields = RequestFields(Self.known(settings))
      var request = GenerationRequest(.text(text))
      try SettingsReader.read(fields, sources: [:], into: &request, limits: limits)
      request.choices = 1
      request.maxTokens = try SettingsReader.maxTokens(fields, ["max_tokens"], limits: limits) ?? 16
      // Microseconds, as the protocol has it.
      if let timeout = try fields.integer("timeout", in: 0 ... .max), timeout > 0 {
        let deadline = ContinuousClock.now + .microseconds(timeout)
        request.deadline = min(request.deadline ?? deadline, deadline)
      }
      isStreamed = try fields.bool(Self.isStreamed) ?? false
      prefix = try fields.bool("exclude_input_in_output") ?? true ? "" : text
      self.request = request
      self.id = id
    } catch {
      throw HTTPProblem(error)
    }
  }

  /// Numbers and truth values that came as text, as parameters of gRPC often do, and other servers' names of settings.
  private static func known(_ settings: [String: JSONValue]) -> [String: JSONValue] {
    var known = settings
    for (theirs, ours) in [("max_new_tokens", "max_tokens"), ("stop_words", "stop"), ("random_seed", "seed")] where known[ours] == nil {
      known[ours] = known[theirs]
    }
    known["n"] = nil
    for (key, value) in known {
      guard key != "stop", key != "response_format", let text = value.stringValue else { continue }
      if let number = Int(text) {
        known[key] = .int(number)
      } else if let number = Double(text), number.isFinite {
        known[key] = .double(number)
      } else if let flag = Bool(text.lowercased()) {
        known[key] = .bool(flag)
      }
    }
    return known
  }

  // MARK: Answers

  /// What comes before the first piece of the output.
  func text(_ generated: String, isFirst: Bool) -> String { isFirst ? prefix + generated : generated }

  /// `{"model_name", "model_version", "text_output"}`
  func write(_ text: String, _ runner: LanguageRunner, to writer: inout JSONWriter) {
    writer.raw("{")
    if let id {
      writer.raw("\"id\":")
      writer.string(id)
      writer.raw(",")
    }
    writer.raw("\"model_name\":")
    writer.string(runner.model.name)
    writer.raw(",\"model_version\":")
    writer.string(runner.model.version)
    writer.raw(",\"text_output\":")
    writer.string(text)
    writer.raw("}")
  }

  /// One piece as a tensor.
  func answer(_ text: String, _ runner: LanguageRunner, isBinary: Bool = false) -> InferenceAnswer {
    var output = OutputTensor(Self.output, texts: [Array(text.utf8)], shape: [1])
    output.isBinary = isBinary
    return InferenceAnswer(model: AnsweringModel(name: runner.model.name, version: runner.model.version), id: id, outputs: [output])
  }

  /// Generates to the end.
  /// - Throws: `HTTPProblem`, `LanguageRequestError`, and `CancellationError` where the task was cancelled.
  func complete(_ runner: LanguageRunner, _ channel: (any Channel)? = nil) async throws -> String {
    let generation = try Self.start(runner, request)
    let client = channel.map { ClientPresence.watch($0) { generation.cancel(ClientLeft()) } }
    defer { client?.cancel() }
    var text = ""
    for try await case .event(.text(let delta)) in generation.signals { text += delta.text }
    generation.cancel(CancellationError())
    try Task.checkCancellation()
    return self.text(text, isFirst: true)
  }

  static func start(_ runner: LanguageRunner, _ request: GenerationRequest, silence: Duration? = nil) throws -> RunningGeneration {
    do { return try runner.generate(request, silence: silence) } catch { throw HTTPProblem(error) }
  }
}

extension HTTPProblem {
  /// The same problem with a plain sentence.
  init(_ problem: APIProblem) {
    var text = problem.message.english
    if text.hasSuffix(".") { text.removeLast() }
    self.init(problem.status, text)
    headers = problem.headers
    closesConnection = problem.closesConnection
    detail = problem.detail
  }

  /// What a client of the Open Inference Protocol is told about any error of a language model.
  static func from(language error: any Error, requestID: String) -> HTTPProblem {
    switch error {
    case let error as APIProblem: HTTPProblem(error)
    case let error as LanguageRequestError: HTTPProblem(APIProblem(error, input: TextInference.input))
    default: from(error, requestID: requestID)
    }
  }
}
