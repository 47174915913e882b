import MartletCore

/// What readers of requests say in English, in Chinese.
///
/// They are below the endpoints and know one language; their sentences are few, and each has its like here. A sentence that has none stays
/// as it is: a reason in another language is better than none.
enum ChineseReason {
  /// The problem, what was expected and what to do, in one sentence without its full stop.
  static func sentence(_ error: any MartletError) -> String {
    var text = phrase(error.problem)
    if let expected = error.expected { text += "，应为\(phrase(expected))" }
    if let remedy = error.remedy { text += "；请尝试：\(phrase(remedy))" }
    return text
  }

  static func phrase(_ english: String) -> String {
    for (pattern, chinese) in phrases {
      guard let values = values(of: english, pattern) else { continue }
      var parts = chinese.split(separator: "{}", omittingEmptySubsequences: false)[...]
      var text = String(parts.removeFirst())
      for (value, part) in zip(values, parts) { text += phrase(value) + part }
      return text
    }
    return english
  }

  /// What stands in the places of a pattern, the shortest first; `nil` where the text is another.
  private static func values(of text: String, _ pattern: String) -> [String]? {
    let parts = pattern.split(separator: "{}", omittingEmptySubsequences: false)
    guard let first = parts.first, text.hasPrefix(first) else { return nil }
    var rest = text.dropFirst(first.count), values: [String] = []
    for (index, part) in parts.enumerated().dropFirst() {
      if index == parts.count - 1 {
        guard rest.hasSuffix(part), rest.count >= part.count else { return nil }
        values.append(String(rest.dropLast(part.count)))
        return values
      }
      guard let range = rest.firstRange(of: part) else { return nil }
      values.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return rest.isEmpty ? values : nil
  }

  private static let phrases: [(String, String)] = [
    // Places
    ("{} (line {}, column {}, byte {})", "{}（第 {} 行第 {} 列，第 {} 字节）"),
    // JSON
    ("the body is empty", "请求正文为空"), ("the JSON ends too early", "JSON 提前结束"), ("the JSON ends inside text", "JSON 在字符串中间结束"),
    ("the JSON ends inside an escape", "JSON 在转义序列中间结束"), ("a control character inside text", "字符串中有控制字符"),
    ("text that is not UTF-8", "文本不是有效的 UTF-8"), ("an unknown escape", "未知的转义序列"), ("half of a surrogate pair", "代理对只有一半"),
    ("something follows the end of the JSON", "JSON 结束之后还有内容"), ("the JSON is nested too deeply", "JSON 嵌套过深"),
    ("the key '{}' appears twice", "键“{}”出现了两次"), ("a number with a leading zero", "数字以零开头"),
    ("a number other than 0 and 1", "不是 0 或 1 的数字"), ("{} does not fit {}", "{} 超出 {} 的范围"), ("unexpected {}", "意外的{}"),
    ("{} (JSON has no NaN and no Infinity)", "{}（JSON 没有 NaN 和 Infinity）"), ("byte {}", "字节 {}"),
    ("an escape such as {}", "转义序列，如 {}"), ("a closing double quote", "右双引号"), ("one of {}", "以下之一：{}"),
    ("two \\u escapes, high and low", "高位与低位两个 \\u 转义"), ("the end of the body", "正文在此结束"), ("at most {} levels", "最多 {} 层"),
    ("no zero before other digits", "数字前没有多余的零"), ("true or false", "true 或 false"),
    ("{} as a JSON object {…}", "{}为 JSON 对象 {…}"), ("{} as a JSON array […]", "{}为 JSON 数组 […]"), ("the body", "正文"),
    ("the request", "请求"), ("':' after the key", "键后的“:”"),
    ("a key in double quotes", "双引号中的键"), ("a JSON value", "一个 JSON 值"), ("{} or {}", "{} 或 {}"),
    ("a digit after the decimal point", "小数点后的数字"), ("a digit in the exponent", "指数中的数字"),
    ("text", "字符串"), ("object", "对象"), ("array", "数组"), ("null", "null"), ("a value", "值"), ("a number", "数字"), ("an array", "数组"),
    ("an object", "对象"), ("a key", "键"), ("a digit", "数字字符"), ("a string", "字符串"), ("a {}", "{}"),
    // Requests
    ("Content-Type '{}' is not read here", "此处不接受内容类型“{}”"), ("Content-Encoding '{}' is not read here", "此处不接受内容编码“{}”"),
    ("an uncompressed body", "未压缩的正文"), ("the request without Content-Encoding", "不带 Content-Encoding 的请求"),
    ("the header Content-Type: application/json", "请求头 Content-Type: application/json"), ("the body is {} bytes long", "正文长 {} 字节"),
    ("the body is too long", "正文过长"), ("at most {} bytes", "最多 {} 字节"), ("send fewer items in one request", "减少一次请求的内容"),
    ("the body did not arrive within {} s", "正文未在 {} 秒内到达"), ("the bodies of other requests fill the server's memory", "其他请求的正文占满了服务器的内存"),
    ("again later", "稍后重试"),
  ]
}
