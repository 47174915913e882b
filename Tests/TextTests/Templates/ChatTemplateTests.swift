import Foundation
import FuzzTesting
import MartletCore
import Testing

@testable import Text

@Suite struct ChatTemplateTests {
  func render(_ source: String, _ variables: [String: TemplateValue] = [:]) throws -> String {
    try ChatTemplate(source).render(variables).text
  }

  @Test func aConversation() throws {
    let template = try ChatTemplate(
      "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}{{ eos_token }}")
    let rendered = try template.render(
      messages: [["role": "user", "content": "Hi"]], addGenerationPrompt: true, variables: ["eos_token": "$", "messages": "ignored"])
    #expect(rendered.text == "<user>Hi<assistant>$")
  }

  @Test func theAssistantsWords() throws {
    let source =
      "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}.{% endgeneration %}{% else %}é{{ m.content }}{% endif %}{% endfor %}"
    let rendered = try ChatTemplate(source).render(
      messages: [["role": "user", "content": "ab"], ["role": "assistant", "content": "çd"], ["role": "assistant", "content": "e"]])
    let bytes = Array(rendered.text.utf8)
    #expect(rendered.generated.map { String(decoding: bytes[$0], as: UTF8.self) } == ["çd.", "e."])
  }

  @Test func reasoningGoesByTheFirstName() throws {
    let template = try ChatTemplate("{{ messages[0].reasoning_content }}{{ messages[0].thinking }}")
    #expect(try template.render(messages: [["role": "assistant", "reasoning": "r"]]).text == "rr")
  }

  @Test func theTimeIsTold() throws {
    let now = Date(timeIntervalSince1970: 1_700_000_000)
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "dd MMM yyyy"
    let rendered = try ChatTemplate("{{ strftime_now('%d %b %Y') }}").render([:], now: now)
    #expect(rendered.text == formatter.string(from: now))
  }

  @Test func orderedJSON() throws {
    let value = try TemplateValue(json: Data(#" {"b": [1, 2.5, -3e2], "a": "\u00e9\ud83d\ude00\n", "b": null} "#.utf8), source: "text")
    #expect(value == ["b": nil, "a": "é😀\n"])
    #expect(try render("{{ x | tojson }}", ["x": value]) == "{\"b\": null, \"a\": \"é😀\\n\"}")
    for bad in ["", "{", "[1,]", "{\"a\" 1}", "01", "nul", "\"\u{1}\"", "\"\\x\"", "1 2", "1e999", String(repeating: "[", count: 500)] {
      #expect(throws: FileError.self) { try TemplateValue(json: Data(bad.utf8), source: "text") }
    }
  }

  @Test func errorsNameTheLine() throws {
    let error = try #require(throws: TemplateError.self) { _ = try render("a\n\n{{ x.y.z }}", ["x": [:]]) }
    #expect(error.line == 3)
    #expect("\(error)".contains("line 3"))
    let syntax = try #require(throws: TemplateError.self) { _ = try ChatTemplate("a\n{% if x %}\n{% endfor %}") }
    #expect(syntax.line == 3)
  }

  @Test(arguments: [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{{ 'a' * 1000000000000 }}", "{{ 'a' * 9223372036854775807 }}", "{{ [0] * 1000000000 }}",
    "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x=[]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% macro f(x) %}{{ f(x) }}{{ f(x) }}{% endmacro %}{{ f(1) }}",
    "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{{ 'a' | center(99999999999) }}", "{{ '%999999999d' % 1 }}", "{{ 'a'.ljust(9999999999) }}", "{{ 9223372036854775807 + 1 }}",
    "{{ 2 ** 9999999999 }}", "{{ 10 ** 19 }}", "{{ range(0, 9223372036854775807) }}", "{{ 'aaaaaaaa'.replace('', 'b' * 1000000) * 100 }}",
    "{{ x | tojson(indent=99999999999) }}", "{{ [1] | batch(9223372036854775807, 0) }}", "{{ [1] | slice(9223372036854775807) }}",
    "{% for i in range(99999) %}{{ 'a' * 1000 }}{% endfor %}",
  ])
  func hostileTemplatesEnd(source: String) throws {
    var limits = TemplateLimits()
    limits.steps = 200_000
    limits.bytes = 1 << 22
    limits.output = 1 << 20
    let template = try ChatTemplate(source, limits: limits)
    let error = try #require(throws: TemplateError.self) { _ = try template.render(["x": [1]]) }
    #expect(error.kind == .limit, "\(error)")
  }

  @Test func deepTextIsRefused() {
    for source in [
      "{{ " + String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000) + " }}",
      "{{ " + String(repeating: "not ", count: 5000) + "1 }}", "{{ " + String(repeating: "-", count: 5000) + "1 }}",
      "{{ " + String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000) + " }}",
      "{{ " + String(repeating: "1 + ", count: 5000) + "1 }}", "{{ a" + String(repeating: ".a", count: 5000) + " }}",
      "{{ a" + String(repeating: "|abs", count: 5000) + " }}",
      "{{ " + String(repeating: "1 if 1 else ", count: 5000) + "1 }}",
      String(repeating: "{% if 1 %}", count: 5000) + String(repeating: "{% endif %}", count: 5000),
      String(repeating: "{% for ((((a in b %}", count: 2), "{% for " + String(repeating: "(", count: 5000) + "a in b %}",
    ] {
      #expect(throws: TemplateError.self) { try ChatTemplate(source) }
    }
  }

  /// Cuts, doubles and swaps pieces of real templates: whatever comes of it, an answer or an error, must come.
  @Test func mutatedTemplatesDoNotTrap() throws {
    let fixture = try TemplateFixture.load()
    let conversation = fixture.chats.map(\.variables)
    let sources = fixture.templates.values.sorted() + fixture.snippets.map(\.source)
    var random = KeyedRandom(seed: 9, purpose: "mutation")
    func number(_ count: Int) -> Int { Int(random.next() % UInt64(max(count, 1))) }
    let pieces = [
      "{{", "}}", "{%", "%}", "|", ".", "(", ")", "[", "]", "'", "\\", "-", "not ", "\u{301}", "0", "99999999999", "x", " is ", ":", "**",
      "%",
    ]
    var limits = TemplateLimits()
    limits.steps = 2_000
    limits.bytes = 1 << 16
    var failed = 0
    let count = 1_500 * FuzzRun.times
    for _ in 0..<count {
      var scalars = Array(sources[number(sources.count)].unicodeScalars)
      let from = number(max(scalars.count - 400, 1))
      scalars = Array(scalars[from..<min(from + 400, scalars.count)])
      for _ in 0...number(4) {
        let place = number(scalars.count)
        switch number(4) {
        case 0: scalars.removeSubrange(place..<min(place + number(12), scalars.count))
        case 1: scalars.insert(contentsOf: pieces[number(pieces.count)].unicodeScalars, at: min(place, scalars.count))
        case 2: scalars.insert(contentsOf: scalars[place..<min(place + number(30), scalars.count)], at: min(place, scalars.count))
        default: if !scalars.isEmpty { scalars[place] = Unicode.Scalar(UInt8(32 + number(95))) }
        }
      }
      do throws(TemplateError) {
        _ = try ChatTemplate(PythonText.slice(scalars), limits: limits).render(conversation[number(conversation.count)])
      } catch {
        failed += 1
      }
    }
    #expect(failed > 0 && failed < count)
  }
}
