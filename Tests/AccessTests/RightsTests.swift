import Testing

@testable import Access

@Suite struct RightsTests {
  @Test func `patterns stand for names`() {
    let fitting = [("*", ""), ("a", "a"), ("a*", "a"), ("a*c", "abbc"), ("*b*", "abc"), ("?", "é"), ("a**b", "ab"), ("*-v?", "x-v-v2")]
    for (pattern, name) in fitting { #expect(ModelPattern(pattern).matches(name), "\(pattern) \(name)") }
    let others = [("", "a"), ("a", "ab"), ("a?", "a"), ("a*c", "ab"), ("?", ""), ("a*a", "a"), ("A", "a"), ("*.x", "x")]
    for (pattern, name) in others { #expect(!ModelPattern(pattern).matches(name), "\(pattern) \(name)") }
    // A pattern that would take for ever if it were tried in all ways.
    #expect(!ModelPattern(String(repeating: "*a", count: 40) + "b").matches(String(repeating: "a", count: 2000)))
  }

  @Test func `only admin may everything, nobody nothing`() {
    #expect(Role.allCases.filter { $0.rights.contains(.admin) } == [.admin])
    #expect(Role.admin.rights == Set(Right.allCases))
    #expect(Role.client.rights == [.predict])
    #expect(Role.contributor.rights == [.observe, .read, .write])
    for right in Right.allCases {
      #expect(!Principal.nobody.may(right))
      #expect(Principal.local.may(right))
    }
    #expect(!Principal.nobody.mayUse(model: "a"))
  }
}
