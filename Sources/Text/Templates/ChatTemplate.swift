public import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A chat template: the Jinja text by which a model's makers turn a conversation into a prompt.
///
/// The language is Jinja 3.1 as transformers sets it up: `trim_blocks` and `lstrip_blocks`, `tojson` that escapes nothing,
/// `raise_exception`, `strftime_now`, `break` and `continue`, `generation` blocks; nothing that a template is given can be changed by it.
/// Templates come from strangers: steps, text and depth are bounded, and a hostile one ends in a `TemplateError`.
public struct ChatTemplate: Sendable {
  /// The template's text.
  public let source: String
  public var limits: TemplateLimits
  private let nodes: Syntax

  /// `@unchecked Sendable`: the syntax is never changed after it was read.
  private final class Syntax: @unchecked Sendable {
    let nodes: [TemplateNode]
    init(_ nodes: [TemplateNode]) { self.nodes = nodes }
  }

  /// A rendered conversation.
  public struct Rendered: Sendable, Hashable {
    public var text: String
    /// What the template marks as the assistant's own words, as ranges of UTF-8 bytes of `text`.
    public var generated: [Range<Int>]
  }

  /// - Throws: `TemplateError` with the line where the text is no template.
  public init(_ source: String, limits: TemplateLimits = TemplateLimits()) throws(TemplateError) {
    self.source = source
    self.limits = limits
    guard source.utf8.count <= 1 << 20 else {
      throw TemplateError(.limit, "the template has \(source.utf8.count) bytes", expected: "at most \(1 << 20)")
    }
    do {
      nodes = Syntax(try TemplateParser.nodes(source))
    } catch let error as TemplateError {
      throw error
    } catch {
      throw TemplateError(.syntax, "\(error)")
    }
  }

  /// Renders a conversation as transformers' `apply_chat_template` does.
  /// - Parameters:
  ///   - messages: objects with `role`, `content` and whatever else the template reads.
  ///   - tools: JSON schemas of functions, or `nil`.
  ///   - addGenerationPrompt: whether the text ends where the assistant begins to speak.
  ///   - variables: `bos_token`, `eos_token` and others by name; they come before the parameters above.
  ///   - now: what `strftime_now` tells, in the local time zone.
  /// - Throws: `TemplateError`: the template's own refusal (`.raised`), a mistake in it, or a limit that was passed.
  public func render(
    messages: [TemplateValue], tools: [TemplateValue]? = nil, documents: [TemplateValue]? = nil, addGenerationPrompt: Bool = false,
    variables: [String: TemplateValue] = [:], now: Date = Date()
  ) throws(TemplateError) -> Rendered {
    var all = variables
    all["messages"] = .array(messages.map(Self.withReasoning))
    all["tools"] = tools.map { .array($0) } ?? .null
    all["documents"] = documents.map { .array($0) } ?? .null
    all["add_generation_prompt"] = .bool(addGenerationPrompt)
    return try render(all, now: now)
  }

  /// Renders with these variables alone.
  public func render(_ variables: [String: TemplateValue], now: Date = Date()) throws(TemplateError) -> Rendered {
    let renderer = TemplateRenderer(limits: limits) { Self.time(now, $0) }
    defer { renderer.finish() }
    do {
      let scope = TemplateScope(variables.mapValues { PythonValue($0) })
      // What the template sets hides what it was given, and nothing more.
      _ = try renderer.run(nodes.nodes, in: TemplateScope(parent: scope))
      return Rendered(text: renderer.output, generated: renderer.generated)
    } catch let error as TemplateError {
      throw error
    } catch {
      throw TemplateError(.type, "\(error)", line: renderer.line)
    }
  }

  /// Reasoning goes by several names; templates read the first of these.
  private static func withReasoning(_ message: TemplateValue) -> TemplateValue {
    guard case .object(var members) = message else { return message }
    let names = ["reasoning_content", "thinking", "reasoning"]
    guard let reasoning = names.lazy.compactMap({ message[$0] }).first(where: { $0 != .null }) else { return message }
    if message["thinking"] == nil { members.insert(TemplateValue.Member("thinking", reasoning), at: 0) }
    members.removeAll { $0.name == "reasoning_content" }
    members.append(TemplateValue.Member("reasoning_content", reasoning))
    return .object(members)
  }

  /// C's `strftime` in the local time zone.
  private static func time(_ now: Date, _ format: String) -> String {
    var seconds = time_t(now.timeIntervalSince1970.rounded(.down))
    var parts = tm()
    guard !format.isEmpty, localtime_r(&seconds, &parts) != nil else { return "" }
    // A leading letter tells an empty result from one that did not fit.
    let format = "x" + format
    var buffer = [CChar](repeating: 0, count: 64 + 64 * min(format.utf8.count, 1024))
    let count = strftime(&buffer, buffer.count, format, &parts)
    return String(decoding: buffer.prefix(count).dropFirst().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
