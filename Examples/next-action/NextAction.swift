import Martlet

/// What does a visitor do next? The most alike moments of other visits answer: nearest neighbours over the last actions.
///
/// Visits are drawn by chance from three kinds of people (who want to buy, to look around, to find help), so that nobody's data are needed.
@main struct NextAction {
  static let actions = ["home", "search", "product", "cart", "checkout", "help", "leave"]

  static func main() throws {
    let result = try run(visits: 600, seed: 1)
    print("\(result.rows) moments of other visitors; the next action is right in \(percent(result.neighbours)) of the cases")
    print("always the most frequent one: \(percent(result.frequent))")
    for (path, answer) in result.examples { print("after \(path): \(answer)") }
  }

  static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }

  /// One kind of visitor: how likely each action is after each other one.
  static func habit(_ kind: Int, after last: String) -> [Double] {
    switch (kind, last) {
    case (0, "home"): [0, 6, 3, 0, 0, 0, 1]
    case (0, "search"): [0, 1, 8, 0, 0, 0, 1]
    case (0, "product"): [0, 1, 2, 6, 0, 0, 1]
    case (0, "cart"): [0, 0, 1, 0, 8, 0, 1]
    case (1, "home"): [0, 2, 7, 0, 0, 0, 1]
    case (1, "product"): [1, 1, 6, 0, 0, 0, 2]
    case (1, _): [1, 1, 6, 0, 0, 0, 2]
    case (2, "home"): [0, 1, 0, 0, 0, 8, 1]
    case (2, "help"): [0, 2, 0, 0, 0, 5, 3]
    case (2, _): [1, 0, 0, 0, 0, 6, 3]
    default: [0, 0, 0, 0, 0, 0, 1]
    }
  }

  /// A row a moment: the three actions before it, how long the visit is, and what came next.
  static func moments(visits: Int, seed: UInt64) throws -> (table: Table, visit: [Int]) {
    var columns: [[String?]] = [[], [], []], steps: [Double] = [], next: [String?] = [], visit: [Int] = []
    for number in 0..<visits {
      var random = KeyedRandom(seed: seed, purpose: "visit", index: UInt64(number))
      let kind = Int(random.uniform() * 3)
      var path = ["home"]
      while path.last != "leave", path.count < 20 {
        let shares = habit(kind, after: path[path.count - 1])
        var rest = random.uniform() * shares.reduce(0, +)
        let choice =
          shares.firstIndex {
            rest -= $0; return rest < 0
          } ?? 6
        for back in 0..<3 { columns[back].append(path.count > back ? path[path.count - 1 - back] : "nothing") }
        steps.append(Double(path.count))
        next.append(actions[choice])
        visit.append(number)
        path.append(actions[choice])
      }
    }
    let names = ["last", "before", "earlier"]
    let table = try Table(
      zip(names, columns).map { try Column($0, $1).cast(to: .categorical) } + [Column("steps", steps), Column("next", next)])
    return (table, visit)
  }

  static func run(
    visits: Int, seed: UInt64
  ) throws -> (
    rows: Int, neighbours: Double, frequent: Double, examples: [(String, String)]
  ) {
    let (table, visit) = try moments(visits: visits, seed: seed)
    // Whole visits are held back: moments of one visit know each other.
    let split = try Split(table, test: visit.indices.filter { visit[$0] % 5 == 0 })
    let target = try TargetColumn(split.training, column: "next", task: .classification)
    let recipe = Recipe([StandardScale(), OneHot()])
    let model = try Pipeline(Neighbours(neighbours: 25), recipe: recipe).fit(split.training, target: target)
    guard case .probabilities(let shares, let labels) = try model.predict(split.test.table),
      case .classes(let truth, _) = try target.target(of: split.test.table)
    else { return (0, 0, 0, []) }
    let said = DecisionRule().decide(shares, classes: labels.count)
    let right = zip(said, truth).count { $0 == $1 }
    let most = labels.indices.map { label in truth.count { $0 == label } }.max() ?? 0
    let test = split.test.table
    let path = try ["earlier", "before", "last"].map { try test.column($0) }
    let examples = [0, 3, 6].filter { $0 < said.count }.map { row in
      (path.map { $0.value(row).text() }.joined(separator: ", "), labels[said[row]])
    }
    return (split.training.table.rowCount, Double(right) / Double(truth.count), Double(most) / Double(truth.count), examples)
  }
}
