import MartletCore
import NIOCore
import Synchronization
import Testing

@testable import Serving
@testable import Web

@Suite struct TrafficTests {
  /// Sends clients with an even last digit to version 2, and shows everything to version 3.
  private struct ByDigit: TrafficPolicy {
    func choose(model: String, request: RequestIdentity) -> TrafficDecision {
      let digit = request.client?.last?.wholeNumberValue ?? 1
      return TrafficDecision(version: digit % 2 == 0 ? "2" : "1", shadows: ["3", "9"])
    }
  }

  private final class Notes: TrafficObserver {
    let answers = Mutex<[String: Int]>([:])
    let shadows = Mutex<[(outcome: TrafficOutcome, outputs: [String: HostArray]?, expected: [String: HostArray])]>([])
    let drops = Mutex(0)

    func answered(model: String, version: String, request: RequestIdentity, outcome: TrafficOutcome, outputs: [String: HostArray]?) {
      answers.withLock { $0["\(version) \(outcome.status.rawValue)", default: 0] += 1 }
    }

    func shadowed(
      model: String, version: String, primary: String, request: RequestIdentity, outcome: TrafficOutcome, outputs: [String: HostArray]?,
      expected: [String: HostArray]
    ) { shadows.withLock { $0.append((outcome, outputs, expected)) } }

    func dropped(model: String, version: String, request: RequestIdentity) { drops.withLock { $0 += 1 } }
  }

  private static func repository(_ models: [ServedModel], queue: Int = 100) throws -> ModelRepository {
    try ModelRepository(
      models, settings: ModelRepository.Settings(limits: .init(queue: queue, timeout: .seconds(30))), logger: LogLines().logger)
  }

  private static func ask(_ repository: ModelRepository, client: String, _ number: Double, version: String? = nil) async throws -> String {
    let call = try await repository.find("echo", version: version, for: RequestIdentity(requestID: "r", client: client))
    _ = try await call.predict(["x": HostArray([number])])
    return call.model.version
  }

  @Test func `a policy chooses, shadows see the same request, and the observer sees both`() async throws {
    let shadow = Echo(poison: 5)
    let repository = try Self.repository([Echo().served(version: "1"), Echo(poison: 4).served(version: "2"), shadow.served(version: "3")])
    let notes = Notes()
    repository.setPolicy(ByDigit())
    repository.setObserver(notes)
    for number in 1...6 {
      let client = "c\(number)"
      if number == 4 {
        await #expect(throws: Echo.Failure.self) { try await Self.ask(repository, client: client, 4) }
      } else {
        #expect(try await Self.ask(repository, client: client, Double(number)) == (number % 2 == 0 ? "2" : "1"))
      }
    }
    // Who names a version gets it, and no shadow sees it.
    #expect(try await Self.ask(repository, client: "c2", 1, version: "1") == "1")
    try await until { notes.shadows.withLock { $0.count } == 5 }
    #expect(notes.answers.withLock { $0 } == ["1 succeeded": 4, "2 succeeded": 2, "2 failed": 1])
    let seen = notes.shadows.withLock { $0 }
    #expect(seen.count { $0.outcome.status == .failed } == 1)
    #expect(seen.allSatisfy { $0.outputs == nil || $0.outputs == $0.expected })
    try await until { repository.lane.running == 0 }
    repository.setPolicy(nil)
    // Version 3 came last, so it is the default again; and it can go, since no shadow holds it.
    #expect(try await Self.ask(repository, client: "c1", 1) == "3")
    #expect(try await repository.unload("echo", version: "3").first?.abandoned == 0)
  }

  @Test func `a shadow that is busy is passed over, and nobody waits for it`() async throws {
    let slow = Echo(held: true)
    let repository = try Self.repository([Echo().served(version: "1"), slow.served(version: "3", batching: Batching.off)], queue: 4)
    try repository.setDefault("echo", version: "1")
    let notes = Notes()
    repository.setPolicy(ByDigit())
    repository.setObserver(notes)
    for number in 0..<80 { #expect(try await Self.ask(repository, client: "c1", Double(number)) == "1") }
    try await until { notes.drops.withLock { $0 } > 60 }
    #expect(notes.answers.withLock { $0 } == ["1 succeeded": 80])
    slow.release()
    try await until { repository.lane.running == 0 }
    #expect(notes.drops.withLock { $0 } + notes.shadows.withLock { $0.count } == 80)
  }

  @Test func `a policy that names what is not there leaves it to the default version`() async throws {
    struct Nowhere: TrafficPolicy {
      func choose(model: String, request: RequestIdentity) -> TrafficDecision { TrafficDecision(version: "77") }
    }
    let repository = try Self.repository([Echo().served(version: "1"), Echo().served(version: "2")])
    repository.setPolicy(Nowhere())
    #expect(try await Self.ask(repository, client: "c", 1) == "2")
  }
}
