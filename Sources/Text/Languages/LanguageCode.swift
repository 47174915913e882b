/// Codes of languages as different programs write them.
public enum LanguageCode {
  /// The language without region, script and catalogue: `zh` of `zh_CN`, `zh-Hant-HK` and `ZH`.
  public static func base(_ code: String) -> String {
    let end = code.firstIndex { $0 == "_" || $0 == "-" || $0 == "@" || $0 == "." } ?? code.endIndex
    return code[..<end].lowercased()
  }

  /// Whether two codes mean one language.
  public static func areEqual(_ first: String, _ second: String) -> Bool { base(first) == base(second) }
}
