import ArgumentParser
import Foundation
import MartletCore

/// Options of commands that let a model write.
struct GenerationOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The most tokens to write. (default: 512, or what fits the context)", valueName: "number"))
  var maxTokens: Int?

  @Option(help: ArgumentHelp("0 takes the most likely token always. (default: the model's)", valueName: "number"))
  var temperature: Double?

  @Option(help: ArgumentHelp("Only the likeliest tokens with this probability together. (default: the model's)", valueName: "number"))
  var topP: Double?

  @Option(help: ArgumentHelp("Only so many of the likeliest tokens. (default: the model's)", valueName: "number"))
  var topK: Int?

  @Option(help: ArgumentHelp("The same seed gives the same text. (default: another one each time)", valueName: "number"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("Stop where this would come. Can be repeated.", valueName: "text"))
  var stop: [String] = []

  @Option(
    help: ArgumentHelp("A smaller model that guesses ahead: the same text, sooner.", valueName: "NAME@V"),
    completion: ReferenceCompletion.kind)
  var draft: String?

  @Option(help: ArgumentHelp("Write the best of so many continuations. (default: the model's)", valueName: "number"))
  var beams: Int?

  func validate() throws {
    if let beams, !(1...64).contains(beams) { throw ValidationError("--beams is \(beams); expected a whole number from 1 to 64") }
    func check(_ name: String, _ value: Double?, _ range: ClosedRange<Double>) throws {
      if let value, !range.contains(value) {
        throw ValidationError("--\(name) is \(value); expected a number from \(range.lowerBound) to \(range.upperBound)")
      }
    }
    if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens is \(maxTokens); expected 1 or more") }
    try check("temperature", temperature, 0...10)
    try check("top-p", topP, 0...1)
    if let topK, topK < 0 { throw ValidationError("--top-k is \(topK); expected 0 or more") }
    if stop.contains("") { throw ValidationError("--stop is empty; expected a text") }
  }

  func request(_ prompt: GenerationRequest.Prompt) -> GenerationRequest {
    var request = GenerationRequest(prompt)
    request.maxTokens = maxTokens ?? 512
    request.sampling.temperature = temperature
    request.sampling.topP = topP
    request.sampling.topK = topK
    request.sampling.seed = seed
    request.stop = stop
    request.beams = beams.map { BeamSettings($0) }
    return request
  }

  /// The same request for as many tokens as there is room for, after the model refused the number that nobody asked for.
  /// - Parameter share: what must be left of the context for it to be worth while.
  func shortened(_ request: GenerationRequest, after error: LanguageRequestError, share: Double = 0) -> GenerationRequest? {
    guard maxTokens == nil, case .contextTooLong(let limit, let prompt, let output) = error.kind else { return nil }
    let room = limit - prompt
    guard room > 0, room < output, Double(room) >= Double(limit) * share else { return nil }
    var request = request
    request.maxTokens = room
    return request
  }
}

/// Writes what a model generates as it comes.
struct GenerationWriter: Sendable {
  let output: any CommandOutput
  /// Standard output is a terminal, which would obey the control characters of a text.
  let isTerminal: Bool
  /// Nothing is written: the text belongs into a document.
  let isSilent: Bool

  init(_ context: CommandContext, json: Bool) {
    output = context.output
    isTerminal = context.width != nil
    isSilent = json
  }

  /// What was written in the end.
  struct Outcome: Sendable {
    var text = ""
    var reason: String
    var usage: GenerationUsage
    var firstTokenSeconds: Double?
    var lastTokenSeconds: Double?
    var seconds = 0.0

    var tokensPerSecond: Double? {
      guard let first = firstTokenSeconds, let last = lastTokenSeconds, usage.completionTokens > 1, last > first else { return nil }
      return Double(usage.completionTokens - 1) / (last - first)
    }
  }

  /// Generates to the end, or until the task is cancelled, which is no error: what is there counts.
  func write(_ request: GenerationRequest, by generator: any TextGenerator) async throws -> Outcome {
    let start = ContinuousClock.now
    var result = GenerationResult()
    var first: Double?, last: Double?
    do {
      for try await event in try await generator.generate(request) {
        result.add(event)
        guard case .text(let delta) = event else { continue }
        last = (ContinuousClock.now - start) / .seconds(1)
        if first == nil { first = last }
        if !isSilent, !delta.text.isEmpty { try output.write(shown(delta.text)) }
      }
    } catch is CancellationError where Task.isCancelled {}
    let choice = result.choices[0]
    return Outcome(
      text: choice.text, reason: choice.reason?.rawValue ?? "interrupted", usage: result.usage, firstTokenSeconds: first,
      lastTokenSeconds: last,
      seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  /// Control characters other than line ends and tabs could move the cursor, or worse.
  private func shown(_ text: String) -> String {
    guard isTerminal else { return text }
    let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
      switch scalar.value {
      case 0x09, 0x0A: scalar
      case 0..<0x20, 0x7F..<0xA0: "\u{FFFD}"
      default: scalar
      }
    }
    return String(String.UnicodeScalarView(scalars))
  }
}
