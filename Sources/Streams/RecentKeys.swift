/// The ids that were seen last, so many and no more.
struct RecentKeys {
  private var order: [String] = []
  private var next = 0
  private var known: Set<String> = []
  private let limit: Int

  init(limit: Int) { self.limit = max(1, limit) }

  var count: Int { known.count }

  func contains(_ id: String) -> Bool { known.contains(id) }

  /// Keeps an id in the place of the oldest one.
  mutating func insert(_ id: String) {
    guard known.insert(id).inserted else { return }
    if order.count < limit {
      order.append(id)
    } else {
      known.remove(order[next])
      order[next] = id
      next = (next + 1) % limit
    }
  }
}
