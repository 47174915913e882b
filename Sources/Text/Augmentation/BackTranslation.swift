import Foundation
import MartletCore

/// Says texts in other words: into another language and back (Sennrich, Haddow, Birch 2016, arXiv:1511.06709).
///
/// What was translated once is kept in a file, so that a second run and a run that goes on have it at once, and the same.
public struct BackTranslation: Sendable {
  /// Translates texts, one for each.
  public typealias Translate = @Sendable (_ texts: [String]) async throws -> [String]

  private let identity: String
  private let folder: String?
  private let there: Translate
  private let back: Translate
  /// Texts between two writings of the file.
  private static let portion = 256

  /// - Parameters:
  ///   - identity: what the translators are: two of one identity give the same texts.
  ///   - folder: keeps what was translated; `nil` keeps nothing.
  ///   - there: into the other language.
  ///   - back: out of it.
  public init(identity: String, cache folder: String?, there: @escaping Translate, back: @escaping Translate) {
    self.identity = identity
    self.folder = folder
    self.there = there
    self.back = back
  }

  /// The same by a translator that knows both directions.
  /// - Parameters:
  ///   - language: what the texts are in.
  ///   - other: what they become on the way.
  ///   - width: texts under way at one time, for an engine that takes many.
  public init(
    _ translator: any TextTranslating, from language: String, through other: String, identity: String, cache folder: String?,
    width: Int = 8
  ) {
    self.init(
      identity: "\(identity) \(language) \(other)", cache: folder,
      there: { texts in try await Self.translate(texts, by: translator, from: language, to: other, width: width) },
      back: { texts in try await Self.translate(texts, by: translator, from: other, to: language, width: width) })
  }

  /// Where the translations are kept.
  public var file: String? {
    folder.map { "\($0)/\(Digest.sha256(identity).prefix(16)).json" }
  }

  /// Each text in other words.
  /// - Parameter progress: told how many texts are done.
  /// - Returns: as many as texts; `nil` where the words came back as they were, or none came back.
  /// - Throws: what the translators throw; `ArgumentError` for translators that give another number of texts; `FileError` for a damaged
  ///   file.
  public func callAsFunction(_ texts: [String], progress: (Int) -> Void = { _ in }) async throws -> [String?] {
    var known = try kept()
    let keys = texts.map(Self.key)
    var missing: [(key: String, text: String)] = [], asked: Set<String> = []
    for (key, text) in zip(keys, texts) where known[key] == nil && asked.insert(key).inserted { missing.append((key, text)) }
    var done = 0
    while done < missing.count {
      try Task.checkCancellation()
      let part = missing[done..<min(missing.count, done + Self.portion)]
      let others = try await translated(part.map(\.text), by: there)
      let again = try await translated(others, by: back)
      for (entry, text) in zip(part, again) { known[entry.key] = text }
      done += part.count
      try keep(known)
      progress(texts.count - missing.count + done)
    }
    return zip(keys, texts).map { key, text in
      guard let other = known[key], !other.allSatisfy(\.isWhitespace), other != text else { return nil }
      return other
    }
  }

  private func translated(_ texts: [String], by translate: Translate) async throws -> [String] {
    // An empty text has nothing to translate, and models make something of it.
    let places = texts.indices.filter { !texts[$0].allSatisfy(\.isWhitespace) }
    let found = try await translate(places.map { texts[$0] })
    guard found.count == places.count else {
      throw ArgumentError("a translator made \(found.count) texts of \(places.count)", expected: "one for each")
    }
    var result = [String](repeating: "", count: texts.count)
    for (place, text) in zip(places, found) { result[place] = text }
    return result
  }

  private static func key(_ text: String) -> String { Digest.sha256(text) }

  private func kept() throws -> [String: String] {
    guard let file, let data = FileManager.default.contents(atPath: file) else { return [:] }
    return try JSON.decode([String: String].self, from: data, source: file)
  }

  private func keep(_ known: [String: String]) throws {
    guard let file, let folder else { return }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try AtomicFile.write(JSON.encode(known, pretty: false), to: file)
  }

  /// Texts through a translator of single texts, several at a time.
  public static func translate(
    _ texts: [String], by translator: any TextTranslating, from: String, to: String, width: Int = 8
  ) async throws -> [String] {
    var result = [String](repeating: "", count: texts.count)
    try await withThrowingTaskGroup(of: (Int, String).self) { group in
      for (place, text) in texts.enumerated() {
        if place >= max(1, width), let (done, found) = try await group.next() { result[done] = found }
        group.addTask { (place, try await translator.translate(text, from: from, to: to)) }
      }
      for try await (done, found) in group { result[done] = found }
    }
    return result
  }
}
