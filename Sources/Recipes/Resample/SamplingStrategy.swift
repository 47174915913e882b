/// How many rows of which class, as imbalanced-learn says it.
///
/// In JSON and YAML: `auto`, a number (the ratio), or `{class: rows}`.
public enum SamplingStrategy: Hashable, Sendable {
  /// Over-sampling: all classes but the largest. Under-sampling and cleaning: all but the smallest.
  case automatic
  case minority, notMinority, notMajority, majority, all
  /// Two classes only: the rows of the smaller one over those of the larger one, afterwards.
  case ratio(Double)
  /// The rows of each named class, afterwards.
  case counts([String: Int])

  private static let names: [String: SamplingStrategy] = [
    "auto": .automatic, "minority": .minority, "not-minority": .notMinority, "not-majority": .notMajority, "majority": .majority,
    "all": .all,
  ]

  /// The classes of a word.
  func classes(_ sizes: [Int], automatic: SamplingStrategy) -> Set<Int> {
    let present = sizes.indices.filter { sizes[$0] > 0 }
    guard let smallest = present.min(by: { sizes[$0] < sizes[$1] }), let largest = present.max(by: { sizes[$0] < sizes[$1] }) else {
      return []
    }
    switch self {
    case .automatic: return automatic.classes(sizes, automatic: .all)
    case .minority: return [smallest]
    case .majority: return [largest]
    case .notMinority: return Set(present).subtracting([smallest])
    case .notMajority: return Set(present).subtracting([largest])
    case .all, .ratio, .counts: return Set(present)
    }
  }

  /// Rows to add to each class.
  func additions(_ sizes: [Int], labels: [String], step: String) throws -> [Int: Int] {
    let most = sizes.max() ?? 0
    switch self {
    case .ratio(let ratio):
      let (smaller, larger) = try pair(sizes, labels, step)
      let added = Int(ratio * Double(sizes[larger])) - sizes[smaller]
      guard ratio > 0, ratio <= 1, added >= 0 else {
        throw RecipeError(
          "the ratio \(ratio) would take rows away", expected: "\(Double(sizes[smaller]) / Double(sizes[larger])) to 1", step: step)
      }
      return [smaller: added]
    case .counts(let wanted):
      return try Dictionary(
        uniqueKeysWithValues: counted(wanted, labels, step).map { label, rows in
          guard rows >= sizes[label] else {
            throw RecipeError(
              "class '\(labels[label])' has \(sizes[label]) rows, \(rows) are wanted", expected: "at least as many", step: step)
          }
          return (label, rows - sizes[label])
        })
    case .majority: throw RecipeError("the largest class cannot be over-sampled", expected: "auto, minority, not-minority, all", step: step)
    default:
      return Dictionary(
        uniqueKeysWithValues: classes(sizes, automatic: .notMajority).map { ($0, most - sizes[$0]) })
    }
  }

  /// Rows that stay of each class that loses any.
  func remainders(_ sizes: [Int], labels: [String], step: String) throws -> [Int: Int] {
    let least = sizes.filter { $0 > 0 }.min() ?? 0
    switch self {
    case .ratio(let ratio):
      let (smaller, larger) = try pair(sizes, labels, step)
      let left = ratio > 0 ? Int(Double(sizes[smaller]) / ratio) : .max
      guard ratio > 0, left <= sizes[larger] else {
        throw RecipeError(
          "the ratio \(ratio) would add rows", expected: "\(Double(sizes[smaller]) / Double(sizes[larger])) or more", step: step)
      }
      return [larger: left]
    case .counts(let wanted):
      return try Dictionary(
        uniqueKeysWithValues: counted(wanted, labels, step).map { label, rows in
          guard rows <= sizes[label], rows >= 0 else {
            throw RecipeError(
              "class '\(labels[label])' has \(sizes[label]) rows, \(rows) are wanted", expected: "at most as many", step: step)
          }
          return (label, rows)
        })
    case .minority:
      throw RecipeError("the smallest class cannot be under-sampled", expected: "auto, majority, not-majority, all", step: step)
    default: return Dictionary(uniqueKeysWithValues: classes(sizes, automatic: .notMinority).map { ($0, least) })
    }
  }

  private func counted(_ wanted: [String: Int], _ labels: [String], _ step: String) throws -> [(Int, Int)] {
    try wanted.sorted { $0.key < $1.key }.map { name, rows in
      guard let label = labels.firstIndex(of: name) else {
        throw RecipeError("there is no class '\(name)'", expected: listed(labels), step: step, value: name)
      }
      return (label, rows)
    }
  }

  private func pair(_ sizes: [Int], _ labels: [String], _ step: String) throws -> (smaller: Int, larger: Int) {
    let present = sizes.indices.filter { sizes[$0] > 0 }
    guard present.count == 2 else {
      throw RecipeError("a ratio needs two classes, there are \(present.count)", remedy: "give the rows of each class", step: step)
    }
    return sizes[present[0]] <= sizes[present[1]] ? (present[0], present[1]) : (present[1], present[0])
  }
}

extension SamplingStrategy: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let ratio = try? container.decode(Double.self) {
      self = .ratio(ratio)
    } else if let counts = try? container.decode([String: Int].self) {
      self = .counts(counts)
    } else {
      let name = try container.decode(String.self)
      guard let strategy = Self.names[name] else {
        throw RecipeError(
          "there is no sampling strategy '\(name)'", expected: listed(Self.names.keys.sorted()) + ", a ratio, or rows of each class",
          value: name)
      }
      self = strategy
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .ratio(let ratio): try container.encode(ratio)
    case .counts(let counts): try container.encode(counts)
    default: try container.encode(Self.names.first { $0.value == self }?.key ?? "auto")
    }
  }
}
