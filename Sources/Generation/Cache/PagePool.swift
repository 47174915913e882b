/// Memory for keys and values in pages of 16 tokens, and the pages of texts that begin alike, shared.
///
/// A full page is known by the tokens in it and the page before it. Pages that nobody uses stay until their memory is needed, the longest
/// unused going first. Not safe for several threads: its engine's own thread is the only user.
final class PagePool {
  static let tokens = 16

  private struct Page {
    var address: UnsafeMutablePointer<UInt8>
    var users = 0
    /// Where the page is found again, once it is full.
    var key: Key?
    /// When it was last let go.
    var released: UInt64 = 0
  }
  private struct Key: Hashable {
    let parent: Int
    let generation: UInt64
    let tokens: [Int]
  }

  let capacity: Int
  private let pageBytes: Int
  private var pages: [Page] = []
  /// Grows when a page gets other contents, so that keys naming the old contents find nothing.
  private var generations: [UInt64] = []
  private var free: [Int] = []
  private var known: [Key: Int] = [:]
  private var clock: UInt64 = 0
  /// Pages that somebody uses.
  private(set) var used = 0
  /// Pages that tables were promised, those that they use among them.
  private var promised = 0

  /// - Parameter capacity: pages at most. Memory is taken as it is needed.
  init(pageBytes: Int, capacity: Int) {
    self.pageBytes = pageBytes
    self.capacity = max(capacity, 1)
  }

  deinit { for page in pages { page.address.deallocate() } }

  /// Pages that can be had at once.
  var available: Int { capacity - used }

  func address(_ page: Int) -> UnsafeMutablePointer<UInt8> { pages[page].address }

  /// Keeps pages for whoever may need them later; memory is taken when they are used.
  func promise(_ count: Int) -> Bool {
    guard promised + count <= capacity else { return false }
    promised += count
    return true
  }

  func takeBack(_ count: Int) { promised -= count }

  /// An empty page, or `nil` where all are in use.
  func take() -> Int? {
    let index: Int
    if let last = free.popLast() {
      index = last
    } else if pages.count < capacity {
      let address = UnsafeMutablePointer<UInt8>.allocate(capacity: pageBytes)
      // Positions that were never written take part in products with weight zero: they must be numbers.
      address.initialize(repeating: 0, count: pageBytes)
      pages.append(Page(address: address))
      generations.append(0)
      index = pages.count - 1
    } else {
      guard let oldest = pages.indices.filter({ pages[$0].users == 0 }).min(by: { pages[$0].released < pages[$1].released }) else {
        return nil
      }
      forget(oldest)
      index = oldest
    }
    pages[index].users = 1
    used += 1
    return index
  }

  /// The known pages that a text begins with.
  func prefix(of tokens: [Int], limit: Int) -> [Int] {
    var result: [Int] = []
    var parent = -1
    while (result.count + 1) * Self.tokens <= limit {
      let first = result.count * Self.tokens
      let key = key(parent, Array(tokens[first..<first + Self.tokens]))
      guard let page = known[key] else { break }
      result.append(page)
      parent = page
    }
    for page in result {
      if pages[page].users == 0 { used += 1 }
      pages[page].users += 1
    }
    return result
  }

  /// Uses a page that somebody else uses, too.
  func share(_ page: Int) { pages[page].users += 1 }

  /// An empty page that gets the contents of another, or `nil` where all are in use.
  func copy(_ page: Int) -> Int? {
    guard let target = take() else { return nil }
    pages[target].address.update(from: pages[page].address, count: pageBytes)
    return target
  }

  /// Makes a full page known; the first of equals stays.
  func publish(_ page: Int, after parent: Int?, tokens: [Int]) {
    let key = key(parent ?? -1, tokens)
    guard pages[page].key == nil, known[key] == nil else { return }
    pages[page].key = key
    known[key] = page
  }

  /// Lets go of a page.
  func release(_ page: Int) {
    pages[page].users -= 1
    guard pages[page].users == 0 else { return }
    used -= 1
    clock += 1
    pages[page].released = clock
    if pages[page].key == nil {
      generations[page] += 1
      free.append(page)
    }
  }

  private func key(_ parent: Int, _ tokens: [Int]) -> Key {
    Key(parent: parent, generation: parent < 0 ? 0 : generations[parent], tokens: tokens)
  }

  private func forget(_ page: Int) {
    if let key = pages[page].key { known[key] = nil }
    pages[page].key = nil
    generations[page] += 1
  }
}

/// The pages of one sequence, at an address that does not change.
final class PageTable {
  let address: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>
  private let pool: PagePool
  private(set) var pages: [Int] = []
  private let capacity: Int
  private var isPromised = false

  /// - Parameter tokens: the sequence's length at most.
  init(_ pool: PagePool, tokens: Int) {
    self.pool = pool
    capacity = (tokens + PagePool.tokens - 1) / PagePool.tokens
    address = .allocate(capacity: max(capacity, 1))
    address.initialize(repeating: nil, count: max(capacity, 1))
  }

  deinit {
    // The last pages go first, so that the beginnings of texts stay known longest.
    for page in pages.reversed() { pool.release(page) }
    if isPromised { pool.takeBack(capacity) }
    address.deallocate()
  }

  /// Makes sure that there will be pages for the whole length.
  /// - Returns: false where others were promised too many.
  func promise() -> Bool {
    isPromised = isPromised || pool.promise(capacity)
    return isPromised
  }

  /// Takes over the known pages that the text begins with. At least one token is left to run.
  /// - Returns: the number of tokens that they hold.
  func adopt(_ tokens: [Int]) -> Int {
    for page in pool.prefix(of: tokens, limit: tokens.count - 1) { append(page) }
    return pages.count * PagePool.tokens
  }

  /// Makes room for so many tokens.
  /// - Returns: false where all pages are in use.
  func reserve(_ tokens: Int) -> Bool {
    while pages.count * PagePool.tokens < tokens {
      guard pages.count < capacity, let page = pool.take() else { return false }
      append(page)
    }
    return true
  }

  /// Makes the pages known that the first tokens fill.
  func publish(_ tokens: ArraySlice<Int>, from first: Int) {
    for index in first / PagePool.tokens..<max(first / PagePool.tokens, tokens.count / PagePool.tokens) {
      let start = tokens.startIndex + index * PagePool.tokens
      pool.publish(
        pages[index], after: index == 0 ? nil : pages[index - 1], tokens: Array(tokens[start..<start + PagePool.tokens]))
    }
  }

  /// Goes on from other sequences: table i holds afterwards what table `parents[i]` held. Full pages are shared, begun ones copied.
  /// - Parameter tokens: how many each of them holds.
  /// - Returns: false where there are too few pages for the copies.
  static func move(_ tables: [PageTable], from parents: [Int], tokens: Int) -> Bool {
    let before = tables.map(\.pages)
    let full = tokens / PagePool.tokens
    var copies: [Int: Int] = [:]
    for (index, parent) in parents.enumerated() where parent != index {
      let pool = tables[index].pool
      for page in before[parent].prefix(full) { pool.share(page) }
      guard tokens % PagePool.tokens != 0 else { continue }
      guard let copy = pool.copy(before[parent][full]) else {
        for (index, copy) in copies { tables[index].pool.release(copy) }
        for (index, parent) in parents.enumerated().prefix(index + 1) where parent != index {
          for page in before[parent].prefix(full) { tables[index].pool.release(page) }
        }
        return false
      }
      copies[index] = copy
    }
    for (index, parent) in parents.enumerated() where parent != index {
      let old = tables[index].pages
      tables[index].pages = []
      for page in before[parent].prefix(full) { tables[index].append(page) }
      if let copy = copies[index] { tables[index].append(copy) }
      for page in old.reversed() { tables[index].pool.release(page) }
    }
    return true
  }

  private func append(_ page: Int) {
    address[pages.count] = pool.address(page)
    pages.append(page)
  }
}
