import MartletCore
import Synchronization

/// Counts what versions answer, for the gates of releases, and remembers answers for a while, so that their truth can come back.
public final class TrafficRecorder: Sendable {
  private struct Answer {
    let model: String
    let version: String
    let answer: String?
    var isLabelled = false
    var judges: Set<String> = []
  }

  private struct Counts {
    var versions: [String: VersionFigures] = [:]
    /// By both versions' names.
    var pairs: [[String]: (compared: Int, agreed: Int)] = [:]
  }

  private struct State {
    var models: [String: Counts] = [:]
    var answers: [String: Answer] = [:]
    /// The requests' names in the order of their answers; what is before `first` is forgotten.
    var order: [String] = []
    var first = 0
  }

  private let capacity: Int
  private let state = Mutex(State())

  /// - Parameter capacity: how many answers are remembered.
  public init(capacity: Int = 100_000) { self.capacity = max(1, capacity) }

  /// One request that a version answered, or failed to.
  /// - Parameters:
  ///   - id: the request's name; later labels name it. `nil` for a shadow, whose answer nobody saw.
  ///   - seconds: how long it took.
  ///   - hasFailed: by the server's fault.
  ///   - answer: the class that it said, or what stands for it; `nil` where there is none.
  public func answered(_ model: String, version: String, id: String?, seconds: Double, hasFailed: Bool, answer: String?) {
    state.withLock { state in
      Self.change(&state, model, version) { figures in
        figures.requests += 1
        if hasFailed { figures.failures += 1 } else { figures.latency.record(seconds) }
        // A model of endless answers must not fill the memory.
        if let answer, figures.answers[answer] != nil || figures.answers.count < 1000 { figures.answers[answer, default: 0] += 1 }
      }
      guard let id, !hasFailed else { return }
      if state.answers.updateValue(Answer(model: model, version: version, answer: answer), forKey: id) == nil { state.order.append(id) }
      while state.order.count - state.first > capacity {
        state.answers[state.order[state.first]] = nil
        state.first += 1
      }
      if state.first > capacity {
        state.order.removeFirst(state.first)
        state.first = 0
      }
    }
  }

  /// Both versions answered the same request.
  public func compared(_ model: String, baseline: String, candidate: String, agree: Bool) {
    state.withLock { state in
      var pair = state.models[model, default: Counts()].pairs[[baseline, candidate]] ?? (0, 0)
      pair.compared += 1
      pair.agreed += agree ? 1 : 0
      state.models[model, default: Counts()].pairs[[baseline, candidate]] = pair
    }
  }

  /// What became of something that came back about an answer.
  public enum Feedback: Sendable, Hashable {
    case counted
    /// No such request, or its answer is forgotten.
    case unknown
    /// It had come before; the first one counts.
    case repeated
    /// The answer was no class that could be compared.
    case incomparable
  }

  /// The truth of an answer has come back.
  public func label(request id: String, truth: String) -> Feedback {
    state.withLock { state in
      guard let known = state.answers[id] else { return .unknown }
      guard let answer = known.answer else { return .incomparable }
      guard !known.isLabelled else { return .repeated }
      state.answers[id]?.isLabelled = true
      Self.change(&state, known.model, known.version) { figures in
        figures.labelled += 1
        figures.correct += answer == truth ? 1 : 0
      }
      return .counted
    }
  }

  /// A person judges an answer.
  public func judge(request id: String, isGood: Bool, by person: String) -> Feedback {
    state.withLock { state in
      guard let known = state.answers[id] else { return .unknown }
      guard !known.judges.contains(person) else { return .repeated }
      state.answers[id]?.judges.insert(person)
      Self.change(&state, known.model, known.version) { figures in
        figures.judged += 1
        figures.good += isGood ? 1 : 0
      }
      return .counted
    }
  }

  /// In its place: a copy of the counts for every request would cost more than the request.
  private static func change(_ state: inout State, _ model: String, _ version: String, _ body: (inout VersionFigures) -> Void) {
    body(&state.models[model, default: Counts()].versions[version, default: VersionFigures()])
  }

  /// What was seen of two versions since the recorder was made.
  public func figures(_ model: String, baseline: String, candidate: String) -> ReleaseFigures {
    state.withLock { state in
      var result = ReleaseFigures()
      guard let counts = state.models[model] else { return result }
      result.baseline = counts.versions[baseline] ?? VersionFigures()
      result.candidate = counts.versions[candidate] ?? VersionFigures()
      (result.compared, result.agreed) = counts.pairs[[baseline, candidate]] ?? (0, 0)
      return result
    }
  }
}
