import Foundation
import Testing

@testable import Torch

@Suite struct ProcessGroupTests {
  @Test(arguments: [
    (ReduceOperation.sum, [6.0, 12.0]), (.mean, [2.0, 4.0]), (.minimum, [1.0, 2.0]), (.maximum, [3.0, 6.0]), (.product, [6.0, 48.0]),
  ])
  func everyReductionOverThreeRanks(_ op: ReduceOperation, _ expected: [Double]) throws {
    let results = try Ranks.run(3) { group in
      let own = try Tensor([Float(group.rank + 1), Float(2 * (group.rank + 1))])
      let result = try group.allReduce(own, op).result()
      // The operand is as it was.
      #expect(try own.array(of: Double.self) == [Double(group.rank + 1), Double(2 * (group.rank + 1))])
      return try result.array(of: Double.self)
    }
    #expect(results == Array(repeating: expected, count: 3))
  }

  @Test func integersAndHalvesTravelToo() throws {
    let results = try Ranks.run(2) { group in
      let whole = try group.allReduce(Tensor([Int64(3 + group.rank)]), .mean).result()
      let half = try group.allReduce(Tensor([Float(1.5)]).to(.bfloat16)).result()
      #expect(whole.dtype == .int64 && half.dtype == .bfloat16)
      return [try whole.double(), try half.double()]
    }
    // (3 + 4) / 2, cut off.
    #expect(results == [[3, 3], [3, 3]])
  }

  @Test func aBroadcastComesFromTheRankNamed() throws {
    let results = try Ranks.run(3) { group in
      try group.broadcast(Tensor([Float(group.rank), 7]), from: 1).result().array(of: Float.self)
    }
    #expect(results == Array(repeating: [1, 7], count: 3))
  }

  @Test func gatheringAndScatteringShareOutByRank() throws {
    let results = try Ranks.run(2) { group in
      let own = try Tensor([Float(group.rank), Float(group.rank) + 10], shape: [1, 2])
      let gathered = try group.allGather(own).result()
      #expect(gathered.shape == [2, 1, 2])
      let part = try group.reduceScatter(Tensor([1, 2, 3, 4, 5, 6, 7, 8].map { Float($0 * (group.rank + 1)) }, shape: [4, 2])).result()
      #expect(part.shape == [2, 2])
      return (try gathered.array(of: Float.self), try part.array(of: Float.self))
    }
    #expect(results.allSatisfy { $0.0 == [0, 10, 1, 11] })
    #expect(results.map(\.1) == [[3, 6, 9, 12], [15, 18, 21, 24]])
  }

  @Test func manyAtOnceArriveInOrderOfStarting() throws {
    let results = try Ranks.run(2) { group in
      let pending = try (0..<20).map { try group.allReduce(Tensor.full([1000], value: .int($0 * (group.rank + 1)), dtype: .float32)) }
      try group.barrier().wait()
      return try pending.reversed().map { try $0.result().mean().double() }
    }
    #expect(results == Array(repeating: (0..<20).reversed().map { Double($0 * 3) }, count: 2))
  }

  @Test func waitingTwiceGivesTheSameResult() throws {
    try Ranks.run(2) { group in
      let pending = try group.allReduce(Tensor([Float(4)]), .mean)
      #expect(try pending.result().double() == 4)
      #expect(try pending.result().double() == 4)
      #expect(pending.isDone)
    }
  }

  @Test func nothingStaysBehind() throws {
    let before = LiveHandles.count
    for _ in 0..<10 {
      try Ranks.run(2) { group in for _ in 0..<20 { try group.allReduce(Tensor([Float(1)])).wait() } }
    }
    // Other tests make tensors at the same time; 400 operations, 20 groups and 40 stores that stayed would be seen all the same.
    for _ in 0..<20 where LiveHandles.count > before + 200 { usleep(50_000) }
    #expect(LiveHandles.count <= before + 200)
  }

  @Test func whoDoesNotComeInTimeIsNamed() {
    let outcomes = Ranks.outcomes(2, timeout: .seconds(1)) { group in
      if group.rank == 1 { usleep(2_500_000) } else { try group.allReduce(Tensor([Float(1)])).wait() }
    }
    #expect(throws: Never.self) { try outcomes[1].get() }
    let error = #expect(throws: DistributedError.self) { try outcomes[0].get() }
    #expect(error?.kind == .timeout)
    #expect(error?.peers == [1])
    #expect(error?.rank == 0)
    #expect(error?.description.contains("all-reduce of float32[1]") == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("1 s") == true)
  }

  @Test func whoHasGoneIsNamed() {
    let outcomes = Ranks.outcomes(2) { group in
      if group.rank == 0 { try group.barrier().wait() }
    }
    let error = #expect(throws: DistributedError.self) { try outcomes[0].get() }
    #expect(error?.kind == .peerLost)
    #expect(error?.peers == [1])
    #expect(error?.problem.hasPrefix("rank 0 of 2: barrier: rank 1 has gone (") == true, "\(error?.problem ?? "")")
    // Gloo's words, without the place in its source and its advice.
    #expect(error?.message.contains("pair.cc") == false && error?.message.contains("typically") == false)
  }

  @Test func aMissingProcessEndsTheRendezvous() {
    let path = NSTemporaryDirectory() + "martlet-alone-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let error = #expect(throws: DistributedError.self) {
      _ = try ProcessGroup(.gloo, .file(path), rank: 0, size: 2, timeout: .milliseconds(300))
    }
    #expect(error?.kind == .rendezvous)
    #expect(error?.description.contains("rank 1") == true, "\(error?.description ?? "")")
  }

  @Test func groupsMeetOverTCP() throws {
    let port = try freePort()
    let sums = try Ranks.run(2) { outer in
      let place = ["RANK": "\(outer.rank)", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)"]
      let group = try #require(try ProcessGroup.fromEnvironment(variables: place))
      #expect(group.timeout == .seconds(60))
      let sum = try group.allReduce(Tensor([Float(group.rank + 1)])).result().double()
      // Nobody leaves before all have what they came for.
      try outer.barrier().wait()
      return sum
    }
    #expect(sums == [3, 3])
  }

  @Test func nobodyListeningIsSaid() throws {
    let port = try freePort()
    let error = #expect(throws: DistributedError.self) {
      _ = try ProcessGroup(.gloo, .tcp(host: "127.0.0.1", port: port), rank: 1, size: 2, timeout: .milliseconds(500))
    }
    #expect(error?.kind == .rendezvous)
    #expect(error?.description.contains("127.0.0.1:\(port)") == true)
    #expect(error?.remedy?.contains("rank 0") == true)
  }

  @Test func wrongSettingsAreRefused() {
    #expect(throws: DistributedError.self) { _ = try ProcessGroup(.gloo, .file("/nowhere/x"), rank: 2, size: 2) }
    #expect(throws: DistributedError.self) { _ = try ProcessGroup(.gloo, .tcp(host: "localhost", port: 0), rank: 0, size: 1) }
    #expect(throws: DistributedError.self) { _ = try ProcessGroup(.gloo, .file("/nowhere/x"), rank: 0, size: 1, timeout: .zero) }
    let error = #expect(throws: DistributedError.self) { _ = try ProcessGroup(.nccl, .file("/nowhere/x"), rank: 0, size: 1) }
    #expect(error?.kind == .unavailable)
    #expect(error?.description.contains("nccl") == true)
    let uneven = Ranks.outcomes(2) { group in _ = try group.reduceScatter(Tensor.zeros([3])) }
    #expect(throws: DistributedError.self) { try uneven[0].get() }
    let root = Ranks.outcomes(1) { group in _ = try group.broadcast(Tensor.zeros([3]), from: 1) }
    #expect(throws: DistributedError.self) { try root[0].get() }
  }

  @Test func aReadyGradientIsReportedOncePerPass() throws {
    let count = Counter()
    let weight = try Tensor([Float(1), 2]).requiringGrad()
    try weight.onGradientReady { count.add() }
    // Used twice, but complete once.
    try (weight * weight + weight).sum().backward()
    #expect(count.value == 1)
    try (weight * 2).sum().backward()
    #expect(count.value == 2)
    try weight.removeGradientReady()
    try weight.sum().backward()
    #expect(count.value == 2)
    try weight.onGradientReady { throw ArgumentError("no more") }
    let error = #expect(throws: TorchError.self) { try weight.sum().backward() }
    #expect(error?.kind == .callback)
    #expect(error?.message.contains("no more") == true)
    #expect(throws: TorchError.self) { try Tensor([Float(1)]).onGradientReady {} }
  }
}

@Suite struct DistributedEnvironmentTests {
  static let whole = ["RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "0", "MASTER_ADDR": "host-a", "MASTER_PORT": "29500"]

  @Test func torchrunsVariablesAreUnderstood() throws {
    var variables = Self.whole
    variables["TORCHELASTIC_RESTART_COUNT"] = "2"
    variables["TORCHELASTIC_USE_AGENT_STORE"] = "True"
    let place = try #require(try DistributedEnvironment.current(variables))
    #expect(place.rank == 1 && place.size == 4 && place.localRank == 0)
    #expect(place.masterAddress == "host-a" && place.masterPort == 29500)
    #expect(place.attempt == 2 && place.hasAgentStore && place.timeout == .seconds(60))
    #expect(try DistributedEnvironment.current([:]) == nil)
  }

  @Test(arguments: ["RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"])
  func aMissingVariableIsNamed(_ name: String) {
    var variables = Self.whole
    variables[name] = nil
    let error = #expect(throws: DistributedError.self) { try DistributedEnvironment.current(variables) }
    #expect(error?.kind == .environment)
    #expect(error?.problem.contains(name) == true)
    #expect(error?.remedy?.contains("martlet launch") == true)
  }

  @Test(arguments: [
    ("RANK", "4"), ("RANK", "-1"), ("RANK", "one"), ("WORLD_SIZE", "0"), ("LOCAL_RANK", "9"), ("MASTER_PORT", "70000"),
    ("MARTLET_TIMEOUT", "0"),
  ])
  func aWrongVariableIsNamedWithItsValue(_ name: String, _ value: String) {
    var variables = Self.whole
    variables[name] = value
    let error = #expect(throws: DistributedError.self) { try DistributedEnvironment.current(variables) }
    #expect(error?.description.contains("\(name) is '\(value)'; expected a number") == true, "\(error?.description ?? "")")
  }
}

private final class Counter: @unchecked Sendable {
  // `@unchecked Sendable`: hooks run on the thread that runs `backward`, which is the test's.
  private(set) var value = 0
  func add() { value += 1 }
}

/// A TCP port that was free a moment ago.
func freePort() throws -> Int {
  let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(listener) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = inet_addr("127.0.0.1")
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let isBound = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0 }
  }
  try #require(isBound)
  return Int(UInt16(bigEndian: address.sin_port))
}
