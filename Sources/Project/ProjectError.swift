public import MartletCore

/// One thing that is wrong with a project file or an override.
public struct ProjectProblem: Sendable, Hashable, Codable {
  /// Line in the file, counted from one; `nil` for an override.
  public let line: Int?
  /// Column in Unicode scalars, counted from one; `nil` for an override.
  public let column: Int?
  /// The override as it was given, `nil` for a problem of the file.
  public let override: String?
  /// The key's path, such as `training.epochs`; empty where there is none.
  public let key: String
  /// What is wrong.
  public let problem: String
  /// What would have been right.
  public let expected: String?
  /// What was probably meant, or what to do.
  public let remedy: String?

  init(_ place: Place, key: String = "", _ problem: String, expected: String? = nil, remedy: String? = nil) {
    switch place {
    case .file(let line, let column): (self.line, self.column, self.override) = (line, column, nil)
    case .override(let text): (self.line, self.column, self.override) = (nil, nil, text)
    case .whole: (self.line, self.column, self.override) = (nil, nil, nil)
    }
    self.key = key
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }

  /// One line as compilers write it: `martlet.yml:12:5: unknown key 'epoch'; did you mean 'epochs'?`
  public func text(file: String) -> String {
    let place =
      if let line, let column { "\(file):\(line):\(column)" } else if let override { "--set \(override)" } else { file }
    return "\(place): " + [problem, expected.map { "expected \($0)" }, remedy].compactMap { $0 }.joined(separator: "; ")
  }
}

/// Everything that is wrong with a project file, found in one go.
public struct ProjectError: MartletError {
  /// The file as the user named it.
  public let file: String
  /// In the order of the file, overrides last; never empty.
  public let problems: [ProjectProblem]

  /// Problems of the file at `file`.
  public init(file: String, problems: [ProjectProblem]) {
    self.file = file
    self.problems = problems.enumerated().sorted { first, second in
      let a = (first.element.line ?? .max, first.element.column ?? .max, first.offset)
      return a < (second.element.line ?? .max, second.element.column ?? .max, second.offset)
    }.map(\.element)
  }

  public var problem: String { problems.map { $0.text(file: file) }.joined(separator: "\n") }
  public var remedy: String? { nil }
}
