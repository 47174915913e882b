import Foundation
import MartletCore
import Testing

@testable import Text

/// What Tools/fixtures_templates.py wrote: chat templates, conversations, and what Jinja makes of them.
struct TemplateFixture: Sendable {
  struct Outcome: Sendable {
    var source: String
    var variables: [String: TemplateValue]
    var text: String?
    var error: String?
    var message: String?
  }

  var templates: [String: String] = [:]
  var chats: [Outcome] = []
  var snippets: [Outcome] = []

  static func load() throws -> TemplateFixture {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/templates", withExtension: "json"))
    let json = try TemplateValue(json: Data(contentsOf: url), source: "templates.json")
    var fixture = TemplateFixture()
    guard case .object(let templates)? = json["templates"], case .array(let conversations)? = json["conversations"],
      case .array(let chats)? = json["chats"], case .array(let snippets)? = json["snippets"]
    else { throw ArgumentError("templates.json is not as expected") }
    func text(_ value: TemplateValue?) -> String? { if case .string(let text)? = value { text } else { nil } }
    for member in templates { fixture.templates[member.name] = text(member.value) }
    for chat in chats {
      guard let name = text(chat["template"]), case .int(let index)? = chat["conversation"],
        case .object(let members) = conversations[index],
        let source = fixture.templates[name]
      else { throw ArgumentError("a chat is not as expected") }
      var variables: [String: TemplateValue] = ["tools": nil, "documents": nil, "bos_token": "<s>", "eos_token": "</s>"]
      for member in members { variables[member.name] = member.value }
      fixture.chats.append(
        Outcome(source: source, variables: variables, text: text(chat["text"]), error: text(chat["error"]), message: text(chat["message"])))
    }
    for snippet in snippets {
      fixture.snippets.append(
        Outcome(
          source: text(snippet["source"]) ?? "", variables: ["messages": []], text: text(snippet["text"]), error: text(snippet["error"]),
          message: text(snippet["message"])))
    }
    return fixture
  }
}

@Suite struct TemplateParityTests {
  func check(_ item: TemplateFixture.Outcome) throws {
    do {
      let rendered = try ChatTemplate(item.source).render(item.variables).text
      #expect(rendered == item.text, "\(item.source.prefix(300))")
      if let text = item.text { #expect(Array(rendered.utf8) == Array(text.utf8)) }
    } catch {
      guard let expected = item.error else {
        Issue.record("\(item.source.prefix(200)): \(error)")
        return
      }
      switch expected {
      case "syntax": #expect(error.kind == .syntax, "\(item.source): \(error)")
      case "raised":
        #expect(error.kind == .raised)
        #expect(error.message == item.message)
      case "undefined": #expect(error.kind == .undefined, "\(item.source.prefix(200)): \(error)")
      case "forbidden": #expect(error.kind == .forbidden || error.kind == .undefined, "\(item.source): \(error)")
      // Python says this by exceptions of many types.
      default: #expect(error.kind != .raised, "\(item.source.prefix(200)): \(error)")
      }
    }
  }

  @Test func chatsAreJinjas() throws {
    let chats = try TemplateFixture.load().chats
    #expect(chats.count == 192)
    for item in chats { try check(item) }
  }

  @Test func expressionsAndStatementsAreJinjas() throws {
    let snippets = try TemplateFixture.load().snippets
    #expect(snippets.count == 131)
    for item in snippets { try check(item) }
  }
}
