/// Answers of a few words against those of people, as SQuAD's evaluation compares them (Rajpurkar et al. 2016).
public enum AnswerMatch {
  /// Small letters without ASCII's punctuation, without the articles a, an and the, with single spaces.
  public static func normalized(_ text: String) -> String { words(of: text).joined(separator: " ") }

  /// The words of a normalised text.
  /// - Parameter splitsIdeographs: every character of a script that does not separate words is one; SQuAD's own definition knows only spaces.
  public static func words(of text: String, splitsIdeographs: Bool = false) -> [String] {
    let kept = text.lowercased().unicodeScalars.filter { !TextWords.isPunctuation($0) }
    var words: [String] = [], word = String.UnicodeScalarView(), run = String.UnicodeScalarView()
    // Articles are runs of letters, and words may have other signs in them: "the–end".
    func endRun() {
      if !["a", "an", "the"].contains(String(run)) {
        word.append(contentsOf: run)
      } else {
        endWord()
      }
      run = String.UnicodeScalarView()
    }
    func endWord() {
      if !word.isEmpty { words.append(String(word)) }
      word = String.UnicodeScalarView()
    }
    for scalar in kept {
      if TextWords.isSpace(scalar) {
        endRun()
        endWord()
      } else if splitsIdeographs, TextWords.standsAlone(scalar) {
        endRun()
        endWord()
        words.append(String(scalar))
      } else if TextWords.isWord(scalar) {
        run.append(scalar)
      } else {
        endRun()
        word.append(scalar)
      }
    }
    endRun()
    endWord()
    return words
  }

  /// Whether an answer equals one of the right ones once both are normalised.
  public static func isExact(_ answer: String, _ targets: [String]) -> Bool {
    let own = normalized(answer)
    return targets.contains { normalized($0) == own }
  }

  /// The harmonic mean of the shares of words in common, with the target that fits best: 0 … 1. Two texts without words are equal.
  public static func f1(_ answer: String, _ targets: [String], splitsIdeographs: Bool = false) -> Double {
    let own = words(of: answer, splitsIdeographs: splitsIdeographs)
    return targets.map { f1(own, words(of: $0, splitsIdeographs: splitsIdeographs)) }.max() ?? 0
  }

  private static func f1(_ a: [String], _ b: [String]) -> Double {
    if a.isEmpty || b.isEmpty { return a.isEmpty && b.isEmpty ? 1 : 0 }
    var left: [String: Int] = [:]
    for word in b { left[word, default: 0] += 1 }
    var common = 0
    for word in a where left[word, default: 0] > 0 {
      common += 1
      left[word, default: 0] -= 1
    }
    return 2 * Double(common) / Double(a.count + b.count)
  }
}
