import MartletCore

/// In which order the records of many shards come, for an epoch.
struct StreamOrder: Sendable {
  let counts: [Int]
  let buffer: Int
  let interleave: Int
  let seed: UInt64

  var name: String {
    let shards = "\(counts.count) shards (\(Digest.short(of: counts)))"
    return buffer > 1 ? "\(shards), \(interleave) in turn, drawn from \(buffer) by seed \(seed)" : "\(shards) in order"
  }

  func walk(epoch: Int) -> Walk { Walk(self, epoch: epoch) }

  /// A record of a shard.
  struct Place: Hashable {
    let shard: Int
    let record: Int
  }

  /// One epoch's way through the shards.
  struct Walk {
    /// Records that were read and not yet handed out.
    private(set) var held: [Place] = []
    /// The shards that are being read, each with the record that comes next.
    private(set) var open: [(shard: Int, next: Int)] = []
    private var waiting: [Int]
    private var turn = 0
    private var random: KeyedRandom
    private let order: StreamOrder

    init(_ order: StreamOrder, epoch: Int) {
      self.order = order
      random = KeyedRandom(seed: order.seed, purpose: "stream", index: UInt64(epoch))
      var shards = order.counts.indices.filter { order.counts[$0] > 0 }
      if order.buffer > 1 { shards.shuffle(using: &random) }
      waiting = shards.reversed()
      while open.count < order.interleave, let shard = waiting.popLast() { open.append((shard, 0)) }
    }

    /// The record that is handed out next.
    /// - Parameter read: told of every record that has to be read first, in order.
    mutating func next(_ read: (Place) throws -> Void) rethrows -> Place? {
      guard order.buffer > 1 else {
        guard let place = advance() else { return nil }
        try read(place)
        return place
      }
      while held.count < order.buffer, let place = advance() {
        held.append(place)
        try read(place)
      }
      guard !held.isEmpty else { return nil }
      let slot = Int.random(in: 0..<held.count, using: &random)
      held.swapAt(slot, held.count - 1)
      return held.removeLast()
    }

    private mutating func advance() -> Place? {
      guard !open.isEmpty else { return nil }
      turn %= open.count
      let place = Place(shard: open[turn].shard, record: open[turn].next)
      open[turn].next += 1
      if open[turn].next < order.counts[place.shard] {
        turn += 1
      } else if let shard = waiting.popLast() {
        open[turn] = (shard, 0)
        turn += 1
      } else {
        open.remove(at: turn)
      }
      return place
    }
  }
}
