import Testing

@testable import Text

@Suite("Patterns")
struct PatternTests {
  private func matches(_ pattern: String, _ text: String, _ dialect: PatternParser.Dialect = .oniguruma) throws -> [String] {
    let bytes = Array(text.utf8)
    return try bytes.withUnsafeBufferPointer { buffer in
      try Pattern(pattern, dialect: dialect).matches(in: buffer).map { String(decoding: bytes[$0], as: UTF8.self) }
    }
  }

  @Test(arguments: [
    ("a|ab", "abab", ["a", "a"]), ("(?:ab|a)(?:bc|c)?", "abc", ["abc"]), ("a{2,3}", "aaaaaaa", ["aaa", "aaa"]), ("a{2}?", "aaa", ["aa"]),
    (#"\s+(?!\S)|\s+"#, "a   b  ", ["  ", " ", "  "]), (#"(?<=a)b"#, "ab cb", ["b"]), (#"(?<!a)b"#, "ab cb", ["b"]),
    (#"[^a-c\d]+"#, "ab1xyz2", ["xyz"]),
    (#"(?i)straße"#, "STRAßE", ["STRAßE"]), (#"\p{Lu}\p{Ll}*"#, "Ab cDÉf", ["Ab", "D", "Éf"]), (#"(?>a+)ab"#, "aaab", []),
    ("a++b", "aab", ["aab"]),
    ("[a-z&&[^b-d]]+", "abcde", ["a", "e"]), (#"\x{4e00}|\u4e8c"#, "一二三", ["一", "二"]), ("^a", "a\na", ["a", "a"]),
    ("(a*)*b", "aab", ["aab"]),
    ("x*", "axb", ["", "x", ""]), ("[[:alpha:]]+", "ab1", ["ab"]), (".+?c", "abcabc", ["abc", "abc"]), (#"\bfoo\b"#, "foo food", ["foo"]),
  ])
  func meaning(_ pattern: String, _ text: String, _ expected: [String]) throws {
    #expect(try matches(pattern, text) == expected)
  }

  @Test func dialectsDiffer() throws {
    #expect(try matches("a{1,2}+", "aaaaa", .tiktoken) == ["aa", "aa", "a"])
    #expect(try matches("a{1,2}+", "aaaaa", .oniguruma) == ["aaaaa"])
    #expect(try matches("a$", "a\na", .tiktoken) == ["a"])
    #expect(try matches("a$", "a\na", .oniguruma) == ["a", "a"])
  }

  /// The hand-written ways find what the machine finds.
  @Test func knownPatternsAgreeWithTheMachine() throws {
    let texts = try TokenizerFixtures.names.flatMap { try TokenizerFixtures.file($0).cases.map(\.text) }
    let patterns = [
      KnownPattern.gpt2,
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
    ]
    for pattern in patterns {
      #expect(try Pattern(pattern, dialect: .oniguruma).known != nil)
      for text in texts {
        // A group around it hides the pattern from those that know it.
        #expect(try matches(pattern, text) == matches("(?:" + pattern + ")", text), "\(text.debugDescription)")
      }
    }
  }

  @Test(arguments: [
    "(", "a)", "[a", "a{3,1}", #"\p{Klingon}"#, "*a", #"(a)\1"#, "(?<=a+)b", "[b-a]", #"\"#, "(?x)a", "a{9999}", #"\x{110000}"#,
  ])
  func wrongPatternsAreErrors(_ pattern: String) {
    #expect(throws: TokenizerError.self) { try Pattern(pattern, dialect: .oniguruma) }
  }

  @Test func triesThatDoNotEndAreErrors() throws {
    #expect(throws: TokenizerError.self) { try matches("(?:a|a|aa)+$", String(repeating: "a", count: 60) + "b", .tiktoken) }
  }
}
